//! A plugins directory under policies: who can change it, what is pinned, who signed it.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use crate::bench::{Bench, component, key, manifest};
use crate::supply::{Custody, FileDigest, PluginPolicy, SigningKey, SupplyPolicy, TrustedKey};
use crate::wasm::embed_manifest;

struct Signer {
    key: SigningKey,
    _temp: tempfile::TempDir,
}

impl Signer {
    fn new() -> Signer {
        let temp = tempfile::tempdir().unwrap();
        let secret = temp.path().join("a.key");
        SigningKey::generate(&secret, &temp.path().join("a.pub"), None).unwrap();
        Signer {
            key: SigningKey::read(&secret, None).unwrap(),
            _temp: temp,
        }
    }

    fn trusted(&self) -> TrustedKey {
        self.key.trusted()
    }

    /// Sign what is there, as `plugin sign` does.
    fn sign(&self, bench: &Bench, name: &str) {
        let wasm = fs::read(bench.path(name)).unwrap();
        let beside = bench.path(name).with_extension("action.toml");
        let text = fs::read(beside).unwrap_or_else(|_| manifest("Site").into_bytes());
        let signature = self.key.sign(name, &wasm, &FileDigest::of(&text)).unwrap();
        bench.write(&format!("{name}.minisig"), signature);
    }
}

fn requiring(keys: Vec<TrustedKey>) -> SupplyPolicy {
    SupplyPolicy {
        require_signature: true,
        trusted_keys: keys,
        ..SupplyPolicy::default()
    }
}

fn for_site(policy: PluginPolicy) -> SupplyPolicy {
    SupplyPolicy {
        plugins: [("site".to_owned(), policy)].into(),
        ..SupplyPolicy::default()
    }
}

fn bytes(content: &str) -> Vec<u8> {
    embed_manifest(&component(content), &manifest("Site")).unwrap()
}

const SERVED: [&str; 1] = ["Build/Site/1 by site"];

#[test]
fn a_link_is_refused_whatever_it_leads_to() {
    let mut bench = Bench::new();
    let elsewhere = Bench::new();
    elsewhere.plugin("v1.wasm", "Site", "1");
    elsewhere.write("x.toml", manifest("Beside"));
    symlink(elsewhere.path("v1.wasm"), bench.path("site.wasm")).unwrap();
    symlink(elsewhere.path("nowhere"), bench.path("gone.wasm")).unwrap();
    symlink(elsewhere.temp.path(), bench.path("folder")).unwrap();
    symlink("nowhere", bench.path("README")).unwrap();
    bench.plugin("good.wasm", "Good", "1");
    symlink(elsewhere.path("x.toml"), bench.path("good.action.toml")).unwrap();
    let catalogue = bench.rest();
    assert!(bench.served().is_empty());
    let told: Vec<String> = catalogue
        .problems()
        .iter()
        .map(|problem| problem.message.clone())
        .collect();
    for name in ["site.wasm", "gone.wasm", "folder", "good.action.toml"] {
        let wanted = format!("{name}: it is a symbolic link (to ");
        assert!(told.iter().any(|one| one.contains(&wanted)), "{told:?}");
    }
    assert_eq!(told.len(), 4, "{told:?}");
}

#[test]
fn what_others_can_write_is_served_once_they_cannot() {
    for (name, mode) in [
        ("site.wasm", 0o664),
        ("site.action.toml", 0o646),
        ("", 0o775),
    ] {
        let mut bench = Bench::new();
        bench.plugin("site.wasm", "Site", "1");
        bench.write("site.action.toml", manifest("Site"));
        bench.mode(name, mode);
        bench.rest();
        assert!(bench.served().is_empty());
        let problem = bench.only_problem();
        assert!(
            problem.message.contains(&format!("(mode {mode:04o})")),
            "{problem:?}"
        );
        assert!(problem.remedy.contains("chmod go-w"), "{problem:?}");
        assert_eq!(bench.compiled(), 0);
        bench.mode(name, mode & !0o022);
        bench.rest();
        assert_eq!(bench.served(), SERVED);
        assert!(bench.dir.catalogue().problems().is_empty());
    }
}

