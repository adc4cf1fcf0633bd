//! Action types of the account, page after page.

use pipefitter_codepipeline::ArtifactCounts;
use serde_json::json;

use super::server::{Server, error, ok};
use super::{action_type, source};

#[tokio::test]
async fn all_pages_are_read() {
    let first = json!({
        "actionTypes": [{
            "id": { "category": "Build", "owner": "Custom", "provider": "Site", "version": "1" },
            "actionConfigurationProperties": [
                { "name": "title", "required": true, "key": false, "secret": false, "queryable": true },
                { "name": "key", "required": false, "key": true, "secret": true },
            ],
            "inputArtifactDetails": { "minimumCount": 1, "maximumCount": 5 },
            "outputArtifactDetails": { "minimumCount": 0, "maximumCount": 1 },
        }],
        "nextToken": "more",
    });
    let second = json!({
        "actionTypes": [
            {
                "id": { "category": "Test", "owner": "Custom", "provider": "Links", "version": "2" },
                "inputArtifactDetails": { "minimumCount": 1, "maximumCount": 1 },
                "outputArtifactDetails": { "minimumCount": 0, "maximumCount": 0 },
            },
            {
                "id": { "category": "Source", "owner": "AWS", "provider": "S3", "version": "1" },
                "inputArtifactDetails": { "minimumCount": 0, "maximumCount": 0 },
                "outputArtifactDetails": { "minimumCount": 1, "maximumCount": 1 },
            },
        ],
    });
    let server = Server::start([ok(&first), ok(&second)]).await;
    let found = source(&server.url)
        .await
        .list_custom_action_types()
        .await
        .unwrap();
    let names: Vec<String> = found.iter().map(|found| found.id.to_string()).collect();
    assert_eq!(names, ["Build/Site/1", "Test/Links/2"]);
    assert_eq!(found[0].id, action_type());
    assert_eq!(found[0].inputs, ArtifactCounts { min: 1, max: 5 });
    let property = &found[0].properties[0];
    assert!(property.required && property.queryable && !property.key && !property.secret);
    let property = &found[0].properties[1];
    assert!(!property.required && !property.queryable && property.key && property.secret);
    let bodies: Vec<_> = server
        .seen()
        .await
        .into_iter()
        .map(|seen| seen.body)
        .collect();
    assert_eq!(
        bodies,
        [
            json!({ "actionOwnerFilter": "Custom" }),
            json!({ "actionOwnerFilter": "Custom", "nextToken": "more" }),
        ]
    );
}

#[tokio::test]
async fn a_refusal_names_the_operation() {
    let server = Server::start([error("AccessDeniedException", "not allowed")]).await;
    let error = source(&server.url)
        .await
        .list_custom_action_types()
        .await
        .unwrap_err();
    insta::assert_snapshot!(
        error,
        @"ListActionTypes: AccessDeniedException: not allowed (`pipefitter iam` prints the policy that the worker needs)"
    );
}
