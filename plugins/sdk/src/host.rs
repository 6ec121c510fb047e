//! The host's functions: the contract's imports in WebAssembly, a fake elsewhere.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::penstock::handler::{
    context::{attempt, now_ms, seed},
    log::{max_level, write},
    outputs::emit,
};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::fake::{attempt, emit, max_level, now_ms, seed, write};
