//! Asking an OpenID provider over HTTP: TLS by rustls, bounded in bytes and time, no redirects.
//!
//! Not here: what is asked and what the answer means (`tokens::provider`). Addresses come from the
//! operator's settings or from the provider's own metadata, never from a caller; what an administrator
//! registered for an app is asked by [`Outbound::public`].

mod addresses;

use std::sync::Arc;
use std::time::Duration;

use akson_base::limits::PROVIDER_ANSWER_BYTES_MAX;
use akson_base::{Kind, Problem};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use addresses::{Resolver, is_public};

/// A client for requests to a provider. Cheap to clone; connections are shared.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    time_max: Duration,
    is_public_only: bool,
}

/// A provider's answer, whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// As sent; a redirect is an answer like any other and is not followed.
    pub status: StatusCode,
    /// As sent.
    pub headers: HeaderMap,
    /// At most [`PROVIDER_ANSWER_BYTES_MAX`].
    pub body: Bytes,
}

impl Outbound {
    /// A client that gives each request so much time, connecting included. Trusts the certificate
    /// authorities of the machine; fails (`IDN-060`) when it has none.
    pub fn new(time_max: Duration) -> Result<Self, Problem> {
        Self::by_machine(time_max, false)
    }

    /// As [`Outbound::new`], for addresses that an administrator wrote down: asks only machines that
    /// the whole Internet can reach.
    pub fn public(time_max: Duration) -> Result<Self, Problem> {
        Self::by_machine(time_max, true)
    }

    fn by_machine(time_max: Duration, is_public_only: bool) -> Result<Self, Problem> {
        let builder = HttpsConnectorBuilder::new();
        let builder =
            builder.with_provider_and_native_roots(rustls::crypto::ring::default_provider());
        let builder = builder.map_err(|error| {
            no_authorities(&format!(
                "this machine's certificate authorities cannot be read: {error}"
            ))
        })?;
        Ok(Self::over(builder, time_max, is_public_only))
    }

    /// As [`Outbound::trusting`] these authorities, or [`Outbound::new`] when there are none.
    pub(crate) fn of(authorities: Option<&[u8]>, time_max: Duration) -> Result<Self, Problem> {
        match authorities {
            Some(authorities) => Self::trusting(authorities, time_max),
            None => Self::new(time_max),
        }
    }

    /// As [`Outbound::new`], but trusts only the certificate authorities of a PEM text, such as an
    /// organisation's own.
    pub fn trusting(authorities: &[u8], time_max: Duration) -> Result<Self, Problem> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authorities) {
            let added = certificate.map(|certificate| roots.add(certificate));
            match added {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(no_authorities(&error.to_string())),
                Err(error) => return Err(no_authorities(&format!("not PEM: {error}"))),
            }
        }
        if roots.is_empty() {
            return Err(no_authorities("no certificate in PEM form"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider);
        let versions = versions.with_safe_default_protocol_versions();
        let builder = versions.map_err(|error| no_authorities(&error.to_string()))?;
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Ok(Self::over(HttpsConnectorBuilder::new().with_tls_config(config), time_max, false))
    }

    fn over(
        builder: HttpsConnectorBuilder<WantsSchemes>,
        time_max: Duration,
        is_public_only: bool,
    ) -> Self {
        let resolver = Resolver { inner: GaiResolver::new(), is_public_only };
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.enforce_http(false);
        let connector = builder.https_or_http().enable_http1().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, time_max, is_public_only }
    }

    /// Sends one request, whose address [`parse_address`] accepts, and takes in the whole answer,
    /// whatever its status. A failure is `IDN-061` ([`Kind::Busy`]), with the reason for the log.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Reply, Problem> {
        let address = request.uri().to_string();
        // The query of a request may hold a code or a state.
        let address = address.split('?').next().unwrap_or_default().to_string();
        if let Err(reason) = parse_address(&address) {
            return Err(unreachable(format!("{address}: {reason}")));
        }
        if self.is_public_only && !may_be_public(&address) {
            return Err(unreachable(format!("{address}: not an address of the open Internet")));
        }
        match tokio::time::timeout(self.time_max, self.exchange(request)).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(reason)) => Err(unreachable(format!("{address}: {reason}"))),
            Err(_) => {
                let reason = format!("no answer within {} ms", self.time_max.as_millis());
                Err(unreachable(format!("{address}: {reason}")))
            }
        }
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Reply, String> {
        let answer = self.client.request(request.map(Full::new)).await;
        let (parts, body) = answer.map_err(|error| causes(&error))?.into_parts();
        let body = Limited::new(body, PROVIDER_ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| causes(error.as_ref()))?.to_bytes();
        Ok(Reply { status: parts.status, headers: parts.headers, body })
    }
}

/// Whether the host is a name, which is judged when it is looked up, or a public number.
fn may_be_public(address: &str) -> bool {
    match Url::parse(address).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

fn no_authorities(for_log: &str) -> Problem {
    Problem::fault("IDN-060", for_log)
}

pub(crate) fn unreachable(for_log: String) -> Problem {
    Problem::new(
        Kind::Busy,
        "IDN-061",
        "The OpenID provider does not answer as it should. Try again in a moment.",
    )
    .with_log(for_log)
}

/// An error and what caused it, in one line: the outermost alone says "client error (Connect)".
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// An address that may be asked: `https`, or `http` to this machine; without user and password.
/// The error says which of these does not hold.
pub fn parse_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "not an absolute URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address with a user or a password");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err("http is for this machine only (127.0.0.1, [::1], localhost); use https"),
        _ => Err("neither https nor http"),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in [
            "https://helseid.example/x",
            "http://127.0.0.1:9/x",
            "http://[::1]:9",
            "http://localhost:1",
        ] {
            assert!(parse_address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://helseid.example/x",
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "https://user:word@helseid.example",
            "helseid.example",
            "",
        ] {
            assert!(parse_address(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn an_address_that_somebody_wrote_down_leads_to_no_machine_of_ours() {
        let outbound = Outbound::public(Duration::from_secs(2)).unwrap();
        for address in [
            "http://127.0.0.1:1/jwks",
            "http://localhost:1/jwks",
            "https://10.0.0.1/jwks",
            "https://[::1]/jwks",
            "https://169.254.169.254/latest/meta-data",
            "https://0x7f.1/jwks",
            "https://2130706433/jwks",
        ] {
            let request = Request::get(address).body(Bytes::new());
            let problem = outbound.send(request.unwrap()).await.unwrap_err();
            let why = ["open Internet", "no address that may be asked"];
            assert!(why.iter().any(|why| problem.for_log.contains(why)), "{}", problem.for_log);
        }
    }

    #[tokio::test]
    async fn a_provider_that_is_not_there_is_busy_and_the_log_says_which() {
        let outbound = Outbound::new(Duration::from_secs(2)).unwrap();
        let request = Request::get("http://127.0.0.1:1/keys?code=hemmelig").body(Bytes::new());
        let problem = outbound.send(request.unwrap()).await.unwrap_err();
        assert_eq!((problem.kind, problem.code), (Kind::Busy, "IDN-061"));
        assert!(problem.for_log.contains("http://127.0.0.1:1/keys: "), "{}", problem.for_log);
        assert!(!problem.to_string().contains("hemmelig"));
    }
}
