//! A plan: what is to be done to which target, before and after, with the calls that do it. Drawing it is done in `ui`.

use super::Deed;
use crate::model::{Arn, Change, Facts};

/// What is to be done, to one target or to several.
pub struct Plan {
    /// The deed.
    pub deed: &'static Deed,
    /// What it does to what runs, a sentence each.
    pub impact: Vec<String>,
    /// One step for each target.
    pub steps: Vec<Step>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("deed", &self.deed.id)
            .field("impact", &self.impact)
            .field("steps", &self.steps)
            .finish()
    }
}

/// What is to be done to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is written.
    pub change: Change,
    /// What it rests on.
    pub facts: Facts,
    /// What the deed is called here: `Drain` or `Activate`.
    pub title: &'static str,
    /// What the target is: `service`.
    pub noun: &'static str,
    /// The target as a person calls it: `web/api`.
    pub name: String,
    /// What is to be different.
    pub diffs: Vec<Diff>,
    /// What speaks against it, a sentence each.
    pub warnings: Vec<String>,
    /// The API calls, in order, with what they send.
    pub calls: Vec<String>,
    /// The same as a command of the AWS CLI.
    pub command: String,
    /// What takes it back; none if nothing can.
    pub undo: Option<Change>,
    /// What is followed afterwards.
    pub follow: Follow,
}

impl Step {
    /// What was, in a line.
    #[must_use]
    pub fn before(&self) -> String {
        let parts: Vec<_> = self
            .diffs
            .iter()
            .map(|diff| diff.said(&diff.before))
            .collect();
        parts.join(", ")
    }

    /// What is to be, in a line.
    #[must_use]
    pub fn after(&self) -> String {
        let parts: Vec<_> = self
            .diffs
            .iter()
            .map(|diff| diff.said(&diff.after))
            .collect();
        parts.join(", ")
    }
}

/// One thing that is to be different. Equal sides say that it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// What: `desired count`.
    pub what: String,
    /// As it is.
    pub before: String,
    /// As it is to be.
    pub after: String,
}

impl Diff {
    /// One thing that is to be different.
    #[must_use]
    pub fn new(what: &str, before: &str, after: &str) -> Self {
        Self {
            what: what.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        }
    }

    fn said(&self, side: &str) -> String {
        format!("{} {side}", self.what)
    }
}

/// What is followed after a change was made, until it has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follow {
    /// Nothing: it is done with the answer.
    Nothing,
    /// The deployment that is then the primary one of this service.
    Deployment(Arn),
    /// This service, until this deployment has gone.
    Without(Arn, String),
    /// This service, until so many tasks run.
    Count(Arn, i32),
    /// This service, until other tasks run in the place of this one.
    Replaced(Arn, Arn),
}

impl Follow {
    /// The service that is followed.
    #[must_use]
    pub fn service(&self) -> Option<&Arn> {
        match self {
            Self::Nothing => None,
            Self::Deployment(service)
            | Self::Without(service, _)
            | Self::Count(service, _)
            | Self::Replaced(service, _) => Some(service),
        }
    }
}
