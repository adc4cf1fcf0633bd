//! Who owns a job when answers are lost and others poll too.

use std::time::Duration;

use aws_sdk_codepipeline::error::ProvideErrorMetadata;
use aws_sdk_codepipeline::types::{ActionTypeId, Job};
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{
    Fault, Rig, RigOptions, Service, ServiceOptions, appears, count_with_prefix, terminal_results,
};

/// Polls as another worker would, until it gets a job.
async fn rival_takes(service: &Service, provider: &str) -> Job {
    let kind = ActionTypeId::builder()
        .category("Build".into())
        .owner(Service::owner())
        .provider(provider)
        .version("1")
        .build()
        .unwrap();
    let polled = async {
        loop {
            let poll = service
                .codepipeline
                .poll_for_jobs()
                .action_type_id(kind.clone());
            let answer = poll.max_batch_size(1).send().await.unwrap();
            if let Some(job) = answer.jobs.unwrap_or_default().pop() {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(300), polled)
        .await
        .expect("the job is offered again")
}

#[tokio::test]
async fn a_lost_race_is_dropped_in_silence() {
    let plugin = Plugin::probe("Probe").granted();
    let service = ServiceOptions {
        reoffer_after: "300ms".to_owned(),
        ..Default::default()
    };
    let mut rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service,
    })
    .await;
    // One slot: while the acknowledge is held, the worker does not poll, and the rival gets the job.
    rig.setup.slots = 1;
    let mut held = rig.proxy.hold("AcknowledgeJob");
    let worker = rig.worker().await;
    rig.pipeline("race", [Action::new("Raced", &plugin).doing("wait-file")])
        .await;
    let execution = rig.service.begin("race").await;
    held.arrived().await;
    let job = rival_takes(&rig.service, "Probe").await;
    let acknowledge = rig
        .service
        .codepipeline
        .acknowledge_job()
        .job_id(job.id().unwrap());
    acknowledge
        .nonce(job.nonce().unwrap())
        .send()
        .await
        .unwrap();
    held.release();
    // The slot is free again: the worker polls on, so it is done with the job.
    let polls = rig.proxy.of("PollForJobs").len();
    rig.proxy.count("PollForJobs", polls + 3).await;
    let answer = &rig.proxy.of("AcknowledgeJob")[0].answer;
    assert!(
        answer["__type"]
            .as_str()
            .is_some_and(|t| t.contains("InvalidNonce")),
        "{answer}"
    );
    let put = rig
        .service
        .codepipeline
        .put_job_success_result()
        .job_id(job.id().unwrap());
    put.output_variables("by", "the rival")
        .send()
        .await
        .unwrap();

    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let action = &rig.service.actions("race", &execution).await["Raced"];
    assert_eq!(action.variables["by"], "the rival");
    let log = worker.process.output();
    // Who runs the suite as root is told so, at the start.
    let lines = log.lines().filter(|line| !line.contains("running as root"));
    let log = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(worker.stop().await.code(), Some(0));
    assert!(
        rig.proxy.of("PutJob*").is_empty(),
        "a result was sent for another worker's job"
    );
    assert_eq!(
        count_with_prefix(&rig.setup.granted, "started-"),
        0,
        "the plugin ran"
    );
    assert!(
        !log.contains("\"ERROR\"") && !log.contains("\"WARN\""),
        "not in silence:\n{log}"
    );
}

#[tokio::test]
async fn a_lost_answer_to_acknowledge_leads_to_one_result() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::with(&[&plugin]).await;
    let worker = rig.worker().await;
    let faults = [
        ("reached", Fault::DropAnswer),
        ("not-reached", Fault::DropRequest),
    ];
    for (name, fault) in faults {
        rig.proxy.next("AcknowledgeJob", fault);
        let action = Action::new("Act", &plugin)
            .with("var.out", name)
            .input("Source")
            .output("Out");
        let result = rig.outcome(name, action).await;
        assert_eq!(result.status, "Succeeded", "{name}: {result:?}");
        assert_eq!(result.variables["out"], name);
    }
    assert_eq!(worker.stop().await.code(), Some(0));
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.into_values().collect::<Vec<_>>(), [1, 1]);
    assert_eq!(rig.proxy.of("PutJob*").len(), 2);
}

