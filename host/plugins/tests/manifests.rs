//! Manifests through their public door: what is right is read whole, what is wrong is told whole.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use pipefitter_plugins::{
    ArtifactCounts, BuildCommand, BuildDecl, ConfigurationProblem, DirectoryAsk, Engine, Language,
    LimitValues, Manifest, PropertyType, UnpackMode,
};
use proptest::prelude::*;

const FULL: &str = include_str!("good/full.toml");
const LEAST: &str = include_str!("good/least.toml");
const BUILD: &str = include_str!("good/build.toml");

fn full() -> Manifest {
    Manifest::parse(FULL, "action.toml").unwrap()
}

#[test]
fn every_key_is_read() {
    let manifest = full();
    assert_eq!(manifest.key().to_string(), "Build/Site/1");
    assert!(manifest.retry_safe() && manifest.resumable());
    assert_eq!(
        manifest.action.description.as_deref(),
        Some("Turns Markdown into a web site")
    );
    assert_eq!(manifest.inputs.counts, ArtifactCounts { min: 1, max: 2 });
    let unpack: Vec<UnpackMode> = (0..3)
        .map(|position| manifest.inputs.unpack(position))
        .collect();
    assert_eq!(
        unpack,
        [UnpackMode::Auto, UnpackMode::Never, UnpackMode::Auto]
    );
    assert_eq!(manifest.outputs.counts, ArtifactCounts { min: 0, max: 1 });
    assert!(manifest.outputs.allow_empty);
    assert_eq!(
        manifest.limits,
        LimitValues::default()
            .with("wall", 900_000)
            .with("cpu", 300_000)
            .with("memory", 256 << 20)
            .with("log", 1 << 20)
    );
    let network = manifest.capabilities.network.iter();
    let network: Vec<_> = network.map(|ask| (ask.to.as_str(), ask.optional)).collect();
    assert_eq!(
        network,
        [
            ("https://api.example.com", false),
            ("http://*.example.org", true)
        ]
    );
    let secrets = manifest.capabilities.secrets.iter();
    let secrets: Vec<_> = secrets
        .map(|ask| (ask.name.as_str(), ask.optional, ask.reason.as_deref()))
        .collect();
    assert_eq!(
        secrets,
        [("token", false, None), ("other", true, Some("to sign in"))]
    );
    assert!(manifest.capabilities.scratch);
    let ask = |guest: &str, write, reason: Option<&str>| DirectoryAsk {
        guest: guest.to_owned(),
        write,
        reason: reason.map(str::to_owned),
    };
    assert_eq!(
        manifest.capabilities.directories,
        [
            ask("/site", true, Some("where the site goes")),
            ask("/fonts", false, None)
        ]
    );
    let kinds: Vec<PropertyType> = manifest
        .properties
        .iter()
        .map(|property| property.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            PropertyType::String,
            PropertyType::String,
            PropertyType::Number,
            PropertyType::Boolean
        ]
    );
    assert_eq!(manifest.secret_properties().collect::<Vec<_>>(), ["token"]);
    assert_eq!(manifest.queryable_property().unwrap().name, "title");
}

#[test]
fn how_it_is_built_is_read_and_nothing_else_changes_by_it() {
    let manifest = Manifest::parse(BUILD, "action.toml").unwrap();
    let expected = BuildDecl {
        language: Some(Language::Typescript),
        sdk: Some("../../guest-sdk/javascript".to_owned()),
        command: None,
        engine: Some(Engine::Starlingmonkey),
    };
    assert_eq!(manifest.build, expected);
    let own = format!(
        "{LEAST}[build]\ncommand = [\"make\", \"\", \"all\"]\noutput = \"out/core.wasm\"\n"
    );
    let mut own = Manifest::parse(&own, "action.toml").unwrap();
    let command = BuildCommand {
        words: ["make", "", "all"].map(str::to_owned).to_vec(),
        output: "out/core.wasm".to_owned(),
    };
    assert_eq!(own.build.command, Some(command));
    own.build = BuildDecl::default();
    assert_eq!(own, Manifest::parse(LEAST, "action.toml").unwrap());
}

#[test]
fn what_is_left_out_asks_for_nothing() {
    let manifest = Manifest::parse(LEAST, "action.toml").unwrap();
    assert!(!manifest.retry_safe() && !manifest.resumable() && !manifest.outputs.allow_empty);
    assert_eq!(manifest.inputs.counts, ArtifactCounts::default());
    assert_eq!(manifest.inputs.unpack(0), UnpackMode::Auto);
    assert_eq!(manifest.limits, LimitValues::default());
    assert!(!manifest.capabilities.scratch && manifest.capabilities.directories.is_empty());
}

