//! Who is calling: what a token or a login proves, checked against an OpenID provider.
//!
//! The answer is an [`akson_access::Identity`]; the record finds the person's or the system's place
//! in the registers. Not here: what the caller may see (`access`), HTTP answers (`api`, `web`),
//! settings (`server`).
