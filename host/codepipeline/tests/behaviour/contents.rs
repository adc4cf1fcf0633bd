//! Jobs as the service tells them: whole, bare and broken.

use pipefitter_codepipeline::{
    Artifact, ErrorClass, JobContents, JobSource, Offer, PipelineContext, S3Location,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::server::{Server, ok};
use super::{action_type, job, poll, source};

pub(crate) fn whole() -> Value {
    json!({
        "id": job().as_str(),
        "nonce": "nonce-sentinel",
        "accountId": "111122223333",
        "data": {
            "actionTypeId":
                { "category": "Build", "owner": "Custom", "provider": "Site", "version": "1" },
            "actionConfiguration": { "configuration": { "title": "Docs", "key": "config-sentinel" } },
            "pipelineContext": {
                "pipelineName": "docs",
                "stage": { "name": "Make" },
                "action": { "name": "Site", "actionExecutionId": "ae-1" },
                "pipelineArn": "arn:aws:codepipeline:eu-central-1:111122223333:docs",
                "pipelineExecutionId": "pe-1",
            },
            "inputArtifacts": [{
                "name": "Source",
                "revision": "abc",
                "location":
                    { "type": "S3", "s3Location": { "bucketName": "b", "objectKey": "docs/Source/x" } },
            }],
            "outputArtifacts": [{
                "name": "Out",
                "revision": null,
                "location":
                    { "type": "S3", "s3Location": { "bucketName": "b", "objectKey": "docs/Out/y" } },
            }],
            "artifactCredentials": {
                "accessKeyId": "ASIASENTINEL",
                "secretAccessKey": "secret-key-sentinel",
                "sessionToken": "session-sentinel",
            },
            "continuationToken": "token-sentinel",
            "encryptionKey": { "id": "arn:aws:kms:eu-central-1:111122223333:key/k", "type": "KMS" },
        },
    })
}

async fn polled(jobs: Value) -> Vec<Offer> {
    let server = Server::start([ok(&json!({ "jobs": jobs }))]).await;
    source(&server.url).await.poll(&poll()).await.unwrap()
}

fn assert_whole(contents: &JobContents) {
    assert_eq!(contents.action_type, Some(action_type()));
    assert_eq!(contents.account.as_deref(), Some("111122223333"));
    assert_eq!(contents.configuration["title"].expose_secret(), "Docs");
    assert_eq!(
        contents.configuration["key"].expose_secret(),
        "config-sentinel"
    );
    assert_eq!(
        contents.pipeline,
        PipelineContext {
            pipeline: "docs".to_owned(),
            stage: "Make".to_owned(),
            action: "Site".to_owned(),
            pipeline_arn: Some("arn:aws:codepipeline:eu-central-1:111122223333:docs".to_owned()),
            pipeline_execution_id: Some("pe-1".to_owned()),
            action_execution_id: Some("ae-1".to_owned()),
        }
    );
    let artifact = |name: &str, revision: Option<&str>, key: &str| Artifact {
        name: name.to_owned(),
        revision: revision.map(str::to_owned),
        location: Some(S3Location {
            bucket: "b".to_owned(),
            key: key.to_owned(),
        }),
    };
    assert_eq!(
        contents.inputs,
        [artifact("Source", Some("abc"), "docs/Source/x")]
    );
    assert_eq!(contents.outputs, [artifact("Out", None, "docs/Out/y")]);
    let credentials = contents.credentials.as_ref().unwrap();
    assert_eq!(credentials.access_key_id, "ASIASENTINEL");
    assert_eq!(
        credentials.secret_access_key.expose_secret(),
        "secret-key-sentinel"
    );
    assert_eq!(
        credentials.session_token.expose_secret(),
        "session-sentinel"
    );
    assert_eq!(
        contents.continuation.as_ref().unwrap().expose(),
        "token-sentinel"
    );
    assert_eq!(
        contents.encryption_key.as_deref(),
        Some("arn:aws:kms:eu-central-1:111122223333:key/k")
    );
}

#[tokio::test]
async fn a_polled_job_is_whole_and_opens_without_a_call() {
    let server = Server::start([ok(&json!({ "jobs": [whole()] }))]).await;
    let source = source(&server.url).await;
    let offers = source.poll(&poll()).await.unwrap();
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].job, job());
    assert_eq!(offers[0].client, None);
    let contents = source.open(&offers[0]).await.unwrap();
    assert_whole(&contents);
    assert_eq!(contents.nonce.unwrap().expose(), "nonce-sentinel");
    assert_eq!(server.seen().await.len(), 1);
}

