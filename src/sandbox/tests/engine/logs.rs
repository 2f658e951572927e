//! Logs: the past, and what is written while somebody listens.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::query_parameters::{LogsOptions, LogsOptionsBuilder};
use futures::TryStreamExt;

use super::{network, next, scene};
use crate::sandbox::world::definition::NetworkMode;
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::output;

fn text(outputs: &[LogOutput]) -> String {
    outputs.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn logs_are_the_last_lines_and_go_on_with_what_is_written() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let options = |tail: &str, follow: bool| {
        LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .tail(tail)
            .follow(follow)
            .build()
    };
    let ten: Vec<_> = docker
        .logs(&id, Some(options("10", false)))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ten.len(), 10);
    let whole = text(&ten);
    let mut follow = Box::pin(docker.logs(&id, Some(options("3", true))));
    let mut last = String::new();
    for _ in 0..3 {
        last += &next(&mut follow).await.to_string();
    }
    assert!(whole.ends_with(&last), "{whole}\n{last}");
    scene.streams(&[("logs", 1)]).await;
    scene.sandbox.tick(Duration::from_mins(2));
    let written = next(&mut follow).await.to_string();
    let stamp = |line: &str| line.split(' ').next().unwrap().to_owned();
    assert!(stamp(&written) > stamp(last.lines().last().unwrap()));
    assert_eq!(
        stamp(&written).len(),
        "2026-01-01T00:00:00.000000000Z".len()
    );

    let seconds = scene.look(|world| world.now.millis() / 1000 - 60);
    let since = LogsOptions {
        since: i32::try_from(seconds).unwrap(),
        ..options("all", false)
    };
    let minute: Vec<_> = docker.logs(&id, Some(since)).try_collect().await.unwrap();
    let expected = scene.look(|world| {
        let from = Moment::from_millis(seconds * 1000);
        let task = &world.tasks[&key];
        let definition = world.definition(task.definition);
        output::lines(task, definition, 0, from, world.now)
    });
    assert_eq!(minute.len(), expected.len());
    assert!(text(&minute).contains(&expected[0].text));
}

#[tokio::test]
async fn a_log_that_is_followed_ends_with_the_last_words_of_its_container() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .tail("0")
        .follow(true)
        .build();
    let follow = Box::pin(docker.logs(&id, Some(options)));
    let follow = tokio::spawn(follow.try_collect::<Vec<_>>());
    scene.streams(&[("logs", 1)]).await;
    let begin = scene.look(|world| world.now);
    scene.stop(key).await;
    scene.until_ended(key).await;
    let lines = follow.await.unwrap().unwrap();
    let expected = scene.look(|world| {
        let task = &world.tasks[&key];
        let definition = world.definition(task.definition);
        output::lines(task, definition, 0, begin, world.now)
    });
    let expected: String = expected
        .iter()
        .map(|line| format!("{}\n", line.text))
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(text(&lines), expected);
    scene.streams(&[]).await;
}
