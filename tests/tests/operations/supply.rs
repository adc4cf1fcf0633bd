//! Where plugins come from: who can change them, which ones they are, who signed them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::{Plugin, install_twin};
use pipefitter_tests::{Rig, closed_to_others};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::cli::{GOOD, folder_with_probe, pipefitter};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// What `check` says of a configuration, its lines joined as they were before they were broken.
async fn checked(folder: &TempDir, config: &str) -> (i32, String) {
    fs::write(folder.path().join("pipefitter.toml"), config).unwrap();
    let (code, said, errors) = pipefitter(folder.path(), &["check"]).await;
    let plain = |c: char| {
        if "│├╰╭─▶·×⚠".contains(c) {
            ' '
        } else {
            c
        }
    };
    let text: String = (said + &errors).chars().map(plain).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    (code, words.join(" "))
}

#[tokio::test]
async fn check_names_the_file_and_the_remedy() {
    let (folder, plugins) = folder_with_probe();
    let wasm = plugins.join("probe.wasm");
    let manifest = plugins.join("probe.action.toml");
    let refused = async |config: &str, says: &[&str]| {
        let (code, said) = checked(&folder, config).await;
        assert_eq!(code, 1, "{said}");
        for words in says {
            assert!(said.contains(words), "{words:?} is not in: {said}");
        }
    };
    assert_eq!(checked(&folder, GOOD).await.0, 0);
    for path in [&wasm, &manifest, &plugins] {
        let before = fs::metadata(path).unwrap().permissions().mode();
        mode(path, before | 0o020);
        refused(GOOD, &["its group can", "run `chmod go-w"]).await;
        mode(path, before & !0o022);
    }
    assert_eq!(checked(&folder, GOOD).await.0, 0);

    let moved = folder.path().join("elsewhere.wasm");
    fs::rename(&wasm, &moved).unwrap();
    symlink(&moved, &wasm).unwrap();
    refused(
        GOOD,
        &["probe.wasm", "symbolic link", "put what it leads to here"],
    )
    .await;
    fs::remove_file(&wasm).unwrap();
    fs::rename(&moved, &wasm).unwrap();

    let small = format!("{GOOD}[limits]\nplugin-size = \"64KiB\"\n");
    refused(&small, &["bytes, and 64KiB", "plugin-size"]).await;
    fs::write(plugins.join("fast.cwasm"), "\u{7f}ELF").unwrap();
    refused(GOOD, &["fast.cwasm", "compiled code"]).await;
    fs::remove_file(plugins.join("fast.cwasm")).unwrap();
    let pinned = format!(
        "{GOOD}[plugins.probe]\ndigest = \"sha256:{}\"\n",
        "0".repeat(64)
    );
    refused(
        &pinned,
        &["probe.wasm", "pins sha256:0000", "set `digest = \"sha256:"],
    )
    .await;
}

/// The lines that `plugin verify` prints, to be put into a configuration.
fn lines_to_add(said: &str) -> String {
    let at = said.find("[plugins.").unwrap_or_else(|| panic!("{said}"));
    said[at..].to_owned()
}

#[tokio::test]
async fn what_verify_prints_pins_this_plugin_and_no_other() {
    let (folder, plugins) = folder_with_probe();
    let (code, said, errors) = pipefitter(folder.path(), &["plugin", "verify", "plugins"]).await;
    assert_eq!(code, 0, "{errors}");
    let pinned = format!("{GOOD}{}", lines_to_add(&said));
    assert!(pinned.contains("manifest-digest"), "{said}");
    let (code, said) = checked(&folder, &pinned).await;
    assert_eq!(code, 0, "{said}");
    let verify = ["plugin", "verify", "plugins", "--config", "pipefitter.toml"];
    assert_eq!(pipefitter(folder.path(), &verify).await.0, 0);

    let manifest = plugins.join("probe.action.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("secret = true", "secret = false")).unwrap();
    let (code, said) = checked(&folder, &pinned).await;
    assert!(
        code == 1 && said.contains("the manifest's digest is"),
        "{said}"
    );
    let (code, _, errors) = pipefitter(folder.path(), &verify).await;
    assert!(
        code == 1 && errors.contains("probe.action.toml"),
        "{errors}"
    );
}

#[tokio::test]
async fn what_is_signed_is_verified_and_what_was_changed_is_not() {
    let (folder, plugins) = folder_with_probe();
    let run = async |arguments: &[&str]| pipefitter(folder.path(), arguments).await;
    let password = folder.path().join("password");
    fs::write(&password, "correct horse\n").unwrap();
    mode(&password, 0o644);
    let keygen = [
        "plugin",
        "keygen",
        "--key",
        "a.key",
        "--password-file",
        "password",
    ];
    let (code, _, errors) = run(&keygen).await;
    assert!(code == 4 && errors.contains("chmod 600"), "{errors}");
    mode(&password, 0o600);
    let (code, said, errors) = run(&keygen).await;
    assert_eq!(code, 0, "{errors}");
    let trust = &said[said.find("require-signature").unwrap()..];
    let config = format!("{trust}{GOOD}");
    let (code, said) = checked(&folder, &config).await;
    assert!(code == 1 && said.contains("it is not signed"), "{said}");

    let (code, _, errors) = run(&["plugin", "sign", "plugins/probe.wasm", "--key", "a.key"]).await;
    assert!(code == 4 && errors.contains("--password-file"), "{errors}");
    let sign = [
        "plugin",
        "sign",
        "plugins/probe.wasm",
        "--key",
        "a.key",
        "--password-file",
        "password",
    ];
    let (code, said, errors) = run(&sign).await;
    assert_eq!(code, 0, "{errors}");
    assert!(said.contains("probe.wasm.minisig"), "{said}");
    for verify in [
        ["plugin", "verify", "plugins", "--key", "a.pub"],
        ["plugin", "verify", "plugins", "--config", "pipefitter.toml"],
    ] {
        let (code, said, errors) = run(&verify).await;
        assert_eq!(code, 0, "{errors}");
        assert!(said.contains("good, by key"), "{said}");
    }
    let (code, said) = checked(&folder, &config).await;
    assert_eq!(code, 0, "{said}");

    // Somebody else's signature, then another manifest, then another byte.
    let (code, _, errors) = run(&["plugin", "keygen", "--key", "b.key", "--no-password"]).await;
    assert_eq!(code, 0, "{errors}");
    assert_eq!(
        run(&["plugin", "sign", "plugins", "--key", "b.key"])
            .await
            .0,
        0
    );
    let (code, said) = checked(&folder, &config).await;
    assert!(code == 1 && said.contains("trusted here is"), "{said}");
    assert_eq!(run(&sign).await.0, 0);
    let manifest = plugins.join("probe.action.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text}# changed\n")).unwrap();
    let (code, said) = checked(&folder, &config).await;
    assert!(code == 1 && said.contains("the signature is for"), "{said}");
    fs::write(&manifest, text).unwrap();
    let wasm = plugins.join("probe.wasm");
    let mut bytes = fs::read(&wasm).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&wasm, bytes).unwrap();
    let (code, said) = checked(&folder, &config).await;
    assert!(
        code == 1 && said.contains("one of the two was changed"),
        "{said}"
    );
    let (code, _, errors) = run(&["plugin", "verify", "plugins", "--key", "a.pub"]).await;
    assert!(code == 1 && errors.contains("probe.wasm"), "{errors}");
}

