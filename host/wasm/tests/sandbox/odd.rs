//! Components that no toolchain would build: a core module in text, wrapped with a contract.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract's text.
pub const CONTRACT: &str = include_str!("../../../../wit/penstock-handler/0.1.0/handler.wit");

const HANDLER: &str = "penstock:handler/handler@0.1.0";

/// A component to be.
pub struct Odd {
    contract: String,
    world: &'static str,
    packages: Vec<&'static str>,
    version: &'static str,
    body: String,
    handle: String,
    start: String,
    configure: String,
    describe: String,
    realloc: String,
    memory_pages: u32,
    sections: Vec<(&'static str, Vec<u8>)>,
}

impl Default for Odd {
    /// A handler that answers `done` and does nothing else.
    fn default() -> Self {
        Odd {
            contract: CONTRACT.to_owned(),
            world: "penstock:handler/plugin",
            packages: Vec::new(),
            version: "0.1.0",
            body: String::new(),
            handle: String::new(),
            start: String::new(),
            configure: String::new(),
            describe: String::new(),
            realloc: String::new(),
            memory_pages: 1,
            sections: Vec::new(),
        }
    }
}

impl Odd {
    /// Another text of the contract.
    pub fn contract(mut self, from: &str, to: &str) -> Self {
        assert!(self.contract.contains(from), "the contract lacks {from:?}");
        self.contract = self.contract.replace(from, to);
        self
    }

    /// The contract in another version, imports and exports alike.
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self.contract("@0.1.0", &format!("@{version}"))
    }

    /// Another world, in a package of its own, with the packages that it uses.
    pub fn world(mut self, world: &'static str, packages: &[&'static str]) -> Self {
        self.world = world;
        self.packages = packages.to_vec();
        self
    }

    /// Imports and functions of the core module.
    pub fn body(mut self, wat: &str) -> Self {
        self.body = wat.to_owned();
        self
    }

    /// What `handle` does before it answers with the 64 bytes at address 256 (zeros: `done`).
    pub fn handle(mut self, wat: &str) -> Self {
        self.handle = wat.to_owned();
        self
    }

    /// What `configure` does before it answers that all is well.
    pub fn configure(mut self, wat: &str) -> Self {
        self.configure = wat.to_owned();
        self
    }

    /// What the start function does.
    pub fn start(mut self, wat: &str) -> Self {
        self.start = wat.to_owned();
        self
    }

    /// What `describe` does before it answers with the 64 bytes at address 256.
    pub fn describe(mut self, wat: &str) -> Self {
        self.describe = wat.to_owned();
        self
    }

    /// What is done whenever the host asks for `$size` bytes of memory, before it is given the next
    /// ones, at `$free`.
    pub fn realloc(mut self, wat: &str) -> Self {
        self.realloc = wat.to_owned();
        self
    }

    pub fn memory_pages(mut self, pages: u32) -> Self {
        self.memory_pages = pages;
        self
    }

    /// So many custom sections that nobody reads.
    pub fn sections(mut self, count: usize) -> Self {
        self.sections
            .extend((0..count).map(|_| ("noise", b"noise".to_vec())));
        self
    }

    /// The sections of debug information, all of the same bytes.
    pub fn debug_information(mut self, bytes: &[u8]) -> Self {
        let names = [".debug_info", ".debug_abbrev", ".debug_line", ".debug_str"];
        self.sections
            .extend(names.map(|name| (name, bytes.to_vec())));
        self
    }

    pub fn core_module(&self) -> Vec<u8> {
        let Odd {
            body,
            handle,
            start,
            configure,
            describe,
            realloc,
            memory_pages,
            ..
        } = self;
        let handler = HANDLER.replace("0.1.0", self.version);
        let wat = format!(
            r#"(module
              {body}
              (memory (export "memory") {memory_pages})
              (global $free (mut i32) (i32.const 4096))
              (func (export "cabi_realloc")
                (param i32 i32 i32) (param $size i32) (result i32)
                (local $at i32)
                {realloc}
                (local.set $at (global.get $free))
                (global.set $free
                  (i32.add (global.get $free)
                    (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -16))))
                (local.get $at))
              (func $start {start})
              (start $start)
              (func (export "{handler}#describe") (result i32) {describe} (i32.const 256))
              (func (export "{handler}#configure")
                (param $topic i32) (param $topic_len i32) (param i32 i32) (result i32)
                {configure}
                (i32.const 256))
              (func (export "{handler}#handle")
                (param $partition i32) (param $offset i64) (param $timestamp i32) (param $ms i64)
                (param $key i32) (param $key_at i32) (param $key_len i32)
                (param $value i32) (param $value_at i32) (param $value_len i32)
                (param $headers i32) (param $headers_at i32) (param $headers_len i32) (result i32)
                {handle}
                (i32.const 256)))"#
        );
        let mut module = wat::parse_str(wat).unwrap();
        for (name, bytes) in &self.sections {
            custom_section(&mut module, name, bytes);
        }
        module
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let mut package = resolve.push_str("handler.wit", &self.contract).unwrap();
        for text in &self.packages {
            package = resolve.push_str("other.wit", text).unwrap();
        }
        let world = resolve.select_world(&[package], Some(self.world)).unwrap();
        let mut module = self.core_module();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default()
            .module(&module)
            .unwrap()
            .encode()
            .unwrap()
    }

    /// Written to a file, which lives as long as the folder.
    pub fn write(&self) -> (TempDir, PathBuf) {
        write(&self.bytes())
    }
}

fn custom_section(module: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let name_len = u8::try_from(name.len()).unwrap();
    let content = [&[name_len], name.as_bytes(), bytes].concat();
    section(module, 0, &content);
}

/// Puts a section at the end of a module or component.
pub fn section(binary: &mut Vec<u8>, id: u8, content: &[u8]) {
    binary.push(id);
    let mut len = content.len();
    while len >= 0x80 {
        binary.push(len as u8 | 0x80);
        len >>= 7;
    }
    binary.push(len as u8);
    binary.extend_from_slice(content);
}

/// Bytes in a file of their own.
pub fn write(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.wasm");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}
