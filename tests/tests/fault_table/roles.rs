//! Every fault of STS: at AssumeRole, before each request for which a worker needs the role (a poll, an acknowledge, a
//! result, the renewal of a job's credentials), while another source of the worker, which has no role, is served; and at
//! GetCallerIdentity, with which a start asks whose its credentials are.

use std::time::Duration;

use pipefitter_tests::fault_table::{FaultTable, Row, Trouble};
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{
    Exchange, IdleAws, Proxy, Rig, Service, Worker, appears, results_of, small_source,
    terminal_results,
};
use serde_json::json;

const ASSUME: &str = "AssumeRole";
const IDENTITY: &str = "GetCallerIdentity";
const ROLE: &str = "arn:aws:iam::111122223333:role/worker";
/// Shorter than what the SDK wants to have left: the role is assumed for each request.
const LIFETIME: Duration = Duration::from_secs(3);

/// A source with a role, whose requests and STS's pass proxies, and one without.
struct Lab {
    rig: Rig,
    /// Between worker and STS.
    sts: Proxy,
    second: Service,
    _aws: IdleAws,
    _its_proxy: Proxy,
}

impl Lab {
    async fn new() -> Lab {
        let mut plugin = Plugin::probe("Probe").granted();
        plugin.allow_empty = true;
        let mut rig = Rig::with(&[&plugin]).await;
        let (second, its_proxy) = rig.add_source("second", &[&plugin]).await;
        let aws = IdleAws::start_before(rig.proxy.address(), &[("local", "local")]).await;
        aws.set_lifetime(LIFETIME);
        let sts = Proxy::start(aws.address()).await;
        rig.setup.endpoint = String::new();
        rig.setup.source = format!("role-arn = {ROLE:?}\n");
        let environment = [
            ("AWS_ENDPOINT_URL_CODEPIPELINE", aws.url()),
            // Jobs have credentials of their own.
            ("AWS_ENDPOINT_URL_S3", rig.proxy.url()),
            ("AWS_ENDPOINT_URL_STS", sts.url()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ];
        rig.setup.environment = environment
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec();
        let act = || Action::new("Act", &plugin).input("Source");
        rig.pipeline("short", [act()]).await;
        rig.pipeline("held", [act().doing("wait-file")]).await;
        let uploads = act().doing("wait-file").output("Out");
        rig.pipeline("uploads", [uploads]).await;
        let act = Action::new("Act", &plugin);
        second
            .create(&Pipeline::new("other").stage([act]), small_source())
            .await;
        Lab {
            rig,
            sts,
            second,
            _aws: aws,
            _its_proxy: its_proxy,
        }
    }

    /// A job of the pipeline, in the midst of the plugin's work.
    async fn in_mid_job(&self, pipeline: &str) -> String {
        self.rig.wait();
        let execution = self.rig.service.begin(pipeline).await;
        for marker in appears(&self.rig.setup.granted, "started-", 1).await {
            std::fs::remove_file(self.rig.setup.granted.join(marker)).unwrap();
        }
        execution
    }

    /// STS in trouble, until [`Lab::calm`].
    fn trouble(&self, worker: &Worker, trouble: Trouble) -> Began {
        let began = Began {
            mark: worker.process.mark(),
            exchanges: self.rig.proxy.exchanges().len(),
            results: self.rig.proxy.of("PutJob*").len(),
            assumed: self.sts.exchanges().len(),
        };
        trouble.begin(&self.sts, ASSUME);
        began
    }

    /// While STS is in trouble the source without a role is served, and nothing is sent for the other.
    async fn only_the_other_is_served(&self, worker: &Worker, began: &Began) {
        let execution = self.second.begin("other").await;
        assert_eq!(self.second.ended(&execution).await, "succeeded");
        let results = results_of(&self.rig.proxy.exchanges().split_off(began.exchanges));
        let said = || worker.process.output();
        assert!(results.is_empty(), "{results:?}\n{}", said());
    }

    /// The plugin ends while STS is in trouble, and its result waits.
    async fn has_no_way_to_report(&self, worker: &Worker, trouble: Trouble) -> Began {
        let began = self.trouble(worker, trouble);
        self.rig.go();
        let waits = "a result was not taken";
        worker.process.line_after(began.mark, waits).await;
        self.only_the_other_is_served(worker, &began).await;
        began
    }

    /// STS works again; how the execution ends, and what the worker did about it.
    async fn recovered(
        &self,
        table: &mut FaultTable,
        worker: &Worker,
        (what, trouble): (&str, Trouble),
        began: &Began,
        (execution, expected): (&str, &str),
        did: &str,
    ) {
        self.sts.calm();
        let end = self.rig.service.ended(execution).await;
        let said = || format!("{}\n{}", table.rendered(), worker.process.output());
        assert_eq!(end, expected, "{what} {trouble:?}\n{}", said());
        // The service tells of the end before its answer has passed the proxy.
        self.rig.proxy.count("PutJob*", began.results + 1).await;
        let results = results_of(&self.rig.proxy.exchanges().split_off(began.exchanges));
        let [result] = results.values().map(Vec::as_slice).collect::<Vec<_>>()[..] else {
            panic!("not one job: {results:?}\n{}", said());
        };
        assert_eq!(result.len(), 1, "{result:?}\n{}", said());
        let asked = self.sts.exchanges().split_off(began.assumed);
        let met: Vec<&Exchange> = asked
            .iter()
            .filter(|e| e.lost || e.made.is_some())
            .collect();
        assert!(!met.is_empty(), "{}", said());
        table.add(&Row {
            operation: format!("{ASSUME} {what}"),
            fault: format!("{trouble:?}"),
            sent: met[..met.len().min(3)].to_vec(),
            did: did.to_owned(),
            end,
            counted: result.len(),
        });
    }
}

/// When a trouble began.
struct Began {
    mark: usize,
    exchanges: usize,
    results: usize,
    assumed: usize,
}

fn troubles() -> impl Iterator<Item = Trouble> {
    Trouble::REFUSALS.into_iter().chain([Trouble::Unanswered])
}

fn level(trouble: Trouble) -> &'static str {
    if trouble.passes() { "WARN" } else { "ERROR" }
}

