//! The engine's frames of counters, translated to samples. Rates are made elsewhere.

use bollard::models::{
    ContainerBlkioStatEntry, ContainerCpuStats, ContainerMemoryStats, ContainerStatsResponse,
};

use super::time;
use crate::model::{Flow, Memory, Sample};

/// The sample of a frame; none where the container does not run, whose frames are empty.
///
/// `memory` is that of the host, in bytes: a limit that is no less is none.
pub(super) fn sample(frame: &ContainerStatsResponse, memory: Option<u64>) -> Option<Sample> {
    let cpu = frame.cpu_stats.as_ref()?;
    let (at, _) = time::parse(frame.read.as_deref()?)?;
    let used = cpu.cpu_usage.as_ref()?.total_usage?;
    // Frames of a container that has ended bear the year 1.
    if at.0 <= 0 {
        return None;
    }
    Some(Sample {
        at,
        cpu: used,
        host_cpu: cpu.system_cpu_usage.filter(|spent| *spent > 0),
        cores: cores(cpu),
        throttled: cpu
            .throttling_data
            .as_ref()
            .and_then(|data| data.throttled_time),
        memory: frame
            .memory_stats
            .as_ref()
            .and_then(|stats| of_memory(stats, memory)),
        network: frame
            .networks
            .as_ref()
            .filter(|networks| !networks.is_empty())
            .map(|networks| {
                networks.values().fold(Flow::default(), |sum, one| Flow {
                    inward: sum.inward.saturating_add(one.rx_bytes.unwrap_or(0)),
                    outward: sum.outward.saturating_add(one.tx_bytes.unwrap_or(0)),
                })
            }),
        disk: frame
            .blkio_stats
            .as_ref()
            .and_then(|stats| stats.io_service_bytes_recursive.as_deref())
            .map(of_disk),
        processes: frame.pids_stats.as_ref().and_then(|stats| stats.current),
    })
}

/// Engines before API 1.27 list the cores and do not count them.
fn cores(cpu: &ContainerCpuStats) -> u32 {
    let listed = || cpu.cpu_usage.as_ref()?.percpu_usage.as_ref().map(Vec::len);
    let count = cpu.online_cpus.filter(|count| *count > 0);
    count.unwrap_or_else(|| u32::try_from(listed().unwrap_or(0)).unwrap_or(0))
}

/// Memory as the ECS agent counts it (`agent/stats/utils_unix.go`): usage less `inactive_file` with cgroup v2, less
/// `cache` with v1. Docker's own client takes `total_inactive_file` away with v1, and so shows more. Podman tells no
/// parts, and usage stands as it is.
fn of_memory(stats: &ContainerMemoryStats, host: Option<u64>) -> Option<Memory> {
    let usage = stats.usage?;
    let part = |name: &str| stats.stats.as_ref()?.get(name).copied();
    // Only v1 tells a total of each part for the groups below.
    let is_v1 = part("total_inactive_file").is_some() || part("cache").is_some();
    let cache = if is_v1 {
        part("cache")
    } else {
        part("inactive_file")
    };
    let cache = cache.unwrap_or(0).min(usage);
    let below_host = |limit: &u64| *limit > 0 && host.is_none_or(|host| *limit < host);
    Some(Memory {
        used: usage - cache,
        cache,
        limit: stats.limit.filter(below_host),
    })
}

/// Bytes read and written, of all devices. Cgroup v1 writes `Read`, v2 writes `read`.
fn of_disk(entries: &[ContainerBlkioStatEntry]) -> Flow {
    let sum = |name: &str| {
        let of_name = entries.iter().filter(|entry| {
            let op = entry.op.as_deref();
            op.is_some_and(|op| op.eq_ignore_ascii_case(name))
        });
        of_name.fold(0_u64, |sum, entry| {
            sum.saturating_add(entry.value.unwrap_or(0))
        })
    };
    Flow {
        inward: sum("read"),
        outward: sum("write"),
    }
}
