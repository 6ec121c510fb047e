//! The same way for each language: new, unit tests, build, what the component is, a record; and what
//! is said where the sources are wrong or a tool is missing.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Host, Line, Record, eventually};

use crate::project::{Project, fails, remarks, succeeds};

/// What differs.
struct Language {
    name: &'static str,
    /// As the component's own account of what it was made of has it.
    title: &'static str,
    /// What else its tools have to say of the sources.
    also: Option<&'static str>,
    /// The file with the handler, and a mistake to make in it: what is replaced by what, and what
    /// the tools then name.
    source: &'static str,
    mistake: (&'static str, &'static str),
    /// What is replaced by what, so that it breaks when it is called.
    breakage: (&'static str, &'static str),
    /// How its tools name a file and a line.
    place: fn(&str, usize) -> String,
    /// How what breaks names them.
    broken_at: fn(&str, usize) -> String,
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
    title: "Rust",
    also: Some("cargo test --locked"),
    source: "src/lib.rs",
    mistake: (
        "ACCESS_GRANTED.emit(message.key, access.end())",
        "ACCESS_GRNATED.emit(message.key, access.end())",
    ),
    breakage: (
        "ACCESS_GRANTED.emit(message.key, access.end())",
        r#"panic!("no such course")"#,
    ),
    place: with_colons,
    broken_at: with_colon,
    repeats: true,
    tool: ("cargo", "rustup"),
    imports: CONTRACT,
};

const TYPESCRIPT: Language = Language {
    name: "typescript",
    title: "TypeScript",
    also: None,
    source: "src/handler.ts",
    mistake: ("emit(\"access-granted\"", "emit(\"acces-granted\""),
    breakage: (
        "emit(\"access-granted\", { key: message.key, value: JSON.stringify(access) });",
        "throw new Error(\"no such course\");",
    ),
    place: with_brackets,
    broken_at: with_colon,
    repeats: false,
    tool: ("node", "nodejs.org"),
    imports: CONTRACT,
};

const PYTHON: Language = Language {
    name: "python",
    title: "Python",
    also: None,
    source: "src/handler.py",
    mistake: ("import Handler, Message", "import Handler, Massage"),
    breakage: (
        "self.access_granted.emit(key=message.key, value=value)",
        // No `Exception`, and a crash all the same; what is one is among the cases of conformance.
        "raise SystemExit(\"no such course\")",
    ),
    place: in_a_trace,
    broken_at: by_its_name,
    repeats: false,
    tool: ("python3", "apt-get install python3"),
    imports: WASI,
};

const GO: Language = Language {
    name: "go",
    title: "Go",
    also: Some("go vet ."),
    source: "handler.go",
    mistake: (
        "accessGranted.Emit(message.Key, value)",
        "accessGrnated.Emit(message.Key, value)",
    ),
    breakage: (
        "accessGranted.Emit(message.Key, value)",
        r#"panic("no such course: " + string(value))"#,
    ),
    place: with_colons,
    broken_at: with_colon,
    repeats: true,
    tool: ("go", "go.dev"),
    imports: WASI,
};

const C: Language = Language {
    name: "c",
    title: "C99",
    also: None,
    source: "src/handler.c",
    mistake: ("return penstock_done();", "return penstock_doen();"),
    breakage: (
        "return penstock_done();",
        r#"PENSTOCK_PANIC("no such course");"#,
    ),
    place: with_colons,
    broken_at: with_colon,
    repeats: true,
    tool: ("clang", "apt-get install clang"),
    imports: CONTRACT,
};

fn with_colons(file: &str, line: usize) -> String {
    format!("{file}:{line}:")
}

fn with_colon(file: &str, line: usize) -> String {
    format!("{file}:{line}")
}

fn with_brackets(file: &str, line: usize) -> String {
    format!("{file}({line},")
}

fn by_its_name(file: &str, line: usize) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    format!("{name}:{line}")
}

/// Python's folder is another in the component.
fn in_a_trace(file: &str, line: usize) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    format!("{name}\", line {line}, in ")
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

/// What says nothing itself: the debug information does.
#[test]
fn a_trap_in_c_has_its_line() -> Result<()> {
    let project = Project::new("course-access", C.name)?;
    for (before, breakage, said) in [
        (C.mistake.0, "__builtin_trap();", "unreachable"),
        (
            "__builtin_trap();",
            "assert(message->offset < 0);",
            "`message->offset < 0` does not hold",
        ),
    ] {
        project.change(C.source, before, breakage)?;
        let include = "#include <string.h>\n";
        if breakage.starts_with("assert") {
            project.change(
                C.source,
                include,
                &format!("#include <assert.h>\n{include}"),
            )?;
        }
        let place = place(&project, C.source, breakage, with_colon)?;
        succeeds(&mut project.penstock(&["plugin", "build"])?)?;
        let Handled { log, dead, .. } = handled(&project, &[PURCHASE])?;
        ensure!(dead.len() == 1, "{dead:?}");
        ensure!(log.contains(said), "no {said} in {log}");
        ensure!(log.contains(&place), "no {place} in {log}");
    }
    Ok(())
}

