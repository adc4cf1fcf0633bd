//! A partner's worker of few lines, beside [`By`](crate::By).

use aws_sdk_codepipeline::types::{ActionCategory, ActionOwner, ActionTypeId, ThirdPartyJobData};
use pipefitter_tests::partners::{ADA, declared, probe};
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::{Service, ServiceOptions, small_source};
use tempfile::TempDir;

use crate::worker::{Answer, code};

/// A service with one pipeline of Ada's: its source, then a partner's action whose jobs may take an hour.
pub(crate) struct Partner {
    pub(crate) service: Service,
    _folder: TempDir,
}

impl Partner {
    pub(crate) async fn with(options: ServiceOptions) -> Partner {
        let folder = tempfile::tempdir().unwrap();
        let plugin = probe();
        let version = "version = \"1\"\n";
        let text = declared(&plugin, &[ADA], "uuid");
        let file = folder.path().join("partners.toml");
        let timed = text.replacen(version, &format!("{version}job-timeout = \"1h\"\n"), 1);
        std::fs::write(&file, timed).unwrap();
        let options = ServiceOptions {
            third_party: Some(file),
            ..options
        };
        let service = Service::start(folder.path(), &options).await;
        let action = Action::new("Act", &plugin).input("Source").third_party();
        let pipeline = Pipeline::new(ADA.pipeline).stage([action]);
        service.create(&pipeline, small_source()).await;
        service.begin(ADA.pipeline).await;
        Partner {
            service,
            _folder: folder,
        }
    }

    /// Polls until there is a job; its id.
    pub(crate) async fn next(&self) -> String {
        let kind = ActionTypeId::builder()
            .category(ActionCategory::Build)
            .owner(ActionOwner::ThirdParty)
            .provider("Partner")
            .version("1")
            .build()
            .unwrap();
        loop {
            let request = self.service.codepipeline.poll_for_third_party_jobs();
            let answer = request.action_type_id(kind.clone()).send().await.unwrap();
            if let Some(job) = answer.jobs.unwrap_or_default().pop() {
                return job.job_id.unwrap();
            }
            tokio::task::yield_now().await;
        }
    }

    /// The job's nonce and data.
    pub(crate) async fn details(&self, job: &str) -> Result<(String, ThirdPartyJobData), String> {
        let request = self.service.codepipeline.get_third_party_job_details();
        let request = request.job_id(job).client_token(ADA.token);
        let details = request.send().await.map_err(code)?.job_details.unwrap();
        Ok((details.nonce.unwrap(), details.data.unwrap()))
    }

    /// The next job, acknowledged.
    pub(crate) async fn take(&self) -> String {
        let job = self.next().await;
        let (nonce, _) = self.details(&job).await.unwrap();
        let request = self.service.codepipeline.acknowledge_third_party_job();
        let request = request.job_id(&job).client_token(ADA.token).nonce(nonce);
        request.send().await.unwrap();
        job
    }

    pub(crate) async fn succeeded(&self, job: &str) -> Answer {
        let request = self
            .service
            .codepipeline
            .put_third_party_job_success_result();
        let sent = request.job_id(job).client_token(ADA.token).send().await;
        sent.map(drop).map_err(code)
    }
}