/// The worker ends and keeps nothing; what it said, after the rows.
async fn ended(worker: Worker, table: &FaultTable) -> String {
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("left in the journal"), "{said}");
    table.show();
    said
}

#[tokio::test]
async fn a_source_whose_role_cannot_be_assumed_is_polled_again_and_others_all_the_time() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    let worker = lab.rig.worker().await;
    for trouble in troubles() {
        let began = lab.trouble(&worker, trouble);
        let told = worker.process.line_after(began.mark, "polling main").await;
        let level = level(trouble);
        assert!(told.contains("no credentials to sign with"), "{told}");
        assert!(
            told.contains(&format!("\"{level}\"")),
            "{trouble:?}: {told}"
        );
        let execution = lab.rig.service.begin("short").await;
        lab.only_the_other_is_served(&worker, &began).await;
        let row = ("for a poll", trouble);
        let did = format!("told at {level}, served the other source, polled again");
        let expected = (execution.as_str(), "succeeded");
        lab.recovered(&mut table, &worker, row, &began, expected, &did)
            .await;
        worker
            .process
            .line_after(began.mark, "polling main for Build/Probe/1 works again")
            .await;
    }
    let said = ended(worker, &table).await;
    assert!(!said.contains("polling second"), "{said}");
}

#[tokio::test]
async fn a_job_that_cannot_be_acknowledged_is_taken_once_the_role_can_be_assumed() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    let worker = lab.rig.worker().await;
    for trouble in troubles() {
        let mut poll = lab.rig.proxy.hold("PollForJobs");
        poll.arrived().await;
        let execution = lab.rig.service.begin("short").await;
        lab.rig.service.action_id("short", &execution, "Act").await;
        let began = lab.trouble(&worker, trouble);
        poll.release();
        let offered = |e: &Exchange| e.answer["jobs"][0].is_object();
        lab.rig
            .proxy
            .until("the offer of a job", |seen| {
                seen[began.exchanges..].iter().any(offered)
            })
            .await;
        lab.sts.count(ASSUME, began.assumed + 1).await;
        lab.only_the_other_is_served(&worker, &began).await;
        let sent = lab.rig.proxy.exchanges().split_off(began.exchanges);
        let acknowledged = sent.iter().any(|e| e.operation == "AcknowledgeJob");
        assert!(!acknowledged, "{sent:#?}");
        let did = match trouble.passes() {
            true => "acknowledged it again",
            false => {
                let gives_up = "a job cannot be acknowledged";
                worker.process.line_after(began.mark, gives_up).await;
                let again = json!({ "do": "reoffer" });
                lab.rig.service.control(again).await;
                "left it, and took it when it was offered again"
            }
        };
        let row = ("for an acknowledge", trouble);
        let expected = (execution.as_str(), "succeeded");
        lab.recovered(&mut table, &worker, row, &began, expected, did)
            .await;
    }
    ended(worker, &table).await;
}

