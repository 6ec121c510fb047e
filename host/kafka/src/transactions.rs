//! Transactions of the host's producer: what the engine sends and what the group has read, committed
//! together (kafka.delivery = "exactly-once").

mod state;

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use penstock_engine::ports::{Progress, Transactions, Trouble};
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::bootstrap::{self, Bootstrap};
use crate::fatal;
use crate::latch::{self, Latch};
use crate::membership::Membership;
use crate::native::{Handle, PartitionOffset, TransactionError};
use crate::sink::KafkaSink;
use crate::stop::Stop;

use state::Shared;
pub use state::TransactionState;

/// How long one call waits for a coordinator; then it is repeated.
const CALL: Duration = Duration::from_secs(5);
/// How long a call waits while a stop may be asked for meanwhile.
const FIRST_CALL: Duration = Duration::from_secs(1);
/// Between two tries to begin.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// So many aborts in a row are no condition yet: a rebalance costs one, a refused output two.
const ABORTS_UNREMARKABLE: u32 = 4;
const TAKEN_IN_ANEW: &str = "the group has put this host out and taken it in anew, and left it its \
                             partitions; others may have had them meanwhile, so nothing more of them \
                             is committed, and it is done again";

/// See the module; one for a sink and the consumer whose offsets it commits.
pub struct KafkaTransactions {
    producer: Arc<Handle>,
    /// Weak, so that the client ends on its own thread.
    consumer: Weak<Handle>,
    membership: Arc<Membership>,
    group: String,
    latch: Arc<dyn Latch>,
    state: Arc<Shared>,
    /// Offsets of which it is not known whether they are sent: the client takes no other call before
    /// it has said so.
    unanswered: Option<Vec<PartitionOffset>>,
    /// Aborts since the last commit.
    aborts: u32,
}

/// Has the brokers end what an earlier host of the same id left open, and shut that one out. Returns
/// whether it came to that: `false` when asked to stop.
///
/// # Errors
/// Why the producer can't go on.
pub(crate) fn take_over(handle: &Handle, latch: &dyn Latch, stop: &Stop) -> Result<bool, String> {
    let (began, mut bootstrap) = (Instant::now(), Bootstrap::default());
    while stop.deadline().is_none() {
        match handle.init_transactions(FIRST_CALL) {
            Ok(()) => {
                latch::reachable(latch);
                let id = handle.who().transactional_id();
                let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(transactional_id = id, ms, "transactions can begin");
                return Ok(true);
            }
            Err(of) if of.retriable => {
                let what = "waiting for the transactions' coordinator before the group is joined";
                latch::raise_error(latch, handle.who(), latch::CLUSTER, &of.error, what);
                bootstrap.look(latch::is_unreachable(&of.error), handle);
            }
            Err(of) => {
                let (code, text) = fatal::of_producer(handle, of.error);
                latch::raise(latch, code, "producer", &text);
                return Err(text);
            }
        }
        if stop.wait(AGAIN_AFTER) {
            break;
        }
    }
    Ok(false)
}

impl KafkaTransactions {
    /// Those of this sink, for offsets of the group that `consumer` is in.
    pub(crate) fn new(
        sink: &KafkaSink,
        consumer: Weak<Handle>,
        membership: Arc<Membership>,
        group: &str,
        latch: Arc<dyn Latch>,
    ) -> KafkaTransactions {
        KafkaTransactions {
            producer: Arc::clone(&sink.handle),
            consumer,
            membership,
            group: group.to_owned(),
            latch,
            state: Arc::new(Shared::new(sink.handle.who().transactional_id())),
            unanswered: None,
            aborts: 0,
        }
    }

