//! Pages for those who read and write the journal.
