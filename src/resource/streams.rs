//! Which streams make up the log of a service, a task or a container, and where each is read. Reading them is done
//! elsewhere.

mod ended;
mod place;

use std::{collections::BTreeSet, sync::Arc};

pub use self::ended::{Ended, Previous, needs_of_previous, previous};
use self::place::{Place, driver, place};
use super::words::count;
use crate::{
    model::{Arn, ContainerDefinition, LogStream, Query, Subject, Task, TaskFilter, Timestamp},
    store::Store,
};

/// Streams read at once: as many as one `StartLiveTail` takes (quota of the CloudWatch Logs API).
const MOST: usize = 100;
/// Tasks that ended whose streams are read beside those of the running ones, the newest.
const ENDED: usize = 16;

/// The streams of a subject, as far as the store knows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Streams {
    /// Those that can be read, the oldest task first, in the order of the task definition.
    pub streams: Vec<LogStream>,
    /// Containers whose log cannot be read from here, with the reason and where to look, as a sentence.
    pub elsewhere: Vec<(Subject, String)>,
    /// Containers of which it is not known yet where they write to, with what is waited for.
    pub waiting: Vec<(Subject, &'static str)>,
    /// Streams left out because there are too many.
    pub left_out: usize,
    /// Whether all tasks there are have been asked for.
    pub complete: bool,
}

impl Streams {
    /// What cannot be read from here, alike containers together: `envoy: its log driver is splunk: look in Splunk`.
    #[must_use]
    pub fn excuses(&self) -> Vec<String> {
        let mut told: Vec<(String, &str, i64)> = Vec::new();
        for (container, why) in &self.elsewhere {
            let name = container.name();
            match told
                .iter_mut()
                .find(|(other, said, _)| other == name && said == why)
            {
                Some((_, _, times)) => *times += 1,
                None => told.push((name.to_owned(), why, 1)),
            }
        }
        let mut says: Vec<String> = told
            .into_iter()
            .map(|(name, why, times)| match times {
                1 => format!("{name}: {why}"),
                times => format!("{name} ({}): {why}", count(times, "task")),
            })
            .collect();
        if self.left_out > 0 {
            let left_out = i64::try_from(self.left_out).unwrap_or(i64::MAX);
            let streams = count(left_out, "stream");
            says.push(format!(
                "{streams} of older tasks left out: at most {MOST} are read at once; open a task for its own"
            ));
        }
        says
    }
}

/// The subject whose log a row stands for: the row itself, or the service of a deployment or event.
///
/// # Errors
/// Says in a sentence what has a log instead.
pub fn logged(subject: &Subject) -> Result<Subject, String> {
    let what = match subject.arn.kind() {
        "task" => return Ok(subject.clone()),
        // Deployments and events are parts of a service, and have no log but its own.
        "service" => return Ok(Subject::whole(&subject.arn)),
        "cluster" => "a cluster",
        "container-instance" => "a container instance",
        "task-definition" => "a revision of a task definition",
        _ => "this",
    };
    Err(format!(
        "{what} has no log; services, tasks and containers have one"
    ))
}

/// What has to be known for [`streams`].
#[must_use]
pub fn needs_of_logs(subject: &Subject, store: &Store) -> Vec<Query> {
    let Some(cluster) = store.cluster_of(&subject.arn) else {
        return vec![store.around(&subject.arn, Query::Clusters)];
    };
    let mut queries = if subject.arn.kind() == "service" {
        let tasks = |stopped| Query::Tasks {
            cluster: cluster.clone(),
            filter: TaskFilter::Service(subject.arn.name().to_owned()),
            stopped,
        };
        vec![tasks(false), tasks(true)]
    } else {
        vec![Query::Task {
            cluster: cluster.clone(),
            task: subject.arn.clone(),
        }]
    };
    let tasks = tasks_of(subject, store, None);
    queries.extend(needs_of_tasks(&tasks, &cluster, store));
    queries
}

