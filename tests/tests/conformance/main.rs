//! One plugin, once in each language, and the same cases for all of them on a real broker:
//! `tests/conformance/README.md` says what the plugin does, `docs/conformance.md` what came of it.
//!
//! `make test` runs Rust's; with the feature `languages`, which `make test-languages` sets, all.

mod cases;
mod figures;
mod language;
mod page;
mod refusals;
#[cfg(feature = "languages")]
mod sdks;
mod stage;

use std::path::Path;

use anyhow::{Context, Result, ensure};

use cases::CASES;
use language::Language;
use page::Page;
use stage::{Run, Stage};

#[test]
fn rust() -> Result<()> {
    let plugin = language::RUST.build()?;
    conforms(&language::RUST, &plugin)
}

#[cfg(feature = "languages")]
#[test]
fn typescript() -> Result<()> {
    let plugin = language::TYPESCRIPT.build()?;
    sdks::typescript(plugin.parent().context("it lies in its project")?)?;
    conforms(&language::TYPESCRIPT, &plugin)
}

#[cfg(feature = "languages")]
#[test]
fn python() -> Result<()> {
    sdks::python()?;
    let plugin = language::PYTHON.build()?;
    conforms(&language::PYTHON, &plugin)
}

#[cfg(feature = "languages")]
#[test]
fn go() -> Result<()> {
    conforms(&language::GO, &language::GO.build()?)
}

#[cfg(feature = "languages")]
#[test]
fn c() -> Result<()> {
    conforms(&language::C, &language::C.build()?)
}

/// Every case holds, a second host answers the same byte for byte, and the page says so.
fn conforms(language: &Language, plugin: &Path) -> Result<()> {
    let stage = Stage::shared();
    let first = Run::of(stage, language, plugin, "first")?;
    let mut cells = Vec::new();
    let mut broken = Vec::new();
    for case in &CASES {
        let seen = first.seen(stage, language, case)?;
        match (case.check)(&seen) {
            Ok(cell) => cells.push((case.name, cell)),
            Err(error) => broken.push(format!("{}: {:.400}", case.name, format!("{error:#}"))),
        }
    }
    ensure!(
        broken.is_empty(),
        "{}:\n  {}",
        language.name,
        broken.join("\n  ")
    );
    let second = Run::of(stage, language, plugin, "second")?;
    first
        .same_as(&second)
        .context("a second host answers otherwise")?;
    cells.push(("the same from a second host", "yes".to_owned()));
    refusals::check(plugin)?;
    cells.push(("settings that are refused", "yes".to_owned()));
    Page::keep(language, &cells, || {
        figures::measure(stage, language, plugin)
    })
}
