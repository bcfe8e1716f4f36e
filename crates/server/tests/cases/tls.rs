//! `[tls]`: a real client over TLS, others turned away, new certificates without a restart.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use akson_identity::{Outbound, Reply};
use akson_testkit::server::Server;
use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const TIME: Duration = Duration::from_secs(5);

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// Writes `tls.pem` and `tls.key` for localhost.
fn write_certificate(folder: &Path, authority: &Authority) {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec!["localhost".to_string()]).unwrap();
    let certificate = parameters.signed_by(&key, authority).unwrap();
    std::fs::write(folder.join("tls.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
}

fn write_settings(folder: &Path, base_url: &str) -> String {
    let (certificate, key) = (folder.join("tls.pem"), folder.join("tls.key"));
    let text =
        format!("{base_url}\n[tls]\ncertificate_file = {certificate:?}\nkey_file = {key:?}\n",);
    let file = folder.join("akson.toml");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_string()
}

fn serve(authority: &Authority) -> (TempDir, Server) {
    let files = TempDir::new().unwrap();
    write_certificate(files.path(), authority);
    let config = write_settings(files.path(), "base_url = \"https://localhost/fhir\"");
    let arguments = ["--open", "--config", config.as_str()];
    let server = Server::start_with(BINARY, &arguments).unwrap();
    assert!(server.root().starts_with("https://"), "{}", server.root());
    (files, server)
}

fn port(server: &Server) -> u16 {
    server.root().rsplit(':').next().unwrap().parse().unwrap()
}

/// `GET` by a client that believes this authority alone.
async fn get(server: &Server, authority: &Authority, path: &str) -> Result<Reply, String> {
    let outbound = Outbound::trusting(authority.pem().as_bytes(), TIME).unwrap();
    let url = format!("https://localhost:{}{path}", port(server));
    let request = http::Request::get(url).body(Bytes::new()).unwrap();
    outbound.send(request).await.map_err(|problem| problem.for_log)
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_is_served_and_told_to_stay_with_tls() {
    let authority = authority();
    let (_files, mut server) = serve(&authority);
    for path in ["/fhir/Patient?_count=1", "/fhir/Patient/none", "/", "/health/live"] {
        let reply = get(&server, &authority, path).await.unwrap();
        assert_eq!(reply.status == 404, path.ends_with("none"), "{path} {}", reply.status);
        assert_eq!(reply.headers["strict-transport-security"], "max-age=63072000", "{path}");
    }
    let stranger = self::authority();
    let refused = get(&server, &stranger, "/health/live").await.unwrap_err();
    assert!(refused.contains("invalid peer certificate"), "{refused}");
    // Open connections do not keep it from stopping.
    let idle = TcpStream::connect(("127.0.0.1", port(&server))).unwrap();
    let began = Instant::now();
    assert!(server.stop().unwrap().success(), "{}", server.log());
    assert!(began.elapsed() < TIME, "{:?}", began.elapsed());
    drop(idle);
}

#[test]
fn whoever_does_not_speak_tls_is_turned_away_in_time() {
    let (_files, server) = serve(&authority());
    let ask = |said: &[u8]| {
        let mut stream = TcpStream::connect(("127.0.0.1", port(&server))).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(said).unwrap();
        let began = Instant::now();
        let mut answer = Vec::new();
        // Closed or reset, but not left open.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
        began.elapsed()
    };
    let plain = ask(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(plain < Duration::from_secs(2), "{plain:?}");
    // The first bytes of a handshake, and then nothing.
    let slow = ask(&[22, 3, 1, 0, 200, 1]);
    assert!((9..15).contains(&slow.as_secs()), "{slow:?}");
}

#[tokio::test]
async fn a_new_certificate_is_shown_after_sighup_and_a_bad_one_never() {
    let (first, second) = (authority(), authority());
    let (files, server) = serve(&first);
    let hang_up = || {
        let command = format!("kill -HUP {}", server.process_id());
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
    };
    let told = async |words: &str| {
        let began = Instant::now();
        while !server.log().contains(words) {
            assert!(began.elapsed() < TIME, "{}", server.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    get(&server, &first, "/health/live").await.unwrap();
    std::fs::write(files.path().join("tls.key"), "not a key").unwrap();
    hang_up();
    told("goes on with the certificate it has").await;
    get(&server, &first, "/health/live").await.unwrap();
    write_certificate(files.path(), &second);
    hang_up();
    told("was read again").await;
    get(&server, &second, "/health/live").await.unwrap();
    get(&server, &first, "/health/live").await.unwrap_err();
}

#[test]
fn files_that_cannot_be_used_are_one_clear_line_and_exit_code_2() {
    let files = TempDir::new().unwrap();
    let folder = files.path();
    let refused = |base_url: &str, words: &str| {
        let config = write_settings(folder, base_url);
        let output = Command::new(BINARY)
            .args(["serve", "--open", "--listen", "127.0.0.1:0", "--config", &config, "--data"])
            .arg(folder.join("data"))
            .output()
            .unwrap();
        let line = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.lines().count() == 1 && line.contains(words), "{words}: {line}");
    };
    let https = "base_url = \"https://localhost/fhir\"";
    let authority = authority();
    refused(https, "cannot read");
    write_certificate(folder, &authority);
    refused("", "base_url");
    refused("base_url = \"http://localhost/fhir\"", "https://");
    std::fs::write(folder.join("tls.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    refused(https, "cannot be used together");
    std::fs::write(folder.join("tls.key"), "").unwrap();
    refused(https, "holds no private key");
    std::fs::write(folder.join("tls.pem"), "").unwrap();
    refused(https, "holds no certificate");
}
