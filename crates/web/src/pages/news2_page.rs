//! The early-warning measurement on one form, with the latest scores and what each asks for.

use jiff::civil::Date;
use maud::{Markup, html};

use super::layout::{Page, hidden, page as whole_page};
use super::round_row::place_fields;
use crate::chart::Person;
use crate::messages::{code, t};
use crate::round::{Consciousness, MeasuringForm, Place, Reading};
use crate::who::Who;

/// What the page shows.
pub(crate) struct Shown<'a> {
    pub person: &'a Person,
    /// Newest first.
    pub readings: &'a [Reading],
    pub place: &'a Place,
    /// What was typed, when it was wrong.
    pub typed: Option<&'a MeasuringForm>,
}

/// The page.
pub(crate) fn page(shown: &Shown<'_>, who: &Who, today: Date) -> Markup {
    let name = shown.person.name_or_unknown();
    let title = format!("NEWS2 – {name}");
    let main = html! {
        div.rounds.round-single {
            p { a href=(shown.place.address()) { "‹ " (t("round.back")) } }
            h1 { (title) }
            @if let Some(latest) = shown.readings.first() { (latest_score(latest)) }
            (form(shown, who))
            (history(shown.readings, today))
        }
    };
    whole_page(
        &Page { title: &title, who: Some(who), query: "", search_in_top: true },
        html! {},
        main,
    )
}

fn latest_score(latest: &Reading) -> Markup {
    let response = latest.response;
    html! {
        p class=(format!("score-now score-{}", response.code())) {
            b { "NEWS2 " (latest.score) } " · " (latest.at.with_time()) " · "
            (code("news2", response.code()).unwrap_or_default())
        }
    }
}

fn form(shown: &Shown<'_>, who: &Who) -> Markup {
    let empty = MeasuringForm::default();
    let typed = shown.typed.unwrap_or(&empty);
    let number = |place: usize, name: &str, label: &str, unit: &str| {
        let wrong = shown.typed.is_some() && typed.is_wrong(place);
        let value = typed.numbers.get(place).map_or("", String::as_str);
        html! {
            div.field {
                label for=(name) { (label) " " span.unit { (unit) } }
                input.ds-input id=(name) name=(name) inputmode="decimal" autocomplete="off" value=(value)
                    required[place != 3] aria-invalid=[wrong.then_some("true")]
                    aria-describedby=[wrong.then(|| format!("feil-{name}"))];
                @if wrong { p.fault id=(format!("feil-{name}")) { (t("news2.wrong")) } }
            }
        }
    };
    let action = format!("/runde/news/{}", shown.person.id);
    html! {
        form.dose-panel.news2 action=(action) method="post" {
            @if let Some(login) = &who.login { (hidden(&login.form_token)) }
            (place_fields(shown.place, ""))
            div.measures {
                (number(0, "respirasjon", t("news2.respiration"), "/min"))
                (number(1, "metning", t("news2.saturation"), "%"))
                (number(2, "systolisk", t("news2.systolic"), "mmHg"))
                (number(3, "diastolisk", t("news2.diastolic"), "mmHg"))
                (number(4, "puls", t("news2.pulse"), "/min"))
                (number(5, "temperatur", t("news2.temperature"), "°C"))
            }
            fieldset {
                legend { (t("news2.consciousness")) }
                div.pills {
                    @for mind in Consciousness::ALL {
                        @let chosen = typed.consciousness == mind.code()
                            || (typed.consciousness.is_empty() && mind == Consciousness::Alert);
                        label.pill {
                            input type="radio" name="bevissthet" value=(mind.code()) checked[chosen];
                            (code("acvpu", mind.code()).unwrap_or_default())
                        }
                    }
                }
            }
            div.pills {
                label.pill {
                    input type="checkbox" name="oksygen" value="ja" checked[typed.on_oxygen];
                    (t("news2.oxygen"))
                }
                label.pill {
                    input type="checkbox" name="skala" value="2" checked[typed.is_scale_2];
                    (t("news2.scale-2"))
                }
            }
            div.answer { button.ds-button type="submit" { (t("news2.save")) } }
        }
    }
}

fn history(readings: &[Reading], today: Date) -> Markup {
    html! {
        @if !readings.is_empty() {
            section.card aria-labelledby="skarer" {
                h2 id="skarer" { (t("news2.latest")) }
                table.scores {
                    thead { tr {
                        th scope="col" { (t("news2.when")) } th.num scope="col" { "NEWS2" }
                        th scope="col" { (t("news2.action")) }
                    } }
                    tbody {
                        @for one in readings {
                            @let response = one.response;
                            tr {
                                td { (one.at.short(today)) " " (one.at.clock().unwrap_or_default()) }
                                td.num { b { (one.score) } }
                                td { (code("news2", response.code()).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    }
}
