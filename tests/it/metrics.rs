//! Metrics of a real server: what was put there is what is measured.

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, MetricDatum},
};
use ecsight::{
    aws::Urgency,
    model::{Arn, Entity, MetricOf, Part, Query},
};
use tokio::sync::mpsc;

use crate::servers::{self, ministack};

const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/measured";

fn service(name: &str) -> Arn {
    Arn::new(&format!(
        "arn:aws:ecs:us-east-1:123456789012:service/measured/{name}"
    ))
}

/// Puts CPU and memory of a service, one point each minute for three minutes until two minutes ago.
async fn put(endpoint: &str, service: &str) {
    let client = aws_sdk_cloudwatch::Client::new(&servers::config(endpoint).await);
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let mut request = client.put_metric_data().namespace("AWS/ECS");
    for ago in 2..5_u32 {
        for (name, value) in [("CPUUtilization", 10.0), ("MemoryUtilization", 50.0)] {
            let at = SystemTime::now() - Duration::from_mins(ago.into());
            let datum = MetricDatum::builder()
                .metric_name(name)
                .dimensions(dimension("ClusterName", "measured"))
                .dimensions(dimension("ServiceName", service))
                .timestamp(DateTime::from(at))
                .value(value + f64::from(ago));
            request = request.metric_data(datum.build());
        }
    }
    request.send().await.unwrap();
}

async fn measure(endpoint: &str, services: &[&str]) -> Vec<(Query, Part)> {
    let clients = servers::clients(endpoint).await;
    let queries: Vec<_> = services
        .iter()
        .map(|name| Query::Metrics {
            cluster: Arn::new(CLUSTER),
            of: MetricOf::Service(service(name)),
        })
        .collect();
    let (sender, mut parts) = mpsc::channel(64);
    clients
        .measure(&queries, Urgency::Interactive, sender)
        .await;
    let mut all = Vec::new();
    while let Some(part) = parts.recv().await {
        all.push(part);
    }
    all
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn what_was_put_is_measured() {
    let endpoint = &ministack();
    put(endpoint, "busy").await;
    let parts = measure(endpoint, &["busy", "idle"]).await;
    let found: Vec<_> = parts
        .iter()
        .filter_map(|(_, part)| match part {
            Part::Some { entities, .. } => entities.first(),
            Part::Failed { fault, .. } => panic!("{fault}"),
            Part::Done { .. } => None,
        })
        .map(|entity| match entity {
            Entity::Metrics(metrics) => &**metrics,
            other => panic!("no metrics: {other:?}"),
        })
        .collect();
    let [busy, idle] = found.as_slice() else {
        panic!("two services: {parts:?}");
    };
    assert_eq!(busy.of, service("busy"));
    let values = |points: &[ecsight::model::Point]| -> Vec<f64> {
        assert!(points.is_sorted_by_key(|point| point.at));
        let values = points.iter().map(|point| point.value.round());
        values.collect()
    };
    assert_eq!(values(&busy.cpu), [14.0, 13.0, 12.0]);
    assert_eq!(values(&busy.memory), [54.0, 53.0, 52.0]);
    assert!(idle.cpu.is_empty() && idle.memory.is_empty());
}
