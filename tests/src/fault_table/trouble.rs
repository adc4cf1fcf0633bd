//! Faults of services that stand beside CodePipeline and S3, made by a proxy before them.

use crate::proxy::{Fault, Proxy};

/// What goes wrong with the requests for one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// They are throttled.
    Throttled,
    /// They are answered with status 500.
    Failed,
    /// They are refused, since the credentials that signed them have expired.
    Expired,
    /// They are refused, since a right is missing.
    Denied,
    /// They are carried out, and nobody hears of it.
    Unanswered,
    /// They are carried out, and their answers are late.
    Late,
}

impl Trouble {
    /// Those that answer a request with an error.
    pub const REFUSALS: [Trouble; 4] = [
        Trouble::Throttled,
        Trouble::Failed,
        Trouble::Expired,
        Trouble::Denied,
    ];

    /// Whether it passes by itself, and whoever is told waits for that.
    #[must_use]
    pub fn passes(self) -> bool {
        !matches!(self, Trouble::Expired | Trouble::Denied)
    }

    /// Have every request for an operation meet it until the proxy is calmed.
    pub fn begin(self, proxy: &Proxy, operation: &str) {
        proxy.spoil(operation, || self.fault(operation));
    }

    /// What one request for an operation meets. [`Trouble::Late`] is a test's own to make, by
    /// [`Proxy::hold_answer`].
    #[must_use]
    pub fn fault(self, operation: &str) -> Fault {
        let is_sts = matches!(operation, "AssumeRole" | "GetCallerIdentity");
        match (self, is_sts) {
            (Trouble::Throttled, false) => Fault::Answer(400, "ThrottlingException"),
            (Trouble::Throttled, true) => Fault::Answer(400, "Throttling"),
            (Trouble::Failed, _) => Fault::Answer(500, "InternalFailure"),
            (Trouble::Expired, false) => Fault::Answer(400, "ExpiredTokenException"),
            (Trouble::Expired, true) => Fault::Answer(403, "ExpiredToken"),
            (Trouble::Denied, false) => Fault::Answer(400, "AccessDeniedException"),
            (Trouble::Denied, true) => Fault::Answer(403, "AccessDenied"),
            (Trouble::Unanswered, _) => Fault::DropAnswer,
            (Trouble::Late, _) => panic!("an answer that is late is held by the test"),
        }
    }
}
