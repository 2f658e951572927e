//! Each line once: what was reported already, for as long as the same line may be read again.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::read::Event;

/// A line by its time and by a digest of its stream and text. Two lines may well be equal: a key has a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    at: i64,
    digest: u64,
}

impl Key {
    fn of(event: &Event) -> Self {
        Self {
            at: event.at,
            digest: digest(&(&event.stream, &event.text)),
        }
    }
}

fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// What was reported of the lines that may come again. They come again because readings overlap: a live session and the
/// search that fills the gap before it, one search and the next.
///
/// The rule: a reading (a [`Pass`]) shows every line of its own at most once. So the third line of a key within one pass is
/// the third line there is, and it is new exactly if no pass has shown three before.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    reported: BTreeMap<Key, u32>,
    /// Nothing older is read again, so nothing older is kept, in milliseconds.
    horizon: i64,
}

/// One reading: a live session, or one search from its first page to its last.
#[derive(Debug, Default)]
pub(super) struct Pass {
    seen: BTreeMap<Key, u32>,
    /// Digests of event ids, which keep a page that came twice from counting twice.
    ids: HashSet<u64>,
    horizon: i64,
}

impl Ledger {
    /// Whether this event, which the pass has just shown, is new.
    pub(super) fn admit(&mut self, pass: &mut Pass, event: &Event) -> bool {
        if event.at < self.horizon {
            return true;
        }
        if pass.horizon < self.horizon {
            pass.horizon = self.horizon;
            pass.seen = keep(std::mem::take(&mut pass.seen), self.horizon);
        }
        if let Some(id) = &event.id
            && !pass.ids.insert(digest(&(&event.stream, id)))
        {
            return false;
        }
        let key = Key::of(event);
        let seen = pass.seen.entry(key).or_default();
        *seen += 1;
        let reported = self.reported.entry(key).or_default();
        let is_new = *seen > *reported;
        *reported = (*reported).max(*seen);
        is_new
    }

    /// Forgets what is older than this: no pass that is still to begin shows it.
    pub(super) fn forget(&mut self, before: i64) {
        if before > self.horizon {
            self.horizon = before;
            self.reported = keep(std::mem::take(&mut self.reported), before);
        }
    }
}

