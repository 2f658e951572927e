//! Task definitions: what a revision says its containers are made of.

use super::{Arn, Secret, Tag, Timestamp};

/// One revision of a task definition, as `DescribeTaskDefinition` reports it. Never changes once registered,
/// but for its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDefinition {
    /// The identity, `…:task-definition/family:revision`.
    pub arn: Arn,
    /// The family.
    pub family: String,
    /// The revision.
    pub revision: i32,
    /// `ACTIVE`, `INACTIVE` or `DELETE_IN_PROGRESS`.
    pub status: String,
    /// `awsvpc`, `bridge`, `host`, `none`; absent means the platform's default.
    pub network_mode: Option<String>,
    /// CPU of the task as a whole, as written: `256`, `.25 vCPU`.
    pub cpu: Option<String>,
    /// Memory of the task as a whole, as written: `512`, `1 GB`.
    pub memory: Option<String>,
    /// The role the containers act as.
    pub task_role: Option<String>,
    /// The role that pulls images, reads secrets and writes logs.
    pub execution_role: Option<String>,
    /// Launch types it was validated for.
    pub requires: Vec<String>,
    /// Operating system and CPU architecture, `LINUX/ARM64`.
    pub platform: Option<String>,
    /// Its containers.
    pub containers: Vec<ContainerDefinition>,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// Placement constraints, in words.
    pub placement: Vec<String>,
    /// GiB of ephemeral storage, where set.
    pub ephemeral_storage: Option<i32>,
    /// `task` or `host`, where set.
    pub pid_mode: Option<String>,
    /// `host`, `task` or `none`, where set.
    pub ipc_mode: Option<String>,
    /// When it was registered.
    pub registered_at: Option<Timestamp>,
    /// Who registered it.
    pub registered_by: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// One container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerDefinition {
    /// The name.
    pub name: String,
    /// The image.
    pub image: String,
    /// CPU units reserved, 0 for none.
    pub cpu: i32,
    /// MiB of memory at which it is killed.
    pub memory: Option<i32>,
    /// MiB of memory reserved.
    pub memory_reservation: Option<i32>,
    /// Whether its end ends the task.
    pub essential: bool,
    /// The entry point.
    pub entry_point: Vec<String>,
    /// The command.
    pub command: Vec<String>,
    /// The working directory.
    pub working_directory: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// Ports it offers.
    pub ports: Vec<PortMapping>,
    /// Volumes mounted into it.
    pub mounts: Vec<MountPoint>,
    /// Containers whose volumes it mounts, with `(read-only)` where so.
    pub volumes_from: Vec<String>,
    /// Containers it is linked with, in bridge mode.
    pub links: Vec<String>,
    /// Environment variables; the values are masked.
    pub environment: Vec<(String, Secret)>,
    /// Files of environment variables, as ARNs of S3 objects.
    pub environment_files: Vec<String>,
    /// Variables and where ECS takes their values from (Secrets Manager or SSM ARNs, not the values).
    pub secrets: Vec<(String, String)>,
    /// The container health check.
    pub health_check: Option<HealthCheck>,
    /// Containers that must reach a condition first, `init: SUCCESS`.
    pub depends_on: Vec<(String, String)>,
    /// Where its output goes.
    pub log: Option<LogConfiguration>,
    /// Limits of the kind `nofile 1024:4096`.
    pub ulimits: Vec<String>,
    /// Whether the root file system is read-only.
    pub readonly_root: bool,
    /// Whether it runs with the host's powers.
    pub privileged: bool,
    /// Seconds it may take to start before its dependents give up.
    pub start_timeout: Option<i32>,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout: Option<i32>,
    /// Docker labels.
    pub labels: Vec<(String, String)>,
}

/// A port a container offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortMapping {
    /// The port inside, or a range as text.
    pub container: String,
    /// The port on the host; 0 picks one.
    pub host: Option<i32>,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The name, for Service Connect.
    pub name: Option<String>,
}

/// A volume mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MountPoint {
    /// The volume.
    pub volume: String,
    /// Where it appears inside.
    pub path: String,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

/// A volume of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Volume {
    /// The name.
    pub name: String,
    /// What it is, in words: `host /var/data`, `EFS fs-123:/`, `Docker driver local`.
    pub source: String,
}

/// How the engine (or Fargate) checks a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthCheck {
    /// `CMD …` or `CMD-SHELL …`.
    pub command: Vec<String>,
    /// Seconds between checks.
    pub interval: i32,
    /// Seconds a check may take.
    pub timeout: i32,
    /// Failures in a row that count as unhealthy.
    pub retries: i32,
    /// Seconds after the start during which failures do not count.
    pub start_period: i32,
}

/// Where a container's output goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogConfiguration {
    /// `awslogs`, `awsfirelens`, `json-file`, …
    pub driver: String,
    /// The driver's options; values of options that name a token or password are masked when shown.
    pub options: Vec<(String, String)>,
    /// Options whose values come from Secrets Manager or SSM.
    pub secret_options: Vec<(String, String)>,
}

/// Whether a key names something that should not be seen over a shoulder.
#[must_use]
pub fn is_sensitive(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "token",
        "password",
        "secret",
        "api-key",
        "apikey",
        "api_key",
        "credential",
    ]
    .iter()
    .any(|word| key.contains(word))
}
