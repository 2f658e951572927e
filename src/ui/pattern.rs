//! What a filter or search means: words match fuzzily, `/re/` is a regular expression, a leading `!` turns it around.

use std::{collections::HashMap, fmt, ops::Range};

use fuzzy_matcher::{FuzzyMatcher, skim::SkimMatcherV2};
use regex::{Regex, RegexBuilder};

/// Whether a word was found in a text, for texts that many rows have.
pub(super) type Known<'a> = HashMap<(&'a str, &'a str), bool>;

/// A parsed filter.
pub struct Pattern {
    text: String,
    inverse: bool,
    kind: Kind,
}

enum Kind {
    Words(Vec<String>, Box<SkimMatcherV2>),
    Regex(Regex),
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl Pattern {
    /// Reads a filter as typed. None if it is empty.
    ///
    /// # Errors
    /// Says in a few words what is wrong with a regular expression.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let trimmed = text.trim();
        let (inverse, body) = match trimmed.strip_prefix('!') {
            Some(body) => (true, body.trim_start()),
            None => (false, trimmed),
        };
        if body.is_empty() || body == "/" {
            return Ok(None);
        }
        let kind = if let Some(body) = body.strip_prefix('/') {
            let body = body.strip_suffix('/').unwrap_or(body);
            let insensitive = !body.chars().any(char::is_uppercase);
            let built = RegexBuilder::new(body)
                .case_insensitive(insensitive)
                .size_limit(1 << 20)
                .build();
            match built {
                Ok(regex) => Kind::Regex(regex),
                Err(error) => {
                    let text = error.to_string();
                    let last = text.lines().last().unwrap_or_default();
                    return Err(last.trim_start_matches("error: ").to_owned());
                }
            }
        } else {
            let words = body.split_whitespace().map(str::to_lowercase).collect();
            Kind::Words(words, Box::new(SkimMatcherV2::default().ignore_case()))
        };
        Ok(Some(Self {
            text: text.to_owned(),
            inverse,
            kind,
        }))
    }

    /// The filter as typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a row is taken; `fields` are its texts in lower case, one a line.
    #[must_use]
    pub fn takes(&self, fields: &str) -> bool {
        self.takes_knowing(fields, &mut Known::default())
    }

    /// The same for one row of many that have much in common: what is found out of a text is looked up in `known`,
    /// which is of this pattern alone.
    pub(super) fn takes_knowing<'a>(&'a self, fields: &'a str, known: &mut Known<'a>) -> bool {
        let found = match &self.kind {
            Kind::Words(words, matcher) => words.iter().all(|word| {
                fields.contains(word.as_str())
                    || fields
                        .lines()
                        .filter(|field| may_match(field, word))
                        .any(|field| {
                            *known
                                .entry((word, field))
                                .or_insert_with(|| fuzzy(matcher, field, word).is_some())
                        })
            }),
            Kind::Regex(regex) => fields.lines().any(|field| regex.is_match(field)),
        };
        found != self.inverse
    }

    /// Whether letters must be kept in their case for [`Pattern::takes`].
    #[must_use]
    pub fn is_regex(&self) -> bool {
        matches!(self.kind, Kind::Regex(_))
    }

    /// The places in one text that matched, as ranges of bytes in order; none for an inverse filter.
    #[must_use]
    pub fn matches(&self, text: &str) -> Vec<Range<usize>> {
        if self.inverse {
            return Vec::new();
        }
        match &self.kind {
            Kind::Regex(regex) => regex
                .find_iter(text)
                .map(|found| found.range())
                .filter(|range| !range.is_empty())
                .collect(),
            Kind::Words(words, matcher) => {
                let mut ranges: Vec<Range<usize>> = Vec::new();
                for word in words {
                    ranges.extend(word_matches(matcher, text, word));
                }
                ranges.sort_by_key(|range| range.start);
                ranges
            }
        }
    }

    /// The expressions that must all be found in a line of text, words literally and in any case; and whether a line
    /// is taken if that is not so. For logs, which are too many and too long for fuzzy matching.
    pub(super) fn expressions(&self) -> (Vec<Regex>, bool) {
        let parts = match &self.kind {
            Kind::Regex(regex) => vec![regex.clone()],
            Kind::Words(words, _) => words
                .iter()
                .filter_map(|word| {
                    RegexBuilder::new(&regex::escape(word))
                        .case_insensitive(true)
                        .build()
                        .ok()
                })
                .collect(),
        };
        (parts, self.inverse)
    }

    /// The places in a text where a search hits: words literally, in any case.
    #[must_use]
    pub fn hits(&self, text: &str) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Regex(_) => self.matches(text),
            Kind::Words(words, _) => {
                let phrase = words.join(" ");
                literal(text, &phrase)
            }
        }
    }
}

