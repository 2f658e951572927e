//! What can be asked of an account and what an answer is made of. Asking is done in `aws`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Arn, Cluster, ContainerInstance, Fault, Image, ImageTag, Manifest, Metrics, PolicyKind, Region,
    Repository, RepositoryPolicy, ScalingTarget, Scan, Service, Task, TaskDefinition,
};

/// The identity of one row, one page, one target: a thing by its ARN, or a part of it by name
/// (a container of a task, an event or a deployment of a service).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// The thing.
    pub arn: Arn,
    /// The part of it, if the subject is one.
    pub part: Option<Box<str>>,
}

impl Subject {
    /// A whole thing.
    #[must_use]
    pub fn whole(arn: &Arn) -> Self {
        Self {
            arn: arn.clone(),
            part: None,
        }
    }

    /// A part of a thing.
    #[must_use]
    pub fn part(arn: &Arn, part: &str) -> Self {
        Self {
            arn: arn.clone(),
            part: Some(part.into()),
        }
    }

    /// The part, or else the last segment of the ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        self.part.as_deref().unwrap_or_else(|| self.arn.name())
    }
}

/// Which tasks of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TaskFilter {
    /// All of them.
    All,
    /// Those of the service with this name.
    Service(String),
    /// Those of this task definition family.
    Family(String),
    /// Those on this container instance.
    Instance(Arn),
}

/// A question to the account. The same query is never under way twice.
///
/// What is asked of the account as a whole names the region to ask in, where several are looked at; without a name it is
/// asked in the one that is. Everything else names a thing, and is asked where that is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Query {
    /// Who the credentials belong to.
    Identity,
    /// All clusters.
    Clusters(Option<Region>),
    /// All services of a cluster.
    Services {
        /// The cluster.
        cluster: Arn,
    },
    /// One service, with its deployments and events.
    Service {
        /// The cluster.
        cluster: Arn,
        /// The service.
        service: Arn,
    },
    /// Tasks of a cluster: those meant to run, or those that stopped within the last hour.
    Tasks {
        /// The cluster.
        cluster: Arn,
        /// Which of its tasks.
        filter: TaskFilter,
        /// Whether the stopped ones are meant.
        stopped: bool,
    },
    /// One task.
    Task {
        /// The cluster.
        cluster: Arn,
        /// The task.
        task: Arn,
    },
    /// All container instances of a cluster.
    Instances {
        /// The cluster.
        cluster: Arn,
    },
    /// All task definition families with an active revision.
    Families(Option<Region>),
    /// All active revisions of a family, newest first.
    Revisions {
        /// The family, as it is listed.
        family: Arn,
    },
    /// One revision of a task definition.
    Definition {
        /// The revision.
        definition: Arn,
    },
    /// Between which counts Application Auto Scaling keeps a service, if it does.
    Scaling {
        /// The cluster.
        cluster: Arn,
        /// The service.
        service: Arn,
    },
    /// All repositories of ECR.
    Repositories(Option<Region>),
    /// All images of a repository, tagged or not.
    Images {
        /// The repository.
        repository: Arn,
    },
    /// One image.
    Image {
        /// The image.
        image: Arn,
    },
    /// Where a tag points. Of many that are asked at once, those of a repository go into one call.
    Tag {
        /// The tag.
        tag: Arn,
    },
    /// The manifest of an image, which lists the images of an index.
    Manifest {
        /// The image.
        image: Arn,
    },
    /// What the scan of an image found.
    Findings {
        /// The image.
        image: Arn,
    },
    /// A policy of a repository.
    Policy {
        /// The repository.
        repository: Arn,
        /// Which of its policies.
        kind: PolicyKind,
    },
    /// CPU and memory as CloudWatch knows them. CloudWatch has them by the minute and charges for each.
    Metrics {
        /// The cluster.
        cluster: Arn,
        /// What they are of.
        of: MetricOf,
    },
}

/// What metrics are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MetricOf {
    /// A service, namespace `AWS/ECS`.
    Service(Arn),
    /// A task, where the cluster has Container Insights with enhanced observability.
    Task {
        /// The task.
        task: Arn,
        /// The family of its definition.
        family: String,
        /// The service that it belongs to.
        service: Option<String>,
    },
}

impl MetricOf {
    /// The service or task.
    #[must_use]
    pub fn arn(&self) -> &Arn {
        match self {
            Self::Service(arn) | Self::Task { task: arn, .. } => arn,
        }
    }
}

