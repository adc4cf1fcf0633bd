//! What can go wrong in staging, one variant for each step that can fail, and how each becomes the
//! [`ArtifactError`] that the pipeline's owner reads.

use std::fmt;
use std::io;

use crate::contract::{ArtifactError, CredentialError, ErrorKind};
#[cfg(feature = "s3")]
use crate::s3_failure::S3Failure;

/// Longer names are cut in messages: a hostile name must not push the reason out of sight.
const SHOWN_CHARACTERS: usize = 200;

/// Ends what was cut. Whoever masks secrets in these messages looks for what is left of one before it.
const CUT: char = '…';

/// A name from outside as messages show it: quoted, control characters escaped, cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown(String);

impl Shown {
    pub(crate) fn new(name: &str) -> Self {
        let cut = shortened(name);
        Self(format!("{cut:?}"))
    }

    pub(crate) fn bytes(name: &[u8]) -> Self {
        Self::new(&String::from_utf8_lossy(name))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a library said, as messages show it: it may repeat names and fields of the archive, so control characters
/// are escaped and what is long is cut.
pub(crate) fn plain(said: &str) -> String {
    let mut plain = String::new();
    for character in shortened(said).chars() {
        if character.is_control() {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

fn shortened(text: &str) -> String {
    let mut cut: String = text.chars().take(SHOWN_CHARACTERS).collect();
    if cut.len() < text.len() {
        cut.push(CUT);
    }
    cut
}

/// A rule that an archive's entry breaks. Each reads on after "entry NAME ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rule {
    #[error("has an empty name")]
    EmptyName,
    #[error("has a NUL byte in its name")]
    Nul,
    #[error("has a backslash in its name")]
    Backslash,
    #[error("is an absolute path")]
    Absolute,
    #[error("starts with a drive letter")]
    Drive,
    #[error("has `..` in its path")]
    Climbs,
    #[error("has a name of more than 255 bytes")]
    LongName,
    #[error("has a path of more than 4095 bytes")]
    LongPath,
    #[error("has a name that is not UTF-8")]
    NotUtf8,
    #[error("occurs twice")]
    Duplicate,
    #[error("is a folder in one place and a file or link in another")]
    TwoKinds,
    #[error("lies under {0}, which is a file or link in the same archive")]
    UnderFile(Shown),
    #[error("is a device, FIFO or socket")]
    Device,
    #[error("is encrypted")]
    Encrypted,
    #[error("is compressed with {0}")]
    Method(&'static str),
    #[error("is a link to {0}, which leaves the artifact")]
    LinkLeaves(Shown),
    #[error("is a link without a target")]
    LinkEmpty,
    #[error("is a hard link to {0}, which is no file that comes before it in the archive")]
    HardLink(Shown),
    #[error("is a sparse file")]
    Sparse,
    #[error("is of tar type {0:?}, which is not known here")]
    TarType(char),
    #[error("shares bytes of the archive with another entry")]
    Overlaps,
    #[error("lies outside the archive, by what its header says")]
    Outside,
    #[error("is a folder or link, yet has content")]
    Content,
    #[error("has more or fewer bytes than its header says")]
    Size,
    #[error("is damaged ({0})")]
    Damaged(String),
}

impl Rule {
    /// What to do about it.
    fn remedy(&self) -> &'static str {
        match self {
            Self::EmptyName | Self::Nul | Self::NotUtf8 => "rename it",
            Self::Backslash => "pack it with forward slashes",
            Self::Absolute | Self::Drive | Self::Climbs => "pack it with plain relative paths",
            Self::LongName | Self::LongPath => "shorten it",
            Self::Duplicate | Self::TwoKinds | Self::UnderFile(_) => "pack each path once",
            Self::Device => "pack files, folders and links only",
            Self::Encrypted => "pack it without a password",
            Self::Method(_) => "pack it with deflate, or uncompressed",
            Self::LinkLeaves(_) | Self::LinkEmpty => "link within it, by a relative path",
            Self::HardLink(_) => "pack the file itself (tar with --hard-dereference)",
            Self::Sparse => "pack it as a plain file (tar without --sparse)",
            Self::TarType(_) => "pack it as ustar, pax or GNU tar",
            Self::Overlaps => "pack each file once, with an ordinary zip tool",
            Self::Content | Self::Size | Self::Outside | Self::Damaged(_) => {
                "pack and upload the artifact again"
            }
        }
    }
}

/// A limit that was hit. Each reads on after "entry NAME ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Limit {
    #[error("brings the unpacked size over the limit of {0} bytes")]
    Bytes(u64),
    #[error("brings the number of files and folders over the limit of {0}")]
    Entries(u64),
    #[error("brings the unpacked size over the limit of {ratio} times the object's {object} bytes")]
    Ratio { ratio: u64, object: u64 },
    #[error("lies deeper than the limit of {0} folders within folders")]
    Depth(u32),
    #[error("brings the names of all files and folders over {0} bytes")]
    Names(usize),
}

/// What cannot be packed. Each reads on after the path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputFault {
    #[error("is a device, FIFO or socket; an output holds files, folders and links only")]
    Special,
    #[error("is a link to {0}, which leaves the output; link within it, by a relative path")]
    LinkLeaves(Shown),
    #[error("{0}, and archives hold nothing named so; have the action use another name")]
    Name(Rule),
    #[error("changed while it was packed; nothing may write to an output after the action ended")]
    Changed,
    #[error("is more than {0} files and folders; write fewer, or pack them yourself")]
    TooMany(usize),
    #[error(
        "brings the names of all files and folders over {0} bytes, more than unpacking takes; use fewer files or \
         shorter names"
    )]
    Names(usize),
    #[error("brings the content over {0} bytes; write less")]
    TooLarge(u64),
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
}

