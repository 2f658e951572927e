//! Tails against log groups that are told what is in them: what is asked, how often, and that each line comes once.

mod account;

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

#[tokio::test]
async fn five_streams_of_a_group_are_live_after_three_calls() {
    let account = Account::start().await;
    let streams = ["a", "b", "c", "d", "e"];
    for stream in streams {
        account.put(stream, &["old"]);
    }
    let mut reading = Reading::start(&account, tail_of(&streams)).await;
    let mut session = account.session().await;
    assert_eq!(
        session.input["logGroupIdentifiers"],
        json!([format!(
            "arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}"
        )])
    );
    assert_eq!(session.input["logStreamNames"], json!(streams));
    for stream in streams {
        reading.until_live(stream).await;
        assert_eq!(reading.texts(stream), ["old"]);
    }
    account.until_searches(2).await;
    assert_eq!(
        account.counts(),
        [("FilterLogEvents", 2), ("StartLiveTail", 1)]
    );
    // The last one is after a while, for what searches know late.
    account.until_searches(3).await;
    session.says(&account.put("a", &["new"]));
    reading.until_line("new").await;
    assert_eq!(
        account.counts(),
        [("FilterLogEvents", 3), ("StartLiveTail", 1)]
    );
    assert_eq!(reading.lines.len(), 6);
}

#[tokio::test]
async fn the_newest_lines_take_a_call_for_each_of_few_streams() {
    let account = Account::start().await;
    let streams = ["a", "b", "c", "d", "e"];
    let all = numbered(0..50);
    let texts: Vec<_> = all.iter().map(String::as_str).collect();
    for stream in streams {
        account.put(stream, &texts);
    }
    let tail = Tail {
        newest: Some(3),
        ..tail_of(&streams)
    };
    let mut reading = Reading::start(&account, tail).await;
    let _session = account.session().await;
    account.until_searches(2).await;
    for stream in streams {
        reading.until_live(stream).await;
        assert_eq!(reading.texts(stream), ["line 47", "line 48", "line 49"]);
    }
    let counts = account.counts();
    assert_eq!(
        counts,
        [
            ("FilterLogEvents", 2),
            ("GetLogEvents", 5),
            ("StartLiveTail", 1)
        ]
    );
    assert_eq!(reading.lines.len(), 15, "searches bring no older ones");
}

#[tokio::test]
async fn the_newest_lines_of_many_streams_are_searched_for_backwards() {
    let account = Account::start().await;
    let names: Vec<_> = (0..12).map(|number| format!("s{number:02}")).collect();
    let streams: Vec<_> = names.iter().map(String::as_str).collect();
    let all = numbered(0..20);
    for text in &all {
        for stream in &streams {
            account.put(stream, &[text]);
        }
    }
    account.page(30);
    let tail = Tail {
        newest: Some(4),
        follow: false,
        ..tail_of(&streams)
    };
    let mut reading = Reading::start(&account, tail).await;
    for stream in &streams {
        reading
            .until(|reading| reading.state(stream) == Some(&TailState::Ended))
            .await;
        assert_eq!(reading.texts(stream), all[16..]);
    }
    assert_eq!(
        account.counts(),
        [("FilterLogEvents", 2)],
        "48 of 30 a page"
    );
}

#[tokio::test]
async fn a_hundred_and_one_streams_are_searched_in_two_calls_and_live_in_one() {
    let account = Account::start().await;
    let names: Vec<_> = (0..101).map(|number| format!("s{number:03}")).collect();
    let streams: Vec<_> = names.iter().map(String::as_str).collect();
    for stream in &streams {
        account.put(stream, &["old"]);
    }
    let mut reading = Reading::with(&account, tail_of(&streams), times(), 256).await;
    let mut session = account.session().await;
    assert_eq!(session.input["logStreamNames"], Value::Null);
    session.says(&account.put("somebody else's", &["not ours"]));
    session.says(&account.put("s100", &["ours"]));
    reading.until_line("ours").await;
    assert_eq!(reading.lines.len(), 102);
    assert!(reading.texts("somebody else's").is_empty());
    assert_eq!(account.counts()[0].1 % 2, 0, "two calls each time");
}

