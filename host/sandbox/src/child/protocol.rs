//! What crosses between parent and child.
//!
//! A greeting goes down first, with the file descriptors attached: a fixed size, so that it can be read before
//! anything is known. Frames follow in both directions: a length (four bytes, little-endian) and JSON. The child's are
//! at most [`MAX_UP`] long, and the parent stops reading at the first that is longer or makes no sense.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::job::{Failure, Outcome};
use crate::runner::{JobSpec, Level, LogLine, SecretError, StopReason, Verdict};
use crate::shape::Entry;

/// Of the frames below. Parent and child are the same file, so it differs only if somebody replaces the binary while
/// a worker runs and `/proc/self/exe` is not what is started.
pub(crate) const VERSION: u32 = 2;
/// The longest frame that is taken from a child, bytes.
pub(crate) const MAX_UP: usize = 1 << 20;
/// The longest frame that a child takes from its parent, bytes: a job record is some kilobytes.
pub(crate) const MAX_DOWN: usize = 8 << 20;
/// Descriptors in one greeting: the kernel's own bound for one message (`SCM_MAX_FD`).
pub(crate) const MAX_FDS: usize = 253;

const MAGIC: &[u8; 4] = b"PFCH";
const GREETING: usize = 12;

/// From the parent to a child that runs a job.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Down {
    /// The first frame.
    Job(Box<ChildJob>),
    /// The host wants the job to end.
    Stop { reason: StopReason, grace: Duration },
    /// The answer to [`Up::SecretWanted`].
    Secret {
        name: String,
        value: Result<String, SecretError>,
    },
}

/// A job, for a child. Its directories are the descriptors of the greeting, in the order of
/// [`JobSpec::directories_mut`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ChildJob {
    pub(crate) spec: JobSpec,
    /// What the code is called by.
    pub(crate) entry: Entry,
    pub(crate) log_threshold: Level,
    pub(crate) floor: super::floor::IsolationFloor,
    /// The last descriptor is a stream to the egress broker.
    pub(crate) network: bool,
}

/// From a child that runs a job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Up {
    /// The child is locked down and starts.
    Locked(Lock),
    /// Lines of the log.
    Log(Vec<LogLine>),
    /// How far the job is.
    Progress {
        percent: Option<u8>,
        summary: String,
    },
    /// The guest asks for a secret.
    SecretWanted { name: String },
    /// The end. Nothing comes after it.
    Ended(Box<Ended>),
}

/// The end of a run, as the child tells it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Ended {
    pub(crate) verdict: Verdict,
}

/// What the kernel did of what it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Lock {
    /// Version of Landlock's interface, 0 where there is none.
    pub(crate) landlock: u32,
    /// Whether the system call filter is in place.
    pub(crate) seccomp: bool,
    /// What failed, in words.
    pub(crate) missing: Vec<String>,
}

/// Frames that could not be sent or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("the pipe ended in the middle of a message")]
    Cut,
    #[error("a message of {length} bytes, at most {limit} are taken")]
    TooLong { length: usize, limit: usize },
    #[error("a message that makes no sense")]
    Malformed(#[source] serde_json::Error),
    #[error("the pipe speaks version {version}, this is version {VERSION}")]
    Version { version: u32 },
    #[error("the pipe does not work")]
    Io(#[from] io::Error),
}

/// A frame as bytes.
pub(crate) fn encode<T: Serialize>(message: &T, limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(FrameError::Malformed)?;
    let length = frame.len() - 4;
    if length > limit {
        return Err(FrameError::TooLong { length, limit });
    }
    let prefix = u32::try_from(length).map_err(|_| FrameError::TooLong { length, limit })?;
    frame[..4].copy_from_slice(&prefix.to_le_bytes());
    Ok(frame)
}

/// The length that a frame's prefix tells, if such a frame is taken.
pub(crate) fn length(prefix: [u8; 4], limit: usize) -> Result<usize, FrameError> {
    let length = usize::try_from(u32::from_le_bytes(prefix)).unwrap_or(usize::MAX);
    if length > limit {
        return Err(FrameError::TooLong { length, limit });
    }
    Ok(length)
}

/// The message in a frame's body.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(body).map_err(FrameError::Malformed)
}

/// Write a frame; for a pipe that blocks.
pub(crate) fn write<T: Serialize>(
    pipe: &mut impl Write,
    message: &T,
    limit: usize,
) -> Result<(), FrameError> {
    pipe.write_all(&encode(message, limit)?)?;
    Ok(())
}

