//! `penstock plugin test`: a plugin against its cases, as the host would run it.

mod diff;
mod json;
mod judge;
mod junit;
mod project;
mod show;
mod stale;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use penstock_core::contract::Description;

use crate::commands::{Exit, Failure, output};
use crate::trial::Alone;
use crate::trial::case::{Case, Passes, Unusable};
use crate::trial::outcome::Outcome;
use judge::{Judged, judge};
use project::{Project, shown};

/// Tests a plugin on recorded or written cases, with the host's own engine, limits and decisions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock plugin test
  penstock plugin test greeter --filter tombstone
  penstock plugin test --plugin target/plugins/greeter.wasm --bless
  penstock plugin test --watch
  penstock plugin test --junit test-results.xml
  penstock plugin test --json | jq 'select(.ok | not)'

A case is a folder tests/NAME in the plugin's own: in.jsonl has a record a line, as `penstock peek
--json` writes it, and expected.jsonl what each must come to; case.toml, if it is there, has settings
and limits, as a configuration has them. `penstock peek TOPIC --record tests/NAME` records one.

Each case is run on fresh instances, on one instance, and on one in reverse order. What differs
between them does not depend on the record alone, and is reported; isolation = \"record\" in the
configuration, and in case.toml, gives each record a fresh instance.

The exit code is 0 if all is as expected, 1 if not, 2 if there is no plugin or no case, or if one
can't be read.")]
pub(super) struct TestArgs {
    /// The plugin's folder, which has the cases in `tests`.
    #[arg(default_value = ".", hide_default_value = true)]
    folder: PathBuf,
    /// The plugin's file; by default the one `.wasm` in the folder.
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// Only cases whose name contains this; may be given more than once.
    #[arg(long = "filter", value_name = "TEXT")]
    filters: Vec<String>,
    /// Writes what came out as what is expected, where it differs.
    #[arg(long)]
    bless: bool,
    /// Writes the results as JUnit's XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// One JSON object a case.
    #[arg(long)]
    json: bool,
    /// Runs again whenever the plugin or a case changes, until interrupted.
    #[arg(long)]
    watch: bool,
}

/// One case, run.
struct Tested {
    name: String,
    outcome: Result<Judged, Unusable>,
}

/// Runs the command.
///
/// # Errors
/// There is nothing to run, or the results can't be written.
pub(super) fn run(args: &TestArgs) -> Result<Exit, Failure> {
    if !args.watch {
        return once(args);
    }
    loop {
        let before = watch::fingerprint(&args.folder, args.plugin.as_deref());
        if let Err(failure) = once(args) {
            output::tell(failure);
        }
        output::tell("(waits for a change; Ctrl-C ends it)");
        watch::wait(|| watch::fingerprint(&args.folder, args.plugin.as_deref()) != before);
    }
}

fn once(args: &TestArgs) -> Result<Exit, Failure> {
    let project = Project::find(&args.folder, args.plugin.as_deref(), &args.filters)?;
    if args.plugin.is_none()
        && let Some(source) = stale::newer_source(&args.folder, &project.plugin)
    {
        output::tell(older(&project.plugin, &source));
    }
    let begun = Instant::now();
    let plugin = Alone::new(&project.plugin);
    let facts = plugin.facts().map_err(|problem| {
        let file = shown(&project.plugin);
        let what = format!("{}: {file} can't be used: {}", problem.code, problem.text);
        let hint = problem
            .help
            .unwrap_or_else(|| format!("see docs/codes/{}.md", problem.code));
        Failure::new(Exit::Usage, what)
            .cost("nothing was tested")
            .hint(hint)
    })?;
    let mut all = Vec::new();
    for folder in &project.cases {
        let tested = test(folder, &plugin, &facts.description, args.bless);
        let text = match args.json {
            true => json::case(&tested),
            false => show::case(&tested),
        };
        output::finish(output::print(&text))?;
        all.push(tested);
    }
    if !args.json {
        output::finish(output::print(&show::summary(&all, begun.elapsed())))?;
    }
    if let Some(file) = &args.junit {
        let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
        let xml = junit::xml(&facts.description.name, &all);
        folder
            .and_then(|()| fs::write(file, xml))
            .map_err(|error| {
                let what = format!("{} can't be written: {error}", file.display());
                Failure::new(Exit::Usage, what)
                    .cost("the cases were run, and whoever reads that file has no results")
                    .hint("name another file: --junit FILE")
            })?;
    }
    Ok(exit(&all))
}

fn older(plugin: &Path, source: &Path) -> String {
    format!(
        "{} is older than {}: it is tested as it was built before; `penstock plugin build` builds it anew",
        shown(Path::new(plugin.file_name().unwrap_or_default())),
        shown(source)
    )
}

fn exit(all: &[Tested]) -> Exit {
    let mut worst = Exit::Fine;
    for tested in all {
        match &tested.outcome {
            Err(_) => return Exit::Usage,
            Ok(judged) if !judged.problems.is_empty() => worst = Exit::Problem,
            Ok(_) => {}
        }
    }
    worst
}

fn test(folder: &Path, plugin: &Alone, description: &Description, bless: bool) -> Tested {
    let name = folder.file_name().unwrap_or_default();
    let outcome = Case::read(folder).and_then(|mut case| {
        let passes = case.run(plugin, description)?;
        let mut blessed = false;
        if bless {
            blessed = self::bless(&mut case, &passes)?;
        }
        Ok(Judged {
            blessed,
            ..judge(&case, &passes)
        })
    });
    Tested {
        name: name.to_string_lossy().into_owned(),
        outcome,
    }
}

/// Writes what came out, unless it is what was expected. Whether it did.
fn bless(case: &mut Case, passes: &Passes) -> Result<bool, Unusable> {
    let outcomes: Vec<Outcome> = passes[0].iter().map(Outcome::of).collect();
    let as_expected = |expected: &Vec<Outcome>| {
        let mut pairs = outcomes.iter().zip(expected);
        outcomes.len() == expected.len() && pairs.all(|(of, line)| of.as_asked(line) == *line)
    };
    if case.expected.as_ref().is_some_and(as_expected) {
        return Ok(false);
    }
    case.expect(outcomes)?;
    Ok(true)
}
