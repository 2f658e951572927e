//! Tasks and their containers, running and stopped.

use std::time::Duration;

use aws_sdk_ecs::client::Waiters;
use aws_sdk_ecs::types::DesiredStatus;
use ecsight::model::{Container, Entity, Query, Task, TaskFilter};
use serde_json::{Value, json};

use super::Kind;
use super::compare::{check_tags, check_time, find, whole};
use super::server::Server;
use crate::servers;
use crate::support::wire::{amount, items, number, some, text};

/// Running tasks with their containers.
pub(super) async fn running_tasks(server: &Server) {
    let cluster = server.cluster(server.kind.steady()).await;
    let read = server.tasks(&cluster.arn, TaskFilter::All, false).await;
    let told = server.told_tasks(&cluster.arn, json!({})).await;
    assert!(!read.is_empty());
    assert_eq!(read.len(), told.len());
    for task in &read {
        check_task(task, find(&told, "taskArn", &task.arn));
        assert!(!task.containers.is_empty());
        assert_eq!(task.desired_status, "RUNNING");

        let one = server
            .fetch(Query::Task {
                cluster: cluster.arn.clone(),
                task: task.arn.clone(),
            })
            .await;
        assert_eq!(one.entities, [Entity::Task(Box::new(task.clone()))]);
    }
}

/// Waits until a task of a service that fails again and again has failed, if none has yet.
async fn outlive_a_task(cluster: &str, service: &str) {
    let ecs = servers::ecs(&servers::ministack()).await;
    let list = |status| {
        let request = ecs.list_tasks().cluster(cluster).service_name(service);
        request.desired_status(status).send()
    };
    let stopped = list(DesiredStatus::Stopped).await.unwrap();
    if !stopped.task_arns().is_empty() {
        return;
    }
    let running = list(DesiredStatus::Running).await.unwrap();
    ecs.wait_until_tasks_stopped()
        .cluster(cluster)
        .set_tasks(running.task_arns)
        .wait(Duration::from_mins(2))
        .await
        .unwrap();
}

/// Stopped tasks with their stop codes, reasons and exit codes.
pub(super) async fn stopped_tasks(server: &Server) {
    let Some(name) = server.kind.with_stopped_tasks() else {
        let cluster = server.cluster(server.kind.steady()).await;
        let read = server.tasks(&cluster.arn, TaskFilter::All, true).await;
        assert!(
            read.is_empty(),
            "this server has stopped tasks now: {read:?}"
        );
        return;
    };
    let cluster = server.cluster(name).await;
    if server.kind == Kind::MiniStack {
        outlive_a_task(name, "importer").await;
    }
    let read = server.tasks(&cluster.arn, TaskFilter::All, true).await;
    let request = json!({"desiredStatus": "STOPPED"});
    let told = server.told_tasks(&cluster.arn, request).await;
    assert!(!read.is_empty());
    for task in read.iter().filter(|task| task.is_stopped()) {
        check_task(task, find(&told, "taskArn", &task.arn));
        assert!(task.stop_code.is_some(), "{task:?}");
        assert!(task.stopped_reason.is_some(), "{task:?}");
        assert!(task.stopped_at.is_some(), "{task:?}");
    }
    let mut containers = read.iter().flat_map(|task| &task.containers);
    assert!(
        containers.any(|container| container.exit_code.is_some_and(|code| code != 0)),
        "no container failed"
    );
}

