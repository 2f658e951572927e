//! Page sizes, batch sizes, quotas, identifiers and errors.

use std::time::{Duration, Instant};

use aws_sdk_ecs::error::ProvideErrorMetadata as _;
use rstest::rstest;
use serde_json::{Value, json};

use super::Scene;
use crate::sandbox::Options;
use crate::sandbox::front::{Account, Body, Reply, Request, TARGET_PREFIX};

/// Calls an operation without HTTP.
fn call(account: &mut Account, operation: &str, body: &Value) -> (u16, Value) {
    let target = format!("{TARGET_PREFIX}{operation}");
    let reply = account.answer(
        Request {
            path: "/",
            target: Some(&target),
            body: body.to_string().as_bytes(),
        },
        Instant::now(),
    );
    (reply.status, read(&reply))
}

fn read(reply: &Reply) -> Value {
    let Body::Whole(body) = &reply.body else {
        panic!("not a whole body: {reply:?}");
    };
    serde_json::from_slice(body).unwrap()
}

fn scaled() -> Options {
    Options {
        clusters: Some(1),
        services: Some(123),
        tasks: Some(2),
        ..Options::default()
    }
}

async fn first_cluster(scene: &Scene) -> String {
    let clusters = scene.ecs.list_clusters().send().await.unwrap();
    clusters.cluster_arns()[0].clone()
}

#[tokio::test]
async fn services_come_ten_to_a_page_and_each_once() {
    let scene = Scene::open(scaled()).await;
    let cluster = first_cluster(&scene).await;
    for (size, expected) in [(None, 13), (Some(7), 18), (Some(100), 2)] {
        let (mut seen, mut pages, mut token) = (Vec::new(), 0, None);
        loop {
            let page = scene
                .ecs
                .list_services()
                .cluster(&cluster)
                .set_max_results(size)
                .set_next_token(token)
                .send()
                .await
                .unwrap();
            pages += 1;
            seen.extend(page.service_arns.unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                break;
            }
            scene.sandbox.tick(Duration::from_secs(1));
        }
        let total = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((total, seen.len(), pages), (123, 123, expected));
    }
}

#[tokio::test]
async fn tasks_come_a_hundred_to_a_page() {
    let scene = Scene::open(scaled()).await;
    let cluster = first_cluster(&scene).await;
    let first = scene
        .ecs
        .list_tasks()
        .cluster(&cluster)
        .send()
        .await
        .unwrap();
    assert_eq!(first.task_arns().len(), 100);
    let second = scene
        .ecs
        .list_tasks()
        .cluster(&cluster)
        .set_next_token(first.next_token)
        .send()
        .await
        .unwrap();
    assert!(second.task_arns().len() > 50);
}

#[tokio::test]
async fn quotas_throttle_per_bucket() {
    let scene = Scene::open(Options {
        throttle: true,
        ..Options::default()
    })
    .await;
    let target = format!("{TARGET_PREFIX}ListClusters");
    let request = Request {
        path: "/",
        target: Some(&target),
        body: b"{}",
    };
    // All at one instant, which lies ahead so that the bucket cannot refill before the client calls.
    let later = Instant::now() + Duration::from_hours(1);
    {
        let mut account = super::super::lock(&scene.sandbox.home.account);
        let granted = (0..80).filter(|_| account.answer(request, later).status == 200);
        assert_eq!(granted.count(), 50);
    }
    let error = scene.ecs.list_clusters().send().await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Some("ThrottlingException"), Some("Rate exceeded"))
    );
    let services = scene.ecs.list_services().cluster("staging");
    services.send().await.unwrap();
    assert_eq!(scene.sandbox.calls()["ListClusters"], 81);
}

