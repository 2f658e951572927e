//! Live sessions: what they show, and what is searched for beside them.

use super::*;

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
