//! Tails: where lines are read, how they go on, and what is said of it.

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::fake::{Container, Fake, output};
use super::*;
use crate::model::{FaultKind, LogPlace, LogReport, LogStream, Subject, Tail, TailState};

fn stream(id: &str, name: &str) -> LogStream {
    LogStream {
        container: Subject::part(&task(id), name),
        place: LogPlace::Engine { host: None },
    }
}

fn all_of(streams: Vec<LogStream>) -> Tail {
    Tail {
        streams,
        since: None,
        newest: None,
        follow: true,
    }
}

/// A tail that is open.
struct Open {
    reports: mpsc::Receiver<LogReport>,
    tail: watch::Sender<Tail>,
    task: JoinHandle<()>,
    /// Kept, lest the engines end.
    _engines: mpsc::Receiver<EngineReport>,
    engines: Engines,
}

fn open(address: Option<&str>, tail: Tail) -> Open {
    let settings = Settings {
        local: address.map(str::to_owned),
        rules: Vec::new(),
    };
    let (sender, engine_reports) = mpsc::channel(64);
    let engines = Engines::start_at(settings, PACE, sender);
    let (tail, receiver) = watch::channel(tail);
    let (sender, reports) = mpsc::channel(4);
    let reading = engines.clone();
    let task = tokio::spawn(async move { reading.tail(receiver, sender).await });
    Open {
        reports,
        tail,
        task,
        _engines: engine_reports,
        engines,
    }
}

impl Open {
    async fn state(&mut self, fits: impl Fn(&TailState) -> bool) -> TailState {
        until(&mut self.reports, |report| match report {
            LogReport::State { state, .. } if fits(state) => Some(state.clone()),
            _ => None,
        })
        .await
    }

    /// The next lines, as many as asked for; no more may come with them.
    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        until(&mut self.reports, |report| {
            if let LogReport::Lines { lines: new, .. } = report {
                lines.extend(new.iter().map(|line| line.text.to_string()));
            }
            (lines.len() >= count).then_some(())
        })
        .await;
        assert_eq!(lines.len(), count);
        lines
    }
}

fn written(second: u32, text: &str) -> Vec<u8> {
    output(1, &format!("2026-11-22T08:56:{second:02}.5Z {text}\n"))
}

#[tokio::test]
async fn both_outputs_are_read_and_then_it_is_live() {
    let fake = Fake::start();
    let log = [
        written(1, "out"),
        output(2, "2026-11-22T08:56:02.5Z err\n"),
        written(3, "again"),
    ]
    .concat();
    fake.put(
        "a",
        "start",
        Container {
            log,
            ..Container::running("1", "app")
        },
    );
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    let lines = until(&mut open.reports, |report| match report {
        LogReport::Lines { container, lines } => Some((container.clone(), lines.clone())),
        _ => None,
    });
    let (container, lines) = lines.await;
    assert_eq!(container, Subject::part(&task("1"), "app"));
    let read: Vec<_> = lines.iter().map(|line| (line.error, &*line.text)).collect();
    assert_eq!(read, [(false, "out"), (true, "err"), (false, "again")]);
    open.state(|state| *state == TailState::Live).await;
    assert_eq!(open.engines.open_streams(), 1);
    assert_eq!(fake.asked("timestamps=true"), 1);
    assert_eq!(fake.asked("tail=all"), 1);
}

#[tokio::test]
async fn a_terminals_output_is_read_too() {
    let fake = Fake::start();
    let log = b"2026-11-22T08:56:01.5Z $ ls\r\n2026-11-22T08:56:02.5Z bin\r\n".to_vec();
    fake.put(
        "a",
        "start",
        Container {
            log,
            ..Container::running("1", "app")
        },
    );
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    assert_eq!(open.lines(2).await, ["$ ls", "bin"]);
}

#[tokio::test]
async fn a_container_that_ended_is_read_to_its_end_and_on_when_it_starts_again() {
    let fake = Fake::start();
    let first = [
        written(1, "one"),
        output(1, "2026-11-22T08:56:02.5Z no end of line"),
    ]
    .concat();
    let ended = Container {
        state: "exited".to_owned(),
        exit_code: 3,
        log: first.clone(),
        log_stays: false,
        ..Container::running("1", "app")
    };
    fake.put("a", "die", ended);
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    assert_eq!(open.lines(2).await, ["one", "no end of line"]);
    open.state(|state| *state == TailState::Ended).await;
    let again = [first, written(4, "two")].concat();
    fake.put(
        "a",
        "start",
        Container {
            log: again,
            ..Container::running("1", "app")
        },
    );
    assert_eq!(open.lines(1).await, ["two"]);
    open.state(|state| *state == TailState::Live).await;
}

