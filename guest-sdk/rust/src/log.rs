//! The job's log.
//!
//! What is written here, to standard output (as info) and to standard error (as warn) goes to one
//! log, in order, with secrets masked. The log has a budget; what is over it is dropped, and a line
//! says how much. Natively the lines go to standard output.
//!
//! ```
//! use pipefitter_sdk::log;
//!
//! let pages = 3;
//! log::info!("built {pages} pages");
//! log::warn!(page = "guide.md", line = 7; "no such file: {}", "old.md");
//! ```

use std::fmt;

use crate::host;

/// How much a line matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Finest detail.
    Trace,
    /// For whoever develops the plugin.
    Debug,
    /// What a pipeline's owner may want to read.
    Info,
    /// Something is odd, the work goes on.
    Warn,
    /// Something failed.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        })
    }
}

/// The least level that is kept: messages below it need not be made. The macros ask it.
#[must_use]
pub fn threshold() -> Level {
    host::threshold()
}

/// Writes a message. Line ends split it into lines; `fields` are names and values that go with each.
pub fn write(level: Level, message: impl AsRef<str>, fields: &[(String, String)]) {
    host::write(level, message.as_ref(), fields);
}

/// Writes at a level: `log!(Level::Info, "text {}", x)`, with fields `log!(level, pages = 3; "text")`.
#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:expr, $($name:ident = $value:expr),+ $(,)?; $($message:tt)+) => {{
        let level = $level;
        if level >= $crate::log::threshold() {
            $crate::log::write(
                level,
                ::std::format!($($message)+),
                &[$((::std::stringify!($name).to_owned(), ::std::string::ToString::to_string(&$value))),+],
            );
        }
    }};
    ($level:expr, $($message:tt)+) => {{
        let level = $level;
        if level >= $crate::log::threshold() {
            $crate::log::write(level, ::std::format!($($message)+), &[]);
        }
    }};
}

/// Finest detail.
#[doc(hidden)]
#[macro_export]
macro_rules! __trace {
    ($($message:tt)+) => { $crate::log::log!($crate::log::Level::Trace, $($message)+) };
}

/// For whoever develops the plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __debug {
    ($($message:tt)+) => { $crate::log::log!($crate::log::Level::Debug, $($message)+) };
}

/// What a pipeline's owner may want to read.
#[doc(hidden)]
#[macro_export]
macro_rules! __info {
    ($($message:tt)+) => { $crate::log::log!($crate::log::Level::Info, $($message)+) };
}

/// Something is odd, the work goes on.
#[doc(hidden)]
#[macro_export]
macro_rules! __warn {
    ($($message:tt)+) => { $crate::log::log!($crate::log::Level::Warn, $($message)+) };
}

/// Something failed.
#[doc(hidden)]
#[macro_export]
macro_rules! __error {
    ($($message:tt)+) => { $crate::log::log!($crate::log::Level::Error, $($message)+) };
}

#[doc(inline)]
pub use __log as log;
#[doc(inline)]
pub use {__debug as debug, __error as error, __info as info, __trace as trace, __warn as warn};
