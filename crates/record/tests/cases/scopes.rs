//! Whatever an app asks, it gets what the rules give its user and its scopes leave of that: the
//! record under `Policy::Rules` with bounded actors, against an independent model of SMART's scopes
//! over the model of the rules.

mod by_hand;
mod model;
mod reads;
mod writes;

use std::sync::Arc;

use akson_access::Actor;
use akson_access::scopes::Scopes;
use akson_record::request::Caller;

use super::rules::model::Asker;
use super::rules::walk::TYPES;
use super::rules::world::{ACT_CODE, Dice};
use model::Token;

const LETTERS: [&str; 12] =
    ["rs", "r", "s", "cruds", "cud", "u", "cu", "d", "rus", "read", "write", "*"];

/// The caller with a token's scopes.
fn bounded(caller: &Caller, token: &Token) -> Caller {
    let words = token.words.iter().map(String::as_str);
    let scopes = Scopes::parse(words, token.launch.as_deref()).unwrap();
    akson_record::check_scopes(&scopes).unwrap();
    let actor = Actor { scopes: Some(Arc::new(scopes)), ..(*caller.actor).clone() };
    Caller { actor: Arc::new(actor), ..caller.clone() }
}

/// A random token for somebody.
fn token(dice: &mut Dice, asker: &Asker, patients: usize) -> Token {
    let launch = format!("p{}", dice.below(patients));
    let count = 1 + dice.below(5);
    let words = (0..count).map(|_| word(dice, asker, patients)).collect();
    Token { words, launch: Some(launch) }
}

fn word(dice: &mut Dice, asker: &Asker, patients: usize) -> String {
    let (own, other) = match asker {
        Asker::Personnel(_) | Asker::Citizen(_) => ("user", "system"),
        Asker::System(_) => ("system", "user"),
    };
    let context = match dice.below(9) {
        0..=3 => "patient",
        4..=7 => own,
        _ => other,
    };
    let type_name = if dice.one_in(3) { "*" } else { *dice.pick(&TYPES) };
    let letters = if dice.one_in(2) { "rs" } else { *dice.pick(&LETTERS) };
    let is_first_version = matches!(letters, "read" | "write" | "*");
    let query = if !is_first_version && dice.one_in(2) {
        format!("?{}", query(dice, type_name, patients))
    } else {
        String::new()
    };
    format!("{context}/{type_name}.{letters}{query}")
}

fn query(dice: &mut Dice, type_name: &str, patients: usize) -> String {
    let one = |dice: &mut Dice| {
        let mut possible = vec![
            "_security:missing=true".to_string(),
            "_security=PSY".into(),
            format!("_security={ACT_CODE}|PSY,{ACT_CODE}|ADOL"),
            format!("_security:not={ACT_CODE}|ADOL"),
            format!("_security={ACT_CODE}|"),
            "_security=|PSY".into(),
            "_security:missing=false".into(),
        ];
        let has_status =
            !matches!(type_name, "*" | "Patient" | "RelatedPerson" | "Condition" | "AuditEvent");
        if has_status {
            for status in ["status=final,finished,current", "status:not=finished", "status=active"]
            {
                possible.push(status.into());
            }
        }
        match type_name {
            "Observation" => {
                let patient = dice.below(patients);
                possible.push("encounter:missing=true".into());
                possible.push(format!("patient=p{patient}&_security:missing=true"));
                possible.push(format!("patient=Patient/p{patient},Patient/p0"));
            }
            "Patient" => {
                possible.push("birthdate=ge2008-11-22".into());
                possible.push("birthdate=lt1990-01-01".into());
            }
            "*" => {}
            _ => possible.push(format!(
                "_id={}-{}-0",
                type_name.to_lowercase(),
                dice.below(patients)
            )),
        }
        dice.pick(&possible).clone()
    };
    if dice.one_in(4) { format!("{}&{}", one(dice), one(dice)) } else { one(dice) }
}
