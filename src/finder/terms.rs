//! What was typed, as words that must all be found, and how well a name matches them. Pure.

use std::ops::Range;

use fuzzy_matcher::{FuzzyMatcher, skim::SkimMatcherV2};

use super::{
    Kind,
    kind::Match,
};

/// A word of fewer letters must stand in a name as it is.
const LEAST: usize = 3;

/// The ways a word can be found, the best first. What several words cost is added up.
mod cost {
    pub(super) const WHOLE: u16 = 0;
    pub(super) const BEGINS: u16 = 1;
    pub(super) const WORD: u16 = 2;
    pub(super) const WITHIN: u16 = 3;
    pub(super) const PLACE: u16 = 4;
    pub(super) const PLACE_WORD: u16 = 5;
    pub(super) const PLACE_WITHIN: u16 = 6;
    pub(super) const FUZZY: u16 = 8;
}

/// The letters of a text, one bit each, whatever their case; rare ones share bits.
pub(super) fn letters(text: &[u8]) -> u64 {
    text.iter().fold(0, |bits, letter| bits | bit(*letter))
}

fn bit(letter: u8) -> u64 {
    let place = match letter.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => letter - b'a',
        digit @ b'0'..=b'9' => 26 + digit - b'0',
        b'-' => 36,
        b'_' => 37,
        b'.' => 38,
        b':' => 39,
        b'/' => 40,
        b'=' => 41,
        other => 42 + other % 22,
    };
    1 << place
}

/// A word that must be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    text: String,
    letters: u64,
}

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Terms {
    /// The kinds that are looked at, as bits; none for all.
    kinds: u32,
    words: Vec<Word>,
}

/// How well a name matches: the less the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) cost: u16,
    /// Whether a word matched with letters left out, so that how well is to be looked at more closely.
    pub(super) fuzzy: bool,
}

impl Terms {
    /// Reads what was typed: words with spaces between, `svc:` and the like before or instead of one.
    pub(super) fn parse(typed: &str) -> Self {
        let mut terms = Self::default();
        for word in typed.split_whitespace() {
            let mut text = word.to_ascii_lowercase();
            if let Some((kind, rest)) = text.split_once(':')
                && let Some(kind) = Kind::named(kind)
            {
                terms.kinds |= kind.bit();
                text = rest.to_owned();
            }
            if !text.is_empty() {
                terms.words.push(Word {
                    letters: letters(text.as_bytes()),
                    text,
                });
            }
        }
        terms
    }

    /// Whether whatever these take, the others took too.
    pub(super) fn narrows(&self, others: &Self) -> bool {
        self.kinds == others.kinds
            && self.words.len() >= others.words.len()
            && others
                .words
                .iter()
                .zip(&self.words)
                .all(|(other, word)| word.text.starts_with(&other.text))
    }

    /// Whether names of a kind are looked at.
    pub(super) fn looks_at(&self, kind: Kind) -> bool {
        self.kinds == 0 || self.kinds & kind.bit() != 0
    }

    /// Whether all letters are there; costs next to nothing, and most names fail.
    pub(super) fn may_take_letters(&self, letters: u64) -> bool {
        self.words.iter().all(|word| word.letters & !letters == 0)
    }

    /// Whether the letters of each word are in the name or the place, in their order. Takes whatever a longer word
    /// takes.
    pub(super) fn may_take(&self, name: &str, place: &str) -> bool {
        self.words.iter().all(|word| {
            let mut text = name.bytes().chain(place.bytes());
            word.text
                .bytes()
                .all(|wanted| text.any(|letter| letter.to_ascii_lowercase() == wanted))
        })
    }

    /// How well a name matches; none if it does not.
    pub(super) fn rank(&self, kind: Kind, name: &str, place: &str) -> Option<Rank> {
        let mut rank = Rank {
            cost: 0,
            fuzzy: false,
        };
        for word in &self.words {
            let cost = word.cost(kind, name, place)?;
            rank.cost += cost;
            rank.fuzzy |= cost == cost::FUZZY;
        }
        Some(rank)
    }

    /// How good the fuzzy matches of a name are: the more the better.
    pub(super) fn score(&self, matcher: &SkimMatcherV2, name: &str) -> i64 {
        let scores = self.words.iter();
        scores
            .filter_map(|word| matcher.fuzzy_match(name, &word.text))
            .sum()
    }
}

