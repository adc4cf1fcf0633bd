//! How much there may be of anything.

use serde_json::json;

use super::*;

/// An action that produces the variable `A.long`, and one whose configuration refers to it so many times.
fn referring(times: usize) -> Value {
    let mut first = action("A", 1);
    first["namespace"] = json!("A");
    let mut second = action("B", 2);
    second["configuration"] = json!({ "title": "t", "token": "#{A.long}".repeat(times) });
    pipeline(vec![vec![first, second]])
}

/// The second action's failure, or None where its job is offered, for a variable of that value.
fn resolved(limited: bool, times: usize, long: &str) -> Option<Value> {
    let mut fixture = Fixture::with(|settings| settings.switches.resolved_values_limited = limited);
    fixture.ok("CreatePipeline", referring(times));
    fixture.begin("p");
    let job = fixture.take();
    let put = json!({ "jobId": job, "outputVariables": { "long": long } });
    fixture.ok("PutJobSuccessResult", put);
    fixture.settle();
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    let latest = &state["stageStates"][1]["actionStates"][1]["latestExecution"];
    let error = &latest["errorDetails"];
    match fixture.poll(1).pop() {
        Some(job) => {
            let token = &job["data"]["actionConfiguration"]["configuration"]["token"];
            assert_eq!(*token, long.repeat(times));
            None
        }
        None => Some(error.clone()),
    }
}

/// Shows `PollForJobs` as on AWS: an action whose resolved configuration has more than 100 KB fails with a
/// ConfigurationError.
#[test]
fn a_resolved_configuration_has_at_most_a_hundred_kilobytes() {
    // With "title", "t" and "token": 11 bytes.
    let fits = (100 * 1024 - 11) / 3;
    let long = "\u{e4}".repeat(fits / 2) + "y";
    let rest = (100 * 1024 - 11) - 3 * long.len();
    assert!(rest < 6, "{rest}");
    assert_eq!(resolved(false, 3, &long), None);
    let error = resolved(false, 3, &(long + "zz")).expect("a failure");
    assert_eq!(error["code"], "ConfigurationError");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("may have 102400"), "{message}");
    assert!(!message.contains('\u{e4}'), "{message}");
}

#[test]
fn a_resolved_value_has_any_length_or_at_most_a_thousand_characters() {
    let thousand = "\u{e4}".repeat(500);
    assert_eq!(resolved(false, 3, &thousand), None);
    assert_eq!(resolved(true, 2, &thousand), None);
    let error = resolved(true, 2, &(thousand + "x")).expect("a failure");
    assert_eq!(error["code"], "ConfigurationError");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("'token' has 1002 characters"), "{message}");
}
