//! TLS in the process itself: certificates from files, read again when those change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

/// A certificate's key and what it was read from.
struct Current {
    key: Arc<CertifiedKey>,
    /// Of both files.
    digest: [u8; 32],
}

/// The server's certificates.
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Current>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Certificates {
    /// Reads both files; the error is in words, for the terminal.
    pub fn load(certificate: PathBuf, key: PathBuf) -> Result<Arc<Self>, String> {
        let current = RwLock::new(read(&certificate, &key)?);
        Ok(Arc::new(Self { certificate, key, current }))
    }

    /// What connections are taken with.
    pub fn acceptor(self: Arc<Self>) -> Result<TlsAcceptor, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| format!("TLS can't be used: {error}"))?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(self);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Takes over what changed in the files. What can't be used is told, and what was there goes on being used: the
    /// files may be written one after the other.
    pub fn renew(&self) {
        match read(&self.certificate, &self.key) {
            Ok(new) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                if current.digest != new.digest {
                    *current = new;
                    tracing::info!(path = %self.certificate.display(), "a new certificate is in use");
                }
            }
            Err(error) => tracing::error!(error, "the certificate could not be read again: the old one is used"),
        }
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).key)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Current, String> {
    let file = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let (chain, secret) = (file(certificate)?, file(key)?);
    let digest = Sha256::new().chain_update(&chain).chain_update(&secret).finalize().into();
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
    let certificates = certificates.map_err(|error| format!("{}: {error}", certificate.display()))?;
    if certificates.is_empty() {
        return Err(format!("{}: there is no certificate in it", certificate.display()));
    }
    // Not the reader's words: they may quote the key.
    let secret = PrivateKeyDer::from_pem_slice(&secret)
        .map_err(|_| format!("{}: there is no private key in it that can be read", key.display()))?;
    let key = CertifiedKey::from_der(certificates, secret, &ring::default_provider())
        .map_err(|error| format!("{} and {}: {error}", certificate.display(), key.display()))?;
    Ok(Current { key: Arc::new(key), digest })
}
