//! Where a person can be: a view over a scope; and the steps that lead from a row to another place.

use super::{Cx, instances};
use crate::{
    model::{Arn, Subject},
    store::Store,
};

/// A name with the region that the thing is in, where several are looked at: `prod/api in us-east-1`.
#[must_use]
pub fn placed(name: &str, thing: &Arn, store: &Store) -> String {
    if store.has_regions() && !thing.region().is_empty() {
        format!("{name} in {}", thing.region())
    } else {
        name.to_owned()
    }
}

/// What a thing is called where a person reads it: tasks by their short id, instances by their EC2 id, all else by name.
#[must_use]
pub fn called<'a>(subject: &'a Subject, store: &'a Store) -> &'a str {
    // A deed is called by what it was done to.
    let record = subject.part.as_deref().and_then(|id| store.record(id));
    if let Some(record) = record {
        return &record.name;
    }
    match (subject.arn.kind(), &subject.part) {
        ("task" | "image", None) => subject.arn.short(),
        ("container-instance", None) => store
            .instance(&subject.arn)
            .map_or_else(|| subject.arn.short(), |known| instances::name(known)),
        _ => subject.name(),
    }
}

/// What a view looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Scope {
    /// The thing whose parts are listed; none for the whole account.
    pub of: Option<Subject>,
    /// Which of the view's facets is shown (running or stopped tasks), an index into them.
    pub facet: usize,
}

impl Scope {
    /// The whole account.
    #[must_use]
    pub fn account() -> Self {
        Self::default()
    }

    /// The parts of one thing.
    #[must_use]
    pub fn of(subject: Subject) -> Self {
        Self {
            of: Some(subject),
            facet: 0,
        }
    }
}

/// One of the lists that a view can show of the same scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facet {
    /// A word for it: `stopped`.
    pub name: &'static str,
    /// What there is to know where it is empty, as a sentence; empty if there is nothing.
    pub when_empty: &'static str,
}

/// A view over a scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The id of the view.
    pub view: &'static str,
    /// What it looks at.
    pub scope: Scope,
}

impl Place {
    /// The clusters of the account, where every way begins.
    #[must_use]
    pub fn root() -> Self {
        Self {
            view: "clusters",
            scope: Scope::account(),
        }
    }

    /// A view over the parts of one thing.
    #[must_use]
    pub fn of(view: &'static str, subject: Subject) -> Self {
        Self {
            view,
            scope: Scope::of(subject),
        }
    }
}

/// Where a key on a row leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To another table.
    Open(Place),
    /// To the page of a thing, as its own view writes it: the view's id and the thing.
    Describe(&'static str, Subject),
}

/// A key of a view that leads from a row to another place.
pub struct Link {
    /// The name that key overrides use: `service.events`.
    pub id: &'static str,
    /// The default key.
    pub key: &'static str,
    /// A word for the line of hints.
    pub label: &'static str,
    /// A sentence for the help page.
    pub about: &'static str,
    /// Where it leads from this row in this scope; none if it leads nowhere from here.
    pub to: fn(&Subject, &Scope, &Cx) -> Option<Step>,
}
