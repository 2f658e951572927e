//! Text that must not be seen by accident: environment values and tokens.

use std::fmt;

/// A value that prints as a mask. Only [`Secret::reveal`] gives the text.
///
/// It cannot be serialised, and so nothing that holds one can be: that is what keeps secrets out of the snapshots on
/// the disk.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// What stands in the place of every secret, whatever its length.
    pub const MASK: &'static str = "••••••";

    /// Takes the text in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Gives the text; to be called only where a person asked to see it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_only_the_mask() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "•••••• ••••••");
        assert_eq!(secret.reveal(), "hunter2");
    }
}
