//! From which address a request comes, and how much of that may be believed.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Addresses that carriers share among their customers (RFC 6598). The assertion is the compiler's:
/// this is a constant.
const SHARED_BY_CARRIERS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);
/// The number of leading bits by which an IPv6 address names a client: the client chooses the rest.
const CLIENT_BITS: u8 = 64;

/// A network: an address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or an address alone.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        // The standard library reads the address: ipnet's own reader takes `010.0.0.0`, which
        // others take for octal.
        let address: IpAddr = address.parse().ok()?;
        match bits {
            None => Some(Self(address.into())),
            Some(bits) => IpNet::new(address, bits.parse().ok()?).ok().map(Self),
        }
    }

    /// Whether the address lies in it. An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) is the
    /// IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// The proxies in front of the application, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proxies {
    /// Nothing is known: a request with `X-Forwarded-For` or `Forwarded` may have come through a
    /// proxy, or pretend so. It is believed to have if the peer's address isn't one of the open
    /// internet: clients can't be there, and proxies mostly are.
    #[default]
    Undeclared,
    /// There are none: the peer is the client, whatever the headers say.
    None,
    /// These, and no others.
    Listed(Vec<Network>),
}

impl Proxies {
    /// Reads networks with blanks between them, `none`, or nothing.
    ///
    /// # Errors
    /// The form that the text has to have.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Ok(Self::Undeclared),
            "none" => Ok(Self::None),
            list => {
                let networks: Option<Vec<_>> = list.split_whitespace().map(Network::parse).collect();
                let wrong = || "must be none, or addresses and networks such as 192.0.2.0/24".to_owned();
                networks.map(Self::Listed).ok_or_else(wrong)
            }
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        matches!(self, Self::Listed(networks) if networks.iter().any(|network| network.contains(address)))
    }
}

/// The address that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAddress {
    /// From here. Of IPv6 only the first 64 bits: the rest is the client's to choose.
    Known(IpAddr),
    /// Through a proxy inside that nobody has declared, so all its clients would look like one.
    Undeclared,
    /// It can't be told.
    Unknown,
}

impl ClientAddress {
    /// Works it out.
    ///
    /// `peer` has opened the connection. `forwarded_for` are the values of `X-Forwarded-For` in
    /// their order. Each proxy appends the address it was called from, so the client is the
    /// rightmost that isn't a proxy of ours. Everything left of it may be the client's invention.
    /// `forwarded`: whether there is a `Forwarded` header (RFC 7239), which isn't read.
    pub fn of<'a>(
        peer: Option<IpAddr>,
        forwarded_for: impl IntoIterator<Item = &'a str>,
        forwarded: bool,
        proxies: &Proxies,
    ) -> Self {
        let Some(peer) = peer else { return Self::Unknown };
        let hops: Vec<&str> = forwarded_for.into_iter().flat_map(|value| value.split(',')).map(str::trim).collect();
        match proxies {
            Proxies::Undeclared if (forwarded || !hops.is_empty()) && is_inside(peer) => Self::Undeclared,
            _ if !proxies.trusts(peer) => Self::known(peer),
            _ => {
                // A trusted proxy that names nobody has called on its own, or hides its client.
                let client =
                    hops.iter().rev().map(|hop| address(hop)).find(|hop| !hop.is_some_and(|hop| proxies.trusts(hop)));
                client.flatten().map_or(Self::Unknown, Self::known)
            }
        }
    }

    /// The address that a service names for its shopper: alone, without a port.
    pub fn named(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::known)
    }

    fn known(address: IpAddr) -> Self {
        Self::Known(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Net::new(address, CLIENT_BITS).map_or(address, |net| net.network()).into(),
            address => address,
        })
    }
}

/// Whether an address can only be reached from inside: loopback, private (RFC 1918), shared by a
/// carrier (RFC 6598), of one link, unique local (RFC 4193), or none at all.
fn is_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
                || SHARED_BY_CARRIERS.contains(&address)
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

