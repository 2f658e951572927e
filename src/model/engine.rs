//! Docker Engines and the containers of tasks on them, as they are seen from here. Talking to them is done in
//! `docker`.

use std::{fmt, sync::Arc};

use super::{Arn, Fault, Sample, Subject, Tag, Timestamp};

/// The address of an engine, with all placeholders filled in: `unix:///var/run/docker.sock`, `ssh://ec2-user@i-0abc`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EngineId(pub Arc<str>);

impl EngineId {
    /// An engine by its address.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self(address.into())
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the connection to an engine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineState {
    /// Being connected for the first time.
    Connecting,
    /// It answers, and its events are followed.
    Connected,
    /// It cannot be had: denied, unreachable, gone; with the reason in words. It is tried again.
    Failed(Fault),
    /// Nothing that is looked at needs it.
    Closed,
}

/// An engine with the containers of tasks on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// Its address.
    pub id: EngineId,
    /// How the connection stands.
    pub state: EngineState,
    /// Since when it stands so.
    pub since: Timestamp,
    /// The version of the engine, `24.0.7`; empty until it is connected.
    pub version: String,
    /// The API version agreed on, `1.41`; empty until it is connected.
    pub api: String,
    /// The container instance that it runs on, where a rule of the configuration led to it.
    pub instance: Option<Arn>,
    /// The containers of tasks, the pause containers of the agent among them. The last that were known, if it cannot
    /// be had now.
    pub containers: Vec<EngineContainer>,
    /// Streams of stats and logs that are open on it now.
    pub streams: usize,
}

/// A container of a task as its engine knows it, by the labels of the ECS agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineContainer {
    /// The container id of the engine, 64 hexadecimal digits.
    pub id: String,
    /// The task, label `com.amazonaws.ecs.task-arn`.
    pub task: Arn,
    /// The name in the task definition, label `com.amazonaws.ecs.container-name`.
    pub name: String,
    /// The cluster, label `com.amazonaws.ecs.cluster`: a name or an ARN, as the agent was told.
    pub cluster: String,
    /// Whether it only holds the network of the task and is none of its definition (`~internal~ecs~pause`).
    pub is_pause: bool,
    /// `created`, `running`, `paused`, `restarting`, `exited`, `dead`.
    pub state: String,
    /// How often the engine restarted it.
    pub restarts: u32,
    /// Whether the kernel killed it for its memory.
    pub oom_killed: bool,
    /// The exit code, once it ended.
    pub exit_code: Option<i64>,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
}

impl EngineContainer {
    /// The identity of the container among those of its task.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::part(&self.task, &self.name)
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.state.as_str(), "running" | "paused" | "restarting")
    }
}

/// What engines have to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineReport {
    /// An engine as it is now; takes the place of what was known of it.
    Engine(Box<Engine>),
    /// The newest sample of containers that are watched; one per container, older ones are left out.
    Samples(Vec<(Subject, Sample)>),
}

/// What is looked at: the tasks whose containers are to be sampled. Comparable, so that only changes are told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watch {
    /// Whether anything on the screen could show stats, so that the engine of this machine is worth connecting to.
    pub open: bool,
    /// The tasks, in the order of their ARNs.
    pub tasks: Vec<Watched>,
}

/// A task that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The task.
    pub task: Arn,
    /// The host that it runs on; none on Fargate, and as long as the host is not known.
    pub host: Option<Arc<Host>>,
}

/// A container instance, as far as finding its engine needs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host {
    /// The container instance.
    pub instance: Arn,
    /// The name of its cluster.
    pub cluster: String,
    /// The EC2 instance id, or `mi-…`.
    pub ec2_id: String,
    /// The attributes that were given to it by its owner.
    pub attributes: Vec<Tag>,
}
