//! Typed configuration, as a plugin asks for it.
#![allow(missing_docs, reason = "tests")]

use std::collections::BTreeMap;

use pipefitter_sdk::{FailureKind, testing};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
enum Mode {
    FailFast,
    KeepGoing,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Size {
    width: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Config {
    title: String,
    base_url: Option<String>,
    #[serde(default)]
    draft: bool,
    keep: Option<u8>,
    #[serde(default = "half")]
    ratio: f64,
    mode: Option<Mode>,
    #[serde(default)]
    ignore: Vec<String>,
    size: Option<Size>,
}

fn half() -> f64 {
    0.5
}

fn read(pairs: &[(&str, &str)]) -> Result<Config, pipefitter_sdk::Failure> {
    pairs
        .iter()
        .fold(testing::job(), |job, (key, value)| job.config(*key, value))
        .build()
        .config()
}

#[test]
fn values_of_every_kind_are_read_from_text() {
    let config = read(&[
        ("title", "true"),
        ("base-url", "https://x.example"),
        ("draft", "True"),
        ("keep", " 3 "),
        ("ratio", "0.25"),
        ("mode", "keep-going"),
        ("ignore", "a, b/*,, c"),
        ("size", r#"{"width": 7}"#),
        ("unknown-to-this-type", "x"),
    ]);
    let expected = Config {
        title: "true".into(),
        base_url: Some("https://x.example".into()),
        draft: true,
        keep: Some(3),
        ratio: 0.25,
        mode: Some(Mode::KeepGoing),
        ignore: vec!["a".into(), "b/*".into(), "c".into()],
        size: Some(Size { width: 7 }),
    };
    assert_eq!(config, Ok(expected));
}

#[test]
fn what_is_absent_or_empty_is_none_or_the_default() {
    let config = read(&[("title", "T"), ("keep", "")]).unwrap();
    assert_eq!(
        (config.keep, config.ratio, config.mode, config.ignore.len()),
        (None, 0.5, None, 0)
    );
}

#[test]
fn names_are_matched_however_their_words_are_joined() {
    for key in ["base-url", "base_url", "baseUrl", "BaseURL"] {
        let config = read(&[("title", "T"), (key, "u")]).unwrap();
        assert_eq!(config.base_url.as_deref(), Some("u"), "{key}");
    }
    for mode in ["FailFast", "fail-fast", "fail_fast", "failFast"] {
        assert_eq!(
            read(&[("title", "T"), ("mode", mode)]).unwrap().mode,
            Some(Mode::FailFast)
        );
    }
}

#[test]
fn an_error_names_the_key_and_what_it_takes() {
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[], "configuration `title`: a value is required"),
        (
            &[("title", "T"), ("keep", "300")],
            "configuration `keep`: `300` is not a whole number from 0 to 255",
        ),
        (
            &[("title", "T"), ("keep", "many")],
            "configuration `keep`: `many` is not a whole number from 0 to 255",
        ),
        (
            &[("title", "T"), ("ratio", "NaN")],
            "configuration `ratio`: `NaN` is not a number",
        ),
        (
            &[("title", "T"), ("draft", "yes")],
            "configuration `draft`: `yes` is not `true` or `false`",
        ),
        (
            &[("title", "T"), ("mode", "slow")],
            "configuration `mode`: `slow` is not one of `FailFast`, `KeepGoing`",
        ),
        (
            &[("title", "T"), ("size", "7")],
            "configuration `size`: not the JSON that is needed: invalid type: integer `7`, expected struct Size at line 1 column 1",
        ),
    ];
    for (pairs, message) in cases {
        let failure = read(pairs).unwrap_err();
        assert_eq!(failure.kind, FailureKind::ConfigurationError);
        assert_eq!(failure.message, message);
    }
}

#[test]
fn a_long_value_is_cut_in_the_message() {
    let failure = read(&[("title", "T"), ("keep", &"9".repeat(900))]).unwrap_err();
    assert!(failure.message.len() < 200, "{failure}");
}

#[test]
fn a_map_takes_every_key() {
    let job = testing::job().config("a", "1").config("b", "x").build();
    let map: BTreeMap<String, String> = job.config().unwrap();
    assert_eq!(
        map,
        BTreeMap::from([("a".into(), "1".into()), ("b".into(), "x".into())])
    );
}

proptest! {
    #[test]
    fn any_number_and_text_comes_back(number: i64, text in "\\PC{0,40}", ratio in -1e9..1e9f64) {
        #[derive(Debug, Deserialize)]
        struct Any { number: i64, text: String, ratio: f64 }
        let job = testing::job().config("number", number).config("text", &text).config("ratio", ratio).build();
        let read: Any = job.config().unwrap();
        prop_assert_eq!((read.number, read.text, read.ratio), (number, text, ratio));
    }

    #[test]
    fn no_text_makes_it_panic(pairs in prop::collection::vec(("[a-z-]{1,8}|title|keep|mode|size", "\\PC{0,20}"), 0..6)) {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let _ = read(&pairs);
    }
}
