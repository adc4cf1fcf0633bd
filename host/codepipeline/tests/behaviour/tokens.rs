//! Where client tokens come from: a file that changes, a variable, a program.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use pipefitter_codepipeline::{
    ClientId, ClientTokens, ClientTokensError, ExecTokens, FileTokens, GivenTokens, REMEMBERED,
};
use secrecy::SecretString;

async fn of(tokens: &impl ClientTokens, client: &str) -> Option<String> {
    let token = tokens.token(&ClientId::new(client)).await.unwrap();
    token.map(|token| token.expose().to_owned())
}

/// As an operator should: nobody sees half of it.
fn replace(path: &Path, text: &str) {
    let part = path.with_extension("part");
    std::fs::write(&part, text).unwrap();
    std::fs::rename(part, path).unwrap();
}

fn whole(error: &ClientTokensError) -> String {
    let cause = std::error::Error::source(error);
    format!(
        "{error}{}",
        cause.map_or_else(String::new, |cause| format!(": {cause}"))
    )
}

#[tokio::test]
async fn a_file_is_read_again_when_it_has_changed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokens.json");
    std::fs::write(&path, r#"{ "a": "1" }"#).unwrap();
    let tokens = FileTokens::open(&path).unwrap();
    assert_eq!(of(&tokens, "a").await.as_deref(), Some("1"));
    assert_eq!(of(&tokens, "b").await, None);
    let before = tokens.revision().await;
    assert_eq!(tokens.revision().await, before, "nothing has changed");

    // Of the same length, in the same moment, in place: only its text is another.
    std::fs::write(&path, r#"{ "a": "2" }"#).unwrap();
    assert_eq!(of(&tokens, "a").await.as_deref(), Some("2"));
    replace(&path, r#"{ "a": "2", "b": "3" }"#);
    assert_eq!(of(&tokens, "b").await.as_deref(), Some("3"));
    assert!(tokens.revision().await > before);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_any_more_cuts_nobody_off() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokens.json");
    replace(&path, r#"{ "a": "1" }"#);
    let tokens = FileTokens::open(&path).unwrap();
    std::fs::write(&path, r#"{ "a": "1", "b": "#).unwrap();
    assert_eq!(of(&tokens, "a").await.as_deref(), Some("1"));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(of(&tokens, "a").await.as_deref(), Some("1"));
    let before = tokens.revision().await;
    replace(&path, r#"{ "b": "2" }"#);
    assert!(tokens.revision().await > before);
    assert_eq!(of(&tokens, "a").await, None);
    assert_eq!(of(&tokens, "b").await.as_deref(), Some("2"));
}

#[test]
fn faults_of_a_file_say_what_to_do_and_quote_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokens.json");
    let fault = || {
        let error = FileTokens::open(&path).err().unwrap();
        whole(&error).replace(&path.display().to_string(), "tokens.json")
    };
    let mut shown = vec![fault()];
    for text in [
        "\"token-sentinel\"",
        "{ \"a\": [\"token-sentinel\"] }",
        "{\n \"a\": \"token-sentinel\", }",
        "",
    ] {
        replace(&path, text);
        shown.push(fault());
    }
    std::fs::write(&path, vec![b' '; (4 << 20) + 1]).unwrap();
    shown.push(fault());
    std::fs::write(&path, "{}").unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    shown.push(fault());
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    shown.push(fault());
    let shown = shown.join("\n");
    assert!(!shown.contains("sentinel"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn one_bad_token_costs_the_others_nothing() {
    let long = "x".repeat(257);
    let text = format!(
        r#"{{ "none": "", "long": "{long}", "good": "{}" }}"#,
        &long[1..]
    );
    let tokens = GivenTokens::new("TOKENS", &SecretString::from(text)).unwrap();
    assert_eq!(of(&tokens, "none").await, None);
    assert_eq!(of(&tokens, "long").await, None);
    assert_eq!(
        of(&tokens, "good").await.map(|token| token.len()),
        Some(256)
    );
    let error = GivenTokens::new("TOKENS", &SecretString::from("token-sentinel"))
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "the client tokens in $TOKENS are not a JSON object of client ids and tokens: look at line 1, column 2"
    );
}

/// A program that runs a line of shell, with the client's id as `$1`.
fn shell(line: &str) -> ExecTokens {
    let command = ["/bin/sh", "-c", line, "sh", "{client-id}"].map(str::to_owned);
    ExecTokens::new(&command, Duration::from_secs(60)).unwrap()
}

#[tokio::test]
async fn a_program_is_asked_once_for_each_client_and_again_after_five_minutes() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("asked");
    let tokens = shell(&format!(
        "echo \"$1\" >> {}; echo \"token of $1\"",
        count.display()
    ));
    let asked = || std::fs::read_to_string(&count).unwrap().lines().count();
    for _ in 0..3 {
        assert_eq!(of(&tokens, "a").await.as_deref(), Some("token of a"));
        assert_eq!(of(&tokens, "b").await.as_deref(), Some("token of b"));
    }
    assert_eq!(asked(), 2);
    // Those who ask while it runs share its answer.
    let both = tokio::join!(of(&tokens, "c"), of(&tokens, "c"));
    assert_eq!(both.0, both.1);
    assert_eq!(asked(), 3);
    tokio::time::pause();
    tokio::time::advance(REMEMBERED).await;
    tokio::time::resume();
    assert_eq!(of(&tokens, "a").await.as_deref(), Some("token of a"));
    assert_eq!(asked(), 4);
}

#[tokio::test]
async fn those_who_wait_for_a_program_that_fails_do_not_run_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("asked");
    let line = format!("echo \"$1\" >> {}; exec sleep 3600", count.display());
    let command = ["/bin/sh", "-c", &line, "sh", "{client-id}"].map(str::to_owned);
    let tokens = ExecTokens::new(&command, Duration::from_secs(1)).unwrap();
    let client = ClientId::new("a");
    let asked = || std::fs::read_to_string(&count).unwrap().lines().count();
    for runs in 1..=2 {
        let all = futures::future::join_all((0..4).map(|_| tokens.token(&client))).await;
        for told in all {
            let told = told.unwrap_err().to_string();
            assert!(told.contains("was ended after 1s"), "{told}");
        }
        assert_eq!(asked(), runs, "who comes later has it run again");
    }
}

#[tokio::test]
async fn a_program_that_prints_nothing_has_no_token() {
    assert_eq!(of(&shell("true"), "a").await, None);
    assert_eq!(of(&shell("echo"), "a").await, None);
}

#[tokio::test]
async fn ids_that_are_no_ids_reach_no_command_line() {
    let tokens = shell("echo reached");
    for id in [
        "",
        "-x",
        "a b",
        "../a",
        "$(id)",
        "a\nb",
        "\u{fc}",
        &"a".repeat(65),
    ] {
        assert_eq!(of(&tokens, id).await, None, "{id:?}");
    }
    assert_eq!(
        of(&tokens, "5f0c2a9e-0000-4000-8000-000000000001")
            .await
            .as_deref(),
        Some("reached")
    );
}

#[tokio::test]
async fn a_program_that_fails_says_nothing_of_what_it_printed() {
    let mut shown = Vec::new();
    for line in [
        "echo token-sentinel; echo token-sentinel >&2; exit 3",
        "echo token-sentinel; echo token-sentinel",
        "printf 'token-sentinel\\377'",
        "while :; do printf token-sentinel; done",
        "kill -9 $$",
    ] {
        let error = shell(line).token(&ClientId::new("a")).await.unwrap_err();
        shown.push(whole(&error));
    }
    let missing = ["/nowhere/at/all", "{client-id}"].map(str::to_owned);
    let missing = ExecTokens::new(&missing, Duration::from_secs(60)).unwrap();
    shown.push(whole(
        &missing.token(&ClientId::new("a")).await.unwrap_err(),
    ));
    for command in [
        vec![],
        vec!["program".to_owned()],
        vec!["{client-id}".to_owned()],
    ] {
        shown.push(whole(
            &ExecTokens::new(&command, Duration::from_secs(1))
                .err()
                .unwrap(),
        ));
    }
    let shown = shown.join("\n");
    assert!(!shown.contains("sentinel"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn what_a_program_started_ends_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let pid = dir.path().join("pid");
    let line = format!(
        "sleep 3600 & echo $! > {}; while :; do printf x; done",
        pid.display()
    );
    shell(&line).token(&ClientId::new("a")).await.unwrap_err();
    let pid = std::fs::read_to_string(pid).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    // Killed at once, and gone as soon as the system has come to it; whoever collects the dead may be slow.
    let is_there = || {
        let stat = std::fs::read_to_string(&stat).unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    while is_there() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_that_does_not_end_is_ended() {
    let tokens = shell("exec sleep 3600");
    let error = tokens.token(&ClientId::new("a")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the program for client tokens /bin/sh was ended after 60s"
    );
}
