//! TLS to a real PostgreSQL with certificates of a test's own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use akson_base::Problem;
use akson_store::engine::postgres::{Options, PostgresEngine};
use akson_store::engine::{Engine, commit_and_wait};
use akson_testkit::postgres::Postgres;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

use super::engines::{self, WallClock};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, as PEM.
fn certified(
    authority: &Authority,
    host: &str,
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.extended_key_usages = vec![purpose];
    let certificate = parameters.signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn open(url: &str) -> Result<PostgresEngine, Problem> {
    let options = Options { patience: Duration::from_millis(500), ..Options::default() };
    PostgresEngine::open(url, &options, Arc::new(WallClock))
}

fn code(url: &str) -> &'static str {
    open(url).err().expect("must be refused").code
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_server_is_verified_and_so_are_we() {
    let (ours, other) = (authority(), authority());
    let (certificate, key) =
        certified(&ours, "localhost", "server", ExtendedKeyUsagePurpose::ServerAuth);
    let clerk = certified(&ours, "clerk", "clerk", ExtendedKeyUsagePurpose::ClientAuth);
    let stranger = certified(&other, "clerk", "clerk", ExtendedKeyUsagePurpose::ClientAuth);
    let settings = [
        "fsync = off",
        "ssl = on",
        "ssl_cert_file = 'server.crt'",
        "ssl_key_file = 'server.key'",
        "ssl_ca_file = 'ca.crt'",
    ];
    let who = "hostssl all clerk 127.0.0.1/32 cert\nhost all akson 127.0.0.1/32 trust\n";
    let authority_text = ours.pem();
    let files = [
        ("server.crt", certificate.as_str()),
        ("server.key", key.as_str()),
        ("ca.crt", authority_text.as_str()),
        ("pg_hba.conf", who),
    ];
    let server = Postgres::start_with(&settings, &files).unwrap();
    server.sql("postgres", "CREATE ROLE clerk LOGIN").unwrap();
    server.sql("postgres", "CREATE DATABASE record OWNER clerk").unwrap();

    let folder = tempfile::tempdir().unwrap();
    let root = write(folder.path(), "ca.pem", &authority_text);
    let other_root = write(folder.path(), "other.pem", &other.pem());
    let files = |(certificate, key): &(String, String), name: &str| {
        let certificate = write(folder.path(), &format!("{name}.crt"), certificate);
        let key = write(folder.path(), &format!("{name}.key"), key);
        format!("&sslcert={certificate}&sslkey={key}")
    };
    let (clerk, stranger) = (files(&clerk, "clerk"), files(&stranger, "stranger"));
    let base = server.url_of("record").replace("akson@127.0.0.1", "clerk@localhost");
    let by_number = server.url_of("record").replace("akson@", "clerk@");

    for mode in ["require", "verify-ca", "verify-full"] {
        let engine = open(&format!("{base}?sslmode={mode}&sslrootcert={root}{clerk}")).unwrap();
        let put = vec![engines::put(mode, "v")];
        commit_and_wait(&engine, engines::ops(put)).unwrap();
        assert!(engine.snapshot().get(mode.as_bytes()).unwrap().is_some());
        let speaks = "SELECT count(*) > 0 AND bool_and(ssl) FROM pg_stat_ssl \
             JOIN pg_stat_activity USING (pid) WHERE usename = 'clerk'";
        assert_eq!(server.sql("postgres", speaks).unwrap(), "t");
    }
    let full = format!("sslmode=verify-full&sslrootcert={root}");
    // Who we are is not proved, or by somebody whom the server does not trust; no TLS at all.
    assert_eq!(code(&format!("{base}?{full}")), "STO-080");
    assert_eq!(code(&format!("{base}?{full}{stranger}")), "STO-077");
    assert_eq!(code(&base), "STO-080");
    assert_eq!(code(&format!("{base}?sslmode=disable")), "STO-080");
    // Whom we talk with is not proved: another authority, another name.
    let wrong = format!("{base}?sslmode=verify-full&sslrootcert={other_root}{clerk}");
    assert_eq!(code(&wrong), "STO-077");
    assert_eq!(code(&format!("{by_number}?{full}{clerk}")), "STO-077");
    // What cannot be.
    for asked in [
        "sslmode=verify-full".to_owned(),
        "sslmode=prefer".to_owned(),
        "sslmode=verify-full&sslrootcert=/does/not/exist".to_owned(),
        format!("sslrootcert={root}"),
        format!("{full}&sslcert={root}"),
        format!("{full}&sslcert={root}&sslkey={root}"),
    ] {
        assert_eq!(code(&format!("{base}?{asked}")), "STO-076", "{asked}");
    }
}
