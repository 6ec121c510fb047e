//! `penstock offsets reset` on running Penstock hosts.

use anyhow::{Result, ensure};
use penstock_tests::{Host, eventually};

use crate::history::commits;
use crate::hosts::{Account, Flow, Line, Load, PROTOCOLS, SOON, Scrape, Watch};
use crate::support::{Pace, Scene};
use crate::tool::{Ended, offsets, penstock};

fn reset(line: &Line, to: &str, args: &[&str]) -> Result<Ended> {
    let group = [
        "--bootstrap",
        line.client.bootstrap(),
        "--group",
        &line.group,
    ];
    let base = [
        "offsets",
        "reset",
        "--to",
        to,
        "--topic",
        &line.input,
        "--yes",
    ];
    penstock(&[&base, &group[..], args].concat())
}

#[test]
fn one_partition_is_put_back_under_load_and_the_others_go_on() -> Result<()> {
    const TO: i64 = 100;
    for protocol in PROTOCOLS {
        let line = Line::new("live", 3)?;
        let mut host = Host::start(&line.loaded("h1", protocol)?)?;
        host.ready(SOON)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 10)?, 3000);
        let far = || -> Result<()> {
            let committed = line.client.committed(&line.group, &line.input)?;
            let far = committed.values().all(|at| at.is_some_and(|at| at > 600));
            ensure!(far, "{committed:?}");
            Ok(())
        };
        eventually("much is committed", SOON, far);
        let epochs = || -> Result<Vec<u64>> {
            let epoch = |partition| Ok(host.partition(&line.input, partition)?["epoch"].as_u64());
            let all: Result<Vec<_>> = (0..3).map(epoch).collect();
            Ok(all?
                .into_iter()
                .map(|epoch| epoch.expect("a number"))
                .collect())
        };
        let before = epochs()?;
        let done = reset(&line, &TO.to_string(), &["--partition", "1"])?;
        done.said(
            0,
            &[
                "1 of 1 partition changes",
                "processed again",
                "done, and read back",
            ],
        );
        let ledger = Scrape::of(&host)?.ledger("unruly");
        assert_eq!(ledger.begun, ledger.ended + ledger.open, "{ledger:?}");
        let after = epochs()?;
        assert_eq!((before[0], before[2]), (after[0], after[2]), "undisturbed");
        assert!(after[1] > before[1], "a new stay");

        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        let written = commits(&line.client, &line.group, &line.input, 1)?;
        let falls: Vec<i64> = written
            .windows(2)
            .filter(|pair| pair[1] < pair[0])
            .map(|pair| pair[1])
            .collect();
        assert_eq!(falls, [TO], "once, to what was asked for: {written:?}");

        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        let times = |partition: usize, number: u64| {
            let its = account.0.iter();
            its.filter(|of| (of.partition, of.number) == (partition, number))
                .count()
        };
        for other in [0, 2] {
            for number in 0..sent[other] {
                assert_eq!(times(other, number), 1, "{other}[{number}] is done once");
            }
        }
        for number in 0..600 {
            let expected = if number < TO as u64 { 1 } else { 2 };
            assert_eq!(times(1, number), expected, "1[{number}]");
        }
        let ledger = Scrape::of(&host)?.ledger("unruly");
        assert_eq!((ledger.begun, ledger.open), (ledger.ended, 0));
        let said = host.wait_for_log(r#""audit":"reset""#, SOON)?;
        assert!(said.contains("127.0.0.1"), "{said}");
        host.stop()?;
    }
    Ok(())
}

#[test]
fn a_partition_that_halted_goes_on_behind_the_record_that_halts_it() -> Result<()> {
    let line = Line::new("past", 1)?;
    line.send(0, &["ok 1", "reject", "ok 2"])?;
    let config = line
        .bare("h1", "classic")
        .handler(
            "unruly",
            &penstock_tests::plugin("unruly")?,
            &[("out", &line.output)],
        )
        .topic(&line.input, &["unruly"], "earliest", None);
    let host = Host::start(&config)?;
    eventually("it halts", SOON, || host.waits(&line.input, 0, "halted"));
    eventually("what is before it is committed", SOON, || {
        let committed = line.client.committed(&line.group, &line.input)?;
        ensure!(committed[&0] == Some(1), "{committed:?}");
        Ok(())
    });
    reset(&line, "2", &[])?.said(0, &["1 record is skipped", "done"]);
    eventually("it goes on", SOON, || line.is_caught_up());
    assert_eq!(line.outputs()?, ["ok 1", "ok 2"]);
    let status = host.status()?;
    assert_eq!(
        status["conditions"].as_array().map(Vec::len),
        Some(0),
        "{status}"
    );
    host.stop()
}

