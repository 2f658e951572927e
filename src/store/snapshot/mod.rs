//! What is kept of a store between two runs, and taking it back in. The bytes it becomes are in `file`; nothing here
//! reads or writes a disk.

mod file;

use std::{collections::HashSet, sync::Arc};

use serde::{Deserialize, Serialize};

pub use file::{Kept, Key, MOST, Unusable, Unwritable, encode};

use super::{Listing, Store};
use crate::model::{
    Arn, Cluster, ContainerInstance, Identity, Now, Query, Service, Task, Timestamp,
};

/// Where the things of a snapshot come from, as it was found out when they were fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Who asked for them, and of which account they are.
    pub identity: Identity,
    /// The profile, or how else the credentials came.
    pub profile: String,
    /// The region.
    pub region: String,
    /// The overriding endpoint, if one was set.
    pub endpoint: Option<String>,
}

/// What is kept of a store between two runs, or a part of it.
///
/// These are the things that lists hold, with the lists and when each was fetched. Left out are:
///
/// - task definitions: environment values, commands, labels and options of log drivers carry secrets, and a definition
///   is one call away;
/// - what containers use, from engines and from CloudWatch: it tells of a quarter of an hour, which is over;
/// - faults: they belong to the session that had them;
/// - of each service all but its newest events, and of tasks what was overridden (see the fields of
///   [`Service`] and [`Task`]).
///
/// Making one is cheap: the things stay where they are, behind their `Arc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Where it comes from.
    pub origin: Origin,
    /// When it was made.
    pub taken: Timestamp,
    content: Content,
}

/// Lists and the things in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    lists: Vec<List>,
    things: Things,
}

/// What a query returned, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    query: Query,
    items: Vec<Arn>,
    fetched: Timestamp,
}

/// Names the maps of the store that are kept, each with the type of its things: a line for each.
macro_rules! things {
    ($($map:ident: $thing:ty,)+) => {
        /// The things that are kept, by kind.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        struct Things {
            $($map: Vec<Arc<$thing>>,)+
        }

        impl Things {
            fn of(store: &Store) -> Self {
                Self { $($map: store.$map.values().cloned().collect(),)+ }
            }

            /// Takes out those that are named, and leaves the rest.
            fn split(&mut self, named: &HashSet<&Arn>) -> Self {
                Self {
                    $($map: self.$map.extract_if(.., |thing| named.contains(&thing.arn)).collect(),)+
                }
            }

            fn append(&mut self, mut other: Self) {
                $(self.$map.append(&mut other.$map);)+
            }

            /// Puts those that the store does not know into it; of these those alone that are named, if names are
            /// given.
            fn put(self, store: &mut Store, named: Option<&HashSet<Arn>>) {
                $(
                    store.$map.reserve(self.$map.len());
                    for thing in self.$map {
                        if named.is_none_or(|named| named.contains(&thing.arn)) {
                            store.$map.entry(thing.arn.clone()).or_insert(thing);
                        }
                    }
                )+
            }

            fn names(store: &Store) -> impl Iterator<Item = &Arn> {
                std::iter::empty()$(.chain(store.$map.keys()))+
            }

            fn take_away(store: &mut Store, arn: &Arn) {
                $(store.$map.remove(arn);)+
            }
        }
    };
}

things! {
    clusters: Cluster,
    services: Service,
    instances: ContainerInstance,
    tasks: Task,
}

/// The parts of a snapshot, by how soon they are needed and how much would be missed without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// What the first screen shows, and what little there is besides.
    Front,
    /// Running tasks.
    Running,
    /// Stopped tasks.
    Stopped,
}

impl Part {
    const ALL: [Self; 3] = [Self::Front, Self::Running, Self::Stopped];