#[tokio::test]
async fn an_ambiguous_acknowledge_is_dropped_where_others_poll_too() {
    let plugin = Plugin::probe("Probe").granted();
    // Where a second acknowledge is answered as the first was, nothing is ambiguous.
    let mut service = ServiceOptions::default();
    service.assume.push("acknowledge-again=no".to_owned());
    let mut rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service,
    })
    .await;
    rig.setup.slots = 1;
    rig.setup.worker = "exclusive = false".to_owned();
    let worker = rig.worker().await;
    rig.proxy.next("AcknowledgeJob", Fault::DropAnswer);
    rig.pipeline(
        "ambiguous",
        [Action::new("Act", &plugin).doing("wait-file")],
    )
    .await;
    rig.service.begin("ambiguous").await;
    rig.proxy.count("AcknowledgeJob", 2).await;
    // Done with the job: the one slot polls again.
    let polls = rig.proxy.of("PollForJobs").len();
    rig.proxy.count("PollForJobs", polls + 2).await;
    let log = worker.process.output();
    assert_eq!(worker.stop().await.code(), Some(0));
    assert!(log.contains("WARN"), "the operator is not warned:\n{log}");
    // Nothing is left for another start either.
    let worker = rig.worker().await;
    assert_eq!(worker.stop().await.code(), Some(0));
    assert_eq!(rig.proxy.of("AcknowledgeJob").len(), 2);
    assert!(rig.proxy.of("PutJob*").is_empty());
    assert_eq!(count_with_prefix(&rig.setup.granted, "started-"), 0);
}

#[tokio::test]
async fn credentials_that_expire_in_mid_job_are_renewed_for_the_upload() {
    let mut plugin = Plugin::probe("Probe").granted();
    plugin.allow_empty = true;
    let service = ServiceOptions {
        // Long enough for a slow machine to stage the input with them.
        credential_lifetime: "8s".to_owned(),
        ..Default::default()
    };
    let rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service,
    })
    .await;
    let worker = rig.worker().await;
    let action = Action::new("Slow", &plugin)
        .doing("wait-file")
        .input("Source")
        .output("Out");
    rig.pipeline("expiry", [action]).await;
    let execution = rig.service.begin("expiry").await;
    appears(&rig.setup.granted, "started-", 1).await;
    until_expired(&rig).await;
    assert!(rig.proxy.of("GetJobDetails").is_empty());
    rig.go();
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    assert!(
        !rig.proxy.of("GetJobDetails").is_empty(),
        "nothing was renewed"
    );
    let refused = rig.proxy.of("PUT").iter().any(|put| !put.is_ok());
    assert!(refused, "the old credentials were not tried");
    assert_eq!(worker.stop().await.code(), Some(0));
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.into_values().collect::<Vec<_>>(), [1]);
}

/// Asks S3 with the job's first credentials until it says that they have expired.
async fn until_expired(rig: &Rig) {
    let offer = rig
        .proxy
        .exchanges()
        .into_iter()
        .find_map(|e| e.answer["jobs"].get(0).cloned());
    let data = &offer.expect("a job was offered")["data"];
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let given = &data["artifactCredentials"];
    let credentials = aws_credential_types::Credentials::from_keys(
        text(&given["accessKeyId"]),
        text(&given["secretAccessKey"]),
        Some(text(&given["sessionToken"])),
    );
    let config = rig
        .service
        .s3
        .config()
        .to_builder()
        .credentials_provider(credentials)
        .build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    let place = &data["inputArtifacts"][0]["location"]["s3Location"];
    let expired = async {
        loop {
            let get = s3.get_object().bucket(text(&place["bucketName"]));
            match get.key(text(&place["objectKey"])).send().await {
                Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) if error.code() == Some("ExpiredToken") => return,
                Err(error) => panic!("{:?}: {:?}", error.code(), error.message()),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(300), expired)
        .await
        .expect("they expire");
}