fn check_task(task: &Task, told: &Value) {
    assert_eq!(task.group, text(&told["group"]));
    assert_eq!(task.started_by.as_deref(), some(&told["startedBy"]));
    assert_eq!(task.definition.as_str(), text(&told["taskDefinitionArn"]));
    assert_eq!(task.cluster.as_str(), text(&told["clusterArn"]));
    assert_eq!(task.last_status, text(&told["lastStatus"]));
    assert_eq!(task.desired_status, text(&told["desiredStatus"]));
    assert_eq!(
        task.health,
        some(&told["healthStatus"]).unwrap_or("UNKNOWN")
    );
    assert_eq!(task.launch_type.as_deref(), some(&told["launchType"]));
    assert_eq!(
        task.capacity_provider.as_deref(),
        some(&told["capacityProviderName"])
    );
    assert_eq!(task.cpu, amount(&told["cpu"]));
    assert_eq!(task.memory, amount(&told["memory"]));
    assert_eq!(task.zone.as_deref(), some(&told["availabilityZone"]));
    assert_eq!(
        whole(task.instance.as_ref()),
        some(&told["containerInstanceArn"])
    );
    let details = items(&told["attachments"])
        .iter()
        .flat_map(|attachment| items(&attachment["details"]));
    let mut addresses = details.filter(|detail| detail["name"] == "privateIPv4Address");
    if let Some(address) = addresses.next() {
        assert_eq!(task.private_ip.as_deref(), some(&address["value"]));
    }
    for (read, key) in [
        (task.created_at, "createdAt"),
        (task.pull_started_at, "pullStartedAt"),
        (task.pull_stopped_at, "pullStoppedAt"),
        (task.started_at, "startedAt"),
        (task.stopping_at, "stoppingAt"),
        (task.stopped_at, "stoppedAt"),
    ] {
        check_time(read, &told[key]);
    }
    assert_eq!(task.stop_code.as_deref(), some(&told["stopCode"]));
    assert_eq!(task.stopped_reason.as_deref(), some(&told["stoppedReason"]));
    assert_eq!(task.version, number(&told["version"]));
    check_tags(&task.tags, &told["tags"]);
    let containers = items(&told["containers"]);
    assert_eq!(task.containers.len(), containers.len());
    for (container, told) in task.containers.iter().zip(containers) {
        check_container(container, told);
    }
}

fn check_container(container: &Container, told: &Value) {
    assert_eq!(container.name, text(&told["name"]));
    assert_eq!(container.image, text(&told["image"]));
    assert_eq!(container.digest.as_deref(), some(&told["imageDigest"]));
    assert_eq!(container.runtime_id.as_deref(), some(&told["runtimeId"]));
    assert_eq!(container.last_status, text(&told["lastStatus"]));
    assert_eq!(
        container.health,
        some(&told["healthStatus"]).unwrap_or("UNKNOWN")
    );
    assert_eq!(
        container.exit_code.map(i64::from),
        told["exitCode"].as_i64()
    );
    assert_eq!(container.reason.as_deref(), some(&told["reason"]));
    assert_eq!(
        container.cpu,
        amount(&told["cpu"]).filter(|share| *share != 0)
    );
    assert_eq!(container.memory, amount(&told["memory"]));
    assert_eq!(
        container.memory_reservation,
        amount(&told["memoryReservation"])
    );
    let bindings = items(&told["networkBindings"]);
    assert_eq!(container.bindings.len(), bindings.len());
    for (binding, told) in container.bindings.iter().zip(bindings) {
        assert_eq!(binding.ip, text(&told["bindIP"]));
        assert_eq!(i64::from(binding.container), number(&told["containerPort"]));
        assert_eq!(i64::from(binding.host), number(&told["hostPort"]));
    }
}

/// Tasks of a service, of a family and of an instance.
pub(super) async fn some_tasks(server: &Server) {
    let cluster = server.cluster(server.kind.steady()).await;
    let all = server.tasks(&cluster.arn, TaskFilter::All, false).await;
    let mut filters = Vec::new();
    let family = all[0].definition.family().to_owned();
    filters.push((json!({"family": family}), TaskFilter::Family(family)));
    let services = server.services(&cluster.arn).await;
    let name = services[0].name.clone();
    filters.push((json!({"serviceName": name}), TaskFilter::Service(name)));
    if let Some(instance) = all.iter().find_map(|task| task.instance.clone()) {
        let request = json!({"containerInstance": instance.as_str()});
        filters.push((request, TaskFilter::Instance(instance)));
    }
    for (request, filter) in filters {
        let read = server.tasks(&cluster.arn, filter.clone(), false).await;
        let mut read: Vec<_> = read.iter().map(|task| task.arn.as_str()).collect();
        let told = server.told_tasks(&cluster.arn, request).await;
        let mut told: Vec<_> = told.iter().map(|task| text(&task["taskArn"])).collect();
        read.sort_unstable();
        told.sort_unstable();
        assert_eq!(read, told, "{filter:?}");
    }
}
