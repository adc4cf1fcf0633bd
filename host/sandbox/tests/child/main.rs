//! A child for the suites: as the binary's, with an import that makes any system call, as a guest could that has
//! broken out of wasm.

use std::process::ExitCode;
use std::time::Duration;

use pipefitter_sandbox::{ChildParts, TestImports, child_main};

mod natives;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(2);
    let mut parts = ChildParts::new(look);
    parts.test_imports = Some(TestImports { syscall: door });
    child_main(arguments, parts)
}

/// Does what the file says, as one could make it do that has taken over what looks at it: the first word is what, the
/// rest is whereupon.
fn look(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(file);
    let (first, rest) = text.split_once(' ').unwrap_or((&text, ""));
    match first {
        "count" => file.len().to_string().into_bytes(),
        "answer" => vec![b'x'; rest.parse().unwrap_or(0)],
        "read" => match std::fs::read(rest) {
            Ok(read) => read,
            Err(error) => error.to_string().into_bytes(),
        },
        "take" => vec![1; rest.parse().unwrap_or(0)][..1].to_vec(),
        "call" => {
            let mut arguments = [0; 6];
            let mut words = rest.split(' ').map(|word| word.parse().unwrap_or(0));
            let number = words.next().unwrap_or(0);
            for (argument, word) in arguments.iter_mut().zip(words) {
                *argument = word;
            }
            door(number, arguments, &mut []).to_string().into_bytes()
        }
        _ => panic!("{text}"),
    }
}

/// A system call, and what [`natives`] has besides.
fn door(number: u64, mut arguments: [u64; 6], buffers: &mut [(usize, Vec<u8>)]) -> i64 {
    let number = number.cast_signed();
    let has = |native: i64| number & native != 0;
    if has(natives::HELD) {
        let text = held();
        if let Some((_, buffer)) = buffers.first_mut() {
            let length = text.len().min(buffer.len());
            buffer[..length].copy_from_slice(&text.as_bytes()[..length]);
        }
        return i64::try_from(text.len()).unwrap_or(i64::MAX);
    }
    if has(natives::WORKED) {
        compute(Duration::from_millis(200));
    }
    for (at, bytes) in buffers {
        if let Some(argument) = arguments.get_mut(*at) {
            *argument = bytes.as_mut_ptr() as u64;
        }
    }
    if has(natives::OPENED) {
        let flags = (libc::O_RDWR | libc::O_CLOEXEC) as u64;
        let opened = syscall(libc::SYS_openat, [CWD, arguments[0], flags, 0, 0, 0]);
        match u64::try_from(opened) {
            Ok(opened) => arguments[0] = opened,
            // Nobody takes it for an answer of the call's own.
            Err(_) => return i64::MIN - opened,
        }
    }
    let call = || syscall(number & i64::from(u32::MAX), arguments);
    let mut answer = call();
    if has(natives::REPEATED) {
        let busy = -i64::from(libc::EAGAIN);
        let mut times = 1;
        while times < MOST && (answer >= 0 || answer == busy) {
            times += usize::from(answer >= 0);
            if has(natives::PACED) {
                compute(Duration::from_millis(5));
            }
            answer = call();
        }
    }
    if has(natives::COMPUTES) {
        compute(Duration::MAX);
    }
    answer
}

/// More often than any limit of the suites allows, and an end where there is none.
const MOST: usize = 10_000;
/// Descriptors that are looked at: more than a process may have here.
const DESCRIPTORS: u64 = 1 << 16;
const CWD: u64 = libc::AT_FDCWD as u64;

/// For so much processor time.
fn compute(time: Duration) {
    let clock = || rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let now = || Duration::try_from(clock()).unwrap_or_default();
    let started = now();
    while now().saturating_sub(started) < time {}
}

fn held() -> String {
    let mut text = format!("environment {}\n", std::env::vars_os().count());
    for descriptor in 0..DESCRIPTORS {
        let get = libc::F_GETFD as u64;
        let flags = syscall(libc::SYS_fcntl, [descriptor, get, 0, 0, 0, 0]);
        if flags == -i64::from(libc::EBADF) {
            continue;
        }
        let path = format!("/proc/self/fd/{descriptor}\0");
        let mut target = vec![0_u8; 4096];
        let to = target.as_mut_ptr() as u64;
        let arguments = [CWD, path.as_ptr() as u64, to, 4096, 0, 0];
        let length = syscall(libc::SYS_readlinkat, arguments);
        let target = match usize::try_from(length) {
            Ok(length) => String::from_utf8_lossy(&target[..length]).into_owned(),
            Err(_) => format!("nobody knows where: {length}"),
        };
        text.push_str(&format!("{descriptor} {target}\n"));
    }
    text
}

#[expect(
    unsafe_code,
    reason = "an escape is exactly what this stands for: any system call with any argument"
)]
fn syscall(number: libc::c_long, arguments: [u64; 6]) -> i64 {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: none is claimed. The suites give numbers and buffers that fit the call, or want it to fail.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    match answer {
        -1 => -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(1)),
        answer => answer,
    }
}
