//! Events of a service: what its scheduler did and could not do, newest first.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Page, Scope, Step, Tone, View,
    page::moment,
    words::{age_cell, age_key},
};
use crate::{
    model::{Health, Query, Service, ServiceEvent, Subject},
    store::Store,
};

/// One event of a service.
pub struct Row {
    service: Arc<Service>,
    index: usize,
}

impl Row {
    fn event(&self) -> Option<&ServiceEvent> {
        self.service.events.get(self.index)
    }

    fn message(&self) -> &str {
        self.event().map_or("", |event| tail(&event.message))
    }
}

/// The view.
pub static VIEW: View<Row> = View {
    id: "events",
    aliases: &["ev", "event"],
    noun: "event",
    about: "What the scheduler of a service did and could not do, newest first",
    under: &["service"],
    whole: false,
    facets: &[],
    columns: &[
        Column::number(
            "AGE",
            4,
            0,
            |row: &Row, cx| age_cell(row.event().and_then(|event| event.at), cx),
            |row, _| age_key(row.event().and_then(|event| event.at)),
        ),
        Column::text("TIME (UTC)", 19, 2, |row: &Row, _| {
            match row.event().and_then(|event| event.at) {
                Some(at) => Cell::muted(moment(at).trim_end_matches(" UTC").to_owned()),
                None => Cell::absent(),
            }
        }),
        Column::region(|row, _| Cell::region(&row.service.arn)),
        Column::text("MESSAGE", 30, 0, |row: &Row, _| {
            Cell::new(brief(row.message()), tone(row.message()))
        })
        .grow(400),
    ],
    needs: |scope, store| needs(scope.of.as_ref(), store),
    rows,
    subject: |row| {
        let id = row.event().map_or("", |event| event.id.as_str());
        Subject::part(&row.service.arn, id)
    },
    health: |row, _| match tone(row.message()) {
        Tone::Error => Health::Sick,
        Tone::Warn => Health::Warn,
        Tone::Progress => Health::Moving,
        Tone::Ok => Health::Ok,
        _ => Health::Done,
    },
    moving: |_| false,
    order: |one, two| one.index.cmp(&two.index),
    sick_first: false,
    when_empty: "",
    live: None,
    enter: |subject, _, _| Some(Step::Describe("events", subject.clone())),
    links: &[],
    page_needs: |subject, store| needs(Some(subject), store),
    page,
};

/// The query for a service by itself, or for the clusters as long as its own is not known.
pub(super) fn needs(service: Option<&Subject>, store: &Store) -> Vec<Query> {
    let Some(service) = service else {
        return Vec::new();
    };
    match store.cluster_of(&service.arn) {
        Some(cluster) => vec![Query::Service {
            cluster,
            service: service.arn.clone(),
        }],
        None => vec![store.around(&service.arn, Query::Clusters)],
    }
}

fn rows(scope: &Scope, store: &Store) -> Vec<Row> {
    let service = scope
        .of
        .as_ref()
        .and_then(|subject| store.service(&subject.arn));
    let Some(service) = service else {
        return Vec::new();
    };
    (0..service.events.len())
        .map(|index| Row {
            service: Arc::clone(service),
            index,
        })
        .collect()
}

/// The words of an event without the `(service NAME) ` that begins all of them.
pub(super) fn tail(message: &str) -> &str {
    message
        .strip_prefix("(service ")
        .or_else(|| message.strip_prefix("service ("))
        .and_then(|rest| rest.split_once(") "))
        .map_or(message, |(_, tail)| tail)
}

/// What ECS ends the event of any trouble with.
const GUIDE: &str =
    " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

