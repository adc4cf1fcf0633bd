//! An SQS queue fed by EventBridge, both moto's, set up with what `pipefitter events` prints.

use pipefitter_tests::{MotoServer, Rig, binary, finished};
use serde_json::{Value, json};
use tokio::process::Command;

/// The embedded service's account, which moto takes for its own.
const ACCOUNT: &str = "000000000000";
const SCRIPT: &str = "moto_events.py";

pub(crate) struct Queue {
    pub(crate) moto: MotoServer,
    pub(crate) url: String,
}

impl Queue {
    /// A queue, the rule that feeds it, and a worker's configuration that names it: idle polls are six hours apart.
    pub(crate) async fn start(rig: &mut Rig) -> Queue {
        let moto = MotoServer::start(0, Some(ACCOUNT)).await;
        let url = moto.python(SCRIPT, &["queue", "pipefitter"], &[]).await;
        let url = url.trim().to_owned();
        rig.setup.source =
            format!("events = {{ queue-url = {url:?}, poll-interval-max = \"6h\" }}");
        let queue = Queue { moto, url };
        queue.connect(rig).await;
        queue
    }

    /// The same once more, after a crash that took everything with it.
    pub(crate) async fn restart(&mut self, rig: &Rig) {
        self.moto = MotoServer::start(self.moto.port(), Some(ACCOUNT)).await;
        let url = self
            .moto
            .python(SCRIPT, &["queue", "pipefitter"], &[])
            .await;
        assert_eq!(url.trim(), self.url);
        self.connect(rig).await;
    }

    async fn connect(&self, rig: &Rig) {
        std::fs::write(&rig.setup.config, rig.setup.toml()).unwrap();
        let mut print = Command::new(binary::pipefitter());
        print.arg("events").arg("--config").arg(&rig.setup.config);
        let (code, printed, errors) = finished(print).await;
        assert_eq!(code, 0, "{printed}{errors}");
        self.moto
            .python(SCRIPT, &["setup"], &[("INPUT", &printed)])
            .await;
    }

    /// CodePipeline's event for an action, by way of the rule.
    pub(crate) async fn tell(&self, detail: &Value) {
        let list = json!([detail]).to_string();
        self.moto
            .python(SCRIPT, &["put"], &[("INPUT", &list)])
            .await;
    }

    /// Messages as anybody may write them.
    pub(crate) async fn send(&self, bodies: &[String]) {
        let list = json!(bodies).to_string();
        self.moto
            .python(SCRIPT, &["send", &self.url], &[("INPUT", &list)])
            .await;
    }

    /// Messages that wait, and messages that were received and are not deleted.
    pub(crate) async fn left(&self) -> (u64, u64) {
        let said = self.moto.python(SCRIPT, &["left", &self.url], &[]).await;
        serde_json::from_str(&said).unwrap()
    }
}

/// The part of an event that says which action it is about; the version is a number, as it is in some.
pub(crate) fn detail(state: &str, pipeline: &str, execution: &str, action: (&str, &str)) -> Value {
    let (name, id) = action;
    json!({
        "pipeline": pipeline,
        "execution-id": execution,
        "action-execution-id": id,
        "stage": "Stage1",
        "action": name,
        "state": state,
        "region": "us-east-1",
        "type": { "owner": "Custom", "category": "Build", "provider": "Probe", "version": 1 },
        "pipeline-execution-attempt": 1.0,
    })
}
