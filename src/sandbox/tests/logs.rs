//! CloudWatch Logs as the SDK's client sees it: groups, streams, pages, tokens, live tails.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata as _;
use aws_sdk_cloudwatchlogs::operation::start_live_tail::StartLiveTailOutput;
use aws_sdk_cloudwatchlogs::types::error::StartLiveTailResponseStreamError;
use aws_sdk_cloudwatchlogs::types::{
    FilteredLogEvent, LiveTailSessionUpdate, OrderBy, StartLiveTailResponseStream,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns};
use rstest::rstest;

use super::Scene;
use crate::sandbox::front::Request;
use crate::sandbox::world::output::{self, Line};
use crate::sandbox::world::task::Task;
use crate::sandbox::{LiveTail, Options, lock};

/// Resolves every name to this machine: the SDK puts `stream-` before the host of live tails.
#[derive(Clone, Debug)]
struct Here;

impl ResolveDns for Here {
    fn resolve_dns<'a>(&'a self, _: &'a str) -> DnsFuture<'a> {
        DnsFuture::ready(Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]))
    }
}

impl Scene {
    fn logs(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_with_resolver(Here);
        let config = aws_sdk_cloudwatchlogs::config::Builder::from(&self.config);
        Client::from_conf(config.http_client(http).build())
    }

    fn now(&self) -> i64 {
        i64::try_from(lock(&self.sandbox.account).world.now.millis()).unwrap()
    }

    /// The stream of the first running task of a family, and all that is in it.
    fn story(&self, family: &str, container: usize) -> (String, Vec<Line>) {
        let account = lock(&self.sandbox.account);
        let world = &account.world;
        let is_it = |task: &&Task| {
            world.definition(task.definition).family == family
                && task
                    .life(container)
                    .is_some_and(|(_, ended)| ended.is_none())
        };
        let task = world.tasks.values().find(is_it).unwrap();
        let definition = world.definition(task.definition);
        let spec = &definition.containers[container];
        let prefix = spec.stream_prefix().unwrap();
        let name = format!("{prefix}/{}/{}", spec.name, task.key.id());
        let begin = world.now - Duration::from_mins(30);
        let lines = output::lines(task, definition, container, begin, world.now);
        (name, lines)
    }
}

fn texts(lines: &[Line]) -> Vec<(i64, String)> {
    let text = |line: &Line| (i64::try_from(line.at.millis()).unwrap(), line.text.clone());
    lines.iter().map(text).collect()
}

fn read(events: &[FilteredLogEvent]) -> Vec<(i64, String)> {
    let read =
        |event: &FilteredLogEvent| (event.timestamp.unwrap(), event.message.clone().unwrap());
    events.iter().map(read).collect()
}

#[tokio::test]
async fn groups_and_streams_are_those_of_the_tasks() {
    let scene = Scene::demo().await;
    let logs = scene.logs();
    let groups = logs
        .describe_log_groups()
        .log_group_name_prefix("/ecs/orders")
        .send()
        .await
        .unwrap();
    let [group] = groups.log_groups() else {
        panic!("{groups:?}");
    };
    assert_eq!(
        group.log_group_arn(),
        Some("arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/orders-api")
    );
    let by_name = logs
        .describe_log_streams()
        .log_group_name("/ecs/orders-api");
    let by_name = by_name.send().await.unwrap();
    let names: Vec<_> = by_name
        .log_streams()
        .iter()
        .map(|it| it.log_stream_name().unwrap())
        .collect();
    assert!(names.is_sorted() && names.len() >= 3 * 4, "{names:?}");
    let (name, _) = scene.story("orders-api", 0);
    assert!(names.contains(&name.as_str()) && name.starts_with("app/app/"));
    let by_time = logs
        .describe_log_streams()
        .log_group_identifier(group.log_group_arn().unwrap())
        .order_by(OrderBy::LastEventTime)
        .descending(true)
        .limit(3)
        .send()
        .await
        .unwrap();
    let times: Vec<_> = by_time
        .log_streams()
        .iter()
        .map(|it| it.last_event_timestamp().unwrap())
        .collect();
    assert!(times.len() == 3 && times.is_sorted_by(|one, other| one >= other));
    assert!(by_time.next_token().is_some() && times[0] <= scene.now());
}

