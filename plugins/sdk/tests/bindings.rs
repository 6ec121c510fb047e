//! `src/bindings.rs` is what wit-bindgen makes of `wit/`, to the byte.
//!
//! It is kept in the repository because the generator takes longer to build than the plugins.
//! After a change of the contract: `UPDATE_BINDINGS=1 cargo test -p penstock-sdk --test bindings`.

use std::path::Path;

use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::Opts;

#[test]
fn the_bindings_are_those_of_the_contract() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = sdk.join("src/bindings.rs");
    let wanted = generate(&sdk.join("../../wit/penstock-handler/v0.1"));
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::write(&file, &wanted).expect("write the bindings");
    }
    let found = std::fs::read_to_string(&file).expect("read the bindings");
    assert!(
        found == wanted,
        "src/bindings.rs differs from wit/: run UPDATE_BINDINGS=1 cargo test -p penstock-sdk --test bindings"
    );
}

fn generate(contract: &Path) -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(contract).expect("parse the contract");
    let world = resolve
        .select_world(&[package], Some("plugin"))
        .expect("the contract has a world");
    let options = Opts {
        format: true,
        pub_export_macro: true,
        export_macro_name: Some("export_bindings".to_owned()),
        default_bindings_module: Some("penstock_sdk::bindings".to_owned()),
        runtime_path: Some("wit_bindgen::rt".to_owned()),
        generate_all: true,
        skip: vec!["configure".to_owned(), "handle".to_owned()],
        additional_derive_attributes: vec!["PartialEq".to_owned()],
        ..Opts::default()
    };
    let mut files = Files::default();
    options
        .build()
        .generate(&mut resolve, world, &mut files)
        .expect("generate the bindings");
    let (_, bytes) = files.iter().next().expect("one file");
    String::from_utf8(bytes.to_vec()).expect("Rust is UTF-8")
}
