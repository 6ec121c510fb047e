//! A model drawn: lines of a given width and number, each of parts that look alike.

use super::model::{Model, Over};
use super::table::{State, Table};
use super::text::{cut, fit, short, span, width, wrap};
use super::views::{View, totals};

/// How a part looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Title,
    Dim,
    Chosen,
    Waits,
    Wrong,
}

/// A line, as wide as the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line(pub Vec<(Look, String)>);

const HELP: &str = "\
q, Ctrl-C   quit
tab, 1-4    the next view, or the one of that number
j k ↓ ↑     the next row, the one before; page keys, g and G go further
s           sort by the next column; numbers from the largest on
/           show only rows that contain a text; esc shows all again
enter       what there is to know of a row: a finding's evidence and cure
?           this

REC/S       offsets a second that the partition's position moved by
OPEN        records fetched and not finished
OLDEST      age of the oldest delivery that is begun and open
IN/S        deliveries (a record for a handler) begun a second
EMIT/S, SKIP/S, DEAD/S   verdicts a second; DEAD: all dead letters
";

/// Draws it.
pub(super) fn draw(model: &Model, columns: usize, rows: usize) -> Vec<Line> {
    let mut lines = vec![top(model, columns), rates_line(model, columns)];
    lines.push(tabs(model, columns));
    let left = rows.saturating_sub(lines.len() + 1);
    let body = match model.over {
        Over::Help => paragraphs(HELP.lines(), 0, columns, left),
        Over::Detail(from) => {
            let table = model.table();
            let row = table.rows.get(model.cursor());
            let detail = row.map(|row| row.detail.as_slice()).unwrap_or_default();
            paragraphs(detail.iter().map(String::as_str), from, columns, left)
        }
        Over::Nothing => table(model, columns, left),
    };
    lines.extend(body);
    lines.resize(rows.saturating_sub(1), blank(columns));
    lines.push(foot(model, columns));
    lines.truncate(rows);
    lines
}

fn blank(columns: usize) -> Line {
    Line(vec![(Look::Plain, " ".repeat(columns))])
}

fn whole(look: Look, text: &str, columns: usize) -> Line {
    Line(vec![(look, fit(text, columns, false))])
}

fn top(model: &Model, columns: usize) -> Line {
    let hosts = model.samples.hosts.len();
    let s = if hosts == 1 { "" } else { "s" };
    let title = match &model.samples.failed {
        Some(why) => return whole(Look::Wrong, why, columns),
        None if model.samples.is_empty() => format!("{}: asking …", model.title),
        None => format!("{}: {hosts} host{s}", model.title),
    };
    let of = totals(&model.samples);
    let unknown = match of.lag_unknown {
        0 => String::new(),
        unknown => format!(" (+{unknown} unknown)"),
    };
    let oldest = of.oldest_ms.map_or_else(|| "-".to_owned(), span);
    let paused = match of.pauses {
        0 => String::new(),
        pauses => format!("  {pauses} paused"),
    };
    let lag = match (of.answered, of.silent) {
        (_, 0) => of.lag.to_string(),
        (0, _) => "unknown".to_owned(),
        _ => format!("≥ {}", of.lag),
    };
    let right = format!("{paused}  lag {lag}{unknown}  oldest {oldest}");
    let right = cut(&right, columns);
    let left = columns - width(&right);
    Line(vec![
        (Look::Title, fit(&title, left, false)),
        (Look::Plain, right),
    ])
}

fn rates_line(model: &Model, columns: usize) -> Line {
    let text = match totals(&model.samples).rates {
        None => "deliveries/s: not known yet".to_owned(),
        Some(of) => format!(
            "deliveries/s: {} begun  {} emitted  {} skipped  {} dead-lettered",
            short(of.begun),
            short(of.emitted),
            short(of.skipped),
            short(of.dead_lettered)
        ),
    };
    whole(Look::Plain, &text, columns)
}

fn tabs(model: &Model, columns: usize) -> Line {
    let wrong = totals(&model.samples).findings;
    let mut parts = Vec::new();
    let mut left = columns;
    for (index, view) in View::ALL.into_iter().enumerate() {
        let mut text = format!(" {} {} ", index + 1, view.title());
        if view == View::Findings && wrong > 0 {
            text = format!(" {} {} ({wrong}) ", index + 1, view.title());
        }
        let look = match view {
            view if view == model.view => Look::Chosen,
            View::Findings if wrong > 0 => Look::Wrong,
            _ => Look::Dim,
        };
        let text = cut(&text, left);
        left -= width(&text);
        parts.push((look, text));
    }
    parts.push((Look::Plain, " ".repeat(left)));
    Line(parts)
}

fn table(model: &Model, columns: usize, rows: usize) -> Vec<Line> {
    let table = model.table();
    if table.rows.is_empty() {
        return vec![whole(Look::Dim, nothing(model, &table), columns)];
    }
    let widths = table.widths(columns);
    let head = table.head(&widths, model.sort(&table));
    let mut lines = vec![whole(Look::Dim, &head, columns)];
    let cursor = model.cursor();
    let room = rows.saturating_sub(1);
    let first = (cursor + 1).saturating_sub(room);
    for (index, row) in table.rows.iter().enumerate().skip(first).take(room) {
        let look = match row.state {
            _ if index == cursor => Look::Chosen,
            State::Fine => Look::Plain,
            State::Waits => Look::Waits,
            State::Wrong => Look::Wrong,
        };
        lines.push(whole(look, &table.line(row, &widths), columns));
    }
    lines
}

fn nothing(model: &Model, table: &Table) -> &'static str {
    let all = model.view.table(&model.samples).rows.len();
    match model.view {
        _ if model.samples.is_empty() => "",
        _ if all > table.rows.len() => "no row contains that; esc shows all",
        View::Findings => "nothing is wrong",
        View::Hosts => "no Penstock host is a member of the group",
        View::Partitions | View::Handlers => "none",
    }
}

fn paragraphs<'t>(
    texts: impl Iterator<Item = &'t str>,
    from: usize,
    columns: usize,
    rows: usize,
) -> Vec<Line> {
    let wrapped = texts.flat_map(|text| {
        if text.is_empty() {
            vec![String::new()]
        } else {
            wrap(text, columns)
        }
    });
    let lines: Vec<_> = wrapped.collect();
    // Not further than to the last page.
    let from = from.min(lines.len().saturating_sub(rows));
    let shown = lines.iter().skip(from).take(rows);
    shown
        .map(|text| whole(Look::Plain, text, columns))
        .collect()
}

fn foot(model: &Model, columns: usize) -> Line {
    let text = match (model.typing, model.over) {
        (true, _) => format!("/{}▏  enter: keep  esc: show all", model.filter),
        (_, Over::Help) => "any key: back".to_owned(),
        (_, Over::Detail(_)) => "esc: back  j k: move  q: quit".to_owned(),
        (_, Over::Nothing) => {
            let filter = match model.filter.as_str() {
                "" => String::new(),
                filter => format!("only {filter}  "),
            };
            format!("{filter}q quit  tab view  j k move  s sort  / filter  enter detail  ? help")
        }
    };
    whole(Look::Dim, &text, columns)
}
