//! How the tasks of a service stand, together: `3 of 8 run an older stable`.

use std::{borrow::Cow, collections::HashMap, sync::Arc, time::Duration};

use super::{Standing, named_here, of};
use crate::{
    model::{Arn, Container, Query, Service, Task, TaskFilter},
    resource::{Cell, Cx, Page, SortKey, Tone},
    store::Store,
};

/// How old what is known of tasks may be for something to be said of their service.
const FRESH: Duration = Duration::from_mins(2);

/// The tasks of a service, with the list that told of them.
pub(in crate::resource) struct Known {
    query: Query,
    /// Those that run or are to run.
    pub tasks: Vec<Arc<Task>>,
}

impl Known {
    /// Whether they were listed lately: tasks come and go.
    pub fn is_fresh(&self, cx: &Cx) -> bool {
        let age = cx.store.listing(&self.query).age(cx.now);
        age.is_some_and(|age| age <= FRESH)
    }
}

/// The tasks of services, by the service, as far as their cluster's or their own were listed.
pub(in crate::resource) fn by_service(
    services: &[&Arc<Service>],
    store: &Store,
) -> HashMap<Arn, Known> {
    let query = |cluster: &Arn, filter: TaskFilter| Query::Tasks {
        cluster: cluster.clone(),
        filter,
        stopped: false,
    };
    let mut found = HashMap::new();
    let mut by_cluster: HashMap<&Arn, HashMap<&str, &Arn>> = HashMap::new();
    for service in services {
        let named = by_cluster.entry(&service.cluster).or_default();
        named.insert(&service.name, &service.arn);
        let own = query(&service.cluster, TaskFilter::Service(service.name.clone()));
        let of_cluster = query(&service.cluster, TaskFilter::All);
        let told = store.listing(&own).fetched_at();
        let told_of_all = store.listing(&of_cluster).fetched_at();
        let Some(newest) = told.max(told_of_all) else {
            continue;
        };
        let (query, tasks) = if told == Some(newest) {
            let filter = TaskFilter::Service(service.name.clone());
            (own, store.tasks_of(&service.cluster, &filter, false))
        } else {
            (of_cluster, Vec::new())
        };
        found.insert(service.arn.clone(), Known { query, tasks });
    }
    for (cluster, named) in by_cluster {
        let of_cluster = query(cluster, TaskFilter::All);
        if !store.listing(&of_cluster).is_complete() {
            continue;
        }
        for task in store.tasks_of(cluster, &TaskFilter::All, false) {
            let service = task.service_name().and_then(|name| named.get(name));
            if let Some(known) = service.and_then(|arn| found.get_mut(*arn))
                && known.query == of_cluster
            {
                known.tasks.push(task);
            }
        }
    }
    found
}

/// How many tasks run what their tags no longer point to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::resource) struct Summary {
    /// The tasks that it was asked of.
    pub tasks: usize,
    /// Those of which it can be said.
    pub known: usize,
    /// Those that run an older image.
    pub older: usize,
    /// The tags that were moved, each once.
    pub moved: Vec<String>,
    /// The tags that are gone, each once.
    pub gone: Vec<String>,
}

/// How tasks stand, together.
pub(in crate::resource) fn of_tasks<'a>(
    tasks: impl Iterator<Item = &'a Arc<Task>>,
    store: &Store,
) -> Summary {
    of_some(tasks, store, |_, _| true)
}

/// How tasks stand to one tag.
pub(in crate::resource) fn of_tag<'a>(
    tasks: impl Iterator<Item = &'a Arc<Task>>,
    tag: &Arn,
    store: &Store,
) -> Summary {
    of_some(tasks, store, |container, task| names(container, task, tag))
}

/// Whether a container names its image by this tag.
pub(super) fn names(container: &Container, task: &Task, tag: &Arn) -> bool {
    named_here(&container.image, &task.arn).is_some_and(|(repository, reference)| {
        reference.pulled_tag() == Some(tag.name()) && tag.repository() == Some(repository)
    })
}

fn of_some<'a>(
    tasks: impl Iterator<Item = &'a Arc<Task>>,
    store: &Store,
    counts: impl Fn(&Container, &Task) -> bool,
) -> Summary {
    let mut summary = Summary::default();
    let note = |tags: &mut Vec<String>, tag: String| {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    };
    for task in tasks {
        summary.tasks += 1;
        let (mut is_known, mut is_older) = (false, false);
        let containers = task.containers.iter();
        for container in containers.filter(|container| counts(container, task)) {
            match of(container, task, store) {
                Standing::Older(tag) => {
                    (is_known, is_older) = (true, true);
                    note(&mut summary.moved, tag);
                }
                Standing::Gone(tag) => {
                    is_known = true;
                    note(&mut summary.gone, tag);
                }
                Standing::Current(_) => is_known = true,
                Standing::Pinned | Standing::Unknown(_) => {}
            }
        }
        summary.known += usize::from(is_known);
        summary.older += usize::from(is_older);
    }
    summary
}

impl Summary {
    /// In words: `3 of 8 run an older stable`; none if nothing can be said.
    pub fn words(&self) -> Option<Cow<'static, str>> {
        if self.older > 0 {
            let what = match self.moved.as_slice() {
                [tag] => format!("an older {tag}"),
                _ => "older images".to_owned(),
            };
            let verb = if self.older == 1 { "runs" } else { "run" };
            return Some(format!("{} of {} {verb} {what}", self.older, self.tasks).into());
        }
        match self.gone.as_slice() {
            [] if self.known > 0 => Some("current".into()),
            [] => None,
            tags => Some(format!("{} gone", tags.join(", ")).into()),
        }
    }

    fn tone(&self) -> Tone {
        if self.older > 0 || !self.gone.is_empty() {
            Tone::Warn
        } else {
            Tone::Muted
        }
    }

    /// The cell that says it.
    pub fn cell(&self) -> Cell {
        self.words()
            .map_or_else(Cell::absent, |words| Cell::new(words, self.tone()))
    }

    /// What it is sorted by: the most that run an older image first.
    pub fn key(&self) -> SortKey {
        match self.words() {
            None => SortKey::Absent,
            Some(_) if self.older > 0 => SortKey::Number(
                i64::try_from(self.older)
                    .unwrap_or(i64::MAX)
                    .saturating_neg(),
            ),
            Some(_) => SortKey::Number(i64::from(self.gone.is_empty())),
        }
    }

    /// Adds it to a page under a heading of its own, if there is something to say.
    pub fn section(&self, page: &mut Page) {
        if self.words().is_some() {
            page.heading("Images");
            self.field(page);
        }
    }

    /// Adds it to a page, if there is something to say.
    pub fn field(&self, page: &mut Page) {
        if let Some(words) = self.words() {
            let words = match words.as_ref() {
                "current" => "what their tags point to".into(),
                _ => words,
            };
            page.toned("its tasks run", words, self.tone());
        }
        if self.older > 0 {
            page.field(
                "look at",
                "A tag was moved to another image; a new deployment pulls it.",
            );
        }
    }
}
