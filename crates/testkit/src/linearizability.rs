//! Is a history of calls one that a single client could have seen?
//!
//! Wing and Gong's search with Lowe's memory of positions already tried: at every step one of the calls
//! that began before any other ended has to be the next; a history is linearizable when some order of that
//! kind explains every answer.
//! <https://doi.org/10.1006/jpdc.1993.1015>, <https://doi.org/10.1002/cpe.3928>

use std::collections::HashSet;
use std::hash::Hash;

/// One call, and the moments between which it happened, on a clock that all callers share.
#[derive(Clone, Copy, Debug)]
pub struct Call<O> {
    /// When it began.
    pub begun: u64,
    /// `u64::MAX`: nobody heard how it ended. It may have happened at any time after it began, or never.
    pub ended: u64,
    /// What was asked, and what was answered.
    pub operation: O,
}

/// Whether some order of the calls explains every answer. `apply` tells the states in which a call can
/// leave what it finds in a state; none when its answer does not fit.
#[expect(clippy::indexing_slicing, reason = "every index is one of a call")]
pub fn is_linearizable<S, O, States>(
    first: S,
    mut calls: Vec<Call<O>>,
    apply: impl Fn(S, O) -> States,
) -> bool
where
    S: Copy + Eq + Hash,
    O: Copy,
    States: IntoIterator<Item = S>,
{
    calls.sort_by_key(|call| call.begun);
    let words = calls.len().div_ceil(64);
    let mut tried = HashSet::new();
    let mut open = vec![(vec![0u64; words], first)];
    while let Some((done, state)) = open.pop() {
        let is_done = |at: usize| done[at / 64] >> (at % 64) & 1 == 1;
        let waiting = || (0..calls.len()).filter(|at| !is_done(*at));
        let first_end = waiting().map(|at| calls[at].ended).min().unwrap_or(u64::MAX);
        // What is left nobody heard of: it need not have happened.
        if first_end == u64::MAX {
            return true;
        }
        for at in waiting().take_while(|at| calls[*at].begun < first_end) {
            for state in apply(state, calls[at].operation) {
                let mut done = done.clone();
                done[at / 64] |= 1 << (at % 64);
                if tried.insert((done.clone(), state)) {
                    open.push((done, state));
                }
            }
        }
    }
    false
}
