//! Limits as manifests and configurations write them: a key, a unit, and what makes sense.
//!
//! What they mean is the sandbox's to say; the worker brings the two together, and a test of its sees to it that both
//! know the same keys.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::toml_table::Table;
use crate::units::{format_duration, format_size};

/// How a limit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitUnit {
    /// `"500ms"`, `"15m"`; kept in milliseconds.
    Duration,
    /// `"256MiB"`; kept in bytes.
    Size,
    /// A plain number.
    Count,
}

/// A limit that can be asked for or set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitKey {
    /// Its key.
    pub name: &'static str,
    /// How it is written.
    pub unit: LimitUnit,
    /// With less no job could do anything.
    pub least: u64,
    /// With more something else breaks first.
    pub most: u64,
}

const fn key(name: &'static str, unit: LimitUnit, least: u64, most: u64) -> LimitKey {
    LimitKey {
        name,
        unit,
        least,
        most,
    }
}

/// Thirty years in milliseconds: longer than any host stays up.
const LONG: u64 = 30 * 365 * 24 * 3_600_000;
const KIB: u64 = 1 << 10;

/// Every limit of a job.
pub const LIMIT_KEYS: &[LimitKey] = {
    use LimitUnit::{Count, Duration, Size};
    &[
        key("wall", Duration, 1, LONG),
        key("cpu", Duration, 1, LONG),
        // One page of wasm's memory: no component starts with less.
        key("memory", Size, 64 * KIB, 1 << 40),
        key("instances", Count, 1, 100_000),
        key("memories", Count, 1, 10_000),
        key("tables", Count, 1, 10_000),
        key("stack", Size, 16 * KIB, 64 << 20),
        key("handles", Count, 1, 10_000_000),
        key("resources", Count, 16, 1_000_000),
        key("call-data", Size, 4 * KIB, 1 << 30),
        // A frame between two processes takes no more.
        key("result", Size, 4 * KIB, 960 * KIB),
        key("random", Size, 64, 64 << 20),
        key("disk", Size, 0, 1 << 50),
        key("files", Count, 0, 100_000_000),
        key("file-size", Size, 0, 1 << 50),
        // Each level of a tree that is walked takes a file descriptor.
        key("depth", Count, 1, 500),
        key("open-files", Count, 3, 100_000),
        key("directory-streams", Count, 1, 1_000),
        key("log", Size, 1, 1 << 40),
        key("log-rate", Count, 1, 10_000_000),
        key("log-line", Size, 64, 8 * KIB),
        // This and the two of headers: what a broker of the egress crate can keep.
        key("requests-in-flight", Count, 1, 256),
        key("requests", Count, 1, 1_000_000_000),
        key("header-bytes", Size, 8 * KIB, 256 * KIB),
        key("headers", Count, 1, 4096),
        key("request-bytes", Size, 0, 1 << 50),
        key("response-bytes", Size, 0, 1 << 50),
        key("request-time", Duration, 1, LONG),
        key("connect-time", Duration, 1, LONG),
        key("first-byte-time", Duration, 1, LONG),
        key("between-bytes-time", Duration, 1, LONG),
    ]
};

/// Limits that somebody has a say about, in milliseconds, bytes or pieces; others may have a say about the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitValues(BTreeMap<&'static str, u64>);

impl LimitValues {
    /// Read those of `[limits]` or a table like it. What makes no sense is a problem of the table's.
    #[must_use]
    pub fn read(table: &Table<'_>) -> LimitValues {
        let mut values = LimitValues::default();
        for key in LIMIT_KEYS {
            let value = match key.unit {
                LimitUnit::Duration => table.duration(key.name).map(millis),
                LimitUnit::Size => table.size(key.name),
                LimitUnit::Count => table.count(key.name, 0..=u64::MAX),
            };
            let Some(value) = value else { continue };
            if value < key.least {
                table.problem(
                    key.name,
                    format!("`{}` is so little that every job fails", key.name),
                    format!(
                        "give at least {}, or take the line out to leave it to others",
                        key.show(key.least)
                    ),
                );
            } else if value > key.most {
                table.problem(
                    key.name,
                    format!("`{}` is more than can be kept", key.name),
                    format!("give at most {}", key.show(key.most)),
                );
            } else {
                values.0.insert(key.name, value);
            }
        }
        values
    }

    /// The value of a key, if somebody said one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<u64> {
        self.0.get(key).copied()
    }

    /// Say a value. A key that is none is left out.
    #[must_use]
    pub fn with(mut self, key: &str, value: u64) -> LimitValues {
        if let Some(key) = LIMIT_KEYS.iter().find(|known| known.name == key) {
            self.0.insert(key.name, value);
        }
        self
    }

    /// What is said, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(key, value)| (*key, *value))
    }

    /// These, and those of `base` where nothing is said.
    #[must_use]
    pub fn over(&self, base: &LimitValues) -> LimitValues {
        let mut all = base.0.clone();
        all.extend(&self.0);
        LimitValues(all)
    }

    /// These, none above what `bounds` says of it.
    #[must_use]
    pub fn at_most(&self, bounds: &LimitValues) -> LimitValues {
        let bounded = |(key, value): (&&'static str, &u64)| {
            let bound = bounds.0.get(key).copied().unwrap_or(u64::MAX);
            (*key, (*value).min(bound))
        };
        LimitValues(self.0.iter().map(bounded).collect())
    }
}

impl LimitKey {
    fn show(&self, value: u64) -> String {
        match self.unit {
            LimitUnit::Duration => format_duration(Duration::from_millis(value)),
            LimitUnit::Size => format_size(value),
            LimitUnit::Count => value.to_string(),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
