//! The fields of tasks, containers and images.

use serde_json::{Map, Value, json};

use super::{Field, HEALTH, Shape, arn, field, tags};
use crate::{
    model::Task,
    report::{
        health_word,
        items::{ContainerItem, ImageItem, Judged, time},
    },
};

pub(in crate::report) const TASK: &[Field<Judged<Task>>] = &[
    field("id", Shape::Text, "The whole id", |one| {
        json!(one.thing.arn.name())
    }),
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
    field(
        "service",
        Shape::MaybeText,
        "The name of its service; null if it has none",
        |one| json!(one.thing.service_name()),
    ),
    field(
        "group",
        Shape::Text,
        "`service:…`, `family:…`, or what it was run with",
        |one| json!(one.thing.group),
    ),
    field("health", Shape::Text, HEALTH, |one| {
        json!(health_word(one.health))
    }),
    field(
        "condition",
        Shape::Text,
        "The status as the table shows it",
        |one| json!(one.word),
    ),
    field(
        "status",
        Shape::Text,
        "`PROVISIONING`, …, `RUNNING`, …, `STOPPED`",
        |one| json!(one.thing.last_status),
    ),
    field(
        "desired_status",
        Shape::Text,
        "Where ECS wants it: `RUNNING` or `STOPPED`",
        |one| json!(one.thing.desired_status),
    ),
    field(
        "health_check",
        Shape::Text,
        "What the checks of its containers say: `HEALTHY`, `UNHEALTHY` or `UNKNOWN`",
        |one| json!(one.thing.health),
    ),
    field(
        "task_definition",
        Shape::Text,
        "The ARN of its revision",
        |one| arn(&one.thing.definition),
    ),
    field(
        "launch_type",
        Shape::MaybeText,
        "`EC2`, `FARGATE` or `EXTERNAL`",
        |one| json!(one.thing.launch_type),
    ),
    field("capacity_provider", Shape::MaybeText, "Its name", |one| {
        json!(one.thing.capacity_provider)
    }),
    field(
        "cpu_units",
        Shape::MaybeNumber,
        "CPU reserved for the whole task, 1024 a core",
        |one| json!(one.thing.cpu),
    ),
    field(
        "memory_mib",
        Shape::MaybeNumber,
        "Memory of the whole task",
        |one| json!(one.thing.memory),
    ),
    field(
        "private_ip",
        Shape::MaybeText,
        "Its IPv4 address, in awsvpc mode",
        |one| json!(one.thing.private_ip),
    ),
    field(
        "ipv6",
        Shape::MaybeText,
        "Its IPv6 address, in awsvpc mode",
        |one| json!(one.thing.ipv6),
    ),
    field("zone", Shape::MaybeText, "The availability zone", |one| {
        json!(one.thing.zone)
    }),
    field(
        "container_instance",
        Shape::MaybeText,
        "The ARN of its host, on EC2",
        |one| one.thing.instance.as_ref().map_or(Value::Null, arn),
    ),
    field(
        "containers",
        Shape::Texts,
        "The names of its containers",
        |one| {
            let names = one.thing.containers.iter().map(|container| &container.name);
            json!(names.collect::<Vec<_>>())
        },
    ),
    field(
        "execute_command",
        Shape::Flag,
        "Whether ECS Exec is switched on",
        |one| json!(one.thing.execute_command),
    ),
    field("created_at", Shape::Time, "When it was asked for", |one| {
        time(one.thing.created_at)
    }),
    field(
        "started_at",
        Shape::Time,
        "When it reached RUNNING",
        |one| time(one.thing.started_at),
    ),
    field(
        "stopping_at",
        Shape::Time,
        "When it was told to stop",
        |one| time(one.thing.stopping_at),
    ),
    field("stopped_at", Shape::Time, "When it had stopped", |one| {
        time(one.thing.stopped_at)
    }),
    field(
        "stop_code",
        Shape::MaybeText,
        "Why it stopped, as a code",
        |one| json!(one.thing.stop_code),
    ),
    field(
        "stopped_reason",
        Shape::MaybeText,
        "Why it stopped, in words",
        |one| json!(one.thing.stopped_reason),
    ),
    field("tags", Shape::Map, "Tags by key", |one| {
        tags(&one.thing.tags)
    }),
];

