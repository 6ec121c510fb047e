//! What `penstock top` shows, and what its keys do: no terminal, no host, no clock.

use super::sample::{Sample, Samples};
use super::table::Table;
use super::views::View;

/// A key, as far as it means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Tab,
    BackTab,
    Enter,
    Escape,
    Backspace,
    /// Ctrl-C.
    Interrupt,
}

/// What lies over the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Over {
    #[default]
    Nothing,
    /// The row's detail, from this line on.
    Detail(usize),
    Help,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Model {
    /// Whose hosts these are.
    pub title: String,
    pub samples: Samples,
    pub view: View,
    pub over: Over,
    pub filter: String,
    /// Whether keys go into the filter.
    pub typing: bool,
    /// By view, as those below.
    sorts: [usize; 4],
    cursors: [usize; 4],
}

/// Rows that a page key moves by.
const PAGE: usize = 10;

impl Model {
    pub(super) fn new(title: impl Into<String>) -> Model {
        Model {
            title: title.into(),
            samples: Samples::default(),
            view: View::Partitions,
            over: Over::Nothing,
            filter: String::new(),
            typing: false,
            sorts: [0; 4],
            cursors: [0; 4],
        }
    }

    /// The hosts answered.
    pub(super) fn take(&mut self, sample: Sample) {
        self.samples.take(sample);
    }

    /// A key was pressed; whether that was the end.
    pub(super) fn press(&mut self, key: Key) -> bool {
        if key == Key::Interrupt {
            return true;
        }
        if self.typing {
            self.type_filter(key);
            return false;
        }
        match (self.over, key) {
            (_, Key::Char('q')) => return true,
            (Over::Help, _) => self.over = Over::Nothing,
            (_, Key::Char('?' | 'h')) => self.over = Over::Help,
            (Over::Detail(line), Key::Down | Key::Char('j')) => {
                self.over = Over::Detail(line + 1);
            }
            (Over::Detail(line), Key::Up | Key::Char('k')) => {
                self.over = Over::Detail(line.saturating_sub(1));
            }
            (Over::Detail(_), Key::Enter | Key::Escape | Key::Backspace) => {
                self.over = Over::Nothing;
            }
            (_, key) => self.press_in_table(key),
        }
        false
    }

    fn press_in_table(&mut self, key: Key) {
        let at = self.cursor();
        match key {
            Key::Down | Key::Char('j') => self.move_to(at + 1),
            Key::Up | Key::Char('k') => self.move_to(at.saturating_sub(1)),
            Key::PageDown => self.move_to(at + PAGE),
            Key::PageUp => self.move_to(at.saturating_sub(PAGE)),
            Key::Home | Key::Char('g') => self.move_to(0),
            Key::End | Key::Char('G') => self.move_to(usize::MAX),
            Key::Tab => self.turn(1),
            Key::BackTab => self.turn(View::ALL.len() - 1),
            Key::Char(digit @ '1'..='4') => {
                let index = digit as usize - '1' as usize;
                self.look_at(View::ALL[index]);
            }
            Key::Char('s') => {
                let columns = self.view.table(&self.samples).columns.len();
                let sort = &mut self.sorts[self.view as usize];
                *sort = (*sort + 1) % columns;
            }
            Key::Char('/') => self.typing = true,
            Key::Escape => self.filter.clear(),
            Key::Enter if !self.table().rows.is_empty() => self.over = Over::Detail(0),
            _ => {}
        }
    }

    fn type_filter(&mut self, key: Key) {
        match key {
            Key::Char(character) => self.filter.push(character),
            Key::Backspace => drop(self.filter.pop()),
            Key::Enter => self.typing = false,
            Key::Escape => {
                self.typing = false;
                self.filter.clear();
            }
            _ => {}
        }
    }

    fn turn(&mut self, by: usize) {
        let index = (self.view as usize + by) % View::ALL.len();
        self.look_at(View::ALL[index]);
    }

    fn look_at(&mut self, view: View) {
        self.view = view;
        self.over = Over::Nothing;
    }

    fn move_to(&mut self, row: usize) {
        let last = self.table().rows.len().saturating_sub(1);
        self.cursors[self.view as usize] = row.min(last);
    }

    /// The table, filtered and sorted.
    pub(super) fn table(&self) -> Table {
        let mut table = self.view.table(&self.samples);
        table.arrange(&self.filter, self.sort(&table));
        table
    }

    /// The column that it is sorted by; their number depends on how many hosts there are.
    pub(super) fn sort(&self, table: &Table) -> usize {
        self.sorts[self.view as usize].min(table.columns.len() - 1)
    }

    /// The row that is chosen, if there is one.
    pub(super) fn cursor(&self) -> usize {
        let last = self.table().rows.len().saturating_sub(1);
        self.cursors[self.view as usize].min(last)
    }
}
