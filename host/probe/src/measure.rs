//! Times that were seen only from outside: bounds, and the round time between them.
//!
//! Whoever asks again and again learns that something had not happened yet when one question was sent,
//! and had happened when a later one was answered. What the service was set to lies between; people set
//! services to round times, so that the roundest is taken, and of several the shortest: a machine that
//! is slow makes the upper bound worse, hardly ever the lower one.

use std::time::Duration;

/// What a time lies between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Longer than this.
    pub(crate) at_least: Duration,
    /// At most this.
    pub(crate) at_most: Duration,
}

/// From very round to hardly, milliseconds.
const STEPS: &[u64] = &[
    3_600_000, 1_800_000, 900_000, 300_000, 60_000, 30_000, 15_000, 5_000, 1_000, 500, 100, 50, 10,
    1,
];

impl Span {
    /// The roundest time in it.
    #[must_use]
    pub(crate) fn roundest(&self) -> Duration {
        let (least, most) = (self.at_least.as_millis(), self.at_most.as_millis());
        let first_multiple = |step: &u64| {
            let step = u128::from(*step);
            Some((least / step + 1) * step).filter(|multiple| *multiple <= most)
        };
        let found = STEPS.iter().find_map(first_multiple).unwrap_or(most);
        Duration::from_millis(u64::try_from(found).unwrap_or(u64::MAX))
    }
}

/// A time as `pipefitter dev` takes it: one number, the largest unit that fits it.
#[must_use]
pub(crate) fn in_one_unit(time: Duration) -> String {
    let milliseconds = time.as_millis();
    let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let fits = |(unit, _): &&(u128, &str)| milliseconds > 0 && milliseconds.is_multiple_of(*unit);
    match units.iter().find(fits) {
        Some((unit, name)) => format!("{}{name}", milliseconds / unit),
        None => format!("{milliseconds}ms"),
    }
}

/// A time for people: `1h 5m`, `14m 57s`, `2.1s`.
#[must_use]
pub(crate) fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.1}s", time.as_secs_f64()),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn roundest(at_least: u64, at_most: u64) -> String {
        let span = Span {
            at_least: Duration::from_millis(at_least),
            at_most: Duration::from_millis(at_most),
        };
        in_one_unit(span.roundest())
    }

    #[test]
    fn the_roundest_time_between_the_bounds_is_taken() {
        assert_eq!(roundest(894_000, 911_000), "15m");
        assert_eq!(roundest(86_370_000, 86_440_000), "24h");
        assert_eq!(roundest(3_571_000, 3_640_000), "1h");
        assert_eq!(roundest(28_900, 31_200), "30s");
        assert_eq!(roundest(1_950, 3_400), "2s");
        assert_eq!(roundest(1_950, 2_160), "2s");
        assert_eq!(roundest(230, 360), "300ms");
        assert_eq!(roundest(7, 7), "7ms");
        assert_eq!(roundest(0, 0), "0ms");
    }

    proptest! {
        #[test]
        fn what_was_set_to_whole_seconds_is_found_by_asking_each_tenth(set in 1_u64..4_000, off in 0_u64..100) {
            // A question just before, and the next one a tenth later.
            let (least, most) = (set * 1_000 - 1 - off.min(99), set * 1_000 + 100 - off.min(99));
            prop_assert_eq!(roundest(least, most), in_one_unit(Duration::from_secs(set)));
        }

        #[test]
        fn it_is_never_outside(least in 0_u64..100_000_000, width in 1_u64..10_000_000) {
            let span = Span {
                at_least: Duration::from_millis(least),
                at_most: Duration::from_millis(least + width),
            };
            let found = span.roundest();
            prop_assert!(span.at_least < found && found <= span.at_most);
        }
    }

    #[test]
    fn times_read_as_people_write_them() {
        let words = |milliseconds| in_words(Duration::from_millis(milliseconds));
        assert_eq!(words(2_120), "2.1s");
        assert_eq!(words(897_400), "14m 57s");
        assert_eq!(words(3_900_000), "1h 5m");
    }
}
