//! Records for the two plugins: whatever a record is, they answer it; never do they trap, or crash,
//! or run into a limit. A fresh instance answers as one that has seen others.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use penstock_core::batch::Batch;
use penstock_core::config::{Ceilings, HandlerLimits, Isolation};
use penstock_core::record::{Header, Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::ports::{Call, HandlerPool};
use penstock_wasm::{Binding, Pool, Runtime};
use tempfile::TempDir;

use super::{Target, kind};

const PLUGINS: [&str; 2] = ["purchase-to-access", "progress-updates"];

/// Hands each input to the plugins, as a record.
pub struct Records {
    runtime: Runtime,
    /// Of each plugin: one instance that is reused, and one for each record.
    pools: Vec<(Pool, Pool)>,
    _cache: TempDir,
}

impl Records {
    /// Loads the plugins, which `make build` builds.
    ///
    /// # Errors
    /// If they can't be.
    pub fn new() -> Result<Self, String> {
        let cache = tempfile::tempdir().map_err(|error| error.to_string())?;
        let runtime = Runtime::new(cache.path()).map_err(|error| error.to_string())?;
        let pools = PLUGINS.map(|plugin| pools(&runtime, plugin));
        Ok(Records {
            pools: pools.into_iter().collect::<Result<_, _>>()?,
            runtime,
            _cache: cache,
        })
    }
}

fn pools(runtime: &Runtime, plugin: &str) -> Result<(Pool, Pool), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/plugins")
        .join(format!("{plugin}.wasm"));
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let plugin = runtime.load(&path).map_err(|error| told(&error))?;
    let ceilings = Ceilings {
        deadline: Duration::from_secs(1),
        memory_bytes: 64 << 20,
    };
    let description = plugin.describe(&ceilings).map_err(|error| told(&error))?;
    let pool = |isolation| {
        Arc::clone(&plugin).bind(Binding {
            handler: "h".into(),
            topic: "t".into(),
            settings: Vec::new(),
            limits: HandlerLimits {
                deadline: ceilings.deadline,
                memory_bytes: ceilings.memory_bytes,
                outputs: 1000,
                output_bytes: 4 << 20,
                log_lines: 100,
                log_bytes: 64 << 10,
                instances: 1,
            },
            isolation,
            headers: true,
            outputs: description.outputs.len() as u32,
        })
    };
    Ok((pool(Isolation::Reused), pool(Isolation::Record)))
}

impl Target for Records {
    fn answer(&mut self, input: &[u8]) -> Result<Vec<String>, String> {
        let batch = record(input);
        self.runtime.ticking(|| {
            let pools = self.pools.iter();
            let answers = pools.map(|(reused, fresh)| {
                let (reused, fresh) = (call(reused, &batch)?, call(fresh, &batch)?);
                if reused != fresh {
                    return Err(format!("reused: {reused:?}, fresh: {fresh:?}"));
                }
                // Behind the code is what the input has in it.
                let (code, _) = reused.0.split_once(':').unwrap_or((&reused.0, ""));
                Ok(kind(code))
            });
            answers.collect()
        })
    }
}

/// The answer, and what was emitted with it.
fn call(pool: &Pool, batch: &Batch) -> Result<(String, Vec<String>), String> {
    let instance = pool.checkout().map_err(|failure| failure.text())?;
    let mut instance = instance.ok_or("the only instance is taken")?;
    let mut staging = Staging::default();
    let call = Call {
        partition: 1,
        attempt: 1,
    };
    let result = instance.handle(&batch.record(0), call, &mut staging);
    pool.give_back(instance);
    let answer = match result {
        Ok(Outcome::Done) => "done".to_owned(),
        Ok(Outcome::Skip(reason)) => format!("skip {}: {}", reason.code, reason.text),
        Err(Failure::Reject(reason)) => format!("reject {}: {}", reason.code, reason.text),
        Err(failure) => return Err(failure.text()),
    };
    let outputs = (0..staging.len()).map(|index| format!("{:?}", staging.output(index)));
    Ok((answer, outputs.collect()))
}

/// A byte of flags (null key, null value, kind of timestamp), the offset, the timestamp, then the
/// lengths of the key and of the one header, both, and the value.
fn record(input: &[u8]) -> Batch {
    let (start, rest) = input.split_at(input.len().min(19));
    let mut head = [0; 19];
    head[..start.len()].copy_from_slice(start);
    let number = |at: usize| i64::from_le_bytes(*head[at..].first_chunk().expect("eight bytes"));
    let (key, rest) = rest.split_at(rest.len().min(head[17].into()));
    let (header, value) = rest.split_at(rest.len().min(head[18].into()));
    let timestamp = match head[0] >> 2 & 3 {
        0 => Timestamp::Unknown,
        1 => Timestamp::LogAppendTime(number(9)),
        _ => Timestamp::CreateTime(number(9)),
    };
    let given = |bit: u8| head[0] & bit == 0;
    let (name, header_value) = header.split_at(header.len() / 2);
    let header = (!header.is_empty()).then_some(Header {
        name,
        value: Some(header_value),
    });
    let mut batch = Batch::default();
    batch.push(
        Offset(number(1)),
        timestamp,
        given(1).then_some(key),
        given(2).then_some(value),
        header,
    );
    batch
}
