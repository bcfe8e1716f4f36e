//! Documents for paper: what the PDF says is what the page says, who may have it, and what a long or odd
//! one looks like.

use std::collections::HashMap;
use std::process::Command;
use std::sync::OnceLock;

use akson_pdf::{Block, Column, Document, Faces, Moment, Table, Text};
use akson_testkit::municipality::{Options, highlights};
use axum::http::StatusCode;
use jiff::civil::Date;

use super::login::{Answer, House};

const REGULAR: &[u8] = include_bytes!(
    "../../node_modules/@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf"
);
const BOLD: &[u8] = include_bytes!(
    "../../node_modules/@expo-google-fonts/source-sans-3/700Bold/SourceSans3_700Bold.ttf"
);

fn faces() -> &'static Faces {
    static FACES: OnceLock<Faces> = OnceLock::new();
    FACES.get_or_init(|| Faces::new(REGULAR, BOLD).unwrap())
}

/// The text of a PDF, a form feed after each page.
fn text(pdf: &[u8]) -> String {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("x.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output = Command::new("pdftotext").arg(&file).arg("-").output();
    let output = output.expect("pdftotext is missing; cargo xtask test installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn words(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for word in text.split(|c: char| c.is_whitespace()).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_string()).or_default() += 1;
    }
    counts
}

/// The words of the document on a page, without the ways out of it.
fn document(page: &str) -> String {
    let (_, article) =
        page.split_once("<article class=\"paper\" lang=\"nb\">").expect("no document");
    let (_, article) = article.split_once("</p>").unwrap();
    let article = article.split("</article>").next().unwrap();
    let mut plain = String::new();
    for part in article.split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        // What is bold stands in the middle of a line.
        if !matches!(tag, "b" | "/b") {
            plain.push(' ');
        }
        plain.push_str(text);
    }
    plain.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
}

