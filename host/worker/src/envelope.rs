//! The continuation tokens that the host itself makes.
//!
//! When the worker passes a job on whose plugin has not begun (a drain that ran out of time), it ends
//! the job with a continuation. The token of the new job is an envelope: `pipefitter:1:` and JSON that
//! holds what the plugin's own token was, how many runs had begun and which job was the first. A plugin's
//! token passes verbatim and may not begin like an envelope. A plugin never sees an envelope.

use serde::{Deserialize, Serialize};

/// What an envelope begins with.
pub(crate) const PREFIX: &str = "pipefitter:1:";

/// A plugin's token may be this long (UTF-16 units): what is left of the service's 2,048 holds the rest
/// of an envelope.
pub(crate) const MAX_PLUGIN_TOKEN: usize = 1_700;

/// The service's limit on a token (botocore's model: ContinuationToken, max 2048).
const MAX_TOKEN: usize = 2_048;

/// A host-made token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Envelope {
    /// Runs begun so far.
    pub(crate) attempt: u32,
    /// The first job.
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
    /// As a token. Fails where JSON's escapes make it too long for the service.
    pub(crate) fn encode(&self) -> Result<String, TokenError> {
        let json = serde_json::to_string(self).map_err(|_| TokenError::Malformed)?;
        let token = format!("{PREFIX}{json}");
        let length = token.encode_utf16().count();
        if length > MAX_TOKEN {
            return Err(TokenError::TooLong(length));
        }
        Ok(token)
    }
}

/// What a job's token is: an envelope, or a plugin's own.
pub(crate) fn open(token: &str) -> Result<Result<Envelope, String>, TokenError> {
    match token.strip_prefix(PREFIX) {
        Some(json) => serde_json::from_str(json)
            .map(Ok)
            .map_err(|_| TokenError::Malformed),
        None => Ok(Err(token.to_owned())),
    }
}

/// Whether a plugin may return this token.
pub(crate) fn check_plugin_token(token: &str) -> Result<(), TokenError> {
    let length = token.encode_utf16().count();
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
        fn a_plugins_token_passes_verbatim(token in ".{1,100}") {
            prop_assume!(!token.starts_with(PREFIX));
            prop_assert_eq!(check_plugin_token(&token), Ok(()));
            prop_assert_eq!(open(&token), Ok(Err(token)));
        }
    }

    #[test]
    fn the_longest_plain_token_fits_an_envelope() {
        let envelope = Envelope {
            attempt: 3,
            origin: "0f0f0f0f-1111-2222-3333-444444444444".to_owned(),
            token: Some("x".repeat(MAX_PLUGIN_TOKEN)),
        };
        assert!(envelope.encode().is_ok());
    }

    #[test]
    fn what_a_plugin_may_not_return() {
        assert_eq!(check_plugin_token(""), Err(TokenError::Empty));
        assert_eq!(
            check_plugin_token(&"x".repeat(MAX_PLUGIN_TOKEN + 1)),
            Err(TokenError::TooLong(MAX_PLUGIN_TOKEN + 1))
        );
        assert_eq!(open("pipefitter:1:{"), Err(TokenError::Malformed));
    }
}
