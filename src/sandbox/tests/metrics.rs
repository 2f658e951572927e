//! CloudWatch metrics as the SDK's client sees them.

use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata as _;
use aws_sdk_cloudwatch::operation::get_metric_data::builders::GetMetricDataFluentBuilder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use rstest::rstest;

use super::Scene;
use crate::sandbox::lock;
use crate::sandbox::world::load;
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::task::Task;

const INSIGHTS: &str = "ECS/ContainerInsights";

/// A query of a metric by its dimensions, a minute a point.
fn query(
    id: &str,
    namespace: &str,
    name: &str,
    dimensions: &[(&str, &str)],
    stat: &str,
) -> MetricDataQuery {
    let dimensions = dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
    let metric = Metric::builder()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(60)
        .stat(stat)
        .build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

impl Scene {
    fn metrics(&self) -> Client {
        Client::new(&self.config)
    }

    /// The world's present, in milliseconds.
    fn present(&self) -> u64 {
        lock(&self.sandbox.home.account).world.now.millis()
    }

    /// A request for the last ten minutes.
    fn ask(&self, queries: Vec<MetricDataQuery>) -> GetMetricDataFluentBuilder {
        let now = i64::try_from(self.present()).unwrap();
        self.metrics()
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(DateTime::from_millis(now - 600_000))
            .end_time(DateTime::from_millis(now))
    }

    async fn answer(&self, queries: Vec<MetricDataQuery>) -> Vec<MetricDataResult> {
        let answer = self.ask(queries).send().await.unwrap();
        assert!(answer.next_token().is_none());
        answer.metric_data_results.unwrap()
    }

    /// The id of a task that has been running for long, and its service's name.
    fn old_task(&self, family: &str, cluster: &str) -> String {
        let account = lock(&self.sandbox.home.account);
        let world = &account.world;
        let old = world.now - Duration::from_mins(15);
        let is_it = |task: &&Task| {
            world.definition(task.definition).family == family
                && world.cluster(task.cluster).name == cluster
                && task.service.is_some()
                && task
                    .life(0)
                    .is_some_and(|(started, ended)| started < old && ended.is_none())
        };
        world.tasks.values().find(is_it).unwrap().key.id()
    }
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

#[tokio::test]
async fn a_service_uses_what_its_tasks_use_of_what_they_reserve() {
    let scene = Scene::demo().await;
    let service = [
        ("ClusterName", "prod-fargate"),
        ("ServiceName", "orders-api"),
    ];
    let stats = ["Average", "Minimum", "Maximum", "SampleCount"];
    let queries = stats.iter().enumerate().flat_map(|(index, stat)| {
        [("CPUUtilization", "c"), ("MemoryUtilization", "m")]
            .map(|(name, id)| query(&format!("{id}{index}"), "AWS/ECS", name, &service, stat))
    });
    let results = scene.answer(queries.collect()).await;
    assert_eq!(results.len(), 8);
    let account = lock(&scene.sandbox.home.account);
    let world = &account.world;
    let service = world.services.iter().find(|service| {
        service.name == "orders-api" && world.cluster(service.cluster).name == "prod-fargate"
    });
    let tasks: Vec<&Task> = service
        .unwrap()
        .live
        .iter()
        .map(|key| &world.tasks[key])
        .collect();
    assert_eq!(tasks.len(), 4);
    let minute = world.now.millis() / 60_000 - 3;
    let (from, to) = (
        Moment::from_millis(minute * 60_000),
        Moment::from_millis((minute + 1) * 60_000),
    );
    let used = |task: &Task| {
        let definition = world.definition(task.definition);
        let means = (0..definition.containers.len())
            .map(|index| load::mean(task, definition, index, from, to));
        means.fold((0.0, 0.0), |(cpu, memory), mean| {
            (
                cpu + mean.cpu * 1024.0 / 512.0,
                memory + mean.memory / 1_048_576.0 / 1024.0,
            )
        })
    };
    let shares: Vec<(f64, f64)> = tasks.iter().map(|task| used(task)).collect();
    let expected = |pick: fn(&(f64, f64)) -> f64| {
        let values: Vec<f64> = shares.iter().map(|share| 100.0 * pick(share)).collect();
        [
            values.iter().sum::<f64>() / 4.0,
            values.iter().copied().fold(f64::MAX, f64::min),
            values.iter().copied().fold(f64::MIN, f64::max),
            4.0,
        ]
    };
    for (metric, pick) in [
        (0, (|share| share.0) as fn(&(f64, f64)) -> f64),
        (1, |share| share.1),
    ] {
        for (index, expected) in expected(pick).into_iter().enumerate() {
            let result = &results[2 * index + metric];
            assert_eq!(result.status_code(), Some(&StatusCode::Complete));
            let at = i64::try_from(from.millis()).unwrap();
            let point = result
                .timestamps()
                .iter()
                .position(|time| time.to_millis().unwrap() == at);
            let value = result.values()[point.unwrap()];
            assert!(
                near(value, expected),
                "{}: {value}, not {expected}",
                result.id().unwrap()
            );
        }
    }
}

#[tokio::test]
async fn points_are_whole_minutes_in_the_order_asked_for() {
    let scene = Scene::demo().await;
    let service = [
        ("ClusterName", "prod-fargate"),
        ("ServiceName", "orders-api"),
    ];
    let queries = vec![query("q", "AWS/ECS", "CPUUtilization", &service, "Average")];
    let newest_first = scene.answer(queries.clone()).await;
    let times: Vec<i64> = newest_first[0]
        .timestamps()
        .iter()
        .map(DateTime::secs)
        .collect();
    let now = i64::try_from(scene.present() / 1000).unwrap();
    assert_eq!(times[0], now / 60 * 60 - 60, "the last minute that is over");
    assert_eq!(
        *times.last().unwrap(),
        (now - 600) / 60 * 60,
        "the start is rounded down"
    );
    assert!(times.windows(2).all(|pair| pair[0] - pair[1] == 60));
    let ascending = scene.ask(queries).scan_by(ScanBy::TimestampAscending);
    let mut ascending = ascending.send().await.unwrap().metric_data_results.unwrap();
    ascending[0].timestamps.as_mut().unwrap().reverse();
    ascending[0].values.as_mut().unwrap().reverse();
    assert_eq!(ascending, newest_first);
    let calls = scene.sandbox.calls();
    assert_eq!(
        (calls["GetMetricData"], calls["GetMetricData:metrics"]),
        (2, 2)
    );
}

#[tokio::test]
async fn pages_hold_what_was_asked_for() {
    let scene = Scene::demo().await;
    let service = [
        ("ClusterName", "prod-fargate"),
        ("ServiceName", "orders-api"),
    ];
    let queries = vec![
        query("one", "AWS/ECS", "CPUUtilization", &service, "Average"),
        query("two", "AWS/ECS", "MemoryUtilization", &service, "Average"),
    ];
    let whole = scene.answer(queries.clone()).await;
    let (mut values, mut token, mut pages) = ([Vec::new(), Vec::new()], None, 0);
    loop {
        let page = scene
            .ask(queries.clone())
            .max_datapoints(4)
            .set_next_token(token);
        let page = page.send().await.unwrap();
        pages += 1;
        let results = page.metric_data_results();
        let count: usize = results.iter().map(|result| result.values().len()).sum();
        assert!(count <= 4 && results.len() == 2);
        for (values, result) in values.iter_mut().zip(results) {
            values.extend(result.values().iter().copied());
        }
        token = page.next_token.clone();
        let last = results[1].status_code();
        assert_eq!(last == Some(&StatusCode::Complete), token.is_none());
        if token.is_none() {
            break;
        }
    }
    assert_eq!(pages, (whole[0].values().len() * 2).div_ceil(4));
    assert_eq!(
        values,
        [whole[0].values().to_vec(), whole[1].values().to_vec()]
    );
}

#[tokio::test]
async fn tasks_and_containers_are_measured_where_insights_are_enhanced() {
    let scene = Scene::demo().await;
    let task = scene.old_task("orders-api", "prod-fargate");
    let base = [
        ("ClusterName", "prod-fargate"),
        ("TaskDefinitionFamily", "orders-api"),
        ("TaskId", task.as_str()),
    ];
    let of_service = [
        ("ClusterName", "prod-fargate"),
        ("ServiceName", "orders-api"),
        ("TaskId", task.as_str()),
    ];
    let container = |name| [base[0], base[1], base[2], ("ContainerName", name)];
    let ask = |id: &str, name, dimensions: &[(&str, &str)]| {
        query(id, INSIGHTS, name, dimensions, "Average")
    };
    let results = scene
        .answer(vec![
            ask("a", "TaskCpuUtilization", &base),
            ask("b", "TaskCpuUtilization", &of_service),
            ask("c", "CpuUtilized", &base),
            ask("d", "CpuReserved", &base),
            ask("e", "ContainerCpuUtilized", &container("app")),
            ask("f", "ContainerCpuUtilized", &container("envoy")),
            ask("g", "ContainerCpuUtilized", &container("log-router")),
            ask("h", "ContainerMemoryUtilization", &container("app")),
            ask("i", "NetworkRxBytes", &base),
        ])
        .await;
    let first: Vec<f64> = results.iter().map(|result| result.values()[0]).collect();
    let [
        share,
        same,
        used,
        reserved,
        app,
        proxy,
        router,
        memory,
        received,
    ] = first[..]
    else {
        panic!("{first:?}")
    };
    assert!(near(share, same) && near(reserved, 512.0) && near(share, 100.0 * used / reserved));
    assert!(near(used, app + proxy + router));
    assert!(memory > 1.0 && received > 0.0);
}

#[rstest]
#[case::no_such_metric("prod-fargate", "AWS/ECS", "Moonlight", false)]
#[case::no_such_namespace("prod-fargate", "AWS/EC2", "CPUUtilization", false)]
#[case::no_such_service("batch", "AWS/ECS", "CPUUtilization", false)]
#[case::no_such_cluster("nowhere", "AWS/ECS", "CPUUtilization", false)]
#[case::aggregate("prod-fargate", INSIGHTS, "CpuUtilized", true)]
#[case::percentage_of_enhanced("prod-fargate", INSIGHTS, "TaskCpuUtilization", true)]
#[case::too_few_dimensions("prod-fargate", INSIGHTS, "ContainerCpuUtilized", false)]
#[tokio::test]
async fn what_is_not_sent_is_empty(
    #[case] cluster: &str,
    #[case] namespace: &str,
    #[case] name: &str,
    #[case] sent: bool,
) {
    let scene = Scene::demo().await;
    let dimensions = [("ClusterName", cluster), ("ServiceName", "orders-api")];
    let results = scene
        .answer(vec![query("q", namespace, name, &dimensions, "Average")])
        .await;
    assert_eq!(results[0].status_code(), Some(&StatusCode::Complete));
    assert_eq!(!results[0].values().is_empty(), sent);
}

#[rstest]
#[case::enhanced("prod-fargate", "orders-api", [true, true])]
#[case::enabled("prod-web", "cart", [true, false])]
#[case::disabled("batch", "queue-consumer", [false, false])]
#[tokio::test]
async fn the_setting_of_the_cluster_decides(
    #[case] cluster: &str,
    #[case] service: &str,
    #[case] sent: [bool; 2],
) {
    let scene = Scene::demo().await;
    let task = scene.old_task(service, cluster);
    let dimensions = [
        ("ClusterName", cluster),
        ("ServiceName", service),
        ("TaskId", task.as_str()),
    ];
    let results = scene
        .answer(vec![
            query("q", INSIGHTS, "MemoryUtilized", &dimensions[..2], "Average"),
            query("r", INSIGHTS, "MemoryUtilized", &dimensions, "Average"),
        ])
        .await;
    assert_eq!(
        [0, 1].map(|index: usize| !results[index].values().is_empty()),
        sent
    );
    let settings = scene
        .ecs
        .describe_clusters()
        .clusters(cluster)
        .include(aws_sdk_ecs::types::ClusterField::Settings);
    let settings = settings.send().await.unwrap();
    let value = match sent {
        [true, true] => "enhanced",
        [true, false] => "enabled",
        _ => "disabled",
    };
    assert_eq!(settings.clusters()[0].settings()[0].value(), Some(value));
}

#[tokio::test]
async fn a_service_whose_tasks_do_not_run_sends_nothing() {
    let scene = Scene::demo().await;
    let dimensions = [
        ("ClusterName", "staging"),
        ("ServiceName", "feature-preview"),
    ];
    let queries = vec![query(
        "q",
        "AWS/ECS",
        "CPUUtilization",
        &dimensions,
        "SampleCount",
    )];
    assert!(scene.answer(queries).await[0].values().is_empty());
}

#[tokio::test]
async fn what_breaks_the_rules_is_refused() {
    let scene = Scene::demo().await;
    let service = [
        ("ClusterName", "prod-fargate"),
        ("ServiceName", "orders-api"),
    ];
    let one = |id: &str| query(id, "AWS/ECS", "CPUUtilization", &service, "Average");
    let expression = MetricDataQuery::builder()
        .id("e")
        .expression("m1 / 2")
        .build();
    let p99 = query("q", "AWS/ECS", "CPUUtilization", &service, "p99");
    let many = |count: usize| (0..count).map(|index| one(&format!("q{index}"))).collect();
    let cases = [
        (scene.ask(Vec::new()), "ValidationError", "required"),
        (scene.ask(many(501)), "ValidationError", "500"),
        (scene.ask(vec![one("Big")]), "ValidationError", "pattern"),
        (
            scene.ask(vec![one("q"), one("q")]),
            "ValidationError",
            "unique",
        ),
        (
            scene.ask(vec![expression]),
            "ValidationError",
            "expressions",
        ),
        (scene.ask(vec![p99]), "ValidationError", "p99"),
        (
            scene.ask(vec![one("q")]).max_datapoints(100_801),
            "ValidationError",
            "100800",
        ),
        (
            scene.ask(vec![one("q")]).end_time(DateTime::from_secs(5)),
            "ValidationError",
            "StartTime",
        ),
        (
            scene.ask(vec![one("q")]).next_token("x"),
            "InvalidNextToken",
            "token",
        ),
    ];
    for (request, code, words) in cases {
        let error = request.send().await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{words}");
        assert!(error.message().unwrap().contains(words), "{error:?}");
    }
    let most = scene.ask(many(500)).send().await.unwrap();
    assert_eq!(most.metric_data_results().len(), 500);
    let calls = scene.sandbox.calls();
    assert_eq!(calls["GetMetricData"], 10);
}
