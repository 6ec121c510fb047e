//! What the engine is given: handlers that follow the script, and a sink that hands messages to the
//! simulated brokers.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use penstock_core::record::Record;
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::ports::{
    AckToken, Call, EpochClock, HandlerPool, Instance, Outgoing, SendError, Sink,
};

use crate::script::Answer;
use crate::world::World;

/// Instances of one handler on one host.
pub struct Pool {
    /// Where all of this happens.
    pub world: Weak<World>,
    /// The host's number.
    pub host: usize,
    /// Index of the input topic.
    pub topic: usize,
    /// The handler's index.
    pub handler: usize,
    /// How many are not out.
    pub free: Mutex<u32>,
}

struct Guest {
    world: Weak<World>,
    host: usize,
    topic: usize,
    handler: usize,
    spent: bool,
}

impl HandlerPool for Pool {
    fn checkout(&self) -> Result<Option<Box<dyn Instance>>, Failure> {
        if let Some(world) = self.world.upgrade() {
            world.meanwhile();
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if *free == 0 {
            return Ok(None);
        }
        *free -= 1;
        Ok(Some(Box::new(Guest {
            world: Weak::clone(&self.world),
            host: self.host,
            topic: self.topic,
            handler: self.handler,
            spent: false,
        })))
    }

    fn give_back(&self, _: Box<dyn Instance>) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        if let Some(world) = self.world.upgrade() {
            world.meanwhile();
        }
    }
}

impl Instance for Guest {
    fn handle(
        &mut self,
        record: &Record<'_>,
        call: Call,
        staging: &mut Staging,
    ) -> Result<Outcome, Failure> {
        let Some(world) = self.world.upgrade() else {
            return Ok(Outcome::Done);
        };
        let of = (self.host, self.topic, self.handler);
        let answer = world.handle(of, record, call, staging);
        self.spent = matches!(answer, Answer::Crash | Answer::Deadline);
        answer.result()
    }

    fn is_spent(&self) -> bool {
        self.spent
    }
}

/// A host's way to the brokers.
pub struct Out {
    /// Where all of this happens.
    pub world: Weak<World>,
    /// The host's number.
    pub host: usize,
}

impl Sink for Out {
    fn send(&self, message: Outgoing<'_>, token: AckToken) -> Result<(), SendError> {
        match self.world.upgrade() {
            Some(world) => world.take(self.host, message, token),
            None => Ok(()),
        }
    }
}

/// Deadlines are the script's.
pub struct NoDeadlines;

impl EpochClock for NoDeadlines {
    fn tick(&self) {}
}

/// A pool for a host.
pub fn pool(
    world: &Arc<World>,
    host: usize,
    topic: usize,
    handler: usize,
    instances: u32,
) -> Arc<Pool> {
    Arc::new(Pool {
        world: Arc::downgrade(world),
        host,
        topic,
        handler,
        free: Mutex::new(instances),
    })
}