#[rstest]
#[case::unknown_operation("FlyToTheMoon", json!({}), "UnknownOperationException", "")]
#[case::wrong_type("ListServices", json!({"maxResults": "ten"}), "SerializationException", "")]
#[case::page_too_large("ListServices", json!({"cluster": "staging", "maxResults": 101}), "InvalidParameterException", "100")]
#[case::bad_token("ListTasks", json!({"cluster": "staging", "nextToken": "%%"}), "InvalidParameterException", "token")]
#[case::no_cluster("ListServices", json!({"cluster": "nope"}), "ClusterNotFoundException", "Cluster not found.")]
#[case::no_default("ListTasks", json!({}), "ClusterNotFoundException", "Cluster not found.")]
#[case::no_services("DescribeServices", json!({"cluster": "staging", "services": []}), "InvalidParameterException", "empty")]
#[case::eleven_services("DescribeServices", json!({"cluster": "staging", "services": vec!["a"; 11]}), "InvalidParameterException", "at most 10 items")]
#[case::many_tasks("DescribeTasks", json!({"cluster": "staging", "tasks": vec!["a"; 101]}), "InvalidParameterException", "at most 100 items")]
#[case::unknown_include("DescribeServices", json!({"cluster": "staging", "services": ["search"], "include": ["EVENTS"]}), "InvalidParameterException", "EVENTS")]
#[case::lonely_started_by("ListTasks", json!({"cluster": "staging", "startedBy": "x", "family": "y"}), "InvalidParameterException", "only filter")]
#[case::no_service("UpdateService", json!({"cluster": "staging", "service": "nope"}), "ServiceNotFoundException", "Service not found.")]
#[case::dead_service("UpdateService", json!({"cluster": "staging", "service": "old-blog", "desiredCount": 1}), "ServiceNotActiveException", "Service was not ACTIVE.")]
#[case::dead_cluster("RunTask", json!({"cluster": "legacy-2019", "taskDefinition": "db-vacuum"}), "ClusterNotFoundException", "inactive")]
#[case::daemon_count("UpdateService", json!({"cluster": "prod-web", "service": "node-exporter", "desiredCount": 3}), "InvalidParameterException", "daemon")]
#[case::no_network("RunTask", json!({"cluster": "batch", "taskDefinition": "db-vacuum"}), "InvalidParameterException", "awsvpc")]
#[case::no_such_task("StopTask", json!({"cluster": "batch", "task": "0123"}), "InvalidParameterException", "not found")]
#[tokio::test]
async fn errors_have_the_codes_of_the_api(
    #[case] operation: &str,
    #[case] body: Value,
    #[case] code: &str,
    #[case] words: &str,
) {
    let scene = Scene::demo().await;
    let mut account = super::super::lock(&scene.sandbox.home.account);
    let (status, answer) = call(&mut account, operation, &body);
    assert_eq!(
        (status, answer["__type"].as_str()),
        (400, Some(code)),
        "{answer}"
    );
    assert!(
        answer["message"].as_str().unwrap().contains(words),
        "{answer}"
    );
}

#[tokio::test]
async fn broken_json_is_a_serialization_error() {
    let scene = Scene::demo().await;
    let mut account = super::super::lock(&scene.sandbox.home.account);
    let target = format!("{TARGET_PREFIX}ListClusters");
    let reply = account.answer(
        Request {
            path: "/",
            target: Some(&target),
            body: b"{\"maxResults\":",
        },
        Instant::now(),
    );
    assert_eq!(
        (reply.status, reply.error),
        (400, Some("SerializationException"))
    );
}

#[tokio::test]
async fn missing_ids_are_failures_and_every_form_of_a_name_works() {
    let scene = Scene::demo().await;
    let mut account = super::super::lock(&scene.sandbox.home.account);
    let prefix = "arn:aws:ecs:eu-west-1:123456789012";
    for (cluster, service) in [
        ("staging".to_owned(), "search".to_owned()),
        (
            format!("{prefix}:cluster/staging"),
            format!("{prefix}:service/staging/search"),
        ),
        ("staging".to_owned(), format!("{prefix}:service/search")),
    ] {
        let (status, answer) = call(
            &mut account,
            "DescribeServices",
            &json!({"cluster": cluster, "services": [service, "ghost"]}),
        );
        assert_eq!(
            (status, &answer["services"][0]["serviceName"]),
            (200, &json!("search"))
        );
        assert_eq!(
            answer["failures"],
            json!([{"arn": format!("{prefix}:service/staging/ghost"), "reason": "MISSING"}])
        );
    }
    let (_, elsewhere) = call(
        &mut account,
        "DescribeServices",
        &json!({"cluster": "batch", "services": [format!("{prefix}:service/staging/search")]}),
    );
    assert_eq!(elsewhere["failures"][0]["reason"], "MISSING");
}

#[tokio::test]
async fn task_filters_narrow() {
    let scene = Scene::demo().await;
    let mut account = super::super::lock(&scene.sandbox.home.account);
    let mut count = |filter: Value| {
        let mut body = json!({"cluster": "prod-fargate"});
        body.as_object_mut()
            .unwrap()
            .extend(filter.as_object().unwrap().clone());
        let (status, answer) = call(&mut account, "ListTasks", &body);
        assert_eq!(status, 200, "{answer}");
        answer["taskArns"].as_array().unwrap().len()
    };
    let all = count(json!({}));
    assert!(all > 20);
    assert_eq!(count(json!({"desiredStatus": "PENDING"})), 0);
    assert_eq!(count(json!({"launchType": "EC2"})), 0);
    assert_eq!(count(json!({"launchType": "FARGATE"})), all);
    assert_eq!(count(json!({"startedBy": "jane@example.com"})), 1);
    let of_service = count(json!({"serviceName": "orders-api"}));
    assert_eq!(
        count(json!({"family": "orders-api"})),
        of_service + 1,
        "and the one started by hand"
    );
}

#[tokio::test]
async fn answers_leave_out_what_is_not_known() {
    fn nulls(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => items.iter().any(nulls),
            Value::Object(map) => map.values().any(nulls),
            _ => false,
        }
    }
    let scene = Scene::demo().await;
    let mut account = super::super::lock(&scene.sandbox.home.account);
    let (_, answer) = call(
        &mut account,
        "DescribeServices",
        &json!({"cluster": "prod-web", "services": ["legacy-admin"]}),
    );
    assert!(!nulls(&answer));
    assert!(
        answer["services"][0].get("tags").is_none(),
        "tags only when they are asked for"
    );
}
