//! What a name resolves to is judged, and what was judged is what is dialled.

use pipefitter_egress::{
    Egress, EgressConfig, EgressEvent, NetworkGrant, NetworkLimits, parse_range,
};

use crate::support::{
    Authority, Endpoint, Guest, Net, OTHER, PUBLIC, describe, http1_over, tcp_server,
};

/// At least one of each kind, in each spelling that a resolver may answer with.
const REFUSED: &[&str] = &[
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "224.0.0.1",
    "239.1.1.1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "192.88.99.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "4000::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "::127.0.0.1",
    "::10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",
    "64:ff9b:1::10.0.0.1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::1",
    "2001:0:7f00:1::1",
    "2001:0:808:808::5601:5601",
];

#[tokio::test]
async fn what_is_not_public_is_never_dialled() {
    for address in REFUSED {
        let mut setup = Net::new().name("a.example", &[address]).start();
        let mut guest = setup
            .guest(&["http://a.example", "https://a.example"])
            .await;
        for uri in ["http://a.example/", "https://a.example/"] {
            assert_eq!(
                guest.get(uri).await.failed(),
                "destination-ip-prohibited",
                "{address}"
            );
        }
        let told = guest.events();
        assert!(
            matches!(&told[0], EgressEvent::Denied { target, why }
                if target == "http://a.example" && why.contains("resolves to")),
            "{told:?}"
        );
        assert_eq!(guest.finish().await.denied, 2);
        assert_eq!(setup.dialled(), [""; 0], "{address}");
    }
}

