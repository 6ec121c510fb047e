//! What the host logged in the meantime, of this thread alone.

use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    pub level: Level,
    pub target: String,
    /// Message and fields, as `name=value`.
    pub text: String,
}

struct Keep<F>(F);

impl<S: Subscriber, F: Fn(Line) + 'static> Layer<S> for Keep<F> {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        (self.0)(Line {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            text: text.0,
        });
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(&format!("{}={value:?}", field.name()));
    }
}

/// Hands each line that `of` logs on this thread to `each`.
pub fn watch<R>(each: impl Fn(Line) + Send + Sync + 'static, of: impl FnOnce() -> R) -> R {
    tracing::subscriber::with_default(registry().with(Keep(each)), of)
}

/// What `of` logs on this thread.
pub fn lines<R>(of: impl FnOnce() -> R) -> (R, Vec<Line>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let answer = watch(move |line| kept.lock().unwrap().push(line), of);
    let lines = std::mem::take(&mut *lines.lock().unwrap());
    (answer, lines)
}
