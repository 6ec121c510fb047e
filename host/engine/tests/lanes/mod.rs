//! Which threads run suspects, and with which priority.

use std::sync::{Arc, Mutex};

use penstock_core::record::{NextOffset, Record};
use penstock_core::verdict::Outcome;
use penstock_engine::Partition;

use crate::support::*;

/// Where a record's call ran.
#[derive(Debug, Clone)]
struct Place {
    value: String,
    thread: libc::pid_t,
    nice: i32,
}

/// A world whose handler notes where it runs; records `wedge` wait at the door.
struct Watched {
    world: World,
    door: Arc<Door>,
    places: Arc<Mutex<Vec<Place>>>,
}

impl Watched {
    fn new() -> Watched {
        let door = Arc::new(Door::default());
        let places = Arc::new(Mutex::new(Vec::new()));
        let (at_door, noted) = (Arc::clone(&door), Arc::clone(&places));
        let handle = move |record: &Record<'_>, _: penstock_engine::ports::Call, _: &mut _| {
            let value = String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned();
            noted.lock().unwrap().push(here(&value));
            if value == "wedge" {
                at_door.wait();
            }
            Ok(Outcome::Done)
        };
        Watched {
            world: world(vec![handler("h", 64, handle)], true),
            door,
            places,
        }
    }

    fn places(&self, value: &str) -> Vec<Place> {
        let places = self.places.lock().unwrap();
        let of_value = places.iter().filter(|place| place.value == value);
        of_value.cloned().collect()
    }

    /// A new partition whose guest is stuck, and where.
    fn wedge(&self, number: i32) -> (Arc<Partition>, libc::pid_t) {
        let partition = self.world.engine.assign("in", number, NextOffset(0));
        let before = self.door.waiting();
        partition.fetched(batch(0, &["wedge".to_owned()]));
        until("it is stuck", || self.door.waiting() == before + 1);
        (partition, self.places("wedge").last().unwrap().thread)
    }
}

fn here(value: &str) -> Place {
    // SAFETY: no pointers; 0 is the calling thread.
    let (thread, nice) = unsafe { (libc::gettid(), libc::getpriority(libc::PRIO_PROCESS, 0)) };
    Place {
        value: value.to_owned(),
        thread,
        nice,
    }
}

fn nice(thread: libc::pid_t) -> i32 {
    // SAFETY: no pointers.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, thread as libc::id_t) }
}

/// One at a time, so that each is a run of its own.
fn one_by_one(partition: &Arc<Partition>, from: i64, values: &[String]) {
    for (offset, value) in (from..).zip(values) {
        partition.fetched(batch(offset, std::slice::from_ref(value)));
        finished(partition, offset + 1);
    }
}

#[test]
fn suspects_run_after_all_others_and_healthy_partitions_never_where_they_do() {
    let watched = Watched::new();
    let normal = here("").nice;
    let lower = normal + 10;
    let healthy = watched.world.engine.assign("in", 99, NextOffset(0));

    // More often than there are workers: all that were there at the start have been held up.
    let mut suspects = Vec::new();
    for number in 0..3 {
        let (partition, thread) = watched.wedge(number);
        until("its thread has a lower priority", || nice(thread) == lower);
        suspects.push(partition);
    }
    one_by_one(&healthy, 0, &vec!["healthy".to_owned(); 100]);
    watched.door.open();
    for partition in &suspects {
        finished(partition, 1);
        partition.fetched(batch(1, &["suspect".to_owned()]));
    }
    one_by_one(&healthy, 100, &vec!["healthy".to_owned(); 100]);
    for partition in &suspects {
        finished(partition, 2);
    }

    let places = watched.places("suspect");
    assert_eq!(places.len(), 3);
    assert!(places.iter().all(|place| place.nice == lower), "{places:?}");
    let low: Vec<_> = places.iter().map(|place| place.thread).collect();
    let places = watched.places("healthy");
    assert_eq!(places.len(), 200);
    for place in places {
        assert_eq!(place.nice, normal);
        assert!(!low.contains(&place.thread));
    }
}

#[test]
fn a_suspect_that_behaves_is_trusted_again() {
    let watched = Watched::new();
    let normal = here("").nice;
    let (partition, thread) = watched.wedge(0);
    until("its thread has a lower priority", || nice(thread) > normal);
    watched.door.open();
    finished(&partition, 1);
    one_by_one(&partition, 1, &numbered(300));
    assert!(watched.places("0")[0].nice > normal);
    assert_eq!(watched.places("299")[0].nice, normal);
}

/// Threads that were held up and have nothing to do make room for others.
#[test]
fn held_up_threads_are_replaced_however_often_that_happens() {
    let watched = Watched::new();
    let healthy = watched.world.engine.assign("in", 99, NextOffset(0));
    for round in 0..12 {
        // Both workers at once.
        let wedged = [0, 1].map(|number| watched.wedge(round * 2 + number).0);
        one_by_one(&healthy, round.into(), &["healthy".to_owned()]);
        watched.door.open();
        for partition in wedged {
            finished(&partition, 1);
        }
        watched.door.shut();
    }
}

#[test]
fn a_further_thread_for_suspects_has_the_lower_priority_too() {
    let watched = Watched::new();
    let normal = here("").nice;
    let suspects = [0, 1].map(|number| {
        let (partition, thread) = watched.wedge(number);
        until("its thread has a lower priority", || nice(thread) > normal);
        partition
    });
    watched.door.open();
    for partition in &suspects {
        finished(partition, 1);
    }
    // One thread is kept; it is stuck, so that the other suspect needs a new one.
    watched.door.shut();
    let [stuck, other] = &suspects;
    stuck.fetched(batch(1, &["wedge".to_owned()]));
    until("it is stuck", || watched.door.waiting() == 1);
    let kept = watched.places("wedge").last().unwrap().thread;
    one_by_one(other, 1, &["suspect".to_owned()]);
    let place = &watched.places("suspect")[0];
    assert_ne!(place.thread, kept);
    assert_eq!(place.nice, normal + 10);
    watched.door.open();
    finished(stuck, 2);
}
