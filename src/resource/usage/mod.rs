//! What containers, tasks and services use now, joined with what is reserved for them. Reads the store; asks nothing
//! and draws nothing.
//!
//! CPU has two scales here, and each figure says which it is in: percent of what is reserved (`CPU%RES`, as
//! CloudWatch counts), and percent of one core (`CPU%CORE`, as `docker stats` counts).

mod amount;
mod columns;
mod live;
mod reserve;
mod section;
mod series;
mod source;

pub(super) use amount::bytes;
pub(super) use columns::{Figure, Using, figure, task_trend, trend};
pub(super) use live::{
    containers as live_containers, running, services as live_services, tasks as live_tasks,
};
pub(super) use section::{container_section, service_section, task_section};
pub use series::{Chart, Panel, Series, Unit, chart};

use self::{
    amount::real,
    reserve::{Bound, Reserved, Terms, task_memory, task_units},
    source::{Source, Why, insights, on_engine, why, why_no_metrics},
};
use super::Cx;
use crate::{
    model::{
        Arn, Container, Memory, MetricOf, Metrics, Now, Query, Rate, Service, Subject, Task,
        TaskDefinition, Timestamp,
    },
    store::Track,
};

/// CPU units of a core.
const CORE: f64 = 1024.0;
/// The share of its limit from which on memory deserves a look.
const TIGHT: f64 = 0.80;
/// The share of its limit from which on a container is about to be killed.
const FULL: f64 = 0.95;

/// Network traffic, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Network {
    /// Of the thing itself.
    Own(Rate),
    /// The containers share the network of their task (mode awsvpc).
    OfTask(Option<Rate>),
    /// Not known.
    #[default]
    Unknown,
}

impl Network {
    /// The traffic that is its own.
    fn own(self) -> Option<Rate> {
        match self {
            Self::Own(rate) => Some(rate),
            Self::OfTask(_) | Self::Unknown => None,
        }
    }
}

/// What was seen of the kernel killing for memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oom {
    /// It came near: 95 % of the limit at that moment.
    Near(Timestamp),
    /// It was killed.
    Killed,
}

/// The task of a service that is worst off.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Worst {
    /// The task.
    pub(crate) task: Arn,
    /// Whether it is its memory that is short, else its CPU.
    pub(crate) of_memory: bool,
    /// The share of what is reserved, or of the limit.
    pub(crate) share: f64,
}

/// What a container, task or service uses now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Uses {
    /// Cores kept busy; 1.0 is what Docker shows as 100 %.
    pub(crate) cores: Option<f64>,
    /// CPU units reserved.
    pub(crate) reserved: Reserved,
    /// The part of the reserved CPU that is used; above 1 where more is used than reserved.
    pub(crate) cpu: Option<f64>,
    /// Memory used, and the page cache left out of it.
    pub(crate) memory: Option<Memory>,
    /// What the memory is measured against.
    pub(crate) bound: Bound,
    /// How full that is. Where the memory of the task binds, by all its containers.
    pub(crate) filled: Option<f64>,
    pub(crate) network: Network,
    pub(crate) disk: Option<Rate>,
    pub(crate) processes: Option<u64>,
    /// The part of the time that it was held back by its quota; of several, the most.
    pub(crate) throttled: Option<f64>,
    pub(crate) restarts: Option<u32>,
    pub(crate) oom: Option<Oom>,
    pub(crate) source: Source,
    /// How many of its parts the figures are of, of how many, and what they are.
    pub(crate) parts: Option<(usize, usize, &'static str)>,
    /// Of a service, the task that is worst off.
    pub(crate) worst: Option<Worst>,
}

impl Uses {
    /// Nothing is known, for this reason.
    fn missing(why: Why) -> Self {
        Self {
            cores: None,
            reserved: Reserved::Unknown,
            cpu: None,
            memory: None,
            bound: Bound::None,
            filled: None,
            network: Network::Unknown,
            disk: None,
            processes: None,
            throttled: None,
            restarts: None,
            oom: None,
            source: Source::Missing(why),
            parts: None,
            worst: None,
        }
    }

