//! The servers that `./test` starts: how tests reach them, and proof that they are what tests take
//! them for.

use std::collections::HashMap;
use std::env;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_sdk_ecs::client::Waiters;
use aws_sdk_ecs::operation::list_services::ListServicesOutput;
use aws_sdk_ecs::types::{ContainerInstanceStatus, DesiredStatus};
use bollard::Docker;
use bollard::query_parameters::{ListContainersOptions, LogsOptions};
use futures::TryStreamExt;

use ecsight::{
    aws::{Clients, Settings, StaticKeys},
    model::Secret,
};

use crate::proxy::Proxy;

fn address(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run ./test, or start the servers with tests/servers/up and source .lab/env")
    })
}

/// The URL of the server whose ECS tasks are real containers.
pub fn ministack() -> String {
    address("ECSIGHT_TEST_MINISTACK")
}

/// The URL of the server that knows container instances.
pub fn moto() -> String {
    address("ECSIGHT_TEST_MOTO")
}

/// The Docker Engine that runs the containers.
pub async fn docker() -> Docker {
    let address = address("ECSIGHT_TEST_DOCKER");
    let docker = match address.strip_prefix("unix://") {
        Some(path) => Docker::connect_with_unix(path, 30, bollard::API_DEFAULT_VERSION),
        None => Docker::connect_with_http(&address, 30, bollard::API_DEFAULT_VERSION),
    };
    docker
        .unwrap_or_else(|error| panic!("no Docker Engine at {address}: {error}"))
        .negotiate_version()
        .await
        .expect("a version that both sides speak")
}

/// What clients for an endpoint are made of, without retries: a test sees every answer.
pub async fn config(endpoint: &str) -> aws_config::SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .load()
        .await
}

/// The clients of the program for an endpoint.
pub async fn clients(endpoint: &str) -> Clients {
    let settings = Settings {
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(StaticKeys {
            access_key_id: "test".to_owned(),
            secret_access_key: Secret::new("test"),
            session_token: None,
        }),
        ..Settings::default()
    };
    Clients::connect(settings).await.unwrap()
}

/// An ECS client for an endpoint.
pub async fn ecs(endpoint: &str) -> aws_sdk_ecs::Client {
    aws_sdk_ecs::Client::new(&config(endpoint).await)
}

