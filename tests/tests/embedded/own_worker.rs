//! kill -9 of `dev` with a worker of its own: service and worker go down in mid-job, and come back together.

use std::path::{Path, PathBuf};

use aws_sdk_codepipeline::types::PipelineExecutionStatus;
use pipefitter_tests::partners::{self, ADA, declared};
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Service, ServiceOptions, appears, closed_to_others, small_source};
use tempfile::TempDir;

use crate::restart::status;

/// `dev` in a folder, with one plugin that reaches the folder `granted`.
struct Dev {
    service: Service,
    options: ServiceOptions,
    folder: TempDir,
}

impl Dev {
    async fn start(plugin: &Plugin, partners: Option<&str>) -> Dev {
        let folder = tempfile::tempdir().unwrap();
        closed_to_others(folder.path());
        let path = |name: &str| folder.path().join(name);
        for name in ["plugins", "granted"] {
            std::fs::create_dir(path(name)).unwrap();
            closed_to_others(&path(name));
        }
        plugin.install(&path("plugins"));
        let config = format!(
            "[plugins.{}.grant]\ndirectories = [{{ host = {:?}, guest = \"/granted\", write = true }}]\n",
            plugin.name,
            path("granted")
        );
        std::fs::write(path("dev.toml"), config).unwrap();
        let third_party = partners.map(|text| {
            std::fs::write(path("partners.toml"), text).unwrap();
            path("partners.toml")
        });
        let options = ServiceOptions {
            plugins: Some(path("plugins")),
            own_worker: Some(path("dev.toml")),
            third_party,
            ..ServiceOptions::default()
        };
        let service = Service::start(folder.path(), &options).await;
        // By then the plugin's action type is there.
        service.process.line("Upload a source to begin").await;
        Dev {
            service,
            options,
            folder,
        }
    }

    fn granted(&self) -> PathBuf {
        self.folder.path().join("granted")
    }

    /// A job that waits for the file `go`; returns its execution and its marker.
    async fn in_mid_job(&self, pipeline: &str, action: Action) -> (String, PathBuf) {
        let pipeline = Pipeline::new(pipeline).stage([action.doing("wait-file")]);
        self.service.create(&pipeline, small_source()).await;
        let execution = self.service.begin(&pipeline.name).await;
        let marker = appears(&self.granted(), "started-", 1).await.remove(0);
        (execution, self.granted().join(marker))
    }

    async fn restart(&mut self, marker: &Path, third_party: Option<PathBuf>) {
        self.service.process.kill().await;
        // So that the next run's is told from it.
        let _gone_before = std::fs::remove_file(marker);
        self.options.third_party = third_party;
        self.service = Service::again(self.folder.path(), &self.options).await;
    }

    /// The job runs once more, and its action ends well.
    async fn ends_well(&self, pipeline: &str, execution: &str, marker: &Path) {
        appears(&self.granted(), "started-", 1).await;
        assert_eq!(std::fs::read_to_string(marker).unwrap(), "2");
        std::fs::write(self.granted().join("go"), b"").unwrap();
        assert_eq!(self.service.ended(execution).await, "succeeded");
        let action = &self.service.actions(pipeline, execution).await["Act"];
        assert_eq!(action.status, "Succeeded", "{action:?}");
        self.service.process.terminate();
        let status = self.service.process.ended().await;
        let said = self.service.process.output();
        assert_eq!(status.code(), Some(0), "{said}");
        assert_eq!(said.matches("runs, attempt").count(), 1, "{said}");
        assert_eq!(said.matches("Act succeeded").count(), 1, "{said}");
        assert!(!said.contains("left in the journal"), "{said}");
    }
}

#[tokio::test]
async fn a_job_that_may_run_again_is_run_again_and_has_one_result() {
    let plugin = Plugin::probe("Probe").granted().retry_safe();
    let mut dev = Dev::start(&plugin, None).await;
    let (execution, marker) = dev.in_mid_job("own", Action::new("Act", &plugin)).await;
    assert_eq!(std::fs::read_to_string(&marker).unwrap(), "1");
    dev.restart(&marker, None).await;
    assert_eq!(
        status(&dev.service, "own", &execution).await,
        PipelineExecutionStatus::InProgress
    );
    dev.ends_well("own", &execution, &marker).await;
}

#[tokio::test]
async fn a_partners_job_waits_through_a_start_without_the_file_of_partners() {
    let plugin = partners::probe().granted().retry_safe();
    let text = declared(&plugin, &[ADA], "uuid");
    let mut dev = Dev::start(&plugin, Some(&text)).await;
    let file = dev.options.third_party.clone();
    let action = Action::new("Act", &plugin).third_party();
    let (execution, marker) = dev.in_mid_job(ADA.pipeline, action).await;

    dev.restart(&marker, None).await;
    let job = marker.file_name().unwrap().to_str().unwrap();
    let job = job.strip_prefix("started-").unwrap();
    let said = dev.service.process.line(job).await;
    assert!(
        said.contains("--third-party") && said.contains("waits"),
        "{said}"
    );
    assert_eq!(
        status(&dev.service, ADA.pipeline, &execution).await,
        PipelineExecutionStatus::InProgress
    );
    assert!(!marker.exists());

    dev.restart(&marker, file).await;
    dev.ends_well(ADA.pipeline, &execution, &marker).await;
}
