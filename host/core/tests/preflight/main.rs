//! The rules that hold a configuration against its cluster: each with what it must find something
//! in; where all is well, none of them says anything.

mod cluster;
mod group;
mod permissions;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod topics;
mod transactions;
#[path = "../diagnosis/world.rs"]
#[allow(dead_code, reason = "the diagnosis uses more of it")]
mod world;

use cluster::{config, fine, report};

#[test]
fn where_all_is_well_nothing_is_found() {
    let report = report(&config(""), &fine());
    assert_eq!(report.findings, []);
    assert!(!report.has_problem());
    for part in [
        "orders (2 partitions, input)",
        "every partition has a leader",
        "User:worker has every permission",
        "the group protocol \"classic\" included",
        "the group g can be joined: 0 members",
        "what waits is not about to be deleted",
        "clock agrees",
    ] {
        assert!(
            report.fine.iter().any(|text| text.contains(part)),
            "no {part:?} in {:#?}",
            report.fine
        );
    }
}
