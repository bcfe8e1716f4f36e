//! Who is calling: what a token or a login proves, checked against an OpenID provider.
//!
//! The answer is an [`akson_access::Identity`]; the record finds the person's or the system's place
//! in the registers. Not here: what the caller may see (`access`), HTTP answers (`api`, `web`),
//! settings (`server`). Problem codes: `IDN-001` to `IDN-049` tokens, `IDN-060` to `IDN-069` asking a
//! provider, from `IDN-070` logins of the pages, from `IDN-080` calls too many, from `IDN-090` logins by an
//! OpenID provider.

pub mod attempts;
pub mod clients;
pub mod kept;
pub mod logins;
mod outbound;
pub mod rate;
mod sealed;
pub mod sessions;
mod signing;
pub mod tokens;
pub mod waiting;

pub use outbound::{Outbound, Reply, parse_address};
pub use signing::SigningKey;
