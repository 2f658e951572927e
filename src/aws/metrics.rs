//! Metrics of services and tasks from CloudWatch: many questions in few calls.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicU32, Ordering},
    time::SystemTime,
};

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode},
};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::Sender;

use crate::{
    aws::{Clients, Urgency, fault, fetch::Run},
    model::{
        Arn, Entity, Fault, FaultKind, MetricOf, MetricSource, Metrics, Part, Point, Query,
        Timestamp,
    },
};

/// Questions in one call: CloudWatch takes 500 metrics, and each question is two.
const BATCH: usize = 250;
/// Seconds between two points, CloudWatch's own for what it keeps a fortnight.
const PERIOD: i64 = 60;
/// How far back is asked for, in seconds.
const SPAN: i64 = 15 * 60;
/// Pages of one answer at most. 500 metrics of a quarter of an hour fit one; more would be a server that turns round.
const PAGES: u32 = 20;

const OPERATION: &str = "GetMetricData";

/// The two metrics of one question.
#[derive(Debug, Clone, Copy)]
enum Measure {
    Cpu,
    Memory,
}

impl Clients {
    /// Answers questions of [`Query::Metrics`] with as few calls as possible: 250 services or tasks a call. Of each query
    /// comes at most one `Part::Some` and then exactly one `Part::Done` or `Part::Failed`; of a service without running
    /// tasks it has empty lists. Calls are counted with the first query of each batch. Any other query fails.
    ///
    /// Services are asked of the namespace `AWS/ECS` by cluster and service. Tasks are asked of `ECS/ContainerInsights` by
    /// cluster, family and task id, which are there for tasks with and without a service, where the cluster's
    /// `containerInsights` is `enhanced`.
    pub async fn measure(&self, queries: &[Query], urgency: Urgency, parts: Sender<(Query, Part)>) {
        let mut by_region: BTreeMap<Option<&str>, Vec<Query>> = BTreeMap::new();
        for query in queries {
            let asked = by_region.entry(query.region()).or_default();
            asked.push(query.clone());
        }
        let mut batches: FuturesUnordered<_> = by_region
            .iter()
            .flat_map(|(region, queries)| queries.chunks(BATCH).map(|batch| (*region, batch)))
            .map(|(region, batch)| self.of(region).batch(batch, urgency, &parts))
            .collect();
        tokio::select! {
            biased;
            () = parts.closed() => {}
            () = async { while batches.next().await.is_some() {} } => {}
        }
    }

    async fn batch(&self, queries: &[Query], urgency: Urgency, parts: &Sender<(Query, Part)>) {
        let (answers, mut calls) = self.answers(queries, urgency).await;
        for (query, answer) in queries.iter().zip(answers) {
            let last = match answer {
                Ok(metrics) => {
                    let items = vec![metrics.of.clone()];
                    let some = Part::Some {
                        entities: vec![Entity::Metrics(Box::new(metrics))],
                        items: items.clone(),
                    };
                    let _ = parts.send((query.clone(), some)).await;
                    Part::Done { items, calls }
                }
                Err(fault) => Part::Failed { fault, calls },
            };
            let _ = parts.send((query.clone(), last)).await;
            calls = 0;
        }
    }

    /// One answer for each query, in their order, and how many calls it took.
    async fn answers(
        &self,
        queries: &[Query],
        urgency: Urgency,
    ) -> (Vec<Result<Metrics, Fault>>, u32) {
        let asked: Vec<_> = queries
            .iter()
            .enumerate()
            .flat_map(|(index, query)| asked(index, query))
            .collect();
        let mut calls = 0;
        let results = if asked.is_empty() {
            Ok(Results::default())
        } else {
            self.results(&asked, urgency, &mut calls).await
        };
        let answers = queries
            .iter()
            .enumerate()
            .map(|(index, query)| match (&results, query) {
                (_, Query::Metrics { of, .. }) => match &results {
                    Ok(results) => results.answer(index, of),
                    Err(fault) => Err(fault.clone()),
                },
                _ => Err(refused(format!("{query} are no metrics"))),
            })
            .collect();
        (answers, calls)
    }

    async fn results(
        &self,
        asked: &[MetricDataQuery],
        urgency: Urgency,
        calls: &mut u32,
    ) -> Result<Results, Fault> {
        let now = DateTime::from(SystemTime::now()).secs();
        let end = now - now.rem_euclid(PERIOD);
        let mut results = Results::default();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let sent = AtomicU32::new(0);
            let page = self
                .call(
                    OPERATION,
                    urgency,
                    || {
                        sent.fetch_add(1, Ordering::Relaxed);
                    },
                    || {
                        self.cloudwatch
                            .get_metric_data()
                            .set_metric_data_queries(Some(asked.to_vec()))
                            .start_time(DateTime::from_secs(end - SPAN))
                            .end_time(DateTime::from_secs(end))
                            .scan_by(ScanBy::TimestampAscending)
                            .set_next_token(token.clone())
                            .send()
                    },
                )
                .await;
            *calls += sent.into_inner();
            let page = page?;
            for result in page.metric_data_results() {
                results.take(result);
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(results);
            }
        }
        Err(fault::nonsense(
            OPERATION,
            format!("the answer did not end after {PAGES} pages"),
        ))
    }
}

