//! A service, a proxy before it, and a probe that asks there.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use pipefitter_tests::pipelines::ARTIFACTS;
use pipefitter_tests::{Process, Rig, RigOptions, ServiceOptions, binary};
use serde_json::Value;
use tokio::process::Command;

pub(crate) struct Lab {
    pub(crate) rig: Rig,
}

impl Lab {
    pub(crate) async fn with(service: ServiceOptions) -> Lab {
        let options = RigOptions {
            service,
            ..RigOptions::default()
        };
        Lab {
            rig: Rig::start(options).await,
        }
    }

    /// With a bucket that keeps versions.
    pub(crate) async fn versioned() -> Lab {
        let lab = Lab::usual().await;
        let on = VersioningConfiguration::builder()
            .status(BucketVersioningStatus::Enabled)
            .build();
        let set = lab.rig.service.s3.put_bucket_versioning();
        let set = set.bucket(ARTIFACTS).versioning_configuration(on);
        set.send().await.unwrap();
        lab
    }

    pub(crate) async fn usual() -> Lab {
        Lab::with(ServiceOptions::default()).await
    }

    /// `pipefitter probe-aws` with arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary::pipefitter());
        command
            .args(["probe-aws", "--endpoint-url", &self.rig.proxy.url()])
            .args(["--region", "us-east-1"])
            .args(arguments)
            .current_dir(self.rig.folder())
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PIPEFITTER_LOG", "trace")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_ENDPOINT_URL");
        command
    }

    /// One that runs experiments, agreed to.
    pub(crate) fn probe(&self, arguments: &[&str]) -> Process {
        let mut all = arguments.to_vec();
        let usual = [
            ("--role-arn", ROLE),
            ("--report", "report"),
            ("--interval", "50ms"),
            ("--patience", "30s"),
        ];
        for (flag, value) in usual {
            if !arguments.contains(&flag) {
                all.extend([flag, value]);
            }
        }
        if !arguments.contains(&"--create-bucket") {
            all.extend(["--bucket", ARTIFACTS]);
        }
        all.push("--yes");
        Process::start("pipefitter probe-aws", self.command(&all))
    }

    pub(crate) fn markdown(&self) -> String {
        std::fs::read_to_string(self.rig.folder().join("report.md")).unwrap()
    }

    pub(crate) fn report(&self) -> Value {
        let text = std::fs::read(self.rig.folder().join("report.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The report's switches, as `dev` takes them.
    pub(crate) fn switches(&self) -> BTreeMap<String, String> {
        let report = self.report();
        let switches = report["switches"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        switches
            .map(|s| (text(&s["name"]), text(&s["value"])))
            .collect()
    }

    /// Why a question was not answered.
    pub(crate) fn unanswered(&self, question: &str) -> String {
        let report = self.report();
        let mut questions = report["questions"].as_array().unwrap().iter();
        let found = questions.find(|q| q["question"] == question).unwrap();
        found["unanswered"]
            .as_str()
            .unwrap_or_else(|| panic!("{found}"))
            .to_owned()
    }

    /// What is in the account that only a probe makes.
    pub(crate) async fn left(&self) -> Vec<String> {
        let service = &self.rig.service;
        let mut found = Vec::new();
        let pipelines = service.codepipeline.list_pipelines().send().await.unwrap();
        found.extend(pipelines.pipelines().iter().filter_map(|p| p.name.clone()));
        let types = service.codepipeline.list_action_types();
        let types = types
            .action_owner_filter(pipefitter_tests::Service::owner())
            .send()
            .await
            .unwrap();
        let ids = types.action_types.into_iter().filter_map(|kind| kind.id);
        found.extend(ids.map(|id| format!("{}/{}", id.category, id.provider)));
        let buckets = service.s3.list_buckets().send().await.unwrap();
        for bucket in buckets
            .buckets()
            .iter()
            .filter_map(|bucket| bucket.name.clone())
        {
            let objects = service.s3.list_object_versions().bucket(&bucket);
            let objects = objects.send().await.unwrap();
            found.extend(objects.versions().iter().filter_map(|v| v.key.clone()));
            if bucket.starts_with("pipefitter-probe-") {
                found.push(bucket);
            }
        }
        found
    }
}

pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/pipeline";
