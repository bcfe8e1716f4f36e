//! What the figures should be that are measured on records in a folder and in a database alike.

use crate::report::Target;

/// One of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Targets {
    /// Resources a second.
    pub(super) load: Target,
    /// Kilobytes of each resource.
    pub(super) disk: Target,
    /// Of the constant.
    pub(super) reads: Target,
    /// Requests a second, and milliseconds of 99 of 100.
    pub(super) searches: (Target, Target),
    /// Requests a second, and milliseconds of 99 of 100.
    pub(super) creates: (Target, Target),
    /// Milliseconds of 95 of 100, of the pages of ten years.
    pub(super) page: Target,
}

impl Targets {
    pub(super) const IN_A_FOLDER: Self = Self {
        load: Target::AtLeast(10_000.0),
        disk: Target::AtMost(0.8),
        reads: Target::Ratio(0.45),
        searches: (Target::AtLeast(4_000.0), Target::AtMost(30.0)),
        creates: (Target::Ratio(0.4), Target::AtMost(50.0)),
        page: Target::AtMost(50.0),
    };
    pub(super) const IN_A_DATABASE: Self = Self {
        load: Target::AtLeast(6_000.0),
        disk: Target::AtMost(2.0),
        reads: Target::Ratio(0.15),
        searches: (Target::AtLeast(1_500.0), Target::AtMost(60.0)),
        creates: (Target::AtLeast(1_500.0), Target::AtMost(100.0)),
        page: Target::AtMost(80.0),
    };
}