impl Run<'_> {
    /// The metrics of one service or task.
    pub(super) async fn metrics(&self, query: &Query) -> Result<Vec<Arn>, Fault> {
        let (mut answers, calls) = self
            .clients
            .answers(std::slice::from_ref(query), self.haste.urgency())
            .await;
        self.count(calls);
        let metrics = answers
            .pop()
            .unwrap_or_else(|| Err(refused("nothing was asked".to_owned())))?;
        let items = vec![metrics.of.clone()];
        self.emit(vec![Entity::Metrics(Box::new(metrics))], items.clone())
            .await;
        Ok(items)
    }
}

/// What came so far, by the ids of the metrics asked for.
#[derive(Default)]
struct Results {
    points: HashMap<String, Vec<Point>>,
    faults: HashMap<String, Fault>,
}

impl Results {
    fn take(&mut self, result: &MetricDataResult) {
        let id = result.id().unwrap_or_default();
        // `PartialData` says that more comes with the next page; without one, what there is stands.
        match result.status_code() {
            Some(StatusCode::Forbidden) => {
                self.faults.insert(id.to_owned(), forbidden(result));
                return;
            }
            Some(StatusCode::InternalError) => {
                let message = said(result, "CloudWatch could not read this metric");
                self.faults
                    .insert(id.to_owned(), fault::nonsense(OPERATION, message));
                return;
            }
            _ => {}
        }
        let points = result.timestamps().iter().zip(result.values());
        let points = points.filter_map(|(at, value)| {
            Some(Point {
                at: Timestamp(at.to_millis().ok()?),
                value: *value,
            })
        });
        self.points.entry(id.to_owned()).or_default().extend(points);
    }

    fn answer(&self, index: usize, of: &MetricOf) -> Result<Metrics, Fault> {
        let points = |measure: Measure| {
            let id = id(index, measure);
            if let Some(fault) = self.faults.get(&id) {
                return Err(fault.clone());
            }
            let mut points = self.points.get(&id).cloned().unwrap_or_default();
            points.sort_by_key(|point| point.at);
            Ok(points)
        };
        Ok(Metrics {
            of: of.arn().clone(),
            source: match of {
                MetricOf::Service(_) => MetricSource::Ecs,
                MetricOf::Task { .. } => MetricSource::Insights,
            },
            cpu: points(Measure::Cpu)?,
            memory: points(Measure::Memory)?,
            asked: 2,
        })
    }
}

/// The name of a metric within a call; must begin with a small letter.
fn id(index: usize, measure: Measure) -> String {
    match measure {
        Measure::Cpu => format!("c{index}"),
        Measure::Memory => format!("m{index}"),
    }
}

/// The two metrics that answer a query; none for a query of another kind.
fn asked(index: usize, query: &Query) -> Vec<MetricDataQuery> {
    let Query::Metrics { cluster, of } = query else {
        return Vec::new();
    };
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let mut dimensions = vec![dimension("ClusterName", cluster.name())];
    let (namespace, names) = match of {
        MetricOf::Service(service) => {
            dimensions.push(dimension("ServiceName", service.name()));
            ("AWS/ECS", ["CPUUtilization", "MemoryUtilization"])
        }
        MetricOf::Task { task, family, .. } => {
            dimensions.push(dimension("TaskDefinitionFamily", family));
            dimensions.push(dimension("TaskId", task.name()));
            (
                "ECS/ContainerInsights",
                ["TaskCpuUtilization", "TaskMemoryUtilization"],
            )
        }
    };
    let metric = |measure: Measure, name: &str| {
        let metric = Metric::builder()
            .namespace(namespace)
            .metric_name(name)
            .set_dimensions(Some(dimensions.clone()));
        let statistic = MetricStat::builder()
            .metric(metric.build())
            .period(i32::try_from(PERIOD).unwrap_or(60))
            .stat("Average");
        MetricDataQuery::builder()
            .id(id(index, measure))
            .metric_stat(statistic.build())
            .build()
    };
    vec![
        metric(Measure::Cpu, names[0]),
        metric(Measure::Memory, names[1]),
    ]
}

/// What CloudWatch says of a metric that it does not give.
fn said(result: &MetricDataResult, otherwise: &str) -> String {
    let message = result.messages().iter().find_map(|message| message.value());
    message.unwrap_or(otherwise).to_owned()
}

fn forbidden(result: &MetricDataResult) -> Fault {
    let action = "cloudwatch:GetMetricData";
    Fault {
        kind: FaultKind::Denied {
            action: action.to_owned(),
        },
        op: OPERATION.to_owned(),
        message: said(result, "this metric is not for these credentials"),
        hint: format!("ask for a policy that allows {action}"),
    }
}

fn refused(message: String) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        op: OPERATION.to_owned(),
        message,
        hint: String::new(),
    }
}
