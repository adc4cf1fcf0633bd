//! Random schedules.

use proptest::prelude::*;

use crate::life::state::MAX_ATTEMPTS;

use super::world::{Service, World};

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, ..ProptestConfig::default() })]

    #[test]
    fn no_job_is_lost_run_too_often_or_reported_twice(
        rolls in proptest::collection::vec(any::<u8>(), 0..160),
        exclusive in any::<bool>(),
        retry_safe in any::<bool>(),
        resumable in any::<bool>(),
    ) {
        let mut world = World::new(rolls, exclusive, retry_safe, resumable);
        world.run();
        prop_assert!(world.accepted <= 1, "two results were accepted");
        prop_assert!(!world.sent_to_rival, "a result for a rival's job");
        let most = if retry_safe { MAX_ATTEMPTS } else { 1 };
        prop_assert!(world.runs <= most, "{} runs", world.runs);
        match world.service {
            Service::Ended => prop_assert_eq!(world.accepted, u32::from(!world.stopped)),
            Service::Rivals => prop_assert_eq!(world.accepted, 0),
            Service::Ours => prop_assert!(
                world.ambiguous_dropped && !exclusive || world.parked && world.refused >= 2,
                "a job was lost"
            ),
            Service::Offered => prop_assert!(world.parked, "an offer was not taken in the end"),
        }
    }
}

/// A schedule that never leads somewhere proves nothing about it.
#[test]
fn random_schedules_lead_everywhere() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let rolls = proptest::collection::vec(any::<u8>(), 0..160);
    let mut seen = std::collections::BTreeSet::new();
    for at in 0..4_000 {
        let rolls = rolls.new_tree(&mut runner).unwrap().current();
        let mut world = World::new(rolls, at % 2 == 0, at % 3 == 0, at % 5 == 0);
        world.run();
        seen.append(&mut world.seen);
    }
    let seen: Vec<String> = seen.into_iter().collect();
    insta::assert_snapshot!(seen.join("\n"));
}
