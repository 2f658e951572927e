//! The metrics that ECS sends to CloudWatch, and what they come to over a period.
//!
//! Facts: "Amazon ECS CloudWatch metrics" for `AWS/ECS`; "Amazon ECS Container Insights with enhanced observability
//! metrics" for `ECS/ContainerInsights`, but for the CPU utilisation and network of containers, which are looked up
//! with the container's name as their memory is.

use std::collections::BTreeMap;
use std::time::Duration;

use super::invalid;
use crate::sandbox::operation::Fault;
use crate::sandbox::world::World;
use crate::sandbox::world::cluster::{Cluster, Insights};
use crate::sandbox::world::definition::{Definition, NetworkMode};
use crate::sandbox::world::load::{self, Mean};
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::task::{Task, TaskKey};

/// Tasks are measured once a minute.
const MINUTE: Duration = Duration::from_mins(1);
const MEBIBYTE: f64 = 1_048_576.0;
/// CPU units of a core.
const UNITS: f64 = 1024.0;

/// What is said of the samples of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Their mean.
    Average,
    /// The highest.
    Maximum,
    /// The lowest.
    Minimum,
    /// How many there are.
    SampleCount,
    /// All together.
    Sum,
}

impl Statistic {
    /// The statistic of a name.
    pub fn read(name: &str) -> Result<Self, Fault> {
        Ok(match name {
            "Average" => Self::Average,
            "Maximum" => Self::Maximum,
            "Minimum" => Self::Minimum,
            "SampleCount" => Self::SampleCount,
            "Sum" => Self::Sum,
            _ => {
                return Err(invalid(format!(
                    "The value {name} for parameter Stat is not supported."
                )));
            }
        })
    }
}

/// What is measured of a task or a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    CpuUtilization,
    CpuUtilized,
    CpuReserved,
    MemoryUtilization,
    MemoryUtilized,
    MemoryReserved,
    Received,
    Sent,
    Read,
    Written,
}

/// A metric with its dimensions.
#[derive(Debug)]
pub struct Metric<'a> {
    quantity: Quantity,
    tasks: Vec<&'a Task>,
    /// The container by its name; else it is the whole task.
    container: Option<&'a str>,
    /// All containers, each by itself.
    each: bool,
}

impl<'a> Metric<'a> {
    /// The metric of a name, if it is one that is sent.
    pub fn find(
        world: &'a World,
        namespace: &str,
        name: &str,
        dimensions: &BTreeMap<&str, &'a str>,
    ) -> Option<Self> {
        let wanted = dimensions.get("ClusterName")?;
        let cluster = world
            .clusters
            .iter()
            .find(|cluster| cluster.name == *wanted)?;
        match namespace {
            "AWS/ECS" => {
                let quantity = match name {
                    "CPUUtilization" => Quantity::CpuUtilization,
                    "MemoryUtilization" => Quantity::MemoryUtilization,
                    _ => return None,
                };
                let of_service = dimensions.len() == 2 && dimensions.contains_key("ServiceName");
                of_service.then(|| Self {
                    quantity,
                    tasks: chosen(world, cluster, dimensions),
                    container: None,
                    each: false,
                })
            }
            "ECS/ContainerInsights" => Self::insight(world, cluster, name, dimensions),
            _ => None,
        }
    }

    fn insight(
        world: &'a World,
        cluster: &'a Cluster,
        name: &str,
        dimensions: &BTreeMap<&str, &'a str>,
    ) -> Option<Self> {
        let (quantity, each) = insight(name)?;
        let names: Vec<&str> = dimensions.keys().copied().collect();
        let of_task = ["TaskCpuUtilization", "TaskMemoryUtilization"].contains(&name);
        let (of_one, of_container) = (names.contains(&"TaskId"), names.contains(&"ContainerName"));
        let rest: Vec<&str> = names
            .into_iter()
            .filter(|name| !["TaskId", "ContainerName"].contains(name))
            .collect();
        let known = match rest.as_slice() {
            ["ClusterName"] => !of_one && !of_container,
            ["ClusterName", "ServiceName" | "TaskDefinitionFamily"] => of_container == each,
            _ => false,
        };
        if !known {
            return None;
        }
        let sent = if of_one || of_task || each {
            Insights::Enhanced
        } else {
            Insights::Enabled
        };
        (cluster.insights >= sent).then(|| Self {
            quantity,
            tasks: chosen(world, cluster, dimensions),
            container: dimensions.get("ContainerName").copied(),
            each,
        })
    }

