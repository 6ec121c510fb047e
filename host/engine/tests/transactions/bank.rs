//! An engine whose outputs and positions are committed in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use penstock_core::partition::Order;
use penstock_core::record::NextOffset;
use penstock_engine::Engine;
use penstock_engine::plan::{Delivery, HandlerPlan};
use penstock_engine::ports::{Blame, Progress, Transactions, Trouble};

use crate::support::{Memory, deliver};

/// A call of the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Begin,
    SendOffsets,
    Commit,
}

/// See the module.
pub struct Bank {
    pub engine: Arc<Engine>,
    pub sink: Arc<Memory>,
    vault: Arc<Vault>,
}

#[derive(Default)]
struct Vault {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Messages before the open transaction, if one is open.
    begun_at: Option<usize>,
    pending: Vec<Progress>,
    visible: Vec<String>,
    committed: BTreeMap<i32, (NextOffset, String)>,
    trouble: BTreeMap<Call, VecDeque<Trouble>>,
    stop_at: Option<Call>,
    stopped: bool,
    failed: Option<String>,
}

struct Teller {
    sink: Arc<Memory>,
    vault: Arc<Vault>,
}

/// One topic `in` with these handlers and a dead-letter topic.
pub fn bank(handlers: Vec<HandlerPlan>, commit_interval: Duration) -> Bank {
    bank_in_order(Order::STRICT, handlers, commit_interval, 1 << 20)
}

pub fn bank_in_order(
    order: Order,
    handlers: Vec<HandlerPlan>,
    commit_interval: Duration,
    bytes_max: u64,
) -> Bank {
    let delivery = Delivery::ExactlyOnce {
        commit_interval,
        bytes_max,
    };
    let world = deliver(order, handlers, true, 1 << 20, delivery);
    let vault = Arc::new(Vault::default());
    let teller = Teller {
        sink: Arc::clone(&world.sink),
        vault: Arc::clone(&vault),
    };
    let at_end = Arc::clone(&vault);
    let failed = move |why| at_end.state.lock().unwrap().failed = Some(why);
    let transact = world.engine.transact(Box::new(teller), Box::new(failed));
    transact.unwrap();
    Bank {
        engine: world.engine,
        sink: world.sink,
        vault,
    }
}

impl Bank {
    /// The next such call comes to this.
    pub fn trouble(&self, call: Call, trouble: Trouble) {
        let mut state = self.vault.state.lock().unwrap();
        state.trouble.entry(call).or_default().push_back(trouble);
    }

    /// Such a call does not return until [`Bank::go_on`].
    pub fn stop_at(&self, call: Call) {
        self.vault.state.lock().unwrap().stop_at = Some(call);
    }

    /// Whether it is in that call.
    pub fn stopped(&self) -> bool {
        self.vault.state.lock().unwrap().stopped
    }

    pub fn go_on(&self) {
        self.vault.state.lock().unwrap().stop_at = None;
        self.vault.changed.notify_all();
    }

    /// The values of what is committed, in the order it was sent.
    pub fn visible(&self) -> Vec<String> {
        self.vault.state.lock().unwrap().visible.clone()
    }

    /// Where the group goes on with a partition.
    pub fn committed(&self, partition: i32) -> Option<NextOffset> {
        let state = self.vault.state.lock().unwrap();
        state.committed.get(&partition).map(|(next, _)| *next)
    }

    /// What is committed beside that.
    pub fn metadata(&self, partition: i32) -> String {
        let state = self.vault.state.lock().unwrap();
        let committed = state.committed.get(&partition);
        committed.map_or_else(String::new, |(_, metadata)| metadata.clone())
    }

    /// Messages in the open transaction.
    pub fn open(&self) -> usize {
        let state = self.vault.state.lock().unwrap();
        let begun_at = state.begun_at;
        begun_at.map_or(0, |begun_at| self.sink.all().len() - begun_at)
    }

    pub fn failed(&self) -> Option<String> {
        self.vault.state.lock().unwrap().failed.clone()
    }
}

impl Teller {
    fn call(&self, call: Call, done: impl FnOnce(&mut State)) -> Result<(), Trouble> {
        let mut state = self.vault.state.lock().unwrap();
        while state.stop_at == Some(call) {
            state.stopped = true;
            state = self.vault.changed.wait(state).unwrap();
        }
        if let Some(trouble) = state.trouble.entry(call).or_default().pop_front() {
            return Err(trouble);
        }
        done(&mut state);
        Ok(())
    }
}

impl Transactions for Teller {
    fn begin(&mut self) -> Result<(), Trouble> {
        self.call(Call::Begin, |state| {
            assert!(state.begun_at.is_none(), "one is open");
            state.begun_at = Some(self.sink.all().len());
        })
    }

    fn send_offsets(&mut self, progress: &[Progress]) -> Result<(), Trouble> {
        self.call(Call::SendOffsets, |state| {
            assert!(state.begun_at.is_some(), "none is open");
            state.pending.extend_from_slice(progress);
        })
    }

    fn commit(&mut self) -> Result<(), Trouble> {
        self.call(Call::Commit, |state| {
            let from = state.begun_at.take().expect("none is open");
            state.visible.extend(self.sink.values().split_off(from));
            for of in state.pending.drain(..) {
                state.committed.insert(of.partition, (of.next, of.metadata));
            }
        })
    }

    fn abort(&mut self) -> Result<(), Trouble> {
        let mut state = self.vault.state.lock().unwrap();
        assert!(state.begun_at.take().is_some(), "none is open");
        state.pending.clear();
        drop(state);
        self.sink.refuse(Blame::Transaction);
        Ok(())
    }
}
