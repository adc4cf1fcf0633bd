//! A child for the suites: as the binary's, with an import that makes any system call, as a guest could that has
//! broken out of wasm.

use std::process::ExitCode;

use pipefitter_sandbox::{ChildParts, TestImports, child_main};

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(2);
    let mut parts = ChildParts::new(look);
    parts.test_imports = Some(TestImports { syscall });
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
            syscall(number, arguments, &mut []).to_string().into_bytes()
        }
        _ => panic!("{text}"),
    }
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
