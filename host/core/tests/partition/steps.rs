//! What may happen to a partition, in any order.

use penstock_core::partition::{Order, OrderBy, ParkLimits};
use penstock_core::policy::RetryMode;
use penstock_core::verdict::{Failure, Reason};
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub enum Step {
    Fetch { gap: i64, key: Option<u64> },
    Take { max: usize },
    Bring { pick: usize, answers: Vec<Answer> },
    Acknowledge { pick: usize },
    Refuse { pick: usize, for_good: bool },
    Resend,
    Advance { ms: u64 },
    Commit,
    Drain,
    Close,
}

#[derive(Debug, Clone, Copy)]
pub enum Answer {
    Emit(u32),
    Skip,
    Again(u64, RetryMode),
    DeadLetter,
    Halt,
}

pub fn step() -> impl Strategy<Value = Step> {
    let mode = prop_oneof![Just(RetryMode::Block), Just(RetryMode::Key)];
    let answer = prop_oneof![
        16 => (0u32..3).prop_map(Answer::Emit),
        4 => Just(Answer::Skip),
        8 => (0u64..50, mode).prop_map(|(ms, mode)| Answer::Again(ms, mode)),
        4 => Just(Answer::DeadLetter),
        1 => Just(Answer::Halt),
    ];
    prop_oneof![
        10 => (0i64..3, prop::option::weighted(0.9, 1u64..5))
            .prop_map(|(gap, key)| Step::Fetch { gap, key }),
        10 => (1usize..5).prop_map(|max| Step::Take { max }),
        10 => (any::<usize>(), prop::collection::vec(answer, 16))
            .prop_map(|(pick, answers)| Step::Bring { pick, answers }),
        20 => any::<usize>().prop_map(|pick| Step::Acknowledge { pick }),
        3 => (any::<usize>(), any::<bool>())
            .prop_map(|(pick, for_good)| Step::Refuse { pick, for_good }),
        5 => Just(Step::Resend),
        5 => (0u64..60).prop_map(|ms| Step::Advance { ms }),
        4 => Just(Step::Commit),
        1 => Just(Step::Drain),
        1 => Just(Step::Close),
    ]
}

pub fn order() -> impl Strategy<Value = Order> {
    let park = prop_oneof![
        Just(ParkLimits::NOTHING),
        (1usize..3, 1usize..5).prop_map(|(keys, records)| ParkLimits {
            keys,
            records,
            bytes: 10 * records as u64 - 5,
        }),
    ];
    prop_oneof![
        Just(Order::STRICT),
        (1usize..4, park).prop_map(|(lanes, park)| Order {
            lanes,
            by: OrderBy::Key,
            park,
        }),
        (2usize..4).prop_map(|lanes| Order {
            lanes,
            by: OrderBy::Nothing,
            park: ParkLimits::NOTHING,
        }),
    ]
}

pub fn failure() -> Box<Failure> {
    Box::new(Failure::Reject(Reason {
        code: "no".into(),
        text: String::new(),
    }))
}
