//! Opening a connection to a provider.

use std::net::{IpAddr, SocketAddr};
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
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
