//! Log, time, chance, and the host's wish to end.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the guest's own clocks"
)]

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pipefitter_sdk::control::{self, StopReason};
use pipefitter_sdk::{Outcome, log};

pub(crate) fn stop() -> Outcome {
    log::info!("waiting");
    let reason = loop {
        if let Some(reason) = control::stop_requested() {
            break reason;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let reason = match reason {
        StopReason::HandOver => "hand-over",
        _ => "cancelled",
    };
    Outcome::in_progress(format!("stopped: {reason}"))
}

pub(crate) fn deadline() -> ! {
    let left = control::time_remaining();
    let known = left > Duration::ZERO && left <= Duration::from_secs(86_400);
    log::info!("remaining: {}", if known { "yes" } else { "no" });
    loop {
        std::hint::spin_loop();
    }
}

pub(crate) fn log() -> Outcome {
    log::trace!(key = "value"; "level trace");
    log::debug!(key = "value"; "level debug");
    log::info!(key = "value"; "level info");
    log::warn!(key = "value"; "level warn");
    log::error!(key = "value"; "level error");
    log::info!("{}", "l".repeat(100_000));
    println!("to standard output");
    eprintln!("to standard error");
    // Nothing is lost where it cannot be written.
    let _ = std::io::stdout().write_all(b"bad \xff byte\n");
    Outcome::succeeded()
}

#[allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the guest's own clocks"
)]
pub(crate) fn clock() -> Outcome {
    const YEAR_2024: u64 = 1_704_067_200;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let wall = now.is_ok_and(|now| now.as_secs() >= YEAR_2024);
    let mut last = Instant::now();
    let monotonic = (0..1_000).all(|_| {
        let before = std::mem::replace(&mut last, Instant::now());
        last >= before
    });
    let told = |right: bool| if right { "yes" } else { "no" };
    Outcome::succeeded()
        .variable("wall", told(wall))
        .variable("monotonic", told(monotonic))
}

pub(crate) fn random() -> Outcome {
    let (one, other) = (draw(), draw());
    let hex: String = one.iter().map(|byte| format!("{byte:02x}")).collect();
    Outcome::succeeded()
        .variable("differ", if one == other { "no" } else { "yes" })
        .variable("bytes", hex)
}

#[cfg(target_family = "wasm")]
fn draw() -> Vec<u8> {
    wasip2::random::random::get_random_bytes(16)
}

#[cfg(not(target_family = "wasm"))]
fn draw() -> Vec<u8> {
    Vec::new()
}
