//! The simulated account: pure state that moves when it is ticked. No I/O and no clock of the machine in here;
//! the same seed and the same calls give the same world.

pub mod agenda;
pub mod arn;
pub mod chance;
pub mod cluster;
pub mod definition;
pub mod director;
pub mod instance;
pub mod launch;
pub mod life;
#[cfg_attr(
    not(unix),
    allow(
        dead_code,
        reason = "the engines, which need unix sockets, are alone in asking for all of it"
    )
)]
pub mod load;
pub mod moment;
pub mod mood;
pub mod output;
pub mod placement;
pub mod registry;
pub mod report;
pub mod roll;
pub mod rollout;
pub mod scheduler;
pub mod service;
pub mod task;
pub mod voice;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use agenda::{Agenda, Item};
use chance::Dice;
use cluster::{Cluster, ClusterKey, Provider};
use definition::{Conduct, Definition, DefinitionKey};
use director::Director;
use instance::{Instance, InstanceKey};
use moment::Moment;
use registry::Registry;
use serde_json::{Map, Value};
use service::{Service, ServiceKey};
use task::{Task, TaskKey};

/// The whole simulated account in one region.
#[derive(Debug)]
pub struct World {
    /// The virtual present.
    pub now: Moment,
    /// The region in every ARN.
    pub region: String,
    /// The account in every ARN.
    pub account: String,
    /// Clusters; never removed.
    pub clusters: Vec<Cluster>,
    /// Services; never removed.
    pub services: Vec<Service>,
    /// Tasks that can be read.
    pub tasks: BTreeMap<TaskKey, Task>,
    /// Container instances.
    pub instances: BTreeMap<InstanceKey, Instance>,
    /// Task definition revisions; never removed.
    pub definitions: Vec<Definition>,
    /// Revisions of each family, oldest first.
    pub families: BTreeMap<String, Vec<DefinitionKey>>,
    /// Capacity providers that Auto Scaling groups back.
    pub providers: BTreeMap<String, Provider>,
    /// The container registry.
    pub registry: Registry,
    /// What makes the world move by itself.
    pub director: Director,
    agenda: Agenda,
}

impl World {
    /// An empty account at `now`.
    pub fn new(region: &str, account: &str, now: Moment) -> Self {
        Self {
            now,
            region: region.to_owned(),
            account: account.to_owned(),
            clusters: Vec::new(),
            services: Vec::new(),
            tasks: BTreeMap::new(),
            instances: BTreeMap::new(),
            definitions: Vec::new(),
            families: BTreeMap::new(),
            providers: BTreeMap::new(),
            registry: Registry::new(region, account),
            director: Director::default(),
            agenda: Agenda::default(),
        }
    }

    /// Moves the virtual present by `by` and does all that falls due on the way, in order.
    pub fn tick(&mut self, by: Duration, dice: &mut Dice) {
        let until = self.now + by;
        while let Some((at, item)) = self.agenda.take_due(until) {
            self.now = at.max(self.now);
            match item {
                Item::Step(task, plan) => self.step(task, plan, dice),
                Item::Verdict(task, plan) => self.verdict(task, plan, dice),
                Item::Forget(task) => self.forget(task),
                Item::Reconcile(service) => self.reconcile(service, dice),
                Item::RollBack(service) => self.begin_rollback(service, dice),
                Item::Scene(scene) => self.play(scene, dice),
            }
        }
        self.now = until;
    }

    /// Puts an item down for `after` from now.
    pub fn put(&mut self, after: Duration, item: Item) {
        self.agenda.put(self.now + after, item);
    }

    /// The cluster of a key.
    pub fn cluster(&self, key: ClusterKey) -> &Cluster {
        &self.clusters[key.0]
    }

    /// The service of a key.
    pub fn service(&self, key: ServiceKey) -> &Service {
        &self.services[key.0]
    }

    /// The service of a key, to change.
    pub fn service_mut(&mut self, key: ServiceKey) -> &mut Service {
        &mut self.services[key.0]
    }

    /// The task definition of a key.
    pub fn definition(&self, key: DefinitionKey) -> &Definition {
        &self.definitions[key.0]
    }

    /// Adds a cluster.
    pub fn add_cluster(&mut self, cluster: Cluster) -> ClusterKey {
        self.clusters.push(cluster);
        ClusterKey(self.clusters.len() - 1)
    }

    /// Adds a service to its cluster.
    pub fn add_service(&mut self, service: Service) -> ServiceKey {
        let key = ServiceKey(self.services.len());
        self.clusters[service.cluster.0]
            .services
            .insert(service.name.clone(), key);
        self.services.push(service);
        key
    }

    /// Adds a container instance to its cluster.
    pub fn add_instance(&mut self, instance: Instance) -> InstanceKey {
        let key = instance.key;
        self.clusters[instance.cluster.0].instances.insert(key);
        self.instances.insert(key, instance);
        key
    }

    /// Registers the next revision of a family, or says in words why the document is refused.
    pub fn register(
        &mut self,
        family: &str,
        body: Map<String, Value>,
        at: Moment,
        conduct: Option<Conduct>,
    ) -> Result<DefinitionKey, String> {
        let revisions = self.families.get(family).map_or(0, Vec::len);
        let revision = u32::try_from(revisions + 1).map_err(|error| error.to_string())?;
        let definition = Definition::from_body(family, revision, at, body, conduct)?;
        let key = DefinitionKey(self.definitions.len());
        self.definitions.push(definition);
        self.families
            .entry(family.to_owned())
            .or_default()
            .push(key);
        Ok(key)
    }

    /// Running and pending tasks among `keys`.
    pub fn census<'a>(&self, keys: impl IntoIterator<Item = &'a TaskKey>) -> Census {
        let mut census = Census::default();
        for task in keys.into_iter().filter_map(|key| self.tasks.get(key)) {
            census.count(task);
        }
        census
    }
}

/// A count of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Tasks whose last status is RUNNING.
    pub running: u32,
    /// Tasks whose last status is PROVISIONING, PENDING or ACTIVATING.
    pub pending: u32,
}

impl Census {
    /// Counts one task.
    pub fn count(&mut self, task: &Task) {
        if task.stage == task::Stage::Running {
            self.running += 1;
        } else if task.stage.is_pending() {
            self.pending += 1;
        }
    }
}
