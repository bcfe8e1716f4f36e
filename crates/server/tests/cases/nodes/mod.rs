//! Several servers on one database, for the tests of what they remember and what they promise together.

mod background;
mod balancer;
mod coherence;
mod histories;
mod linearizability;
mod overlapping;

use std::path::Path;
use std::process::Command;

use akson_testkit::postgres::Postgres;
use akson_testkit::server::Server;
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

use crate::ask::Answer;
use crate::issuer::Issuer;

const BINARY: &str = env!("CARGO_BIN_EXE_akson");
const JSON: &str = "application/fhir+json";

/// A database that no power failure threatens.
fn database() -> Postgres {
    Postgres::start(&["fsync = off"]).unwrap()
}

/// Loads a bundle.
fn load(database: &Postgres, bundle: &Value) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("bundle.json");
    std::fs::write(&file, bundle.to_string()).unwrap();
    let loaded = Command::new(BINARY)
        .current_dir(folder.path())
        .args(["load", "bundle.json", "--database", &database.url()])
        .output()
        .unwrap();
    assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
}

/// A server that lets everybody do everything.
fn open(database: &Postgres) -> Server {
    let arguments = ["--open", "--database", &database.url()];
    Server::start_in(BINARY, TempDir::new().unwrap(), &arguments).unwrap()
}

/// A server that goes by the rules, and takes this issuer's tokens.
fn ruled(database: &Postgres, issuer: &Issuer) -> Server {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("akson.toml");
    // A test asks more often than anybody may.
    let limits = "[limits]\nclient_requests_per_second = 0\nperson_requests_per_second = 0\n";
    std::fs::write(&config, format!("{}{limits}", issuer.settings())).unwrap();
    let config: &Path = &config;
    let arguments = ["--config", config.to_str().unwrap(), "--database", &database.url()];
    Server::start_in(BINARY, folder, &arguments).unwrap()
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

/// Puts a resource where it says that it is.
async fn put(client: &Client, server: &Server, body: &Value) -> Answer {
    let of = body["resourceType"].as_str().unwrap();
    let url = format!("{}/{of}/{}", server.fhir(), body["id"].as_str().unwrap());
    let request = client.put(url).header("Content-Type", JSON).body(body.to_string());
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert!(answer.status < 300, "{} {}", answer.status, String::from_utf8_lossy(&answer.bytes));
    answer
}

/// Small, fast and repeatable: xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}
