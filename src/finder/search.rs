//! A search as it is typed: a longer text looks only at what the shorter one left, and only as many hits are put in
//! order as are looked at.

use std::cmp::Ordering;

use fuzzy_matcher::skim::SkimMatcherV2;

use super::{Index, Spot, index::Entry, terms::Terms};

/// Hits put in order at a time.
const ORDERED: usize = 200;

/// A name that matches.
#[derive(Debug, Clone, Copy)]
struct Hit {
    /// What it is ordered by, the least first: how it matches, kind, health, the beginnings of name and place.
    key: u128,
    fuzzy: bool,
    at: u32,
}

/// A search over an index.
#[derive(Default)]
pub struct Search {
    typed: String,
    terms: Terms,
    /// The version of the index that was looked at; none before the first look.
    version: Option<u64>,
    /// The names that a longer text can still match.
    left: Vec<u32>,
    hits: Vec<Hit>,
    /// The hits at the front that are in order.
    ordered: usize,
    looked_at: usize,
    matcher: SkimMatcherV2,
}

impl Search {
    /// Finds what matches a text now. Whether anything may differ from before.
    pub fn run(&mut self, index: &Index, typed: &str) -> bool {
        let same_index = self.version == Some(index.version());
        if same_index && self.typed == typed {
            return false;
        }
        let terms = Terms::parse(typed);
        let narrows = same_index && terms.narrows(&self.terms);
        let left = std::mem::take(&mut self.left);
        self.looked_at = if narrows { left.len() } else { index.len() };
        let takes =
            |at: &u32| terms.looks_at(index.kind(*at)) && terms.may_take(index.letters(*at));
        self.left = if narrows {
            left.into_iter().filter(takes).collect()
        } else {
            index.all().filter(takes).collect()
        };
        self.hits.clear();
        let mut in_place = Vec::new();
        let mut last = None;
        for at in &self.left {
            let (number, place) = index.place(*at);
            if last != Some((number, place.len())) {
                last = Some((number, place.len()));
                terms.in_place(place, &mut in_place);
            }
            let (kind, letters) = (index.kind(*at), index.letters(*at).name);
            if let Some(rank) = terms.rank(kind, index.name(*at), letters, &in_place) {
                self.hits.push(Hit {
                    key: u128::from(rank.cost) << 112 | index.order(*at),
                    fuzzy: rank.fuzzy,
                    at: *at,
                });
            }
        }
        self.ordered = 0;
        self.terms = terms;
        typed.clone_into(&mut self.typed);
        self.version = Some(index.version());
        true
    }

    /// The number of names that match.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hits.len()
    }

    /// How many names the last look went through; for diagnosis.
    #[must_use]
    pub fn looked_at(&self) -> usize {
        self.looked_at
    }

    /// The match at a place in the order; none behind the last, or once the index has changed since the last look.
    pub fn get<'a>(&mut self, index: &'a Index, place: usize) -> Option<Entry<'a>> {
        if self.version != Some(index.version()) {
            return None;
        }
        while self.ordered <= place && self.ordered < self.hits.len() {
            self.order_more(index);
        }
        self.hits.get(place).map(|hit| index.entry(hit.at))
    }

    /// Where a match stands, if it is among those that are in order.
    #[must_use]
    pub fn place_of(&self, index: &Index, spot: &Spot) -> Option<usize> {
        if self.version != Some(index.version()) {
            return None;
        }
        self.hits[..self.ordered].iter().position(|hit| {
            let entry = index.entry(hit.at);
            entry.kind == spot.kind
                && entry.name == spot.name
                && entry.place == spot.place
                && entry.subject() == spot.subject
        })
    }

    fn order_more(&mut self, index: &Index) {
        let rest = &mut self.hits[self.ordered..];
        let compare = |one: &Hit, two: &Hit| {
            one.key
                .cmp(&two.key)
                .then_with(|| in_full(&index.entry(one.at), &index.entry(two.at)))
        };
        let some = rest.len().min(ORDERED);
        if some < rest.len() {
            rest.select_nth_unstable_by(some, compare);
        }
        let chunk = &mut rest[..some];
        chunk.sort_unstable_by(compare);
        if chunk.iter().any(|hit| hit.fuzzy) {
            let (terms, matcher) = (&self.terms, &self.matcher);
            // Stable, so that what scores alike stays in its order.
            chunk.sort_by_cached_key(|hit| {
                let score = if hit.fuzzy {
                    terms.score(matcher, index.entry(hit.at).name)
                } else {
                    0
                };
                (hit.key >> 112, std::cmp::Reverse(score))
            });
        }
        self.ordered += some;
    }
}

/// The order of names whose beginnings are alike.
fn in_full(one: &Entry, two: &Entry) -> Ordering {
    (one.name, one.place)
        .cmp(&(two.name, two.place))
        .then_with(|| one.subject().cmp(&two.subject()))
}
