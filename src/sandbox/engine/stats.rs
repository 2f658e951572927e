//! Statistics of a container as an engine writes them, with control groups of the first and of the second version.

use std::time::Duration;

use serde_json::{Value, json};

use super::host::{self, Cgroup, Handle, Host, Unit};
use super::route::Stats;
use super::stamp;
use super::stream::{self, Body, Step};
use crate::sandbox::lock;
use crate::sandbox::world::load::Reading;
use crate::sandbox::world::moment::Moment;

/// The time between two samples.
const PACE: Duration = Duration::from_secs(1);

/// What is measured at one instant.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Moment,
    reading: Reading,
    /// CPU time of the whole host, nanoseconds.
    system: u64,
}

/// `GET /containers/{id}/stats`.
///
/// A stream's first sample has none before it, each further one follows when the world's clock has moved by a second.
/// Without `stream` there is one sample, at once: a real engine takes a second for it, unless it is `one-shot`.
pub fn answer(host: &Host, handle: Handle, query: Stats) -> Body {
    let cgroup = host.cgroup;
    if !query.stream {
        let account = lock(&host.account);
        let Some(unit) = host::unit(&account.world, handle) else {
            return stream::whole(Vec::new());
        };
        let now = account.world.now;
        let earlier = now - PACE;
        let before = (!query.one_shot && earlier >= unit.started).then(|| sample(&unit, earlier));
        return stream::whole(frame(&unit, cgroup, now, before.as_ref()).0);
    }
    let account = host.account.clone();
    let mut before = None;
    let mut due = None;
    stream::body(host, "stats", move |now| {
        let account = lock(&account);
        let Some(unit) = host::unit(&account.world, handle) else {
            return Step {
                bytes: Vec::new(),
                again: None,
            };
        };
        let (bytes, sample) = frame(&unit, cgroup, now, before.as_ref());
        before = sample;
        // In step with the first one, so that the world's coarse clock does not add up to a slower pace.
        let next = due.map_or(now, |due| due + PACE);
        let next = if next + PACE > now { next } else { now };
        due = Some(next);
        Step {
            bytes,
            again: Some(next + PACE),
        }
    })
}

fn sample(unit: &Unit<'_>, at: Moment) -> Sample {
    let cores = u64::from(host::cores(unit.instance));
    let up = at.since(unit.instance.registered);
    Sample {
        at,
        reading: unit.reading(at),
        system: u64::try_from(up.as_nanos())
            .unwrap_or(u64::MAX)
            .saturating_mul(cores),
    }
}

/// One line, and the sample it was made of; a container that does not run has none.
fn frame(
    unit: &Unit<'_>,
    cgroup: Cgroup,
    at: Moment,
    before: Option<&Sample>,
) -> (Vec<u8>, Option<Sample>) {
    let now = unit.runs().then(|| sample(unit, at));
    let document = match &now {
        Some(now) => running(unit, cgroup, now, before),
        None => ended(unit),
    };
    let mut bytes = document.to_string().into_bytes();
    bytes.push(b'\n');
    (bytes, now)
}

fn running(unit: &Unit<'_>, cgroup: Cgroup, now: &Sample, before: Option<&Sample>) -> Value {
    let cores = host::cores(unit.instance);
    let mut document = json!({
        "read": stamp::text(now.at),
        "preread": before.map_or_else(|| stamp::NEVER.to_owned(), |before| stamp::text(before.at)),
        "pids_stats": {"current": now.reading.processes, "limit": 18_446_744_073_709_551_615_u64},
        "blkio_stats": disks(cgroup, &now.reading),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": cpu(cgroup, now, cores),
        "precpu_stats": before.map_or_else(no_cpu, |before| cpu(cgroup, before, cores)),
        "memory_stats": memory(unit, cgroup, &now.reading),
        "name": format!("/{}", unit.name()),
        "id": unit.id(),
    });
    if unit.has_network() {
        document["networks"] = json!({"eth0": network(&now.reading)});
    }
    document
}

/// What an engine sends of a container that does not run.
fn ended(unit: &Unit<'_>) -> Value {
    json!({
        "read": stamp::NEVER,
        "preread": stamp::NEVER,
        "pids_stats": {},
        "blkio_stats": no_disks(),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": no_cpu(),
        "precpu_stats": no_cpu(),
        "memory_stats": {},
        "name": format!("/{}", unit.name()),
        "id": unit.id(),
    })
}

