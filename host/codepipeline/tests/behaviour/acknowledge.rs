//! Whose a job is: every answer to an acknowledge, first and after an unseen one.

use pipefitter_codepipeline::{Acknowledged, ErrorClass, JobSource};
use serde_json::json;

use super::server::{Answer, HangsUp, Server, error, ok};
use super::{job, nonce, source};

async fn asked(answer: Answer, unseen: bool) -> Result<Acknowledged, ErrorClass> {
    let server = Server::start([answer]).await;
    let told = source(&server.url)
        .await
        .acknowledge(&job(), None, &nonce(), unseen)
        .await;
    let seen = server.seen().await;
    assert_eq!(
        seen.len(),
        1,
        "an acknowledge is sent once, whatever comes back"
    );
    assert_eq!(
        seen[0].body,
        json!({ "jobId": job().as_str(), "nonce": "nonce-sentinel" })
    );
    told.map_err(|error| error.class)
}

#[tokio::test]
async fn in_progress_is_ours() {
    for unseen in [false, true] {
        let answer = ok(&json!({ "status": "InProgress" }));
        assert_eq!(asked(answer, unseen).await, Ok(Acknowledged::Ours));
    }
}

#[tokio::test]
async fn any_other_status_is_a_lost_race() {
    for status in [
        "Created",
        "Queued",
        "Dispatched",
        "TimedOut",
        "Succeeded",
        "Failed",
        "SomethingNew",
    ] {
        for unseen in [false, true] {
            let answer = ok(&json!({ "status": status }));
            assert_eq!(
                asked(answer, unseen).await,
                Ok(Acknowledged::LostRace),
                "{status}"
            );
        }
    }
}

#[tokio::test]
async fn a_spent_nonce_is_a_lost_race_only_on_a_first_answer() {
    for code in ["InvalidNonceException", "InvalidJobStateException"] {
        assert_eq!(
            asked(error(code, "no"), false).await,
            Ok(Acknowledged::LostRace)
        );
        assert_eq!(
            asked(error(code, "no"), true).await,
            Ok(Acknowledged::Ambiguous)
        );
    }
}

#[tokio::test]
async fn an_unknown_job_is_gone() {
    for unseen in [false, true] {
        let answer = error("JobNotFoundException", "no such job");
        assert_eq!(asked(answer, unseen).await, Err(ErrorClass::Gone));
    }
}

#[tokio::test]
async fn an_answer_that_tells_nothing_counts_as_unseen() {
    for answer in [
        ok(&json!({})),
        ok(&json!({ "status": null })),
        Answer::Http(200, Vec::new(), "<html>a portal</html>".to_owned()),
        Answer::Http(500, Vec::new(), String::new()),
        Answer::Http(
            503,
            Vec::new(),
            json!({ "__type": "ServiceUnavailable" }).to_string(),
        ),
        Answer::Http(502, Vec::new(), "<html>bad gateway</html>".to_owned()),
    ] {
        assert_eq!(asked(answer, false).await, Err(ErrorClass::Transient));
    }
}

#[tokio::test]
async fn a_throttled_acknowledge_was_answered() {
    let answer = error("ThrottlingException", "Rate exceeded");
    assert_eq!(asked(answer, false).await, Err(ErrorClass::Throttled));
}

#[tokio::test]
async fn a_connection_that_ends_is_unseen_and_not_asked_again() {
    for after in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status\":",
    ] {
        let server = HangsUp::start(after).await;
        let source = source(&server.url).await;
        let error = source
            .acknowledge(&job(), None, &nonce(), false)
            .await
            .unwrap_err();
        assert_eq!(error.class, ErrorClass::Transient, "{error}");
        assert_eq!(server.requests(), 1);
    }
}
