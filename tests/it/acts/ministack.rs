//! Deeds on a server whose tasks are real containers: what the engine runs afterwards is what counts.
//!
//! It gives up no deployment, a service does not replace what was stopped until it is changed the next time, and its
//! registry does not go by the name of ECR's.

use std::collections::HashMap;
use std::time::Instant;

use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, KeyValuePair, LaunchType, NetworkMode,
};
use bollard::query_parameters::ListContainersOptions;

use super::*;
use crate::servers;

/// A service of its own in a cluster of its own.
struct Place {
    ecs: Client,
    cluster: String,
    registry: String,
}

const SERVICE: &str = "web";
/// Long enough for containers that do not listen to be killed.
const PATIENCE: Duration = Duration::from_mins(1);

impl Place {
    /// A service of two tasks that run an image of the repository `app/web`.
    async fn build(story: &str, tag: &str) -> Self {
        let endpoint = servers::ministack();
        let ecs = servers::ecs(&endpoint).await;
        let registry = endpoint.strip_prefix("http://").unwrap().to_owned();
        let name = format!("{story}-{}", std::process::id());
        let app = ContainerDefinition::builder()
            .name("app")
            .image(format!("{registry}/app/web:{tag}"))
            .memory(64)
            .essential(true)
            .environment(
                KeyValuePair::builder()
                    .name("TOKEN")
                    .value("hunter2")
                    .build(),
            )
            .build();
        ecs.register_task_definition()
            .family(&name)
            .network_mode(NetworkMode::Awsvpc)
            .requires_compatibilities(Compatibility::Fargate)
            .cpu("256")
            .memory("512")
            .container_definitions(app)
            .send()
            .await
            .unwrap();
        ecs.create_cluster()
            .cluster_name(&name)
            .send()
            .await
            .unwrap();
        let like = service(&ecs, "prod", "web").await;
        ecs.create_service()
            .cluster(&name)
            .service_name(SERVICE)
            .task_definition(format!("{name}:1"))
            .desired_count(2)
            .launch_type(LaunchType::Fargate)
            .set_network_configuration(like.network_configuration)
            .send()
            .await
            .unwrap();
        Self {
            ecs,
            cluster: name,
            registry,
        }
    }

    async fn service(&self) -> Service {
        service(&self.ecs, &self.cluster, SERVICE).await
    }

    async fn tasks(&self) -> Vec<Task> {
        tasks(&self.ecs, &self.cluster, SERVICE).await
    }

    /// The session at the service, once it runs all its tasks.
    async fn session(&self) -> Session {
        let mut session = Session::at(&servers::ministack()).await;
        session.at_service(&self.cluster, SERVICE).await;
        session.driver.until(|screen| screen.contains("2/2")).await;
        session
    }

    /// The ids of the images that the engine's running containers of the cluster have, each with its number.
    async fn images(&self) -> HashMap<String, usize> {
        let arn = service(&self.ecs, &self.cluster, SERVICE).await;
        let label = format!("com.amazonaws.ecs.cluster={}", arn.cluster_arn().unwrap());
        let options = ListContainersOptions {
            filters: Some(HashMap::from([("label".to_owned(), vec![label])])),
            ..Default::default()
        };
        let docker = servers::docker().await;
        let found = docker.list_containers(Some(options)).await.unwrap();
        let mut counts = HashMap::new();
        for container in found {
            *counts.entry(container.image_id.unwrap()).or_default() += 1;
        }
        counts
    }