/// Fetches a document both ways, and holds them against each other.
async fn both(house: &House, cookie: &str, address: &str) -> (String, Answer) {
    let page = house.get(address, cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{address}: {}", page.body);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mark = if query.is_empty() { "" } else { "?" };
    let file = format!("{path}.pdf{mark}{query}");
    assert!(page.body.contains(&format!("href=\"{}\"", file.replace('&', "&amp;"))), "{file}");
    let pdf = house.get(&file, cookie).await;
    assert_eq!(pdf.status, StatusCode::OK, "{file}: {}", pdf.body);
    assert_eq!(pdf.headers["content-type"], "application/pdf");
    assert!(pdf.bytes.starts_with(b"%PDF-1.7"));
    let (shown, written) = (document(&page.body), text(&pdf.bytes));
    let there = words(&written);
    for (word, count) in words(&shown) {
        // A long word may go over two lines, and pdftotext takes a hyphen at the end of one away.
        let joined = |text: &str| text.replace(['\n', '-'], "");
        let found = there.get(&word).copied().unwrap_or_default();
        let is_there = found >= count || joined(&written).contains(&joined(&word));
        assert!(is_there, "{address}: {word:?} in\n{written}");
    }
    (written, pdf)
}

pub(super) fn patient() -> String {
    let options = Options { people: 17, ..Options::new(Date::constant(2026, 11, 21)) };
    highlights(&options).into_iter().next().unwrap().patient_id
}

#[tokio::test]
async fn a_doctors_documents_say_on_paper_what_the_pages_say() {
    let house = House::new().await;
    let cookie = house.log_in("Fastlege").await;
    let id = patient();
    let (list, pdf) = both(&house, &cookie, &format!("/pasient/{id}/utskrift/legemidler")).await;
    assert!(list.contains("Legemiddelliste") && list.contains("Side 1 av "), "{list}");
    // Nothing of the patient's stands in the name of the file.
    assert_eq!(pdf.headers["content-disposition"], "inline; filename=\"legemiddelliste.pdf\"");
    assert_eq!(pdf.headers["cache-control"], "no-store");

    let (summary, _) = both(&house, &cookie, &format!("/pasient/{id}/utskrift/sammendrag")).await;
    for words in
        ["Journalsammendrag", "Diagnoser", "Siste prøvesvar", "Siste kontakter", "Fastlege"]
    {
        assert!(summary.contains(words), "{words}: {summary}");
    }
    let chart = house.get(&format!("/pasient/{id}"), &cookie).await.body;
    let (_, rest) = chart.split_once(&format!("href=\"/pasient/{id}/resept/")).unwrap();
    let found = chart
        .split(&format!("href=\"/pasient/{id}/resept/"))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .find(|one| !one.contains('/') && *one != "ny");
    let prescription = found.unwrap_or_else(|| panic!("no prescription in {rest}"));
    let address = format!("/pasient/{id}/resept/{prescription}/utskrift");
    let (resept, _) = both(&house, &cookie, &address).await;
    assert!(resept.contains("Rekvirent") && resept.contains("Underskrift:"), "{resept}");
    let (day, _) = both(&house, &cookie, "/utskrift/dagliste?dag=enhet").await;
    assert!(day.contains("Dagliste"), "{day}");
}

#[tokio::test]
async fn a_note_is_on_paper_as_it_was_signed_and_a_draft_says_that_it_is_one() {
    let house = House::new().await;
    let cookie = house.log_in("Fastlege").await;
    let id = patient();
    let begin = format!("/pasient/{id}/notat/ny");
    let mut written = Vec::new();
    for (act, key) in [("signer", "papir-1"), ("lagre", "papir-2")] {
        let token = house.get(&begin, &cookie).await.token();
        let body = format!(
            "skjema={token}&nokkel={key}&tittel=Kontroll+av+{act}&gjor={act}&\
             tekst=Hoste+i+tre+dager.%0D%0A%0D%0ALungene+er+rene,+%C3%A6%C3%B8%C3%A5."
        );
        let answer = house.post(&format!("/pasient/{id}/notat"), &cookie, &body).await;
        let location = answer.headers["location"].to_str().unwrap().to_string();
        written.push(location.split(['?', '#']).next().unwrap().to_string());
    }
    let note = |address: &str| {
        let address = address.trim_end_matches("/rediger");
        format!("{address}/utskrift")
    };
    let (signed, pdf) = both(&house, &cookie, &note(&written[0])).await;
    for words in ["Kontroll av signer", "Hoste i tre dager.", "Lungene er rene, æøå.", "Signert"]
    {
        assert!(signed.contains(words), "{words}: {signed}");
    }
    assert!(!signed.contains("Utkast"), "{signed}");
    assert_eq!(pdf.headers["content-disposition"], "inline; filename=\"notat.pdf\"");
    let (draft, _) = both(&house, &cookie, &note(&written[1])).await;
    assert!(draft.contains("Utkast") && draft.contains("Kontroll av lagre"), "{draft}");
}

#[tokio::test]
async fn a_round_and_the_citizens_own_list_are_on_paper_too() {
    let house = super::round::house().await;
    let nurse = house.log_in(super::round::NURSE).await;
    let (round, _) = both(&house, &nurse, "/utskrift/runde").await;
    assert!(round.contains("Runden kl. 08") && round.contains("☐"), "{round}");
    let citizen = house.log_in("Innbygger").await;
    let home = house.get("/", &citizen).await;
    let id = home.body.split("/min/").nth(1).unwrap().split(['/', '"']).next().unwrap().to_string();
    let (own, _) = both(&house, &citizen, &format!("/min/{id}/journal/medisiner/utskrift")).await;
    assert!(own.contains("Legemiddelliste"), "{own}");
}

#[tokio::test]
async fn a_document_is_for_those_who_may_open_the_journal_and_leaves_its_look_in_the_log() {
    let house = House::new().await;
    let id = patient();
    let file = format!("/pasient/{id}/utskrift/sammendrag.pdf");
    let officer = house.log_in("Personvernombud").await;
    let refused = house.get(&file, &officer).await;
    assert!(!refused.bytes.starts_with(b"%PDF"), "{}", refused.status);
    let nobody = house.get(&file, "").await;
    assert_eq!(nobody.status, StatusCode::SEE_OTHER);
    let looks = || async {
        let record = akson_record::Record::new(
            std::sync::Arc::clone(&house.store),
            akson_access::Policy::Operator,
        );
        let caller = akson_record::request::Caller {
            actor: std::sync::Arc::new(akson_access::Actor::operator()),
            trace: "test".into(),
            base: "http://localhost/fhir".into(),
        };
        let all = record.accesses(&caller, &id, 1_000).await.unwrap();
        all.iter().filter(|one| one.entry.interaction == "chart").count()
    };
    let doctor = house.log_in("Fastlege").await;
    let before = looks().await;
    assert!(house.get(&file, &doctor).await.bytes.starts_with(b"%PDF"));
    assert_eq!(looks().await, before + 1);
}

/// A table of so many rows.
fn long(rows: usize) -> Document {
    let row =
        |n: usize| vec![format!("Rad {n} æøåÆØÅ").into(), "Ärlig café".into(), Text::default()];
    let columns = vec![Column::new("Navn", 3), Column::new("Ord", 3), Column::new("Tomt", 1)];
    Document {
        title: "Lang liste".into(),
        about: "Kari Nordmann, 010190 12345".into(),
        written: "Skrevet ut i dag".into(),
        page_of: "Side {n} av {all}".into(),
        language: "nb".into(),
        made: Moment { year: 2026, month: 11, day: 21, hour: 9, minute: 5 },
        blocks: vec![
            Block::Title("Lang liste".into()),
            Block::Table(Table { columns, rows: (1..=rows).map(row).collect() }),
        ],
    }
}

#[test]
fn a_long_list_goes_over_pages_with_its_head_and_whose_it_is_on_each() {
    let pdf = akson_pdf::write(&long(300), faces()).unwrap();
    let text = text(&pdf);
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() > 5, "{} pages", pages.len());
    for (number, page) in pages.iter().enumerate() {
        for words in [
            "Kari Nordmann, 010190 12345".to_string(),
            "Navn".to_string(),
            format!("Side {} av {}", number + 1, pages.len()),
        ] {
            assert!(page.contains(&words), "{words} on page {}: {page}", number + 1);
        }
    }
    for n in 1..=300 {
        assert!(text.contains(&format!("Rad {n} æøåÆØÅ")), "row {n}");
    }
    // What screen readers need is said in the file.
    let raw = String::from_utf8_lossy(&pdf);
    assert!(raw.contains("/StructTreeRoot") && raw.contains("pdfuaid") && raw.contains("pdfaid"));
}