/// An address as proxies write it: alone, with a port, in brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let alone = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    alone.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded_for: &[&str], proxies: &str) -> String {
        let proxies = Proxies::parse(proxies).unwrap();
        match ClientAddress::of(peer.parse().ok(), forwarded_for.iter().copied(), false, &proxies) {
            ClientAddress::Known(address) => address.to_string(),
            ClientAddress::Undeclared => "undeclared".to_owned(),
            ClientAddress::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn the_client_is_the_rightmost_that_is_no_proxy_of_ours() {
        let table: [(&str, &[&str], &str, &str); 17] = [
            ("203.0.113.9", &[], "", "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "", "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "", "undeclared"),
            ("203.0.113.9", &["198.51.100.1"], "none", "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "10.0.0.0/8", "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1"], "10.0.0.0/8", "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.1"], "10.0.0.0/8", "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.1, 10.0.0.2"], "10.0.0.0/8", "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:5555"], "10.0.0.0/8", "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8:1:2:3::4]:443"], "10.0.0.0/8", "2001:db8:1:2::"),
            ("10.0.0.1", &["[2001:db8:1:2::4]"], "10.0.0.0/8", "2001:db8:1:2::"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.0/8", "unknown"),
            ("10.0.0.1", &["10.0.0.3"], "10.0.0.0/8", "unknown"),
            ("10.0.0.1", &[], "10.0.0.0/8", "unknown"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "10.0.0.0/8", "198.51.100.1"),
            ("2001:db8:1:2:aaaa::1", &[], "", "2001:db8:1:2::"),
            ("nowhere", &[], "", "unknown"),
        ];
        for (peer, forwarded, proxies, expected) in table {
            assert_eq!(of(peer, forwarded, proxies), expected, "{peer} {forwarded:?} {proxies}");
        }
    }

    #[test]
    fn a_forwarded_header_gives_an_undeclared_proxy_away_too() {
        let peer = "192.168.0.9".parse().ok();
        let of = |proxies: &Proxies| ClientAddress::of(peer, [], true, proxies);
        assert_eq!(of(&Proxies::Undeclared), ClientAddress::Undeclared);
        assert_eq!(of(&Proxies::None), ClientAddress::Known(peer.unwrap()));
    }

    #[test]
    fn nobody_on_the_open_internet_is_taken_for_an_undeclared_proxy() {
        let inside = [
            "127.0.0.1",
            "10.255.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.1.1",
            "0.0.0.0",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ];
        for peer in inside {
            assert_eq!(of(peer, &["198.51.100.1"], ""), "undeclared", "{peer}");
            assert_ne!(of(peer, &[], ""), "undeclared", "{peer}");
        }
        let outside =
            ["203.0.113.9", "172.32.0.1", "172.15.0.1", "100.63.0.1", "100.128.0.1", "11.0.0.1", "192.169.0.1"];
        for peer in outside {
            assert_eq!(of(peer, &["198.51.100.1"], ""), peer);
            assert_eq!(of(&format!("::ffff:{peer}"), &["198.51.100.1"], ""), peer);
        }
        assert_eq!(of("2001:db8:1:2::3", &["198.51.100.1"], ""), "2001:db8:1:2::");
    }

    #[test]
    fn a_shopper_that_a_service_names_counts_like_one_that_comes_itself() {
        let named = |text| ClientAddress::named(text);
        assert_eq!(named("203.0.113.9"), ClientAddress::named("::ffff:203.0.113.9"));
        assert_eq!(named("2001:db8:1:2:3::4"), named("2001:db8:1:2::"), "one client has 64 bits");
        for wrong in ["", "203.0.113.9:80", "[2001:db8::1]", "010.0.0.1", "shop.example"] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_network_holds_what_shares_its_bits() {
        let table = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("::/0", "2001:db8::1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("10.0.0.0/8", "::ffff:10.9.8.7", true),
        ];
        for (network, address, inside) in table {
            assert_eq!(
                Network::parse(network).unwrap().contains(address.parse().unwrap()),
                inside,
                "{network} {address}"
            );
        }
    }

    #[test]
    fn what_is_no_list_of_networks_is_refused() {
        for wrong in [
            "192.0.2.0/33",
            "2001:db8::/129",
            "192.0.2.0/",
            "localhost",
            "192.0.2.0/-1",
            "010.0.0.0/8",
            "10.0.0.1,10.0.0.2",
        ] {
            assert!(Proxies::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Proxies::parse(" "), Ok(Proxies::Undeclared));
        assert!(matches!(Proxies::parse("10.0.0.0/8  ::1"), Ok(Proxies::Listed(list)) if list.len() == 2));
    }
}
