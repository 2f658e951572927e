//! What is reserved for containers and tasks, and which limit of memory really binds. Pure.

use super::amount::MIB;
use crate::model::{Container, ContainerDefinition, Task, TaskDefinition};

/// CPU units that are reserved; 1024 are a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reserved {
    /// For the thing itself.
    Own(i64),
    /// For its task as a whole: the containers share it.
    OfTask(i64),
    /// Not known, or nothing.
    #[default]
    Unknown,
}

impl Reserved {
    /// The units, whoever they are for.
    pub(crate) fn units(self) -> Option<i64> {
        match self {
            Self::Own(units) | Self::OfTask(units) => Some(units),
            Self::Unknown => None,
        }
    }
}

/// What the use of memory is measured against, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Bound {
    /// The hard limit of the container, `memory`; of a task, of all its containers together.
    Container(u64),
    /// The memory of the task as a whole.
    Task(u64),
    /// The limit of the control group, as the engine reports it.
    Group(u64),
    /// Of several things each has a limit of its own: the fullest of them counts.
    Fullest,
    /// Only `memoryReservation`: nothing is killed there.
    Soft(u64),
    /// There is no limit, or none is known.
    #[default]
    None,
}

impl Bound {
    /// The bytes at which the kernel kills; none of a reservation.
    pub(crate) fn limit(self) -> Option<u64> {
        match self {
            Self::Container(bytes) | Self::Task(bytes) | Self::Group(bytes) => Some(bytes),
            Self::Fullest | Self::Soft(_) | Self::None => None,
        }
    }

    /// Which limit it is, for a page.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Container(_) => "the container's limit (memory)",
            Self::Task(_) => "the memory of the task, which its containers share",
            Self::Group(_) => "the limit of its control group, as the engine reports it",
            Self::Fullest => "limits of their own; the fullest counts",
            Self::Soft(_) => "only reserved (memoryReservation); nothing is killed there",
            Self::None => "no limit but the host's memory",
        }
    }
}

/// What a task and its definition say of one of its containers.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) task: &'a Task,
    pub(super) definition: Option<&'a TaskDefinition>,
    pub(super) container: &'a Container,
}

impl Terms<'_> {
    fn defined(&self) -> Option<&ContainerDefinition> {
        let mut containers = self.definition?.containers.iter();
        containers.find(|defined| defined.name == self.container.name)
    }

    /// The CPU units that count for it.
    pub(super) fn reserved(&self) -> Reserved {
        let defined = || self.defined().map(|defined| i64::from(defined.cpu));
        let own = self.container.cpu.or_else(defined);
        match own.filter(|units| *units > 0) {
            Some(units) => Reserved::Own(units),
            None => {
                task_units(self.task, self.definition).map_or(Reserved::Unknown, Reserved::OfTask)
            }
        }
    }

    /// What its memory is measured against: the least of the limits, with the one that the engine reports.
    pub(super) fn bound(&self, group: Option<u64>) -> Bound {
        let defined = self.defined();
        let hard = self
            .container
            .memory
            .or_else(|| defined?.memory.map(i64::from));
        let task = task_memory(self.task, self.definition);
        let limits = [
            hard.and_then(mebibytes).map(Bound::Container),
            task.map(Bound::Task),
            group.map(Bound::Group),
        ];
        let least = limits.into_iter().flatten().min_by_key(|one| one.limit());
        let soft = || {
            self.container
                .memory_reservation
                .or_else(|| defined?.memory_reservation.map(i64::from))
                .and_then(mebibytes)
                .map(Bound::Soft)
        };
        least.or_else(soft).unwrap_or_default()
    }
}

/// MiB as bytes; none of nothing.
fn mebibytes(count: i64) -> Option<u64> {
    let count = u64::try_from(count).ok().filter(|count| *count > 0)?;
    count.checked_mul(MIB)
}

/// The CPU units of a task as a whole.
pub(super) fn task_units(task: &Task, definition: Option<&TaskDefinition>) -> Option<i64> {
    let defined = || read(definition?.cpu.as_deref()?, "vcpu");
    task.cpu.or_else(defined).filter(|units| *units > 0)
}

/// The bytes of memory that a task as a whole is killed at. On a container instance these are the definition's alone:
/// where it says nothing, `DescribeTasks` tells the sum of what the containers reserve, and nothing is killed there.
pub(super) fn task_memory(task: &Task, definition: Option<&TaskDefinition>) -> Option<u64> {
    let defined = definition.and_then(|definition| definition.memory.as_deref());
    if task.instance.is_some() && defined.is_none() {
        return None;
    }
    let read = || read(defined?, "gb");
    task.memory.or_else(read).and_then(mebibytes)
}

