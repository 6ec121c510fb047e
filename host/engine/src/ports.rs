//! What the engine needs from outside, and nothing of who provides it: `penstock-wasm` implements
//! the handlers, `penstock-kafka` the sink, tests both.

use std::sync::Arc;

pub use penstock_core::record::OwnedHeader;
use penstock_core::record::{Header, NextOffset, Record};
use penstock_core::staging::{Output, Staging};
use penstock_core::verdict::{Failure, Outcome};

/// Instances of one handler for one topic.
pub trait HandlerPool: Send + Sync {
    /// An instance for the caller alone; `Ok(None)` when as many as allowed are out.
    ///
    /// # Errors
    /// Whatever kept a fresh instance from starting: a trap in its start function, its
    /// `configure`, a limit.
    fn checkout(&self) -> Result<Option<Box<dyn Instance>>, Failure>;

    /// Takes an instance back; a spent one is dropped.
    fn give_back(&self, instance: Box<dyn Instance>);
}

/// One running guest, driven serially.
pub trait Instance: Send {
    /// Passes a record through the handler. Outputs are staged on success and left as they were
    /// on failure or skip.
    ///
    /// # Errors
    /// The handler's own failure, or the limit that it ran into.
    fn handle(
        &mut self,
        record: &Record<'_>,
        call: Call,
        staging: &mut Staging,
    ) -> Result<Outcome, Failure>;

    /// Whether it must not be called again: it trapped, or its isolation allows one record.
    fn is_spent(&self) -> bool;

    /// What its memory takes; 0 where there is none of its own.
    fn memory_bytes(&self) -> u64 {
        0
    }
}

/// What a handler is told beside the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The partition's number.
    pub partition: i32,
    /// 1 for the first call of this delivery.
    pub attempt: u32,
}

/// The clock at whose ticks deadlines are looked at. The engine's ticker calls it once a [`TICK`]
/// while a guest runs, at most once a wake-up, so that a suspended machine times nobody out.
pub trait EpochClock: Send + Sync {
    /// One tick.
    fn tick(&self);
}

/// The least time between two ticks.
pub const TICK: std::time::Duration = std::time::Duration::from_millis(2);

/// An output topic: an index into the list that the sink was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OutputTopic(pub u32);

/// Comes back with the acknowledgement of a message; fits into a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AckToken(pub u64);

/// A message is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The token it was sent with.
    pub token: AckToken,
    /// Bytes of its key and value, which leave the outbox.
    pub bytes: u32,
}

/// Where a durable message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The token it was sent with.
    pub token: AckToken,
    /// The topic it was sent to.
    pub topic: OutputTopic,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// A message on its way out.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Where to.
    pub topic: OutputTopic,
    /// The key; `None` is null. It decides the partition (murmur2, as Java does).
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: OutgoingHeaders<'a>,
    /// Milliseconds since 1970; `None` is the time of sending.
    pub timestamp_ms: Option<i64>,
}

impl Outgoing<'_> {
    /// The same message with bytes of its own.
    pub fn to_message(&self) -> OwnedMessage {
        let mut headers = Vec::new();
        self.headers.for_each(|header| {
            headers.push(OwnedHeader {
                name: header.name.to_vec(),
                value: header.value.map(<[u8]>::to_vec),
            });
        });
        OwnedMessage {
            topic: self.topic,
            key: self.key.map(<[u8]>::to_vec),
            value: self.value.map(<[u8]>::to_vec),
            headers,
            timestamp_ms: self.timestamp_ms,
        }
    }
}

