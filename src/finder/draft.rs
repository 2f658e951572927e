//! The names of a thing as they are written down, before they are taken into the index.

use std::{collections::HashMap, ops::Range};

use super::Kind;
use crate::model::{Health, Subject};

/// Longer names are cut; AWS has none.
const LONGEST: usize = 2_048;

/// A name to be found by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) kind: Kind,
    /// The name itself.
    pub(super) text: &'a str,
    /// Where the thing is, from the outside in, with slashes between.
    pub(super) place: &'a str,
    /// The part of the thing that is meant; empty for all of it.
    pub(super) part: &'a str,
    pub(super) health: Health,
}

/// A stretch of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stretch {
    pub(super) start: u32,
    length: u16,
}

impl Stretch {
    pub(super) fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + usize::from(self.length)
    }

    /// The same stretch of a text that begins elsewhere.
    pub(super) fn moved(self, from: u32, to: u32) -> Self {
        Self {
            start: self.start - from + to,
            ..self
        }
    }
}

/// A name as it is kept, with stretches of one long text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) text: Stretch,
    /// Names of a thing that are in the same place have the same stretch.
    pub(super) place: Stretch,
    pub(super) part: Stretch,
    pub(super) kind: Kind,
    pub(super) health: Health,
    /// The unit that it belongs to, or [`GONE`].
    pub(super) unit: u32,
}

pub(super) const GONE: u32 = u32::MAX;

/// Names that are being written down.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) names: Vec<Kept>,
    pub(super) shared: HashMap<Box<str>, Shared>,
    key: String,
    /// The region of the thing that is being written, where it is to be told.
    region: String,
    place: String,
}

/// A name that many things have: it leads to the first of them.
#[derive(Debug)]
pub(super) struct Shared {
    kind: Kind,
    /// Where the name ends; the place follows.
    text: u16,
    health: Health,
    pub(super) subject: Subject,
}

/// A number as names are counted by; saturates.
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(GONE)
}

fn short(text: &str) -> (&str, u16) {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    (text, u16::try_from(text.len()).unwrap_or(u16::MAX))
}

impl Shared {
    /// The name that a key stands for.
    pub(super) fn name<'a>(&self, key: &'a str) -> Name<'a> {
        let head = "\n\n".len() + self.kind.word().len();
        let (text, place) = key[head..].split_at(self.text.into());
        Name {
            kind: self.kind,
            text,
            place,
            part: "",
            health: self.health,
        }
    }
}

impl Draft {
    /// Begins anew with another thing; what is shared stays. The region is told in each of its places, unless it is empty.
    pub(super) fn begin(&mut self, region: &str) {
        self.text.clear();
        self.names.clear();
        self.region.clear();
        self.region.push_str(region);
    }

    /// Writes a place down as it is told: `prod/api in us-east-1`.
    fn set_place(&mut self, place: &str) {
        self.place.clear();
        self.place.push_str(place);
        if self.region.is_empty() {
            return;
        }
        if !place.is_empty() {
            self.place.push_str(" in ");
        }
        self.place.push_str(&self.region);
    }

    /// Adds a name of the thing that is being written.
    pub(super) fn add(&mut self, name: Name) {
        self.set_place(name.place);
        let place = std::mem::take(&mut self.place);
        let text = self.put(name.text, None);
        let last = self.names.last().map(|last| last.place);
        let kept = Kept {
            text,
            place: self.put(&place, last),
            part: self.put(name.part, Some(text)),
            kind: name.kind,
            health: name.health,
            unit: GONE,
        };
        self.names.push(kept);
        self.place = place;
    }

    /// Adds a text, unless it is the same as one that is there.
    fn put(&mut self, text: &str, there: Option<Stretch>) -> Stretch {
        let (text, length) = short(text);
        if let Some(there) = there.filter(|there| self.text[there.range()] == *text) {
            return there;
        }
        let start = small(self.text.len());
        self.text.push_str(text);
        Stretch { start, length }
    }

    /// Adds a name that other things may have too, and which is to stand there once. It leads to the first of the
    /// subjects that have it. Whether it was not there yet.
    pub(super) fn share(&mut self, name: Name, subject: &Subject) -> bool {
        let (text, length) = short(name.text);
        self.set_place(name.place);
        self.key.clear();
        // No key of a thing begins with a line end.
        for piece in ["\n", name.kind.word(), "\n", text, &self.place] {
            self.key.push_str(piece);
        }
        if let Some(known) = self.shared.get_mut(self.key.as_str()) {
            if *subject < known.subject {
                known.subject = subject.clone();
            }
            return false;
        }
        let shared = Shared {
            kind: name.kind,
            text: length,
            health: name.health,
            subject: subject.clone(),
        };
        self.shared.insert(self.key.as_str().into(), shared);
        true
    }
}
