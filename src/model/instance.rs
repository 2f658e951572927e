//! Container instances: the EC2 (or external) hosts of a cluster.

use serde::{Deserialize, Serialize};

use super::{Arn, Tag, Timestamp};

/// A container instance as `DescribeContainerInstances` reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerInstance {
    /// The identity.
    pub arn: Arn,
    /// The cluster it is registered in.
    pub cluster: Arn,
    /// The EC2 instance id, or `mi-…` for an external host.
    pub ec2_id: String,
    /// `ACTIVE`, `DRAINING`, `REGISTERING`, `DEREGISTERING`, `REGISTRATION_FAILED`.
    pub status: String,
    /// Why it is in that state, where AWS says so.
    pub status_reason: String,
    /// Whether the ECS agent is connected; without it no task starts or stops there.
    pub agent_connected: bool,
    /// The version of the ECS agent.
    pub agent_version: String,
    /// The version of the Docker engine, as the agent reports it.
    pub docker_version: String,
    /// Tasks in state RUNNING.
    pub running_tasks: i32,
    /// Tasks in state PENDING.
    pub pending_tasks: i32,
    /// CPU units: registered in all, and left for further tasks.
    pub cpu: (i64, i64),
    /// MiB of memory: registered in all, and left for further tasks.
    pub memory: (i64, i64),
    /// Host ports in use, or reserved.
    pub ports: Vec<String>,
    /// The instance type, `m6i.large`, from the attributes.
    pub instance_type: String,
    /// The availability zone, from the attributes.
    pub zone: String,
    /// The machine image, from the attributes.
    pub ami: String,
    /// The attributes that its owner gave it, those of ECS itself left out.
    pub attributes: Vec<Tag>,
    /// The capacity provider that brought it, if one did.
    pub capacity_provider: Option<String>,
    /// When it was registered.
    pub registered_at: Option<Timestamp>,
    /// The version counter that AWS raises with every change.
    pub version: i64,
    /// Tags.
    pub tags: Vec<Tag>,
}
