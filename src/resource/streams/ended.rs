//! The task that stopped last, whose last lines say what went wrong.

use super::needs_of_tasks;
use crate::{
    model::{Arn, Container, Query, Subject, Task, TaskFilter, Timestamp, age},
    resource::stops,
    store::Store,
};

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
        return vec![store.around(&subject.arn, Query::Clusters)];
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
    if !store.listing(&query).is_current() {
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
