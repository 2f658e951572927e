//! How well a thing is doing, as one ordered word; the colours for it are the theme's.

/// The state of a thing in a few ordered steps: the sickest sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Health {
    /// Failing now: somebody should look.
    Sick,
    /// Not as it should be, but not failing yet.
    Warn,
    /// On its way between two states.
    Moving,
    /// As it should be.
    #[default]
    Ok,
    /// Over and done with, or switched off on purpose.
    Done,
    /// Not known.
    Unknown,
}

impl Health {
    /// Whether `!` (only unhealthy) keeps the row.
    #[must_use]
    pub fn is_unhealthy(self) -> bool {
        matches!(self, Self::Sick | Self::Warn)
    }

    /// A mark of one character that carries the meaning without colour.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Sick => "!",
            Self::Warn => "~",
            Self::Moving => "+",
            Self::Ok | Self::Done => " ",
            Self::Unknown => "?",
        }
    }
}
