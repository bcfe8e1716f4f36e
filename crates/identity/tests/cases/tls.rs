//! Asking a provider over TLS: only one that a trusted authority vouches for is believed.

use std::sync::Arc;
use std::time::Duration;

use akson_base::Kind;
use akson_identity::Outbound;
use bytes::Bytes;
use http::Request;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const TIME: Duration = Duration::from_secs(2);

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// Answers each request on loopback with `answer`, with a certificate for `name`. Gives the port.
async fn serve(authority: &CertifiedIssuer<'_, KeyPair>, name: &str, answer: String) -> u16 {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec![name.to_string()]).unwrap();
    let certificate = parameters.signed_by(&key, authority).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust us goes away here.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

async fn ask(outbound: &Outbound, port: u16) -> Result<(u16, String), String> {
    let request = Request::get(format!("https://localhost:{port}/keys")).body(Bytes::new());
    match outbound.send(request.unwrap()).await {
        Ok(reply) => Ok((reply.status.as_u16(), String::from_utf8_lossy(&reply.body).into())),
        Err(problem) => {
            assert_eq!((problem.kind, problem.code), (Kind::Busy, "IDN-061"));
            Err(problem.for_log)
        }
    }
}

#[tokio::test]
async fn a_provider_that_a_trusted_authority_vouches_for_is_asked() {
    let authority = authority();
    let outbound = Outbound::trusting(authority.pem().as_bytes(), TIME).unwrap();
    let port = serve(&authority, "localhost", answer("200 OK", "", "{}")).await;
    assert_eq!(ask(&outbound, port).await, Ok((200, "{}".into())));
}

#[tokio::test]
async fn others_are_not_believed() {
    let (ours, theirs) = (authority(), authority());
    let outbound = Outbound::trusting(ours.pem().as_bytes(), TIME).unwrap();
    let stranger = serve(&theirs, "localhost", answer("200 OK", "", "{}")).await;
    let misnamed = serve(&ours, "helseid.example", answer("200 OK", "", "{}")).await;
    for (outbound, port) in
        [(&outbound, stranger), (&outbound, misnamed), (&Outbound::new(TIME).unwrap(), misnamed)]
    {
        let error = ask(outbound, port).await.unwrap_err();
        assert!(error.contains("certificate"), "{error}");
    }
}

#[tokio::test]
async fn answers_are_bounded_and_redirects_are_not_followed() {
    let authority = authority();
    let outbound = Outbound::trusting(authority.pem().as_bytes(), TIME).unwrap();
    let away = answer("302 Found", "location: http://127.0.0.1:1/\r\n", "");
    let port = serve(&authority, "localhost", away).await;
    assert_eq!(ask(&outbound, port).await, Ok((302, String::new())));
    let port = serve(&authority, "localhost", answer("200 OK", "", &"x".repeat(262_145))).await;
    let error = ask(&outbound, port).await.unwrap_err();
    assert!(error.contains("length limit exceeded"), "{error}");
    let silent =
        serve(&authority, "localhost", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".into());
    let error = ask(&outbound, silent.await).await.unwrap_err();
    assert!(!error.is_empty());
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let outbound = Outbound::new(Duration::from_millis(100)).unwrap();
    let request = Request::get(format!("http://{address}/keys")).body(Bytes::new()).unwrap();
    let problem = outbound.send(request).await.unwrap_err();
    assert!(problem.for_log.contains("no answer within 100 ms"), "{}", problem.for_log);
}

#[test]
fn authorities_that_are_none_are_refused() {
    for text in ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(Outbound::trusting(text.as_bytes(), TIME).unwrap_err().code, "IDN-060");
    }
}
