//! Statistics, and the streams that carry them.

use std::collections::BTreeSet;

use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures::{StreamExt, TryStreamExt};

use super::{SECOND, containers, network, next, scene};
use crate::sandbox::world::definition::NetworkMode;
use crate::sandbox::world::load;

fn cpu(stats: &ContainerStatsResponse) -> u64 {
    let cpu = stats.cpu_stats.as_ref().unwrap().cpu_usage.as_ref();
    cpu.unwrap().total_usage.unwrap()
}

#[tokio::test]
async fn a_stream_begins_without_a_sample_before_and_follows_the_clock() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let mut stats = Box::pin(docker.stats(&id, None));
    let first = next(&mut stats).await;
    let before = first.precpu_stats.as_ref().unwrap();
    assert_eq!(before.system_cpu_usage, None);
    assert_eq!(before.cpu_usage.as_ref().unwrap().total_usage, Some(0));
    assert_eq!(first.preread.as_deref(), Some("0001-01-01T00:00:00Z"));
    let began = scene.look(|world| world.now);
    // Nothing is sent before a second has passed: by the time of another answer it would have been.
    scene.sandbox.tick(SECOND / 4);
    docker.ping().await.unwrap();
    scene.sandbox.tick(SECOND);
    let second = next(&mut stats).await;
    assert_eq!(second.preread, first.read);
    let used = scene.look(|world| {
        let task = &world.tasks[&key];
        let definition = world.definition(task.definition);
        let at = |moment| load::reading(task, definition, 0, moment).cpu;
        assert_eq!(world.now, began + SECOND * 5 / 4);
        at(world.now) - at(began)
    });
    assert!(used > 0);
    assert_eq!(cpu(&second) - cpu(&first), used);
    let (now, then) = (second.cpu_stats.unwrap(), second.precpu_stats.unwrap());
    let passed = now.system_cpu_usage.unwrap() - then.system_cpu_usage.unwrap();
    assert_eq!(
        passed,
        1_250_000_000 * u64::from(now.online_cpus.unwrap()),
        "the CPU time of all cores"
    );
    assert_eq!(then.cpu_usage, first.cpu_stats.unwrap().cpu_usage);
    assert!(second.networks.unwrap()["eth0"].rx_bytes.unwrap() > 0);
}

#[tokio::test]
async fn single_samples_come_at_once_with_or_without_the_one_before() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Awsvpc)).await;
    let id = scene.id(key, 0);
    let sample = async |one_shot: bool| {
        let options = StatsOptionsBuilder::new()
            .stream(false)
            .one_shot(one_shot)
            .build();
        let all: Vec<_> = docker
            .stats(&id, Some(options))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(all.len(), 1);
        all.into_iter().next().unwrap()
    };
    let (once, with) = (sample(true).await, sample(false).await);
    assert_eq!(once.precpu_stats.unwrap().system_cpu_usage, None);
    assert_eq!(
        cpu(&with),
        cpu(&ContainerStatsResponse {
            cpu_stats: once.cpu_stats,
            ..with.clone()
        })
    );
    assert!(with.precpu_stats.unwrap().system_cpu_usage.is_some());
    assert_eq!(
        with.networks, None,
        "an interface that the engine did not make is not seen by it"
    );
    assert!(scene.sandbox.streams().is_empty());
}

#[tokio::test]
async fn memory_is_told_in_the_words_of_both_versions_of_control_groups() {
    let scene = scene().await;
    let mut seen = BTreeSet::new();
    let instances: Vec<_> = scene.look(|world| {
        let instances = world.instances.values();
        instances.map(|one| one.ec2_id.clone()).collect()
    });
    for instance in instances {
        let docker = scene.docker(&instance).await;
        let version = docker.info().await.unwrap().cgroup_version.unwrap();
        let version = version.to_string();
        let found = containers(&docker, false, "com.amazonaws.ecs.container-name=app").await;
        // A draining instance has none.
        let Some(id) = found.into_iter().find_map(|one| one.id) else {
            continue;
        };
        let stats = next(&mut Box::pin(docker.stats(&id, None))).await;
        let memory = stats.memory_stats.unwrap();
        let (usage, parts) = (memory.usage.unwrap(), memory.stats.unwrap());
        let (held, cached, gone) = match version.as_str() {
            "1" => ("rss", "cache", "anon"),
            _ => ("anon", "file", "total_inactive_file"),
        };
        assert_eq!(usage, parts[held] + parts[cached]);
        assert!(parts["inactive_file"] > 0 && !parts.contains_key(gone));
        assert!(usage <= memory.limit.unwrap());
        seen.insert((version, parts.contains_key("total_inactive_file")));
    }
    let both = [("1".to_owned(), true), ("2".to_owned(), false)];
    assert_eq!(seen, BTreeSet::from(both));
}

#[tokio::test]
async fn streams_are_counted_until_their_clients_leave() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let (mut one, mut two) = (
        Box::pin(docker.stats(&id, None)),
        Box::pin(docker.stats(&id, None)),
    );
    next(&mut one).await;
    next(&mut two).await;
    assert_eq!(scene.sandbox.streams()["stats"], 2);
    assert_eq!(scene.sandbox.calls()["Docker:Stats"], 2);
    // The world stands still, so that nothing but the client's leaving ends a stream.
    drop(one);
    scene.streams(&[("stats", 1)]).await;
    drop(two);
    scene.streams(&[]).await;
}

#[tokio::test]
async fn streams_end_with_the_sandbox() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let mut stats = Box::pin(docker.stats(&id, None));
    next(&mut stats).await;
    scene.sandbox.stop().await;
    assert!(stats.next().await.is_none(), "the body has its proper end");
}
