//! The names of all that a probe makes: recognisable, and each run's own.
//!
//! A deleted action type's name and version can never be used again (reference of
//! CreateCustomActionType), so that each run has types of its own.

use rand::Rng;

/// What pipelines and buckets of a probe begin with.
pub(crate) const PIPELINES: &str = "pipefitter-probe-";
/// What providers of a probe's action types begin with.
pub(crate) const PROVIDERS: &str = "PipefitterProbe-";
/// The version of each type.
pub(crate) const VERSION: &str = "1";
/// The property that polls choose by.
pub(crate) const QUERY: &str = "Experiment";
/// The property of the build action's type that may refer to variables.
pub(crate) const TEXT: &str = "Text";
/// The namespace and the name of the variable that an action gives to the next.
pub(crate) const VARIABLE: (&str, &str) = ("made", "text");

/// So much of a pipeline's name is in its artifacts' keys (docs/LOCAL.md has the layout).
const KEY_LENGTH: usize = 20;

/// One run's names.
#[derive(Clone, Debug)]
pub struct RunName(String);

impl RunName {
    /// A new one: 41 random bits.
    #[must_use]
    pub fn random() -> Self {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut rng = rand::rng();
        let letter = |_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]);
        Self((0..8).map(letter).collect())
    }

    /// The eight characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn provider(&self) -> String {
        format!("{PROVIDERS}{}", self.0)
    }

    pub(crate) fn pipeline(&self, experiment: &str) -> String {
        format!("{PIPELINES}{}-{experiment}", self.0)
    }

    /// Bucket names are everybody's: 41 bits are as good as nobody else's.
    pub(crate) fn bucket(&self) -> String {
        format!("{PIPELINES}{}", self.0)
    }
}

/// Where a pipeline's artifacts are in its bucket.
pub(crate) fn key_prefix(pipeline: &str) -> String {
    let start: String = pipeline.chars().take(KEY_LENGTH).collect();
    format!("{start}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recognised_and_within_the_services_bounds() {
        let run = RunName::random();
        assert_eq!(run.as_str().len(), 8);
        assert!(run.provider().starts_with(PROVIDERS) && run.provider().len() <= 25);
        let pipeline = run.pipeline("acknowledge");
        assert!(pipeline.starts_with(PIPELINES) && pipeline.len() <= 100);
        assert!(run.bucket().starts_with(PIPELINES) && run.bucket().len() <= 63);
        assert!(key_prefix(&pipeline).starts_with(PIPELINES));
        assert_ne!(run.as_str(), RunName::random().as_str());
    }
}
