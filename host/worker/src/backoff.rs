//! Pauses: full jitter between tries, and the adaptive interval between polls.

use std::time::Duration;

use rand::Rng;

/// The first pause is at most this.
const BASE: Duration = Duration::from_millis(500);

/// No pause is longer, so that a service that is back is noticed within minutes.
const CAP: Duration = Duration::from_secs(300);

/// A pause drawn evenly between nothing and a bound that doubles with each try (AWS's "full jitter"):
/// workers that failed together do not come back together.
pub(crate) fn full_jitter(
    tries: u32,
    at_least: Option<Duration>,
    random: &mut impl Rng,
) -> Duration {
    let bound = BASE.saturating_mul(1 << tries.min(20)).min(CAP);
    let drawn = bound.mul_f64(random.random_range(0.0..=1.0));
    // What the service asked for is honoured, with the jitter on top.
    at_least.map_or(drawn, |least| least.min(CAP).saturating_add(drawn))
}

/// What a poll came to, as far as the next one is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PollEnd {
    /// There were jobs.
    Found,
    /// There were none.
    Empty,
    /// The service wants to be asked less, perhaps not before.
    Throttled(Option<Duration>),
    /// No answer.
    Failed,
    /// Rights or credentials, or no such action type: slow until it works.
    Denied,
}

/// The interval between two polls of one poller.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    min: Duration,
    max: Duration,
    current: Duration,
}

impl Pace {
    pub(crate) fn new(min: Duration, max: Duration) -> Pace {
        let max = max.max(min);
        Pace {
            min,
            max,
            current: min,
        }
    }

    /// The pause before the next poll: within the bounds, unless the service asked for more.
    pub(crate) fn next(&mut self, end: PollEnd, random: &mut impl Rng) -> Duration {
        let mut least = self.min;
        match end {
            PollEnd::Found => self.current = self.min,
            PollEnd::Empty => self.current = self.current.mul_f64(1.5).min(self.max),
            PollEnd::Failed => self.current = self.current.mul_f64(2.0).min(self.max),
            PollEnd::Throttled(after) => {
                self.current = self.current.mul_f64(2.0).min(self.max);
                least = least.max(after.unwrap_or_default());
            }
            PollEnd::Denied => self.current = self.max,
        }
        let jittered = self.current.mul_f64(random.random_range(0.8..=1.2));
        jittered.min(self.max).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn end() -> impl Strategy<Value = PollEnd> {
        prop_oneof![
            Just(PollEnd::Found),
            Just(PollEnd::Empty),
            Just(PollEnd::Failed),
            Just(PollEnd::Denied),
            proptest::option::of(0u64..100)
                .prop_map(|s| PollEnd::Throttled(s.map(Duration::from_secs))),
        ]
    }

    proptest! {
        #[test]
        fn the_interval_stays_within_its_bounds(ends in proptest::collection::vec(end(), 1..40)) {
            let (min, max) = (Duration::from_secs(1), Duration::from_secs(30));
            let mut pace = Pace::new(min, max);
            for end in ends {
                let pause = pace.next(end, &mut rand::rng());
                prop_assert!(pause >= min);
                match end {
                    PollEnd::Throttled(Some(after)) => prop_assert!(pause >= after),
                    PollEnd::Found => prop_assert!(pause <= min.mul_f64(1.2)),
                    _ => prop_assert!(pause <= max),
                }
            }
        }

        #[test]
        fn pauses_grow_to_a_cap_and_no_further(tries in 0u32..100, least in 0u64..1000) {
            let least = Duration::from_secs(least);
            let pause = full_jitter(tries, Some(least), &mut rand::rng());
            prop_assert!(pause >= least.min(CAP));
            prop_assert!(pause <= CAP + CAP);
        }
    }
}
