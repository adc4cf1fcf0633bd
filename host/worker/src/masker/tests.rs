//! What is hidden, and what is left alone.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

fn masker<const N: usize>(secrets: [&str; N]) -> Masker {
    Masker::new(secrets.map(|value| Secret::new("a secret", value)))
}

/// A secret as somebody may write it, inside other text.
fn written(secret: &str, how: u8, around: &str) -> String {
    match how % 11 {
        0 => secret.to_owned(),
        1 => utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        2 => STANDARD.encode(format!("{around}{secret}{around}")),
        3 => URL_SAFE.encode(format!("{around}{secret}")),
        4 => serde_json::to_string(secret).unwrap(),
        5 => hex::encode(format!("{around}{secret}")),
        6 => hex::encode_upper(secret),
        7 => utf8_percent_encode(secret, NON_ALPHANUMERIC)
            .to_string()
            .replace("%20", "+"),
        8 => secret
            .bytes()
            .map(|byte| match byte {
                b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                b => format!("%{b:02x}"),
            })
            .collect(),
        9 => serde_json::to_string(secret).unwrap().replace('/', "\\/"),
        // As Python's json.dumps.
        _ => secret
            .chars()
            .map(|c| match c {
                '"' | '\\' => format!("\\{c}"),
                c if c.is_ascii() => c.to_string(),
                c => c
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .map(|unit| format!("\\u{unit:04x}"))
                    .collect(),
            })
            .collect(),
    }
}

fn long_secret() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9/+=&%?<>é𝄞\"\\\\_-]{8,40}"
}

proptest! {
    #[test]
    fn no_secret_comes_through_in_any_form(
        secrets in proptest::collection::vec(long_secret(), 1..4),
        parts in proptest::collection::vec((any::<u8>(), any::<u8>(), ".{0,12}"), 0..8),
    ) {
        let masker = Masker::new(secrets.iter().map(|value| Secret::new("a secret", value)));
        let mut text = String::new();
        for (pick, how, filler) in &parts {
            text.push_str(filler);
            text.push_str(&written(&secrets[usize::from(*pick) % secrets.len()], *how, filler));
        }
        let masked = masker.mask(&text);
        for secret in &secrets {
            prop_assert!(!masked.contains(secret.as_str()), "{masked:?} has {secret:?}");
            let core = STANDARD_NO_PAD.encode(secret);
            let core = &core[..secret.len() * 8 / 6];
            prop_assert!(!masked.contains(core), "{masked:?} has base64 of {secret:?}");
            let hex = hex::encode(secret);
            prop_assert!(!masked.contains(&hex), "{masked:?} has hex of {secret:?}");
            let json = written(secret, 10, "");
            prop_assert!(!masked.contains(&json), "{masked:?} has JSON of {secret:?}");
        }
    }

    #[test]
    fn a_form_is_hidden_whole(secret in "[A-Z/?]{8,40}", how in any::<u8>(), before in "[g-z ]{0,9} ") {
        let masker = masker([secret.as_str()]);
        let around = if [2, 3, 5].contains(&(how % 11)) { "" } else { "ignored" };
        let text = format!("{before}{}", written(&secret, how, around));
        let masked = masker.mask(&text);
        let left = masked.strip_prefix(before.as_str()).unwrap();
        // Quotes of JSON, and of base64 what holds bits of the neighbours.
        prop_assert!(left.replace("***", "").len() <= 3, "{left:?}");
        prop_assert!(left.contains("***"));
    }

    #[test]
    fn a_cut_line_does_not_end_in_the_first_part_of_a_secret(
        secret in "[A-Z]{8,40}", before in "[a-z]{0,20} ", cut in 1usize..40, marked in any::<bool>(),
        how in prop_oneof![Just(0u8), Just(3), Just(5)],
    ) {
        let masker = masker([secret.as_str()]);
        let spelled = written(&secret, how, "");
        let kept = &spelled[..cut.min(secret.len())];
        let mark = if marked { " [cut]" } else { "" };
        let line = format!("{before}{kept}{mark}");
        prop_assert_eq!(masker.mask_cut(&line), format!("{before}***{mark}"));
    }

    #[test]
    fn a_name_that_was_cut_does_not_end_in_the_first_part_of_a_secret(
        secret in "[A-Z]{8,40}", before in "[a-z]{0,20} ", cut in 1usize..40, how in prop_oneof![Just(0u8), Just(3), Just(5)],
    ) {
        let masker = masker([secret.as_str()]);
        let spelled = written(&secret, how, "");
        let kept = &spelled[..cut.min(secret.len())];
        let text = format!("\"{before}{kept}…\" leaves {before}{secret}, as \"{before}…\" and {before}…");
        let masked = format!("\"{before}***…\" leaves {before}***, as \"{before}…\" and {before}…");
        prop_assert_eq!(masker.mask_quoting(&text), masked);
    }

    #[test]
    fn text_without_secrets_is_not_changed(text in "[a-rt-z ]{0,200}") {
        let masker = masker(["SECRET0", "1234567"]);
        prop_assert_eq!(masker.mask(&text), text.as_str());
        prop_assert_eq!(masker.mask_cut(&text), text.as_str());
        prop_assert_eq!(masker.mask_quoting(&text), text.as_str());
    }

    #[test]
    fn a_short_secret_is_hidden_exactly_where_it_stands_alone(
        secret in "[a-zA-Z0-9]{1,7}", before in ".{0,8}", after in ".{0,8}",
    ) {
        let text = format!("{before}{secret}{after}");
        let masked = masker([secret.as_str()]).mask(&text).into_owned();
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
        };
        prop_assert!(!words(&masked).contains(&secret), "{masked:?} shows {secret:?}");
        let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if joined(before.chars().next_back()) || joined(after.chars().next()) {
            let others = words(&before).contains(&secret) || words(&after).contains(&secret);
            prop_assert!(others || masked.contains(&secret) , "{masked:?} of {text:?}");
        }
    }

    #[test]
    fn the_order_in_which_secrets_become_known_makes_no_difference(
        secrets in proptest::collection::vec("[ab]{1,12}", 1..5), text in "[ab ]{0,60}",
    ) {
        let all: Vec<Secret> = secrets.iter().map(|value| Secret::new("a secret", value)).collect();
        let at_once = Masker::new(all.clone());
        let one_by_one = Masker::new([]);
        for secret in all.iter().rev() {
            one_by_one.add(secret);
            one_by_one.add(secret);
        }
        prop_assert_eq!(at_once.mask(&text), one_by_one.mask(&text));
        prop_assert_eq!(at_once.mask_cut(&text), one_by_one.mask_cut(&text));
    }
}