impl Query {
    /// Whether the answer never changes, so that it is asked for once.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        matches!(
            self,
            Self::Definition { .. } | Self::Identity | Self::Manifest { .. }
        )
    }

    /// The region to ask in, as far as the query names one: outright or by a thing.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        let arn = match self {
            Self::Identity => return None,
            Self::Clusters(region) | Self::Families(region) | Self::Repositories(region) => {
                return region.as_ref().map(Region::as_str);
            }
            Self::Services { cluster }
            | Self::Service { cluster, .. }
            | Self::Tasks { cluster, .. }
            | Self::Task { cluster, .. }
            | Self::Instances { cluster }
            | Self::Scaling { cluster, .. }
            | Self::Metrics { cluster, .. } => cluster,
            Self::Revisions { family } => family,
            Self::Definition { definition } => definition,
            Self::Images { repository } | Self::Policy { repository, .. } => repository,
            Self::Image { image } | Self::Manifest { image } | Self::Findings { image } => image,
            Self::Tag { tag } => tag,
        };
        Some(arn.region()).filter(|region| !region.is_empty())
    }

    /// Whether the answer only adds to what is shown. It says itself how old it is and why it is missing, and what stands
    /// beside it does not depend on it.
    #[must_use]
    pub fn is_aside(&self) -> bool {
        matches!(
            self,
            Self::Metrics { .. }
                | Self::Tag { .. }
                | Self::Manifest { .. }
                | Self::Findings { .. }
                | Self::Policy { .. }
        )
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("the caller's identity"),
            Self::Clusters(region) => write!(f, "clusters{}", InRegion(region.as_ref())),
            Self::Services { cluster } => write!(f, "services of {}", cluster.name()),
            Self::Service { service, .. } => write!(f, "service {}", service.name()),
            Self::Tasks {
                cluster,
                filter,
                stopped,
            } => {
                let which = if *stopped { "stopped tasks" } else { "tasks" };
                match filter {
                    TaskFilter::All => write!(f, "{which} of {}", cluster.name()),
                    TaskFilter::Service(name) => write!(f, "{which} of service {name}"),
                    TaskFilter::Family(name) => write!(f, "{which} of family {name}"),
                    TaskFilter::Instance(arn) => write!(f, "{which} on instance {}", arn.short()),
                }
            }
            Self::Task { task, .. } => write!(f, "task {}", task.short()),
            Self::Instances { cluster } => write!(f, "container instances of {}", cluster.name()),
            Self::Families(region) => {
                write!(f, "task definition families{}", InRegion(region.as_ref()))
            }
            Self::Revisions { family } => write!(f, "revisions of {}", family.name()),
            Self::Definition { definition } => write!(f, "task definition {}", definition.name()),
            Self::Scaling { service, .. } => write!(f, "scaling bounds of {}", service.name()),
            Self::Repositories(region) => {
                write!(f, "repositories{}", InRegion(region.as_ref()))
            }
            Self::Images { repository } => write!(f, "images of {}", repository.name()),
            Self::Image { image } => write!(f, "image {}", image.short()),
            Self::Tag { tag } => {
                let repository = tag.repository_name().unwrap_or_default();
                write!(f, "tag {} of {repository}", tag.name())
            }
            Self::Manifest { image } => write!(f, "manifest of {}", image.short()),
            Self::Findings { image } => write!(f, "scan of {}", image.short()),
            Self::Policy { repository, kind } => {
                let which = match kind {
                    PolicyKind::Permission => "permission",
                    PolicyKind::Lifecycle => "lifecycle",
                };
                write!(f, "{which} policy of {}", repository.name())
            }
            Self::Metrics { of, .. } => {
                write!(f, "metrics of {} {}", of.arn().kind(), of.arn().short())
            }
        }
    }
}

/// The region that a list is of, where it names one.
struct InRegion<'a>(Option<&'a Region>);

impl fmt::Display for InRegion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(region) => write!(f, " in {region}"),
            None => Ok(()),
        }
    }
}

/// Who the credentials belong to, as `GetCallerIdentity` says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    /// The account, twelve digits.
    pub account: String,
    /// The ARN of the user or assumed role.
    pub principal: String,
}

/// One thing out of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Entity {
    /// The caller.
    Identity(Identity),
    /// A cluster.
    Cluster(Cluster),
    /// A service.
    Service(Box<Service>),
    /// A task.
    Task(Box<Task>),
    /// A container instance.
    Instance(Box<ContainerInstance>),
    /// A revision of a task definition.
    Definition(Box<TaskDefinition>),
    /// Metrics of a service or task.
    Metrics(Box<Metrics>),
    /// What Application Auto Scaling keeps a service to.
    Scaling(ScalingTarget),
    /// A repository.
    Repository(Box<Repository>),
    /// An image.
    Image(Box<Image>),
    /// Where a tag points.
    Tag(ImageTag),
    /// The manifest of an image.
    Manifest(Box<Manifest>),
    /// What the scan of an image found; none if it was never scanned.
    Findings(Arn, Option<Scan>),
    /// A policy of a repository.
    Policy(Box<RepositoryPolicy>),
}

/// A piece of an answer. Large answers arrive as several `Some`, ended by one `Done` or `Failed`.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Things that are known now, more to come. `items` are in AWS's order.
    Some {
        /// The things described so far.
        entities: Vec<Entity>,
        /// Their identities, or those of things that are only listed (families, revisions).
        items: Vec<Arn>,
    },
    /// The answer is whole: `items` is all there is; what was listed before and is not in it is gone.
    Done {
        /// All identities, in AWS's order.
        items: Vec<Arn>,
        /// API calls it took.
        calls: u32,
    },
    /// The answer could not be had, or only parts of it; nothing already known is dropped.
    Failed {
        /// Why.
        fault: Fault,
        /// API calls it took.
        calls: u32,
    },
}