#[tokio::test]
async fn a_worker_serves_on_what_was_signed_while_something_else_lies_there() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    let here = rig.folder().to_path_buf();
    let run = async |arguments: &[&str]| pipefitter(&here, arguments).await;
    let (code, said, errors) = run(&["plugin", "keygen", "--key", "a.key", "--no-password"]).await;
    assert_eq!(code, 0, "{errors}");
    let key = said.split('"').nth(1).unwrap();
    rig.setup.tables =
        format!("[plugins.probe]\nrequire-signature = true\ntrusted-keys = [\"{key}\"]\n");
    let worker = rig.worker().await;
    assert_eq!(worker.served("plugins").await, 0);
    worker.process.line("it is not signed").await;
    // Signed while it runs, it is served.
    assert_eq!(
        run(&["plugin", "sign", "plugins", "--key", "a.key"])
            .await
            .0,
        0
    );
    worker.process.line("signed with a trusted key").await;
    worker.process.line("plugin is served").await;
    let outcome = async |name: &str| {
        rig.outcome(name, Action::new("Act", &plugin).with("var.out", name))
            .await
    };
    assert_eq!(outcome("signed").await.variables["out"], "signed");
    // Another component under its name, with the old signature.
    let mut other = plugin.clone();
    other.wasm = pipefitter_tests::binary::guest("twin-rust");
    let mark = worker.process.mark();
    other.install(&rig.setup.plugins_dir);
    let said = worker
        .process
        .line_after(mark, "one of the two was changed")
        .await;
    assert!(said.contains("\"older_served\":true"), "{said}");
    assert_eq!(outcome("still").await.variables["out"], "still");
    // A folder that everybody can write gives nothing new.
    let mark = worker.process.mark();
    mode(&rig.setup.plugins_dir, 0o777);
    worker
        .process
        .line_after(mark, "everybody can change")
        .await;
    assert_eq!(outcome("open").await.variables["out"], "open");
    assert_eq!(worker.stop().await.code(), Some(0));
}

/// What is adapted and compiled is no other file: what is pinned, signed and told is what lies there.
#[tokio::test]
async fn a_core_module_is_pinned_and_checked_as_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).unwrap();
    install_twin("wasip1", &plugins);
    closed_to_others(folder.path());
    let file = plugins.join("twin-wasip1.wasm");
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"\0asm\x01\0\0\0"), "a core module");
    let (code, told, errors) = pipefitter(folder.path(), &["plugin", "verify", "plugins"]).await;
    assert_eq!(code, 0, "{told}{errors}");
    let digest = hex::encode(Sha256::digest(&bytes));
    let table = format!("[plugins.twin-wasip1]\ndigest = \"sha256:{digest}\"");
    assert!(told.contains(&table), "{told}");
    let (_, pins) = told.split_once("[plugins.twin-wasip1]\n").unwrap();
    let pinned = |pins: &str| format!("{GOOD}[plugins.twin-wasip1]\n{pins}");
    let (code, said) = checked(&folder, &pinned(pins)).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 plugin can be served"), "{said}");
    let (code, said) = checked(&folder, &pinned(&pins.replace(&digest, &"0".repeat(64)))).await;
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains(&format!("its digest is sha256:{digest}")),
        "{said}"
    );
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let (code, said) = checked(&folder, GOOD).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("not WebAssembly"), "{said}");
}
