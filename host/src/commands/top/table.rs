//! Tables that fit a screen: columns, rows, what they are sorted by.

use std::cmp::Ordering;

use super::text::{fit, width};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub title: &'static str,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As wide as its text, or less where room is scarce.
    Text,
    /// So many columns, to the right; sorted from the largest on.
    Number(usize),
}

/// What is in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub text: String,
    /// What a number is sorted by; what is unknown comes last.
    pub number: Option<f64>,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell {
            text: text.into(),
            number: None,
        }
    }

    /// A number as `show` shows it, or `-`.
    pub(super) fn number(number: Option<f64>, show: impl Fn(f64) -> String) -> Cell {
        Cell {
            text: number.map_or_else(|| "-".to_owned(), show),
            number,
        }
    }
}

/// How a row looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Fine,
    /// It waits, or is behind.
    Waits,
    /// It needs somebody.
    Wrong,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub cells: Vec<Cell>,
    pub state: State,
    /// What there is to know beside.
    pub detail: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

impl Table {
    /// Leaves the rows that contain `filter` in any cell, sorted by a column.
    pub(super) fn arrange(&mut self, filter: &str, by: usize) {
        let filter = filter.to_lowercase();
        let has = |cell: &Cell| cell.text.to_lowercase().contains(&filter);
        self.rows.retain(|row| row.cells.iter().any(has));
        let kind = self.columns[by].kind;
        // A stable sort: those alike stay in the order of their names.
        self.rows
            .sort_by(|a, b| order(kind, &a.cells[by], &b.cells[by]));
    }

    /// The widths of the columns on a screen of `columns`, one between each two.
    pub(super) fn widths(&self, columns: usize) -> Vec<usize> {
        let between = self.columns.len().saturating_sub(1);
        let widest = |index: usize| {
            let cells = self.rows.iter().map(|row| width(&row.cells[index].text));
            cells
                .max()
                .unwrap_or(0)
                .max(width(self.columns[index].title) + 1)
        };
        let mut widths: Vec<usize> = (0..self.columns.len())
            .map(|index| match self.columns[index].kind {
                Kind::Number(columns) => columns,
                Kind::Text => widest(index),
            })
            .collect();
        while widths.iter().sum::<usize>() + between > columns {
            let texts = (0..widths.len()).filter(|at| self.columns[*at].kind == Kind::Text);
            match texts.max_by_key(|at| widths[*at]) {
                Some(at) if widths[at] > 1 => widths[at] -= 1,
                _ => break,
            }
        }
        widths
    }

    /// The titles; `by` is marked.
    pub(super) fn head(&self, widths: &[usize], by: usize) -> String {
        let cells = self.columns.iter().zip(widths).enumerate();
        let cells = cells.map(|(index, (column, width))| {
            let mark = if index == by { "▾" } else { "" };
            let title = format!("{}{mark}", column.title);
            fit(&title, *width, column.kind != Kind::Text)
        });
        cells.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn line(&self, row: &Row, widths: &[usize]) -> String {
        let cells = row.cells.iter().zip(&self.columns).zip(widths);
        let cells =
            cells.map(|((cell, column), width)| fit(&cell.text, *width, column.kind != Kind::Text));
        cells.collect::<Vec<_>>().join(" ")
    }
}

fn order(kind: Kind, a: &Cell, b: &Cell) -> Ordering {
    match kind {
        Kind::Text => a.text.cmp(&b.text),
        Kind::Number(_) => match (a.number, b.number) {
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => b.is_some().cmp(&a.is_some()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |name: &str, number| Row {
            cells: vec![Cell::text(name), Cell::number(number, |of| format!("{of}"))],
            state: State::Fine,
            detail: Vec::new(),
        };
        Table {
            columns: vec![
                Column {
                    title: "NAME",
                    kind: Kind::Text,
                },
                Column {
                    title: "LAG",
                    kind: Kind::Number(5),
                },
            ],
            rows: vec![
                row("b", Some(1.0)),
                row("unknown", None),
                row("a", Some(9.0)),
            ],
        }
    }

    fn names(table: &Table) -> Vec<&str> {
        let rows = table.rows.iter();
        rows.map(|row| row.cells[0].text.as_str()).collect()
    }

    #[test]
    fn numbers_are_sorted_from_the_largest_and_the_unknown_comes_last() {
        let mut sorted = table();
        sorted.arrange("", 1);
        assert_eq!(names(&sorted), ["a", "b", "unknown"]);
        sorted.arrange("", 0);
        assert_eq!(names(&sorted), ["a", "b", "unknown"]);
        sorted.arrange("UNK", 0);
        assert_eq!(names(&sorted), ["unknown"]);
    }

    #[test]
    fn text_gives_way_and_numbers_stay() {
        let table = table();
        assert_eq!(table.widths(80), [7, 5]);
        let widths = table.widths(11);
        assert_eq!(widths, [5, 5]);
        assert_eq!(table.head(&widths, 1), "NAME   LAG▾");
        assert_eq!(table.line(&table.rows[1], &widths), "unkn…     -");
    }
}
