//! One engine for all plugins of a process: how guests are compiled, linked and interrupted.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use penstock_core::codes::Code;
use penstock_engine::ports::EpochClock;
use sha2::{Digest, Sha256};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, OptLevel, WasmBacktraceDetails};

use crate::cache::{self, Cache, Key};
use crate::clock::Clock;
use crate::error::{LoadError, StartError};
use crate::host;
use crate::plugin::{Loaded, Plugin};
use crate::state::State;
use crate::trap::FRAMES_MAX;

/// Few, so that compiling a plugin leaves the records that are being handled their cores.
const COMPILE_THREADS: usize = 2;

/// A plugin with a whole JavaScript engine has some 12 MiB.
const PLUGIN_BYTES_MAX: u64 = 256 << 20;

/// What all plugins of a process share: the engine, the host's functions, the cache of compiled
/// plugins, the clock at whose ticks deadlines are looked at.
pub struct Runtime {
    engine: Engine,
    linker: Linker<State>,
    cache: Option<Cache>,
    clock: Arc<Clock>,
    /// By the digest of their files: `check` and `run` ask for each more than once.
    plugins: Mutex<HashMap<[u8; 32], Arc<Plugin>>>,
}

impl Runtime {
    /// Starts the engine. Compiled plugins are kept in `cache`, a directory that is made, for this
    /// user alone, where it isn't there; one that can't be used, or that others may write, is done
    /// without, with a warning.
    ///
    /// # Errors
    /// If this machine is none that the engine runs on.
    pub fn new(cache: &Path) -> Result<Runtime, StartError> {
        let engine = Engine::new(&config())?;
        let mut linker = Linker::new(&engine);
        host::link(&mut linker)?;
        let cache = Cache::open(cache)
            .map_err(|why| cache::warn_unusable(cache, &why))
            .ok();
        Ok(Runtime {
            clock: Arc::new(Clock::new(engine.clone())),
            engine,
            linker,
            cache,
            plugins: Mutex::default(),
        })
    }

    /// Reads a plugin's file, compiles it or takes what was compiled before, and checks what it
    /// imports and exports. Runs nothing of it. A file that was loaded before is the same plugin.
    ///
    /// # Errors
    /// [`Code::PluginMissing`], [`Code::NotAPlugin`] or [`Code::ForbiddenImport`], with a text for
    /// people.
    pub fn load(&self, path: &Path) -> Result<Arc<Plugin>, LoadError> {
        let binary = file(path)?;
        check_kind(&binary)?;
        let sha256 = Sha256::digest(&binary).into();
        if let Some(plugin) = self.plugins().get(&sha256) {
            return Ok(Arc::clone(plugin));
        }
        let (component, loaded) = self.component(&binary, sha256)?;
        let plugin = Plugin::new(
            &component,
            self.linker.clone(),
            Arc::clone(&self.clock),
            sha256,
            loaded,
        )?;
        let plugin = Arc::new(plugin);
        self.plugins().insert(sha256, Arc::clone(&plugin));
        Ok(plugin)
    }

    /// Runs `call`, which calls handlers, where no engine runs whose ticker drives the clock.
    pub fn ticking<R>(&self, call: impl FnOnce() -> R) -> R {
        self.clock.watched(call)
    }

    fn plugins(&self) -> MutexGuard<'_, HashMap<[u8; 32], Arc<Plugin>>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn component(&self, binary: &[u8], sha256: [u8; 32]) -> Result<(Component, Loaded), LoadError> {
        let Some(cache) = &self.cache else {
            return Ok((compile(&self.engine, binary)?, Loaded::Compiled));
        };
        let key = Key::new(sha256, &self.engine);
        if let Some(component) = cache.find(&key, &self.engine) {
            return Ok((component, Loaded::Cached));
        }
        let component = compile(&self.engine, binary)?;
        match component.serialize() {
            Ok(artefact) => cache.keep(&key, &artefact),
            Err(error) => tracing::warn!(%error, "a compiled plugin can't be kept"),
        }
        Ok((component, Loaded::Compiled))
    }
}

impl EpochClock for Runtime {
    fn tick(&self) {
        self.clock.tick();
    }
}

/// Guard pages, signals and the default reservation stay as they are: without them the guest's own
/// code is 30–45 % slower.
fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .generate_address_map(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable)
        .wasm_backtrace_max_frames(NonZeroUsize::new(FRAMES_MAX))
        // The same bytes on every machine.
        .relaxed_simd_deterministic(true);
    config
}

/// The bytes of a plugin's file.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, LoadError> {
    read(path).map_err(|error| unread(&error))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > PLUGIN_BYTES_MAX {
        let limit_mib = PLUGIN_BYTES_MAX >> 20;
        return Err(io::Error::other(format!(
            "it is larger than {limit_mib} MiB"
        )));
    }
    fs::read(path)
}

fn unread(error: &io::Error) -> LoadError {
    let (text, help) = match error.kind() {
        ErrorKind::NotFound => (
            "there is no such file".to_owned(),
            "paths are relative to the configuration file",
        ),
        ErrorKind::PermissionDenied => (
            format!("can't be read: {error}"),
            "may this user read it, and enter the folders on its way?",
        ),
        _ => (
            format!("can't be read: {error}"),
            "is it the plugin's file?",
        ),
    };
    LoadError::new(Code::PluginMissing, text).help(help)
}

/// Tells the usual mistakes apart before the compiler words them.
fn check_kind(binary: &[u8]) -> Result<(), LoadError> {
    match binary {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(LoadError::new(
            Code::NotAPlugin,
            "a core WebAssembly module, not a component",
        )
        .help("wrap it with its contract: `wasm-tools component new`, or the SDK's own build")),
        _ => Err(
            LoadError::new(Code::NotAPlugin, "not a WebAssembly component")
                .help("build it with `penstock-plugin-build`"),
        ),
    }
}

fn compile(engine: &Engine, binary: &[u8]) -> Result<Component, LoadError> {
    let failed =
        |why: String| LoadError::new(Code::NotAPlugin, format!("can't be compiled: {why}"));
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(COMPILE_THREADS)
        .thread_name(|index| format!("compile-{index}"))
        .build()
        .map_err(|error| failed(error.to_string()))?;
    threads
        .install(|| Component::from_binary(engine, binary))
        .map_err(|error| failed(format!("{error:#}")))
}
