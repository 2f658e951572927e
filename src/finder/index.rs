//! The names of everything that is known, side by side so that all of them are looked through within a key press.
//! Brought up to date in slices; only what changed is written anew.

use std::{collections::HashMap, ops::Range, sync::Arc};

use super::{
    Kind,
    draft::{Draft, GONE, Kept, Shared, Stretch, small},
    terms::letters,
    things::{Thing, things},
};
use crate::{
    model::{Arn, Health, Now, Subject},
    store::Store,
};

/// Names looked at in one slice: a few milliseconds of work.
const SLICE: usize = 10_000;
/// Names left behind by changes before they are cleared away.
const LEFT_BEHIND: usize = 4_096;

/// The letters that stand in a name and in its place, as [`letters`] writes them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Letters {
    pub(super) name: u64,
    pub(super) place: u64,
}

/// The names of one thing, or a name that many things share.
#[derive(Debug)]
struct Unit {
    key: Box<str>,
    subject: Subject,
    names: Range<u32>,
    text: Range<u32>,
    /// The text with its capitals, if it has any.
    written: Option<Box<str>>,
    /// The round in which it was last seen.
    seen: u32,
}

/// What is left to do of a round.
#[derive(Default)]
struct Round {
    things: Vec<Arc<dyn Thing>>,
    shared: Vec<(Box<str>, Shared)>,
}

/// The names of everything that is known.
#[derive(Default)]
pub struct Index {
    /// All texts, in lower case.
    text: String,
    letters: Vec<Letters>,
    /// What names that match alike are ordered by, see [`ordered`].
    orders: Vec<u128>,
    names: Vec<Kept>,
    gone: usize,
    units: Vec<Unit>,
    places: HashMap<Box<str>, u32>,
    free: Vec<u32>,
    draft: Draft,
    /// Whether places tell the region, since several are looked at.
    tells_region: bool,
    round: Option<Round>,
    rounds: u32,
    /// The version of the store that the last round began with.
    synced: Option<u64>,
    version: u64,
    written: u64,
}

/// What a name is ordered by among those that match alike, the least first: kind, health, and the first letters of
/// the name and its place.
fn ordered(text: &str, kept: &Kept) -> u128 {
    let first = |stretch: Stretch, most: usize| {
        let text = &text.as_bytes()[stretch.range()];
        (0..most).fold(0_u128, |number, at| {
            number << 8 | u128::from(text.get(at).copied().unwrap_or(0))
        })
    };
    u128::from(kept.kind as u8) << 104
        | u128::from(kept.health as u8) << 96
        | first(kept.text, 8) << 32
        | first(kept.place, 4)
}

/// A name that was found, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// What the name is of.
    pub kind: Kind,
    /// The name.
    pub name: String,
    /// Where the thing is, from the outside in, with slashes between.
    pub place: String,
    /// The thing.
    pub subject: Subject,
}

/// A name in the index.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// What the name is of.
    pub kind: Kind,
    /// The name.
    pub name: &'a str,
    /// Where the thing is.
    pub place: &'a str,
    /// How the thing was doing when the index was last brought up to date.
    pub health: Health,
    part: &'a str,
    subject: &'a Subject,
}

impl Entry<'_> {
    /// The thing.
    #[must_use]
    pub fn subject(&self) -> Subject {
        if self.part.is_empty() {
            self.subject.clone()
        } else {
            Subject::part(&self.subject.arn, self.part)
        }
    }

    /// A copy that stays when the index changes.
    #[must_use]
    pub fn spot(&self) -> Spot {
        Spot {
            kind: self.kind,
            name: self.name.to_owned(),
            place: self.place.to_owned(),
            subject: self.subject(),
        }
    }
}

impl Index {
    /// Takes in a slice of what the store knows by now, if there is anything new. Whether there is more to take in.
    pub fn take_in(&mut self, store: &Store, now: Now) -> bool {
        if self.round.is_none() {
            if self.synced == Some(store.version()) {
                return false;
            }
            self.synced = Some(store.version());
            self.rounds = self.rounds.wrapping_add(1);
            self.tells_region = store.has_regions();
            self.round = Some(Round {
                things: things(store),
                shared: Vec::new(),
            });
        }
        let mut left = SLICE;
        while left > 0 {
            let Some(round) = &mut self.round else {
                break;
            };
            if let Some(thing) = round.things.pop() {
                left = left.saturating_sub(self.take_thing(thing.as_ref(), now));
                if self
                    .round
                    .as_ref()
                    .is_some_and(|round| round.things.is_empty())
                {
                    let shared = std::mem::take(&mut self.draft.shared);
                    self.round = Some(Round {
                        things: Vec::new(),
                        shared: shared.into_iter().collect(),
                    });
                }
            } else if let Some((key, shared)) = round.shared.pop() {
                left -= 1;
                self.take_shared(&key, &shared);
            } else {
                self.round = None;
                self.sweep();
            }
        }
        self.round.is_some() || self.synced != Some(store.version())
    }