/// The headers of a message on its way out, from where they already lie.
#[derive(Debug, Clone, Copy)]
pub enum OutgoingHeaders<'a> {
    /// As a handler staged them.
    Staged(Output<'a>),
    /// As a dead letter or a refused message carries them.
    Owned(&'a [OwnedHeader]),
}

impl<'a> OutgoingHeaders<'a> {
    /// Calls `each` for each header, in order.
    pub fn for_each(&self, mut each: impl FnMut(Header<'a>)) {
        match self {
            OutgoingHeaders::Staged(output) => output.headers().for_each(|(name, value)| {
                each(Header {
                    name: name.as_bytes(),
                    value,
                });
            }),
            OutgoingHeaders::Owned(headers) => headers.iter().for_each(|header| {
                each(Header {
                    name: &header.name,
                    value: header.value.as_deref(),
                });
            }),
        }
    }
}

/// A message with bytes of its own: what comes back when the broker refuses one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedMessage {
    /// Where it was to go.
    pub topic: OutputTopic,
    /// The key; `None` is null.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<OwnedHeader>,
    /// Milliseconds since 1970; `None` is the time of sending.
    pub timestamp_ms: Option<i64>,
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The client's own queue is full: back-pressure, not an error of the message.
    QueueFull,
    /// The message is not one that a broker takes (too large for the client's limit).
    Unacceptable(&'static str),
    /// No transaction takes it: the open one can only be aborted.
    Transaction,
}

/// Sends messages. Implementations copy what they are handed before they return.
pub trait Sink: Send + Sync {
    /// Hands a message to the client.
    ///
    /// # Errors
    /// [`SendError`]; then no report will come for this token.
    fn send(&self, message: Outgoing<'_>, token: AckToken) -> Result<(), SendError>;
}

/// A message that the broker, or the client for it, refused after it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The token it was sent with.
    pub token: AckToken,
    /// The message itself, to be sent again or not.
    pub message: OwnedMessage,
    /// Whose fault it is.
    pub blame: Blame,
    /// The client's words.
    pub why: String,
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// This message will never be taken: size, null key on a compacted topic, timestamp.
    Message,
    /// The topic is missing, not permitted or out of reach: wait and send again.
    Topic,
    /// Nobody: the transaction that it was sent in is aborted, or can only be.
    Transaction,
}

/// Where a sink reports to: the engine. Called from the sink's own thread, in batches.
pub trait DeliveryReports: Send + Sync {
    /// These messages are durable.
    fn acknowledged(&self, acks: &[Ack]);
    /// Whether [`DeliveryReports::placed`] is to be told at this time; asked once for many messages.
    fn wants_places(&self) -> bool {
        false
    }
    /// Where a message lies that is reported as acknowledged afterwards.
    fn placed(&self, _: &Placed) {}
    /// This one is not.
    fn refused(&self, refusal: Refusal);
    /// Calls `send`, which sends the message of this token again, unless the stay it belongs to is
    /// over or ends meanwhile.
    fn while_live(&self, token: AckToken, send: &mut dyn FnMut());
}

/// What a transaction commits for one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// Where reading goes on.
    pub next: NextOffset,
    /// What is committed beside it, for the next owner.
    pub metadata: String,
}

/// The transactions of the one producer that the [`Sink`] sends with, one at a time. Each call may
/// block for as long as its implementation's own bound; none is made under a lock.
///
/// Every message that the sink takes belongs to the transaction that was begun last, and is reported
/// once, as always: an abort has those reported as refused that were not yet.
pub trait Transactions: Send {
    /// Begins one.
    ///
    /// # Errors
    /// [`Trouble`].
    fn begin(&mut self) -> Result<(), Trouble>;

    /// Has the open one commit these positions too.
    ///
    /// # Errors
    /// [`Trouble`]; a group that no longer knows this host as a member of the generation is
    /// [`Trouble::Abort`].
    fn send_offsets(&mut self, progress: &[Progress]) -> Result<(), Trouble>;

    /// Commits the open one. All of its messages are reported by then.
    ///
    /// # Errors
    /// [`Trouble`].
    fn commit(&mut self) -> Result<(), Trouble>;

    /// Aborts the open one. Messages that are not reported yet may be so after it has returned.
    ///
    /// # Errors
    /// [`Trouble`]; [`Trouble::Abort`] is taken for [`Trouble::Again`].
    fn abort(&mut self) -> Result<(), Trouble>;
}

/// Why a transaction does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Not done, or not known to be; the same call is to be repeated.
    Again(String),
    /// The transaction can only be aborted.
    Abort(String),
    /// The producer is of no more use: fenced, or the outcome can't be learned.
    Fatal(String),
}
