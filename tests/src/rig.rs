//! Service, proxy and a worker's configuration, in a folder of their own.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::client::REGION;
use crate::executions::ActionResult;
use crate::pipelines::{Action, Pipeline};
use crate::plugins::Plugin;
use crate::process::DEADLINE;
use crate::proxy::Proxy;
use crate::service::{Service, ServiceOptions};
use crate::worker::{Worker, WorkerSetup};
use crate::{archives, binary, closed_to_others};

/// Between two looks at logs of jobs.
const LOOK: Duration = Duration::from_millis(10);

/// What a rig is made of.
#[derive(Clone, Debug, Default)]
pub struct RigOptions {
    /// In the plugins folder from the start, and registered.
    pub plugins: Vec<Plugin>,
    /// How the service is started.
    pub service: ServiceOptions,
}

/// The source of pipelines that do not care: two small files in a zip.
#[must_use]
pub fn small_source() -> Vec<u8> {
    archives::zip(&[("a.txt", b"alpha"), ("sub/b.txt", b"beta")])
}

/// One arrangement of service, proxy and worker. Its folder goes away with it.
pub struct Rig {
    /// The service.
    pub service: Service,
    /// Between worker and service.
    pub proxy: Proxy,
    /// The worker's configuration: change it before [`WorkerSetup::start`].
    pub setup: WorkerSetup,
    folder: TempDir,
}

impl Rig {
    /// Start the service and the proxy; the worker is the test's to start.
    pub async fn start(options: RigOptions) -> Rig {
        // Below the target directory: temporary folders are often small, and in memory.
        let home = binary::target().join("rigs");
        std::fs::create_dir_all(&home).expect("the target directory can be written");
        closed_to_others(&home);
        let folder = tempfile::Builder::new()
            .prefix("rig-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(home);
        let folder = folder.expect("the target directory can be written");
        let path = |name: &str| folder.path().join(name);
        for name in ["plugins", "granted"] {
            std::fs::create_dir(path(name)).expect("the rig's folder can be written");
            closed_to_others(&path(name));
        }
        let service = Service::start(folder.path(), &options.service).await;
        if options.service.clock_skew != "0s" {
            // Refused, and the client that repeats nothing knows the service's time from then on.
            let _ = service.codepipeline.list_pipelines().send().await;
        }
        let proxy = Proxy::start(service.address()).await;
        let mut granted_to = Vec::new();
        for plugin in &options.plugins {
            plugin.install(&path("plugins"));
            service.register(plugin).await;
            if plugin.capabilities.contains("/granted") {
                granted_to.push(plugin.name.clone());
            }
        }
        let setup = WorkerSetup {
            config: path("pipefitter.toml"),
            state_dir: path("state"),
            plugins_dir: path("plugins"),
            granted: path("granted"),
            granted_to,
            region: REGION.to_owned(),
            endpoint: proxy.url(),
            source: String::new(),
            environment: Vec::new(),
            slots: 4,
            poll_interval_max: "150ms".to_owned(),
            worker: String::new(),
            top: String::new(),
            tables: String::new(),
            started_by: Vec::new(),
            compiles: false,
        };
        Rig {
            service,
            proxy,
            setup,
            folder,
        }
    }

    /// With these plugins and the usual service.
    pub async fn with(plugins: &[&Plugin]) -> Rig {
        let plugins = plugins.iter().map(|&plugin| plugin.clone()).collect();
        Rig::start(RigOptions {
            plugins,
            ..RigOptions::default()
        })
        .await
    }

    /// A further service with a proxy of its own, which the worker has as the source `id`.
    pub async fn add_source(&mut self, id: &str, plugins: &[&Plugin]) -> (Service, Proxy) {
        let folder = self.folder.path().join(id);
        std::fs::create_dir(&folder).expect("the rig's folder can be written");
        let service = Service::start(&folder, &ServiceOptions::default()).await;
        for plugin in plugins {
            service.register(plugin).await;
        }
        let proxy = Proxy::start(service.address()).await;
        let table = format!(
            "[[source]]\nid = {id:?}\nregion = {REGION:?}\nendpoint-url = {:?}\n",
            proxy.url()
        );
        self.setup.tables.push_str(&table);
        (service, proxy)
    }

    /// The rig's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Start the worker, and wait until it serves.
    pub async fn worker(&self) -> Worker {
        self.setup.start().await
    }

    /// A pipeline of one stage, created with a small source.
    pub async fn pipeline(
        &self,
        name: &str,
        actions: impl IntoIterator<Item = Action>,
    ) -> Pipeline {
        let pipeline = Pipeline::new(name).stage(actions);
        self.create(&pipeline).await;
        pipeline
    }

    /// Create a pipeline with a small source.
    pub async fn create(&self, pipeline: &Pipeline) {
        self.service.create(pipeline, small_source()).await;
    }

    /// Create a pipeline of one action, run it to its end, and say what came of the action.
    pub async fn outcome(&self, name: &str, action: Action) -> ActionResult {
        self.outcomes(name, [action])
            .await
            .into_values()
            .next()
            .expect("there is one action")
    }

    /// Create a pipeline of parallel actions, run it to its end, and say what came of each.
    pub async fn outcomes(
        &self,
        name: &str,
        actions: impl IntoIterator<Item = Action>,
    ) -> BTreeMap<String, ActionResult> {
        self.pipeline(name, actions).await;
        let mut found = self.service.run(name).await;
        found.remove("Source");
        found
    }

    /// The job logs of the worker, by file name.
    #[must_use]
    pub fn job_logs(&self) -> BTreeMap<String, String> {
        let folder = self.setup.state_dir.join("logs");
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let bytes = std::fs::read(entry.path()).ok()?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Some((entry.file_name().into_string().ok()?, text))
            })
            .collect()
    }

    /// Wait until a job has written this to its log.
    ///
    /// # Panics
    /// Where none does in time.
    pub async fn said(&self, text: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.job_logs().values().any(|log| log.contains(text)) {
            assert!(Instant::now() < until, "no log says {text:?}");
            sleep(LOOK).await;
        }
    }

    /// One job's log; nothing, where there is none.
    #[must_use]
    pub fn job_log(&self, name: &str) -> String {
        let bytes = std::fs::read(self.setup.state_dir.join("logs").join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The journal's file.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.setup.state_dir.join("journal.redb")
    }

    /// Have probes wait for the file `go` again.
    pub fn wait(&self) {
        // It may not be there.
        let _ = std::fs::remove_file(self.setup.granted.join("go"));
    }

    /// Let every probe that waits for the file `go` go on.
    pub fn go(&self) {
        std::fs::write(self.setup.granted.join("go"), b"")
            .expect("the granted folder can be written");
    }
}
