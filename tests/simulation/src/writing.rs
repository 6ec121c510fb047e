//! From handlers to the logs of output topics, and the answers back.

use std::sync::Arc;
use std::time::Duration;

use penstock_core::dead_letter::header;
use penstock_core::record::Record;
use penstock_core::staging::Staging;
use penstock_engine::ports::{
    Ack, AckToken, Blame, Call, DeliveryReports, Outgoing, Refusal, SendError,
};

use crate::broker::{Parcel, Report};
use crate::host::Host;
use crate::plan::{Fault, OUTPUT_PARTITIONS, OUTPUTS};
use crate::rng::hash;
use crate::script::{self, Answer, Delivery, Fate, Pace};
use crate::transactions;
use crate::truth::{Broken, Message, UNKNOWN_OUTPUT};
use crate::world::{Inner, World};

/// The header that says in which stay a record was fetched. Dead letters keep it.
pub const STAY: &str = "stay";

/// How many ticks a wedged handler takes.
const WEDGED_TICKS: u32 = 30;
const TICK: Duration = Duration::from_millis(2);
/// Longer than a run may take.
const SLOW: Duration = Duration::from_micros(1500);

impl World {
    /// A handler's call, by the script.
    pub fn handle(
        self: &Arc<Self>,
        (host, topic, handler): (usize, usize, usize),
        record: &Record<'_>,
        call: Call,
        staging: &mut Staging,
    ) -> Answer {
        let stay = text_of(record.headers.iter(), STAY).and_then(|text| text.parse().ok());
        let of = Delivery {
            place: self.plan.place(topic, call.partition),
            offset: record.offset.0,
            handler,
        };
        let answer = script::answer(&self.plan, of, call.attempt);
        let number = {
            let mut inner = self.inner();
            if inner.broker.clients[host].dead || inner.broken.is_some() {
                return Answer::Skip;
            }
            let topic = &self.plan.topics[topic];
            let policy = (&topic.policy, topic.dead_letter);
            let stay = stay.expect("each record is fetched with its stay");
            let called = inner.truth.called(stay, of, call.attempt, answer, policy);
            inner.note(|| {
                let place = self.plan.name(of.place);
                let attempt = call.attempt;
                format!("host {host}: {place}@{} to handler {handler}, attempt {attempt}: {answer:?} (stay {stay})", of.offset)
            });
            inner.hold(called)
        };
        let Some(number) = number else {
            return Answer::Skip;
        };
        self.meanwhile();
        match script::pace(&self.plan, of, call.attempt) {
            Pace::Quick => {}
            Pace::Slow => self.advance(SLOW),
            Pace::Wedged => self.wedge(host),
        }
        if answer == Answer::Deadline {
            self.advance(script::DEADLINE);
        }
        self.write(of, number, answer, record.key, staging);
        let mut inner = self.inner();
        if !inner.broker.clients[host].dead {
            let now = inner.now;
            inner.truth.returned(number, now);
        }
        answer
    }

    fn write(
        &self,
        of: Delivery,
        call: usize,
        answer: Answer,
        key: Option<&[u8]>,
        staging: &mut Staging,
    ) {
        let outputs = match answer {
            Answer::Done(outputs) => outputs,
            Answer::UnknownOutput => {
                staging.push(UNKNOWN_OUTPUT, None, None, [], None);
                return;
            }
            _ => return,
        };
        for index in 0..outputs {
            let mut value = format!("{call}:{index}:").into_bytes();
            value.resize(value.len() + script::padding(&self.plan, of, index), b'.');
            let to = script::topic(&self.plan, of, index) as u32;
            staging.push(to, key, Some(&value), [], None);
        }
    }

    fn wedge(self: &Arc<Self>, host: usize) {
        let host = Arc::clone(&self.hosts()[host]);
        for _ in 0..WEDGED_TICKS {
            self.advance(TICK);
            host.hands.step(0);
            self.meanwhile();
        }
    }

