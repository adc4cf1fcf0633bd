//! Log, time, chance, secrets, and the host's wish to end.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the guest's own clocks"
)]

use std::io::{self, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::host::{Answer, Failed, Host, succeeded};

pub(crate) fn stop(host: &Host) -> Result<Answer, Failed> {
    host.log("info", "waiting")?;
    loop {
        let answer = host.ask("stop_requested", &json!({}))?;
        if let Some(reason) = answer.as_str() {
            let token = format!("stopped: {}", reason.replace('_', "-"));
            return Ok(json!({ "in_progress": { "token": token } }));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn deadline(host: &Host) -> Result<Answer, Failed> {
    let left = host.ask("time_remaining", &json!({}))?.as_u64();
    let known = left.is_some_and(|left| (1..=86_400_000).contains(&left));
    host.log(
        "info",
        &format!("remaining: {}", if known { "yes" } else { "no" }),
    )?;
    loop {
        std::hint::spin_loop();
    }
}

pub(crate) fn log(host: &Host) -> Result<Answer, Failed> {
    for level in ["trace", "debug", "info", "warn", "error"] {
        let message = format!("level {level}");
        host.say(
            "log",
            &json!({ "level": level, "message": message, "fields": { "key": "value" } }),
        )?;
    }
    host.log("info", &"l".repeat(100_000))?;
    println!("to standard output");
    eprintln!("to standard error");
    io::stdout().write_all(b"bad \xff byte\n")?;
    Ok(succeeded(json!({})))
}

#[allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the guest's own clocks"
)]
pub(crate) fn clock() -> Answer {
    const YEAR_2024: u64 = 1_704_067_200;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let wall = now.is_ok_and(|now| now.as_secs() >= YEAR_2024);
    let mut last = Instant::now();
    let monotonic = (0..1_000).all(|_| {
        let before = std::mem::replace(&mut last, Instant::now());
        last >= before
    });
    let told = |right: bool| if right { "yes" } else { "no" };
    succeeded(json!({ "wall": told(wall), "monotonic": told(monotonic) }))
}

pub(crate) fn random() -> Result<Answer, Failed> {
    let (one, other) = (draw()?, draw()?);
    let hex: String = one.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(succeeded(json!({
        "differ": if one == other { "no" } else { "yes" },
        "bytes": hex,
    })))
}

fn draw() -> Result<[u8; 16], Failed> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Failed::job)?;
    Ok(bytes)
}

pub(crate) fn secret(host: &Host) -> Result<Answer, Failed> {
    let get = |name: &str| host.ask("secret", &json!({ "name": name }));
    let secret = get("conformance")?;
    let text = secret["ok"].as_str().ok_or_else(|| {
        Failed::new(
            "permission_error",
            format!("no secret: {}", secret["error"]),
        )
    })?;
    let denied = get("other")?["error"] == "denied";
    Ok(succeeded(json!({
        "length": text.chars().count().to_string(),
        "denied": if denied { "yes" } else { "no" },
    })))
}
