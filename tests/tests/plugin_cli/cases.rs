//! Cases that pass, and what is said of those that do not.

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Process, appears};
use rustix::process::Signal;

use crate::folder::Folder;

const OK: &str = r#"{ "outputs": ["Copy"], "configuration": { "var.out": "one" } }"#;

/// A case whose every part is as expected.
fn good(folder: &Folder) {
    folder.case(
        "good",
        OK,
        r#"{ "outcome": "succeeded", "variables": { "out": "one", "files": { "matches": "[0-9]+" } } }"#,
    );
    folder.write("cases/good/inputs/Source/a/b.txt", "b\n");
    folder.write("cases/good/inputs/Source/c.txt", "c\n");
    folder.write("cases/good/expected/outputs/Copy/Source/a/b.txt", "b\n");
    folder.write("cases/good/expected/outputs/Copy/Source/c.txt", "c\n");
    folder.write(
        "cases/good/expected/outputs/Copy/report.txt",
        "Source/a/b.txt 2\nSource/c.txt 2\n",
    );
    folder.write("cases/good/expected/log.txt", "info copied [..] files\n");
}

#[tokio::test]
async fn what_is_as_expected_passes() {
    let folder = Folder::probe();
    good(&folder);
    folder.case(
        "described",
        r#"{
            "id": "job-7", "account_id": "111111111111", "configuration": { "do": "describe" },
            "inputs": ["Two", "One"], "outputs": ["Out"], "revisions": { "One": "r9" },
            "pipeline": { "pipeline": "p", "stage": "s", "action": "a", "action_execution_id": "e1" },
            "continuation_token": "t"
        }"#,
        r#"{
            "outcome": "failed",
            "failure": { "type": "JobFailed", "message": { "matches": ".*output artifact `Out` empty.*" } },
            "external_execution_id": null
        }"#,
    );
    folder.write("cases/described/inputs/One/x", "");
    folder.case(
        "chain",
        r#"{ "configuration": { "do": "continue", "hops": "2" } }"#,
        r#"[
            { "outcome": "in-progress", "continuation_token": "hop-1", "percent": 0, "summary": "hop 1 of 2" },
            { "outcome": "in_progress", "continuation_token": "hop-2", "percent": 50.0 },
            { "outcome": "succeeded", "variables": { "files": "0" }, "summary": null }
        ]"#,
    );
    folder.case(
        "one-hop",
        r#"{ "configuration": { "do": "continue", "hops": "2" }, "continuation_token": "hop-1" }"#,
        r#"{ "outcome": "in-progress", "continuation_token": "hop-2" }"#,
    );
    folder.case(
        "trap",
        r#"{ "configuration": { "do": "trap" } }"#,
        r#"{ "outcome": "failed", "failure": { "type": "job-failed", "message": { "matches": ".*told to panic.*" } } }"#,
    );
    folder.case(
        "kind",
        r#"{ "configuration": { "do": "fail", "kind": "system-unavailable", "message": "no" } }"#,
        r#"{ "outcome": "failed", "failure": { "type": "system-unavailable", "message": "no" } }"#,
    );
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 0, "{said}{errors}");
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn the_job_is_the_one_that_job_json_says() {
    let folder = Folder::of(&Plugin {
        allow_empty: true,
        ..Plugin::probe("Probe")
    });
    folder.case(
        "described",
        r#"{
            "id": "job-7", "account_id": "111111111111", "configuration": { "do": "describe" },
            "inputs": ["Two", "One"], "outputs": ["Out"], "revisions": { "One": "r9" },
            "pipeline": { "pipeline": "p", "stage": "s", "action": "a", "action_execution_id": "e1" },
            "continuation_token": "t"
        }"#,
        "",
    );
    folder.write("cases/described/inputs/One.txt", "one file\n");
    let (code, said, errors) = folder.test(&["--update"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    insta::assert_snapshot!(folder.read("cases/described/expected/result.json"));
}

#[tokio::test]
async fn every_difference_is_shown() {
    let folder = Folder::probe();
    folder.case(
        "everything",
        OK,
        r#"{
            "outcome": "failed",
            "variables": { "out": "two", "files": { "matches": "[0-9]+" }, "more": "x" },
            "summary": { "matches": "done in .*" }
        }"#,
    );
    let write = |path: &str, text: &str| folder.write(&format!("cases/everything/{path}"), text);
    write("inputs/Source/text.txt", "one\ntwo\nthree");
    write("inputs/Source/binary", "\0\u{1}");
    write("inputs/Source/extra.txt", "more\n");
    write("expected/outputs/Copy/Source/text.txt", "one\n2\nthree\n");
    write("expected/outputs/Copy/Source/binary", "\0\u{2}");
    write("expected/outputs/Copy/Source/missing.txt", "missing\n");
    write("expected/outputs/Copy/report.txt", "");
    write("expected/outputs/Other/x.txt", "x\n");
    write(
        "expected/log.txt",
        "info begins\n...\ninfo copied [..] folders\n",
    );
    folder.case(
        "kind",
        r#"{ "configuration": { "do": "fail", "message": "one\u001b[2Jtwo" } }"#,
        r#"{ "outcome": "failed", "failure": { "type": "configuration-error" } }"#,
    );
    folder.case(
        "longer",
        r#"{ "configuration": { "do": "continue" } }"#,
        r#"[{ "outcome": "succeeded" }]"#,
    );
    folder.case(
        "log",
        r#"{ "configuration": { "do": "mixed-log" } }"#,
        r#"{ "outcome": "failed" }"#,
    );
    folder.case("no-result", "{}", "");
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 1, "{said}{errors}");
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn what_is_wrong_with_a_case_is_said_with_what_to_do() {
    let folder = Folder::probe();
    let passes = r#"{ "outcome": "succeeded" }"#;
    folder.case("job", r#"{ "configuratoin": {} }"#, passes);
    folder.case("key", "{}", r#"{ "outcome": "succeeded", "sumary": "x" }"#);
    folder.case("word", "{}", r#"{ "outcome": "fine" }"#);
    folder.case("pattern", "{}", r#"{ "summary": { "matches": "(" } }"#);
    folder.case("file", "{}", passes);
    folder.write("cases/file/ouputs/x", "");
    folder.case("expected-file", "{}", passes);
    folder.write("cases/expected-file/expected/logs.txt", "");
    folder.case("twice", "{}", passes);
    folder.write("cases/twice/inputs/A/x", "");
    folder.write("cases/twice/inputs/A.txt", "");
    folder.case("unlisted", r#"{ "inputs": [] }"#, passes);
    folder.write("cases/unlisted/inputs/A/x", "");
    folder.case("table", "{}", passes);
    folder.write(
        "cases/table/config.toml",
        "[plugins.prob]\nfixed-clock = 1\n",
    );
    folder.case("config", "{}", passes);
    folder.write(
        "cases/config/config.toml",
        "[plugins.probe]\nfixed-clok = 1\n",
    );
    folder.case("http", "{}", passes);
    folder.write(
        "cases/http/http.toml",
        "[[exchange]]\nrequest = { path = \"x\" }\n",
    );
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 1, "{said}{errors}");
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn cases_are_chosen_by_their_names() {
    let folder = Folder::probe();
    let (code, _, errors) = folder.test(&[]).await;
    assert_eq!(code, 1);
    assert!(
        errors.contains("has no cases") && errors.contains("--new NAME"),
        "{errors}"
    );
    good(&folder);
    folder.case("bad", "{}", r#"{ "outcome": "failed" }"#);
    folder.case("worse", "{}", r#"{ "outcome": "failed" }"#);
    let (code, said, errors) = folder.test(&["--case", "goo"]).await;
    assert_eq!(
        (code, said.as_str()),
        (0, "ok      good (TIME)\n\n1 case: 1 passed\n"),
        "{errors}"
    );
    let (code, said, _) = folder.test(&["--case", "ba", "--case", "wor"]).await;
    assert_eq!(code, 1);
    assert!(said.ends_with("2 cases: 2 failed\n"), "{said}");
    let (code, _, errors) = folder.test(&["--case", "none"]).await;
    assert_eq!(code, 1);
    assert!(errors.contains("there are bad, good, worse"), "{errors}");
}

#[tokio::test]
async fn limits_and_grants_are_those_of_the_configuration() {
    let mut plugin = Plugin::probe("Probe").granted();
    // There are ten at most.
    plugin.properties.retain(|name| name != "var.more");
    plugin.properties.push("path".to_owned());
    let folder = Folder::of(&plugin);
    folder.write(
        "cases/config.toml",
        "[plugins.probe]\nfixed-clock = 1700000000\nrandom-seed = 1\n[plugins.probe.limits]\nwall = \"5s\"\n\
         [plugins.probe.grant]\ndirectories = [{ host = \"{{directories}}/site/new\", guest = \"/granted\", write = true }]\n",
    );
    folder.case(
        "wall",
        r#"{ "configuration": { "do": "deaf" } }"#,
        r#"{ "outcome": "failed", "failure": { "message": { "matches": ".*wall.*" } } }"#,
    );
    folder.case(
        "written",
        r#"{ "configuration": { "do": "write", "path": "/granted/made.txt", "text": "made" } }"#,
        r#"{ "outcome": "succeeded" }"#,
    );
    folder.write("cases/written/directories/site/kept.txt", "kept\n");
    folder.write("cases/written/expected/directories/site/kept.txt", "kept\n");
    folder.write(
        "cases/written/expected/directories/site/new/made.txt",
        "made",
    );
    folder.case(
        "clock",
        r#"{ "configuration": { "do": "chance" }, "outputs": ["Out"] }"#,
        r#"{ "outcome": "succeeded", "variables": { "seconds": "1700000000" } }"#,
    );
    let (code, said, errors) = folder.test(&[]).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert_eq!(
        std::fs::read_dir(folder.path("cases/written/directories/site"))
            .unwrap()
            .count(),
        1,
        "the case's own folder is not written to"
    );
}

#[tokio::test]
async fn junit_has_every_case() {
    let folder = Folder::probe();
    good(&folder);
    folder.case("bad", "{}", r#"{ "outcome": "failed" }"#);
    folder.case("wrong", "{", "");
    let file = folder.path("junit.xml");
    let (code, _, errors) = folder.test(&["--junit", file.to_str().unwrap()]).await;
    assert_eq!(code, 1, "{errors}");
    let xml = folder.read("junit.xml");
    let mut lines = Vec::new();
    for line in xml.lines() {
        // Times differ from run to run.
        let line = match line.split_once(" time=\"") {
            Some((before, rest)) => format!(
                "{before} time=\"TIME\"{}",
                rest.split_once('"').map_or("", |(_, rest)| rest)
            ),
            None => line.to_owned(),
        };
        lines.push(line);
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn an_interrupt_ends_the_jobs() {
    let folder = Folder::of(&Plugin::probe("Probe").granted());
    let granted = folder.path("granted");
    std::fs::create_dir_all(&granted).unwrap();
    let grant = format!(
        "[plugins.probe.grant]\ndirectories = [{{ host = \"{}\", guest = \"/granted\", write = true }}]\n",
        granted.display()
    );
    folder.case(
        "waits",
        r#"{ "id": "job", "configuration": { "do": "wait-file" } }"#,
        "{}",
    );
    folder.write("cases/waits/config.toml", &grant);
    let test = Process::start("plugin test", folder.command(&[]));
    appears(&granted, "started-job", 1).await;
    test.signal(Signal::INT);
    assert_eq!(test.ended().await.code(), Some(1), "{}", test.output());
    assert!(test.output().contains("interrupted"), "{}", test.output());
}

#[tokio::test]
async fn differences_have_colours_on_a_terminal() {
    let folder = Folder::probe();
    good(&folder);
    folder.case("bad", "{}", r#"{ "outcome": "failed" }"#);
    let coloured = folder.on_a_terminal(&[]);
    assert_eq!(coloured.ended().await.code(), Some(1));
    let written = coloured.output();
    for told in [
        "\u{1b}[31mFAILED \u{1b}[0m bad",
        "\u{1b}[31m-  \"outcome\": \"failed\"\u{1b}[0m",
        "\u{1b}[32m+  \"outcome\": \"succeeded\"\u{1b}[0m",
        "\u{1b}[32mok     \u{1b}[0m good",
    ] {
        assert!(written.contains(told), "{told:?}: {written:?}");
    }
    let plain = folder.on_a_terminal(&[("NO_COLOR", "1")]);
    assert_eq!(plain.ended().await.code(), Some(1));
    let written = plain.output();
    assert!(
        written.contains("+  \"outcome\": \"succeeded\""),
        "{written:?}"
    );
    assert!(!written.contains('\u{1b}'), "{written:?}");
}
