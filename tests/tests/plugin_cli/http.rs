//! Cases of plugins with network.

use pipefitter_tests::plugins::Plugin;

use crate::folder::Folder;

fn net() -> Folder {
    let mut plugin = Plugin::net("net");
    plugin
        .capabilities
        .push_str("network = [{ to = \"https://api.example.com\", reason = \"a test\" }]\n");
    Folder::of(&plugin)
}

#[tokio::test]
async fn requests_are_answered_and_compared() {
    let folder = net();
    folder.case(
        "good",
        r#"{ "configuration": { "url": "{{http}}/hook?a=b", "method": "POST", "size": "3", "headers": "x-own: mine" } }"#,
        r#"{ "variables": {
            "status": "201", "body": "made at {{http}}", "length": { "matches": ".*" }, "error": { "matches": ".*" },
            "ended": { "matches": ".*" }
        } }"#,
    );
    folder.write(
        "cases/good/http.toml",
        "[[exchange]]\n[exchange.request]\nmethod = \"POST\"\npath = \"/hook?a=b\"\n\
         headers = { X-Own = \"mine\" }\nbody = { matches = \"...\" }\n\
         [exchange.response]\nstatus = 201\nfile = \"answer.txt\"\n",
    );
    let (code, said, errors) = folder.test(&["--update"]).await;
    assert_eq!(code, 1, "the answer is not there yet: {said}{errors}");
    assert!(
        said.contains("could not read the answer answer.txt"),
        "{said}"
    );
    folder.write("cases/good/answer.txt", "made");
    let (code, said, errors) = folder.test(&["--update"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(
        folder
            .read("cases/good/expected/result.json")
            .contains("\"status\": \"201\"")
    );
}

#[tokio::test]
async fn what_is_asked_otherwise_is_a_difference() {
    let folder = net();
    let passes = r#"{ "outcome": "succeeded" }"#;
    folder.case(
        "otherwise",
        r#"{ "configuration": { "url": "{{http}}/a", "method": "POST", "size": "2", "headers": "x-own: mine" } }"#,
        passes,
    );
    folder.write(
        "cases/otherwise/http.toml",
        "[[exchange]]\nrequest = { method = \"POST\", path = \"/a\", headers = { x-own = \"yours\", x-more = \"1\" }, \
         json = { a = 1 } }\n[[exchange]]\nrequest = { path = \"/never\" }\n",
    );
    folder.case(
        "unexpected",
        r#"{ "configuration": { "url": "{{http}}/a" } }"#,
        passes,
    );
    folder.write("cases/unexpected/http.toml", "");
    folder.case(
        "closed",
        r#"{ "configuration": { "url": "{{http}}/a" } }"#,
        passes,
    );
    folder.write(
        "cases/closed/http.toml",
        "[[exchange]]\nrequest = { path = \"/a\" }\nresponse = { close = true }\n",
    );
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 1, "{said}{errors}");
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn what_the_manifest_asks_for_is_granted_and_not_dialled() {
    let folder = net();
    folder.case(
        "outside",
        r#"{ "configuration": { "url": "https://api.example.com/" } }"#,
        r#"{ "variables": {
            "status": "0", "length": "0", "error": { "matches": ".*denied.*" }
        } }"#,
    );
    folder.write("cases/outside/http.toml", "");
    folder.write(
        "cases/outside/expected/log.txt",
        "warn [..]https://api.example.com: no grant covers it[..]\n",
    );
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 0, "{said}{errors}");

    folder.case("no-grant", "{}", r#"{ "outcome": "succeeded" }"#);
    let (code, said, errors) = folder.test(&["--case", "no-grant"]).await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.contains("[plugins.probe.grant]"), "{said}");
    let words: String = said
        .split_whitespace()
        .filter(|word| *word != "\u{2502}")
        .collect();
    assert!(
        words.contains("cases/no-grant/config.toml"),
        "where to write it: {said}"
    );
}