pub(in crate::report) const CONTAINER: &[Field<ContainerItem>] = &[
    field(
        "name",
        Shape::Text,
        "The name in the task definition",
        |one| json!(one.container.name),
    ),
    field("task", Shape::Text, "The whole id of its task", |one| {
        json!(one.task.arn.name())
    }),
    field("task_arn", Shape::Text, "The ARN of its task", |one| {
        arn(&one.task.arn)
    }),
    field("region", Shape::Text, "The region that it is in", |one| {
        json!(one.task.arn.region())
    }),
    field("cluster", Shape::Text, "The name of its cluster", |one| {
        json!(one.task.cluster.name())
    }),
    field(
        "service",
        Shape::MaybeText,
        "The name of its service; null if it has none",
        |one| json!(one.task.service_name()),
    ),
    field("health", Shape::Text, HEALTH, |one| {
        json!(health_word(one.health))
    }),
    field(
        "status",
        Shape::Text,
        "`PENDING`, `RUNNING`, `STOPPED`, …",
        |one| json!(one.container.last_status),
    ),
    field(
        "health_check",
        Shape::Text,
        "What its check says: `HEALTHY`, `UNHEALTHY` or `UNKNOWN`",
        |one| json!(one.container.health),
    ),
    field(
        "essential",
        Shape::MaybeFlag,
        "Whether its end ends the task; null if its definition could not be had",
        |one| json!(one.defined.as_ref().map(|defined| defined.essential)),
    ),
    field(
        "image",
        Shape::Text,
        "As the task definition names it",
        |one| json!(one.container.image),
    ),
    field(
        "digest",
        Shape::MaybeText,
        "The digest that was pulled, `sha256:…`",
        |one| json!(one.container.digest),
    ),
    field(
        "runtime_id",
        Shape::MaybeText,
        "The id that its engine gave it",
        |one| json!(one.container.runtime_id),
    ),
    field(
        "cpu_units",
        Shape::MaybeNumber,
        "CPU reserved, 1024 a core",
        |one| {
            json!(
                one.container
                    .cpu
                    .or(one.defined.as_ref().map(|defined| defined.cpu.into()))
            )
        },
    ),
    field(
        "memory_mib",
        Shape::MaybeNumber,
        "Memory at which it is killed",
        |one| {
            let defined = one.defined.as_ref().and_then(|defined| defined.memory);
            json!(one.container.memory.or(defined.map(i64::from)))
        },
    ),
    field(
        "memory_reservation_mib",
        Shape::MaybeNumber,
        "Memory reserved",
        |one| {
            let defined = one
                .defined
                .as_ref()
                .and_then(|defined| defined.memory_reservation);
            json!(one.container.memory_reservation.or(defined.map(i64::from)))
        },
    ),
    field(
        "bindings",
        Shape::Objects,
        "Ports published on the host: `ip`, `container`, `host`, `protocol`",
        |one| {
            let ports = one.container.bindings.iter().map(|port| {
            json!({ "ip": port.ip, "container": port.container, "host": port.host, "protocol": port.protocol })
        });
            ports.collect()
        },
    ),
    field(
        "exit_code",
        Shape::MaybeNumber,
        "How it ended; null as long as it runs, or if it never started",
        |one| json!(one.container.exit_code),
    ),
    field(
        "reason",
        Shape::MaybeText,
        "Why it ended or could not start, in words",
        |one| json!(one.container.reason),
    ),
    field(
        "started_at",
        Shape::Time,
        "When its task reached RUNNING",
        |one| time(one.task.started_at),
    ),
    field(
        "stopped_at",
        Shape::Time,
        "When its task had stopped",
        |one| time(one.task.stopped_at),
    ),
];

pub(in crate::report) const IMAGE: &[Field<ImageItem>] = &[
    field(
        "repository",
        Shape::Text,
        "The name of its repository",
        |one| json!(one.image.repository.name()),
    ),
    field(
        "repository_arn",
        Shape::Text,
        "The ARN of its repository",
        |one| arn(&one.image.repository),
    ),
    field("region", Shape::Text, "The region that it is in", |one| {
        json!(one.image.repository.region())
    }),
    field("digest", Shape::Text, "`sha256:…`", |one| {
        json!(one.image.digest)
    }),
    field("tags", Shape::Texts, "The tags that point to it", |one| {
        json!(one.image.tags)
    }),
    field(
        "status",
        Shape::Text,
        "`ACTIVE`, `ARCHIVED` or `ACTIVATING`",
        |one| json!(one.image.status),
    ),
    field(
        "size_bytes",
        Shape::MaybeNumber,
        "Compressed, as pushed; of an index, that of its largest image",
        |one| json!(one.image.size),
    ),
    field(
        "media_type",
        Shape::Text,
        "The media type of its manifest",
        |one| json!(one.image.media_type),
    ),
    field("pushed_at", Shape::Time, "When it was pushed", |one| {
        time(one.image.pushed_at)
    }),
    field(
        "pulled_at",
        Shape::Time,
        "When a pull was last recorded",
        |one| time(one.image.pulled_at),
    ),
    field(
        "scan",
        Shape::MaybeMap,
        "The last scan: `status`, `completed_at`, and `findings`, numbers by severity, or null if it told none",
        |one| {
            one.image.scan.as_ref().map_or(Value::Null, |scan| {
            let counts = scan.counts.as_ref();
            let findings: Option<Map<String, Value>> = counts
                .map(|counts| counts.iter().map(|(name, count)| (name.to_lowercase(), json!(count))).collect());
            json!({ "status": scan.status, "completed_at": time(scan.completed_at), "findings": findings })
        })
        },
    ),
    field(
        "services",
        Shape::Texts,
        "The services whose running tasks run it, each as `cluster/service`",
        |one| {
            let services = one.runners.services.iter();
            services
                .map(|(cluster, name)| json!(format!("{}/{name}", cluster.name())))
                .collect()
        },
    ),
    field(
        "tasks",
        Shape::Number,
        "How many running tasks run it",
        |one| json!(one.runners.tasks),
    ),
];
