//! A component's whole life: it is loaded, described, configured, and handles a record. Whatever
//! it is, it is refused or held within its limits, and the next one is none the worse.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use penstock_core::batch::Batch;
use penstock_core::config::{Ceilings, HandlerLimits, Isolation};
use penstock_core::record::{Offset, Timestamp};
use penstock_core::staging::Staging;
use penstock_engine::ports::{Call, HandlerPool};
use penstock_wasm::{Binding, Runtime};
use tempfile::TempDir;

use super::{Target, kind};

const DEADLINE: Duration = Duration::from_millis(20);
const MEMORY_BYTES: u64 = 16 << 20;
const OUTPUT_BYTES: u64 = 1 << 20;

/// A runtime keeps what it has loaded.
const COMPONENTS_A_RUNTIME: u32 = 200;

/// Loads each input as a component.
pub struct Components {
    folder: TempDir,
    runtime: Runtime,
    loaded: u32,
}

impl Components {
    /// Starts a runtime.
    ///
    /// # Errors
    /// If it can't.
    pub fn new() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        Ok(Components {
            runtime: runtime(&folder)?,
            folder,
            loaded: 0,
        })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("component.wasm")
    }

    fn life(&self) -> Result<String, String> {
        let plugin = match self.runtime.load(&self.path()) {
            Ok(plugin) => plugin,
            Err(error) => return Ok(format!("{}: {}", error.code, error.text)),
        };
        let ceilings = Ceilings {
            deadline: DEADLINE,
            memory_bytes: MEMORY_BYTES,
        };
        let description = match plugin.describe(&ceilings) {
            Ok(description) => description,
            Err(error) => return Ok(format!("{}: {}", error.code, error.text)),
        };
        let pool = plugin.bind(Binding {
            handler: "h".into(),
            topic: "t".into(),
            settings: vec![("setting".to_owned(), "value".to_owned())],
            limits: HandlerLimits {
                deadline: DEADLINE,
                memory_bytes: MEMORY_BYTES,
                outputs: 10,
                output_bytes: OUTPUT_BYTES,
                log_lines: 10,
                log_bytes: 1 << 10,
                instances: 1,
            },
            isolation: Isolation::Reused,
            headers: true,
            outputs: description.outputs.len() as u32,
        });
        self.runtime.ticking(|| {
            let mut instance = match pool.checkout() {
                Ok(instance) => instance.ok_or("the only instance is taken")?,
                Err(failure) => return Ok(format!("configured: {}", failure.text())),
            };
            let mut staging = Staging::default();
            let result = instance.handle(&record().record(0), CALL, &mut staging);
            within_limits(result.is_ok(), &staging)?;
            Ok(match result {
                Ok(outcome) => format!("{outcome:?} with {} outputs", staging.len().min(1)),
                Err(failure) => format!("record: {}", failure.text()),
            })
        })
    }
}

const CALL: Call = Call {
    partition: 1,
    attempt: 1,
};

fn record() -> Batch {
    let mut batch = Batch::default();
    let header = penstock_core::record::Header {
        name: b"name",
        value: Some(b"value"),
    };
    batch.push(
        Offset(7),
        Timestamp::CreateTime(5),
        Some(b"key"),
        Some(b"value"),
        [header],
    );
    batch
}

fn within_limits(succeeded: bool, staging: &Staging) -> Result<(), String> {
    if !succeeded && !staging.is_empty() {
        return Err("a failure left outputs".to_owned());
    }
    if staging.len() > 10 || staging.bytes() as u64 > OUTPUT_BYTES {
        return Err("there are more outputs than may be".to_owned());
    }
    Ok(())
}

fn runtime(folder: &TempDir) -> Result<Runtime, String> {
    // A file is no folder: nothing is kept.
    let no_cache = folder.path().join("no-cache");
    fs::write(&no_cache, "").map_err(|error| error.to_string())?;
    Runtime::new(&no_cache).map_err(|error| error.to_string())
}

impl Target for Components {
    fn answer(&mut self, input: &[u8]) -> Result<Vec<String>, String> {
        if self.loaded == COMPONENTS_A_RUNTIME {
            self.runtime = runtime(&self.folder)?;
            self.loaded = 0;
        }
        self.loaded += 1;
        fs::write(self.path(), input).map_err(|error| error.to_string())?;
        Ok(vec![kind(&self.life()?)])
    }
}
