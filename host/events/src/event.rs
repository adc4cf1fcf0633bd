//! A message's text as an event, or why it is none.
//!
//! The form is that of "Monitoring CodePipeline events" in CodePipeline's user guide. Two things of it are not what they
//! seem: `detail.type.version` is a number in some of its examples and a string in others, and
//! `detail.action-execution-id` is in today's events but not in all examples. Both forms of the first are taken,
//! and the second may be missing.

use serde::Deserialize;
use serde_json::Value;

const SOURCE: &str = "aws.codepipeline";
const DETAIL_TYPE: &str = "CodePipeline Action Execution State Change";

/// An event has at most 256 KiB (EventBridge quotas), a message of SQS more.
const LARGEST: usize = 256 << 10;

/// The state of an action's execution changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionEvent {
    /// The Region of the pipeline.
    pub region: String,
    /// When it happened, in milliseconds since the Unix epoch.
    pub time: Option<i64>,
    /// What became of the action.
    pub state: ActionState,
    /// The pipeline's name.
    pub pipeline: String,
    /// The pipeline execution's id: the same after a stage is retried.
    pub execution: String,
    /// The action execution's id: another one after a stage is retried.
    pub action_execution: Option<String>,
    /// The stage's name.
    pub stage: String,
    /// The action's name.
    pub action: String,
    /// `Custom`, `ThirdParty` or `AWS`.
    pub owner: String,
    /// `Build`, `Deploy`, `Test`, ...
    pub category: String,
    /// The action type's provider.
    pub provider: String,
    /// The action type's version as text.
    pub version: String,
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionState {
    /// It began: there is a job for it, or will be in a moment.
    Started,
    /// It ended: abandoned, failed, which is what a timeout comes to, canceled, or succeeded.
    Ended,
    /// A state that is not known here.
    Other,
}

/// Why a message is not an event of an action. Nothing of the message is in it: whoever may write to the queue would
/// write to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEvent {
    /// Longer than any event.
    #[error("it is longer than any event")]
    TooLong,
    /// Not JSON, or not an event's.
    #[error("it is not JSON of an event")]
    Malformed,
    /// Of another service or of another kind.
    #[error("it is not a state change of a CodePipeline action")]
    Foreign,
    /// Of the right kind, without what it needs.
    #[error("it is a state change of an action, and does not say which")]
    Incomplete,
}

#[derive(Deserialize)]
struct Envelope {
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    region: String,
    time: Option<String>,
    #[serde(default)]
    detail: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    pipeline: String,
    execution_id: String,
    action_execution_id: Option<String>,
    stage: String,
    action: String,
    state: String,
    r#type: Type,
}

#[derive(Deserialize)]
struct Type {
    owner: String,
    category: String,
    provider: String,
    version: Value,
}

