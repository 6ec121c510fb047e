//! Exactly once: what a sink sends and what its consumer has read is there together, or not at all.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use penstock_core::conditions::Conditions;
use penstock_core::config::{Delivery, GroupProtocol, Transaction};
use penstock_core::record::NextOffset;
use penstock_engine::ports::{AckToken, Blame, Progress, Sink, Transactions as _, Trouble};
use penstock_kafka::{KafkaSink, KafkaTransactions, MockKafka};
use penstock_tests::{Broker, Client, Outgoing, eventually, unique};

#[allow(dead_code, reason = "the source's tests use the rest")]
mod support;

use support::forgetful::{ALONE, Forgetful};
use support::reports::{Reports, message};
use support::{Member, PATIENCE, Setup};

const PROTOCOLS: [GroupProtocol; 2] = [GroupProtocol::Classic, GroupProtocol::Consumer];

/// An input of one partition with three records, and an output.
struct World {
    client: Client,
    input: String,
    output: String,
    group: String,
    setup: Setup,
}

/// A host of it.
struct Host {
    sink: Arc<KafkaSink>,
    reports: Arc<Reports>,
    member: Member,
    transactions: KafkaTransactions,
    fatal: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new(protocol: GroupProtocol, of_output: &[(&str, &str)]) -> Result<World> {
        let client = Broker::shared().client();
        let (input, output) = (unique("in"), unique("out"));
        client.create_topic(&input, 1, &[])?;
        client.create_topic(&output, 1, of_output)?;
        World::with(Client::new(client.bootstrap())?, protocol, input, output)
    }

    /// Of topics that there are.
    fn with(
        client: Client,
        protocol: GroupProtocol,
        input: String,
        output: String,
    ) -> Result<World> {
        support::logged();
        let group = unique("once");
        let records: Vec<_> = (0..3)
            .map(|n| Outgoing::to(&input).partition(0).value(n.to_string()))
            .collect();
        client.produce(&records)?;
        let mut setup = Setup::new(client.bootstrap(), protocol, &group, &input);
        setup.kafka.delivery = Delivery::ExactlyOnce(Transaction {
            id: format!("{group}-h"),
            timeout: Duration::from_secs(10),
            bytes: 1 << 20,
        });
        Ok(World {
            client,
            input,
            output,
            group,
            setup,
        })
    }

    /// A host that has fetched all.
    fn host(&self) -> Result<Host> {
        let fatal = Arc::new(Mutex::new(Vec::new()));
        let sink = KafkaSink::new(&self.setup.kafka, "h", &[self.output.as_str().into()])?;
        let reports = Arc::new(Reports::default());
        let conditions = Arc::new(Mutex::new(Conditions::default()));
        let told = Arc::clone(&fatal);
        let failed = Box::new(move |why| told.lock().expect("not poisoned").push(why));
        sink.report_to(
            Arc::clone(&reports) as _,
            Arc::clone(&conditions) as _,
            failed,
        )?;
        let member = self.setup.start_exactly_once("h", &sink);
        let transactions = member.source.transactions(&sink, conditions);
        eventually("the records are fetched", PATIENCE, || {
            ensure!(member.engine.fetched().len() == 3, "not yet");
            Ok(())
        });
        Ok(Host {
            sink,
            reports,
            member,
            transactions,
            fatal,
        })
    }

    fn next(&self, next: i64) -> [Progress; 1] {
        [Progress {
            topic: self.input.as_str().into(),
            partition: 0,
            next: NextOffset(next),
            metadata: "m".to_owned(),
        }]
    }

    fn outputs(&self) -> Result<Vec<String>> {
        let records = self.client.read_all(&self.output)?;
        Ok(records.iter().map(|record| record.text()).collect())
    }

    fn committed(&self) -> Result<Option<i64>> {
        Ok(self.client.committed(&self.group, &self.input)?[&0])
    }
}

impl Host {
    fn send(&self, values: &[&str]) {
        for (token, value) in (1..).zip(values) {
            let message = message(0, Some(b"k"), Some(value.as_bytes()));
            self.sink
                .send(message, AckToken(token))
                .expect("there is room");
        }
    }

    fn acknowledged(&self, count: usize) {
        eventually("all is acknowledged", PATIENCE, || {
            let acked = self.reports.acked();
            ensure!(
                acked.len() == count,
                "{acked:?}, {:?}",
                self.reports.refused()
            );
            Ok(())
        });
    }

