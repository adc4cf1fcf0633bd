//! Rules of the step, one by one.

use std::time::Duration;

use pipefitter_codepipeline::SuccessResult;
use pipefitter_journal::Phase;

use crate::life::{
    AckAnswer, Answer, Ask, Effect, End, Event, Life, RunEnd, SendAnswer, State, recover, step,
};

use super::world::World;

fn quiet(exclusive: bool) -> (World, Life, Vec<Effect>) {
    let world = World::new(Vec::new(), exclusive, false, true);
    let (life, effects) = Life::offered(
        ("job".to_owned(), "0.log".to_owned()),
        "Build/Site/1".to_owned(),
        world.rules.clone(),
        Duration::ZERO,
    );
    (world, life, effects)
}

/// Go on with good answers until the job asks for what `until` accepts.
fn drive(
    world: &mut World,
    mut life: Life,
    mut effects: Vec<Effect>,
    until: fn(&Ask) -> bool,
) -> Life {
    loop {
        let asked = effects.into_iter().find_map(|effect| match effect {
            Effect::Do { tag, ask } => Some((tag, ask)),
            _ => None,
        });
        let (tag, ask) = asked.expect("the job asks for something");
        if until(&ask) {
            return life;
        }
        let answer = world.perform(&life, ask);
        (life, effects) = step(life, Event::Answered { tag, answer }, world.now);
    }
}

fn answer(life: Life, answer: Answer) -> (Life, Vec<Effect>) {
    let tag = life.tag;
    step(life, Event::Answered { tag, answer }, Duration::ZERO)
}

#[test]
fn a_lost_race_is_dropped_without_a_result() {
    let (mut world, life, effects) = quiet(true);
    let life = drive(&mut world, life, effects, |ask| {
        matches!(ask, Ask::Acknowledge { .. })
    });
    let (life, effects) = answer(life, Answer::Acknowledged(AckAnswer::LostRace));
    assert!(effects.contains(&Effect::ReleaseSlot));
    let (life, _) = answer(life, Answer::Written(true));
    assert_eq!(life.state, State::Ended(End::LostRace));
}

#[test]
fn ambiguity_is_decided_by_the_rule() {
    for (exclusive, ours) in [(true, true), (false, false)] {
        let (mut world, life, effects) = quiet(exclusive);
        let life = drive(&mut world, life, effects, |ask| {
            matches!(ask, Ask::Acknowledge { .. })
        });
        let (life, _) = answer(life, Answer::Acknowledged(AckAnswer::Unseen));
        let (life, effects) = answer(life, Answer::Woke);
        assert!(effects.iter().any(|effect| matches!(
            effect,
            Effect::Do {
                ask: Ask::Acknowledge { unseen: true },
                ..
            }
        )));
        let (life, _) = answer(life, Answer::Acknowledged(AckAnswer::Ambiguous));
        assert_eq!(life.acknowledged, ours);
    }
}

#[test]
fn what_did_not_begin_is_passed_on_when_the_worker_drains() {
    let (mut world, life, effects) = quiet(true);
    let life = drive(&mut world, life, effects, |ask| matches!(ask, Ask::Stage));
    let (life, effects) = step(life, Event::HandOver, Duration::ZERO);
    assert_eq!(effects, vec![Effect::Interrupt]);
    let (life, _) = answer(life, Answer::Cancelled);
    let State::Finishing { result, .. } = &life.state else {
        panic!("{:?}", life.state)
    };
    let crate::outcome::JobResult::Success(SuccessResult {
        continuation: Some(token),
        ..
    }) = result.as_ref()
    else {
        panic!("not passed on")
    };
    let envelope = crate::envelope::open(token.expose()).unwrap().unwrap();
    assert_eq!((envelope.attempt, envelope.origin.as_str()), (0, "job"));
}

#[test]
fn only_a_resumable_plugin_is_asked_to_hand_over() {
    for (resumable, expected) in [(true, Effect::AskHandOver), (false, Effect::KillPlugin)] {
        let (mut world, mut life, effects) = quiet(true);
        life.rules.resumable = resumable;
        let life = drive(&mut world, life, effects, |ask| {
            matches!(ask, Ask::Run { .. })
        });
        let (_, effects) = step(life, Event::HandOver, Duration::ZERO);
        assert_eq!(effects, vec![expected]);
    }
}

/// The one request of a step's effects.
fn asked(effects: &[Effect]) -> Option<&Ask> {
    effects.iter().find_map(|effect| match effect {
        Effect::Do { ask, .. } => Some(ask),
        _ => None,
    })
}

