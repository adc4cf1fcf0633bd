//! The host's functions. In a component they are the contract's imports; natively they print, and
//! keep what was said for the test that runs on the same thread.

#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::{
    progress, secret, secret_bytes, stop_requested, threshold, time_remaining, write,
};

#[cfg(all(feature = "http", target_arch = "wasm32"))]
pub(crate) use crate::http_wasm::request;
#[cfg(all(feature = "http", not(target_arch = "wasm32")))]
pub(crate) use native::request;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{
    progress, secret, secret_bytes, stop_requested, threshold, time_remaining, with, write,
};

#[cfg(target_arch = "wasm32")]
mod wasm {
    use std::time::Duration;

    use crate::control::StopReason;
    use crate::export::wire::bindings::pipefitter::action::{control, log};
    use crate::log::Level;
    use crate::secrets::SecretError;

    /// Generated from the world `needs-secrets`: apart from the world that every plugin is built for, so
    /// that a plugin imports it only by calling it.
    #[allow(
        unsafe_code,
        reason = "the component model's ABI is raw pointers; the code is generated"
    )]
    #[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
    mod granted {
        wit_bindgen::generate!({
            path: "wit",
            world: "pipefitter:action/needs-secrets",
        });
    }

    use granted::pipefitter::action::secrets;

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

    pub(crate) fn secret(name: &str) -> Result<String, SecretError> {
        secrets::get(name).map_err(|error| no_secret(name, error))
    }

    pub(crate) fn secret_bytes(name: &str) -> Result<Vec<u8>, SecretError> {
        secrets::get_bytes(name).map_err(|error| no_secret(name, error))
    }

    fn no_secret(name: &str, error: secrets::SecretError) -> SecretError {
        let name = name.to_owned();
        match error {
            secrets::SecretError::Denied => SecretError::Denied { name },
            secrets::SecretError::Missing => SecretError::Missing { name },
            secrets::SecretError::Unavailable => SecretError::Unavailable { name },
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::time::Duration;

    use crate::control::StopReason;
    use crate::log::Level;
    use crate::secrets::SecretError;
    use crate::testing::{LogLine, Progress};

    /// The host that a native test plays.
    pub(crate) struct Host {
        pub(crate) log: Vec<LogLine>,
        pub(crate) progress: Vec<Progress>,
        pub(crate) threshold: Level,
        pub(crate) stop: Option<StopReason>,
        pub(crate) time_remaining: Duration,
        pub(crate) secrets: BTreeMap<String, Result<Vec<u8>, SecretError>>,
        #[cfg(feature = "http")]
        pub(crate) responses: BTreeMap<String, crate::http::Response>,
        #[cfg(feature = "http")]
        pub(crate) requests: Vec<(String, String, Vec<u8>)>,
    }

    thread_local! {
        static HOST: RefCell<Host> = const {
            RefCell::new(Host {
                log: Vec::new(),
                progress: Vec::new(),
                threshold: Level::Trace,
                stop: None,
                time_remaining: Duration::from_millis(u32::MAX as u64),
                secrets: BTreeMap::new(),
                #[cfg(feature = "http")]
                responses: BTreeMap::new(),
                #[cfg(feature = "http")]
                requests: Vec::new(),
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
    pub(crate) fn secret(name: &str) -> Result<String, SecretError> {
        let bytes = secret_bytes(name)?;
        // The host's secrets that are asked for as text are text.
        String::from_utf8(bytes).map_err(|_| SecretError::Missing {
            name: name.to_owned(),
        })
    }

    pub(crate) fn secret_bytes(name: &str) -> Result<Vec<u8>, SecretError> {
        with(|host| host.secrets.get(name).cloned()).unwrap_or_else(|| {
            Err(SecretError::Denied {
                name: name.to_owned(),
            })
        })
    }

    #[cfg(feature = "http")]
    pub(crate) fn request(asked: &crate::http::Request) -> Result<crate::http::Response, String> {
        let answer = with(|host| {
            let seen = (asked.method.clone(), asked.url.clone(), asked.body.clone());
            host.requests.push(seen);
            host.responses.get(&asked.url).cloned()
        });
        let answer = answer.ok_or_else(|| "http-request-denied".to_owned())?;
        if answer.body.len() > asked.most {
            return Err(format!(
                "the answer has more than {} bytes: raise it with `at_most`",
                asked.most
            ));
        }
        Ok(answer)
    }
}
