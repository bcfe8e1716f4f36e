//! The privacy officer's work: `/personvern`, the accesses that stand out, and one of them with the
//! decision on it; `/personvern/roller`, which roles were given and ended. For everybody else these addresses are not there.
//!
//! Not here: what stands out (`insight`), who may see it (`access`, asked by `record`), HTML
//! (`pages::privacy_page`).

use std::collections::HashMap;
use std::sync::Arc;

use akson_base::{Kind, Problem};
use akson_record::{Outlier, RoleChange, Verdict};
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;

use crate::chart::Person;
use crate::datatypes::display;
use crate::dates::Moment;
use crate::forms::Form;
use crate::messages::t;
use crate::pages::privacy_page::{self, Behind, Listed};
use crate::pages::roles_page;
use crate::people::{PostChange, post_of};
use crate::response;
use crate::routes::no_page;
use crate::sight::{Desk, Reader, parse};

/// The list's address.
pub(crate) const LIST: &str = "/personvern";

/// Where changes of roles are read.
pub(crate) const ROLES: &str = "/personvern/roller";

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route(LIST, get(list))
        .route(ROLES, get(roles))
        .route("/personvern/{key}", get(case).post(decide))
}

/// The list; also the privacy officer's home.
pub(crate) async fn list(reader: Reader) -> Response {
    let drawn = async {
        let outliers = reader.record().outliers(&reader.caller()).await?;
        let all = |outliers: Vec<Outlier>| {
            outliers.into_iter().map(listed).collect::<Result<Vec<_>, Problem>>()
        };
        let (open, decided) = (all(outliers.open)?, all(outliers.decided)?);
        let (who, today) = (&reader.who, reader.today());
        Ok(privacy_page::list(&open, outliers.more, &decided, who, today))
    };
    answer(&reader, drawn.await)
}

/// Which roles were given, changed and ended, and by whom.
async fn roles(reader: Reader) -> Response {
    let drawn = async {
        let changes = reader.record().role_changes(&reader.caller()).await?;
        let told = changes.iter().map(|one| told(one, reader.today()));
        let told: Vec<Option<(String, PostChange)>> = told.collect::<Result<_, _>>()?;
        let told: Vec<(String, PostChange)> = told.into_iter().flatten().collect();
        Ok(roles_page::roles(&told, &reader.who))
    };
    answer(&reader, drawn.await)
}

/// A change in words, and whom it is about; nothing for a deletion.
fn told(one: &RoleChange, today: Date) -> Result<Option<(String, PostChange)>, Problem> {
    let units = HashMap::new();
    let Some(now) = post_of(&one.change.version, &units, today)? else { return Ok(None) };
    let before = one.before.as_ref().map(|version| post_of(version, &units, today)).transpose()?;
    let role = parse(&one.change.version)?;
    let name = role.root().first("practitioner").and_then(display);
    let name = name.unwrap_or_else(|| t("person.no-name").to_string());
    let at = Moment::from_instant(one.change.version.time);
    let (by, before) = (one.change.by.clone(), before.flatten());
    Ok(Some((name, PostChange { at, by, now, before })))
}

async fn case(reader: Reader, Path(key): Path<String>) -> Response {
    answer(&reader, shown(&reader, &key, None).await)
}

async fn decide(reader: Reader, Path(key): Path<String>, form: Form) -> Response {
    let Some(verdict) = Verdict::of_code(form.field("avgjorelse")) else {
        let text = "A decision is one of those that the page offers.";
        let problem = Problem::new(Kind::Invalid, "WEB-030", text);
        return wrong(&reader, &key, &problem, t("privacy.choose")).await;
    };
    let (note, with_alike) = (form.field("notat"), form.field("likt") == "1");
    let decided =
        reader.record().decide_outlier(&reader.caller(), &key, verdict, note, with_alike).await;
    match decided {
        Ok(()) => response::to(LIST),
        Err(problem) if problem.kind == Kind::Invalid => {
            wrong(&reader, &key, &problem, t("privacy.long")).await
        }
        Err(problem) => answer(&reader, Err(problem)),
    }
}

/// The case again, with what was wrong.
async fn wrong(reader: &Reader, key: &str, problem: &Problem, words: &'static str) -> Response {
    match shown(reader, key, Some(words)).await {
        Ok(markup) => response::told(problem, markup),
        Err(problem) => answer(reader, Err(problem)),
    }
}

async fn shown(
    reader: &Reader,
    key: &str,
    wrong: Option<&'static str>,
) -> Result<maud::Markup, Problem> {
    let found = reader.record().outlier(&reader.caller(), key).await?;
    let case = listed(found.outlier)?;
    let alike = found.alike.into_iter().map(listed).collect::<Result<Vec<_>, Problem>>()?;
    let entries: Vec<Behind<'_>> = found
        .entries
        .iter()
        .map(|access| Behind { entry: &access.entry, at: Moment::from_instant(access.time) })
        .collect();
    Ok(privacy_page::case(&case, &alike, &entries, &reader.who, reader.today(), wrong))
}

fn listed(outlier: Outlier) -> Result<Listed, Problem> {
    let person = match &outlier.patient {
        Some(version) => Some(Person::read(parse(version)?.root())),
        None => None,
    };
    Ok(Listed { outlier, person })
}

fn answer(reader: &Reader, drawn: Result<maud::Markup, Problem>) -> Response {
    // In the same words as for any other address that is not there.
    let in_words = |problem: Problem| match problem.kind == Kind::NotFound {
        true => no_page(),
        false => problem,
    };
    response::drawn(drawn.map_err(in_words), &reader.who)
}
