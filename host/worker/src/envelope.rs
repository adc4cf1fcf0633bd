//! The continuation tokens that the host itself makes.
//!
//! When the worker passes a job on whose plugin has not begun (a drain that ran out of time), it ends
//! the job with a continuation. The token of the new job is an envelope: `pipefitter:1:` and JSON that
//! holds what the plugin's own token was, how many runs had begun and which job was the first. A plugin's
//! token passes verbatim and may not begin like an envelope. A plugin never sees an envelope.
//!
//! Every job can be passed on, whatever its id and token are: of an id that is longer than CodePipeline's own a hash
//! is kept, and a token that JSON's escapes make too long stands behind the JSON as it is.
//!
//! ```text
//!   pipefitter:1:{"attempt":1,"origin":"<job>","token":"<token>"}
//!   pipefitter:1:{"attempt":1,"origin":"<job>"}<token>
//! ```

use serde::{Deserialize, Serialize};

use crate::names;

/// What an envelope begins with.
pub(crate) const PREFIX: &str = "pipefitter:1:";

/// A plugin's token may be this long (UTF-16 units): what is left of the service's 2,048 holds the rest
/// of an envelope, with an origin of [`MAX_ORIGIN`] units of which each takes an escape of six.
pub(crate) const MAX_PLUGIN_TOKEN: usize = 1_700;

/// The service's limit on a token (botocore's model: ContinuationToken, max 2048).
const MAX_TOKEN: usize = 2_048;

/// A job's id is kept as it is up to this length (UTF-16 units): that of a UUID. A partner's may have 512.
const MAX_ORIGIN: usize = 36;

/// A host-made token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Envelope {
    /// Runs begun so far.
    pub(crate) attempt: u32,
    /// The first job: its id, or a hash of it.
    pub(crate) origin: String,
    /// The plugin's own token, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

/// A token cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// Empty tokens are refused by the service.
    #[error("the continuation token is empty, it must have 1 to {MAX_PLUGIN_TOKEN} characters")]
    Empty,
    /// Longer than what the host can put into an envelope.
    #[error("the continuation token has {0} characters, the most is {MAX_PLUGIN_TOKEN}")]
    TooLong(usize),
    /// A plugin may not make envelopes.
    #[error("the continuation token begins with `{PREFIX}`, which is kept for the worker itself")]
    Reserved,
    /// An envelope that holds no envelope.
    #[error("the continuation token begins with `{PREFIX}` but is not one that a worker made")]
    Malformed,
}

impl Envelope {
    pub(crate) fn new(attempt: u32, origin: &str, token: Option<String>) -> Envelope {
        let origin = match origin.encode_utf16().count() > MAX_ORIGIN {
            true => names::short_name(origin),
            false => origin.to_owned(),
        };
        Envelope {
            attempt,
            origin,
            token,
        }
    }

    /// As a token. Fails where the plugin's own is one that no plugin may return.
    pub(crate) fn encode(&self) -> Result<String, TokenError> {
        let json = |envelope: &Envelope| {
            serde_json::to_string(envelope).map_err(|_| TokenError::Malformed)
        };
        let token = format!("{PREFIX}{}", json(self)?);
        if length(&token) <= MAX_TOKEN {
            return Ok(token);
        }
        let bare = Envelope {
            token: None,
            ..self.clone()
        };
        let behind = self.token.as_deref().unwrap_or_default();
        let token = format!("{PREFIX}{}{behind}", json(&bare)?);
        match length(&token) {
            0..=MAX_TOKEN => Ok(token),
            length => Err(TokenError::TooLong(length)),
        }
    }
}

fn length(token: &str) -> usize {
    token.encode_utf16().count()
}

/// What a job's token is: an envelope, or a plugin's own.
pub(crate) fn open(token: &str) -> Result<Result<Envelope, String>, TokenError> {
    let Some(text) = token.strip_prefix(PREFIX) else {
        return Ok(Err(token.to_owned()));
    };
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Envelope>();
    let envelope = values.next().and_then(Result::ok);
    let mut envelope = envelope.ok_or(TokenError::Malformed)?;
    match (text.get(values.byte_offset()..), &envelope.token) {
        (None | Some(""), _) => {}
        (Some(behind), None) => envelope.token = Some(behind.to_owned()),
        (Some(_), Some(_)) => return Err(TokenError::Malformed),
    }
    Ok(Ok(envelope))
}

