//! The running host as its admin listener gives it orders.

use std::sync::PoisonError;
use std::time::Duration;

use penstock_core::operations::{Addressee, Answer, Deed, PauseOrder, ResetOrder, ResumeOrder};
use penstock_core::pauses::{PAUSE_MS_MAX, Pause, Scope, WHY_BYTES_MAX, rfc3339};
use penstock_core::record::NextOffset;
use penstock_engine::Engine;
use penstock_kafka::{Move, Orders, ResetOutcome, SourceHandle};

use crate::admin::Control;
use crate::view::HostView;

/// For how long an order's outcome is waited for.
const OUTCOME_TIME_MAX: Duration = Duration::from_secs(20);

impl Control for HostView {
    fn reset(&self, order: &ResetOrder) -> Answer {
        if let Err(answer) = self.is_meant(&order.to) {
            return answer;
        }
        let Some(orders) = self.orders() else {
            return refused("this host does not consume: it is starting or stopping");
        };
        let moves = order.partitions.iter().map(|of| Move {
            topic: of.topic.clone(),
            partition: of.partition,
            epoch: of.epoch,
            to: NextOffset(of.offset),
        });
        let outcome = orders.reset(moves.collect(), order.dry_run, OUTCOME_TIME_MAX);
        let (result, text) = match outcome {
            Some(ResetOutcome::Possible) => (Deed::Possible, String::new()),
            Some(ResetOutcome::Done { handed_back: 0 }) => (Deed::Done, String::new()),
            Some(ResetOutcome::Done { handed_back }) => {
                let were = match handed_back {
                    1 => "1 delivery was".to_owned(),
                    many => format!("{many} deliveries were"),
                };
                (Deed::Done, format!("{were} begun and handed back"))
            }
            Some(ResetOutcome::Refused(why)) => (Deed::Refused, why),
            Some(ResetOutcome::NotRead(why)) => (Deed::Halfway, why),
            Some(ResetOutcome::Unknown(why)) => (Deed::Unknown, why),
            None => {
                let text =
                    format!("no outcome within {OUTCOME_TIME_MAX:?}, or the host is stopping");
                (Deed::Unknown, text)
            }
        };
        Answer { result, text }
    }

    fn pause(&self, order: &PauseOrder) -> Answer {
        let engine = match self.engine_for(&order.to, &order.what) {
            Ok(engine) => engine,
            Err(answer) => return answer,
        };
        if order.why.trim().is_empty() || order.why.len() > WHY_BYTES_MAX {
            return refused(&format!(
                "a pause has a reason, of {WHY_BYTES_MAX} bytes at most"
            ));
        }
        if !(1..=PAUSE_MS_MAX).contains(&order.for_ms) {
            return refused("a pause lasts for a week at most, and ends by itself");
        }
        if let Err(answer) = self.is_there(&order.what) {
            return answer;
        }
        let since_ms = jiff::Timestamp::now().as_millisecond();
        let pause = Pause {
            scope: order.what.clone(),
            why: order.why.trim().to_owned(),
            since_ms,
            until_ms: since_ms + order.for_ms,
        };
        let text = format!("until {}", rfc3339(pause.until_ms));
        match engine.pause(pause) {
            Ok(()) => Answer {
                result: Deed::Done,
                text,
            },
            Err(error) => refused(&error.to_string()),
        }
    }

    fn resume(&self, order: &ResumeOrder) -> Answer {
        match self.engine_for(&order.to, &order.what) {
            Ok(engine) if engine.resume(&order.what) => Answer {
                result: Deed::Done,
                text: String::new(),
            },
            Ok(_) => refused("it is not paused"),
            Err(answer) => answer,
        }
    }
}

impl HostView {
    /// Whether an order is for this host, in this life of it.
    fn is_meant(&self, to: &Addressee) -> Result<(), Answer> {
        let me = self.addressee();
        if *to == me {
            return Ok(());
        }
        let Addressee {
            group,
            host,
            started,
        } = me;
        Err(refused(&format!(
            "the order is for another host, or for this one before it was started anew: here is \
             {host} of {group}, started {started}"
        )))
    }

    fn engine_for(&self, to: &Addressee, what: &Scope) -> Result<&Engine, Answer> {
        self.is_meant(to)?;
        let (engine, _) = self
            .running()
            .ok_or_else(|| refused("this host is only just starting"))?;
        engine.knows(what).map_err(|why| refused(&why))?;
        Ok(engine)
    }

    /// A partition exists, with this host or another, as far as Kafka says.
    fn is_there(&self, what: &Scope) -> Result<(), Answer> {
        let Scope::Partition(topic, number) = what else {
            return Ok(());
        };
        let count = self.orders().and_then(|of| of.partition_count(topic));
        let there = match count {
            Some(count) => format!(", but {count}, from 0 on"),
            None => String::new(),
        };
        if *number >= 0 && count.is_none_or(|count| *number < count) {
            return Ok(());
        }
        Err(refused(&format!(
            "{topic} has no partition {number}{there}"
        )))
    }

    fn orders(&self) -> Option<Orders> {
        let (_, source) = self.running()?;
        let source = source.lock().unwrap_or_else(PoisonError::into_inner);
        source.as_ref().map(SourceHandle::orders)
    }
}

fn refused(why: &str) -> Answer {
    Answer {
        result: Deed::Refused,
        text: why.to_owned(),
    }
}
