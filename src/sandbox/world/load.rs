//! The load of containers: what each has used up to an instant. Pure functions of the task, the container and the time;
//! how clients get to see it is not decided here.

mod wave;

#[cfg(test)]
mod tests;

use super::definition::{Conduct, ContainerSpec, Definition, NetworkMode};
use super::moment::Moment;
use super::task::Task;
use wave::{Wave, draw, fold, part, ratio, real, seed, settle, whole};

const MEBIBYTE: f64 = 1_048_576.0;
/// CPU units of one core.
const UNITS: f64 = 1024.0;
/// How many periods a second the kernel's CPU quota is counted in.
const PERIODS: f64 = 10.0;
/// The salt that makes some families hot, and the share of all that are: with this one, `checkout` on instances and
/// two families on Fargate are among those of the demonstration.
const HOT: (u64, f64) = (349, 0.12);

/// What a container has used since it started, and what it holds.
///
/// Counters begin at 0 and never fall while it runs; once it has ended they stay, and what it held is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// CPU time of all cores, nanoseconds.
    pub cpu: u64,
    /// Periods in which a CPU quota was enforced; 0 without a CPU size of the task.
    pub periods: u64,
    /// Periods in which the quota was spent before the end.
    pub throttled_periods: u64,
    /// Time that was spent waiting for the next period, nanoseconds.
    pub throttled: u64,
    /// Anonymous memory held, bytes.
    pub memory: u64,
    /// Page cache held, bytes; with `memory` it never exceeds the limit.
    pub cache: u64,
    /// Bytes received over the network.
    pub received: u64,
    /// Bytes sent over the network.
    pub sent: u64,
    /// Bytes read from disks.
    pub read: u64,
    /// Bytes written to disks.
    pub written: u64,
    /// Processes and threads.
    pub processes: u64,
}

/// What a container used on average over a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// Cores.
    pub cpu: f64,
    /// Anonymous memory, bytes.
    pub memory: f64,
    /// Bytes received per second.
    pub received: f64,
    /// Bytes sent per second.
    pub sent: f64,
    /// Bytes read from disks per second.
    pub read: f64,
    /// Bytes written to disks per second.
    pub written: f64,
}

/// What the container with this index has used up to `at`; nothing before it started.
pub fn reading(task: &Task, definition: &Definition, container: usize, at: Moment) -> Reading {
    let (Some(started), Some(spec)) = (task.times.started, definition.containers.get(container))
    else {
        return Reading::default();
    };
    let ended = task.containers.get(container).and_then(|one| one.ended);
    let until = ended.map_or(at, |ended| at.min(ended));
    if until < started {
        return Reading::default();
    }
    let profile = Profile::of(task, definition, container, spec);
    let mut reading = profile.used(started, until);
    if ended.is_none_or(|ended| at < ended) {
        let leak = task
            .ends
            .filter(|_| profile.habit == Habit::Leaks)
            .map(|ends| ratio(until.since(started), ends.since(started)));
        profile.hold(&mut reading, leak, started, until);
    }
    reading
}

/// What the container with this index used on average between two instants, the time it did not run included.
pub fn mean(
    task: &Task,
    definition: &Definition,
    container: usize,
    from: Moment,
    to: Moment,
) -> Mean {
    let span = to.since(from);
    let at = |moment| reading(task, definition, container, moment);
    let (first, middle, last) = (at(from), at(from + span / 2), at(to));
    let seconds = span.as_secs_f64();
    if seconds <= 0.0 {
        return Mean::default();
    }
    let per_second = |counter: fn(&Reading) -> u64| {
        real(counter(&last).saturating_sub(counter(&first))) / seconds
    };
    Mean {
        cpu: per_second(|reading| reading.cpu) / 1e9,
        // Simpson's rule: memory moves slowly within a minute.
        memory: (real(first.memory) + 4.0 * real(middle.memory) + real(last.memory)) / 6.0,
        received: per_second(|reading| reading.received),
        sent: per_second(|reading| reading.sent),
        read: per_second(|reading| reading.read),
        written: per_second(|reading| reading.written),
    }
}

