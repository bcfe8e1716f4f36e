//! What people write in the pages: which forms they send, and what they type in them.
//!
//! A form is sent as a browser would send it: with what the page had put into it, and never with a field
//! empty that must be filled in. Not here: who writes when (`day`), looking for what was written (`kept`).

use super::day::Chance;
use crate::visitor::{Form, forms};

/// How something that was written is known again.
#[derive(Clone, Copy, Debug)]
enum Trace {
    /// It is not looked for: it changes what is there already, or says what others say, too.
    No,
    /// By the mark in its text, in resources of this type.
    Mark(&'static str),
    /// By the names of the planned doses that the form says.
    Doses,
    /// By the time that was chosen.
    Slot,
}

/// A form that people send: a part of its address, a field that it has, and what they type (`{mark}`
/// becomes their mark).
pub(super) struct Deed {
    action: &'static str,
    has: &'static str,
    typed: &'static [(&'static str, &'static str)],
    trace: Trace,
}

const fn deed(
    action: &'static str,
    has: &'static str,
    typed: &'static [(&'static str, &'static str)],
    trace: Trace,
) -> Deed {
    Deed { action, has, typed, trace }
}

const MESSAGE: Trace = Trace::Mark("Communication");
const DOSE: Trace = Trace::Mark("MedicationAdministration");

/// Everything that is written. Of those that fit a form the first is taken.
const DEEDS: [Deed; 18] = [
    deed(
        "/meldinger/ny",
        "til",
        &[("om", "Kontroll"), ("tekst", "Når bør jeg komme? {mark}")],
        MESSAGE,
    ),
    deed("/meldinger/", "tekst", &[("tekst", "Takk for svaret. {mark}")], MESSAGE),
    deed("/timer/ny", "time", &[("grunn", "Kontroll. {mark}")], Trace::Slot),
    deed("/journal/malinger", "kilo", &[("kilo", "81,5")], Trace::No),
    deed("/journal/malinger", "over", &[("over", "132"), ("under", "78")], Trace::No),
    deed("/melding/", "tekst", &[("tekst", "Kom innom i morgen. {mark}")], MESSAGE),
    deed(
        "/notat",
        "nokkel",
        &[("tittel", "Konsultasjon"), ("tekst", "Hoste i tre dager. {mark}"), ("gjor", "signer")],
        Trace::Mark("DocumentReference"),
    ),
    deed("/bestill/prover", "panel", &[], Trace::No),
    deed(
        "/bestill/bilde",
        "undersokelse",
        &[("grunn", "Falt på isen. {mark}")],
        Trace::Mark("ServiceRequest"),
    ),
    deed(
        "/bestill/henvisning",
        "til",
        &[("grunn", "Vond skulder. {mark}"), ("sporsmal", "Kan dere vurdere den?")],
        Trace::Mark("ServiceRequest"),
    ),
    deed("/time/", "skjema", &[], Trace::No),
    deed("/runde/gi", "skjema", &[], Trace::Doses),
    deed("/runde/behov", "skjema", &[("ord", "Ba om det selv. {mark}")], DOSE),
    deed("/runde/ikke-gitt", "skjema", &[], Trace::Doses),
    deed("/runde/vitne", "skjema", &[], Trace::No),
    deed(
        "/runde/news/",
        "respirasjon",
        &[
            ("respirasjon", "16"),
            ("metning", "97"),
            ("systolisk", "128"),
            ("diastolisk", "76"),
            ("puls", "72"),
            ("temperatur", "36,8"),
        ],
        Trace::No,
    ),
    deed("/oppgave/", "hva", &[("hva", "Ring om svaret."), ("dato", "31.12.2026")], Trace::No),
    deed("/oppgave/", "skjema", &[], Trace::No),
];

/// A form ready to be sent, and how what it writes is found again.
pub(super) struct Filled {
    pub(super) form: Form,
    pub(super) traces: Vec<Looked>,
}

/// What to look for when it was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    /// Of what type it is.
    pub(super) type_name: &'static str,
    /// Whose it is.
    pub(super) about: About,
    /// What nothing else has.
    pub(super) mark: String,
}

/// Whose something is that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// This patient's.
    Patient(String),
    /// That of whom this message is about.
    Message(String),
}

/// A form of the page that people send, filled in; nothing where it holds none.
///
/// # Errors
/// When a form must have something that nobody here knows what to fill in with.
pub(super) fn filled(
    page: &str,
    chance: &mut Chance,
    mark: &str,
) -> Result<Option<Filled>, String> {
    let mut known: Vec<(Form, &Deed)> = Vec::new();
    for form in forms(page).into_iter().filter(|form| form.is_post) {
        let fits = |deed: &&Deed| form.action.contains(deed.action) && form.has(deed.has);
        if let Some(deed) = DEEDS.iter().find(fits) {
            known.push((form, deed));
        }
    }
    let Some((form, deed)) = chance.of(&known).cloned() else { return Ok(None) };
    let form = chosen(form, chance);
    let form = deed
        .typed
        .iter()
        .fold(form, |form, (name, text)| form.with(name, &text.replace("{mark}", mark)));
    if let Some(name) = form.missing() {
        return Err(format!("{} must have {name:?}", form.action));
    }
    let traces = traces(&form, deed.trace, mark);
    Ok(Some(Filled { form, traces }))
}