    fn take_thing(&mut self, thing: &dyn Thing, now: Now) -> usize {
        let mut draft = std::mem::take(&mut self.draft);
        let arn = thing.arn();
        let region = arn.region();
        draft.begin(if self.tells_region { region } else { "" });
        thing.write(now, &mut draft);
        if !draft.names.is_empty() {
            self.write(arn.as_str(), &Subject::whole(&arn), &draft);
        }
        let spent = thing.cost() + draft.names.len();
        self.draft = draft;
        spent
    }

    fn take_shared(&mut self, key: &str, shared: &Shared) {
        let mut draft = std::mem::take(&mut self.draft);
        draft.begin("");
        draft.add(shared.name(key));
        self.write(key, &shared.subject, &draft);
        self.draft = draft;
    }

    /// Writes the names of a unit, if they are not what they were.
    fn write(&mut self, key: &str, subject: &Subject, draft: &Draft) {
        let at = self.unit(key, subject);
        let Some(unit) = self.units.get_mut(at as usize) else {
            return;
        };
        unit.seen = self.rounds;
        if unit.subject != *subject {
            unit.subject = subject.clone();
            self.version += 1;
        }
        let text = match &unit.written {
            Some(written) => written,
            None => &self.text[unit.text.start as usize..unit.text.end as usize],
        };
        let from = unit.text.start;
        let names = &mut self.names[unit.names.start as usize..unit.names.end as usize];
        let same = |old: &Kept, new: &Kept| {
            let moved = |stretch: Stretch| stretch.moved(0, from);
            old.kind == new.kind
                && old.text == moved(new.text)
                && old.place == moved(new.place)
                && old.part == moved(new.part)
        };
        if text == draft.text
            && names.len() == draft.names.len()
            && names
                .iter()
                .zip(&draft.names)
                .all(|(old, new)| same(old, new))
        {
            let orders = &mut self.orders[unit.names.start as usize..unit.names.end as usize];
            for ((old, order), new) in names.iter_mut().zip(orders).zip(&draft.names) {
                if old.health != new.health {
                    old.health = new.health;
                    *order = ordered(&self.text, old);
                    self.version += 1;
                }
            }
            return;
        }
        self.leave(at);
        self.append(at, draft);
    }

    /// The unit of this key, a new one if there is none yet.
    fn unit(&mut self, key: &str, subject: &Subject) -> u32 {
        if let Some(at) = self.places.get(key) {
            return *at;
        }
        let unit = Unit {
            key: key.into(),
            subject: subject.clone(),
            names: 0..0,
            text: 0..0,
            written: None,
            seen: self.rounds,
        };
        let at = if let Some(at) = self.free.pop() {
            self.units[at as usize] = unit;
            at
        } else {
            self.units.push(unit);
            small(self.units.len() - 1)
        };
        self.places.insert(key.into(), at);
        at
    }

    fn append(&mut self, at: u32, draft: &Draft) {
        let (text, names) = (self.text.len(), self.names.len());
        // What no number can tell the place of is not found; no account is so large.
        if text + draft.text.len() >= GONE as usize {
            return;
        }
        self.text.push_str(&draft.text);
        self.text[text..].make_ascii_lowercase();
        for name in &draft.names {
            let moved = |stretch: Stretch| stretch.moved(0, small(text));
            let kept = Kept {
                text: moved(name.text),
                place: moved(name.place),
                part: moved(name.part),
                unit: at,
                ..*name
            };
            self.letters.push(Letters {
                name: letters(&self.text.as_bytes()[kept.text.range()]),
                place: letters(&self.text.as_bytes()[kept.place.range()]),
            });
            self.orders.push(ordered(&self.text, &kept));
            self.names.push(kept);
            self.written += 1;
        }
        let unit = &mut self.units[at as usize];
        let capitals = self.text[text..] != draft.text;
        unit.written = capitals.then(|| draft.text.as_str().into());
        unit.text = small(text)..small(self.text.len());
        unit.names = small(names)..small(self.names.len());
        self.version += 1;
    }

