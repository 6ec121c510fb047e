//! What is known of a record that is followed, and when that is all.

use std::collections::BTreeMap;

use penstock_core::watch::{Decided, Event, Why};

use crate::commands::Exit;

/// See the module.
#[derive(Debug)]
pub(super) struct Followed {
    /// How many have to end.
    handlers: usize,
    /// The host that has it.
    host: Option<String>,
    /// Verdicts, by handler.
    ended: BTreeMap<String, String>,
    /// What was last said of each handler.
    last: BTreeMap<String, String>,
    halted: bool,
    committed: bool,
}

impl Followed {
    pub(super) fn new(handlers: usize) -> Followed {
        Followed {
            handlers,
            host: None,
            ended: BTreeMap::new(),
            last: BTreeMap::new(),
            halted: false,
            committed: false,
        }
    }

    pub(super) fn is_received(&self) -> bool {
        self.host.is_some()
    }

    /// Something happened to it at a host.
    pub(super) fn on(&mut self, host: &str, event: &Event) {
        match event {
            Event::Received => {
                let handlers = self.handlers;
                *self = Followed::new(handlers);
                self.host = Some(host.to_owned());
            }
            Event::Decided { handler, what, .. } => {
                self.halted |= matches!(what, Decided::Halt(_));
                self.last.insert(handler.clone(), decided(what));
            }
            Event::Acknowledged { .. } => {}
            Event::Refused {
                handler,
                topic,
                why,
                ..
            } => {
                let text = format!("its output to {topic} is refused: {why}");
                self.last.insert(handler.clone(), text);
            }
            Event::Ended { handler, verdict } => {
                self.last.insert(handler.clone(), verdict.clone());
                self.ended.insert(handler.clone(), verdict.clone());
            }
            Event::Committed { .. } => self.committed = true,
            Event::HandedBack => *self = Followed::new(self.handlers),
        }
    }

    /// The exit code, once nothing more is to come: 1 after a dead letter or a halt.
    pub(super) fn exit(&self) -> Option<Exit> {
        if self.halted {
            return Some(Exit::Problem);
        }
        if self.ended.len() < self.handlers || !self.committed {
            return None;
        }
        let dead = self
            .ended
            .values()
            .any(|verdict| verdict == "dead-lettered");
        Some(if dead { Exit::Problem } else { Exit::Fine })
    }

    /// For people, when the time is over; `all_watch`: there is no host that could not be asked.
    pub(super) fn known(&self, all_watch: bool) -> String {
        let Some(host) = &self.host else {
            return match all_watch {
                true => "it is sent, and no host has received it",
                false => "it is sent; whether a host has received it is not known",
            }
            .to_owned();
        };
        if self.last.is_empty() {
            return format!("host {host} has received it, and no handler was called");
        }
        let each = self.last.iter();
        let each: Vec<_> = each.map(|(name, text)| format!("{name}: {text}")).collect();
        let committed = if self.ended.len() == self.handlers {
            "; its offset is not committed: a record before it is not finished, or the next \
             commit is not due"
        } else {
            ""
        };
        format!("host {host} has it; {}{committed}", each.join("; "))
    }
}

fn decided(what: &Decided) -> String {
    let of = |why: &Why| {
        let first = why.text.lines().next().unwrap_or_default();
        format!("{}: {first}", why.code)
    };
    match what {
        Decided::Emit { .. } => "its outputs are not acknowledged".to_owned(),
        Decided::Skip(why) => format!("it skips the record, {}", of(why)),
        Decided::Again { why, .. } => format!("it is retried, {}", of(why)),
        Decided::DeadLetter(why) => format!("the dead letter is not acknowledged, {}", of(why)),
        Decided::Halt(why) => format!("its partition is halted, {}", of(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_could_be_asked_about_is_not_denied() {
        let followed = Followed::new(1);
        assert_eq!(
            followed.known(true),
            "it is sent, and no host has received it"
        );
        let said = followed.known(false);
        assert!(
            said.contains("not known") && !said.contains("no host"),
            "{said}"
        );
    }

    fn ended(handler: &str, verdict: &str) -> Event {
        Event::Ended {
            handler: handler.to_owned(),
            verdict: verdict.to_owned(),
        }
    }

    fn decided(handler: &str, what: Decided) -> Event {
        Event::Decided {
            handler: handler.to_owned(),
            attempt: 1,
            what,
        }
    }

    fn why() -> Why {
        Why {
            code: "PSK-H001".to_owned(),
            text: "busy: later\nsecond line".to_owned(),
        }
    }

    fn after(events: &[Event]) -> Followed {
        let mut followed = Followed::new(2);
        events.iter().for_each(|event| followed.on("h1", event));
        followed
    }

    #[test]
    fn all_verdicts_and_the_commit_are_waited_for() {
        let committed = Event::Committed { next: 8 };
        let both = [
            Event::Received,
            ended("a", "emitted"),
            ended("b", "skipped"),
        ];
        assert_eq!(after(&both).exit(), None);
        assert_eq!(after(&both[..2]).exit(), None);
        let all = [&both[..], std::slice::from_ref(&committed)].concat();
        assert_eq!(after(&all).exit(), Some(Exit::Fine));
        let dead = [
            Event::Received,
            ended("a", "emitted"),
            ended("b", "dead-lettered"),
            committed,
        ];
        assert_eq!(after(&dead).exit(), Some(Exit::Problem));
    }

    #[test]
    fn a_halt_ends_it_and_another_owner_begins_anew() {
        let halt = decided("a", Decided::Halt(why()));
        assert_eq!(after(&[Event::Received, halt]).exit(), Some(Exit::Problem));
        let back = after(&[Event::Received, ended("a", "emitted"), Event::HandedBack]);
        assert!(!back.is_received());
        assert_eq!(back.known(true), "it is sent, and no host has received it");
    }

    #[test]
    fn what_is_known_is_the_last_of_each_handler() {
        let again = Decided::Again {
            after_ms: 100,
            why: why(),
        };
        let known =
            after(&[Event::Received, ended("b", "skipped"), decided("a", again)]).known(true);
        assert_eq!(
            known,
            "host h1 has it; a: it is retried, PSK-H001: busy: later; b: skipped"
        );
        let received = after(&[Event::Received]).known(true);
        assert_eq!(
            received,
            "host h1 has received it, and no handler was called"
        );
    }
}
