//! Loading the patients into a new store, what that takes, and starting on what came of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Bench, Name};
use crate::place::Place;
use crate::probe::Probe;
use crate::program::{Program, run_measured};
use crate::report::{Figure, Target};
use crate::say;

/// Types that bundles of patients are made of; counted after a load.
const COUNTED_TYPES: [&str; 24] = [
    "AllergyIntolerance",
    "CarePlan",
    "CareTeam",
    "Claim",
    "Condition",
    "Device",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "ExplanationOfBenefit",
    "ImagingStudy",
    "Immunization",
    "Location",
    "Medication",
    "MedicationAdministration",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "SupplyDelivery",
];

/// Time, peak memory and disk of one load.
pub(super) struct Loaded {
    seconds: f64,
    peak_megabytes: f64,
    disk_bytes: u64,
}

impl Bench {
    /// Bundles packed with bzip2 are unpacked first, so that the load measures the store: one core
    /// unpacks less of it in a second than the store takes in. `None` when nothing is packed.
    pub(super) fn unpack(&self, patients: &Path) -> Result<Option<PathBuf>, String> {
        let told = |error: std::io::Error| format!("unpacking {}: {error}", patients.display());
        let files: Vec<PathBuf> = std::fs::read_dir(patients)
            .map_err(told)?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<Result<_, _>>()
            .map_err(told)?;
        let is_packed = |file: &Path| file.extension().is_some_and(|e| e == "bz2");
        if !files.iter().any(|file| is_packed(file)) {
            return Ok(None);
        }
        let folder = self.work.join("patients");
        std::fs::create_dir_all(&folder).map_err(told)?;
        for file in files.iter().filter(|file| file.is_file()) {
            let Some(name) = file.file_stem().filter(|_| is_packed(file)).or(file.file_name())
            else {
                continue;
            };
            let to = folder.join(name);
            if !is_packed(file) {
                std::fs::copy(file, &to).map_err(told)?;
                continue;
            }
            let out = std::fs::File::create(&to).map_err(told)?;
            let status = Command::new("bzip2").arg("-dc").arg(file).stdout(out).status();
            if !status.map_err(told)?.success() {
                return Err(format!("bzip2 could not unpack {}", file.display()));
            }
        }
        Ok(Some(folder))
    }

    /// `akson load` of a folder. Refused resources (exit code 1) are told, not fatal.
    pub(super) fn run_load(&self, patients: &Path, place: &Place) -> Result<Loaded, String> {
        let mut command = Command::new(&self.akson);
        command.arg("load").args(place.arguments());
        command.arg("--refused").arg(self.work.join("refused.ndjson")).arg(patients);
        let log = self.work.join("load.log");
        let (took, memory) = run_measured(command, &log, &[0, 1])?;
        let disk_bytes = place.disk_bytes()?;
        Ok(Loaded { seconds: took.as_secs_f64(), peak_megabytes: memory.peak, disk_bytes })
    }

    /// Loads, and keeps what was measured until the number of resources is known.
    pub(super) fn load(&mut self, patients: &Path, place: &Place) -> Result<(), String> {
        say(&format!("loading {}", patients.display()));
        let unpacked = self.unpack(patients)?;
        let packed = match &unpacked {
            Some(_) if self.wants(Name::Load) => {
                let scratch = self.place("data-of-packed")?;
                Some(self.run_load(patients, &scratch)?.seconds)
            }
            Some(_) | None => None,
        };
        let loaded = self.run_load(unpacked.as_deref().unwrap_or(patients), place)?;
        if !self.wants(Name::Load) {
            return Ok(());
        }
        // Counted by asking a server, so that what was refused is not counted.
        let program = Program::akson(&self.akson, place, &self.work.join("count.log"))?;
        let resources = count_resources(&Probe::new(&program.address)?)?;
        program.stop()?;
        let per_second = resources as f64 / loaded.seconds;
        self.add(
            Figure::new("load of the patients", per_second, "resources/s")
                .target(self.targets.load)
                .details(format!("{resources} resources in {:.1} s", loaded.seconds)),
        );
        if let Some(seconds) = packed {
            let figure = Figure::new(
                "load of the patients, from .bz2",
                resources as f64 / seconds,
                "resources/s",
            );
            self.add(figure.details(String::from("unpacking bzip2 is part of the time")));
        }
        let per_resource = loaded.disk_bytes as f64 / resources as f64 / 1_000.0;
        self.add(
            Figure::new("disk after load", per_resource, "KB/resource")
                .target(self.targets.disk)
                .details(format!("{:.1} MB in all", loaded.disk_bytes as f64 / 1e6)),
        );
        self.add(
            Figure::new("memory during load", loaded.peak_megabytes, "MB")
                .target(Target::AtMost(1_000.0)),
        );
        Ok(())
    }

    /// How long a server took to answer on the loaded store, and what it holds when idle.
    pub(super) fn start(&mut self, program: &Program, place: &Place) -> Result<(), String> {
        if !self.wants(Name::Start) {
            return Ok(());
        }
        let milliseconds = program.ready_after.as_secs_f64() * 1_000.0;
        self.add(
            Figure::new("start until ready", milliseconds, "ms")
                .target(Target::AtMost(1_000.0))
                .details(format!("on {:.0} MB of data", place.disk_bytes()? as f64 / 1e6)),
        );
        self.add(
            Figure::new("memory, idle after load", program.memory().resident, "MB")
                .target(Target::AtMost(150.0)),
        );
        Ok(())
    }

    /// Memory after all loads.
    pub(super) fn after(&mut self, program: &Program) {
        let memory = program.memory();
        self.add(
            Figure::new("memory after all of the above", memory.resident, "MB")
                .details(format!("peak {:.0} MB", memory.peak)),
        );
    }
}

/// Current resources of the counted types.
pub(super) fn count_resources(probe: &Probe) -> Result<u64, String> {
    COUNTED_TYPES.iter().map(|kind| probe.count(&format!("/{kind}"))).sum()
}
