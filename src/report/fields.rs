//! The fields of the JSON: what each is called, what it may be, what it means. Their page is made from the same tables.

use serde_json::{Map, Value, json};

use super::{
    Kind, health_word,
    items::{ContainerItem, EventItem, ImageItem, Judged, time},
};
use crate::model::{Arn, Cluster, Service, Tag, Task};

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    MaybeText,
    Number,
    MaybeNumber,
    Flag,
    MaybeFlag,
    /// RFC 3339 in UTC, or null.
    Time,
    Texts,
    Objects,
    Map,
    MaybeMap,
}

impl Shape {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::MaybeText => "string or null",
            Self::Number => "number",
            Self::MaybeNumber => "number or null",
            Self::Flag => "boolean",
            Self::MaybeFlag => "boolean or null",
            Self::Time => "time or null",
            Self::Texts => "array of strings",
            Self::Objects => "array of objects",
            Self::Map => "object",
            Self::MaybeMap => "object or null",
        }
    }

    /// Whether a value is of this shape.
    #[cfg(test)]
    pub(super) fn takes(self, value: &Value) -> bool {
        let all = |is: fn(&Value) -> bool| {
            let items = value.as_array();
            items.is_some_and(|items| items.iter().all(is))
        };
        let is_time = |text: &str| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok();
        match self {
            Self::Text => value.is_string(),
            Self::MaybeText => value.is_string() || value.is_null(),
            Self::Number => value.is_i64(),
            Self::MaybeNumber => value.is_i64() || value.is_null(),
            Self::Flag => value.is_boolean(),
            Self::MaybeFlag => value.is_boolean() || value.is_null(),
            Self::Time => value.is_null() || value.as_str().is_some_and(is_time),
            Self::Texts => all(Value::is_string),
            Self::Objects => all(Value::is_object),
            Self::Map => value.is_object(),
            Self::MaybeMap => value.is_object() || value.is_null(),
        }
    }
}

/// A field of the objects made from things of type `T`.
pub(super) struct Field<T> {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) about: &'static str,
    pub(super) value: fn(&T) -> Value,
}

const fn field<T>(
    name: &'static str,
    shape: Shape,
    about: &'static str,
    value: fn(&T) -> Value,
) -> Field<T> {
    Field {
        name,
        shape,
        about,
        value,
    }
}

const HEALTH: &str = "`sick`, `warn`, `moving`, `ok`, `done` or `unknown`; the first two are what `--unhealthy` lists";

pub(super) const CLUSTER: &[Field<Judged<Cluster>>] = &[
    field("name", Shape::Text, "The name", |one| json!(one.thing.name)),
    field("arn", Shape::Text, "The ARN", |one| arn(&one.thing.arn)),
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

pub(super) const SERVICE: &[Field<Judged<Service>>] = &[
    field("name", Shape::Text, "The name", |one| json!(one.thing.name)),
    field("arn", Shape::Text, "The ARN", |one| arn(&one.thing.arn)),
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

pub(super) const TASK: &[Field<Judged<Task>>] = &[
    field("id", Shape::Text, "The whole id", |one| {
        json!(one.thing.arn.name())
    }),
    field("arn", Shape::Text, "The ARN", |one| arn(&one.thing.arn)),
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
        "Its address, in awsvpc mode",
        |one| json!(one.thing.private_ip),
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

pub(super) const CONTAINER: &[Field<ContainerItem>] = &[
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

pub(super) const IMAGE: &[Field<ImageItem>] = &[
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

pub(super) const EVENT: &[Field<EventItem>] = &[
    field("id", Shape::Text, "The id that ECS gave it", |one| {
        json!(one.event.id)
    }),
    field("at", Shape::Time, "When it happened", |one| {
        time(one.event.at)
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

fn arn(arn: &Arn) -> Value {
    json!(arn.as_str())
}

fn tags(tags: &[Tag]) -> Value {
    let tags = tags.iter().map(|tag| (tag.key.clone(), json!(tag.value)));
    Value::Object(tags.collect())
}

const INTRODUCTION: &str = "\
# The JSON of `ecsight get`

`ecsight get <kind> -o json` writes one object:

| Field | Type | What |
| --- | --- | --- |
| `kind` | string | What is listed: `services` |
| `region` | string | The region that was asked |
| `account` | string or null | The account, twelve digits; null if nobody told |
| `complete` | boolean | False if something could not be had: the items are then only what is known, and the exit code is 3 |
| `items` | array of objects | A row each, in the order of the table |

Every item has all fields of its kind. Fields may be added in later versions; none is renamed, taken away or given
another type without a new major version. Times are RFC 3339 in UTC. Values of environment variables are never in it.
Characters that could act on a terminal are written as `\\u` escapes, which every reader of JSON understands.
";

/// What all fields are, as a page.
pub(super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for kind in Kind::ALL {
        page.push_str(&format!(
            "\n## {}\n\n| Field | Type | What |\n| --- | --- | --- |\n",
            kind.id()
        ));
        page.push_str(&match kind {
            Kind::Clusters => lines(CLUSTER),
            Kind::Services => lines(SERVICE),
            Kind::Tasks => lines(TASK),
            Kind::Containers => lines(CONTAINER),
            Kind::Images => lines(IMAGE),
            Kind::Events => lines(EVENT),
        });
    }
    page
}

fn lines<T>(fields: &[Field<T>]) -> String {
    fields
        .iter()
        .map(|field| {
            format!(
                "| `{}` | {} | {} |\n",
                field.name,
                field.shape.words(),
                field.about
            )
        })
        .collect()
}
