//! A form as those who fill it in see it, to try out: what is answered here is calculated and stored nowhere.
//!
//! The fields are drawn by `form_fields`, as everywhere. With the script it follows what is answered and what
//! is changed in the editor; without it a button does.

use akson_base::Instant;
use maud::{Markup, html};

use super::form_fields::Drawing;
use super::layout::hidden;
use crate::form_editor::{Definition, LIST, nobody_at, tried};
use crate::forms::Form;
use crate::messages::t;
use crate::who::Who;

/// The preview with what was answered in it.
pub(crate) fn preview(form: &Definition, sent: Option<&Form>, now: Instant, who: &Who) -> Markup {
    let token = who.login.as_ref().map_or("", |login| login.form_token.as_str());
    let surroundings = nobody_at(now);
    let found = tried(&form.resource, sent, &surroundings);
    html! {
        section.def-card.def-preview id="forhandsvisning" aria-labelledby="forhandsvisning-tittel" {
            div.heading {
                h2 id="forhandsvisning-tittel" { (t("definition.preview")) }
                span.muted { (t("definition.preview-help")) }
            }
            @match found {
                None => p.muted { (t("definition.preview-empty")) },
                Some((questionnaire, mut answers)) => {
                    form id="proving" method="post" action=(format!("{LIST}/{}/prov", form.id)) novalidate {
                        (hidden(token))
                        button.ds-sr-only type="submit" name="gjor" value="regn" tabindex="-1" aria-hidden="true" {
                            (t("definition.preview-count"))
                        }
                        (Drawing::of(&questionnaire.evaluate(&mut answers, &surroundings)).fields())
                        div.def-buttons {
                            button.ds-button.def-count data-variant="secondary" type="submit" name="gjor" value="regn" {
                                (t("definition.preview-count"))
                            }
                            a.ds-button data-variant="tertiary" href=(format!("{LIST}/{}", form.id)) {
                                (t("definition.preview-empty-it"))
                            }
                        }
                    }
                }
            }
        }
    }
}
