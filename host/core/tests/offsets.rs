//! The plan of a reset: from, to, clamped, done again and skipped.

use penstock_core::offsets::{Change, NothingToCountFrom, Standing, Target, plan};

fn standing(committed: Option<i64>, start: i64, end: i64) -> Standing {
    Standing {
        topic: "t".to_owned(),
        partition: 0,
        committed,
        start,
        end,
        at_time: None,
    }
}

#[track_caller]
fn check(target: &str, of: Standing, to: i64, again: i64, skipped: i64, clamped: Option<i64>) {
    let target: Target = target.parse().expect("a target");
    let from = of.committed;
    let planned = plan(target, &[of]).expect("a plan");
    let expected = Change {
        topic: "t".to_owned(),
        partition: 0,
        from,
        to,
        again,
        skipped,
        clamped_from: clamped,
    };
    assert_eq!(planned, [expected]);
    assert_eq!(planned[0].is_one(), from != Some(to));
}

#[test]
fn each_target_has_its_place_and_says_what_it_costs() {
    check("earliest", standing(Some(70), 10, 100), 10, 60, 0, None);
    check("latest", standing(Some(70), 10, 100), 100, 0, 30, None);
    check("80", standing(Some(70), 10, 100), 80, 0, 10, None);
    check("70", standing(Some(70), 10, 100), 70, 0, 0, None);
    check("-20", standing(Some(70), 10, 100), 50, 20, 0, None);
}

#[test]
fn a_target_outside_the_log_is_put_to_its_nearer_end_and_that_is_told() {
    check("5", standing(Some(70), 10, 100), 10, 60, 0, Some(5));
    check("101", standing(Some(70), 10, 100), 100, 0, 30, Some(101));
    check("-61", standing(Some(70), 10, 100), 10, 60, 0, Some(9));
    check("0", standing(Some(5), 10, 10), 10, 0, 0, Some(0));
}

#[test]
fn what_lies_outside_the_log_is_neither_done_again_nor_skipped() {
    // Expired: of what was committed nothing is left.
    check("earliest", standing(Some(3), 10, 100), 10, 0, 0, None);
    check("50", standing(Some(3), 10, 100), 50, 0, 40, None);
    // Beyond the end, as after a topic was made anew.
    check("latest", standing(Some(500), 10, 100), 100, 0, 0, None);
    check("60", standing(Some(500), 10, 100), 60, 40, 0, None);
}

#[test]
fn without_a_commit_all_before_the_target_is_skipped() {
    check("earliest", standing(None, 10, 100), 10, 0, 0, None);
    check("latest", standing(None, 10, 100), 100, 0, 90, None);
    let refused = plan(Target::Back(5), &[standing(None, 10, 100)]);
    let nothing = NothingToCountFrom {
        topic: "t".to_owned(),
        partition: 0,
    };
    assert_eq!(refused, Err(nothing));
}

#[test]
fn a_time_after_all_records_is_the_end() {
    let found = Standing {
        at_time: Some(42),
        ..standing(Some(70), 10, 100)
    };
    check("2026-01-01T10:00:00Z", found, 42, 28, 0, None);
    let none = standing(Some(70), 10, 100);
    check("2026-01-01T10:00:00Z", none, 100, 0, 30, None);
}

#[test]
fn targets_are_read_as_they_are_shown() {
    for text in [
        "earliest",
        "latest",
        "0",
        "12",
        "-7",
        "2026-01-01T10:00:00Z",
    ] {
        let target: Target = text.parse().expect("a target");
        assert_eq!(target.to_string(), text);
    }
    let offset: Target = "2026-01-01T11:00:00+01:00".parse().expect("a time");
    assert_eq!(offset.to_string(), "2026-01-01T10:00:00Z");
    for wrong in [
        "",
        "-",
        "--1",
        "newest",
        "1.5",
        "2026-01-01",
        "99999999999999999999",
    ] {
        assert!(wrong.parse::<Target>().is_err(), "{wrong}");
    }
}
