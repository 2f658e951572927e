//! Live tails.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata as _;
use aws_sdk_cloudwatchlogs::operation::start_live_tail::StartLiveTailOutput;
use aws_sdk_cloudwatchlogs::types::error::StartLiveTailResponseStreamError;
use aws_sdk_cloudwatchlogs::types::{LiveTailSessionUpdate, StartLiveTailResponseStream};

use super::{Scene, texts};
use crate::sandbox::{LiveTail, Options, lock};

/// Starts a live tail of a family's group.
async fn tail(
    scene: &Scene,
    family: &str,
    names: &[String],
    pattern: Option<&str>,
) -> StartLiveTailOutput {
    let arn = format!("arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/{family}");
    scene
        .logs()
        .start_live_tail()
        .log_group_identifiers(arn)
        .set_log_stream_names((!names.is_empty()).then(|| names.to_vec()))
        .set_log_event_filter_pattern(pattern.map(str::to_owned))
        .send()
        .await
        .unwrap()
}

async fn update(tail: &mut StartLiveTailOutput) -> LiveTailSessionUpdate {
    match tail.response_stream.recv().await.unwrap() {
        Some(StartLiveTailResponseStream::SessionUpdate(update)) => update,
        other => panic!("no update: {other:?}"),
    }
}

async fn begin(tail: &mut StartLiveTailOutput) {
    match tail.response_stream.recv().await.unwrap() {
        Some(StartLiveTailResponseStream::SessionStart(start)) => {
            assert!(start.session_id().is_some() && !start.log_group_identifiers().is_empty());
        }
        other => panic!("no start: {other:?}"),
    }
}

#[tokio::test]
async fn a_live_tail_brings_each_line_once() {
    let scene = Scene::demo().await;
    let (name, _) = scene.story("orders-api", 0);
    let mut tail = tail(&scene, "orders-api", std::slice::from_ref(&name), None).await;
    begin(&mut tail).await;
    assert_eq!(scene.sandbox.streams()["live tail"], 1);
    let since = scene.now();
    let mut heard = Vec::new();
    for step in [400, 700, 1000, 2500, 999, 1] {
        scene.sandbox.tick(Duration::from_millis(step));
        if step == 400 || step == 999 {
            // Less than a second since the last update: none is due.
            continue;
        }
        let update = update(&mut tail).await;
        assert!(!update.session_metadata.unwrap().sampled);
        heard.extend(update.session_results.unwrap_or_default());
    }
    let (_, lines) = scene.story("orders-api", 0);
    let mut expected = texts(&lines);
    expected.retain(|(at, _)| *at >= since);
    assert!(expected.len() > 2);
    let read = heard
        .iter()
        .map(|event| (event.timestamp.unwrap(), event.message.clone().unwrap()));
    assert_eq!(read.collect::<Vec<_>>(), expected);
    assert!(
        heard
            .iter()
            .all(|event| event.log_stream_name() == Some(&name))
    );
}

#[tokio::test]
async fn a_live_tail_takes_a_sample_of_too_much() {
    let scene = Scene::demo().await;
    let mut tail = tail(&scene, "storefront", &[], Some("HTTP")).await;
    begin(&mut tail).await;
    scene.sandbox.tick(Duration::from_mins(1));
    let update = update(&mut tail).await;
    assert_eq!(update.session_results().len(), 500);
    assert!(update.session_metadata().unwrap().sampled());
    assert!(
        update
            .session_results()
            .iter()
            .all(|event| event.message().unwrap().contains("HTTP"))
    );
}

#[tokio::test]
async fn a_live_tail_may_be_denied_or_end_early() {
    let scene = Scene::demo().await;
    scene.sandbox.set_live_tail(LiveTail::Denied);
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/cart";
    let ask = |arn: &str| scene.logs().start_live_tail().log_group_identifiers(arn);
    let error = ask(arn).send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    assert!(error.message().unwrap().contains("logs:StartLiveTail"));
    scene.sandbox.set_live_tail(LiveTail::EndsAfter(1));
    let error = ask(&format!("{arn}:*")).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterException"));
    let error = ask(&format!("{arn}x")).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ResourceNotFoundException"));
    let both = ask(arn).log_stream_names("a").log_stream_name_prefixes("a");
    assert_eq!(
        both.send().await.unwrap_err().code(),
        Some("InvalidParameterException")
    );
    let two = ask(arn).log_group_identifiers(arn).log_stream_names("a");
    assert_eq!(
        two.send().await.unwrap_err().code(),
        Some("InvalidParameterException")
    );
    let mut tail = tail(&scene, "cart", &[], None).await;
    begin(&mut tail).await;
    scene.sandbox.tick(Duration::from_secs(1));
    update(&mut tail).await;
    scene.sandbox.tick(Duration::from_secs(1));
    let error = tail
        .response_stream
        .recv()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(
        matches!(
            error,
            StartLiveTailResponseStreamError::SessionTimeoutException(_)
        ),
        "{error:?}"
    );
    assert!(tail.response_stream.recv().await.unwrap().is_none());
    assert_eq!(scene.sandbox.calls()["StartLiveTail"], 6);
}

#[tokio::test]
async fn a_live_tail_is_over_when_the_client_goes_or_the_sandbox_stops() {
    let scene = Scene::demo().await;
    let mut one = tail(&scene, "cart", &[], None).await;
    begin(&mut one).await;
    let mut other = tail(&scene, "cart", &[], None).await;
    begin(&mut other).await;
    assert_eq!(scene.sandbox.streams()["live tail"], 2);
    drop(one);
    while scene.sandbox.streams()["live tail"] == 2 {
        tokio::task::yield_now().await;
    }
    let streams = lock(&scene.sandbox.home.account).streams.clone();
    scene.sandbox.stop().await;
    assert!(!matches!(other.response_stream.recv().await, Ok(Some(_))));
    assert!(streams.count().is_empty());
}

#[tokio::test]
async fn fifteen_live_tails_are_the_most() {
    let scene = Scene::open(Options {
        throttle: true,
        ..Options::default()
    })
    .await;
    let streams = lock(&scene.sandbox.home.account).streams.clone();
    let others: Vec<_> = (0..15).map(|_| streams.open("live tail")).collect();
    let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/cart";
    let ask = || {
        scene
            .logs()
            .start_live_tail()
            .log_group_identifiers(arn)
            .send()
    };
    assert_eq!(
        ask().await.unwrap_err().code(),
        Some("LimitExceededException")
    );
    drop(others);
    ask().await.unwrap();
}