/// Whether a plugin may return this token.
pub(crate) fn check_plugin_token(token: &str) -> Result<(), TokenError> {
    let length = length(token);
    if token.is_empty() {
        Err(TokenError::Empty)
    } else if length > MAX_PLUGIN_TOKEN {
        Err(TokenError::TooLong(length))
    } else if token.starts_with(PREFIX) {
        Err(TokenError::Reserved)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_envelope_gives_back_what_was_put_in(
            attempt in 0u32..4,
            origin in "[0-9a-f-]{36}",
            token in proptest::option::of(".{0,200}"),
        ) {
            let envelope = Envelope { attempt, origin, token };
            let text = envelope.encode().unwrap();
            prop_assert!(check_plugin_token(&text) == Err(TokenError::Reserved));
            prop_assert_eq!(open(&text), Ok(Ok(envelope)));
        }

        #[test]
        fn every_job_can_be_passed_on(
            attempt in any::<u32>(),
            origin in text(1..=512),
            token in proptest::option::of(text(1..=MAX_PLUGIN_TOKEN)),
        ) {
            let envelope = Envelope::new(attempt, &origin, token.clone());
            let text = envelope.encode().unwrap();
            prop_assert!(length(&text) <= MAX_TOKEN);
            prop_assert_eq!(open(&text), Ok(Ok(envelope.clone())));
            prop_assert_eq!((envelope.attempt, &envelope.token), (attempt, &token));
            // And on, and on.
            let next = Envelope::new(attempt, &envelope.origin, token);
            prop_assert_eq!(next, envelope);
        }

        #[test]
        fn a_plugins_token_passes_verbatim(token in ".{1,100}") {
            prop_assume!(!token.starts_with(PREFIX));
            prop_assert_eq!(check_plugin_token(&token), Ok(()));
            prop_assert_eq!(open(&token), Ok(Err(token)));
        }
    }

    /// Text of so many UTF-16 units, often of nothing but what JSON writes longer.
    fn text(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
        let escaped = proptest::sample::select(vec!['"', '\\', '\n', '\u{0}', '\u{1b}', '{', '}']);
        let character = prop_oneof![8 => escaped, 1 => any::<char>(), 1 => Just(' ')];
        let most = *length.end();
        proptest::collection::vec(character, length).prop_map(move |characters| {
            let mut units = 0;
            let fits = characters.into_iter().take_while(|character| {
                units += character.len_utf16();
                units <= most
            });
            fits.collect()
        })
    }

    #[test]
    fn the_longest_of_everything_fits_and_stays_what_it_is() {
        for character in ["x", "\"", "\n", "\0", "\u{1f980}"] {
            let units = character.encode_utf16().count();
            for id in [36, 37, 512] {
                let id = character.repeat(id / units);
                let token = character.repeat(MAX_PLUGIN_TOKEN / units);
                let envelope = Envelope::new(u32::MAX, &id, Some(token));
                assert_eq!(envelope.origin == id, length(&id) <= MAX_ORIGIN);
                let text = envelope.encode().unwrap();
                assert!(length(&text) <= MAX_TOKEN, "{}", length(&text));
                assert_eq!(open(&text), Ok(Ok(envelope)));
            }
        }
    }

    #[test]
    fn envelopes_of_earlier_versions_are_opened_with_whatever_origin_they_have() {
        let origin = "x".repeat(400);
        let text = format!(r#"{PREFIX}{{"attempt":2,"origin":"{origin}","token":"page 7"}}"#);
        let envelope = open(&text).unwrap().unwrap();
        assert_eq!((envelope.attempt, &envelope.origin), (2, &origin));
        let next = Envelope::new(envelope.attempt, &envelope.origin, envelope.token);
        assert_eq!(next.origin.len(), 32);
        assert!(next.encode().is_ok());
    }

    #[test]
    fn what_a_plugin_may_not_return() {
        assert_eq!(check_plugin_token(""), Err(TokenError::Empty));
        assert_eq!(
            check_plugin_token(&"x".repeat(MAX_PLUGIN_TOKEN + 1)),
            Err(TokenError::TooLong(MAX_PLUGIN_TOKEN + 1))
        );
        for malformed in [
            "pipefitter:1:",
            "pipefitter:1:{",
            "pipefitter:1:page 7",
            r#"pipefitter:1:{"attempt":1}page 7"#,
            r#"pipefitter:1:{"attempt":1,"origin":"a","token":"b"}c"#,
        ] {
            assert_eq!(open(malformed), Err(TokenError::Malformed), "{malformed}");
        }
    }
}
