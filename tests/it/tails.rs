//! Tails of real log groups: numbered lines that containers write are read exactly once, live and without a live tail.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_ecs::types::{ContainerDefinition, LogConfiguration, LogDriver, NetworkMode};
use ecsight::{
    aws::Clients,
    model::{Arn, LogGroup, LogPlace, LogReport, LogStream, Subject, Tail, TailState},
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::proxy::{Fault, Proxy};
use crate::servers::{self, ministack, moto};

/// How long a test waits for one thing.
const PATIENCE: Duration = Duration::from_secs(90);

/// A name that no other run of the tests has used.
fn unique(name: &str) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("{name}-{}", since.as_micros())
}

/// The stream of a container of a task.
fn stream(group: &str, container: &Subject) -> LogStream {
    let name = container.part.as_deref().unwrap();
    LogStream {
        container: container.clone(),
        place: LogPlace::CloudWatch {
            group: LogGroup {
                region: "us-east-1".to_owned(),
                name: group.to_owned(),
            },
            stream: format!("ecs/{name}/{}", container.arn.name()),
        },
    }
}

fn tail(group: &str, containers: &[&Subject]) -> Tail {
    Tail {
        streams: containers
            .iter()
            .map(|container| stream(group, container))
            .collect(),
        since: None,
        newest: None,
        follow: true,
    }
}

/// What came of a tail.
struct Reading {
    reports: mpsc::Receiver<LogReport>,
    lines: Vec<(Subject, String)>,
    states: Vec<(Subject, TailState)>,
}

impl Reading {
    fn start(clients: Clients, tail: watch::Receiver<Tail>) -> Self {
        let (sender, reports) = mpsc::channel(16);
        tokio::spawn(async move { clients.tail(tail, sender).await });
        Self {
            reports,
            lines: Vec::new(),
            states: Vec::new(),
        }
    }

    async fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let wait = async {
            while !wanted(self) {
                match self.reports.recv().await.expect("the tail goes on") {
                    LogReport::Lines { container, lines } => self.lines.extend(
                        lines
                            .iter()
                            .map(|line| (container.clone(), line.text.to_string())),
                    ),
                    LogReport::State { containers, state } => self.states.extend(
                        containers
                            .into_iter()
                            .map(|container| (container, state.clone())),
                    ),
                    LogReport::Lost { why, .. } => panic!("lost: {why}"),
                }
            }
        };
        let came = timeout(PATIENCE, wait).await;
        assert!(
            came.is_ok(),
            "not {what}: {} lines, {:?}, {:?}",
            self.lines.len(),
            self.lines.last(),
            self.states
        );
    }

    fn is(&self, container: &Subject, state: fn(&TailState) -> bool) -> bool {
        let mut states = self.states.iter().rev();
        let found = states.find(|(of, _)| of == container);
        found.is_some_and(|(_, last)| state(last))
    }

    fn texts(&self, container: &Subject) -> Vec<&str> {
        let lines = self.lines.iter().filter(|(of, _)| of == container);
        lines.map(|(_, text)| text.as_str()).collect()
    }

    /// Waits for the last of numbered lines; then they are all there, once and in order.
    async fn all(&mut self, container: &Subject, count: usize) {
        let last = format!("line {count}");
        self.until("all lines", |reading| {
            reading.texts(container).last() == Some(&last.as_str())
        })
        .await;
        let expected: Vec<_> = (1..=count).map(|number| format!("line {number}")).collect();
        assert_eq!(self.texts(container), expected);
    }
}

fn is_live(state: &TailState) -> bool {
    *state == TailState::Live
}

fn is_polling(state: &TailState) -> bool {
    matches!(state, TailState::Polling { .. })
}

/// A task on MiniStack that writes numbered lines; stopped when it is no longer wanted.
struct Writer {
    ecs: aws_sdk_ecs::Client,
    container: Subject,
}

