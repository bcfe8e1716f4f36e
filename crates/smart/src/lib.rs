//! Our own authorisation server: apps ask a person to let them in, and get tokens for `/fhir`.
//!
//! Begin at [`server`], the whole of it. In the order in which an app meets them: `app` (what is
//! registered), `discovery`, `authorise` (its request), `waiting` (what waits for the person's
//! answer), `consent` (what a patient allowed, as a FHIR Consent), `grant` (what was given),
//! `client` (proving which app it is), `token` (codes, refresh tokens and assertions for access
//! tokens), `resolve` (from a token to who calls), `introspect`, `revoke`.
//! Not here: HTTP (`api`, `web`), logging in (`identity`, `web`), what a caller may see (`access`).
//! Standard: SMART App Launch 2.2, <https://hl7.org/fhir/smart-app-launch/STU2.2/>; OAuth 2.0 (RFC
//! 6749) as RFC 9700 has it, OpenID Connect Core 1.0

pub mod app;
mod authorise;
mod client;
mod client_keys;
pub mod consent;
mod denied;
pub mod discovery;
mod grant;
mod id_token;
mod introspect;
mod parameters;
mod quota;
mod resolve;
mod revoke;
pub mod server;
mod signing;
mod token;
mod waiting;

pub use app::App;
pub use authorise::{Begun, Refused, Request};
pub use denied::{Denied, ErrorCode};
pub use grant::Person;
pub use parameters::Parameters;
pub use resolve::Resolved;
pub use server::{Approval, AuthorisationServer, Options};
pub use signing::SigningKey;
pub use token::Issued;
