//! What guests try while they run. Each fails alone, for its own reason, and nothing of it is left.

use pipefitter_tests::hostile::{Case, Field, GROUPS, Isolation};

/// Guests side by side: the more, the more they are in each other's way.
const AT_A_TIME: usize = 8;

/// The one that is still running when the worker has to end.
const DEAF: &str = "ignore_stop_requests";

async fn all(isolation: Isolation, group: usize) {
    let cases: Vec<&Case> = GROUPS[group].iter().copied().flatten().collect();
    let mut field = Field::start(isolation, &cases).await;
    let (deaf, others): (Vec<&Case>, Vec<&Case>) =
        cases.into_iter().partition(|case| case.guest == DEAF);
    for batch in others.chunks(AT_A_TIME) {
        field.run(batch).await;
    }
    field.all_were_right();
    field.nothing_got_out();
    println!("{isolation:?}, before all: {:?}", field.before());
    match deaf.first() {
        Some(case) => field.end_with(case).await,
        None => drop(field.worker.stop_cleanly().await),
    }
}

#[tokio::test]
async fn what_guests_take_in_processes_of_their_own() {
    all(Isolation::Process, 0).await;
}

#[tokio::test]
async fn what_guests_take_in_the_workers_process() {
    all(Isolation::Shared, 0).await;
}

#[tokio::test]
async fn what_guests_say_and_leave_in_processes_of_their_own() {
    all(Isolation::Process, 1).await;
}

#[tokio::test]
async fn what_guests_say_and_leave_in_the_workers_process() {
    all(Isolation::Shared, 1).await;
}

#[tokio::test]
async fn what_guests_reach_in_processes_of_their_own() {
    all(Isolation::Process, 2).await;
}

#[tokio::test]
async fn what_guests_reach_in_the_workers_process() {
    all(Isolation::Shared, 2).await;
}

#[tokio::test]
async fn what_commands_print_in_processes_of_their_own() {
    all(Isolation::Process, 3).await;
}

#[tokio::test]
async fn what_commands_print_in_the_workers_process() {
    all(Isolation::Shared, 3).await;
}
