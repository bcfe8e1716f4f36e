//! Forms: what a Questionnaire asks, what of it is shown, what is calculated and pre-filled, and what
//! the answers become.
//!
//! ```text
//! Questionnaire::parse(json)?            questionnaire, item, options, condition, formula
//!   .begin(&surroundings, …) -> Answers  prefill
//!   .read(response) -> Answers           answers, answer
//!   .evaluate(answers, …) -> Live        live (what is shown), check (what is wrong)
//!   .extract(&live, …) -> Observations   extract
//! ```
//! Not here: pages (`web`) and what may be stored by whom (`record`). No I/O.
//! Standard: <https://hl7.org/fhir/R4/questionnaire.html>, and of Structured Data Capture 3.0.0
//! (<https://hl7.org/fhir/uv/sdc/STU3/>) the extensions that are named where they are read.

mod answer;
mod answers;
mod calculate;
mod check;
mod condition;
mod element;
mod extract;
mod finding;
mod formula;
mod item;
pub mod limits;
mod live;
mod options;
mod prefill;
mod questionnaire;
mod reading;
mod response;
pub mod shipped;
mod slots;

pub use answer::{Answer, Coding, Number};
pub use answers::{Answers, Node, Occurrence};
pub use condition::{Condition, Operator};
pub use extract::About;
pub use finding::Finding;
pub use formula::Formula;
pub use item::{Control, Item, Kind, Unit};
pub use live::{Live, LiveItem, LiveOccurrence};
pub use options::AnswerOption;
pub use prefill::Surroundings;
pub use questionnaire::{Constraint, Questionnaire};