#[tokio::test]
async fn a_stream_without_a_prefix_has_the_name_of_the_container() {
    let scene = Scene::demo().await;
    let logs = scene.logs();
    let streams = logs
        .describe_log_streams()
        .log_group_name("/ecs/datadog-agent");
    let streams = streams.send().await.unwrap();
    let names = streams
        .log_streams()
        .iter()
        .map(|it| it.log_stream_name().unwrap().to_owned());
    let names: BTreeSet<String> = names.collect();
    let tasks = scene
        .ecs
        .list_tasks()
        .cluster("prod-web")
        .family("datadog-agent");
    let tasks = tasks.send().await.unwrap();
    let tasks = scene
        .ecs
        .describe_tasks()
        .cluster("prod-web")
        .set_tasks(tasks.task_arns);
    let tasks = tasks.send().await.unwrap();
    assert!(!tasks.tasks().is_empty());
    for container in tasks
        .tasks()
        .iter()
        .flat_map(aws_sdk_ecs::types::Task::containers)
    {
        let id = container.runtime_id().unwrap();
        assert!(id.len() == 64 && names.contains(id));
        let events = logs
            .get_log_events()
            .log_group_name("/ecs/datadog-agent")
            .log_stream_name(id);
        assert!(!events.send().await.unwrap().events().is_empty());
    }
}

#[rstest]
#[case::all_at_once(10_000, true)]
#[case::in_small_pages(97, true)]
#[case::newest_first(97, false)]
#[tokio::test]
async fn filtered_events_come_each_once_and_in_order(#[case] limit: i32, #[case] forward: bool) {
    let scene = Scene::demo().await;
    let logs = scene.logs();
    let (now, group) = (scene.now(), "/ecs/inventory-api");
    let (name, lines) = scene.story("inventory-api", 0);
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let page = logs
            .filter_log_events()
            .log_group_name(group)
            .start_time(now - 1_800_000)
            .end_time(now - 1)
            .start_from_head(forward)
            .limit(limit)
            .set_next_token(token)
            .send()
            .await
            .unwrap();
        assert!(page.events().len() <= usize::try_from(limit).unwrap());
        all.extend(page.events.unwrap_or_default());
        token = page.next_token;
        if token.is_none() {
            break;
        }
        // The world goes on meanwhile.
        scene.sandbox.tick(Duration::from_millis(300));
    }
    let times = all.iter().map(|event| event.timestamp.unwrap());
    assert!(if forward {
        times.is_sorted()
    } else {
        times.rev().is_sorted()
    });
    let ids: BTreeSet<_> = all
        .iter()
        .map(|event| event.event_id.clone().unwrap())
        .collect();
    assert_eq!(ids.len(), all.len(), "ids are unique");
    let streams: BTreeSet<_> = all
        .iter()
        .map(|event| event.log_stream_name.clone())
        .collect();
    assert!(streams.len() >= 3);
    all.retain(|event| event.log_stream_name.as_deref() == Some(&name));
    if !forward {
        all.reverse();
    }
    assert_eq!(read(&all), texts(&lines));
}