fn cpu(cgroup: Cgroup, sample: &Sample, cores: u32) -> Value {
    let reading = &sample.reading;
    let mut usage = json!({
        "total_usage": reading.cpu,
        "usage_in_kernelmode": reading.cpu / 5,
        "usage_in_usermode": reading.cpu - reading.cpu / 5,
    });
    if cgroup == Cgroup::V1 {
        // Spread evenly, with what does not divide on the first.
        let (share, rest) = (
            reading.cpu / u64::from(cores),
            reading.cpu % u64::from(cores),
        );
        let each = (0..cores).map(|core| share + if core == 0 { rest } else { 0 });
        usage["percpu_usage"] = each.collect();
    }
    json!({
        "cpu_usage": usage,
        "system_cpu_usage": sample.system,
        "online_cpus": cores,
        "throttling_data": {
            "periods": reading.periods,
            "throttled_periods": reading.throttled_periods,
            "throttled_time": reading.throttled,
        },
    })
}

fn no_cpu() -> Value {
    json!({
        "cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
    })
}

/// `usage` includes the page cache in both versions; the names of what it is made of differ.
fn memory(unit: &Unit<'_>, cgroup: Cgroup, reading: &Reading) -> Value {
    let limit = match unit.memory_limit() {
        0 => host::host_memory(unit.instance),
        limit => limit,
    };
    let (held, cache) = (reading.memory, reading.cache);
    let (active, inactive) = (cache / 4, cache - cache / 4);
    let faults = held / 4096 + cache / 4096;
    let stats = match cgroup {
        Cgroup::V1 => json!({
            "active_anon": held, "active_file": active, "cache": cache, "dirty": 0,
            "hierarchical_memory_limit": limit, "inactive_anon": 0, "inactive_file": inactive,
            "mapped_file": cache / 8, "pgfault": faults, "pgmajfault": faults / 900, "rss": held, "rss_huge": 0,
            "total_active_anon": held, "total_active_file": active, "total_cache": cache,
            "total_inactive_anon": 0, "total_inactive_file": inactive, "total_mapped_file": cache / 8,
            "total_pgfault": faults, "total_pgmajfault": faults / 900, "total_rss": held, "total_unevictable": 0,
            "total_writeback": 0, "unevictable": 0, "writeback": 0,
        }),
        Cgroup::V2 => json!({
            "active_anon": 0, "active_file": active, "anon": held, "anon_thp": 0, "file": cache, "file_dirty": 0,
            "file_mapped": cache / 8, "file_writeback": 0, "inactive_anon": held, "inactive_file": inactive,
            "kernel_stack": 0, "pgactivate": 0, "pgfault": faults, "pgmajfault": faults / 900, "shmem": 0,
            "slab": 0, "slab_reclaimable": 0, "slab_unreclaimable": 0, "sock": 0, "unevictable": 0,
        }),
    };
    json!({"usage": held + cache, "stats": stats, "limit": limit})
}

fn network(reading: &Reading) -> Value {
    // Packets of about 800 bytes.
    json!({
        "rx_bytes": reading.received, "rx_packets": reading.received / 800, "rx_errors": 0, "rx_dropped": 0,
        "tx_bytes": reading.sent, "tx_packets": reading.sent / 800, "tx_errors": 0, "tx_dropped": 0,
    })
}

fn disks(cgroup: Cgroup, reading: &Reading) -> Value {
    let entry = |op: &str, value: u64| json!({"major": 259, "minor": 0, "op": op, "value": value});
    let (read, written) = (reading.read, reading.written);
    match cgroup {
        Cgroup::V1 => json!({
            "io_service_bytes_recursive": [
                entry("Read", read), entry("Write", written), entry("Sync", read + written / 2),
                entry("Async", written - written / 2), entry("Total", read + written),
            ],
            "io_serviced_recursive": [entry("Read", read / 16_384), entry("Write", written / 16_384)],
            "io_queue_recursive": [], "io_service_time_recursive": [], "io_wait_time_recursive": [],
            "io_merged_recursive": [], "io_time_recursive": [], "sectors_recursive": [],
        }),
        Cgroup::V2 => {
            let mut disks = no_disks();
            disks["io_service_bytes_recursive"] =
                json!([entry("read", read), entry("write", written)]);
            disks
        }
    }
}

fn no_disks() -> Value {
    json!({
        "io_service_bytes_recursive": null, "io_serviced_recursive": null, "io_queue_recursive": null,
        "io_service_time_recursive": null, "io_wait_time_recursive": null, "io_merged_recursive": null,
        "io_time_recursive": null, "sectors_recursive": null,
    })
}
