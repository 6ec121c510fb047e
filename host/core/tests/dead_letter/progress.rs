//! What of a partition was redriven, and how a commit says it.

use std::collections::BTreeSet;

use penstock_core::dead_letter::{
    METADATA_BYTES_MAX, OffsetRanges, Overflow, Progress, Unreadable,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn progress_knows_exactly_what_was_done(
        start in 0i64..20,
        done in prop::collection::vec((0i64..60, 0i64..9), 0..30),
    ) {
        let mut progress = Progress::from(start);
        let mut model: BTreeSet<i64> = (0..start).collect();
        let mut ranges = OffsetRanges::default();
        for (first, count) in done {
            progress.done(first..first + count);
            ranges.insert(first..first + count);
            model.extend(first..first + count);
        }
        for offset in 0..80 {
            prop_assert_eq!(progress.is_done(offset), model.contains(&offset));
            prop_assert_eq!(ranges.contains(offset) || offset < start, model.contains(&offset));
        }
        let lowest = (0..).find(|offset| !model.contains(offset));
        prop_assert_eq!(Some(progress.next()), lowest);
        let of_ranges: Vec<i64> = ranges.iter().cloned().flatten().collect();
        prop_assert_eq!(of_ranges.len() as u64, ranges.count());
        prop_assert!(of_ranges.is_sorted());
        let metadata = progress.metadata().expect("it is short");
        prop_assert_eq!(Progress::read(progress.next(), &metadata), Ok(progress));
    }
}

#[test]
fn a_commit_without_metadata_is_taken_at_its_word_and_another_is_refused() {
    assert_eq!(Progress::read(5, ""), Ok(Progress::from(5)));
    for wrong in [
        "of somebody",
        "redriven-1 6",
        "redriven-1 5 0+2",
        "redriven-1 5 2",
        "redriven-2 5",
    ] {
        assert_eq!(Progress::read(5, wrong), Err(Unreadable), "{wrong}");
    }
}

#[test]
fn what_a_commit_can_not_carry_is_refused() {
    let mut progress = Progress::from(0);
    let mut done = 0;
    while progress.metadata().is_ok() {
        done += 1;
        progress.done(done * 2..done * 2 + 1);
    }
    // As many as the guide promises.
    assert!(done > 1000, "{done}");
    assert_eq!(progress.metadata(), Err(Overflow));
    progress.done(0..2);
    progress.done(3..4);
    let metadata = progress.metadata().expect("it fits again");
    assert!(metadata.len() <= METADATA_BYTES_MAX);
}
