//! The limits of a job: one table of what there is, what it is called, and what holds where nobody says anything.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::text;

/// How a limit is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitUnit {
    /// Milliseconds.
    Duration,
    /// Bytes.
    Size,
    /// Pieces.
    Count,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $unit:ident, $default:expr, $words:literal;)*) => {
        /// A limit. Each has a key in manifests and configurations, a unit and a default.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Limit {
            $($(#[$doc])* $name,)*
        }

        impl Limit {
            /// Every limit, in the order in which people are shown them.
            pub const ALL: &'static [Limit] = &[$(Limit::$name,)*];

            /// As manifests and configurations call it.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self { $(Limit::$name => $key,)* }
            }

            /// How it is counted.
            #[must_use]
            pub fn unit(self) -> LimitUnit {
                match self { $(Limit::$name => LimitUnit::$unit,)* }
            }

            /// What holds where nobody says anything: milliseconds, bytes or pieces.
            #[must_use]
            pub const fn default_value(self) -> u64 {
                match self { $(Limit::$name => $default,)* }
            }

            /// As a failure calls it, such as `limit on memory`.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Limit::$name => $words,)* }
            }
        }
    };
}

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

limits! {
    /// From start to verdict, waiting included.
    WallTime = "wall", Duration, 15 * MINUTE, "time limit";
    /// Processor time of the guest and of the host calls it makes.
    CpuTime = "cpu", Duration, 5 * MINUTE, "limit on processor time";
    /// Linear memories and tables, all together.
    Memory = "memory", Size, 256 * MIB, "limit on memory";
    /// Core instances. Python's components, the largest known, have about 40.
    Instances = "instances", Count, 200, "limit on instances";
    /// Linear memories. Two for an adapted module; one for each composed component.
    Memories = "memories", Count, 32, "limit on memories";
    /// Tables.
    Tables = "tables", Count, 64, "limit on tables";
    /// Wasm's own stack. In `shared` isolation it is [`SHARED_STACK`] for all plugins.
    Stack = "stack", Size, 512 * KIB, "limit on the stack";
    /// Handles to components' resources.
    Handles = "handles", Count, 10_000, "limit on handles";
    /// Open files, streams and the like: what the host keeps for a guest.
    Resources = "resources", Count, 1024, "limit on open files, streams and other resources";
    /// What one call hands to the host, strings and lists taken together.
    HostcallData = "call-data", Size, 16 * MIB, "limit on data handed to the host in one call";
    /// What the plugin returns. Most of it is output variables, of which CodePipeline takes 120 KiB; a pipe's frame
    /// is the upper bound.
    Result = "result", Size, 512 * KIB, "limit on what it returns";
    /// Random bytes of one call.
    Random = "random", Size, MIB, "limit on random bytes in one call";
    /// Bytes on disk that the job made, in all folders it may write to. Twice the 5 GB of CodePipeline's largest
    /// artifact.
    Disk = "disk", Size, 10 * GIB, "limit on bytes written to disk";
    /// Files, folders and links that the job made. CodePipeline's artifacts have at most 100,000 files.
    Files = "files", Count, 200_000, "limit on files";
    /// The largest file.
    FileSize = "file-size", Size, 5 * GIB, "limit on the size of a file";
    /// Names on the way from a folder that was given down to what is made there. Twice the 64 of an input.
    Depth = "depth", Count, 128, "limit on the depth of folders";
    /// Files and folders open at a time.
    OpenFiles = "open-files", Count, 256, "limit on open files";
    /// Listings of folders under way at a time.
    DirectoryStreams = "directory-streams", Count, 16, "limit on folders that are read at a time";
    /// Log that is kept; what is over is dropped and counted.
    Log = "log", Size, MIB, "limit on the log";
    /// Lines of the log in one second; what is over is dropped and counted.
    LogRate = "log-rate", Count, 2000, "limit on lines of log in a second";
    /// One line of the log; a longer one is cut.
    LogLine = "log-line", Size, 8 * KIB, "limit on the length of a line";
    /// Requests to the network under way at a time.
    RequestsInFlight = "requests-in-flight", Count, 16, "limit on requests at a time";
    /// Requests to the network in all.
    Requests = "requests", Count, 10_000, "limit on requests";
    /// Bytes of all headers of a request, and of a response.
    HeaderBytes = "header-bytes", Size, 64 * KIB, "limit on the size of headers";
    /// Headers of one request, and of one response.
    Headers = "headers", Count, 128, "limit on the number of headers";
    /// Bytes of the bodies that the job sends.
    RequestBytes = "request-bytes", Size, GIB, "limit on bytes sent";
    /// Bytes of the bodies that the job is sent.
    ResponseBytes = "response-bytes", Size, GIB, "limit on bytes received";
    /// One request, from its beginning to the end of the response.
    RequestTime = "request-time", Duration, 10 * MINUTE, "time limit of a request";
    /// Finding a server, connecting to it, and TLS.
    ConnectTime = "connect-time", Duration, 10 * SECOND, "time limit of a connection";
    /// From the end of a request to the beginning of its response.
    FirstByteTime = "first-byte-time", Duration, MINUTE, "time limit of a response's beginning";
    /// A pause of the server's within a response.
    BetweenBytesTime = "between-bytes-time", Duration, 30 * SECOND, "time limit between a response's bytes";
}

