//! What the client reports of itself, of a topic or of a partition, made a condition.

use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::intake::Intake;
use crate::latch;
use crate::native::{Error, PartitionOffset};
use crate::source::Poller;

const CONSUMER: &str = "consumer";
/// The client repeats an error of a connection every 30 s at the latest.
const REPEATED: Duration = Duration::from_secs(70);

impl<I: Intake> Poller<I> {
    pub(crate) fn partition_error(&mut self, at: &PartitionOffset, error: &Error) {
        match error.code {
            Rd::AutoOffsetReset | Rd::OffsetOutOfRange | Rd::LogTruncation => self.refused(at),
            _ => {
                let partition = format!("{}[{}]", at.topic, at.partition);
                let what = format!("{partition} can't be read at offset {}", at.offset);
                let code = latch::condition(error.code);
                let subject = match code {
                    Some(Code::TopicMissing | Code::KafkaRefused) => &*at.topic,
                    _ => &*partition,
                };
                latch::raise_error(&*self.intake, self.handle.who(), subject, error, &what);
                // That a topic is there again, the watermarks tell.
                if let Some(code @ (Code::RecordUnreadable | Code::KafkaRefused)) = code {
                    self.troubles
                        .note(&at.topic, at.partition, at.offset, code, subject);
                }
            }
        }
    }

    pub(crate) fn client_error(&mut self, error: &Error) {
        // No partition is named: the answer is given up before it is looked at. Whoever is no
        // member yet may be talking to something else, as a listener that wants TLS.
        let unreadable = latch::condition(error.code) == Some(Code::RecordUnreadable);
        if unreadable && self.shared.is_member() {
            let text =
                format!("an answer of a broker can't be read, and is asked for again: {error}");
            latch::raise(&*self.intake, Code::RecordUnreadable, CONSUMER, &text);
            self.unreadable = Some(Instant::now());
            return;
        }
        if let Rd::InconsistentGroupProtocol | Rd::GroupMaxSizeReached = error.code {
            let text = format!("the group does not take this host in, which asks again: {error}");
            latch::raise(&*self.intake, Code::GroupRefuses, CONSUMER, &text);
            return;
        }
        // librdkafka names the topic of such an error in its text only. One name may begin another.
        let named = self
            .lookup
            .starts
            .keys()
            .filter(|topic| error.text.contains(&***topic))
            .max_by_key(|topic| topic.len());
        let about_topic = matches!(
            latch::condition(error.code),
            Some(Code::TopicMissing | Code::KafkaRefused)
        );
        match named {
            Some(topic) if about_topic => {
                self.raise(topic, error);
            }
            _ if error.code == Rd::AllBrokersDown || about_topic => {
                self.raise(latch::CLUSTER, error);
            }
            // One broker of several, a time-out: librdkafka deals with it, and logs it itself.
            _ => tracing::debug!(code = ?error.code, "Kafka client: {error}"),
        }
    }

    /// The group has taken this host in.
    pub(crate) fn is_taken_in(&self) {
        latch::clear(&*self.intake, Code::GroupRefuses, CONSUMER);
    }

    /// Ends what [`Poller::client_error`] said of an answer, once it is not repeated.
    pub(crate) fn answers_are_readable(&mut self) {
        if self.unreadable.is_some_and(|at| at.elapsed() >= REPEATED) {
            latch::clear(&*self.intake, Code::RecordUnreadable, CONSUMER);
            self.unreadable = None;
        }
    }

    fn raise(&self, subject: &str, error: &Error) {
        latch::raise_error(
            &*self.intake,
            self.handle.who(),
            subject,
            error,
            "consuming",
        );
    }

    pub(crate) fn fatal(&mut self, error: &Error) {
        let text = format!("the Kafka consumer can't go on: {error}");
        latch::raise(&*self.intake, Code::ClientFatal, CONSUMER, &text);
        self.fail(text);
    }

    /// The process is to end.
    pub(crate) fn fail(&mut self, text: String) {
        self.shared.update(|state| state.fatal = Some(text.clone()));
        if let Some(failed) = self.failed.take() {
            failed(text);
        }
    }
}
