//! What a role must be allowed to read secrets, and no more.

use pipefitter_secrets::{Needed, NeededSecret, iam_statements};

fn needed(what: NeededSecret<'_>) -> Needed<'_> {
    Needed {
        what,
        partition: "aws",
        region: "eu-central-1",
        account: Some("111122223333"),
    }
}

fn parameter(name: &str, with_decryption: bool) -> Needed<'_> {
    needed(NeededSecret::Parameter {
        name,
        with_decryption,
    })
}

#[test]
fn what_is_kept_in_either_store_is_allowed_by_its_arn() {
    let statements = iam_statements(&[
        needed(NeededSecret::Secret("ci/npm")),
        needed(NeededSecret::Secret("ci/npm")),
        needed(NeededSecret::Secret(
            "arn:aws-cn:secretsmanager:cn-north-1:444455556666:secret:db-a1B2c3",
        )),
        needed(NeededSecret::Secret(
            "arn:aws:secretsmanager:us-east-1:444455556666:secret:partial",
        )),
        parameter("/ci/token:3", true),
        parameter("plain", false),
        Needed {
            account: None,
            ..parameter(
                "arn:aws:ssm:us-east-1:444455556666:parameter/ci/x:prod",
                true,
            )
        },
    ]);
    insta::assert_json_snapshot!(statements);
}

#[test]
fn a_plain_parameter_needs_no_key() {
    let statements = iam_statements(&[Needed {
        account: None,
        ..parameter("plain", false)
    }]);
    assert_eq!(statements.len(), 1);
    let resource = &statements[0]["Resource"][0];
    assert_eq!(resource, "arn:aws:ssm:eu-central-1:*:parameter/plain");
}

#[test]
fn nothing_needed_allows_nothing() {
    assert!(iam_statements(&[]).is_empty());
}
