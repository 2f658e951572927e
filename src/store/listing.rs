//! What one query returned, when, and what went wrong since.

use std::{collections::HashSet, time::Duration};

use crate::model::{Arn, Fault, Now, Timestamp};

/// A fault with its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRecord {
    /// The newest fault.
    pub fault: Fault,
    /// When the query began to fail without a success in between.
    pub since: Timestamp,
    /// How often it failed since.
    pub times: u32,
}

/// The ordered identities that a query returned.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    items: Vec<Arn>,
    held: HashSet<Arn>,
    fetched: Option<Now>,
    /// The age that it had when it was restored; none where this process fetched it.
    before: Option<Duration>,
    fault: Option<FaultRecord>,
}

/// What a query that was never asked returned.
pub(super) static NEVER: std::sync::LazyLock<Listing> = std::sync::LazyLock::new(Listing::default);

impl Listing {
    /// What an earlier run had fetched, and kept at `taken`. A clock that went back since makes it no younger than it
    /// was then.
    pub(super) fn restored(
        items: Vec<Arn>,
        fetched: Timestamp,
        taken: Timestamp,
        now: Now,
    ) -> Self {
        Self {
            held: items.iter().cloned().collect(),
            items,
            fetched: Some(Now {
                wall: fetched,
                mono: now.mono,
            }),
            before: Some(now.wall.since(fetched).max(taken.since(fetched))),
            fault: None,
        }
    }

    /// The identities in AWS's order; more may come while the first answer is under way.
    #[must_use]
    pub fn items(&self) -> &[Arn] {
        &self.items
    }

    /// Whether a whole answer has ever come, be it to an earlier run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.fetched.is_some()
    }

    /// Whether a whole answer has come to this run, so that what is not in it is not there.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.fetched.is_some() && self.before.is_none()
    }

    /// When the last whole answer came.
    #[must_use]
    pub fn fetched_at(&self) -> Option<Timestamp> {
        self.fetched.map(|now| now.wall)
    }

    /// The time since the last whole answer, by the clock that never jumps; by the calendar up to the start of this
    /// run, if it came to an earlier one.
    #[must_use]
    pub fn age(&self, now: Now) -> Option<Duration> {
        let since = now.mono.saturating_sub(self.fetched?.mono);
        Some(since.saturating_add(self.before.unwrap_or_default()))
    }

    /// The fault of the last attempt, none if it succeeded.
    #[must_use]
    pub fn fault(&self) -> Option<&FaultRecord> {
        self.fault.as_ref()
    }

    pub(super) fn contains(&self, arn: &Arn) -> bool {
        self.held.contains(arn)
    }

    /// Adds to the list; how many it did not hold.
    pub(super) fn extend(&mut self, items: Vec<Arn>) -> usize {
        let before = self.items.len();
        for arn in items {
            if self.held.insert(arn.clone()) {
                self.items.push(arn);
            }
        }
        self.items.len() - before
    }

    /// Takes away what was restored, which is what was not fetched, and adds it to what is gone; says whether anything
    /// is left.
    pub(super) fn forget_restored(&mut self, fetched: &HashSet<Arn>, gone: &mut Vec<Arn>) -> bool {
        gone.extend(self.items.extract_if(.., |arn| !fetched.contains(arn)));
        self.held.retain(|arn| fetched.contains(arn));
        (self.fetched, self.before) = (None, None);
        !self.items.is_empty() || self.fault.is_some()
    }

    /// Replaces the list and returns what is no longer in it. What stands in it twice (a list can shift between two
    /// of its pages) is kept once.
    pub(super) fn complete(&mut self, mut items: Vec<Arn>, now: Now) -> Vec<Arn> {
        let mut held = HashSet::with_capacity(items.len());
        items.retain(|arn| held.insert(arn.clone()));
        let gone = self
            .items
            .drain(..)
            .filter(|arn| !held.contains(arn))
            .collect();
        self.items = items;
        self.held = held;
        self.fetched = Some(now);
        self.before = None;
        self.fault = None;
        gone
    }

    pub(super) fn fail(&mut self, fault: Fault, now: Now) {
        let (since, times) = match &self.fault {
            Some(record) => (record.since, record.times + 1),
            None => (now.wall, 1),
        };
        self.fault = Some(FaultRecord {
            fault,
            since,
            times,
        });
    }
}