fn whole_way(language: &Language) -> Result<()> {
    let project = Project::new("course-access", language.name)?;
    succeeds(&mut project.shell(project.unit_tests()?))?;
    if let Some(also) = language.also {
        succeeds(&mut project.shell(also))?;
    }

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
    is_looked_into(&project, language)?;
    let said = succeeds(&mut project.penstock(&["plugin", "test"])?)?;
    ensure!(said.contains("purchase"), "{said}");
    let remarks = remarks(&mut project.penstock(&["plugin", "test"])?)?;
    ensure!(!remarks.contains("is older than"), "{remarks}");
    handles_a_record(&project)?;

    is_refused_to_overwrite(&project, language)?;
    names_the_missing_tool(&project, language)?;
    shows_the_mistake(&project, language)?;
    says_where_it_breaks(&project, language)
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

fn is_looked_into(project: &Project, language: &Language) -> Result<()> {
    let said = succeeds(&mut project.penstock(&["plugin", "inspect", "course-access.wasm"])?)?;
    ensure!(said.contains("ok: this host takes it"), "{said}");
    let line = said
        .lines()
        .find(|line| line.trim_start().starts_with("language "))
        .unwrap_or_default();
    ensure!(line.contains(language.title), "{said}");
    Ok(())
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// What became of records.
struct Handled {
    outputs: Vec<Record>,
    dead: Vec<Record>,
    log: String,
}

/// These values through a host.
fn handled(project: &Project, values: &[&str]) -> Result<Handled> {
    let line = Line::new("language", 1)?;
    let plugin = project.plugin();
    let config = line
        .bare("host", "classic")
        .handler(
            "course-access",
            &plugin,
            &[("access-granted", &line.output)],
        )
        .topic(
            &line.input,
            &["course-access"],
            "earliest",
            Some(&line.dead),
        )
        .set(&["retry", "attempts"], 1);
    let mut host = Host::start(&config)?;
    line.send(0, values)?;
    // Compiling takes ten seconds of an idle machine, and as long as others like of a busy one.
    host.ready(Duration::from_secs(300))?;
    eventually("all are handled", Duration::from_secs(60), || {
        line.is_caught_up()
    });
    Ok(Handled {
        outputs: line.client.read_all(&line.output)?,
        dead: line.client.read_all(&line.dead)?,
        log: host.process().log(),
    })
}

fn handles_a_record(project: &Project) -> Result<()> {
    let Handled { outputs, dead, .. } = handled(project, &[PURCHASE, "hello"])?;
    ensure!(
        outputs.len() == 1 && outputs[0].text() == ACCESS,
        "{outputs:?}"
    );
    ensure!(outputs[0].key_text() == "k", "{outputs:?}");
    ensure!(dead.len() == 1 && dead[0].text() == "hello", "{dead:?}");
    let reason = dead[0].header("penstock.reason");
    ensure!(reason.as_deref() == Some("invalid-event"), "{dead:?}");
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
    let place = place(project, language.source, wrong, language.place)?;
    let said = fails(&mut project.penstock(&["plugin", "build"])?, 1)?;
    ensure!(said.contains(&place), "no {place} in {said}");
    ensure!(said.contains("does not build: see above"), "{said}");
    ensure!(said.contains("nothing was built"), "{said}");
    Ok(())
}

fn says_where_it_breaks(project: &Project, language: &Language) -> Result<()> {
    let (right, wrong) = language.mistake;
    project.change(language.source, wrong, right)?;
    let (works, breaks) = language.breakage;
    project.change(language.source, works, breaks)?;
    let place = place(project, language.source, breaks, language.broken_at)?;
    succeeds(&mut project.penstock(&["plugin", "build"])?)?;
    let Handled { outputs, dead, .. } = handled(project, &[PURCHASE])?;
    ensure!(
        outputs.is_empty() && dead.len() == 1,
        "{outputs:?} {dead:?}"
    );
    let text = dead[0].header("penstock.text").unwrap_or_default();
    ensure!(text.contains("no such course"), "{text}");
    ensure!(text.contains(&place), "no {place} in {text}");
    Ok(())
}

/// Where `text` stands in a file, as it is named.
fn place(
    project: &Project,
    file: &str,
    text: &str,
    named: fn(&str, usize) -> String,
) -> Result<String> {
    let source = fs::read_to_string(project.folder().join(file))?;
    let before = source.split(text).next().unwrap_or_default();
    Ok(named(file, before.split('\n').count()))
}
