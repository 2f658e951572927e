//! Services of a cluster, or of all clusters.

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use super::{
    Cell, Column, Cx, Link, Page, Place, Scope, SortKey, Span, Step, Tone, View, condition,
    deployments, drift, events, stops,
    usage::{self, Using, figure},
    words::{age_cell, age_key, launch, pairs, revision_cell, revision_key, strategy_item, yes_no},
};
use crate::{
    model::{Arn, Health, Query, Service, Subject, Task, TaskFilter, Timestamp, age},
    store::Store,
};

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
    page,
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

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let service = cx.store.service(&subject.arn)?;
    let mut page = Page::new(format!("service {}", service.name));
    identity(&mut page, service, cx);
    let key = (service.cluster.clone(), service.name.clone());
    let running = usage::running(cx.store).remove(&key).unwrap_or_default();
    let tasks = running.iter().map(AsRef::as_ref);
    usage::service_section(&mut page, service, tasks, cx);
    let known = drift::by_service(&[service], cx.store).remove(&service.arn);
    if let Some(known) = known.filter(|known| known.is_fresh(cx)) {
        drift::summary(known.tasks.iter(), cx.store).section(&mut page);
    }
    let filter = TaskFilter::Service(service.name.clone());
    let stopped = cx.store.tasks_of(&service.cluster, &filter, true);
    stops::section(&mut page, &stopped, cx.now);
    rollout_section(&mut page, service, cx);
    compute(&mut page, service);
    network(&mut page, service);
    particulars(&mut page, service, cx);
    if !service.events.is_empty() {
        page.heading("Newest events");
        for event in service.events.iter().take(12) {
            let when = event
                .at
                .map_or_else(String::new, |at| age(cx.now.wall.since(at)));
            let words = events::tail(&event.message);
            page.toned(&when, events::brief(words), events::tone(words));
        }
    }
    pairs(&mut page, "Tags", &service.tags);
    Some(page)
}

/// Adds how the services of a cluster are doing: how many of each condition, and what ails the sick ones.
pub(super) fn summary(page: &mut Page, services: &[Arc<Service>], cx: &Cx) {
    if services.is_empty() {
        return;
    }
    page.heading("How its services are");
    let mut words: BTreeMap<(Health, String), i64> = BTreeMap::new();
    for service in services {
        let condition = condition::of(service, cx.now);
        *words.entry((condition.health, condition.word)).or_default() += 1;
    }
    let spans = words
        .into_iter()
        .enumerate()
        .map(|(at, ((health, word), number))| {
            let gap = if at > 0 { ", " } else { "" };
            Span::new(format!("{gap}{number} {word}"), health.into())
        });
    page.spans("in all", spans.collect());
    for service in services {
        let condition = condition::of(service, cx.now);
        if !condition.health.is_unhealthy() {
            continue;
        }
        let mut spans = vec![Span::new(
            format!("{} {}/{}", condition.word, service.running, service.desired),
            condition.health.into(),
        )];
        if let Some(words) = ailment(service, cx) {
            spans.push(Span::plain(format!("  {words}")));
        }
        page.spans(&service.name, spans);
    }
}

/// What is wrong with a service, as far as its events tell.
fn ailment(service: &Service, cx: &Cx) -> Option<String> {
    if let Some(event) = condition::trouble(service, cx.now) {
        return Some(events::brief(&event.message));
    }
    condition::lost(service, cx.now)
        .map(|lost| format!("its tasks keep ending: {lost} lost within half an hour"))
}

fn identity(page: &mut Page, service: &Service, cx: &Cx) {
    let condition = condition::of(service, cx.now);
    page.heading("Service");
    page.field("name", service.name.clone());
    page.field("cluster", service.cluster.name().to_owned());
    page.spans(
        "status",
        vec![
            Span::new(condition.word, condition.health.into()),
            Span::new(format!("  {}", service.status), Tone::Muted),
        ],
    );
    page.field(
        "task definition",
        definition(service).map_or_else(String::new, |arn| arn.name().to_owned()),
    );
    page.field(
        "tasks",
        format!(
            "{} running, {} pending, {} desired",
            service.running, service.pending, service.desired
        ),
    );
    if let Some(words) = ailment(service, cx) {
        let advice = events::advice(&words);
        page.toned("trouble", words, Tone::Error);
        page.maybe("look at", advice);
    } else if service.status == "ACTIVE"
        && service.running < service.desired
        && service.pending == 0
    {
        page.field(
            "look at",
            "No task is on its way: ECS finds no place for one, or waits between attempts.",
        );
    }
}

/// Adds what hardly changes.
fn particulars(page: &mut Page, service: &Service, cx: &Cx) {
    page.heading("Particulars");
    page.field("arn", service.arn.to_string());
    page.field("scheduling", service.scheduling.clone());
    page.field("controller", service.controller.clone());
    page.time("created", service.created_at, cx.now);
    page.maybe("created by", service.created_by.as_deref());
    page.maybe("role", service.role.as_deref());
    yes_no(page, "execute command", service.execute_command);
}

fn rollout_section(page: &mut Page, service: &Service, cx: &Cx) {
    page.heading("Deployments");
    for deployment in &service.deployments {
        let cell = deployments::progress(deployment);
        let revision = deployment.task_definition.as_ref().map_or("-", Arn::name);
        page.spans(
            &deployment.status,
            vec![
                Span::plain(format!("{revision}  ")),
                Span::new(cell.text, cell.tone),
                Span::new(
                    format!("  {} failed, {}", deployment.failed, deployment.id),
                    Tone::Muted,
                ),
            ],
        );
        page.maybe("", deployment.rollout_reason.as_deref());
    }
    for set in &service.task_sets {
        let cell = deployments::stability(set);
        page.spans(
            &set.status,
            vec![
                Span::plain(format!(
                    "{}  ",
                    set.task_definition.as_ref().map_or("-", Arn::name)
                )),
                Span::new(cell.text, cell.tone),
                Span::new(format!("  task set {}", set.id), Tone::Muted),
            ],
        );
    }
    page.time("last began", deployed_at(service), cx.now);
    deployments::rules(page, service);
}

fn compute(page: &mut Page, service: &Service) {
    page.heading("Compute");
    page.field("launch", launched(service).unwrap_or_default());
    page.list("strategy", service.strategy.iter().map(strategy_item));
    page.maybe("platform version", service.platform_version.as_deref());
    page.list("placement", service.placement.iter().cloned());
}

fn network(page: &mut Page, service: &Service) {
    let nothing = service.subnets.is_empty()
        && service.security_groups.is_empty()
        && service.load_balancers.is_empty();
    if nothing {
        return;
    }
    page.heading("Network");
    page.list("subnets", service.subnets.iter().cloned());
    page.list("security groups", service.security_groups.iter().cloned());
    page.maybe("public ip", service.public_ip.as_deref());
    for balancer in &service.load_balancers {
        let target = match (&balancer.target_group, &balancer.name) {
            (Some(group), _) => format!("target group {}", target_group(group)),
            (None, Some(name)) => format!("classic load balancer {name}"),
            (None, None) => "load balancer".to_owned(),
        };
        page.field(
            "load balancer",
            format!("{target} -> {}:{}", balancer.container, balancer.port),
        );
    }
    if let Some(seconds) = service.health_check_grace {
        page.field("health check grace", format!("{seconds} s"));
    }
}

/// The name within a target group's ARN, `web` of `…:targetgroup/web/0123456789abcdef`.
fn target_group(arn: &Arn) -> &str {
    arn.resource()
        .split('/')
        .nth(1)
        .unwrap_or_else(|| arn.as_str())
}
