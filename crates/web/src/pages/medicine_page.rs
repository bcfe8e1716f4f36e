//! One medicine's history: every prescription of it, what was changed and why.

use akson_access::rules::Class;
use maud::{Markup, html};

use super::chart_page::Sight;
use crate::chart::{Course, Prescription};
use crate::messages::{code, t, tf};

/// Heading and content; nothing when the journal has no such prescription.
pub(crate) fn history(sight: &Sight<'_>, id: &str) -> Option<(String, Markup)> {
    let all = &sight.chart.medications.prescriptions;
    let one = all.iter().find(|one| one.id == id)?;
    let same = |other: &&Prescription| match (&one.atc, &other.atc) {
        (Some(a), Some(b)) => a == b,
        _ => one.text == other.text,
    };
    let in_force = all.iter().filter(same).find(|one| matches!(&*one.status, "active" | "on-hold"));
    let base = format!("/pasient/{}/resept", sight.chart.person.id);
    let may = sight.who.may_ever_write(Class::Prescription);
    let content = html! {
        section.card.prescribing {
            h2 { (one.text) }
            div.deeds {
                @if let Some(one) = in_force.filter(|_| may) {
                    a.ds-button href=(format!("{base}/{}/forny", one.id)) { (t("prescribing.renew")) }
                    a.ds-button data-variant="secondary" href=(format!("{base}/{}/endre", one.id)) { (t("prescribing.change")) }
                    a.ds-button data-variant="secondary" href=(format!("{base}/{}/seponer", one.id)) { (t("prescribing.stop")) }
                }
                a.ds-button data-variant="secondary" href=(format!("{base}/{}/utskrift", in_force.map_or(id, |one| &one.id))) { (t("prescribing.print")) }
            }
            ol.timeline.prescriptions {
                @for one in all.iter().filter(same) { li { (entry(one)) } }
            }
        }
    };
    Some((one.text.clone(), content))
}

fn entry(one: &Prescription) -> Markup {
    let what = match &one.course {
        Course::Begun => t("prescribing.began").to_owned(),
        Course::Renewed(_) => t("prescribing.renewed").to_owned(),
        Course::Changed(_, before) => tf("prescribing.changed-from", &[("before", before)]),
    };
    html! {
        p.meta {
            @if let Some(authored) = one.authored { (authored.with_time()) }
            @if let Some(by) = &one.requester { " · " (by) }
            " · " (code("prescription-status", &one.status).unwrap_or(&one.status))
        }
        p { b { (one.text) } @if let Some(dosage) = &one.dosage { ": " (dosage) } }
        p.sub {
            (what)
            @if let Some(reason) = &one.reason { " · " (tf("prescribing.against", &[("reason", reason)])) }
            @if let Some(until) = one.valid_until { " · " (tf("prescribing.valid-until", &[("date", &until.long())])) }
            @if let Some(why) = &one.override_reason { " · " (tf("prescribing.in-spite", &[("why", why)])) }
            @if let Some(why) = &one.status_reason { " · " (tf("prescribing.ended-because", &[("why", why)])) }
        }
    }
}
