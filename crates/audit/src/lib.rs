//! Who looked at whom, when, on what ground.
//!
//! An [`Entry`] goes into the commit record of the same commit that its request waits for, so it is
//! durable before the answer and chained with everything else. [`AccessIndex`] answers "who has
//! opened this journal" from the chain.
//! Not here: who may (`access`), and the chain itself (`store::engine::chain`).

mod entry;
mod index;

pub use entry::{AUTHENTICATIONS, Action, Entry};
pub use index::{Access, AccessIndex, Place};
