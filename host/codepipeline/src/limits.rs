//! What CodePipeline takes in the fields of a job's result.
//!
//! The numbers are those of the service model (`codepipeline/2015-07-09/service-2.json`, shapes named
//! below) where nothing else is said. The SDK checks none of them: what breaks one costs a call and comes
//! back as a ValidationException that names no remedy. Lengths are UTF-16 code units.

/// Shape ContinuationToken: at most this, and at least 1.
pub const CONTINUATION_TOKEN: usize = 2048;

/// Shape ThirdPartyJobId: at most this, and at least 1.
pub const THIRD_PARTY_JOB_ID: usize = 512;

/// Shape ClientToken: at most this, and at least 1.
pub const CLIENT_TOKEN: usize = 256;

/// Shape ExecutionSummary: at most this, and at least 1.
pub const EXECUTION_SUMMARY: usize = 2048;

/// Shape ExecutionId (`externalExecutionId`): at most this, and at least 1.
pub const EXTERNAL_EXECUTION_ID: usize = 1500;

/// Shape Percentage: 0 to this.
pub const PERCENT_COMPLETE: u8 = 100;

/// Shape Revision (`currentRevision.revision`): at most this, and at least 1.
pub const REVISION: usize = 1500;

/// Shape RevisionChangeIdentifier: at most this, and at least 1.
pub const REVISION_CHANGE_IDENTIFIER: usize = 100;

/// Shape RevisionSummary: at most this, and at least 1.
pub const REVISION_SUMMARY: usize = 2048;

/// Shape Message (`failureDetails.message`): at most this, and at least 1.
pub const FAILURE_MESSAGE: usize = 5000;

/// Names and values of one action's output variables together, in bytes of UTF-8 (user guide, "Quotas in
/// AWS CodePipeline": 122880 bytes in total per action).
pub const OUTPUT_VARIABLES_BYTES: usize = 122_880;

/// The latest `currentRevision.created` that has a four-digit year: 9999-12-31T23:59:59Z. The model has
/// no bound; beyond this one, calendars of other readers end.
pub const CREATED_SECONDS: f64 = 253_402_300_799.0;

/// Shape OutputVariablesKey: `[A-Za-z0-9@\-_]+`.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'-' | b'_'))
}
