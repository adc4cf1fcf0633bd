//! `plugin build` for languages with tools of their own, and for those with none that it knows.

use std::path::Path;

use pipefitter_tests::{binary, finished};
use tokio::process::Command;

use crate::cli::pipefitter;

const MANIFEST: &str = "[action]\ncategory = \"Build\"\nprovider = \"Own\"\nversion = \"1\"\n";

/// Build the plugin in `own`, with the tools that the set-up has brought.
async fn build(folder: &Path) -> (i32, String, String) {
    let mut build = Command::new(binary::pipefitter());
    build
        .args(["plugin", "build", "own"])
        .current_dir(folder)
        .envs(binary::toolchains());
    finished(build).await
}

fn plugin(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let file = folder.join("own").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
}

#[tokio::test]
async fn a_command_of_the_authors_builds_any_language() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    let table = "[build]\ncommand = [\"./make.sh\", \"a b\"]\noutput = \"out/core.wasm\"\n";
    let script = "#!/bin/sh\necho \"making $1\"\nmkdir -p out && cp built.wasm out/core.wasm\n";
    plugin(
        folder.path(),
        &[
            ("action.toml", &format!("{MANIFEST}{table}")),
            ("make.sh", script),
            // Its own build has the word, whatever else lies there.
            ("Cargo.toml", ""),
        ],
    );
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(own.join("make.sh"), executable).unwrap();
    std::fs::copy(binary::guest("probe"), own.join("built.wasm")).unwrap();
    let (code, said, errors) = build(folder.path()).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(
        errors.contains("Running ./make.sh a b\nmaking a b\n"),
        "{errors}"
    );
    assert!(
        said.starts_with("Built "),
        "what a tool says is no output: {said}"
    );
    let first = std::fs::read(own.join("own.wasm")).unwrap();

    // A build that fails leaves what was there, and says so.
    for (script, says) in [
        ("#!/bin/sh\necho no good >&2\nexit 3\n", "no good"),
        ("#!/bin/sh\nrm -rf out\n", "has left no"),
        (
            "#!/bin/sh\nmkdir -p out && echo x > out/core.wasm\n",
            "is no plugin",
        ),
    ] {
        std::fs::write(own.join("make.sh"), script).unwrap();
        let (code, said, errors) = build(folder.path()).await;
        assert_eq!(code, 4, "{said}{errors}");
        assert!(errors.contains(says), "{says}: {errors}");
        assert!(
            errors.contains("is still the one of an earlier build"),
            "{errors}"
        );
        assert_eq!(std::fs::read(own.join("own.wasm")).unwrap(), first);
    }
    std::fs::remove_file(own.join("make.sh")).unwrap();
    let (code, _, errors) = build(folder.path()).await;
    assert_eq!(code, 4, "{errors}");
    let told = "make.sh is not there; install it, or correct `command` in [build] of action.toml";
    assert!(errors.contains(told), "{errors}");
}

#[tokio::test]
async fn what_is_not_known_or_not_installed_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    plugin(
        folder.path(),
        &[("action.toml", MANIFEST), ("main.cob", "")],
    );
    let (code, _, errors) = pipefitter(folder.path(), &["plugin", "build", "own"]).await;
    assert_eq!(code, 4, "{errors}");
    for told in ["app.py (Python)", "[build]", "--component"] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    // Without a package.json: with one the build itself would fetch jco.
    plugin(folder.path(), &[("plugin.ts", "")]);
    let (code, _, errors) = finished(with_nothing_installed(folder.path(), "build")).await;
    assert_eq!(code, 4, "{errors}");
    assert!(
        errors.contains("jco is not there; install it from npm: (cd "),
        "{errors}"
    );
}

/// `plugin COMMAND own` where no program is to be found.
fn with_nothing_installed(folder: &Path, command: &str) -> Command {
    let mut bare = Command::new(binary::pipefitter());
    bare.args(["plugin", command, "own"])
        .current_dir(folder)
        .env("PATH", "")
        .env_remove("WASI_SDK_PATH");
    bare
}

#[tokio::test]
async fn what_to_install_is_told_for_every_language() {
    let go = "-t trixie-backports golang-1.27-go && export PATH=/usr/lib/go-1.27/bin:$PATH";
    let of_language = [
        (
            "rust",
            "cargo is not there",
            "rustup target add wasm32-wasip2",
        ),
        (
            "python",
            "componentize-py is not there",
            "pip install componentize-py==",
        ),
        (
            "typescript",
            "npm is not there",
            "apt-get install nodejs npm",
        ),
        (
            "javascript",
            "npm is not there",
            "apt-get install nodejs npm",
        ),
        (
            "c",
            "no compiler for WASI is there",
            "pip install ziglang==",
        ),
        (
            "cpp",
            "no compiler for WASI is there",
            "pip install ziglang==",
        ),
        ("go", "go is not there", go),
        ("zig", "Zig is not there", "pip install ziglang=="),
        (
            "command",
            "cargo is not there",
            "rustup target add wasm32-wasip1",
        ),
    ];
    let (_, help, _) = pipefitter(Path::new("/"), &["plugin", "new", "--help"]).await;
    for (language, missing, install) in of_language {
        assert!(help.contains(language), "{language}: {help}");
        let folder = tempfile::tempdir().unwrap();
        let mut new = with_nothing_installed(folder.path(), "new");
        new.args(["--lang", language]);
        let (code, said, errors) = finished(new).await;
        assert_eq!(code, 0, "{language}: {said}{errors}");
        assert!(said.contains("First, once"), "{language}: {said}");
        assert!(said.contains(install), "{language}: {said}");
        for command in ["build", "test"] {
            let build = with_nothing_installed(folder.path(), command);
            let (code, said, errors) = finished(build).await;
            assert_ne!(code, 0, "{language}: {said}{errors}");
            assert!(errors.contains(missing), "{language}: {errors}");
            assert!(errors.contains(install), "{language}: {errors}");
            assert!(
                !errors.contains("(cd ") || !errors.contains("export"),
                "an export in a subshell is lost: {errors}"
            );
        }
    }
    let templates = std::fs::read_dir(binary::root().join("host/cli/templates")).unwrap();
    assert_eq!(templates.count(), of_language.len(), "of every language");
}

