//! Fetches the pages' third-party assets and the faces of documents for paper (pinned by
//! `package-lock.json`, never committed), bundles them and writes the table that `src/assets.rs` embeds.
//!
//! Also writes the list of message files for `src/messages.rs`.
//! Not here: what is in a bundle, how it is named and compressed (`assets/bundle.mjs`).

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

type Outcome<T> = Result<T, Box<dyn Error>>;

const HOW_TO_INSTALL: &str = "the web pages' assets need Node.js 20+ and npm: on Debian, `apt-get install nodejs npm`, or \
     run `cargo xtask demo`, which installs what is missing";

/// The faces that documents for paper are set in, and where npm puts them.
const FACES: [(&str, &str); 2] = [
    ("regular.ttf", "@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf"),
    ("bold.ttf", "@expo-google-fonts/source-sans-3/700Bold/SourceSans3_700Bold.ttf"),
];

fn main() -> Outcome<()> {
    for watched in ["package.json", "package-lock.json", ".npmrc", "assets", "messages", "build.rs"]
    {
        println!("cargo::rerun-if-changed={watched}");
    }
    let crate_folder = env::current_dir()?;
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let assets = Path::new(&out).join("assets");
    install(&crate_folder)?;
    run(Command::new("node").arg("assets/bundle.mjs").arg(&assets), "node")?;
    for (face, file) in FACES {
        fs::copy(crate_folder.join("node_modules").join(file), Path::new(&out).join(face))?;
    }
    fs::write(Path::new(&out).join("assets.rs"), table(&assets)?)?;
    fs::write(Path::new(&out).join("messages.rs"), messages(&crate_folder.join("messages"))?)?;
    Ok(())
}

/// Rust source of the message files: the language, which is the folder's name, and the content.
fn messages(folder: &Path) -> Outcome<String> {
    let mut source = String::from("&[\n");
    for language in sorted(folder)? {
        let tag = language.file_name().and_then(|name| name.to_str()).ok_or("a nameless folder")?;
        for file in sorted(&language)? {
            writeln!(source, "({tag:?}, include_str!(r\"{}\")),", file.display())?;
        }
    }
    source.push(']');
    Ok(source)
}

/// What lies in a folder, by name, so that the same files give the same program.
fn sorted(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries: Result<Vec<_>, _> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = entries?;
    paths.sort();
    Ok(paths)
}

/// Runs `npm ci` when nothing is installed or the lock file has changed since.
fn install(crate_folder: &Path) -> Outcome<()> {
    let lock = crate_folder.join("package-lock.json");
    let stamp = crate_folder.join("node_modules/.akson-lock");
    // The lock file's content, not its age: a fresh checkout gives every file a new date.
    if fs::read(&stamp).is_ok_and(|installed| fs::read(&lock).is_ok_and(|l| l == installed)) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    run(&mut npm, "npm")?;
    fs::copy(&lock, &stamp)?;
    Ok(())
}

fn run(command: &mut Command, name: &str) -> Outcome<()> {
    let output =
        command.output().map_err(|e| format!("{name} did not start ({e}); {HOW_TO_INSTALL}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} failed ({}):\n{said}\n{HOW_TO_INSTALL}", output.status).into())
}

/// Rust source of the table: one `Asset` per file that the bundler wrote.
fn table(assets: &Path) -> Outcome<String> {
    let list = fs::read_to_string(assets.join("assets.json"))?;
    let list: Vec<std::collections::BTreeMap<String, String>> = serde_json::from_str(&list)?;
    let mut source = String::from("&[\n");
    for entry in &list {
        let field = |key: &str| entry.get(key).ok_or(format!("assets.json lacks {key}"));
        let (name, file, media_type) = (field("name")?, field("file")?, field("mediaType")?);
        let path = assets.join(file);
        let path = path.display();
        writeln!(
            source,
            "Asset {{ name: {name:?}, file: {file:?}, media_type: {media_type:?},\n\
             plain: include_bytes!(r\"{path}\"),\n\
             gzip: include_bytes!(r\"{path}.gz\"),\n\
             brotli: include_bytes!(r\"{path}.br\") }},"
        )?;
    }
    source.push(']');
    Ok(source)
}