#[test]
fn overlapping_secrets_are_hidden_together() {
    let masker = masker(["abcdefgh", "defghijk"]);
    assert_eq!(masker.mask("<abcdefghijk>"), "<***>");
    assert_eq!(masker.mask_quoting("<abcdefghij…> abc"), "<***…> abc");
}

#[test]
fn the_longest_counts() {
    let masker = masker(["password", "password-and-more"]);
    assert_eq!(
        masker.mask("my password-and-more, my password"),
        "my ***, my ***"
    );
}

#[test]
fn a_secret_of_several_lines_is_hidden_line_by_line() {
    let masker = masker(["-----BEGIN-----\r\nMIIEabcdef\rMIIFabcdef\nxyz\nwxyz\n-----END-----\n"]);
    for (line, masked) in [
        ("key: MIIEabcdef", "key: ***"),
        ("MIIFabcdef", "***"),
        ("in wxyz", "in ***"),
        ("wxyzzy", "wxyzzy"),
        ("xyz", "xyz"),
    ] {
        assert_eq!(masker.mask(line), masked);
    }
}

#[test]
fn a_secret_is_hidden_without_the_blanks_around_it() {
    let masker = masker(["  not-so-blank\n"]);
    assert_eq!(masker.mask("is not-so-blank"), "is ***");
}

#[test]
fn short_secrets_are_hidden_where_they_stand_alone() {
    let masker = masker(["no", "12", "-x-", "pass/wd"]);
    for (text, masked) in [
        ("no, not now: no", "***, not now: ***"),
        ("12 of 120, v12, a_12", "*** of 120, v12, a_***"),
        ("a-x-b", "a***b"),
        ("\"no\"", "\"***\""),
        (
            "pass%2Fwd pass/wd xpass/wd pass/wdx",
            "*** *** xpass/wd pass/wdx",
        ),
        // Of `no`, in base64 and hex.
        ("bm8= 6e6f bm8x", "***= *** bm8x"),
        ("über-no", "über-***"),
        ("üno", "üno"),
    ] {
        assert_eq!(masker.mask(text), masked, "{text}");
    }
}

#[test]
fn blanks_are_no_secret() {
    let masker = masker(["", " ", "          ", "\n\t\n"]);
    assert_eq!(masker.mask("          a  b"), "          a  b");
}

#[test]
fn tokens_are_hidden_from_readers_only() {
    let masker = Masker::new([
        Secret::token("token-of-the-job"),
        Secret::token("17"),
        Secret::new("the secret property `password`", "password"),
    ]);
    let text = "17 token-of-the-job";
    assert_eq!(masker.mask(text), "17 ***");
    assert_eq!(masker.mask_reference(text), text);
    assert_eq!(masker.found(text), None);
    assert_eq!(masker.mask_reference("a password"), "a ***");
    let found = masker.found("a password");
    assert_eq!(found.as_deref(), Some("the secret property `password`"));
    // What is both is a secret.
    masker.add(&Secret::new("a granted secret", "token-of-the-job"));
    assert_eq!(masker.mask_reference(text), "17 ***");
}

#[test]
fn nothing_shows_what_is_hidden() {
    let shown = format!("{:?}", masker(["password"]));
    assert_eq!(shown, "Masker { .. }");
}

#[test]
fn a_secret_of_nothing_hides_nothing() {
    let masker = Masker::new([Secret::new("an empty property", "")]);
    assert_eq!(masker.mask("größer \u{fffd}"), "größer \u{fffd}");
    masker.add(&Secret::new("another", ""));
    assert_eq!(masker.mask_cut("größer"), "größer");
}
