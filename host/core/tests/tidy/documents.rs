//! The documents speak of what is there: codes, paths, tests, commands, metrics.

use std::collections::BTreeSet;

use penstock_core::codes::Code;

use crate::files::{File, files, none, read, root};
use crate::links::prose;

/// Those that describe this repository; guides for plugins speak of their own projects.
fn descriptions() -> Vec<File> {
    files(".md")
        .into_iter()
        .filter(|file| {
            let path = file.path.as_str();
            ["README.md", "CONTRIBUTING.md", "docs/architecture.md"].contains(&path)
                || path.starts_with("docs/decisions/")
                || path == "docs/guides/operations.md"
        })
        .collect()
}

/// What stands between backticks, outside of fenced blocks.
fn spans(text: &str) -> Vec<String> {
    prose(text)
        .flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned))
        .collect()
}

fn every_span(of: &[File], problem: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in of {
        let wrong = spans(&file.text).into_iter().filter(|span| problem(span));
        found.extend(wrong.map(|span| format!("{}: `{span}`", file.path)));
    }
    found
}

#[test]
fn each_code_has_its_page_and_each_page_its_code() {
    let mut problems = Vec::new();
    for code in Code::ALL {
        let path = format!("docs/codes/{code}.md");
        if !root().join(&path).is_file() {
            problems.push(format!("{path} is missing"));
            continue;
        }
        let text = read(&path);
        let heading = format!("# {code}: {}\n", code.title().trim_end_matches('.'));
        if !text.starts_with(&heading) {
            problems.push(format!("{path} does not begin with {heading:?}"));
        }
        for part in [
            "## What happened",
            "## What it costs",
            "## How to see it",
            "## How to mend it",
        ] {
            if !text.contains(&format!("\n{part}\n")) {
                problems.push(format!("{path} has no {part:?}"));
            }
        }
    }
    let known: BTreeSet<String> = Code::ALL
        .iter()
        .map(|code| format!("docs/codes/{code}.md"))
        .collect();
    let pages = files(".md")
        .into_iter()
        .filter(|file| file.path.starts_with("docs/codes/"));
    let strays = pages.filter(|page| !known.contains(&page.path));
    problems.extend(strays.map(|page| format!("{} belongs to no code", page.path)));
    none("pages of codes", &problems);
}

#[test]
fn every_path_that_is_named_is_there() {
    let folders = [
        "host/", "plugins/", "tests/", "docs/", "wit/", "config/", "bench/", "tools/", ".ci/",
    ];
    let is_lost = |span: &str| {
        let is_path = folders.iter().any(|folder| span.starts_with(folder));
        let is_one = !span.contains([' ', '*', '<', '…']) && !span.contains("NAME");
        let is_there = |path: &String| root().join(path).exists();
        is_path && is_one && !alternatives(span).iter().all(is_there)
    };
    none("paths", &every_span(&descriptions(), is_lost));
}

/// `src/{a,b}.rs` is `src/a.rs` and `src/b.rs`.
fn alternatives(path: &str) -> Vec<String> {
    let parts = path
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match parts {
        Some((before, (names, after))) => names
            .split(',')
            .map(|name| format!("{before}{name}{after}"))
            .collect(),
        None => vec![path.to_owned()],
    }
}

#[test]
fn every_test_that_is_named_is_there() {
    let sources = files(".rs");
    let is_lost = |span: &str| {
        let is_name = span.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        is_name
            && span.matches('_').count() >= 3
            && !is_metric(span)
            && !span.starts_with("rd_kafka_")
            && !sources
                .iter()
                .any(|file| file.text.contains(&format!("fn {span}(")))
    };
    none("tests", &every_span(&descriptions(), is_lost));
}

fn is_metric(span: &str) -> bool {
    span.starts_with("penstock_") || span.starts_with("process_")
}

#[test]
fn every_metric_that_is_named_is_exposed() {
    let exposition = read("host/src/admin/exposition.golden");
    let exposed: BTreeSet<&str> = exposition
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let is_lost = |span: &str| {
        let name = span.split('{').next().unwrap_or_default();
        let is_exposed = exposed
            .iter()
            .any(|metric| *metric == name || *metric == format!("{name}_bucket"));
        is_metric(name) && !name.contains("::") && !is_exposed
    };
    let documents: Vec<File> = files(".md")
        .into_iter()
        .filter(|file| file.path.starts_with("docs/") || file.path == "README.md")
        // The functions of the SDK for C begin as metrics do.
        .filter(|file| file.path != "docs/guides/c.md")
        .collect();
    none("metrics", &every_span(&documents, is_lost));
}

#[test]
fn every_command_that_is_named_exists() {
    let cli = read("host/src/cli.rs");
    let (_, variants) = cli.split_once("enum Command {").expect("the commands");
    let (variants, _) = variants.split_once('}').expect("their end");
    let commands: BTreeSet<String> = variants
        .lines()
        .filter_map(|line| Some(line.trim().split_once('(')?.0.to_lowercase()))
        .collect();
    assert!(commands.contains("run") && commands.contains("peek"));
    let documents = files(".md");
    let mut unknown = Vec::new();
    for file in &documents {
        let lines = file.text.lines().map(|line| line.trim().to_owned());
        for said in lines.chain(spans(&file.text)) {
            let said = said.strip_prefix("target/release/").unwrap_or(&said);
            let Some(rest) = said.strip_prefix("penstock ") else {
                continue;
            };
            let command = rest.split(' ').next().unwrap_or_default();
            let is_word = command.bytes().all(|b| b.is_ascii_alphabetic());
            if is_word
                && command.bytes().any(|b| b.is_ascii_lowercase())
                && !commands.contains(command)
            {
                unknown.push(format!("{}: {said}", file.path));
            }
        }
    }
    none("commands", &unknown);
}
