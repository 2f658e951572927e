//! Patterns on account ids and profile names: `*` is any text, `?` any one letter, upper and lower case the same.

use std::fmt;

/// A pattern such as `prod*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// Takes a pattern as written.
    ///
    /// # Errors
    /// When it is empty: it could match nothing.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("must not hold an empty pattern".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether all of `text` fits the pattern.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let pattern: Vec<char> = self.0.to_lowercase().chars().collect();
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let (mut at, mut next) = (0, 0);
        // Where to go on when what follows the last star did not fit: the star takes one letter more.
        let mut retry: Option<(usize, usize)> = None;
        while next < text.len() {
            match pattern.get(at) {
                Some('*') => {
                    retry = Some((at, next));
                    at += 1;
                }
                Some('?') => (at, next) = (at + 1, next + 1),
                Some(letter) if *letter == text[next] => (at, next) = (at + 1, next + 1),
                _ => {
                    let Some((star, taken)) = retry else {
                        return false;
                    };
                    retry = Some((star, taken + 1));
                    (at, next) = (star + 1, taken + 1);
                }
            }
        }
        pattern[at..].iter().all(|letter| *letter == '*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("prod*", "prod-eu", true)]
    #[case("prod*", "Prod", true)]
    #[case("prod*", "nonprod", false)]
    #[case("*prod", "nonprod", true)]
    #[case("*-prod-*", "eu-prod-prod-1", true)]
    #[case("*ab*c", "abxabc", true)]
    #[case("1234567890??", "123456789012", true)]
    #[case("1234567890??", "1234567890123", false)]
    #[case("*", "", true)]
    #[case("?", "", false)]
    #[case("prod", "prod1", false)]
    fn patterns_fit_whole_names(#[case] pattern: &str, #[case] text: &str, #[case] fits: bool) {
        assert_eq!(Pattern::new(pattern).unwrap().matches(text), fits);
    }

    #[test]
    fn an_empty_pattern_is_refused() {
        assert!(Pattern::new("").is_err());
    }
}
