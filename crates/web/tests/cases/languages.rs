//! Everybody who reads chooses the language, before logging in too; what is stored and what is printed
//! for others does not follow it.

use std::collections::{BTreeSet, VecDeque};

use axum::http::StatusCode;

use super::login::{House, bundles};
use super::messages::{holes, tables_of};
use super::round;

/// Pages that are read of each role, one of each kind.
const PAGES_MAX: usize = 45;

/// The texts of bokmål that must not be read in another language: those that differ, and that are no words
/// of the record's own.
struct Forbidden {
    whole: BTreeSet<String>,
    /// What stands between the values of a text.
    pieces: BTreeSet<String>,
}

impl Forbidden {
    fn of(language: &str, data: &str) -> Self {
        let own: Vec<String> =
            tables_of(language).into_values().flat_map(|table| table.into_values()).collect();
        let (mut whole, mut pieces) = (BTreeSet::new(), BTreeSet::new());
        let has_letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count() > 2;
        for (table, texts) in tables_of("nb") {
            for (key, text) in texts {
                let is_translated = tables_of_has(language, &table, &key);
                if !is_translated || data.contains(&format!("\"{text}\"")) {
                    continue;
                }
                if holes(&text).is_empty() {
                    if has_letters(&text) && !own.contains(&text) {
                        whole.insert(text);
                    }
                    continue;
                }
                for piece in text.split(['{', '}']).step_by(2).map(str::trim) {
                    let is_known =
                        data.contains(piece) || own.iter().any(|text| text.contains(piece));
                    if piece.chars().filter(|c| c.is_alphabetic()).count() > 7 && !is_known {
                        pieces.insert(piece.to_owned());
                    }
                }
            }
        }
        assert!(whole.len() > 500 && pieces.len() > 50, "{} {}", whole.len(), pieces.len());
        Self { whole, pieces }
    }

    /// What of a page is in bokmål.
    fn found(&self, page: &str) -> Vec<String> {
        let mut found = Vec::new();
        for text in shown(page) {
            let text = text.trim();
            let is_short = text.split_whitespace().count() < 5;
            // A single word may stand in what a form asks.
            let is_left = |piece: &&String| {
                (is_short || piece.contains(' ')) && text.contains(piece.as_str())
            };
            if self.whole.contains(text) || self.pieces.iter().any(|piece| is_left(&piece)) {
                found.push(text.to_owned());
            }
        }
        found
    }
}

fn tables_of_has(language: &str, table: &str, key: &str) -> bool {
    thread_local! {
        static KNOWN: std::cell::RefCell<std::collections::BTreeMap<String, BTreeSet<String>>> =
            const { std::cell::RefCell::new(std::collections::BTreeMap::new()) };
    }
    KNOWN.with_borrow_mut(|known| {
        let keys = known.entry(language.to_owned()).or_insert_with(|| {
            let tables = tables_of(language).into_iter();
            tables
                .flat_map(|(table, texts)| {
                    texts.into_keys().map(move |key| format!("{table}.{key}"))
                })
                .collect()
        });
        keys.contains(&format!("{table}.{key}"))
    })
}

