//! The cached model: every known thing once, by ARN, and the lists that queries returned. Fetching is not done here.

mod images;
mod listing;
mod quotas;
mod records;
mod regions;
pub mod snapshot;
mod stats;

use std::{collections::HashMap, sync::Arc};

pub use images::{ImageTotal, TagTarget};
pub use listing::{FaultRecord, Listing};
pub use stats::{HISTORY, Past, Track};

use crate::model::{
    Arn, Cluster, ContainerInstance, Engine, EngineContainer, EngineId, EngineReport, Entity, Host,
    Identity, Metrics, Now, Part, Query, Region, ScalingTarget, Service, Subject, Task,
    TaskDefinition, TaskFilter,
};

/// All that is known of one account, in one region or in several that are looked at together.
///
/// Things live once, however many lists they stand in. A failed fetch takes nothing away: rows stay,
/// with their age and the fault. [`Store::version`] rises with every change that a screen could show.
#[derive(Debug, Default)]
pub struct Store {
    identity: Option<Arc<Identity>>,
    clusters: HashMap<Arn, Arc<Cluster>>,
    services: HashMap<Arn, Arc<Service>>,
    tasks: HashMap<Arn, Arc<Task>>,
    instances: HashMap<Arn, Arc<ContainerInstance>>,
    definitions: HashMap<Arn, Arc<TaskDefinition>>,
    scaling: HashMap<Arn, Arc<ScalingTarget>>,
    registry: images::Registry,
    listings: HashMap<Query, Listing>,
    stats: stats::Stats,
    records: records::Records,
    quotas: Vec<Arc<crate::model::QuotaUse>>,
    /// Whether engines of container instances may be connected to, by the user's settings.
    host_engines: bool,
    /// The regions that are looked at, if there are several.
    regions: Vec<Region>,
    restored: snapshot::Restored,
    version: u64,
    changes: u64,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store for another account or region. What this session did is told there too, and the numbers of
    /// changes go on, so that nobody takes what is there for what was here.
    #[must_use]
    pub fn successor(self) -> Self {
        Self {
            records: self.records,
            host_engines: self.host_engines,
            version: self.version + 1,
            changes: self.changes,
            ..Self::default()
        }
    }

    /// Rises whenever anything in the store changes.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Rises with every thing and every item of a list that comes, goes or is not what it was. Answers that say what
    /// is known anyway do not count.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Takes in a piece of an answer.
    pub fn apply(&mut self, query: &Query, part: Part, now: Now) {
        self.version += 1;
        match part {
            Part::Some { entities, items } => {
                self.take_in(entities);
                let listing = self.listings.entry(query.clone()).or_default();
                self.changes += count(listing.extend(items));
            }
            Part::Done { items, .. } => {
                let gone = self
                    .listings
                    .entry(query.clone())
                    .or_default()
                    .complete(items, now);
                self.changes += count(gone.len());
                self.forget(&gone);
                if let Query::Images { repository } = query {
                    let items = self.listings.get(query).map_or(&[][..], Listing::items);
                    self.registry.count(repository, items);
                }
            }
            Part::Failed { fault, .. } => {
                self.listings
                    .entry(query.clone())
                    .or_default()
                    .fail(fault, now);
            }
        }
    }

    /// Takes in things that a write's answer described; no list grows by them.
    pub fn take_entities(&mut self, entities: Vec<Entity>) {
        self.version += 1;
        self.take_in(entities);
    }

    fn take_in(&mut self, entities: Vec<Entity>) {
        for entity in entities {
            match entity {
                Entity::Identity(identity) => self.identity = Some(Arc::new(identity)),
                Entity::Cluster(cluster) => {
                    let arn = cluster.arn.clone();
                    let is_new = put(&mut self.clusters, &arn, cluster.into());
                    self.note(&arn, is_new);
                }
                Entity::Service(service) => {
                    let arn = service.arn.clone();
                    let is_new = put(&mut self.services, &arn, service.into());
                    self.note(&arn, is_new);
                }
                Entity::Task(task) => {
                    // An answer can be older than what is known: AWS is eventually consistent.
                    let known = self
                        .tasks
                        .get(&task.arn)
                        .map_or(i64::MIN, |known| known.version);
                    if task.version >= known {
                        let arn = task.arn.clone();
                        let is_new = put(&mut self.tasks, &arn, task.into());
                        self.note(&arn, is_new);
                    }
                }
                Entity::Instance(instance) => {
                    let known = self
                        .instances
                        .get(&instance.arn)
                        .map_or(i64::MIN, |known| known.version);
                    if instance.version >= known {
                        let arn = instance.arn.clone();
                        let is_new = put(&mut self.instances, &arn, instance.into());
                        self.note(&arn, is_new);
                    }
                }
                Entity::Scaling(target) => {
                    self.scaling
                        .insert(target.service.clone(), Arc::new(target));
                }
                Entity::Repository(repository) => self.registry.take_repository(*repository),
                Entity::Image(image) => self.registry.take_image(*image),
                Entity::Tag(tag) => self.registry.take_tag(&tag),
                Entity::Manifest(manifest) => self.registry.take_manifest(*manifest),
                Entity::Findings(image, scan) => self.registry.take_findings(image, scan),
                Entity::Policy(policy) => self.registry.take_policy(*policy),
                Entity::Metrics(metrics) => self.stats.take_metrics(*metrics),
                Entity::Definition(definition) => {
                    self.definitions
                        .insert(definition.arn.clone(), Arc::from(definition));
                }
            }
        }
    }

