//! Lines in the host's log: `log::info!("{n} rows")`, and likewise for the other levels.
//!
//! Arguments are formatted only if the host keeps the level. Lines are capped in number and in
//! bytes for each record.

pub use crate::bindings::penstock::handler::log::Level;
use crate::host;

pub use crate::{
    __debug as debug, __error as error, __info as info, __trace as trace, __warn as warn,
};

/// Whether the host keeps lines of this level. The macros ask it.
pub fn enabled(level: Level) -> bool {
    level >= host::max_level()
}

/// Write a line, without asking first.
pub fn write(level: Level, text: &str) {
    host::write(level, text);
}

#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, $($arg:tt)+) => {
        if $crate::log::enabled($crate::log::Level::$level) {
            $crate::log::write($crate::log::Level::$level, &::std::format!($($arg)+));
        }
    };
}

/// Step by step.
#[doc(hidden)]
#[macro_export]
macro_rules! __trace { ($($arg:tt)+) => { $crate::__log!(Trace, $($arg)+) }; }

/// For the plugin's author.
#[doc(hidden)]
#[macro_export]
macro_rules! __debug { ($($arg:tt)+) => { $crate::__log!(Debug, $($arg)+) }; }

/// Worth knowing.
#[doc(hidden)]
#[macro_export]
macro_rules! __info { ($($arg:tt)+) => { $crate::__log!(Info, $($arg)+) }; }

/// Worth a look.
#[doc(hidden)]
#[macro_export]
macro_rules! __warn { ($($arg:tt)+) => { $crate::__log!(Warn, $($arg)+) }; }

/// Something broke.
#[doc(hidden)]
#[macro_export]
macro_rules! __error { ($($arg:tt)+) => { $crate::__log!(Error, $($arg)+) }; }
