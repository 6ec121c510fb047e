//! The tables of `penstock top`: partitions, handlers, hosts, findings.

mod partitions;

use std::collections::BTreeMap;

use penstock_core::ledger::Ledger;
use penstock_core::rates::{self, Rates};
use penstock_core::status::{HostState, Status};

use super::sample::{Host, Samples};
use super::table::{Cell, Column, Kind, Row, State, Table};
use super::text::{short, span};
use crate::commands::columns::{shown, times};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Partitions,
    Handlers,
    Hosts,
    Findings,
}

impl View {
    pub(super) const ALL: [View; 4] = [
        View::Partitions,
        View::Handlers,
        View::Hosts,
        View::Findings,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            View::Partitions => "partitions",
            View::Handlers => "handlers",
            View::Hosts => "hosts",
            View::Findings => "findings",
        }
    }

    pub(super) fn table(self, samples: &Samples) -> Table {
        match self {
            View::Partitions => partitions::table(samples),
            View::Handlers => handlers(samples),
            View::Hosts => hosts(samples),
            View::Findings => findings(samples),
        }
    }
}

/// All hosts together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Totals {
    /// Of the hosts that can be compared; `None`: of none of them.
    pub rates: Option<Rates>,
    pub lag: i64,
    /// Partitions whose lag is not known.
    pub lag_unknown: usize,
    /// Hosts that gave their status.
    pub answered: usize,
    /// Hosts that gave none, each of which is a finding: of their partitions nothing is known.
    pub silent: usize,
    pub oldest_ms: Option<u64>,
    pub findings: usize,
    /// What is paused on purpose.
    pub pauses: usize,
}

pub(super) fn totals(samples: &Samples) -> Totals {
    let mut totals = Totals::default();
    for (host, status) in samples.statuses() {
        if let Some(of) = host_rates(host, status) {
            *totals.rates.get_or_insert_default() += of;
        }
        for of in &status.partitions {
            match of.lag {
                Some(lag) => totals.lag += lag,
                None => totals.lag_unknown += 1,
            }
            totals.oldest_ms = totals.oldest_ms.max(of.oldest_open_ms);
        }
        totals.pauses += status.pauses.len();
        totals.findings += status.conditions.len() + status.findings.len();
    }
    totals.silent = samples.silent().count();
    totals.answered = samples.hosts.len() - totals.silent;
    totals.findings += totals.silent;
    totals
}

fn host_rates(host: &Host, status: &Status) -> Option<Rates> {
    let (before, elapsed) = host.before.as_ref()?;
    rates::of_host(before, status, *elapsed)
}

const fn text(title: &'static str) -> Column {
    let kind = Kind::Text;
    Column { title, kind }
}

const fn number(title: &'static str, columns: usize) -> Column {
    let kind = Kind::Number(columns);
    Column { title, kind }
}

/// Whole where it fits.
fn count(of: f64) -> String {
    if of < 9_999_999.5 {
        format!("{of:.0}")
    } else {
        short(of)
    }
}

fn age(ms: Option<u64>) -> Cell {
    Cell::number(ms.map(|ms| ms as f64), |ms| span(ms as u64))
}

fn page(code: &str) -> String {
    format!("see docs/codes/{}.md", shown(code))
}

/// A handler of a topic, all hosts together.
#[derive(Default)]
struct Handler {
    ledger: Ledger,
    rates: Option<Rates>,
    calls: u64,
    call_us: f64,
    deadline_ms: u64,
}

fn handlers(samples: &Samples) -> Table {
    let mut all: BTreeMap<(&str, &str), Handler> = BTreeMap::new();
    for (host, status) in samples.statuses() {
        for of in &status.handlers {
            let sum = all.entry((&of.topic, &of.handler)).or_default();
            sum.ledger += of.ledger;
            sum.calls += of.calls;
            sum.call_us += of.mean_call_us * of.calls as f64;
            sum.deadline_ms = of.deadline_ms;
            let before = host.before.as_ref();
            let rates = before.and_then(|(was, time)| rates::of_handler(was, status, of, *time));
            if let Some(of) = rates {
                *sum.rates.get_or_insert_default() += of;
            }
        }
    }
    let rows = all.into_iter().map(|((topic, handler), of)| {
        let rate = |which: fn(&Rates) -> f64| Cell::number(of.rates.as_ref().map(which), short);
        let mean = (of.calls > 0).then(|| of.call_us / of.calls as f64);
        Row {
            cells: vec![
                Cell::text(shown(topic)),
                Cell::text(shown(handler)),
                rate(|of| of.begun),
                rate(|of| of.emitted),
                rate(|of| of.skipped),
                rate(|of| of.dead_lettered),
                Cell::number(Some(of.ledger.dead_lettered as f64), count),
                Cell::number(mean, |us| format!("{us:.0}µs")),
            ],
            state: if of.ledger.balances() {
                State::Fine
            } else {
                State::Wrong
            },
            detail: handler_detail(topic, handler, &of, mean),
        }
    });
    Table {
        rows: rows.collect(),
        columns: vec![
            text("TOPIC"),
            text("HANDLER"),
            number("IN/S", 6),
            number("EMIT/S", 7),
            number("SKIP/S", 7),
            number("DEAD/S", 7),
            number("DEAD", 5),
            number("CALL", 6),
        ],
    }
}