    /// Notes that a thing was fetched, and whether it is another than was known.
    fn note(&mut self, arn: &Arn, is_new: bool) {
        self.changes += u64::from(is_new);
        self.restored.note(arn);
    }

    /// Drops what no list holds any more. Task definitions stay: they never change.
    fn forget(&mut self, gone: &[Arn]) {
        for arn in gone {
            if self.listings.values().any(|listing| listing.contains(arn)) {
                continue;
            }
            self.clusters.remove(arn);
            self.services.remove(arn);
            self.tasks.remove(arn);
            self.instances.remove(arn);
            self.scaling.remove(arn);
            self.registry.forget(arn);
        }
    }

    /// Takes in what an engine has to say.
    pub fn take_report(&mut self, report: EngineReport, now: Now) {
        self.version += 1;
        self.stats.apply(report, now);
    }

    /// Says whether engines of container instances may be connected to.
    pub fn set_host_engines(&mut self, may: bool) {
        self.host_engines = may;
    }

    /// Whether engines of container instances may be connected to.
    #[must_use]
    pub fn has_host_engines(&self) -> bool {
        self.host_engines
    }

    /// The engines that are or were connected to, by address.
    pub fn engines(&self) -> impl Iterator<Item = &Engine> {
        self.stats.engines()
    }

    /// An engine.
    #[must_use]
    pub fn engine(&self, id: &EngineId) -> Option<&Engine> {
        self.stats.engine(id)
    }

    /// The containers of a task that engines know, pause containers among them, with their engine.
    pub fn engine_containers(
        &self,
        task: &Arn,
    ) -> impl Iterator<Item = (&Engine, &EngineContainer)> {
        self.stats.containers_of(task)
    }

    /// Whether a connected engine has containers of this cluster.
    #[must_use]
    pub fn is_reached(&self, cluster: &Arn) -> bool {
        self.stats.reaches(cluster)
    }

    /// What a container uses, as its engine told: the newest and what was before.
    #[must_use]
    pub fn track(&self, container: &Subject) -> Option<&Track> {
        self.stats.track(container)
    }

    /// What CloudWatch says of a service or task.
    #[must_use]
    pub fn metrics(&self, of: &Arn) -> Option<&Metrics> {
        self.stats.metrics(of)
    }

    /// The number of metrics that CloudWatch was asked for since the start; it charges for each.
    #[must_use]
    pub fn metrics_asked(&self) -> u64 {
        self.stats.metrics_asked()
    }

    /// The host of a task, as far as finding its engine needs it; none on Fargate, or if the host is not known.
    #[must_use]
    pub fn host_of(&self, task: &Arn) -> Option<Host> {
        let instance = self.instance(self.task(task)?.instance.as_ref()?)?;
        Some(Host {
            instance: instance.arn.clone(),
            cluster: instance.cluster.name().to_owned(),
            ec2_id: instance.ec2_id.clone(),
            attributes: instance.attributes.clone(),
        })
    }

