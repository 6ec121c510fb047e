//! What a plugin's file shows without being compiled or run: what it imports and exports, and who
//! made it. Of a file that no host would take, too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sha2::{Digest, Sha256};
use wasmparser::{ComponentExternName, KnownCustom, Parser, Payload, ProducersSectionReader};

use crate::bounds;
use crate::contract::HANDLER;
use crate::error::LoadError;
use crate::source::Source;
use crate::version;

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
        Source::open(path)?.bytes().map(|bytes| Anatomy::of(&bytes))
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
        let mut exports = self.exports.iter();
        exports.find_map(|name| version::of_interface(name, HANDLER))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn component(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    const PLUGIN: &str = r#"(component
        (import "a:b/c" (instance))
        (component (import "inner" (instance)))
        (core module
            (@producers (language "Rust" "") (processed-by "rustc" "1.95.0")))
        (core module (@producers (language "C" "11") (processed-by "rustc" "1.95.0")))
        (instance $none)
        (export "penstock:handler/handler@0.7.2" (instance $none)))"#;

    #[test]
    fn names_are_the_plugins_own_and_makers_those_of_all_its_modules() {
        let anatomy = Anatomy::of(&component(PLUGIN));
        assert_eq!(anatomy.kind, Kind::Component);
        assert_eq!(anatomy.imports, ["a:b/c"]);
        assert_eq!(anatomy.exports, ["penstock:handler/handler@0.7.2"]);
        assert_eq!(anatomy.contract(), Some("0.7.2"));
        let makers = |field: &str| Vec::from_iter(anatomy.producers[field].clone());
        assert_eq!(makers("language"), ["C 11", "Rust"]);
        assert_eq!(makers("processed-by"), ["rustc 1.95.0"]);
    }

    #[test]
    fn of_a_broken_file_the_part_before_is_shown() {
        let mut bytes = component(PLUGIN);
        let name = b"penstock:handler/handler";
        let export = bytes.windows(name.len()).position(|of| of == name);
        bytes.truncate(export.unwrap());
        let anatomy = Anatomy::of(&bytes);
        assert_eq!(anatomy.imports, ["a:b/c"]);
        assert_eq!(anatomy.contract(), None);
        for (bytes, kind) in [
            (&b"\0asm\x01\0\0\0"[..], Kind::Module),
            (b"\0asm\x0d\0\x01\0\xff\xff\xff\xff\x0f", Kind::Component),
            (b"\x7fELF", Kind::Other),
            (b"", Kind::Other),
        ] {
            assert_eq!(Anatomy::of(bytes).kind, kind, "{bytes:?}");
        }
    }

    #[test]
    fn a_bomb_of_names_is_bounded() {
        let imports: String = (0..NAMES_MAX + 5)
            .map(|number| format!("(import \"{}{number}\" (instance))", "x".repeat(5000)))
            .collect();
        let anatomy = Anatomy::of(&component(&format!("(component {imports})")));
        assert_eq!(anatomy.imports.len(), NAMES_MAX);
        assert!(anatomy.imports.iter().all(|name| name.len() < 2000));
    }
}
