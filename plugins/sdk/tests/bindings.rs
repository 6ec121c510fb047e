//! The bindings of the SDKs are what wit-bindgen makes of `wit/`, to the byte.
//!
//! They are kept in the repository, because the generators take longer to build than the plugins,
//! and so that nobody who writes a plugin needs them. After a change of the contract:
//! `UPDATE_BINDINGS=1 cargo test -p penstock-sdk --test bindings`.

use std::fs;
use std::path::{Path, PathBuf};

use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};

#[test]
fn rust() {
    let options = wit_bindgen_rust::Opts {
        format: true,
        pub_export_macro: true,
        export_macro_name: Some("export_bindings".to_owned()),
        default_bindings_module: Some("penstock_sdk::bindings".to_owned()),
        runtime_path: Some("wit_bindgen::rt".to_owned()),
        generate_all: true,
        skip: vec!["configure".to_owned(), "handle".to_owned()],
        additional_derive_attributes: vec!["PartialEq".to_owned()],
        ..Default::default()
    };
    let files = generate(Box::new(options.build()));
    let (_, bindings) = files.iter().next().expect("one file");
    same(&plugins().join("sdk/src/bindings.rs"), bindings);
}

#[test]
fn c() {
    let options = wit_bindgen_c::Opts {
        // What is in it is added when the component is made.
        no_object_file: true,
        ..Default::default()
    };
    same_files("sdk-c/generated", generate(options.build()));
}

#[test]
fn go() {
    let options = wit_bindgen_go::Opts {
        format: wit_bindgen_go::Format::False,
        pkg_name: Some("penstock/sdk/internal/wit".to_owned()),
        ..Default::default()
    };
    same_files("sdk-go/internal/wit", generate(options.build()));
}

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn generate(mut generator: Box<dyn WorldGenerator>) -> Files {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(newest_contract())
        .expect("parse the contract");
    let world = resolve
        .select_world(&[package], Some("plugin"))
        .expect("the contract has a world");
    let mut files = Files::default();
    generator
        .generate(&mut resolve, world, &mut files)
        .expect("generate the bindings");
    files
}

fn newest_contract() -> PathBuf {
    let versions = fs::read_dir(plugins().join("../wit/penstock-handler")).expect("it is there");
    let paths = versions.map(|entry| entry.expect("it can be read").path());
    let newest = paths.filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        let numbers = name.split('.').map(|number| number.parse::<u32>().ok());
        Some((numbers.collect::<Option<Vec<_>>>()?, path))
    });
    newest.max().expect("a version").1
}

fn same_files(folder: &str, files: Files) {
    let folder = plugins().join(folder);
    for (name, bytes) in files.iter() {
        same(&folder.join(name), bytes);
    }
}

fn same(file: &Path, wanted: &[u8]) {
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        let folder = file.parent().expect("it lies in a folder");
        fs::create_dir_all(folder).expect("make the folder");
        fs::write(file, wanted).expect("write the bindings");
    }
    let found = fs::read(file).unwrap_or_default();
    assert!(
        found == wanted,
        "{} differs from wit/: run UPDATE_BINDINGS=1 cargo test -p penstock-sdk --test bindings",
        file.display()
    );
}
