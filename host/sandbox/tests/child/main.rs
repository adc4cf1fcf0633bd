//! A child for the suites: as the binary's, with an import that makes any system call, as a guest could that has
//! broken out of wasm.

use std::process::ExitCode;

use pipefitter_sandbox::{TestImports, child_main_with};

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(2);
    child_main_with(arguments, Some(TestImports { syscall }))
}

#[expect(
    unsafe_code,
    reason = "an escape is exactly what this stands for: any system call with any argument"
)]
fn syscall(number: u64, mut arguments: [u64; 6], buffers: &mut [(usize, Vec<u8>)]) -> i64 {
    for (at, bytes) in buffers {
        if let Some(argument) = arguments.get_mut(*at) {
            *argument = bytes.as_mut_ptr() as u64;
        }
    }
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: none is claimed. The suites give numbers and buffers that fit the call, or want it to fail.
    let answer = unsafe { libc::syscall(number.cast_signed(), a, b, c, d, e, f) };
    match answer {
        -1 => -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(1)),
        answer => answer,
    }
}
