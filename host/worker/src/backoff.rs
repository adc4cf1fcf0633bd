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

/// Why a poller is in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hurry {
    /// An event said that an action began. Its job may not be there yet: a public worker that does the same polls ten
    /// times, five seconds apart (aws-codepipeline-third-party-git-repositories).
    News,
    /// A continuation was reported: the next job is there in half a minute (user guide, reference of
    /// integrations), and no event tells of it.
    Continuation,
}

impl Hurry {
    /// Empty polls before it is over: half a minute's worth and a full one's, see [`Pace::next`].
    fn polls(self) -> u8 {
        match self {
            Hurry::News => 8,
            Hurry::Continuation => 15,
        }
    }
}

/// Between two polls in a hurry: doubled from the first to the longest.
const HURRY_FIRST: Duration = Duration::from_secs(1);
const HURRY_LONGEST: Duration = Duration::from_secs(5);

/// How long after a poll whose answer was not seen, or an offer that was not taken, polls are not rare: no event tells of
/// what the service offers again. Twice the time after which it is assumed to do so (docs/AWS-ASSUMPTIONS.md, "Re-offer").
pub(crate) const OFFERED_AGAIN: Duration = Duration::from_secs(120);

/// The interval between two polls of one poller.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    min: Duration,
    max: Duration,
    current: Duration,
    idle: Option<Duration>,
    /// Something may be offered again of which no event tells.
    waits: bool,
    /// Empty polls that are left of a hurry, and the pause after the next.
    hurry: (u8, Duration),
}

impl Pace {
    pub(crate) fn new(min: Duration, max: Duration) -> Pace {
        let max = max.max(min);
        Pace {
            min,
            max,
            current: min,
            idle: None,
            waits: false,
            hurry: (0, HURRY_FIRST),
        }
    }

    /// While events tell of what there is to poll for, a poll that finds nothing is followed by this pause at once, and
    /// one that finds a job by a hurry for the next.
    pub(crate) fn set_idle(&mut self, idle: Option<Duration>) {
        self.idle = idle.map(|idle| idle.max(self.max));
    }

    /// While this is so, no pause is idle.
    pub(crate) fn set_waits(&mut self, waits: bool) {
        self.waits = waits;
    }

    pub(crate) fn min(&self) -> Duration {
        self.min
    }

    /// Poll some more times soon, if nothing is found. Of two reasons the longer one counts.
    pub(crate) fn hurry(&mut self, why: Hurry) {
        self.hurry = (self.hurry.0.max(why.polls()), HURRY_FIRST);
    }

    /// The pause before the next poll: within the bounds, unless the service asked for more.
    pub(crate) fn next(&mut self, end: PollEnd, random: &mut impl Rng) -> Duration {
        let mut least = self.min;
        let mut jittered = |pause: Duration| pause.mul_f64(random.random_range(0.8..=1.2));
        match (end, self.hurry, self.idle) {
            (PollEnd::Empty, (left @ 1.., pause), _) => {
                self.hurry = (left - 1, (pause * 2).min(HURRY_LONGEST));
                return jittered(pause).max(least);
            }
            (PollEnd::Empty, _, Some(idle)) if !self.waits => return jittered(idle),
            (PollEnd::Found, _, Some(_)) => self.hurry(Hurry::News),
            _ => {}
        }
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
        jittered(self.current).min(self.max).max(least)
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
                    // At once, whatever came before.
                    PollEnd::Denied => prop_assert!(pause >= max.mul_f64(0.8) && pause <= max),
                    _ => prop_assert!(pause <= max),
                }
            }
        }

        #[test]
        fn a_hurry_is_some_polls_and_then_the_old_pace(
            before in 0usize..30,
            continuation in any::<bool>(),
            idle in proptest::option::of(60u64..20_000),
        ) {
            let mut pace = Pace::new(Duration::from_secs(1), Duration::from_secs(30));
            let idle = idle.map(Duration::from_secs);
            pace.set_idle(idle);
            for _ in 0..before {
                pace.next(PollEnd::Empty, &mut rand::rng());
            }
            let usual = pace.current;
            let (why, polls, at_least) = match continuation {
                false => (Hurry::News, 8, Duration::from_secs(24)),
                true => (Hurry::Continuation, 15, Duration::from_secs(50)),
            };
            pace.hurry(why);
            let mut took = Duration::ZERO;
            for _ in 0..polls {
                let pause = pace.next(PollEnd::Empty, &mut rand::rng());
                prop_assert!(pause <= HURRY_LONGEST.mul_f64(1.2));
                took += pause;
            }
            prop_assert!(took >= at_least, "{took:?}");
            prop_assert_eq!(pace.current, usual);
            let pause = pace.next(PollEnd::Empty, &mut rand::rng());
            let next = idle.unwrap_or(usual.mul_f64(1.5).min(pace.max));
            prop_assert!(pause >= next.mul_f64(0.8) && pause <= next.mul_f64(1.2));
        }

        #[test]
        fn while_events_come_polls_are_rare_or_in_a_hurry(ends in proptest::collection::vec(end(), 1..40)) {
            let (idle, max) = (Duration::from_secs(300), Duration::from_secs(30));
            let mut pace = Pace::new(Duration::from_secs(1), max);
            pace.set_idle(Some(idle));
            let mut hurried = 0;
            for end in ends {
                let pause = pace.next(end, &mut rand::rng());
                match end {
                    PollEnd::Found => hurried = 8,
                    PollEnd::Empty if hurried > 0 => {
                        hurried -= 1;
                        prop_assert!(pause <= HURRY_LONGEST.mul_f64(1.2));
                    }
                    PollEnd::Empty => prop_assert!(pause >= idle.mul_f64(0.8)),
                    PollEnd::Throttled(Some(after)) => prop_assert!(pause >= after),
                    PollEnd::Denied => prop_assert!(pause >= max.mul_f64(0.8) && pause <= max),
                    _ => prop_assert!(pause <= max),
                }
            }
        }

        #[test]
        fn what_is_offered_again_is_waited_for_at_the_usual_pace(ends in proptest::collection::vec(end(), 1..40)) {
            let (min, max) = (Duration::from_secs(1), Duration::from_secs(30));
            let mut pace = Pace::new(min, max);
            pace.set_idle(Some(Duration::from_secs(300)));
            pace.set_waits(true);
            for end in ends {
                let pause = pace.next(end, &mut rand::rng());
                prop_assert!(pause <= max || matches!(end, PollEnd::Throttled(Some(_))));
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