    /// What CloudWatch says: shares, and nothing else.
    fn measured(metrics: &Metrics, now: Now) -> Option<Self> {
        let newest = |points: &[crate::model::Point]| points.last().copied();
        let (cpu, memory) = (newest(&metrics.cpu), newest(&metrics.memory));
        let at = cpu.into_iter().chain(memory).map(|point| point.at).min()?;
        Some(Self {
            cpu: cpu.map(|point| point.value / 100.0),
            filled: memory.map(|point| point.value / 100.0),
            source: Source::Metrics {
                from: metrics.source,
                age: now.wall.since(at),
            },
            ..Self::missing(Why::NoMetrics)
        })
    }

    fn has_engine(&self) -> bool {
        matches!(self.source, Source::Engine { .. })
    }

    /// Sets the shares from what is used and what is reserved.
    fn weigh(mut self) -> Self {
        self.cpu = share_of_units(self.cores, self.reserved);
        self.filled = self.memory.zip(self.bound.limit()).map(fill);
        self
    }
}

impl Uses {
    /// The same for something of several parts.
    fn weigh_with(self, parts: &[Self]) -> Self {
        let mut uses = self.weigh();
        if uses.bound == Bound::Fullest {
            let shares = parts.iter().filter_map(|part| part.filled);
            uses.filled = shares.max_by(f64::total_cmp);
        }
        uses
    }
}

fn share_of_units(cores: Option<f64>, reserved: Reserved) -> Option<f64> {
    let units = reserved.units().filter(|units| *units > 0)?;
    let units = real(u64::try_from(units).ok()?);
    Some(cores? * CORE / units)
}

fn fill((memory, limit): (Memory, u64)) -> f64 {
    real(memory.used) / real(limit.max(1))
}

/// The containers of a task that are meant to use something: those that have not stopped.
fn alive(task: &Task) -> impl Iterator<Item = &Container> {
    let lives = |container: &&Container| container.last_status != "STOPPED";
    task.containers.iter().filter(lives)
}

/// What is known of the use of a container.
fn track<'a>(task: &Task, name: &str, cx: &Cx<'a>) -> Option<&'a Track> {
    cx.store.track(&Subject::part(&task.arn, name))
}

/// Whether anything is known of the use of a task; cheap, so that thousands can be asked.
pub(super) fn is_known(task: &Task, cx: &Cx) -> bool {
    cx.store.metrics(&task.arn).is_some()
        || cx.store.engines().next().is_some()
            && !task.is_stopped()
            && alive(task).any(|one| track(task, &one.name, cx).is_some())
}

/// What a container of a task uses.
pub(super) fn of_container(task: &Task, name: &str, cx: &Cx) -> Uses {
    let Some(container) = task.container(name) else {
        return Uses::missing(Why::Stopped);
    };
    let mut uses = own(task, container, cx);
    if let Bound::Task(limit) = uses.bound {
        let together = alive(task).filter_map(|one| track(task, &one.name, cx)?.usage().memory);
        let all: u64 = together.map(|memory| memory.used).sum();
        uses.filled = uses.memory.map(|memory| {
            fill((
                Memory {
                    used: all,
                    ..memory
                },
                limit,
            ))
        });
    }
    if uses.has_engine() && uses.network == Network::Unknown {
        let shared = of_pause(task, cx);
        if shared.is_some() || task.interface.is_some() {
            uses.network = Network::OfTask(shared);
        }
    }
    uses
}