#[tokio::test]
async fn a_page_holds_a_megabyte_and_may_be_empty() {
    let scene = Scene::demo().await;
    let logs = scene.logs();
    let ask = |pattern: &str, token| {
        logs.filter_log_events()
            .log_group_name("/ecs/storefront")
            .log_stream_name_prefix("nginx/")
            .filter_pattern(pattern)
            .start_time(scene.now() - 1_800_000)
            .set_next_token(token)
            .send()
    };
    let full = ask("", None).await.unwrap();
    let bytes: usize = full
        .events()
        .iter()
        .map(|event| event.message().unwrap().len() + 26)
        .sum();
    assert!(
        full.next_token().is_some() && bytes <= 1 << 20 && bytes > 1_000_000
            || full.events().len() == 10_000
    );
    let (mut pages, mut token) = (0, None);
    loop {
        let page = ask("nobody", token).await.unwrap();
        assert!(page.events().is_empty());
        pages += 1;
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert!(pages > 3, "a search ends before all is looked at: {pages}");
}

#[tokio::test]
async fn patterns_and_streams_narrow() {
    let scene = Scene::demo().await;
    let logs = scene.logs();
    let (name, lines) = scene.story("orders-api", 0);
    let page = logs
        .filter_log_events()
        .log_group_name("/ecs/orders-api")
        .log_stream_names(&name)
        .filter_pattern("?\"\\\"status\\\":500\" ?\"slow request\"")
        .start_time(scene.now() - 1_800_000)
        .send()
        .await
        .unwrap();
    let mut expected = texts(&lines);
    expected.retain(|(_, text)| text.contains("\"status\":500") || text.contains("slow request"));
    assert!(!expected.is_empty());
    assert_eq!(read(page.events()), expected);
}

#[tokio::test]
async fn tokens_of_a_stream_lead_both_ways_and_stay_at_its_end() {
    let scene = Scene::demo().await;
    let logs = scene.logs();
    let (name, lines) = scene.story("orders-api", 0);
    let start = scene.now() - 1_800_000;
    let ask = |head: bool, token: Option<&str>| {
        logs.get_log_events()
            .log_group_name("/ecs/orders-api")
            .log_stream_name(&name)
            .start_time(start)
            .start_from_head(head)
            .limit(100)
            .set_next_token(token.map(str::to_owned))
            .send()
    };
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let page = ask(true, token.as_deref()).await.unwrap();
        let next = page.next_forward_token.clone();
        all.extend(
            page.events()
                .iter()
                .map(|event| (event.timestamp.unwrap(), event.message.clone().unwrap())),
        );
        if next == token {
            assert!(page.events().is_empty());
            break;
        }
        token = next;
    }
    assert_eq!(all, texts(&lines));
    scene.sandbox.tick(Duration::from_secs(30));
    let more = ask(true, token.as_deref()).await.unwrap();
    assert!(
        !more.events().is_empty(),
        "the stream went on behind the token"
    );
    let newest = ask(false, None).await.unwrap();
    assert_eq!(newest.events().len(), 100);
    assert_eq!(
        newest.events().last().unwrap().message(),
        more.events().last().unwrap().message()
    );
    let before = ask(false, newest.next_backward_token()).await.unwrap();
    let older = before.events().last().unwrap().timestamp().unwrap();
    assert!(before.events().len() == 100 && older <= newest.events()[0].timestamp().unwrap());
    let again = ask(true, before.next_forward_token()).await.unwrap();
    assert_eq!(again.events(), newest.events());
    let (mut count, mut token) = (200, before.next_backward_token);
    loop {
        let page = ask(false, token.as_deref()).await.unwrap();
        count += page.events().len();
        if page.next_backward_token == token {
            break;
        }
        token = page.next_backward_token;
    }
    assert_eq!(count, all.len() + more.events().len());
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_allowed() {
    let scene = Scene::demo().await;
    let logs = scene.logs();
    let filter = || logs.filter_log_events();
    let cases = [
        (
            filter().log_group_name("/ecs/nope"),
            "ResourceNotFoundException",
        ),
        (
            filter()
                .log_group_name("/ecs/cart")
                .log_stream_names("app/app/0"),
            "ResourceNotFoundException",
        ),
        (filter(), "InvalidParameterException"),
        (
            filter()
                .log_group_name("/ecs/cart")
                .log_group_identifier("/ecs/cart"),
            "InvalidParameterException",
        ),
        (
            filter().log_group_name("/ecs/cart").limit(10_001),
            "InvalidParameterException",
        ),
        (
            filter().log_group_name("/ecs/cart").filter_pattern("a-b"),
            "InvalidParameterException",
        ),
        (
            filter()
                .log_group_name("/ecs/cart")
                .start_time(9)
                .end_time(8),
            "InvalidParameterException",
        ),
        (
            filter().log_group_name("/ecs/cart").start_from_head(false),
            "InvalidParameterException",
        ),
        (
            filter().log_group_name("/ecs/cart").next_token("x"),
            "InvalidParameterException",
        ),
        (
            filter()
                .log_group_name("/ecs/cart")
                .log_stream_names("a")
                .log_stream_name_prefix("a"),
            "InvalidParameterException",
        ),
        (
            filter()
                .log_group_name("/ecs/cart")
                .set_log_stream_names(Some(vec!["a".to_owned(); 101])),
            "InvalidParameterException",
        ),
    ];
    for (request, code) in cases {
        let shown = format!("{request:?}");
        let error = request.send().await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{shown}");
    }
    let streams = logs.describe_log_streams().log_group_name("/ecs/cart");
    let error = streams.limit(51).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterException"));
    let calls = scene.sandbox.calls();
    assert_eq!(
        (calls["FilterLogEvents"], calls["DescribeLogStreams"]),
        (11, 1)
    );
}

#[tokio::test]
async fn the_quota_of_searches_is_ten_a_second() {
    let scene = Scene::open(Options {
        throttle: true,
        ..Options::default()
    })
    .await;
    let request = Request {
        path: "/",
        target: Some("Logs_20140328.FilterLogEvents"),
        body: br#"{"logGroupName": "/ecs/cart"}"#,
    };
    let later = Instant::now() + Duration::from_hours(1);
    let mut account = lock(&scene.sandbox.account);
    let answers = (0..25).map(|_| account.answer(request, later).error);
    let granted = answers.filter(Option::is_none).count();
    assert_eq!(granted, 10);
    let refused = account.answer(request, later).error;
    assert_eq!(refused, Some("ThrottlingException"));
}

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
    let streams = lock(&scene.sandbox.account).streams.clone();
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
    let streams = lock(&scene.sandbox.account).streams.clone();
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
