//! The engine as rows, and back.

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Settings};
use super::keeper::KeepError;
use super::kept::{Change, Row};
use super::model::ActionTypeId;
use crate::auth::{JobAccess, Registry};

/// What is neither an entity nor a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counters {
    sequence: u64,
    /// How far the service's time was moved ahead, nanoseconds.
    ahead: u64,
}

const TYPES: &str = "types";
const DELETED_TYPES: &str = "deleted-types";
const PIPELINES: &str = "pipelines";
const EXECUTIONS: &str = "executions";
const RUNS: &str = "runs";
const JOBS: &str = "jobs";
const OFFERS: &str = "offers";
const TIMERS: &str = "timers";
const PENDING: &str = "pending";
const SESSIONS: &str = "sessions";
const COUNTERS: &str = "counters";

/// How far the service's time was moved ahead when rows were kept: the clock has to know before the
/// engine is made.
pub(super) fn ahead(rows: &[Row]) -> Result<std::time::Duration, KeepError> {
    let row = rows.iter().find(|(kind, _, _)| kind == COUNTERS);
    let counters = row.map(|(kind, key, value)| {
        serde_json::from_slice::<Counters>(value).map_err(|source| unreadable(kind, key, source))
    });
    Ok(counters.transpose()?.map_or_else(
        || std::time::Duration::ZERO,
        |counters| std::time::Duration::from_nanos(counters.ahead),
    ))
}

fn unreadable(kind: &str, key: &str, why: serde_json::Error) -> KeepError {
    KeepError::Row {
        kind: kind.to_owned(),
        key: key.to_owned(),
        why,
    }
}

impl Engine {
    /// The engine whose rows these are; without any, a new one.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub(super) fn restored(
        settings: Settings,
        registry: Registry,
        rows: &[Row],
    ) -> Result<Self, KeepError> {
        let mut engine = Self::new(settings, registry);
        for (kind, key, value) in rows {
            engine
                .restore(kind, key, value)
                .map_err(|source| unreadable(kind, key, source))?;
        }
        engine.resume_effects();
        Ok(engine)
    }

    fn restore(&mut self, kind: &str, key: &str, value: &[u8]) -> Result<(), serde_json::Error> {
        match kind {
            TYPES => {
                // The others are the service's own, as this start has them.
                let id: ActionTypeId = serde_json::from_str(key)?;
                if id.owner == "Custom" {
                    self.types.restore(key, value)?;
                }
                Ok(())
            }
            DELETED_TYPES => self.deleted_types.restore(key, value),
            PIPELINES => self.pipelines.restore(key, value),
            EXECUTIONS => self.executions.restore(key, value),
            RUNS => self.runs.restore(key, value),
            JOBS => self.jobs.restore(key, value),
            OFFERS => self.offers.restore(key, value),
            TIMERS => self.timers.kept().restore(key, value),
            PENDING => self.pending.restore(key, value),
            SESSIONS => {
                let access: JobAccess = serde_json::from_slice(value)?;
                self.registry.restore(access);
                Ok(())
            }
            COUNTERS => {
                let counters: Counters = serde_json::from_slice(value)?;
                self.sequence = counters.sequence;
                self.counted = Some(counters);
                Ok(())
            }
            other => Err(serde::de::Error::custom(format!(
                "an unknown collection {other}"
            ))),
        }
    }

    /// What changed since the last call, sessions included.
    ///
    /// # Errors
    /// A value that JSON has no words for.
    pub(super) fn take_changes(&mut self) -> Result<Vec<Change>, serde_json::Error> {
        let mut changes = Vec::new();
        let into = &mut changes;
        self.types.take(TYPES, into)?;
        self.deleted_types.take(DELETED_TYPES, into)?;
        self.pipelines.take(PIPELINES, into)?;
        self.executions.take(EXECUTIONS, into)?;
        self.runs.take(RUNS, into)?;
        self.jobs.take(JOBS, into)?;
        self.offers.take(OFFERS, into)?;
        self.timers.kept().take(TIMERS, into)?;
        self.pending.take(PENDING, into)?;
        for (id, access) in self.registry.take_changes() {
            changes.push(Change {
                kind: SESSIONS,
                key: serde_json::to_string(&id)?,
                value: access
                    .map(|access| serde_json::to_vec(&*access))
                    .transpose()?,
            });
        }
        let ahead = self.registry.clock().ahead().as_nanos();
        let counters = Counters {
            sequence: self.sequence,
            ahead: u64::try_from(ahead).unwrap_or(u64::MAX),
        };
        if self.counted.as_ref() != Some(&counters) {
            changes.push(Change {
                kind: COUNTERS,
                key: "0".to_owned(),
                value: Some(serde_json::to_vec(&counters)?),
            });
            self.counted = Some(counters);
        }
        Ok(changes)
    }

    /// Counts everything as changed.
    #[cfg(test)]
    pub(super) fn touch_all(&mut self) {
        self.types.touch_all();
        self.deleted_types.touch_all();
        self.pipelines.touch_all();
        self.executions.touch_all();
        self.runs.touch_all();
        self.jobs.touch_all();
        self.offers.touch_all();
        self.timers.kept().touch_all();
        self.pending.touch_all();
        self.registry.touch_all();
        self.counted = None;
    }
}
