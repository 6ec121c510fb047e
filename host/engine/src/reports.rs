//! What the sink reports back: acknowledgements in batches, refusals one by one.

use std::sync::Arc;

use crate::engine::Engine;
use crate::ports::{Ack, AckToken, Blame, DeliveryReports, Refusal};
use crate::token::Token;

impl DeliveryReports for Engine {
    fn acknowledged(&self, acks: &[Ack]) {
        let shared = &self.shared;
        let mut told = Vec::new();
        let mut bytes = 0;
        for acks in acks.chunk_by(|a, b| Token::epoch(a.token) == Token::epoch(b.token)) {
            bytes += acks.iter().map(|ack| u64::from(ack.bytes)).sum::<u64>();
            let Some(partition) = shared.partition(Token::epoch(acks[0].token)) else {
                continue;
            };
            let mut state = partition.lock();
            for ack in acks {
                let token = Token::unpack(ack.token, state.machine.oldest());
                state.machine.acknowledged(token.seq, &mut told);
            }
            partition.settle(&mut state);
            drop(state);
            let lines = &shared.lines;
            lines.told(partition.plan(), partition.number(), &mut told);
        }
        shared.outbox.release(bytes);
        shared.wake_waiters();
    }

    fn while_live(&self, token: AckToken, send: &mut dyn FnMut()) {
        if let Some(partition) = self.shared.partition(Token::epoch(token)) {
            let state = partition.lock();
            if !state.machine.is_closed() {
                send();
            }
        }
    }

    fn refused(&self, refusal: Refusal) {
        let shared = &self.shared;
        shared.outbox.release(u64::from(refusal.message.bytes()));
        if let Some(partition) = shared.partition(Token::epoch(refusal.token)) {
            let mut told = Vec::new();
            let mut state = partition.lock();
            let for_good = refusal.blame == Blame::Message;
            Arc::clone(&partition).refused(
                &mut state,
                refusal.token,
                refusal.message,
                for_good,
                &refusal.why,
                &mut told,
            );
            partition.settle(&mut state);
            drop(state);
            let lines = &shared.lines;
            lines.told(partition.plan(), partition.number(), &mut told);
        }
        shared.wake_waiters();
    }
}