#[tokio::test]
async fn pages_are_followed_even_if_they_are_empty() {
    let account = Account::start().await;
    let all = numbered(0..25);
    let texts: Vec<_> = all.iter().map(String::as_str).collect();
    account.put("a", &texts);
    account.page(10);
    account.begin_with_an_empty_page();
    let tail = Tail {
        follow: false,
        ..tail_of(&["a"])
    };
    let mut reading = Reading::start(&account, tail).await;
    reading
        .until(|reading| reading.state("a") == Some(&TailState::Ended))
        .await;
    assert_eq!(reading.texts("a"), all);
    assert_eq!(account.counts(), [("FilterLogEvents", 4)]);
}

#[tokio::test]
async fn lines_around_the_start_and_the_end_of_sessions_come_once() {
    let account = Account::start().await;
    account.put("a", &["before"]);
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    let mut session = account.session().await;
    // Written when the session had begun: both it and a search show it.
    session.says(&account.put("a", &["both", "both"]));
    reading.until_line("both").await;
    session.says(&account.put("a", &["live"]));
    reading.until_line("live").await;
    // What is written in a gap, only a search shows.
    account.put("a", &["gap"]);
    session.fails("SessionTimeoutException");
    let mut session = account.session().await;
    reading.until_line("gap").await;
    session.says(&account.put("a", &["after"]));
    reading.until_line("after").await;
    session.ends();
    let mut session = account.session().await;
    session.says(&account.put("a", &["end"]));
    reading.until_line("end").await;
    reading.end().await;
    let expected = ["before", "both", "both", "live", "gap", "after", "end"];
    assert_eq!(reading.texts("a"), expected);
}

#[tokio::test]
async fn a_stream_that_is_added_is_read_from_its_beginning_and_disturbs_no_other() {
    let account = Account::start().await;
    account.put("a", &["a1"]);
    account.put("b", &["b1"]);
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    let mut session = account.session().await;
    session.says(&account.put("a", &["a2"]));
    reading.until_line("a2").await;
    assert!(reading.texts("b").is_empty());
    reading.wanted.send_replace(tail_of(&["a", "b"]));
    account.put("a", &["a3"]);
    let mut session = account.session().await;
    assert_eq!(session.input["logStreamNames"], json!(["a", "b"]));
    session.says(&account.put("b", &["b2"]));
    reading.until_line("b2").await;
    reading.until_line("a3").await;
    // One that goes needs no other session.
    reading.wanted.send_replace(tail_of(&["b"]));
    let sessions = account.sessions();
    session.says(&account.put("a", &["a4"]));
    session.says(&account.put("b", &["b3"]));
    reading.until_line("b3").await;
    assert_eq!(reading.texts("b"), ["b1", "b2", "b3"]);
    assert_eq!(reading.texts("a")[..3], ["a1", "a2", "a3"]);
    assert_eq!(account.sessions(), sessions);
}

#[tokio::test]
async fn a_session_that_shows_old_lines_again_is_not_believed() {
    let account = Account::start().await;
    let old = account.put_at("a", Timestamp(1_000_000), &["old", "older"]);
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    let mut session = account.session().await;
    // From then on only the session brings lines.
    account.until_searches(3).await;
    session.says(&old);
    session.says(&account.put("a", &["new"]));
    reading.until_line("new").await;
    reading.end().await;
    assert_eq!(reading.texts("a"), ["old", "older", "new"]);
}

#[tokio::test]
async fn without_the_permission_the_group_is_polled_and_not_tried_again() {
    let account = Account::start().await;
    account.put("a", &["one"]);
    account.refuse(
        "StartLiveTail",
        "AccessDeniedException",
        "User: arn:aws:iam::1:user/ada is not authorized to perform: logs:StartLiveTail",
    );
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    assert_eq!(reading.until_polling("a").await, "StartLiveTail is denied");
    account.put("a", &["two", "two"]);
    reading.until_line("two").await;
    account.put("a", &["three"]);
    reading.until_line("three").await;
    reading.end().await;
    assert_eq!(reading.texts("a"), ["one", "two", "two", "three"]);
    assert_eq!(account.counts()[1], ("StartLiveTail", 1));
}

