//! Partitions that can't be read, until they can.

use std::sync::Arc;

use penstock_core::codes::Code;

use crate::cells::Cells;
use crate::intake::Stay;
use crate::latch::{self, Latch};

/// The conditions that were raised for partitions; the poll thread's own.
#[derive(Default)]
pub struct Troubles(Vec<Trouble>);

struct Trouble {
    topic: Arc<str>,
    partition: i32,
    /// Where it could not be read.
    position: i64,
    code: Code,
    subject: String,
}

impl Troubles {
    /// A condition was raised for a partition that could not be read at `position`.
    pub fn note(
        &mut self,
        topic: &Arc<str>,
        partition: i32,
        position: i64,
        code: Code,
        subject: &str,
    ) {
        self.0
            .retain(|trouble| trouble.code != code || trouble.subject != subject);
        self.0.push(Trouble {
            topic: Arc::clone(topic),
            partition,
            position,
            code,
            subject: subject.to_owned(),
        });
    }

    /// Ends the conditions of partitions that are read on, or are no longer ours.
    pub fn look<S: Stay>(&mut self, cells: &Cells<S>, latch: &dyn Latch) {
        self.0.retain(|trouble| {
            let stay = cells.get(&trouble.topic, trouble.partition);
            let stuck = stay.is_some_and(|stay| stay.fetch_position().0 <= trouble.position);
            if !stuck {
                latch::clear(latch, trouble.code, &trouble.subject);
            }
            stuck
        });
    }
}
