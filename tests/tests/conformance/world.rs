//! Service, worker and plugins; and one case run by all languages at once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::{
    Exchange, Rig, RigOptions, ServiceOptions, Worker, archives, closed_to_others, fresh_copy,
};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::cases::{self, Case, Seen};
use crate::guests::Guest;
use crate::matrix::Matrix;

/// The value of the secret `conformance`.
pub(crate) const SECRET: &str = "conformance-secret-\u{e9}";

pub(crate) struct World {
    pub(crate) rig: Rig,
    pub(crate) guests: Vec<Guest>,
    pub(crate) server: SocketAddr,
    _server: JoinSet<()>,
    _plugins: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start(guests: Vec<Guest>) -> World {
        let plugins = tempfile::tempdir_in(pipefitter_tests::binary::target()).unwrap();
        for guest in &guests {
            fresh_copy(
                &guest.wasm,
                &plugins.path().join(format!("{}.wasm", guest.name)),
            );
        }
        closed_to_others(plugins.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let app = Router::new().route("/hello", get(async || "hello gr\u{fc}\u{df}e"));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
        let mut rig = Rig::start(RigOptions {
            plugins: Vec::new(),
            service: ServiceOptions::default(),
        })
        .await;
        rig.setup.plugins_dir = plugins.path().to_path_buf();
        // The matrix tells how long that takes.
        rig.setup.compiles = true;
        rig.setup.environment = vec![("CONFORMANCE_SECRET".to_owned(), SECRET.to_owned())];
        rig.setup.tables = tables(&guests, server, "300s");
        rig.setup.worker = "drain-timeout = \"100ms\"\nstop-grace = \"120s\"".to_owned();
        // All at once: those that ask for a stop request wait for each other.
        rig.setup.slots = guests.len();
        for guest in &guests {
            register(&rig, &guest.provider).await;
        }
        World {
            rig,
            guests,
            server,
            _server: serving,
            _plugins: plugins,
        }
    }

    /// Run a case by every language that it is for, and keep what came of it.
    pub(crate) async fn run(&self, case: &Case, matrix: &mut Matrix) {
        let chosen: Vec<Guest> = self
            .guests
            .iter()
            .filter(|guest| case.is_for(guest))
            .cloned()
            .collect();
        if chosen.is_empty() {
            return;
        }
        let name = case.name();
        let before = self.rig.proxy.exchanges().len();
        let execution = self.begin(case, &chosen).await;
        self.rig.service.ended(&execution).await;
        let results = self.rig.service.actions(&name, &execution).await;
        let succeeded = chosen
            .iter()
            .filter(|guest| results[&guest.name].status == "Succeeded");
        let succeeded = succeeded.count();
        // The service knows of a result before the proxy has seen the answer.
        self.rig
            .proxy
            .until("the results", |exchanges| {
                reports(&exchanges[before..]).len() >= succeeded
            })
            .await;
        let reported = reports(&self.rig.proxy.exchanges()[before..]);
        let logs = self.rig.job_logs();
        for guest in &chosen {
            let result = results[&guest.name].clone();
            let log = result.external_id.as_ref().and_then(|id| logs.get(id));
            // Not found by a guest that gives an id of its own.
            let log = log.cloned().unwrap_or_default();
            let mut files = BTreeMap::new();
            if let Some(place) = result.outputs.values().next() {
                files = archives::unzip(&self.rig.service.object(place).await)
                    .into_iter()
                    .collect();
            }
            let seen = Seen {
                guest: guest.clone(),
                result,
                log,
                files,
                reported: reported.get(&guest.provider).cloned().unwrap_or_default(),
            };
            // A check is a row of asserts: each language's own ends here, so that the others are heard too.
            let checked =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (case.check)(&seen)));
            let failed = checked.err().map(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                let text =
                    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                format!(
                    "{}\n{:?}\n{}",
                    text.unwrap_or_default(),
                    seen.result,
                    seen.log
                )
            });
            matrix.add(&guest.name, &name, failed);
        }
    }

    /// The same plugins with less time for each job.
    pub(crate) fn hasten(&mut self, wall: &str) {
        self.rig.setup.tables = tables(&self.guests, self.server, wall);
    }

    /// Start an execution of one action for each language.
    async fn begin(&self, case: &Case, chosen: &[Guest]) -> String {
        let actions = chosen.iter().map(|guest| {
            let mut action =
                Action::of_type(&guest.name, "Test", &guest.provider).with("case", case.case);
            for (key, value) in (case.configuration)(self.server) {
                action = action.with(key, &value);
            }
            for input in case.inputs {
                action = action.input(input);
            }
            if case.output {
                action = action.output(&format!("Out-{}", guest.name));
            }
            action
        });
        let pipeline = Pipeline::new(&case.name()).stage(actions);
        let source = (case.source)();
        let files: Vec<(&str, &[u8])> = source
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .collect();
        self.rig
            .service
            .create(&pipeline, archives::zip(&files))
            .await;
        self.rig.service.begin(&pipeline.name).await
    }

    /// Every guest asks for a stop request until the worker drains, and hands over then.
    pub(crate) async fn stop(&self, worker: Worker, matrix: &mut Matrix) -> String {
        let execution = self.begin(&cases::STOP, &self.guests).await;
        let wait = async {
            let waits = |log: &&String| log.contains("waiting");
            while self.rig.job_logs().values().filter(waits).count() < self.guests.len() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(480), wait).await;
        let said = worker.stop_cleanly().await;
        waited.unwrap_or_else(|_| {
            panic!(
                "not every guest says that it waits: {:?}",
                self.rig.job_logs()
            )
        });
        let stopped = self.rig.service.stop_execution("stop", &execution, true);
        stopped.await;
        let plugin_of: BTreeMap<String, String> = said
            .lines()
            .filter_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                let text = |name: &str| Some(line["fields"][name].as_str()?.to_owned());
                (line["fields"]["message"] == "a plugin ran").then_some(())?;
                Some((text("job")?, text("plugin")?))
            })
            .collect();
        let mut tokens = BTreeMap::new();
        for sent in self.rig.proxy.of("PutJobSuccessResult") {
            let text = |name: &str| sent.request[name].as_str().unwrap_or_default().to_owned();
            if let Some(plugin) = plugin_of.get(&text("jobId")) {
                tokens.insert(plugin.clone(), text("continuationToken"));
            }
        }
        for guest in &self.guests {
            let token = tokens.get(&guest.name).map_or("(nothing)", String::as_str);
            // Rust's SDK sends tokens as JSON.
            let right = token.trim_matches('"') == "stopped: hand-over";
            let failed = (!right).then(|| format!("it handed over {token:?}"));
            matrix.add(&guest.name, "stop", failed);
        }
        said
    }
}

