//! Which streams make up the log of a service, a task or a container, and where each is read. Reading them is done
//! elsewhere.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    definition::{log_option, log_stream},
    stops,
    words::count,
};
use crate::{
    model::{
        Arn, Container, ContainerDefinition, LogConfiguration, LogGroup, LogPlace, LogStream,
        Query, Subject, Task, TaskDefinition, TaskFilter, Timestamp, age,
    },
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
        return vec![Query::Clusters];
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
            store.listing(&query).is_complete()
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

enum Place {
    Read(LogPlace),
    Elsewhere(String),
    Waiting(&'static str),
}

fn driver(defined: &ContainerDefinition) -> Option<&str> {
    defined.log.as_ref().map(|log| log.driver.as_str())
}

fn place(task: &Task, name: &str, store: &Store) -> Place {
    let known = store
        .engine_containers(&task.arn)
        .any(|(_, container)| container.name == name);
    let engine = || {
        let host = store.host_of(&task.arn).map(Arc::new);
        let reachable = known || store.has_host_engines() && host.is_some();
        reachable.then_some(Place::Read(LogPlace::Engine { host }))
    };
    let Some(definition) = store.definition(&task.definition) else {
        // An engine that has the container needs nothing more to be known.
        return match engine().filter(|_| known) {
            Some(place) => place,
            None => Place::Waiting("its task definition"),
        };
    };
    let defined = definition
        .containers
        .iter()
        .find(|defined| defined.name == name);
    let log = defined.and_then(|defined| defined.log.as_ref());
    match (defined, log) {
        (Some(defined), Some(log)) if log.driver == "awslogs" => {
            cloudwatch(task, defined, log, task.container(name))
        }
        (_, Some(log)) if log.driver == "none" => {
            Place::Elsewhere("its log driver is none: what it writes is thrown away".to_owned())
        }
        _ => engine().unwrap_or_else(|| Place::Elsewhere(elsewhere(task, log, definition, store))),
    }
}

/// Where the `awslogs` driver writes: without a prefix, which only EC2 allows, the stream is called as the engine's
/// container (ECS developer guide, "awslogs-stream-prefix").
fn cloudwatch(
    task: &Task,
    defined: &ContainerDefinition,
    log: &LogConfiguration,
    container: Option<&Container>,
) -> Place {
    let Some(group) = log_option(log, "awslogs-group") else {
        return Place::Elsewhere("its log driver is awslogs, but without awslogs-group".to_owned());
    };
    let region = log_option(log, "awslogs-region").unwrap_or_else(|| task.cluster.region());
    let stream = match log_stream(defined, &task.arn) {
        Some((_, stream)) => stream,
        None => match container.and_then(|container| container.runtime_id.clone()) {
            Some(id) => id,
            None if task.is_stopped() => {
                return Place::Elsewhere("it never started, and wrote nothing".to_owned());
            }
            None => return Place::Waiting("its container to be created"),
        },
    };
    Place::Read(LogPlace::CloudWatch {
        group: LogGroup {
            region: region.to_owned(),
            name: group.to_owned(),
        },
        stream,
    })
}

/// Says where a log is that cannot be read from here.
fn elsewhere(
    task: &Task,
    log: Option<&LogConfiguration>,
    definition: &TaskDefinition,
    store: &Store,
) -> String {
    let is_fargate = task.launch_type.as_deref() == Some("FARGATE")
        || task
            .capacity_provider
            .as_deref()
            .is_some_and(|provider| provider.starts_with("FARGATE"));
    let host = || match store.host_of(&task.arn) {
        Some(host) => format!("on {}", host.ec2_id),
        None => "on its host".to_owned(),
    };
    let Some(log) = log else {
        return if is_fargate {
            "it has no log configuration, and Fargate keeps nothing: what it writes is lost"
                .to_owned()
        } else {
            format!(
                "it has no log configuration: the engine {} keeps what it writes; connect to that engine",
                host()
            )
        };
    };
    let option = |names: &[&str]| names.iter().find_map(|name| log_option(log, name));
    let at = |place: &str, names: &[&str]| match option(names) {
        Some(value) => format!("look in {place} at {value}"),
        None => format!("look in {place}"),
    };
    let driver = log.driver.as_str();
    let look = match driver {
        "json-file" | "local" | "journald" => {
            format!("the engine {} keeps it; connect to that engine", host())
        }
        "awsfirelens" => firelens(log, definition),
        "splunk" => at("Splunk", &["splunk-url"]),
        "fluentd" => at("fluentd", &["fluentd-address"]),
        "gelf" => at("Graylog", &["gelf-address"]),
        "syslog" => at("syslog", &["syslog-address"]),
        "logentries" => "look in Logentries".to_owned(),
        _ => "look where that sends it".to_owned(),
    };
    format!("its log driver is {driver}: {look}")
}

/// Says who routes the log of a container with FireLens: the sidecar, by an output that the options may name.
fn firelens(log: &LogConfiguration, definition: &TaskDefinition) -> String {
    let mut images = definition.containers.iter();
    let router = images
        .clone()
        .find(|defined| defined.name.contains("log_router") || defined.name.contains("log-router"))
        .or_else(|| {
            images.find(|defined| {
                defined.image.contains("fluent-bit") || defined.image.contains("fluentd")
            })
        });
    let to = ["Name", "@type"]
        .iter()
        .find_map(|name| log_option(log, name))
        .map_or_else(String::new, |output| format!(" to {output}"));
    match router {
        Some(router) => format!("the container {} routes it{to}", router.name),
        None => format!("a sidecar routes it{to}"),
    }
}

/// A task that ended, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The task, or its container that was asked for.
    pub subject: Subject,
    /// When it had stopped.
    pub at: Option<Timestamp>,
    /// Why and with which exit codes, in words.
    pub says: String,
    /// What to look at next; empty if there is nothing to say.
    pub next: &'static str,
    /// Whether none of its containers ever ran, so that there is no log.
    pub never_ran: bool,
}

impl Ended {
    /// The whole story: which task, when, how, why.
    #[must_use]
    pub fn story(&self, now: Timestamp) -> String {
        let when = self
            .at
            .map_or_else(String::new, |at| format!(" {} ago", age(now.since(at))));
        let verb = if self.never_ran { "gave up" } else { "stopped" };
        format!(
            "task {} {verb}{when}: {}",
            self.subject.arn.short(),
            self.says
        )
    }
}

/// The task that stopped last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Previous {
    /// It is not known yet.
    Looking,
    /// There is none; says so in a sentence.
    None(String),
    /// This one.
    Found(Ended),
}

