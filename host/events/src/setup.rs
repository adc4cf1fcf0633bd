//! What AWS must be told: the rule, its target, the queue's policy, and what a worker may do with the queue.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::address::QueueUrl;

/// Whose events a rule lets through.
#[derive(Clone, Debug)]
pub struct RuleFor<'a> {
    /// The queue that they go to.
    pub queue: &'a QueueUrl,
    /// `aws`, `aws-cn`, ...
    pub partition: &'a str,
    /// The Region of pipelines, rule and queue.
    pub region: &'a str,
    /// `Custom` or `ThirdParty`.
    pub owner: &'a str,
    /// Category and provider of the action types that are served; none: those of every type of the owner.
    pub action_types: Vec<(String, String)>,
}

/// The requests that connect CodePipeline's events with a queue: under each name what the AWS CLI takes as
/// `--cli-input-json`. Rule and queue are in one account, the pipelines' own.
#[must_use]
pub fn setup(rule: &RuleFor<'_>) -> Value {
    let queue = rule.queue.arn(rule.partition, rule.region);
    // A rule's name has up to 64 characters (API reference of PutRule), a queue's up to 80.
    let name: String = format!("pipefitter-{}", rule.queue.name())
        .chars()
        .take(64)
        .collect();
    let rule_arn = format!(
        "arn:{}:events:{}:{}:rule/{name}",
        rule.partition,
        rule.region,
        rule.queue.account()
    );
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "EventsOfCodePipeline",
            "Effect": "Allow",
            "Principal": { "Service": "events.amazonaws.com" },
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": { "ArnEquals": { "aws:SourceArn": rule_arn } },
        }],
    });
    json!({
        "put-rule": {
            "Name": name,
            "Description": "Actions that Pipefitter serves: began, or ended without it",
            "State": "ENABLED",
            "EventPattern": pattern(rule).to_string(),
        },
        "set-queue-attributes": {
            "QueueUrl": rule.queue.as_str(),
            "Attributes": { "Policy": policy.to_string() },
        },
        "put-targets": {
            "Rule": name,
            "Targets": [{ "Id": "pipefitter", "Arn": queue }],
        },
    })
}

/// No version: it is a number in some events and a string in others. What comes in excess is looked at and deleted.
fn pattern(rule: &RuleFor<'_>) -> Value {
    let mut kind = json!({ "owner": [rule.owner] });
    if !rule.action_types.is_empty() {
        let categories: BTreeSet<_> = rule.action_types.iter().map(|(name, _)| name).collect();
        let providers: BTreeSet<_> = rule.action_types.iter().map(|(_, name)| name).collect();
        kind["category"] = json!(categories);
        kind["provider"] = json!(providers);
    }
    json!({
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Action Execution State Change"],
        "detail": {
            // Success is only ever of our own doing.
            "state": ["STARTED", "ABANDONED", "FAILED", "CANCELED"],
            "type": kind,
        },
    })
}

/// What a worker's role must be allowed to receive and delete the events of queues, given by their ARNs.
#[must_use]
pub fn receive_statement(queues: &BTreeSet<String>) -> Value {
    json!({
        "Sid": "ReceiveEvents",
        "Effect": "Allow",
        "Action": ["sqs:DeleteMessage", "sqs:ReceiveMessage"],
        "Resource": queues,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(queue: &QueueUrl) -> RuleFor<'_> {
        RuleFor {
            queue,
            partition: "aws",
            region: "eu-central-1",
            owner: "Custom",
            action_types: vec![
                ("Deploy".to_owned(), "Publish".to_owned()),
                ("Build".to_owned(), "Site".to_owned()),
            ],
        }
    }

    #[test]
    fn a_rule_lets_through_what_is_served_and_nothing_else() {
        let queue =
            QueueUrl::parse("https://sqs.eu-central-1.amazonaws.com/111122223333/events").unwrap();
        let made = setup(&rule(&queue));
        insta::assert_json_snapshot!(made);
        let pattern: Value =
            serde_json::from_str(made["put-rule"]["EventPattern"].as_str().unwrap()).unwrap();
        insta::assert_json_snapshot!("pattern", pattern);
    }

    #[test]
    fn a_long_queues_rule_has_a_name_that_is_taken() {
        let url = format!(
            "https://sqs.eu-central-1.amazonaws.com/111122223333/{}",
            "q".repeat(80)
        );
        let queue = QueueUrl::parse(&url).unwrap();
        let made = setup(&rule(&queue));
        assert_eq!(made["put-rule"]["Name"].as_str().unwrap().len(), 64);
        assert_eq!(made["put-rule"]["Name"], made["put-targets"]["Rule"]);
    }

    #[test]
    fn a_worker_may_receive_and_delete() {
        let queue =
            QueueUrl::parse("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/events").unwrap();
        let queues = BTreeSet::from([queue.arn("aws-cn", "cn-north-1")]);
        insta::assert_json_snapshot!(receive_statement(&queues));
    }
}
