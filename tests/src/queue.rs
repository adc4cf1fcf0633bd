//! An SQS queue fed by EventBridge, both moto's, set up with what `pipefitter events` prints, and a proxy that the worker
//! asks it through.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::binary;
use crate::moto::MotoServer;
use crate::process::{DEADLINE, finished};
use crate::proxy::Proxy;
use crate::rig::Rig;

/// The embedded service's account, which moto takes for its own.
const ACCOUNT: &str = "000000000000";
const SCRIPT: &str = "moto_events.py";
/// Before a message that was received and not deleted comes again: SQS's own default.
const VISIBILITY: u32 = 30;

/// The queue.
pub struct Queue {
    /// What has it.
    pub moto: MotoServer,
    /// Between worker and queue.
    pub proxy: Proxy,
    url: String,
    visibility: u32,
}

impl Queue {
    /// A queue, the rule that feeds it, and a worker's configuration that names it: idle polls are six hours apart.
    pub async fn start(rig: &mut Rig) -> Queue {
        Queue::start_with(rig, VISIBILITY).await
    }

    /// One whose messages come again so many seconds after they were received, if they are not deleted.
    pub async fn start_with(rig: &mut Rig, visibility: u32) -> Queue {
        let moto = MotoServer::start(0, Some(ACCOUNT)).await;
        let proxy = Proxy::start(moto.address()).await;
        let mut queue = Queue {
            moto,
            proxy,
            url: String::new(),
            visibility,
        };
        queue.url = queue.make().await;
        let seen_as = queue.url.replace(&queue.moto.endpoint, &queue.proxy.url());
        rig.setup.source =
            format!("events = {{ queue-url = {seen_as:?}, poll-interval-max = \"6h\" }}");
        queue.connect(rig).await;
        queue
    }

    /// The same once more, after a crash that took everything with it.
    pub async fn restart(&mut self, rig: &Rig) {
        self.moto = MotoServer::start(self.moto.port(), Some(ACCOUNT)).await;
        assert_eq!(self.make().await, self.url);
        self.connect(rig).await;
    }

    async fn make(&self) -> String {
        let visibility = self.visibility.to_string();
        let made = ["queue", "pipefitter", &visibility];
        let url = self.moto.python(SCRIPT, &made, &[]).await;
        url.trim().to_owned()
    }

    async fn connect(&self, rig: &Rig) {
        std::fs::write(&rig.setup.config, rig.setup.toml())
            .expect("the rig's folder can be written");
        let mut print = Command::new(binary::pipefitter());
        print.arg("events").arg("--config").arg(&rig.setup.config);
        let (code, printed, errors) = finished(print).await;
        assert_eq!(code, 0, "{printed}{errors}");
        self.moto
            .python(SCRIPT, &["setup"], &[("INPUT", &printed)])
            .await;
    }

    /// CodePipeline's event for an action, by way of the rule.
    pub async fn tell(&self, detail: &Value) {
        let list = json!([detail]).to_string();
        self.moto
            .python(SCRIPT, &["put"], &[("INPUT", &list)])
            .await;
    }

    /// Messages as anybody may write them.
    pub async fn send(&self, bodies: &[String]) {
        let list = json!(bodies).to_string();
        self.moto
            .python(SCRIPT, &["send", &self.url], &[("INPUT", &list)])
            .await;
    }

    /// Messages that wait, and messages that were received and are not deleted.
    pub async fn left(&self) -> (u64, u64) {
        let said = self.moto.python(SCRIPT, &["left", &self.url], &[]).await;
        serde_json::from_str(&said).expect("two numbers")
    }

    /// Wait until every message is deleted.
    pub async fn empties(&self) {
        let emptied = async {
            while self.left().await != (0, 0) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(DEADLINE, emptied)
            .await
            .expect("every message is deleted");
    }
}

/// The part of an event that says which action it is about; the version is a number, as it is in some.
#[must_use]
pub fn detail(state: &str, pipeline: &str, execution: &str, action: (&str, &str)) -> Value {
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
