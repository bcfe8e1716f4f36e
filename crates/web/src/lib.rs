//! Pages for those who read and write the journal: find a patient, read the chart.
//!
//! Written on the server; reading works without JavaScript. `sight` reads from the record, `chart`
//! builds view models, `pages` writes HTML, `routes` joins them.
//! Not here: the FHIR API (`api`), who may read (`access`, asked by `record`).

mod assets;
mod base64;
mod chart;
mod datatypes;
mod dates;
mod messages;
mod numbers;
mod pages;
mod response;
mod routes;
mod sight;

pub use routes::router;
