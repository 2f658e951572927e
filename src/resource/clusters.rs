//! Clusters: the top of the tree.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Link, Page, Place, SortKey, Step, Tone, View, services,
    words::{count, pairs, strategy_item},
};
use crate::{
    model::{Cluster, Health, Query, Subject},
    store::Store,
};

/// The view.
pub static VIEW: View<Arc<Cluster>> = View {
    id: "clusters",
    aliases: &["cl", "cluster"],
    noun: "cluster",
    about: "Clusters of the account, with what runs in them",
    under: &[],
    whole: true,
    facets: &[],
    columns: &[
        Column::text("NAME", 16, 0, |cluster: &Arc<Cluster>, _| {
            Cell::plain(cluster.name.clone())
        })
        .grow(44),
        Column::region(|cluster, _| Cell::region(&cluster.arn)),
        Column::text("STATUS", 10, 1, |cluster, cx| {
            Cell::new(cluster.status.clone(), health(cluster, cx).into())
        }),
        Column::number(
            "SERVICES",
            8,
            2,
            |cluster, _| Cell::count(cluster.active_services),
            |cluster, _| SortKey::Number(cluster.active_services.into()),
        ),
        Column::number(
            "RUNNING",
            8,
            1,
            |cluster, _| Cell::count(cluster.running_tasks),
            |cluster, _| SortKey::Number(cluster.running_tasks.into()),
        ),
        Column::number("PENDING", 8, 1, pending, |cluster, _| {
            SortKey::Number(cluster.pending_tasks.into())
        }),
        Column::number(
            "INSTANCES",
            9,
            3,
            |cluster, _| Cell::count(cluster.instances),
            |cluster, _| SortKey::Number(cluster.instances.into()),
        ),
        Column::text("CAPACITY PROVIDERS", 18, 4, |cluster: &Arc<Cluster>, _| {
            if cluster.capacity_providers.is_empty() {
                Cell::absent()
            } else {
                Cell::plain(cluster.capacity_providers.join(", "))
            }
        })
        .grow(60),
    ],
    needs: |_, store| store.everywhere(Query::Clusters),
    rows: |_, store| store.clusters().cloned().collect(),
    subject: |cluster| Subject::whole(&cluster.arn),
    health,
    moving: |_| false,
    order: |one, two| one.name.cmp(&two.name),
    sick_first: true,
    when_empty: "",
    live: None,
    enter: |subject, _, _| Some(Step::Open(Place::of("services", subject.clone()))),
    links: &[
        Link {
            id: "cluster.tasks",
            key: "t",
            label: "all tasks",
            about: "All tasks of the cluster, those run by hand too",
            to: |subject, _, _| Some(Step::Open(Place::of("tasks", subject.clone()))),
        },
        Link {
            id: "cluster.instances",
            key: "o",
            label: "instances",
            about: "The container instances of the cluster",
            to: |subject, _, _| Some(Step::Open(Place::of("instances", subject.clone()))),
        },
    ],
    page_needs,
    page,
};

/// The clusters, and the services of this one: they tell how it is.
fn page_needs(subject: &Subject, store: &Store) -> Vec<Query> {
    let mut needs = vec![store.around(&subject.arn, Query::Clusters)];
    let cluster = store.cluster(&subject.arn);
    if cluster.is_some_and(|one| one.active_services + one.draining_services > 0) {
        needs.push(Query::Services {
            cluster: subject.arn.clone(),
        });
    }
    needs
}

fn health(cluster: &Arc<Cluster>, _: &Cx) -> Health {
    status_health(&cluster.status)
}

/// How well a cluster in this status is.
pub(super) fn status_health(status: &str) -> Health {
    match status {
        "ACTIVE" => Health::Ok,
        "FAILED" => Health::Sick,
        "PROVISIONING" | "DEPROVISIONING" => Health::Moving,
        "INACTIVE" => Health::Done,
        _ => Health::Unknown,
    }
}

fn pending(cluster: &Arc<Cluster>, _: &Cx) -> Cell {
    let tone = if cluster.pending_tasks > 0 {
        Tone::Progress
    } else {
        Tone::Muted
    };
    Cell::new(cluster.pending_tasks.to_string(), tone)
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let cluster = cx.store.cluster(&subject.arn)?;
    let mut page = Page::new(format!("cluster {}", cluster.name));
    page.heading("Cluster");
    page.field("name", cluster.name.clone());
    page.field("arn", cluster.arn.to_string());
    page.toned("status", cluster.status.clone(), health(cluster, cx).into());
    page.heading("What runs here");
    page.field("active services", cluster.active_services.to_string());
    if cluster.draining_services > 0 {
        page.toned(
            "draining services",
            cluster.draining_services.to_string(),
            Tone::Progress,
        );
    }
    page.field("running tasks", cluster.running_tasks.to_string());
    page.field("pending tasks", cluster.pending_tasks.to_string());
    page.field("container instances", cluster.instances.to_string());
    by_launch(&mut page, cluster);
    services::summary(&mut page, &cx.store.services_of(&cluster.arn), cx);
    page.heading("Capacity");
    page.list("providers", cluster.capacity_providers.iter().cloned());
    page.list(
        "default strategy",
        cluster.default_strategy.iter().map(strategy_item),
    );
    pairs(&mut page, "Settings", &cluster.settings);
    pairs(&mut page, "Tags", &cluster.tags);
    Some(page)
}

/// Adds what the statistics say of each launch type. Their names are those of the API: `runningFargateTasksCount`,
/// `activeEC2ServiceCount` and the like; a launch type without a service or task is left out.
fn by_launch(page: &mut Page, cluster: &Cluster) {
    let counted = |name: String| {
        let found = cluster.statistics.iter().find(|one| one.key == name);
        found.and_then(|one| one.value.parse::<i64>().ok())
    };
    for (launch, label) in [
        ("Fargate", "on Fargate"),
        ("EC2", "on EC2"),
        ("External", "on external hosts"),
    ] {
        let services = counted(format!("active{launch}ServiceCount")).unwrap_or(0);
        let running = counted(format!("running{launch}TasksCount")).unwrap_or(0);
        let pending = counted(format!("pending{launch}TasksCount")).unwrap_or(0);
        if services + running + pending > 0 {
            let services = count(services, "service");
            let tasks = count(running, "running task");
            page.field(label, format!("{services}, {tasks}, {pending} pending"));
        }
    }
}