#[tokio::test]
async fn when_all_sessions_are_in_use_one_call_is_enough_to_know() {
    let account = Account::start().await;
    account.put("a", &["one"]);
    account.refuse("StartLiveTail", "LimitExceededException", "too many");
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    let why = reading.until_polling("a").await;
    assert_eq!(why, "all live tails of the account are in use");
    assert_eq!(account.counts()[1], ("StartLiveTail", 1));
}

#[tokio::test]
async fn a_session_that_ends_at_once_is_not_begun_over_and_over() {
    let account = Account::start().await;
    account.put("a", &["one"]);
    let never = Duration::from_hours(1);
    let times = Times {
        brief: never,
        denied: never,
        ..times()
    };
    let mut reading = Reading::with(&account, tail_of(&["a"]), times, 64).await;
    account.session().await.ends();
    let why = reading.until_polling("a").await;
    assert!(why.contains("does not last"), "{why}");
    account.put("a", &["two"]);
    reading.until_line("two").await;
    assert_eq!(reading.texts("a"), ["one", "two"]);
    assert_eq!(account.sessions(), 1);
}

#[tokio::test]
async fn a_session_that_falls_silent_is_begun_anew() {
    let account = Account::start().await;
    account.put("a", &["one"]);
    let times = Times {
        silence: Duration::from_millis(100),
        ..times()
    };
    let mut reading = Reading::with(&account, tail_of(&["a"]), times, 64).await;
    let _silent = account.session().await;
    account.put("a", &["two"]);
    let mut session = account.session().await;
    reading.until_line("two").await;
    session.says(&account.put("a", &["three"]));
    reading.until_line("three").await;
    assert_eq!(reading.texts("a"), ["one", "two", "three"]);
}

#[tokio::test]
async fn what_a_sampled_update_leaves_out_is_searched_for_and_stays_in_order() {
    let account = Account::start().await;
    account.put("a", &["first"]);
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    let mut session = account.session().await;
    account.until_searches(3).await;
    let flood = numbered(0..100);
    let texts: Vec<_> = flood.iter().map(String::as_str).collect();
    let events = account.put("a", &texts);
    let sample: Vec<_> = events.into_iter().step_by(10).collect();
    session.samples(&sample);
    reading.until_line("line 99").await;
    reading.end().await;
    assert_eq!(reading.texts("a")[1..], flood);
    assert!(reading.lost.is_empty());
}

#[tokio::test]
async fn a_flood_that_cannot_be_searched_within_the_quota_is_told_to_be_lost() {
    let account = Account::start().await;
    account.put("a", &["first"]);
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    let mut session = account.session().await;
    account.until_searches(3).await;
    let flood = numbered(0..100);
    let texts: Vec<_> = flood.iter().map(String::as_str).collect();
    let events = account.put("a", &texts);
    account.page(10);
    session.samples(&events[90..]);
    reading.until(|reading| !reading.lost.is_empty()).await;
    assert_eq!(reading.lost, ["CloudWatch sampled the live tail"]);
    reading.until_line("line 99").await;
    let mut seen = reading.texts("a");
    assert!(seen.len() >= 60);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), reading.lines.len(), "each once");
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_a_fault_until_it_does() {
    let account = Account::start().await;
    account.without_group();
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    reading
        .until(|reading| matches!(reading.state("a"), Some(TailState::Failed(_))))
        .await;
    let Some(TailState::Failed(fault)) = reading.state("a") else {
        unreachable!("waited for");
    };
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert_eq!(
        fault.message,
        "the log group /ecs/web does not exist in eu-west-1: the container never wrote, or the log driver failed"
    );
    account.put("a", &["at last"]);
    let _session = account.session().await;
    reading.until_line("at last").await;
    reading.until_live("a").await;
    assert_eq!(reading.texts("a"), ["at last"]);
}

