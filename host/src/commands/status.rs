//! `penstock status`: what a running host does, asked of its admin listener.

mod table;
mod watch;

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use penstock_core::config::{Admin, Secret};
use penstock_core::status::Status;

use super::tools::{self, ConfigFiles};
use super::{Exit, Failure, output};
use crate::hosts::{self, Unanswered};
pub(super) use watch::every;

/// The token for a host that is named by its URL.
const TOKEN_VARIABLE: &str = "PENSTOCK_TOKEN";

/// Shows what a running host does: partitions, positions, lag, verdicts, what waits and why.
#[derive(Debug, clap::Args)]
#[command(group = tools::asked())]
#[command(after_help = "\
Example:
  penstock status -c penstock.toml
  penstock status --admin http://127.0.0.1:9644 --json | jq '.partitions[] | select(.lag > 0)'
  penstock status -c penstock.toml --watch 5s

With --admin, the token of a host that has one is read from PENSTOCK_TOKEN.
With --watch, the screen is drawn anew each time; where the output is no terminal, one status
follows the other, and with --json each is one line. It goes on while the host restarts.
`penstock top` shows all hosts of a group.

The exit code is 0 if the host answered, whatever it says; 1 if it did not answer, or if its
ledger does not balance; 2 for a wrong command line or configuration.")]
pub struct StatusArgs {
    #[command(flatten)]
    config: ConfigFiles,
    /// The host's admin listener, in place of the configuration's.
    #[arg(long, value_name = "URL", group = "asked")]
    admin: Option<String>,
    /// One JSON object, as `/status` answers it.
    #[arg(long)]
    json: bool,
    /// Again and again, every two seconds or as often as said, until interrupted.
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "2s")]
    #[arg(value_parser = watch::every)]
    watch: Option<Duration>,
}

/// Runs the command.
///
/// # Errors
/// The host can't be asked, or its ledger does not balance.
pub fn run(args: &StatusArgs) -> Result<Exit, Failure> {
    let (url, token) = match &args.admin {
        Some(url) => (base_url(url)?, token_from_environment()),
        None => {
            let admin = tools::load(&args.config.files)?.admin;
            (url_of(&admin), admin.token)
        }
    };
    let status = ask(&url, token.as_ref())?;
    if let Some(every) = args.watch {
        return watch::run(status, every, args.json, || ask(&url, token.as_ref()));
    }
    let text = if args.json {
        let text = serde_json::to_string_pretty(&status);
        text.map_err(|error| Failure::new(Exit::Problem, error))? + "\n"
    } else {
        render(&status, None)
    };
    output::finish(output::print(&text))?;
    balanced(&status)
}

fn balanced(status: &Status) -> Result<Exit, Failure> {
    match status.handlers.iter().find(|of| !of.ledger.balances()) {
        None => Ok(Exit::Fine),
        Some(of) => Err(Failure::new(
            Exit::Problem,
            format!(
                "the ledger of {} on {} does not balance",
                of.handler, of.topic
            ),
        )
        .cost("a delivery is lost or counted twice: this is a fault of Penstock")
        .hint("please report it, with the output of `penstock status --json`")),
    }
}

fn ask(url: &str, token: Option<&Secret>) -> Result<Status, Failure> {
    hosts::status(url, token).map_err(|error| unanswered(url, &error))
}

/// Why a host did not answer, and what to do.
fn unanswered(url: &str, error: &Unanswered) -> Failure {
    let (what, hint) = match error {
        Unanswered::OutOfReach(why) => (
            format!("no host answers at {url}: {why}"),
            "is it running? Its log names the address it listens on; `admin.listen` sets it, and \
             `--admin URL` asks another"
                .to_owned(),
        ),
        Unanswered::Unauthorised { sent: true } => (
            format!("the host at {url} refuses the token"),
            "is it the host's `admin.token`?".to_owned(),
        ),
        Unanswered::Unauthorised { sent: false } => (
            format!("the host at {url} asks for a token"),
            format!("use the host's configuration (`-c`), or set {TOKEN_VARIABLE}"),
        ),
        Unanswered::Stranger(status) => (
            format!(
                "what listens at {url} is no Penstock host: it answered with HTTP status {status}"
            ),
            "`admin.listen` of the host's configuration names the right address".to_owned(),
        ),
        Unanswered::Unreadable(why) => (
            format!("the answer of {url} can't be understood: {why}"),
            format!(
                "is it a Penstock host, of a version near to this one, {}?",
                env!("CARGO_PKG_VERSION")
            ),
        ),
    };
    Failure::new(Exit::Problem, what).hint(hint)
}

/// Without a path; `http://` may be left out.
pub(super) fn base_url(url: &str) -> Result<String, Failure> {
    let address = match url.split_once("://") {
        None => url,
        Some(("http", address)) => address,
        Some((scheme, _)) => {
            let what = format!("{scheme} is not spoken by the admin listener");
            return Err(Failure::new(Exit::Usage, what).hint("use http://HOST:PORT"));
        }
    };
    let address = address.split('/').next().unwrap_or_default();
    if address.is_empty() {
        return Err(
            Failure::new(Exit::Usage, format!("\"{url}\" names no host"))
                .hint("use http://HOST:PORT"),
        );
    }
    Ok(format!("http://{address}"))
}

/// A host that listens on every address is asked on the loopback one.
fn url_of(admin: &Admin) -> String {
    let ip = match admin.listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, admin.listen.port()))
}

/// The token for a host whose configuration is not at hand.
pub(super) fn token_from_environment() -> Option<Secret> {
    let token = std::env::var(TOKEN_VARIABLE).ok()?;
    (!token.is_empty()).then_some(Secret(token))
}

/// The whole page; `rates` is a line on how fast the host works.
fn render(status: &Status, rates: Option<&str>) -> String {
    let mut text = table::host(status) + "\n";
    if let Some(rates) = rates {
        text += rates;
    }
    // Writing to a String does not fail.
    write!(
        text,
        "\n{}\n{}\n{}{}{}",
        table::partitions(status),
        table::handlers(status),
        table::transactions(status),
        table::pauses(status),
        table::wrong(status)
    )
    .unwrap_or_default();
    text
}

#[cfg(test)]
mod tests;
