//! Every read operation, decoded by the SDK's own client.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::error::ProvideErrorMetadata as _;
use aws_sdk_ecs::types::{
    ClusterField, ContainerInstanceField, DesiredStatus, ServiceField, TaskDefinitionField,
    TaskField,
};

use super::Scene;

#[tokio::test]
async fn the_caller_is_known() {
    let scene = Scene::demo().await;
    let caller = aws_sdk_sts::Client::new(&scene.config)
        .get_caller_identity()
        .send()
        .await
        .unwrap();
    assert_eq!(caller.account(), Some(scene.sandbox.account()));
    assert!(
        caller
            .arn()
            .unwrap()
            .starts_with("arn:aws:sts::123456789012:assumed-role/")
    );
    assert_eq!(scene.sandbox.calls()["GetCallerIdentity"], 1);
}

#[tokio::test]
async fn clusters_services_and_tasks_decode_and_agree() {
    let scene = Scene::demo().await;
    let arns = scene
        .ecs
        .list_clusters()
        .send()
        .await
        .unwrap()
        .cluster_arns
        .unwrap();
    let clusters = scene
        .ecs
        .describe_clusters()
        .set_clusters(Some(arns.clone()))
        .include(ClusterField::Statistics)
        .include(ClusterField::Tags)
        .include(ClusterField::Settings)
        .include(ClusterField::Configurations)
        .send()
        .await
        .unwrap();
    assert_eq!(clusters.clusters().len(), arns.len());
    let mut services = 0;
    for cluster in clusters.clusters() {
        let arn = cluster.cluster_arn().unwrap();
        let (count, running) = services_of(&scene.ecs, arn).await;
        assert_eq!(cluster.active_services_count(), count);
        assert!(running <= cluster.running_tasks_count());
        assert!(running_tasks_of(&scene.ecs, arn).await <= cluster.running_tasks_count());
        services += count;
    }
    assert!(services >= 30, "{services}");
}

/// The number of services of a cluster, and of the tasks that run for them.
async fn services_of(ecs: &Client, cluster: &str) -> (i32, i32) {
    let list = ecs.list_services().cluster(cluster).max_results(100);
    let arns = list.send().await.unwrap().service_arns.unwrap_or_default();
    let mut running = 0;
    for batch in arns.chunks(10) {
        let describe = ecs
            .describe_services()
            .cluster(cluster)
            .include(ServiceField::Tags);
        let found = describe
            .set_services(Some(batch.to_vec()))
            .send()
            .await
            .unwrap();
        assert_eq!(
            (found.services().len(), found.failures().len()),
            (batch.len(), 0)
        );
        for service in found.services() {
            running += service.running_count();
            let events = service.events();
            assert!(events.len() <= 100);
            assert!(
                events
                    .windows(2)
                    .all(|pair| pair[0].created_at() >= pair[1].created_at())
            );
        }
    }
    (i32::try_from(arns.len()).unwrap(), running)
}

/// The number of tasks of a cluster that are wanted and run.
async fn running_tasks_of(ecs: &Client, cluster: &str) -> i32 {
    let arns = ecs
        .list_tasks()
        .cluster(cluster)
        .send()
        .await
        .unwrap()
        .task_arns;
    let Some(arns) = arns.filter(|arns| !arns.is_empty()) else {
        return 0;
    };
    let describe = ecs
        .describe_tasks()
        .cluster(cluster)
        .include(TaskField::Tags);
    let found = describe.set_tasks(Some(arns)).send().await.unwrap();
    let tasks = found.tasks();
    assert!(
        tasks
            .iter()
            .all(|task| !task.containers().is_empty() && task.created_at().is_some())
    );
    let running = tasks
        .iter()
        .filter(|task| task.last_status() == Some("RUNNING"));
    i32::try_from(running.count()).unwrap()
}

#[tokio::test]
async fn stopped_tasks_tell_why() {
    let scene = Scene::demo().await;
    let stopped = scene
        .ecs
        .list_tasks()
        .cluster("prod-web")
        .service_name("image-resizer")
        .desired_status(DesiredStatus::Stopped)
        .send()
        .await
        .unwrap();
    let tasks = scene
        .ecs
        .describe_tasks()
        .cluster("prod-web")
        .set_tasks(stopped.task_arns)
        .send()
        .await
        .unwrap();
    let killed = tasks.tasks().iter().filter(|task| {
        let main = &task.containers()[0];
        main.exit_code() == Some(137)
            && main
                .reason()
                .is_some_and(|reason| reason.starts_with("OutOfMemoryError"))
    });
    assert!(killed.count() > 3);
}

#[tokio::test]
async fn container_instances_decode_and_add_up() {
    let scene = Scene::demo().await;
    let arns = scene
        .ecs
        .list_container_instances()
        .cluster("prod-web")
        .send()
        .await
        .unwrap();
    let found = scene
        .ecs
        .describe_container_instances()
        .cluster("prod-web")
        .set_container_instances(arns.container_instance_arns)
        .include(ContainerInstanceField::Tags)
        .include(ContainerInstanceField::ContainerInstanceHealth)
        .send()
        .await
        .unwrap();
    let instances = found.container_instances();
    assert_eq!(instances.len(), 7);
    assert_eq!(
        instances
            .iter()
            .filter(|instance| !instance.agent_connected())
            .count(),
        1
    );
    assert_eq!(
        instances
            .iter()
            .filter(|instance| instance.status() == Some("DRAINING"))
            .count(),
        1
    );
    for instance in instances {
        let memory = |resources: &[aws_sdk_ecs::types::Resource]| {
            resources
                .iter()
                .find(|resource| resource.name() == Some("MEMORY"))
                .unwrap()
                .integer_value()
        };
        let busy = instance.running_tasks_count() + instance.pending_tasks_count() > 0;
        assert_eq!(
            memory(instance.remaining_resources()) < memory(instance.registered_resources()),
            busy
        );
        assert!(instance.health_status().is_some());
    }
}

