//! What clients change, and how the world follows.

use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::error::ProvideErrorMetadata as _;
use aws_sdk_ecs::types::{
    AwsVpcConfiguration, CapacityProviderStrategyItem, ContainerDefinition, DeploymentRolloutState,
    HealthCheck, HealthStatus, LaunchType, NetworkConfiguration, Service,
};

use super::Scene;

async fn service(ecs: &Client, cluster: &str, name: &str) -> Service {
    let found = ecs
        .describe_services()
        .cluster(cluster)
        .services(name)
        .send()
        .await
        .unwrap();
    found.services()[0].clone()
}

fn settled(service: &Service) -> bool {
    let [deployment] = service.deployments() else {
        return false;
    };
    deployment.rollout_state() == Some(&DeploymentRolloutState::Completed)
        && service.running_count() == service.desired_count()
        && service.pending_count() == 0
}

/// The service once nothing is under way any more.
async fn settle(scene: &Scene, cluster: &str, name: &str) -> Service {
    scene
        .until(async |ecs| settled(&service(ecs, cluster, name).await))
        .await;
    service(&scene.ecs, cluster, name).await
}

#[tokio::test]
async fn a_service_scales_out_and_in() {
    let scene = Scene::demo().await;
    for desired in [7, 2] {
        let update = scene
            .ecs
            .update_service()
            .cluster("prod-fargate")
            .service("payments-api");
        let updated = update.desired_count(desired).send().await.unwrap();
        assert_eq!(updated.service().unwrap().desired_count(), desired);
        scene
            .until(async |ecs| {
                let service = service(ecs, "prod-fargate", "payments-api").await;
                service.running_count() == desired && settled(&service)
            })
            .await;
    }
    let service = service(&scene.ecs, "prod-fargate", "payments-api").await;
    let events: Vec<&str> = service
        .events()
        .iter()
        .filter_map(|event| event.message())
        .collect();
    assert_eq!(
        events[0],
        "(service payments-api) has reached a steady state."
    );
    assert!(
        events
            .iter()
            .any(|event| event.starts_with("(service payments-api) has started 3 tasks: (task "))
    );
    assert!(
        events
            .iter()
            .any(|event| event.contains("running tasks: (task "))
    );
}

#[tokio::test]
async fn a_task_set_follows_the_desired_count() {
    let scene = Scene::demo().await;
    let update = scene
        .ecs
        .update_service()
        .cluster("prod-fargate")
        .service("audit-log");
    update.desired_count(4).send().await.unwrap();
    scene
        .until(async |ecs| {
            let service = service(ecs, "prod-fargate", "audit-log").await;
            service.running_count() == 4 && service.task_sets()[0].running_count() == 4
        })
        .await;
    let service = service(&scene.ecs, "prod-fargate", "audit-log").await;
    let started = service.events().iter().filter_map(|event| event.message());
    assert!(
        started
            .filter(|text| text.starts_with("(service audit-log, taskSet ecs-svc/"))
            .any(|text| text.contains("has started 2 tasks"))
    );
}

#[tokio::test]
async fn a_stopped_task_is_replaced() {
    let scene = Scene::demo().await;
    let tasks = async |ecs: &Client| {
        let listed = ecs
            .list_tasks()
            .cluster("batch")
            .service_name("scheduler")
            .send()
            .await
            .unwrap();
        listed.task_arns.unwrap_or_default()
    };
    let before = tasks(&scene.ecs).await;
    let stop = scene
        .ecs
        .stop_task()
        .cluster("batch")
        .task(&before[0])
        .reason("drill");
    let stopped = stop.send().await.unwrap().task.unwrap();
    assert_eq!(
        (stopped.last_status(), stopped.desired_status()),
        (Some("RUNNING"), Some("STOPPED"))
    );
    scene
        .until(async |ecs| {
            let now = tasks(ecs).await;
            now.len() == 1 && now != before && settled(&service(ecs, "batch", "scheduler").await)
        })
        .await;
    let old = scene
        .ecs
        .describe_tasks()
        .cluster("batch")
        .tasks(&before[0])
        .send()
        .await
        .unwrap();
    let old = &old.tasks()[0];
    assert_eq!(
        (old.last_status(), old.stopped_reason()),
        (Some("STOPPED"), Some("drill"))
    );
    assert_eq!(
        old.stop_code()
            .map(aws_sdk_ecs::types::TaskStopCode::as_str),
        Some("UserInitiated")
    );
}

