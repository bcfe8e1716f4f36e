//! Looking for what two hundred people had written and opened: in the record and in the access log, over
//! the FHIR API, after the server was killed and started again.
//!
//! Everything is looked for as the one who wrote it. What somebody has changed since (a note that was
//! corrected, a dose that was taken back) is looked for in the history of what stands there now.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use base64::Engine as _;
use serde_json::Value;

use super::day::{Day, Kept};
use super::deeds::About;
use crate::program::Program;
use crate::say;
use crate::visitor::{Visitor, absolute};

/// Journals whose log is compared with what was opened.
pub(super) const COMPARED_MAX: usize = 40;
/// Before asking again where too much was asked.
const PAUSE: Duration = Duration::from_millis(500);
/// Resources of one page of an answer.
const COUNT: usize = 1000;

/// How many of the acknowledged writes are not in the record.
pub(super) async fn lost(program: &Program, days: &[Day]) -> Result<usize, String> {
    let mut visitors: HashMap<(&str, usize), Visitor> = HashMap::new();
    let mut lost = 0;
    for kept in days.iter().flat_map(|day| &day.kept) {
        let visitor = match visitors.entry(kept.who) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let mut visitor = Visitor::new(&program.address);
                visitor.log_in(kept.who.0, kept.who.1).await?;
                entry.insert(visitor)
            }
        };
        if !is_kept(visitor, kept).await? {
            let looked = &kept.looked;
            let (type_name, about, mark) = (looked.type_name, &looked.about, &looked.mark);
            say(&format!("  {}: no {type_name} with {mark} of {about:?}", kept.who.0));
            lost += 1;
        }
    }
    Ok(lost)
}

