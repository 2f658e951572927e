//! What was typed, as words that must all be found, and how well a name matches them. Pure.

use std::ops::Range;

use fuzzy_matcher::{FuzzyMatcher, skim::SkimMatcherV2};
use memchr::memmem::Finder;

use super::{Kind, index::Letters, kind::Match};

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

/// A word that must be found, in lower case.
#[derive(Debug, Clone)]
struct Word {
    text: String,
    letters: u64,
    finder: Finder<'static>,
}

/// What was typed.
#[derive(Debug, Clone, Default)]
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
                text = text.split_off(text.len() - rest.len());
            }
            if !text.is_empty() {
                terms.words.push(Word {
                    letters: letters(text.as_bytes()),
                    finder: Finder::new(&text).into_owned(),
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

    /// Whether all letters are there: costs next to nothing, and many names fail. Takes whatever a longer text takes.
    pub(super) fn may_take(&self, letters: Letters) -> bool {
        let all = letters.name | letters.place;
        self.words.iter().all(|word| word.letters & !all == 0)
    }

    /// How each word is found in a place, which many names share.
    pub(super) fn in_place(&self, place: &[u8], costs: &mut Vec<Option<u16>>) {
        costs.clear();
        costs.extend(self.words.iter().map(|word| word.in_place(place)));
    }

    /// How well a name in lower case matches, in a place of which [`Terms::in_place`] told; none if it does not.
    pub(super) fn rank(
        &self,
        kind: Kind,
        name: &[u8],
        letters: u64,
        in_place: &[Option<u16>],
    ) -> Option<Rank> {
        let mut rank = Rank {
            cost: 0,
            fuzzy: false,
        };
        for (word, in_place) in self.words.iter().zip(in_place) {
            // Most names of a place lack a letter of what the place matches.
            let may = word.letters & !letters == 0;
            let in_name = || may.then(|| word.in_name(name)).flatten();
            let fuzzily = || {
                let fuzzy = may && kind.matched() == Match::Fuzzily;
                (fuzzy && is_fuzzy(name, word.text.as_bytes())).then_some(cost::FUZZY)
            };
            let cost = in_name().or(*in_place).or_else(fuzzily)?;
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
    fn in_name(&self, name: &[u8]) -> Option<u16> {
        Some(match self.find(name)? {
            Found::Start if name.len() == self.text.len() => cost::WHOLE,
            Found::Start => cost::BEGINS,
            Found::Word => cost::WORD,
            Found::Within => cost::WITHIN,
        })
    }

    fn in_place(&self, place: &[u8]) -> Option<u16> {
        let word = self.text.as_bytes();
        Some(match self.find(place)? {
            Found::Within => cost::PLACE_WITHIN,
            // A whole step of the way is more than the beginning of one.
            _ if place
                .split(|letter| *letter == b'/')
                .any(|step| step == word) =>
            {
                cost::PLACE
            }
            _ => cost::PLACE_WORD,
        })
    }

    /// The best way in which it stands in a text.
    fn find(&self, text: &[u8]) -> Option<Found> {
        let word = self.text.as_bytes();
        if text.starts_with(word) {
            return Some(Found::Start);
        }
        let first = word.first()?.is_ascii_alphanumeric();
        let mut found = None;
        for at in self.finder.find_iter(text) {
            if first && !text[at - 1].is_ascii_alphanumeric() {
                return Some(Found::Word);
            }
            found = Some(Found::Within);
        }
        found
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Start,
    Word,
    Within,
}

/// Whether a word's letters stand in a text in their order and near each other.
fn is_fuzzy(text: &[u8], word: &[u8]) -> bool {
    word.len() >= LEAST && stretch(text, word).is_some_and(|stretch| stretch <= word.len() * 2 + 2)
}

/// The length of the first stretch of a text that has the letters of a word in their order.
fn stretch(text: &[u8], word: &[u8]) -> Option<usize> {
    let mut end = 0;
    for wanted in word {
        end += text[end..].iter().position(|letter| letter == wanted)? + 1;
    }
    // From its end back, the stretch is as short as it can be.
    let mut start = end;
    for wanted in word.iter().rev() {
        start = text[..start].iter().rposition(|letter| letter == wanted)?;
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
        } else if is_fuzzy(lower.as_bytes(), word.text.as_bytes())
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
        let rank = rank(typed, Kind::Service, name, place);
        assert_eq!(rank.map(|rank| rank.cost), cost);
    }

    fn rank(typed: &str, kind: Kind, name: &str, place: &str) -> Option<Rank> {
        let terms = Terms::parse(typed);
        let name = name.to_ascii_lowercase();
        let mut costs = Vec::new();
        terms.in_place(place.as_bytes(), &mut costs);
        terms.rank(kind, name.as_bytes(), letters(name.as_bytes()), &costs)
    }

    #[test]
    fn addresses_and_ids_never_match_with_letters_left_out() {
        assert_eq!(rank("1014", Kind::Address, "10.0.1.4", ""), None);
        assert!(rank("10.0.1", Kind::Address, "10.0.1.4", "").is_some());
        assert!(rank("1014", Kind::Service, "10-0-1-4", "").is_some());
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
        assert_eq!(marks("API", "my-Api", &matcher).first(), Some(&(3..6)));
        let fuzzy = marks("pyapi", "payments-api", &matcher);
        assert_eq!(fuzzy.len(), 5);
        assert!(marks("zzz", "payments", &matcher).is_empty());
    }
}
