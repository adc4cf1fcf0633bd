//! What a worker gets to know of a job.

use serde_json::{Value, json};

use super::engine::Engine;
use super::event::Status;
use super::state::{Artifact, Run};
use crate::auth::{JobAccess, KeyRule, Scope};

impl Engine {
    /// A job's data, in clear, with fresh credentials while it is open. That of a third-party job
    /// tells nothing of its account: no ARN and no execution id.
    pub(super) fn job_data(&mut self, id: &str) -> Option<Value> {
        let job = self.jobs.get(id)?;
        let run = self.runs.get(&job.run)?;
        let pipeline = self.pipelines.get(&run.pipeline)?;
        let key = pipeline
            .declaration
            .artifact_store
            .as_ref()
            .and_then(|s| s.encryption_key.as_ref());
        let input = |artifact: &Artifact| {
            let location = &artifact.location;
            let mut value = artifact_value(&location.name, &location.bucket, &location.key);
            if let Some(revision) = &artifact.revision {
                value["revision"] = json!(revision);
            }
            value
        };
        let mut context = json!({
            "pipelineName": run.pipeline,
            "stage": { "name": run.stage_name },
            "action": { "name": run.declared.name, "actionExecutionId": run.id },
        });
        if !run.declared.action_type_id.is_third_party() {
            context["pipelineArn"] = json!(self.arn(&run.pipeline));
            context["pipelineExecutionId"] = json!(run.execution);
        }
        let mut data = json!({
            "actionTypeId": run.declared.action_type_id,
            "actionConfiguration": { "configuration": run.configuration },
            "pipelineContext": context,
            "inputArtifacts": run.inputs.iter().map(input).collect::<Vec<_>>(),
            "outputArtifacts": run
                .outputs
                .iter()
                .map(|output| artifact_value(&output.name, &output.bucket, &output.key))
                .collect::<Vec<_>>(),
        });
        if let Some(token) = &job.continuation_token {
            data["continuationToken"] = json!(token);
        }
        if let Some(key) = key {
            data["encryptionKey"] = json!(key);
        }
        let has_artifacts = !run.inputs.is_empty() || !run.outputs.is_empty();
        if has_artifacts && !job.status.is_ended() && run.status == Status::InProgress {
            let rule = key.map(|key| KeyRule {
                key_id: Some(key.id.clone()),
            });
            let access = self
                .registry
                .issue(scope(run, rule), self.settings.switches.credential_lifetime);
            data["artifactCredentials"] = credentials(&access);
            self.jobs
                .get_mut(id)?
                .sessions
                .push(access.access_key_id.clone());
        }
        Some(data)
    }
}

fn artifact_value(name: &str, bucket: &str, key: &str) -> Value {
    json!({
        "name": name,
        "location": {
            "type": "S3",
            "s3Location": { "bucketName": bucket, "objectKey": key },
        },
    })
}

fn scope(run: &Run, require_kms: Option<KeyRule>) -> Scope {
    let object = |bucket: &String, key: &String| (bucket.clone(), key.clone());
    Scope {
        reads: run
            .inputs
            .iter()
            .map(|input| object(&input.location.bucket, &input.location.key))
            .collect(),
        writes: run
            .outputs
            .iter()
            .map(|output| object(&output.bucket, &output.key))
            .collect(),
        require_kms,
    }
}

fn credentials(access: &JobAccess) -> Value {
    json!({
        "accessKeyId": access.access_key_id,
        "secretAccessKey": access.secret,
        "sessionToken": access.session_token,
    })
}
