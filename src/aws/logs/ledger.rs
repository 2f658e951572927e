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
