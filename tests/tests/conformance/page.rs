//! `docs/conformance.md`: a table language × case and a table of figures, both made here.
//!
//! A language's column is compared with what the tests found; `PENSTOCK_BLESS=1` writes it, and its
//! figures, which differ from machine to machine and are compared with nothing.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::figures::Figures;
use crate::language::Language;

const HEAD: &str = "# What each language's plugin can do

One plugin, written once in each language (`tests/conformance`), and the same records for all of them on a real broker. The tests make this page: `make test` holds Rust's column, `make test-languages` all of them, and `PENSTOCK_BLESS=1` writes it anew.

";

const BETWEEN: &str = "
PSK-H003 is an exception that the SDK caught, [PSK-H004](codes/PSK-H004.md) a trap: after it the next record has a fresh instance.

## What a language costs

Of the machine that wrote this page last; one against the other, not against [performance](performance.md). A cold start compiles, once for each plugin file; a warm one takes what was compiled before. A record of 244 bytes is copied to one output, and some 200 bytes about it to another. Memory is what the whole host has resident, with one instance.

";

const FIGURES: [&str; 5] = ["size", "cold start", "warm start", "a record", "memory"];

/// The page's tables: first by row, then by column, in their order.
pub struct Page {
    cases: Table,
    figures: Table,
}

#[derive(Default)]
struct Table {
    columns: Vec<String>,
    rows: Vec<(String, BTreeMap<String, String>)>,
}

impl Page {
    /// Compares what was found with the page, or writes it there.
    pub fn keep(
        language: &Language,
        cells: &[(&str, String)],
        figures: impl FnOnce() -> Result<Figures>,
    ) -> Result<()> {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let bless = env::var_os("PENSTOCK_BLESS").is_some();
        let figures = bless.then(figures).transpose()?;
        let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let there = fs::read_to_string(path()).unwrap_or_default();
        let mut page = Page::parse(&there);
        for (case, cell) in cells {
            page.cases.set(case, language.name, cell);
        }
        let order = |name: &str| cells.iter().position(|(case, _)| *case == name);
        page.cases.rows.retain(|(name, _)| order(name).is_some());
        page.cases.rows.sort_by_key(|(name, _)| order(name));
        let Some(figures) = figures else {
            ensure!(
                page.text() == there,
                "docs/conformance.md says otherwise of {}; with PENSTOCK_BLESS=1 it is written \
                 anew. What was found:\n{}",
                language.name,
                page.text()
            );
            return Ok(());
        };
        for (column, cell) in FIGURES.iter().zip(figures.cells()) {
            page.figures.set(language.name, column, &cell);
        }
        fs::write(path(), page.text()).context("cannot write docs/conformance.md")
    }

    fn parse(text: &str) -> Page {
        let mut tables = text
            .split("\n\n")
            .filter(|part| part.starts_with('|'))
            .map(Table::parse);
        Page {
            cases: tables.next().unwrap_or_default(),
            figures: tables.next().unwrap_or_default(),
        }
    }

    fn text(&self) -> String {
        let cases = self.cases.text("case");
        let figures = self.figures.text("language");
        format!("{HEAD}{cases}{BETWEEN}{figures}")
    }
}

impl Table {
    fn parse(text: &str) -> Table {
        let cells = |line: &str| -> Vec<String> {
            let line = line.trim().trim_matches('|');
            line.split('|').map(|cell| cell.trim().to_owned()).collect()
        };
        let mut lines = text.lines();
        let columns = lines.next().map(cells).unwrap_or_default();
        let columns: Vec<String> = columns.into_iter().skip(1).collect();
        let rows = lines.skip(1).filter_map(|line| {
            let mut cells = cells(line).into_iter();
            let name = cells.next()?;
            Some((name, columns.iter().cloned().zip(cells).collect()))
        });
        Table {
            rows: rows.collect(),
            columns: columns.clone(),
        }
    }

    fn set(&mut self, row: &str, column: &str, cell: &str) {
        if !self.columns.iter().any(|name| name == column) {
            self.columns.push(column.to_owned());
        }
        let at = self.rows.iter().position(|(name, _)| name == row);
        let at = at.unwrap_or_else(|| {
            self.rows.push((row.to_owned(), BTreeMap::new()));
            self.rows.len() - 1
        });
        self.rows[at].1.insert(column.to_owned(), cell.to_owned());
    }

    fn text(&self, corner: &str) -> String {
        let mut text = format!("| {corner} |");
        for column in &self.columns {
            write!(text, " {column} |").expect("a string takes it");
        }
        text += "\n|---|";
        text += &"---|".repeat(self.columns.len());
        text.push('\n');
        for (row, cells) in &self.rows {
            write!(text, "| {row} |").expect("a string takes it");
            for column in &self.columns {
                let cell = cells.get(column).map_or("", String::as_str);
                write!(text, " {cell} |").expect("a string takes it");
            }
            text.push('\n');
        }
        text
    }
}

impl Figures {
    fn cells(&self) -> [String; 5] {
        [
            megabytes(self.bytes),
            short(self.cold),
            short(self.warm),
            short(self.call),
            megabytes(self.resident_bytes),
        ]
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn short(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.1} s"),
        seconds if seconds >= 1e-3 => format!("{:.0} ms", seconds * 1e3),
        seconds => format!("{:.1} µs", seconds * 1e6),
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md")
}