fn word_matches(matcher: &SkimMatcherV2, text: &str, word: &str) -> Vec<Range<usize>> {
    let found = literal(text, word);
    if !found.is_empty() {
        return found;
    }
    let Some(indices) = fuzzy(matcher, text, word) else {
        return Vec::new();
    };
    let starts: Vec<(usize, usize)> = text
        .char_indices()
        .map(|(at, character)| (at, character.len_utf8()))
        .collect();
    indices
        .into_iter()
        .filter_map(|index| starts.get(index).map(|(at, length)| *at..at + length))
        .collect()
}

/// Fuzzy, but not anything goes: at least three letters, within a stretch of about twice their number. Otherwise
/// every address and every long name would match almost anything.
fn fuzzy(matcher: &SkimMatcherV2, text: &str, word: &str) -> Option<Vec<usize>> {
    if word.len() < 3 || !may_match(text, word) {
        return None;
    }
    let (_, indices) = matcher.fuzzy_indices(text, word)?;
    let stretch = indices.last()? - indices.first()?;
    (stretch <= word.len() * 2 + 2).then_some(indices)
}

/// Whether all letters of the word are in the text in their order: what costs little to ask, and most texts fail.
fn may_match(text: &str, word: &str) -> bool {
    let mut letters = text.chars().flat_map(char::to_lowercase);
    word.len() >= 2
        && word
            .chars()
            .all(|wanted| letters.any(|letter| letter == wanted))
}

/// Where a lower-case phrase stands in a text of any case. Texts whose length changes with their case are looked at
/// as they are.
fn literal(text: &str, phrase: &str) -> Vec<Range<usize>> {
    let lower = text.to_lowercase();
    let hay = if lower.len() == text.len() {
        lower.as_str()
    } else {
        text
    };
    if phrase.is_empty() {
        return Vec::new();
    }
    hay.match_indices(phrase)
        .map(|(at, found)| at..at + found.len())
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("api", "payments-api", true)]
    #[case("pyapi", "payments-api", true)]
    #[case("api web", "api\nprod-web", true)]
    #[case("00", "10.0.66.84", false)]
    #[case("api web", "api\nprod", false)]
    #[case("!api", "payments-api", false)]
    #[case("!api", "worker", true)]
    #[case("/^api$/", "api\nx", true)]
    #[case("/^api$/", "api-2", false)]
    #[case("!/^api/", "api-2", false)]
    #[case("/ap", "api", true)]
    #[case("zz", "a zebra runs over puzzles and jazz", true)]
    #[case("qzx", "queues that hold a dozen jobs, then a pixel", false)]
    fn takes_rows(#[case] filter: &str, #[case] fields: &str, #[case] taken: bool) {
        let pattern = Pattern::parse(filter).ok().flatten();
        assert_eq!(pattern.map(|pattern| pattern.takes(fields)), Some(taken));
    }

    #[rstest]
    #[case("")]
    #[case("  ")]
    #[case("!")]
    #[case("/")]
    fn nothing_is_no_filter(#[case] filter: &str) {
        assert!(Pattern::parse(filter).is_ok_and(|pattern| pattern.is_none()));
    }

    #[test]
    fn a_broken_expression_says_why() {
        let why = Pattern::parse("/a(/").err().unwrap_or_default();
        assert!(why.contains("unclosed group"), "{why}");
    }

    #[test]
    fn matches_are_ranges_of_the_text_as_it_is() {
        let pattern = Pattern::parse("API").ok().flatten();
        let matched = pattern.map(|pattern| pattern.matches("my-Api-x-api"));
        assert_eq!(matched, Some(vec![3..6, 9..12]));
    }
}