#[test]
fn a_folder_that_others_can_write_gives_nothing_new_and_what_it_gave_stays_until_it_is_gone() {
    let mut bench = Bench::new();
    bench.plugin("x/site.wasm", "Site", "1");
    let first = bench.rest().by_name("site").unwrap().digest.clone();
    bench.plugin("x/site.wasm", "Site", "2");
    bench.plugin("x/more.wasm", "More", "1");
    bench.mode("x", 0o777);
    let catalogue = bench.rest();
    assert_eq!(bench.served(), SERVED);
    assert_eq!(catalogue.by_name("site").unwrap().digest, first);
    assert!(bench.only_problem().message.contains("everybody can"));
    bench.mode("x", 0o755);
    let catalogue = bench.rest();
    assert_eq!(catalogue.plugins().count(), 2);
    assert_ne!(catalogue.by_name("site").unwrap().digest, first);
    bench.mode("x", 0o777);
    bench.remove("x/site.wasm");
    bench.rest();
    assert_eq!(bench.served(), ["Build/More/1 by more"]);
}

#[test]
fn a_developer_is_only_advised() {
    let mut bench = Bench::under(SupplyPolicy {
        custody: Custody::Advised,
        ..SupplyPolicy::default()
    });
    bench.plugin("x/site.wasm", "Site", "1");
    bench.mode("", 0o775);
    bench.mode("x", 0o775);
    bench.mode("x/site.wasm", 0o664);
    bench.rest();
    assert_eq!(bench.served(), SERVED);
    symlink(bench.path("x/site.wasm"), bench.path("link.wasm")).unwrap();
    bench.rest();
    assert!(bench.only_problem().message.contains("symbolic link"));
}

#[test]
fn a_file_above_the_bound_is_not_read() {
    let mut bench = Bench::new();
    bench.write("huge.wasm", "");
    let file = fs::File::options()
        .write(true)
        .open(bench.path("huge.wasm"));
    file.unwrap().set_len((64 << 20) + 1).unwrap();
    bench.rest();
    let problem = bench.only_problem();
    assert!(
        problem.message.contains("67108865 bytes, and 64MiB"),
        "{problem:?}"
    );
    assert!(problem.remedy.contains("plugin-size"), "{problem:?}");
    let mut bench = Bench::under(SupplyPolicy {
        max_plugin_bytes: bytes("1").len() as u64,
        ..SupplyPolicy::default()
    });
    bench.write("site.wasm", bytes("1"));
    bench.rest();
    assert_eq!(bench.served(), SERVED);
    bench.write("site.wasm", bytes("11"));
    bench.rest();
    assert!(bench.only_problem().older_served);
    // What is said of it alone counts above what is said of all, both ways.
    let mut bench = Bench::under(SupplyPolicy {
        max_plugin_bytes: 1,
        ..for_site(PluginPolicy {
            max_bytes: Some(bytes("1").len() as u64),
            ..PluginPolicy::default()
        })
    });
    bench.write("site.wasm", bytes("1"));
    bench.rest();
    assert_eq!(bench.served(), SERVED);
    bench.write("other.wasm", bytes("1"));
    bench.write("site.wasm", bytes("11"));
    bench.rest();
    assert_eq!(bench.dir.catalogue().problems().len(), 2);
}

#[test]
fn a_pinned_plugin_is_these_bytes_and_no_others() {
    let (one, two) = (FileDigest::of(&bytes("1")), FileDigest::of(&bytes("2")));
    let mut bench = Bench::under(for_site(PluginPolicy {
        digests: vec![one, two],
        ..PluginPolicy::default()
    }));
    for content in ["1", "2"] {
        bench.write("site.wasm", bytes(content));
        bench.rest();
        assert_eq!(bench.served(), SERVED, "{content}");
        assert!(bench.dir.catalogue().problems().is_empty());
    }
    bench.write("site.wasm", bytes("3"));
    let second = bench.rest().by_name("site").unwrap().digest.clone();
    let problem = bench.only_problem();
    assert!(problem.older_served);
    assert_eq!(
        bench.dir.catalogue().by_name("site").unwrap().digest,
        second
    );
    let three = FileDigest::of(&bytes("3"));
    for digest in [one, two, three] {
        assert!(problem.message.contains(&digest.to_string()), "{problem:?}");
    }
    assert!(
        problem
            .remedy
            .contains(&format!("set `digest = \"{three}\"` in [plugins.site]")),
        "{problem:?}"
    );
    assert_eq!(bench.compiled(), 2, "what is not pinned is not compiled");
}