#[test]
fn a_cancelled_plugin_is_told_once_and_what_it_comes_to_is_dropped() {
    let (mut world, life, effects) = quiet(true);
    let life = drive(&mut world, life, effects, |ask| {
        matches!(ask, Ask::Run { .. })
    });
    let (life, effects) = step(life, Event::Cancelled, Duration::ZERO);
    assert_eq!(effects, vec![Effect::AskCancel]);
    // Its grace is not begun anew, and no other reason takes the place of the first.
    for event in [Event::Cancelled, Event::Drain, Event::HandOver] {
        let (_, effects) = step(life.clone(), event, Duration::ZERO);
        assert_eq!(effects, vec![]);
    }
    let (_, effects) = step(life.clone(), Event::Kill, Duration::ZERO);
    assert_eq!(effects, vec![Effect::Interrupt]);
    let (life, effects) = answer(life, Answer::Ran(RunEnd::Success(Box::default())));
    assert!(effects.contains(&Effect::Tidy) && effects.contains(&Effect::ReleaseSlot));
    assert_eq!(asked(&effects), Some(&Ask::Remove));
    let (life, _) = answer(life, Answer::Written(true));
    assert_eq!(life.state, State::Ended(End::Cancelled));
}

#[test]
fn a_cancelled_job_begins_nothing_wherever_it_stands() {
    let before: [fn(&Ask) -> bool; 5] = [
        |ask| matches!(ask, Ask::Acknowledge { .. }),
        |ask| matches!(ask, Ask::WriteAcknowledged),
        |ask| matches!(ask, Ask::Stage),
        |ask| matches!(ask, Ask::WriteRunning { .. }),
        |ask| matches!(ask, Ask::Upload),
    ];
    for until in before {
        let (mut world, life, effects) = quiet(true);
        let mut life = drive(&mut world, life, effects, until);
        let met = life.state.clone();
        let mut effects;
        (life, effects) = step(life, Event::Cancelled, Duration::ZERO);
        let interrupted = matches!(met, State::Staging | State::Uploading { .. });
        assert_eq!(effects.contains(&Effect::Interrupt), interrupted, "{met:?}");
        let mut said = match &met {
            State::Acknowledging { .. } => Answer::Acknowledged(AckAnswer::Ours),
            _ if interrupted => Answer::Cancelled,
            _ => Answer::Written(true),
        };
        while !matches!(life.state, State::Ended(_)) {
            (life, effects) = answer(life, said);
            if let Some(ask) = asked(&effects) {
                assert!(
                    matches!(ask, Ask::WriteAcknowledged | Ask::Remove),
                    "{met:?}: {ask:?}"
                );
            }
            said = Answer::Written(true);
        }
        assert_eq!(life.state, State::Ended(End::Cancelled), "{met:?}");
    }
}

#[test]
fn a_result_that_is_there_is_sent_whatever_is_heard() {
    let (mut world, life, effects) = quiet(true);
    let life = drive(&mut world, life, effects, |ask| {
        matches!(ask, Ask::WriteFinished { .. })
    });
    let (life, effects) = step(life, Event::Cancelled, Duration::ZERO);
    assert_eq!(effects, vec![]);
    let (_, effects) = answer(life, Answer::Written(true));
    assert!(matches!(asked(&effects), Some(Ask::Send { .. })));
}

#[test]
fn an_invalid_result_is_replaced_once_and_then_parked() {
    let (mut world, life, effects) = quiet(true);
    let life = drive(&mut world, life, effects, |ask| {
        matches!(ask, Ask::Send { .. })
    });
    let invalid = || Answer::Sent(SendAnswer::Invalid("Value too long".to_owned()));
    let (life, _) = answer(life, invalid());
    assert!(matches!(
        &life.state,
        State::Finishing { replaced: true, .. }
    ));
    let (life, _) = answer(life, Answer::Written(true));
    let (life, effects) = answer(life, invalid());
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::Do {
            ask: Ask::WriteParked { .. },
            ..
        }
    )));
    let (life, _) = answer(life, Answer::Written(true));
    assert_eq!(life.state, State::Ended(End::Parked));
}

#[test]
fn a_record_of_a_run_decides_by_retry_safety() {
    let world = World::new(Vec::new(), true, false, false);
    for (retry_safe, attempt, again) in [(false, 1, false), (true, 1, true), (true, 3, false)] {
        let mut record = world.record(false, attempt, Phase::Running);
        record.retry_safe = retry_safe;
        let (life, _) = recover(
            &record,
            "0.log".to_owned(),
            world.rules.clone(),
            Duration::ZERO,
        );
        assert_eq!(life.state == State::Queued, again);
        assert_eq!(matches!(life.state, State::Finishing { .. }), !again);
    }
}