/// The cores that a container can count on: its own CPU units, or what its task has left for those without.
pub fn cores(definition: &Definition, container: usize) -> f64 {
    let own = definition
        .containers
        .get(container)
        .map_or(0, |spec| spec.cpu);
    if own > 0 {
        return f64::from(own) / UNITS;
    }
    let others: u32 = definition.containers.iter().map(|spec| spec.cpu).sum();
    let without = definition
        .containers
        .iter()
        .filter(|spec| spec.cpu == 0)
        .count();
    let left = definition.footprint.cpu.saturating_sub(others).max(64);
    f64::from(left) / UNITS / real(u64::try_from(without.max(1)).unwrap_or(1))
}

/// The bytes that a container's memory is measured by: its hard limit, its reservation, or the memory of its task.
pub fn memory(definition: &Definition, container: usize) -> u64 {
    let spec = definition.containers.get(container);
    let mebibytes = spec
        .and_then(|spec| spec.memory.or(spec.memory_reservation))
        .unwrap_or(definition.footprint.memory)
        .max(16);
    u64::from(mebibytes) << 20
}

/// How a container behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// It serves, more by day than by night.
    Serves,
    /// It serves nearly more than it can.
    Hot,
    /// It takes memory until it is killed.
    Leaks,
    /// It works without a pause and ends.
    Burns,
    /// It hangs.
    Hangs,
    /// It passes on what another container of the task serves.
    Proxies,
    /// It waits beside the others.
    Idles,
}

impl Habit {
    fn of(definition: &Definition, container: usize, spec: &ContainerSpec) -> Self {
        match (container, spec.essential, definition.conduct) {
            (1.., true, _) => Self::Proxies,
            (1.., false, _) => Self::Idles,
            (0, _, Conduct::OutOfMemory) => Self::Leaks,
            (0, _, Conduct::Finishes) => Self::Burns,
            (0, _, Conduct::FailsContainerHealth | Conduct::FailsTargetHealth) => Self::Hangs,
            _ if definition.network == NetworkMode::Host => Self::Idles,
            _ if draw(seed(&definition.family), HOT.0) < HOT.1 => Self::Hot,
            _ => Self::Serves,
        }
    }

    /// Share of its CPU that it uses on the whole, by how busy its family is from 0 to 1.
    fn utilisation(self, busy: f64) -> f64 {
        match self {
            Self::Serves => 0.12 + 0.43 * busy,
            Self::Hot => 0.90,
            Self::Leaks => 0.45,
            Self::Burns => 0.96,
            Self::Hangs => 0.02,
            Self::Proxies => 0.06 + 0.16 * busy,
            Self::Idles => 0.015 + 0.03 * busy,
        }
    }

    /// By how much of that it sways.
    fn sway(self) -> f64 {
        match self {
            Self::Hot => 0.09,
            Self::Burns => 0.03,
            _ => 0.7,
        }
    }

    /// Share of its memory that it comes to hold.
    fn fill(self, busy: f64) -> f64 {
        match self {
            Self::Serves | Self::Hot => 0.32 + 0.48 * busy,
            Self::Burns => 0.78,
            Self::Leaks | Self::Hangs => 0.40,
            Self::Proxies => 0.28,
            Self::Idles => 0.22,
        }
    }

    /// Bytes a second over the network, both ways together.
    fn traffic(self, busy: f64) -> f64 {
        match self {
            Self::Serves | Self::Proxies => 6_000.0 + 700_000.0 * busy * busy,
            Self::Hot => 1_600_000.0,
            Self::Leaks => 350_000.0,
            Self::Burns => 90_000.0,
            Self::Hangs => 40.0,
            Self::Idles => 2_400.0,
        }
    }
}

/// What is known of a container before the time is.
#[derive(Debug)]
struct Profile {
    habit: Habit,
    cores: f64,
    utilisation: f64,
    /// The waves around 1 that CPU, network and disks share.
    waves: [Wave; 4],
    /// What it sends of each byte of its traffic.
    sending: f64,
    traffic: f64,
    writing: f64,
    has_quota: bool,
    limit: f64,
    fill: f64,
    cached: f64,
    threads: f64,
    /// Of the task alone, from 0 to 1.
    own: f64,
}

