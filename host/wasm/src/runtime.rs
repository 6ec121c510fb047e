//! One engine for all plugins of a process: how guests are compiled, linked and interrupted.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use penstock_core::codes::Code;
use penstock_core::config::PluginProblem;
use penstock_engine::ports::EpochClock;
use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, OptLevel, WasmBacktraceDetails};

use crate::cache::{self, Cache, Key};
use crate::clock::Clock;
use crate::compile::Compiler;
use crate::error::{LoadError, StartError};
use crate::host::Functions;
use crate::plugin::{Loaded, Plugin};
use crate::source::Source;
use crate::trap::FRAMES_MAX;
use crate::version::Version;

/// What became of a plugin's file, once somebody has asked for it.
type Slot = Arc<OnceLock<Result<Arc<Plugin>, LoadError>>>;

/// What all plugins of a process share: the engine, the host's functions, the cache of compiled
/// plugins, the clock at whose ticks deadlines are looked at.
pub struct Runtime {
    engine: Engine,
    functions: Functions,
    cache: Option<Cache>,
    compiler: Compiler,
    clock: Arc<Clock>,
    /// By the digest of their files: `check` and `run` ask for each more than once.
    plugins: Mutex<HashMap<[u8; 32], Slot>>,
}

/// A plugin's file, and which plugin it is.
struct Identified {
    source: Source,
    sha256: [u8; 32],
    /// What is in it, if it had to be read.
    binary: Option<Vec<u8>>,
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
        let functions = Functions::of(Version::OURS, &engine)?;
        Ok(Runtime::with(engine, functions, cache))
    }

    /// A runtime that gives these functions.
    pub(crate) fn with(engine: Engine, functions: Functions, cache: &Path) -> Runtime {
        let cache = Cache::open(cache)
            .map_err(|why| cache::warn_unusable(cache, &why))
            .ok();
        Runtime {
            clock: Arc::new(Clock::new(engine.clone())),
            engine,
            functions,
            cache,
            compiler: Compiler::default(),
            plugins: Mutex::default(),
        }
    }

    /// Reads a plugin's file, compiles it or takes what was compiled before, and checks what it
    /// imports and exports. Runs nothing of it. A file that was loaded before is the same plugin,
    /// and whoever asks for one that is being compiled waits.
    ///
    /// # Errors
    /// [`Code::PluginMissing`], [`Code::NotAPlugin`] or [`Code::ForbiddenImport`], with a text for
    /// people.
    pub fn load(&self, path: &Path) -> Result<Arc<Plugin>, LoadError> {
        self.load_if(path, |_| true)
    }

    /// The same, of a file that has this digest. Of one that has another, nothing is compiled.
    ///
    /// # Errors
    /// The same, and [`Code::DigestMismatch`].
    pub fn load_pinned(&self, path: &Path, sha256: [u8; 32]) -> Result<Arc<Plugin>, LoadError> {
        self.load_if(path, |actual| *actual == sha256)
    }

    fn load_if(
        &self,
        path: &Path,
        is_wanted: impl FnOnce(&[u8; 32]) -> bool,
    ) -> Result<Arc<Plugin>, LoadError> {
        let mut file = self.identify(path, is_wanted)?;
        let slot = self.slot(file.sha256);
        slot.get_or_init(|| {
            let (component, loaded) = self.component(path, &mut file)?;
            self.plugin(&component, file.sha256, loaded)
        })
        .clone()
    }

    /// As [`Runtime::load`], or [`Runtime::load_pinned`], where that takes no compiling; `None` where it
    /// would, or does already.
    ///
    /// # Errors
    /// As theirs.
    pub fn load_compiled(
        &self,
        path: &Path,
        pinned: Option<[u8; 32]>,
    ) -> Result<Option<Arc<Plugin>>, LoadError> {
        let is_wanted = |actual: &[u8; 32]| pinned.is_none_or(|pinned| *actual == pinned);
        let mut file = self.identify(path, is_wanted)?;
        let slot = self.slot(file.sha256);
        if slot.get().is_none() {
            let Some(component) = self.cached(&mut file) else {
                return Ok(None);
            };
            slot.get_or_init(|| self.plugin(&component, file.sha256, Loaded::Cached));
        }
        slot.get().cloned().transpose()
    }

    /// What was loaded of a file with this digest.
    pub fn loaded(&self, sha256: [u8; 32]) -> Option<Arc<Plugin>> {
        self.slot(sha256).get()?.as_ref().ok().cloned()
    }

    /// Which plugin a file is: by what is remembered of it, else by reading it.
    fn identify(
        &self,
        path: &Path,
        is_wanted: impl FnOnce(&[u8; 32]) -> bool,
    ) -> Result<Identified, LoadError> {
        let mut source = Source::open(path)?;
        let cache = self.cache.as_ref();
        let known = cache.and_then(|cache| cache.digests().known(&source.metadata));
        let (sha256, binary) = match known {
            Some(sha256) => (sha256, None),
            None => {
                let binary = source.read()?;
                (Sha256::digest(&binary).into(), Some(binary))
            }
        };
        if !is_wanted(&sha256) {
            return Err(PluginProblem::not_the_pinned(&sha256).into());
        }
        Ok(Identified {
            source,
            sha256,
            binary,
        })
    }

    fn slot(&self, sha256: [u8; 32]) -> Slot {
        let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(plugins.entry(sha256).or_default())
    }

    fn plugin(
        &self,
        component: &Component,
        sha256: [u8; 32],
        loaded: Loaded,
    ) -> Result<Arc<Plugin>, LoadError> {
        let clock = Arc::clone(&self.clock);
        Plugin::new(component, &self.functions, clock, sha256, loaded).map(Arc::new)
    }

    /// Runs `call`, which calls handlers, where no engine runs whose ticker drives the clock.
    pub fn ticking<R>(&self, call: impl FnOnce() -> R) -> R {
        self.clock.watched(call)
    }

    /// What an earlier run has compiled.
    fn cached(&self, file: &mut Identified) -> Option<Component> {
        let key = Key::new(file.sha256, &self.engine);
        let component = self.cache.as_ref()?.find(&key, &self.engine)?;
        self.take_note(&mut file.source);
        Some(component)
    }

    fn component(
        &self,
        path: &Path,
        file: &mut Identified,
    ) -> Result<(Component, Loaded), LoadError> {
        if let Some(component) = self.cached(file) {
            return Ok((component, Loaded::Cached));
        }
        let binary = match file.binary.take() {
            Some(binary) => binary,
            None => file.source.read()?,
        };
        if Sha256::digest(&binary)[..] != file.sha256 {
            let text = "changed while it was read";
            return Err(LoadError::new(Code::PluginMissing, text).help("start again"));
        }
        let component = self.compiler.compile(&self.engine, path, &binary)?;
        if let Some(cache) = &self.cache {
            let key = Key::new(file.sha256, &self.engine);
            match component.serialize() {
                Ok(artefact) => cache.keep(&key, &artefact),
                Err(error) => tracing::warn!(%error, "a compiled plugin can't be kept"),
            }
            self.take_note(&mut file.source);
        }
        Ok((component, Loaded::Compiled))
    }

    /// So that the next start need not read it.
    fn take_note(&self, source: &mut Source) {
        if let Some(cache) = &self.cache
            && cache.digests().known(&source.metadata).is_none()
            && let Err(error) = cache.digests().take(&mut source.file)
        {
            tracing::debug!(%error, "a plugin's file can't be read again");
        }
    }
}

impl EpochClock for Runtime {
    fn tick(&self) {
        self.clock.tick();
    }
}

/// Guard pages, signals and the default reservation stay as they are: without them the guest's own
/// code is 30–45 % slower.
pub(crate) fn config() -> Config {
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