#[tokio::test]
async fn a_forced_deployment_rolls_all_tasks() {
    let scene = Scene::demo().await;
    let before = settle(&scene, "prod-web", "catalog").await;
    let update = scene
        .ecs
        .update_service()
        .cluster("prod-web")
        .service("catalog")
        .force_new_deployment(true);
    let updated = update.send().await.unwrap().service.unwrap();
    assert_eq!(updated.deployments().len(), 2);
    assert_eq!(updated.deployments()[0].status(), Some("PRIMARY"));
    let after = settle(&scene, "prod-web", "catalog").await;
    assert_ne!(after.deployments()[0].id(), before.deployments()[0].id());
    assert_eq!(after.task_definition(), before.task_definition());
}

#[tokio::test]
async fn a_broken_image_trips_the_breaker_and_rolls_back() {
    let scene = Scene::demo().await;
    // A release of the demonstration's own may be under way.
    let before = settle(&scene, "prod-fargate", "orders-api").await;
    let current = scene
        .ecs
        .describe_task_definition()
        .task_definition(before.task_definition().unwrap())
        .send()
        .await
        .unwrap()
        .task_definition
        .unwrap();
    let mut containers: Vec<ContainerDefinition> = current.container_definitions().to_vec();
    containers[0].image = Some("registry.example.com/orders-api:missing".to_owned());
    let registered = scene
        .ecs
        .register_task_definition()
        .family("orders-api")
        .network_mode(current.network_mode().unwrap().clone())
        .cpu(current.cpu().unwrap())
        .memory(current.memory().unwrap())
        .set_container_definitions(Some(containers))
        .send()
        .await
        .unwrap()
        .task_definition
        .unwrap();
    assert_eq!(registered.revision(), current.revision() + 1);
    let update = scene
        .ecs
        .update_service()
        .cluster("prod-fargate")
        .service("orders-api");
    update.task_definition("orders-api").send().await.unwrap();
    scene
        .until(async |ecs| {
            let service = service(ecs, "prod-fargate", "orders-api").await;
            assert!(service.running_count() >= 4, "the old tasks keep serving");
            service.events().iter().any(|event| {
                event
                    .message()
                    .unwrap()
                    .contains("rolling back to deployment")
            })
        })
        .await;
    let after = settle(&scene, "prod-fargate", "orders-api").await;
    assert_eq!(after.task_definition(), before.task_definition());
    let records = scene
        .ecs
        .list_service_deployments()
        .cluster("prod-fargate")
        .service("orders-api")
        .send()
        .await;
    let newest = records.unwrap().service_deployments()[0].clone();
    assert_eq!(
        newest
            .status()
            .map(aws_sdk_ecs::types::ServiceDeploymentStatus::as_str),
        Some("ROLLBACK_SUCCESSFUL")
    );
}

#[tokio::test]
async fn a_job_runs_and_ends() {
    let scene = Scene::demo().await;
    let network = NetworkConfiguration::builder()
        .awsvpc_configuration(
            AwsVpcConfiguration::builder()
                .subnets("subnet-1")
                .build()
                .unwrap(),
        )
        .build();
    let run = scene
        .ecs
        .run_task()
        .cluster("batch")
        .task_definition("db-vacuum")
        .count(2);
    let run = run
        .started_by("a-test")
        .network_configuration(network)
        .send()
        .await
        .unwrap();
    assert_eq!((run.tasks().len(), run.failures().len()), (2, 0));
    assert_eq!(run.tasks()[0].group(), Some("family:db-vacuum"));
    let arns: Vec<String> = run
        .tasks()
        .iter()
        .filter_map(|task| task.task_arn().map(str::to_owned))
        .collect();
    scene
        .until(async |ecs| {
            let found = ecs
                .describe_tasks()
                .cluster("batch")
                .set_tasks(Some(arns.clone()))
                .send()
                .await
                .unwrap();
            found
                .tasks()
                .iter()
                .all(|task| task.last_status() == Some("STOPPED"))
        })
        .await;
    let found = scene
        .ecs
        .describe_tasks()
        .cluster("batch")
        .set_tasks(Some(arns))
        .send()
        .await
        .unwrap();
    for task in found.tasks() {
        assert_eq!(
            task.stop_code()
                .map(aws_sdk_ecs::types::TaskStopCode::as_str),
            Some("EssentialContainerExited")
        );
        assert!(
            task.started_at() < task.stopped_at() && task.containers()[0].exit_code().is_some()
        );
    }
}

