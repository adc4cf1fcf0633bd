//! Standard output and standard error, where the reader may leave early.
//!
//! `println!` panics when it cannot write, as after `pipefitter completions bash | head`. Whoever closes the
//! pipe has read enough; every other fault is the command's own.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use anyhow::{Context, Result};

/// A line on standard output.
pub(crate) fn line(text: impl Display) -> Result<()> {
    write_line(&mut std::io::stdout().lock(), &text)
}

/// A line on standard error. If that is closed, nobody is left to tell.
pub(crate) fn error_line(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn write_line(to: &mut impl Write, text: &dyn Display) -> Result<()> {
    match writeln!(to, "{text}").and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("could not write to standard output"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Refuses(ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_fault_and_a_full_disk_is() {
        assert!(write_line(&mut Refuses(ErrorKind::BrokenPipe), &"text").is_ok());
        assert!(write_line(&mut Refuses(ErrorKind::StorageFull), &"text").is_err());
        let mut written = Vec::new();
        write_line(&mut written, &"text").unwrap();
        assert_eq!(written, b"text\n");
    }
}
