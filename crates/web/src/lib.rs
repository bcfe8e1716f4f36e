//! Pages for those who read and write the journal: find a patient, read the chart.
//!
//! Written on the server; reading works without JavaScript. `door` says who comes, `login` lets them
//! in, `sight` reads from the record, `chart` builds view models, `pages` writes HTML, `routes` joins
//! them.
//! Not here: the FHIR API (`api`), how logins are kept (`identity::sessions`), who may read (`access`,
//! asked by `record`).

mod apps;
mod assets;
mod attorneys;
mod authorise;
mod base64;
mod chart;
mod citizen;
mod citizens_home;
mod datatypes;
mod dates;
mod door;
pub mod downtime;
mod fields;
mod form_editor;
mod forms;
mod growth;
mod hiring;
mod home;
mod html_text;
mod journal_search;
mod language;
mod launches;
mod letter_drafts;
mod letters;
mod local_path;
mod login;
mod messages;
mod multipart;
mod my_apps;
mod my_forms;
mod my_journal;
mod my_letters;
mod my_times;
mod norwegian;
mod notes;
mod numbers;
mod opening;
mod ordering;
mod pages;
mod paper;
mod people;
mod prescribing;
mod privacy;
mod provider_login;
mod questionnaires;
mod reconciling;
mod registering;
mod response;
mod round;
mod routes;
mod sight;
mod standing;
mod systems;
mod terminology;
mod vaccines;
mod who;
mod wishes;
mod witness_login;
mod workday;
mod writing;

pub use door::{Door, Guard};
pub use growth::References;
pub use login::{DemoLogin, DemoPerson};
pub use response::not_taken;
pub use routes::router;
pub use terminology::{Concept, System, Terminology};
