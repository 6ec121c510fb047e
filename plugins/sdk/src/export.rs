//! From the contract's exports to a [`Handler`].

use std::marker::PhantomData;
use std::panic;
use std::sync::Once;

use crate::bindings::exports::penstock::handler::handler::Guest;
use crate::log::{self, Level};
use crate::{Description, Failure, Handler, Message, Outcome, SettingError, Settings};

/// Export a type that implements [`Handler`] as this component's handler.
#[macro_export]
macro_rules! export {
    ($handler:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            ::std::thread_local! {
                static HANDLER: ::core::cell::RefCell<::core::option::Option<$handler>> =
                    const { ::core::cell::RefCell::new(::core::option::Option::None) };
            }
            struct Here;
            impl $crate::export::Slot for Here {
                type Handler = $handler;
                fn with<R>(f: impl FnOnce(&mut ::core::option::Option<$handler>) -> R) -> R {
                    HANDLER.with_borrow_mut(f)
                }
            }
            type Plugin = $crate::export::Adapter<Here>;
    $crate::bindings::export_bindings!(Plugin with_types_in $crate::bindings);

            #[unsafe(export_name = "penstock:handler/handler@0.1.0#configure")]
            unsafe extern "C" fn configure(
                topic: *const u8,
                topic_length: usize,
                settings: *const $crate::abi::RawSetting,
                settings_count: usize,
            ) -> *const $crate::abi::Answer {
                unsafe {
                    $crate::abi::configure(
                        (topic, topic_length),
                        (settings, settings_count),
                        Plugin::configure,
                    )
                }
            }

            #[unsafe(export_name = "penstock:handler/handler@0.1.0#handle")]
            unsafe extern "C" fn handle(
                partition: i32,
                offset: i64,
                time_kind: i32,
                time: i64,
                has_key: i32,
                key: *const u8,
                key_length: usize,
                has_value: i32,
                value: *const u8,
                value_length: usize,
                has_headers: i32,
                headers: *const $crate::abi::RawHeader,
                headers_count: usize,
            ) -> *const $crate::abi::Answer {
                unsafe {
                    $crate::abi::handle(
                        partition,
                        offset,
                        (time_kind, time),
                        (has_key, key, key_length),
                        (has_value, value, value_length),
                        (has_headers, headers, headers_count),
                        Plugin::handle,
                    )
                }
            }
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> $crate::Description = <$handler as $crate::Handler>::describe;
    };
}

/// Where the one handler of a component lives: a static can't be generic.
pub trait Slot {
    /// The plugin's type.
    type Handler: Handler;
    /// Borrow the place.
    fn with<R>(f: impl FnOnce(&mut Option<Self::Handler>) -> R) -> R;
}

/// The contract's exports, on a [`Slot`].
pub struct Adapter<S>(PhantomData<S>);

impl<S: Slot> Guest for Adapter<S> {
    fn describe() -> Description {
        report_panics();
        S::Handler::describe()
    }
}

impl<S: Slot> Adapter<S> {
    /// The contract's `configure`.
    ///
    /// # Errors
    /// What the handler says is wrong with the settings.
    pub fn configure(topic: String, given: Vec<(String, String)>) -> Result<(), Vec<SettingError>> {
        report_panics();
        let handler = configure::<S::Handler>(&topic, given)?;
        S::with(|slot| *slot = Some(handler));
        Ok(())
    }

    /// The contract's `handle`.
    ///
    /// # Errors
    /// The handler's.
    pub fn handle(message: Message<'_>) -> Result<Outcome, Failure> {
        S::with(|slot| match slot {
            Some(handler) => handler.handle(message),
            None => Err(Failure::crash("handle was called before configure", "")),
        })
    }
}

/// What every `configure` does first.
pub(crate) fn configure<H: Handler>(
    topic: &str,
    given: Vec<(String, String)>,
) -> Result<H, Vec<SettingError>> {
    H::configure(topic, &Settings::check(given, &H::describe())?)
}

/// A trap says where, a panic's message says why: it would be lost, as there is no stderr.
fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| log::write(Level::Error, &info.to_string())));
    });
}
