//! Opening files: decompression and archives, as a stream of documents.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use akson_base::limits::REQUEST_BYTES_MAX;

use super::inputs::{Form, Input, Packing, comes_first, kind};
use crate::failure::Failure;

/// Bytes read from a file at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// One JSON document or one NDJSON file, ready to be read.
pub(crate) struct Document<'a> {
    /// The file's name, with the member's after `!` when it is in an archive.
    pub(crate) name: String,
    /// Whether it is NDJSON.
    pub(crate) lines: bool,
    pub(crate) reader: Box<dyn BufRead + 'a>,
}

/// Visits every document in a file.
pub(crate) fn documents(
    input: &Input,
    each: &mut dyn FnMut(Document<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let name = input.path.display().to_string();
    match input.form {
        Form::Json | Form::Ndjson => {
            let lines = input.form == Form::Ndjson;
            each(Document { name, lines, reader: unpacked(&input.path)? })
        }
        Form::Tar => {
            // Twice through: what others refer to comes first, as in a folder.
            archive(input, true, each)?;
            archive(input, false, each)
        }
    }
}

fn archive(
    input: &Input,
    first: bool,
    each: &mut dyn FnMut(Document<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let archive_name = input.path.display();
    let failed = |error| Failure::Failed(format!("cannot read archive {archive_name}: {error}"));
    let mut archive = tar::Archive::new(unpacked(&input.path)?);
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path().map_err(failed)?.into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((form, packing)) = kind(&name).filter(|(form, _)| *form != Form::Tar) else {
            continue;
        };
        if comes_first(&name) != first {
            continue;
        }
        each(Document {
            name: format!("{archive_name}!{}", path.display()),
            lines: form == Form::Ndjson,
            reader: unpack(entry, packing).map_err(failed)?,
        })?;
    }
    Ok(())
}

fn unpacked(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    let failed = |error| Failure::Failed(format!("cannot read {}: {error}", path.display()));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let packing = kind(&name).map_or(Packing::Plain, |(_, packing)| packing);
    unpack(File::open(path).map_err(failed)?, packing).map_err(failed)
}

fn unpack<'a>(reader: impl Read + 'a, packing: Packing) -> std::io::Result<Box<dyn BufRead + 'a>> {
    let reader = BufReader::with_capacity(BUFFER_BYTES, reader);
    Ok(match packing {
        Packing::Plain => Box::new(reader),
        Packing::Gzip => buffered(flate2::bufread::MultiGzDecoder::new(reader)),
        Packing::Bzip2 => buffered(bzip2::bufread::MultiBzDecoder::new(reader)),
        Packing::Zstd => buffered(zstd::stream::read::Decoder::with_buffer(reader)?),
    })
}

fn buffered<'a>(reader: impl Read + 'a) -> Box<dyn BufRead + 'a> {
    Box::new(BufReader::with_capacity(BUFFER_BYTES, reader))
}

impl Document<'_> {
    /// The whole document; more than a request may hold is an error.
    pub(crate) fn whole(&mut self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut limited = (&mut self.reader).take(REQUEST_BYTES_MAX as u64 + 1);
        limited.read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(format!("larger than {REQUEST_BYTES_MAX} bytes, the limit of one bundle"));
        }
        Ok(bytes)
    }
}
