//! False alarms: members of several makes come and go under load, and nothing may be found.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::support::{Case, Lively, Member};

/// For longer runs by hand, in minutes.
const MINUTES: &str = "PENSTOCK_MINUTES";

#[test]
fn idle_and_caught_up_clients_are_healthy() -> Result<()> {
    let kafkajs = Case::new("quiet-js", 2)?;
    let _kafkajs = kafkajs.kafkajs(&json!({}))?;
    let java = Case::new("quiet-java", 2)?;
    let _java = java.java(&[])?;
    for case in [&kafkajs, &java] {
        case.settled(1);
        // Nothing was ever written, and nothing is committed.
        case.doctor().examine()?.healthy();
        case.send(0, 3)?;
        case.send(1, 3)?;
        case.caught_up();
        let notes = case.doctor().examine()?.healthy();
        assert!(notes.contains("nothing waits"), "{notes}");
    }
    Ok(())
}

#[test]
fn members_that_come_and_go_under_load_raise_no_alarm() -> Result<()> {
    let minutes: u64 = match std::env::var(MINUTES) {
        Ok(text) => text.parse()?,
        Err(_) => 0,
    };
    let span = Duration::from_secs((minutes * 60).max(20));
    let groups = [
        Lively::new("lively-js", |case, _| {
            case.kafkajs(&json!({})).map(Member::client)
        })?,
        Lively::new("lively-java", |case, _| case.java(&[]).map(Member::client))?,
        Lively::of_hosts("lively-hosts")?,
    ];
    let began = Instant::now();
    let mut looks = 0;
    let mut alarms: Vec<String> = Vec::new();
    while began.elapsed() < span {
        for (group, number) in groups.iter().zip(looks..) {
            let second = group.member(number)?;
            for _ in 0..2 {
                let seen = group.doctor().examine()?;
                looks += 1;
                if seen.exit != Some(0) {
                    alarms.push(format!("{:#}", seen.said));
                }
            }
            alarms.extend(second.leave()?);
        }
    }
    for group in groups {
        alarms.extend(group.end()?);
    }
    let seconds = began.elapsed().as_secs();
    println!(
        "{looks} looks within {seconds} s, false alarms, those of hosts' watchdogs included: {}",
        alarms.len()
    );
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    Ok(())
}
