//! Clusters and what services and clusters share: capacity provider strategies and tags.

use serde::{Deserialize, Serialize};

use super::Arn;

/// A key and value that users put on a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value, often empty.
    pub value: String,
}

/// One item of a capacity provider strategy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StrategyItem {
    /// The capacity provider: `FARGATE`, `FARGATE_SPOT`, or the name of one of the account's own.
    pub provider: String,
    /// Its relative share of the tasks above `base`.
    pub weight: i32,
    /// The number of tasks that are placed on it first.
    pub base: i32,
}

/// A cluster as `DescribeClusters` reports it. Statuses are kept as AWS spells them, so that one
/// unknown today is data tomorrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The identity.
    pub arn: Arn,
    /// The name.
    pub name: String,
    /// `ACTIVE`, `PROVISIONING`, `DEPROVISIONING`, `FAILED` or `INACTIVE`.
    pub status: String,
    /// Services in state ACTIVE; draining ones are not in it.
    pub active_services: i32,
    /// Services in state DRAINING, from the statistics.
    pub draining_services: i32,
    /// Tasks in state RUNNING.
    pub running_tasks: i32,
    /// Tasks on their way to RUNNING.
    pub pending_tasks: i32,
    /// Registered container instances, 0 on a pure Fargate cluster.
    pub instances: i32,
    /// Capacity providers associated with the cluster.
    pub capacity_providers: Vec<String>,
    /// The strategy for tasks that name none.
    pub default_strategy: Vec<StrategyItem>,
    /// Settings by name, `containerInsights` = `enabled`.
    pub settings: Vec<Tag>,
    /// All statistics by name, as AWS gives them.
    pub statistics: Vec<Tag>,
    /// Tags.
    pub tags: Vec<Tag>,
}
