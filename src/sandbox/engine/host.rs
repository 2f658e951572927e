//! One engine and the containers on it, read from the world each time. What is written of them is in `document`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};
use tokio::sync::watch;

use super::route::Refusal;
use crate::sandbox::front::Account;
use crate::sandbox::streams::Streams;
use crate::sandbox::world::World;
use crate::sandbox::world::definition::{ContainerSpec, Definition, NetworkMode};
use crate::sandbox::world::instance::{Instance, InstanceKey};
use crate::sandbox::world::load::{self, Reading};
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::task::{Container, Health, Task, TaskKey};

/// What the labels of the agent begin with.
const LABEL: &str = "com.amazonaws.ecs.";
/// The name of the container that holds the network of a task.
const PAUSE: &str = "~internal~ecs~pause";

/// The version of the kernel's control groups, which memory is reported by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cgroup {
    /// One tree per resource.
    V1,
    /// One tree.
    V2,
}

/// An engine: the one of a container instance.
#[derive(Clone, Debug)]
pub struct Host {
    /// The instance.
    pub instance: InstanceKey,
    /// How it accounts.
    pub cgroup: Cgroup,
    /// The world it is in.
    pub account: Arc<Mutex<Account>>,
    /// The world's clock.
    pub clock: watch::Receiver<Moment>,
    /// Changes, or loses its sender, when the sandbox stops.
    pub stop: watch::Receiver<bool>,
    /// The open streams of the whole sandbox.
    pub streams: Streams,
}

/// Which of a task's containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The one with this index in the definition.
    Own(usize),
    /// The one that the agent adds to hold the network interface.
    Pause,
}

/// A container, to find it again without searching.
#[derive(Clone, Copy, Debug)]
pub struct Handle {
    task: TaskKey,
    part: Part,
}

/// A container on an engine.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    /// The world it is in.
    pub world: &'a World,
    /// The instance it runs on.
    pub instance: &'a Instance,
    /// Its task.
    pub task: &'a Task,
    /// The task's definition.
    pub definition: &'a Definition,
    /// Which of the task's containers.
    pub part: Part,
    /// When it started.
    pub started: Moment,
}

/// The containers of an instance that have started, those that have ended included, in the order they started.
pub fn units(world: &World, key: InstanceKey) -> Vec<Unit<'_>> {
    let Some(instance) = world.instances.get(&key) else {
        return Vec::new();
    };
    let cluster = world.cluster(instance.cluster);
    let tasks = instance.tasks.iter().chain(&cluster.stopped);
    let tasks = tasks.filter_map(|task| world.tasks.get(task));
    let mut units: Vec<Unit<'_>> = tasks
        .filter(|task| task.instance == Some(key))
        .flat_map(|task| {
            let own = (0..task.containers.len()).map(Part::Own);
            let parts = std::iter::once(Part::Pause).chain(own);
            parts.filter_map(move |part| {
                let handle = Handle {
                    task: task.key,
                    part,
                };
                unit(world, handle)
            })
        })
        .collect();
    units.sort_by_key(|unit| unit.started);
    units
}

/// The container of a handle, while the world remembers its task.
pub fn unit(world: &World, handle: Handle) -> Option<Unit<'_>> {
    let task = world.tasks.get(&handle.task)?;
    let definition = world.definition(task.definition);
    let exists = match handle.part {
        Part::Own(index) => index < task.containers.len().min(definition.containers.len()),
        Part::Pause => definition.network == NetworkMode::Awsvpc,
    };
    Some(Unit {
        world,
        instance: task.instance.and_then(|key| world.instances.get(&key))?,
        task,
        definition,
        part: handle.part,
        started: task.times.started.filter(|_| exists)?,
    })
}

/// The container of an instance with this id, this name, or the only one whose id begins so.
pub fn find<'a>(world: &'a World, key: InstanceKey, name: &str) -> Result<Unit<'a>, Refusal> {
    let units = units(world, key);
    let exactly = |unit: &&Unit<'_>| {
        unit.id() == name || unit.name() == name.strip_prefix('/').unwrap_or(name)
    };
    if let Some(unit) = units.iter().find(exactly) {
        return Ok(*unit);
    }
    let mut begin = units.iter().filter(|unit| unit.id().starts_with(name));
    match (begin.next(), begin.next()) {
        (Some(unit), None) => Ok(*unit),
        _ => Err(Refusal::no_container(name)),
    }
}

impl<'a> Unit<'a> {
    /// What finds it again.
    pub fn handle(&self) -> Handle {
        Handle {
            task: self.task.key,
            part: self.part,
        }
    }

