//! Write Penstock handlers in Rust.
//!
//! A handler gets one Kafka record a call, emits records to its logical outputs, and answers what
//! became of it. Implement [`Handler`], name it in [`export!`], build for `wasm32-unknown-unknown`:
//!
//! ```
//! use penstock_sdk::prelude::*;
//!
//! const LOUD: Output = Output::new(0, "loud", "Each text, in capitals");
//!
//! pub struct Shout {
//!     mark: String,
//! }
//!
//! impl Handler for Shout {
//!     fn describe() -> Description {
//!         Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
//!             .output(LOUD)
//!             .setting("mark", "What to end with", "!")
//!     }
//!
//!     fn configure(_topic: &str, settings: &Settings) -> Result<Self, Vec<SettingError>> {
//!         let mark = settings.get("mark").unwrap_or("!").to_owned();
//!         Ok(Shout { mark })
//!     }
//!
//!     fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
//!         let Some(value) = message.value else {
//!             return Ok(Outcome::skip("tombstone", "nothing to shout"));
//!         };
//!         let text = std::str::from_utf8(value)
//!             .map_err(|error| Failure::reject("not-text", error.to_string()))?;
//!         log::debug!("{} bytes at offset {}", value.len(), message.offset);
//!         LOUD.emit(message.key, text.to_uppercase() + &self.mark);
//!         Ok(Outcome::Done)
//!     }
//! }
//!
//! penstock_sdk::export!(Shout);
//!
//! // Off WebAssembly the host is a fake, so that a plugin is tested as any other code:
//! use penstock_sdk::testing::{Instance, message};
//!
//! let mut shout = Instance::<Shout>::new("texts", &[("mark", "?")]).unwrap();
//! let run = shout.handle(message("hello"));
//! assert_eq!(run.result, Ok(Outcome::Done));
//! assert_eq!(run.outputs[0].value_str(), "HELLO?");
//! ```
//!
//! What holds:
//! - What was emitted is sent when `handle` answers [`Outcome::Done`], and dropped otherwise.
//! - A panic is logged with file and line, the record fails, and the next record has a fresh
//!   instance: keep in `self` only what may be lost.
//! - The same record may come again. There is no clock and no randomness but
//!   [`context::now_ms`] and [`context::seed`], which answer the same each time: derive ids from
//!   the record, and a repetition repeats them.

#[cfg(any(target_arch = "wasm32", test))]
#[doc(hidden)]
pub mod abi;
#[doc(hidden)]
#[allow(
    missing_docs,
    unsafe_op_in_unsafe_fn,
    clippy::undocumented_unsafe_blocks
)]
#[rustfmt::skip]
pub mod bindings;
pub mod context;
mod description;
#[doc(hidden)]
pub mod export;
mod handler;
mod host;
pub mod json;
pub mod log;
mod message;
mod output;
mod settings;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod verdict;

pub use bindings::penstock::handler::types::{
    CrashInfo, Description, Failure, Header, Outcome, OutputSpec, Reason, RetryInfo, SettingError,
    SettingSpec, Timestamp,
};
pub use handler::Handler;
pub use message::Message;
pub use output::{Output, Record};
pub use settings::Settings;

/// All that a handler usually needs.
pub mod prelude {
    pub use crate::{
        Description, Failure, Handler, Header, Message, Outcome, Output, Record, SettingError,
        Settings, Timestamp, context, json, log,
    };
}

/// The guide's plugin compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/first-plugin.md")]
pub mod first_plugin {}