    /// The part that the answer to a query belongs to; none if it is not kept.
    fn of(query: &Query) -> Option<Self> {
        match query {
            Query::Clusters(_)
            | Query::Services { .. }
            | Query::Service { .. }
            | Query::Instances { .. }
            | Query::Families(_)
            | Query::Revisions { .. } => Some(Self::Front),
            Query::Tasks { stopped: false, .. } | Query::Task { .. } => Some(Self::Running),
            Query::Tasks { stopped: true, .. } => Some(Self::Stopped),
            // What is in ECR and what Application Auto Scaling keeps to is a call away, and only beside what is shown.
            Query::Identity
            | Query::Definition { .. }
            | Query::Metrics { .. }
            | Query::Scaling { .. }
            | Query::Repositories(_)
            | Query::Images { .. }
            | Query::Image { .. }
            | Query::Tag { .. }
            | Query::Manifest { .. }
            | Query::Findings { .. }
            | Query::Policy { .. } => None,
        }
    }
}

impl Content {
    /// Takes out the lists of a part, with the things in them; the rest stays.
    fn split(&mut self, part: Part) -> Self {
        let lists: Vec<List> = self
            .lists
            .extract_if(.., |list| Part::of(&list.query) == Some(part))
            .collect();
        let named = lists.iter().flat_map(|list| &list.items).collect();
        Self {
            things: self.things.split(&named),
            lists,
        }
    }

    fn append(&mut self, mut other: Self) {
        self.lists.append(&mut other.lists);
        self.things.append(other.things);
    }
}

/// Whether the store holds things out of a snapshot, of which nobody knows yet whether they are of this account.
#[derive(Debug, Default)]
pub(super) struct Restored {
    origin: Option<Origin>,
    /// What this process has fetched meanwhile: few, since it is soon known.
    fetched: HashSet<Arn>,
}

impl Restored {
    /// Notes that a thing was fetched.
    pub(super) fn note(&mut self, arn: &Arn) {
        if self.origin.is_some() {
            self.fetched.insert(arn.clone());
        }
    }
}

impl Store {
    /// What is to be kept of all this until the program is started again.
    #[must_use]
    pub fn snapshot(&self, origin: Origin, taken: Timestamp) -> Snapshot {
        let lists = self.listings.iter().filter_map(|(query, listing)| {
            Part::of(query)?;
            Some(List {
                query: query.clone(),
                items: listing.items().to_vec(),
                fetched: listing.fetched_at()?,
            })
        });
        Snapshot {
            origin,
            taken,
            content: Content {
                lists: lists.collect(),
                things: Things::of(self),
            },
        }
    }

    /// Takes in what an earlier run kept. What was fetched since stays as it is: lists that are known, though only in
    /// part, and things that are known. [`Store::confirm_restored`] or [`Store::drop_restored`] is to follow once it is
    /// known whose credentials these are.
    pub fn restore(&mut self, snapshot: Snapshot, now: Now) {
        self.version += 1;
        if self.restored.origin.is_none() {
            self.restored.fetched = Things::names(self).cloned().collect();
        }
        let Content { lists, things } = snapshot.content;
        let (lists, late): (Vec<_>, Vec<_>) = lists
            .into_iter()
            .partition(|list| !self.listings.contains_key(&list.query));
        // Things that only stand in lists that were fetched meanwhile are newer there, or gone.
        let named = (!late.is_empty()).then(|| {
            let items = lists.iter().flat_map(|list| &list.items);
            items.cloned().collect()
        });
        things.put(self, named.as_ref());
        for list in lists {
            let listing = Listing::restored(list.items, list.fetched, snapshot.taken, now);
            self.listings.insert(list.query, listing);
        }
        self.restored.origin = Some(snapshot.origin);
    }

    /// Where the things come from that an earlier run kept, as long as they are neither confirmed nor dropped.
    #[must_use]
    pub fn restored(&self) -> Option<&Origin> {
        self.restored.origin.as_ref()
    }

    /// Notes that the credentials belong to the account that was restored.
    pub fn confirm_restored(&mut self) {
        self.restored = Restored::default();
    }

    /// Drops everything that was restored and that this process has not fetched itself: it is of another account.
    pub fn drop_restored(&mut self) {
        let Restored { origin, fetched } = std::mem::take(&mut self.restored);
        if origin.is_none() {
            return;
        }
        self.version += 1;
        let mut gone = Vec::new();
        self.listings.retain(|_, listing| {
            listing.is_current() || listing.forget_restored(&fetched, &mut gone)
        });
        for arn in &gone {
            Things::take_away(self, arn);
        }
    }
}

#[cfg(test)]
mod tests;