#[test]
fn a_group_of_several_hosts_is_reset_as_one() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("both", 2)?;
        for partition in 0..2 {
            line.send(partition, &["ok 1", "ok 2", "ok 3"])?;
        }
        let hosts = [
            Host::start(&line.unruly("h1", protocol)?)?,
            Host::start(&line.unruly("h2", protocol)?)?,
        ];
        eventually("each has a partition", SOON, || {
            for host in &hosts {
                ensure!(host.assigned()? == 1, "{}", host.status()?);
            }
            Ok(())
        });
        eventually("all is committed", SOON, || line.is_caught_up());
        let looked = reset(&line, "earliest", &["--dry-run"])?;
        looked.said(
            0,
            &["up to 6 records are processed again", "nothing was changed"],
        );
        assert!(line.is_caught_up().is_ok());
        let before = line.outputs()?.len();
        reset(&line, "earliest", &[])?.said(0, &["done"]);
        eventually("all is done again", SOON, || {
            ensure!(line.outputs()?.len() == before + 6);
            line.is_caught_up()
        });
        // Behind the end, so that nothing is done again.
        line.send(0, &["ok 4"])?;
        eventually("what comes later is done too", SOON, || {
            ensure!(line.outputs()?.len() == before + 7);
            line.is_caught_up()
        });
        for host in hosts {
            host.stop()?;
        }
    }
    Ok(())
}

#[test]
fn nothing_changes_where_an_owner_is_out_of_reach() -> Result<()> {
    let scene = Scene::new("half", 2)?;
    scene.send(0, 3)?;
    scene.send(1, 3)?;
    let output = format!("{}.out", scene.topic);
    scene.client.create_topic(&output, 1, &[])?;
    let dead = format!("{}.dead", scene.topic);
    scene.client.create_topic(&dead, 1, &[])?;
    let config = penstock_tests::HostConfig::new(scene.client.bootstrap(), &scene.group, "h1")
        .protocol("consumer")
        .handler(
            "unruly",
            &penstock_tests::plugin("unruly")?,
            &[("out", &output)],
        )
        .topic(&scene.topic, &["unruly"], "earliest", Some(&dead));
    let host = Host::start(&config)?;
    eventually("the host has all", SOON, || {
        ensure!(host.assigned()? == 2);
        Ok(())
    });
    // To all appearance a host, whose listener can't be reached.
    let settings = [
        ("client.id", "penstock-h2:1"),
        ("group.protocol", "consumer"),
    ];
    let _worker = scene.worker(Pace::Quick, &settings)?;
    eventually("they share", SOON, || {
        ensure!(host.assigned()? == 1);
        Ok(())
    });
    scene.settled(2);
    scene.caught_up();
    let refused = offsets(&scene, "reset", &["--to", "earliest", "--yes"])?;
    refused.said(
        1,
        &[
            "penstock-h2:1, which has",
            "can't be told",
            "127.0.0.1:1",
            "nothing was changed",
        ],
    );
    scene.client.caught_up(&scene.group, &scene.topic)?;
    host.stop()
}

#[test]
fn a_host_with_a_token_wants_it() -> Result<()> {
    let line = Line::new("guarded", 1)?;
    line.send(0, &["ok 1", "ok 2"])?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["admin", "token"], "s3cret");
    let mut host = Host::start(&config)?;
    host.ready(SOON)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    reset(&line, "earliest", &[])?.said(1, &["asks for a token", "nothing was changed"]);
    assert!(line.is_caught_up().is_ok());
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("penstock.toml");
    std::fs::write(&file, config.toml()?)?;
    let file = file.display().to_string();
    let done = penstock(&["offsets", "reset", "--to", "earliest", "-c", &file, "--yes"])?;
    done.said(0, &["done"]);
    eventually("all is done again", SOON, || {
        ensure!(line.outputs()?.len() == 4);
        Ok(())
    });
    host.stop()
}

#[test]
fn a_topic_that_no_host_reads_any_more_is_left_out_and_named() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("unread", 1)?;
        let old = format!("{}.old", line.group);
        line.client.create_topic(&old, 1, &[])?;
        line.client.commit(&line.group, &old, 0, 0)?;
        line.send(0, &["ok 1", "ok 2"])?;
        let mut host = Host::start(&line.unruly("h1", protocol)?)?;
        host.ready(SOON)?;
        eventually("all is committed", SOON, || line.is_caught_up());
        let group = [
            "--bootstrap",
            line.client.bootstrap(),
            "--group",
            &line.group,
        ];
        let all = ["offsets", "reset", "--to", "earliest", "--yes"];
        let done = penstock(&[&all, &group[..]].concat())?;
        let left_out = format!("left out: {old}: no host of {} reads it", line.group);
        let removed = format!("--group {} --delete-offsets --topic {old}`", line.group);
        done.said(0, &[&left_out, &removed, "2 records are", "done"]);
        eventually("all is done again", SOON, || {
            ensure!(line.outputs()?.len() == 4);
            line.is_caught_up()
        });
        let named = penstock(&[&all, &group[..], &["--topic", &old]].concat())?;
        named.said(
            1,
            &[&format!("{old} can't be reset"), "nothing was changed"],
        );
        host.stop()?;
    }
    Ok(())
}