impl Word {
    fn cost(&self, kind: Kind, name: &str, place: &str) -> Option<u16> {
        let word = self.text.as_bytes();
        let found = literal(name.as_bytes(), word);
        match found {
            Some(Found::Start) if name.len() == word.len() => return Some(cost::WHOLE),
            Some(Found::Start) => return Some(cost::BEGINS),
            Some(Found::Word) => return Some(cost::WORD),
            Some(Found::Within) => return Some(cost::WITHIN),
            None => {}
        }
        let in_place = place.split('/').filter_map(|step| {
            Some(match literal(step.as_bytes(), word)? {
                Found::Start if step.len() == word.len() => cost::PLACE,
                Found::Start | Found::Word => cost::PLACE_WORD,
                Found::Within => cost::PLACE_WITHIN,
            })
        });
        if let Some(cost) = in_place.min() {
            return Some(cost);
        }
        let fuzzy = kind.matched() == Match::Fuzzily && is_fuzzy(name.as_bytes(), word);
        fuzzy.then_some(cost::FUZZY)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Start,
    Word,
    Within,
}

/// The best place where a lower-case word stands in a text of any case.
fn literal(text: &[u8], word: &[u8]) -> Option<Found> {
    let (first, rest) = word.split_first()?;
    let last = text.len().checked_sub(word.len())?;
    let mut found = None;
    for at in 0..=last {
        if text[at].to_ascii_lowercase() != *first
            || !text[at + 1..at + word.len()].eq_ignore_ascii_case(rest)
        {
            continue;
        }
        if at == 0 {
            return Some(Found::Start);
        }
        if !text[at - 1].is_ascii_alphanumeric() && first.is_ascii_alphanumeric() {
            return Some(Found::Word);
        }
        found = Some(Found::Within);
    }
    found
}

/// Whether a word's letters stand in a text in their order and near each other.
fn is_fuzzy(text: &[u8], word: &[u8]) -> bool {
    word.len() >= LEAST && stretch(text, word).is_some_and(|stretch| stretch <= word.len() * 2 + 2)
}

/// The length of the first stretch of a text that has the letters of a word in their order.
fn stretch(text: &[u8], word: &[u8]) -> Option<usize> {
    let is = |letter: &u8, wanted: u8| letter.to_ascii_lowercase() == wanted;
    let mut end = 0;
    for wanted in word {
        end += text[end..].iter().position(|letter| is(letter, *wanted))? + 1;
    }
    // From its end back, the stretch is as short as it can be.
    let mut start = end;
    for wanted in word.iter().rev() {
        start = text[..start].iter().rposition(|letter| is(letter, *wanted))?;
    }
    Some(end - start)
}

/// The places in a name that what was typed matches, as ranges of bytes in order.
#[must_use]
pub fn marks(typed: &str, name: &str, matcher: &SkimMatcherV2) -> Vec<Range<usize>> {
    let lower = name.to_ascii_lowercase();
    let mut marks = Vec::new();
    for word in &Terms::parse(typed).words {
        if let Some(at) = lower.find(&word.text) {
            marks.push(at..at + word.text.len());
        } else if is_fuzzy(name.as_bytes(), word.text.as_bytes())
            && let Some((_, letters)) = matcher.fuzzy_indices(name, &word.text)
        {
            let starts: Vec<_> = name.char_indices().collect();
            let places = letters.into_iter().filter_map(|letter| starts.get(letter));
            marks.extend(places.map(|(at, letter)| *at..at + letter.len_utf8()));
        }
    }
    marks.sort_by_key(|mark| mark.start);
    marks
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("checkout", "checkout", "prod", Some(cost::WHOLE))]
    #[case("check", "checkout", "prod", Some(cost::BEGINS))]
    #[case("CHECK", "CheckOut", "prod", Some(cost::BEGINS))]
    #[case("api", "payments-api", "prod", Some(cost::WORD))]
    #[case("ments", "payments-api", "prod", Some(cost::WITHIN))]
    #[case("prod", "payments-api", "prod/x", Some(cost::PLACE))]
    #[case("pro", "payments-api", "prod/x", Some(cost::PLACE_WORD))]
    #[case("rod", "payments-api", "prod/x", Some(cost::PLACE_WITHIN))]
    #[case("pyapi", "payments-api", "prod/x", Some(cost::FUZZY))]
    #[case("pa", "p-a", "", None)]
    #[case("prod api", "payments-api", "prod", Some(cost::PLACE + cost::WORD))]
    #[case("prod zzz", "payments-api", "prod", None)]
    #[case("-api", "payments-api", "", Some(cost::WITHIN))]
    #[case("zx", "a", "", None)]
    #[case("qzx", "queues that hold a dozen jobs, then a pixel", "", None)]
    fn names_are_ranked_by_how_they_match(
        #[case] typed: &str,
        #[case] name: &str,
        #[case] place: &str,
        #[case] cost: Option<u16>,
    ) {
        let rank = Terms::parse(typed).rank(Kind::Service, name, place);
        assert_eq!(rank.map(|rank| rank.cost), cost);
    }

    #[test]
    fn addresses_and_ids_never_match_with_letters_left_out() {
        let terms = Terms::parse("1014");
        assert_eq!(terms.rank(Kind::Address, "10.0.1.4", ""), None);
        assert!(terms.rank(Kind::Address, "10.10.14.1", "").is_none());
        assert!(Terms::parse("10.0.1").rank(Kind::Address, "10.0.1.4", "").is_some());
    }

    #[test]
    fn a_kind_before_a_colon_narrows_and_any_other_word_does_not() {
        let terms = Terms::parse("svc:web");
        assert!(terms.looks_at(Kind::Service) && !terms.looks_at(Kind::Task));
        assert_eq!(terms.words.len(), 1);
        let both = Terms::parse("svc: ta: web");
        assert!(both.looks_at(Kind::Service) && both.looks_at(Kind::Task));
        let revision = Terms::parse("web:7");
        assert!(revision.looks_at(Kind::Task));
        assert_eq!(revision.words[0].text, "web:7");
    }

    #[test]
    fn more_letters_and_more_words_narrow() {
        let narrows = |new: &str, old: &str| Terms::parse(new).narrows(&Terms::parse(old));
        assert!(narrows("checkout", "check"));
        assert!(narrows("check pr", "check"));
        assert!(narrows("svc:check", "svc:"));
        assert!(!narrows("check", "checkout"));
        assert!(!narrows("svc:check", "check"));
        assert!(!narrows("rod", "od"));
    }

    #[test]
    fn what_matched_is_marked() {
        let matcher = SkimMatcherV2::default();
        assert_eq!(marks("pay api", "payments-api", &matcher), [0..3, 9..12]);
        assert_eq!(marks("API", "my-Api", &matcher), [3..6]);
        let fuzzy = marks("pyapi", "payments-api", &matcher);
        assert_eq!(fuzzy.len(), 5);
        assert!(marks("zzz", "payments", &matcher).is_empty());
    }
}
