//! What is wrong with a configuration, each mistake at its place in its file.

use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::codes::Code;

/// A stretch of text of one configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's index, in the order in which the files were given.
    pub file: usize,
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// Whether a configuration can be used in spite of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing can be started.
    Error,
    /// Worth a look.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its code; a warning has none.
    pub code: Option<Code>,
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` for what concerns the first file as a whole.
    pub place: Option<Place>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to say at the underlined text; may be empty.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake.
    pub fn error(code: Code, place: impl Into<Option<Place>>, message: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            severity: Severity::Error,
            place: place.into(),
            message: message.into(),
            label: String::new(),
            help: None,
        }
    }

    /// A warning.
    pub fn warning(place: impl Into<Option<Place>>, message: impl Into<String>) -> Self {
        Self {
            code: None,
            severity: Severity::Warning,
            place: place.into(),
            message: message.into(),
            label: String::new(),
            help: None,
        }
    }

    /// With a word at the underlined text.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With advice, if there is any.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// A file's text as a report may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// As displayed.
    pub name: String,
    /// With secrets blotted out, byte for byte.
    pub text: String,
}

/// Everything that is wrong, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    files: Arc<[Shown]>,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    pub(super) fn new(files: Arc<[Shown]>, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|d| d.place);
        diagnostics.dedup();
        Self { files, diagnostics }
    }

    /// Each diagnostic, in order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// For people: each diagnostic with its line of the file, and a summary if there are errors.
    /// Ends with a newline unless it is empty.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            out.push_str(&self.render_one(diagnostic, &renderer));
            out.push_str("\n\n");
        }
        match self.summary() {
            Some(summary) => {
                let line = [Group::with_title(Level::ERROR.primary_title(summary))];
                out.push_str(&renderer.render(&line));
                out.push('\n');
            }
            None => {
                out.pop();
            }
        }
        out
    }

    /// For machines: a list of objects with `code`, `severity`, `file`, `line`, `column` (both
    /// from 1, the column in characters), `message` and `help`.
    pub fn to_json(&self) -> serde_json::Value {
        let one = |d: &Diagnostic| {
            let file = self.files.get(d.place.map_or(0, |p| p.file));
            let at = d
                .place
                .zip(file)
                .map(|(p, file)| line_and_column(&file.text, p.start));
            serde_json::json!({
                "code": d.code.map(Code::as_str),
                "severity": match d.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                "file": file.map(|file| &file.name),
                "line": at.map(|(line, _)| line),
                "column": at.map(|(_, column)| column),
                "message": d.message,
                "help": d.help,
            })
        };
        self.diagnostics.iter().map(one).collect()
    }

    fn render_one(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut title = level.primary_title(&diagnostic.message);
        if let Some(code) = diagnostic.code {
            title = title.id(code.as_str());
        }
        let file = self
            .files
            .get(diagnostic.place.map_or(0, |place| place.file));
        let mut group = match (diagnostic.place, file) {
            (Some(place), Some(file)) if !file.text.is_empty() => {
                title.element(snippet(file, place, &diagnostic.label))
            }
            (_, Some(file)) => title.element(Origin::path(&file.name)),
            (_, None) => Group::with_title(title),
        };
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }

    fn summary(&self) -> Option<String> {
        let errors = || {
            let is_error = |d: &&Diagnostic| d.severity == Severity::Error;
            self.diagnostics.iter().filter(is_error)
        };
        let count = errors().count();
        if count == 0 {
            return None;
        }
        let mut files: Vec<usize> = errors().map(|d| d.place.map_or(0, |p| p.file)).collect();
        files.dedup();
        let name = |&file: &usize| {
            self.files
                .get(file)
                .map_or("the arguments", |f| f.name.as_str())
        };
        let names: Vec<&str> = files.iter().map(name).collect();
        let mistakes = if count == 1 { "mistake" } else { "mistakes" };
        let names = names.join(" and ");
        Some(format!(
            "{count} {mistakes} in {names}; nothing was started"
        ))
    }
}

/// Only the lines that are underlined are given to the renderer: it looks at all it gets.
fn snippet<'a>(file: &'a Shown, place: Place, label: &'a str) -> Snippet<'a, Annotation<'a>> {
    let text = file.text.as_str();
    let from = text[..place.start].rfind('\n').map_or(0, |i| i + 1);
    let to = text[place.end..]
        .find('\n')
        .map_or(text.len(), |i| place.end + i);
    // Of a line that ends as on Windows, the carriage return is not shown.
    let shown = text[from..to].trim_end_matches('\r');
    let end = (place.end - from).min(shown.len());
    let start = (place.start - from).min(end);
    let mut annotation = AnnotationKind::Primary.span(start..end);
    if !label.is_empty() {
        annotation = annotation.label(label);
    }
    Snippet::source(shown)
        .path(&file.name)
        .line_start(line_and_column(text, place.start).0)
        .annotation(annotation)
}

/// Both from 1.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
