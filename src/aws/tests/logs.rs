//! Tails against log groups that are told what is in them: what is asked, how often, and that each line comes once.

mod account;
mod beginning;
mod ends;
mod sessions;

use std::time::Duration;

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use self::account::{Account, GROUP};
use super::*;
use crate::{
    aws::logs::Times,
    model::{LogGroup, LogPlace, LogReport, LogStream, Subject, Tail, TailState, Timestamp},
};

/// Times in which a test does not grow old. What is meant not to happen is far away.
fn times() -> Times {
    let soon = Duration::from_millis(20);
    let never = Duration::from_hours(1);
    Times {
        silence: never,
        settle: soon,
        fill: soon,
        poll: soon,
        brief: Duration::ZERO,
        failed: soon,
        full: never,
        missing: soon,
        patience: never,
        denied: never,
        ..Times::default()
    }
}

fn subject(stream: &str) -> Subject {
    let task = format!("arn:aws:ecs:eu-west-1:123456789012:task/web/{stream}");
    Subject::part(&Arn::new(&task), "app")
}

fn stream_in(group: &LogGroup, stream: &str) -> LogStream {
    LogStream {
        container: subject(stream),
        place: LogPlace::CloudWatch {
            group: group.clone(),
            stream: stream.to_owned(),
        },
    }
}

fn tail_of(streams: &[&str]) -> Tail {
    let group = LogGroup {
        region: "eu-west-1".to_owned(),
        name: GROUP.to_owned(),
    };
    Tail {
        streams: streams
            .iter()
            .map(|stream| stream_in(&group, stream))
            .collect(),
        since: None,
        newest: None,
        follow: true,
    }
}

/// A tail that is being read.
struct Reading {
    wanted: watch::Sender<Tail>,
    reports: mpsc::Receiver<LogReport>,
    task: JoinHandle<()>,
    lines: Vec<(String, String)>,
    states: Vec<(String, TailState)>,
    lost: Vec<String>,
}

impl Reading {
    async fn start(account: &Account, tail: Tail) -> Self {
        Self::with(account, tail, times(), 64).await
    }

    async fn with(account: &Account, tail: Tail, times: Times, room: usize) -> Self {
        let clients = account.fake.clients().await;
        let (wanted, receiver) = watch::channel(tail);
        let (sender, reports) = mpsc::channel(room);
        let task = tokio::spawn(async move { clients.tail_with(times, receiver, sender).await });
        Self {
            wanted,
            reports,
            task,
            lines: Vec::new(),
            states: Vec::new(),
            lost: Vec::new(),
        }
    }

    async fn take(&mut self) {
        let report = tokio::time::timeout(Duration::from_secs(20), self.reports.recv()).await;
        let seen = format!("{:?} {:?} {:?}", self.lines, self.states, self.lost);
        match report.unwrap_or_else(|_| panic!("nothing more after {seen}")) {
            Some(LogReport::Lines { container, lines }) => {
                assert!(lines.is_sorted_by_key(|line| line.at), "in order");
                self.lines.extend(
                    lines
                        .iter()
                        .map(|line| (container.arn.name().to_owned(), line.text.to_string())),
                );
            }
            Some(LogReport::State { containers, state }) => self.states.extend(
                containers
                    .iter()
                    .map(|container| (container.arn.name().to_owned(), state.clone())),
            ),
            Some(LogReport::Lost { why, .. }) => self.lost.push(why),
            None => panic!("the tail ended by itself after {seen}"),
        }
    }

    async fn until(&mut self, wanted: impl Fn(&Self) -> bool) {
        while !wanted(self) {
            self.take().await;
        }
    }

    fn state(&self, stream: &str) -> Option<&TailState> {
        let mut states = self.states.iter().rev();
        states
            .find(|(name, _)| name == stream)
            .map(|(_, state)| state)
    }

    async fn until_live(&mut self, stream: &str) {
        self.until(|reading| reading.state(stream) == Some(&TailState::Live))
            .await;
    }

    async fn until_line(&mut self, text: &str) {
        self.until(|reading| reading.lines.iter().any(|(_, line)| line == text))
            .await;
    }

    async fn until_polling(&mut self, stream: &str) -> String {
        let is_polling =
            |reading: &Self| matches!(reading.state(stream), Some(TailState::Polling { .. }));
        self.until(is_polling).await;
        match self.state(stream) {
            Some(TailState::Polling { why, .. }) => why.clone(),
            _ => unreachable!("waited for"),
        }
    }

    /// Lets the tail come to its end, with whatever it holds back.
    async fn end(&mut self) {
        self.wanted.send_modify(|tail| tail.follow = false);
        let ended = |reading: &Self| {
            reading.states.last().map(|(_, state)| state) == Some(&TailState::Ended)
        };
        self.until(ended).await;
    }

    /// The texts of a stream in the order in which they came.
    fn texts(&self, stream: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter(|(name, _)| name == stream);
        lines.map(|(_, text)| text.as_str()).collect()
    }
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}
