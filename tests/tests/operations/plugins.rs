//! `plugin check`, `plugin inspect` and `plugin list`: what is told of plugins, good, bad and of another contract.

use std::path::Path;

use pipefitter_tests::plugins::{Plugin, install_twin};
use pipefitter_tests::{binary, closed_to_others, finished, with_ulimit};
use serde_json::Value;
use tokio::process::Command;

use crate::cli::{GOOD, folder_with_probe, pipefitter};

const HANDLER: &str = "pipefitter:action/handler@";

/// A plugin as if it had been built for another version, which has as many letters as 0.1.0.
fn built_for(version: &str, from: &Path, to: &Path) {
    let mut wasm = std::fs::read(from).unwrap();
    let name = format!("{HANDLER}0.1.0");
    let places: Vec<usize> = wasm
        .windows(name.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == name.as_bytes())
        .map(|(at, _)| at + HANDLER.len())
        .collect();
    assert!(!places.is_empty(), "{} exports no handler", from.display());
    for at in places {
        wasm[at..at + version.len()].copy_from_slice(version.as_bytes());
    }
    std::fs::write(to, wasm).unwrap();
}

/// A plugin that imports `shout` of a later `log`, as if `write` were called that: every place that names it is of the same length.
fn that_shouts(from: &Path, to: &Path) {
    let mut wasm = std::fs::read(from).unwrap();
    for (name, other) in [
        ("pipefitter:action/log@0.1.0", "pipefitter:action/log@0.1.9"),
        ("\x05write", "\x05shout"),
    ] {
        let places: Vec<usize> = wasm
            .windows(name.len())
            .enumerate()
            .filter(|(_, bytes)| *bytes == name.as_bytes())
            .map(|(at, _)| at)
            .collect();
        assert!(!places.is_empty(), "{} has no {name:?}", from.display());
        for at in places {
            wasm[at..at + name.len()].copy_from_slice(other.as_bytes());
        }
    }
    std::fs::write(to, wasm).unwrap();
}

