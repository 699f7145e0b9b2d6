//! Addresses of clients: who they are behind proxies, and which are let in.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The most networks of one list.
pub const MOST_NETWORKS: usize = 1000;

/// The most entries of `X-Forwarded-For` that are looked at.
const MOST_HOPS: usize = 50;

/// A list of addresses and networks, of IPv4 and IPv6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Addresses (`203.0.113.9`) and networks (`10.0.0.0/8`, `2001:db8::/32`). The error is the text that is neither.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let read = |text: &'a str| network(text.trim()).ok_or_else(|| text.to_owned());
        texts.into_iter().map(read).collect::<Result<Vec<_>, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// IPv4 counts as itself, however it is written.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether somebody from there is let in by a list: everybody, if it is empty; nobody whose address is not known,
    /// if it is not.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        self.is_empty() || address.is_some_and(|address| self.contains(address))
    }
}

fn network(text: &str) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(address.to_canonical()));
    }
    let network: IpNet = text.parse().ok()?;
    // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
    if let (IpAddr::V6(address), Some(length)) = (network.addr(), network.prefix_len().checked_sub(96))
        && let Some(mapped) = address.to_ipv4_mapped()
    {
        return IpNet::new(mapped.into(), length).ok().map(|network| network.trunc());
    }
    Some(network.trunc())
}

/// Who sent a request. What `X-Forwarded-For` says is believed only as far as it was written by proxies that are
/// trusted: from its end to the first address that is none.
pub fn client_of<'a>(peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>, trusted: &Networks) -> IpAddr {
    let mut client = peer.to_canonical();
    if trusted.is_empty() {
        return client;
    }
    let entries = forwarded.rev().flat_map(|header| header.rsplit(',')).take(MOST_HOPS);
    for entry in entries {
        if !trusted.contains(client) {
            break;
        }
        // Whoever wrote nonsense is the last of whom something is known.
        let Some(address) = hop(entry.trim()) else { break };
        client = address.to_canonical();
    }
    client
}

/// Some proxies write a port, too.
fn hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        Networks::parse(texts.iter().copied()).unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn lists_know_who_is_in_them() {
        let list = networks(&["203.0.113.9", "10.1.2.3/8", " 2001:db8::/32", "::ffff:192.168.0.0/112", "::1"]);
        for inside in ["203.0.113.9", "::ffff:203.0.113.9", "10.255.0.1", "2001:db8:1::2", "192.168.7.7", "::1"] {
            assert!(list.contains(ip(inside)), "{inside}");
        }
        for outside in ["203.0.113.10", "11.0.0.1", "2001:db9::1", "192.169.0.1", "127.0.0.1", "::ffff:11.0.0.1"] {
            assert!(!list.contains(ip(outside)), "{outside}");
        }
        assert!(Networks::default().admits(None) && !list.admits(None) && list.admits(Some(ip("::1"))));
        for bad in ["", "x", "10.0.0.0/33", "10.0.0", "::/129", "10.0.0.0/8/8", "1.2.3.4:80"] {
            assert_eq!(Networks::parse([bad]), Err(bad.to_owned()));
        }
    }

    #[test]
    fn only_trusted_proxies_say_who_somebody_is() {
        let trusted = networks(&["10.0.0.0/8", "2001:db8::/32"]);
        let client = |peer: &str, headers: &[&str]| client_of(ip(peer), headers.iter().copied(), &trusted).to_string();
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        // What the client wrote itself counts for nothing.
        assert_eq!(client("10.0.0.1", &["127.0.0.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["127.0.0.1", "203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client("203.0.113.1", &["127.0.0.1"]), "203.0.113.1");
        assert_eq!(client("10.0.0.1", &["127.0.0.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["203.0.113.9:5123"]), "203.0.113.9");
        assert_eq!(client("2001:db8::1", &["[2001:4860::8]:443"]), "2001:4860::8");
        assert_eq!(client("2001:db8::1", &["[2001:4860::8]"]), "2001:4860::8");
        // All of them are proxies: the first.
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client_of(ip("10.0.0.1"), ["1.2.3.4"].into_iter(), &Networks::default()), ip("10.0.0.1"));
        let long = "10.0.0.2,".repeat(100_000);
        assert_eq!(client("10.0.0.1", &[&long]), "10.0.0.1");
    }
}
