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

    fn configure(topic: String, given: Vec<(String, String)>) -> Result<(), Vec<SettingError>> {
        report_panics();
        let handler = configure::<S::Handler>(&topic, given)?;
        S::with(|slot| *slot = Some(handler));
        Ok(())
    }

    fn handle(message: Message) -> Result<Outcome, Failure> {
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