    /// A host's client is handed a message.
    pub fn take(
        &self,
        host: usize,
        outgoing: Outgoing<'_>,
        token: AckToken,
    ) -> Result<(), SendError> {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if inner.broker.clients[host].dead || inner.broken.is_some() {
            return Ok(());
        }
        let message = outgoing.to_message();
        let read = self.read(&outgoing);
        let Some(of) = inner.hold(read) else {
            return Ok(());
        };
        let client = &inner.broker.clients[host];
        if inner.truth.exactly_once
            && let Some(error) = transactions::refuses(client)
        {
            inner.hold(error);
            return Err(SendError::Transaction);
        }
        let sent = inner.truth.sent(&of);
        if inner.hold(sent).is_none() {
            return Ok(());
        }
        if inner.broker.clients[host].queued() >= self.plan.queue_messages {
            inner.note(|| format!("host {host}: {of:?} finds the queue full"));
            let result = inner.truth.not_taken(&of);
            inner.hold(result);
            return Err(SendError::QueueFull);
        }
        if self.fate(inner, &of) == Fate::Unacceptable {
            inner.note(|| format!("host {host}: {of:?} is not acceptable"));
            let result = inner.truth.came_back(&of, true);
            inner.hold(result);
            return Err(SendError::Unacceptable("scripted"));
        }
        inner.note(|| format!("host {host}: {of:?} is sent"));
        let len = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let bytes = (len(&message.key) + len(&message.value)) as u32;
        let key = message.key.as_deref();
        let partition = key.map_or(0, |key| hash(&[u64::from(key[0])]) % OUTPUT_PARTITIONS);
        let client = &mut inner.broker.clients[host];
        client.unanswered_bytes += u64::from(bytes);
        let too_early =
            client.transaction.is_none() && client.is_to_hear_of(message.topic.0 as usize);
        let queue = client.queues.entry((message.topic.0 as usize, partition));
        queue.or_default().push_back(Parcel {
            of,
            token,
            message,
            bytes,
            too_early,
        });
        Ok(())
    }

    fn fate(&self, inner: &Inner, of: &Message) -> Fate {
        match of {
            Message::Output { call, index } => {
                let of = inner.truth.calls[*call].of;
                script::fate(&self.plan, of, *index as u32)
            }
            // At least once, it would be sent again for ever.
            Message::Letter { .. } if !inner.truth.exactly_once => Fate::Taken,
            Message::Letter { .. } => {
                let of = inner.truth.delivery_of(of);
                script::letter_fate(&self.plan, of)
            }
        }
    }

    /// Whose message it is, by what it carries.
    fn read(&self, message: &Outgoing<'_>) -> Result<Message, Broken> {
        let topic = message.topic.0 as usize;
        if topic < OUTPUTS {
            let text = String::from_utf8_lossy(message.value.unwrap_or_default());
            let mut parts = text.split(':').map(str::parse);
            return match (parts.next(), parts.next()) {
                (Some(Ok(call)), Some(Ok(index))) => Ok(Message::Output { call, index }),
                _ => Err(format!("an output that no handler wrote: {text:.20}")),
            };
        }
        let mut texts = [const { None }; 3];
        message.headers.for_each(|header| {
            for (name, text) in [STAY, header::OFFSET, header::HANDLER]
                .iter()
                .zip(&mut texts)
            {
                if header.name == name.as_bytes() {
                    let value = header.value.unwrap_or_default();
                    *text = Some(String::from_utf8_lossy(value).into_owned());
                }
            }
        });
        let [stay, offset, handler] = texts;
        let parsed = (|| {
            Some(Message::Letter {
                stay: stay?.parse().ok()?,
                offset: offset?.parse().ok()?,
                handler: handler?.strip_prefix('h')?.parse().ok()?,
            })
        })();
        parsed.ok_or_else(|| "a dead letter that does not say whose it is".into())
    }

