//! A component: made of a core module, looked at, written.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use wasi_preview1_component_adapter_provider as wasi;
use wasm_encoder::{ProducersField, ProducersSection, Section};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};
use wit_parser::Resolve;

/// A handler's component.
pub struct Component {
    bytes: Vec<u8>,
    imports: Vec<String>,
}

/// A component that was written, as it is told to people.
pub struct Built {
    /// Its file.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: usize,
    /// The interfaces that it imports.
    pub imports: Vec<String>,
    /// Whether the file was another before.
    pub changed: bool,
    /// How long it took to build.
    pub time: Duration,
}

impl Component {
    /// Of a core module, to which the contract is added, and what translates calls of WASI 0.1 to
    /// those of 0.2 if it makes any.
    pub fn of_module(mut module: Vec<u8>, contract: &Path) -> Result<Component> {
        let mut resolve = Resolve::default();
        let read = resolve.push_dir(contract);
        let (package, _) = read.with_context(|| format!("{}", contract.display()))?;
        let world = resolve.select_world(&[package], Some("plugin"))?;
        wit_component::embed_component_metadata(
            &mut module,
            &resolve,
            world,
            StringEncoding::UTF8,
        )?;
        Component::of_typed_module(&module)
    }

    /// Of a core module that says itself what its functions are of the contract.
    pub fn of_typed_module(module: &[u8]) -> Result<Component> {
        let bytes = ComponentEncoder::default()
            .module(module)?
            .adapter(
                wasi::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
                wasi::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            )?
            .validate(true)
            .encode()?;
        Component::of_bytes(bytes)
    }

    /// As a language's own tool made it.
    pub fn of_bytes(bytes: Vec<u8>) -> Result<Component> {
        let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes)? else {
            anyhow::bail!("it is no component");
        };
        let world = &resolve.worlds[world];
        // A module that exports nothing makes a component too.
        let mut exports = world.exports.keys().map(|key| resolve.name_world_key(key));
        let is_handler = exports.any(|name| name.starts_with("penstock:handler/handler@"));
        ensure!(is_handler, "it exports no handler");
        let imports = world.imports.keys().map(|key| resolve.name_world_key(key));
        let imports = imports.collect();
        Ok(Component { bytes, imports })
    }

    /// Says what it was written in, where the language's own tool names its engine's language alone.
    pub fn written_in(mut self, language: &str) -> Component {
        let mut languages = ProducersField::new();
        languages.value(language, "");
        let mut section = ProducersSection::new();
        section.field("language", &languages);
        section.append_to(&mut self.bytes);
        self
    }

    /// Writes it, unless it is there already; it was `begun` to be built then.
    pub fn write(self, path: &Path, begun: Instant) -> Result<Built> {
        let changed = match fs::read(path) {
            Ok(there) => there != self.bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
        };
        if changed {
            replace(path, &self.bytes)
                .with_context(|| format!("can't write {}", path.display()))?;
        }
        Ok(Built {
            path: path.to_owned(),
            bytes: self.bytes.len(),
            imports: self.imports,
            changed,
            time: begun.elapsed(),
        })
    }
}

/// In one step: a host that watches the file never sees half of it.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    // What is not put in its place is removed.
    let mut beside = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(parent)?;
    beside.write_all(bytes)?;
    beside.persist(path)?;
    Ok(())
}

impl Built {
    /// Gives the file the time of this build, also where it is as it was: by that one sees whether its
    /// sources were changed since.
    pub fn dated(self) -> Result<Built> {
        fs::File::options()
            .append(true)
            .open(&self.path)
            .and_then(|file| file.set_modified(SystemTime::now()))
            .with_context(|| format!("can't set the time of {}", self.path.display()))?;
        Ok(self)
    }

