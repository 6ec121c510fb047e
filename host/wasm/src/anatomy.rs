//! What a plugin's file shows without being compiled or run: what it imports and exports, and who
//! made it. Of a file that no host would take, too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest, Sha256};
use wasmparser::{ComponentExternName, KnownCustom, Parser, Payload, ProducersSectionReader};

use crate::bounds;
use crate::contract::HANDLER;
use crate::error::LoadError;
use crate::runtime;

/// Names of each sort that are kept; the largest known guest imports some tens.
const NAMES_MAX: usize = 1000;

/// The parts of a plugin's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anatomy {
    /// The file's size.
    pub bytes: u64,
    /// The file's digest.
    pub sha256: [u8; 32],
    /// What it is.
    pub kind: Kind,
    /// What it imports from its host, in its order.
    pub imports: Vec<String>,
    /// What it exports to its host, in its order.
    pub exports: Vec<String>,
    /// Its makers, as its modules name them: `language`, `sdk` and `processed-by`, each with names
    /// and versions.
    pub producers: BTreeMap<String, BTreeSet<String>>,
}

/// What a file is by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A component, as plugins are.
    Component,
    /// A core module, of which a component can be made.
    Module,
    /// No WebAssembly.
    Other,
}

impl Anatomy {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Code::PluginMissing`](penstock_core::codes::Code::PluginMissing): it can't be read.
    pub fn read(path: &Path) -> Result<Anatomy, LoadError> {
        runtime::file(path).map(|bytes| Anatomy::of(&bytes))
    }

    /// Takes apart what can be read; what is broken ends it.
    pub fn of(bytes: &[u8]) -> Anatomy {
        let mut anatomy = Anatomy {
            bytes: bytes.len() as u64,
            sha256: Sha256::digest(bytes).into(),
            kind: match bytes {
                [0, b'a', b's', b'm', _, _, 1, 0, ..] => Kind::Component,
                [0, b'a', b's', b'm', _, _, 0, 0, ..] => Kind::Module,
                _ => Kind::Other,
            },
            imports: Vec::new(),
            exports: Vec::new(),
            producers: BTreeMap::new(),
        };
        // Modules and components within it are looked through for their makers only.
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload {
                Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
                Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
                Ok(Payload::ComponentImportSection(section)) if depth == 0 => {
                    let names = section.into_iter().map_while(Result::ok).map(|of| of.name);
                    names.for_each(|name| keep(&mut anatomy.imports, &name));
                }
                Ok(Payload::ComponentExportSection(section)) if depth == 0 => {
                    let names = section.into_iter().map_while(Result::ok).map(|of| of.name);
                    names.for_each(|name| keep(&mut anatomy.exports, &name));
                }
                Ok(Payload::CustomSection(section)) => {
                    if let KnownCustom::Producers(producers) = section.as_known() {
                        anatomy.made_by(producers);
                    }
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        anatomy
    }

    /// The version of the contract that it exports a handler of, whether this host knows it or not.
    pub fn contract(&self) -> Option<&str> {
        let interface = HANDLER.split_once('@').map_or(HANDLER, |(name, _)| name);
        let mut exports = self.exports.iter();
        exports.find_map(|name| name.strip_prefix(interface)?.strip_prefix('@'))
    }

    fn made_by(&mut self, producers: ProducersSectionReader<'_>) {
        for field in producers.into_iter().map_while(Result::ok) {
            let named = self.producers.len();
            if named >= NAMES_MAX {
                return;
            }
            let makers = self
                .producers
                .entry(bounds::one_line(field.name))
                .or_default();
            for maker in field.values.into_iter().map_while(Result::ok) {
                if makers.len() < NAMES_MAX {
                    let maker = format!("{} {}", maker.name, maker.version);
                    makers.insert(bounds::one_line(&maker));
                }
            }
        }
    }
}

fn keep(names: &mut Vec<String>, name: &ComponentExternName<'_>) {
    if names.len() < NAMES_MAX {
        names.push(bounds::one_line(name.name));
    }
}
