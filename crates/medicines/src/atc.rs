//! Groups of ATC codes: a medicine belongs to every group that its code begins with.
//!
//! Source: WHO Collaborating Centre for Drug Statistics Methodology, the structure of ATC.

/// One side of a rule: codes or groups, `M01A,N02BA`.
#[derive(Clone, Debug)]
pub(crate) struct Groups(Vec<&'static str>);

impl Groups {
    /// From a cell of a table.
    pub(crate) fn read(cell: &'static str) -> Self {
        Self(cell.split(',').map(str::trim).filter(|code| !code.is_empty()).collect())
    }

    /// Whether a medicine of this code belongs to one of them.
    pub(crate) fn hold(&self, atc: &str) -> bool {
        self.0.iter().any(|group| atc.starts_with(group))
    }

    /// Whether an allergy to this code or group is to all of one of them, or to something of it:
    /// `J01C` and `J01CE02` both meet the rule of `J01C`.
    pub(crate) fn meet(&self, atc: &str) -> bool {
        self.0.iter().any(|group| atc.starts_with(group) || group.starts_with(atc))
    }

    /// The codes.
    #[cfg(test)]
    pub(crate) fn codes(&self) -> &[&'static str] {
        &self.0
    }
}
