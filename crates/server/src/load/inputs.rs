//! Which files there are to load, and in which order.
//!
//! Folders are walked in name order. Files whose names begin with `0-` come first and one by one,
//! because others refer to what is in them.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) form: Form,
}

/// What is inside, once decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One JSON document: a bundle or a resource.
    Json,
    /// One resource per line.
    Ndjson,
    /// An archive of such files.
    Tar,
}

/// How it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Bzip2,
    Zstd,
}

/// Everything to load.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    /// One by one, before the rest.
    pub(crate) first: Vec<Input>,
    /// Side by side.
    pub(crate) rest: Vec<Input>,
}

impl Inputs {
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.rest.is_empty()
    }

    pub(crate) fn files(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.first.iter().chain(&self.rest).map(|input| input.bytes).sum()
    }
}

/// Walks the paths. A path that is named and cannot be loaded is an error; in folders, files of
/// other kinds are passed by.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Inputs, Failure> {
    let mut inputs = Inputs::default();
    for path in paths {
        let found = std::fs::metadata(path)
            .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
        if found.is_dir() {
            walk(path, &mut inputs)?;
        } else if !add(path, &mut inputs)? {
            return Err(Failure::Usage(format!(
                "{} is of no kind that can be loaded (.json, .ndjson, .tar, .tgz; .gz, .bz2, .zst)",
                path.display()
            )));
        }
    }
    Ok(inputs)
}

fn walk(folder: &Path, inputs: &mut Inputs) -> Result<(), Failure> {
    let failed =
        |error| Failure::Failed(format!("cannot read folder {}: {error}", folder.display()));
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, inputs)?;
        } else {
            add(&path, inputs)?;
        }
    }
    Ok(())
}

fn add(path: &Path, inputs: &mut Inputs) -> Result<bool, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((form, _)) = kind(&name) else {
        return Ok(false);
    };
    let failed = |error| Failure::Failed(format!("cannot read {}: {error}", path.display()));
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    let input = Input { path: path.to_path_buf(), bytes, form };
    if comes_first(&name) {
        inputs.first.push(input);
    } else {
        inputs.rest.push(input);
    }
    Ok(true)
}

/// Whether others refer to what is in this file.
pub(crate) fn comes_first(name: &str) -> bool {
    name.starts_with("0-")
}

/// Form and packing by the name's endings; `None` for names of other kinds.
pub(crate) fn kind(name: &str) -> Option<(Form, Packing)> {
    let name = name.to_ascii_lowercase();
    if name.ends_with(".tgz") {
        return Some((Form::Tar, Packing::Gzip));
    }
    let packings = [(".gz", Packing::Gzip), (".bz2", Packing::Bzip2), (".zst", Packing::Zstd)];
    let packed =
        packings.iter().find_map(|(end, packing)| Some((name.strip_suffix(end)?, *packing)));
    let (inner, packing) = packed.unwrap_or((&name, Packing::Plain));
    let forms = [
        (".json", Form::Json),
        (".ndjson", Form::Ndjson),
        (".jsonl", Form::Ndjson),
        (".tar", Form::Tar),
    ];
    forms.iter().find(|(end, _)| inner.ends_with(end)).map(|(_, form)| (*form, packing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_names() {
        for (name, expected) in [
            ("a.json", Some((Form::Json, Packing::Plain))),
            ("a.JSON.bz2", Some((Form::Json, Packing::Bzip2))),
            ("Patient.ndjson.gz", Some((Form::Ndjson, Packing::Gzip))),
            ("a.tgz", Some((Form::Tar, Packing::Gzip))),
            ("a.tar.zst", Some((Form::Tar, Packing::Zstd))),
            ("readme.md", None),
            ("a.xml.gz", None),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }
}