impl Profile {
    fn of(task: &Task, definition: &Definition, container: usize, spec: &ContainerSpec) -> Self {
        let family = seed(&definition.family);
        let kin = family ^ seed(&spec.name).rotate_left(17);
        let own = kin ^ fold(task.key.0);
        let habit = Habit::of(definition, container, spec);
        let busy = draw(family, 2);
        let sway = habit.sway();
        Self {
            habit,
            cores: cores(definition, container),
            utilisation: habit.utilisation(busy),
            // The day and the rush are those of the service, the rest is each task's own.
            waves: [
                Wave::new(0.30 * sway, 86_400_000, draw(family, 3)),
                Wave::new(
                    0.28 * sway,
                    420_000 + part(family, 240_000),
                    draw(family, 4),
                ),
                Wave::new(0.22 * sway, 41_000 + part(own, 30_000), draw(own, 5)),
                Wave::new(0.15 * sway, 7_300 + part(own, 4_000), draw(own, 6)),
            ],
            sending: 0.25 + 0.55 * draw(kin, 7),
            traffic: habit.traffic(busy),
            writing: 900.0 + 24_000.0 * draw(kin, 8),
            has_quota: definition.cpu.is_some(),
            limit: real(memory(definition, container)),
            fill: habit.fill(draw(kin, 9)),
            cached: 0.04 + 0.16 * draw(kin, 10),
            threads: 4.0 + 46.0 * draw(kin, 11) * draw(kin, 12),
            own: draw(own, 13),
        }
    }

    /// The counters.
    fn used(&self, started: Moment, until: Moment) -> Reading {
        let age = until.since(started).as_secs_f64();
        let waves = self.waves.iter().map(|wave| wave.total(started, until));
        // Seconds of an even flow that come to as much: never fewer than before, for the waves together stay below 1.
        let flow = age + waves.sum::<f64>();
        // Starting costs what is left of its CPU, for some seconds.
        let spare = (1.0 - self.utilisation * (1.0 + self.swing())).clamp(0.0, 0.6);
        let warming = spare * settle(age, 6.0) * 6.0;
        let busy = self.cores * (self.utilisation * flow + warming);
        let mut reading = Reading {
            cpu: whole(busy * 1e9),
            received: whole(self.traffic * (1.0 - self.sending) * flow),
            sent: whole(self.traffic * self.sending * flow),
            read: whole(14.0 * MEBIBYTE * settle(age, 9.0) + self.writing * 0.3 * flow),
            written: whole(self.writing * flow),
            ..Reading::default()
        };
        if self.has_quota {
            let strained = ((self.utilisation - 0.7) * 1.4).clamp(0.0, 1.0);
            let throttled = age * PERIODS * strained;
            reading.periods = whole(age * PERIODS);
            reading.throttled_periods = whole(throttled);
            // Some 30 ms of the 100 of a period are waited for.
            reading.throttled = whole(throttled * 3e7);
        }
        reading
    }

    /// What it holds at `until`; `leak` is how far it is on its way to its limit.
    fn hold(&self, reading: &mut Reading, leak: Option<f64>, started: Moment, until: Moment) {
        let age = until.since(started).as_secs_f64();
        let waves = self.waves.iter().skip(1).map(|wave| wave.at(until));
        let level = if let Some(way) = leak {
            0.22 + 0.78 * way.min(1.0)
        } else {
            let grown = self.fill * (0.55 + 0.45 * settle(age, 150.0 + 120.0 * self.own));
            grown * (1.0 + 0.08 * waves.clone().sum::<f64>())
        };
        let held = self.limit * level.clamp(0.0, 1.0);
        let cached = self.limit * self.cached * settle(age, 400.0);
        reading.memory = whole(held);
        reading.cache = whole(cached.min(self.limit - held));
        reading.processes = whole((self.threads * (1.0 + 0.3 * waves.sum::<f64>())).max(1.0));
    }

    /// What all waves come to at the most.
    fn swing(&self) -> f64 {
        self.waves.iter().map(|wave| wave.height).sum()
    }
}