/// Whose stopped tasks are asked for: those of a service, or of the service or family of a task.
fn siblings(subject: &Subject, store: &Store) -> Option<(Arn, TaskFilter)> {
    let cluster = store.cluster_of(&subject.arn)?;
    if subject.arn.kind() == "service" {
        let filter = TaskFilter::Service(subject.arn.name().to_owned());
        return Some((cluster, filter));
    }
    let task = store.task(&subject.arn)?;
    let filter = match task.service_name() {
        Some(service) => TaskFilter::Service(service.to_owned()),
        None => TaskFilter::Family(task.definition.family().to_owned()),
    };
    Some((cluster, filter))
}

/// What has to be known for [`previous`], and to read its log.
#[must_use]
pub fn needs_of_previous(subject: &Subject, store: &Store) -> Vec<Query> {
    let Some(cluster) = store.cluster_of(&subject.arn) else {
        return vec![Query::Clusters];
    };
    let mut queries = Vec::new();
    if subject.arn.kind() == "task" {
        queries.push(Query::Task {
            cluster: cluster.clone(),
            task: subject.arn.clone(),
        });
    }
    if let Some((cluster, filter)) = siblings(subject, store) {
        queries.push(Query::Tasks {
            cluster,
            filter,
            stopped: true,
        });
    }
    if let Previous::Found(ended) = previous(subject, store)
        && let Some(task) = store.task(&ended.subject.arn)
    {
        queries.extend(needs_of_tasks(std::slice::from_ref(task), &cluster, store));
    }
    queries
}

/// The task that stopped last: a task that has stopped itself, else the last of its service or family.
#[must_use]
pub fn previous(subject: &Subject, store: &Store) -> Previous {
    let this = store.task(&subject.arn).filter(|task| task.is_stopped());
    if let Some(task) = this {
        return Previous::Found(ended(task, subject));
    }
    let Some((cluster, filter)) = siblings(subject, store) else {
        return Previous::Looking;
    };
    let tasks = store.tasks_of(&cluster, &filter, true);
    let last = tasks
        .iter()
        .filter(|task| task.is_stopped())
        .max_by_key(|task| (task.stopped_at, task.stopping_at, task.created_at));
    if let Some(task) = last {
        return Previous::Found(ended(task, subject));
    }
    let query = Query::Tasks {
        cluster,
        filter: filter.clone(),
        stopped: true,
    };
    if !store.listing(&query).is_complete() {
        return Previous::Looking;
    }
    let whose = match filter {
        TaskFilter::Service(name) => format!("the service {name}"),
        TaskFilter::Family(name) => format!("the family {name}"),
        TaskFilter::All | TaskFilter::Instance(_) => "this".to_owned(),
    };
    Previous::None(format!(
        "no task of {whose} stopped within the last hour; ECS forgets those that stopped before"
    ))
}

fn ended(task: &Task, asked: &Subject) -> Ended {
    let subject = match &asked.part {
        Some(part) if task.container(part).is_some() => Subject::part(&task.arn, part),
        _ => Subject::whole(&task.arn),
    };
    let stop = stops::explain(task);
    let mut says = stop.says;
    let codes = stops::exits(task);
    // The words for an exit name the code of the container that ended the task; where there are more, all are told.
    let several = codes.contains(", ") || !says.contains("(exit ");
    if !codes.is_empty() && several {
        says.push_str(&format!(" (exit codes: {codes})"));
    }
    if let Some(reason) = stops::reason(task).filter(|reason| !says.contains(reason)) {
        says.push_str(&format!("; {reason}"));
    }
    let ran = |container: &Container| container.exit_code.is_some();
    Ended {
        subject,
        at: task.stopped_at,
        says,
        next: stop.next,
        never_ran: task.started_at.is_none() && !task.containers.iter().any(ran),
    }
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

#[cfg(test)]
mod tests;
