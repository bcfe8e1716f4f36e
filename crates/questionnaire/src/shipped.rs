//! The forms that come with Akson, as Questionnaires; nobody fills one in before somebody has taken it
//! into use.
//!
//! Each file in `forms/` says where the instrument is from and why it may be used freely (`copyright`),
//! and what it is for (`purpose`). Not here: taking one into use (`web`).

/// The forms as JSON, in the order in which they are offered.
pub const SHIPPED: [&str; 10] = [
    include_str!("../forms/news2.json"),
    include_str!("../forms/phq-9.json"),
    include_str!("../forms/gad-7.json"),
    include_str!("../forms/4at.json"),
    include_str!("../forms/stratify.json"),
    include_str!("../forms/mst.json"),
    include_str!("../forms/barthel.json"),
    include_str!("../forms/iplos.json"),
    include_str!("../forms/audit-c.json"),
    include_str!("../forms/before-consultation.json"),
];
