//! Who runs which image: services and tasks by the repositories, images and tags that their containers name, from the
//! tasks that are known.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Cell, Live, Page, Scope, Tone, drift, tasks, words::count};
use crate::{
    model::{Arn, ImageReference, Query, Task},
    store::Store,
};

/// The services whose tasks run something, and the tasks that do so by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Users {
    /// The tasks of each service, by cluster and name.
    pub services: BTreeMap<(Arn, String), Vec<Arn>>,
    /// Tasks of no service.
    pub tasks: Vec<Arn>,
    /// Whether the running tasks of all clusters were known, so that nobody else runs it.
    pub is_all: bool,
}

impl Users {
    fn add(&mut self, task: &Task) {
        let tasks = match task.service_name() {
            Some(name) => {
                let key = (task.cluster.clone(), name.to_owned());
                self.services.entry(key).or_default()
            }
            None => &mut self.tasks,
        };
        if !tasks.contains(&task.arn) {
            tasks.push(task.arn.clone());
        }
    }

    /// Takes over the users of something else.
    fn join(&mut self, other: &Self) {
        for (service, tasks) in &other.services {
            let own = self.services.entry(service.clone()).or_default();
            own.extend(tasks.iter().cloned());
            own.sort_unstable();
            own.dedup();
        }
        self.tasks.extend(other.tasks.iter().cloned());
        self.tasks.sort_unstable();
        self.tasks.dedup();
    }

    /// The tasks, those of services too.
    pub fn tasks_known(&self, store: &Store) -> Vec<Arc<Task>> {
        let tasks = self.services.values().flatten().chain(&self.tasks);
        tasks.filter_map(|arn| store.task(arn).cloned()).collect()
    }

    /// Whether nobody is known to run it.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.tasks.is_empty()
    }

    /// The services by name, and how many tasks run it by themselves: `api, web, 2 tasks`.
    pub fn words(&self) -> String {
        let names = self.services.keys().map(|(_, name)| name.clone());
        let mut names: Vec<String> = names.collect();
        names.dedup();
        if !self.tasks.is_empty() {
            names.push(number(self.tasks.len(), "task"));
        }
        names.join(", ")
    }
}

fn number(of: usize, noun: &str) -> String {
    count(i64::try_from(of).unwrap_or(i64::MAX), noun)
}

/// The users of repositories, images and tags.
#[derive(Debug, Default)]
pub(super) struct UserIndex {
    users: HashMap<Arn, Users>,
    is_all: bool,
}

impl UserIndex {
    /// The users of everything, or only of what is in one repository.
    pub fn of(store: &Store, only: Option<&Arn>) -> Self {
        let mut index = HashMap::<Arn, Users>::new();
        // Many tasks name the same few images.
        let mut read: HashMap<&str, Option<(Arn, ImageReference)>> = HashMap::new();
        for task in store.tasks().filter(|task| !task.is_stopped()) {
            for container in &task.containers {
                let known = read.entry(&container.image).or_insert_with(|| {
                    let reference = ImageReference::parse(&container.image)?;
                    let repository = reference.ecr_repository()?;
                    Some((repository, reference))
                });
                let Some((repository, reference)) = known else {
                    continue;
                };
                if only.is_some_and(|only| only != repository) {
                    continue;
                }
                let digest = container.digest.as_ref().or(reference.digest.as_ref());
                let image = digest.map(|digest| repository.image(digest));
                let tag = reference.pulled_tag().map(|tag| repository.tag(tag));
                for key in [Some(repository.clone()), image, tag].into_iter().flatten() {
                    index.entry(key).or_default().add(task);
                }
            }
        }
        for manifest in store.manifests().filter(|one| !one.children.is_empty()) {
            let Some(repository) = manifest.image.repository() else {
                continue;
            };
            let children = manifest.children.iter();
            let users: Vec<Users> = children
                .filter_map(|child| index.get(&repository.image(&child.digest)).cloned())
                .collect();
            for users in users {
                index
                    .entry(manifest.image.clone())
                    .or_default()
                    .join(&users);
            }
        }
        Self {
            users: index,
            is_all: all_tasks_known(store),
        }
    }