/// `plugin dev` ends, too: it would wait for a change for ever.
#[tokio::test]
async fn a_folder_that_is_no_plugins_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("own")).unwrap();
    for command in ["build", "test", "dev"] {
        for (named, told) in [
            ("own", "own has no action.toml: "),
            ("nowhere", "nowhere is not a folder that can be read: "),
        ] {
            let (code, said, errors) = pipefitter(folder.path(), &["plugin", command, named]).await;
            assert_eq!(code, 4, "{command} {named}: {said}{errors}");
            assert!(errors.contains(told), "{command} {named}: {errors}");
            let next = "`pipefitter plugin new NAME --lang LANGUAGE`";
            assert!(errors.contains(next), "{command} {named}: {errors}");
        }
    }
    for (command, told) in [
        ("check", "nowhere.wasm is not there: name a .wasm"),
        ("inspect", "nowhere.wasm is not there: name a .wasm"),
        ("list", "nowhere.wasm is not a folder: name the one"),
    ] {
        let (code, said, errors) =
            pipefitter(folder.path(), &["plugin", command, "nowhere.wasm"]).await;
        assert_eq!(code, 4, "{command}: {said}{errors}");
        assert!(errors.contains(told), "{command}: {errors}");
    }
}

const PYTHON: &str = "
from wit_world import exports
from wit_world.imports.types import ExecutionDetails, Outcome_Succeeded, Success
from greeting import GREETING


class Handler(exports.Handler):
    def run(self, job):
        details = ExecutionDetails(summary=GREETING, external_execution_id=None, percent_complete=None)
        return Outcome_Succeeded(Success(variables=[], details=details, current_revision=None))
";

/// With the tool alone, and a module in the place of the SDK.
#[tokio::test]
async fn python_is_built_by_its_tool() {
    let folder = tempfile::tempdir().unwrap();
    let sdk = "vendor/pipefitter-sdk/greeting.py";
    plugin(
        folder.path(),
        &[
            ("action.toml", MANIFEST),
            ("app.py", PYTHON),
            (sdk, "GREETING = 'hello from here'\n"),
        ],
    );
    let (code, said, errors) = build(folder.path()).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(errors.contains("Building with componentize-py"), "{errors}");
    assert!(folder.path().join("own/.pipefitter/.gitignore").is_file());
    let (code, said, errors) = pipefitter(folder.path(), &["invoke", "own"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(said.contains("hello from here"), "{said}");
}

#[tokio::test]
async fn types_are_checked_where_the_plugin_has_typescript() {
    let folder = tempfile::tempdir().unwrap();
    let new = ["plugin", "new", "own", "--lang", "typescript"];
    let (code, said, errors) = pipefitter(folder.path(), &new).await;
    assert_eq!(code, 0, "{said}{errors}");
    let own = folder.path().join("own");
    let source = own.join("plugin.ts");
    let right = std::fs::read_to_string(&source).unwrap();
    std::fs::write(
        &source,
        format!("{right}\nexport const wrong: number = \"one\";\n"),
    )
    .unwrap();
    let (code, said, errors) = build(folder.path()).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(errors.contains("The types are not checked: "), "{errors}");

    // As `npm install` leaves it.
    let bin = own.join("node_modules/.bin");
    std::fs::create_dir_all(&bin).unwrap();
    let tsc = binary::target().join("npm/node_modules/.bin/tsc");
    assert!(tsc.is_file(), "the set-up has brought TypeScript");
    std::os::unix::fs::symlink(tsc, bin.join("tsc")).unwrap();
    let sdk = own.join("node_modules/pipefitter-sdk");
    std::os::unix::fs::symlink("../vendor/pipefitter-sdk", sdk).unwrap();
    let (code, said, errors) = build(folder.path()).await;
    assert_eq!(code, 4, "{said}{errors}");
    for told in ["plugin.ts", "TS2322", "tsc could not find the types right"] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    std::fs::write(&source, right).unwrap();
    let (code, said, errors) = build(folder.path()).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(errors.contains("Checking the types with tsc"), "{errors}");
}

/// Each template greets whoever is in its example, in the same words.
#[tokio::test]
async fn a_new_plugin_of_each_language_with_a_template_runs() {
    for language in ["python", "typescript", "javascript"] {
        let folder = tempfile::tempdir().unwrap();
        let new = ["plugin", "new", "own", "--lang", language];
        let (code, said, errors) = pipefitter(folder.path(), &new).await;
        assert_eq!(code, 0, "{language}: {said}{errors}");
        assert!(said.contains("pipefitter plugin build own"), "{said}");
        let (code, said, errors) = build(folder.path()).await;
        assert_eq!(code, 0, "{language}: {said}{errors}");
        assert!(errors.contains("Building with "), "{language}: {errors}");
        let invoke = [
            "invoke",
            "own",
            "--job",
            "own/job.json",
            "--input",
            "Source=own/example",
            "--output",
            "Greetings=out",
        ];
        let (code, said, errors) = pipefitter(folder.path(), &invoke).await;
        assert_eq!(code, 0, "{language}: {said}{errors}");
        let greetings = std::fs::read_to_string(folder.path().join("out/greetings.txt")).unwrap();
        assert!(
            greetings.starts_with("Good morning, Ada!\n"),
            "{language}: {greetings}"
        );
    }
}
