//! From an error of wasmtime's to a fault that a pipeline's owner understands.
//!
//! Some limits are wasmtime's own and end a call with an error whose type is private: these are known by
//! their text, and a test hits each, so that an update that changes one is noticed.

use wasmtime::component::ResourceTableError;
use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::engine::WASM_STACK;
use crate::limiter::{INSTANCES, MEMORIES, TABLES};
use crate::run::{HOSTCALL_FUEL, MAX_HANDLES};
use crate::runner::{Fault, Limit};
use crate::state::{MAX_RANDOM, MAX_RESOURCES};
use crate::text;

/// Frames in a fault, innermost first.
const MAX_FRAMES: usize = 10;
/// Characters of a cause that is quoted.
const MAX_TEXT: usize = 500;

/// A fault of a running guest.
pub(crate) fn of_call(error: &Error) -> Fault {
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return Fault::Exited {
            success: *status == 0,
        };
    }
    if let Some(fault) = limit(error) {
        return fault;
    }
    let what = match error.downcast_ref::<Trap>() {
        Some(trap) => words(*trap),
        None => one_line(&error.root_cause().to_string()),
    };
    Fault::Trap {
        what,
        frames: error
            .downcast_ref::<WasmBacktrace>()
            .map(frames)
            .unwrap_or_default(),
    }
}

/// A fault before the plugin's own code was called. Its start functions may trap, too.
pub(crate) fn of_start(error: &Error) -> Fault {
    if error.is::<Trap>() || error.is::<I32Exit>() {
        return of_call(error);
    }
    limit(error).unwrap_or_else(|| {
        Fault::Start(format!(
            "the plugin cannot be instantiated: {}",
            one_line(&error.root_cause().to_string())
        ))
    })
}

fn limit(error: &Error) -> Option<Fault> {
    let hit = |limit, value: String| Some(Fault::Limit { limit, value });
    if let Some(Trap::StackOverflow) = error.downcast_ref() {
        return hit(Limit::Stack, text::size(WASM_STACK as u64));
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return hit(
            Limit::Handles,
            format!("{MAX_RESOURCES} open files and streams"),
        );
    }
    let cause = error.root_cause().to_string();
    if cause.contains("fuel allocated for hostcalls has been exhausted") {
        return hit(
            Limit::HostcallData,
            format!("{} in one call", text::size(HOSTCALL_FUEL as u64)),
        );
    }
    if cause.starts_with("requested len") && cause.contains("exceeds limit") {
        return hit(
            Limit::HostcallData,
            format!("{} of random bytes in one call", text::size(MAX_RANDOM)),
        );
    }
    if cause.contains("store handle limit exceeded") {
        return hit(Limit::Handles, format!("{MAX_HANDLES} handles"));
    }
    match cause
        .strip_prefix("resource limit exceeded: ")?
        .split_once(' ')?
        .0
    {
        "memory" => hit(Limit::Instances, format!("{MEMORIES} memories")),
        "table" => hit(Limit::Instances, format!("{TABLES} tables")),
        _ => hit(Limit::Instances, format!("{INSTANCES} instances")),
    }
}

fn words(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => {
            "it panicked or aborted (an `unreachable` instruction was executed)".into()
        }
        Trap::MemoryOutOfBounds => "it accessed memory out of bounds".into(),
        Trap::TableOutOfBounds | Trap::IndirectCallToNull => {
            "it called a function pointer that points to no function".into()
        }
        Trap::BadSignature => "it called a function pointer of another type".into(),
        Trap::IntegerOverflow => "an integer operation overflowed".into(),
        Trap::IntegerDivisionByZero => "it divided an integer by zero".into(),
        Trap::BadConversionToInteger => {
            "it converted a float to an integer that cannot hold it".into()
        }
        Trap::CannotEnterComponent => "it was called while it was calling".into(),
        Trap::CannotLeaveComponent => "it called the host where it may not".into(),
        Trap::InvalidChar
        | Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidDiscriminant
        | Trap::UnalignedPointer => {
            format!("it gave the host a value that is none ({trap}); its bindings may be broken")
        }
        other => {
            let text = other.to_string();
            text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
        }
    }
}

/// Function names as wasmtime prints them, which demangles them: `   0:   0x1f - module!function`.
fn frames(trace: &WasmBacktrace) -> Vec<String> {
    let printed = trace.to_string();
    let names = printed.lines().skip(1).filter_map(|line| {
        let line = line.trim_start();
        let name = match line.split_once(" - ") {
            Some((_, name)) => name,
            None => line.strip_prefix("- ")?,
        };
        let function = name.split_once('!').map_or(name, |(_, function)| function);
        Some(one_line(function))
    });
    names.take(MAX_FRAMES).collect()
}

fn one_line(said: &str) -> String {
    let cleaned = text::clean(&said.replace(['\n', '\r'], " "));
    text::first_chars(&cleaned, MAX_TEXT).to_owned()
}