    /// Before this there is nothing.
    pub fn since(&self) -> Moment {
        let started = self.tasks.iter().filter_map(|task| task.times.started);
        started.min().unwrap_or(Moment::from_millis(u64::MAX))
    }

    /// What it comes to in `[from, to)`; nothing where no task ran in a minute that is over.
    pub fn value(
        &self,
        world: &World,
        from: Moment,
        to: Moment,
        statistic: Statistic,
    ) -> Option<f64> {
        let mut samples = Vec::new();
        let mut minute = from;
        while minute < to && minute + MINUTE <= world.now {
            for task in &self.tasks {
                self.measure(world, task, minute, &mut samples);
            }
            minute = minute + MINUTE;
        }
        if samples.is_empty() {
            return None;
        }
        let values = samples.iter().map(Sample::value);
        let count = f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX));
        // Of what is reserved by all together, which for tasks of one size is the mean of their shares.
        let whole: Sample = samples
            .iter()
            .fold(Sample::default(), |sum, sample| Sample {
                amount: sum.amount + sample.amount,
                of: sum.of.zip(sample.of).map(|(sum, of)| sum + of),
            });
        let average = whole
            .of
            .map_or(whole.amount / count, |of| 100.0 * whole.amount / of);
        Some(match statistic {
            Statistic::Average => average,
            Statistic::Maximum => values.fold(f64::MIN, f64::max),
            Statistic::Minimum => values.fold(f64::MAX, f64::min),
            Statistic::SampleCount => count,
            Statistic::Sum => average * count,
        })
    }

    /// Adds the samples of a task in a minute, for the part of it in which the task ran.
    fn measure(&self, world: &World, task: &Task, minute: Moment, samples: &mut Vec<Sample>) {
        let definition = world.definition(task.definition);
        let lives =
            (0..definition.containers.len()).filter_map(|index| Some((index, task.life(index)?)));
        let end = minute + MINUTE;
        let ran = lives.filter_map(|(index, (started, ended))| {
            let (from, to) = (
                started.max(minute),
                ended.map_or(end, |ended| ended.min(end)),
            );
            (from < to).then(|| (index, load::mean(task, definition, index, from, to)))
        });
        if self.each {
            let wanted = ran.filter(|(index, _)| {
                self.container
                    .is_none_or(|name| definition.containers[*index].name == name)
            });
            samples.extend(wanted.filter_map(|(index, mean)| {
                self.sample(definition, &mean, Reserved::of_container(definition, index))
            }));
        } else {
            let total = ran.map(|(_, mean)| mean).reduce(|one, other| Mean {
                cpu: one.cpu + other.cpu,
                memory: one.memory + other.memory,
                received: one.received + other.received,
                sent: one.sent + other.sent,
                read: one.read + other.read,
                written: one.written + other.written,
            });
            let sample = total
                .and_then(|mean| self.sample(definition, &mean, Reserved::of_task(definition)));
            samples.extend(sample);
        }
    }

    fn sample(&self, definition: &Definition, mean: &Mean, reserved: Reserved) -> Option<Sample> {
        let networked = matches!(
            definition.network,
            NetworkMode::Awsvpc | NetworkMode::Bridge
        );
        let (cpu, memory) = (mean.cpu * UNITS, mean.memory / MEBIBYTE);
        let (amount, of) = match self.quantity {
            Quantity::CpuUtilization => (cpu, Some(reserved.cpu)),
            Quantity::CpuUtilized => (cpu, None),
            Quantity::CpuReserved => (reserved.cpu, None),
            Quantity::MemoryUtilization => (memory, Some(reserved.memory)),
            Quantity::MemoryUtilized => (memory, None),
            Quantity::MemoryReserved => (reserved.memory, None),
            Quantity::Received | Quantity::Sent if !networked => return None,
            Quantity::Received => (mean.received, None),
            Quantity::Sent => (mean.sent, None),
            Quantity::Read => (mean.read * MINUTE.as_secs_f64(), None),
            Quantity::Written => (mean.written * MINUTE.as_secs_f64(), None),
        };
        Some(Sample { amount, of })
    }
}

