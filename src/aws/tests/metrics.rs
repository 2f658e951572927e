//! Metrics: how many calls they take, what is asked, and what becomes of each result.

use aws_smithy_cbor::Encoder;
use aws_smithy_types::DateTime;
use http_body_util::{Full, combinators::BoxBody};
use hyper::{Response, body::Bytes};
use rstest::rstest;
use tokio::sync::mpsc;

use super::*;
use crate::{
    aws::{
        Urgency,
        fake::{Asked, Whole},
    },
    model::{MetricOf, MetricSource, Metrics, Part},
};

const MINUTE: i64 = 29_000_000 * 60;

fn of_service(number: usize) -> Query {
    Query::Metrics {
        cluster: cluster(),
        of: MetricOf::Service(Arn::new(&named("service", number))),
    }
}

fn of_task() -> Query {
    Query::Metrics {
        cluster: cluster(),
        of: MetricOf::Task {
            task: Arn::new(&named("task", 1)),
            family: "api".to_owned(),
            service: Some("api".to_owned()),
        },
    }
}

fn answer(status: u16, body: Vec<u8>) -> Response<BoxBody<Bytes, std::convert::Infallible>> {
    Response::builder()
        .status(status)
        .header("content-type", "application/cbor")
        .header("smithy-protocol", "rpc-v2-cbor")
        .body(BoxBody::new(Full::new(Bytes::from(body))))
        .unwrap()
}

fn refusal(status: u16, code: &str, blame: &str, message: &str) -> Whole {
    let mut encoder = Encoder::new(Vec::new());
    encoder.begin_map();
    encoder.str("__type").str(code);
    encoder.str("message").str(message);
    encoder.end();
    let mut response = answer(status, encoder.into_writer());
    let header = format!("{code};{blame}").parse().unwrap();
    response.headers_mut().insert("x-amzn-query-error", header);
    response
}

