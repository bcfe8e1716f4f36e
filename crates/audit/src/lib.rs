//! Who looked at whom, when, on what ground.