    /// Waits until the engine runs so many containers of one image and no others: those of before may still be leaving.
    async fn runs(&self, session: &mut Session, image: &str, count: usize) {
        let expected = HashMap::from([(image.to_owned(), count)]);
        let begun = Instant::now();
        loop {
            let images = self.images().await;
            if images == expected {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{images:?} for {expected:?}");
            session.driver.pass(STEP).await;
        }
    }

    /// The id of an image of the repository `app/web`, as the engine has it.
    async fn image(&self, tag: &str) -> String {
        let docker = servers::docker().await;
        let name = format!("ecsight-test/app/web:{tag}");
        docker.inspect_image(&name).await.unwrap().id.unwrap()
    }

    async fn end(self) {
        self.ecs
            .delete_service()
            .cluster(&self.cluster)
            .service(SERVICE)
            .force(true)
            .send()
            .await
            .unwrap();
        self.ecs
            .delete_cluster()
            .cluster(&self.cluster)
            .send()
            .await
            .unwrap();
    }
}

fn steady(screen: &str) -> bool {
    screen.contains("steady after")
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_service_is_scaled_and_the_scale_taken_back() {
    let place = Place::build("scaled", "v1").await;
    let mut session = place.session().await;
    let image = place.image("v1").await;
    session.plan("s").await;
    session.driver.enter("4").await;
    session.driver.shows("desired count  2 → 4");
    session.run(None).await;
    session.driver.until(steady).await;
    assert_eq!(place.service().await.running_count(), 4);
    place.runs(&mut session, &image, 4).await;

    session.rest().await;
    session.plan("U").await;
    session.driver.shows("desired count  4 → 2");
    session.run(None).await;
    session.driver.until(steady).await;
    assert_eq!(place.service().await.running_count(), 2);
    place.runs(&mut session, &image, 2).await;
    place.end().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_service_is_redeployed_gets_another_image_and_goes_back() {
    let place = Place::build("rolled", "v1").await;
    let mut session = place.session().await;
    let (one, two) = (place.image("v1").await, place.image("v2").await);
    assert_ne!(one, two);
    let before = arns(&place.tasks().await);
    session.plan("r").await;
    session.run(None).await;
    session.driver.until(steady).await;
    let after = place.tasks().await;
    assert_eq!(after.len(), 2);
    assert!(arns(&after).is_disjoint(&before));
    session.rest().await;

    session.plan("i").await;
    session.driver.enter("v2").await;
    session
        .driver
        .shows(&format!("{}/app/web:v2", place.registry));
    session.run(None).await;
    session.driver.until(steady).await;
    let running = place.tasks().await;
    let image = format!("{}/app/web:v2", place.registry);
    assert_eq!(images(&running, "app"), BTreeSet::from([&*image]));
    place.runs(&mut session, &two, 2).await;
    let known = place.service().await;
    let revision = known.task_definition().unwrap();
    assert!(revision.ends_with(&format!("{}:2", place.cluster)));
    let asked = place.ecs.describe_task_definition();
    let copy = asked.task_definition(revision).send().await.unwrap();
    let copy = copy.task_definition().unwrap().container_definitions();
    assert_eq!(copy[0].environment()[0].value(), Some("hunter2"));
    session.rest().await;

    session.plan("u").await;
    session
        .driver
        .shows(&format!("{}:2 → {}:1", place.cluster, place.cluster));
    session.run(None).await;
    session.driver.until(steady).await;
    place.runs(&mut session, &one, 2).await;
    let text = serde_json::to_string(&session.audit()).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    assert_eq!(session.audit().len(), 6);
    place.end().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn marked_tasks_are_stopped_in_one_wave() {
    let place = Place::build("stopped", "v1").await;
    let mut session = place.session().await;
    session.plan("s").await;
    session.driver.enter("3").await;
    session.run(None).await;
    session.driver.until(steady).await;
    let before = arns(&place.tasks().await);
    assert_eq!(before.len(), 3);
    session.driver.press("enter space space space").await;
    session.plan("X").await;
    session.driver.enter("it leaks").await;
    session.driver.press("backspace").await;
    session.driver.enter("3").await;
    session.run(None).await;
    let stopped = described(&place.ecs, &place.cluster, before.into_iter().collect()).await;
    assert_eq!(stopped.len(), 3);
    for task in &stopped {
        assert_eq!(task.last_status(), Some("STOPPED"));
        assert_eq!(task.stopped_reason(), Some("it leaks"));
    }
    assert!(place.images().await.is_empty(), "no container is left");
    let outcomes: Vec<_> = session
        .audit()
        .iter()
        .filter(|line| line["deed"] == "stop" && line["outcome"] == "done")
        .map(|line| line["target"].clone())
        .collect();
    assert_eq!(outcomes.len(), 3);
    place.end().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_tag_that_is_moved_is_what_a_redeploy_runs() {
    let ecr = aws_sdk_ecr::Client::new(&servers::config(&servers::ministack()).await);
    let tag = format!("stable-{}", std::process::id());
    let id = |tag: &str| ImageIdentifier::builder().image_tag(tag).build();
    let get = ecr.batch_get_image().repository_name("app/web");
    let got = get.image_ids(id("v1")).send().await.unwrap();
    ecr.put_image()
        .repository_name("app/web")
        .image_tag(&tag)
        .set_image_manifest(got.images()[0].image_manifest.clone())
        .send()
        .await
        .unwrap();
    let place = Place::build("retagged", &tag).await;
    let mut session = place.session().await;
    let (one, two) = (place.image("v1").await, place.image("v2").await);
    place.runs(&mut session, &one, 2).await;

    session.in_repository("app/web", "v").await;
    session.driver.choose("v2").await;
    session.plan("t").await;
    session.driver.enter(&tag).await;
    session.run(None).await;
    session.driver.shows("done");
    let digest = async |tag: &str| {
        let asked = ecr.describe_images().repository_name("app/web");
        let answer = asked.image_ids(id(tag)).send().await.unwrap();
        answer.image_details()[0].image_digest.clone().unwrap()
    };
    assert_eq!(digest(&tag).await, digest("v2").await);
    assert_ne!(digest(&tag).await, digest("v1").await);

    session.at_service(&place.cluster, SERVICE).await;
    session.plan("r").await;
    session.run(None).await;
    session.driver.until(steady).await;
    place.runs(&mut session, &two, 2).await;
    place.end().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn exec_is_switched_and_a_read_only_session_switches_nothing() {
    let place = Place::build("switched", "v1").await;
    let mut session = place.session().await;
    session.plan("E").await;
    session.run(None).await;
    assert!(place.service().await.enable_execute_command());
    session.plan("U").await;
    session.run(None).await;
    assert!(!place.service().await.enable_execute_command());

    let mut session = Session::readonly(&servers::ministack()).await;
    session.at_service(&place.cluster, SERVICE).await;
    session.refuses("s r u i E").await;
    let known = place.service().await;
    assert_eq!(known.desired_count(), 2);
    assert_eq!(known.deployments().len(), 1);
    assert!(session.audit().is_empty());
    place.end().await;
}
