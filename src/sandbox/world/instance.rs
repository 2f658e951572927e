//! Container instances: registered and remaining resources, and what runs on them.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::ClusterKey;
use super::definition::Footprint;
use super::moment::Moment;
use super::service::ServiceKey;
use super::task::TaskKey;

/// Identity of a container instance: its id as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceKey(pub u128);

/// Ports that the agent and the host keep for themselves (SSH, Docker, the agent's endpoints).
pub const RESERVED_PORTS: [u16; 5] = [22, 2375, 2376, 51_678, 51_679];

/// What an instance lacks for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// CPU units.
    Cpu,
    /// Memory.
    Memory,
    /// A fixed host port is taken.
    Ports,
    /// The agent is not connected.
    Agent,
}

impl Shortage {
    /// The tail of the service event that reports it.
    pub fn tail(self) -> &'static str {
        match self {
            Self::Cpu => "has insufficient CPU units available",
            Self::Memory => "has insufficient memory available",
            Self::Ports => "is already using a port required by your task",
            Self::Agent => "encountered error \"AGENT\"",
        }
    }

    /// The `failures[].reason` of `RunTask`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Cpu => "RESOURCE:CPU",
            Self::Memory => "RESOURCE:MEMORY",
            Self::Ports => "RESOURCE:PORTS",
            Self::Agent => "AGENT",
        }
    }
}

/// A container instance.
#[derive(Debug)]
pub struct Instance {
    /// Its identity.
    pub key: InstanceKey,
    /// The cluster it is registered in.
    pub cluster: ClusterKey,
    /// Id of the EC2 instance.
    pub ec2_id: String,
    /// EC2 instance type.
    pub kind: String,
    /// Availability zone.
    pub zone: String,
    /// Capacity provider, if the instance belongs to one.
    pub provider: Option<String>,
    /// When it registered.
    pub registered: Moment,
    /// True while it takes no new tasks and loses the ones it has.
    pub draining: bool,
    /// Whether its agent is connected.
    pub connected: bool,
    /// Registered CPU units.
    pub cpu: u32,
    /// Registered memory, MiB.
    pub memory: u32,
    /// CPU units not reserved by a task.
    pub free_cpu: u32,
    /// Memory not reserved by a task, MiB.
    pub free_memory: u32,
    /// Host ports taken by tasks.
    pub ports: BTreeSet<u16>,
    /// Tasks that have not stopped.
    pub tasks: BTreeSet<TaskKey>,
    /// How many of them each service has.
    pub by_service: BTreeMap<ServiceKey, usize>,
    /// Grows with every change.
    pub version: u64,
}

impl Instance {
    /// What keeps a task of this footprint away, if anything.
    pub fn shortage(&self, footprint: &Footprint) -> Option<Shortage> {
        if !self.connected {
            Some(Shortage::Agent)
        } else if self.free_memory < footprint.memory {
            Some(Shortage::Memory)
        } else if self.free_cpu < footprint.cpu {
            Some(Shortage::Cpu)
        } else if footprint.host_ports.iter().any(|port| self.is_taken(*port)) {
            Some(Shortage::Ports)
        } else {
            None
        }
    }

    /// Reserves the resources of a task that fits, and returns a host port for each dynamic mapping.
    pub fn reserve(
        &mut self,
        task: TaskKey,
        service: Option<ServiceKey>,
        footprint: &Footprint,
    ) -> Vec<u16> {
        if let Some(service) = service {
            *self.by_service.entry(service).or_default() += 1;
        }
        self.free_cpu = self.free_cpu.saturating_sub(footprint.cpu);
        self.free_memory = self.free_memory.saturating_sub(footprint.memory);
        self.ports.extend(&footprint.host_ports);
        self.tasks.insert(task);
        self.version += 1;
        // The ephemeral range that the agent uses starts at 32768 on Linux; spread by task so that ports look used.
        let first = 32_768 + u16::try_from(task.0 % 1_000).unwrap_or(0);
        let mut given = Vec::new();
        for port in first..first + 20_000 {
            if given.len() == footprint.dynamic_ports {
                break;
            }
            if !self.is_taken(port) {
                self.ports.insert(port);
                given.push(port);
            }
        }
        given
    }

    /// Gives back what [`reserve`](Self::reserve) took; `dynamic` are the ports it returned.
    pub fn release(
        &mut self,
        task: TaskKey,
        service: Option<ServiceKey>,
        footprint: &Footprint,
        dynamic: &[u16],
    ) {
        if self.tasks.remove(&task) {
            if let Some(count) = service.and_then(|service| self.by_service.get_mut(&service)) {
                *count = count.saturating_sub(1);
            }
            self.free_cpu = (self.free_cpu + footprint.cpu).min(self.cpu);
            self.free_memory = (self.free_memory + footprint.memory).min(self.memory);
            for port in footprint.host_ports.iter().chain(dynamic) {
                self.ports.remove(port);
            }
            self.version += 1;
        }
    }

    fn is_taken(&self, port: u16) -> bool {
        self.ports.contains(&port) || RESERVED_PORTS.contains(&port)
    }
}
