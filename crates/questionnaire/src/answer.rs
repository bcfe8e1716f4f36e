//! One answer, typed: from and to the `value[x]` of a QuestionnaireResponse, and from what was typed.
//!
//! Standard: <https://hl7.org/fhir/R4/questionnaireresponse.html>

use akson_fhir::date::norway;
use akson_fhir::fhirpath::{Decimal, Moment};
use serde_json::{Map, Value, json};

use crate::element::{FHIR, text, weight};
use crate::item::{Item, Kind, Unit};
use crate::limits::ANSWER_CHARACTERS_MAX;

/// A number as its digits (`36.6`), with a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    /// Reads digits with a point or a decimal comma.
    pub fn parse(typed: &str) -> Option<Self> {
        let plain = typed.trim().replace(['\u{a0}', ' '], "").replace(',', ".").replace('−', "-");
        let plain = plain.strip_prefix('+').unwrap_or(&plain);
        let plain = if plain.starts_with('.') { format!("0{plain}") } else { plain.to_owned() };
        let digits = plain.strip_prefix('-').unwrap_or(&plain);
        let is_plain = !digits.is_empty()
            && digits.len() <= 18
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && !digits.ends_with('.')
            && digits.matches('.').count() <= 1;
        let whole = digits.split('.').next().unwrap_or_default();
        let whole = whole.trim_start_matches('0');
        let rest = digits.split_once('.').map(|(_, rest)| format!(".{rest}")).unwrap_or_default();
        let sign = if plain.starts_with('-') { "-" } else { "" };
        let whole = if whole.is_empty() { "0" } else { whole };
        is_plain.then(|| Self(format!("{sign}{whole}{rest}")))
    }

    fn of_json(value: &Value) -> Option<Self> {
        let digits = value.as_number()?.to_string();
        // What a form's author or another program wrote with an exponent is written out.
        match digits.contains(['e', 'E']) {
            true => Decimal::parse(&digits).map(|value| Self(value.to_string())),
            false => Some(Self(digits)),
        }
    }

    pub(crate) fn of_decimal(value: Decimal) -> Self {
        Self(value.to_string())
    }

    fn to_json(&self) -> Value {
        serde_json::from_str::<serde_json::Number>(&self.0).map_or(Value::Null, Value::Number)
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// To calculate and compare with.
    pub fn decimal(&self) -> Option<Decimal> {
        Decimal::parse(&self.0)
    }

    /// Digits after the point.
    pub fn decimals(&self) -> usize {
        self.0.split_once('.').map_or(0, |(_, fraction)| fraction.len())
    }
}

/// A code with its text, and with its weight when it counts in a score.
#[derive(Clone, Debug, Default)]
pub struct Coding {
    /// The code system; empty when there is none.
    pub system: String,
    /// The code; empty when the option is only a text.
    pub code: String,
    /// In words.
    pub display: String,
    /// What it counts in a score (`ordinalValue`).
    pub weight: Option<Number>,
}

/// The same code of the same system, or without codes the same words.
impl PartialEq for Coding {
    fn eq(&self, other: &Self) -> bool {
        let words = !self.code.is_empty() || self.display == other.display;
        self.system == other.system && self.code == other.code && words
    }
}

impl Coding {
    pub(crate) fn of_json(value: &Value) -> Self {
        Self {
            system: text(value, "system").to_owned(),
            code: text(value, "code").to_owned(),
            display: text(value, "display").to_owned(),
            weight: weight(value).and_then(Number::of_json),
        }
    }

