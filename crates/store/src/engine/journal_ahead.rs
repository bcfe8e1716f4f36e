//! Writing zeros where the journal will be written next.
//!
//! To make a write durable, a file system must also make durable where the file's bytes lie, unless
//! the place was written before: then one wait for the disk is enough, and it takes a third of the
//! time. The engine makes its journal 64 MiB long at once but writes none of it, so this does, a
//! piece at a time, ahead of the commits.
//!
//! Harmless whatever the engine does: a piece is written only if it reads as zeros, and only by the
//! thread that also writes the journal, so nothing but zeros is ever written over zeros.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::fjall_backend::journals;

/// How much is written at a time.
const PIECE_BYTES: u64 = 1 << 20;
/// How much is kept ready ahead of the journal's end; less, and the next piece is written.
const READY_BYTES: u64 = 256 << 10;

/// The journal in use and how far it is ready.
#[derive(Default)]
pub(crate) struct JournalAhead {
    current: Option<(PathBuf, File)>,
    /// Up to here the file has been written, with zeros or by the engine.
    ready: u64,
    /// About where the engine writes next. Wrong, it costs time and nothing else.
    end: u64,
}

impl JournalAhead {
    /// To be called before a batch of about so many bytes is written to the newest journal in
    /// `folder`. What fails here is not told: the commit itself will meet the same disk.
    pub(crate) fn prepare(&mut self, folder: &Path, bytes: u64) {
        self.end += bytes;
        while self.end + READY_BYTES > self.ready {
            if !self.write_piece(folder).unwrap_or(false) {
                // Asked again when as much again has been written.
                self.ready = self.end + READY_BYTES + PIECE_BYTES;
            }
        }
    }

    /// Readies the next piece that is still unwritten; `false` when the file has none.
    fn write_piece(&mut self, folder: &Path) -> std::io::Result<bool> {
        let newest = journals(folder)?.pop().map(|(_, path)| path);
        if newest.as_ref() != self.current.as_ref().map(|(path, _)| path) {
            let open = |path: PathBuf| {
                let file = OpenOptions::new().read(true).write(true).open(&path)?;
                Ok::<_, std::io::Error>((path, file))
            };
            self.current = newest.map(open).transpose()?;
            (self.ready, self.end) = (0, 0);
        }
        let Some((_, file)) = &self.current else { return Ok(false) };
        let length = file.metadata()?.len();
        let mut piece = vec![0; PIECE_BYTES as usize];
        let mut at = self.ready / PIECE_BYTES * PIECE_BYTES;
        while at + PIECE_BYTES <= length {
            file.read_exact_at(&mut piece, at)?;
            if piece.iter().all(|byte| *byte == 0) {
                file.write_all_at(&piece, at)?;
                self.end = self.end.max(at);
                self.ready = at + PIECE_BYTES;
                return Ok(true);
            }
            at += PIECE_BYTES;
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zeros_are_written_over_and_the_next_journal_is_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let first = dir.path().join("0.jnl");
        let data = vec![7; PIECE_BYTES as usize + 5];
        let file = OpenOptions::new().create_new(true).write(true).open(&first).unwrap();
        file.write_all_at(&data, 0).unwrap();
        file.set_len(4 * PIECE_BYTES).unwrap();
        let mut ahead = JournalAhead::default();
        ahead.prepare(dir.path(), 100);
        assert_eq!(ahead.ready, 3 * PIECE_BYTES, "the piece that holds data is left alone");
        ahead.prepare(dir.path(), PIECE_BYTES);
        assert_eq!(ahead.ready, 4 * PIECE_BYTES);
        let mut expected = data;
        expected.resize(4 * PIECE_BYTES as usize, 0);
        assert!(std::fs::read(&first).unwrap() == expected, "the journal has changed");

        let second = dir.path().join("1.jnl");
        let file = OpenOptions::new().create_new(true).write(true).open(second).unwrap();
        file.set_len(2 * PIECE_BYTES).unwrap();
        ahead.prepare(dir.path(), 2 * PIECE_BYTES);
        assert_eq!(ahead.ready, PIECE_BYTES);
    }

    #[test]
    fn a_journal_that_is_appended_to_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("3.jnl");
        std::fs::write(&path, [0; 1000]).unwrap();
        let mut ahead = JournalAhead::default();
        for _ in 0..5 {
            ahead.prepare(dir.path(), 400_000);
        }
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 1000);
        ahead.prepare(&dir.path().join("nowhere"), 9_000_000);
    }
}
