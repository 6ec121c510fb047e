//! Whose fault a refusal is: the message's, which is then a failure of its delivery, or the
//! topic's, which is waited for.

use penstock_engine::ports::Blame;
use rdkafka::error::RDKafkaErrorCode as Rd;

/// Whom to blame for a refusal.
///
/// Only what a broker says of the message itself is its fault. Everything else (a missing topic,
/// permission, a policy, too few replicas, an outage) may pass, so it is waited for.
pub fn blame(code: Rd) -> Blame {
    match code {
        Rd::MessageSizeTooLarge
        | Rd::MessageBatchTooLarge
        | Rd::InvalidMessage
        | Rd::InvalidMessageSize
        | Rd::InvalidRecord
        | Rd::InvalidTimestamp
        | Rd::InvalidArgument
        | Rd::UnsupportedForMessageFormat => Blame::Message,
        _ => Blame::Topic,
    }
}

/// Whom to blame for a refusal in a transaction, of which nothing is sent until it is aborted. A batch
/// is refused as a whole there too: each of its messages may be the one.
pub fn blame_in_transaction(code: Rd) -> Blame {
    match code {
        Rd::PurgeQueue | Rd::PurgeInflight | Rd::State | Rd::Fatal | Rd::Fenced => {
            Blame::Transaction
        }
        code if is_of_the_batch(code) => Blame::Message,
        code => blame(code),
    }
}

/// Whether a broker refused a whole batch with this for what is in it. It says nothing of a single
/// message, unless that was alone: one record that is too large, has no key or a wrong timestamp
/// takes its neighbours along.
pub fn is_of_the_batch(code: Rd) -> bool {
    match code {
        // The neighbour of a record that was refused: KIP-467.
        Rd::InvalidDifferentRecord => true,
        // The client's own.
        Rd::InvalidArgument => false,
        code => blame(code) == Blame::Message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_message_itself_is_blamed_for_what_it_is() {
        let message = [
            Rd::MessageSizeTooLarge,
            Rd::InvalidRecord,
            Rd::InvalidTimestamp,
            Rd::InvalidMessage,
            Rd::InvalidArgument,
        ];
        for code in message {
            assert_eq!(blame(code), Blame::Message, "{code:?}");
        }
        let topic = [
            Rd::UnknownTopic,
            Rd::UnknownTopicOrPartition,
            Rd::TopicAuthorizationFailed,
            Rd::PolicyViolation,
            Rd::NotEnoughReplicas,
            Rd::MessageTimedOut,
            Rd::PurgeQueue,
            Rd::InvalidDifferentRecord,
        ];
        for code in topic {
            assert_eq!(blame(code), Blame::Topic, "{code:?}");
        }
        assert!(is_of_the_batch(Rd::MessageSizeTooLarge));
        assert!(is_of_the_batch(Rd::InvalidRecord));
        assert!(is_of_the_batch(Rd::InvalidDifferentRecord));
        assert!(!is_of_the_batch(Rd::InvalidArgument));
        assert!(!is_of_the_batch(Rd::UnknownTopic));
    }

    #[test]
    fn what_is_given_up_with_its_transaction_is_nobodys_fault() {
        for code in [Rd::PurgeQueue, Rd::PurgeInflight, Rd::State] {
            assert_eq!(blame_in_transaction(code), Blame::Transaction, "{code:?}");
        }
        for code in [Rd::InvalidDifferentRecord, Rd::MessageSizeTooLarge] {
            assert_eq!(blame_in_transaction(code), Blame::Message, "{code:?}");
        }
        assert_eq!(blame_in_transaction(Rd::MessageTimedOut), Blame::Topic);
    }
}