    fn to_json(&self) -> Value {
        let mut coding = Map::new();
        if let Some(weight) = &self.weight {
            let url = format!("{FHIR}ordinalValue");
            coding.insert(
                "extension".into(),
                json!([{"url": url, "valueDecimal": weight.to_json()}]),
            );
        }
        let texts = [("system", &self.system), ("code", &self.code), ("display", &self.display)];
        for (name, text) in texts {
            if !text.is_empty() {
                coding.insert(name.into(), text.as_str().into());
            }
        }
        Value::Object(coding)
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Yes or no.
    Boolean(bool),
    /// A number with decimals.
    Decimal(Number),
    /// A whole number of 32 bits.
    Integer(i32),
    /// `2026`, `2026-11` or `2026-11-22`.
    Date(String),
    /// As a date, or with time and offset.
    DateTime(String),
    /// `08:30:00`.
    Time(String),
    /// Words; also what is written instead of an option of an open choice.
    String(String),
    /// An address.
    Uri(String),
    /// One of the options.
    Coding(Coding),
    /// A number with a unit.
    Quantity(Number, Unit),
    /// A file, as the Attachment's JSON.
    Attachment(Value),
    /// `Practitioner/17` and its name.
    Reference(String, String),
}

impl Answer {
    /// Reads the `value[x]` of an answer, an option or an initial value. `None` when it is of a type that
    /// no question has, or not a value of its type.
    pub(crate) fn of_json(kind: &str, value: &Value) -> Option<Self> {
        let words = || value.as_str().filter(|words| !words.is_empty()).map(str::to_owned);
        Some(match kind {
            "Boolean" => Self::Boolean(value.as_bool()?),
            "Decimal" => Self::Decimal(Number::of_json(value)?),
            "Integer" => Self::Integer(i32::try_from(value.as_i64()?).ok()?),
            "Date" => Self::Date(words().filter(|text| Moment::parse_date(text).is_some())?),
            "DateTime" => {
                Self::DateTime(words().filter(|text| Moment::parse_date_time(text).is_some())?)
            }
            "Time" => Self::Time(words().filter(|text| Moment::parse_time(text).is_some())?),
            "String" => Self::String(words()?),
            "Uri" | "Url" => Self::Uri(words()?),
            "Coding" => Self::Coding(Coding::of_json(value)),
            "Quantity" => {
                Self::Quantity(Number::of_json(value.get("value")?)?, Unit::of_quantity(value))
            }
            "Attachment" => Self::Attachment(value.clone()),
            "Reference" => Self::Reference(
                text(value, "reference").to_owned(),
                text(value, "display").to_owned(),
            ),
            _ => return None,
        })
    }

    /// The type's name after `value`, and the value.
    pub(crate) fn to_json(&self) -> (&'static str, Value) {
        match self {
            Self::Boolean(value) => ("Boolean", (*value).into()),
            Self::Decimal(value) => ("Decimal", value.to_json()),
            Self::Integer(value) => ("Integer", (*value).into()),
            Self::Date(value) => ("Date", value.as_str().into()),
            Self::DateTime(value) => ("DateTime", value.as_str().into()),
            Self::Time(value) => ("Time", value.as_str().into()),
            Self::String(value) => ("String", value.as_str().into()),
            Self::Uri(value) => ("Uri", value.as_str().into()),
            Self::Coding(coding) => ("Coding", coding.to_json()),
            Self::Quantity(value, unit) => ("Quantity", unit.quantity(value.to_json())),
            Self::Attachment(value) => ("Attachment", value.clone()),
            Self::Reference(reference, display) => {
                let mut value = json!({"reference": reference});
                if !display.is_empty()
                    && let Some(members) = value.as_object_mut()
                {
                    members.insert("display".into(), display.as_str().into());
                }
                ("Reference", value)
            }
        }
    }

    /// What somebody typed, as an answer of the item's kind. `None` when it cannot be one. Choices are
    /// found by [`Item::option`].
    pub fn typed(item: &Item, typed: &str) -> Option<Self> {
        let plain = typed.trim();
        if plain.is_empty() || typed.chars().count() > ANSWER_CHARACTERS_MAX {
            return None;
        }
        Some(match item.kind {
            Kind::Boolean => Self::Boolean(plain.parse().ok()?),
            Kind::Decimal => Self::Decimal(Number::parse(plain)?),
            Kind::Integer => Self::Integer(Number::parse(plain)?.digits().parse().ok()?),
            Kind::Date => Self::Date(date(plain)?),
            Kind::DateTime => Self::DateTime(date_time(plain)?),
            Kind::Time => Self::Time(time(plain)?),
            Kind::String | Kind::OpenChoice => Self::String(plain.to_owned()),
            // Ends of lines as the browser sends them are made one kind; the rest stays as written.
            Kind::Text => Self::String(typed.replace("\r\n", "\n").trim_end().to_owned()),
            Kind::Url => Self::Uri(url(plain)?),
            Kind::Quantity => Self::Quantity(
                Number::parse(plain)?,
                item.units.first().cloned().unwrap_or_default(),
            ),
            Kind::Group | Kind::Display | Kind::Choice | Kind::Attachment | Kind::Reference => {
                return None;
            }
        })
    }

