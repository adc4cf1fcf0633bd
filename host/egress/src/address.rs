//! Which addresses may be dialled.
//!
//! A name that was granted may point anywhere, so after resolution each address is judged by itself. Public ones
//! pass; everything else is refused unless a range of the grant names it. For IPv4 the refused networks are
//! listed; for IPv6 the public ones are (2000::/3, less exceptions), since most of that space is unassigned.
//! An IPv6 address that stands for an IPv4 one is judged as that one, or refused where the scheme that
//! translates it is local or long deprecated.
//!
//! Sources: IANA's registries of special-purpose IPv4 and IPv6 addresses (RFC 6890 and its updates), RFC 6052 and
//! RFC 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 2765 (translated addresses), and the documentation of
//! the clouds for the addresses that hand out credentials.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressClass {
    /// Hands out credentials, or runs the machine, of a cloud.
    CloudMetadata,
    /// This machine.
    Loopback,
    /// `0.0.0.0/8` and `::`, which many systems take for this machine.
    Unspecified,
    /// One network segment.
    LinkLocal,
    /// RFC 1918.
    Private,
    /// Carriers' and some clouds' inner networks (RFC 6598).
    Shared,
    /// IPv6's private networks (RFC 4193), and site-local ones before them.
    UniqueLocal,
    /// Many machines at once.
    Multicast,
    /// Every machine of a segment.
    Broadcast,
    /// Examples in texts, and benchmarks.
    Documentation,
    /// Stands for another address by a translation or tunnel that is local or deprecated.
    Translated,
    /// Not assigned for use on the Internet.
    Reserved,
    /// Refused by the worker's configuration.
    RefusedByOperator,
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudMetadata => "a cloud's metadata address",
            Self::Loopback => "a loopback address",
            Self::Unspecified => "an unspecified address",
            Self::LinkLocal => "a link-local address",
            Self::Private => "a private address",
            Self::Shared => "a shared address",
            Self::UniqueLocal => "a unique local address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Documentation => "an address of documentation or benchmarks",
            Self::Translated => "an address that stands for another",
            Self::Reserved => "a reserved address",
            Self::RefusedByOperator => "refused by the worker's configuration",
        })
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, d: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// Credentials of AWS, Azure, Google Cloud, DigitalOcean, OpenStack and others; of ECS tasks and EKS pods; of Alibaba;
/// of Oracle; and Azure's host agent, which lies among public addresses.
const METADATA_V4: &[Ipv4Addr] = &[
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// AWS's and EKS's, Google Cloud's, and OpenStack's (`fe80::a9fe:a9fe`).
const METADATA_V6: &[Ipv6Addr] = &[
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

/// The first that contains an address says what it is.
const REFUSED_V4: &[(Ipv4Net, AddressClass)] = &[
    (v4(0, 0, 0, 0, 8), AddressClass::Unspecified),
    (v4(10, 0, 0, 0, 8), AddressClass::Private),
    (v4(100, 64, 0, 0, 10), AddressClass::Shared),
    (v4(127, 0, 0, 0, 8), AddressClass::Loopback),
    (v4(169, 254, 0, 0, 16), AddressClass::LinkLocal),
    (v4(172, 16, 0, 0, 12), AddressClass::Private),
    (v4(192, 0, 0, 0, 24), AddressClass::Reserved),
    (v4(192, 0, 2, 0, 24), AddressClass::Documentation),
    (v4(192, 88, 99, 0, 24), AddressClass::Reserved),
    (v4(192, 168, 0, 0, 16), AddressClass::Private),
    (v4(198, 18, 0, 0, 15), AddressClass::Documentation),
    (v4(198, 51, 100, 0, 24), AddressClass::Documentation),
    (v4(203, 0, 113, 0, 24), AddressClass::Documentation),
    (v4(224, 0, 0, 0, 4), AddressClass::Multicast),
    (v4(255, 255, 255, 255, 32), AddressClass::Broadcast),
    (v4(240, 0, 0, 0, 4), AddressClass::Reserved),
];

/// As for IPv4; what is in none of these and not in [`PUBLIC_V6`] is reserved.
const REFUSED_V6: &[(Ipv6Net, AddressClass)] = &[
    (v6(0, 0, 0, 0, 128), AddressClass::Unspecified),
    (
        Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128),
        AddressClass::Loopback,
    ),
    (COMPATIBLE, AddressClass::Translated),
    (TRANSLATED, AddressClass::Translated),
    (NAT64_LOCAL, AddressClass::Translated),
    (SIX_TO_FOUR, AddressClass::Translated),
    (TEREDO, AddressClass::Translated),
    (v6(0x2001, 2, 0, 0, 48), AddressClass::Documentation),
    (v6(0x2001, 0x0db8, 0, 0, 32), AddressClass::Documentation),
    (v6(0x2001, 0, 0, 0, 23), AddressClass::Reserved),
    (v6(0x3fff, 0, 0, 0, 20), AddressClass::Documentation),
    (v6(0xfc00, 0, 0, 0, 7), AddressClass::UniqueLocal),
    (v6(0xfec0, 0, 0, 0, 10), AddressClass::UniqueLocal),
    (v6(0xfe80, 0, 0, 0, 10), AddressClass::LinkLocal),
    (v6(0xff00, 0, 0, 0, 8), AddressClass::Multicast),
];

const PUBLIC_V6: Ipv6Net = v6(0x2000, 0, 0, 0, 3);
/// The well-known prefix, by which a network without IPv4 reaches IPv4's public addresses (RFC 6052).
const NAT64: Ipv6Net = v6(0x0064, 0xff9b, 0, 0, 96);
const NAT64_LOCAL: Ipv6Net = v6(0x0064, 0xff9b, 1, 0, 48);
const COMPATIBLE: Ipv6Net = v6(0, 0, 0, 0, 96);
const TRANSLATED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 0, 16);
const TEREDO: Ipv6Net = v6(0x2001, 0, 0, 0, 32);

