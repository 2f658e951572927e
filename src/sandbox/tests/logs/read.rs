//! Reading logs: groups, streams, pages, tokens, patterns, quotas.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata as _;
use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, OrderBy};
use rstest::rstest;

use super::{Scene, texts};
use crate::sandbox::front::Request;
use crate::sandbox::{Options, lock};

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
    assert!(full.next_token().is_some());
    assert!(
        (1 << 20) - 1000 < bytes && bytes <= 1 << 20,
        "{bytes} bytes"
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
    let mut account = lock(&scene.sandbox.home.account);
    let answers = (0..25).map(|_| account.answer(request, later).error);
    let granted = answers.filter(Option::is_none).count();
    assert_eq!(granted, 10);
    let refused = account.answer(request, later).error;
    assert_eq!(refused, Some("ThrottlingException"));
}