impl ActionEvent {
    /// Read a message's body.
    ///
    /// # Errors
    /// It is not an event of an action, and why.
    pub fn read(body: &str) -> Result<ActionEvent, NotAnEvent> {
        if body.len() > LARGEST {
            return Err(NotAnEvent::TooLong);
        }
        let envelope: Envelope = serde_json::from_str(body).map_err(|_| NotAnEvent::Malformed)?;
        if envelope.source != SOURCE || envelope.detail_type != DETAIL_TYPE {
            return Err(NotAnEvent::Foreign);
        }
        let detail = Detail::deserialize(envelope.detail).map_err(|_| NotAnEvent::Incomplete)?;
        let time = envelope.time.and_then(|time| {
            let time: jiff::Timestamp = time.parse().ok()?;
            Some(time.as_millisecond())
        });
        Ok(ActionEvent {
            region: envelope.region,
            time,
            state: match detail.state.as_str() {
                "STARTED" => ActionState::Started,
                "SUCCEEDED" | "FAILED" | "CANCELED" | "CANCELLED" | "ABANDONED" => {
                    ActionState::Ended
                }
                _ => ActionState::Other,
            },
            pipeline: detail.pipeline,
            execution: detail.execution_id,
            action_execution: detail.action_execution_id,
            stage: detail.stage,
            action: detail.action,
            owner: detail.r#type.owner,
            category: detail.r#type.category,
            provider: detail.r#type.provider,
            version: version(&detail.r#type.version).ok_or(NotAnEvent::Incomplete)?,
        })
    }
}

/// As the action type is registered: 1, 1.0 and "1" are version 1.
fn version(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => {
            // Exact: versions have at most nine digits.
            let whole = number.as_f64().filter(|number| number.fract() == 0.0)?;
            Some(format!("{whole:.0}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn body() -> Value {
        json!({
            "version": "0",
            "id": "01234567-EXAMPLE",
            "detail-type": DETAIL_TYPE,
            "source": SOURCE,
            "account": "123456789012",
            "time": "2026-11-20T03:31:47Z",
            "region": "eu-central-1",
            "resources": ["arn:aws:codepipeline:eu-central-1:123456789012:docs"],
            "detail": {
                "pipeline": "docs",
                "version": 3.0,
                "execution-id": "e-1",
                "action-execution-id": "a-1",
                "start-time": "2026-11-20T03:31:47.206Z",
                "stage": "Build",
                "action": "Site",
                "state": "STARTED",
                "region": "eu-central-1",
                "type": {
                    "owner": "Custom",
                    "category": "Build",
                    "provider": "Site",
                    "version": "1"
                },
                "pipeline-execution-attempt": 1.0
            }
        })
    }

    fn read(body: &Value) -> Result<ActionEvent, NotAnEvent> {
        ActionEvent::read(&body.to_string())
    }

    #[test]
    fn an_event_is_read() {
        assert_eq!(
            read(&body()),
            Ok(ActionEvent {
                region: "eu-central-1".to_owned(),
                time: Some(1_795_145_507_000),
                state: ActionState::Started,
                pipeline: "docs".to_owned(),
                execution: "e-1".to_owned(),
                action_execution: Some("a-1".to_owned()),
                stage: "Build".to_owned(),
                action: "Site".to_owned(),
                owner: "Custom".to_owned(),
                category: "Build".to_owned(),
                provider: "Site".to_owned(),
                version: "1".to_owned(),
            })
        );
    }

    #[test]
    fn a_version_is_a_number_or_a_string() {
        for (given, expected) in [
            (json!("1"), Some("1")),
            (json!(1), Some("1")),
            (json!(1.0), Some("1")),
            (json!(123_456_789), Some("123456789")),
            (json!("v1_a"), Some("v1_a")),
            (json!(1.5), None),
            (json!(["1"]), None),
            (json!(null), None),
        ] {
            let mut body = body();
            body["detail"]["type"]["version"] = given.clone();
            let version = read(&body).ok().map(|event| event.version);
            assert_eq!(version.as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn states_are_what_they_come_to() {
        for (state, expected) in [
            ("STARTED", ActionState::Started),
            ("ABANDONED", ActionState::Ended),
            ("FAILED", ActionState::Ended),
            ("CANCELED", ActionState::Ended),
            ("SUCCEEDED", ActionState::Ended),
            ("RESUMED", ActionState::Other),
        ] {
            let mut body = body();
            body["detail"]["state"] = json!(state);
            assert_eq!(read(&body).unwrap().state, expected, "{state}");
        }
    }

    #[test]
    fn what_is_no_event_of_an_action_says_why() {
        for text in ["", "null", "[]", "{", "\u{0}", "{\"source\":1}"] {
            assert_eq!(
                ActionEvent::read(text),
                Err(NotAnEvent::Malformed),
                "{text:?}"
            );
        }
        let long = format!("\"{}\"", "x".repeat(LARGEST));
        assert_eq!(ActionEvent::read(&long), Err(NotAnEvent::TooLong));
        let deep = "[".repeat(100_000);
        assert_eq!(ActionEvent::read(&deep), Err(NotAnEvent::Malformed));
        for (key, value) in [
            ("source", "aws.codebuild"),
            ("detail-type", "CodePipeline Stage Execution State Change"),
        ] {
            let mut body = body();
            body[key] = json!(value);
            assert_eq!(read(&body), Err(NotAnEvent::Foreign));
        }
        for key in [
            "pipeline",
            "execution-id",
            "stage",
            "action",
            "state",
            "type",
        ] {
            let mut body = body();
            body["detail"].as_object_mut().unwrap().remove(key);
            assert_eq!(read(&body), Err(NotAnEvent::Incomplete), "{key}");
        }
        let mut body = body();
        body.as_object_mut().unwrap().remove("detail");
        assert_eq!(read(&body), Err(NotAnEvent::Incomplete));
    }

    #[test]
    fn what_may_be_missing_may_be_missing() {
        let mut body = body();
        for key in ["account", "time", "resources", "id", "version"] {
            body.as_object_mut().unwrap().remove(key);
        }
        body["detail"]
            .as_object_mut()
            .unwrap()
            .remove("action-execution-id");
        let event = read(&body).unwrap();
        assert_eq!((event.time, event.action_execution), (None, None));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(text in "\\PC{0,200}") {
            prop_assert!(ActionEvent::read(&text).is_err());
        }

        #[test]
        fn an_event_with_pieces_missing_or_broken_is_read_to_an_end(
            cut in 0usize..900,
            at in 0usize..900,
            with in any::<char>(),
        ) {
            let whole: Vec<char> = body().to_string().chars().collect();
            let mut text: String = whole.iter().take(cut.max(1)).collect();
            let _cut = ActionEvent::read(&text);
            text = whole.iter().enumerate().map(|(n, c)| if n == at { with } else { *c }).collect();
            let _broken = ActionEvent::read(&text);
        }
    }
}