/// What a container uses, without what it shares with the others of its task.
fn own(task: &Task, container: &Container, cx: &Cx) -> Uses {
    let known = on_engine(task, &container.name, cx);
    let killed = known.is_some_and(|known| known.oom_killed);
    let restarts = known.map(|known| known.restarts);
    let ended = task.is_stopped() || container.last_status == "STOPPED";
    let track = track(task, &container.name, cx).filter(|_| !ended);
    let Some(track) = track else {
        let reason = match container.last_status.as_str() {
            _ if ended => Why::Stopped,
            "RUNNING" | "" => why(task, cx),
            _ => Why::NotStarted,
        };
        return Uses {
            restarts,
            oom: killed.then_some(Oom::Killed),
            ..Uses::missing(reason)
        };
    };
    let usage = track.usage();
    let terms = Terms {
        task,
        definition: definition(task, cx),
        container,
    };
    let uses = Uses {
        cores: usage.cores,
        reserved: terms.reserved(),
        memory: usage.memory,
        bound: terms.bound(usage.memory.and_then(|memory| memory.limit)),
        network: usage.network.map_or(Network::Unknown, Network::Own),
        disk: usage.disk,
        processes: usage.processes,
        throttled: usage.throttled,
        restarts,
        oom: killed
            .then_some(Oom::Killed)
            .or_else(|| track.near_miss().map(Oom::Near)),
        source: Source::Engine {
            age: track.age(cx.now),
        },
        ..Uses::missing(Why::NoEngine)
    };
    uses.weigh()
}

/// The traffic of the container that holds the network of a task, in mode awsvpc.
fn of_pause(task: &Task, cx: &Cx) -> Option<Rate> {
    let pauses = cx.store.engine_containers(&task.arn);
    pauses
        .filter(|(_, container)| container.is_pause)
        .filter_map(|(_, container)| cx.store.track(&container.subject())?.usage().network)
        .reduce(together)
}

fn together(one: Rate, two: Rate) -> Rate {
    Rate {
        inward: one.inward + two.inward,
        outward: one.outward + two.outward,
    }
}

/// The sum of two that may be missing: of one, that one.
fn add<T>(one: Option<T>, two: Option<T>, sum: fn(T, T) -> T) -> Option<T> {
    match (one, two) {
        (Some(one), Some(two)) => Some(sum(one, two)),
        (one, two) => one.or(two),
    }
}

/// Adds up what several use; shares and reservations are left to who knows the whole.
fn sum(all: &[Uses]) -> Option<Uses> {
    let first = all.first()?.clone();
    Some(all[1..].iter().fold(first, |sum, one| Uses {
        cores: add(sum.cores, one.cores, |one, two| one + two),
        memory: add(sum.memory, one.memory, |one, two| Memory {
            used: one.used + two.used,
            cache: one.cache + two.cache,
            limit: None,
        }),
        network: match add(sum.network.own(), one.network.own(), together) {
            Some(rate) => Network::Own(rate),
            None => Network::Unknown,
        },
        disk: add(sum.disk, one.disk, together),
        processes: add(sum.processes, one.processes, |one, two| one + two),
        throttled: add(sum.throttled, one.throttled, f64::max),
        restarts: add(sum.restarts, one.restarts, |one, two| one + two),
        oom: sum.oom.max(one.oom),
        source: older(sum.source, &one.source),
        ..sum
    }))
}

fn older(one: Source, two: &Source) -> Source {
    match (&one, two) {
        (Source::Engine { age: of_one }, Source::Engine { age: of_two }) => Source::Engine {
            age: *of_one.max(of_two),
        },
        _ => one,
    }
}

/// What binds several together: their sum where tasks are killed as a whole, else the fullest that has a limit.
fn shared(all: &[Uses]) -> Bound {
    let task = |one: &Uses| match one.bound {
        Bound::Task(bytes) => Some(bytes),
        _ => None,
    };
    match all.iter().map(task).sum() {
        Some(bytes) => Bound::Task(bytes),
        None if all.iter().any(|one| one.filled.is_some()) => Bound::Fullest,
        None => Bound::None,
    }
}

