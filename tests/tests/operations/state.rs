//! A state folder belongs to its sources: started with others, the worker says what differs and what to do.

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{ACCOUNT, IdleAws, Rig, WorkerSetup};
use redb::{Database, TableDefinition};

const OTHER: &str = "444455556666";

/// A rig whose one source is at `aws`, which has an STS, too.
async fn rig(aws: &IdleAws) -> Rig {
    let mut rig = Rig::with(&[&Plugin::probe("Probe")]).await;
    rig.setup.endpoint = aws.url();
    rig.setup.environment = [
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_ENDPOINT_URL_STS", aws.url()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    rig
}

/// What a worker that does not start says last, without what is different each time.
async fn refusal(rig: &Rig, aws: &[&IdleAws]) -> String {
    refusal_of(&rig.setup, rig, aws).await
}

async fn refusal_of(setup: &WorkerSetup, rig: &Rig, aws: &[&IdleAws]) -> String {
    let worker = setup.launch();
    let status = worker.process.ended().await;
    assert_eq!(status.code(), Some(4), "{}", worker.process.output());
    let lines = worker.process.lines_with("error: ");
    let mut said = lines.last().expect("an error is told").clone();
    for (at, aws) in aws.iter().enumerate() {
        said = said.replace(&aws.url(), &format!("http://service-{}", at + 1));
    }
    said.replace(&rig.folder().display().to_string(), "")
}

async fn starts(rig: &Rig) {
    let said = rig.worker().await.stop_cleanly().await;
    assert!(!said.contains("error: "), "{said}");
}

#[tokio::test]
async fn another_service_is_refused_with_what_differs_and_what_to_do() {
    let aws = IdleAws::start(&[("local", "local")]).await;
    let second = IdleAws::start(&[("local", "local")]).await;
    let mut rig = rig(&aws).await;
    starts(&rig).await;
    let mut told = Vec::new();

    aws.set_account(OTHER);
    told.push(refusal(&rig, &[&aws]).await);
    // Whoever says otherwise is not believed.
    rig.setup.source = format!("account = {ACCOUNT:?}\n");
    told.push(refusal(&rig, &[&aws]).await);
    aws.set_account(ACCOUNT);
    starts(&rig).await;

    rig.setup.source = format!("role-arn = \"arn:aws:iam::{OTHER}:role/worker\"\n");
    told.push(refusal(&rig, &[&aws]).await);
    rig.setup.source = "owner = \"ThirdParty\"\nclient-tokens = { env = \"TOKENS\" }\n".to_owned();
    rig.setup
        .environment
        .push(("TOKENS".to_owned(), "{}".to_owned()));
    told.push(refusal(&rig, &[&aws]).await);
    rig.setup.source = String::new();

    let good = rig.setup.endpoint.clone();
    rig.setup.endpoint = second.url();
    told.push(refusal(&rig, &[&aws, &second]).await);
    rig.setup.endpoint = good;
    starts(&rig).await;
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn another_region_or_partition_is_refused() {
    let aws = IdleAws::start(&[("local", "local")]).await;
    let rig = rig(&aws).await;
    starts(&rig).await;
    let mut told = Vec::new();
    for region in ["eu-west-1", "cn-north-1"] {
        let mut moved = rig.setup.clone();
        moved.region = region.to_owned();
        told.push(refusal_of(&moved, &rig, &[&aws]).await);
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn the_endpoint_is_the_one_that_counts_whoever_names_it() {
    let aws = IdleAws::start(&[("local", "local")]).await;
    let second = IdleAws::start(&[("local", "local")]).await;
    let mut rig = rig(&aws).await;
    rig.setup.endpoint = String::new();
    let named = ("AWS_ENDPOINT_URL_CODEPIPELINE".to_owned(), aws.url());
    // The more general one does not count beside it.
    let general = ("AWS_ENDPOINT_URL".to_owned(), second.url());
    rig.setup.environment.extend([named, general]);
    let worker = rig.worker().await;
    aws.genuine("PollForJobs", "local").await;
    assert_eq!(worker.stop().await.code(), Some(0));
    assert!(
        second
            .calls()
            .iter()
            .all(|call| call.operation != "PollForJobs")
    );

    // A profile names the same: the same service.
    rig.setup.environment.truncate(3);
    let profile = rig.folder().join("aws-config");
    let say = |url: &str| {
        let text = format!(
            "[profile named]\naws_access_key_id = local\naws_secret_access_key = local\nservices = here\n\
             [services here]\ncodepipeline =\n  endpoint_url = {url}\n"
        );
        std::fs::write(&profile, text).unwrap();
    };
    rig.setup.environment[0].1 = profile.display().to_string();
    rig.setup.source = "profile = \"named\"\n".to_owned();
    say(&aws.url());
    starts(&rig).await;
    say(&second.url());
    let said = refusal(&rig, &[&aws, &second]).await;
    assert!(
        said.contains("endpoint http://service-1") && said.contains("endpoint http://service-2"),
        "{said}"
    );
}

#[tokio::test]
async fn where_sts_does_not_answer_the_account_is_what_the_configuration_says() {
    let aws = IdleAws::start_closed(&[("local", "local")]).await;
    let mut rig = rig(&aws).await;
    let said = rig.worker().await.stop_cleanly().await;
    assert!(said.contains("nobody tells which account"), "{said}");
    rig.setup.source = format!("account = {ACCOUNT:?}\n");
    starts(&rig).await;
    rig.setup.source = format!("account = {OTHER:?}\n");
    let said = refusal(&rig, &[&aws]).await;
    assert!(said.contains(ACCOUNT) && said.contains(OTHER), "{said}");
}

/// Has the journal hold these bytes as the record of a job of the source `main`.
fn write_record(rig: &Rig, job: &str, bytes: &str) {
    const RECORDS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("records");
    let database = Database::open(rig.journal()).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut records = transaction.open_table(RECORDS).unwrap();
    records.insert(("main", job), bytes.as_bytes()).unwrap();
    drop(records);
    transaction.commit().unwrap();
}

#[tokio::test]
async fn a_journal_that_cannot_be_used_is_told_of_with_what_to_do() {
    let aws = IdleAws::start(&[("local", "local")]).await;
    let rig = rig(&aws).await;
    starts(&rig).await;
    let mut told = Vec::new();
    let another = "{\"version\":1,\"record\":{\"key\":{\"source\":\"main\",\"job\":\"another\"},\
        \"action_type\":\"Build/Probe/1\",\"nonce\":\"1\",\"client\":null,\"attempt\":0,\"retry_safe\":false,\
        \"taken_at\":0,\"phase\":{\"phase\":\"acknowledged\"}}}";
    for record in ["{\"version\":2,\"record\":\"compressed\"}", "{", another] {
        write_record(&rig, "job", record);
        told.push(refusal(&rig, &[&aws]).await);
    }
    std::fs::write(rig.journal(), b"no journal at all").unwrap();
    told.push(refusal(&rig, &[&aws]).await);
    insta::assert_snapshot!(told.join("\n"));
}