/// The definitions of tasks, and their hosts where the engine there has the log.
fn needs_of_tasks(tasks: &[Arc<Task>], cluster: &Arn, store: &Store) -> Vec<Query> {
    let definitions: BTreeSet<&Arn> = tasks.iter().map(|task| &task.definition).collect();
    let mut queries: Vec<Query> = definitions
        .into_iter()
        .map(|definition| Query::Definition {
            definition: definition.clone(),
        })
        .collect();
    let on_host = |task: &Arc<Task>| {
        let definition = store.definition(&task.definition);
        let kept = |defined: &ContainerDefinition| driver(defined) != Some("awslogs");
        task.instance.is_some() && definition.is_some_and(|known| known.containers.iter().any(kept))
    };
    if tasks.iter().any(on_host) {
        queries.push(Query::Instances {
            cluster: cluster.clone(),
        });
    }
    queries
}

/// The streams of a service, a task or a container. Of a service, those of the tasks that run, and of those that ended
/// no earlier than `since`; of all that are known without it.
#[must_use]
pub fn streams(subject: &Subject, store: &Store, since: Option<Timestamp>) -> Streams {
    let mut found = Streams {
        complete: is_complete(subject, store),
        ..Streams::default()
    };
    let tasks = tasks_of(subject, store, since);
    // Where there are too many, the newest tasks are what matters.
    for task in tasks.iter().rev() {
        let mut of_task = Vec::new();
        for name in names(task, store) {
            if subject.part.as_deref().is_some_and(|part| part != name) {
                continue;
            }
            let container = Subject::part(&task.arn, &name);
            match place(task, &name, store) {
                Place::Read(place) => of_task.push(LogStream { container, place }),
                Place::Elsewhere(why) => found.elsewhere.push((container, why)),
                Place::Waiting(what) => found.waiting.push((container, what)),
            }
        }
        if found.streams.len() + of_task.len() > MOST {
            found.left_out += of_task.len();
        } else {
            of_task.reverse();
            found.streams.append(&mut of_task);
        }
    }
    found.streams.reverse();
    found
}

/// Whether the tasks of a subject have been asked for to the end.
fn is_complete(subject: &Subject, store: &Store) -> bool {
    if subject.arn.kind() != "service" {
        return store.task(&subject.arn).is_some();
    }
    store.cluster_of(&subject.arn).is_some_and(|cluster| {
        [false, true].into_iter().all(|stopped| {
            let query = Query::Tasks {
                cluster: cluster.clone(),
                filter: TaskFilter::Service(subject.arn.name().to_owned()),
                stopped,
            };
            store.listing(&query).is_current()
        })
    })
}

/// The tasks of a subject, the oldest first; of those that ended the newest few.
fn tasks_of(subject: &Subject, store: &Store, since: Option<Timestamp>) -> Vec<Arc<Task>> {
    if subject.arn.kind() != "service" {
        return store.task(&subject.arn).cloned().into_iter().collect();
    }
    let Some(cluster) = store.cluster_of(&subject.arn) else {
        return Vec::new();
    };
    let filter = TaskFilter::Service(subject.arn.name().to_owned());
    let mut tasks = store.tasks_of(&cluster, &filter, false);
    let mut ended = store.tasks_of(&cluster, &filter, true);
    ended.retain(|task| since.is_none() || task.stopped_at.is_none() || task.stopped_at >= since);
    ended.sort_by_key(|task| (std::cmp::Reverse(task.stopped_at), task.arn.clone()));
    ended.truncate(ENDED);
    tasks.extend(ended);
    tasks.sort_by(|one, two| (one.created_at, &one.arn).cmp(&(two.created_at, &two.arn)));
    tasks.dedup_by(|one, two| one.arn == two.arn);
    tasks
}

/// The containers of a task, in the order of its definition once that is known.
fn names(task: &Task, store: &Store) -> Vec<String> {
    let mut names: Vec<String> = task
        .containers
        .iter()
        .map(|container| container.name.clone())
        .collect();
    let definition = store.definition(&task.definition);
    let at = |name: &String| {
        let mut defined = definition?.containers.iter();
        defined.position(|defined| defined.name == *name)
    };
    names.sort_by_key(|name| at(name).unwrap_or(usize::MAX));
    names
}

#[cfg(test)]
mod tests;
