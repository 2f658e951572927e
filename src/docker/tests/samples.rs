//! Samples: what frames mean, and how they are handed on.

use bollard::models::ContainerStatsResponse;
use serde_json::{Value, json};

use super::fake::{Container, Fake, frame};
use super::*;
use crate::docker::stats::sample;
use crate::model::{Flow, Memory, Sample, Subject, Timestamp};

fn read(frame: Value, memory: Option<u64>) -> Option<Sample> {
    let frame: ContainerStatsResponse = serde_json::from_value(frame).unwrap();
    sample(&frame, memory)
}

/// A frame of Docker Engine 20.10 with cgroup v1, shortened.
fn v1() -> Value {
    json!({
        "read": "2026-11-22T08:56:05.123456789Z", "preread": "0001-01-01T00:00:00Z",
        "pids_stats": {"current": 3},
        "blkio_stats": {"io_service_bytes_recursive": [
            {"major": 8, "minor": 0, "op": "Read", "value": 4096}, {"major": 8, "minor": 0, "op": "Write", "value": 100},
            {"major": 8, "minor": 0, "op": "Total", "value": 4196}, {"major": 9, "minor": 0, "op": "Read", "value": 4},
        ]},
        "cpu_stats": {
            "cpu_usage": {"total_usage": 500, "percpu_usage": [200, 300], "usage_in_kernelmode": 0, "usage_in_usermode": 0},
            "system_cpu_usage": 90_000, "online_cpus": 2,
            "throttling_data": {"periods": 10, "throttled_periods": 2, "throttled_time": 77},
        },
        "memory_stats": {
            "usage": 10_000, "max_usage": 12_000, "limit": 67_108_864,
            "stats": {"cache": 4_000, "inactive_file": 1, "total_inactive_file": 3_000, "total_cache": 4_500},
        },
        "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 6}, "eth1": {"rx_bytes": 10, "tx_bytes": 20}},
    })
}

#[test]
fn every_counter_of_cgroup_v1_is_read() {
    let sample = read(v1(), Some(8 << 30)).unwrap();
    let expected = Sample {
        at: Timestamp(1_795_337_765_123),
        cpu: 500,
        host_cpu: Some(90_000),
        cores: 2,
        throttled: Some(77),
        memory: Some(Memory {
            used: 6_000,
            cache: 4_000,
            limit: Some(64 << 20),
        }),
        network: Some(Flow {
            inward: 15,
            outward: 26,
        }),
        disk: Some(Flow {
            inward: 4_100,
            outward: 100,
        }),
        processes: Some(3),
    };
    assert_eq!(sample, expected);
}

#[test]
fn with_cgroup_v2_inactive_files_are_left_out() {
    let mut frame = v1();
    frame["memory_stats"]["stats"] = json!({"file": 5_000, "inactive_file": 1_000, "anon": 4_000});
    frame["cpu_stats"]["cpu_usage"] = json!({"total_usage": 500});
    frame["blkio_stats"]["io_service_bytes_recursive"] =
        json!([{"major": 8, "minor": 0, "op": "read", "value": 7}]);
    let sample = read(frame, Some(8 << 30)).unwrap();
    let memory = sample.memory.unwrap();
    assert_eq!((memory.used, memory.cache), (9_000, 1_000));
    assert_eq!(
        sample.disk,
        Some(Flow {
            inward: 7,
            outward: 0
        })
    );
    assert_eq!(sample.cores, 2);
}

#[test]
fn a_limit_that_is_no_less_than_the_host_is_none() {
    let limit = |host| read(v1(), host).unwrap().memory.unwrap().limit;
    assert_eq!(limit(Some(64 << 20)), None);
    assert_eq!(limit(Some((64 << 20) + 1)), Some(64 << 20));
    assert_eq!(limit(None), Some(64 << 20));
    let mut frame = v1();
    frame["memory_stats"]["limit"] = json!(u64::MAX);
    assert_eq!(
        read(frame, Some(8 << 30)).unwrap().memory.unwrap().limit,
        None
    );
}