async fn is_kept(visitor: &mut Visitor, kept: &Kept) -> Result<bool, String> {
    let (type_name, mark) = (kept.looked.type_name, kept.looked.mark.as_str());
    let patient = match &kept.looked.about {
        About::Patient(id) => id.clone(),
        About::Message(id) => {
            look(visitor, &format!("/fhir/Communication/{id}")).await?;
            let message = json(&visitor.page)?;
            let subject = message.pointer("/subject/reference").and_then(Value::as_str);
            subject.unwrap_or_default().trim_start_matches("Patient/").to_owned()
        }
    };
    let first = format!("/fhir/{type_name}?patient={patient}&_count={COUNT}");
    let all = resources(visitor, &first).await?;
    if all.iter().any(|resource| says(resource, mark)) {
        return Ok(true);
    }
    for id in all.iter().filter_map(|resource| resource.get("id")?.as_str()) {
        let history = format!("/fhir/{type_name}/{id}/_history?_count={COUNT}");
        let versions = resources(visitor, &history).await?;
        if versions.iter().any(|resource| says(resource, mark)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Opens what must be there. Who wrote much is looked for faster than a person may ask: then again.
async fn look(visitor: &mut Visitor, page: &str) -> Result<(), String> {
    loop {
        match visitor.get(page).await? {
            200 => return Ok(()),
            429 => tokio::time::sleep(PAUSE).await,
            status => return Err(format!("{page} answers {status}")),
        }
    }
}

/// The resources of a Bundle and of the pages that follow it.
async fn resources(visitor: &mut Visitor, first: &str) -> Result<Vec<Value>, String> {
    let (mut next, mut all) = (Some(first.to_owned()), Vec::new());
    while let Some(page) = next {
        look(visitor, &page).await?;
        let mut bundle = json(&visitor.page)?;
        let links = bundle.get("link").and_then(Value::as_array).into_iter().flatten();
        let mut links =
            links.filter(|link| link.get("relation").is_some_and(|name| name == "next"));
        let url = links.next().and_then(|link| link.get("url")).and_then(Value::as_str);
        next = url.map(|url| absolute(url, "/"));
        if let Some(Value::Array(entries)) = bundle.get_mut("entry").map(Value::take) {
            all.extend(
                entries.into_iter().filter_map(|mut entry| Some(entry.get_mut("resource")?.take())),
            );
        }
    }
    Ok(all)
}

fn json(page: &str) -> Result<Value, String> {
    serde_json::from_str(page).map_err(|error| format!("an answer of the API: {error}"))
}

/// Whether a resource has a text, in the open or in an attachment.
fn says(resource: &Value, mark: &str) -> bool {
    match resource {
        Value::String(text) => text.contains(mark) || decoded(text).contains(mark),
        Value::Array(all) => all.iter().any(|one| says(one, mark)),
        Value::Object(members) => members.values().any(|one| says(one, mark)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn decoded(text: &str) -> String {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Openings of journals that were looked for, and how many of them the log lacks: each person must stand
/// there at least as often as they have opened that journal.
pub(super) async fn unlogged(program: &Program, days: &[Day]) -> Result<(u64, u64), String> {
    let mut opened: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for day in days {
        let pages = day.seen.iter().filter(|seen| seen.status == 200 && seen.method == "GET");
        for patient in pages.filter_map(|seen| patient_of(&seen.path)) {
            *opened.entry(patient).or_default().entry(&day.name).or_default() += 1;
        }
    }
    let mut most: Vec<(&str, BTreeMap<&str, u64>)> = opened.into_iter().collect();
    most.sort_by_key(|(_, times)| std::cmp::Reverse(times.values().sum::<u64>()));
    most.truncate(COMPARED_MAX);
    let mut officer = Visitor::new(&program.address);
    officer.log_in("Personvernombud", 0).await?;
    let (mut looked_for, mut missing) = (0, 0);
    for (patient, people) in most {
        let first = format!("/fhir/AuditEvent?patient={patient}&_count={COUNT}");
        let entries = resources(&mut officer, &first).await?;
        for (name, times) in people {
            let logged = entries.iter().filter(|entry| is_by(entry, name)).count() as u64;
            looked_for += times;
            missing += times.saturating_sub(logged);
            if logged < times {
                say(&format!("  {name} opened {patient} {times} times, the log has {logged}"));
            }
        }
    }
    Ok((looked_for, missing))
}

fn is_by(entry: &Value, name: &str) -> bool {
    let agents = entry.get("agent").and_then(Value::as_array).into_iter().flatten();
    let mut names =
        agents.filter_map(|agent| agent.pointer("/who/display").and_then(Value::as_str));
    // The log says the title, too: `Kari Dahl, sykepleier`.
    names.any(|agent| agent.split(',').next() == Some(name))
}

/// The patient of `/pasient/{id}…` or `/min/{id}…`.
fn patient_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/pasient/").or_else(|| path.strip_prefix("/min/"))?;
    rest.split(['/', '?']).next().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mark_is_found_in_texts_and_in_attachments() {
        let open = json!({"payload": [{"contentString": "Takk. merke1x2slutt"}]});
        // «Hoste. merke1x2slutt»
        let within = json!({"content": [{"attachment": {"data": "SG9zdGUuIG1lcmtlMXgyc2x1dHQ="}}]});
        for resource in [open, within] {
            assert!(says(&resource, "merke1x2slutt"), "{resource}");
            assert!(!says(&resource, "merke1x3slutt"), "{resource}");
        }
    }

    #[test]
    fn an_entry_is_by_whom_it_names_whole() {
        let entry = json!({"agent": [{"who": {"display": "Kari Dahl, sykepleier"}}]});
        assert!(is_by(&entry, "Kari Dahl"));
        assert!(!is_by(&entry, "Kari"));
    }

    #[test]
    fn openings_are_those_of_journals() {
        assert_eq!(patient_of("/pasient/p1/prover?a=b"), Some("p1"));
        assert_eq!(patient_of("/min/p2"), Some("p2"));
        assert_eq!(patient_of("/pasienter?q=a"), None);
    }
}
