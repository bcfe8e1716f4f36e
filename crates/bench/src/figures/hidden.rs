//! Whether time tells what is hidden from what never was: the same requests about patients to whom
//! the caller has no ground and about nobody, in turns, over HTTP under the rules.
//!
//! The figure is how often somebody who times one answer, and knows the best threshold, guesses right:
//! 50 % is a coin; of few pairs chance alone makes it a little more.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use super::{Bench, Driven};
use crate::client::{Address, Connection};
use crate::issuer::Issuer;
use crate::report::{Figure, Target};
use crate::say;

/// The number of an organisation that no register has: its systems have no ground with anybody.
const STRANGER: &str = "310000124";
/// Times that each pair is asked about after the first.
const ROUNDS: usize = 20;
/// Patients asked about.
const PATIENTS_MAX: usize = 300;
/// No more often than this may it be guessed once a patient's facts are in memory, percent.
const GUESSED_MAX: f64 = 60.0;

impl Bench {
    /// Starts the server on the stopped server's folder with the rules and an issuer of our own.
    pub(super) fn hidden(&mut self, data: &Path, driven: &Driven) -> Result<(), String> {
        say("what is hidden beside what is not there, one request at a time");
        let issuer = Issuer::start()?;
        let program = self.under_rules(data, &issuer, "hidden")?;
        let token = issuer.token(STRANGER, None)?;
        let mut patients = driven.harvest.patient_references();
        patients.truncate(PATIENTS_MAX);
        let known: HashSet<&String> = patients.iter().collect();
        let pairs: Vec<(String, String)> = patients
            .iter()
            .map(|there| (there.clone(), nobody(there)))
            .filter(|(_, nobody)| !known.contains(nobody))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let ways: [(&str, Asking); 2] = [
            ("read by id", |reference| format!("/{reference}")),
            ("search by patient", |reference| format!("/Observation?patient={reference}")),
        ];
        // Each way with patients of its own: what one has asked about is known to the other.
        let share = pairs.len().div_ceil(ways.len()).max(1);
        for ((name, path), pairs) in ways.into_iter().zip(pairs.chunks(share)) {
            let timed = runtime.block_on(time(&program.address, &token, pairs, path))?;
            let [first, later] = timed;
            self.told(&format!("{name}, facts not known yet"), &first, None);
            self.told(&format!("{name}, facts known"), &later, Some(Target::AtMost(GUESSED_MAX)));
        }
        program.stop()
    }

    fn told(&mut self, name: &str, timed: &Timed, target: Option<Target>) {
        let (hidden, absent) = (median(&timed.hidden), median(&timed.absent));
        let details = format!(
            "{} pairs; medians {hidden:.0} µs of what is hidden, {absent:.0} µs of what is not there",
            timed.hidden.len()
        );
        let mut figure =
            Figure::new(&format!("guessed hidden: {name}"), timed.guessed() * 100.0, "%")
                .limit("a coin", 50.0)
                .details(details);
        figure.target = target;
        self.add(figure);
    }
}

/// The address of what is asked about a reference.
type Asking = fn(&str) -> String;

/// A reference of the same length to nobody.
fn nobody(reference: &str) -> String {
    let (name, id) = reference.split_once('/').unwrap_or(("", reference));
    let turned = id.bytes().map(|byte| match byte {
        b'0'..=b'8' | b'a'..=b'e' => char::from(byte + 1),
        b'9' => '0',
        b'f' => 'a',
        other => char::from(other),
    });
    format!("{name}/{}", turned.collect::<String>())
}

/// Microseconds of each answer.
#[derive(Default)]
struct Timed {
    hidden: Vec<f64>,
    absent: Vec<f64>,
}

impl Timed {
    /// How often the best threshold tells right which of the two an answer is.
    fn guessed(&self) -> f64 {
        let mut all: Vec<(f64, bool)> = self.hidden.iter().map(|time| (*time, true)).collect();
        all.extend(self.absent.iter().map(|time| (*time, false)));
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut below, mut most) = ([0.0, 0.0], 0.0_f64);
        let counts = [self.absent.len() as f64, self.hidden.len() as f64];
        for (_, is_hidden) in all {
            if let Some(count) = below.get_mut(usize::from(is_hidden)) {
                *count += 1.0;
            }
            let [absent, hidden] = below;
            most = most.max((absent / counts[0].max(1.0) - hidden / counts[1].max(1.0)).abs());
        }
        0.5 + most / 2.0
    }
}

/// Asks about each pair, hidden and absent first in turn: the first time, and all later times.
async fn time(
    address: &Address,
    token: &str,
    pairs: &[(String, String)],
    path: Asking,
) -> Result<[Timed; 2], String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut connection = Connection::open(address).await.map_err(failed)?;
    let header = format!("Authorization: Bearer {token}\r\n");
    let request = |of: &str| address.request_with("GET", &path(of), &header);
    // The caller and the paths are warm before anything is timed.
    for _ in 0..50 {
        connection.exchange(&request("Patient/never-was")).await.map_err(failed)?;
    }
    let mut timed = [Timed::default(), Timed::default()];
    for round in 0..=ROUNDS {
        for (at, (hidden, absent)) in pairs.iter().enumerate() {
            let mut both = [(hidden, true), (absent, false)];
            if (at + round) % 2 == 0 {
                both.reverse();
            }
            for (reference, is_hidden) in both {
                let bytes = request(reference);
                let begin = Instant::now();
                let status = connection.exchange(&bytes).await.map_err(failed)?.status;
                let took = begin.elapsed().as_secs_f64() * 1e6;
                if !matches!(status, 200 | 404) {
                    return Err(format!("{} answered {status}", path(reference)));
                }
                let [first, later] = &mut timed;
                let of = if round == 0 { first } else { later };
                if is_hidden { of.hidden.push(took) } else { of.absent.push(took) }
            }
        }
    }
    Ok(timed)
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_a_coin_or_certain() {
        let same = Timed { hidden: vec![1.0, 2.0, 3.0], absent: vec![1.0, 2.0, 3.0] };
        assert!(same.guessed() < 0.7);
        let apart = Timed { hidden: vec![4.0, 5.0], absent: vec![1.0, 2.0] };
        assert!((apart.guessed() - 1.0).abs() < 1e-9);
        assert_eq!(nobody("Patient/09af-x"), "Patient/10ba-x");
    }
}
