//! `cargo xtask gen`: from the official R4 4.0.1 definitions to the compact table in the project.
//!
//! Only facts are kept: paths, cardinalities, types, codes, expressions, urls.
//! Not here: the table's form (`akson_fhir::definitions::table`).
//! Source: <https://hl7.org/fhir/R4/downloads.html>

mod structures;
mod value_sets;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io::BufReader};

use akson_fhir::definitions::table::{
    CompartmentRow, OperationRow, SEARCH_KINDS, SearchParameterRow, Table,
};
use serde_json::Value;

use structures::TypeNames;

/// Options of `cargo xtask gen`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The packed definitions
    #[arg(long, default_value = "../shared/corpora/fhir-r4-definitions.tar.xz")]
    archive: PathBuf,
    /// Only say whether the table in the project is fresh; exit code 1 when it is not
    #[arg(long)]
    check: bool,
}

const OUTPUT: &str = "crates/fhir/definitions/r4.bin.zst";
const STRUCTURE_BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Runs the command in the project's root folder.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<(), String> {
    let table = table_from(root, &root.join(&arguments.archive))?.to_bytes();
    let output = root.join(OUTPUT);
    if arguments.check {
        let present = fs::read(&output).map_err(|e| format!("{}: {e}", output.display()))?;
        let present = zstd::stream::decode_all(&*present).map_err(|e| format!("{OUTPUT}: {e}"))?;
        if present != table {
            return Err(format!("{OUTPUT} is not fresh: run `cargo xtask gen` and commit it"));
        }
        println!("{OUTPUT} is fresh");
        return Ok(());
    }
    let packed = zstd::bulk::compress(&table, 22).map_err(|e| e.to_string())?;
    fs::write(&output, &packed).map_err(|e| format!("{}: {e}", output.display()))?;
    println!("{OUTPUT}: {} bytes ({} unpacked)", packed.len(), table.len());
    Ok(())
}

/// Everything that the packed definitions say.
pub(crate) fn table_from(root: &Path, archive: &Path) -> Result<Table, String> {
    let folder = unpack(root, archive)?;
    let read = |name: &str| resources(&folder, name);
    let mut profiles = read("profiles-types.json")?;
    profiles.extend(read("profiles-resources.json")?);
    let mut terminology = read("valuesets.json")?;
    terminology.extend(read("v3-codesystems.json")?);
    terminology.extend(read("v2-tables.json")?);

    let sets = value_sets::ValueSets::new(&terminology);
    let (types, code_sets, names) = structures::types(&profiles, &sets)?;
    Ok(Table {
        search_parameters: search_parameters(&read("search-parameters.json")?, &names)?,
        compartments: compartments(&profiles, &names)?,
        operations: operations(&profiles, &names)?,
        types,
        code_sets,
    })
}

/// Unpacks with `tar` into `target/corpora/<archive's name>`, once.
fn unpack(root: &Path, archive: &Path) -> Result<PathBuf, String> {
    let name = archive.file_name().and_then(|n| n.to_str()).unwrap_or("definitions");
    let name = name.strip_suffix(".tar.xz").unwrap_or(name);
    let folder = root.join("target/corpora").join(name);
    if !folder.join("unpacked").exists() {
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let status = Command::new("tar").arg("-xJf").arg(archive).arg("-C").arg(&folder).status();
        let status = status.map_err(|e| format!("cannot run tar: {e}"))?;
        if !status.success() {
            return Err(format!("tar could not unpack {}", archive.display()));
        }
        fs::write(folder.join("unpacked"), "").map_err(|e| e.to_string())?;
    }
    if folder.join("r4").is_dir() { Ok(folder.join("r4")) } else { Ok(folder) }
}

/// The resources of a Bundle file.
fn resources(folder: &Path, name: &str) -> Result<Vec<Value>, String> {
    let path = folder.join(name);
    let file = fs::File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut bundle: Value = serde_json::from_reader(BufReader::new(file))
        .map_err(|e| format!("{}: {e}", path.display()))?;
    let entries = bundle.get_mut("entry").and_then(Value::as_array_mut);
    let entries = entries.ok_or_else(|| format!("{}: no entries", path.display()))?;
    let all = entries.iter_mut().filter_map(|e| e.get_mut("resource")).map(Value::take);
    Ok(all.filter(is_of_r4).collect())
}

/// The packing has slipped a few definitions of later releases in.
fn is_of_r4(resource: &Value) -> bool {
    let versioned =
        matches!(text(resource, "resourceType"), "StructureDefinition" | "SearchParameter");
    !versioned || text(resource, "version") == "4.0.1"
}

/// A text member, empty when absent.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// An array member, empty when absent.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of an array member.
fn texts<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    list(value, name).iter().filter_map(Value::as_str)
}

fn of_type<'a>(resources: &'a [Value], name: &str) -> impl Iterator<Item = &'a Value> {
    resources.iter().filter(move |r| text(r, "resourceType") == name)
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn search_parameters(
    resources: &[Value],
    names: &TypeNames,
) -> Result<Vec<SearchParameterRow>, String> {
    let mut rows = Vec::new();
    for parameter in of_type(resources, "SearchParameter") {
        let url = text(parameter, "url").to_string();
        let kind = SEARCH_KINDS.iter().position(|(name, _)| *name == text(parameter, "type"));
        let components = list(parameter, "component").iter();
        rows.push(SearchParameterRow {
            kind: kind.ok_or_else(|| format!("{url}: unknown type"))? as u16,
            code: text(parameter, "code").to_string(),
            base: names.positions(texts(parameter, "base"))?,
            expression: text(parameter, "expression").to_string(),
            targets: names.positions(texts(parameter, "target"))?,
            components: components
                .map(|c| (text(c, "definition").to_string(), text(c, "expression").to_string()))
                .collect(),
            url,
        });
    }
    rows.sort_by(|a, b| a.url.cmp(&b.url));
    Ok(rows)
}

fn compartments(resources: &[Value], names: &TypeNames) -> Result<Vec<CompartmentRow>, String> {
    let mut rows = Vec::new();
    for compartment in of_type(resources, "CompartmentDefinition") {
        let mut members = Vec::new();
        for member in list(compartment, "resource") {
            let codes: Vec<String> = texts(member, "param").map(String::from).collect();
            if !codes.is_empty() {
                members.push((names.position(text(member, "code"))?, codes));
            }
        }
        rows.push(CompartmentRow { code: text(compartment, "code").to_string(), members });
    }
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(rows)
}

fn operations(resources: &[Value], names: &TypeNames) -> Result<Vec<OperationRow>, String> {
    let mut rows = Vec::new();
    for operation in of_type(resources, "OperationDefinition") {
        rows.push(OperationRow {
            url: text(operation, "url").to_string(),
            code: text(operation, "code").to_string(),
            system: flag(operation, "system"),
            on_type: flag(operation, "type"),
            instance: flag(operation, "instance"),
            affects_state: flag(operation, "affectsState"),
            resources: names.positions(texts(operation, "resource"))?,
        });
    }
    rows.sort_by(|a, b| a.url.cmp(&b.url));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_project_is_fresh() {
        let root = crate::process::root();
        let archive = root.join("../shared/corpora/fhir-r4-definitions.tar.xz");
        if !archive.exists() {
            println!("SKIPPED: the R4 definitions are not at hand ({})", archive.display());
            return;
        }
        let present = zstd::stream::decode_all(&*fs::read(root.join(OUTPUT)).unwrap()).unwrap();
        let made = table_from(&root, &archive).unwrap().to_bytes();
        assert!(present == made, "{OUTPUT} is not fresh: run `cargo xtask gen`");
    }
}
