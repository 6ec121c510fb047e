//! The same way for each language: new, unit tests, build, what the component is, a record; and what
//! is said where the sources are wrong or a tool is missing.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Host, Line, Outgoing, eventually};

use crate::project::{Project, fails, succeeds};

/// What differs.
struct Language {
    name: &'static str,
    unit_tests: &'static str,
    /// The file with the handler, and a mistake to make in it: what is replaced by what, and what
    /// the tools then name.
    source: &'static str,
    mistake: (&'static str, &'static str),
    /// How its tools name a file and a line.
    place: fn(&str, usize) -> String,
    /// Whether the same sources make the same component, to the byte.
    repeats: bool,
    /// A program without which nothing is built, and a word of the command that brings it.
    tool: (&'static str, &'static str),
    /// The packages of interfaces that the component may import.
    imports: &'static [&'static str],
}

const WASI: &[&str] = &["penstock:handler@0.1.0", "wasi:"];
const CONTRACT: &[&str] = &["penstock:handler@0.1.0"];

const RUST: Language = Language {
    name: "rust",
    unit_tests: "cargo test --locked",
    source: "src/lib.rs",
    mistake: ("Ok(Outcome::Done)", "Ok(Outcome::Doen)"),
    place: with_colons,
    repeats: true,
    tool: ("cargo", "rustup"),
    imports: CONTRACT,
};

const TYPESCRIPT: Language = Language {
    name: "typescript",
    unit_tests: "npm ci --ignore-scripts && npm test",
    source: "src/handler.ts",
    mistake: ("emit(\"access-granted\"", "emit(\"acces-granted\""),
    place: with_brackets,
    repeats: false,
    tool: ("node", "nodejs.org"),
    imports: CONTRACT,
};

const PYTHON: Language = Language {
    name: "python",
    unit_tests: "PYTHONPATH=src:sdk python3 -m unittest discover test",
    source: "src/handler.py",
    mistake: ("import Handler, Message", "import Handler, Massage"),
    place: in_a_trace,
    repeats: false,
    tool: ("python3", "apt-get install python3"),
    imports: WASI,
};

const GO: Language = Language {
    name: "go",
    unit_tests: "go vet . && go test ./...",
    source: "handler.go",
    mistake: (
        "accessGranted.Emit(message.Key, value)",
        "accessGrnated.Emit(message.Key, value)",
    ),
    place: with_colons,
    repeats: true,
    tool: ("go", "go.dev"),
    imports: WASI,
};

const C: Language = Language {
    name: "c",
    unit_tests: "make test",
    source: "src/handler.c",
    mistake: ("return penstock_done();", "return penstock_doen()"),
    place: with_colons,
    repeats: true,
    tool: ("clang", "apt-get install clang"),
    imports: CONTRACT,
};

fn with_colons(file: &str, line: usize) -> String {
    format!("{file}:{line}:")
}

fn with_brackets(file: &str, line: usize) -> String {
    format!("{file}({line},")
}

/// Python's folder is another in the component.
fn in_a_trace(file: &str, line: usize) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    format!("{name}\", line {line}, in <module>")
}

const PURCHASE: &str = r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;
const ACCESS: &str = r#"{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}"#;

#[test]
fn rust() -> Result<()> {
    whole_way(&RUST)
}

#[test]
fn typescript() -> Result<()> {
    whole_way(&TYPESCRIPT)
}

#[test]
fn python() -> Result<()> {
    whole_way(&PYTHON)
}

#[test]
fn go() -> Result<()> {
    whole_way(&GO)
}

#[test]
fn c() -> Result<()> {
    whole_way(&C)
}

