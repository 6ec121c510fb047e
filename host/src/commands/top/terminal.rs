//! The terminal: taken for a while, and given back however that ends.

use std::io::{self, Write};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use anstyle::{AnsiColor, Style};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{execute, queue};

use super::Input;
use super::frame::{Line, Look};
use super::model::Key;
use crate::signals;

/// The terminal while it is ours.
pub(super) struct Terminal {
    colours: bool,
}

impl Terminal {
    /// Takes the terminal. A panic gives it back before it is told.
    ///
    /// # Errors
    /// It is none, or does not do it.
    pub(super) fn take() -> io::Result<Terminal> {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        enable_raw_mode()?;
        let terminal = Terminal { colours };
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        Ok(terminal)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// Of the terminal.
    pub(super) fn size(&self) -> io::Result<(usize, usize)> {
        let (columns, rows) = size()?;
        Ok((columns.into(), rows.into()))
    }

    /// Shows a frame, over the one before.
    ///
    /// # Errors
    /// Of the terminal.
    pub(super) fn show(&self, lines: &[Line]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for (row, Line(parts)) in lines.iter().enumerate() {
            queue!(out, MoveTo(0, u16::try_from(row).unwrap_or(u16::MAX)))?;
            for (look, text) in parts {
                let style = style(*look, self.colours);
                write!(out, "{style}{text}{style:#}")?;
            }
            queue!(out, Clear(ClearType::UntilNewLine))?;
        }
        queue!(out, Clear(ClearType::FromCursorDown))?;
        out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// What fails here fails on a terminal that is gone.
fn give_back() {
    drop(execute!(io::stdout(), LeaveAlternateScreen, Show));
    drop(disable_raw_mode());
}

fn style(look: Look, colours: bool) -> Style {
    let coloured = |colour: AnsiColor| {
        if colours {
            colour.on_default()
        } else {
            Style::new()
        }
    };
    match look {
        Look::Plain => Style::new(),
        Look::Title => Style::new().bold(),
        Look::Dim => Style::new().dimmed(),
        Look::Chosen => Style::new().invert(),
        Look::Waits => coloured(AnsiColor::Yellow),
        Look::Wrong => coloured(AnsiColor::Red).bold(),
    }
}

/// Reads keys on a thread of their own, until nobody takes them or the terminal is gone.
pub(super) fn read_keys(to: Sender<Input>) {
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            let input = match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    key_of(key.code, key.modifiers).map(Input::Key)
                }
                Event::Resize(..) => Some(Input::Resized),
                _ => None,
            };
            if input.is_some_and(|input| to.send(input).is_err()) {
                return;
            }
        }
        // Whoever would have listened has left.
        drop(to.send(Input::Gone));
    });
}

/// Has a signal that asks it to end end it in order: the terminal is given back.
///
/// # Errors
/// When signals can't be received.
pub(super) fn heed_signals(to: Sender<Input>) -> io::Result<()> {
    let (sender, signals) = channel();
    signals::watch(sender)?;
    thread::spawn(move || {
        if signals.recv().is_ok() {
            // Whoever would have listened has left.
            drop(to.send(Input::Gone));
        }
    });
    Ok(())
}

fn key_of(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
    Some(match code {
        KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => Key::Interrupt,
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}
