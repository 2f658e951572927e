//! What has to be asked to say how containers stand: where tags point, and the images of an index where those decide.

use std::sync::Arc;

use super::{
    Standing, Unknown, named_here, of,
    summary::{by_service, names},
};
use crate::{
    model::{Arn, Container, Query, Service, Subject, Task},
    resource::{Cx, Live, usage},
    store::Store,
};

/// What has to be asked to say how a container stands, and to go on saying it.
fn queries(container: &Container, task: &Task, store: &Store) -> Vec<Query> {
    let Some((repository, reference)) = named_here(&container.image, &task.arn) else {
        return Vec::new();
    };
    let Some(tag) = reference.pulled_tag() else {
        return Vec::new();
    };
    if container.digest.is_none() || task.is_stopped() {
        return Vec::new();
    }
    let mut queries = vec![Query::Tag {
        tag: repository.tag(tag),
    }];
    if let Standing::Unknown(Unknown::Index(image)) = of(container, task, store) {
        queries.push(Query::Manifest { image });
    }
    queries
}

/// The tags of this account's registry that the containers of a task were started by.
pub fn pulled_tags(task: &Task) -> impl Iterator<Item = Arn> {
    let containers = task.containers.iter();
    let containers = containers.filter(|one| one.digest.is_some() && !task.is_stopped());
    containers.filter_map(|container| {
        let (repository, reference) = named_here(&container.image, &task.arn)?;
        Some(repository.tag(reference.pulled_tag()?))
    })
}

fn add<'a>(live: &mut Live, tasks: impl Iterator<Item = &'a Arc<Task>>, store: &Store) {
    for task in tasks {
        for container in &task.containers {
            for query in queries(container, task, store) {
                if !live.queries.contains(&query) {
                    live.queries.push(query);
                }
            }
        }
    }
}

/// What tasks on the screen need.
pub(in crate::resource) fn tasks(rows: &[Subject], cx: &Cx) -> Live {
    let mut live = usage::live_tasks(rows, cx);
    let tasks = rows.iter().filter_map(|row| cx.store.task(&row.arn));
    add(&mut live, tasks, cx.store);
    live
}

/// What containers on the screen need.
pub(in crate::resource) fn containers(rows: &[Subject], cx: &Cx) -> Live {
    let mut live = usage::live_containers(rows, cx);
    let mut tasks: Vec<_> = rows
        .iter()
        .filter_map(|row| cx.store.task(&row.arn))
        .collect();
    tasks.dedup_by(|one, two| one.arn == two.arn);
    add(&mut live, tasks.into_iter(), cx.store);
    live
}

/// What services on the screen need, as far as their tasks are known.
pub(in crate::resource) fn services(rows: &[Subject], cx: &Cx) -> Live {
    let mut live = usage::live_services(rows, cx);
    let services = rows.iter().filter_map(|row| cx.store.service(&row.arn));
    let services: Vec<&Arc<Service>> = services.collect();
    for known in by_service(&services, cx.store).values() {
        if known.is_fresh(cx) {
            add(&mut live, known.tasks.iter(), cx.store);
        }
    }
    live
}

/// The question for the images of the index that a tag points to, where those decide how a task stands to it.
pub(in crate::resource) fn index_in_doubt<'a>(
    mut tasks: impl Iterator<Item = &'a Arc<Task>>,
    tag: &Arn,
    store: &Store,
) -> Option<Query> {
    tasks.find_map(|task| {
        let mut containers = task.containers.iter();
        containers.find_map(|container| match of(container, task, store) {
            Standing::Unknown(Unknown::Index(image)) if names(container, task, tag) => {
                Some(Query::Manifest { image })
            }
            _ => None,
        })
    })
}
