//! Whose credentials a source polls with: a profile's, a role's, or what the environment has.

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{ASSUMED, IdleAws, Rig};

const ROLE: &str = "arn:aws:iam::111122223333:role/worker";
/// Those of the profile `build`; the environment of the worker has others.
const PROFILE: (&str, &str) = ("AKIAPROFILE000000000", "profile-secret");

/// A rig whose worker has its one source at `aws`, and a configuration file with profiles.
async fn rig(aws: &IdleAws, source: &str) -> Rig {
    let mut rig = Rig::with(&[&Plugin::probe("Probe")]).await;
    let profiles = rig.folder().join("aws-config");
    let text = format!(
        "[profile build]\naws_access_key_id = {}\naws_secret_access_key = {}\n\
         [profile assuming]\nrole_arn = {ROLE}\nexternal_id = from-the-profile\nsource_profile = build\n",
        PROFILE.0, PROFILE.1
    );
    std::fs::write(&profiles, text).unwrap();
    rig.setup.endpoint = aws.url();
    rig.setup.source = source.to_owned();
    rig.setup.environment = [
        ("AWS_CONFIG_FILE", profiles.display().to_string()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_ENDPOINT_URL_STS", aws.url()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    rig
}

#[tokio::test]
async fn a_profile_wins_over_the_environment() {
    let aws = IdleAws::start(&[PROFILE, ("local", "local")]).await;
    let rig = rig(&aws, "profile = \"build\"").await;
    let worker = rig.worker().await;
    aws.genuine("PollForJobs", PROFILE.0).await;
    assert_eq!(worker.stop().await.code(), Some(0));
    assert!(
        aws.calls().iter().all(|call| call.access_key == PROFILE.0),
        "{:#?}",
        aws.calls()
    );
}

#[tokio::test]
async fn a_role_is_assumed_with_its_external_id_and_its_keys_sign_polls() {
    let aws = IdleAws::start(&[PROFILE, ("local", "local")]).await;
    let rig = rig(
        &aws,
        &format!("role-arn = {ROLE:?}\nexternal-id = \"ours-2026\""),
    )
    .await;
    let worker = rig.worker().await;
    aws.genuine("PollForJobs", ASSUMED.0).await;
    let asked = aws.genuine("AssumeRole", "local").await;
    assert_eq!(asked.parameters["RoleArn"], ROLE);
    assert_eq!(asked.parameters["ExternalId"], "ours-2026");
    assert_eq!(asked.parameters["RoleSessionName"], "pipefitter-main");
    let said = worker.stop_cleanly().await;
    for secret in [ASSUMED.1, ASSUMED.2] {
        assert!(!said.contains(secret), "credentials are in the log");
    }
    let polls = aws
        .calls()
        .into_iter()
        .filter(|call| call.operation == "PollForJobs");
    for poll in polls {
        assert!(poll.genuine && poll.access_key == ASSUMED.0, "{poll:?}");
    }
    // Good for an hour and more: asked for once.
    let asked = aws
        .calls()
        .iter()
        .filter(|call| call.operation == "AssumeRole")
        .count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn a_role_is_assumed_on_top_of_a_profile() {
    let aws = IdleAws::start(&[PROFILE]).await;
    let rig = rig(&aws, &format!("profile = \"build\"\nrole-arn = {ROLE:?}")).await;
    let worker = rig.worker().await;
    aws.genuine("PollForJobs", ASSUMED.0).await;
    let asked = aws.genuine("AssumeRole", PROFILE.0).await;
    assert_eq!(asked.parameters["RoleArn"], ROLE);
    assert!(!asked.parameters.contains_key("ExternalId"), "{asked:?}");
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_profile_may_assume_a_role_by_itself() {
    let aws = IdleAws::start(&[PROFILE]).await;
    let rig = rig(&aws, "profile = \"assuming\"").await;
    let worker = rig.worker().await;
    aws.genuine("PollForJobs", ASSUMED.0).await;
    let asked = aws.genuine("AssumeRole", PROFILE.0).await;
    assert_eq!(asked.parameters["RoleArn"], ROLE);
    assert_eq!(asked.parameters["ExternalId"], "from-the-profile");
    assert_eq!(worker.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_told_and_nothing_is_polled() {
    let aws = IdleAws::start_closed(&[("local", "local")]).await;
    let rig = rig(&aws, &format!("role-arn = {ROLE:?}")).await;
    let worker = rig.worker().await;
    let said = worker.process.line("polling main").await;
    assert!(said.contains("AssumeRole"), "{said}");
    assert_eq!(worker.stop().await.code(), Some(0));
    assert!(
        aws.calls()
            .iter()
            .all(|call| call.operation == "AssumeRole"),
        "{:#?}",
        aws.calls()
    );
}
