//! What keeps a tail from being live, or ends it: refusals, what does not exist, clocks, and nobody who wants it.

use super::*;

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
    let (wanted, receiver) = watch::channel(tail_of(&["a"]));
    let (sender, reports) = mpsc::channel(64);
    let task = tokio::spawn(async move { clients.tail_with(times(), receiver, sender).await });
    let mut reading = Reading {
        wanted,
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