/// The ARNs of the tasks of a service, running or stopped.
async fn tasks(
    ecs: &aws_sdk_ecs::Client,
    cluster: &str,
    service: &str,
    status: DesiredStatus,
) -> Vec<String> {
    let request = ecs
        .list_tasks()
        .cluster(cluster)
        .service_name(service)
        .desired_status(status);
    request.send().await.unwrap().task_arns.unwrap_or_default()
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn every_container_of_the_healthy_service_is_a_real_one() {
    let ecs = ecs(&ministack()).await;
    let docker = docker().await;
    let arns = tasks(&ecs, "prod", "web", DesiredStatus::Running).await;
    assert_eq!(arns.len(), 3);
    let described = ecs
        .describe_tasks()
        .cluster("prod")
        .set_tasks(Some(arns))
        .send()
        .await;
    for task in described.unwrap().tasks() {
        let label = format!("com.amazonaws.ecs.task-arn={}", task.task_arn().unwrap());
        let options = ListContainersOptions {
            filters: Some(HashMap::from([("label".to_owned(), vec![label])])),
            ..Default::default()
        };
        let found = docker.list_containers(Some(options)).await.unwrap();
        let mut real: Vec<_> = found
            .iter()
            .map(|container| {
                let name = &container.labels.as_ref().unwrap()["com.amazonaws.ecs.container-name"];
                (name.as_str(), &container.id.as_ref().unwrap()[..12])
            })
            .collect();
        let mut told: Vec<_> = task
            .containers()
            .iter()
            .map(|container| {
                (
                    container.name().unwrap(),
                    &container.runtime_id().unwrap()[..12],
                )
            })
            .collect();
        real.sort_unstable();
        told.sort_unstable();
        assert_eq!(told.len(), 2);
        assert_eq!(real, told);
    }
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_container_of_the_healthy_service_writes_its_log() {
    let options = ListContainersOptions {
        filters: Some(HashMap::from([(
            "label".to_owned(),
            vec![
                "com.amazonaws.ecs.container-name=app".to_owned(),
                "com.amazonaws.ecs.task-definition-family=web".to_owned(),
            ],
        )])),
        ..Default::default()
    };
    let docker = docker().await;
    let found = docker.list_containers(Some(options)).await.unwrap();
    let id = found
        .first()
        .and_then(|container| container.id.as_ref())
        .expect("a container of web");
    let options = LogsOptions {
        follow: true,
        stdout: true,
        ..Default::default()
    };
    let line = docker
        .logs(id, Some(options))
        .try_next()
        .await
        .unwrap()
        .expect("a line");
    assert!(
        line.to_string().starts_with("INFO web: version=v1"),
        "{line}"
    );
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_task_of_the_sick_service_fails_with_its_exit_code() {
    let ecs = ecs(&ministack()).await;
    let mut arns = tasks(&ecs, "staging", "importer", DesiredStatus::Stopped).await;
    if arns.is_empty() {
        arns = tasks(&ecs, "staging", "importer", DesiredStatus::Running).await;
    }
    let first = arns
        .first()
        .expect("a task of the service, past or present");
    let stopped = ecs
        .wait_until_tasks_stopped()
        .cluster("staging")
        .tasks(first)
        .wait(Duration::from_mins(2))
        .await
        .unwrap()
        .into_result()
        .unwrap();
    let task = &stopped.tasks()[0];
    assert_eq!(
        task.stop_code().unwrap().as_str(),
        "EssentialContainerExited"
    );
    assert_eq!(task.containers()[0].exit_code(), Some(42));
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn the_balanced_service_is_tied_to_its_target_group() {
    let ecs = ecs(&ministack()).await;
    let described = ecs
        .describe_services()
        .cluster("prod")
        .services("api")
        .send()
        .await
        .unwrap();
    let service = &described.services()[0];
    let balancer = &service.load_balancers()[0];
    assert!(
        balancer
            .target_group_arn()
            .unwrap()
            .contains(":targetgroup/prod-api/")
    );
    assert_eq!(service.running_count(), 2);
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn task_definitions_have_several_revisions() {
    let ecs = ecs(&ministack()).await;
    let listed = ecs
        .list_task_definitions()
        .family_prefix("web")
        .send()
        .await
        .unwrap();
    assert!(listed.task_definition_arns().len() >= 3);
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn behind_the_proxy_services_come_in_pages_as_from_aws() {
    let proxy = Proxy::start(&ministack()).await;
    let direct = ecs(&ministack()).await;
    let ecs = ecs(&proxy.url()).await;

    let whole = direct
        .list_services()
        .cluster("prod")
        .max_results(1)
        .send()
        .await
        .unwrap();
    assert!(
        whole.service_arns().len() > 1,
        "the server pages by itself now: the proxy has less to do"
    );

    let pages: Vec<_> = ecs
        .list_services()
        .cluster("prod")
        .max_results(1)
        .into_paginator()
        .send()
        .try_collect()
        .await
        .unwrap();
    assert!(pages.iter().all(|page| page.service_arns().len() == 1));
    let found = pages
        .iter()
        .flat_map(ListServicesOutput::service_arns)
        .cloned()
        .collect::<Vec<_>>();
    assert_eq!(found, whole.service_arns());
    assert_eq!(proxy.calls()["ListServices"], pages.len() as u64);
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn the_fleet_has_container_instances_one_of_them_draining() {
    let ecs = ecs(&moto()).await;
    let listed = ecs
        .list_container_instances()
        .cluster("fleet")
        .send()
        .await
        .unwrap();
    let described = ecs
        .describe_container_instances()
        .cluster("fleet")
        .set_container_instances(listed.container_instance_arns)
        .send()
        .await
        .unwrap();
    let instances = described.container_instances();
    assert_eq!(instances.len(), 3);
    let draining = instances
        .iter()
        .filter(|instance| instance.status() == Some(ContainerInstanceStatus::Draining.as_str()));
    assert_eq!(draining.count(), 1);
    assert!(
        instances
            .iter()
            .all(|instance| instance.running_tasks_count() > 0)
    );
}