const MAKE_SMALLER: &str =
    "make the artifact smaller, or have the worker's operator raise the limit";

/// A step of staging that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StageError {
    #[error("entry {entry} {rule}; {}", .rule.remedy())]
    Entry { entry: Shown, rule: Rule },
    #[error("entry {entry} {limit}; {MAKE_SMALLER}")]
    OverLimit { entry: Shown, limit: Limit },
    #[error("the archive has {entries} entries, over the limit of {limit}; {MAKE_SMALLER}")]
    TooManyEntries { entries: u64, limit: u64 },
    #[error("the archive {0}; pack and upload it again")]
    Archive(String),
    #[error("{path} {fault}")]
    Output { path: Shown, fault: OutputFault },
    #[error(
        "the output is empty: the action declares it but wrote no file to it; write at least one, \
         or set `allow-empty = true` under [outputs] in action.toml"
    )]
    EmptyOutput,
    #[error(
        "the object at {object} has more than {limit} bytes, the limit for one input; {MAKE_SMALLER}"
    )]
    ObjectTooLarge { object: String, limit: u64 },
    #[error("the worker could not write {what}; its operator finds the reason in disk and modes")]
    Place {
        what: String,
        #[source]
        source: io::Error,
    },
    #[error("the worker could not read {what}; its operator finds the reason in disk and modes")]
    Read {
        what: String,
        #[source]
        source: io::Error,
    },
    #[error("staging was cancelled")]
    Cancelled,
    #[error("the worker failed in {0}; this is a fault of the worker, see its log")]
    Panicked(&'static str),
    #[error("the job's credentials could not be had or renewed")]
    Credentials(#[source] CredentialError),
    #[cfg(feature = "s3")]
    #[error(transparent)]
    S3(#[from] S3Failure),
}

impl StageError {
    pub(crate) fn entry(entry: &str, rule: Rule) -> Self {
        Self::Entry {
            entry: Shown::new(entry),
            rule,
        }
    }

    pub(crate) fn output(path: &str, fault: OutputFault) -> Self {
        Self::Output {
            path: Shown::new(path),
            fault,
        }
    }

    pub(crate) fn place(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Place { what, source }
    }

    pub(crate) fn read(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Read { what, source }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Entry { .. }
            | Self::OverLimit { .. }
            | Self::TooManyEntries { .. }
            | Self::Archive(_)
            | Self::ObjectTooLarge { .. } => ErrorKind::BadArchive,
            Self::Output { .. } => ErrorKind::BadOutput,
            Self::EmptyOutput => ErrorKind::EmptyOutput,
            Self::Place { .. } | Self::Read { .. } | Self::Cancelled | Self::Panicked(_) => {
                ErrorKind::Local
            }
            Self::Credentials(error) if error.transient => ErrorKind::Service,
            Self::Credentials(_) => ErrorKind::Denied,
            #[cfg(feature = "s3")]
            Self::S3(failure) => failure.kind(),
        }
    }

    /// The text names the artifact and the whole chain of reasons, since the pipeline's owner sees
    /// nothing else; the chain itself stays for the log.
    pub(crate) fn into_artifact(self, artifact: &str) -> ArtifactError {
        let mut message = format!("artifact {}: {self}", Shown::new(artifact));
        let mut next = std::error::Error::source(&self);
        while let Some(source) = next {
            message.push_str(": ");
            message.push_str(&source.to_string());
            next = source.source();
        }
        ArtifactError {
            kind: self.kind(),
            artifact: artifact.to_owned(),
            message,
            source: Some(Box::new(self)),
        }
    }
}
