//! What a deed asks for: one line of text, with what can be picked.

/// One line that a person fills in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    /// What is asked for: `desired count`.
    pub label: &'static str,
    /// What stands there at first.
    pub value: String,
    /// How it can be written, in a few words.
    pub hint: String,
    /// What can be picked, the most likely first.
    pub candidates: Vec<Candidate>,
}

/// Something to pick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is written into the line.
    pub value: String,
    /// What is worth knowing of it.
    pub detail: String,
}
