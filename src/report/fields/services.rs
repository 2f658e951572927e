//! The fields of clusters, services and events.

use serde_json::{Value, json};

use super::{Field, HEALTH, Shape, arn, field, tags};
use crate::{
    model::{Cluster, Service},
    report::{
        health_word,
        items::{EventItem, Judged, time},
    },
};

pub(in crate::report) const CLUSTER: &[Field<Judged<Cluster>>] = &[
    field("name", Shape::Text, "The name", |one| json!(one.thing.name)),
    field("arn", Shape::Text, "The ARN", |one| arn(&one.thing.arn)),
    field("region", Shape::Text, "The region that it is in", |one| {
        json!(one.thing.arn.region())
    }),
    field("health", Shape::Text, HEALTH, |one| {
        json!(health_word(one.health))
    }),
    field(
        "status",
        Shape::Text,
        "`ACTIVE`, `PROVISIONING`, …",
        |one| json!(one.thing.status),
    ),
    field(
        "active_services",
        Shape::Number,
        "Services in state ACTIVE",
        |one| json!(one.thing.active_services),
    ),
    field(
        "draining_services",
        Shape::Number,
        "Services in state DRAINING",
        |one| json!(one.thing.draining_services),
    ),
    field(
        "running_tasks",
        Shape::Number,
        "Tasks in state RUNNING",
        |one| json!(one.thing.running_tasks),
    ),
    field(
        "pending_tasks",
        Shape::Number,
        "Tasks on their way there",
        |one| json!(one.thing.pending_tasks),
    ),
    field(
        "container_instances",
        Shape::Number,
        "Registered container instances",
        |one| json!(one.thing.instances),
    ),
    field("capacity_providers", Shape::Texts, "Their names", |one| {
        json!(one.thing.capacity_providers)
    }),
    field("tags", Shape::Map, "Tags by key", |one| {
        tags(&one.thing.tags)
    }),
];

pub(in crate::report) const SERVICE: &[Field<Judged<Service>>] = &[
    field("name", Shape::Text, "The name", |one| json!(one.thing.name)),
    field("arn", Shape::Text, "The ARN", |one| arn(&one.thing.arn)),
    field("region", Shape::Text, "The region that it is in", |one| {
        json!(one.thing.arn.region())
    }),
    field("cluster", Shape::Text, "The name of its cluster", |one| {
        json!(one.thing.cluster.name())
    }),
    field(
        "cluster_arn",
        Shape::Text,
        "The ARN of its cluster",
        |one| arn(&one.thing.cluster),
    ),
    field("health", Shape::Text, HEALTH, |one| {
        json!(health_word(one.health))
    }),
    field(
        "condition",
        Shape::Text,
        "The word that the table shows: `ok`, `rolling`, `failing`, `down`, …",
        |one| json!(one.word),
    ),
    field(
        "status",
        Shape::Text,
        "`ACTIVE`, `DRAINING` or `INACTIVE`",
        |one| json!(one.thing.status),
    ),
    field("desired", Shape::Number, "Tasks wanted", |one| {
        json!(one.thing.desired)
    }),
    field("running", Shape::Number, "Tasks in state RUNNING", |one| {
        json!(one.thing.running)
    }),
    field(
        "pending",
        Shape::Number,
        "Tasks on their way there",
        |one| json!(one.thing.pending),
    ),
    field(
        "task_definition",
        Shape::MaybeText,
        "The ARN of the revision that it is to run",
        |one| {
            let primary = one
                .thing
                .primary()
                .and_then(|primary| primary.task_definition.as_ref());
            primary
                .or(one.thing.task_definition.as_ref())
                .map_or(Value::Null, arn)
        },
    ),
    field(
        "rollout_state",
        Shape::MaybeText,
        "`IN_PROGRESS`, `COMPLETED` or `FAILED`, of its primary deployment",
        |one| {
            json!(
                one.thing
                    .primary()
                    .and_then(|primary| primary.rollout_state.as_ref())
            )
        },
    ),
    field(
        "rollout_reason",
        Shape::MaybeText,
        "The same in AWS's words",
        |one| {
            json!(
                one.thing
                    .primary()
                    .and_then(|primary| primary.rollout_reason.as_ref())
            )
        },
    ),
    field(
        "failed_tasks",
        Shape::Number,
        "Tasks that failed in a row, of its primary deployment",
        |one| json!(one.thing.primary().map_or(0, |primary| primary.failed)),
    ),
    field(
        "launch_type",
        Shape::MaybeText,
        "`EC2`, `FARGATE` or `EXTERNAL`; null with a capacity provider strategy",
        |one| json!(one.thing.launch_type),
    ),
    field(
        "capacity_providers",
        Shape::Texts,
        "Those of its strategy",
        |one| {
            let providers = one.thing.strategy.iter().map(|item| &item.provider);
            json!(providers.collect::<Vec<_>>())
        },
    ),
    field("scheduling", Shape::Text, "`REPLICA` or `DAEMON`", |one| {
        json!(one.thing.scheduling)
    }),
    field(
        "controller",
        Shape::Text,
        "`ECS`, `CODE_DEPLOY` or `EXTERNAL`",
        |one| json!(one.thing.controller),
    ),
    field(
        "execute_command",
        Shape::Flag,
        "Whether ECS Exec is switched on",
        |one| json!(one.thing.execute_command),
    ),
    field("created_at", Shape::Time, "When it was made", |one| {
        time(one.thing.created_at)
    }),
    field(
        "deployed_at",
        Shape::Time,
        "When its primary deployment began",
        |one| time(one.thing.primary().and_then(|primary| primary.created_at)),
    ),
    field(
        "last_event",
        Shape::MaybeMap,
        "Its newest event: `at`, a time or null, and `message`",
        |one| {
            let newest = one.thing.events.first();
            newest.map_or(
                Value::Null,
                |event| json!({ "at": time(event.at), "message": event.message }),
            )
        },
    ),
    field("tags", Shape::Map, "Tags by key", |one| {
        tags(&one.thing.tags)
    }),
];

pub(in crate::report) const EVENT: &[Field<EventItem>] = &[
    field("id", Shape::Text, "The id that ECS gave it", |one| {
        json!(one.event.id)
    }),
    field("at", Shape::Time, "When it happened", |one| {
        time(one.event.at)
    }),
    field("region", Shape::Text, "The region that it is in", |one| {
        json!(one.service.arn.region())
    }),
    field("cluster", Shape::Text, "The name of the cluster", |one| {
        json!(one.service.cluster.name())
    }),
    field("service", Shape::Text, "The name of the service", |one| {
        json!(one.service.name)
    }),
    field(
        "service_arn",
        Shape::Text,
        "The ARN of the service",
        |one| arn(&one.service.arn),
    ),
    field(
        "health",
        Shape::Text,
        "What it tells of: `sick`, `warn`, `moving`, `ok` or `done`",
        |one| json!(health_word(one.health)),
    ),
    field(
        "message",
        Shape::Text,
        "The words of the scheduler, whole",
        |one| json!(one.event.message),
    ),
];