#[tokio::test]
async fn details_are_the_same_without_a_nonce() {
    let server = Server::start([ok(&json!({ "jobDetails": whole() }))]).await;
    let contents = source(&server.url)
        .await
        .details(&job(), None)
        .await
        .unwrap();
    assert_whole(&contents);
    assert!(contents.nonce.is_none());
}

#[tokio::test]
async fn details_of_nothing_are_asked_again() {
    for body in [
        json!({}),
        json!({ "jobDetails": null }),
        json!({ "jobDetails": { "id": "x" } }),
    ] {
        let server = Server::start([ok(&body)]).await;
        let error = source(&server.url)
            .await
            .details(&job(), None)
            .await
            .unwrap_err();
        assert_eq!(error.class, ErrorClass::Transient, "{error}");
    }
}

#[tokio::test]
async fn a_bare_job_is_an_offer() {
    let offers = polled(json!([{ "id": "j", "nonce": "3", "data": {} }])).await;
    let contents = offers[0].contents.as_ref().unwrap();
    assert_eq!(contents.action_type, None);
    assert_eq!(contents.pipeline, PipelineContext::default());
    assert!(contents.configuration.is_empty());
    assert!(contents.inputs.is_empty() && contents.outputs.is_empty());
    assert!(contents.credentials.is_none() && contents.continuation.is_none());
}

#[tokio::test]
async fn what_is_empty_counts_as_absent() {
    let offers = polled(json!([{
        "id": "j", "nonce": "3", "accountId": "",
        "data": {
            "continuationToken": "",
            "encryptionKey": { "id": "", "type": "KMS" },
            "artifactCredentials": { "accessKeyId": "A", "secretAccessKey": "", "sessionToken": "t" },
            "inputArtifacts": [
                {},
                { "name": "a", "location": {} },
                { "name": "b", "location": { "s3Location": { "bucketName": "b", "objectKey": "" } } },
            ],
            "actionTypeId":
                { "category": "Build", "owner": "AWS", "provider": "S3", "version": "1" },
        },
    }]))
    .await;
    let contents = offers[0].contents.as_ref().unwrap();
    assert!(contents.account.is_none() && contents.continuation.is_none());
    assert!(contents.encryption_key.is_none() && contents.credentials.is_none());
    assert_eq!(contents.inputs.len(), 3);
    assert!(contents.inputs.iter().all(|input| input.location.is_none()));
    assert_eq!(contents.action_type, None);
}

#[tokio::test]
async fn a_job_that_cannot_be_acknowledged_is_no_offer() {
    let offers = polled(json!([
        { "nonce": "3", "data": {} },
        { "id": "", "nonce": "3", "data": {} },
        { "id": "without-nonce", "data": {} },
        { "id": "good", "nonce": "3", "data": {} },
    ]))
    .await;
    let ids: Vec<&str> = offers.iter().map(|offer| offer.job.as_str()).collect();
    assert_eq!(ids, ["good"]);
}

#[tokio::test]
async fn a_job_that_tells_nothing_cannot_be_opened() {
    let server = Server::start([ok(&json!({ "jobs": [{ "id": "j", "nonce": "3" }] }))]).await;
    let source = source(&server.url).await;
    let offers = source.poll(&poll()).await.unwrap();
    assert!(offers[0].contents.is_none());
    assert_eq!(
        source.open(&offers[0]).await.unwrap_err().class,
        ErrorClass::Invalid
    );
}

#[tokio::test]
async fn answers_of_a_wrong_shape_are_errors() {
    for body in [
        json!({ "jobs": 7 }),
        json!({ "jobs": [7] }),
        json!({ "jobs": [{ "id": ["x"], "nonce": {} }] }),
        json!({ "jobs": [{ "id": "j", "nonce": "3", "data": {
            "artifactCredentials": { "accessKeyId": "A" } } }] }),
        json!([]),
    ] {
        let server = Server::start([ok(&body)]).await;
        // Some are read as "no jobs": what counts is that nothing panics and nothing is made up.
        match source(&server.url).await.poll(&poll()).await {
            Ok(offers) => assert!(
                offers.iter().all(|offer| {
                    offer
                        .contents
                        .as_ref()
                        .is_none_or(|contents| contents.credentials.is_none())
                }),
                "{body}"
            ),
            Err(error) => assert_eq!(error.class, ErrorClass::Transient, "{body}: {error}"),
        }
    }
}
