//! Every deed on the simulated account.

use aws_sdk_ecr::{
    primitives::DateTime,
    types::{ImageDetail, ImageIdentifier},
};
use aws_sdk_ecs::types::ServiceDeploymentStatus;

use super::*;
use crate::servers;

const CLUSTER: &str = "prod-fargate";

/// Within it everything that is on the screen is asked for again.
const MINUTE: Duration = Duration::from_secs(70);

/// Everything in the table of operations that is no `Describe`, `List` or `Get`.
fn writes(world: &Sandbox) -> Vec<(String, u64)> {
    let reads = ["Describe", "List", "Get", "BatchGet", "Filter"];
    world
        .calls()
        .into_iter()
        .filter(|(operation, _)| !reads.iter().any(|verb| operation.starts_with(verb)))
        .collect()
}

fn once(operation: &str, times: u64) -> (String, u64) {
    (operation.to_owned(), times)
}

async fn ecr(world: &Sandbox) -> aws_sdk_ecr::Client {
    aws_sdk_ecr::Client::new(&servers::config(&world.url()).await)
}

/// The images of a repository that have a tag, the newest first.
async fn tagged(ecr: &aws_sdk_ecr::Client, repository: &str) -> Vec<ImageDetail> {
    let asked = ecr.describe_images().repository_name(repository);
    let answer = asked.max_results(1000).send().await.unwrap();
    let mut found = answer.image_details.unwrap_or_default();
    found.retain(|image| !image.image_tags().is_empty());
    let at = |image: &ImageDetail| image.image_pushed_at().map(DateTime::secs);
    found.sort_by_key(|image| std::cmp::Reverse(at(image)));
    found
}

async fn holder(ecr: &aws_sdk_ecr::Client, repository: &str, tag: &str) -> String {
    let tag = ImageIdentifier::builder().image_tag(tag).build();
    let asked = ecr.describe_images().repository_name(repository);
    let answer = asked.image_ids(tag).send().await.unwrap();
    let image = &answer.image_details()[0];
    image.image_digest().unwrap().to_owned()
}

#[tokio::test]
async fn a_service_is_scaled_and_the_scale_taken_back() {
    let world = world().await;
    let ecs = servers::ecs(&world.url()).await;
    let mut session = Session::at(&world.url()).await;
    let name = format!("{CLUSTER}/pricing-engine");
    session.at_service(CLUSTER, "pricing-engine").await;
    session.plan("s").await;
    session.driver.enter("4").await;
    session.driver.shows("desired count  2 → 4");
    session.run(Some(&name)).await;
    session
        .driver
        .shows("scale prod-fargate/pricing-engine: done");
    session
        .tick_until(&world, |screen| screen.contains("steady after"))
        .await;
    let scaled = service(&ecs, CLUSTER, "pricing-engine").await;
    assert_eq!((scaled.desired_count(), scaled.running_count()), (4, 4));
    assert_eq!(tasks(&ecs, CLUSTER, "pricing-engine").await.len(), 4);
    assert_eq!(scaled.deployments().len(), 1, "no deployment was begun");
    session.rest().await;

    session.plan("U").await;
    session.driver.shows("takes back: scale");
    session.driver.shows("desired count  4 → 2");
    session.run(Some(&name)).await;
    session
        .tick_until(&world, |screen| screen.contains("steady after"))
        .await;
    let back = service(&ecs, CLUSTER, "pricing-engine").await;
    assert_eq!((back.desired_count(), back.running_count()), (2, 2));
    assert_eq!(writes(&world), [once("UpdateService", 2)]);
}

#[tokio::test]
async fn a_redeploy_is_followed_until_every_task_is_another() {
    let world = world().await;
    let ecs = servers::ecs(&world.url()).await;
    let before = tasks(&ecs, CLUSTER, "pricing-engine").await;
    let mut session = Session::at(&world.url()).await;
    session.at_service(CLUSTER, "pricing-engine").await;
    session.plan("r").await;
    let name = format!("{CLUSTER}/pricing-engine");
    session.run(Some(&name)).await;
    session
        .driver
        .shows("redeploy prod-fargate/pricing-engine: 0 of 2 new");
    session
        .tick_until(&world, |screen| screen.contains("steady after"))
        .await;
    let after = tasks(&ecs, CLUSTER, "pricing-engine").await;
    assert_eq!(after.len(), 2);
    assert!(arns(&after).is_disjoint(&arns(&before)));
    let known = service(&ecs, CLUSTER, "pricing-engine").await;
    assert_eq!(known.deployments().len(), 1);
    assert_eq!(writes(&world), [once("UpdateService", 1)]);
}

