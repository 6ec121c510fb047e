//! What a sink reports, kept; and what it is given to send.

use std::sync::Mutex;

use penstock_engine::ports::{
    Ack, AckToken, Blame, DeliveryReports, Outgoing, OutgoingHeaders, OutputTopic, Refusal,
};

/// What a sink reported.
#[derive(Default)]
pub struct Reports {
    pub acks: Mutex<Vec<Ack>>,
    refusals: Mutex<Vec<Refusal>>,
}

impl DeliveryReports for Reports {
    fn acknowledged(&self, acks: &[Ack]) {
        self.acks.lock().expect("not poisoned").extend(acks);
    }

    fn refused(&self, refusal: Refusal) {
        self.refusals.lock().expect("not poisoned").push(refusal);
    }

    fn while_live(&self, _: AckToken, send: &mut dyn FnMut()) {
        send();
    }
}

impl Reports {
    /// The tokens of what is durable, sorted.
    pub fn acked(&self) -> Vec<u64> {
        let acks = self.acks.lock().expect("not poisoned");
        let mut tokens: Vec<_> = acks.iter().map(|ack| ack.token.0).collect();
        tokens.sort_unstable();
        tokens
    }

    /// Whose fault each refusal is.
    pub fn blames(&self) -> Vec<Blame> {
        self.refused().iter().map(|of| of.blame).collect()
    }

    /// Forgets all reports.
    pub fn clear(&self) {
        self.acks.lock().expect("not poisoned").clear();
        self.refusals.lock().expect("not poisoned").clear();
    }

    /// What was refused.
    pub fn refused(&self) -> Vec<Refusal> {
        self.refusals.lock().expect("not poisoned").clone()
    }
}

/// A message without headers.
pub fn message<'a>(topic: u32, key: Option<&'a [u8]>, value: Option<&'a [u8]>) -> Outgoing<'a> {
    Outgoing {
        topic: OutputTopic(topic),
        key,
        value,
        headers: OutgoingHeaders::Owned(&[]),
        timestamp_ms: None,
    }
}