    /// Its container of the task, unless the agent added it.
    pub fn container(&self) -> Option<&'a Container> {
        match self.part {
            Part::Own(index) => self.task.containers.get(index),
            Part::Pause => None,
        }
    }

    /// Its part of the task definition, unless the agent added it.
    pub fn spec(&self) -> Option<&'a ContainerSpec> {
        match self.part {
            Part::Own(index) => self.definition.containers.get(index),
            Part::Pause => None,
        }
    }

    /// The document of that part.
    pub fn body(&self) -> Option<&'a Map<String, Value>> {
        let Part::Own(index) = self.part else {
            return None;
        };
        let containers = self.definition.body.get("containerDefinitions")?;
        containers.get(index)?.as_object()
    }

    /// Its 64 digits.
    pub fn id(&self) -> String {
        match self.part {
            Part::Own(index) => self.task.runtime_id(index).unwrap_or_default(),
            Part::Pause => pause_id(self.task),
        }
    }

    /// The name as the task definition has it.
    pub fn plain_name(&self) -> &'a str {
        self.spec().map_or(PAUSE, |spec| spec.name.as_str())
    }

    /// The name that the agent gives it, without the slash that engines put in front.
    pub fn name(&self) -> String {
        let plain: String = self
            .plain_name()
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
            .collect();
        let salt = self.id();
        format!(
            "ecs-{}-{}-{plain}-{}",
            self.definition.family,
            self.definition.revision,
            salt.get(40..60).unwrap_or_default()
        )
    }

    /// The image.
    pub fn image(&self) -> &'a str {
        self.spec()
            .map_or("amazon/amazon-ecs-pause:0.1.0", |spec| spec.image.as_str())
    }

    /// The labels of the task definition, and those of the agent over them.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let given = self.body().and_then(|body| body.get("dockerLabels"));
        let given = given.and_then(Value::as_object).into_iter().flatten();
        let mut labels: BTreeMap<String, String> = given
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect();
        let cluster = &self.world.cluster(self.task.cluster).name;
        let agent = [
            ("cluster", self.world.cluster_arn(cluster)),
            ("container-name", self.plain_name().to_owned()),
            ("task-arn", self.world.task_arn(self.task)),
            ("task-definition-family", self.definition.family.clone()),
            (
                "task-definition-version",
                self.definition.revision.to_string(),
            ),
        ];
        labels.extend(agent.map(|(key, value)| (format!("{LABEL}{key}"), value)));
        labels
    }

    /// When it ended.
    pub fn ended(&self) -> Option<Moment> {
        match self.container() {
            Some(container) => container.ended,
            // The network goes last.
            None => self.task.times.stopped,
        }
    }

    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.ended().is_none()
    }

    /// Its exit code, 0 while it runs.
    pub fn exit_code(&self) -> i32 {
        self.container()
            .and_then(|container| container.exit_code)
            .unwrap_or(0)
    }

    /// Whether the kernel killed it for its use of memory.
    pub fn was_killed_for_memory(&self) -> bool {
        self.container()
            .and_then(|container| container.reason.as_ref())
            .is_some_and(|reason| reason.starts_with("OutOfMemoryError"))
    }

    /// Whether it was told to end, rather than having ended by itself.
    pub fn was_stopped(&self) -> bool {
        let stopping = self.task.times.stopping;
        self.ended()
            .zip(stopping)
            .is_some_and(|(ended, stopping)| ended > stopping)
    }

    /// The verdict of its health check, where it has one; an engine says `starting` before there is any.
    pub fn health(&self) -> Option<&'static str> {
        self.spec()?.health_check.as_ref()?;
        Some(match self.container()?.health {
            Health::Unknown => "starting",
            Health::Healthy => "healthy",
            Health::Unhealthy => "unhealthy",
        })
    }

    /// Its hard memory limit in bytes, 0 for none.
    pub fn memory_limit(&self) -> u64 {
        mebibytes(self.spec().and_then(|spec| spec.memory))
    }

    /// Its soft memory limit in bytes, 0 for none.
    pub fn memory_reservation(&self) -> u64 {
        mebibytes(self.spec().and_then(|spec| spec.memory_reservation))
    }

    /// What it has used up to an instant.
    pub fn reading(&self, at: Moment) -> Reading {
        match self.part {
            Part::Own(index) => load::reading(self.task, self.definition, index, at),
            // A process that only waits.
            Part::Pause => Reading {
                cpu: 21_000_000,
                memory: if self.runs() { 312_000 } else { 0 },
                processes: u64::from(self.runs()),
                ..Reading::default()
            },
        }
    }

    /// Whether the engine sees its traffic. It does for the networks that it makes itself: the interface of an awsvpc
    /// task is put into its namespace by the agent, past the engine (seen with an engine 20.10: no `networks`).
    pub fn has_network(&self) -> bool {
        self.definition.network == NetworkMode::Bridge
    }

    /// `HostConfig.NetworkMode`.
    pub fn network_mode(&self) -> String {
        match (self.definition.network, self.part) {
            (NetworkMode::Bridge, _) => "bridge".to_owned(),
            (NetworkMode::Host, _) => "host".to_owned(),
            (NetworkMode::None, _) | (NetworkMode::Awsvpc, Part::Pause) => "none".to_owned(),
            (NetworkMode::Awsvpc, Part::Own(_)) => format!("container:{}", pause_id(self.task)),
        }
    }
}

/// The 64 digits of the container that holds the network of a task.
fn pause_id(task: &Task) -> String {
    let key = task.key.0;
    format!("{:032x}{:032x}", key.rotate_left(71), !key.rotate_left(29))
}

/// The number of a host's cores.
pub fn cores(instance: &Instance) -> u32 {
    (instance.cpu / 1024).max(1)
}

/// The memory of a host in bytes: what is registered, and what the agent keeps for the system.
pub fn host_memory(instance: &Instance) -> u64 {
    mebibytes(Some(instance.memory + 256))
}

fn mebibytes(number: Option<u32>) -> u64 {
    u64::from(number.unwrap_or(0)) << 20
}