/// Reads what a task definition keeps as text: a number as it is, one with the large unit as 1024 of it.
fn read(text: &str, unit: &str) -> Option<i64> {
    let text = text.trim().to_lowercase();
    match text.strip_suffix(unit) {
        Some(number) => {
            let number: f64 = number.trim().parse().ok()?;
            Some(super::amount::whole(number * 1024.0))
        }
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use rstest::rstest;

    use super::*;
    use crate::model::{Arn, samples};

    fn task() -> Task {
        let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
        let mut task = samples::task(&Arn::new("arn:aws:ecs:r:1:task/web/0123456789"), &cluster);
        task.containers = vec![samples::container("app", "web")];
        task
    }

    #[rstest]
    #[case(Some(256), Some(512), 128, Reserved::Own(256))]
    #[case(None, Some(512), 128, Reserved::Own(128))]
    #[case(None, Some(512), 0, Reserved::OfTask(512))]
    #[case(Some(0), Some(512), 0, Reserved::OfTask(512))]
    #[case(Some(0), None, 0, Reserved::OfTask(1024))]
    fn cpu_is_the_containers_own_before_the_tasks(
        #[case] told: Option<i64>,
        #[case] of_task: Option<i64>,
        #[case] defined: i32,
        #[case] expected: Reserved,
    ) {
        let mut task = task();
        task.cpu = of_task;
        task.containers[0].cpu = told;
        let mut definition = samples::definition(&task.definition);
        definition.cpu = Some("1 vCPU".to_owned());
        definition.containers[0].cpu = defined;
        let terms = Terms {
            task: &task,
            definition: Some(&definition),
            container: &task.containers[0],
        };
        assert_eq!(terms.reserved(), expected);
        let unknown = Terms {
            definition: None,
            ..terms
        };
        if told.is_none_or(|units| units == 0) && of_task.is_none() {
            assert_eq!(unknown.reserved(), Reserved::Unknown);
        }
    }

    #[rstest]
    #[case(Some(512), None, None, None, Bound::Container(512 * MIB))]
    #[case(Some(512), Some(256), None, None, Bound::Task(256 * MIB))]
    #[case(Some(512), Some(1024), Some(300), None, Bound::Group(300 * MIB))]
    #[case(Some(512), Some(512), Some(512), Some(64), Bound::Container(512 * MIB))]
    #[case(None, None, None, Some(64), Bound::Soft(64 * MIB))]
    #[case(None, None, None, None, Bound::None)]
    fn the_least_limit_binds(
        #[case] hard: Option<i64>,
        #[case] of_task: Option<i64>,
        #[case] group: Option<u64>,
        #[case] soft: Option<i64>,
        #[case] expected: Bound,
    ) {
        let mut task = task();
        task.memory = of_task;
        task.containers[0].memory = hard;
        task.containers[0].memory_reservation = soft;
        let terms = Terms {
            task: &task,
            definition: None,
            container: &task.containers[0],
        };
        assert_eq!(terms.bound(group.map(|count| count * MIB)), expected);
    }

    #[rstest]
    #[case("256", "vcpu", Some(256))]
    #[case(".25 vCPU", "vcpu", Some(256))]
    #[case("1GB", "gb", Some(1024))]
    #[case("0.5 GB", "gb", Some(512))]
    #[case("much", "gb", None)]
    fn sizes_of_definitions_are_read(
        #[case] text: &str,
        #[case] unit: &str,
        #[case] expected: Option<i64>,
    ) {
        assert_eq!(read(text, unit), expected);
    }

    #[rstest]
    #[case::fargate(false, None, Some(512))]
    #[case::defined(true, Some("1 GB"), Some(512))]
    #[case::only_the_sum_of_its_containers(true, None, None)]
    fn a_task_on_an_instance_is_killed_only_at_what_its_definition_says(
        #[case] on_instance: bool,
        #[case] defined: Option<&str>,
        #[case] expected: Option<u64>,
    ) {
        let mut task = task();
        task.memory = Some(512);
        task.instance = on_instance.then(|| Arn::new("arn:aws:ecs:r:1:container-instance/web/1"));
        let mut definition = samples::definition(&task.definition);
        definition.memory = defined.map(str::to_owned);
        let bytes = task_memory(&task, Some(&definition));
        assert_eq!(bytes, expected.map(|count| count * MIB));
    }
}