#[tokio::test]
async fn of_a_mix_only_what_may_be_is_dialled() {
    let mut setup = Net::new()
        .name(
            "a.example",
            &[
                "10.0.0.1",
                "::1",
                PUBLIC,
                "169.254.169.254",
                "::ffff:127.0.0.1",
            ],
        )
        .at(&format!("{PUBLIC}:80"), http1_over(describe()))
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    assert!(
        guest
            .get("http://a.example/")
            .await
            .text()
            .starts_with("GET / HTTP/1.1")
    );
    assert_eq!(setup.dialled(), [format!("{PUBLIC}:80")]);
    assert_eq!(guest.finish().await.connections, 1);
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_judged_again_and_never_in_between() {
    let mut setup = Net::new()
        .rebinding("a.example", &[&[PUBLIC], &["127.0.0.1"]])
        .at(&format!("{PUBLIC}:80"), http1_over(describe()))
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    assert!(
        guest
            .get("http://a.example/")
            .await
            .text()
            .contains("host: a.example")
    );
    assert_eq!(
        setup.resolved(),
        ["a.example"],
        "once for the check and the dial together"
    );

    // The connection of the first request serves the second without a look at the name; another job's must look.
    assert!(
        guest
            .get("http://a.example/again")
            .await
            .text()
            .contains("/again")
    );
    assert_eq!(setup.resolved(), [""; 0]);
    let other = setup.guest(&["http://a.example"]).await;
    assert_eq!(
        other.get("http://a.example/").await.failed(),
        "destination-ip-prohibited"
    );
    assert_eq!(setup.dialled(), [format!("{PUBLIC}:80")]);
}

#[tokio::test]
async fn a_mapped_address_is_dialled_as_the_one_that_it_is() {
    let mut setup = Net::new()
        .name("a.example", &["::ffff:93.184.216.34", PUBLIC])
        .at(&format!("{PUBLIC}:80"), Endpoint::Refuses)
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    assert_eq!(
        guest.get("http://a.example/").await.failed(),
        "connection-refused"
    );
    assert_eq!(setup.dialled(), [format!("{PUBLIC}:80")], "and only once");
}

#[tokio::test]
async fn a_range_opens_what_it_names_for_its_own_grant() {
    let mut setup = Net::new()
        .name("in.example", &["10.1.2.3"])
        .name("out.example", &["10.1.2.3"])
        .name("far.example", &["10.2.0.1"])
        .at("10.1.2.3:80", http1_over(describe()))
        .start();
    let guest = setup
        .guest(&[
            "http://in.example 10.1.0.0/16",
            "http://far.example 10.1.0.0/16",
            "http://out.example",
        ])
        .await;
    assert!(
        guest
            .get("http://in.example/")
            .await
            .text()
            .contains("host: in.example")
    );
    for uri in ["http://out.example/", "http://far.example/"] {
        assert_eq!(
            guest.get(uri).await.failed(),
            "destination-ip-prohibited",
            "{uri}"
        );
    }
    assert_eq!(setup.dialled(), ["10.1.2.3:80"]);
}

#[tokio::test]
async fn an_address_that_a_grant_writes_out_is_named_by_it() {
    let mut setup = Net::new()
        .at("10.1.2.3:8080", http1_over(describe()))
        .at("[fd00::7]:80", http1_over(describe()))
        .start();
    let guest = setup
        .guest(&["http://10.1.2.3:8080", "http://[fd00::7]"])
        .await;
    assert!(
        guest
            .get("http://10.1.2.3:8080/")
            .await
            .text()
            .contains("host: 10.1.2.3:8080")
    );
    assert!(
        guest
            .get("http://[fd00:0::7]/")
            .await
            .text()
            .contains("host: [fd00::7]")
    );
    for uri in [
        "http://10.1.2.4:8080/",
        "http://10.1.2.3/",
        "http://[::ffff:10.1.2.3]:8080/",
    ] {
        let failed = guest.get(uri).await.failed();
        assert!(
            ["http-request-denied", "http-request-uri-invalid"].contains(&failed),
            "{uri}: {failed}"
        );
    }
    assert_eq!(setup.dialled(), ["10.1.2.3:8080", "[fd00::7]:80"]);
    assert_eq!(setup.resolved(), [""; 0], "an address needs no resolver");
}

#[tokio::test]
async fn metadata_stays_shut_behind_the_widest_range() {
    let mut setup = Net::new()
        .name("a.example", &["169.254.169.254", "fd00:ec2::254"])
        .start();
    let guest = setup
        .guest(&["http://a.example 0.0.0.0/0 ::/0 169.254.0.0/16"])
        .await;
    assert_eq!(
        guest
            .get("http://a.example/latest/meta-data/")
            .await
            .failed(),
        "destination-ip-prohibited"
    );
    assert_eq!(setup.dialled(), [""; 0]);
}

#[tokio::test]
async fn an_operator_refuses_more() {
    let mut net = Net::new().name("a.example", &[PUBLIC]);
    net.refused = vec!["93.184.216.0/24".parse().unwrap()];
    let mut setup = net.start();
    let guest = setup.guest(&["http://a.example"]).await;
    assert_eq!(
        guest.get("http://a.example/").await.failed(),
        "destination-ip-prohibited"
    );
    assert_eq!(setup.dialled(), [""; 0]);
}

#[tokio::test]
async fn a_name_without_end_of_addresses_is_tried_a_few_times() {
    let addresses: Vec<String> = (0..1000)
        .map(|n| format!("93.{}.{}.1", n / 250, n % 250))
        .collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut setup = Net::new()
        .name("a.example", &addresses)
        .everywhere(Endpoint::Refuses)
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    assert_eq!(
        guest.get("http://a.example/").await.failed(),
        "connection-refused"
    );
    assert_eq!(setup.dialled().len(), 8);
}

#[tokio::test]
async fn a_name_without_addresses_fails_and_so_does_one_that_is_unknown() {
    let mut setup = Net::new().name("none.example", &[]).start();
    let guest = setup.guest(&["http://*.example"]).await;
    for uri in ["http://none.example/", "http://unknown.example/"] {
        assert_eq!(guest.get(uri).await.failed(), "dns-error", "{uri}");
    }
    assert_eq!(setup.dialled(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_does_not_answer_is_not_waited_for() {
    let mut setup = Net::new()
        .name("a.example", &["2606:4700::1", PUBLIC, OTHER])
        .at("[2606:4700::1]:80", Endpoint::Hangs)
        .at(&format!("{PUBLIC}:80"), Endpoint::Refuses)
        .at(&format!("{OTHER}:80"), http1_over(describe()))
        .start();
    let guest = setup.guest(&["http://a.example"]).await;
    let started = tokio::time::Instant::now();
    assert!(
        guest
            .get("http://a.example/")
            .await
            .text()
            .starts_with("GET /")
    );
    let passed = started.elapsed().as_millis();
    assert!((250..300).contains(&passed), "{passed} ms");
    assert_eq!(
        setup.dialled(),
        [
            "[2606:4700::1]:80".to_owned(),
            format!("{PUBLIC}:80"),
            format!("{OTHER}:80")
        ]
    );
}

#[tokio::test]
async fn the_systems_own_resolver_and_tcp_are_judged_alike() {
    let server = tcp_server(describe()).await;
    let authority = Authority::new();
    let config = EgressConfig {
        authorities: Some(authority.file.clone()),
        ..EgressConfig::default()
    };
    let egress = Egress::new(config).unwrap();
    let target = format!("http://localhost:{}", server.port());
    let grant = NetworkGrant::parse(&target).unwrap();
    let ranges = ["127.0.0.0/8", "::1"].map(|range| parse_range(range).unwrap());
    for (grant, reached) in [(grant.clone(), false), (grant.with_ranges(ranges), true)] {
        let grants = [grant].into_iter().collect();
        let limits = NetworkLimits::default();
        let guest = Guest::of(egress.broker("fetcher", grants, limits, Vec::new())).await;
        let reply = guest.get(&format!("{target}/path")).await;
        if reached {
            assert!(
                reply.text().starts_with("GET /path HTTP/1.1"),
                "{}",
                reply.text()
            );
        } else {
            assert_eq!(reply.failed(), "destination-ip-prohibited");
        }
    }
}
