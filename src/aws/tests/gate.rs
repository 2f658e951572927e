//! The read-only gate, and whole answers as they came.

use std::sync::{
    Arc as Shared,
    atomic::{AtomicUsize, Ordering},
};

use tokio::net::TcpListener;

use super::*;
use crate::aws::{Clients, RawTarget, Settings, Urgency};

/// A listener that counts connections and closes them at once.
async fn counter() -> (Settings, Shared<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = settings(listener.local_addr().unwrap());
    let count = Shared::new(AtomicUsize::new(0));
    tokio::spawn({
        let count = count.clone();
        async move {
            while listener.accept().await.is_ok() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (settings, count)
}

async fn update(clients: &Clients) -> Fault {
    let send = || {
        let request = clients.ecs.update_service().service("api");
        request.desired_count(3).send()
    };
    clients
        .call("UpdateService", Urgency::Interactive, || {}, send)
        .await
        .unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_write_of_a_read_only_session_never_leaves_the_process() {
    let (settings, count) = counter().await;
    let settings = Settings {
        readonly: true,
        ..settings
    };
    let clients = Clients::connect(settings).await.unwrap();
    let fault = update(&clients).await;
    assert_eq!(fault.kind, FaultKind::ReadOnly);
    assert!(fault.message.contains("UpdateService"), "{}", fault.message);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let answer = fetch(&clients, &services_query()).await;
    assert_eq!(answer.fault().kind, FaultKind::Network);
    assert!(count.load(Ordering::SeqCst) > 0);
}

#[tokio::test(start_paused = true)]
async fn the_gate_can_be_shut_later() {
    let (settings, count) = counter().await;
    let clients = Clients::connect(settings).await.unwrap().into_readonly();
    assert!(clients.is_readonly());
    assert_eq!(update(&clients).await.kind, FaultKind::ReadOnly);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let answer = fetch(&clients, &services_query()).await;
    assert_eq!(answer.fault().kind, FaultKind::Network);
    assert!(count.load(Ordering::SeqCst) > 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_of_an_ordinary_session_is_sent() {
    let (settings, count) = counter().await;
    let clients = Clients::connect(settings).await.unwrap();
    assert_eq!(update(&clients).await.kind, FaultKind::Network);
    assert!(count.load(Ordering::SeqCst) > 0);
}

#[tokio::test]
async fn every_query_and_every_whole_answer_passes_the_gate() {
    let fake = Fake::start(|operation, _| match operation {
        "GetCallerIdentity" => Reply(
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
                .to_owned(),
        ),
        _ => Reply::ok(&json!({})),
    })
    .await;
    let settings = Settings {
        readonly: true,
        ..settings(fake.address)
    };
    let clients = Clients::connect(settings).await.unwrap();
    assert!(clients.is_readonly());
    let cluster = cluster();
    let definition = Arn::new("arn:aws:ecs:eu-west-1:1:task-definition/web:1");
    let queries = [
        Query::Identity,
        Query::Clusters(None),
        services_query(),
        Query::Service {
            cluster: cluster.clone(),
            service: Arn::new(&named("service", 1)),
        },
        tasks_query(true),
        Query::Task {
            cluster: cluster.clone(),
            task: Arn::new(&named("task", 1)),
        },
        Query::Instances {
            cluster: cluster.clone(),
        },
        Query::Families(None),
        Query::Revisions {
            family: Arn::of_family("eu-west-1", "web"),
        },
        Query::Definition {
            definition: definition.clone(),
        },
    ];
    for query in queries {
        let answer = fetch(&clients, &query).await;
        assert!(answer.done().0.is_empty());
    }
}

#[tokio::test]
async fn a_whole_answer_is_kept_byte_for_byte_with_all_that_can_be_included() {
    let text = "{\n  \"unknownField\": [1, 2.50],  \"services\": []\n}";
    let mut fake = Fake::start(move |_, _| Reply(200, text.to_owned())).await;
    let clients = fake.clients().await;
    let cases = [
        (CLUSTER.to_owned(), "DescribeClusters", "clusters", 3),
        (named("service", 1), "DescribeServices", "services", 1),
        (named("task", 1), "DescribeTasks", "tasks", 1),
        (
            named("container-instance", 1),
            "DescribeContainerInstances",
            "containerInstances",
            2,
        ),
        (
            "arn:aws:ecs:eu-west-1:1:task-definition/web:7".to_owned(),
            "DescribeTaskDefinition",
            "taskDefinition",
            1,
        ),
        (
            Arn::of_family("eu-west-1", "web").to_string(),
            "DescribeTaskDefinition",
            "taskDefinition",
            1,
        ),
    ];
    for (arn, operation, field, included) in cases {
        let target = RawTarget {
            arn: Arn::new(&arn),
            cluster: None,
        };
        assert_eq!(clients.raw(&target).await.unwrap(), text);
        let (asked, input) = fake.asked.recv().await.unwrap();
        assert_eq!(asked, operation);
        assert_eq!(input["include"].as_array().unwrap().len(), included);
        let value = &input[field];
        let name = match target.arn.kind() {
            "family" => target.arn.family(),
            _ => arn.as_str(),
        };
        assert!(*value == json!(name) || *value == json!([name]), "{value}");
        if !matches!(operation, "DescribeClusters" | "DescribeTaskDefinition") {
            assert_eq!(input["cluster"], "web");
        }
    }
}

#[tokio::test]
async fn a_whole_answer_of_something_else_is_refused() {
    let fake = Fake::start(|_, _| Reply::ok(&json!({}))).await;
    let target = RawTarget {
        arn: Arn::new("arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1"),
        cluster: None,
    };
    let fault = fake.clients().await.raw(&target).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains("targetgroup"));
}
