//! Conditional requests: what must hold for a write to happen, and for a read to be answered.

use super::index::Version;
use crate::s3::StoreError;

/// What the latest version must be for a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum WriteCondition {
    /// Anything.
    #[default]
    None,
    /// `If-None-Match: *`: nothing may be there.
    Absent,
    /// `If-Match: *`: something must be there.
    Present,
    /// `If-Match`: this entity tag (without quotes) must be there.
    Etag(String),
}

impl WriteCondition {
    /// `current` is the latest version, none where the key has none or is deleted.
    pub(super) fn check(
        &self,
        bucket: &str,
        key: &str,
        current: Option<&Version>,
    ) -> Result<(), StoreError> {
        let etag = current.and_then(|version| Some(version.object()?.etag.as_str()));
        let absent = || StoreError::NoSuchKey {
            bucket: bucket.into(),
            key: key.into(),
            marker: None,
        };
        match (self, etag) {
            (Self::None, _) | (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Absent, Some(_)) => Err(StoreError::Precondition {
                condition: "If-None-Match",
            }),
            (Self::Present | Self::Etag(_), None) => Err(absent()),
            (Self::Etag(expected), Some(etag)) if expected == etag => Ok(()),
            (Self::Etag(_), Some(_)) => Err(StoreError::Precondition {
                condition: "If-Match",
            }),
        }
    }
}

/// A condition on an entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EtagCondition {
    /// `*`
    Any,
    /// Without quotes.
    Is(String),
}

impl EtagCondition {
    fn holds(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Is(expected) => expected == etag,
        }
    }
}

/// Of a read, or of the source of a copy. Times are seconds since the epoch, as HTTP dates are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadConditions {
    pub(crate) if_match: Option<EtagCondition>,
    pub(crate) if_none_match: Option<EtagCondition>,
    pub(crate) if_modified_since: Option<i64>,
    pub(crate) if_unmodified_since: Option<i64>,
}

impl ReadConditions {
    /// RFC 9110, 13.2.2: entity tags come before dates, and overrule them.
    pub(crate) fn check(&self, etag: &str, modified_millis: i64) -> Result<(), StoreError> {
        let modified = modified_millis.div_euclid(1000);
        let failed = |condition| Err(StoreError::Precondition { condition });
        match (&self.if_match, self.if_unmodified_since) {
            (Some(condition), _) if !condition.holds(etag) => return failed("If-Match"),
            (None, Some(since)) if modified > since => return failed("If-Unmodified-Since"),
            _ => {}
        }
        let not_modified = match (&self.if_none_match, self.if_modified_since) {
            (Some(condition), _) => condition.holds(etag),
            (None, Some(since)) => modified <= since,
            (None, None) => false,
        };
        if not_modified {
            return Err(StoreError::NotModified { etag: etag.into() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_overrules_a_date() {
        let is = |etag: &str| Some(EtagCondition::Is(etag.into()));
        let check = |conditions: ReadConditions| conditions.check("a", 10_500);
        let base = ReadConditions::default;
        assert!(check(base()).is_ok());
        assert!(matches!(
            check(ReadConditions {
                if_match: is("b"),
                ..base()
            }),
            Err(StoreError::Precondition {
                condition: "If-Match"
            })
        ));
        assert!(
            check(ReadConditions {
                if_match: is("a"),
                if_unmodified_since: Some(1),
                ..base()
            })
            .is_ok()
        );
        assert!(matches!(
            check(ReadConditions {
                if_unmodified_since: Some(9),
                ..base()
            }),
            Err(StoreError::Precondition { .. })
        ));
        assert!(matches!(
            check(ReadConditions {
                if_modified_since: Some(10),
                ..base()
            }),
            Err(StoreError::NotModified { .. })
        ));
        assert!(
            check(ReadConditions {
                if_none_match: is("b"),
                if_modified_since: Some(10),
                ..base()
            })
            .is_ok()
        );
        assert!(matches!(
            check(ReadConditions {
                if_none_match: Some(EtagCondition::Any),
                ..base()
            }),
            Err(StoreError::NotModified { .. })
        ));
    }
}