#[test]
fn a_manifest_beside_a_pinned_plugin_is_pinned_too_or_the_embedded_one() {
    let pins = |manifests: Vec<FileDigest>| {
        for_site(PluginPolicy {
            digests: vec![FileDigest::of(&bytes("1"))],
            manifest_digests: manifests,
            ..PluginPolicy::default()
        })
    };
    let other = manifest("Other");
    let mut bench = Bench::under(pins(Vec::new()));
    bench.write("site.wasm", bytes("1"));
    bench.write("site.action.toml", manifest("Site"));
    bench.rest();
    assert_eq!(bench.served(), SERVED, "the same text");
    bench.write("site.action.toml", &other);
    bench.rest();
    let problem = bench.only_problem();
    assert!(problem.older_served);
    assert_eq!(problem.files, [bench.path("site.action.toml")]);
    let line = format!("manifest-digest = \"{}\"", FileDigest::of(other.as_bytes()));
    assert!(problem.remedy.contains(&line), "{problem:?}");

    bench.restart(pins(vec![FileDigest::of(other.as_bytes())]));
    bench.rest();
    assert_eq!(bench.served(), ["Build/Other/1 by site"]);
    bench.remove("site.action.toml");
    bench.rest();
    let problem = bench.only_problem();
    assert!(
        problem.message.contains("[plugins.site] pins"),
        "the embedded one is another: {problem:?}"
    );
}

#[test]
fn only_what_a_trusted_key_signed_is_served() {
    let (ours, theirs) = (Signer::new(), Signer::new());
    let mut bench = Bench::under(requiring(vec![ours.trusted()]));
    bench.write("site.wasm", bytes("1"));
    bench.rest();
    let problem = bench.only_problem();
    assert!(problem.message.contains("it is not signed"), "{problem:?}");
    assert!(
        problem.remedy.contains("site.wasm.minisig") && problem.remedy.contains("plugin sign"),
        "{problem:?}"
    );
    theirs.sign(&bench, "site.wasm");
    bench.rest();
    let problem = bench.only_problem();
    for id in [ours.trusted().id(), theirs.trusted().id()] {
        assert!(problem.message.contains(&id), "{problem:?}");
    }
    assert_eq!(bench.compiled(), 0, "what is not signed is not compiled");
    ours.sign(&bench, "site.wasm");
    let first = bench.rest().by_name("site").unwrap().digest.clone();
    assert!(bench.dir.catalogue().problems().is_empty());
    // Changed, the old signature is not of it, and what is served stays.
    bench.write("site.wasm", bytes("2"));
    let catalogue = bench.rest();
    assert_eq!(catalogue.by_name("site").unwrap().digest, first);
    let problem = bench.only_problem();
    assert!(
        problem.older_served && problem.message.contains("one of the two was changed"),
        "{problem:?}"
    );
    ours.sign(&bench, "site.wasm");
    let catalogue = bench.rest();
    assert_ne!(catalogue.by_name("site").unwrap().digest, first);
    bench.write("site.wasm.minisig", "untrusted comment: x\nRUQ\n");
    bench.rest();
    assert!(bench.only_problem().message.contains("no signature"));
}

#[test]
fn a_signature_that_comes_a_moment_later_is_waited_for() {
    let ours = Signer::new();
    let mut bench = Bench::under(requiring(vec![ours.trusted()]));
    bench.write("site.wasm", bytes("1"));
    bench.dir.look();
    bench.dir.pass(crate::directory::SETTLE);
    assert!(bench.dir.look(), "it is looked for again");
    assert!(bench.dir.catalogue().problems().is_empty());
    ours.sign(&bench, "site.wasm");
    bench.rest();
    assert_eq!(bench.served(), SERVED);
}