/// The words of an event for a narrow place: ids of tasks and instances as short as their tables show them, and no
/// reference to the guide.
pub(super) fn brief(message: &str) -> String {
    let is_id = |word: &str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = tail(message);
    let words = words.strip_suffix(GUIDE).unwrap_or(words);
    let words = words.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .map(|piece| {
            let word = piece.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            if is_id(word) {
                format!("{}{}", &word[..8], &piece[word.len()..])
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

/// What the words of an event mean.
pub(super) fn tone(message: &str) -> Tone {
    let message = tail(message).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&[
        "unable to",
        "deployment failed",
        "failed",
        "unhealthy",
        "not healthy",
        "could not launch",
        "misconfigured",
        "iam permissions policies",
        "rolling back",
    ]) {
        // A replaced task is told of in the same breath as the start of its successor.
        if message.starts_with("has started") || message.starts_with("rolling back") {
            return Tone::Warn;
        }
        return Tone::Error;
    }
    if says(&["throttled", "tasks under protection"]) {
        return Tone::Warn;
    }
    if says(&["steady state", "deployment completed"]) {
        return Tone::Ok;
    }
    if says(&["has started", "registered"]) && !message.contains("deregistered") {
        return Tone::Progress;
    }
    Tone::Muted
}

/// What to look at after an event that tells of trouble: words of the event, and the advice.
const ADVICE: &[(&str, &str)] = &[
    (
        "unable to consistently start",
        "Tasks stop before they run, and ECS waits longer between attempts: see the reasons of the stopped tasks.",
    ),
    (
        "insufficient cpu",
        "No container instance has enough CPU left: compare the task's CPU with what the instances have free.",
    ),
    (
        "insufficient memory",
        "No container instance has enough memory left: compare the task's memory with what the instances have free.",
    ),
    (
        "already using a port",
        "The fixed host port is taken on every instance: let ECS pick one (host port 0), or add instances.",
    ),
    (
        "network interfaces",
        "The instances have no network interface left: use larger ones, or switch on awsvpcTrunking.",
    ),
    (
        "missing an attribute",
        "No instance has all that the task definition asks for: compare architecture, agent version and constraints.",
    ),
    (
        "encountered error \"agent\"",
        "The ECS agent of the instance is not connected: see the instances of the cluster.",
    ),
    (
        "no container instances were found",
        "The cluster has no container instances: see its capacity providers and Auto Scaling groups.",
    ),
    (
        "capacity is unavailable",
        "Fargate has no capacity in these zones at the moment: add subnets in other zones, or wait.",
    ),
    (
        "reached the limit",
        "The account's Fargate quota is used up: stop tasks, or ask for a higher quota.",
    ),
    (
        "above your limit",
        "The task asks for more CPU or memory than the account may use: ask for a higher quota.",
    ),
    (
        "provisioning capacity limit",
        "Too many tasks of the cluster wait for capacity (500 at most): wait, or add capacity.",
    ),
    (
        "unable to assume the role",
        "The role's trust policy does not let ECS tasks use it, or the role was made moments ago.",
    ),
    (
        "failed to register targets",
        "The target group does not fit: compare its VPC and target type with the network mode of the task.",
    ),
    (
        "failed container health checks",
        "The health check of the task definition fails: does its command exist in the image, is the start period long enough?",
    ),
    (
        "is unhealthy in",
        "The load balancer's check fails: compare its path, port and codes with the app, and the grace period with its start.",
    ),
    (
        "deployment failed",
        "The circuit breaker ended the deployment: see the reasons of the stopped tasks of its revision.",
    ),
    (
        "service deployment configuration",
        "Minimum and maximum percent leave no room for a single task: raise the maximum or lower the minimum.",
    ),
    (
        "being throttled",
        "The account calls the API too often: ECS goes on by itself.",
    ),
    (
        "under protection",
        "Protected tasks are not stopped: the protection has to end first.",
    ),
];

/// What to look at after an event, where that is known.
pub(super) fn advice(message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    ADVICE
        .iter()
        .find(|(words, _)| message.contains(words))
        .map(|(_, advice)| *advice)
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let service = cx.store.service(&subject.arn)?;
    let event = service.event(subject.part.as_deref()?)?;
    let mut page = Page::new(format!("event of {}", service.name));
    page.heading("Event");
    page.time("time", event.at, cx.now);
    page.toned(
        "message",
        tail(&event.message).to_owned(),
        tone(&event.message),
    );
    if let Some(advice) = advice(&event.message) {
        page.field("look at", advice);
    }
    page.field("id", event.id.clone());
    page.heading("Service");
    page.field("name", service.name.clone());
    page.field("arn", service.arn.to_string());
    page.field("whole text", event.message.clone());
    Some(page)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn events_are_brief_in_narrow_places() {
        assert_eq!(
            brief(
                "(service api) was unable to place a task. The closest matching (container-instance \
                 0123456789abcdef0123456789abcdef) has insufficient memory available. For more information, see the \
                 Troubleshooting section of the Amazon ECS Developer Guide."
            ),
            "was unable to place a task. The closest matching (container-instance 01234567) has insufficient memory \
             available."
        );
        assert_eq!(
            brief("(service api) has started 2 tasks."),
            "has started 2 tasks."
        );
    }

    #[rstest]
    #[case("(service api) has reached a steady state.", Tone::Ok)]
    #[case("(service api) (deployment ecs-svc/1) deployment completed.", Tone::Ok)]
    #[case(
        "(service api) has started 2 tasks: (task a) (task b).",
        Tone::Progress
    )]
    #[case(
        "(service api) registered 1 targets in (target-group arn)",
        Tone::Progress
    )]
    #[case(
        "(service api) deregistered 1 targets in (target-group arn)",
        Tone::Muted
    )]
    #[case("(service api) has stopped 1 running tasks: (task a).", Tone::Muted)]
    #[case(
        "(service api) has begun draining connections on 1 tasks.",
        Tone::Muted
    )]
    #[case(
        "(service api) is unable to consistently start tasks successfully.",
        Tone::Error
    )]
    #[case(
        "(service api) (task a) (port 80) is unhealthy in (target-group arn) due to (reason Request timed out)",
        Tone::Error
    )]
    #[case("(service api) (task a) failed container health checks.", Tone::Error)]
    #[case(
        "(service api) (deployment ecs-svc/1) deployment failed: tasks failed to start.",
        Tone::Error
    )]
    #[case(
        "(service api) has started 1 tasks: (task a). Amazon ECS replaced 1 tasks due to an unhealthy status.",
        Tone::Warn
    )]
    #[case(
        "(service api) operations are being throttled. Will try again later.",
        Tone::Warn
    )]
    #[case("something new", Tone::Muted)]
    #[case("", Tone::Muted)]
    fn events_have_a_tone(#[case] message: &str, #[case] expected: Tone) {
        assert_eq!(tone(message), expected);
    }

    #[rstest]
    #[case("(service api) has stopped", "has stopped")]
    #[case("(service api, taskSet ecs-svc/1) has stopped", "has stopped")]
    #[case("service (api) has stopped", "has stopped")]
    #[case("has stopped", "has stopped")]
    fn the_name_of_the_service_is_left_out(#[case] message: &str, #[case] expected: &str) {
        assert_eq!(tail(message), expected);
    }

    #[test]
    fn trouble_comes_with_advice() {
        let message = "(service api) was unable to place a task because no container instance met all of its \
            requirements. The closest matching (container-instance c) has insufficient memory available.";
        assert!(advice(message).is_some_and(|advice| advice.contains("memory")));
        assert_eq!(advice("(service api) has reached a steady state."), None);
    }
}
