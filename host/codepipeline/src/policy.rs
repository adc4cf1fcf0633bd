//! The least that a worker's role must be allowed.
//!
//! Only PollForJobs can be tied to action types; the other job operations know no resource (service
//! authorization reference of AWS CodePipeline), and a statement that names one for them allows nothing.
//! S3 and KMS are absent on purpose: a job brings credentials of its own for its artifacts.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::ids::{ActionTypeId, Owner};

/// An IAM policy document for a worker that serves these action types in one Region.
///
/// `account` is the 12 digits of the account that owns the action types; without it the policy holds in
/// whichever account it is attached in (`*`). The document is the same for the same set of types.
#[must_use]
pub fn iam_policy(action_types: &[ActionTypeId], region: &str, account: Option<&str>) -> Value {
    let (custom, partner): (Vec<_>, Vec<_>) = action_types
        .iter()
        .partition(|id| id.owner == Owner::Custom);
    let mut statements = Vec::new();
    if !custom.is_empty() {
        let arns: BTreeSet<String> = custom
            .into_iter()
            .map(|id| action_type_arn(id, region, account))
            .collect();
        statements.push(json!({
            "Sid": "PollOwnActionTypes",
            "Effect": "Allow",
            "Action": ["codepipeline:PollForJobs"],
            "Resource": arns,
        }));
        statements.push(json!({
            "Sid": "WorkOnJobs",
            "Effect": "Allow",
            "Action": [
                "codepipeline:AcknowledgeJob",
                "codepipeline:GetJobDetails",
                "codepipeline:PutJobFailureResult",
                "codepipeline:PutJobSuccessResult",
            ],
            "Resource": "*",
        }));
    }
    if !partner.is_empty() {
        statements.push(json!({
            "Sid": "WorkOnPartnerJobs",
            "Effect": "Allow",
            "Action": [
                "codepipeline:AcknowledgeThirdPartyJob",
                "codepipeline:GetThirdPartyJobDetails",
                "codepipeline:PollForThirdPartyJobs",
                "codepipeline:PutThirdPartyJobFailureResult",
                "codepipeline:PutThirdPartyJobSuccessResult",
            ],
            "Resource": "*",
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// What `check-executions` of a source needs besides. Which pipelines use its action types nobody knows
/// beforehand, so it is for all of the account and Region.
#[must_use]
pub fn executions_statement(region: &str, account: Option<&str>) -> Value {
    json!({
        "Sid": "CheckExecutions",
        "Effect": "Allow",
        "Action": ["codepipeline:ListActionExecutions"],
        "Resource": format!(
            "arn:{}:codepipeline:{region}:{}:*",
            partition(region),
            account.unwrap_or("*")
        ),
    })
}

fn action_type_arn(id: &ActionTypeId, region: &str, account: Option<&str>) -> String {
    format!(
        "arn:{}:codepipeline:{region}:{}:actiontype:{}/{}/{}/{}",
        partition(region),
        account.unwrap_or("*"),
        id.owner,
        id.category,
        id.provider,
        id.version,
    )
}

/// The account in an ARN, such as a role's.
#[must_use]
pub fn account_of(arn: &str) -> Option<&str> {
    let account = arn.split(':').nth(4)?;
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    digits.then_some(account)
}

/// The partition a Region belongs to (`partitions.json` of the AWS SDKs).
#[must_use]
pub fn partition(region: &str) -> &'static str {
    const PREFIXES: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action_type(owner: Owner, category: &str, provider: &str) -> ActionTypeId {
        ActionTypeId {
            category: category.to_owned(),
            owner,
            provider: provider.to_owned(),
            version: "1".to_owned(),
        }
    }

    #[test]
    fn polls_are_tied_to_action_types() {
        let types = [
            action_type(Owner::Custom, "Test", "Linkcheck"),
            action_type(Owner::Custom, "Build", "Site"),
            action_type(Owner::Custom, "Build", "Site"),
        ];
        insta::assert_json_snapshot!(iam_policy(&types, "eu-central-1", Some("111122223333")));
    }

    #[test]
    fn a_partners_operations_know_no_resource() {
        let types = [action_type(Owner::ThirdParty, "Deploy", "Partner")];
        insta::assert_json_snapshot!(iam_policy(&types, "eu-central-1", None));
    }

    #[test]
    fn arns_are_of_the_regions_partition() {
        let types = [action_type(Owner::Custom, "Build", "Site")];
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
        ] {
            let policy = iam_policy(&types, region, None);
            let arn = policy["Statement"][0]["Resource"][0].as_str().unwrap();
            assert_eq!(
                arn,
                format!("arn:{partition}:codepipeline:{region}:*:actiontype:Custom/Build/Site/1")
            );
        }
    }

    #[test]
    fn executions_are_listed_of_any_pipeline() {
        insta::assert_json_snapshot!(executions_statement("cn-north-1", Some("111122223333")));
    }

    #[test]
    fn nothing_served_allows_nothing() {
        assert_eq!(iam_policy(&[], "us-east-1", None)["Statement"], json!([]));
    }
}
