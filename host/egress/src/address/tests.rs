//! Every class by example, and every embedding by property.

use proptest::prelude::*;

use super::*;

fn class(address: &str) -> Option<AddressClass> {
    judge(address.parse().unwrap(), &[], &[]).err()
}

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn every_class_is_told() {
    use AddressClass::*;
    for (address, expected) in [
        ("169.254.169.254", CloudMetadata),
        ("169.254.170.2", CloudMetadata),
        ("169.254.170.23", CloudMetadata),
        ("100.100.100.200", CloudMetadata),
        ("192.0.0.192", CloudMetadata),
        ("168.63.129.16", CloudMetadata),
        ("fd00:ec2::254", CloudMetadata),
        ("fd00:ec2::23", CloudMetadata),
        ("fd20:ce::254", CloudMetadata),
        ("fe80::a9fe:a9fe", CloudMetadata),
        ("::ffff:169.254.169.254", CloudMetadata),
        ("64:ff9b::169.254.169.254", CloudMetadata),
        ("64:ff9b:1::169.254.169.254", CloudMetadata),
        ("64:ff9b:1:a9fe:a9:fe00::", CloudMetadata),
        ("64:ff9b:1:a9:fe:a9fe::", CloudMetadata),
        ("64:ff9b:1:0:a9:fea9:fe00:0", CloudMetadata),
        ("::169.254.169.254", CloudMetadata),
        ("::ffff:0:169.254.169.254", CloudMetadata),
        ("2002:a9fe:a9fe::1", CloudMetadata),
        ("2001:0:a9fe:a9fe::1", CloudMetadata),
        ("2001:0:808:808::5601:5601", CloudMetadata),
        ("127.0.0.1", Loopback),
        ("127.255.255.255", Loopback),
        ("::1", Loopback),
        ("::ffff:127.0.0.1", Loopback),
        ("64:ff9b::127.0.0.1", Loopback),
        ("0.0.0.0", Unspecified),
        ("0.1.2.3", Unspecified),
        ("::", Unspecified),
        ("::ffff:0.0.0.0", Unspecified),
        ("169.254.0.1", LinkLocal),
        ("fe80::1", LinkLocal),
        ("febf:ffff::1", LinkLocal),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("192.168.0.0", Private),
        ("192.168.255.255", Private),
        ("::ffff:10.0.0.1", Private),
        ("64:ff9b::10.0.0.1", Private),
        ("100.64.0.0", Shared),
        ("100.127.255.255", Shared),
        ("fc00::1", UniqueLocal),
        ("fdff:ffff::1", UniqueLocal),
        ("fec0::1", UniqueLocal),
        ("224.0.0.1", Multicast),
        ("239.255.255.255", Multicast),
        ("ff02::1", Multicast),
        ("255.255.255.255", Broadcast),
        ("192.0.2.1", Documentation),
        ("198.51.100.1", Documentation),
        ("203.0.113.255", Documentation),
        ("198.18.0.1", Documentation),
        ("198.19.255.255", Documentation),
        ("2001:db8::1", Documentation),
        ("2001:2::1", Documentation),
        ("3fff::1", Documentation),
        ("::10.0.0.1", Translated),
        ("::8.8.8.8", Translated),
        ("::ffff:0:10.0.0.1", Translated),
        ("64:ff9b:1::10.0.0.1", Translated),
        ("64:ff9b:1:ffff::", Translated),
        ("2002:7f00:1::", Translated),
        ("2002:808:808::1", Translated),
        ("2001:0:7f00:1::", Translated),
        ("2001::1", Translated),
        ("192.0.0.1", Reserved),
        ("192.88.99.1", Reserved),
        ("240.0.0.1", Reserved),
        ("255.255.255.254", Reserved),
        ("100::1", Reserved),
        ("2001:10::1", Reserved),
        ("2001:20::1", Reserved),
        ("64:ff9b:2::1", Reserved),
        ("4000::1", Reserved),
        ("5f00::1", Reserved),
        ("f000::1", Reserved),
    ] {
        assert_eq!(class(address), Some(expected), "{address}");
    }
}