fn handler_detail(topic: &str, handler: &str, of: &Handler, mean: Option<f64>) -> Vec<String> {
    let ledger = &of.ledger;
    let balance = if ledger.balances() {
        "the ledger balances"
    } else {
        "THE LEDGER DOES NOT BALANCE: please report it"
    };
    let mut lines = vec![
        format!("{} on {}", shown(handler), shown(topic)),
        format!(
            "{} begun = {} emitted + {} skipped + {} dead-lettered + {} handed back + {} open",
            ledger.begun,
            ledger.emitted,
            ledger.skipped,
            ledger.dead_lettered,
            ledger.handed_back,
            ledger.open
        ),
        balance.to_owned(),
    ];
    if let Some(mean) = mean {
        lines.push(format!(
            "{} calls, {mean:.1} µs each, of at most {} ms",
            of.calls, of.deadline_ms
        ));
    }
    lines
}

fn hosts(samples: &Samples) -> Table {
    let rows = samples.hosts.iter().map(|host| {
        let name = Cell::text(name(host));
        let status = match &host.now.status {
            Ok(status) => status,
            Err(why) => {
                let unknown = || Cell::number(None, count);
                let numbers = std::iter::repeat_with(unknown).take(5);
                return Row {
                    cells: [name, Cell::text("gives no status")]
                        .into_iter()
                        .chain(numbers)
                        .collect(),
                    state: State::Wrong,
                    detail: silence(host, why),
                };
            }
        };
        let rates = host_rates(host, status);
        let lag: i64 = status.partitions.iter().filter_map(|of| of.lag).sum();
        let oldest = status.partitions.iter().filter_map(|of| of.oldest_open_ms);
        let wrong = status.conditions.len() + status.findings.len();
        let (version, started) = (shown(&status.version), shown(&status.started));
        let detail = vec![place(host), format!("Penstock {version}, since {started}")];
        Row {
            cells: vec![
                name,
                Cell::text(host_state(status.state)),
                Cell::number(Some(status.partitions.len() as f64), count),
                Cell::number(Some(lag as f64), count),
                Cell::number(rates.map(|of| of.begun), short),
                age(oldest.max()),
                Cell::number(Some(wrong as f64), count),
            ],
            state: match (wrong, status.state) {
                (0, HostState::Consuming | HostState::Standby) => State::Fine,
                (0, _) => State::Waits,
                _ => State::Wrong,
            },
            detail,
        }
    });
    Table {
        rows: rows.collect(),
        columns: vec![
            text("HOST"),
            text("STATE"),
            number("PARTS", 6),
            number("LAG", 8),
            number("IN/S", 6),
            number("OLDEST", 7),
            number("FINDINGS", 9),
        ],
    }
}

/// By its id; by its address as long as it has not said that.
fn name(host: &Host) -> String {
    match host.now.host.as_str() {
        "" => shown(&host.now.url),
        id => shown(id),
    }
}

fn place(host: &Host) -> String {
    let (id, url) = (shown(&host.now.host), shown(&host.now.url));
    match id.as_str() {
        "" => format!("host at {url}"),
        id => format!("host {id} at {url}"),
    }
}

fn silence(host: &Host, why: &str) -> Vec<String> {
    vec![place(host), format!("gives no status: {}", shown(why))]
}

fn host_state(state: HostState) -> &'static str {
    match state {
        HostState::Starting => "starting",
        HostState::Consuming => "consuming",
        HostState::Standby => "standing by",
        HostState::Stopping => "stopping",
    }
}

fn findings(samples: &Samples) -> Table {
    let row = |host: &Host, code: &str, subject: &str, text: &str, more: Vec<String>| {
        let host = &host.now.host;
        let mut detail = vec![format!("{} {}", shown(code), shown(subject)), shown(text)];
        detail.push(String::new());
        detail.extend(more);
        detail.push(format!("host {}; {}", shown(host), page(code)));
        Row {
            cells: vec![
                Cell::text(shown(code)),
                Cell::text(shown(subject)),
                Cell::text(shown(text)),
            ],
            state: State::Wrong,
            detail,
        }
    };
    let rows = samples.statuses().flat_map(|(host, status)| {
        let conditions = status.conditions.iter().map(move |of| {
            let (first, last) = (shown(&of.first_seen), shown(&of.last_seen));
            let more = format!("since {first}, last {last}, {}", times(of.count));
            row(host, &of.code, &of.subject, &of.text, vec![more])
        });
        let found = status.findings.iter().map(move |of| {
            let evidence = of.evidence.iter().map(|it| shown(it));
            let cure = of.cure.iter().map(|it| format!("- {}", shown(it)));
            let since = [format!("since {}", shown(&of.first_seen))];
            let more = evidence.chain(cure).chain(since).collect();
            row(host, &of.code, &of.subject, &of.text, more)
        });
        conditions.chain(found)
    });
    let silent = samples.silent().map(|(host, why)| Row {
        cells: vec![
            Cell::text("-".to_owned()),
            Cell::text(format!("host {}", name(host))),
            Cell::text(format!("gives no status: {}", shown(why))),
        ],
        state: State::Wrong,
        detail: silence(host, why),
    });
    Table {
        rows: silent.chain(rows).collect(),
        columns: vec![text("CODE"), text("SUBJECT"), text("WHAT")],
    }
}