    /// A way to see how they get on.
    pub fn watch(&self) -> impl Fn() -> TransactionState + Send + Sync + 'static {
        let state = Arc::clone(&self.state);
        move || state.get()
    }

    fn send(&mut self, commits: Vec<PartitionOffset>) -> Result<(), Trouble> {
        let Some(members) = self.consumer.upgrade().and_then(|it| it.members()) else {
            return Err(Trouble::Abort(
                "this host is no member of the group now".to_owned(),
            ));
        };
        if self.membership.is_other_than(&members.id()) {
            return Err(Trouble::Fatal(TAKEN_IN_ANEW.to_owned()));
        }
        let sent = self.producer.send_commits(&members, &commits, CALL);
        let sent = sent.map_err(|of| self.trouble("offsets are not sent", of, Otherwise::Abort));
        self.unanswered = matches!(sent, Err(Trouble::Again(_))).then_some(commits);
        sent
    }

    /// What a step's failure means, said where it lasts.
    fn trouble(&self, what: &str, of: TransactionError, otherwise: Otherwise) -> Trouble {
        // It would be so again and again.
        let too_large = of.error.code == Rd::OffsetMetadataTooLarge;
        let fatal = of.error.fatal || too_large || fatal::is_fence(of.error.code);
        let explained = self.producer.who().explain(&of.error, &self.group);
        let text = format!("{what}: {explained}");
        if too_large {
            tracing::error!(
                "the brokers take less metadata with a commit than parked keys need exactly once: \
                 set their offset.metadata.max.bytes to 4096, or `retry.mode` to `block`"
            );
        }
        match (fatal, of.must_abort, of.retriable, otherwise) {
            (false, false, true, _) => {
                if latch::is_unreachable(&of.error) {
                    bootstrap::reach_out(&self.producer);
                }
                self.state.waits(Some(&text));
                self.say(&text);
                Trouble::Again(text)
            }
            (false, true, ..) | (false, _, _, Otherwise::Abort) => {
                self.state.waits(Some(&text));
                Trouble::Abort(text)
            }
            _ => {
                let (code, text) = fatal::of_producer(&self.producer, of.error);
                latch::raise(&*self.latch, code, "producer", &text);
                Trouble::Fatal(text)
            }
        }
    }

    fn say(&self, text: &str) {
        let text = format!(
            "a transaction is not committed ({text}); its outputs can't be read yet, and it is tried \
             again"
        );
        latch::raise(&*self.latch, Code::CommitFailed, &self.group, &text);
    }
}

/// What a failure is that the client says nothing more of.
#[derive(Clone, Copy)]
enum Otherwise {
    /// Nothing is committed: it can be taken back.
    Abort,
    /// What became of it can't be learned.
    Fatal,
}

impl Transactions for KafkaTransactions {
    fn begin(&mut self) -> Result<(), Trouble> {
        let begun = self.producer.begin_transaction();
        begun.map_err(|of| self.trouble("no transaction begins", of, Otherwise::Fatal))?;
        self.state.begun();
        Ok(())
    }

    fn send_offsets(&mut self, progress: &[Progress]) -> Result<(), Trouble> {
        let commit = |of: &Progress| PartitionOffset {
            metadata: of.metadata.clone(),
            ..PartitionOffset::new(&of.topic, of.partition, of.next.0)
        };
        self.send(progress.iter().map(commit).collect())
    }

    fn commit(&mut self) -> Result<(), Trouble> {
        let committed = self.producer.commit_transaction(CALL);
        committed.map_err(|of| self.trouble("the commit is not done", of, Otherwise::Fatal))?;
        self.state.committed();
        self.aborts = 0;
        latch::clear(&*self.latch, Code::CommitFailed, &self.group);
        latch::reachable(&*self.latch);
        Ok(())
    }

    fn abort(&mut self) -> Result<(), Trouble> {
        if let Some(commits) = self.unanswered.take() {
            match self.send(commits) {
                Err(again @ Trouble::Again(_)) => return Err(again),
                Err(fatal @ Trouble::Fatal(_)) => return Err(fatal),
                Ok(()) | Err(Trouble::Abort(_)) => {}
            }
        }
        let aborted = self.producer.abort_transaction(CALL);
        aborted.map_err(|of| self.trouble("the abort is not done", of, Otherwise::Fatal))?;
        self.state.aborted();
        self.aborts += 1;
        if self.aborts >= ABORTS_UNREMARKABLE {
            let why = self.state.get().waits_for.unwrap_or_default();
            self.say(&format!("aborted {} times in a row; {why}", self.aborts));
        }
        Ok(())
    }
}