/// The text nodes of a page, and what its attributes tell; without what says that it is in bokmål.
fn shown(page: &str) -> Vec<String> {
    // The title of what is printed is its own.
    let is_paper = page.contains("<article class=\"paper\" lang=\"nb\"");
    let page = if is_paper { page.split_once("</title>").unwrap().1 } else { page };
    let (mut found, mut rest, mut skipping) = (Vec::new(), page, None::<(String, usize)>);
    while let Some((text, after)) = rest.split_once('<') {
        if skipping.is_none() {
            found.push(unescaped(text));
        }
        let Some((tag, next)) = after.split_once('>') else { break };
        let name: String =
            tag.trim_start_matches('/').chars().take_while(|c| c.is_alphanumeric()).collect();
        match &mut skipping {
            Some((skipped, depth)) if *skipped == name => {
                if tag.starts_with('/') {
                    *depth -= 1;
                } else {
                    *depth += 1;
                }
            }
            Some(_) => {}
            None => {
                let is_bokmal = name != "html" && tag.contains(" lang=\"nb\"");
                if is_bokmal && !["input", "br"].contains(&name.as_str()) {
                    skipping = Some((name, 1));
                } else if !is_bokmal {
                    for attribute in
                        ["aria-label=\"", "placeholder=\"", "title=\"", "data-label=\""]
                    {
                        let value =
                            tag.split(attribute).nth(1).and_then(|rest| rest.split('"').next());
                        found.extend(value.map(unescaped));
                    }
                }
            }
        }
        if skipping.as_ref().is_some_and(|(_, depth)| *depth == 0) {
            skipping = None;
        }
        rest = next;
    }
    found
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The pages that a page leads to.
fn links(page: &str) -> Vec<String> {
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let links = links.map(|link| unescaped(link.split('#').next().unwrap_or_default()));
    links
        .filter(|link| link.starts_with('/') && !link.starts_with("/assets"))
        .filter(|link| {
            !link.contains(".pdf") && !link.contains("/fil") && !link.contains("/vedlegg")
        })
        .collect()
}

/// What kind of page an address is of: its words, without ids and what is asked for.
fn kind(address: &str) -> String {
    let path = address.split('?').next().unwrap_or_default();
    let is_word = |part: &&str| part.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    path.split('/').filter(is_word).collect::<Vec<_>>().join("/")
}

#[test]
fn the_words_of_a_page_are_found_and_those_in_bokmal_are_left_out() {
    let page =
        "<html lang=\"en\"><p title=\"A\">B &amp; C</p><p lang=\"nb\">D<p>E</p></p><b>F</b></html>";
    let words: Vec<String> = shown(page).into_iter().filter(|text| !text.is_empty()).collect();
    assert_eq!(words, ["A", "B & C", "F"]);
    assert_eq!(kind("/pasient/fv-00001/resept/ny?x=1"), "/pasient/resept/ny");
}

/// Every role reads its pages in every language: no text of bokmål is left that has a translation.
async fn read_by_all(house: &House, data: &str, language: &str) {
    let forbidden = Forbidden::of(language, data);
    let (mut wrong, mut read) = (BTreeSet::new(), BTreeSet::new());
    let mut titles = house.titles();
    titles.sort_unstable();
    titles.dedup();
    for title in titles {
        let entered = house.log_in_as(title).await;
        let cookie = format!("{entered}; akson-language={language}");
        let mut waiting: VecDeque<String> = VecDeque::from(["/".to_owned()]);
        let mut kinds = BTreeSet::new();
        let mut pages = 0;
        while let Some(address) = waiting.pop_front() {
            if pages == PAGES_MAX || !kinds.insert(kind(&address)) {
                continue;
            }
            let answer = house.get(&address, &cookie).await;
            let is_page = answer
                .headers
                .get("content-type")
                .is_some_and(|of| of.to_str().unwrap().starts_with("text/html"));
            if answer.status.is_redirection() {
                let to = answer.location().to_owned();
                kinds.remove(&kind(&to));
                waiting.push_front(to);
                continue;
            }
            if !is_page {
                continue;
            }
            pages += 1;
            read.insert(kind(&address));
            assert!(
                answer.body.contains(&format!("<html lang=\"{language}\"")),
                "{address}: {}",
                answer.body
            );
            wrong.extend(
                forbidden
                    .found(&answer.body)
                    .into_iter()
                    .map(|text| format!("{}: {text}", kind(&address))),
            );
            waiting.extend(links(&answer.body));
        }
        assert!(pages > 1, "{title}");
    }
    println!("{language}: {} kinds of pages: {read:?}", read.len());
    assert!(wrong.is_empty(), "{language}: {wrong:#?}");
    assert!(read.len() > 40, "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bokmal_is_left_on_the_pages_of_anybody_in_english() {
    let data: Vec<_> = bundles().iter().map(|bundle| String::from_utf8_lossy(bundle)).collect();
    read_by_all(&House::new().await, &data.concat(), "en").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bokmal_is_left_on_the_pages_of_anybody_in_nynorsk() {
    let data: Vec<_> = bundles().iter().map(|bundle| String::from_utf8_lossy(bundle)).collect();
    read_by_all(&House::new().await, &data.concat(), "nn").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bokmal_is_left_in_the_ward() {
    let house = round::house().await;
    let data: Vec<_> =
        round::bundles().iter().map(|bundle| String::from_utf8_lossy(bundle)).collect();
    for language in ["en", "nn"] {
        let forbidden = Forbidden::of(language, &data.concat());
        let cookie = format!("{}; akson-language={language}", house.log_in(round::NURSE).await);
        let home = house.get("/", &cookie).await.body;
        let mut wrong: BTreeSet<String> = forbidden.found(&home).into_iter().collect();
        let mut kinds = BTreeSet::new();
        for address in links(&home)
            .into_iter()
            .filter(|link| link.starts_with("/runde") || link.starts_with("/vakt"))
        {
            if kinds.insert(kind(&address)) {
                wrong.extend(forbidden.found(&house.get(&address, &cookie).await.body));
            }
        }
        assert!(kinds.len() > 2, "{kinds:?}");
        assert!(wrong.is_empty(), "{language}: {wrong:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_logged_in_chooses_too() {
    let house = House::new().await;
    let page = house.get("/logg-inn?til=%2Fpasient%2F1", "akson-language=nn").await;
    assert!(page.body.contains("<html lang=\"nn\"") && page.body.contains("Logg inn"));
    assert!(page.body.contains("name=\"til\" value=\"/pasient/1\""), "{}", page.body);
    let answer = house.post("/sprak", "", "sprak=en&til=%2Fpasient%2F1").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/pasient/1"));
    assert_eq!(answer.cookie("akson-language").unwrap(), "akson-language=en");
    let answer = house.post("/sprak", "", "sprak=..%2Fnb&til=%2F%2Fevil.example").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
    assert!(answer.cookie("akson-language").is_none());
    // Another site's page chooses nothing.
    let foreign = house.post_from("https://evil.example", "/sprak", "", "sprak=en&til=%2F").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert!(foreign.cookie("akson-language").is_none());
    // With a login it takes the login's own form.
    let cookie = house.log_in("Fastlege").await;
    let home = house.get("/", &cookie).await;
    assert!(home.body.contains("<form class=\"languages\" action=\"/sprak\""));
    assert_eq!(
        house.post("/sprak", &cookie, "sprak=en&til=%2F").await.status,
        StatusCode::FORBIDDEN
    );
    let body = format!("skjema={}&sprak=en&til=%2Fnotater", home.token());
    assert_eq!(house.post("/sprak", &cookie, &body).await.location(), "/notater");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_in_bokmal_whoever_stores_it() {
    let house = round::house().await;
    let cookie = format!("{}; akson-language=en", house.log_in(round::NURSE).await);
    let page = house.get("/", &cookie).await;
    assert!(page.body.contains("Not given"), "{}", page.body);
    let rows: Vec<&str> = page.body.split("<div class=\"dose\"").skip(1).collect();
    let row = rows.iter().find(|row| row.contains("/runde/ikke-gitt?")).unwrap();
    let (_, rest) = row.split_once("href=\"/runde/ikke-gitt").unwrap();
    let address =
        format!("/runde/ikke-gitt{}", rest.split('"').next().unwrap().replace("&amp;", "&"));
    let form = house.get(&address, &cookie).await.body;
    assert!(form.contains("Refused") && !form.contains("Ville ikke"), "{form}");
    let fields = round::form(&form, "/runde/ikke-gitt");
    let done = house.post("/runde/ikke-gitt", &cookie, &format!("{fields}&grunn=refused")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let stored = house.stored("MedicationAdministration?status=not-done").await;
    let reasons: Vec<&str> = stored
        .iter()
        .filter_map(|one| one.pointer("/statusReason/0/text").and_then(serde_json::Value::as_str))
        .collect();
    assert!(reasons.contains(&"Ville ikke") && !reasons.contains(&"Refused"), "{reasons:?}");
    // The reader reads it in the own language all the same.
    let after = house.get("/", &cookie).await.body;
    assert!(after.contains("Refused"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_on_is_printed_in_bokmal_and_framed_in_the_readers_language() {
    let house = House::new().await;
    let cookie = format!("{}; akson-language=en", house.log_in("Fastlege").await);
    let id = super::paper::patient();
    let page = house.get(&format!("/pasient/{id}/utskrift/sammendrag"), &cookie).await.body;
    assert!(
        page.contains("<html lang=\"en\"") && page.contains("<article class=\"paper\" lang=\"nb\"")
    );
    assert!(page.contains("Journalsammendrag") && page.contains("Diagnoser"), "{page}");
    assert!(page.contains(">Print</button>"), "{page}");
}