/// The last PutJobSuccessResult of each provider's job.
fn reports(exchanges: &[Exchange]) -> BTreeMap<String, Value> {
    let mut providers = BTreeMap::new();
    let mut reported = BTreeMap::new();
    for exchange in exchanges {
        for job in exchange.answer["jobs"].as_array().into_iter().flatten() {
            let provider = &job["data"]["actionTypeId"]["provider"];
            providers.insert(job["id"].to_string(), provider.clone());
        }
        let of = exchange.request["jobId"].to_string();
        if exchange.operation == "PutJobSuccessResult"
            && let Some(Value::String(provider)) = providers.get(&of)
        {
            reported.insert(provider.clone(), exchange.request.clone());
        }
    }
    reported
}

pub(crate) fn tables(guests: &[Guest], server: SocketAddr, wall: &str) -> String {
    let mut text = "[secrets.conformance]\nenvironment = \"CONFORMANCE_SECRET\"\n".to_owned();
    for guest in guests {
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            text,
            "[plugins.{0}.limits]\nwall = {wall:?}\n[plugins.{0}.grant]\n",
            guest.name
        );
        if guest.network {
            let _ = writeln!(
                text,
                "network = [\"http://localhost\", \"http://{server}\"]"
            );
        }
        if guest.secrets {
            text.push_str("secrets = [\"conformance\"]\n");
        }
    }
    text
}

/// Register the guest's action type, with the properties of tests/conformance/manifest.toml.
async fn register(rig: &Rig, provider: &str) {
    let plugin = pipefitter_tests::plugins::Plugin {
        category: "Test".to_owned(),
        inputs: (0, 5),
        outputs: (0, 1),
        properties: ["case", "text", "number", "count", "size", "kind", "url"]
            .map(str::to_owned)
            .to_vec(),
        more_properties: String::new(),
        ..pipefitter_tests::plugins::Plugin::probe(provider)
    };
    rig.service.register(&plugin).await;
}