#[test]
fn what_borders_on_a_refused_network_is_public() {
    for address in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "168.63.129.15",
        "168.63.129.17",
        "2000::1",
        "2001:200::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2606:4700::1111",
        "3ffe:ffff::1",
        "3fff:1000::1",
        "64:ff9b::8.8.8.8",
    ] {
        assert_eq!(class(address), None, "{address}");
    }
}

#[test]
fn a_mapped_address_is_dialled_as_what_it_is() {
    let dialled = judge("::ffff:8.8.8.8".parse().unwrap(), &[], &[]);
    assert_eq!(dialled, Ok("8.8.8.8".parse().unwrap()));
    let translated: IpAddr = "64:ff9b::8.8.8.8".parse().unwrap();
    assert_eq!(
        judge(translated, &[], &[]),
        Ok(translated),
        "only the network translates it"
    );
}

#[test]
fn a_range_opens_what_it_names_and_nothing_else() {
    for (range, address, opens) in [
        ("10.1.0.0/16", "10.1.2.3", true),
        ("10.1.0.0/16", "::ffff:10.1.2.3", true),
        ("10.1.0.0/16", "64:ff9b::10.1.2.3", true),
        ("10.1.0.0/16", "10.2.0.1", false),
        ("10.1.0.0/16", "::10.1.2.3", false),
        ("10.1.0.0/16", "2002:a01:203::1", false),
        ("64:ff9b::/96", "64:ff9b::10.1.2.3", false),
        ("2002::/16", "2002:a01:203::1", true),
        ("127.0.0.0/8", "127.0.0.1", true),
        ("127.0.0.0/8", "::1", false),
        ("::1/128", "::1", true),
        ("fd00::/8", "fd12::1", true),
        ("ff00::/8", "ff02::1", true),
    ] {
        let judged = judge(address.parse().unwrap(), &nets(&[range]), &[]);
        assert_eq!(judged.is_ok(), opens, "{range} {address}");
    }
}

#[test]
fn no_wide_range_opens_an_address_that_hands_out_credentials() {
    let wide = nets(&[
        "0.0.0.0/0",
        "::/0",
        "169.254.0.0/16",
        "169.254.169.254/31",
        "fd00::/8",
    ]);
    let exact = nets(&["169.254.169.254/32", "fd00:ec2::254/128"]);
    for address in [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "fd00:ec2::254",
    ] {
        let address = address.parse().unwrap();
        assert_eq!(
            judge(address, &wide, &[]),
            Err(AddressClass::CloudMetadata),
            "{address}"
        );
        assert!(judge(address, &exact, &[]).is_ok(), "{address}");
    }
    for address in [
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "::169.254.169.254",
        "168.63.129.16",
    ] {
        let address = address.parse().unwrap();
        assert_eq!(
            judge(address, &wide, &[]),
            Err(AddressClass::CloudMetadata),
            "{address}"
        );
    }
}

#[test]
fn an_operator_refuses_more_and_a_grant_may_name_it_again() {
    let refused = nets(&["8.8.0.0/16", "2606:4700::/32"]);
    for address in [
        "8.8.8.8",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2606:4700::1",
    ] {
        let address = address.parse().unwrap();
        assert_eq!(
            judge(address, &[], &refused),
            Err(AddressClass::RefusedByOperator)
        );
        assert!(judge(address, &nets(&["8.8.8.0/24", "2606:4700::/48"]), &refused).is_ok());
    }
    assert!(judge("9.9.9.9".parse().unwrap(), &[], &refused).is_ok());
}

/// Every IPv6 address that some scheme takes for this IPv4 one.
fn embeddings(inner: Ipv4Addr, noise: u64) -> Vec<Ipv6Addr> {
    let bits = u128::from(inner.to_bits());
    let low = u128::from(noise);
    let at = |prefix: u128, shift: u32| Ipv6Addr::from_bits(prefix | (bits << shift));
    let local = 0x0064_ff9b_0001_u128 << 80;
    vec![
        inner.to_ipv6_mapped(),
        at(0, 0),
        at(0xffff << 48, 0),
        at(0x0064_ff9b << 96, 0),
        at(local, 0),
        at(local | ((low & 0xffff) << 64), 0),
        Ipv6Addr::from_bits(local | ((bits >> 16) << 64) | ((bits & 0xffff) << 40)),
        Ipv6Addr::from_bits((0x2002_u128 << 112) | (bits << 80) | low),
        Ipv6Addr::from_bits((0x2001_u128 << 112) | (bits << 64) | low),
        Ipv6Addr::from_bits((0x2001_u128 << 112) | (low << 32) | (bits ^ 0xffff_ffff)),
    ]
}