#[test]
fn a_manifest_beside_a_signed_plugin_is_the_one_it_was_signed_with() {
    let ours = Signer::new();
    let mut bench = Bench::under(requiring(vec![ours.trusted()]));
    bench.write("site.wasm", component("1"));
    bench.write("site.action.toml", manifest("Site"));
    ours.sign(&bench, "site.wasm");
    bench.rest();
    assert_eq!(bench.served(), SERVED);
    bench.write("site.action.toml", manifest("Other"));
    bench.rest();
    let problem = bench.only_problem();
    assert!(problem.older_served);
    assert_eq!(problem.files, [bench.path("site.action.toml")]);
    assert!(
        problem.message.contains("the signature is for"),
        "{problem:?}"
    );
    ours.sign(&bench, "site.wasm");
    bench.rest();
    assert_eq!(bench.served(), ["Build/Other/1 by site"]);
}

#[test]
fn a_signature_of_minisigns_own_serves_an_embedded_manifest_and_a_bound_one() {
    let public = include_str!("../tests/signed/minisign.pub");
    let key = TrustedKey::parse(public.lines().nth(1).unwrap()).unwrap();
    let mut bench = Bench::under(requiring(vec![key]));
    let write = |bench: &Bench, name: &str, bytes: &[u8]| bench.write(name, bytes);
    write(
        &bench,
        "a.wasm",
        include_bytes!("../tests/signed/embedded.wasm"),
    );
    write(
        &bench,
        "a.wasm.minisig",
        include_bytes!("../tests/signed/embedded.wasm.minisig"),
    );
    bench.rest();
    assert_eq!(bench.served(), ["Test/Signed/1 by a"]);
    // Not bound by it.
    bench.write("a.action.toml", manifest("Other"));
    bench.rest();
    assert!(bench.only_problem().message.contains("of the .wasm alone"));
    for name in ["a.wasm", "a.wasm.minisig", "a.action.toml"] {
        bench.remove(name);
    }
    write(
        &bench,
        "b.wasm",
        include_bytes!("../tests/signed/bare.wasm"),
    );
    write(
        &bench,
        "b.action.toml",
        include_bytes!("../tests/signed/bare.action.toml"),
    );
    write(
        &bench,
        "b.wasm.minisig",
        include_bytes!("../tests/signed/bare.wasm.minisig"),
    );
    bench.rest();
    assert_eq!(bench.served(), ["Test/Signed/1 by b"]);
}

#[test]
fn a_plugin_may_have_keys_of_its_own_and_be_exempt_or_the_only_one() {
    let (ours, theirs) = (Signer::new(), Signer::new());
    let own = |require: Option<bool>, keys: Option<Vec<TrustedKey>>| {
        let own = PluginPolicy {
            require_signature: require,
            trusted_keys: keys,
            ..PluginPolicy::default()
        };
        [("site".to_owned(), own)].into()
    };
    let policy = |require, keys| SupplyPolicy {
        plugins: own(require, keys),
        ..requiring(vec![ours.trusted()])
    };
    let mut bench = Bench::under(policy(Some(false), None));
    bench.write("site.wasm", bytes("1"));
    bench.rest();
    assert_eq!(bench.served(), SERVED);
    bench.restart(policy(None, Some(vec![theirs.trusted()])));
    ours.sign(&bench, "site.wasm");
    bench.rest();
    assert!(
        bench.served().is_empty(),
        "its own keys count, and no others"
    );
    theirs.sign(&bench, "site.wasm");
    bench.rest();
    assert_eq!(bench.served(), SERVED);

    bench.restart(SupplyPolicy {
        require_signature: false,
        ..policy(Some(true), None)
    });
    bench.plugin("other.wasm", "Other", "1");
    bench.rest();
    assert_eq!(bench.served(), ["Build/Other/1 by other"]);
    // A signature that nobody asks for is in nobody's way.
    bench.write("other.wasm.minisig", "x");
    bench.mode("other.wasm.minisig", 0o666);
    bench.rest();
    assert_eq!(bench.dir.catalogue().problems().len(), 1);
}

#[test]
fn code_of_a_running_job_is_in_use_though_a_newer_version_is_served() {
    let mut bench = Bench::new();
    bench.plugin("site.wasm", "Site", "1");
    let job = Arc::clone(bench.rest().get(&key("Site")).unwrap());
    assert_eq!(bench.in_use(), 1);
    bench.plugin("site.wasm", "Site", "2");
    bench.rest();
    assert_eq!(bench.in_use(), 2);
    drop(job);
    bench.plugin("site.wasm", "Site", "3");
    bench.rest();
    assert_eq!(bench.in_use(), 1);
}