/// The quantity of a metric of Container Insights, and whether it is one of containers.
fn insight(name: &str) -> Option<(Quantity, bool)> {
    let (name, each) = match name.strip_prefix("Container") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let quantity = match name {
        "CpuUtilized" => Quantity::CpuUtilized,
        "CpuReserved" => Quantity::CpuReserved,
        "MemoryUtilized" => Quantity::MemoryUtilized,
        "MemoryReserved" => Quantity::MemoryReserved,
        "NetworkRxBytes" => Quantity::Received,
        "NetworkTxBytes" => Quantity::Sent,
        "StorageReadBytes" => Quantity::Read,
        "StorageWriteBytes" => Quantity::Written,
        "CpuUtilization" if each => Quantity::CpuUtilization,
        "MemoryUtilization" if each => Quantity::MemoryUtilization,
        "TaskCpuUtilization" if !each => Quantity::CpuUtilization,
        "TaskMemoryUtilization" if !each => Quantity::MemoryUtilization,
        _ => return None,
    };
    Some((quantity, each))
}

/// The tasks of a cluster that dimensions choose, those included that have stopped and can still be read.
fn chosen<'a>(
    world: &'a World,
    cluster: &'a Cluster,
    dimensions: &BTreeMap<&str, &'a str>,
) -> Vec<&'a Task> {
    let service = dimensions.get("ServiceName");
    let service = service.map(|name| cluster.services.get(*name).copied());
    let family = dimensions.get("TaskDefinitionFamily");
    let task = dimensions
        .get("TaskId")
        .map(|id| u128::from_str_radix(id, 16).map(TaskKey));
    let keys: Vec<TaskKey> = match (task, service) {
        (Some(key), _) => key.into_iter().collect(),
        (None, Some(service)) => {
            let service = service.map(|key| world.service(key));
            let keys = service.map(|service| service.live.iter().chain(&service.stopped));
            keys.into_iter().flatten().copied().collect()
        }
        (None, None) => cluster
            .live
            .iter()
            .chain(&cluster.stopped)
            .copied()
            .collect(),
    };
    let tasks = keys.iter().filter_map(|key| world.tasks.get(key));
    tasks
        .filter(|task| {
            world.cluster(task.cluster).name == cluster.name
                && service.is_none_or(|service| service.is_some() && task.service == service)
                && family.is_none_or(|family| world.definition(task.definition).family == *family)
        })
        .collect()
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
struct Sample {
    amount: f64,
    /// What it is a share of, where the metric is a percentage.
    of: Option<f64>,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            amount: 0.0,
            of: Some(0.0),
        }
    }
}

impl Sample {
    fn value(&self) -> f64 {
        self.of.map_or(self.amount, |of| 100.0 * self.amount / of)
    }
}

/// What is reserved: CPU units and MiB, never 0.
#[derive(Clone, Copy, Debug)]
struct Reserved {
    cpu: f64,
    memory: f64,
}

impl Reserved {
    fn of_task(definition: &Definition) -> Self {
        Self {
            cpu: f64::from(definition.footprint.cpu.max(1)),
            memory: f64::from(definition.footprint.memory.max(1)),
        }
    }

    /// A container that reserves nothing is measured by its task.
    fn of_container(definition: &Definition, container: usize) -> Self {
        let task = Self::of_task(definition);
        let Some(spec) = definition.containers.get(container) else {
            return task;
        };
        let memory = spec.memory_reservation.or(spec.memory).map(f64::from);
        Self {
            cpu: if spec.cpu == 0 {
                task.cpu
            } else {
                f64::from(spec.cpu)
            },
            memory: memory.unwrap_or(task.memory),
        }
    }
}
