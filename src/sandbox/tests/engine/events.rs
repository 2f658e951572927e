//! Events, and what is left of containers that have ended.

use std::collections::HashMap;

use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use futures::TryStreamExt;

use super::{by_label, containers, network, next, scene};
use crate::sandbox::world::definition::{Conduct, NetworkMode};

#[tokio::test]
async fn events_tell_how_containers_come_and_go() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Awsvpc)).await;
    let arn = scene.look(|world| world.task_arn(&world.tasks[&key]));
    let label = format!("com.amazonaws.ecs.task-arn={arn}");
    let options = EventsOptionsBuilder::new()
        .filters(&by_label(&label))
        .build();
    let mut events = Box::pin(docker.events(Some(options)));
    let waiting = tokio::spawn(async move {
        let mut seen: Vec<EventMessage> = Vec::new();
        while seen
            .last()
            .and_then(|event| event.actor.as_ref()?.attributes.as_ref())
            .is_none_or(|attributes| {
                attributes["com.amazonaws.ecs.container-name"] != "~internal~ecs~pause"
            })
        {
            seen.push(next(&mut events).await);
        }
        seen
    });
    scene.streams(&[("events", 1)]).await;
    // The subscription begins at the world's present, when its body is first asked for.
    let id = scene.id(key, 0);
    scene.stop(key).await;
    scene.until_ended(key).await;
    let seen = waiting.await.unwrap();
    let own: Vec<_> = seen
        .iter()
        .filter(|event| event.actor.as_ref().unwrap().id.as_ref() == Some(&id))
        .map(|event| event.action.clone().unwrap())
        .collect();
    let code = scene.look(|world| world.tasks[&key].containers[0].exit_code.unwrap());
    let expected: &[&str] = if code == 137 {
        &["kill", "kill", "die", "stop"]
    } else {
        &["kill", "die", "stop"]
    };
    assert_eq!(own, expected);
    scene.streams(&[]).await;

    // The past has them too, and so have lists.
    let options = EventsOptionsBuilder::new()
        .since("1")
        .until(&scene.look(|world| (world.now.millis() / 1000).to_string()))
        .filters(&HashMap::from([
            ("event".to_owned(), vec!["die".to_owned()]),
            ("container".to_owned(), vec![id.clone()]),
        ]))
        .build();
    let past: Vec<_> = docker.events(Some(options)).try_collect().await.unwrap();
    assert_eq!(past.len(), 1);
    let attributes = past[0].actor.as_ref().unwrap().attributes.as_ref();
    assert_eq!(attributes.unwrap()["exitCode"], code.to_string());
    assert!(containers(&docker, false, &label).await.is_empty());
    let ended = containers(&docker, true, &label).await;
    assert!(
        ended.len() >= 2
            && ended
                .iter()
                .all(|one| one.status.as_ref().unwrap().starts_with("Exited ("))
    );
}

#[tokio::test]
async fn what_is_killed_for_its_memory_is_marked() {
    let scene = scene().await;
    let (key, docker) = scene
        .task(|world, task| world.definition(task.definition).conduct == Conduct::OutOfMemory)
        .await;
    let id = scene.id(key, 0);
    let mut stats = Box::pin(docker.stats(&id, None));
    assert!(next(&mut stats).await.memory_stats.unwrap().usage.is_some());
    scene.until_ended(key).await;
    let end = docker
        .inspect_container(&id, None)
        .await
        .unwrap()
        .state
        .unwrap();
    assert_eq!((end.oom_killed, end.exit_code), (Some(true), Some(137)));
    assert_eq!(end.running, Some(false));
    assert!(end.finished_at > end.started_at);
    // An engine goes on with empty samples of what no longer runs.
    let after = loop {
        let sample = next(&mut stats).await;
        if sample.read.as_deref() == Some("0001-01-01T00:00:00Z") {
            break sample;
        }
    };
    assert_eq!(after.memory_stats.unwrap().usage, None);
    let options = EventsOptionsBuilder::new()
        .since("1")
        .until(&scene.look(|world| (world.now.millis() / 1000).to_string()))
        .filters(&HashMap::from([("container".to_owned(), vec![id])]))
        .build();
    let past: Vec<_> = docker.events(Some(options)).try_collect().await.unwrap();
    let actions: Vec<_> = past
        .iter()
        .map(|one| one.action.as_deref().unwrap())
        .collect();
    assert_eq!(actions, ["create", "start", "oom", "die"]);
}
