//! How a thing is doing in a word, wherever it is named outside of its own table.

use super::{Cx, clusters, condition, containers, engines, instances, revisions, tasks};
use crate::model::{
    Cluster, Container, ContainerInstance, Engine, EngineId, Health, Now, Service, Subject, Task,
    Timestamp,
};

/// The state of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The word that its table shows; empty where a table shows none.
    pub word: String,
    /// The health that the word stands for.
    pub health: Health,
    /// Since when the thing is there, or when it ended; none where that is not known.
    pub since: Option<Timestamp>,
}

impl State {
    /// Of a cluster.
    #[must_use]
    pub fn of_cluster(cluster: &Cluster) -> Self {
        Self {
            word: cluster.status.clone(),
            health: clusters::status_health(&cluster.status),
            since: None,
        }
    }

    /// Of a service.
    #[must_use]
    pub fn of_service(service: &Service, now: Now) -> Self {
        let condition = condition::of(service, now);
        Self {
            word: condition.word,
            health: condition.health,
            since: service.created_at,
        }
    }

    /// Of a task.
    #[must_use]
    pub fn of_task(task: &Task, now: Now) -> Self {
        Self {
            word: tasks::status_words(task),
            health: tasks::judge(task, now),
            since: since(task),
        }
    }

    /// Of a container of a task.
    #[must_use]
    pub fn of_container(task: &Task, container: &Container) -> Self {
        Self {
            word: container.last_status.clone(),
            health: containers::judge(task, container),
            since: since(task),
        }
    }

    /// Of a container instance.
    #[must_use]
    pub fn of_instance(instance: &ContainerInstance) -> Self {
        Self {
            word: instance.status.clone(),
            health: instances::judge(instance),
            since: instance.registered_at,
        }
    }

    /// Of an engine.
    #[must_use]
    pub fn of_engine(engine: &Engine) -> Self {
        Self {
            word: engines::state(engine).0,
            health: engines::health(&engine.state),
            since: Some(engine.since),
        }
    }
}

/// When a task ended, or else since when it runs.
fn since(task: &Task) -> Option<Timestamp> {
    if task.is_stopped() {
        task.stopped_at.or(task.stopping_at)
    } else {
        task.started_at.or(task.created_at)
    }
}

/// The state of a thing or a part of it; none if the store does not hold it.
#[must_use]
pub fn state(subject: &Subject, cx: &Cx) -> Option<State> {
    let (arn, store) = (&subject.arn, cx.store);
    if let Some(task) = store.task(arn) {
        return match &subject.part {
            None => Some(State::of_task(task, cx.now)),
            Some(name) => {
                let container = task.container(name)?;
                Some(State::of_container(task, container))
            }
        };
    }
    match arn.kind() {
        "cluster" => store.cluster(arn).map(|known| State::of_cluster(known)),
        "service" => store
            .service(arn)
            .map(|known| State::of_service(known, cx.now)),
        "container-instance" => store.instance(arn).map(|known| State::of_instance(known)),
        "task-definition" => store.definition(arn).map(|known| State {
            word: known.status.clone(),
            health: revisions::status_health(&known.status),
            since: known.registered_at,
        }),
        _ if arn.is_of_aws() => None,
        _ => store
            .engine(&EngineId::new(arn.as_str()))
            .map(State::of_engine),
    }
}
