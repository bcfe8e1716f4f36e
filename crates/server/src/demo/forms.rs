//! The forms of the demo: all that come along are in use.

use akson_questionnaire::shipped::SHIPPED;
use serde_json::{Value, json};

use crate::failure::Failure;

/// A transaction that takes every form that comes along into use.
pub(super) fn in_use() -> Result<Vec<u8>, Failure> {
    let entry = |text: &&str| {
        let form: Value = serde_json::from_str(text)
            .map_err(|error| Failure::Failed(format!("a form that comes along: {error}")))?;
        let url = form.get("url").and_then(Value::as_str).unwrap_or_default();
        let name = url.rsplit('/').next().unwrap_or_default();
        let id = format!("skjema-{name}");
        let mut form = form.clone();
        if let Some(members) = form.as_object_mut() {
            members.insert("id".into(), json!(id));
        }
        let request = json!({"method": "PUT", "url": format!("Questionnaire/{id}")});
        Ok(json!({"resource": form, "request": request}))
    };
    let entries: Vec<Value> = SHIPPED.iter().map(entry).collect::<Result<_, Failure>>()?;
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    Ok(bundle.to_string().into_bytes())
}