/// What an address is, if it is not public.
fn classify(address: IpAddr) -> Option<AddressClass> {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<AddressClass> {
    if METADATA_V4.contains(&address) {
        return Some(AddressClass::CloudMetadata);
    }
    REFUSED_V4
        .iter()
        .find(|(net, _)| net.contains(&address))
        .map(|(_, class)| *class)
}

fn classify_v6(address: Ipv6Addr) -> Option<AddressClass> {
    if METADATA_V6.contains(&address) {
        return Some(AddressClass::CloudMetadata);
    }
    match REFUSED_V6.iter().find(|(net, _)| net.contains(&address)) {
        // A wide range over a tunnel must not open the one address that nobody grants by accident.
        Some((_, AddressClass::Translated)) if hides_metadata(address) => {
            Some(AddressClass::CloudMetadata)
        }
        Some((_, class)) => Some(*class),
        None if PUBLIC_V6.contains(&address) => None,
        None => Some(AddressClass::Reserved),
    }
}

/// Whether a translated address stands for one that hands out credentials, in any place where the schemes put it.
fn hides_metadata(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let at = |shift: u32| Ipv4Addr::from_bits((bits >> shift) as u32);
    // RFC 6052 leaves bits 64 to 71 out of an address that reaches over them (prefix lengths 48 and 56).
    let over_48 =
        Ipv4Addr::from_bits((((bits >> 64) & 0xffff) << 16 | (bits >> 40) & 0xffff) as u32);
    let over_56 =
        Ipv4Addr::from_bits((((bits >> 64) & 0xff) << 24 | (bits >> 32) & 0x00ff_ffff) as u32);
    // Teredo's client address is inverted.
    let inverted = Ipv4Addr::from_bits(!(bits as u32));
    [at(0), at(24), at(64), at(80), over_48, over_56, inverted]
        .iter()
        .any(|inner| METADATA_V4.contains(inner))
}

/// The address that is meant: IPv4 ones leave their IPv6 clothes where those are transparent.
fn meant(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if NAT64.contains(&v6) => {
            IpAddr::V4(Ipv4Addr::from_bits(v6.to_bits() as u32))
        }
        address => address,
    }
}

/// Judge an address that a name resolved to.
///
/// `named` are the ranges of the grants that cover the request, `refused` those that the worker's configuration
/// refuses beside the ones above. Answers the address to dial, which differs from the given one only where that was
/// an IPv4 address mapped into IPv6.
pub(crate) fn judge(
    address: IpAddr,
    named: &[IpNet],
    refused: &[IpNet],
) -> Result<IpAddr, AddressClass> {
    let dialled = address.to_canonical();
    let meant = meant(address);
    let by_operator = || {
        refused
            .iter()
            .any(|net| net.contains(&meant) || net.contains(&dialled))
    };
    let class = match classify(meant) {
        Some(class) => class,
        None if by_operator() => AddressClass::RefusedByOperator,
        None => return Ok(dialled),
    };
    let narrow = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
    let is_named = named
        .iter()
        .any(|net| net.contains(&meant) && (class != AddressClass::CloudMetadata || narrow(net)));
    if is_named { Ok(dialled) } else { Err(class) }
}

#[cfg(test)]
mod tests;
