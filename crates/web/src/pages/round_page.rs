//! The round list: who, what, and one button for each dose.
//!
//! Not here: one row (`round_row`), the forms behind «…» and «Gi nå» (`round_forms`), what is due
//! (`round::dose`).

use maud::{Markup, html};

use super::layout::{Page, page};
use super::round_row::row;
use crate::chart::{Severity, Warning};
use crate::dates::weekday_and_date;
use crate::messages::{t, tf};
use crate::round::{Kind, Place, Resident, Round, Said, Score, Slot};
use crate::who::Who;

/// What the page is made from.
pub(crate) struct Sight<'a> {
    pub round: &'a Round,
    pub place: &'a Place,
    pub who: &'a Who,
    pub said: Option<&'a Said>,
    /// The row that was dealt with.
    pub focus: Option<&'a str>,
}

impl Sight<'_> {
    /// The page. `me` is the reader as `Practitioner/…`.
    pub(crate) fn page(&self, me: Option<&str>) -> Markup {
        let title = tf("round.title", &[("hour", self.place.slot.hour())]);
        let main = html! { div.rounds { (self.section(me)) } };
        let shown = Page { title: &title, who: Some(self.who), query: "", search_in_top: true };
        page(&shown, html! {}, main)
    }

    /// The list with its heading: what htmx swaps in.
    pub(crate) fn section(&self, me: Option<&str>) -> Markup {
        let round = self.round;
        let (done, all) = round.progress(round.slot);
        html! {
            section id="runde" data-focus=[self.focus.map(|key| format!("rad-{key}"))] {
                (self.heading(done, all))
                (self.choices())
                @if let Some(said) = self.said {
                    p.round-said.alert[said.is_alert] role=(if said.is_alert { "alert" } else { "status" }) {
                        (said.words)
                    }
                }
                @if round.residents.is_empty() {
                    p.round-empty { (t("round.empty")) }
                } @else {
                    ul.round {
                        @for resident in &round.residents { (self.resident(resident, me)) }
                    }
                    p.round-foot {
                        (tf("round.as-of", &[("time", &clock(round))])) " "
                        a href=(self.place.address()) { (t("round.refresh")) }
                    }
                }
            }
        }
    }

    fn heading(&self, done: usize, all: usize) -> Markup {
        let round = self.round;
        let count = round.residents.len().to_string();
        let day = weekday_and_date(round.day);
        let (done_text, all_text) = (done.to_string(), all.to_string());
        let progress = tf("round.progress", &[("done", &done_text), ("all", &all_text)]);
        html! {
            header.round-head {
                div {
                    h1 { (tf("round.title", &[("hour", round.slot.hour())])) }
                    p.muted {
                        (day) " · " (round.ward.name) " · " (tf("round.residents", &[("n", &count)]))
                        " · " (tf("round.doses", &[("n", &all_text)]))
                    }
                }
                div.round-progress {
                    progress max=(all.max(1)) value=(done) aria-label=(progress) {}
                    b aria-hidden="true" { (progress) }
                }
            }
        }
    }

    /// The other rounds of the day, and the other wards.
    fn choices(&self) -> Markup {
        let round = self.round;
        html! {
            nav.round-choices aria-label=(t("round.choices")) {
                ul {
                    @for slot in Slot::ALL {
                        @let (done, all) = round.progress(slot);
                        li {
                            a.chip href=(self.place.at(slot).address())
                                aria-current=[(slot == round.slot).then_some("page")] {
                                (tf("round.slot", &[("hour", slot.hour())])) " "
                                span.round-count { (done) "/" (all) }
                                @if self.is_behind(slot, done, all) {
                                    " " span.late { "! " (t("round.behind")) }
                                }
                            }
                        }
                    }
                    li {
                        a.chip href=(format!("/vaktskifte?{}", self.place.query())) { (t("handover.link")) }
                    }
                    li { a.chip href="/min-dag" { (t("round.tasks")) } }
                    li {
                        a.chip href=(format!("/utskrift/runde?{}", self.place.query())) { (t("paper.print")) }
                    }
                    @if !round.is_now { li { a.chip href="/" { (t("round.to-now")) } } }
                    @if round.wards.len() > 1 {
                        @for ward in &round.wards {
                            @let there = Place { ward: Some(ward.id.clone()), ..self.place.clone() };
                            li.round-ward {
                                a.chip href=(there.address())
                                    aria-current=[(ward == &round.ward).then_some("true")] { (ward.name) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Whether an earlier round of today has doses that nothing is said of.
    fn is_behind(&self, slot: Slot, done: usize, all: usize) -> bool {
        let (today, now) = crate::round::slot_at(self.round.now);
        done < all && self.round.day == today && slot < now
    }

    fn resident(&self, resident: &Resident, me: Option<&str>) -> Markup {
        let round = self.round;
        let rows: Vec<_> = round.rows(resident).collect();
        let person = &resident.person;
        let planned = rows.iter().any(|row| !matches!(row.kind, Kind::AsNeeded(_)));
        html! {
            li.resident id=(format!("beboer-{}", person.id)) {
                div.resident-who {
                    h2 {
                        a href=(format!("/pasient/{}", person.id)) {
                            span.room { (resident.room) } " " (person.name_or_unknown())
                        }
                    }
                    p.muted {
                        @if let Some(age) = person.age(round.now.date()) { (age) " · " }
                        (stay(resident, round))
                    }
                    ul.flags {
                        @for warning in &resident.warnings {
                            @if warning.is_allergy || warning.severity == Severity::Stop {
                                li { (flag(warning)) }
                            }
                        }
                        li { (self.score(resident)) }
                    }
                }
                div.resident-doses {
                    @if !planned { p.muted.none { (t("round.no-doses")) } }
                    @for one in rows { (row(self, resident, one, me)) }
                }
            }
        }
    }

    /// The latest early-warning score, which leads to the form of the next.
    fn score(&self, resident: &Resident) -> Markup {
        let href = format!("/runde/news/{}?{}", resident.person.id, self.place.query());
        let [latest, before] = [0, 1].map(|place| resident.scores.get(place));
        let Some(latest) = latest else {
            return html! { a.flag.flag-quiet href=(href) { (t("round.score-none")) } };
        };
        let class = match latest.response {
            Score::Emergency | Score::Urgent => "flag flag-stop",
            Score::Ward | Score::Low => "flag flag-notice",
            Score::None => "flag flag-quiet",
        };
        let (arrow, trend) = match before.map(|before| latest.score.cmp(&before.score)) {
            Some(std::cmp::Ordering::Greater) => ("↑", t("round.score-up")),
            Some(std::cmp::Ordering::Less) => ("↓", t("round.score-down")),
            Some(std::cmp::Ordering::Equal) | None => ("", ""),
        };
        html! {
            a class=(class) href=(href) {
                span {
                    "NEWS2: " b { (latest.score) }
                    @if !arrow.is_empty() {
                        " " span aria-hidden="true" { (arrow) } span.ds-sr-only { (trend) }
                    }
                }
            }
        }
    }
}

fn clock(round: &Round) -> String {
    format!("{:02}.{:02}", round.now.hour(), round.now.minute())
}

fn stay(resident: &Resident, round: &Round) -> String {
    let days = resident.day_of_stay(round.now.date()).filter(|days| (1..=60).contains(days));
    match days {
        Some(days) => tf("round.stay-day", &[("stay", &resident.stay), ("n", &days.to_string())]),
        None => resident.stay.clone(),
    }
}

/// What can kill, short: of an allergy the substance.
pub(crate) fn flag(warning: &Warning) -> Markup {
    let class = match warning.severity {
        Severity::Stop => "flag flag-stop",
        Severity::Notice => "flag flag-notice",
        Severity::Quiet => "flag flag-quiet",
    };
    html! {
        span class=(class) {
            @if warning.severity == Severity::Stop {
                b.sign aria-hidden="true" { "!" } span.ds-sr-only { (t("banner.severe")) " " }
            }
            span {
                @if warning.is_allergy && warning.severity != Severity::Quiet {
                    // The sign says it where there is one; colour alone says nothing.
                    span.ds-sr-only[warning.severity == Severity::Stop] {
                        (t("banner.allergy")) " "
                    }
                }
                (warning.text)
            }
        }
    }
}