#[tokio::test]
async fn streams_that_do_not_exist_yet_are_found_apart_and_awaited() {
    let account = Account::start().await;
    account.put("a", &["a1"]);
    account.put("c", &["c1"]);
    let mut reading = Reading::start(&account, tail_of(&["a", "b", "c"])).await;
    let mut session = account.session().await;
    reading.until_live("a").await;
    reading.until_live("c").await;
    assert_eq!(reading.state("b"), Some(&TailState::Opening));
    // It is found by a search, and live from then on.
    account.put("b", &["b1"]);
    reading.until_live("b").await;
    session.says(&account.put("b", &["b2"]));
    reading.until_line("b2").await;
    reading.end().await;
    assert_eq!(reading.texts("b"), ["b1", "b2"]);
    assert_eq!(reading.texts("a"), ["a1"]);
    assert_eq!(reading.texts("c"), ["c1"]);
}

#[tokio::test]
async fn a_stream_that_never_comes_is_a_fault_after_a_while() {
    let account = Account::start().await;
    account.put("a", &["a1"]);
    let times = Times {
        patience: Duration::ZERO,
        ..times()
    };
    let tail = tail_of(&["a", "b"]);
    let mut reading = Reading::with(&account, tail, times, 64).await;
    reading
        .until(|reading| matches!(reading.state("b"), Some(TailState::Failed(_))))
        .await;
    reading.until_line("a1").await;
}

#[tokio::test]
async fn a_group_in_another_region_is_asked_of_that_region() {
    let account = Account::start().await;
    account.put("a", &["here"]);
    let group = LogGroup {
        region: "us-east-1".to_owned(),
        name: GROUP.to_owned(),
    };
    let tail = Tail {
        streams: vec![stream_in(&group, "a")],
        ..tail_of(&[])
    };
    let mut reading = Reading::start(&account, tail).await;
    let session = account.session().await;
    assert_eq!(
        session.input["logGroupIdentifiers"],
        json!([format!(
            "arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"
        )])
    );
    reading.until_line("here").await;
    assert_eq!(account.regions(), ["us-east-1"]);
}

#[tokio::test]
async fn an_event_of_several_lines_is_several_lines_as_they_came() {
    let account = Account::start().await;
    account.put("a", &["one\r\n  two\u{1b}[31m\n\nfour\n", ""]);
    let tail = Tail {
        follow: false,
        ..tail_of(&["a"])
    };
    let mut reading = Reading::start(&account, tail).await;
    reading
        .until(|reading| reading.state("a") == Some(&TailState::Ended))
        .await;
    assert_eq!(
        reading.texts("a"),
        ["one", "  two\u{1b}[31m", "", "four", ""]
    );
}

#[tokio::test]
async fn nothing_before_the_wanted_moment_is_read() {
    let account = Account::start().await;
    account.put_at("a", Timestamp(1_000_000), &["old"]);
    account.put_at("a", Timestamp(2_000_000), &["since"]);
    let tail = Tail {
        since: Some(Timestamp(2_000_000)),
        follow: false,
        ..tail_of(&["a"])
    };
    let mut reading = Reading::start(&account, tail.clone()).await;
    reading
        .until(|reading| reading.state("a") == Some(&TailState::Ended))
        .await;
    assert_eq!(reading.texts("a"), ["since"]);
    // And then it is to be followed after all.
    reading.wanted.send_replace(Tail {
        follow: true,
        ..tail
    });
    let mut session = account.session().await;
    session.says(&account.put("a", &["new"]));
    reading.until_line("new").await;
    assert_eq!(reading.texts("a"), ["since", "new"]);
}

#[tokio::test]
async fn a_slow_reader_slows_the_reading_and_misses_nothing() {
    let account = Account::start().await;
    let all = numbered(0..200);
    for text in &all {
        account.put("a", &[text]);
    }
    account.page(10);
    let mut reading = Reading::with(&account, tail_of(&["a"]), times(), 1).await;
    reading.until_line("line 199").await;
    assert_eq!(reading.texts("a"), all);
}

