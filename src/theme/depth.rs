//! How many colours the terminal shows: what the user chose, else what the environment tells.

use std::fmt;
use std::str::FromStr;

/// What the user asked for with `--color`, `ECSIGHT_COLOR` or the `color` setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColorChoice {
    /// As many colours as the environment promises.
    #[default]
    Auto,
    /// No colour; bold, reverse and the like stay.
    Never,
    /// The terminal's own sixteen colours.
    Ansi16,
    /// The 256 colours of xterm.
    Indexed256,
    /// 24-bit colour.
    TrueColor,
}

impl ColorChoice {
    /// The accepted words, for `--color` and for messages. `always` means `truecolor`.
    pub const WORDS: [&'static str; 6] = ["auto", "never", "16", "256", "truecolor", "always"];

    /// The word that chooses this.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Never => "never",
            Self::Ansi16 => "16",
            Self::Indexed256 => "256",
            Self::TrueColor => "truecolor",
        }
    }
}

impl fmt::Display for ColorChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// The error of a colour choice that is none of [`ColorChoice::WORDS`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no colour choice; use one of {words}", words = ColorChoice::WORDS.join(", "))]
pub struct UnknownColorChoice(String);

impl FromStr for ColorChoice {
    type Err = UnknownColorChoice;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word {
            "auto" => Self::Auto,
            "never" => Self::Never,
            "16" => Self::Ansi16,
            "256" => Self::Indexed256,
            "truecolor" | "always" => Self::TrueColor,
            _ => return Err(UnknownColorChoice(word.to_owned())),
        })
    }
}

/// How many colours styles may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Depth {
    /// No colour at all, modifiers only.
    None,
    /// The terminal's sixteen named colours.
    Ansi16,
    /// The xterm palette of 256.
    Indexed256,
    /// 24-bit colour.
    TrueColor,
}

impl Depth {
    /// Every depth, from none to all.
    pub const ALL: [Self; 4] = [Self::None, Self::Ansi16, Self::Indexed256, Self::TrueColor];

    /// Decides the depth. In this order: the user's choice, a non-empty `NO_COLOR` (<https://no-color.org>),
    /// `COLORTERM`, `TERM`; and sixteen colours when nothing is promised. `env` looks a variable up.
    #[must_use]
    pub fn detect(choice: ColorChoice, env: impl Fn(&str) -> Option<String>) -> Self {
        match choice {
            ColorChoice::Never => return Self::None,
            ColorChoice::Ansi16 => return Self::Ansi16,
            ColorChoice::Indexed256 => return Self::Indexed256,
            ColorChoice::TrueColor => return Self::TrueColor,
            ColorChoice::Auto => {}
        }
        if env("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Self::None;
        }
        if matches!(env("COLORTERM").as_deref(), Some("truecolor" | "24bit")) {
            return Self::TrueColor;
        }
        let term = env("TERM").unwrap_or_default();
        if term.ends_with("-direct") {
            Self::TrueColor
        } else if term.ends_with("256color") {
            Self::Indexed256
        } else {
            Self::Ansi16
        }
    }

    /// Whether the terminal says that it cannot place text (`TERM=dumb`): no screen can be drawn on it.
    #[must_use]
    pub fn is_dumb(env: impl Fn(&str) -> Option<String>) -> bool {
        env("TERM").as_deref() == Some("dumb")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use rstest::rstest;

    use super::*;

    fn detect(choice: ColorChoice, variables: &[(&str, &str)]) -> Depth {
        Depth::detect(choice, |name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[rstest]
    #[case::nothing_known(&[], Depth::Ansi16)]
    #[case::plain_xterm(&[("TERM", "xterm")], Depth::Ansi16)]
    #[case::over_ssh(&[("TERM", "screen-256color")], Depth::Indexed256)]
    #[case::direct(&[("TERM", "xterm-direct")], Depth::TrueColor)]
    #[case::colorterm(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::TrueColor)]
    #[case::colorterm_24bit(&[("COLORTERM", "24bit")], Depth::TrueColor)]
    #[case::colorterm_other(&[("COLORTERM", "yes"), ("TERM", "xterm-256color")], Depth::Indexed256)]
    #[case::no_color(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")], Depth::None)]
    #[case::empty_no_color(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")], Depth::TrueColor)]
    fn the_environment_decides(#[case] variables: &[(&str, &str)], #[case] depth: Depth) {
        assert_eq!(detect(ColorChoice::Auto, variables), depth);
    }

    #[rstest]
    #[case("never", Depth::None)]
    #[case("16", Depth::Ansi16)]
    #[case("256", Depth::Indexed256)]
    #[case("truecolor", Depth::TrueColor)]
    #[case("always", Depth::TrueColor)]
    fn a_choice_beats_the_environment(#[case] word: &str, #[case] depth: Depth) {
        let variables = [("NO_COLOR", "1"), ("COLORTERM", "truecolor")];
        assert_eq!(detect(word.parse().unwrap(), &variables), depth);
    }

    #[test]
    fn every_word_is_understood_and_others_are_not() {
        for word in ColorChoice::WORDS {
            assert!(word.parse::<ColorChoice>().is_ok(), "{word}");
        }
        let error = "red".parse::<ColorChoice>().unwrap_err();
        assert!(error.to_string().contains("auto, never, 16"), "{error}");
    }

    #[test]
    fn only_dumb_is_dumb() {
        assert!(Depth::is_dumb(|_| Some("dumb".to_owned())));
        assert!(!Depth::is_dumb(|_| Some("xterm".to_owned())));
        assert!(!Depth::is_dumb(|_| None));
    }
}
