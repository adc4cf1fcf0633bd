//! What plugins do while they run: wait, print, report.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a guest has no tokio, and its time is real"
)]

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::bindings::exports::pipefitter::action::handler::{Job, Outcome};
use crate::bindings::pipefitter::action::control::{self, StopReason};
use crate::bindings::pipefitter::action::log;
use crate::bindings::pipefitter::action::types::{Continuation, FailureType};
use crate::bindings::wasi::random::random as wasi_random;
use crate::{Answer, config, details, failed, number, succeeded};

/// What a job does once somebody asks it to stop.
fn stopped(reason: StopReason) -> Answer {
    match reason {
        StopReason::HandOver => Ok(Outcome::InProgress(Continuation {
            token: "handed-over".into(),
            details: details(),
        })),
        StopReason::Cancelled => failed(FailureType::JobFailed, "cancelled"),
    }
}

pub(crate) fn sleep(job: &Job) -> Answer {
    let step = Duration::from_millis(number(job, "step-ms").unwrap_or(20));
    let total = number(job, "ms").map(Duration::from_millis);
    let began = Instant::now();
    println!("sleeping");
    while total.is_none_or(|total| began.elapsed() < total) {
        if let Some(reason) = control::stop_requested() {
            println!("asked to stop, {} ms remain", control::time_remaining());
            return stopped(reason);
        }
        thread::sleep(step);
    }
    succeeded(Vec::new())
}

pub(crate) fn deaf() -> Answer {
    println!("deaf");
    thread::sleep(Duration::from_secs(3600));
    succeeded(Vec::new())
}

pub(crate) fn wait_file(job: &Job) -> Answer {
    let granted = Path::new("/granted");
    let started = granted.join(format!("started-{}", job.id));
    // By renaming: who looks for it finds it whole.
    let writing = granted.join(format!("writing-{}", job.id));
    let marked = fs::write(&writing, job.attempt.to_string());
    if let Err(error) = marked.and_then(|()| fs::rename(&writing, &started)) {
        return failed(
            FailureType::PermissionError,
            &format!("{}: {error}", started.display()),
        );
    }
    while !granted.join("go").exists() {
        if let Some(reason) = control::stop_requested() {
            return stopped(reason);
        }
        thread::sleep(Duration::from_millis(5));
    }
    succeeded(vec![("attempt".into(), job.attempt.to_string())])
}

pub(crate) fn progress(job: &Job) -> Answer {
    let steps = number(job, "steps").unwrap_or(4).clamp(1, 100);
    for step in 1..=steps {
        let percent = u8::try_from(step * 100 / steps).ok();
        control::progress(percent, &format!("step {step} of {steps}"));
    }
    succeeded(Vec::new())
}

pub(crate) fn progress_hop(job: &Job) -> Answer {
    if job.continuation_token.is_some() {
        return wait_file(job);
    }
    control::progress(Some(40), "two of five pages");
    Ok(Outcome::InProgress(Continuation {
        token: "more".into(),
        details: details(),
    }))
}

pub(crate) fn print(job: &Job, to_stderr: bool) -> Answer {
    let text = config(job, "text")
        .unwrap_or("a line\\n")
        .replace("\\n", "\n");
    let written = if to_stderr {
        std::io::stderr().write_all(text.as_bytes())
    } else {
        let mut stdout = std::io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
    };
    match written {
        Ok(()) => succeeded(Vec::new()),
        Err(error) => failed(FailureType::JobFailed, &error.to_string()),
    }
}

pub(crate) fn mixed_log() -> Answer {
    for round in 0..20 {
        println!("{round} out");
        log::write(
            log::Level::Info,
            &format!("{round} log"),
            &[("round".into(), round.to_string())],
        );
        eprintln!("{round} err");
    }
    log::write(log::Level::Trace, "not kept", &[]);
    succeeded(vec![(
        "threshold".into(),
        format!("{:?}", log::threshold()),
    )])
}

pub(crate) fn secret_log(job: &Job) -> Answer {
    let value = config(job, config(job, "key").unwrap_or("secret")).unwrap_or("");
    println!("the secret is {value}, and again: {value}");
    eprintln!("{value}");
    print!("in pieces: ");
    for letter in value.chars() {
        print!("{letter}");
        // Each a write of its own.
        let _ = std::io::stdout().flush();
    }
    println!(", and on");
    log::write(
        log::Level::Warn,
        &format!("message {value}"),
        &[("field".into(), value.to_owned())],
    );
    control::progress(None, &format!("progress {value}"));
    failed(FailureType::JobFailed, &format!("failed with {value}"))
}

pub(crate) fn random(job: &Job) -> Answer {
    let bytes = wasi_random::get_random_bytes(number(job, "bytes").unwrap_or(16));
    let hex: Vec<String> = bytes.iter().take(32).map(|b| format!("{b:02x}")).collect();
    succeeded(vec![
        ("hex".into(), hex.concat()),
        ("length".into(), bytes.len().to_string()),
    ])
}

pub(crate) fn chance(job: &Job) -> Answer {
    let Some(output) = job.outputs.first() else {
        return failed(FailureType::ConfigurationError, "there is no output");
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = now.unwrap_or_default().as_secs();
    let order: HashSet<u32> = (0..100).collect();
    let bytes = wasi_random::get_random_bytes(4096);
    let text = format!("{seconds}\n{order:?}\n{bytes:?}\n");
    match fs::write(format!("{}/chance", output.path), text) {
        Ok(()) => succeeded(vec![("seconds".into(), seconds.to_string())]),
        Err(error) => failed(FailureType::JobFailed, &error.to_string()),
    }
}

pub(crate) fn read_env() -> Answer {
    let mut stdin = String::new();
    let read = std::io::Read::read_to_string(&mut std::io::stdin(), &mut stdin);
    succeeded(vec![
        ("variables".into(), std::env::vars().count().to_string()),
        ("arguments".into(), std::env::args().count().to_string()),
        ("stdin".into(), format!("{:?}", read.ok())),
    ])
}
