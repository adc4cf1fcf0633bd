//! Configuration in, and every kind of answer out.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::host::{Answer, Failed, Host, succeeded};

const MISSING: &str = "(missing)";

fn number<T: FromStr>(host: &Host, key: &str) -> Result<Option<T>, Failed> {
    let read = |text: &str| {
        text.parse().map_err(|_| {
            Failed::new(
                "configuration_error",
                format!("`{key}` is not a whole number: {text}"),
            )
        })
    };
    host.configured(key).map(read).transpose()
}

pub(crate) fn config(host: &Host) -> Result<Answer, Failed> {
    let text = host.configured("text");
    let doubled = number::<i64>(host, "number")?.map(|number| (number * 2).to_string());
    Ok(succeeded(json!({
        "text": text.unwrap_or(MISSING),
        "characters": text.unwrap_or_default().chars().count().to_string(),
        "number": doubled.as_deref().unwrap_or(MISSING),
    })))
}

pub(crate) fn variables(host: &Host) -> Result<Answer, Failed> {
    let count = number::<usize>(host, "count")?.unwrap_or_default();
    let value = "x".repeat(number(host, "size")?.unwrap_or_default());
    let variables: Map<String, Value> = (0..count)
        .map(|at| (format!("v{at}"), json!(value)))
        .collect();
    Ok(succeeded(variables.into()))
}

pub(crate) fn fail(host: &Host) -> Failed {
    let name = host.configured("kind").unwrap_or_default();
    let kind = match name {
        "configuration-error" => "configuration_error",
        "permission-error" => "permission_error",
        "revision-out-of-sync" => "revision_out_of_sync",
        "revision-unavailable" => "revision_unavailable",
        "system-unavailable" => "system_unavailable",
        _ => "job_failed",
    };
    let mut failed = Failed::new(kind, format!("failed as asked: {name}"));
    failed.external_id = Some("external-1");
    failed
}

pub(crate) fn chain(host: &Host) -> Answer {
    let next = |token: &str, summary: &str| json!({ "in_progress": { "token": token, "details": { "summary": summary } } });
    match host.job()["continuation_token"].as_str() {
        None => next("one", "one of three"),
        Some("one") => next("two", "two of three"),
        Some(_) => json!({ "succeeded": {
            "variables": { "hops": "3" },
            "details": { "summary": "three of three" },
        }}),
    }
}

pub(crate) fn details(host: &Host) -> Answer {
    let (job, place) = (host.job(), &host.job()["pipeline"]);
    json!({ "succeeded": {
        "variables": {
            "pipeline": place["pipeline"],
            "stage": place["stage"],
            "action": place["action"],
            "provider": job["action_type"]["provider"],
            "attempt": job["attempt"].to_string(),
        },
        "details": { "external_execution_id": "external-2", "percent_complete": 100 },
        "current_revision": { "revision": "r1", "change_identifier": "c1", "summary": "a revision" },
    }})
}

pub(crate) fn progress(host: &Host) -> Result<Answer, Failed> {
    host.say(
        "progress",
        &json!({ "percent": 40, "summary": "two of five" }),
    )?;
    Ok(succeeded(json!({})))
}