#[tokio::test]
async fn another_image_rolls_out_and_the_revision_before_comes_back() {
    let world = world().await;
    let (ecs, ecr) = (servers::ecs(&world.url()).await, ecr(&world).await);
    let repository = "pricing-engine";
    let before = service(&ecs, CLUSTER, repository).await;
    let original = before.task_definition().unwrap().to_owned();
    let old = tasks(&ecs, CLUSTER, repository).await;
    let container = old[0].containers()[0].name().unwrap().to_owned();
    let was = old[0].containers()[0].image().unwrap().to_owned();
    let (stem, tag) = was.rsplit_once(':').unwrap();
    let others = tagged(&ecr, repository).await;
    let mut tags = others.iter().flat_map(ImageDetail::image_tags);
    let wanted = tags
        .find(|other| *other != tag && other.starts_with("v1."))
        .unwrap();
    let image = format!("{stem}:{wanted}");

    let mut session = Session::at(&world.url()).await;
    session.at_service(CLUSTER, repository).await;
    session.plan("i").await;
    session.driver.enter(wanted).await;
    session.driver.shows(&image);
    let name = format!("{CLUSTER}/{repository}");
    session.run(Some(&name)).await;
    session
        .tick_until(&world, |screen| screen.contains("steady after"))
        .await;
    let after = service(&ecs, CLUSTER, repository).await;
    let revision = after.task_definition().unwrap().to_owned();
    assert_ne!(revision, original);
    let running = tasks(&ecs, CLUSTER, repository).await;
    assert_eq!(images(&running, &container), BTreeSet::from([&*image]));
    assert!(
        running
            .iter()
            .all(|task| task.task_definition_arn() == Some(&*revision))
    );
    // All but the image is as it was, secrets and all.
    let describe = async |arn: &str| {
        let asked = ecs.describe_task_definition().task_definition(arn);
        let found = asked.send().await.unwrap().task_definition.unwrap();
        let mut containers = found.container_definitions.clone().unwrap();
        for known in &mut containers {
            known.image = None;
        }
        (containers, found.volumes, found.cpu, found.task_role_arn)
    };
    assert_eq!(describe(&revision).await, describe(&original).await);

    // The field names the revision before already.
    session.rest().await;
    session.plan("u").await;
    session.driver.press("backtab").await;
    session.run(Some(&name)).await;
    session
        .tick_until(&world, |screen| screen.contains("steady after"))
        .await;
    let back = service(&ecs, CLUSTER, repository).await;
    assert_eq!(back.task_definition(), Some(&*original));
    let running = tasks(&ecs, CLUSTER, repository).await;
    assert_eq!(images(&running, &container), BTreeSet::from([&*was]));
    let expected = [once("RegisterTaskDefinition", 1), once("UpdateService", 2)];
    assert_eq!(writes(&world), expected);
}

#[tokio::test]
async fn a_deployment_under_way_is_given_up() {
    let world = world().await;
    let ecs = servers::ecs(&world.url()).await;
    let name = format!("{CLUSTER}/pricing-engine");
    let mut session = Session::at(&world.url()).await;
    session.at_service(CLUSTER, "pricing-engine").await;
    session.plan("r").await;
    session.run(Some(&name)).await;
    session
        .tick_until(&world, |screen| screen.contains("new, 2 old"))
        .await;
    session.driver.pass(STEP * 2).await;
    session.plan("u").await;
    session.driver.enter("stop the deployment").await;
    session.driver.shows("StopServiceDeployment");
    session.run(Some(&name)).await;
    session
        .tick_until(&world, |screen| {
            screen.contains("rollback prod-fargate/pricing-engine: steady after")
        })
        .await;
    let listed = ecs
        .list_service_deployments()
        .cluster(CLUSTER)
        .service("pricing-engine");
    let listed = listed.send().await.unwrap();
    assert!(
        listed
            .service_deployments()
            .iter()
            .any(|one| one.status() == Some(&ServiceDeploymentStatus::RollbackSuccessful)),
        "{listed:?}"
    );
    let expected = [once("StopServiceDeployment", 1), once("UpdateService", 1)];
    assert_eq!(writes(&world), expected);
}

#[tokio::test]
async fn three_marked_tasks_are_stopped_in_one_wave() {
    let world = world().await;
    let ecs = servers::ecs(&world.url()).await;
    let before = tasks(&ecs, CLUSTER, "email-worker").await;
    assert_eq!(before.len(), 3);
    let mut session = Session::at(&world.url()).await;
    session.at_service(CLUSTER, "email-worker").await;
    session.driver.press("enter space space space").await;
    session.plan("X").await;
    session.driver.enter("it leaks").await;
    session.driver.press("backspace").await;
    session.driver.enter("3").await;
    session.driver.shows("waves of  3");
    session.run(Some("3 tasks")).await;
    let stopped = described(&ecs, CLUSTER, arns(&before).into_iter().collect()).await;
    for task in &stopped {
        assert_eq!(task.desired_status(), Some("STOPPED"));
        assert_eq!(task.stopped_reason(), Some("it leaks"));
    }
    session
        .tick_until(&world, |screen| screen.contains("3 of 3 done"))
        .await;
    let after = tasks(&ecs, CLUSTER, "email-worker").await;
    assert_eq!(after.len(), 3);
    assert!(arns(&after).is_disjoint(&arns(&before)));
    assert_eq!(writes(&world), [once("StopTask", 3)]);
}

