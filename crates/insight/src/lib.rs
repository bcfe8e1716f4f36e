//! Which accesses in the log stand out: looks and facts in, scored cases with their reasons out.
//!
//! Pure: `record` reads the log and the registers, the pages put words to the reasons. [`facts`]
//! is what is known, [`Analysis`] the pass over the looks, [`Signal`] what makes a case stand out
//! and how much it weighs. Not here: the decision on a case, which is a person's.

mod analysis;
mod case;
pub mod facts;
mod neighbourhood;
mod signal;

pub use analysis::{Analysis, DAYS_MAX};
pub use case::Case;
pub use signal::{Reason, Signal};