/// The counts of lines that are no older than this.
fn keep(mut counts: BTreeMap<Key, u32>, from: i64) -> BTreeMap<Key, u32> {
    counts.split_off(&Key {
        at: from,
        digest: 0,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn event(at: i64, text: &str, id: Option<usize>) -> Event {
        Event {
            stream: Arc::from("stream"),
            at,
            ingested: None,
            id: id.map(|id| id.to_string()),
            text: text.to_owned(),
        }
    }

    #[test]
    fn equal_lines_are_told_apart_by_their_number() {
        let (mut ledger, mut live, mut search) =
            (Ledger::default(), Pass::default(), Pass::default());
        let shown = event(5, "again", None);
        assert!(ledger.admit(&mut live, &shown));
        assert!(ledger.admit(&mut live, &shown));
        let found = |id| event(5, "again", Some(id));
        assert!(!ledger.admit(&mut search, &found(1)));
        assert!(!ledger.admit(&mut search, &found(2)));
        assert!(!ledger.admit(&mut search, &found(2)), "a page came twice");
        assert!(ledger.admit(&mut search, &found(3)));
        assert!(!ledger.admit(&mut live, &shown));
        assert!(ledger.admit(&mut live, &shown));
    }

    #[test]
    fn what_is_forgotten_takes_no_room() {
        let (mut ledger, mut pass) = (Ledger::default(), Pass::default());
        for at in 0..1_000 {
            assert!(ledger.admit(&mut pass, &event(at, "line", None)));
            ledger.forget(at - 10);
        }
        assert_eq!(ledger.reported.len(), 11);
        assert!(ledger.admit(&mut pass, &event(999, "other", None)));
        assert!(pass.seen.len() <= 12);
    }

    /// What happens to a log while it is read.
    #[derive(Debug, Clone)]
    enum Happening {
        /// A line is written, of one of few texts and times, so that many are equal.
        Written { text: u8, late: i64 },
        /// A search begins from so far back, and is answered with pages of so many lines.
        Search { back: i64, page: usize },
        /// The search that began first is answered with a page.
        Page,
        /// A live session begins, in place of the one there is.
        Session,
        /// Time goes on, and what is old enough is forgotten.
        Time,
    }

    fn happening() -> impl Strategy<Value = Happening> {
        prop_oneof![
            4 => (0_u8..3, 0_i64..OVERLAP).prop_map(|(text, late)| Happening::Written { text, late }),
            1 => (0_i64..20, 1_usize..4).prop_map(|(back, page)| Happening::Search { back, page }),
            2 => Just(Happening::Page),
            1 => Just(Happening::Session),
            2 => Just(Happening::Time),
        ]
    }

    /// How late a line may be taken in.
    const OVERLAP: i64 = 5;

    proptest! {
        /// Any interleaving of sessions and searches that overlap shows each line exactly once, if in the end there was a
        /// search over everything that no earlier one is known to have covered.
        #[test]
        fn each_line_comes_exactly_once(happenings in prop::collection::vec(happening(), 0..120)) {
            let mut ledger = Ledger::default();
            let mut written: Vec<(i64, u8)> = Vec::new();
            let mut reported: Vec<(i64, String)> = Vec::new();
            let mut live: Option<Pass> = None;
            let mut searches: Vec<(Pass, std::collections::VecDeque<Event>, usize)> = Vec::new();
            let mut now = 100_i64;
            // Searches cover from here on, as long as the last one that ended began no earlier.
            let mut known = now;
            let mut tell = |ledger: &mut Ledger, pass: &mut Pass, event: &Event| {
                if ledger.admit(pass, event) {
                    reported.push((event.at, event.text.clone()));
                }
            };
            let found = |written: &[(i64, u8)], from: i64| {
                let mut found: Vec<_> = written
                    .iter()
                    .enumerate()
                    .filter(|(_, (at, _))| *at >= from)
                    .map(|(id, (at, text))| event(*at, &text.to_string(), Some(id)))
                    .collect();
                found.sort_by_key(|event| event.at);
                std::collections::VecDeque::from(found)
            };
            for happening in happenings {
                match happening {
                    Happening::Written { text, late } => {
                        let at = now - late;
                        written.push((at, text));
                        if let Some(pass) = &mut live {
                            tell(&mut ledger, pass, &event(at, &text.to_string(), None));
                        }
                    }
                    Happening::Search { back, page } => {
                        let from = (known - OVERLAP - back).max(ledger.horizon);
                        searches.push((Pass::default(), found(&written, from), page));
                    }
                    Happening::Page => {
                        if let Some((pass, found, page)) = searches.first_mut() {
                            for event in found.drain(..(*page).min(found.len())) {
                                tell(&mut ledger, pass, &event);
                            }
                            if found.is_empty() {
                                searches.remove(0);
                            }
                        }
                    }
                    Happening::Session => live = Some(Pass::default()),
                    // A whole search, and nothing else under way: what is older need not be known any more.
                    Happening::Time => {
                        now += 1;
                        if searches.is_empty() {
                            let mut pass = Pass::default();
                            for event in found(&written, known - OVERLAP) {
                                tell(&mut ledger, &mut pass, &event);
                            }
                            known = now;
                            ledger.forget(known - OVERLAP);
                        }
                    }
                }
            }
            for (mut pass, found, _) in searches {
                for event in found {
                    tell(&mut ledger, &mut pass, &event);
                }
            }
            let mut pass = Pass::default();
            for event in found(&written, (known - OVERLAP).max(ledger.horizon)) {
                tell(&mut ledger, &mut pass, &event);
            }
            let mut expected: Vec<_> =
                written.iter().map(|(at, text)| (*at, text.to_string())).collect();
            expected.sort();
            reported.sort();
            prop_assert_eq!(reported, expected);
        }
    }
}
