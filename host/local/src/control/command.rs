//! What can be asked for.

use serde::{Deserialize, Serialize};

/// One thing to do. As JSON, `do` names it in kebab-case: `{"do": "advance", "seconds": 3600}`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// Move the service's time ahead: timeouts, hand-outs, continuations and credentials follow.
    Advance {
        /// How far, seconds.
        seconds: f64,
    },
    /// Refuse requests with a ThrottlingException (S3: SlowDown); nothing is done.
    Throttle(Where),
    /// Answer requests with status 500; nothing is done.
    Fail(Where),
    /// Do what requests ask for, and cut the connection instead of answering.
    Drop(Where),
    /// Answer requests late.
    Slow(Slow),
    /// Have somebody else acknowledge a job just before the worker does. The job is the other's then:
    /// nobody reports it unless whoever asked for this does.
    LoseRace(Where),
    /// Let the credentials that were given for jobs expire now.
    ExpireCredentials {
        /// Of this job; of all, where none is named.
        job: Option<String>,
    },
    /// Offer jobs that nobody acknowledged, and continuations that wait, at the next poll.
    Reoffer {
        /// This job; all, where none is named.
        job: Option<String>,
    },
    /// Stop the execution of a job and abandon what is in progress in it.
    Abandon {
        /// The job; all that are open, where none is named.
        job: Option<String>,
    },
    /// Forget all faults that have not happened yet.
    Clear {},
}

/// Which requests a fault is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Where {
    /// An operation of CodePipeline or S3 by name (`PutJobSuccessResult`, `GetObject`), a `*` in it for
    /// anything (`Poll*`); any, where none is named. [`Command::LoseRace`] has its own.
    pub operation: Option<String>,
    /// Requests about this job (CodePipeline's only); any, where none is named.
    pub job: Option<String>,
    /// How many requests meet it; 1 unless said.
    pub count: Option<u32>,
}

/// Which requests are answered late, and how late.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Slow {
    /// As in [`Where`].
    pub operation: Option<String>,
    /// As in [`Where`].
    pub job: Option<String>,
    /// As in [`Where`].
    pub count: Option<u32>,
    /// How late, seconds.
    pub seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_what_is_misspelt_is_refused() {
        let read = |text: &str| serde_json::from_str::<Command>(text);
        assert_eq!(
            read(r#"{"do":"advance","seconds":3600}"#).unwrap(),
            Command::Advance { seconds: 3600.0 }
        );
        let place = Where {
            operation: Some("PollForJobs".into()),
            count: Some(3),
            ..Where::default()
        };
        assert_eq!(
            read(r#"{"do":"throttle","operation":"PollForJobs","count":3}"#).unwrap(),
            Command::Throttle(place)
        );
        assert_eq!(
            read(r#"{"do":"expire-credentials"}"#).unwrap(),
            Command::ExpireCredentials { job: None }
        );
        for wrong in [
            r#"{"do":"explode"}"#,
            r#"{"do":"advance","seconds":1,"second":1}"#,
            r#"{"do":"throttle","jobs":"1"}"#,
            r#"{"do":"fail","counts":1}"#,
            r#"{"do":"drop","operaton":"PollForJobs"}"#,
            r#"{"do":"slow"}"#,
            r#"{"do":"slow","seconds":1,"jobs":"1"}"#,
            r#"{"do":"lose-race","jobs":"1"}"#,
            r#"{"do":"expire-credentials","jobs":"1"}"#,
            r#"{"do":"reoffer","jobs":"1"}"#,
            r#"{"do":"abandon","jobs":"1"}"#,
            r#"{"do":"clear","job":"1"}"#,
            r#"{"seconds":1}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