fn whole_way(language: &Language) -> Result<()> {
    let project = Project::new("course-access", language.name)?;
    succeeds(&mut project.shell(language.unit_tests))?;

    let said = succeeds(&mut project.penstock(&["plugin", "build"])?)?;
    is_told(&said, language)?;
    let built = fs::read(project.plugin())?;
    if language.repeats {
        let again = succeeds(&mut project.penstock(&["plugin", "build"])?)?;
        ensure!(again.contains("unchanged"), "it is built another: {again}");
        ensure!(fs::read(project.plugin())? == built);
    }
    let here = project.folder().display().to_string();
    ensure!(
        !holds(&built, &here),
        "the component speaks of the folder that it was built in"
    );

    succeeds(&mut project.penstock(&["check", "-c", "penstock.toml"])?)?;
    handles_a_record(&project)?;

    is_refused_to_overwrite(&project, language)?;
    names_the_missing_tool(&project, language)?;
    shows_the_mistake(&project, language)
}

/// File, size, time, and a line for each package of imports.
fn is_told(said: &str, language: &Language) -> Result<()> {
    let (first, imports) = said.split_once('\n').unwrap_or((said, ""));
    ensure!(first.starts_with("course-access.wasm  "), "{said}");
    ensure!(
        first.contains(" KiB, in ") && first.ends_with(" s"),
        "{said}"
    );
    for line in imports.lines() {
        let package = line.trim_start_matches([' ', 'i', 'm', 'p', 'o', 'r', 't', 's']);
        let package = line.find("penstock:").map_or(package, |at| &line[at..]);
        let is_expected = |import: &&&str| package.starts_with(**import) || line.contains(**import);
        ensure!(
            language.imports.iter().find(is_expected).is_some(),
            "{said}"
        );
    }
    Ok(())
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

fn handles_a_record(project: &Project) -> Result<()> {
    let line = Line::new("language", 1)?;
    let config = line
        .bare("host", "classic")
        .handler(
            "course-access",
            &project.plugin(),
            &[("access-granted", &line.output)],
        )
        .topic(
            &line.input,
            &["course-access"],
            "earliest",
            Some(&line.dead),
        );
    let mut host = Host::start(&config)?;
    let record = |value: &str| Outgoing::to(&line.input).key("u7").value(value);
    line.client.produce(&[record(PURCHASE), record("hello")])?;
    host.ready(Duration::from_secs(60))?;
    eventually("both are handled", Duration::from_secs(60), || {
        line.is_caught_up()
    });
    ensure!(line.outputs()? == [ACCESS], "{:?}", line.outputs()?);
    ensure!(
        line.dead_letters()? == ["hello"],
        "{:?}",
        line.dead_letters()?
    );
    Ok(())
}

fn is_refused_to_overwrite(project: &Project, language: &Language) -> Result<()> {
    let new = ["plugin", "new", "../course-access", "--lang", language.name];
    let said = fails(&mut project.penstock(&new)?, 2)?;
    ensure!(said.contains("course-access is there already"), "{said}");
    ensure!(said.contains("nothing was written"), "{said}");
    Ok(())
}

fn names_the_missing_tool(project: &Project, language: &Language) -> Result<()> {
    let (tool, install) = language.tool;
    let nothing = tempfile::tempdir()?;
    let mut build = project.penstock(&["plugin", "build"])?;
    let said = fails(build.env("PATH", nothing.path()), 2)?;
    ensure!(said.contains(&format!("`{tool}` is missing")), "{said}");
    ensure!(said.contains(install), "{said}");
    Ok(())
}

fn shows_the_mistake(project: &Project, language: &Language) -> Result<()> {
    let (right, wrong) = language.mistake;
    project.change(language.source, right, wrong)?;
    let text = fs::read_to_string(project.folder().join(language.source))?;
    let before = text.split(wrong).next().unwrap_or_default();
    let place = (language.place)(language.source, before.lines().count());
    let said = fails(&mut project.penstock(&["plugin", "build"])?, 1)?;
    ensure!(said.contains(&place), "no {place} in {said}");
    ensure!(
        said.contains("does not build") || said.contains("don't build"),
        "{said}"
    );
    ensure!(said.contains("nothing was built"), "{said}");
    Ok(())
}
