//! Starts a program as on a kernel that lacks a system call: the call answers ENOSYS, to the program and to every
//! process that it starts.

use std::collections::BTreeMap;
use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

const USAGE: &str = "usage: without-call landlock_create_ruleset|seccomp PROGRAM [ARGUMENT...]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [call, program, rest @ ..] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let number = match call.as_str() {
        "landlock_create_ruleset" => libc::SYS_landlock_create_ruleset,
        "seccomp" => libc::SYS_seccomp,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let error = match take(number) {
        Ok(()) => Command::new(program).args(rest).exec().into(),
        Err(error) => error,
    };
    eprintln!("{program} does not start without {call}: {error}");
    // No exit code of the program under test.
    ExitCode::from(3)
}

/// From here on the kernel knows no such call.
fn take(number: libc::c_long) -> Result<(), Box<dyn Error>> {
    let filter = SeccompFilter::new(
        BTreeMap::from([(number, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program)?;
    Ok(())
}
