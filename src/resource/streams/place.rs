//! Where the log of a container is to be read, or in words where it is instead.

use std::sync::Arc;

use crate::{
    model::{
        Container, ContainerDefinition, LogConfiguration, LogGroup, LogPlace, Query, Task,
        TaskDefinition,
    },
    resource::definition::{log_option, log_stream},
    store::Store,
};

/// Where the log of a container is.
pub(super) enum Place {
    /// It can be read there.
    Read(LogPlace),
    /// It cannot be read from here, with the reason and where to look.
    Elsewhere(String),
    /// That is not known yet, with what is waited for.
    Waiting(&'static str),
}

/// The log driver of a container, where its definition names one.
pub(super) fn driver(defined: &ContainerDefinition) -> Option<&str> {
    defined.log.as_ref().map(|log| log.driver.as_str())
}

/// Where the log of a container of a task is.
pub(super) fn place(task: &Task, name: &str, store: &Store) -> Place {
    let known = store
        .engine_containers(&task.arn)
        .any(|(_, container)| container.name == name);
    let engine = || {
        let host = store.host_of(&task.arn).map(Arc::new);
        let reachable = known || store.has_host_engines() && host.is_some();
        reachable.then_some(Place::Read(LogPlace::Engine { host }))
    };
    let Some(definition) = store.definition(&task.definition) else {
        // Where the definition cannot be had, an engine that has the container will do.
        let query = Query::Definition {
            definition: task.definition.clone(),
        };
        let denied = store.listing(&query).fault().is_some();
        return match engine().filter(|_| known && denied) {
            Some(place) => place,
            None => Place::Waiting("its task definition"),
        };
    };
    let defined = definition
        .containers
        .iter()
        .find(|defined| defined.name == name);
    let log = defined.and_then(|defined| defined.log.as_ref());
    match (defined, log) {
        (Some(defined), Some(log)) if log.driver == "awslogs" => {
            cloudwatch(task, defined, log, task.container(name))
        }
        (_, Some(log)) if log.driver == "none" => {
            Place::Elsewhere("its log driver is none: what it writes is thrown away".to_owned())
        }
        _ => engine().unwrap_or_else(|| Place::Elsewhere(elsewhere(task, log, definition, store))),
    }
}

/// Where the `awslogs` driver writes: without a prefix, which only EC2 allows, the stream is called as the engine's
/// container (ECS developer guide, "awslogs-stream-prefix").
fn cloudwatch(
    task: &Task,
    defined: &ContainerDefinition,
    log: &LogConfiguration,
    container: Option<&Container>,
) -> Place {
    let Some(group) = log_option(log, "awslogs-group") else {
        return Place::Elsewhere("its log driver is awslogs, but without awslogs-group".to_owned());
    };
    let region = log_option(log, "awslogs-region").unwrap_or_else(|| task.cluster.region());
    let stream = match log_stream(defined, &task.arn) {
        Some((_, stream)) => stream,
        None => match container.and_then(|container| container.runtime_id.clone()) {
            Some(id) => id,
            None if task.is_stopped() => {
                return Place::Elsewhere("it never started, and wrote nothing".to_owned());
            }
            None => return Place::Waiting("its container to be created"),
        },
    };
    Place::Read(LogPlace::CloudWatch {
        group: LogGroup {
            region: region.to_owned(),
            name: group.to_owned(),
        },
        stream,
    })
}

/// Says where a log is that cannot be read from here.
fn elsewhere(
    task: &Task,
    log: Option<&LogConfiguration>,
    definition: &TaskDefinition,
    store: &Store,
) -> String {
    let is_fargate = task.launch_type.as_deref() == Some("FARGATE")
        || task
            .capacity_provider
            .as_deref()
            .is_some_and(|provider| provider.starts_with("FARGATE"));
    let host = || match store.host_of(&task.arn) {
        Some(host) => format!("on {}", host.ec2_id),
        None => "on its host".to_owned(),
    };
    let Some(log) = log else {
        return if is_fargate {
            "it has no log configuration, and Fargate keeps nothing: what it writes is lost"
                .to_owned()
        } else {
            format!(
                "it has no log configuration: the engine {} keeps what it writes; connect to that engine",
                host()
            )
        };
    };
    let option = |names: &[&str]| names.iter().find_map(|name| log_option(log, name));
    let at = |place: &str, names: &[&str]| match option(names) {
        Some(value) => format!("look in {place} at {value}"),
        None => format!("look in {place}"),
    };
    let driver = log.driver.as_str();
    let look = match driver {
        "json-file" | "local" | "journald" => {
            format!("the engine {} keeps it; connect to that engine", host())
        }
        "awsfirelens" => firelens(log, definition),
        "splunk" => at("Splunk", &["splunk-url"]),
        "fluentd" => at("fluentd", &["fluentd-address"]),
        "gelf" => at("Graylog", &["gelf-address"]),
        "syslog" => at("syslog", &["syslog-address"]),
        "logentries" => "look in Logentries".to_owned(),
        _ => "look where that sends it".to_owned(),
    };
    format!("its log driver is {driver}: {look}")
}

/// Says who routes the log of a container with `FireLens`: the sidecar, by an output that the options may name.
fn firelens(log: &LogConfiguration, definition: &TaskDefinition) -> String {
    let mut images = definition.containers.iter();
    let router = images
        .clone()
        .find(|defined| defined.name.contains("log_router") || defined.name.contains("log-router"))
        .or_else(|| {
            images.find(|defined| {
                defined.image.contains("fluent-bit") || defined.image.contains("fluentd")
            })
        });
    let to = ["Name", "@type"]
        .iter()
        .find_map(|name| log_option(log, name))
        .map_or_else(String::new, |output| format!(" to {output}"));
    match router {
        Some(router) => format!("the container {} routes it{to}", router.name),
        None => format!("a sidecar routes it{to}"),
    }
}
