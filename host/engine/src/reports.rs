//! What the sink reports back: acknowledgements in batches, refusals one by one.

use std::sync::Arc;

use penstock_core::watch::Place;

use crate::cell::{Partition, State};
use crate::engine::Engine;
use crate::ports::{Ack, AckToken, Blame, DeliveryReports, Placed, Refusal};
use crate::token::Token;

impl DeliveryReports for Engine {
    fn acknowledged(&self, acks: &[Ack]) {
        let shared = &self.shared;
        if let Some(transacting) = &shared.transacting {
            let bytes = acks.iter().map(|ack| u64::from(ack.bytes)).sum();
            shared.outbox.release(bytes);
            transacting.reported(acks.len());
            return;
        }
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
            shared.tell(&partition, &mut told);
        }
        shared.outbox.release(bytes);
        shared.wake_waiters();
        shared.send_waves();
    }

    fn wants_places(&self) -> bool {
        self.shared.watches.any()
    }

    fn placed(&self, placed: &Placed) {
        let shared = &self.shared;
        let Some(partition) = shared.partition(Token::epoch(placed.token)) else {
            return;
        };
        let state = partition.lock();
        let token = Token::unpack(placed.token, state.machine.oldest());
        let Some(offset) = state.machine.offset(token.seq) else {
            return;
        };
        drop(state);
        let place = Place {
            topic: partition.plan().output_topics[placed.topic.0 as usize].clone(),
            partition: placed.partition,
            offset: placed.offset,
        };
        let of = (token.handler, token.dead_letter);
        shared
            .watches
            .acknowledged(partition.stay(), offset, of, place);
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
        if let Some(transacting) = &shared.transacting {
            if let Some(partition) = shared.partition(Token::epoch(refusal.token)) {
                partition.watch_refusal(&partition.lock(), &refusal);
            }
            transacting.refused(&refusal);
            return;
        }
        if let Some(partition) = shared.partition(Token::epoch(refusal.token)) {
            let mut told = Vec::new();
            let mut state = partition.lock();
            let for_good = refusal.blame == Blame::Message;
            partition.watch_refusal(&state, &refusal);
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
            shared.tell(&partition, &mut told);
        }
        shared.wake_waiters();
        shared.send_waves();
    }
}

impl Partition {
    fn watch_refusal(&self, state: &State, refusal: &Refusal) {
        let watches = &self.shared.watches;
        if refusal.blame == Blame::Transaction || !watches.any() {
            return;
        }
        let token = Token::unpack(refusal.token, state.machine.oldest());
        if let Some(offset) = state.machine.offset(token.seq) {
            let topic = self.topic_name(refusal.message.topic);
            let for_good = refusal.blame == Blame::Message;
            let what = (topic, refusal.why.as_str(), for_good);
            watches.refused(self.stay(), offset, token.handler, what);
        }
    }
}
