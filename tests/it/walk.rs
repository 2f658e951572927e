//! The walk from clusters to containers where the containers are real: what the screen shows is what `DescribeTasks`
//! and the Docker Engine say.

use std::collections::HashMap;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    ContainerDefinition, DesiredStatus, KeyValuePair, MountPoint, NetworkMode, PortMapping, Task,
    Volume, VolumeFrom,
};
use bollard::models::ContainerSummary;
use bollard::query_parameters::ListContainersOptions;

use crate::servers;
use crate::support::driver::{Driver, Setup};

/// The first digits of an id, as many as the program shows.
fn short(arn: &str) -> &str {
    &arn.rsplit('/').next().unwrap()[..8]
}

async fn start() -> (Driver, Client) {
    let driver = Driver::start(Setup {
        size: (200, 60),
        ..Setup::at(&servers::ministack())
    })
    .await;
    (driver, servers::ecs(&servers::ministack()).await)
}

/// The tasks of a service as the server describes them, of those whose id begins as given.
async fn tasks(
    ecs: &Client,
    (cluster, service): (&str, &str),
    status: DesiredStatus,
    id: &str,
) -> Vec<Task> {
    let pages: Vec<_> = ecs
        .list_tasks()
        .cluster(cluster)
        .service_name(service)
        .desired_status(status)
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .unwrap();
    let wanted = pages.into_iter().filter(|arn| short(arn).starts_with(id));
    let described = ecs
        .describe_tasks()
        .cluster(cluster)
        .set_tasks(Some(wanted.collect()))
        .send()
        .await
        .unwrap();
    described.tasks.unwrap()
}

/// The address of the network interface that the server gave a task.
fn address(task: &Task) -> &str {
    let details = task.attachments()[0].details().iter();
    let mut addresses = details.filter(|detail| detail.name() == Some("privateIPv4Address"));
    addresses.next().unwrap().value().unwrap()
}