/// What a task uses: all its containers, and the one that holds its network.
pub(super) fn of_task(task: &Task, cx: &Cx) -> Uses {
    let living: Vec<Uses> = alive(task).map(|one| own(task, one, cx)).collect();
    let count = living.len();
    let seen: Vec<Uses> = living.into_iter().filter(Uses::has_engine).collect();
    let killed = || {
        let known = cx.store.engine_containers(&task.arn);
        known.fold(false, |any, (_, one)| any || one.oom_killed)
    };
    let Some(mut uses) = sum(&seen).filter(|_| !task.is_stopped()) else {
        if let Some(metrics) = cx.store.metrics(&task.arn)
            && let Some(uses) = Uses::measured(metrics, cx.now)
        {
            return uses;
        }
        let asked = insights(task, cx).and_then(|query| why_no_metrics(&query, cx));
        return Uses::missing(asked.unwrap_or_else(|| why(task, cx)));
    };
    let definition = definition(task, cx);
    let units = task_units(task, definition).unwrap_or_else(|| {
        let own = seen.iter().filter_map(|one| one.reserved.units());
        own.sum()
    });
    uses.reserved = if units > 0 {
        Reserved::Own(units)
    } else {
        Reserved::Unknown
    };
    uses.bound = task_memory(task, definition).map_or_else(|| shared(&seen), Bound::Task);
    if let Some(shared) = of_pause(task, cx) {
        uses.network = Network::Own(match uses.network {
            Network::Own(rate) => together(rate, shared),
            _ => shared,
        });
    }
    if killed() {
        uses.oom = Some(Oom::Killed);
    }
    uses.parts = Some((seen.len(), count, "containers"));
    uses.weigh_with(&seen)
}

/// What a service uses: the tasks of it that engines tell of, or else what CloudWatch says.
pub(super) fn of_service<'a>(
    service: &Service,
    tasks: impl Iterator<Item = &'a Task>,
    cx: &Cx,
) -> Uses {
    let each: Vec<(&Task, Uses)> = tasks
        .map(|task| (task, of_task(task, cx)))
        .filter(|(_, uses)| uses.has_engine())
        .collect();
    let seen: Vec<Uses> = each.iter().map(|(_, uses)| uses.clone()).collect();
    let Some(mut uses) = sum(&seen) else {
        return of_metrics(service, cx);
    };
    let units: Option<i64> = seen.iter().map(|one| one.reserved.units()).sum();
    uses.reserved = units.map_or(Reserved::Unknown, Reserved::Own);
    uses.bound = shared(&seen);
    let running = usize::try_from(service.running).unwrap_or(0);
    uses.parts = Some((seen.len(), running.max(seen.len()), "tasks"));
    uses.worst = worst(&each);
    uses.weigh_with(&seen)
}

/// What CloudWatch says of a service.
fn of_metrics(service: &Service, cx: &Cx) -> Uses {
    let known = cx.store.metrics(&service.arn);
    if let Some(uses) = known.and_then(|metrics| Uses::measured(metrics, cx.now)) {
        return uses;
    }
    if service.running == 0 {
        return Uses::missing(Why::Idle);
    }
    let reason = why_no_metrics(&metrics_query(service), cx);
    Uses::missing(reason.unwrap_or(Why::Asking))
}

/// The query for what CloudWatch says of a service.
pub(super) fn metrics_query(service: &Service) -> Query {
    Query::Metrics {
        cluster: service.cluster.clone(),
        of: MetricOf::Service(service.arn.clone()),
    }
}

/// The task that is worst off: the one nearest to its memory limit if that is short, else the busiest one.
fn worst(each: &[(&Task, Uses)]) -> Option<Worst> {
    let most = |share: fn(&Uses) -> Option<f64>| {
        each.iter()
            .filter_map(|(task, uses)| Some((share(uses)?, *task)))
            .max_by(|(one, _), (two, _)| one.total_cmp(two))
    };
    let memory = most(|uses| uses.filled);
    let short = memory.filter(|(filled, _)| *filled >= TIGHT);
    let cpu = || most(|uses| uses.cpu).map(|(share, task)| (share, task, false));
    let (share, task, of_memory) = short
        .map(|(share, task)| (share, task, true))
        .or_else(cpu)
        .or_else(|| memory.map(|(share, task)| (share, task, true)))?;
    Some(Worst {
        task: task.arn.clone(),
        of_memory,
        share,
    })
}

/// The definition of a task, once it is known.
fn definition<'a>(task: &Task, cx: &Cx<'a>) -> Option<&'a TaskDefinition> {
    cx.store.definition(&task.definition).map(AsRef::as_ref)
}

#[cfg(test)]
mod tests;
