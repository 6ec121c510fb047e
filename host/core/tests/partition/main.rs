//! The partition's invariants under any history: fetches with gaps, retries, parked keys, several
//! lanes, refusals, acknowledgements in any order, a drain and a close at any moment.

mod cases;
mod steps;
mod world;

use proptest::prelude::*;

use steps::{Step, order, step};
use world::World;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariants_hold_in_any_history(order in order(), steps in prop::collection::vec(step(), 1..150)) {
        let mut world = World::new(order);
        for step in steps {
            world.apply(step);
        }
        world.bring_to_an_end();
        world.apply(Step::Commit);
    }
}
