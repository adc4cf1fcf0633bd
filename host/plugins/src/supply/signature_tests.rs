//! Signatures and keys: minisign's own (tests/signed), and ours.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::super::signing::SigningKey;
use super::*;
use crate::bench::closed_folder;

const PUBLIC: &str = include_str!("../../tests/signed/minisign.pub");
const EMBEDDED: &[u8] = include_bytes!("../../tests/signed/embedded.wasm");
const SIGNATURE: &str = include_str!("../../tests/signed/embedded.wasm.minisig");

fn trusted(file: &str) -> TrustedKey {
    TrustedKey::parse(file.lines().nth(1).unwrap()).unwrap()
}

fn signature(text: &str) -> Signature {
    Signature::read(text.as_bytes()).unwrap()
}

#[test]
fn what_minisign_signed_is_verified() {
    let key = trusted(PUBLIC);
    assert_eq!(key.id(), "2A42E1C7F8677E06", "as minisign prints it");
    for text in [SIGNATURE, include_str!("../../tests/signed/legacy.minisig")] {
        let signature = signature(text);
        assert_eq!(signature.key_id(), key.id());
        assert!(signature.is_of(EMBEDDED, &key));
        assert_eq!(signature.manifest(), Ok(None));
        assert!(!signature.is_of(&EMBEDDED[1..], &key));
        let other = trusted(include_str!("../../tests/signed/plain.pub"));
        assert!(!signature.is_of(EMBEDDED, &other));
    }
    let bare = signature(include_str!("../../tests/signed/bare.wasm.minisig"));
    assert!(bare.is_of(include_bytes!("../../tests/signed/bare.wasm"), &key));
    let manifest = FileDigest::of(include_bytes!("../../tests/signed/bare.action.toml"));
    assert_eq!(bare.manifest(), Ok(Some(manifest)));
}

#[test]
fn a_trusted_comment_that_was_changed_is_refused() {
    let changed = SIGNATURE.replace("file:embedded", "file:Embedded");
    assert!(!signature(&changed).is_of(EMBEDDED, &trusted(PUBLIC)));
}

#[test]
fn a_signature_cut_short_is_none_and_never_a_panic() {
    let key = trusted(PUBLIC);
    for length in 0..SIGNATURE.trim_end().len() {
        if let Some(read) = Signature::read(&SIGNATURE.as_bytes()[..length]) {
            assert!(!read.is_of(EMBEDDED, &key), "{length}");
        }
    }
    let lines: Vec<&str> = SIGNATURE.lines().collect();
    // The library would index beyond the end of this one.
    let short = format!("{}\n{}\n{}\nAAAA\n", lines[0], lines[1], lines[2]);
    assert!(Signature::read(short.as_bytes()).is_none());
}

#[test]
fn a_comment_binds_one_manifest_or_says_so_badly() {
    let digest = FileDigest::of(b"x");
    let key = SigningKeys::new();
    let bound = |comment: &str| {
        let signed = minisign::sign(None, &key.pair.sk, &b"x"[..], Some(comment), None).unwrap();
        signature(&signed.to_string()).manifest()
    };
    let word = format!("{MANIFEST_WORD}{}", digest.hex());
    assert_eq!(bound("timestamp:1"), Ok(None));
    assert_eq!(bound(&word), Ok(Some(digest)));
    assert_eq!(bound(&format!("a {word}\tb")), Ok(Some(digest)));
    assert_eq!(bound(&format!("{word} {word}")), Err(()));
    assert_eq!(bound(&word[..word.len() - 2]), Err(()));
    let seen = signature(
        &minisign::sign(None, &key.pair.sk, &b"x"[..], Some("a\u{1b}[2Jb"), None)
            .unwrap()
            .to_string(),
    )
    .seen(false);
    assert_eq!(seen.comment, "a [2Jb");
}

struct SigningKeys {
    pair: minisign::KeyPair,
}

impl SigningKeys {
    fn new() -> SigningKeys {
        SigningKeys {
            pair: minisign::KeyPair::generate_unencrypted_keypair().unwrap(),
        }
    }
}

