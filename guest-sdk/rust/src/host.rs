//! The host's functions. In a component they are the contract's imports; natively they print, and
//! keep what was said for the test that runs on the same thread.

#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::{progress, stop_requested, threshold, time_remaining, write};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{progress, stop_requested, threshold, time_remaining, with, write};

#[cfg(target_arch = "wasm32")]
mod wasm {
    use std::time::Duration;

    use crate::control::StopReason;
    use crate::export::wire::bindings::pipefitter::action::{control, log};
    use crate::log::Level;

    pub(crate) fn write(level: Level, message: &str, fields: &[(String, String)]) {
        let level = match level {
            Level::Trace => log::Level::Trace,
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        log::write(level, message, fields);
    }

    pub(crate) fn threshold() -> Level {
        match log::threshold() {
            log::Level::Trace => Level::Trace,
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        }
    }

    pub(crate) fn progress(percent: Option<u8>, summary: &str) {
        control::progress(percent, summary);
    }

    pub(crate) fn stop_requested() -> Option<StopReason> {
        control::stop_requested().map(|reason| match reason {
            control::StopReason::Cancelled => StopReason::Cancelled,
            control::StopReason::HandOver => StopReason::HandOver,
        })
    }

    pub(crate) fn time_remaining() -> Duration {
        Duration::from_millis(u64::from(control::time_remaining()))
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::cell::RefCell;
    use std::time::Duration;

    use crate::control::StopReason;
    use crate::log::Level;
    use crate::testing::{LogLine, Progress};

    /// The host that a native test plays.
    pub(crate) struct Host {
        pub(crate) log: Vec<LogLine>,
        pub(crate) progress: Vec<Progress>,
        pub(crate) threshold: Level,
        pub(crate) stop: Option<StopReason>,
        pub(crate) time_remaining: Duration,
    }

    thread_local! {
        static HOST: RefCell<Host> = const {
            RefCell::new(Host {
                log: Vec::new(),
                progress: Vec::new(),
                threshold: Level::Trace,
                stop: None,
                time_remaining: Duration::from_millis(u32::MAX as u64),
            })
        };
    }

    pub(crate) fn with<T>(f: impl FnOnce(&mut Host) -> T) -> T {
        HOST.with_borrow_mut(f)
    }

    pub(crate) fn write(level: Level, message: &str, fields: &[(String, String)]) {
        if level < threshold() {
            return;
        }
        for text in message.lines() {
            let mut shown = format!("{level:<5} {text}");
            for (name, value) in fields {
                shown.push_str(&format!(" {name}={value}"));
            }
            println!("{shown}");
            with(|host| {
                host.log.push(LogLine {
                    level,
                    text: text.to_owned(),
                    fields: fields.to_vec(),
                });
            });
        }
    }

    pub(crate) fn threshold() -> Level {
        with(|host| host.threshold)
    }

    pub(crate) fn progress(percent: Option<u8>, summary: &str) {
        with(|host| {
            host.progress.push(Progress {
                percent,
                summary: summary.to_owned(),
            })
        });
    }

    pub(crate) fn stop_requested() -> Option<StopReason> {
        with(|host| host.stop)
    }

    pub(crate) fn time_remaining() -> Duration {
        with(|host| host.time_remaining)
    }
}
