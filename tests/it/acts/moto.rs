//! What moto knows of deeds: hosts that are drained. Its services start no tasks.

use serde_json::json;

use super::*;
use crate::servers;

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_host_is_drained_and_takes_tasks_again() {
    let ecs = servers::ecs(&servers::moto()).await;
    // A cluster of its own, with the machine of a host of another: moto wants one that it knows.
    let listed = ecs.list_container_instances().cluster("fleet");
    let listed = listed.send().await.unwrap().container_instance_arns;
    let fleet = ecs.describe_container_instances().cluster("fleet");
    let fleet = fleet.set_container_instances(listed).send().await.unwrap();
    let id = fleet.container_instances()[0].ec2_instance_id().unwrap();
    let cluster = format!("drained-{}", std::process::id());
    ecs.create_cluster()
        .cluster_name(&cluster)
        .send()
        .await
        .unwrap();
    let registered = ecs
        .register_container_instance()
        .cluster(&cluster)
        .instance_identity_document(json!({ "instanceId": id }).to_string())
        .instance_identity_document_signature("-");
    let registered = registered.send().await.unwrap();
    let registered = registered.container_instance().unwrap();
    let arn = registered.container_instance_arn().unwrap();

    let mut session = Session::at(&servers::moto()).await;
    session.go(&format!("instances {cluster}")).await;
    for (key, title, status) in [
        ("u", "Drain", "DRAINING"),
        ("u", "Activate", "ACTIVE"),
        ("U", "takes back", "DRAINING"),
    ] {
        session.plan(key).await;
        session.driver.shows(title);
        session.run(None).await;
        let now = ecs.describe_container_instances().cluster(&cluster);
        let now = now.container_instances(arn).send().await.unwrap();
        assert_eq!(now.container_instances()[0].status(), Some(status));
        session.driver.line_with(&[id, status]);
    }
    let outcomes: Vec<_> = session
        .audit()
        .iter()
        .map(|line| line["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(outcomes, ["under way", "done"].repeat(3));
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_read_only_session_drains_nothing() {
    let mut session = Session::readonly(&servers::moto()).await;
    session.go("instances fleet").await;
    session.driver.press("u").await;
    session.driver.shows("this session is read-only");
    session.driver.hides("[ Cancel ]");
    assert!(session.audit().is_empty());
}