/// The containers that the Docker Engine runs for a task, by their names.
async fn engine(task: &str) -> HashMap<String, ContainerSummary> {
    let label = format!("com.amazonaws.ecs.task-arn={task}");
    let options = ListContainersOptions {
        filters: Some(HashMap::from([("label".to_owned(), vec![label])])),
        ..Default::default()
    };
    let found = servers::docker()
        .await
        .list_containers(Some(options))
        .await
        .unwrap();
    found
        .into_iter()
        .map(|container| {
            let labels = container.labels.as_ref().unwrap();
            (
                labels["com.amazonaws.ecs.container-name"].clone(),
                container,
            )
        })
        .collect()
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn the_tasks_on_the_screen_are_those_of_the_server() {
    let (mut driver, ecs) = start().await;
    let prod = driver.line_with(&["prod", "ACTIVE"]);
    assert!(prod.ends_with("FARGATE, FARGATE_SPOT"), "{prod}");
    driver.choose("prod").await;
    driver.press("enter").await;
    driver.shows("clusters > prod > services  2 ");
    for (service, counts, revision) in [("web", "3/3", "web:3"), ("api", "2/2", "api:1")] {
        driver.line_with(&[service, " ok ", counts, "COMPLETED", revision, "FARGATE"]);
    }

    driver.choose("web").await;
    driver.press("enter").await;
    driver.shows("clusters > prod > services > web > tasks  3 ");
    let told = tasks(&ecs, ("prod", "web"), DesiredStatus::Running, "").await;
    assert_eq!(told.len(), 3);
    for task in told {
        driver.line_with(&[
            short(task.task_arn().unwrap()),
            task.last_status().unwrap(),
            "web:3",
            address(&task),
        ]);
    }
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn the_containers_on_the_screen_are_those_of_the_engine() {
    let (mut driver, ecs) = start().await;
    driver.choose("prod").await;
    driver.press("enter").await;
    driver.choose("web").await;
    driver.press("enter").await;
    for task in tasks(&ecs, ("prod", "web"), DesiredStatus::Running, "").await {
        let arn = task.task_arn().unwrap();
        let real = engine(arn).await;
        assert_eq!(real.len(), 2, "{real:?}");
        driver.choose(short(arn)).await;
        driver.press("enter").await;
        driver.shows(&format!("> tasks > {} > containers  2 ", short(arn)));
        for container in task.containers() {
            let name = container.name().unwrap();
            let digest = container.image_digest().unwrap();
            let image = container.image().unwrap();
            let shown = image.split_once('/').unwrap().1;
            let hex = &digest.strip_prefix("sha256:").unwrap()[..12];
            driver.line_with(&[name, "RUNNING", shown, hex]);

            let real = &real[name];
            driver.choose(name).await;
            driver.press("enter").await;
            let runtime = driver.line_with(&["runtime id"]);
            let id = runtime.split_whitespace().last().unwrap();
            assert_eq!(&real.id.as_ref().unwrap()[..12], id);
            assert_eq!(real.state.as_ref().unwrap().to_string(), "running");
            driver.line_with(&["status", "RUNNING"]);
            driver.line_with(&["  image  ", image]);
            let (repository, _) = image.rsplit_once(':').unwrap();
            let pulled = format!("{repository}@{digest}");
            assert_eq!(real.image.as_ref(), Some(&pulled));
            driver.line_with(&["  digest  ", digest]);
            driver.line_with(&["  task  ", arn]);
            driver.press("esc").await;
        }
        driver.press("esc").await;
    }
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn the_stopped_tasks_of_the_sick_service_show_their_exit_code() {
    let (mut driver, ecs) = start().await;
    driver.choose("staging").await;
    driver.press("enter").await;
    driver.choose("importer").await;
    driver.press("enter x").await;
    let screen = driver.until(|screen| screen.contains("importer 42")).await;
    assert!(screen.contains("> importer > stopped tasks"), "{screen}");
    let line = driver.line_with(&["importer 42", "importer:1"]);
    let id = line.split_whitespace().nth(1).unwrap();
    let told = tasks(&ecs, ("staging", "importer"), DesiredStatus::Stopped, id).await;
    let [task] = told.as_slice() else {
        panic!("the server knows no stopped task {id}: {told:?}");
    };
    assert_eq!(task.containers()[0].exit_code(), Some(42));
    assert!(line.contains(task.stop_code().unwrap().as_str()), "{line}");
    assert!(line.contains(task.stopped_reason().unwrap()), "{line}");

    driver.choose(id).await;
    driver.press("enter").await;
    driver.line_with(&["! importer", "STOPPED", " 42 "]);
    driver.press("esc x").await;
    driver.shows("> importer > tasks");
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn tasks_run_by_hand_are_reached_from_their_cluster() {
    let (mut driver, ecs) = start().await;
    let listed = ecs
        .list_tasks()
        .cluster("staging")
        .family("report")
        .send()
        .await
        .unwrap();
    let [running] = listed.task_arns() else {
        panic!(
            "not one task of the family report: {:?}",
            listed.task_arns()
        );
    };
    driver.choose("staging").await;
    driver.press("t").await;
    driver.line_with(&[short(running), "report", "RUNNING", "report:1"]);
    driver.choose(short(running)).await;
    driver.press("enter").await;
    let real = &engine(running).await["report"];
    driver.line_with(&["report", "RUNNING", "app/sidecar:stable"]);
    driver.press("enter").await;
    driver.line_with(&["runtime id", &real.id.as_ref().unwrap()[..12]]);
    driver.press("esc esc x / r e p o r t enter").await;
    driver.line_with(&["report 0", "UserInitiated", "report:1"]);
    driver.press("d").await;
    driver.shows("stopped to make room for the migration");
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn the_task_definition_of_a_service_is_a_page_with_its_values_masked() {
    let (mut driver, _) = start().await;
    driver.choose("prod").await;
    driver.press("enter").await;
    driver.choose("web").await;
    driver.press("t").await;
    driver.line_with(&["  name  ", "web:3"]);
    driver.line_with(&["network mode", "awsvpc"]);
    driver.line_with(&["  ports  ", "8080/tcp"]);
    driver.line_with(&["depends on", "sidecar: START"]);
    driver.line_with(&[
        "health check",
        "wget -q -O- http://127.0.0.1:8080/ || exit 1",
    ]);
    driver.line_with(&[
        "SESSION_KEY from arn:aws:secretsmanager:",
        "prod/web/session-key",
    ]);
    driver.line_with(&["awslogs-group=/ecs/web"]);
    driver.line_with(&["DATABASE_URL=••••••"]);
    driver.hides("hunter2");
    driver.press("m").await;
    driver.line_with(&["DATABASE_URL=postgres://web:hunter2@db.internal/shop"]);
    driver.press("m").await;
    driver.hides("hunter2");
    // The whole answer is masked too.
    driver.press("y").await;
    driver.shows("DATABASE_URL");
    driver.hides("hunter2");
}

/// Registers a revision with what only the bridge network mode has.
async fn register_bridge(ecs: &Client, family: &str) {
    let secret = KeyValuePair::builder().name("GREETING").value("hello-you");
    let front = ContainerDefinition::builder()
        .name("front")
        .image("registry.internal/front:7")
        .memory(64)
        .links("back:database")
        .port_mappings(
            PortMapping::builder()
                .container_port(80)
                .host_port(8_080)
                .build(),
        )
        .mount_points(
            MountPoint::builder()
                .source_volume("data")
                .container_path("/srv/data")
                .read_only(true)
                .build(),
        )
        .environment(secret.build())
        .build();
    let donor = VolumeFrom::builder().source_container("front").build();
    let back = ContainerDefinition::builder()
        .name("back")
        .image("registry.internal/back:2")
        .memory(64)
        .volumes_from(donor)
        .build();
    ecs.register_task_definition()
        .family(family)
        .network_mode(NetworkMode::Bridge)
        .container_definitions(front)
        .container_definitions(back)
        .volumes(Volume::builder().name("data").build())
        .send()
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn families_lead_to_revisions_and_their_pages() {
    let (mut driver, ecs) = start().await;
    let family = format!("bridge-{}", std::process::id());
    register_bridge(&ecs, &family).await;
    register_bridge(&ecs, &family).await;
    driver.press(":").await;
    driver.enter("td").await;
    driver.choose(&family).await;
    driver.press("enter").await;
    assert_eq!(driver.rows(), 2);
    driver.choose(" 1 ").await;
    driver.press("enter").await;
    driver.line_with(&["  name  ", &format!("{family}:1")]);
    driver.line_with(&["network mode", "bridge"]);
    driver.line_with(&["  links  ", "back:database"]);
    driver.line_with(&["  ports  ", "80", "8080"]);
    driver.line_with(&["/srv/data", "data", "read-only"]);
    driver.line_with(&["volumes from", "front"]);
    driver.line_with(&["GREETING=••••••"]);
    driver.press("m").await;
    driver.line_with(&["GREETING=hello-you"]);
}
