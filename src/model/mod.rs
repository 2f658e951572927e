//! The domain: what an ECS account holds, as plain data. No SDK, no terminal, no clock, no input or output.

mod arn;
mod change;
mod cluster;
mod context;
mod definition;
mod engine;
mod fault;
mod health;
mod image;
mod instance;
mod log;
mod metrics;
mod query;
mod quota;
mod record;
mod reference;
mod region;
#[doc(hidden)]
pub mod samples;
mod secret;
mod service;
mod stats;
mod task;
mod time;

pub use arn::Arn;
pub use change::{Act, Change, Done, Facts, Outcome, switch};
pub use cluster::{Cluster, StrategyItem, Tag};
pub use context::{Contexts, Destination, KnownProfile};
pub use definition::{
    ContainerDefinition, HealthCheck, LogConfiguration, MountPoint, PortMapping, TaskDefinition,
    Volume, is_sensitive,
};
pub use engine::{
    Engine, EngineContainer, EngineId, EngineReport, EngineState, Host, Watch, Watched,
};
pub use fault::{Fault, FaultKind};
pub use health::Health;
pub use image::{
    Image, ImageTag, Manifest, ManifestChild, PolicyKind, Repository, RepositoryPolicy, Scan,
    is_index,
};
pub use instance::ContainerInstance;
pub use log::{LogGroup, LogLine, LogPlace, LogReport, LogStream, Tail, TailId, TailState};
pub use metrics::{MetricSource, Metrics, Point};
pub use query::{Entity, Identity, MetricOf, Part, Query, Subject, TaskFilter};
pub use quota::QuotaUse;
pub use record::{Ending, Goal, Record, Rollout, Verdict};
pub use reference::ImageReference;
pub use region::{REGIONS, Region, is_region, join_regions, region_words, regions, sorted_regions};
pub use secret::Secret;
pub use service::{
    CircuitBreaker, Deployment, EVENTS_WRITTEN, LoadBalancer, ScalingTarget, Service, ServiceEvent,
    TaskSet,
};
pub use stats::{Flow, Memory, Rate, Sample, Usage};
pub use task::{Container, PortBinding, Task, short_digest};
pub use time::{Now, Timestamp, age, age_grows_in, age_shrinks_in};
