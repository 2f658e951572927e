//! Tasks and their containers, running and stopped.

use serde::{Deserialize, Serialize};

use super::{Arn, Tag, Timestamp};

/// A task as `DescribeTasks` reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The identity.
    pub arn: Arn,
    /// The cluster it runs in.
    pub cluster: Arn,
    /// `service:NAME` for a service's task, `family:NAME` for one run by hand.
    pub group: String,
    /// Who started it: a deployment id `ecs-svc/…`, or what the caller of `RunTask` gave.
    pub started_by: Option<String>,
    /// The task definition revision.
    pub definition: Arn,
    /// Where it is in its life: `PROVISIONING` … `RUNNING` … `STOPPED`.
    pub last_status: String,
    /// Where ECS wants it: `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: String,
    /// `EC2`, `FARGATE`, `EXTERNAL`.
    pub launch_type: Option<String>,
    /// The capacity provider that carries it.
    pub capacity_provider: Option<String>,
    /// The Fargate platform version.
    pub platform_version: Option<String>,
    /// CPU units reserved by the task as a whole, 1024 a core.
    pub cpu: Option<i64>,
    /// MiB of memory of the task as a whole.
    pub memory: Option<i64>,
    /// `CONNECTED` or `DISCONNECTED`: whether the agent can be heard.
    pub connectivity: Option<String>,
    /// The availability zone.
    pub zone: Option<String>,
    /// The container instance, on EC2.
    pub instance: Option<Arn>,
    /// The private IPv4 address of its network interface, in awsvpc mode.
    pub private_ip: Option<String>,
    /// The IPv6 address of its network interface, in awsvpc mode and a subnet that gives one.
    pub ipv6: Option<String>,
    /// The id of its network interface, in awsvpc mode.
    pub interface: Option<String>,
    /// Whether ECS Exec is switched on.
    pub execute_command: bool,
    /// When it was asked for.
    pub created_at: Option<Timestamp>,
    /// When the image pull began.
    pub pull_started_at: Option<Timestamp>,
    /// When the image pull ended.
    pub pull_stopped_at: Option<Timestamp>,
    /// When it reached RUNNING.
    pub started_at: Option<Timestamp>,
    /// When it was told to stop.
    pub stopping_at: Option<Timestamp>,
    /// When it had stopped.
    pub stopped_at: Option<Timestamp>,
    /// Why it stopped, as a code: `EssentialContainerExited`, `TaskFailedToStart`, …
    pub stop_code: Option<String>,
    /// Why it stopped, in words.
    pub stopped_reason: Option<String>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// What the caller of `RunTask` overrode, in words, without values of environment variables. Never written down:
    /// a command may carry a token.
    #[serde(skip)]
    pub overrides: Vec<String>,
    /// The version counter that AWS raises with every change.
    pub version: i64,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Container {
    /// The name in the task definition.
    pub name: String,
    /// The image as the task definition names it.
    pub image: String,
    /// The digest that was pulled, `sha256:…`.
    pub digest: Option<String>,
    /// The id of the engine's container.
    pub runtime_id: Option<String>,
    /// `PENDING`, `RUNNING`, `STOPPED`, …
    pub last_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: String,
    /// The exit code, once it ended by itself; absent if it never started.
    pub exit_code: Option<i32>,
    /// Why it ended or could not start, in words.
    pub reason: Option<String>,
    /// CPU units reserved.
    pub cpu: Option<i64>,
    /// MiB of memory at which it is killed.
    pub memory: Option<i64>,
    /// MiB of memory reserved.
    pub memory_reservation: Option<i64>,
    /// Ports published on the host, in bridge and host mode.
    pub bindings: Vec<PortBinding>,
}

/// A container port that is reachable on the host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PortBinding {
    /// The address on the host, often `0.0.0.0`.
    pub ip: String,
    /// The port inside.
    pub container: i32,
    /// The port on the host.
    pub host: i32,
    /// `tcp` or `udp`.
    pub protocol: String,
}

impl Task {
    /// The service that keeps it running, if one does.
    #[must_use]
    pub fn service_name(&self) -> Option<&str> {
        self.group.strip_prefix("service:")
    }

    /// The group without its prefix: the service, or the family of a task run by hand.
    #[must_use]
    pub fn group_name(&self) -> &str {
        self.group
            .split_once(':')
            .map_or(self.group.as_str(), |(_, name)| name)
    }

    /// Whether its life is over.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(self.last_status.as_str(), "STOPPED" | "DELETED")
    }

    /// The container with this name.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers
            .iter()
            .find(|container| container.name == name)
    }
}

/// The first twelve hexadecimal digits of an image digest, `9f86d081884c` of `sha256:9f86d081884c…`.
#[must_use]
pub fn short_digest(digest: &str) -> &str {
    let hex = digest.rsplit_once(':').map_or(digest, |(_, hex)| hex);
    hex.get(..12).unwrap_or(hex)
}