impl Writer {
    /// Starts a container that writes so many lines in bursts of forty, and then waits.
    async fn start(group: &str, lines: usize) -> Self {
        let ecs = servers::ecs(&ministack()).await;
        let described = ecs.describe_task_definition().task_definition("report");
        let described = described.send().await.unwrap().task_definition.unwrap();
        let image = described.container_definitions()[0].image().unwrap();
        let script = format!(
            "i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo \"line $i\"; [ $((i % 40)) -ne 0 ] || sleep 0.2; done; \
             exec sleep 600"
        );
        let logs = LogConfiguration::builder()
            .log_driver(LogDriver::Awslogs)
            .options("awslogs-group", group)
            .options("awslogs-region", "us-east-1")
            .options("awslogs-stream-prefix", "ecs")
            .options("awslogs-create-group", "true")
            .build()
            .unwrap();
        let container = ContainerDefinition::builder()
            .name("numbers")
            .image(image)
            .memory(64)
            .set_entry_point(Some(vec![]))
            .set_command(Some(vec!["sh".to_owned(), "-c".to_owned(), script]))
            .log_configuration(logs)
            .build();
        let family = unique("numbers");
        ecs.register_task_definition()
            .family(&family)
            // Needs nothing of the engine's networks.
            .network_mode(NetworkMode::Host)
            .container_definitions(container)
            .send()
            .await
            .unwrap();
        let run = ecs.run_task().cluster("staging").task_definition(&family);
        let ran = run.send().await.unwrap();
        assert!(ran.failures().is_empty(), "{:?}", ran.failures());
        let task = Arn::new(ran.tasks()[0].task_arn().unwrap());
        Self {
            ecs,
            container: Subject::part(&task, "numbers"),
        }
    }

    async fn stop(self) {
        self.ecs
            .stop_task()
            .cluster("staging")
            .task(self.container.arn.as_str())
            .send()
            .await
            .unwrap();
    }
}

/// A container of a task that is only a name.
fn nobody(name: &str) -> Subject {
    let task = format!("arn:aws:ecs:us-east-1:123456789012:task/web/{name}");
    Subject::part(&Arn::new(&task), "app")
}