    /// Sends in a transaction, and commits it if nothing is refused; aborts it otherwise.
    fn delivers(&mut self, values: &[&str]) -> Result<bool> {
        self.reports.clear();
        self.transactions.begin().expect("none is open");
        self.send(values);
        eventually("each has its report", PATIENCE, || {
            let reports = self.reports.acked().len() + self.reports.blames().len();
            ensure!(reports == values.len(), "{:?}", self.reports.blames());
            Ok(())
        });
        if self.reports.blames().is_empty() {
            return done(|| self.transactions.commit()).map(|()| true);
        }
        done(|| self.transactions.abort()).map(|()| false)
    }

    fn stop(self) {
        drop(self.transactions);
        let deadline = Instant::now() + Duration::from_secs(5);
        self.member.source.stop(deadline);
        self.sink.close(deadline);
    }
}

/// Repeats a step that is to be repeated, as the engine does.
fn until_done(mut step: impl FnMut() -> Result<(), Trouble>) -> Result<(), Trouble> {
    loop {
        match step() {
            Err(Trouble::Again(_)) => {}
            done => return done,
        }
    }
}

fn done(step: impl FnMut() -> Result<(), Trouble>) -> Result<()> {
    until_done(step).map_err(|trouble| anyhow::anyhow!("{trouble:?}"))
}

#[test]
fn outputs_and_offsets_are_there_together() -> Result<()> {
    for protocol in PROTOCOLS {
        let world = World::new(protocol, &[])?;
        let mut host = world.host()?;
        host.transactions.begin().expect("none is open");
        host.send(&["a", "b"]);
        host.acknowledged(2);
        done(|| host.transactions.send_offsets(&world.next(2)))?;
        assert_eq!(
            world.outputs()?,
            [""; 0],
            "{protocol:?}: not before the commit"
        );
        done(|| host.transactions.commit())?;
        assert_eq!(world.outputs()?, ["a", "b"]);
        assert_eq!(world.committed()?, Some(2));
        let state = host.transactions.watch()();
        assert_eq!((state.committed, state.aborted), (1, 0));
        assert_eq!(state.id, format!("{}-h", world.group));
        host.stop();
    }
    Ok(())
}

/// As a broker that stops or starts may leave it; see `Bootstrap`.
#[test]
fn a_producer_that_has_no_connection_finds_its_coordinator_again() -> Result<()> {
    let mock = MockKafka::start(&[("in", 1), ("out", 1)])?;
    let client = Client::new(&mock.bootstrap())?;
    let way = Forgetful::to(&mock.bootstrap(), "out")?;
    mock.advertise(way.port());
    let (input, output) = ("in".to_owned(), "out".to_owned());
    let mut world = World::with(client, GroupProtocol::Classic, input, output)?;
    for (key, value) in ALONE {
        world.setup.kafka.common.insert(key.into(), value.into());
    }
    let mut host = world.host()?;
    host.transactions.begin().expect("none is open");
    host.send(&["a"]);
    host.acknowledged(1);
    way.forget(true);
    mock.move_coordinators()?;
    let begun = host.transactions.commit();
    ensure!(matches!(begun, Err(Trouble::Again(_))), "{begun:?}");
    way.forget(false);
    let until = Instant::now() + PATIENCE;
    while let Err(trouble) = host.transactions.commit() {
        ensure!(Instant::now() < until, "{trouble:?}");
    }
    host.stop();
    Ok(())
}

#[test]
fn what_is_aborted_was_never_there() -> Result<()> {
    let world = World::new(GroupProtocol::Consumer, &[])?;
    let mut host = world.host()?;
    host.transactions.begin().expect("none is open");
    host.send(&["a"]);
    host.acknowledged(1);
    done(|| host.transactions.send_offsets(&world.next(1)))?;
    host.send(&["b", "c"]);
    done(|| host.transactions.abort())?;
    eventually("each has its report", PATIENCE, || {
        let blames = host.reports.blames();
        ensure!(host.reports.acked().len() + blames.len() == 3, "{blames:?}");
        ensure!(
            blames.iter().all(|of| *of == Blame::Transaction),
            "{blames:?}"
        );
        Ok(())
    });
    assert_eq!(world.committed()?, Some(0), "the start position");
    host.reports.clear();
    host.transactions.begin().expect("none is open");
    host.send(&["a"]);
    host.acknowledged(1);
    done(|| host.transactions.send_offsets(&world.next(1)))?;
    done(|| host.transactions.commit())?;
    assert_eq!(
        (world.outputs()?, world.committed()?),
        (vec!["a".to_owned()], Some(1))
    );
    host.stop();
    Ok(())
}