fn refused_v4() -> impl Strategy<Value = Ipv4Addr> {
    (0..REFUSED_V4.len(), any::<u32>()).prop_map(|(place, noise)| {
        let net = REFUSED_V4[place].0;
        Ipv4Addr::from_bits(net.network().to_bits() | (noise & net.hostmask().to_bits()))
    })
}

fn refused_v6() -> impl Strategy<Value = Ipv6Addr> {
    (0..REFUSED_V6.len(), any::<u128>()).prop_map(|(place, noise)| {
        let net = REFUSED_V6[place].0;
        Ipv6Addr::from_bits(net.network().to_bits() | (noise & net.hostmask().to_bits()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_refused_is_refused_in_every_embedding(inner in refused_v4(), noise: u64) {
        prop_assert!(judge(inner.into(), &[], &[]).is_err());
        for outer in embeddings(inner, noise) {
            prop_assert!(judge(outer.into(), &[], &[]).is_err(), "{inner} in {outer}");
        }
    }

    #[test]
    fn refused_networks_of_ipv6_are_refused_whole(address in refused_v6()) {
        // The mapped addresses lie among them, and are judged as what they stand for.
        prop_assume!(address.to_ipv4_mapped().is_none());
        prop_assert!(judge(address.into(), &[], &[]).is_err(), "{address}");
    }

    #[test]
    fn nothing_that_the_standard_library_calls_special_passes(bits: u32) {
        let a = Ipv4Addr::from_bits(bits);
        let special = a.is_loopback() || a.is_private() || a.is_link_local() || a.is_multicast()
            || a.is_broadcast() || a.is_documentation() || a.is_unspecified();
        if special {
            prop_assert!(judge(a.into(), &[], &[]).is_err());
        }
    }

    #[test]
    fn nothing_special_of_ipv6_passes(bits: u128, squeeze in 0_u32..128) {
        // Shifted, so that short addresses (::1, compatible and mapped ones) come up as well.
        let a = Ipv6Addr::from_bits(bits >> squeeze);
        let special = a.is_loopback() || a.is_unspecified() || a.is_multicast()
            || a.is_unique_local() || a.is_unicast_link_local();
        let judged = judge(a.into(), &[], &[]);
        if special {
            prop_assert!(judged.is_err(), "{a}");
        }
        if judged.is_ok() && a.to_ipv4_mapped().is_none() && !NAT64.contains(&a) {
            prop_assert_eq!(a.segments()[0] >> 13, 1, "outside 2000::/3: {}", a);
        }
    }

    #[test]
    fn public_addresses_pass_and_so_do_their_transparent_clothes(bits: u32) {
        let inner = Ipv4Addr::from_bits(bits);
        prop_assume!(classify_v4(inner).is_none());
        let translated = Ipv6Addr::from_bits((0x0064_ff9b_u128 << 96) | u128::from(bits));
        prop_assert_eq!(judge(inner.to_ipv6_mapped().into(), &[], &[]), Ok(inner.into()));
        prop_assert_eq!(judge(translated.into(), &[], &[]), Ok(translated.into()));
    }

    #[test]
    fn metadata_stays_refused_in_every_embedding_under_the_widest_range(
        place in 0..METADATA_V4.len(), noise: u64,
    ) {
        let wide = nets(&["0.0.0.0/0", "::/0"]);
        let inner = METADATA_V4[place];
        for outer in embeddings(inner, noise) {
            prop_assert_eq!(
                judge(outer.into(), &wide, &[]), Err(AddressClass::CloudMetadata), "{} in {}", inner, outer
            );
        }
    }
}
