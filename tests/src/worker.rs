//! `pipefitter run`, configured for a test.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitStatus;

use serde_json::Value;
use tokio::process::Command;

use crate::binary;
use crate::client::KEY;
use crate::compiled;
use crate::process::Process;

/// What a worker is started with; started again with the same, it is the same worker after a restart.
#[derive(Clone, Debug)]
pub struct WorkerSetup {
    /// The configuration's file.
    pub config: PathBuf,
    /// Journal, code, logs.
    pub state_dir: PathBuf,
    /// Where plugins are.
    pub plugins_dir: PathBuf,
    /// The folder that plugins named in `granted_to` reach as `/granted`.
    pub granted: PathBuf,
    /// Names of plugins with that grant.
    pub granted_to: Vec<String>,
    /// Of the first `[[source]]`.
    pub region: String,
    /// Where the service is; empty, where something else says it.
    pub endpoint: String,
    /// Lines of the first `[[source]]`, besides.
    pub source: String,
    /// Variables of the process, besides.
    pub environment: Vec<(String, String)>,
    /// Jobs at a time.
    pub slots: usize,
    /// `poll-interval-max`.
    pub poll_interval_max: String,
    /// Lines of `[worker]`, besides.
    pub worker: String,
    /// Keys above all tables, besides, each with its line end.
    pub top: String,
    /// Whole tables, besides.
    pub tables: String,
    /// A program that starts the worker's, and its arguments; empty, where nothing stands between.
    pub started_by: Vec<String>,
    /// It compiles all plugins itself at its first start, as on a machine of its own, and has no code from other tests.
    pub compiles: bool,
}

impl WorkerSetup {
    /// The configuration as TOML.
    #[must_use]
    pub fn toml(&self) -> String {
        let endpoint = match self.endpoint.as_str() {
            "" => String::new(),
            endpoint => format!("endpoint-url = {endpoint:?}"),
        };
        let mut text = format!(
            "state-dir = {:?}\nplugins-dir = {:?}\n{}\
             [worker]\nslots = {}\npoll-interval-min = \"20ms\"\npoll-interval-max = {:?}\n{}\n\
             [log]\nformat = \"json\"\n\
             [[source]]\nid = \"main\"\nregion = {:?}\n{}\n{}\n{}\n",
            self.state_dir,
            self.plugins_dir,
            self.top,
            self.slots,
            self.poll_interval_max,
            self.worker,
            self.region,
            endpoint,
            self.source,
            self.tables
        );
        for name in &self.granted_to {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "[plugins.{name}.grant]\ndirectories = [{{ host = {:?}, guest = \"/granted\", write = \
                 true }}]\n",
                self.granted
            );
        }
        text
    }

    /// The command, its configuration written.
    #[must_use]
    pub fn command(&self) -> Command {
        std::fs::write(&self.config, self.toml()).expect("the rig's folder can be written");
        let mut command = match self.started_by.as_slice() {
            [] => Command::new(binary::pipefitter()),
            [starter, arguments @ ..] => {
                let mut command = Command::new(starter);
                command.args(arguments).arg(binary::pipefitter());
                command
            }
        };
        command
            .args(["run", "--config"])
            .arg(&self.config)
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", KEY)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            // Everything that our crates say, so that secrets are looked for in all of it.
            .env("PIPEFITTER_LOG", "trace")
            .env_remove("PIPEFITTER_CONFIG")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_ENDPOINT_URL")
            .env_remove("AWS_ENDPOINT_URL_CODEPIPELINE")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Start it, and wait until it serves.
    pub async fn start(&self) -> Worker {
        let worker = self.launch();
        worker.process.line("serving jobs").await;
        if !self.compiles {
            compiled::keep(&self.state_dir, &self.plugins_dir);
        }
        worker
    }

    /// Start it, and wait for nothing.
    #[must_use]
    pub fn launch(&self) -> Worker {
        if !self.compiles {
            compiled::lend(&self.state_dir, &self.plugins_dir);
        }
        Worker {
            process: Process::start("pipefitter run", self.command()),
        }
    }
}

/// A running worker. Dropped, it is killed.
pub struct Worker {
    /// The process.
    pub process: Process,
}

impl Worker {
    /// SIGKILL, as a crash.
    pub async fn crash(self) {
        self.process.kill().await;
    }

    /// SIGTERM, and how it ended.
    pub async fn stop(self) -> ExitStatus {
        self.process.terminate();
        self.process.ended().await
    }

    /// SIGTERM, the end, which must be a good one, and everything it said.
    pub async fn stop_cleanly(self) -> String {
        self.process.terminate();
        let status = self.process.ended().await;
        if status.code() != Some(0) {
            self.process
                .fail(&format!("ended with {status} after SIGTERM"));
        }
        self.process.output()
    }

    /// SIGTERM, the end, which must be a good one, and what it counted: the fields of its last line.
    pub async fn stop_and_count(self) -> Value {
        let output = self.stop_cleanly().await;
        let last = output.lines().last().unwrap_or_default();
        let counted = fields(last);
        assert_eq!(counted["message"], "ended", "{last}");
        counted
    }

    /// What the start said of a field, such as `compiled`.
    pub async fn served(&self, field: &str) -> Value {
        fields(&self.process.line("serving jobs").await)[field].clone()
    }
}

fn fields(line: &str) -> Value {
    let line: Value = serde_json::from_str(line)
        .unwrap_or_else(|error| panic!("a log line is not JSON: {error}: {line}"));
    line["fields"].clone()
}