    /// The users of a repository, image or tag.
    pub fn get(&self, arn: &Arn) -> Users {
        let users = self.users.get(arn).cloned().unwrap_or_default();
        Users {
            is_all: self.is_all,
            ..users
        }
    }
}

/// What a view of images needs to tell who runs them.
pub(super) fn live(store: &Store) -> Live {
    Live {
        beside: needs(store),
        uses_nothing: true,
        ..Live::default()
    }
}

/// The same for tags of one repository, with the images of the indexes that they point to where those decide whether
/// somebody runs an older one.
pub(super) fn live_of_tags(tags: &[Arn], store: &Store) -> Live {
    let mut live = live(store);
    let Some(repository) = tags.first().and_then(Arn::repository) else {
        return live;
    };
    let index = UserIndex::of(store, Some(&repository));
    for tag in tags {
        let tasks = index.get(tag).tasks_known(store);
        let query = drift::index_in_doubt(tasks.iter(), tag, store);
        live.queries
            .extend(query.filter(|query| !live.queries.contains(query)));
    }
    live
}

/// The tasks of all clusters.
pub(super) fn needs(store: &Store) -> Vec<Query> {
    tasks::needs(&Scope::account(), store)
}

/// Who runs something, in a cell; a question mark where nobody is known to and not all tasks are known.
pub(super) fn cell(users: &Users) -> Cell {
    if users.is_empty() && !users.is_all {
        return Cell::muted("?");
    }
    Cell::maybe(Some(&users.words()))
}

/// Whether the running tasks of all clusters are known, so that who is not named does not run an image.
#[must_use]
pub fn all_tasks_known(store: &Store) -> bool {
    let mut queries = needs(store).into_iter();
    queries.all(|query| store.listing(&query).is_complete())
}

/// Adds who runs it, a line each.
pub(super) fn section(page: &mut Page, users: &Users, store: &Store) {
    page.heading("Who runs it");
    for ((cluster, name), tasks) in &users.services {
        let short: Vec<&str> = tasks.iter().take(MOST_TASKS).map(Arn::short).collect();
        let more = tasks.len().saturating_sub(MOST_TASKS);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let text = format!(
            "{} in {}: {}{more}",
            number(tasks.len(), "task"),
            cluster.name(),
            short.join(", ")
        );
        page.field(name, text);
    }
    let mut loose: Vec<Arc<Task>> = users
        .tasks
        .iter()
        .filter_map(|arn| store.task(arn).cloned())
        .collect();
    loose.sort_by(|one, two| one.arn.cmp(&two.arn));
    page.list(
        "tasks of no service",
        loose.iter().map(|task| {
            let (short, cluster) = (task.arn.short(), task.cluster.name());
            format!("{short} of {} in {cluster}", task.definition.family())
        }),
    );
    if !all_tasks_known(store) {
        let says = "not all running tasks are known";
        page.toned("", says, Tone::Muted);
    } else if users.is_empty() {
        page.toned(
            "",
            "no running task of this account and region",
            Tone::Muted,
        );
    }
}

/// The most tasks of a service that a page names.
const MOST_TASKS: usize = 8;

/// Who runs an image, in numbers and names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Runners {
    /// The services, each by its cluster and name.
    pub services: Vec<(Arn, String)>,
    /// The number of tasks, those of services too.
    pub tasks: usize,
}

/// Who is known to run each of these images.
#[must_use]
pub fn runners(images: &[Arn], store: &Store) -> Vec<Runners> {
    let index = UserIndex::of(store, None);
    let of = |image: &Arn| {
        let users = index.get(image);
        Runners {
            tasks: users.tasks_known(store).len(),
            services: users.services.into_keys().collect(),
        }
    };
    images.iter().map(of).collect()
}

/// The services whose running tasks are known to name a tag, or to run an image.
#[must_use]
pub fn services_running(thing: &Arn, store: &Store) -> Vec<Arn> {
    let repository = thing.repository();
    let users = UserIndex::of(store, repository.as_ref()).get(thing);
    let services = users.services.into_keys();
    services
        .filter_map(|(cluster, name)| store.service_named(&cluster, &name))
        .map(|service| service.arn.clone())
        .collect()
}
