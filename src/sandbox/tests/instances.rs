//! Container instances that drain and come back.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::error::ProvideErrorMetadata as _;
use aws_sdk_ecs::types::{ContainerInstance, ContainerInstanceStatus, Task};

use super::Scene;

const CLUSTER: &str = "prod-web";
/// A service whose deployment finds no place: its old tasks have to stay.
const STUCK: &str = "service:search-indexer";

async fn instances(ecs: &Client) -> Vec<ContainerInstance> {
    let listed = ecs
        .list_container_instances()
        .cluster(CLUSTER)
        .send()
        .await
        .unwrap();
    let describe = ecs.describe_container_instances().cluster(CLUSTER);
    let found = describe
        .set_container_instances(listed.container_instance_arns)
        .send()
        .await;
    found.unwrap().container_instances.unwrap()
}

/// The tasks of services on an instance that are wanted there.
async fn tasks_on(ecs: &Client, arn: &str) -> Vec<Task> {
    let list = ecs.list_tasks().cluster(CLUSTER).container_instance(arn);
    let arns = list.send().await.unwrap().task_arns.unwrap();
    if arns.is_empty() {
        return Vec::new();
    }
    let found = ecs
        .describe_tasks()
        .cluster(CLUSTER)
        .set_tasks(Some(arns))
        .send()
        .await;
    let tasks = found.unwrap().tasks.unwrap().into_iter();
    tasks
        .filter(|task| task.group().unwrap().starts_with("service:"))
        .collect()
}

#[tokio::test]
async fn the_tasks_of_a_draining_instance_go_elsewhere() {
    let scene = Scene::demo().await;
    let set = async |arn: &str, status| {
        let update = scene
            .ecs
            .update_container_instances_state()
            .cluster(CLUSTER);
        let update = update
            .container_instances(arn)
            .container_instances("0123")
            .status(status);
        update.send().await.unwrap()
    };
    let mut chosen = None;
    for instance in instances(&scene.ecs).await {
        let arn = instance.container_instance_arn().unwrap().to_owned();
        let serves = instance.agent_connected() && instance.status() == Some("ACTIVE");
        if serves && !tasks_on(&scene.ecs, &arn).await.is_empty() {
            chosen = Some((arn, instance.version()));
            break;
        }
    }
    let (arn, version) = chosen.unwrap();
    let updated = set(&arn, ContainerInstanceStatus::Draining).await;
    assert_eq!(updated.failures()[0].reason(), Some("MISSING"));
    let instance = &updated.container_instances()[0];
    assert_eq!(instance.status(), Some("DRAINING"));
    assert!(instance.version() > version);
    let gone = async |ecs: &Client| {
        let left = tasks_on(ecs, &arn).await;
        left.iter().all(|task| task.group() == Some(STUCK))
    };
    scene.until(gone).await;
    let updated = set(&arn, ContainerInstanceStatus::Active).await;
    assert_eq!(updated.container_instances()[0].status(), Some("ACTIVE"));
    // The agents that run on every instance come back first.
    scene.until(async |ecs| !gone(ecs).await).await;
}

#[tokio::test]
async fn ten_instances_at_most_and_two_states_only() {
    let scene = Scene::demo().await;
    let update = || {
        scene
            .ecs
            .update_container_instances_state()
            .cluster(CLUSTER)
    };
    let many = vec!["0123".to_owned(); 11];
    let refused = update().set_container_instances(Some(many));
    let refused = refused
        .status(ContainerInstanceStatus::Draining)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        refused.message(),
        Some("instanceIds can have at most 10 items.")
    );
    let refused = update().container_instances("0123");
    let refused = refused
        .status(ContainerInstanceStatus::Registering)
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterException"));
}