#[test]
fn what_is_too_long_is_refused_whole_and_says_so_without_its_content() {
    let problem = akson_pdf::write(&long(10_000), faces()).unwrap_err();
    assert_eq!((problem.code, problem.kind), ("PDF-001", akson_base::Kind::TooLarge));
    assert!(!problem.to_string().contains("Kari"));
}

#[test]
fn long_words_texts_longer_than_a_page_and_letters_that_the_face_lacks_are_written() {
    let word = "Pneumonoultramicroscopicsilicovolcanoconiose".repeat(6);
    let story = "Pasienten forteller at hun har det bra. ".repeat(900);
    let mut document = long(1);
    document.blocks.push(Block::Alert(vec![Text::bold("! Alvorlig: ").then(word.clone())]));
    document.blocks.push(Block::Facts(vec![
        ("Merknad".into(), word.clone().into()),
        ("Historie".into(), story.clone().into()),
    ]));
    document.blocks.push(Block::Text("Navn: \u{645}\u{62d}\u{645}\u{62f} og \u{1f600}".into()));
    document.blocks.push(Block::Text("a\u{30a}rlig".into()));
    let text = text(&akson_pdf::write(&document, faces()).unwrap());
    let joined: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    assert_eq!(joined.matches(&word).count(), 2);
    assert_eq!(text.matches("forteller").count(), 900);
    assert!(text.contains("årlig"), "letters are composed");
    assert!(text.contains("Navn: □□□□ og □"), "{}", &text[text.len() - 300..]);
}