#[tokio::test]
async fn task_definitions_decode() {
    let scene = Scene::demo().await;
    let families = scene
        .ecs
        .list_task_definition_families()
        .send()
        .await
        .unwrap()
        .families
        .unwrap();
    assert!(families.len() > 30);
    for family in &families {
        let found = scene
            .ecs
            .describe_task_definition()
            .task_definition(family)
            .include(TaskDefinitionField::Tags)
            .send()
            .await
            .unwrap();
        let definition = found.task_definition().unwrap();
        assert_eq!(definition.family(), Some(family.as_str()));
        assert!(
            definition
                .container_definitions()
                .iter()
                .all(|container| container.image().is_some())
        );
        let revisions = scene
            .ecs
            .list_task_definitions()
            .family_prefix(family)
            .send()
            .await
            .unwrap();
        assert_eq!(
            i32::try_from(revisions.task_definition_arns().len()).unwrap(),
            definition.revision()
        );
    }
    let missing = scene
        .ecs
        .describe_task_definition()
        .task_definition("nope")
        .send()
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Some("ClientException"));
    assert_eq!(
        missing.message(),
        Some("Unable to describe task definition.")
    );
}

#[tokio::test]
async fn deployments_revisions_providers_and_tags_decode() {
    let scene = Scene::demo().await;
    let listed = scene
        .ecs
        .list_service_deployments()
        .cluster("prod-fargate")
        .service("orders-api")
        .send()
        .await
        .unwrap();
    let briefs = listed.service_deployments();
    assert!(briefs.len() >= 2);
    assert!(
        briefs
            .windows(2)
            .all(|pair| pair[0].created_at() >= pair[1].created_at())
    );
    let arns = briefs
        .iter()
        .filter_map(|brief| brief.service_deployment_arn().map(str::to_owned))
        .collect();
    let deployments = scene
        .ecs
        .describe_service_deployments()
        .set_service_deployment_arns(Some(arns))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            deployments.service_deployments().len(),
            deployments.failures().len()
        ),
        (briefs.len(), 0)
    );
    let target = deployments.service_deployments()[0]
        .target_service_revision()
        .unwrap()
        .arn()
        .unwrap();
    let revisions = scene
        .ecs
        .describe_service_revisions()
        .service_revision_arns(target)
        .send()
        .await
        .unwrap();
    assert!(
        !revisions.service_revisions()[0]
            .container_images()
            .is_empty()
    );

    let providers = scene
        .ecs
        .describe_capacity_providers()
        .send()
        .await
        .unwrap();
    assert_eq!(providers.capacity_providers().len(), 3);
    let of_cluster = scene.ecs.describe_capacity_providers().cluster("prod-web");
    let of_cluster = of_cluster.send().await.unwrap();
    let names: Vec<_> = of_cluster
        .capacity_providers()
        .iter()
        .map(|known| known.name())
        .collect();
    assert_eq!(names, [Some("prod-web-asg")]);
    let eleven = scene.ecs.describe_capacity_providers().max_results(11);
    assert!(eleven.send().await.is_err());
    let service = briefs[0].service_arn().unwrap();
    let tags = scene
        .ecs
        .list_tags_for_resource()
        .resource_arn(service)
        .send()
        .await
        .unwrap();
    assert!(tags.tags().iter().any(|tag| tag.key() == Some("team")));
}

#[tokio::test]
async fn odd_shapes_are_there() {
    let scene = Scene::demo().await;
    let describe = async |cluster: &str, service: &str| {
        let found = scene
            .ecs
            .describe_services()
            .cluster(cluster)
            .services(service)
            .send()
            .await
            .unwrap();
        found.services()[0].clone()
    };
    let external = describe("prod-fargate", "audit-log").await;
    assert!(external.deployments().is_empty());
    assert_eq!(external.task_sets().len(), 1);
    let unsaid = describe("prod-web", "legacy-admin").await;
    assert!(unsaid.launch_type().is_none() && unsaid.capacity_provider_strategy().is_empty());
    assert_eq!(
        describe("staging", "old-blog").await.status(),
        Some("INACTIVE")
    );
    let daemon = describe("prod-web", "node-exporter").await;
    assert_eq!(
        (daemon.desired_count(), daemon.running_count()),
        (6, 6),
        "one on each instance that does not drain"
    );
    let stuck = describe("prod-web", "search-indexer").await;
    assert!(stuck.events().iter().any(|event| {
        event
            .message()
            .unwrap()
            .contains("has insufficient memory available")
    }));
    let gone = scene
        .ecs
        .describe_clusters()
        .clusters("legacy-2019")
        .send()
        .await
        .unwrap();
    assert_eq!(gone.clusters()[0].status(), Some("INACTIVE"));
}
