//! Why a request got no response.

use crate::event::LimitHit;
use crate::protocol::ErrorCode;

/// Why a request got no response, and what the guest is told.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    pub(crate) cause: Cause,
}

/// What kind of thing went wrong, which decides who hears of it.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// Refused before anything was sent.
    Denied(String),
    /// A limit of the operator's.
    Limit(LimitHit),
    /// The server's, the network's or the guest's own doing.
    Failed(String),
}

impl Failure {
    pub(crate) fn denied(code: ErrorCode, why: impl Into<String>) -> Self {
        Self {
            code,
            cause: Cause::Denied(why.into()),
        }
    }

    pub(crate) fn failed(code: ErrorCode, why: impl Into<String>) -> Self {
        Self {
            code,
            cause: Cause::Failed(why.into()),
        }
    }

    pub(crate) fn limit(code: ErrorCode, hit: LimitHit) -> Self {
        Self {
            code,
            cause: Cause::Limit(hit),
        }
    }
}

/// An error with what caused it, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
