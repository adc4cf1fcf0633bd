//! Keys of `dev` on a terminal: each makes one thing happen to the service.
//!
//! The terminal gives keys as they are pressed and does not show them; Ctrl-C and the like stay
//! signals. It is put back as it was when the session ends. Where nobody sits at a terminal, or the
//! process is in the background, there are no keys.

use std::io::{IsTerminal, Read};

use pipefitter_local::{Command, Slow, Where};
use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use tokio::sync::mpsc;

use crate::config::takes_codes;

/// What each key does, in the order of the help.
const KEYS: &[(u8, &str)] = &[
    (b'h', "an hour passes"),
    (b'd', "a day passes"),
    (b'o', "jobs that wait are offered again"),
    (b'r', "the next acknowledge loses its race"),
    (b't', "the next 5 requests are throttled"),
    (b'f', "the next 3 requests are answered with 500"),
    (b'l', "the answer to the next result is lost"),
    (b's', "the next 10 requests take 2 seconds more"),
    (b'c', "credentials of jobs expire"),
    (b'x', "executions are stopped and abandoned"),
    (b'0', "no more faults"),
];

/// What a key asks for.
pub(super) fn command(key: u8) -> Option<Command> {
    let next = |count| Where {
        count: Some(count),
        ..Where::default()
    };
    Some(match key {
        b'h' => Command::Advance { seconds: 3600.0 },
        b'd' => Command::Advance { seconds: 86_400.0 },
        b'o' => Command::Reoffer { job: None },
        b'r' => Command::LoseRace(next(1)),
        b't' => Command::Throttle(next(5)),
        b'f' => Command::Fail(next(3)),
        b'l' => Command::Drop(Where {
            operation: Some("Put*Job*Result".to_owned()),
            ..next(1)
        }),
        b's' => Command::Slow(Slow {
            operation: None,
            job: None,
            count: Some(10),
            seconds: 2.0,
        }),
        b'c' => Command::ExpireCredentials { job: None },
        b'x' => Command::Abandon { job: None },
        b'0' => Command::Clear {},
        _ => return None,
    })
}

/// The keys in words.
pub(super) fn help() -> String {
    let keys = KEYS.iter().map(|(key, what)| {
        let key = char::from(*key);
        format!("\n  {key}  {what}")
    });
    format!("Keys:{}", keys.collect::<String>())
}

/// The keys that are pressed.
pub(super) struct Keys {
    pressed: mpsc::UnboundedReceiver<u8>,
    _mode: Mode,
}

impl Keys {
    /// None where there is no terminal to take keys from.
    pub(super) fn open() -> Option<Self> {
        let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
        if !stdin.is_terminal() || !takes_codes(&stdout) {
            return None;
        }
        // The system stops a process of the background that changes the terminal.
        let foreground = termios::tcgetpgrp(&stdin).ok()?;
        if foreground != rustix::process::getpgrp() {
            return None;
        }
        let mode = Mode::of_keys()?;
        let (sender, pressed) = mpsc::unbounded_channel();
        // It ends with the process, or at the input's end: a read cannot be called off.
        std::thread::spawn(move || {
            let mut key = [0];
            while matches!(stdin.lock().read(&mut key), Ok(1)) {
                if sender.send(key[0]).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            pressed,
            _mode: mode,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> u8 {
        match self.pressed.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

/// The terminal's mode before, which it gets back.
struct Mode {
    before: Termios,
}

impl Mode {
    fn of_keys() -> Option<Self> {
        let stdin = std::io::stdin();
        let before = termios::tcgetattr(&stdin).ok()?;
        let mut mode = before.clone();
        mode.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        mode.special_codes[SpecialCodeIndex::VMIN] = 1;
        mode.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(&stdin, OptionalActions::Now, &mode).ok()?;
        Some(Self { before })
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to put back.
        let _ = termios::tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_help_does_something() {
        for (key, what) in KEYS {
            assert!(command(*key).is_some(), "{what}");
        }
        assert!(command(b'?').is_none());
        assert!(help().contains("h  an hour passes"));
    }
}