/// Writes numbered lines into the stream of a container, which exists from then on.
async fn put(
    logs: &aws_sdk_cloudwatchlogs::Client,
    group: &str,
    container: &Subject,
    numbers: std::ops::RangeInclusive<usize>,
) {
    let name = format!("ecs/app/{}", container.arn.name());
    let _ = logs.create_log_group().log_group_name(group).send().await;
    let made = logs.create_log_stream().log_group_name(group);
    let _ = made.log_stream_name(&name).send().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    let numbers: Vec<_> = numbers.collect();
    for batch in numbers.chunks(5_000) {
        let events = batch.iter().map(|number| {
            let event = InputLogEvent::builder().timestamp(now);
            event.message(format!("line {number}")).build().unwrap()
        });
        logs.put_log_events()
            .log_group_name(group)
            .log_stream_name(&name)
            .set_log_events(Some(events.collect()))
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn numbered_lines_of_a_container_come_once_by_the_live_tail() {
    let group = unique("/numbers/live");
    let writer = Writer::start(&group, 1_000).await;
    let (_wanted, receiver) = watch::channel(tail(&group, &[&writer.container]));
    let mut reading = Reading::start(servers::clients(&ministack()).await, receiver);
    let container = writer.container.clone();
    reading
        .until("live", |reading| reading.is(&container, is_live))
        .await;
    reading.all(&container, 1_000).await;
    assert!(
        !reading.states.iter().any(|(_, state)| is_polling(state)),
        "{:?}",
        reading.states
    );
    writer.stop().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn numbered_lines_of_a_container_come_once_where_live_tails_are_denied() {
    let proxy = Proxy::start(&ministack()).await;
    proxy.fail("StartLiveTail", Fault::Denied);
    let group = unique("/numbers/polled");
    let writer = Writer::start(&group, 1_000).await;
    let (_wanted, receiver) = watch::channel(tail(&group, &[&writer.container]));
    let mut reading = Reading::start(servers::clients(&proxy.url()).await, receiver);
    let container = writer.container.clone();
    reading
        .until("polling", |reading| reading.is(&container, is_polling))
        .await;
    reading.all(&container, 1_000).await;
    assert_eq!(proxy.calls()["StartLiveTail"], 1);
    writer.stop().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_task_that_joins_a_live_tail_is_read_from_its_first_line() {
    let group = unique("/numbers/joined");
    let first = Writer::start(&group, 1_000).await;
    let (wanted, receiver) = watch::channel(tail(&group, &[&first.container]));
    let mut reading = Reading::start(servers::clients(&ministack()).await, receiver);
    let container = first.container.clone();
    reading
        .until("live with lines", |reading| {
            reading.is(&container, is_live) && !reading.lines.is_empty()
        })
        .await;
    let second = Writer::start(&group, 500).await;
    wanted.send_replace(tail(&group, &[&first.container, &second.container]));
    reading.all(&second.container, 500).await;
    reading
        .until("all lines", |reading| {
            reading.texts(&container).len() >= 1_000
        })
        .await;
    reading.all(&container, 1_000).await;
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_live_tail_that_replays_and_ends_at_once_is_given_up_for_a_while() {
    let proxy = Proxy::start(&moto()).await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&servers::config(&moto()).await);
    let (group, container) = (unique("/numbers/brief"), nobody("1"));
    put(&logs, &group, &container, 1..=10).await;
    let (_wanted, receiver) = watch::channel(tail(&group, &[&container]));
    let mut reading = Reading::start(servers::clients(&proxy.url()).await, receiver);
    reading
        .until("polling", |reading| reading.is(&container, is_polling))
        .await;
    reading.all(&container, 10).await;
    put(&logs, &group, &container, 11..=20).await;
    reading.all(&container, 20).await;
    let searches = proxy.calls()["FilterLogEvents"];
    let two_more =
        |calls: &std::collections::BTreeMap<String, u64>| calls["FilterLogEvents"] >= searches + 2;
    timeout(PATIENCE, proxy.until_calls(two_more))
        .await
        .expect("it is polled on");
    assert_eq!(proxy.calls()["StartLiveTail"], 1);
    reading.all(&container, 20).await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn what_fills_several_pages_comes_whole() {
    let proxy = Proxy::start(&moto()).await;
    let logs = aws_sdk_cloudwatchlogs::Client::new(&servers::config(&moto()).await);
    let (group, container) = (unique("/numbers/pages"), nobody("1"));
    put(&logs, &group, &container, 1..=25_000).await;
    let (_wanted, receiver) = watch::channel(Tail {
        follow: false,
        ..tail(&group, &[&container])
    });
    let mut reading = Reading::start(servers::clients(&proxy.url()).await, receiver);
    reading.all(&container, 25_000).await;
    reading
        .until("at the end", |reading| {
            reading.is(&container, |state| *state == TailState::Ended)
        })
        .await;
    assert_eq!(proxy.calls()["FilterLogEvents"], 3);
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn the_newest_lines_are_the_last_ones() {
    let (group, container) = (unique("/numbers/newest"), nobody("1"));
    let logs = aws_sdk_cloudwatchlogs::Client::new(&servers::config(&ministack()).await);
    put(&logs, &group, &container, 1..=500).await;
    let (_wanted, receiver) = watch::channel(Tail {
        newest: Some(3),
        ..tail(&group, &[&container])
    });
    let mut reading = Reading::start(servers::clients(&ministack()).await, receiver);
    reading
        .until("live", |reading| reading.is(&container, is_live))
        .await;
    put(&logs, &group, &container, 501..=502).await;
    reading
        .until("the last line", |reading| {
            reading.texts(&container).last() == Some(&"line 502")
        })
        .await;
    let texts = reading.texts(&container);
    assert_eq!(texts[..3], ["line 498", "line 499", "line 500"]);
    assert_eq!(texts[texts.len() - 2..], ["line 501", "line 502"]);
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_log_group_of_another_region_is_read_there() {
    let (group, container) = (unique("/numbers/abroad"), nobody("1"));
    let config = servers::config(&ministack()).await.into_builder();
    let config = config.region(aws_config::Region::new("eu-central-1"));
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config.build());
    put(&logs, &group, &container, 1..=10).await;
    let mut wanted = tail(&group, &[&container]);
    let LogPlace::CloudWatch { group, .. } = &mut wanted.streams[0].place else {
        unreachable!("made so");
    };
    group.region = "eu-central-1".to_owned();
    let name = group.name.clone();
    let (_wanted, receiver) = watch::channel(wanted);
    let mut reading = Reading::start(servers::clients(&ministack()).await, receiver);
    reading
        .until("live", |reading| reading.is(&container, is_live))
        .await;
    put(&logs, &name, &container, 11..=20).await;
    reading.all(&container, 20).await;
}
