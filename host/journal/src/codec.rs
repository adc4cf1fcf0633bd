//! Records as bytes.
//!
//! JSON, since an operator with a broken worker must be able to read what it held, and with the version
//! in front: a record of another version is refused before its fields are looked at. A change that an old
//! reader would misread takes a new version; `tests/golden/` holds what each version wrote.

use serde::{Deserialize, Serialize};

use crate::record::{Record, RecordKey};

/// What this build writes.
pub(crate) const RECORD_VERSION: u32 = 1;

/// What to do with a journal that is damaged.
pub(crate) const MOVE_AWAY: &str = "move it away and start again; look in CodePipeline for actions of this \
    worker that stay in progress, and stop their executions";

/// Why bytes are not a record, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    #[error(
        "the record of job {job} of source {source_id} cannot be read ({why}), so the journal is damaged: {MOVE_AWAY}"
    )]
    Unreadable {
        source_id: String,
        job: String,
        why: serde_json::Error,
    },
    #[error(
        "the record of job {job} of source {source_id} has version {found}, this version reads {RECORD_VERSION}: start \
         the version that wrote it and let it report its jobs, or set state-dir to an empty directory"
    )]
    Version {
        source_id: String,
        job: String,
        found: u32,
    },
    #[error(
        "what is kept as the record of job {job} of source {source_id} names another job, so the journal is damaged: \
         {MOVE_AWAY}"
    )]
    Misplaced { source_id: String, job: String },
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    record: &'a Record,
}

#[derive(Deserialize)]
struct Envelope {
    version: u32,
}

#[derive(Deserialize)]
struct Read {
    record: Record,
}

pub(crate) fn encode(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Written {
        version: RECORD_VERSION,
        record,
    })
}

/// `source_id` and `job` are the key that the bytes were found under.
pub(crate) fn decode(source_id: &str, job: &str, bytes: &[u8]) -> Result<Record, CodecError> {
    let unreadable = |why| CodecError::Unreadable {
        source_id: source_id.to_owned(),
        job: job.to_owned(),
        why,
    };
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(unreadable)?;
    if envelope.version != RECORD_VERSION {
        return Err(CodecError::Version {
            source_id: source_id.to_owned(),
            job: job.to_owned(),
            found: envelope.version,
        });
    }
    let Read { record } = serde_json::from_slice(bytes).map_err(unreadable)?;
    if record.key
        != (RecordKey {
            source: source_id.to_owned(),
            job: job.to_owned(),
        })
    {
        return Err(CodecError::Misplaced {
            source_id: source_id.to_owned(),
            job: job.to_owned(),
        });
    }
    Ok(record)
}

/// The record that a journal makes of bytes found under this key, and the bytes that it writes for it.
/// Nothing where it refuses them. For whoever makes bytes up, as fuzzing does; a worker asks
/// [`Journal::load`](crate::Journal::load).
#[must_use]
pub fn reread(source_id: &str, job: &str, bytes: &[u8]) -> Option<(Record, Vec<u8>)> {
    let record = decode(source_id, job, bytes).ok()?;
    let written = encode(&record).ok()?;
    Some((record, written))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::record::Phase;

    const GOLDEN: &str = include_str!("../tests/golden/records-v1.jsonl");

    fn record(job: &str, attempt: u32, client: Option<&str>, phase: Phase) -> Record {
        Record {
            key: RecordKey {
                source: "main".to_owned(),
                job: job.to_owned(),
            },
            action_type: "Build/Site/1".to_owned(),
            nonce: "3".to_owned(),
            client: client.map(str::to_owned),
            attempt,
            retry_safe: attempt == 2,
            by_rule: false,
            taken_at: 1_790_000_000_123,
            phase,
        }
    }

    fn one_of_each() -> Vec<Record> {
        vec![
            record("a", 0, None, Phase::Acknowledging),
            record("b", 0, Some("client-1"), Phase::Acknowledged),
            record("c", 2, None, Phase::Running),
            record(
                "../d \"quoted\"\n",
                1,
                None,
                Phase::Finished {
                    outcome: json!({"succeeded": {"variables": {"pages": "12"}}}),
                    replaced: false,
                },
            ),
            record(
                "e",
                1,
                None,
                Phase::Parked {
                    outcome: json!({"failed": "no such page"}),
                    reason: "ValidationException".to_owned(),
                },
            ),
        ]
    }

    #[test]
    fn what_is_written_is_what_version_1_wrote() {
        let written: Vec<String> = one_of_each()
            .iter()
            .map(|record| String::from_utf8(encode(record).unwrap()).unwrap())
            .collect();
        let golden: Vec<&str> = GOLDEN.lines().collect();
        assert_eq!(written, golden, "the format changed: take a new version");
    }

    #[test]
    fn what_version_1_wrote_is_read() {
        for (line, wanted) in GOLDEN.lines().zip(one_of_each()) {
            let read = decode(&wanted.key.source, &wanted.key.job, line.as_bytes()).unwrap();
            assert_eq!(read, wanted);
        }
    }

    #[test]
    fn another_version_is_refused_before_its_fields_are_looked_at() {
        let error = decode("main", "a", br#"{"version":2,"record":"compressed"}"#).unwrap_err();
        assert!(
            matches!(error, CodecError::Version { found: 2, .. }),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_phase_is_not_a_record() {
        let text = String::from_utf8(encode(&one_of_each()[0]).unwrap()).unwrap();
        let text = text.replace("acknowledging", "daydreaming");
        let error = decode("main", "a", text.as_bytes()).unwrap_err();
        assert!(matches!(error, CodecError::Unreadable { .. }), "{error}");
        assert!(
            error.to_string().contains("job a of source main"),
            "{error}"
        );
    }

    #[test]
    fn a_record_under_the_key_of_another_job_is_refused() {
        let bytes = encode(&one_of_each()[0]).unwrap();
        let error = decode("main", "b", &bytes).unwrap_err();
        assert!(matches!(error, CodecError::Misplaced { .. }), "{error}");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode("main", "a", &bytes);
        }

        #[test]
        fn any_text_survives(job in ".{1,60}", nonce in ".{0,50}", words in ".{0,100}", attempt in any::<u32>()) {
            let mut written = record(&job, attempt, Some(&words), Phase::Parked {
                outcome: json!({ "message": words }),
                reason: words.clone(),
            });
            written.nonce = nonce;
            let read = decode("main", &job, &encode(&written).unwrap()).unwrap();
            prop_assert_eq!(read, written);
        }
    }
}