    /// A broker takes the next messages of one output partition of a host's client.
    pub fn produce(&self, host: usize) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let client = &inner.broker.clients[host];
        if client.out {
            return;
        }
        let waiting: Vec<(usize, u64)> = client
            .queues
            .iter()
            .filter(|(_, queue)| !queue.is_empty())
            .map(|(at, _)| *at)
            .collect();
        let Some(at) = inner.rng.pick(&waiting).copied() else {
            return;
        };
        let most = inner.rng.within(1, 8);
        let Some(queue) = inner.broker.clients[host].queues.get_mut(&at) else {
            return;
        };
        let batch: Vec<Parcel> = queue.drain(..queue.len().min(most)).collect();
        let is_refused =
            |parcel: &Parcel| self.fate(inner, &parcel.of) == Fate::Refused && !parcel.too_early;
        // At least once, a broker's refusal of a whole batch is the sink's to take apart.
        let is_whole = inner.truth.exactly_once
            && !inner.broker.topic_down[at.0]
            && batch.iter().any(is_refused);
        for parcel in batch {
            if is_whole {
                inner.note(|| format!("{:?} is refused, and all that came with it", parcel.of));
                self.refuses(inner, host, parcel, Blame::Message);
            } else {
                self.land(inner, host, at, parcel);
            }
        }
    }

    fn refuses(&self, inner: &mut Inner, host: usize, parcel: Parcel, blame: Blame) {
        let client = &mut inner.broker.clients[host];
        if let Some(transaction) = &mut client.transaction {
            transaction.doomed = true;
        }
        client.reports.push_back(Report::Refused(parcel, blame));
    }

    /// A message arrives at its broker.
    pub fn land(&self, inner: &mut Inner, host: usize, at: (usize, u64), parcel: Parcel) {
        let of = parcel.of;
        if inner.broker.topic_down[at.0] || parcel.too_early {
            inner.note(|| format!("{of:?} is refused: {} is down", self.plan.outputs[at.0]));
            return self.refuses(inner, host, parcel, Blame::Topic);
        }
        if self.fate(inner, &of) == Fate::Refused {
            inner.note(|| format!("{of:?} is refused for good"));
            return self.refuses(inner, host, parcel, Blame::Message);
        }
        inner.note(|| format!("{of:?} lands in {}[{}]", self.plan.outputs[at.0], at.1));
        let landed = inner.truth.landed(&of, at);
        inner.hold(landed);
        let client = &mut inner.broker.clients[host];
        if let Some(transaction) = &mut client.transaction {
            transaction.landed.push((of, at));
        }
        client.reports.push_back(Report::Acknowledged(parcel));
    }

    /// A host's delivery thread hears of what became of its messages.
    pub fn deliver(&self, host: &Host) {
        let most = {
            let mut inner = self.inner();
            if self.plan.has(Fault::Late) && !inner.over && inner.rng.per_mille(400) {
                return;
            }
            inner.rng.within(1, 12)
        };
        let mut acks = Vec::new();
        for _ in 0..most {
            let mut guard = self.inner();
            let inner = &mut *guard;
            let client = &mut inner.broker.clients[host.number];
            let Some(report) = client.reports.pop_front() else {
                break;
            };
            match report {
                Report::Acknowledged(parcel) => {
                    client.unanswered_bytes -= u64::from(parcel.bytes);
                    let of = parcel.of;
                    inner.note(|| format!("host {}: {of:?} is acknowledged", host.number));
                    let result = inner.truth.acknowledged(&of);
                    inner.hold(result);
                    acks.push(Ack {
                        token: parcel.token,
                        bytes: parcel.bytes,
                    });
                }
                report @ Report::Refused(..) if !acks.is_empty() => {
                    client.reports.push_front(report);
                    break;
                }
                Report::Refused(parcel, blame) => {
                    let is_its_own = self.fate(inner, &parcel.of) == Fate::Refused;
                    let refusal = refuse(inner, host, (parcel, blame), is_its_own);
                    drop(guard);
                    host.engine().refused(refusal);
                    return;
                }
            }
        }
        if !acks.is_empty() {
            host.engine().acknowledged(&acks);
        }
    }
}

fn refuse(
    inner: &mut Inner,
    host: &Host,
    (parcel, blame): (Parcel, Blame),
    is_its_own: bool,
) -> Refusal {
    let of = parcel.of;
    inner.broker.clients[host.number].unanswered_bytes -= u64::from(parcel.bytes);
    inner.note(|| {
        format!(
            "host {}: {of:?} is reported as refused ({blame:?})",
            host.number
        )
    });
    if blame == Blame::Topic || (blame == Blame::Message && is_its_own) {
        let result = inner.truth.came_back(&of, blame == Blame::Message);
        inner.hold(result);
    } else {
        inner.truth.undone(&of);
    }
    Refusal {
        token: parcel.token,
        message: parcel.message,
        blame,
        why: "scripted".into(),
    }
}

fn text_of<'a>(
    mut headers: impl Iterator<Item = penstock_core::record::Header<'a>>,
    name: &str,
) -> Option<String> {
    let found = headers.find(|header| header.name == name.as_bytes())?;
    Some(String::from_utf8_lossy(found.value.unwrap_or_default()).into_owned())
}
