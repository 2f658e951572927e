//! Token buckets as ECS keeps them: one for each group of operations. Time is passed in.

use std::collections::BTreeMap;
use std::time::Instant;

/// The quota groups of ECS with their burst and refill per second.
/// Source: Amazon ECS API Reference, "Request throttling for the Amazon ECS API".
const QUOTA_GROUPS: &[(&str, f64, f64, &[&str])] = &[
    (
        "cluster read",
        50.0,
        20.0,
        &["DescribeClusters", "ListClusters"],
    ),
    (
        "service read",
        100.0,
        20.0,
        &["DescribeServices", "ListServices"],
    ),
    (
        "cluster resource read",
        100.0,
        20.0,
        &[
            "DescribeContainerInstances",
            "DescribeTasks",
            "ListAttributes",
            "ListContainerInstances",
            "ListTasks",
        ],
    ),
    (
        "task definition read",
        50.0,
        20.0,
        &[
            "DescribeTaskDefinition",
            "ListTaskDefinitionFamilies",
            "ListTaskDefinitions",
        ],
    ),
    (
        "service deployment read",
        50.0,
        20.0,
        &["DescribeServiceDeployments", "ListServiceDeployments"],
    ),
    (
        "service revision read",
        50.0,
        20.0,
        &["DescribeServiceRevisions"],
    ),
    (
        "capacity provider read",
        50.0,
        20.0,
        &["DescribeCapacityProviders"],
    ),
    ("tag read", 50.0, 20.0, &["ListTagsForResource"]),
    (
        "task protection",
        200.0,
        80.0,
        &["GetTaskProtection", "UpdateTaskProtection"],
    ),
    ("namespace read", 10.0, 1.0, &["ListServicesByNamespace"]),
    (
        "service modify",
        50.0,
        5.0,
        &["CreateService", "DeleteService", "UpdateService"],
    ),
    (
        "cluster resource modify",
        100.0,
        40.0,
        &[
            "ExecuteCommand",
            "RunTask",
            "StartTask",
            "StopTask",
            "UpdateContainerInstancesState",
        ],
    ),
    (
        "task definition modify",
        20.0,
        1.0,
        &["DeregisterTaskDefinition", "RegisterTaskDefinition"],
    ),
    (
        "cluster modify",
        20.0,
        1.0,
        &["CreateCluster", "DeleteCluster", "UpdateCluster"],
    ),
];

#[derive(Clone, Copy)]
struct Limit {
    rate: f64,
    burst: f64,
}

#[derive(Default)]
enum Rule {
    #[default]
    Free,
    Same(Limit),
    AsEcs,
}

struct Bucket {
    tokens: f64,
    since: Instant,
}

/// Who may call now. Free until told otherwise.
#[derive(Default)]
pub struct Throttle {
    rule: Rule,
    operations: BTreeMap<String, Limit>,
    buckets: BTreeMap<String, Bucket>,
    refused: u64,
}

impl Throttle {
    pub fn all(&mut self, rate: f64, burst: f64) {
        self.rule = Rule::Same(Limit { rate, burst });
        self.buckets.clear();
    }

    pub fn operation(&mut self, operation: &str, rate: f64, burst: f64) {
        self.operations
            .insert(operation.to_owned(), Limit { rate, burst });
        self.buckets.remove(operation);
    }

    pub fn as_ecs(&mut self) {
        self.rule = Rule::AsEcs;
        self.buckets.clear();
    }

    pub fn clear(&mut self) {
        self.rule = Rule::Free;
        self.operations.clear();
        self.buckets.clear();
    }

    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Takes a token for a call of this operation; false when there is none.
    pub fn admit(&mut self, operation: &str, now: Instant) -> bool {
        let Some((bucket, limit)) = self.bucket_of(operation) else {
            return true;
        };
        let bucket = self.buckets.entry(bucket).or_insert(Bucket {
            tokens: limit.burst,
            since: now,
        });
        let refill = now.saturating_duration_since(bucket.since).as_secs_f64() * limit.rate;
        bucket.tokens = (bucket.tokens + refill).min(limit.burst);
        bucket.since = now;
        if bucket.tokens < 1.0 {
            self.refused += 1;
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }

    fn bucket_of(&self, operation: &str) -> Option<(String, Limit)> {
        if let Some(limit) = self.operations.get(operation) {
            return Some((operation.to_owned(), *limit));
        }
        let group = QUOTA_GROUPS
            .iter()
            .find(|(.., operations)| operations.contains(&operation));
        let name = group.map_or(operation, |(name, ..)| name).to_owned();
        match (&self.rule, group) {
            (Rule::Same(limit), _) => Some((name, *limit)),
            (Rule::AsEcs, Some(&(_, burst, rate, _))) => Some((name, Limit { rate, burst })),
            (Rule::Free, _) | (Rule::AsEcs, None) => None,
        }
    }
}