#[test]
fn podman_tells_less() {
    let frame = json!({
        "read": "2026-11-22T09:56:05.5+01:00",
        "cpu_stats": {"cpu_usage": {"total_usage": 500, "percpu_usage": null}, "system_cpu_usage": 0, "online_cpus": 0},
        "memory_stats": {"usage": 10_000, "max_usage": 0, "limit": 67_108_864},
        "blkio_stats": {"io_service_bytes_recursive": null},
        "pids_stats": {},
        "networks": null,
    });
    let sample = read(frame, None).unwrap();
    assert_eq!(sample.at, Timestamp(1_795_337_765_500));
    assert_eq!((sample.host_cpu, sample.cores), (None, 0));
    assert_eq!(sample.memory.unwrap().used, 10_000);
    assert_eq!(
        (sample.network, sample.disk, sample.processes),
        (None, None, None)
    );
    assert_eq!(sample.throttled, None);
}

#[test]
fn where_cores_are_listed_they_are_counted() {
    let mut frame = v1();
    frame["cpu_stats"]["online_cpus"] = Value::Null;
    assert_eq!(read(frame, None).unwrap().cores, 2);
}

#[test]
fn what_does_not_run_has_no_sample() {
    assert_eq!(
        read(
            json!({"read": "0001-01-01T00:00:00Z", "cpu_stats": {"cpu_usage": {"total_usage": 0}}}),
            None
        ),
        None
    );
    assert_eq!(read(json!({}), None), None);
    assert_eq!(
        read(
            json!({"read": "2026-11-22T08:56:05Z", "cpu_stats": {}}),
            None
        ),
        None
    );
    assert_eq!(
        read(
            json!({"read": "yesterday", "cpu_stats": {"cpu_usage": {"total_usage": 1}}}),
            None
        ),
        None
    );
}

#[tokio::test]
async fn samples_come_under_the_name_of_their_container() {
    let fake = Fake::start();
    fake.put(
        "a",
        "start",
        Container {
            frames: vec![frame(1, 5)],
            ..Container::running("1", "app")
        },
    );
    fake.put(
        "p",
        "start",
        Container {
            frames: vec![frame(2, 7)],
            ..Container::running("1", "~internal~ecs~pause")
        },
    );
    fake.put(
        "b",
        "start",
        Container {
            frames: vec![frame(3, 9)],
            ..Container::running("2", "app")
        },
    );
    let (engines, mut reports) = start(&fake.address());
    engines.watch(watch(&["1"]));
    let mut seen = std::collections::BTreeMap::new();
    until(&mut reports, |report| {
        match report {
            EngineReport::Samples(samples) => {
                seen.extend(
                    samples
                        .iter()
                        .map(|(subject, sample)| (subject.clone(), sample.cpu)),
                );
            }
            EngineReport::Engine(engine) => {
                let pauses = engine.containers.iter().filter(|one| one.is_pause).count();
                assert!(engine.containers.is_empty() || pauses == 1);
            }
        }
        (seen.len() == 2).then_some(())
    })
    .await;
    let names = ["app", "~internal~ecs~pause"].map(|name| Subject::part(&task("1"), name));
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        names.into_iter().zip([5, 7]).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_slow_receiver_gets_the_newest_in_one_batch() {
    let fake = Fake::start();
    let frames = (0..60)
        .map(|second| frame(second, u64::from(second)))
        .collect();
    fake.put(
        "a",
        "start",
        Container {
            frames,
            ..Container::running("1", "app")
        },
    );
    let settings = Settings {
        local: Some(fake.address()),
        rules: Vec::new(),
    };
    // One place: the report of the engine stays in it until it is taken.
    let (sender, mut reports) = mpsc::channel(1);
    let engines = Engines::start_at(settings, PACE, sender);
    engines.watch(watch(&["1"]));
    fake.connections("stats", 1).await;
    let (last, batches) = until(&mut reports, {
        let mut batches = 0;
        move |report| match report {
            EngineReport::Samples(samples) => {
                batches += 1;
                assert_eq!(samples.len(), 1, "one for each container");
                (samples[0].1.cpu == 59).then_some((samples[0].1, batches))
            }
            EngineReport::Engine(_) => None,
        }
    })
    .await;
    assert_eq!(last.cpu, 59);
    assert!(
        batches <= 3,
        "{batches} batches for frames that came at once"
    );
}