    /// Takes the names of a unit out, and leaves their room for later.
    fn leave(&mut self, at: u32) {
        let unit = &mut self.units[at as usize];
        for name in unit.names.clone() {
            self.names[name as usize].unit = GONE;
            self.letters[name as usize] = Letters::default();
            self.gone += 1;
            self.version += 1;
        }
        (unit.names, unit.text, unit.written) = (0..0, 0..0, None);
    }

    /// Takes out what was not seen in this round, and clears the room that was left behind once it is much.
    fn sweep(&mut self) {
        for at in 0..small(self.units.len()) {
            let unit = &self.units[at as usize];
            if unit.seen == self.rounds || unit.key.is_empty() {
                continue;
            }
            self.leave(at);
            let key = std::mem::take(&mut self.units[at as usize].key);
            self.places.remove(&key);
            self.free.push(at);
        }
        if self.gone < LEFT_BEHIND || self.gone * 2 < self.names.len() {
            return;
        }
        self.clear_up();
    }

    /// Moves all names together.
    fn clear_up(&mut self) {
        let old_text = std::mem::take(&mut self.text);
        let old_names = std::mem::take(&mut self.names);
        let old_letters = std::mem::take(&mut self.letters);
        let old_orders = std::mem::take(&mut self.orders);
        self.gone = 0;
        for unit in &mut self.units {
            let text = small(self.text.len());
            let first = small(self.names.len());
            self.text
                .push_str(&old_text[unit.text.start as usize..unit.text.end as usize]);
            for at in unit.names.clone() {
                let old = old_names[at as usize];
                let moved = |stretch: Stretch| stretch.moved(unit.text.start, text);
                self.names.push(Kept {
                    text: moved(old.text),
                    place: moved(old.place),
                    part: moved(old.part),
                    ..old
                });
                self.letters.push(old_letters[at as usize]);
                self.orders.push(old_orders[at as usize]);
            }
            unit.text = text..small(self.text.len());
            unit.names = first..small(self.names.len());
        }
        self.version += 1;
    }

    /// The number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len() - self.gone
    }

    /// Whether there are no names at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rises whenever anything in the index changes.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many names were written since the start, again or for the first time; for diagnosis.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The numbers of all names, those that are gone left out.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> {
        let names = self.names.iter().zip(0..);
        names
            .filter(|(name, _)| name.unit != GONE)
            .map(|(_, at)| at)
    }

    /// The letters of a name and its place.
    pub(super) fn letters(&self, at: u32) -> Letters {
        self.letters[at as usize]
    }

    /// What a name is of.
    pub(super) fn kind(&self, at: u32) -> Kind {
        self.names[at as usize].kind
    }

    /// What a name is ordered by among those that match alike.
    pub(super) fn order(&self, at: u32) -> u128 {
        self.orders[at as usize]
    }

    /// A name in lower case.
    pub(super) fn name(&self, at: u32) -> &[u8] {
        &self.text.as_bytes()[self.names[at as usize].text.range()]
    }

    /// The place of a name in lower case, and a number that names of the same thing in the same place have in common.
    pub(super) fn place(&self, at: u32) -> (u32, &[u8]) {
        let place = self.names[at as usize].place;
        (place.start, &self.text.as_bytes()[place.range()])
    }

    /// A name by its number.
    pub(super) fn entry(&self, at: u32) -> Entry<'_> {
        let kept = &self.names[at as usize];
        let unit = &self.units[kept.unit as usize];
        let text = |stretch: Stretch| match &unit.written {
            Some(written) => &written[stretch.moved(unit.text.start, 0).range()],
            None => &self.text[stretch.range()],
        };
        Entry {
            kind: kept.kind,
            name: text(kept.text),
            place: text(kept.place),
            health: kept.health,
            part: text(kept.part),
            subject: &unit.subject,
        }
    }

    /// The first name of a thing, by its ARN.
    #[must_use]
    pub fn of(&self, arn: &Arn) -> Option<Entry<'_>> {
        let region = if self.tells_region { arn.region() } else { "" };
        let shared = format!("\n{}\n{}{region}", Kind::Revision.word(), arn.name());
        let at = self.places.get(arn.as_str()).or_else(|| {
            let is_revision = arn.kind() == "task-definition";
            self.places.get(shared.as_str()).filter(|_| is_revision)
        })?;
        let unit = &self.units[*at as usize];
        (!unit.names.is_empty()).then(|| self.entry(unit.names.start))
    }

    /// Every name there is, in no order; for tests and diagnosis.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.all().map(|at| self.entry(at))
    }
}
