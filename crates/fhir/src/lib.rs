//! FHIR R4 resources without a server: definitions as data, parse, write, validate, FHIRPath, and
//! the values that searches look for.
//!
//! Not here: storage, access, HTTP. Never panics on input.
//! Standard: <https://hl7.org/fhir/R4/>

pub mod bundle;
pub mod date;
pub mod decimal;
pub mod definitions;
pub mod fhirpath;
pub mod json;
pub mod model;
pub mod reference;
pub mod search;
pub mod similar;
pub mod summary;
