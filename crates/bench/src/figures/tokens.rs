//! Read by id as systems do it: under the rules, with an access token of an OpenID provider, bound to
//! a key with a proof in each request (DPoP), and not bound (Bearer).
//!
//! The proofs are made beforehand; checking them is what is measured.

use std::path::Path;
use std::sync::Arc;

use super::rules::ORGANISATION_NUMBER;
use super::{Bench, Driven, TURNS, latencies};
use crate::client::{Address, Answer};
use crate::issuer::{AUDIENCE, Client, Issuer};
use crate::load::{Measured, Ring, Script, drive, expect_status};
use crate::place::Place;
use crate::probe::Probe;
use crate::program::Program;
use crate::report::{Figure, Target};
use crate::say;

/// Connections that read.
const CLIENTS: usize = 128;
/// More reads in a second than any server has answered here: a proof is good for one request.
const PROOFS_PER_SECOND: usize = 45_000;
/// What is asked for in each way.
const READS_PER_SECOND: f64 = 20_000.0;

impl Bench {
    /// Starts the server on the stopped server's folder with the rules and an issuer of our own.
    pub(super) fn tokens(&mut self, data: &Path, driven: &Driven) -> Result<(), String> {
        let issuer = Issuer::start()?;
        let program = self.under_rules(data, &issuer, "tokens")?;
        let ids = driven.harvest.scattered_observation_ids();
        self.reads_with("Bearer", &Reads::bearer(&issuer, &program.address, &ids)?)?;
        // With what the warm-ups use.
        let proofs = (self.seconds.div_ceil(TURNS) * TURNS * 6 / 5) as usize * PROOFS_PER_SECOND;
        say(&format!("making {proofs} proofs"));
        self.reads_with("DPoP", &Reads::proved(&issuer, &program.address, &ids, proofs)?)?;
        program.stop()
    }

    /// `akson serve` on the folder under the rules, with tokens of this issuer and no limits of rate;
    /// its settings and log are files of this name.
    pub(super) fn under_rules(
        &self,
        data: &Path,
        issuer: &Issuer,
        name: &str,
    ) -> Result<Program, String> {
        let config = self.work.join(format!("{name}.toml"));
        let (url, log) = (&issuer.url, self.work.join(format!("{name}.log")));
        let text = format!(
            "[identity]\nissuer = \"{url}\"\naudience = \"{AUDIENCE}\"\ndpop = \"accepted\"\n\
             [limits]\nclient_requests_per_second = 0\nperson_requests_per_second = 0\n"
        );
        std::fs::write(&config, text).map_err(|error| format!("{}: {error}", config.display()))?;
        let arguments = ["--config", &config.to_string_lossy()];
        let place = Place::Folder(data.to_path_buf());
        Program::akson_with(&self.akson, &place, &log, &arguments)
    }

    fn reads_with(&mut self, scheme: &str, reads: &Reads) -> Result<(), String> {
        say(&format!("reading by id with access tokens ({scheme})"));
        let turn = |number: u64| -> Result<Measured, String> {
            let script = |connection| reads.script(connection, number as usize);
            drive(&reads.address, self.turn(CLIENTS), &script)
        };
        let first = turn(0)?;
        let constant = Program::constant(first.mean_body_bytes())?;
        let plain = Arc::new(vec![constant.address.request("GET", "/Observation/1", b"")]);
        let limit = || {
            let script = |connection| Ring::script(&plain, connection, CLIENTS, 200);
            drive(&constant.address, self.turn(CLIENTS), &script)
        };
        let mut numbers = 1..TURNS;
        let first = (first, limit()?);
        let (measured, limit) = numbers.try_fold(first, |(reads, constant), number| {
            Ok::<_, String>((reads.and_then(&turn(number)?)?, constant.and_then(&limit()?)?))
        })?;
        let name = format!("read by id under the rules, {scheme} tokens, {CLIENTS} clients");
        self.add(
            Figure::new(&name, measured.rate(), "req/s")
                .limit("same HTTP stack, a constant", limit.rate())
                .target(Target::AtLeast(READS_PER_SECOND))
                .details(latencies(&measured)),
        );
        Ok(())
    }
}

/// Prepared requests.
struct Reads {
    address: Address,
    requests: Arc<Vec<Vec<u8>>>,
    used_once: bool,
}

impl Reads {
    /// What a connection sends in one of the turns.
    fn script(&self, connection: usize, turn: usize) -> Box<dyn Script> {
        if !self.used_once {
            return Ring::script(&self.requests, connection, CLIENTS, 200);
        }
        let share = self.requests.len() / TURNS as usize;
        Box::new(Once { requests: Arc::clone(&self.requests), at: turn * share + connection })
    }

    fn bearer(issuer: &Issuer, address: &Address, ids: &[&str]) -> Result<Self, String> {
        let token = issuer.token(ORGANISATION_NUMBER, None)?;
        let header = format!("Authorization: Bearer {token}\r\n");
        let requests = ids.iter().map(|id| address.request_with("GET", &format!("/{id}"), &header));
        Ok(Self {
            address: address.clone(),
            requests: Arc::new(requests.collect()),
            used_once: false,
        })
    }

    fn proved(
        issuer: &Issuer,
        address: &Address,
        ids: &[&str],
        count: usize,
    ) -> Result<Self, String> {
        let client = Client::new()?;
        let token = issuer.token(ORGANISATION_NUMBER, Some(&client))?;
        let request = |serial: usize, nonce: Option<&str>, id: &str| {
            let base = format!("http://{}{}", address.authority, address.path);
            let proof = client.proof(&format!("{base}/{id}"), &token, nonce, serial)?;
            let header = format!("Authorization: DPoP {token}\r\nDPoP: {proof}\r\n");
            Ok::<_, String>(address.request_with("GET", &format!("/{id}"), &header))
        };
        let first = ids.first().ok_or("no observations to read")?;
        // The first answer refuses, and brings the nonce for all the others.
        let refused = Probe::new(address)?.send(&request(count, None, first)?)?;
        let nonce = refused.nonce.ok_or("the server hands out no nonce for proofs")?;
        let halves: [Vec<_>; 2] = [0, 1].map(|half| (half..count).step_by(2).collect());
        let made = std::thread::scope(|scope| {
            let threads = halves.map(|serials| {
                let (request, nonce) = (&request, nonce.as_str());
                scope.spawn(move || {
                    let each = serials.into_iter().map(|serial| {
                        request(serial, Some(nonce), ids.get(serial % ids.len()).unwrap_or(first))
                    });
                    each.collect::<Result<Vec<_>, String>>()
                })
            });
            threads.map(|thread| thread.join().map_err(|_| "a thread failed".to_string()))
        });
        let mut requests = Vec::with_capacity(count);
        for half in made {
            requests.extend(half??);
        }
        Ok(Self { address: address.clone(), requests: Arc::new(requests), used_once: true })
    }
}

/// Each connection's own share of requests that may be sent once.
struct Once {
    requests: Arc<Vec<Vec<u8>>>,
    at: usize,
}

impl Script for Once {
    fn next(&mut self, request: &mut Vec<u8>) {
        // When there are no more the server refuses the repetition, which is counted as an error.
        if let Some(prepared) = self.requests.get(self.at % self.requests.len().max(1)) {
            request.extend_from_slice(prepared);
        }
        self.at += CLIENTS;
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        expect_status(answer, &[200])
    }
}