#[tokio::test]
async fn a_result_is_kept_until_the_role_can_be_assumed() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    let worker = lab.rig.worker().await;
    for trouble in troubles() {
        let execution = lab.in_mid_job("held").await;
        let began = lab.has_no_way_to_report(&worker, trouble).await;
        let row = ("for a result", trouble);
        let did = "kept the result, served the other source, sent it";
        let expected = (execution.as_str(), "succeeded");
        lab.recovered(&mut table, &worker, row, &began, expected, did)
            .await;
    }
    ended(worker, &table).await;
}

#[tokio::test]
async fn a_job_whose_credentials_cannot_be_renewed_fails_once_and_says_why() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    let worker = lab.rig.worker().await;
    for trouble in troubles() {
        let execution = lab.in_mid_job("uploads").await;
        let expire = json!({ "do": "expire-credentials" });
        lab.rig.service.control(expire).await;
        let began = lab.has_no_way_to_report(&worker, trouble).await;
        let kind = match trouble.passes() {
            true => "SystemUnavailable",
            false => "PermissionError",
        };
        let row = ("to renew a job's credentials", trouble);
        let did = format!("failed the job with {kind}");
        let expected = (execution.as_str(), "failed");
        lab.recovered(&mut table, &worker, row, &began, expected, &did)
            .await;
        let action = &lab.rig.service.actions("uploads", &execution).await["Act"];
        let (found, message) = action.failure();
        assert_eq!(found, kind, "{trouble:?}: {message}");
        assert!(message.contains("could not be renewed"), "{message}");
    }
    ended(worker, &table).await;
}

#[tokio::test]
async fn an_answer_of_sts_that_is_late_is_waited_for() {
    let lab = Lab::new().await;
    let worker = lab.rig.worker().await;
    let mut held = lab.sts.hold_answer(ASSUME);
    held.arrived().await;
    let execution = lab.rig.service.begin("short").await;
    held.release();
    assert_eq!(lab.rig.service.ended(&execution).await, "succeeded");
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("polling main"), "{said}");
}

#[tokio::test]
async fn a_start_that_is_not_told_whose_its_credentials_are_serves_all_the_same() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    let aws = IdleAws::start(&[("local", "local")]).await;
    let sts = Proxy::start(aws.address()).await;
    let environment = ("AWS_ENDPOINT_URL_STS".to_owned(), sts.url());
    rig.setup.environment = vec![environment];
    rig.pipeline("docs", [Action::new("Act", &plugin)]).await;
    // The journal knows the account, and holds no job of it.
    rig.worker().await.stop_cleanly().await;
    let mut table = FaultTable::default();
    for trouble in troubles() {
        trouble.begin(&sts, IDENTITY);
        let asked = sts.of(IDENTITY).len();
        let worker = rig.worker().await;
        let told = worker.process.line("nobody tells which account").await;
        assert!(told.contains("\"WARN\""), "{told}");
        let execution = rig.service.begin("docs").await;
        let end = rig.service.ended(&execution).await;
        assert_eq!(end, "succeeded");
        let said = worker.stop_cleanly().await;
        assert!(!said.contains("left in the journal"), "{said}");
        sts.calm();
        let met = sts.of(IDENTITY).split_off(asked);
        table.add(&Row {
            operation: IDENTITY.to_owned(),
            fault: format!("{trouble:?}"),
            sent: met.iter().collect(),
            did: "warned, and served".to_owned(),
            end,
            counted: 1,
        });
    }
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.len(), troubles().count());
    assert!(results.values().all(|&taken| taken == 1), "{results:?}");
    table.show();
}