/// Read a frame; for a pipe that blocks. Nothing at the pipe's end.
pub(crate) fn read<T: DeserializeOwned>(
    pipe: &mut impl Read,
    limit: usize,
) -> Result<Option<T>, FrameError> {
    let mut prefix = [0; 4];
    let mut have = 0;
    while have < prefix.len() {
        match pipe.read(&mut prefix[have..]) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(FrameError::Cut),
            Ok(read) => have += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut body = vec![0; length(prefix, limit)?];
    pipe.read_exact(&mut body)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => FrameError::Cut,
            _ => error.into(),
        })?;
    decode(&body).map(Some)
}

/// Send the greeting with its descriptors.
pub(crate) fn greet(pipe: impl AsFd, descriptors: &[BorrowedFd<'_>]) -> Result<(), FrameError> {
    let mut greeting = [0; GREETING];
    greeting[..4].copy_from_slice(MAGIC);
    greeting[4..8].copy_from_slice(&VERSION.to_le_bytes());
    let count = u32::try_from(descriptors.len()).unwrap_or(u32::MAX);
    greeting[8..].copy_from_slice(&count.to_le_bytes());
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(FrameError::TooLong {
            length: descriptors.len(),
            limit: MAX_FDS,
        });
    }
    let sent = rustix::net::sendmsg(
        pipe,
        &[IoSlice::new(&greeting)],
        &mut control,
        SendFlags::NOSIGNAL,
    )
    .map_err(io::Error::from)?;
    // A stream's first message of twelve bytes goes whole or not at all.
    if sent == GREETING {
        Ok(())
    } else {
        Err(FrameError::Cut)
    }
}

/// Read the greeting and its descriptors; waits for it.
pub(crate) fn greeted(pipe: impl AsFd) -> Result<Vec<OwnedFd>, FrameError> {
    let mut greeting = [0; GREETING];
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::net::recvmsg(
        pipe,
        &mut [IoSliceMut::new(&mut greeting)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )
    .map_err(io::Error::from)?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    if received.bytes != GREETING || greeting[..4] != *MAGIC {
        return Err(FrameError::Cut);
    }
    let word = |at: usize| {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&greeting[at..at + 4]);
        u32::from_le_bytes(bytes)
    };
    if word(4) != VERSION {
        return Err(FrameError::Version { version: word(4) });
    }
    if usize::try_from(word(8)).ok() != Some(descriptors.len()) {
        return Err(FrameError::Cut);
    }
    Ok(descriptors)
}

/// Bytes of what a plugin returned, as it crosses.
pub(crate) fn length_of(answer: &Result<Outcome, Failure>) -> u64 {
    serde_json::to_vec(answer).map_or(u64::MAX, |bytes| bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn descriptors_cross_with_the_greeting() {
        let (parent, child) = UnixStream::pair().unwrap();
        let file = tempfile::tempfile().unwrap();
        greet(&parent, &[file.as_fd(), parent.as_fd()]).unwrap();
        let got = greeted(&child).unwrap();
        assert_eq!(got.len(), 2);
        let (sent, received) = (
            rustix::fs::fstat(&file).unwrap(),
            rustix::fs::fstat(&got[0]).unwrap(),
        );
        assert_eq!(
            (sent.st_dev, sent.st_ino),
            (received.st_dev, received.st_ino)
        );
    }

    #[test]
    fn a_stranger_is_not_listened_to() {
        let (mut parent, child) = UnixStream::pair().unwrap();
        parent.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        assert!(matches!(greeted(&child), Err(FrameError::Cut)));
        let (mut parent, child) = UnixStream::pair().unwrap();
        parent.write_all(b"PFCH\x09\0\0\0\0\0\0\0").unwrap();
        assert!(matches!(
            greeted(&child),
            Err(FrameError::Version { version: 9 })
        ));
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused_before_it_is_read() {
        let mut bytes: &[u8] = b"\xff\xff\xff\xff";
        assert!(matches!(
            read::<Up>(&mut bytes, MAX_UP),
            Err(FrameError::TooLong { .. })
        ));
        let long = Up::Progress {
            percent: None,
            summary: "x".repeat(MAX_UP),
        };
        assert!(matches!(
            encode(&long, MAX_UP),
            Err(FrameError::TooLong { .. })
        ));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(texts in proptest::collection::vec(".{0,40}", 0..20)) {
            let lines: Vec<LogLine> = texts
                .iter()
                .map(|text| LogLine {
                    level: Level::Info,
                    text: text.clone(),
                    fields: vec![("k".into(), text.clone())],
                    cut: false,
                })
                .collect();
            let mut bytes = Vec::new();
            write(&mut bytes, &Up::Log(lines.clone()), MAX_UP).unwrap();
            match read::<Up>(&mut &bytes[..], MAX_UP).unwrap() {
                Some(Up::Log(read)) => prop_assert_eq!(read, lines),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut pipe = &bytes[..];
            while let Ok(Some(_)) = read::<Up>(&mut pipe, MAX_UP) {}
        }
    }
}
