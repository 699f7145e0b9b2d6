//! Connections, encrypted and behind proxies.

use std::path::Path;

use axum::routing::get;
use http_body_util::BodyExt as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::*;
use crate::tls::Certificates;

/// Writes a new certificate for `localhost` and its key; the certificate.
fn new_certificate(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

async fn listening(tls: Option<TlsAcceptor>, proxies: &[&str]) -> SocketAddr {
    let app = Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }));
    let serving = Serving {
        app,
        proxies: Arc::new(Networks::parse(proxies.iter().copied()).unwrap()),
        tls,
        silence: Duration::from_secs(5),
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
        office: Handle::current(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(async move { serve(listener, &serving).await });
    address
}

/// Asks over a connection: what is answered.
async fn ask(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, headers: &[(&str, &str)]) -> String {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(connection);
    let mut request = hyper::Request::get("/").header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = sender.send_request(request.body(Body::empty()).unwrap()).await.unwrap();
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// Over TLS, trusting this certificate alone: the answer, or why there is none.
async fn ask_safely(address: SocketAddr, trusted: &CertificateDer<'static>) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    Ok(ask(stream.map_err(|error| error.to_string())?, &[]).await)
}

#[tokio::test]
async fn it_serves_over_tls_and_takes_new_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let first = new_certificate(folder.path());
    let paths = || (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let certificates = Certificates::load(paths().0, paths().1).unwrap();
    let address = listening(Some(Arc::clone(&certificates).acceptor().unwrap()), &[]).await;
    assert_eq!(ask_safely(address, &first).await.unwrap(), "127.0.0.1");
    // Nobody is answered who does not encrypt.
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut told = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut told).await;
    assert!(!told.starts_with(b"HTTP"), "{told:?}");

    let second = new_certificate(folder.path());
    assert!(ask_safely(address, &second).await.is_err());
    certificates.renew();
    assert_eq!(ask_safely(address, &second).await.unwrap(), "127.0.0.1");
    assert!(ask_safely(address, &first).await.is_err());
    // Half of a change is no change.
    std::fs::write(paths().1, "nonsense").unwrap();
    certificates.renew();
    assert_eq!(ask_safely(address, &second).await.unwrap(), "127.0.0.1");
}

#[test]
fn what_is_no_certificate_is_told_without_quoting_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    new_certificate(folder.path());
    std::fs::write(path("other.pem"), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    std::fs::write(path("text.pem"), "a secret that is no key").unwrap();
    for (certificate, key) in
        [("none.pem", "key.pem"), ("text.pem", "key.pem"), ("cert.pem", "text.pem"), ("cert.pem", "other.pem")]
    {
        let error = Certificates::load(path(certificate), path(key)).unwrap_err();
        assert!(error.contains(certificate) || error.contains(key), "{error}");
        assert!(!error.contains("a secret"), "{error}");
    }
}

#[tokio::test]
async fn who_somebody_is_comes_from_trusted_proxies_alone() {
    let asked = async |address: SocketAddr| {
        let stream = TcpStream::connect(address).await.unwrap();
        ask(stream, &[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.9")]).await
    };
    assert_eq!(asked(listening(None, &[]).await).await, "127.0.0.1");
    assert_eq!(asked(listening(None, &["10.0.0.0/8"]).await).await, "127.0.0.1");
    assert_eq!(asked(listening(None, &["127.0.0.1"]).await).await, "203.0.113.9");
    assert_eq!(asked(listening(None, &["127.0.0.0/8", "203.0.113.0/24"]).await).await, "198.51.100.1");
}