#[test]
fn a_refused_batch_is_aborted_as_a_whole_and_the_next_one_is_sent() -> Result<()> {
    let world = World::new(GroupProtocol::Classic, &[("max.message.bytes", "2000")])?;
    let mut host = world.host()?;
    let large = "x".repeat(4000);
    host.transactions.begin().expect("none is open");
    host.send(&["a", &large, "b"]);
    eventually("the large one is refused", PATIENCE, || {
        let refused = host.reports.refused();
        ensure!(
            refused
                .iter()
                .any(|of| of.token == AckToken(2) && of.blame == Blame::Message),
            "{refused:?}"
        );
        Ok(())
    });
    host.send(&["c"]);
    let Err(Trouble::Abort(why)) = until_done(|| host.transactions.commit()) else {
        bail!("a message is missing");
    };
    println!("{why}");
    done(|| host.transactions.abort())?;
    eventually("each has its report", PATIENCE, || {
        let blames = host.reports.blames();
        let own = host
            .reports
            .refused()
            .into_iter()
            .filter(|of| of.blame == Blame::Message);
        let own: Vec<_> = own.map(|of| of.token).collect();
        ensure!(
            blames.len() == 4 && own == [1, 2, 3].map(AckToken),
            "{blames:?}"
        );
        Ok(())
    });
    // The client has lost count of what the refused batch was; it takes an abort more to agree with
    // the broker anew.
    let mut aborts = 0;
    while !host.delivers(&["a", "b"])? {
        aborts += 1;
        ensure!(aborts < 3, "it does not find back");
    }
    assert_eq!(world.outputs()?, ["a", "b"]);
    host.stop();
    Ok(())
}

#[test]
fn a_second_host_of_the_same_id_ends_what_is_open_and_shuts_the_first_out() -> Result<()> {
    let world = World::new(GroupProtocol::Consumer, &[])?;
    let mut first = world.host()?;
    first.transactions.begin().expect("none is open");
    first.send(&["a"]);
    first.acknowledged(1);
    done(|| first.transactions.send_offsets(&world.next(1)))?;
    // It is in the group beside the first, without a partition; the id is its own at once.
    let sink = KafkaSink::new(&world.setup.kafka, "h2", &[world.output.as_str().into()])?;
    let second = world.setup.start_exactly_once("h2", &sink);
    eventually("the second has joined", PATIENCE, || {
        ensure!(second.source.state().member, "not yet");
        Ok(())
    });
    assert_eq!(world.committed()?, Some(0), "the start position");
    let Err(Trouble::Fatal(why)) = until_done(|| first.transactions.commit()) else {
        bail!("the first still has its id");
    };
    assert!(
        why.contains("transactional id") && why.contains("host.id"),
        "{why}"
    );
    eventually("the delivery thread says so too", PATIENCE, || {
        let fatal = first.fatal.lock().expect("not poisoned");
        ensure!(fatal.iter().any(|text| text == &why), "{fatal:?}");
        Ok(())
    });
    assert_eq!(world.outputs()?, [""; 0]);
    second.source.stop(Instant::now() + Duration::from_secs(5));
    first.stop();
    Ok(())
}

#[test]
fn offsets_of_a_member_that_has_left_are_not_taken() -> Result<()> {
    let world = World::new(GroupProtocol::Classic, &[])?;
    let Host {
        sink,
        reports,
        member,
        mut transactions,
        ..
    } = world.host()?;
    transactions.begin().expect("none is open");
    let sent = sink.send(message(0, None, Some(b"a")), AckToken(1));
    assert_eq!(sent, Ok(()));
    eventually("it is acknowledged", PATIENCE, || {
        ensure!(reports.acked() == [1], "not yet");
        Ok(())
    });
    member.source.stop(Instant::now() + Duration::from_secs(5));
    let sent = until_done(|| transactions.send_offsets(&world.next(1)));
    assert!(matches!(sent, Err(Trouble::Abort(_))), "{sent:?}");
    done(|| transactions.abort())?;
    assert_eq!(world.outputs()?, [""; 0]);
    drop(transactions);
    sink.close(Instant::now() + Duration::from_secs(5));
    Ok(())
}
