//! Answers that go on: how many of each kind are open. What flows in them is elsewhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many there are of each kind.
type Counts = BTreeMap<&'static str, usize>;

/// The open streams by kind.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Mutex<Counts>>);

impl Streams {
    /// Counts one more stream of a kind until the guard is dropped.
    pub fn open(&self, kind: &'static str) -> Guard {
        *self.lock().entry(kind).or_default() += 1;
        Guard {
            streams: self.clone(),
            kind,
        }
    }

    /// How many of each kind are open; a kind of which there are none does not appear.
    pub fn count(&self) -> BTreeMap<String, usize> {
        let open = self.lock();
        let open = open.iter().filter(|(_, count)| **count > 0);
        open.map(|(kind, count)| ((*kind).to_owned(), *count))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open stream.
#[derive(Debug)]
pub struct Guard {
    streams: Streams,
    kind: &'static str,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        if let Some(count) = open.get_mut(self.kind) {
            *count = count.saturating_sub(1);
        }
    }
}
