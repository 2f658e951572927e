//! What there is when a tail begins: in how many calls it is read, and how much of it.

use super::*;

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
async fn where_nothing_can_be_searched_backwards_each_stream_is_read_by_itself() {
    let account = Account::start().await;
    account.forwards_only();
    let streams = ["a", "b", "c", "d", "e", "f"];
    for stream in streams {
        account.put(stream, &["one", "two"]);
    }
    let tail = Tail {
        newest: Some(1),
        follow: false,
        ..tail_of(&streams)
    };
    let mut reading = Reading::start(&account, tail).await;
    for stream in streams {
        reading
            .until(|reading| reading.state(stream) == Some(&TailState::Ended))
            .await;
        assert_eq!(reading.texts(stream), ["two"]);
    }
    let counts = [("FilterLogEvents", 1), ("GetLogEvents", 6)];
    assert_eq!(account.counts(), counts);
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
