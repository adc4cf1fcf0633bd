//! The least that a probe's user, and its pipelines' role, must be allowed.
//!
//! Which operations know a resource, and which, is in the service authorization reference of AWS
//! CodePipeline: job operations other than polls, and lists, know none.

use serde_json::{Value, json};

use crate::names::{PIPELINES, PROVIDERS, VERSION};

/// Whose artifacts go where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// One that is there, in the Region.
    Given(String),
    /// One that the probe makes and removes.
    Create,
}

impl Bucket {
    fn arn(&self, partition: &str) -> String {
        match self {
            Self::Given(name) => format!("arn:{partition}:s3:::{name}"),
            Self::Create => format!("arn:{partition}:s3:::{PIPELINES}*"),
        }
    }
}

/// A role's ARN taken apart: the partition and the account are the probe's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    arn: String,
    partition: String,
    account: String,
}

/// A text is no role's ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role's ARN: give one such as arn:aws:iam::111122223333:role/pipeline")]
pub struct NoRole(String);

impl std::str::FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts[..] {
            ["arn", partition, "iam", "", account, role]
                if partition.starts_with("aws")
                    && account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit())
                    && role.len() > "role/".len()
                    && role.starts_with("role/") =>
            {
                Ok(Self {
                    arn: text.to_owned(),
                    partition: partition.to_owned(),
                    account: account.to_owned(),
                })
            }
            _ => Err(NoRole(text.to_owned())),
        }
    }
}

impl Role {
    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }
}

/// The policy for whoever runs the probe.
#[must_use]
pub fn policy(region: &str, role: &Role, bucket: &Bucket) -> Value {
    let Role {
        arn,
        partition,
        account,
    } = role;
    let codepipeline = format!("arn:{partition}:codepipeline:{region}:{account}");
    let action_type =
        |category| format!("{codepipeline}:actiontype:Custom/{category}/{PROVIDERS}*/{VERSION}");
    let allow = |sid: &str, actions: &[&str], resources: Value| json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
    let bucket_arn = bucket.arn(partition);
    let mut statements = vec![
        allow(
            "ThrowAwayActionTypes",
            &[
                "codepipeline:CreateCustomActionType",
                "codepipeline:DeleteCustomActionType",
                "codepipeline:PollForJobs",
            ],
            json!([action_type("Source"), action_type("Build")]),
        ),
        allow(
            "ThrowAwayPipelines",
            &[
                "codepipeline:CreatePipeline",
                "codepipeline:DeletePipeline",
                "codepipeline:GetPipeline",
                "codepipeline:ListActionExecutions",
                "codepipeline:StartPipelineExecution",
                "codepipeline:StopPipelineExecution",
            ],
            json!(format!("{codepipeline}:{PIPELINES}*")),
        ),
        allow(
            "JobsAndLists",
            &[
                "codepipeline:AcknowledgeJob",
                "codepipeline:GetJobDetails",
                "codepipeline:ListActionTypes",
                "codepipeline:ListPipelines",
                "codepipeline:PutJobFailureResult",
                "codepipeline:PutJobSuccessResult",
            ],
            json!("*"),
        ),
        json!({
            "Sid": "PipelineRole",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": arn,
            "Condition": {
                "StringEquals": { "iam:PassedToService": "codepipeline.amazonaws.com" },
            },
        }),
        allow(
            "TidyArtifacts",
            &["s3:DeleteObject", "s3:DeleteObjectVersion"],
            json!(format!("{bucket_arn}/{PIPELINES}*")),
        ),
    ];
    match bucket {
        Bucket::Given(_) => statements.push(allow(
            "FindArtifacts",
            &["s3:ListBucketVersions"],
            json!(bucket_arn),
        )),
        Bucket::Create => {
            statements.push(allow(
                "ThrowAwayBucket",
                &[
                    "s3:CreateBucket",
                    "s3:DeleteBucket",
                    "s3:ListBucketVersions",
                ],
                json!(bucket_arn),
            ));
            statements.push(allow("FindBuckets", &["s3:ListAllMyBuckets"], json!("*")));
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// What the pipelines' role must allow CodePipeline, as a policy.
#[must_use]
pub fn role_policy(role: &Role, bucket: &Bucket) -> Value {
    let arn = bucket.arn(&role.partition);
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
                "Resource": format!("{arn}/{PIPELINES}*"),
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetBucketLocation", "s3:GetBucketVersioning"],
                "Resource": arn,
            },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role() -> Role {
        "arn:aws:iam::111122223333:role/pipeline".parse().unwrap()
    }

    #[test]
    fn the_policy_reaches_what_a_probe_makes_and_nothing_else() {
        let given = Bucket::Given("artifacts".into());
        insta::assert_json_snapshot!("given", policy("eu-central-1", &role(), &given));
        insta::assert_json_snapshot!("created", policy("eu-central-1", &role(), &Bucket::Create));
        insta::assert_json_snapshot!("role", role_policy(&role(), &given));
    }

    #[test]
    fn a_role_is_read_with_its_partition_and_account() {
        let china: Role = "arn:aws-cn:iam::111122223333:role/path/pipeline"
            .parse()
            .unwrap();
        let shown = policy("cn-north-1", &china, &Bucket::Create).to_string();
        assert!(
            shown.contains("arn:aws-cn:codepipeline:cn-north-1:111122223333:pipefitter-probe-*")
        );
        for wrong in [
            "pipeline",
            "arn:aws:iam::111122223333:user/me",
            "arn:aws:iam::1111:role/pipeline",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:s3:::role/x",
        ] {
            let error = wrong.parse::<Role>().unwrap_err().to_string();
            assert!(
                error.contains(wrong) && error.contains("arn:aws:iam"),
                "{error}"
            );
        }
    }
}