    /// Whether a question of this kind can have it.
    pub fn fits(&self, kind: Kind) -> bool {
        match self {
            Self::Boolean(_) => kind == Kind::Boolean,
            Self::Decimal(_) => kind == Kind::Decimal,
            Self::Integer(_) => matches!(kind, Kind::Integer | Kind::Choice | Kind::OpenChoice),
            Self::Date(_) => matches!(kind, Kind::Date | Kind::Choice | Kind::OpenChoice),
            Self::DateTime(_) => kind == Kind::DateTime,
            Self::Time(_) => matches!(kind, Kind::Time | Kind::Choice | Kind::OpenChoice),
            Self::String(_) => {
                matches!(kind, Kind::String | Kind::Text | Kind::Choice | Kind::OpenChoice)
            }
            Self::Uri(_) => kind == Kind::Url,
            Self::Coding(_) => matches!(kind, Kind::Choice | Kind::OpenChoice),
            Self::Quantity(..) => kind == Kind::Quantity,
            Self::Attachment(_) => kind == Kind::Attachment,
            Self::Reference(..) => {
                matches!(kind, Kind::Reference | Kind::Choice | Kind::OpenChoice)
            }
        }
    }

    /// In words, as it is shown where no language is at hand.
    pub fn words(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Decimal(value) => value.digits().to_owned(),
            Self::Integer(value) => value.to_string(),
            Self::Date(value)
            | Self::DateTime(value)
            | Self::Time(value)
            | Self::String(value)
            | Self::Uri(value) => value.clone(),
            Self::Coding(coding) if coding.display.is_empty() => coding.code.clone(),
            Self::Coding(coding) => coding.display.clone(),
            Self::Quantity(value, unit) => {
                format!("{} {}", value.digits(), unit.name()).trim().to_owned()
            }
            Self::Attachment(value) => text(value, "title").to_owned(),
            Self::Reference(reference, display) if display.is_empty() => reference.clone(),
            Self::Reference(_, display) => display.clone(),
        }
    }
}

/// `2026-11-22`, `22.11.2026`, `11.2026`, `2026`: as browsers send it and as people write it.
fn date(typed: &str) -> Option<String> {
    let parts: Vec<&str> = typed.split('.').map(str::trim).collect();
    let turned = match parts.as_slice() {
        [day, month, year] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        [month, year] if year.len() == 4 => format!("{year}-{month:0>2}"),
        _ => typed.to_owned(),
    };
    Moment::parse_date(&turned).map(|_| turned)
}

/// A date, or `2026-11-22T08:30` in Norwegian time.
fn date_time(typed: &str) -> Option<String> {
    let Some((day, clock)) = typed.split_once(['T', ' ']) else { return date(typed) };
    if Moment::parse_date_time(typed).is_some_and(|moment| moment.offset.is_some()) {
        return Some(typed.to_owned());
    }
    let day = date(day).filter(|day| day.len() == 10)?;
    let local: jiff::civil::DateTime = format!("{day}T{}", time(clock)?).parse().ok()?;
    let zoned = local.to_zoned(norway().clone()).ok()?;
    Some(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// `08:30`, `8.30`, `0830`, `08:30:00`.
fn time(typed: &str) -> Option<String> {
    let plain = typed.trim().replace('.', ":");
    let plain = match (plain.len(), plain.contains(':')) {
        (4, false) if plain.is_ascii() => {
            let (hours, minutes) = plain.split_at(2);
            format!("{hours}:{minutes}")
        }
        _ => plain,
    };
    let mut parts: Vec<&str> = plain.split(':').collect();
    if parts.len() == 2 {
        parts.push("00");
    }
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    let whole = format!("{hours:0>2}:{minutes:0>2}:{seconds:0>2}");
    Moment::parse_time(&whole).map(|_| whole)
}

fn url(typed: &str) -> Option<String> {
    let has_scheme = typed.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
    });
    (has_scheme && !typed.contains(char::is_whitespace)).then(|| typed.to_owned())
}