#[tokio::test]
async fn a_task_that_fits_nowhere_is_a_failure() {
    let scene = Scene::demo().await;
    let container = ContainerDefinition::builder()
        .name("huge")
        .image("huge:1")
        .memory(60_000)
        .build();
    scene
        .ecs
        .register_task_definition()
        .family("huge")
        .container_definitions(container)
        .send()
        .await
        .unwrap();
    let run = scene
        .ecs
        .run_task()
        .cluster("prod-web")
        .task_definition("huge")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (run.tasks().len(), run.failures()[0].reason()),
        (0, Some("RESOURCE:MEMORY"))
    );
}

#[tokio::test]
async fn a_standalone_task_outlives_its_bad_health() {
    let scene = Scene::demo().await;
    let container = ContainerDefinition::builder()
        .name("probe")
        .image("probe:unhealthy")
        .memory(64)
        .health_check(
            HealthCheck::builder()
                .command("CMD-SHELL")
                .command("false")
                .build()
                .unwrap(),
        )
        .build();
    let register = scene.ecs.register_task_definition().family("probe");
    register
        .container_definitions(container)
        .send()
        .await
        .unwrap();
    let run = scene
        .ecs
        .run_task()
        .cluster("prod-web")
        .task_definition("probe");
    let run = run.launch_type(LaunchType::Ec2).send().await.unwrap();
    let arn = run.tasks()[0].task_arn().unwrap();
    let task = async |ecs: &Client| {
        let found = ecs
            .describe_tasks()
            .cluster("prod-web")
            .tasks(arn)
            .send()
            .await;
        found.unwrap().tasks()[0].clone()
    };
    scene
        .until(async |ecs| task(ecs).await.health_status() == Some(&HealthStatus::Unhealthy))
        .await;
    scene.sandbox.tick(Duration::from_mins(30));
    let task = task(&scene.ecs).await;
    assert_eq!(
        (task.last_status(), task.desired_status()),
        (Some("RUNNING"), Some("RUNNING"))
    );
}

#[tokio::test]
async fn a_strategy_alone_does_not_deploy_and_an_empty_one_goes_back() {
    let scene = Scene::demo().await;
    let before = settle(&scene, "prod-fargate", "payments-api").await;
    let strategy = |provider: &str| {
        let item = CapacityProviderStrategyItem::builder().capacity_provider(provider);
        let update = scene
            .ecs
            .update_service()
            .cluster("prod-fargate")
            .service("payments-api");
        update.capacity_provider_strategy(item.weight(1).build().unwrap())
    };
    let spot = strategy("FARGATE_SPOT")
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    assert_eq!(spot.capacity_provider_strategy().len(), 1);
    assert_eq!(spot.launch_type(), None);
    assert_eq!(spot.deployments()[0].id(), before.deployments()[0].id());
    let refused = strategy("nowhere")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(refused.code(), Some("InvalidParameterException"));
    let back = scene
        .ecs
        .update_service()
        .cluster("prod-fargate")
        .service("payments-api");
    let back = back
        .set_capacity_provider_strategy(Some(Vec::new()))
        .send()
        .await
        .unwrap();
    assert_eq!(
        back.service().unwrap().launch_type(),
        Some(&LaunchType::Fargate)
    );
}

#[tokio::test]
async fn fargate_takes_only_what_fits_it() {
    let scene = Scene::demo().await;
    let run = scene
        .ecs
        .run_task()
        .cluster("prod-fargate")
        .task_definition("legacy-admin");
    let refused = run
        .launch_type(LaunchType::Fargate)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(refused.code(), Some("InvalidParameterException"));
    assert_eq!(
        refused.message(),
        Some("Task definition does not support launch_type FARGATE.")
    );
}