#[tokio::test]
async fn after_a_break_each_line_comes_once() {
    let mut fake = Fake::start();
    let before = [
        written(1, "one"),
        written(2, "two"),
        output(1, "2026-11-22T08:56:03.5Z half "),
    ]
    .concat();
    fake.put(
        "a",
        "start",
        Container {
            log: before,
            ..Container::running("1", "app")
        },
    );
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    assert_eq!(open.lines(2).await, ["one", "two"]);
    fake.stop().await;
    open.state(|state| matches!(state, TailState::Failed(_)))
        .await;
    let half = output(1, "2026-11-22T08:56:03.5Z half ");
    let rest = output(1, "2026-11-22T08:56:03.5Z a line\n");
    let after = [written(2, "two"), half, rest, written(3, "three")].concat();
    fake.change(|state| state.containers.get_mut("a").unwrap().log = after);
    fake.listen();
    assert_eq!(open.lines(2).await, ["half a line", "three"]);
    assert_eq!(
        fake.asked("since=1795337760"),
        1,
        "two seconds before the last whole line"
    );
}

#[tokio::test]
async fn without_following_it_ends_where_the_log_does() {
    let fake = Fake::start();
    let log = [written(1, "one"), written(2, "two")].concat();
    fake.put(
        "a",
        "start",
        Container {
            log,
            log_stays: false,
            ..Container::running("1", "app")
        },
    );
    let tail = Tail {
        newest: Some(100),
        follow: false,
        ..all_of(vec![stream("1", "app")])
    };
    let mut open = open(Some(&fake.address()), tail);
    assert_eq!(open.lines(2).await, ["one", "two"]);
    open.state(|state| *state == TailState::Ended).await;
    assert_eq!(fake.asked("follow=false"), 1);
    assert_eq!(fake.asked("tail=100"), 1);
}

#[tokio::test]
async fn a_container_that_is_not_there_is_read_when_it_appears() {
    let fake = Fake::start();
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    let state = open
        .state(|state| matches!(state, TailState::Failed(_)))
        .await;
    let TailState::Failed(fault) = state else {
        unreachable!()
    };
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert!(fault.message.contains("no container of task"), "{fault}");
    fake.put(
        "a",
        "start",
        Container {
            log: written(1, "one"),
            ..Container::running("1", "app")
        },
    );
    assert_eq!(open.lines(1).await, ["one"]);
}

#[tokio::test]
async fn without_any_engine_it_is_said_what_to_set() {
    let mut open = open(None, all_of(vec![stream("1", "app")]));
    let state = open
        .state(|state| matches!(state, TailState::Failed(_)))
        .await;
    let TailState::Failed(fault) = state else {
        unreachable!()
    };
    assert_eq!(fault.kind, FaultKind::Unconfigured);
    assert!(fault.hint.contains("[[engines.hosts]]"), "{fault}");
}

#[tokio::test]
async fn the_engines_own_words_are_a_fault_and_no_line() {
    let fake = Fake::start();
    let log = [
        written(1, "one"),
        output(3, "Error grabbing logs: invalid character\n"),
    ]
    .concat();
    fake.put(
        "a",
        "start",
        Container {
            log,
            ..Container::running("1", "app")
        },
    );
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    assert_eq!(open.lines(1).await, ["one"]);
    let state = open
        .state(|state| matches!(state, TailState::Failed(_)))
        .await;
    let TailState::Failed(fault) = state else {
        unreachable!()
    };
    assert_eq!(fault.message, "Error grabbing logs: invalid character");
}

#[tokio::test]
async fn streams_come_and_go_with_the_tail() {
    let fake = Fake::start();
    for (id, task) in [("a", "1"), ("b", "2")] {
        fake.put(
            id,
            "start",
            Container {
                log: written(1, id),
                ..Container::running(task, "app")
            },
        );
    }
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    assert_eq!(open.lines(1).await, ["a"]);
    open.tail
        .send_replace(all_of(vec![stream("1", "app"), stream("2", "app")]));
    assert_eq!(open.lines(1).await, ["b"]);
    fake.connections("logs", 2).await;
    open.tail.send_replace(all_of(vec![stream("2", "app")]));
    fake.connections("logs", 1).await;
    assert_eq!(fake.asked("/logs"), 2, "what stays is not read anew");
    drop(open.tail);
    open.task.await.unwrap();
    fake.no_connections().await;
    assert_eq!(open.engines.open_streams(), 0);
}

#[tokio::test]
async fn it_ends_when_nobody_takes_its_reports() {
    let fake = Fake::start();
    fake.put(
        "a",
        "start",
        Container {
            log: written(1, "a"),
            ..Container::running("1", "app")
        },
    );
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    open.lines(1).await;
    drop(open.reports);
    open.task.await.unwrap();
    fake.no_connections().await;
}

#[tokio::test]
async fn a_slow_receiver_loses_no_line() {
    let fake = Fake::start();
    let count = 50_000;
    let log: Vec<u8> = (0..count)
        .flat_map(|number| written(1, &format!("line {number}")))
        .collect();
    fake.put(
        "a",
        "start",
        Container {
            log,
            ..Container::running("1", "app")
        },
    );
    let mut open = open(Some(&fake.address()), all_of(vec![stream("1", "app")]));
    let lines = open.lines(count).await;
    assert!(
        lines
            .iter()
            .enumerate()
            .all(|(number, line)| *line == format!("line {number}"))
    );
}
