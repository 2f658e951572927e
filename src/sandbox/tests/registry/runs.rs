//! What tasks run of the registry: the digest that a tag had when their deployment began.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ecs::types::{DeploymentRolloutState, Task};

use super::{Scene, by_digest, by_tag, client, detail, digest, image};

const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/";

/// The tasks of a service that are wanted.
async fn tasks(scene: &Scene, cluster: &str, service: Option<&str>) -> Vec<Task> {
    let list = scene.ecs.list_tasks().cluster(cluster);
    let listed = list
        .set_service_name(service.map(str::to_owned))
        .send()
        .await
        .unwrap();
    let arns = listed.task_arns.unwrap_or_default();
    if arns.is_empty() {
        return Vec::new();
    }
    let describe = scene.ecs.describe_tasks().cluster(cluster);
    let found = describe.set_tasks(Some(arns)).send().await.unwrap();
    found.tasks.unwrap_or_default()
}

/// How many running tasks of a service have each digest of their first container.
async fn digests(scene: &Scene, cluster: &str, service: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for task in tasks(scene, cluster, Some(service)).await {
        if task.last_status() == Some("RUNNING") {
            let digest = task.containers()[0].image_digest().unwrap().to_owned();
            *counts.entry(digest).or_default() += 1;
        }
    }
    counts
}

/// Points `stable` at the image that a version names.
async fn point_stable_at(scene: &Scene, repository: &str, digest: &str) {
    let ecr = client(scene);
    let source = image(&ecr, repository, by_digest(digest)).await;
    let put = ecr
        .put_image()
        .repository_name(repository)
        .image_tag("stable");
    let put = put.image_manifest(source.image_manifest().unwrap());
    put.send().await.unwrap();
}