/// Problems as one line: where they are shown in lines, those break anywhere.
pub(crate) fn in_one_line(text: &str) -> String {
    let text = text.replace('\u{2502}', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// What differs from build to build, and from folder to folder.
fn steady(text: &str, folder: &Path) -> String {
    let text = text.replace(&folder.display().to_string(), "FOLDER");
    // Which of WASI's are there is the toolchain's affair.
    let lines = text.lines().filter(|line| !line.contains("wasi:"));
    let lines = lines.map(|line| {
        let word = line.trim_start().split("  ").next().unwrap_or_default();
        match word {
            "digest" | "size" | "made by" => format!("  {word:<14}..."),
            "manifest" => line.split(" sha256:").next().unwrap_or_default().to_owned(),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_good_plugin_is_described_and_has_no_problems() {
    let (folder, _) = folder_with_probe();
    let (code, said, errors) = pipefitter(folder.path(), &["plugin", "check", "plugins"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    insta::assert_snapshot!(steady(&said, folder.path()));
    assert_eq!(errors, "");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut plugin = Plugin::net("net");
    plugin.category = "Baking".to_owned();
    plugin.limits = "wall = \"soon\"\n".to_owned();
    plugin.install(folder.path());
    let check = async || pipefitter(folder.path(), &["plugin", "check", "net.wasm"]).await;
    let (code, said, errors) = check().await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.ends_with("3 problems.\n"), "{said}");
    assert!(said.contains("\n  needs         network\n"), "{said}");
    // What it does not ask for is told though the manifest is no good, and where there is none.
    let not_asked = "its manifest does not ask for it";
    for told in ["Baking", "soon", not_asked] {
        assert!(in_one_line(&errors).contains(told), "{told}: {errors}");
    }
    let beside = folder.path().join("net.action.toml");
    std::fs::remove_file(&beside).unwrap();
    let (code, said, errors) = check().await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.ends_with("2 problems.\n"), "{said}");
    for told in ["it has no manifest", not_asked, "network = [{ to ="] {
        assert!(in_one_line(&errors).contains(told), "{told}: {errors}");
    }
    std::fs::write(&beside, "[action\n").unwrap();
    let (_, said, errors) = check().await;
    assert!(said.ends_with("1 problem.\n"), "{said}{errors}");

    let asks = Plugin {
        capabilities: "network = [{ to = \"https://*\" }]\nsecrets = [{ name = \"a\" }]\n"
            .to_owned(),
        ..Plugin::net("net")
    };
    asks.install(folder.path());
    let (code, said, errors) = check().await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.ends_with("1 problem, 1 warning.\n"), "{said}");
    for told in ["what no grant can be", "asks for `secrets`, and nothing"] {
        assert!(in_one_line(&errors).contains(told), "{told}: {errors}");
    }
    Plugin::net("net").install(folder.path());
    let (code, said, errors) = check().await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(
        in_one_line(&errors).contains("its manifest does not ask for it"),
        "{errors}"
    );

    std::fs::write(folder.path().join("net.wasm"), "#!/bin/sh\n").unwrap();
    let (code, said, errors) = check().await;
    assert_eq!(code, 1, "{said}{errors}");
    assert!(said.ends_with("1 problem.\n"), "{said}");
    assert!(in_one_line(&errors).contains("no wasm"), "{errors}");
    let (code, _, errors) = pipefitter(folder.path(), &["plugin", "check", "nowhere.wasm"]).await;
    assert_eq!(code, 4, "{errors}");
}

#[tokio::test]
async fn a_plugin_that_is_larger_than_a_worker_takes_by_default_is_warned_about() {
    let (folder, plugins) = folder_with_probe();
    let file = plugins.join("probe.wasm");
    let mut wasm = std::fs::read(&file).unwrap();
    // A custom section without a name, whose length takes four bytes.
    let content = (64_usize << 20) + 1;
    wasm.push(0);
    let mut length = content;
    for _ in 0..3 {
        wasm.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    wasm.push(u8::try_from(length).unwrap());
    wasm.resize(wasm.len() + content, 0);
    std::fs::write(&file, wasm).unwrap();
    let (code, said, errors) = pipefitter(folder.path(), &["plugin", "check", "plugins"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(
        said.ends_with("No problems, 1 warning: it can be served.\n"),
        "{said}"
    );
    for told in ["a worker takes 64.0 MiB at most", "size` in [limits]"] {
        assert!(in_one_line(&errors).contains(told), "{told}: {errors}");
    }
}

#[tokio::test]
async fn a_plugin_of_a_later_contract_is_refused_as_such_everywhere() {
    let (folder, plugins) = folder_with_probe();
    let file = plugins.join("probe.wasm");
    let says = "built for pipefitter:action 0.2.0, this pipefitter serves 0.1.x";
    built_for("0.2.0", &binary::guest("probe"), &file);
    std::fs::write(folder.path().join("pipefitter.toml"), GOOD).unwrap();
    std::fs::copy(
        plugins.join("probe.action.toml"),
        folder.path().join("action.toml"),
    )
    .unwrap();
    for (arguments, ends) in [
        (&["plugin", "check", "plugins"][..], 1),
        (&["plugin", "inspect", "plugins"], 1),
        (&["plugin", "list", "plugins"], 1),
        (&["check"], 1),
        (
            &["plugin", "build", ".", "--component", "plugins/probe.wasm"],
            4,
        ),
    ] {
        says_to_update(folder.path(), arguments, ends, says).await;
    }
    assert!(!folder.path().join("folder.wasm").exists());
    let (_, said, _) = pipefitter(folder.path(), &["plugin", "inspect", "plugins", "--json"]).await;
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["contract"], "0.2.0");
    assert_eq!(told["problems"][0]["remedy"], "update pipefitter");

    built_for("0.1.9", &binary::guest("probe"), &file);
    let (code, said, errors) = pipefitter(folder.path(), &["plugin", "check", "plugins"]).await;
    assert_eq!(code, 0, "of the same line: {said}{errors}");
}

/// A command ends so, and says so with what to do; a list has no room for that.
async fn says_to_update(folder: &Path, arguments: &[&str], ends: i32, says: &str) {
    let (code, said, errors) = pipefitter(folder, arguments).await;
    assert_eq!(code, ends, "{arguments:?}: {said}{errors}");
    let all = in_one_line(&format!("{said}{errors}"));
    assert!(all.contains(says), "{arguments:?}: {all}");
    if arguments[1..] != ["list", "plugins"] {
        assert!(all.contains("update pipefitter"), "{arguments:?}: {all}");
    }
}

#[tokio::test]
async fn a_function_of_a_later_version_is_refused_in_the_same_words_everywhere() {
    let (folder, plugins) = folder_with_probe();
    that_shouts(&binary::guest("probe"), &plugins.join("probe.wasm"));
    std::fs::write(folder.path().join("pipefitter.toml"), GOOD).unwrap();
    std::fs::copy(
        plugins.join("probe.action.toml"),
        folder.path().join("action.toml"),
    )
    .unwrap();
    let says =
        "it imports `shout` of `pipefitter:action/log@0.1.9`, which this pipefitter does not have";
    for (arguments, ends) in [
        (&["plugin", "check", "plugins"][..], 1),
        (&["plugin", "inspect", "plugins"], 1),
        (&["plugin", "list", "plugins"], 1),
        (&["check"], 1),
        (&["invoke", "plugins"], 4),
        (
            &["plugin", "build", ".", "--component", "plugins/probe.wasm"],
            4,
        ),
    ] {
        says_to_update(folder.path(), arguments, ends, says).await;
    }
    let name = folder.path().file_name().unwrap().to_string_lossy();
    let built = folder.path().join(format!("{name}.wasm"));
    assert!(!built.exists(), "it is not written");
}

#[tokio::test]
async fn inspect_tells_programs_what_it_tells_people() {
    let folder = tempfile::tempdir().unwrap();
    closed_to_others(folder.path());
    for language in ["rust", "wasip1", "python", "javascript"] {
        install_twin(language, folder.path());
    }
    let inspect = async |language: &str| {
        let file = format!("twin-{language}.wasm");
        let (code, said, errors) =
            pipefitter(folder.path(), &["plugin", "inspect", &file, "--json"]).await;
        assert_eq!(code, 0, "{language}: {said}{errors}");
        serde_json::from_str::<Value>(&said).unwrap()
    };
    let rust = inspect("rust").await;
    let mut shape = rust.clone();
    for (key, kept) in [
        ("digest", "sha256:"),
        ("size", ""),
        ("producers", ""),
        ("imports", ""),
    ] {
        if !kept.is_empty() {
            assert!(shape[key].as_str().unwrap().starts_with(kept), "{shape}");
        }
        shape[key] = Value::String("...".to_owned());
    }
    shape["manifest"]["digest"] = Value::String("...".to_owned());
    insta::assert_json_snapshot!(shape);
    let languages = |told: &Value| -> Vec<String> {
        let producers = told["producers"].as_array().unwrap().iter();
        let languages = producers.filter(|one| one["role"] == "language");
        languages
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    // Its standard library has parts in C, too.
    assert!(languages(&rust).contains(&"Rust".to_owned()), "{rust}");
    let wasip1 = inspect("wasip1").await;
    assert_eq!(
        (&wasip1["kind"], &wasip1["adapter"]),
        (&"core_module".into(), &"reactor".into())
    );
    assert_eq!(wasip1["contract"], "0.1.0");
    for language in ["python", "javascript"] {
        let told = inspect(language).await;
        assert_eq!(told["kind"], "component", "{language}");
        assert_eq!(told["contract"], "0.1.0", "{language}");
    }
}

#[tokio::test]
async fn list_shows_each_plugin_with_its_state() {
    let (folder, plugins) = folder_with_probe();
    let list = async |arguments: &[&str]| {
        let mut all = vec!["plugin", "list"];
        all.extend(arguments);
        pipefitter(folder.path(), &all).await
    };
    let (code, said, errors) = list(&["plugins"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(
        lines[0].starts_with("NAME   ACTION TYPE    DIGEST"),
        "{said}"
    );
    assert!(lines[1].starts_with("probe  Build/Probe/1  "), "{said}");
    assert!(lines[1].ends_with("KiB  ok"), "{said}");

    Plugin::probe("Probe").named("again").install(&plugins);
    std::fs::write(plugins.join("text.wasm"), "hello").unwrap();
    let (code, said, errors) = list(&["plugins"]).await;
    assert_eq!(code, 1, "{said}{errors}");
    for told in [
        "Build/Probe/1 is served by plugins/probe.wasm, too",
        "Build/Probe/1 is served by plugins/again.wasm, too",
        "text   -",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let (code, said, _) = list(&["plugins", "--json"]).await;
    assert_eq!(code, 1);
    let told: Value = serde_json::from_str(&said).unwrap();
    let states: Vec<(&str, &str)> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            ("again", "refused"),
            ("probe", "refused"),
            ("text", "refused")
        ]
    );

    std::fs::remove_file(plugins.join("again.wasm")).unwrap();
    std::fs::remove_file(plugins.join("text.wasm")).unwrap();
    std::fs::write(
        folder.path().join("pipefitter.toml"),
        format!("require-signature = true\ntrusted-keys = []\n{GOOD}"),
    )
    .unwrap();
    let (code, said, errors) = list(&["--config", "pipefitter.toml"]).await;
    assert_ne!(code, 0, "nothing is signed: {said}{errors}");
    std::fs::write(folder.path().join("pipefitter.toml"), GOOD).unwrap();
    let (code, said, errors) = list(&["--config", "pipefitter.toml"]).await;
    assert_eq!(code, 0, "{said}{errors}");
}

#[tokio::test]
async fn a_plugin_that_takes_too_much_to_compile_ends_a_process_of_its_own_and_not_the_check() {
    let folder = tempfile::tempdir().unwrap();
    for (guest, option, value, said_of_it) in [
        // Twice as much as the command and what looks at the file need.
        (
            "take_memory_to_compile",
            "-d",
            160 << 10,
            "compiling the component hit the memory limit",
        ),
        (
            "take_long_to_compile",
            "-t",
            1,
            "the process that compiles failed: it ended (signal: 9 (SIGKILL))",
        ),
    ] {
        let mut plugin = Plugin::probe("Greedy").named(guest);
        plugin.wasm = binary::guest(&format!("hostile/{guest}"));
        plugin.install(folder.path());
        let starter = with_ulimit(option, value);
        let mut check = Command::new(&starter[0]);
        check
            .args(&starter[1..])
            .arg(binary::pipefitter())
            .args(["plugin", "check"])
            .arg(folder.path().join(format!("{guest}.wasm")));
        let (code, said, errors) = finished(check).await;
        assert_eq!(code, 1, "{guest}: {said}{errors}");
        assert!(said.ends_with("1 problem.\n"), "{guest}: {said}{errors}");
        let errors = in_one_line(&errors);
        assert!(errors.contains(said_of_it), "{guest}: {errors}");
    }
}
