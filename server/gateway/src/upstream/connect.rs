//! Opening a connection to a provider.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::io::Stream;
use super::tls::Tls;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error("its name could not be resolved")]
    Resolve,
    /// A name that resolves to a link-local address, where clouds keep their machines' credentials.
    #[error("its name resolves to a link-local address")]
    LinkLocal,
    #[error("the connection was refused or failed")]
    Refused,
    #[error("the TLS handshake failed")]
    Tls,
    #[error("{0}")]
    TlsSetup(String),
    #[error("no connection within {} s", .0.as_secs())]
    Timeout(Duration),
}

/// Where a provider listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Without brackets for IPv6.
    pub host: String,
    pub port: u16,
    pub tls: bool,
}

/// Connects within `limit`; the addresses of a name are tried one after the other.
pub async fn connect(address: &Address, tls: &Tls, limit: Duration) -> Result<Stream, ConnectError> {
    tokio::time::timeout(limit, attempt(address, tls)).await.unwrap_or(Err(ConnectError::Timeout(limit)))
}

async fn attempt(address: &Address, tls: &Tls) -> Result<Stream, ConnectError> {
    let stream = connect_tcp(address).await?;
    // Small writes (a request, an event) must not wait for each other.
    stream.set_nodelay(true).map_err(|_| ConnectError::Refused)?;
    if !address.tls {
        return Ok(Stream::Plain(TokioIo::new(stream)));
    }
    let config = tls.config().await.map_err(ConnectError::TlsSetup)?;
    let name = ServerName::try_from(address.host.clone()).map_err(|_| ConnectError::Tls)?;
    let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
        tracing::warn!(upstream.host = %address.host, %error, "TLS handshake failed");
        ConnectError::Tls
    })?;
    Ok(Stream::Tls(Box::new(TokioIo::new(stream))))
}

async fn connect_tcp(address: &Address) -> Result<TcpStream, ConnectError> {
    if let Ok(literal) = address.host.parse::<IpAddr>() {
        return TcpStream::connect(SocketAddr::new(literal, address.port)).await.map_err(|_| ConnectError::Refused);
    }
    let found: Vec<_> = tokio::net::lookup_host((address.host.as_str(), address.port))
        .await
        .map_err(|_| ConnectError::Resolve)?
        .collect();
    if found.is_empty() {
        return Err(ConnectError::Resolve);
    }
    let mut last = ConnectError::Refused;
    for candidate in found {
        if is_link_local(candidate.ip()) {
            last = ConnectError::LinkLocal;
            continue;
        }
        match TcpStream::connect(candidate).await {
            Ok(stream) => return Ok(stream),
            Err(_) => last = ConnectError::Refused,
        }
    }
    Err(last)
}

/// Where clouds keep their machines' credentials: nothing that is called may be there.
pub fn is_link_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || v6 == CLOUD_METADATA
                || embedded(v6.octets()).is_some_and(|v4| v4.is_link_local())
        }
    }
}

/// Where one of the clouds keeps them besides.
const CLOUD_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);

/// The address of IPv4 that one of IPv6 leads to: by NAT64, by 6to4, or written as a compatible one.
fn embedded(octets: [u8; 16]) -> Option<Ipv4Addr> {
    const NAT64: [u8; 12] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
    let [first, second, rest @ ..] = octets;
    if [first, second] == [0x20, 0x02] {
        return Some(Ipv4Addr::new(rest[0], rest[1], rest[2], rest[3]));
    }
    let leads = octets.starts_with(&NAT64) || octets.starts_with(&[0; 12]);
    leads.then(|| Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bifrost: the list of addresses that may not be called missed those that lead to them.
    #[test]
    fn cve_2026_55245_link_local_is_seen_through_every_way_to_write_it() {
        for text in
            ["64:ff9b::a9fe:a9fe", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::", "::169.254.169.254", "fd00:ec2::254"]
        {
            assert!(is_link_local(text.parse().unwrap()), "{text}");
        }
        for text in ["64:ff9b::a00:1", "2002:a00:1::", "::1", "::", "fd00:ec2::1"] {
            assert!(!is_link_local(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn link_local_is_seen_through_mapped_addresses() {
        for (text, expected) in [
            ("169.254.169.254", true),
            ("::ffff:169.254.169.254", true),
            ("fe80::1", true),
            ("10.0.0.1", false),
            ("127.0.0.1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_link_local(text.parse().unwrap()), expected, "{text}");
        }
    }
}
