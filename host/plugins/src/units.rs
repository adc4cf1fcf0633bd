//! Durations and sizes as people write them: one number, one unit.
//!
//! Strict on purpose. `MB` means two things, `1h30m` and `1.5h` need a second look; what reads in one way
//! only cannot be mistaken by whoever reviews a limit.

use std::time::Duration;

/// Text is no duration or no size; the message says what is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a number with a unit.
    #[error("`{text}` is not a {what}: write a whole number and a unit, such as {example}")]
    Shape {
        /// What was given.
        text: String,
        /// `duration` or `size`.
        what: &'static str,
        /// A valid one.
        example: &'static str,
    },
    /// The unit is not one of ours.
    #[error("`{unit}` is not a unit of a {what}: use {known}")]
    Unit {
        /// What was given.
        unit: String,
        /// `duration` or `size`.
        what: &'static str,
        /// Those that are.
        known: &'static str,
    },
    /// The number does not fit.
    #[error("`{text}` is too large for a {what}")]
    TooLarge {
        /// What was given.
        text: String,
        /// `duration` or `size`.
        what: &'static str,
    },
}

const DURATION: Kind = Kind {
    what: "duration",
    example: "500ms, 30s, 15m or 2h",
    known: "ms, s, m or h",
};

const SIZE: Kind = Kind {
    what: "size",
    example: "512B, 64KiB, 256MiB or 2GiB",
    known: "B, KiB, MiB or GiB",
};

struct Kind {
    what: &'static str,
    example: &'static str,
    known: &'static str,
}

/// A duration: a whole number and `ms`, `s`, `m` or `h`.
///
/// # Errors
///
/// [`UnitError`] says what is wrong and what a duration looks like.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let (number, unit) = split(text, &DURATION)?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(unknown(unit, &DURATION)),
    };
    number
        .checked_mul(milliseconds)
        .map(Duration::from_millis)
        .ok_or_else(|| too_large(text, &DURATION))
}

/// A size in bytes: a whole number and `B`, `KiB`, `MiB` or `GiB`.
///
/// # Errors
///
/// [`UnitError`] says what is wrong and what a size looks like.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let (number, unit) = split(text, &SIZE)?;
    let bytes: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(unknown(unit, &SIZE)),
    };
    number
        .checked_mul(bytes)
        .ok_or_else(|| too_large(text, &SIZE))
}

/// A size as [`parse_size`] reads it, in the largest unit that loses nothing.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    units
        .into_iter()
        .find(|(shift, _)| bytes > 0 && bytes.is_multiple_of(1 << shift))
        .map_or_else(
            || format!("{bytes}B"),
            |(shift, unit)| format!("{}{unit}", bytes >> shift),
        )
}

/// A duration as [`parse_duration`] reads it, in the largest unit that loses nothing; below a millisecond
/// it is cut.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    units
        .into_iter()
        .find(|(size, _)| milliseconds > 0 && milliseconds.is_multiple_of(*size))
        .map_or_else(
            || format!("{milliseconds}ms"),
            |(size, unit)| format!("{}{unit}", milliseconds / size),
        )
}

fn split<'t>(text: &'t str, kind: &Kind) -> Result<(u64, &'t str), UnitError> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let one_unit = !unit.is_empty() && unit.chars().all(char::is_alphabetic);
    if number.is_empty() || !one_unit {
        return Err(UnitError::Shape {
            text: text.to_owned(),
            what: kind.what,
            example: kind.example,
        });
    }
    let number = number.parse().map_err(|_| too_large(text, kind))?;
    Ok((number, unit))
}

fn unknown(unit: &str, kind: &Kind) -> UnitError {
    UnitError::Unit {
        unit: unit.to_owned(),
        what: kind.what,
        known: kind.known,
    }
}

fn too_large(text: &str, kind: &Kind) -> UnitError {
    UnitError::TooLarge {
        text: text.to_owned(),
        what: kind.what,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_secs(7200)));
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("7B"), Ok(7));
        assert_eq!(parse_size("1KiB"), Ok(1024));
        assert_eq!(parse_size("256MiB"), Ok(256 << 20));
        assert_eq!(parse_size("2GiB"), Ok(2 << 30));
    }

    #[test]
    fn what_is_neither_is_told_what_would_be() {
        let shape = |text| parse_duration(text).unwrap_err().to_string();
        for text in ["", "15", "m", "1.5h", "1h30m", "-3s", " 3s", "3 s"] {
            assert!(
                shape(text).contains("such as 500ms, 30s"),
                "{text}: {}",
                shape(text)
            );
        }
        assert_eq!(
            shape("3d"),
            "`d` is not a unit of a duration: use ms, s, m or h"
        );
        assert_eq!(
            parse_size("3MB").unwrap_err().to_string(),
            "`MB` is not a unit of a size: use B, KiB, MiB or GiB"
        );
        let huge = "99999999999999999999h";
        assert_eq!(shape(huge), format!("`{huge}` is too large for a duration"));
        assert!(matches!(
            parse_size("18446744073709551615KiB"),
            Err(UnitError::TooLarge { .. })
        ));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,30}") {
            let _ = (parse_duration(&text), parse_size(&text));
        }

        #[test]
        fn what_is_printed_is_read_back(bytes in any::<u64>(), milliseconds in any::<u64>()) {
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
            let duration = Duration::from_millis(milliseconds);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
