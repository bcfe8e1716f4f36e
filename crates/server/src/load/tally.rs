//! Counting while loading: the progress bar, the summary per type, the list of refused resources.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};

use super::inputs::{Input, Inputs};
use super::pieces::Piece;
use super::target::{Refusal, issue};
use crate::failure::Failure;
use crate::say::thousands;

/// Shared by the lanes.
pub(crate) struct Tally {
    bar: ProgressBar,
    files: usize,
    started: Instant,
    refused_path: PathBuf,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    by_type: BTreeMap<String, u64>,
    loaded: u64,
    before: u64,
    refused: u64,
    files_done: usize,
    refused_file: Option<File>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    entry: Vec<AnswerEntry>,
}

#[derive(Deserialize)]
struct AnswerEntry {
    response: Option<EntryResponse>,
}

#[derive(Deserialize)]
struct EntryResponse {
    #[serde(default)]
    status: String,
    location: Option<String>,
    outcome: Option<Value>,
}

impl Tally {
    pub(crate) fn new(inputs: &Inputs, refused: &Path) -> Self {
        let bar = ProgressBar::new(inputs.bytes());
        let template = "{bar:30} {percent:>3} %  {msg}  {elapsed} used, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            files: inputs.files(),
            started: Instant::now(),
            refused_path: refused.to_path_buf(),
            counts: Mutex::default(),
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A piece was taken; a batch may hold refused entries all the same.
    pub(crate) fn applied(&self, piece: &Piece, answer: &[u8]) -> Result<(), Failure> {
        let answer: Answer = serde_json::from_slice(answer).map_err(|error| {
            Failure::Failed(format!("{}: the answer is no Bundle: {error}", piece.file))
        })?;
        let mut by_type = BTreeMap::<String, u64>::new();
        for (position, entry) in answer.entry.iter().enumerate() {
            let Some(response) = &entry.response else { continue };
            if response.status.starts_with('2') {
                *by_type.entry(type_of(response.location.as_deref())).or_default() += 1;
            } else {
                let outcome = response.outcome.clone().unwrap_or_default();
                let refusal = issue(&outcome, &response.status);
                let place = format!("entry {}", position + 1);
                self.write_refused(&piece.file, &place, "", &refusal, 1)?;
            }
        }
        let mut counts = self.counts();
        for (name, count) in by_type {
            counts.loaded += count;
            *counts.by_type.entry(name).or_default() += count;
        }
        self.show(&counts);
        Ok(())
    }

    pub(crate) fn applied_before(&self, piece: &Piece) {
        self.counts().before += piece.len() as u64;
    }

    /// A piece was refused whole.
    pub(crate) fn refused(&self, piece: &Piece, refusal: &Refusal) -> Result<(), Failure> {
        self.write_refused(&piece.file, &piece.place(), &piece.what(), refusal, piece.len())
    }

    /// A document or line that could not be sent.
    pub(crate) fn refused_unread(
        &self,
        file: &str,
        place: &str,
        refusal: &Refusal,
    ) -> Result<(), Failure> {
        self.write_refused(file, place, "", refusal, 1)
    }

    fn write_refused(
        &self,
        file: &str,
        place: &str,
        what: &str,
        refusal: &Refusal,
        resources: usize,
    ) -> Result<(), Failure> {
        let line = json!({
            "file": file, "place": place, "resource": what, "resources": resources,
            "code": refusal.code, "reason": refusal.reason, "locations": refusal.locations,
        });
        let failed = |error: std::io::Error| {
            let path = self.refused_path.display();
            Failure::Failed(format!("cannot write the list of refused resources {path}: {error}"))
        };
        let mut counts = self.counts();
        counts.refused += resources.max(1) as u64;
        if counts.refused_file.is_none() {
            let mut options = OpenOptions::new();
            let opened = options.create(true).append(true).open(&self.refused_path);
            counts.refused_file = Some(opened.map_err(failed)?);
        }
        match &mut counts.refused_file {
            Some(file) => writeln!(file, "{line}").map_err(failed),
            None => Ok(()),
        }
    }

    pub(crate) fn file_done(&self, input: &Input) {
        let mut counts = self.counts();
        counts.files_done += 1;
        self.bar.inc(input.bytes);
        self.show(&counts);
    }

    fn show(&self, counts: &Counts) {
        let (files, all) = (counts.files_done, self.files);
        let (resources, rate) = (thousands(counts.loaded), thousands(self.rate(counts.loaded)));
        self.bar.set_message(format!("{files}/{all} files  {resources} resources  {rate}/s"));
    }

    fn rate(&self, loaded: u64) -> u64 {
        (loaded as f64 / self.started.elapsed().as_secs_f64().max(0.001)) as u64
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// What was done, for a person.
    pub(crate) fn summary(&self) -> Vec<String> {
        let counts = self.counts();
        let seconds = self.started.elapsed().as_secs_f64();
        let mut lines = vec![format!(
            "Loaded {} resources from {} files in {seconds:.1} s ({}/s)",
            thousands(counts.loaded),
            counts.files_done,
            thousands(self.rate(counts.loaded)),
        )];
        for (name, count) in &counts.by_type {
            lines.push(format!("  {name:<28} {:>11}", thousands(*count)));
        }
        if counts.before > 0 {
            let before = thousands(counts.before);
            lines.push(format!("Loaded before, passed by: {before} resources"));
        }
        lines
    }

    /// Whether something was refused.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        let counts = self.counts();
        if counts.refused == 0 {
            return Ok(());
        }
        let (refused, path) = (thousands(counts.refused), self.refused_path.display());
        Err(Failure::Failed(format!("{refused} resources were refused; the reasons are in {path}")))
    }
}

/// The type in `Patient/1/_history/1`, with or without a base before it.
fn type_of(location: Option<&str>) -> String {
    let path = location.unwrap_or_default();
    let path = path.split_once("/_history").map_or(path, |(path, _)| path);
    let name = path.rsplit('/').nth(1).unwrap_or_default();
    if name.is_empty() { "(no location)".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_type_is_read_from_every_form_of_location() {
        for location in ["Patient/1/_history/1", "http://a/fhir/Patient/1/_history/2", "Patient/1"]
        {
            assert_eq!(super::type_of(Some(location)), "Patient", "{location}");
        }
    }
}
