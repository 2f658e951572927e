//! What containers use: samples of an engine's counters, and the rates between two of them. Reading them is done
//! in `docker`, keeping them in `store`.

use super::Timestamp;

/// The counters of a container at one moment, as its engine reports them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// When they were read, by the engine's clock.
    pub at: Timestamp,
    /// CPU time used since the container started, in nanoseconds of one core.
    pub cpu: u64,
    /// CPU time that all cores of the host spent since it booted, in nanoseconds; the scale of `docker stats`.
    pub host_cpu: Option<u64>,
    /// Cores of the host that the container may run on.
    pub cores: u32,
    /// CPU time that the container was kept from using by its quota, in nanoseconds.
    pub throttled: Option<u64>,
    /// Memory, in bytes.
    pub memory: Option<Memory>,
    /// Bytes over the network; none where another container holds the network, as in tasks of mode awsvpc.
    pub network: Option<Flow>,
    /// Bytes read from and written to block devices.
    pub disk: Option<Flow>,
    /// Processes and threads.
    pub processes: Option<u64>,
}

/// Memory of a container, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Used, without the page cache, which the kernel gives back before it kills: usage less `inactive_file` with
    /// cgroup v2, less `cache` with v1, as the ECS agent counts.
    pub used: u64,
    /// The page cache left out of it.
    pub cache: u64,
    /// What the kernel kills at; none where it is no less than the memory of the host.
    pub limit: Option<u64>,
}

/// Bytes in both directions since the container started: received and sent, or read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flow {
    /// Received, or read.
    pub inward: u64,
    /// Sent, or written.
    pub outward: u64,
}

/// Bytes a second in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rate {
    /// Received, or read.
    pub inward: f64,
    /// Sent, or written.
    pub outward: f64,
}

/// What a container uses, made of two samples that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// When the later sample was read, by the engine's clock.
    pub at: Timestamp,
    /// Cores kept busy: 0.5 is half of one core, `50 %` as Docker shows it. None until there are two samples.
    pub cores: Option<f64>,
    /// The share of the time between that the container was held back by its CPU quota, 0 to 1.
    pub throttled: Option<f64>,
    /// Memory at that moment.
    pub memory: Option<Memory>,
    /// Network traffic.
    pub network: Option<Rate>,
    /// Block device traffic.
    pub disk: Option<Rate>,
    /// Processes and threads.
    pub processes: Option<u64>,
}

impl Usage {
    /// What the later sample and the one before it say. Counters that went back, as after a restart, give no rate.
    #[must_use]
    pub fn between(earlier: Option<&Sample>, later: &Sample) -> Self {
        let earlier = earlier.filter(|earlier| earlier.at < later.at && earlier.cpu <= later.cpu);
        let seconds = earlier.map(|earlier| later.at.since(earlier.at).as_secs_f64());
        let rate = |of: fn(&Sample) -> Option<Flow>| {
            let (before, after) = (of(earlier?)?, of(later)?);
            let per_second = |from: u64, to: u64| Some(real(to.checked_sub(from)?) / seconds?);
            Some(Rate {
                inward: per_second(before.inward, after.inward)?,
                outward: per_second(before.outward, after.outward)?,
            })
        };
        Self {
            at: later.at,
            cores: earlier.and_then(|earlier| cores(earlier, later)),
            throttled: earlier.and_then(|earlier| {
                let held = later.throttled?.checked_sub(earlier.throttled?)?;
                Some((real(held) / 1e9 / seconds?).min(1.0))
            }),
            memory: later.memory,
            network: rate(|sample| sample.network),
            disk: rate(|sample| sample.disk),
            processes: later.processes,
        }
    }
}

/// Cores kept busy between two samples: against the CPU time of the host as Docker's client counts, and against the
/// clock where the engine does not tell that.
fn cores(earlier: &Sample, later: &Sample) -> Option<f64> {
    let used = real(later.cpu.checked_sub(earlier.cpu)?);
    let host = || {
        let spent = later.host_cpu?.checked_sub(earlier.host_cpu?)?;
        (spent > 0 && later.cores > 0).then(|| used / real(spent) * f64::from(later.cores))
    };
    host().or_else(|| Some(used / 1e9 / later.at.since(earlier.at).as_secs_f64()))
}

/// A count as a real number; exact up to 2^53, which no difference of counters reaches.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn sample(at: i64, cpu: u64, host: Option<u64>) -> Sample {
        Sample {
            at: Timestamp(at),
            cpu,
            host_cpu: host,
            cores: 4,
            ..Sample::default()
        }
    }

    fn close(one: Option<f64>, other: f64) -> bool {
        (one.unwrap() - other).abs() < 1e-9
    }

    #[test]
    fn cpu_is_counted_as_docker_does_where_the_host_is_known() {
        let one = sample(0, 0, Some(100 * SECOND));
        let two = sample(1_100, SECOND / 2, Some(104 * SECOND));
        assert!(close(Usage::between(Some(&one), &two).cores, 0.5));
    }

    #[test]
    fn cpu_is_counted_by_the_clock_where_the_host_is_not_known() {
        let one = sample(0, 0, None);
        let two = sample(2_000, SECOND, None);
        assert!(close(Usage::between(Some(&one), &two).cores, 0.5));
    }

    #[test]
    fn nothing_is_said_of_a_rate_without_a_sample_before_or_across_a_restart() {
        let later = sample(1_000, 5, None);
        assert_eq!(Usage::between(None, &later).cores, None);
        let before = sample(0, 9, None);
        assert_eq!(Usage::between(Some(&before), &later).cores, None);
        let same = sample(1_000, 5, None);
        assert_eq!(Usage::between(Some(&same), &later).cores, None);
    }

    #[test]
    fn traffic_is_bytes_a_second_and_throttling_a_share() {
        let flow = |inward, outward| Some(Flow { inward, outward });
        let one = Sample {
            network: flow(1_000, 0),
            throttled: Some(0),
            ..sample(0, 0, None)
        };
        let two = Sample {
            network: flow(3_000, 500),
            throttled: Some(SECOND),
            ..sample(2_000, 0, None)
        };
        let usage = Usage::between(Some(&one), &two);
        assert!(close(usage.network.map(|rate| rate.inward), 1_000.0));
        assert!(close(usage.network.map(|rate| rate.outward), 250.0));
        assert!(close(usage.throttled, 0.5));
        assert_eq!(usage.disk, None);
    }
}
