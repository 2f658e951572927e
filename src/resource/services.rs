//! Services of a cluster, or of all clusters.

mod page;

use std::{ops::Deref, sync::Arc};

use super::{
    Cell, Column, Cx, Link, Place, Scope, SortKey, Step, Tone, View, condition, deployments, drift,
    events,
    usage::{self, Using, figure},
    words::{age_cell, age_key, launch, revision_cell, revision_key},
};
use crate::{
    model::{Arn, Health, Query, Service, Subject, Task, TaskFilter, Timestamp, age},
    store::Store,
};

pub(super) use page::summary;

/// A service, with those of its tasks that engines tell of, and all of them as far as they are known.
pub struct Row {
    service: Arc<Service>,
    tasks: Vec<Arc<Task>>,
    /// All its tasks, if they were listed.
    known: Option<drift::Known>,
}

impl Deref for Row {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl Using for Row {
    fn uses(&self, cx: &Cx) -> usage::Uses {
        let tasks = self.tasks.iter().map(AsRef::as_ref);
        usage::of_service(&self.service, tasks, cx)
    }

    fn is_known(&self, _: &Cx) -> bool {
        true
    }
}

/// The view.
pub static VIEW: View<Row> = View {
    id: "services",
    aliases: &["svc", "service"],
    noun: "service",
    about: "Services with their health, rollout, use and last event (cw: by CloudWatch, part: of some of the tasks)",
    under: &["cluster"],
    whole: true,
    facets: &[],
    columns: &[
        Column::text("NAME", 16, 0, |service: &Row, _| {
            Cell::plain(service.name.clone())
        })
        .grow(40),
        Column::text("CLUSTER", 12, 1, |service: &Row, _| {
            Cell::plain(service.cluster.name().to_owned())
        })
        .grow(24)
        .whole_only(),
        Column::region(|service, _| Cell::region(&service.arn)),
        Column::text("STATUS", 11, 0, |service: &Row, cx| {
            let condition = condition::of(service, cx.now);
            Cell::new(condition.word, condition.health.into())
        }),
        Column::number("RUN/DES", 7, 0, counts, |service, _| {
            SortKey::Number(service.running.into())
        }),
        Column::number(
            "PEND",
            4,
            5,
            |service, _| Cell::count(service.pending),
            |service, _| SortKey::Number(service.pending.into()),
        ),
        Column::text("DEPLOY", 16, 1, rollout).grow(22),
        figure!(CPU, "CPU%RES", 9, 2),
        figure!(FILLED, "MEM%", 4, 2),
        figure!(OOM, "OOM", 8, 2),
        Column::text("TASKDEF", 14, 2, |service: &Row, _| {
            revision_cell(definition(service))
        })
        .grow(36)
        .keep_end()
        .sorted_by(|service, _| revision_key(definition(service))),
        Column::text("DRIFT", 26, 2, |service: &Row, cx| {
            standing(service, cx).map_or_else(Cell::absent, |one| one.cell())
        })
        .grow(50)
        .sorted_by(|service, cx| standing(service, cx).map_or(SortKey::Absent, |one| one.key()))
        .live(),
        Column::text("LAUNCH", 12, 5, |service: &Row, _| {
            Cell::maybe(launched(service).as_deref())
        })
        .grow(24),
        Column::number(
            "AGE",
            4,
            4,
            |service, cx| age_cell(deployed_at(service), cx),
            |service, _| age_key(deployed_at(service)),
        ),
        figure!(CORES, "CPU%CORE", 9, 6),
        figure!(WORST, "WORST", 17, 5),
        Column::text("SOURCE", 23, 5, |service: &Row, cx| {
            usage::Figure::SOURCE.cell(service, cx)
        })
        .not_found()
        .sorted_by(|service, cx| usage::Figure::SOURCE.key(service, cx)),
        Column::text("LAST EVENT", 22, 3, last_event)
            .grow(160)
            .sorted_by(|service, _| age_key(service.events.first().and_then(|event| event.at))),
    ],
    needs,
    rows,
    subject: |service| Subject::whole(&service.arn),
    health,
    moving: |service| condition::is_moving(service),
    order: |one, two| {
        one.name
            .cmp(&two.name)
            .then_with(|| one.cluster.cmp(&two.cluster))
    },
    sick_first: true,
    when_empty: "",
    live: Some(drift::live_services),
    enter: |subject, _, _| Some(Step::Open(Place::of("tasks", subject.clone()))),
    links: &[
        Link {
            id: "service.deployments",
            key: "z",
            label: "deployments",
            about: "The deployments of the service",
            to: |subject, _, _| Some(Step::Open(Place::of("deployments", subject.clone()))),
        },
        Link {
            id: "service.events",
            key: "v",
            label: "events",
            about: "What the scheduler of the service did and could not do",
            to: |subject, _, _| Some(Step::Open(Place::of("events", subject.clone()))),
        },
        Link {
            id: "service.definition",
            key: "t",
            label: "task definition",
            about: "The task definition revision that the service runs",
            to: |subject, _, cx| {
                let definition = definition(cx.store.service(&subject.arn)?)?;
                Some(Step::Describe("revisions", Subject::whole(definition)))
            },
        },
        Link {
            id: "service.image",
            key: "I",
            label: "image",
            about: "The image that the service runs, if its tasks are known and it is in the account's ECR",
            to: |subject, _, cx| image(cx.store.service(&subject.arn)?, cx),
        },
    ],
    page_needs,
    page: page::page,
};

/// The service itself, its tasks that stopped, which tell what is wrong with it, and those that run.
pub(super) fn page_needs(subject: &Subject, store: &Store) -> Vec<Query> {
    let mut needs = events::needs(Some(subject), store);
    if let Some(service) = store.service(&subject.arn) {
        needs.extend([true, false].map(|stopped| Query::Tasks {
            cluster: service.cluster.clone(),
            filter: TaskFilter::Service(service.name.clone()),
            stopped,
        }));
    }
    needs
}

fn needs(scope: &Scope, store: &Store) -> Vec<Query> {
    if let Some(subject) = &scope.of {
        return match store.cluster_of(&subject.arn) {
            Some(cluster) => vec![Query::Services { cluster }],
            None => vec![store.around(&subject.arn, Query::Clusters)],
        };
    }
    let clusters = store
        .clusters()
        .filter(|cluster| {
            cluster.status != "INACTIVE" && cluster.active_services + cluster.draining_services > 0
        })
        .map(|cluster| Query::Services {
            cluster: cluster.arn.clone(),
        });
    let mut needs = store.everywhere(Query::Clusters);
    needs.extend(clusters);
    needs
}

fn rows(scope: &Scope, store: &Store) -> Vec<Row> {
    let services: Vec<Arc<Service>> = match &scope.of {
        Some(subject) => store
            .cluster_of(&subject.arn)
            .map_or_else(Vec::new, |cluster| store.services_of(&cluster)),
        None => store
            .clusters()
            .flat_map(|cluster| store.services_of(&cluster.arn))
            .collect(),
    };
    let mut running = usage::running(store);
    let mut known = drift::by_service(&services.iter().collect::<Vec<_>>(), store);
    let row = |service: Arc<Service>| {
        let known = known.remove(&service.arn);
        let tasks = if running.is_empty() {
            Vec::new()
        } else {
            let key = (service.cluster.clone(), service.name.clone());
            running.remove(&key).unwrap_or_default()
        };
        Row {
            service,
            tasks,
            known,
        }
    };
    services.into_iter().map(row).collect()
}

/// How its tasks stand to where their tags point, if they were listed lately.
fn standing(service: &Row, cx: &Cx) -> Option<drift::Summary> {
    let known = service.known.as_ref().filter(|known| known.is_fresh(cx))?;
    Some(drift::summary(known.tasks.iter(), cx.store))
}

/// Where the image of a service leads: as its task definition has it, or else one of its tasks.
fn image(service: &Arc<Service>, cx: &Cx) -> Option<Step> {
    let known = drift::by_service(&[service], cx.store).remove(&service.arn);
    let task = known.and_then(|known| known.tasks.first().cloned());
    task.and_then(|task| drift::step_of_task(&task, cx))
        .or_else(|| {
            let definition = cx.store.definition(definition(service)?)?;
            let images = definition.containers.iter();
            let images = images.map(|one| (one.image.as_str(), None));
            drift::step_of(images, &service.arn, cx)
        })
}

fn health(service: &Row, cx: &Cx) -> Health {
    condition::of(service, cx.now).health
}

fn counts(service: &Row, _: &Cx) -> Cell {
    let tone = match service.running.cmp(&service.desired) {
        _ if service.desired == 0 && service.running == 0 => Tone::Muted,
        std::cmp::Ordering::Less if service.running == 0 => Tone::Error,
        std::cmp::Ordering::Less => Tone::Warn,
        std::cmp::Ordering::Equal => Tone::Plain,
        std::cmp::Ordering::Greater => Tone::Progress,
    };
    Cell::new(format!("{}/{}", service.running, service.desired), tone)
}

fn rollout(service: &Row, _: &Cx) -> Cell {
    if let Some(primary) = service.primary() {
        return deployments::progress(primary);
    }
    let set = service
        .task_sets
        .iter()
        .find(|set| set.stability == "STABILIZING")
        .or_else(|| service.task_sets.first());
    set.map_or_else(Cell::absent, deployments::stability)
}

/// The task definition that the service means to run.
fn definition(service: &Service) -> Option<&Arn> {
    let set = || {
        let primary = service.task_sets.iter().find(|set| set.status == "PRIMARY");
        primary
            .or_else(|| service.task_sets.first())
            .and_then(|set| set.task_definition.as_ref())
    };
    service
        .task_definition
        .as_ref()
        .or_else(|| service.primary()?.task_definition.as_ref())
        .or_else(set)
}

fn launched(service: &Service) -> Option<String> {
    launch(service.launch_type.as_deref(), &service.strategy).or_else(|| {
        let primary = service.primary()?;
        launch(primary.launch_type.as_deref(), &primary.strategy)
    })
}

/// When the newest deployment or task set began.
fn deployed_at(service: &Service) -> Option<Timestamp> {
    let deployments = service
        .deployments
        .iter()
        .map(|deployment| deployment.created_at);
    let sets = service.task_sets.iter().map(|set| set.created_at);
    deployments.chain(sets).flatten().max()
}

fn last_event(service: &Row, cx: &Cx) -> Cell {
    let Some(event) = service.events.first() else {
        return Cell::absent();
    };
    let words = events::tail(&event.message);
    let tone = match events::tone(words) {
        Tone::Ok => Tone::Muted,
        tone => tone,
    };
    match event.at {
        Some(at) => {
            let ago = age(cx.now.wall.since(at));
            Cell::new(format!("{ago} {}", events::brief(words)), tone)
        }
        None => Cell::new(events::brief(words), tone),
    }
}