#[test]
fn the_action_type_is_what_the_aws_cli_takes() {
    insta::assert_json_snapshot!("action-type-full", full().action_type_json());
    let least = Manifest::parse(LEAST, "action.toml").unwrap();
    insta::assert_json_snapshot!("action-type-least", least.action_type_json());
}

#[test]
fn every_fault_of_a_broken_manifest_is_told_at_once() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 13);
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let problems = Manifest::parse(&text, &format!("{name}.toml")).unwrap_err();
        let told: Vec<String> = problems
            .iter()
            .map(|problem| {
                format!(
                    "{}:{}:{}: {}\n    {}",
                    problem.file, problem.line, problem.column, problem.message, problem.remedy
                )
            })
            .collect();
        insta::assert_snapshot!(format!("broken-{name}"), told.join("\n"));
    }
}

#[test]
fn a_file_that_is_no_manifest_at_all_is_told_in_one_line() {
    let problems = Manifest::parse(&"x".repeat(70_000), "huge").unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].to_string().contains("70000 bytes"),
        "{}",
        problems[0]
    );
    assert!(
        !Manifest::parse("\u{1b}[2J\0\u{feff}", "odd")
            .unwrap_err()
            .is_empty()
    );
}

fn configuration(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn told(pairs: &[(&str, &str)]) -> Vec<String> {
    full()
        .check_configuration(&configuration(pairs))
        .err()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_configuration_that_keeps_the_manifest_is_taken() {
    assert!(
        told(&[
            ("title", "x"),
            ("token", "y"),
            ("depth", "-0.5"),
            ("drafts", "false")
        ])
        .is_empty()
    );
    // CodePipeline has no empty value: one that resolved to nothing is not set.
    assert!(told(&[("title", "x"), ("depth", "")]).is_empty());
}

#[test]
fn a_configuration_that_does_not_is_told_by_key() {
    assert_eq!(
        told(&[("titel", "hunter2"), ("depth", "deep"), ("drafts", "True")]),
        [
            "configuration property `depth` is `deep`: it must be a number, such as 3 or -0.5",
            "configuration property `drafts` is `True`: it must be `true` or `false`",
            "`titel` is not a configuration property: did you mean `title`?",
            "configuration property `title` is required: set it in the pipeline's action configuration",
        ]
    );
    assert_eq!(told(&[("title", "")]).len(), 1);
    let long = format!("{}\u{1b}", "9x".repeat(500));
    let message = told(&[("title", "x"), ("depth", &long)]).remove(0);
    assert!(
        message.len() < 200 && !message.contains('\u{1b}'),
        "{message}"
    );
}

#[test]
fn a_secret_is_never_told() {
    let text = FULL.replace(
        "name = \"depth\"\ntype = \"number\"",
        "name = \"depth\"\ntype = \"number\"\nsecret = true",
    );
    let manifest = Manifest::parse(&text, "action.toml").unwrap();
    let problems: Vec<ConfigurationProblem> = manifest
        .check_configuration(&configuration(&[("title", "x"), ("depth", "hunter2")]))
        .unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(!problems[0].message.contains("hunter2"), "{}", problems[0]);
}

/// Text that is nearly a manifest: parts of a good one, cut, doubled and mixed with noise.
fn nearly() -> impl Strategy<Value = String> {
    let lines: Vec<&'static str> = FULL.lines().chain(LEAST.lines()).collect();
    prop::collection::vec(
        prop_oneof![
            8 => prop::sample::select(lines),
            1 => prop::sample::select(vec!["[action", "x = [", "min = -1", "\"", "'''", "max = 0x5", "= 3", "a.b.c = {}"]),
        ],
        0..40,
    )
    .prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(?s).{0,400}") {
        let _ = Manifest::parse(&text, "any");
    }

    #[test]
    fn what_is_nearly_a_manifest_is_read_or_told(text in nearly()) {
        if let Err(problems) = Manifest::parse(&text, "any") {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(problem.line <= text.lines().count() + 1, "{}", problem);
                prop_assert!(problem.column >= 1 && !problem.remedy.is_empty(), "{}", problem);
            }
        }
    }

    #[test]
    fn a_character_changed_in_a_good_manifest_is_read_or_told(
        at in any::<prop::sample::Index>(),
        with in any::<char>(),
    ) {
        let mut characters: Vec<char> = FULL.chars().collect();
        let at = at.index(characters.len());
        characters[at] = with;
        let text: String = characters.into_iter().collect();
        if let Err(problems) = Manifest::parse(&text, "any") {
            prop_assert!(!problems.is_empty());
        }
    }
}
