//! How large a form may be, and how long it may take. Over a limit is refused, never cut.
//!
//! Each is described in `docs/operate/limits.md`.

/// Items of one Questionnaire, all levels together.
pub const ITEMS_MAX: usize = 2_000;
/// Levels of items below items.
pub const ITEM_DEPTH_MAX: usize = 16;
/// Options that one item may be answered with.
pub const ITEM_OPTIONS_MAX: usize = 2_000;
/// Times that one group or question may be repeated.
pub const REPEATS_MAX: usize = 50;
/// Groups and answers of one response, all repeats together.
pub const OCCURRENCES_MAX: usize = 10_000;
/// Times that conditions and calculations are evaluated anew until nothing changes any more.
pub const EVALUATION_ROUNDS_MAX: usize = 20;
/// Expressions of one Questionnaire.
pub const EXPRESSIONS_MAX: usize = 500;
/// Characters of one answer in words.
pub const ANSWER_CHARACTERS_MAX: usize = 20_000;
