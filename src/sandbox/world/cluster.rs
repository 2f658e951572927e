//! Clusters and capacity providers: their state only.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::instance::InstanceKey;
use super::service::ServiceKey;
use super::task::TaskKey;

/// Index of a cluster in [`World::clusters`](super::World).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterKey(pub usize);

/// A resource tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The tag's name.
    pub key: String,
    /// The tag's value, empty when it has none.
    #[serde(default)]
    pub value: String,
}

/// One entry of a capacity provider strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StrategyItem {
    /// Name of the capacity provider.
    pub capacity_provider: String,
    /// Relative share.
    #[serde(default)]
    pub weight: u32,
    /// Tasks placed here before the weights count.
    #[serde(default)]
    pub base: u32,
}

/// How much Container Insights measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Insights {
    /// Nothing.
    Disabled,
    /// The cluster, its services and families.
    Enabled,
    /// Tasks and containers too.
    Enhanced,
}

/// A cluster.
#[derive(Debug)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// False once deleted: it stays readable as INACTIVE.
    pub active: bool,
    /// The setting `containerInsights`.
    pub insights: Insights,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Names of the associated capacity providers.
    pub providers: Vec<String>,
    /// The default capacity provider strategy.
    pub strategy: Vec<StrategyItem>,
    /// Services by name.
    pub services: BTreeMap<String, ServiceKey>,
    /// Tasks that have not stopped.
    pub live: BTreeSet<TaskKey>,
    /// Stopped tasks that can still be read.
    pub stopped: BTreeSet<TaskKey>,
    /// Registered container instances.
    pub instances: BTreeSet<InstanceKey>,
}

impl Cluster {
    /// An active cluster with nothing in it.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            active: true,
            insights: Insights::Disabled,
            tags: Vec::new(),
            providers: Vec::new(),
            strategy: Vec::new(),
            services: BTreeMap::new(),
            live: BTreeSet::new(),
            stopped: BTreeSet::new(),
            instances: BTreeSet::new(),
        }
    }
}

/// A capacity provider of the account that is backed by an Auto Scaling group.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// ARN of the Auto Scaling group.
    pub group_arn: String,
    /// Target utilisation of managed scaling, in percent.
    pub target: u32,
}
