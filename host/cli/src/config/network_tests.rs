//! What may be said of the network, and what is refused with its place.

use std::path::Path;

use pipefitter_egress::{NetworkGrant, NetworkGrants, parse_range};
use proptest::prelude::*;

use crate::config::model::Config;
use crate::config::problem::render;
use crate::config::read::parse;

fn read(text: &str) -> Result<Config, String> {
    parse(Path::new("pipefitter.toml"), text).map_err(|problems| render(&problems, false))
}

fn granted(items: &str) -> Result<NetworkGrants, String> {
    let config = read(&format!("[plugins.link.grant]\nnetwork = {items}\n"))?;
    Ok(config.plugins["link"].grant.network.clone())
}

/// As TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[test]
fn an_empty_list_grants_nothing() {
    assert!(granted("[]").unwrap().is_empty());
    let config = read("[plugins.link.grant]\nscratch = true\n").unwrap();
    assert!(config.plugins["link"].grant.network.is_empty());
    assert!(read("").unwrap().network.proxy.is_none());
}

#[test]
fn the_ways_out_are_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), "").unwrap();
    let text = "[network]\nca-file = \"ca.pem\"\nproxy = \"http://proxy.example.com:3128\"\n\
                proxy-resolves = true\nproxy-user = \"worker\"\nproxy-password = \"proxy\"\nrefuse = [\"64:ff9b:1::/48\"]\n";
    let file = folder.path().join("pipefitter.toml");
    let config = parse(&file, text).map_err(|problems| render(&problems, false));
    let network = config.unwrap().network;
    assert_eq!(network.ca_file, Some(folder.path().join("ca.pem")));
    assert_eq!(
        network.proxy.unwrap().to_string(),
        "http://proxy.example.com:3128"
    );
    let login = network.proxy_login.unwrap();
    assert_eq!(
        (login.user.as_str(), login.password.as_str()),
        ("worker", "proxy")
    );
    assert_eq!(network.refuse, [parse_range("64:ff9b:1::/48").unwrap()]);
}

#[test]
fn what_cannot_be_granted_is_shown_with_its_place() {
    let all = [
        granted("\"https://api.example.com\""),
        granted(
            "[7, \"*\", \"api.example.com\", \"ftp://example.com\", \"https://example.com/api\"]",
        ),
        granted("[\"https://me:secret@example.com\", \"https://a.*.example.com\", \"http://h:*\"]"),
        granted(
            "[{ ranges = [\"10.0.0.0/8\"] }, { to = \"http://h\", ranges = [\"10.0.0.0\", \"ten\"] }]",
        ),
        granted("[{ to = \"http://h\", range = [\"10.0.0.0/8\"] }]"),
    ];
    let shown: Vec<String> = all.into_iter().map(|found| found.unwrap_err()).collect();
    insta::assert_snapshot!("network_grants", shown.join("\n"));
}

#[test]
fn ways_out_that_cannot_be_used_are_shown_with_their_place() {
    let all = [
        "[network]\nca-file = \"nowhere.pem\"\nproxy = \"socks5://proxy:1080\"\n",
        "[network]\nproxy-resolves = true\nrefuse = [\"everything\"]\n",
        "[network]\nproxy = 3128\nca-path = \"x\"\n",
        "[network]\nproxy = \"http://proxy\"\nproxy-user = \"worker\"\n",
        "[network]\nproxy = \"http://proxy\"\nproxy-password = \"proxy\"\n",
        "[network]\nproxy-user = \"worker\"\nproxy-password = \"proxy\"\n",
    ];
    let shown: Vec<String> = all.map(|text| read(text).map(|_| ()).unwrap_err()).into();
    insta::assert_snapshot!("network_ways_out", shown.join("\n"));
}

#[test]
fn no_fault_repeats_a_password() {
    for (url, advice) in [
        (
            "https://me:hunter22@a.example",
            "carries a user or password",
        ),
        (
            "https://me:hunter22@a.example/v1",
            "carries a user or password",
        ),
        ("me:hunter22@a.example", "carries a user or password"),
        ("https://me:hunter22@[", "carries a user or password"),
    ] {
        for text in [
            format!("[plugins.link.grant]\nnetwork = [{url:?}]\n"),
            format!("[plugins.link.grant]\nnetwork = [{{ to = {url:?} }}]\n"),
            format!(
                "[plugins.link.grant]\nattach = [{{ secret = \"s\", header = \"h\", to = {url:?} }}]\n"
            ),
        ] {
            let told = read(&text).unwrap_err();
            assert!(told.contains(advice), "{told}");
            assert!(!told.contains("hunter22"), "{told}");
        }
    }
    for proxy in [
        "http://me:hunter22@proxy:3128",
        "me:hunter22@proxy:3128",
        "socks5://me:hunter22@proxy",
        "http://me:hunter22@",
    ] {
        // Also where it is not the line that is wrong, but the one beside it.
        for text in [
            format!("[network]\nproxy = {proxy:?}\n"),
            format!("[network]\nproxy = {proxy:?}\nca-path = \"x\"\n"),
            format!("[network]\nproxy = {proxy}\n"),
        ] {
            let told = read(&text).unwrap_err();
            assert!(!told.contains("hunter22"), "{told}");
        }
    }
}

proptest! {
    /// A text is a grant or a problem: none is left out in silence.
    #[test]
    fn every_text_is_a_grant_or_a_problem(
        text in prop_oneof![
            any::<String>(),
            "(https?|ftp)://[a-z*.@:/0-9-]{0,20}",
            "https?://([a-z]{1,8}\\.){1,3}[a-z]{2,4}(:[0-9]{1,6})?",
        ],
    ) {
        let read = granted(&format!("[{}]", quoted(&text)));
        match NetworkGrant::parse(&text) {
            Ok(grant) => prop_assert_eq!(read, Ok([grant].into_iter().collect())),
            Err(_) => prop_assert!(read.is_err(), "{text:?} is granted"),
        }
    }

    /// Short and long form mean the same, and what a list says is what is granted.
    #[test]
    fn a_list_grants_what_it_says(
        names in proptest::collection::vec(("[a-z]{1,8}\\.example", 1_u16.., any::<u8>(), 8_u8..=32), 0..6),
    ) {
        let mut items = Vec::new();
        let mut expected = Vec::new();
        for (name, port, octet, prefix) in names {
            let to = format!("http://{name}:{port}");
            let range = format!("10.{octet}.0.0/{prefix}");
            let grant = NetworkGrant::parse(&to).unwrap();
            match parse_range(&range) {
                Ok(net) => {
                    items.push(format!("{{ to = {}, ranges = [{}] }}", quoted(&to), quoted(&range)));
                    expected.push(grant.with_ranges([net]));
                }
                Err(_) => {
                    items.push(quoted(&to));
                    expected.push(grant);
                }
            }
        }
        let read = granted(&format!("[{}]", items.join(", ")));
        prop_assert_eq!(read, Ok(expected.into_iter().collect()));
    }
}
