//! Plugins in each language, from an empty folder to a record that was handled; and the SDKs' own
//! tests. They need the languages' tools: `make test-languages`.

mod each;
mod garbage;
mod project;
mod sdks;
