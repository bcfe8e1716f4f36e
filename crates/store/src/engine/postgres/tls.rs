//! TLS to the database: what the address asks for, and rustls under `tokio-postgres`.
//!
//! `sslmode` is `disable` (as when nothing is said) or `require`, `verify-ca`, `verify-full`, which
//! are one here: the certificate is verified and must be the host's. `sslrootcert` is a PEM file with
//! the authorities, `sslcert` and `sslkey` are our own certificate and key. The names are libpq's:
//! <https://www.postgresql.org/docs/15/libpq-ssl.html>.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use akson_base::{Kind, Problem};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What of an address is about TLS.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked<'a> {
    mode: Option<&'a str>,
    authorities: Option<&'a str>,
    certificate: Option<&'a str>,
    key: Option<&'a str>,
}

/// An address without what is about TLS, and how to speak TLS if it asks for that.
pub(super) fn take(url: &str) -> Result<(String, Option<Tls>), Problem> {
    let (rest, asked) = split(url);
    let is_asked = match asked.mode {
        None | Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => true,
        Some(other) => {
            return Err(wrong(&format!(
                "sslmode={other} is not supported. Say verify-full (with sslrootcert), or disable"
            )));
        }
    };
    if !is_asked {
        let others = [asked.authorities, asked.certificate, asked.key];
        if others.iter().any(Option::is_some) {
            return Err(wrong("sslrootcert, sslcert and sslkey need sslmode=verify-full"));
        }
        return Ok((joined(rest, "disable"), None));
    }
    let tls = Tls::of(&asked)?;
    Ok((joined(rest, "require"), Some(tls)))
}

fn joined((start, mut others): (&str, Vec<&str>), mode: &str) -> String {
    let mode = format!("sslmode={mode}");
    others.push(&mode);
    format!("{start}?{}", others.join("&"))
}

/// The address up to its parameters, those that are not about TLS, and what the others ask for.
fn split(url: &str) -> ((&str, Vec<&str>), Asked<'_>) {
    let (start, parameters) = url.split_once('?').unwrap_or((url, ""));
    let mut asked = Asked::default();
    let mut others = Vec::new();
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name {
            "sslmode" => asked.mode = Some(value),
            "sslrootcert" => asked.authorities = Some(value),
            "sslcert" => asked.certificate = Some(value),
            "sslkey" => asked.key = Some(value),
            _ => others.push(parameter),
        }
    }
    ((start, others), asked)
}

fn wrong(why: &str) -> Problem {
    let text = format!("TLS to the database cannot be set up: {why}.");
    Problem::new(Kind::Invalid, "STO-076", text)
}

/// How TLS is spoken with the database.
#[derive(Clone)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    fn of(asked: &Asked<'_>) -> Result<Self, Problem> {
        let authorities = asked.authorities.ok_or_else(|| {
            wrong(
                "sslrootcert must name a PEM file with the authorities that are trusted \
                 (/etc/ssl/certs/ca-certificates.crt on Debian)",
            )
        })?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates("sslrootcert", authorities)? {
            roots.add(certificate).map_err(|e| wrong(&format!("sslrootcert: {e}")))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong(&e.to_string()))?
            .with_root_certificates(roots);
        let config = match (asked.certificate, asked.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificate), Some(key)) => {
                let chain = certificates("sslcert", certificate)?;
                let key = PrivateKeyDer::from_pem_file(Path::new(key))
                    .map_err(|e| wrong(&format!("sslkey {key}: {e}")))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|e| wrong(&format!("sslcert and sslkey: {e}")))?
            }
            (_, _) => return Err(wrong("sslcert and sslkey go together")),
        };
        Ok(Self { config: Arc::new(config) })
    }
}

fn certificates(name: &str, file: &str) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let read = CertificateDer::pem_file_iter(Path::new(file)).and_then(Iterator::collect);
    let found: Vec<_> = read.map_err(|e| wrong(&format!("{name} {file}: {e}")))?;
    if found.is_empty() {
        return Err(wrong(&format!("{name} {file} holds no certificate in PEM form")));
    }
    Ok(found)
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Stream<S>;
    type TlsConnect = Connect;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connect, InvalidDnsNameError> {
        let name = ServerName::try_from(host.to_owned())?;
        Ok(Connect { connector: TlsConnector::from(Arc::clone(&self.config)), name })
    }
}

/// One connection to be made.
pub(super) struct Connect {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Connect {
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { Ok(Stream(self.connector.connect(self.name, stream).await?)) })
    }
}

/// A connection that speaks TLS.
pub(super) struct Stream<S>(TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> tokio_postgres::tls::TlsStream for Stream<S> {
    /// No binding: a password that is asked for goes by SCRAM over a connection that is verified.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
