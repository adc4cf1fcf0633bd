//! What a value must be, wherever it comes from.
//!
//! A short secret cannot be kept out of logs: to mask it would blank ordinary words, and show by the gaps
//! what it is. So it is refused, as is one of blanks.

use secrecy::SecretString;

use crate::SecretError;

/// The least length, in characters, blanks at both ends not counted.
pub const SHORTEST: usize = 8;

/// The most, in bytes: what Secrets Manager keeps (API reference of PutSecretValue, SecretString: 65536).
pub const LARGEST: usize = 64 << 10;

/// Take a value, or say what is wrong with it. `place` is where it comes from, in words.
pub(crate) fn checked(
    secret: &str,
    place: &str,
    value: String,
) -> Result<SecretString, SecretError> {
    let value = SecretString::from(value);
    let text = secrecy::ExposeSecret::expose_secret(&value);
    if text.len() > LARGEST {
        return Err(SecretError::TooLarge {
            secret: secret.to_owned(),
            place: place.to_owned(),
        });
    }
    if text.trim().chars().nth(SHORTEST - 1).is_none() {
        return Err(SecretError::TooShort {
            secret: secret.to_owned(),
            place: place.to_owned(),
        });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_without_blanks_around() {
        let kind = |value: &str| match checked("s", "nowhere", value.to_owned()) {
            Ok(_) => "fine",
            Err(SecretError::TooShort { .. }) => "short",
            Err(SecretError::TooLarge { .. }) => "large",
            Err(other) => panic!("{other}"),
        };
        for (value, expected) in [
            ("", "short"),
            ("1234567", "short"),
            ("ééééééé", "short"),
            ("éééééééé", "fine"),
            ("12345678", "fine"),
            ("      1234567      ", "short"),
            ("          ", "short"),
        ] {
            assert_eq!(kind(value), expected, "{value:?}");
        }
        assert_eq!(kind(&"x".repeat(LARGEST)), "fine");
        assert_eq!(kind(&"x".repeat(LARGEST + 1)), "large");
    }
}