    /// Who the credentials belong to, once known.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
    }

    /// A cluster.
    #[must_use]
    pub fn cluster(&self, arn: &Arn) -> Option<&Arc<Cluster>> {
        self.clusters.get(arn)
    }

    /// The cluster with this name or ARN; of several with this name that in the region that comes first.
    #[must_use]
    pub fn cluster_named(&self, name: &str) -> Option<&Arc<Cluster>> {
        self.clusters()
            .chain(self.clusters.values())
            .find(|cluster| cluster.name == name || cluster.arn.as_str() == name)
    }

    /// A service.
    #[must_use]
    pub fn service(&self, arn: &Arn) -> Option<&Arc<Service>> {
        self.services.get(arn)
    }

    /// The service of this name in a cluster.
    #[must_use]
    pub fn service_named(&self, cluster: &Arn, name: &str) -> Option<&Arc<Service>> {
        self.listing(&Query::Services {
            cluster: cluster.clone(),
        })
        .items()
        .iter()
        .filter_map(|arn| self.services.get(arn))
        .find(|service| service.name == name)
        .or_else(|| {
            self.services
                .values()
                .find(|service| service.cluster == *cluster && service.name == name)
        })
    }

    /// What Application Auto Scaling keeps a service to; none if it does not, or if that was never asked.
    #[must_use]
    pub fn scaling(&self, service: &Arn) -> Option<&Arc<ScalingTarget>> {
        self.scaling.get(service)
    }

    /// A task.
    #[must_use]
    pub fn task(&self, arn: &Arn) -> Option<&Arc<Task>> {
        self.tasks.get(arn)
    }

    /// A container instance.
    #[must_use]
    pub fn instance(&self, arn: &Arn) -> Option<&Arc<ContainerInstance>> {
        self.instances.get(arn)
    }

    /// A revision of a task definition.
    #[must_use]
    pub fn definition(&self, arn: &Arn) -> Option<&Arc<TaskDefinition>> {
        self.definitions.get(arn)
    }

    /// What is known of a query; an empty listing if it was never asked.
    #[must_use]
    pub fn listing(&self, query: &Query) -> &Listing {
        self.listings.get(query).unwrap_or(&listing::NEVER)
    }

    /// The clusters of the account.
    pub fn clusters(&self) -> impl Iterator<Item = &Arc<Cluster>> {
        self.listed(Query::Clusters)
            .filter_map(|arn| self.clusters.get(arn))
    }

    /// The services of a cluster.
    #[must_use]
    pub fn services_of(&self, cluster: &Arn) -> Vec<Arc<Service>> {
        let query = Query::Services {
            cluster: cluster.clone(),
        };
        let items = self.listing(&query).items().iter();
        items
            .filter_map(|arn| self.services.get(arn).cloned())
            .collect()
    }

    /// The tasks that a task query returned. Of the running kind, those known to have stopped since are left out;
    /// of the stopped kind, those still stopping.
    #[must_use]
    pub fn tasks_of(&self, cluster: &Arn, filter: &TaskFilter, stopped: bool) -> Vec<Arc<Task>> {
        let query = Query::Tasks {
            cluster: cluster.clone(),
            filter: filter.clone(),
            stopped,
        };
        let items = self.listing(&query).items().iter();
        items
            .filter_map(|arn| self.tasks.get(arn))
            .filter(|task| stopped || !task.is_stopped())
            .cloned()
            .collect()
    }

    /// All services that are known, whatever list they stand in; in no order.
    pub fn services(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.services.values()
    }

    /// All tasks that are known, running or stopped, whatever list they stand in; in no order.
    pub fn tasks(&self) -> impl Iterator<Item = &Arc<Task>> {
        self.tasks.values()
    }

    /// All container instances that are known; in no order.
    pub fn instances(&self) -> impl Iterator<Item = &Arc<ContainerInstance>> {
        self.instances.values()
    }

    /// All revisions of task definitions whose content is known; in no order.
    pub fn definitions(&self) -> impl Iterator<Item = &Arc<TaskDefinition>> {
        self.definitions.values()
    }

    /// The container instances of a cluster.
    #[must_use]
    pub fn instances_of(&self, cluster: &Arn) -> Vec<Arc<ContainerInstance>> {
        let query = Query::Instances {
            cluster: cluster.clone(),
        };
        let items = self.listing(&query).items().iter();
        items
            .filter_map(|arn| self.instances.get(arn).cloned())
            .collect()
    }

    /// The cluster that a service, task or instance lives in: from the thing itself if it is known, else
    /// from its ARN if that is in the long form, matched with the clusters that are known.
    #[must_use]
    pub fn cluster_of(&self, arn: &Arn) -> Option<Arn> {
        if arn.kind() == "cluster" {
            return Some(arn.clone());
        }
        let known = self
            .services
            .get(arn)
            .map(|service| &service.cluster)
            .or_else(|| self.tasks.get(arn).map(|task| &task.cluster))
            .or_else(|| self.instances.get(arn).map(|instance| &instance.cluster));
        if let Some(cluster) = known {
            return Some(cluster.clone());
        }
        let name = arn.cluster_name()?;
        let mut clusters = self.clusters.values();
        let found = clusters.find(|it| it.name == name && it.arn.region() == arn.region());
        found.map(|cluster| cluster.arn.clone())
    }

    /// The number of services, tasks and clusters held, for diagnosis.
    #[must_use]
    pub fn size(&self) -> (usize, usize, usize) {
        (self.clusters.len(), self.services.len(), self.tasks.len())
    }
}

/// Puts a thing into its place; says whether it is another than was there.
fn put<T: PartialEq>(map: &mut HashMap<Arn, Arc<T>>, arn: &Arn, thing: Arc<T>) -> bool {
    if map.get(arn).is_some_and(|known| *known == thing) {
        return false;
    }
    map.insert(arn.clone(), thing);
    true
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
