//! The page of a service, and what all services of a cluster come to.

use std::{collections::BTreeMap, sync::Arc};

use super::{definition, deployed_at, launched};
use crate::{
    model::{Arn, Health, Service, Subject, TaskFilter, age},
    resource::{
        Cx, Page, Span, Tone, condition, deployments, drift, events, stops, usage,
        words::{pairs, strategy_item, yes_no},
    },
};

/// The page of a service.
pub(super) fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
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
pub(in crate::resource) fn summary(page: &mut Page, services: &[Arc<Service>], cx: &Cx) {
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