/// The ids asked for.
fn ids(asked: &Value) -> Vec<String> {
    let queries = asked["MetricDataQueries"].as_array().unwrap();
    let ids = queries.iter().map(|query| query["Id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

/// Results: an id with its status and values, a minute apart.
fn results(results: &[(&str, &str, &[f64])], next: Option<&str>) -> Whole {
    let mut encoder = Encoder::new(Vec::new());
    encoder.begin_map();
    encoder.str("MetricDataResults").array(results.len());
    for (id, status, values) in results {
        encoder.begin_map();
        encoder.str("Id").str(id);
        encoder.str("StatusCode").str(status);
        encoder.str("Timestamps").array(values.len());
        for index in 0..values.len() {
            let at = MINUTE + 60 * i64::try_from(index).unwrap();
            encoder.timestamp(&DateTime::from_secs(at));
        }
        encoder.str("Values").array(values.len());
        for value in *values {
            encoder.double(*value);
        }
        encoder.end();
    }
    if let Some(next) = next {
        encoder.str("NextToken").str(next);
    }
    encoder.end();
    answer(200, encoder.into_writer())
}

/// Every metric is there, without a point.
fn quiet(asked: &Asked) -> Whole {
    let ids = ids(&asked.input);
    let all: Vec<_> = ids
        .iter()
        .map(|id| (id.as_str(), "Complete", &[][..]))
        .collect();
    results(&all, None)
}

async fn measure(fake: &Fake, queries: &[Query]) -> Vec<(Query, Part)> {
    let clients = fake.clients().await;
    let (sender, mut parts) = mpsc::channel(4);
    let run = async { clients.measure(queries, Urgency::Visible, sender).await };
    let all = async {
        let mut all = Vec::new();
        while let Some(part) = parts.recv().await {
            all.push(part);
        }
        all
    };
    tokio::join!(run, all).1
}

/// The metrics in an answer.
fn metrics(parts: &[(Query, Part)]) -> Vec<&Metrics> {
    let entities = parts.iter().filter_map(|(_, part)| match part {
        Part::Some { entities, .. } => Some(&entities[0]),
        _ => None,
    });
    entities
        .map(|entity| match entity {
            Entity::Metrics(metrics) => &**metrics,
            other => panic!("no metrics: {other:?}"),
        })
        .collect()
}

#[rstest]
#[case(1, 1)]
#[case(3, 1)]
#[case(250, 1)]
#[case(251, 2)]
#[case(500, 2)]
#[tokio::test]
async fn calls_are_as_few_as_five_hundred_metrics_a_call_allow(
    #[case] services: usize,
    #[case] calls: u32,
) {
    let mut fake = Fake::serve(|asked| {
        assert!(ids(&asked.input).len() <= 500);
        quiet(asked)
    })
    .await;
    let queries: Vec<_> = (0..services).map(of_service).collect();
    let parts = measure(&fake, &queries).await;
    let mut ended: Vec<_> = parts
        .iter()
        .filter_map(|(query, part)| match part {
            Part::Done { calls, .. } => Some((query.clone(), *calls)),
            _ => None,
        })
        .collect();
    assert_eq!(ended.iter().map(|(_, calls)| calls).sum::<u32>(), calls);
    ended.sort_by_key(|(query, _)| queries.iter().position(|other| other == query));
    let ended: Vec<_> = ended.into_iter().map(|(query, _)| query).collect();
    assert_eq!(ended, queries, "each query has exactly one end");
    assert_eq!(parts.len(), 2 * services);
    assert_eq!(
        fake.counts(),
        [("GetMetricData".to_owned(), calls as usize)]
    );
}

#[tokio::test]
async fn a_service_is_asked_of_ecs_and_a_task_of_container_insights() {
    let mut fake = Fake::serve(|_| {
        let cpu = [12.5, 250.0];
        results(
            &[("c0", "Complete", &cpu), ("m0", "Complete", &[40.0])],
            None,
        )
    })
    .await;
    let found = fake.fetch(&of_service(7)).await;
    assert_eq!(found.done(), (vec![&*named("service", 7)], 1));
    let [Entity::Metrics(metrics)] = found.entities()[..] else {
        panic!("metrics");
    };
    assert_eq!(metrics.source, MetricSource::Ecs);
    let cpu: Vec<_> = metrics.cpu.iter().map(|p| (p.at.0, p.value)).collect();
    assert_eq!(
        cpu,
        [(MINUTE * 1_000, 12.5), ((MINUTE + 60) * 1_000, 250.0)]
    );
    assert_eq!((metrics.memory.len(), metrics.asked), (1, 2));
    let (_, input) = fake.asked.recv().await.unwrap();
    let seconds = |field: &str| input[field].as_f64().unwrap();
    assert!((seconds("EndTime") - seconds("StartTime") - 900.0).abs() < 1e-9);
    assert!((seconds("EndTime") % 60.0).abs() < 1e-9, "on the minute");
    assert_eq!(input["ScanBy"], "TimestampAscending");
    let dimensions = |names: &[(&str, &str)]| {
        let all = names
            .iter()
            .map(|(name, value)| json!({ "Name": name, "Value": value }));
        Value::Array(all.collect())
    };
    let statistic = |namespace: &str, name: &str, of: &Value| {
        json!({
            "Metric": { "Namespace": namespace, "MetricName": name, "Dimensions": of },
            "Period": 60,
            "Stat": "Average",
        })
    };
    let of = dimensions(&[("ClusterName", "web"), ("ServiceName", "0007")]);
    let queries = &input["MetricDataQueries"];
    assert_eq!(
        queries[0]["MetricStat"],
        statistic("AWS/ECS", "CPUUtilization", &of)
    );
    assert_eq!(
        queries[1]["MetricStat"],
        statistic("AWS/ECS", "MemoryUtilization", &of)
    );

    let found = fake.fetch(&of_task()).await;
    let [Entity::Metrics(metrics)] = found.entities()[..] else {
        panic!("metrics");
    };
    assert_eq!(metrics.source, MetricSource::Insights);
    let (_, input) = fake.asked.recv().await.unwrap();
    let of = dimensions(&[
        ("ClusterName", "web"),
        ("TaskDefinitionFamily", "api"),
        ("TaskId", "0001"),
    ]);
    let queries = &input["MetricDataQueries"];
    assert_eq!(
        queries[0]["MetricStat"],
        statistic("ECS/ContainerInsights", "TaskCpuUtilization", &of)
    );
    assert_eq!(
        queries[1]["MetricStat"],
        statistic("ECS/ContainerInsights", "TaskMemoryUtilization", &of)
    );
}

#[tokio::test]
async fn a_service_without_points_has_empty_lists() {
    let fake = Fake::serve(quiet).await;
    let parts = measure(&fake, &[of_service(1)]).await;
    let metrics = metrics(&parts);
    assert!(metrics[0].cpu.is_empty() && metrics[0].memory.is_empty());
    assert!(matches!(parts[1].1, Part::Done { calls: 1, .. }));
}

#[tokio::test]
async fn pages_of_one_metric_are_put_together() {
    let fake = Fake::serve(|asked| match asked.input["NextToken"].as_str() {
        None => results(
            &[("c0", "PartialData", &[1.0]), ("m0", "Complete", &[2.0])],
            Some("more"),
        ),
        Some(_) => results(&[("c0", "Complete", &[3.0])], None),
    })
    .await;
    let parts = measure(&fake, &[of_service(1)]).await;
    let metrics = metrics(&parts);
    let values: Vec<_> = metrics[0].cpu.iter().map(|point| point.value).collect();
    assert_eq!((values, metrics[0].memory.len()), (vec![1.0, 3.0], 1));
    assert!(matches!(parts[1].1, Part::Done { calls: 2, .. }));
}

#[tokio::test]
async fn one_metric_that_is_forbidden_or_broken_spares_the_others() {
    let fake = Fake::serve(|_| {
        results(
            &[
                ("c0", "Forbidden", &[]),
                ("m0", "Complete", &[1.0]),
                ("c1", "InternalError", &[]),
                ("m1", "Complete", &[1.0]),
                ("c2", "Complete", &[5.0]),
                ("m2", "Complete", &[6.0]),
            ],
            None,
        )
    })
    .await;
    let queries = [of_service(0), of_service(1), of_service(2)];
    let parts = measure(&fake, &queries).await;
    let kinds: Vec<_> = parts
        .iter()
        .filter_map(|(_, part)| match part {
            Part::Failed { fault, .. } => Some(fault.kind.clone()),
            _ => None,
        })
        .collect();
    let action = "cloudwatch:GetMetricData".to_owned();
    assert_eq!(kinds, [FaultKind::Denied { action }, FaultKind::Server]);
    let metrics = metrics(&parts);
    assert_eq!(metrics.len(), 1);
    assert_eq!(metrics[0].of.name(), "0002");
}

#[tokio::test]
async fn a_call_that_is_denied_fails_each_of_its_queries() {
    let said = "User: arn:aws:iam::1:user/ada is not authorized to perform: cloudwatch:GetMetricData because no identity-based policy allows it";
    let mut fake = Fake::serve(|_| refusal(403, "AccessDenied", "Sender", said)).await;
    let parts = measure(&fake, &[of_service(1), of_service(2)]).await;
    assert_eq!(parts.len(), 2);
    for (_, part) in parts {
        let Part::Failed { fault, .. } = part else {
            panic!("denied");
        };
        let action = "cloudwatch:GetMetricData".to_owned();
        assert_eq!(fault.kind, FaultKind::Denied { action });
        assert_eq!(fault.op, "GetMetricData");
    }
    assert_eq!(fake.counts(), [("GetMetricData".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn throttling_is_waited_out_and_each_sending_counted() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let mut fake = Fake::serve(move |asked| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            refusal(400, "Throttling", "Sender", "Rate exceeded")
        } else {
            quiet(asked)
        }
    })
    .await;
    let parts = measure(&fake, &[of_service(1)]).await;
    assert!(matches!(parts[1].1, Part::Done { calls: 2, .. }));
    assert_eq!(fake.counts(), [("GetMetricData".to_owned(), 2)]);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_not_there_is_named() {
    let fake = Fake::serve(quiet).await;
    let settings = settings(fake.address);
    let address = fake.address.to_string();
    drop(fake);
    tokio::task::yield_now().await;
    let clients = crate::aws::Clients::connect(settings).await.unwrap();
    let answer = fetch(&clients, &of_service(1)).await;
    assert_eq!(answer.fault().kind, FaultKind::Network);
    assert!(
        answer.fault().message.contains(&address),
        "{}",
        answer.fault()
    );
}

#[tokio::test]
async fn what_is_no_metric_is_refused_without_a_call() {
    let mut fake = Fake::serve(quiet).await;
    let parts = measure(&fake, &[Query::Clusters(None)]).await;
    assert!(matches!(parts[0].1, Part::Failed { calls: 0, .. }));
    assert!(fake.counts().is_empty());
}

#[tokio::test]
async fn a_read_only_session_measures_and_puts_nothing() {
    let mut fake = Fake::serve(quiet).await;
    let clients = fake.clients().await.into_readonly();
    let put = || {
        let request = clients.cloudwatch.put_metric_data().namespace("AWS/ECS");
        request.send()
    };
    let fault = clients
        .call("PutMetricData", Urgency::Visible, || {}, put)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::ReadOnly);
    assert_eq!(fetch(&clients, &of_service(1)).await.done().1, 1);
    assert_eq!(fake.counts(), [("GetMetricData".to_owned(), 1)]);
}
