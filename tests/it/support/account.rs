//! An account made by hand: the sick beside the healthy, the usual beside the odd. It answers queries as AWS would.

mod cast;
mod registry;

use ecsight::model::{
    Arn, Cluster, ContainerInstance, Entity, Fault, FaultKind, Identity, Image, Manifest, Part,
    Query, Repository, RepositoryPolicy, Service, Task, TaskDefinition, TaskFilter, Timestamp,
};

/// The present moment of the account, 2026-03-01T12:00:00Z.
pub const NOON: Timestamp = Timestamp(1_772_366_400_000);

/// A moment so many seconds before noon.
pub fn ago(seconds: i64) -> Timestamp {
    Timestamp(NOON.0 - seconds * 1_000)
}

/// All there is in an account, and what goes wrong when it is asked.
#[derive(Default)]
pub struct Account {
    pub clusters: Vec<Cluster>,
    pub services: Vec<Service>,
    pub tasks: Vec<Task>,
    pub instances: Vec<ContainerInstance>,
    pub definitions: Vec<TaskDefinition>,
    pub repositories: Vec<Repository>,
    pub images: Vec<Image>,
    pub manifests: Vec<Manifest>,
    pub policies: Vec<RepositoryPolicy>,
    /// What every query fails with, if anything.
    pub fault: Option<Fault>,
    /// What every query to ECR fails with, if anything.
    pub registry_fault: Option<Fault>,
}

impl Account {
    /// The account that most tests look at.
    pub fn shop() -> Self {
        cast::shop()
    }

    /// Clusters of `services` services each, all healthy, named `cluster-0` and `service-00` on.
    pub fn plain(clusters: usize, services: usize) -> Self {
        cast::plain(clusters, services)
    }

    pub fn cluster(&self, name: &str) -> &Cluster {
        self.clusters
            .iter()
            .find(|cluster| cluster.name == name)
            .expect("a cluster of that name")
    }

    /// The answer to a query, in the parts in which it would come.
    pub fn answer(&self, query: &Query) -> Vec<Part> {
        if let Some(fault) = &self.fault {
            return vec![Part::Failed {
                fault: fault.clone(),
                calls: 1,
            }];
        }
        let entities: Vec<(Arn, Entity)> = match query {
            Query::Identity => {
                let identity = Identity {
                    account: "123456789012".to_owned(),
                    principal: "arn:aws:sts::123456789012:assumed-role/ops/kim".to_owned(),
                };
                let principal = Arn::new(&identity.principal);
                vec![(principal, Entity::Identity(identity))]
            }
            Query::Clusters(_) => {
                let clusters = self.clusters.iter().cloned();
                let pair = |cluster: Cluster| (cluster.arn.clone(), Entity::Cluster(cluster));
                clusters.map(pair).collect()
            }
            Query::Services { cluster } => self.pick_services(|one| one.cluster == *cluster),
            Query::Service { service, .. } => self.pick_services(|one| one.arn == *service),
            Query::Tasks {
                cluster,
                filter,
                stopped,
            } => self.pick_tasks(|task| {
                let fits = match filter {
                    TaskFilter::All => true,
                    TaskFilter::Service(name) => task.service_name() == Some(name),
                    TaskFilter::Family(family) => task.definition.family() == family,
                    TaskFilter::Instance(arn) => task.instance.as_ref() == Some(arn),
                };
                let list = task.desired_status == "STOPPED";
                fits && task.cluster == *cluster && list == *stopped
            }),
            Query::Task { task, .. } => self.pick_tasks(|one| one.arn == *task),
            Query::Instances { cluster } => {
                let here = |one: &&ContainerInstance| one.cluster == *cluster;
                let pair = |one: &ContainerInstance| {
                    (one.arn.clone(), Entity::Instance(Box::new(one.clone())))
                };
                self.instances.iter().filter(here).map(pair).collect()
            }
            Query::Definition { definition } => {
                let wanted = |one: &&TaskDefinition| one.arn == *definition;
                let pair = |one: &TaskDefinition| {
                    (one.arn.clone(), Entity::Definition(Box::new(one.clone())))
                };
                self.definitions.iter().filter(wanted).map(pair).collect()
            }
            // What CloudWatch says is added by the tests that look at it.
            Query::Metrics { .. } | Query::Scaling { .. } => Vec::new(),
            Query::Families(_) | Query::Revisions { .. } => return self.listed(query),
            _ => return self.registry(query),
        };
        let (items, entities): (Vec<_>, Vec<_>) = entities.into_iter().unzip();
        whole(entities, items)
    }

    /// What is only listed, by name or ARN.
    fn listed(&self, query: &Query) -> Vec<Part> {
        let mut items: Vec<Arn> = match query {
            Query::Revisions { family } => {
                let of = self
                    .definitions
                    .iter()
                    .filter(|one| one.arn.to_family() == *family);
                of.rev().map(|one| one.arn.clone()).collect()
            }
            _ => self
                .definitions
                .iter()
                .map(|one| one.arn.to_family())
                .collect(),
        };
        items.dedup();
        whole(Vec::new(), items)
    }

    fn pick_services(&self, keep: impl Fn(&Service) -> bool) -> Vec<(Arn, Entity)> {
        let kept = self.services.iter().filter(|service| keep(service));
        kept.map(|service| {
            (
                service.arn.clone(),
                Entity::Service(Box::new(service.clone())),
            )
        })
        .collect()
    }

    fn pick_tasks(&self, keep: impl Fn(&Task) -> bool) -> Vec<(Arn, Entity)> {
        let kept = self.tasks.iter().filter(|task| keep(task));
        kept.map(|task| (task.arn.clone(), Entity::Task(Box::new(task.clone()))))
            .collect()
    }
}

/// A whole answer: a part with all of it, and the end.
fn whole(entities: Vec<Entity>, items: Vec<Arn>) -> Vec<Part> {
    vec![
        Part::Some {
            entities,
            items: items.clone(),
        },
        Part::Done { items, calls: 1 },
    ]
}

/// The endpoint cannot be reached.
pub fn unreachable() -> Fault {
    Fault {
        kind: FaultKind::Network,
        op: "ListServices".to_owned(),
        message: "cannot reach ecs.eu-west-1.amazonaws.com: connection refused".to_owned(),
        hint: "check the network or the endpoint".to_owned(),
    }
}

/// IAM refuses.
pub fn denied() -> Fault {
    Fault {
        kind: FaultKind::Denied {
            action: "ecs:ListServices".to_owned(),
        },
        op: "ListServices".to_owned(),
        message: "not allowed to perform ecs:ListServices".to_owned(),
        hint: "ask for the action ecs:ListServices".to_owned(),
    }
}