impl Limit {
    /// The limit of a key.
    #[must_use]
    pub fn named(key: &str) -> Option<Limit> {
        Limit::ALL.iter().copied().find(|limit| limit.key() == key)
    }

    /// A value of this limit with its unit, such as `256 MiB`.
    #[must_use]
    pub fn show(self, value: u64) -> String {
        match self.unit() {
            LimitUnit::Duration => text::duration(Duration::from_millis(value)),
            LimitUnit::Size => text::size(value),
            LimitUnit::Count => value.to_string(),
        }
    }
}

/// The limits of one job. Every one holds from instantiate on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<u64>", from = "Vec<u64>")]
pub struct Limits(Vec<u64>);

impl Default for Limits {
    fn default() -> Limits {
        Limits(
            Limit::ALL
                .iter()
                .map(|limit| limit.default_value())
                .collect(),
        )
    }
}

impl From<Limits> for Vec<u64> {
    fn from(limits: Limits) -> Vec<u64> {
        limits.0
    }
}

impl From<Vec<u64>> for Limits {
    /// What is missing has its default, what is too much is left out.
    fn from(values: Vec<u64>) -> Limits {
        let mut limits = Limits::default();
        for (limit, value) in limits.0.iter_mut().zip(values) {
            *limit = value;
        }
        limits
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                Limit::ALL
                    .iter()
                    .map(|limit| (limit.key(), self.show(*limit))),
            )
            .finish()
    }
}

/// Bytes of stack of every guest that shares the worker's process: they share an engine, too.
pub const SHARED_STACK: u64 = Limit::Stack.default_value();

impl Limits {
    /// Milliseconds, bytes or pieces.
    #[must_use]
    pub fn get(&self, limit: Limit) -> u64 {
        // ALL has them in the order in which they are declared.
        self.0
            .get(limit as usize)
            .copied()
            .unwrap_or_else(|| limit.default_value())
    }

    /// The same with another value: milliseconds, bytes or pieces.
    #[must_use]
    pub fn with(mut self, limit: Limit, value: u64) -> Limits {
        if let Some(kept) = self.0.get_mut(limit as usize) {
            *kept = value;
        }
        self
    }

    /// The value with its unit.
    #[must_use]
    pub fn show(&self, limit: Limit) -> String {
        limit.show(self.get(limit))
    }

    /// [`Limit::WallTime`].
    #[must_use]
    pub fn wall(&self) -> Duration {
        Duration::from_millis(self.get(Limit::WallTime))
    }

    /// [`Limit::CpuTime`].
    #[must_use]
    pub fn cpu(&self) -> Duration {
        Duration::from_millis(self.get(Limit::CpuTime))
    }

    /// [`Limit::Memory`], bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.get(Limit::Memory)
    }

    /// [`Limit::Log`], bytes.
    #[must_use]
    pub fn log(&self) -> u64 {
        self.get(Limit::Log)
    }

    /// A limit that counts things in this process's memory.
    pub(crate) fn count(&self, limit: Limit) -> usize {
        usize::try_from(self.get(limit)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_place_and_a_name_of_its_own() {
        let limits = Limits::default();
        for (at, limit) in Limit::ALL.iter().enumerate() {
            assert_eq!(*limit as usize, at);
            assert_eq!(Limit::named(limit.key()), Some(*limit));
            let changed = limits.clone().with(*limit, 7);
            assert_eq!(changed.get(*limit), 7);
            let others = Limit::ALL.iter().filter(|other| *other != limit);
            for other in others {
                assert_eq!(changed.get(*other), other.default_value());
            }
        }
    }

    #[test]
    fn limits_cross_a_pipe() {
        let limits = Limits::default().with(Limit::Memory, 5);
        let text = serde_json::to_string(&limits).unwrap();
        assert_eq!(serde_json::from_str::<Limits>(&text).unwrap(), limits);
        assert_eq!(
            serde_json::from_str::<Limits>("[1]")
                .unwrap()
                .get(Limit::WallTime),
            1
        );
    }

    #[test]
    fn values_read_as_people_write_them() {
        let limits = Limits::default();
        assert_eq!(limits.show(Limit::WallTime), "15 min");
        assert_eq!(limits.show(Limit::Memory), "256 MiB");
        assert_eq!(limits.show(Limit::Files), "200000");
    }
}
