//! All that is kept is borne.

use std::path::Path;

use penstock_fuzz::{Corpus, replay, targets};

fn borne(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let corpus = Corpus::read(&folder.join(name)).unwrap();
    assert!(corpus.inputs().len() > 5, "{name}: a corpus");
    let mut target = targets::by_name(name).unwrap();
    if let Err((input, why)) = replay(&mut *target, &corpus) {
        panic!("{why}: {}", String::from_utf8_lossy(&input));
    }
}

#[test]
fn components_are_borne() {
    borne("components");
}

#[test]
fn configurations_are_borne() {
    borne("configuration");
}

#[test]
fn records_are_borne() {
    borne("records");
}
