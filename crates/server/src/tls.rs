//! TLS of our own: the certificate, its key, and new ones when the files change.
//!
//! TLS 1.2 and 1.3 by rustls over ring; nothing older exists in it. Not here: accepting connections
//! (`listener`), TLS towards an OpenID provider (`identity::Outbound`).
//! Standard: RFC 8446, RFC 5246; PEM by RFC 7468

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::failure::Failure;

/// How long a handshake may take: a phone on a poor line needs a second or two.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The table `[tls]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsSettings {
    /// PEM: our certificate first, then those that lead to the authority.
    pub(crate) certificate_file: PathBuf,
    /// PEM: its private key.
    pub(crate) key_file: PathBuf,
}

/// The server's side of TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
}

/// The certificate that connections are shown now.
#[derive(Debug)]
struct Shown {
    settings: TlsSettings,
    provider: Arc<CryptoProvider>,
    certified: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.certified.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// With the certificate and key of these files, which must fit each other.
    pub(crate) fn open(settings: &TlsSettings) -> Result<Self, Failure> {
        let provider = Arc::new(default_provider());
        let certified = Arc::new(certified(settings, &provider).map_err(Failure::Usage)?);
        let shown = Arc::new(Shown {
            settings: settings.clone(),
            provider: Arc::clone(&provider),
            certified: RwLock::new(certified),
        });
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::Failed(format!("TLS: {error}")))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown })
    }

    /// A connection after its handshake; `None` for one that was none in time.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        match tokio::time::timeout(HANDSHAKE_TIME_MAX, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!("TLS handshake: {error}");
                None
            }
            Err(_) => {
                tracing::debug!("TLS handshake: not done within {HANDSHAKE_TIME_MAX:?}");
                None
            }
        }
    }

    /// Takes new files into use, at SIGHUP or within a minute, until the runtime ends. Connections
    /// that are open stay as they are.
    pub(crate) fn keep_up(&self) -> Result<(), Failure> {
        let shown = Arc::clone(&self.shown);
        let mut hangup = signal(SignalKind::hangup())
            .map_err(|error| Failure::Failed(format!("cannot listen for signals: {error}")))?;
        let mut known = shown.changed_at();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(LOOK_EVERY);
            loop {
                let is_asked = tokio::select! {
                    _ = hangup.recv() => true,
                    _ = ticks.tick() => false,
                };
                let now = shown.changed_at();
                if is_asked || now != known {
                    known = now;
                    shown.renew();
                }
            }
        });
        Ok(())
    }
}

impl Shown {
    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        let at = |file: &Path| std::fs::metadata(file).and_then(|data| data.modified()).ok();
        [at(&self.settings.certificate_file), at(&self.settings.key_file)]
    }

    fn renew(&self) {
        match certified(&self.settings, &self.provider) {
            Ok(fresh) => {
                *self.certified.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                tracing::info!("TLS: the certificate was read again");
            }
            Err(error) => tracing::warn!("TLS goes on with the certificate it has: {error}"),
        }
    }
}

fn certified(settings: &TlsSettings, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let (certificate_file, key_file) = (&settings.certificate_file, &settings.key_file);
    let text = read(certificate_file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|error| format!("{}: {error}", certificate_file.display()))?;
    if chain.is_empty() {
        return Err(format!(
            "{} holds no certificate; it must be PEM, with -----BEGIN CERTIFICATE-----",
            certificate_file.display()
        ));
    }
    let key = PrivateKeyDer::from_pem_slice(&read(key_file)?).map_err(|_| {
        format!("{} holds no private key that can be read; it must be PEM", key_file.display())
    })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        format!(
            "{} and {} cannot be used together: {error}",
            certificate_file.display(),
            key_file.display()
        )
    })
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}