    /// Its file and its size, in one line.
    pub fn line(&self) -> String {
        let here = env::current_dir().unwrap_or_default();
        let path = self.path.strip_prefix(here).unwrap_or(&self.path).display();
        let size = self.bytes.div_ceil(1024);
        let unchanged = if self.changed { "" } else { ", unchanged" };
        format!("{path}  {size} KiB{unchanged}")
    }
}

impl fmt::Display for Built {
    /// With what it imports, a line for each package of interfaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, in {:.1} s", self.line(), self.time.as_secs_f64())?;
        let mut packages = BTreeMap::<String, Vec<&str>>::new();
        for import in &self.imports {
            let (package, interface, version) = parts(import);
            packages
                .entry(format!("{package}{version}"))
                .or_default()
                .push(interface);
        }
        let mut word = "imports";
        for (package, mut interfaces) in packages {
            interfaces.sort_unstable();
            writeln!(f, "  {word:7}  {package}: {}", interfaces.join(", "))?;
            word = "";
        }
        Ok(())
    }
}

/// `a:b`, `c` and `@1.0` of `a:b/c@1.0`.
fn parts(import: &str) -> (&str, &str, &str) {
    let (name, version) = import.split_at(import.find('@').unwrap_or(import.len()));
    let (package, interface) = name.split_once('/').unwrap_or((name, ""));
    (package, interface, version)
}

#[cfg(test)]
mod tests {
    use wasmparser::{KnownCustom, Parser, Payload};

    use super::*;

    #[test]
    fn a_file_is_replaced_in_one_step() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plugins/one.wasm");
        replace(&path, b"first").unwrap();
        replace(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_built_again_has_the_time_of_that() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("one.wasm");
        let build = || {
            let component = Component {
                bytes: b"one".to_vec(),
                imports: Vec::new(),
            };
            component.write(&path, Instant::now())
        };
        assert!(build().unwrap().changed);
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let time = || fs::metadata(&path).unwrap().modified().unwrap();
        let unchanged = build().unwrap();
        assert!(!unchanged.changed && time() == SystemTime::UNIX_EPOCH);
        unchanged.dated().unwrap();
        assert!(time() > SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn what_is_no_handler_makes_no_component() {
        let error = |module: &[u8]| match Component::of_typed_module(module) {
            Err(error) => format!("{error:#}"),
            Ok(component) => panic!("{:?}", component.imports),
        };
        assert!(!error(b"hello").is_empty());
        assert_eq!(error(b"\0asm\x01\0\0\0"), "it exports no handler");
    }

    #[test]
    fn what_it_was_written_in_is_said_beside_what_the_engine_was() {
        let component = Component {
            bytes: b"\0asm\x0d\0\x01\0".to_vec(),
            imports: Vec::new(),
        };
        let bytes = component.written_in("Rust").written_in("Python").bytes;
        let mut languages = Vec::new();
        for payload in Parser::new(0).parse_all(&bytes) {
            let Payload::CustomSection(section) = payload.unwrap() else {
                continue;
            };
            let KnownCustom::Producers(fields) = section.as_known() else {
                panic!("{}", section.name());
            };
            for field in fields {
                let field = field.unwrap();
                assert_eq!(field.name, "language");
                languages.extend(field.values.into_iter().map(|of| of.unwrap().name));
            }
        }
        assert_eq!(languages, ["Rust", "Python"]);
    }

    #[test]
    fn imports_are_told_by_package() {
        let built = Built {
            path: "build/one.wasm".into(),
            bytes: 2048,
            imports: [
                "penstock:handler/types@0.1.0",
                "wasi:io/streams@0.2.6",
                "penstock:handler/log@0.1.0",
                "print",
            ]
            .map(str::to_owned)
            .into(),
            changed: true,
            time: Duration::from_millis(340),
        };
        assert_eq!(
            built.to_string(),
            "build/one.wasm  2 KiB, in 0.3 s\n  \
             imports  penstock:handler@0.1.0: log, types\n           \
             print: \n           \
             wasi:io@0.2.6: streams\n"
        );
    }
}
