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
    fault: Option<FaultRecord>,
}

/// What a query that was never asked returned.
pub(super) static NEVER: std::sync::LazyLock<Listing> = std::sync::LazyLock::new(Listing::default);

impl Listing {
    /// The identities in AWS's order; more may come while the first answer is under way.
    #[must_use]
    pub fn items(&self) -> &[Arn] {
        &self.items
    }

    /// Whether a whole answer has ever come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.fetched.is_some()
    }

    /// When the last whole answer came.
    #[must_use]
    pub fn fetched_at(&self) -> Option<Timestamp> {
        self.fetched.map(|now| now.wall)
    }

    /// The time since the last whole answer, by the clock that never jumps.
    #[must_use]
    pub fn age(&self, now: Now) -> Option<Duration> {
        self.fetched
            .map(|fetched| now.mono.saturating_sub(fetched.mono))
    }

    /// The fault of the last attempt, none if it succeeded.
    #[must_use]
    pub fn fault(&self) -> Option<&FaultRecord> {
        self.fault.as_ref()
    }

    pub(super) fn contains(&self, arn: &Arn) -> bool {
        self.held.contains(arn)
    }

    pub(super) fn extend(&mut self, items: Vec<Arn>) {
        for arn in items {
            if self.held.insert(arn.clone()) {
                self.items.push(arn);
            }
        }
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
