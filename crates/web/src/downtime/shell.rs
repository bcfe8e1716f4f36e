//! The documents of the copy: whole files that need nothing but a browser.
//!
//! An open sheet runs no script. A locked one holds its content encrypted, and one small script that asks
//! for the passphrase and decrypts it where it is: AES-256-GCM, with a key from PBKDF2 with SHA-256. Each
//! document says in itself what may run and what it may ask for: nothing but that.
//! Not here: encrypting (`server::downtime`), what the sheets say (`sheets`).
//! Standards: <https://www.w3.org/TR/CSP3/>, <https://www.w3.org/TR/WebCryptoAPI/>.

use std::sync::LazyLock;

use akson_base::Instant;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::Sheet;
use crate::dates::{Moment, weekday_and_date};
use crate::messages::{t, tf};

const STYLE: &str = include_str!("sheet.css");
const SCRIPT: &str = include_str!("unlock.js");

/// What a document may do: its own style, and for a locked one its own script.
struct Policies {
    open: String,
    locked: String,
}

static POLICIES: LazyLock<Policies> = LazyLock::new(|| {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
    let open = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE)
    );
    let locked = format!("{open}; script-src 'sha256-{}'", hash(SCRIPT));
    Policies { open, locked }
});

/// When a copy was made, and how often it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The moment.
    pub at: Instant,
    /// Seconds between two copies.
    pub every_seconds: u64,
}

/// An encrypted content, and what its key is made from; the passphrase is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Salt of PBKDF2.
    pub salt: Vec<u8>,
    /// Rounds of PBKDF2.
    pub rounds: u32,
    /// Nonce of AES-GCM, 12 bytes, never used twice with a key.
    pub nonce: [u8; 12],
    /// Ciphertext with its tag at the end.
    pub content: Vec<u8>,
}

/// A sheet that anybody who has the file reads.
pub fn open(sheet: &Sheet, made: Made) -> String {
    let main = html! { (PreEscaped(&sheet.content)) };
    document(&sheet.title, &POLICIES.open, &heading(&sheet.title, sheet.kind, made), &main, false)
}

/// A sheet whose content is encrypted.
pub fn locked(sheet: &Sheet, made: Made, locked: &Locked) -> String {
    let encode = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
    let main = html! {
        form id="unlock" autocomplete="off" {
            label for="passphrase" { (t("downtime.passphrase")) }
            input id="passphrase" type="password" autocomplete="off" autofocus required;
            button type="submit" { (t("downtime.open")) }
            p id="fault" role="alert" {}
        }
        noscript { p { (t("downtime.needs-script")) } }
        div id="content" data-salt=(encode(&locked.salt)) data-nonce=(encode(&locked.nonce))
            data-rounds=(locked.rounds) data-content=(encode(&locked.content))
            data-wrong=(t("downtime.wrong")) data-working=(t("downtime.working"))
            data-impossible=(t("downtime.impossible")) {}
    };
    let heading = heading(&sheet.title, sheet.kind, made);
    document(&sheet.title, &POLICIES.locked, &heading, &main, true)
}

/// The way to all sheets. Holds nothing of any patient.
pub fn index(sheets: &[Sheet], made: Made, is_locked: bool) -> String {
    let main = html! {
        @if sheets.is_empty() { p { (t("downtime.nothing")) } }
        ul.sheets {
            @for sheet in sheets {
                li {
                    a href=(format!("{}.html", sheet.name)) { (sheet.title) }
                    " – " (sheet.kind) ", " (patients(sheet.patients))
                }
            }
        }
        @if is_locked { p { (t("downtime.is-locked")) } }
        p { (t("downtime.how")) }
    };
    let heading = heading(t("downtime.heading"), "", made);
    document(t("downtime.heading"), &POLICIES.open, &heading, &main, false)
}

fn patients(count: usize) -> String {
    match count {
        1 => t("downtime.one-patient").to_owned(),
        n => tf("downtime.patients-n", &[("n", &n.to_string())]),
    }
}

/// What it is, and in large letters when it was made.
fn heading(title: &str, kind: &str, made: Made) -> Markup {
    let at = Moment::from_instant(made.at);
    let (day, time) = (weekday_and_date(at.date()), at.clock().unwrap_or_default());
    let minutes = made.every_seconds.div_ceil(60).to_string();
    html! {
        header.head {
            @if !kind.is_empty() { p.what { (t("downtime.heading")) " · " (kind) } }
            h1 { (title) }
            p.made { (tf("downtime.made", &[("day", &day), ("time", &time)])) }
            p.note { (tf("downtime.note", &[("n", &minutes)])) }
        }
    }
}

fn document(
    title: &str,
    policy: &str,
    heading: &Markup,
    main: &Markup,
    has_script: bool,
) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="nb" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (title) " – " (t("downtime.heading")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (heading)
                main { (main) }
                @if has_script { script { (PreEscaped(SCRIPT)) } }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            name: "avdeling-a".into(),
            title: "Avdeling <A>".into(),
            kind: "runde",
            patients: 1,
            content: "<p>Kari Nordmann</p>".into(),
        }
    }

    const MADE: Made = Made { at: Instant(1_795_298_880_000), every_seconds: 300 };

    #[test]
    fn an_open_sheet_runs_nothing_and_says_when_it_was_made() {
        let page = open(&sheet(), MADE);
        assert!(page.contains("Kari Nordmann") && page.contains("Avdeling &lt;A&gt;"));
        assert!(!page.contains("<script") && !page.contains("script-src"));
        assert!(page.contains("Laget ") && page.ends_with("</html>"));
        for outside in ["http://", "https://", " src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_locked_sheet_holds_no_content_in_the_clear_and_allows_its_own_script_alone() {
        let locked =
            Locked { salt: vec![1; 16], rounds: 600_000, nonce: [2; 12], content: vec![3] };
        let page = super::locked(&sheet(), MADE, &locked);
        assert!(!page.contains("Kari Nordmann"));
        let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
        assert!(
            page.contains(&format!("script-src &#39;sha256-{hash}&#39;"))
                || page.contains(&format!("script-src 'sha256-{hash}'"))
        );
        assert!(page.contains(SCRIPT) && page.contains(STYLE));
        assert!(!SCRIPT.contains("</script"));
    }

    #[test]
    fn the_index_leads_to_the_sheets_and_tells_of_nobody() {
        let page = index(&[sheet()], MADE, true);
        assert!(page.contains("href=\"avdeling-a.html\"") && !page.contains("Kari"));
    }
}
