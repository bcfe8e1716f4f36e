//! What every crate shares: the one error shape, identifiers with check digits, the clock, limits, and
//! the contract of what is kept between requests.
//!
//! Not here: anything that does I/O, and anything that knows FHIR.

mod clock;
pub mod identifiers;
pub mod kept;
pub mod limits;
mod problem;

pub use clock::{Clock, FixedClock, Instant};
pub use problem::{Kind, Problem};