#[tokio::test]
async fn every_image_that_runs_is_in_its_repository() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let mut seen = 0;
    for cluster in ["prod-web", "prod-fargate", "staging", "batch"] {
        for task in tasks(&scene, cluster, None).await {
            for container in task.containers() {
                let name = container.image().unwrap().strip_prefix(HOST);
                let (Some(name), Some(digest)) = (name, container.image_digest()) else {
                    continue;
                };
                let repository = name.split(':').next().unwrap();
                let found = detail(&ecr, repository, by_digest(digest)).await;
                let pulled = found.last_recorded_pull_time().unwrap();
                assert!(
                    pulled >= found.image_pushed_at().unwrap(),
                    "{name}: {found:?}"
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen}");
}

#[tokio::test]
async fn three_of_eight_tasks_run_an_older_stable() {
    let scene = Scene::demo().await;
    let newest = digest(&client(&scene), "notifications", "stable").await;
    let counts = digests(&scene, "prod-fargate", "notifications").await;
    assert_eq!(counts.values().sum::<usize>(), 8);
    assert_eq!(counts.get(&newest), Some(&5));
    let pinned = digests(&scene, "prod-web", "legacy-admin").await;
    let newest = digest(&client(&scene), "legacy-admin", "latest").await;
    assert_eq!((pinned.len(), pinned.contains_key(&newest)), (1, false));
}

#[tokio::test]
async fn a_moved_tag_reaches_tasks_with_the_next_deployment() {
    let scene = Scene::demo().await;
    let (cluster, name) = ("prod-web", "legacy-admin");
    let old = digests(&scene, cluster, name)
        .await
        .into_keys()
        .next()
        .unwrap();
    let newest = digest(&client(&scene), name, "latest").await;
    let update = || scene.ecs.update_service().cluster(cluster).service(name);
    update().desired_count(3).send().await.unwrap();
    let all = async |digest: &str| {
        let counts = digests(&scene, cluster, name).await;
        counts == BTreeMap::from([(digest.to_owned(), 3)])
    };
    scene.until(async |_| all(&old).await).await;
    update().force_new_deployment(true).send().await.unwrap();
    scene.until(async |_| all(&newest).await).await;
    let service = scene
        .ecs
        .describe_services()
        .cluster(cluster)
        .services(name);
    let service = service.send().await.unwrap().services.unwrap().remove(0);
    let revision = service.current_service_revisions()[0].arn().unwrap();
    let revisions = scene.ecs.describe_service_revisions();
    let revisions = revisions
        .service_revision_arns(revision)
        .send()
        .await
        .unwrap();
    let images = revisions.service_revisions()[0].container_images();
    assert_eq!(images[0].image_digest(), Some(newest.as_str()));
}

#[tokio::test]
async fn a_container_without_consistency_follows_the_tag_task_by_task() {
    let scene = Scene::demo().await;
    let (cluster, name) = ("prod-fargate", "notifications");
    let newest = digest(&client(&scene), name, "stable").await;
    let old = digests(&scene, cluster, name).await;
    let old = old.into_keys().find(|digest| *digest != newest).unwrap();
    point_stable_at(&scene, name, &old).await;
    let update = scene.ecs.update_service().cluster(cluster).service(name);
    update.desired_count(10).send().await.unwrap();
    scene
        .until(async |_| digests(&scene, cluster, name).await.get(&old) == Some(&5))
        .await;
}

#[tokio::test]
async fn an_image_that_was_deleted_cannot_be_pulled_again() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let (cluster, name) = ("prod-web", "legacy-admin");
    let old = digests(&scene, cluster, name)
        .await
        .into_keys()
        .next()
        .unwrap();
    let delete = ecr.batch_delete_image().repository_name(name);
    delete.image_ids(by_digest(&old)).send().await.unwrap();
    let update = scene.ecs.update_service().cluster(cluster).service(name);
    update.desired_count(2).send().await.unwrap();
    scene
        .until(async |ecs| {
            let list = ecs.list_tasks().cluster(cluster).service_name(name);
            let list = list.desired_status(aws_sdk_ecs::types::DesiredStatus::Stopped);
            let arns = list.send().await.unwrap().task_arns.unwrap_or_default();
            let Some(arn) = arns.first() else {
                return false;
            };
            let found = ecs
                .describe_tasks()
                .cluster(cluster)
                .tasks(arn)
                .send()
                .await;
            let reason = found.unwrap().tasks()[0].containers()[0].reason.clone();
            reason.is_some_and(|reason| reason.starts_with("CannotPullContainerError"))
        })
        .await;
}

#[tokio::test]
async fn releases_push_the_images_that_they_roll_out() {
    let scene = Scene::demo().await;
    // Long enough for a dozen releases of the demonstration's own.
    scene.sandbox.tick(Duration::from_mins(15));
    let ecr = client(&scene);
    let list = scene
        .ecs
        .list_services()
        .cluster("prod-fargate")
        .max_results(100);
    let arns = list.send().await.unwrap().service_arns.unwrap();
    let mut completed = 0;
    for batch in arns.chunks(10) {
        let describe = scene.ecs.describe_services().cluster("prod-fargate");
        let found = describe
            .set_services(Some(batch.to_vec()))
            .send()
            .await
            .unwrap();
        for service in found.services() {
            let done = service.deployments().first().is_some_and(|primary| {
                primary.rollout_state() == Some(&DeploymentRolloutState::Completed)
            });
            if !done {
                continue;
            }
            let definition = scene.ecs.describe_task_definition();
            let definition = definition.task_definition(service.task_definition().unwrap());
            let definition = definition.send().await.unwrap().task_definition.unwrap();
            let name = definition.container_definitions()[0].image().unwrap();
            let (repository, tag) = name.strip_prefix(HOST).unwrap().split_once(':').unwrap();
            let found = detail(&ecr, repository, by_tag(tag)).await;
            assert!(found.image_digest().is_some(), "{name}");
            completed += 1;
        }
    }
    assert!(completed > 5, "{completed}");
}