/// With one of the buttons of each name pressed, and one of what a list offers where nothing was chosen.
fn chosen(mut form: Form, chance: &mut Chance) -> Form {
    let mut names: Vec<String> = form.choices.iter().map(|(name, _)| name.clone()).collect();
    names.dedup();
    for name in names {
        let is_list = form.has(&name) && !is_button(&form, &name);
        if is_list && !form.value(&name).is_empty() {
            continue;
        }
        let choice = chance.of(&form.offers(&name)).map(|choice| (*choice).to_owned());
        if let Some(choice) = choice {
            form = form.with(&name, &choice);
        }
    }
    form
}

/// Buttons press themselves with their first value, lists with what was chosen in the page.
fn is_button(form: &Form, name: &str) -> bool {
    form.buttons.iter().any(|known| known == name)
}

fn traces(form: &Form, trace: Trace, mark: &str) -> Vec<Looked> {
    // What was being written is thrown away, and not written.
    if form.value("gjor") == "forkast" {
        return Vec::new();
    }
    let Some(about) = about(form) else { return Vec::new() };
    let looked = |type_name, mark: String| Looked { type_name, about: about.clone(), mark };
    match trace {
        Trace::No => Vec::new(),
        Trace::Mark(type_name) => vec![looked(type_name, mark.to_owned())],
        Trace::Doses => {
            let requests = form.fields.iter().filter(|(name, _)| name == "ordinasjon");
            let at = form.value("tid");
            requests
                .map(|(_, request)| looked("MedicationAdministration", format!("{request}@{at}")))
                .collect()
        }
        Trace::Slot => vec![looked("Appointment", format!("Slot/{}", form.value("time")))],
    }
}

/// Whose it is, as the form's address or a field of it says.
fn about(form: &Form) -> Option<About> {
    let segment = |before: &str| {
        let rest = form.action.strip_prefix(before)?;
        rest.split(['/', '?']).next().filter(|id| !id.is_empty()).map(str::to_owned)
    };
    if let Some(message) = segment("/melding/") {
        return Some(About::Message(message));
    }
    let field = Some(form.value("pasient").to_owned()).filter(|id| !id.is_empty());
    segment("/pasient/").or_else(|| segment("/min/")).or(field).map(About::Patient)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(page: &str) -> Result<Option<Filled>, String> {
        filled(page, &mut Chance::new(7), "merke1x1")
    }

    fn field(filled: &Filled, name: &str) -> String {
        filled.form.value(name).to_owned()
    }

    #[test]
    fn a_dose_is_known_again_by_its_names() {
        let page = r#"<form action="/runde/gi" method="post"><input type="hidden" name="skjema" value="t">
            <input type="hidden" name="pasient" value="p1"><input type="hidden" name="ordinasjon" value="m1">
            <input type="hidden" name="ordinasjon" value="m2"><input type="hidden" name="tid"
            value="2026-11-22T08:00"><button type="submit">Gitt</button></form>"#;
        let page = page.replace("\n           ", "");
        let filled = sent(&page).unwrap().unwrap();
        let marks: Vec<_> = filled.traces.iter().map(|one| one.mark.as_str()).collect();
        assert_eq!(marks, ["m1@2026-11-22T08:00", "m2@2026-11-22T08:00"]);
        let about = filled.traces.first().map(|one| one.about.clone());
        assert_eq!(about, Some(About::Patient("p1".to_owned())));
    }

    #[test]
    fn what_is_not_chosen_is_chosen_and_what_is_chosen_stays() {
        let page = concat!(
            r#"<form action="/pasient/p/bestill/bilde" method="post"><select name="undersokelse">"#,
            r#"<option value="">Velg</option><option value="kne">Kne</option></select>"#,
            r#"<select name="til"><option value="a">A</option><option value="b" selected>B</option>"#,
            r#"</select><input name="grunn"></form>"#,
        );
        let filled = sent(page).unwrap().unwrap();
        assert_eq!(field(&filled, "undersokelse"), "kne");
        assert_eq!(field(&filled, "til"), "b");
        assert_eq!(field(&filled, "grunn"), "Falt på isen. merke1x1");
    }

    #[test]
    fn a_field_that_must_be_filled_in_and_that_nobody_knows_is_told() {
        let page = r#"<form action="/oppgave/1/ferdig" method="post"><input name="skjema" value="t"><input name="ny" required></form>"#;
        assert_eq!(sent(page).err().unwrap(), "/oppgave/1/ferdig must have \"ny\"");
        assert!(sent("<p>ingenting</p>").unwrap().is_none());
    }

    #[test]
    fn what_is_thrown_away_is_not_looked_for() {
        let page = r#"<form action="/min/p/meldinger/ny" method="post"><input name="til" value="d"><textarea
            name="tekst"></textarea><button name="gjor" value="VALUE"></button></form>"#;
        for (button, times) in [("lagre", 1), ("forkast", 0)] {
            let filled = sent(&page.replace("VALUE", button).replace("\n           ", "")).unwrap();
            assert_eq!(filled.unwrap().traces.len(), times, "{button}");
        }
    }

    #[test]
    fn an_answer_is_about_whom_its_message_is_about() {
        let page = r#"<form action="/melding/c1/svar" method="post"><textarea name="tekst" required></textarea></form>"#;
        let filled = sent(page).unwrap().unwrap();
        assert_eq!(filled.traces.first().unwrap().about, About::Message("c1".to_owned()));
    }
}
