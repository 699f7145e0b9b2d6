//! TLS towards providers: the system's certificate authorities, HTTP/1.1.

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::sync::OnceCell;

/// The configuration, made at first use: a gateway in front of plain-HTTP servers never loads the authorities.
#[derive(Debug, Default)]
pub struct Tls(OnceCell<Arc<ClientConfig>>);

impl Tls {
    pub async fn config(&self) -> Result<Arc<ClientConfig>, String> {
        self.0.get_or_try_init(|| async { build() }).await.cloned()
    }
}

fn build() -> Result<Arc<ClientConfig>, String> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| format!("the system's certificate authorities can't be used: {error}"))?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
