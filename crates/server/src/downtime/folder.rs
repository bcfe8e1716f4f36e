//! The folder of the copy: files that are whole or not there, for the owner alone.
//!
//! Each file is written under another name, made durable, and takes its place in one step; whoever kills
//! the server at any moment finds the former one. The index comes last, and then the files that are no
//! longer part of the copy go.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The file to begin with.
pub(super) const INDEX: &str = "index.html";
/// What files are called until they are whole.
const UNFINISHED: &str = ".unfinished-";
/// How the names of sheets begin (`web::downtime`).
const SHEETS: [&str; 2] = ["avdeling-", "dagliste-"];

/// A folder that holds a copy and nothing else.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder, or takes one that is empty or holds a copy.
    pub(super) fn take(path: &Path, is_locked: bool) -> Result<Self, String> {
        let cannot = |error: std::io::Error| format!("{}: {error}", path.display());
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let mode = fs::metadata(path).map_err(cannot)?.permissions().mode();
                if !is_locked && mode & 0o077 != 0 {
                    return Err(format!(
                        "{}: others on this machine can read it; chmod 700, or lock the copy",
                        path.display()
                    ));
                }
            }
            made => made.map_err(cannot)?,
        }
        let folder = Self { path: path.to_owned() };
        for name in folder.names().map_err(cannot)? {
            if !is_ours(&name) {
                return Err(format!(
                    "{} holds {name}, which is no part of a copy; give a folder of its own",
                    path.display()
                ));
            }
            if name.starts_with(UNFINISHED) {
                fs::remove_file(path.join(name)).map_err(cannot)?;
            }
        }
        Ok(folder)
    }

    /// Puts these files in place of those that are there. The last is the index.
    pub(super) fn replace(&self, files: &[(String, String)]) -> Result<(), String> {
        self.put(files).map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn put(&self, files: &[(String, String)]) -> std::io::Result<()> {
        for (name, content) in files {
            let unfinished = self.path.join(format!("{UNFINISHED}{name}"));
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&unfinished)?;
            file.write_all(content.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, self.path.join(name))?;
        }
        for name in self.names()? {
            let is_part = files.iter().any(|(part, _)| *part == name);
            if is_ours(&name) && !is_part {
                fs::remove_file(self.path.join(name))?;
            }
        }
        File::open(&self.path)?.sync_all()
    }

    fn names(&self) -> std::io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }
}

fn is_ours(name: &str) -> bool {
    name == INDEX
        || name.starts_with(UNFINISHED)
        || (name.ends_with(".html") && SHEETS.iter().any(|start| name.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn files(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|name| (format!("{name}.html"), format!("<p>{name}"))).collect()
    }

    fn names(path: &Path) -> Vec<String> {
        let mut names = Folder { path: path.to_owned() }.names().unwrap();
        names.sort();
        names
    }

    #[test]
    fn a_copy_takes_the_place_of_the_one_before_for_the_owner_alone() {
        let place = TempDir::new().unwrap();
        let path = place.path().join("copy");
        let folder = Folder::take(&path, false).unwrap();
        folder.replace(&files(&["avdeling-a", "avdeling-b", "index"])).unwrap();
        folder.replace(&files(&["avdeling-b", "dagliste-c", "index"])).unwrap();
        assert_eq!(names(&path), ["avdeling-b.html", "dagliste-c.html", "index.html"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("index.html"))), (0o700, 0o600));
    }

    #[test]
    fn what_is_half_written_goes_and_what_is_of_others_stays() {
        let place = TempDir::new().unwrap();
        let path = place.path().join("copy");
        Folder::take(&path, false).unwrap().replace(&files(&["index"])).unwrap();
        fs::write(path.join(".unfinished-avdeling-a.html"), "<p>ha").unwrap();
        Folder::take(&path, false).unwrap();
        assert_eq!(names(&path), ["index.html"]);
        fs::write(path.join("regnskap.ods"), "x").unwrap();
        assert!(Folder::take(&path, false).is_err_and(|why| why.contains("regnskap.ods")));
        assert!(path.join("regnskap.ods").exists());
    }

    #[test]
    fn a_folder_that_others_read_takes_locked_copies_alone() {
        let place = TempDir::new().unwrap();
        let path = place.path().join("copy");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Folder::take(&path, false).is_err_and(|why| why.contains("chmod")));
        assert!(Folder::take(&path, true).is_ok());
    }
}
