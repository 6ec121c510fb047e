//! What a handler logs, caught before it becomes the host's log.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::logging;

/// A line of a handler's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// As it would be in the host's log: bounded, on one line.
    pub text: String,
}

/// Catches lines of the levels that the host would log.
pub(super) struct Lines {
    dispatch: Dispatch,
    caught: Arc<Mutex<Vec<Line>>>,
}

impl Lines {
    pub(super) fn new() -> Lines {
        let caught = Arc::new(Mutex::default());
        let guests = Targets::new().with_target("guest", logging::level_asked());
        let layer = Catch(Arc::clone(&caught));
        let subscriber = tracing_subscriber::registry().with(guests).with(layer);
        Lines {
            dispatch: Dispatch::new(subscriber),
            caught,
        }
    }

    /// Calls `call`, and gives what handlers logged on this thread meanwhile.
    pub(super) fn of<R>(&self, call: impl FnOnce() -> R) -> (R, Vec<Line>) {
        let answer = tracing::dispatcher::with_default(&self.dispatch, call);
        let mut caught = self.caught.lock().unwrap_or_else(PoisonError::into_inner);
        (answer, std::mem::take(&mut *caught))
    }
}

struct Catch(Arc<Mutex<Vec<Line>>>);

impl<S: Subscriber> Layer<S> for Catch {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        let mut caught = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        caught.push(Line {
            level,
            text: text.0,
        });
    }
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_guests_are_caught_and_no_others() {
        let lines = Lines::new();
        let (answer, caught) = lines.of(|| {
            tracing::warn!(target: "guest", offset = 7, "{}", "a \"b\"");
            tracing::error!("of the host's own");
            tracing::trace!(target: "guest", "too fine");
            3
        });
        assert_eq!(answer, 3);
        let line = Line {
            level: "warn".to_owned(),
            text: "a \"b\"".to_owned(),
        };
        assert_eq!(caught, [line]);
        assert_eq!(lines.of(|| ()).1, []);
    }
}