#[tokio::test]
async fn a_tag_is_moved_and_the_services_that_name_it_are_redeployed() {
    let world = world().await;
    let (ecs, ecr) = (servers::ecs(&world.url()).await, ecr(&world).await);
    let repository = "notifications";
    let known = tagged(&ecr, repository).await;
    let named = holder(&ecr, repository, "stable").await;
    let other = known
        .iter()
        .find(|image| image.image_digest() != Some(&*named))
        .unwrap();
    let digest = other.image_digest().unwrap();

    let mut session = Session::at(&world.url()).await;
    session.at_service(CLUSTER, repository).await;
    session.driver.press("enter").await;
    session.driver.pass(MINUTE).await;
    session.driver.shows("app older");
    session.in_repository(repository, "v").await;
    session.driver.choose(&digest[7..19]).await;
    session.plan("t").await;
    session.driver.enter("stable").await;
    session.confirm(None).await;
    assert_eq!(holder(&ecr, repository, "stable").await, digest);
    session.driver.pass(HEARS).await;
    session.driver.shows("Redeploy");
    session.driver.shows("prod-fargate/notifications");
    session.run(Some("prod-fargate/notifications")).await;
    session
        .tick_until(&world, |screen| screen.contains("steady after"))
        .await;
    let running = tasks(&ecs, CLUSTER, repository).await;
    assert_eq!(running.len(), 8);
    let containers = running.iter().flat_map(Task::containers);
    let digests: BTreeSet<_> = containers
        .filter(|container| {
            container
                .image()
                .unwrap()
                .ends_with("/notifications:stable")
        })
        .map(|container| container.image_digest().unwrap())
        .collect();
    assert_eq!(digests, BTreeSet::from([digest]));
    session.at_service(CLUSTER, repository).await;
    session.driver.press("enter").await;
    session.driver.pass(MINUTE).await;
    assert_eq!(session.driver.rows(), 8);
    session.driver.hides("older");
    let expected = [once("PutImage", 1), once("UpdateService", 1)];
    assert_eq!(writes(&world), expected);
}

#[tokio::test]
async fn a_host_is_drained_and_takes_tasks_again() {
    let world = world().await;
    let ecs = servers::ecs(&world.url()).await;
    let mut session = Session::at(&world.url()).await;
    session.go("instances prod-web").await;
    session.driver.choose("ACTIVE").await;
    let row = session.driver.cursor_line();
    let listed = ecs.list_container_instances().cluster("prod-web");
    let arns = listed.send().await.unwrap().container_instance_arns;
    let all = ecs.describe_container_instances().cluster("prod-web");
    let all = all.set_container_instances(arns).send().await.unwrap();
    let chosen = all.container_instances().iter().find(|instance| {
        let id = instance.ec2_instance_id().unwrap();
        row.contains(id)
    });
    let (id, arn) = {
        let chosen = chosen.unwrap();
        (
            chosen.ec2_instance_id().unwrap(),
            chosen.container_instance_arn().unwrap(),
        )
    };
    for (title, status) in [("Drain", "DRAINING"), ("Activate", "ACTIVE")] {
        session.driver.choose(id).await;
        session.plan("u").await;
        session.driver.shows(title);
        session.run(Some(&format!("prod-web/{id}"))).await;
        let now = ecs.describe_container_instances().cluster("prod-web");
        let now = now.container_instances(arn).send().await.unwrap();
        assert_eq!(now.container_instances()[0].status(), Some(status));
        session.driver.line_with(&[id, status]);
    }
    let expected = [once("UpdateContainerInstancesState", 2)];
    assert_eq!(writes(&world), expected);
}

#[tokio::test]
async fn exec_is_switched_and_switched_back() {
    let world = world().await;
    let ecs = servers::ecs(&world.url()).await;
    let was = service(&ecs, CLUSTER, "pricing-engine").await;
    let was = was.enable_execute_command();
    let mut session = Session::at(&world.url()).await;
    session.at_service(CLUSTER, "pricing-engine").await;
    let name = format!("{CLUSTER}/pricing-engine");
    for (key, expected) in [("E", !was), ("U", was)] {
        session.plan(key).await;
        session.run(Some(&name)).await;
        let now = service(&ecs, CLUSTER, "pricing-engine").await;
        assert_eq!(now.enable_execute_command(), expected);
        assert_eq!(now.deployments().len(), 1);
    }
    assert_eq!(writes(&world), [once("UpdateService", 2)]);
}

#[tokio::test]
async fn a_read_only_session_refuses_every_deed_and_sends_none() {
    let world = world().await;
    let mut session = Session::readonly(&world.url()).await;
    for (place, keys) in [
        ("svc prod-fargate", "s r u i E"),
        ("tasks prod-fargate", "X"),
        ("instances prod-web", "u"),
    ] {
        session.go(place).await;
        session.refuses(keys).await;
    }
    for key in ["enter", "v"] {
        session.in_repository("cart", key).await;
        session.refuses("t T X").await;
    }
    assert_eq!(writes(&world), []);
    assert!(session.audit().is_empty());
}
