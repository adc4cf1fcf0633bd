//! `check --online`: what it says of sources that work, that are denied, and whose types are others.

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{ACCOUNT, IdleAws, Rig, binary, finished};
use serde_json::{Value, json};
use tokio::process::Command;

/// How it ends, and everything that is said, without what is different each time.
async fn check(rig: &Rig, sts: Option<&IdleAws>) -> (i32, String) {
    std::fs::write(&rig.setup.config, rig.setup.toml()).unwrap();
    let mut command = Command::new(binary::pipefitter());
    command
        .args(["check", "--online", "--config"])
        .arg(&rig.setup.config)
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_CONFIG_FILE", rig.folder().join("aws-config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("PIPEFITTER_LOG");
    if let Some(aws) = sts {
        command.env("AWS_ENDPOINT_URL_STS", aws.url());
    }
    let (code, said, errors) = finished(command).await;
    let all = (said + &errors)
        .replace(rig.setup.endpoint.trim_end_matches('/'), "http://service")
        .replace(&rig.folder().display().to_string(), "");
    (code, all)
}

async fn rig(aws: &IdleAws, plugin: &Plugin) -> Rig {
    let mut rig = Rig::with(&[plugin]).await;
    rig.setup.endpoint = aws.url();
    let profiles =
        "[profile unknown]\naws_access_key_id = AKIAUNKNOWN000000000\naws_secret_access_key = x\n";
    std::fs::write(rig.folder().join("aws-config"), profiles).unwrap();
    rig
}

/// Build/Probe/1 with these properties, as ListActionTypes tells it.
fn listed(properties: &[Value]) -> Value {
    listed_of("Custom", properties)
}

fn listed_of(owner: &str, properties: &[Value]) -> Value {
    json!({ "actionTypes": [{
        "id": { "category": "Build", "owner": owner, "provider": "Probe", "version": "1" },
        "actionConfigurationProperties": properties,
        "inputArtifactDetails": { "minimumCount": 0, "maximumCount": 2 },
        "outputArtifactDetails": { "minimumCount": 0, "maximumCount": 2 },
    }] })
}

fn property(name: &str, secret: bool) -> Value {
    json!({ "name": name, "required": false, "key": false, "secret": secret, "queryable": false })
}

/// The probe with little to compare.
fn plugin() -> Plugin {
    Plugin {
        properties: vec!["do".to_owned()],
        ..Plugin::probe("Probe")
    }
}

fn aws_error(code: &str) -> Value {
    json!({ "__type": code, "message": "as the test wants it" })
}

#[tokio::test]
async fn sources_that_work_are_told_with_what_is_known() {
    let aws = IdleAws::start(&[("local", "local")]).await;
    let rig = rig(&aws, &plugin()).await;
    aws.say(
        "ListActionTypes",
        200,
        &listed(&[property("do", false), property("secret", true)]),
    );
    aws.say("PollForJobs", 400, &aws_error("ValidationException"));
    let (code, said) = check(&rig, Some(&aws)).await;
    insta::assert_snapshot!(said);
    assert_eq!(code, 0);
    let polls: Vec<_> = aws
        .calls()
        .into_iter()
        .filter(|call| call.operation == "PollForJobs")
        .collect();
    assert_eq!(polls.len(), 1, "{polls:?}");
}

#[tokio::test]
async fn what_is_wrong_with_each_is_told_beside_the_others() {
    let aws = IdleAws::start(&[("local", "local")]).await;
    let mut rig = rig(&aws, &plugin()).await;
    rig.setup.source = "account = \"444455556666\"\n".to_owned();
    rig.setup.tables = format!(
        "[[source]]\nid = \"denied\"\nregion = \"us-east-1\"\nprofile = \"unknown\"\nendpoint-url = {:?}\n\
         [[source]]\nid = \"partner\"\nregion = \"us-east-1\"\nowner = \"ThirdParty\"\nendpoint-url = {:?}\n\
         client-tokens = {{ exec = [\"token-of\", \"{{client-id}}\"] }}\n",
        aws.url(),
        aws.url()
    );
    aws.say(
        "ListActionTypes",
        200,
        &listed(&[property("do", false), property("secret", false)]),
    );
    aws.say("PollForJobs", 400, &aws_error("AccessDeniedException"));
    let (code, said) = check(&rig, Some(&aws)).await;
    insta::assert_snapshot!(said);
    assert_eq!(code, 1);
    assert!(said.contains(ACCOUNT));
}

/// A source of a partner's, asked about a type that is registered.
async fn of_a_partner(poll: &str) -> (i32, String) {
    let aws = IdleAws::start(&[("local", "local")]).await;
    let mut rig = rig(&aws, &plugin()).await;
    rig.setup.source =
        "owner = \"ThirdParty\"\nclient-tokens = { exec = [\"token-of\", \"{client-id}\"] }\n"
            .to_owned();
    let properties = [property("do", false), property("secret", true)];
    aws.say(
        "ListActionTypes",
        200,
        &listed_of("ThirdParty", &properties),
    );
    aws.say("PollForThirdPartyJobs", 400, &aws_error(poll));
    let told = check(&rig, Some(&aws)).await;
    let asked = aws.calls().into_iter().map(|call| call.operation);
    let polls = asked.filter(|operation| operation.starts_with("Poll"));
    assert_eq!(polls.collect::<Vec<_>>(), ["PollForThirdPartyJobs"]);
    told
}

#[tokio::test]
async fn a_partner_s_type_that_is_registered_and_may_be_polled_is_told_as_that() {
    let (code, said) = of_a_partner("ValidationException").await;
    insta::assert_snapshot!(said);
    assert_eq!(code, 0);
}

#[tokio::test]
async fn a_partner_s_type_that_may_not_be_polled_is_a_problem() {
    let (code, said) = of_a_partner("AccessDeniedException").await;
    insta::assert_snapshot!(said);
    assert_eq!(code, 1);
}

#[tokio::test]
async fn what_cannot_be_told_is_told_as_that() {
    let aws = IdleAws::start(&[("local", "local")]).await;
    let rig = rig(&aws, &plugin()).await;
    aws.say("ListActionTypes", 400, &aws_error("AccessDeniedException"));
    aws.say("PollForJobs", 400, &aws_error("ThrottlingException"));
    let (_, said) = check(&rig, Some(&aws)).await;
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn the_embedded_service_is_asked_like_aws_and_no_job_is_taken() {
    let plugin = Plugin {
        more_properties:
            "[[property]]\nname = \"team\"\ntype = \"string\"\nrequired = true\nqueryable = true\n"
                .to_owned(),
        ..plugin()
    };
    let plain = Plugin {
        provider: "Plain".to_owned(),
        ..self::plugin()
    }
    .named("plain");
    let mut rig = Rig::with(&[&plugin, &plain]).await;
    rig.setup.endpoint = rig.service.endpoint.clone();
    std::fs::write(rig.folder().join("aws-config"), "").unwrap();
    rig.setup.worker = "[worker.query-values]\n\"Build/Probe/1\" = [\"docs\"]\n".to_owned();
    let acts = [
        Action::new("Asked", &plugin).with("team", "docs"),
        Action::new("Plain", &plain),
    ];
    rig.pipeline("waiting", acts).await;
    rig.service.begin("waiting").await;
    let (code, said) = check(&rig, None).await;
    insta::assert_snapshot!(said);
    assert_eq!(code, 0);
    // A worker that is started now is offered both at once: nothing was hidden from it.
    let worker = rig.worker().await;
    worker.process.line("job reported").await;
    assert_eq!(worker.stop().await.code(), Some(0));
}
