//! What it takes to say what the rows on the screen use: the tasks to be sampled, and what else must be asked.

use std::{collections::HashMap, sync::Arc};

use super::{alive, insights, metrics_query, own, source::engine_of};
use crate::{
    model::{Arn, Query, Service, Subject, Task, TaskFilter},
    resource::{Cx, Live},
    store::Store,
};

/// The tasks of each service that engines tell of, by cluster and name. Found from the engines on: they have few
/// containers, and clusters may have many tasks.
pub(in crate::resource) fn running(store: &Store) -> HashMap<(Arn, String), Vec<Arc<Task>>> {
    let mut found: HashMap<(Arn, String), Vec<Arc<Task>>> = HashMap::new();
    let told = store.engines().flat_map(|engine| &engine.containers);
    let mut tasks: Vec<&Arn> = told.map(|container| &container.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    for task in tasks.into_iter().filter_map(|task| store.task(task)) {
        if let Some(name) = task.service_name().filter(|_| !task.is_stopped()) {
            let key = (task.cluster.clone(), name.to_owned());
            found.entry(key).or_default().push(Arc::clone(task));
        }
    }
    found
}

/// Adds a query that is not there yet.
fn ask(queries: &mut Vec<Query>, query: Query) {
    if !queries.contains(&query) {
        queries.push(query);
    }
}

/// Adds what tasks on the screen need: themselves to be sampled, and what leads to their engines and says what they
/// reserve.
fn add_tasks<'a>(live: &mut Live, tasks: impl Iterator<Item = &'a Arc<Task>>, cx: &Cx) {
    for task in tasks.filter(|task| !task.is_stopped()) {
        live.tasks.push(task.arn.clone());
        if task.instance.is_some() && cx.store.has_host_engines() {
            ask(
                &mut live.queries,
                Query::Instances {
                    cluster: task.cluster.clone(),
                },
            );
        }
        if let Some(query) = insights(task, cx) {
            ask(&mut live.queries, query);
        }
        if engine_of(task, cx).is_some() && lacks_terms(task, cx) {
            ask(
                &mut live.queries,
                Query::Definition {
                    definition: task.definition.clone(),
                },
            );
        }
    }
}

/// Whether only the task definition can say what is reserved for a task.
fn lacks_terms(task: &Task, cx: &Cx) -> bool {
    alive(task)
        .map(|one| own(task, one, cx))
        .any(|uses| uses.has_engine() && (uses.reserved.units().is_none() || uses.filled.is_none()))
}

/// What containers on the screen need: their task. Insights says nothing of containers.
pub(in crate::resource) fn containers(rows: &[Subject], cx: &Cx) -> Live {
    let mut live = tasks(rows, cx);
    let of_metrics = |query: &Query| matches!(query, Query::Metrics { .. });
    live.queries.retain(|query| !of_metrics(query));
    live
}

/// What tasks on the screen need.
pub(in crate::resource) fn tasks(rows: &[Subject], cx: &Cx) -> Live {
    let mut tasks: Vec<&Arc<Task>> = rows
        .iter()
        .filter_map(|row| cx.store.task(&row.arn))
        .collect();
    tasks.dedup_by(|one, two| one.arn == two.arn);
    let mut live = Live::default();
    add_tasks(&mut live, tasks.into_iter(), cx);
    live
}

/// What services on the screen need: their tasks where engines may have them, and CloudWatch where none has.
pub(in crate::resource) fn services(rows: &[Subject], cx: &Cx) -> Live {
    let mut live = Live::default();
    let services = rows.iter().filter_map(|row| cx.store.service(&row.arn));
    let services: Vec<&Arc<Service>> = services.filter(|one| one.running > 0).collect();
    let known = known(&services, cx.store);
    for service in &services {
        let (cluster, store) = (&service.cluster, cx.store);
        if store.is_reached(cluster) || store.has_host_engines() {
            ask(&mut live.queries, all_tasks(cluster));
        }
        if store.has_host_engines() {
            let cluster = cluster.clone();
            ask(&mut live.queries, Query::Instances { cluster });
        }
        let tasks = known.get(&(cluster, service.name.as_str()));
        let tasks = tasks.map_or(&[][..], Vec::as_slice);
        add_tasks(&mut live, tasks.iter().copied(), cx);
        if !tasks.iter().any(|task| super::is_known(task, cx)) {
            ask(&mut live.queries, metrics_query(service));
        }
    }
    live
}

fn all_tasks(cluster: &Arn) -> Query {
    Query::Tasks {
        cluster: cluster.clone(),
        filter: TaskFilter::All,
        stopped: false,
    }
}

/// The running tasks of services, by cluster and name, where engines may have them.
fn known<'a>(
    services: &[&'a Arc<Service>],
    store: &'a Store,
) -> HashMap<(&'a Arn, &'a str), Vec<&'a Arc<Task>>> {
    let mut found: HashMap<_, Vec<_>> = services
        .iter()
        .map(|service| ((&service.cluster, service.name.as_str()), Vec::new()))
        .collect();
    let mut clusters: Vec<&Arn> = services.iter().map(|service| &service.cluster).collect();
    clusters.sort_unstable();
    clusters.dedup();
    clusters.retain(|cluster| store.is_reached(cluster) || store.has_host_engines());
    for cluster in clusters {
        let listed = store.listing(&all_tasks(cluster)).items().iter();
        for task in listed.filter_map(|arn| store.task(arn)) {
            if let Some(name) = task.service_name().filter(|_| !task.is_stopped())
                && let Some(tasks) = found.get_mut(&(cluster, name))
            {
                tasks.push(task);
            }
        }
    }
    found
}
