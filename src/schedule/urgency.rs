//! How soon an answer is wanted.

/// How soon an answer is wanted: of calls that wait for the same quota, the most urgent goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Urgency {
    /// A person pressed a key and waits.
    Interactive,
    /// It is on the screen and getting old.
    Visible,
    /// It is not on the screen.
    #[default]
    Background,
}

impl Urgency {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Interactive, Self::Visible, Self::Background];
}