#[tokio::test]
async fn failures_on_the_way_are_told_and_made_good() {
    let account = Account::start().await;
    let all = numbered(0..30);
    let texts: Vec<_> = all.iter().map(String::as_str).collect();
    account.put("a", &texts);
    account.page(10);
    account.fail_once_after(1, "FilterLogEvents", "InvalidOperationException");
    let tail = Tail {
        follow: false,
        ..tail_of(&["a"])
    };
    let mut reading = Reading::start(&account, tail).await;
    reading
        .until(|reading| reading.state("a") == Some(&TailState::Ended))
        .await;
    assert!(
        reading
            .states
            .iter()
            .any(|(_, state)| matches!(state, TailState::Failed(_)))
    );
    assert_eq!(reading.texts("a"), all, "the page is asked for again");
    assert_eq!(account.counts(), [("FilterLogEvents", 4)]);
}

#[tokio::test]
async fn a_tail_ends_with_whoever_wants_it() {
    let account = Account::start().await;
    account.put("a", &["one"]);
    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    let mut session = account.session().await;
    reading.until_live("a").await;
    drop(reading.wanted);
    reading.task.await.unwrap();
    session.closed().await;

    let mut reading = Reading::start(&account, tail_of(&["a"])).await;
    let mut session = account.session().await;
    reading.until_live("a").await;
    reading.reports.close();
    reading.task.await.unwrap();
    session.closed().await;
}

#[tokio::test]
async fn a_read_only_session_reads_logs_and_writes_none() {
    let account = Account::start().await;
    account.put("a", &["one"]);
    let clients = account.fake.clients().await.into_readonly();
    let put = || {
        let request = clients.logs.put_log_events().log_group_name(GROUP);
        request.log_stream_name("a").send()
    };
    let fault = clients
        .call("PutLogEvents", crate::aws::Urgency::Visible, || {}, put)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::ReadOnly);
    let (_wanted, receiver) = watch::channel(tail_of(&["a"]));
    let (sender, reports) = mpsc::channel(64);
    let task = tokio::spawn(async move { clients.tail_with(times(), receiver, sender).await });
    let mut reading = Reading {
        wanted: _wanted,
        reports,
        task,
        lines: Vec::new(),
        states: Vec::new(),
        lost: Vec::new(),
    };
    let _session = account.session().await;
    reading.until_live("a").await;
    assert_eq!(reading.texts("a"), ["one"]);
}

#[tokio::test]
async fn the_only_stream_is_live_once_it_exists() {
    let account = Account::start().await;
    account.put("another", &["x"]);
    let never = Duration::from_hours(1);
    let times = Times {
        missing: never,
        ..times()
    };
    let mut reading = Reading::with(&account, tail_of(&["a"]), times, 64).await;
    let mut session = account.session().await;
    session.says(&account.put("a", &["a1"]));
    reading.until_line("a1").await;
    reading.until_live("a").await;
    assert_eq!(reading.texts("a"), ["a1"]);
}

#[rstest::rstest]
#[case(3_600_000)]
#[case(-3_600_000)]
#[tokio::test]
async fn a_machine_whose_clock_is_an_hour_off_finds_what_is_new(#[case] ahead: i64) {
    let account = Account::start().await;
    account.ahead(ahead);
    account.put("a", &["one"]);
    account.refuse("StartLiveTail", "AccessDeniedException", "no");
    let tail = Tail {
        newest: Some(1),
        ..tail_of(&["a"])
    };
    let mut reading = Reading::start(&account, tail).await;
    reading.until_polling("a").await;
    for text in ["two", "three"] {
        account.put("a", &[text]);
        reading.until_line(text).await;
    }
    assert_eq!(reading.texts("a"), ["one", "two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_not_there_is_named() {
    let account = Account::start().await;
    let clients = account.fake.clients().await;
    let address = account.fake.address.to_string();
    drop(account);
    tokio::task::yield_now().await;
    let (_wanted, receiver) = watch::channel(tail_of(&["a"]));
    let (sender, mut reports) = mpsc::channel(64);
    tokio::spawn(async move { clients.tail_with(times(), receiver, sender).await });
    let fault = loop {
        match reports.recv().await.unwrap() {
            LogReport::State {
                state: TailState::Failed(fault),
                ..
            } => break fault,
            LogReport::State { .. } => {}
            other => panic!("no state: {other:?}"),
        }
    };
    assert_eq!(fault.kind, FaultKind::Network);
    assert!(fault.message.contains(&address), "{fault}");
}