#[test]
fn keys_are_made_private_kept_and_read_back() {
    let dir = closed_folder();
    let (secret, public) = (dir.path().join("a.key"), dir.path().join("a.pub"));
    for password in [None, Some("pass word")] {
        let made = SigningKey::generate(&secret, &public, password).unwrap();
        let mode = fs::metadata(&secret).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            SigningKey::is_encrypted(&secret).unwrap(),
            password.is_some()
        );
        let key = SigningKey::read(&secret, password.map(str::to_owned)).unwrap();
        assert_eq!(key.trusted(), made);
        assert_eq!(TrustedKey::read(&public, Custody::Advised).unwrap(), made);
        assert!(!format!("{key:?}").contains("secret"));
        let manifest = FileDigest::of(b"manifest");
        let signed = signature(&key.sign("x.wasm", EMBEDDED, &manifest).unwrap());
        assert!(signed.is_of(EMBEDDED, &made));
        assert_eq!(signed.manifest(), Ok(Some(manifest)));
        assert!(signed.comment().contains("\tfile:x.wasm\t"));
        let again = SigningKey::generate(&secret, &public, None).unwrap_err();
        assert!(matches!(again, PluginsError::KeyWrite { .. }), "{again}");
        if password.is_some() {
            for wrong in [None, Some("other".to_owned())] {
                let error = SigningKey::read(&secret, wrong).unwrap_err();
                assert!(matches!(error, PluginsError::KeyPassword { .. }), "{error}");
            }
        }
        for file in [&secret, &public] {
            fs::remove_file(file).unwrap();
        }
    }
}

#[test]
fn a_key_of_minisign_without_password_signs_and_one_that_others_can_read_does_not() {
    let dir = closed_folder();
    let secret = dir.path().join("plain.key");
    fs::write(&secret, include_str!("../../tests/signed/plain.key")).unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o640)).unwrap();
    let error = SigningKey::read(&secret, None).unwrap_err().to_string();
    assert!(
        error.contains("mode 0640") && error.contains("chmod 600"),
        "{error}"
    );
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let key = SigningKey::read(&secret, None).unwrap();
    let public = trusted(include_str!("../../tests/signed/plain.pub"));
    assert_eq!(key.trusted(), public);
    let manifest = FileDigest::of(b"manifest");
    let signed = signature(&key.sign("x.wasm", EMBEDDED, &manifest).unwrap());
    assert!(signed.is_of(EMBEDDED, &public));

    fs::write(&secret, PUBLIC).unwrap();
    let error = SigningKey::read(&secret, None).unwrap_err().to_string();
    assert!(error.contains("no secret key"), "{error}");
    let error = SigningKey::read(&dir.path().join("gone"), None).unwrap_err();
    assert!(error.to_string().contains("keygen"), "{error}");
}

#[test]
fn what_is_no_public_key_is_refused() {
    let key = PUBLIC.lines().nth(1).unwrap();
    for text in [
        "",
        "RW",
        &key[1..],
        &key.replace("RW", "AA"),
        &"!".repeat(56),
    ] {
        assert!(TrustedKey::parse(text).is_err(), "{text}");
    }
    let dir = closed_folder();
    let file = dir.path().join("a.pub");
    let told = || {
        TrustedKey::read(&file, Custody::Enforced)
            .unwrap_err()
            .to_string()
    };
    assert!(told().contains("not there"), "{}", told());
    fs::write(&file, "no key").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert!(told().contains("no public key"), "{}", told());
    fs::write(&file, PUBLIC).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    assert!(told().contains("chmod go-w"), "{}", told());
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        TrustedKey::read(&file, Custody::Enforced).unwrap(),
        trusted(PUBLIC)
    );
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), text in ".{0,80}") {
        if let Some(signature) = Signature::read(&bytes) {
            let _ = (signature.is_of(b"x", &trusted(PUBLIC)), signature.manifest());
        }
        let _ = TrustedKey::parse(&text);
    }

    #[test]
    fn a_changed_signature_never_verifies(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = SIGNATURE.as_bytes().to_vec();
        let untrusted = SIGNATURE.find('\n').unwrap();
        let at = untrusted + 1 + at.index(SIGNATURE.trim_end().len() - untrusted - 1);
        prop_assume!(!value.is_ascii_whitespace() && !bytes[at].is_ascii_whitespace() && bytes[at] != value);
        bytes[at] = value;
        if let Some(read) = Signature::read(&bytes) {
            prop_assert!(!read.is_of(EMBEDDED, &trusted(PUBLIC)));
        }
    }
}
