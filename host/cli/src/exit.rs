//! Exit codes, in one place: docs/OPERATIONS.md lists them from here.

/// How a command ends, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it should; `invoke`: the job succeeded; `dev --once`: the execution did.
    Success = 0,
    /// `invoke`: the job failed; `dev --once`: the execution did; `check` and `plugin check`,
    /// `inspect` and `list`: there are problems; `plugin test`: a case is
    /// not as expected, or there is none; `probe-aws`: a question is open, or something was left.
    Failure = 1,
    // 2 is clap's, for a command line that is wrong.
    /// `invoke`: the job returned a continuation token.
    InProgress = 3,
    /// The host could not do its part: a file, a folder, a service. The message says what to do.
    Host = 4,
    /// EX_CONFIG of sysexits.h: the configuration must be changed first.
    Config = 78,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
