//! Sources of different kinds in one worker: other credentials, another owner, another Region, bounds of their own.

use std::collections::BTreeSet;

use pipefitter_tests::partners::{self, ADA, declared};
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{
    ASSUMED, Call, IdleAws, Rig, Service, ServiceOptions, appears, small_source,
};
use serde_json::Value;

const ROLE: &str = "arn:aws:iam::111122223333:role/worker";
const PROFILE: (&str, &str) = ("AKIAPROFILE000000000", "profile-secret");
const LOCAL: (&str, &str) = ("local", "local");

/// How a source polled: key, Region, operation and action type.
type Asked = (String, String, String, String);

async fn begin(service: &Service, name: &str, action: Action) -> String {
    let pipeline = Pipeline::new(name).stage([action]);
    service.create(&pipeline, small_source()).await;
    service.begin(name).await
}

/// Every way in which a source asked for jobs.
fn polls(aws: &IdleAws) -> BTreeSet<Asked> {
    let calls = aws.calls().into_iter();
    let polls = calls.filter(|call| call.operation.starts_with("Poll"));
    polls
        .map(|call| {
            assert!(call.genuine, "{call:?}");
            let id = &call.request["actionTypeId"];
            let part = |name: &str| id[name].as_str().unwrap_or_default().to_owned();
            let kind = ["owner", "category", "provider", "version"].map(part);
            (call.access_key, call.region, call.operation, kind.join("/"))
        })
        .collect()
}

fn asked(key: &str, region: &str, operation: &str, kinds: &[&str]) -> BTreeSet<Asked> {
    let asked = |kind: &&str| {
        let [key, region, operation, kind] = [key, region, operation, kind].map(str::to_owned);
        (key, region, operation, kind)
    };
    kinds.iter().map(asked).collect()
}

/// The jobs that were acknowledged and those that had a result, in the order in which they were.
fn one_after_another(calls: &[Call]) -> Vec<(String, Value)> {
    let of_jobs = calls
        .iter()
        .filter(|call| call.request["jobId"].is_string());
    of_jobs
        .map(|call| (call.operation.clone(), call.request["jobId"].clone()))
        .collect()
}

#[tokio::test]
async fn a_role_a_partner_and_another_region_are_served_by_one_worker_each_within_its_bounds() {
    let probe = Plugin::probe("Probe").granted();
    let other = Plugin::probe("Other").named("other");
    let partner = partners::probe().named("partner");
    let mut rig = Rig::with(&[&probe, &other, &partner]).await;

    let third_party = rig.folder().join("third-party.toml");
    std::fs::write(&third_party, declared(&partner, &[ADA], "uuid")).unwrap();
    let started = async |name: &str, options: ServiceOptions| {
        let folder = rig.folder().join(name);
        std::fs::create_dir(&folder).unwrap();
        Service::start(&folder, &options).await
    };
    let options = ServiceOptions {
        third_party: Some(third_party),
        ..ServiceOptions::default()
    };
    let of_partner = started("partners", options).await;
    let abroad = started("abroad", ServiceOptions::default()).await;
    abroad.register(&probe).await;
    abroad.register(&other).await;

    let keys = [PROFILE, LOCAL];
    let of_role_aws = IdleAws::start_before(rig.service.address(), &keys).await;
    let partner_aws = IdleAws::start_before(of_partner.address(), &keys).await;
    let abroad_aws = IdleAws::start_before(abroad.address(), &keys).await;

    let profiles = rig.folder().join("aws-config");
    let text = format!(
        "[profile partner]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        PROFILE.0, PROFILE.1
    );
    std::fs::write(&profiles, text).unwrap();
    rig.setup.environment = [
        ("AWS_CONFIG_FILE", profiles.display().to_string()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_ENDPOINT_URL_STS", of_role_aws.url()),
        (
            "PARTNER_TOKENS",
            format!("{{{:?}: {:?}}}", ADA.id, ADA.token),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    rig.setup.endpoint = of_role_aws.url();
    rig.setup.source = format!("role-arn = {ROLE:?}\nslots = 1\n");
    rig.setup.tables = format!(
        "[[source]]\nid = \"partner\"\nregion = \"us-east-1\"\nendpoint-url = {:?}\nprofile = \"partner\"\n\
         owner = \"ThirdParty\"\nclient-tokens = {{ env = \"PARTNER_TOKENS\" }}\n\
         action-types = [\"Build/Partner/1\"]\n\
         [[source]]\nid = \"abroad\"\nregion = \"eu-west-1\"\nendpoint-url = {:?}\n\
         action-types = [\"Build/Other/1\"]\n",
        partner_aws.url(),
        abroad_aws.url()
    );
    let worker = rig.worker().await;

    // The role's source has one slot of the worker's four: its second job waits, and the others' do not.
    let waits = || Action::new("Act", &probe).doing("wait-file");
    let first = begin(&rig.service, "first", waits()).await;
    appears(&rig.setup.granted, "started-", 1).await;
    let second = begin(&rig.service, "second", Action::new("Act", &other)).await;
    let theirs = Action::new("Act", &partner).third_party();
    let theirs = begin(&of_partner, ADA.pipeline, theirs).await;
    let far = begin(&abroad, "far", Action::new("Act", &other)).await;
    assert_eq!(of_partner.ended(&theirs).await, "succeeded");
    assert_eq!(abroad.ended(&far).await, "succeeded");
    rig.go();
    for execution in [&first, &second] {
        assert_eq!(rig.service.ended(execution).await, "succeeded");
    }
    let said = worker.stop_cleanly().await;
    assert!(
        !said.contains("\"polling "),
        "no source is in trouble: {said}"
    );

    let own = "Custom/Build";
    assert_eq!(
        polls(&of_role_aws),
        asked(
            ASSUMED.0,
            "us-east-1",
            "PollForJobs",
            &["Probe", "Other", "Partner"]
                .map(|name| format!("{own}/{name}/1"))
                .each_ref()
                .map(String::as_str)
        )
    );
    assert_eq!(
        polls(&partner_aws),
        asked(
            PROFILE.0,
            "us-east-1",
            "PollForThirdPartyJobs",
            &["ThirdParty/Build/Partner/1"]
        )
    );
    assert_eq!(
        polls(&abroad_aws),
        asked(
            LOCAL.0,
            "eu-west-1",
            "PollForJobs",
            &["Custom/Build/Other/1"]
        )
    );
    let of_role = of_role_aws.genuine("AssumeRole", LOCAL.0).await;
    assert_eq!(of_role.parameters["RoleArn"], ROLE);

    let calls = of_role_aws.calls();
    let order = one_after_another(&calls);
    let operations: Vec<&str> = order
        .iter()
        .map(|(operation, _)| operation.as_str())
        .collect();
    assert_eq!(
        operations,
        [
            "AcknowledgeJob",
            "PutJobSuccessResult",
            "AcknowledgeJob",
            "PutJobSuccessResult"
        ],
        "{order:?}"
    );
    assert!(
        order[0].1 == order[1].1 && order[2].1 == order[3].1,
        "{order:?}"
    );
    for poll in calls.iter().filter(|call| call.operation == "PollForJobs") {
        assert_eq!(poll.request["maxBatchSize"], 1, "{poll:?}");
    }
}
