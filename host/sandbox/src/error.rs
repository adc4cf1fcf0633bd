//! What can go wrong before a job runs. What goes wrong in a job is a [`crate::Fault`].

use std::io;
use std::path::PathBuf;

use crate::runner::Fault;

/// A cause whose own type is no part of this crate's interface.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why code was refused, or why the sandbox cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The engine does not start on this machine.
    #[error("the wasm engine cannot start")]
    Engine(#[source] Cause),
    /// No thread for the epoch clock.
    #[error("the epoch thread cannot start")]
    Ticker(#[source] io::Error),
    /// No threads for guests.
    #[error("the guests' runtime cannot start")]
    Runtime(#[source] io::Error),
    /// No thread to start processes from.
    #[error("the thread that starts processes cannot start")]
    Launcher(#[source] io::Error),
    /// A process for a plugin cannot be started.
    #[error(
        "a process for a plugin cannot be started; it takes some hundred file descriptors and one process for each slot"
    )]
    Spawn(#[source] io::Error),
    /// The process was started and could not be put into a control group.
    #[error("a process for a plugin cannot be put into a control group of its own")]
    Cgroup(#[source] io::Error),
    /// A process for a plugin was started and does not work.
    #[error("the trial of a process for plugins failed: {why}")]
    Trial {
        /// What it said.
        why: String,
    },
    /// This kernel is below the floor.
    #[error(
        "this machine cannot isolate plugins as `isolation-floor = \"{floor}\"` demands; it lacks {}",
        .lacks.join("; ")
    )]
    Floor {
        /// The floor.
        floor: &'static str,
        /// What is missing.
        lacks: Vec<String>,
    },
    /// Compiled code cannot be put into memory that processes share.
    #[error("the compiled code cannot be shared with a process")]
    SharedCode(#[source] io::Error),
    /// The process that compiles does not answer as it should.
    #[error("the process that compiles failed: {what}")]
    Compiler {
        /// How.
        what: String,
    },
    /// Compiling took more than it may.
    #[error("compiling the component hit the {limit}; make the component smaller{remedy}")]
    CompileLimit {
        /// Which, and its value.
        limit: String,
        /// How to raise it, where that can be done.
        remedy: &'static str,
    },
    /// The process that compiles has refused the component: its own words.
    #[error("{0}")]
    Refused(String),
    /// The key directory or the key file cannot be read or made.
    #[error("the sealing key {path} cannot be {action}")]
    KeyFile {
        /// The file or directory.
        path: PathBuf,
        /// `read` or `made`.
        action: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others could read or replace the key: what it seals would prove nothing.
    #[error("the sealing key is not private: {path} {problem}; {remedy}")]
    KeyNotPrivate {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The file holds something other than a key.
    #[error(
        "{path} is not a sealing key (it has {length} bytes, a key has 32); delete it, and a new one is made"
    )]
    KeyDamaged {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
    },
    /// Not a component at all.
    #[error("this is not a component: it is {found}; {remedy}")]
    NotAComponent {
        /// What it is.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A core module that no component can be made of.
    #[error(
        "the core module cannot be made a component; build it again with newer tools, or for wasm32-wasip2"
    )]
    Adapt(#[source] Cause),
    /// Too large to compile.
    #[error("the component has {length} bytes, at most {limit} are taken")]
    TooLarge {
        /// Its length in bytes.
        length: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Broken wasm.
    #[error("the component cannot be read")]
    Malformed(#[source] Cause),
    /// It exports nothing that could be called.
    #[error(
        "the component does not export `pipefitter:action/handler`; it exports {}; \
         build it for the world `action` of package pipefitter:action@0.1.0, or as a command for WASI 0.2",
        list(.exports)
    )]
    NoHandler {
        /// What it exports instead.
        exports: Vec<String>,
    },
    /// It was built for another contract.
    #[error("it was built for pipefitter:action {version}, this pipefitter serves 0.1.x; {remedy}")]
    ContractVersion {
        /// The version that it names.
        version: String,
        /// What to do.
        remedy: &'static str,
    },
    /// It is a command for another WASI.
    #[error(
        "it is a command for WASI {version}, and commands for WASI 0.2.x and wasip1 are served; build it for one of these"
    )]
    CommandVersion {
        /// The version that it names.
        version: String,
    },
    /// It imports what is not there for it.
    #[error("the component imports `{import}`: {reason}")]
    Import {
        /// The import's full name.
        import: String,
        /// Why it is not there, and what to do.
        reason: String,
    },
    /// It uses what a later version of the contract has added.
    #[error(
        "it imports `{function}` of `{import}`, which this pipefitter does not have; update pipefitter"
    )]
    Function {
        /// The import's full name.
        import: String,
        /// The function.
        function: String,
    },
    /// Its imports have other types than the host's.
    #[error(
        "the component does not fit the host; build it with the SDK of this version, or update pipefitter"
    )]
    Link(#[source] Cause),
    /// Valid wasm that cannot be compiled here.
    #[error("the component cannot be compiled")]
    Compile(#[source] Cause),
    /// The sealed code cannot be read.
    #[error("the compiled code {path} cannot be read")]
    CodeFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The sealed code is not ours, was changed, or is of another engine.
    #[error("the compiled code is not to be used: {reason}; compile the component again")]
    Seal {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Authentic code that the engine refuses all the same.
    #[error("the compiled code cannot be loaded")]
    Load(#[source] Cause),
}

impl SandboxError {
    /// What a job comes to whose code could not be had. None of it is the plugin's doing: it was checked and linked when
    /// it was loaded.
    pub(crate) fn of_code(&self) -> Fault {
        match self {
            SandboxError::CodeFile { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Fault::Code(self.full())
            }
            SandboxError::Seal { .. } => Fault::Code(self.full()),
            SandboxError::CodeFile { .. } | SandboxError::SharedCode(_) => Fault::Host(self.full()),
            _ => Fault::Start(self.full()),
        }
    }

    /// The whole chain of causes in one line, the outermost first.
    #[must_use]
    pub fn full(&self) -> String {
        chain(self)
    }
}

/// An error and its causes in one line. A cause that its parent already quotes is left out.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let quoted: Vec<String> = names.iter().take(8).map(|n| format!("`{n}`")).collect();
    let mut text = quoted.join(", ");
    if names.len() > 8 {
        text.push_str(", ...");
    }
    text
}
