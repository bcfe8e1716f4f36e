//! The `akson` binary.
fn main() {}
