//! Tasks and their containers: state only. How they move from stage to stage is in `life`.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::cluster::{ClusterKey, Tag};
use super::definition::{Definition, DefinitionKey};
use super::instance::InstanceKey;
use super::moment::Moment;
use super::service::ServiceKey;

/// Identity of a task: its id as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey(pub u128);

impl TaskKey {
    /// The task id, 32 hexadecimal digits.
    pub fn id(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// The `lastStatus` of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Stage {
    /// Resources such as a network interface are being made.
    Provisioning,
    /// Images are being pulled.
    Pending,
    /// Targets are being registered.
    Activating,
    /// All containers run.
    Running,
    /// Targets are being deregistered.
    Deactivating,
    /// Containers are being stopped.
    Stopping,
    /// Resources are being given back.
    Deprovisioning,
    /// Over.
    Stopped,
}

impl Stage {
    /// Whether the task counts as pending.
    pub fn is_pending(self) -> bool {
        self <= Self::Activating
    }
}

/// The launch type of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LaunchType {
    /// On a container instance of the cluster.
    Ec2,
    /// On capacity that AWS runs.
    Fargate,
}

impl LaunchType {
    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::Fargate => "FARGATE",
        }
    }
}

/// The health of a container or a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Health {
    /// No verdict, or no health check.
    Unknown,
    /// All checks pass.
    Healthy,
    /// A check failed too often.
    Unhealthy,
}

/// Why a task stopped.
#[derive(Clone, Debug)]
pub struct Stop {
    /// `stopCode`.
    pub code: &'static str,
    /// `stoppedReason`.
    pub reason: String,
}

/// A container of a task; its specification is the one at the same index in the task definition.
#[derive(Clone, Debug)]
pub struct Container {
    /// The runtime's id, as a number.
    pub runtime: u128,
    /// Digest of its image; none when there is no such image.
    pub digest: Option<Arc<str>>,
    /// Exit code, once it has ended; absent when it never started.
    pub exit_code: Option<i32>,
    /// When it ended; absent while it runs and when it never started.
    pub ended: Option<Moment>,
    /// Why it ended, if there is something to say.
    pub reason: Option<String>,
    /// Verdict of its health check.
    pub health: Health,
}

/// What happens to a task by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Lives,
    /// It never runs; the task's and the container's reason.
    FailsToStart(String),
    /// Its main container ends with this code; `true` when killed for its use of memory.
    Exits(i32, bool),
    /// Its container health check gives up.
    FailsContainerHealth,
    /// The load balancer finds it unhealthy.
    FailsTargetHealth,
}

/// The instants of a task's life.
#[derive(Clone, Debug)]
pub struct Times {
    /// `createdAt`.
    pub created: Moment,
    /// `connectivityAt`.
    pub connected: Option<Moment>,
    /// `pullStartedAt`.
    pub pull_started: Option<Moment>,
    /// `pullStoppedAt`.
    pub pull_stopped: Option<Moment>,
    /// `startedAt`.
    pub started: Option<Moment>,
    /// `stoppingAt`.
    pub stopping: Option<Moment>,
    /// `executionStoppedAt`.
    pub execution_stopped: Option<Moment>,
    /// `stoppedAt`.
    pub stopped: Option<Moment>,
}

impl Times {
    /// The times of a task that was just created.
    pub fn new(created: Moment) -> Self {
        Self {
            created,
            connected: None,
            pull_started: None,
            pull_stopped: None,
            started: None,
            stopping: None,
            execution_stopped: None,
            stopped: None,
        }
    }
}

/// A task.
#[derive(Debug)]
pub struct Task {
    /// Its identity.
    pub key: TaskKey,
    /// Its cluster.
    pub cluster: ClusterKey,
    /// The service it belongs to.
    pub service: Option<ServiceKey>,
    /// The deployment that launched it.
    pub deployment: Option<u64>,
    /// Its task definition.
    pub definition: DefinitionKey,
    /// `group` of a standalone task that was given one.
    pub group: Option<String>,
    /// `startedBy`.
    pub started_by: Option<String>,
    /// Where it runs.
    pub launch: LaunchType,
    /// Capacity provider, when a strategy placed it.
    pub provider: Option<String>,
    /// Container instance, on EC2.
    pub instance: Option<InstanceKey>,
    /// Availability zone.
    pub zone: String,
    /// `lastStatus`.
    pub stage: Stage,
    /// False once it has been asked to stop (`desiredStatus` STOPPED).
    pub wanted: bool,
    /// Its instants.
    pub times: Times,
    /// Why it stopped or is stopping.
    pub stop: Option<Stop>,
    /// Its containers, in the order of the definition.
    pub containers: Vec<Container>,
    /// Host ports chosen at launch, in the order of the mappings that ask for one.
    pub ports: Vec<u16>,
    /// Address of its network interface.
    pub address: Ipv4Addr,
    /// Grows with every change.
    pub version: u64,
    /// Overrides given at launch.
    pub overrides: Option<Value>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Whether commands can be run in it.
    pub exec: bool,
    /// What happens to it by itself.
    pub fate: Fate,
    /// When that happens, once it runs.
    pub ends: Option<Moment>,
    /// Number of the current plan: items of the agenda made for an older plan are void.
    pub plan: u32,
}

impl Task {
    /// The verdict over all containers with a health check.
    pub fn health(&self) -> Health {
        let worst = |health| {
            self.containers
                .iter()
                .any(|container| container.health == health)
        };
        if worst(Health::Unhealthy) {
            Health::Unhealthy
        } else if worst(Health::Healthy) {
            Health::Healthy
        } else {
            Health::Unknown
        }
    }

    /// The runtime's id of a container: Docker's 64 digits on an instance; the task id and a number on Fargate.
    pub fn runtime_id(&self, container: usize) -> Option<String> {
        let runtime = self.containers.get(container)?.runtime;
        Some(match self.launch {
            LaunchType::Ec2 => format!("{runtime:032x}{:032x}", runtime.rotate_left(37)),
            LaunchType::Fargate => format!("{}-{}", self.key.id(), runtime % 10_000_000_000),
        })
    }

    /// When a container started and, once it has, ended; none for one that never ran.
    pub fn life(&self, container: usize) -> Option<(Moment, Option<Moment>)> {
        let ended = self.containers.get(container)?.ended;
        self.times.started.map(|started| (started, ended))
    }

    /// Whether the scheduler counts it as serving: running, wanted, and with its health checks passed.
    pub fn serves(&self, definition: &Definition) -> bool {
        self.wanted
            && self.stage == Stage::Running
            && match self.health() {
                Health::Healthy => true,
                Health::Unhealthy => false,
                Health::Unknown => !definition.has_health_check(),
            }
    }
}
