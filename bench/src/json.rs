//! What the SDK's JSON brings in the sandbox: the same handler with it and with serde_json, call by
//! call on this thread, without engine and broker.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use penstock_core::batch::Batch;
use penstock_core::config::{HandlerLimits, Isolation};
use penstock_core::record::{Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::Outcome;
use penstock_engine::ports::{Call, HandlerPool};
use penstock_tests::plugin;
use penstock_wasm::{Binding, Pool, Runtime};

use crate::bench::Amount;
use crate::events::{grant, purchase, user};
use crate::progress::Progress;
use crate::usage::processor_time;

const BY_SDK: &str = "purchase-to-access";
const BY_SERDE_JSON: &str = "purchase-by-serde-json";

/// Different purchases, as many as a worker takes at once.
const RECORDS: u64 = 256;
const CALL: Call = Call {
    partition: 0,
    attempt: 1,
};

/// What a careful author meets and a quick one forgets; it must come out alike, and isn't measured.
const UNUSUAL: [&str; 6] = [
    r#" { "createdAt" : "t" , "currency":"EUR","amount":-1.5e3,"courseId":"c","userId":"u","type":"PURCHASE_CONFIRMED","eventId":"e" } "#,
    r#"{"eventId":"\u00e4\n\"\\\/","type":"PURCHASE_CONFIRMED","userId":"\ud83d\ude00","courseId":"курс","amount":0,"currency":"","createdAt":"\u0000"}"#,
    r#"{"\u0065ventId":"e","type":"PURCHASE_CONFIRMED","userId":"u","courseId":"c","amount":1E400,"currency":"EUR","createdAt":"t"}"#,
    r#"{"eventId":"e","type":"PURCHASE_CONFIRMED","userId":"u","userId":"u","courseId":"c","amount":1,"currency":"EUR","createdAt":"t"}"#,
    r#"{"eventId":"e","type":"PURCHASE_CONFIRMED","userId":"\ud800","courseId":"c","amount":1,"currency":"EUR","createdAt":"t"}"#,
    r#"{"eventId":"e","type":"PURCHASE_CONFIRMED","userId":"u","courseId":"c","amount":01,"currency":"EUR","createdAt":"t"}"#,
];

/// Nanoseconds of processor time a call, of each round.
#[derive(Debug, Default)]
pub(crate) struct Json {
    pub(crate) by_sdk: Vec<f64>,
    pub(crate) by_serde_json: Vec<f64>,
    /// With neither: a value of the same size is passed on, and no JSON looked at.
    pub(crate) without: Vec<f64>,
}

pub(crate) fn measure(amount: &Amount, progress: &Progress) -> Result<Json> {
    progress.step("JSON: compiling both plugins");
    let cache = tempfile::tempdir().context("no folder for compiled plugins")?;
    let mut result = Json::default();
    // The first round compiles, compares the outputs, warms up and doesn't count.
    for round in 0..=amount.rounds {
        // Loaded anew each time: where code and memory come to lie makes a difference too.
        let runtime = Runtime::new(cache.path()).map_err(|error| anyhow!("{error}"))?;
        let pools = [
            pool(&runtime, BY_SDK, &[])?,
            pool(&runtime, BY_SERDE_JSON, &[])?,
            pool(&runtime, BY_SERDE_JSON, &[("without", "yes")])?,
        ];
        if round == 0 {
            are_alike(&pools[0], &pools[1])?;
        }
        progress.step(format!("JSON: round {round} of {}", amount.rounds));
        let purchases = batch((0..RECORDS).map(purchase));
        let mut taken = [0.0; 3];
        for turn in 0..pools.len() {
            // What else the machine does is to hit all alike.
            let which = (turn + round as usize) % pools.len();
            taken[which] = nanoseconds(&pools[which], &purchases, amount.json_calls)?;
        }
        let [by_sdk, by_serde_json, without] = taken;
        progress.result(&format!(
            "a call by the SDK's JSON {by_sdk:.0} ns, by serde_json {by_serde_json:.0} ns, without \
             {without:.0} ns"
        ));
        if round > 0 {
            result.by_sdk.push(by_sdk);
            result.by_serde_json.push(by_serde_json);
            result.without.push(without);
        }
    }
    Ok(result)
}

fn pool(runtime: &Runtime, name: &str, settings: &[(&str, &str)]) -> Result<Pool> {
    let loaded = runtime.load(&plugin(name)?);
    let loaded = loaded.map_err(|error| anyhow!("{name}: {error}"))?;
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Ok(loaded.bind(Binding {
        handler: name.into(),
        topic: "purchases".into(),
        settings: settings.iter().map(owned).collect(),
        limits: HandlerLimits {
            deadline: Duration::from_secs(1),
            memory_bytes: 64 << 20,
            outputs: 1000,
            output_bytes: 4 << 20,
            log_lines: 100,
            log_bytes: 64 << 10,
            instances: 1,
        },
        isolation: Isolation::Reused,
        headers: false,
        outputs: 1,
    }))
}

fn batch(values: impl IntoIterator<Item = String>) -> Batch {
    let mut batch = Batch::default();
    for (number, value) in (0..).zip(values) {
        let (key, value) = (user(number), Some(value.as_bytes()));
        let (offset, time) = (Offset(number.cast_signed()), Timestamp::CreateTime(1));
        batch.push(offset, time, Some(key.as_bytes()), value, []);
    }
    batch
}

/// The outputs of both are the same to the byte, those that are measured as expected; and neither
/// takes what the other rejects.
fn are_alike(by_sdk: &Pool, by_serde_json: &Pool) -> Result<()> {
    let purchases = batch((0..RECORDS).map(purchase));
    let grants: Vec<_> = (0..RECORDS).map(|n| Some(grant(n).into_bytes())).collect();
    for pool in [by_sdk, by_serde_json] {
        ensure!(
            outputs(pool, &purchases)? == grants,
            "a grant is not as expected"
        );
    }
    let unusual = UNUSUAL.map(str::to_owned).into_iter();
    let unusual: Vec<String> = unusual.chain(spoilt()).collect();
    let records = batch(unusual.iter().cloned());
    let (one, other) = (
        outputs(by_sdk, &records)?,
        outputs(by_serde_json, &records)?,
    );
    for ((text, one), other) in unusual.iter().zip(one).zip(other) {
        ensure!(one == other, "the two make different things of {text}");
    }
    Ok(())
}

/// A purchase with something else at each of its places, one after the other: the sandbox has code of
/// its own for strings, by blocks, which no native test runs.
fn spoilt() -> impl Iterator<Item = String> {
    let (whole, others) = (purchase(7), ["\"", "\\", "\u{1f}", "é", ",", "0", ""]);
    (0..whole.len()).flat_map(move |at| {
        let (before, after) = (whole[..at].to_owned(), whole[at + 1..].to_owned());
        others.map(|other| format!("{before}{other}{after}"))
    })
}

/// What each record came to: its output, or none where it was rejected.
fn outputs(pool: &Pool, batch: &Batch) -> Result<Vec<Option<Vec<u8>>>> {
    let mut instance = pool
        .checkout()
        .map_err(|failure| anyhow!("{failure:?}"))?
        .context("no instance is free")?;
    let mut all = Vec::new();
    for index in 0..batch.len() {
        let mut staging = Staging::default();
        let outcome = instance.handle(&batch.record(index), CALL, &mut staging);
        let output = || staging.output(0).value.unwrap_or_default().to_vec();
        let output = (!staging.is_empty()).then(output);
        all.push(outcome.ok().and(output));
    }
    pool.give_back(instance);
    Ok(all)
}

/// Of one call, over so many calls on one instance.
fn nanoseconds(pool: &Pool, batch: &Batch, calls: u64) -> Result<f64> {
    let mut instance = pool
        .checkout()
        .map_err(|failure| anyhow!("{failure:?}"))?
        .context("no instance is free")?;
    let batches = calls / RECORDS;
    let mut staging = Staging::default();
    let begun = processor_time();
    for _ in 0..batches {
        staging.clear();
        for index in 0..batch.len() {
            let outcome = instance.handle(&batch.record(index), CALL, &mut staging);
            ensure!(matches!(outcome, Ok(Outcome::Done)), "{outcome:?}");
        }
    }
    let took = processor_time() - begun;
    pool.give_back(instance);
    Ok(took.as_nanos() as f64 / (batches * RECORDS) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdks_json_takes_and_makes_what_serde_json_does() {
        let cache = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new(cache.path()).expect("a runtime");
        let [by_sdk, by_serde_json] =
            [BY_SDK, BY_SERDE_JSON].map(|name| pool(&runtime, name, &[]).expect("`make build`"));
        are_alike(&by_sdk, &by_serde_json).expect("alike");
    }
}
