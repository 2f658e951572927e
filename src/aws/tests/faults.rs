//! What goes wrong on the way: failures merged, throttling survived, everything else told in words.

use std::sync::{
    Arc as Shared,
    atomic::{AtomicU32, Ordering},
};

use rstest::rstest;

use super::*;
use crate::aws::{Clients, Settings};

/// The account above, but what the given services and batches answer is changed.
fn with_failures(reasons: &'static [(usize, &'static str)]) -> impl Fn(&str, &Value) -> Reply {
    move |operation, input| {
        let Reply(status, body) = account(30, 100)(operation, input);
        let mut body: Value = serde_json::from_str(&body).unwrap();
        if let Some(found) = body["services"].as_array().cloned() {
            let failed = |thing: &Value| {
                let failed = reasons.iter().copied();
                failed
                    .filter(|(number, _)| thing["serviceArn"] == json!(named("service", *number)))
                    .map(|(_, reason)| json!({ "arn": thing["serviceArn"], "reason": reason }))
                    .next()
            };
            body["failures"] = found.iter().filter_map(failed).collect();
            body["services"] = found
                .iter()
                .filter(|thing| failed(thing).is_none())
                .cloned()
                .collect();
        }
        Reply(status, body.to_string())
    }
}

#[tokio::test]
async fn what_went_missing_meanwhile_is_quietly_left_out() {
    let fake = Fake::start(with_failures(&[(3, "MISSING"), (12, "MISSING")])).await;
    let answer = fake.fetch(&services_query()).await;
    let (items, _) = answer.done();
    assert_eq!(items.len(), 28);
    assert!(!items.contains(&&*named("service", 3)));
    assert_eq!(answer.entities().len(), 28);
}

#[tokio::test]
async fn other_failures_are_told_after_the_rest_was_delivered() {
    let fake = Fake::start(with_failures(&[(3, "MISSING"), (12, "INTERNAL")])).await;
    let answer = fake.fetch(&services_query()).await;
    assert_eq!(answer.entities().len(), 28);
    let fault = answer.fault();
    assert_eq!(fault.op, "DescribeServices");
    assert_eq!(fault.message, "0012: INTERNAL");
}

#[tokio::test]
async fn a_batch_that_fails_does_not_keep_the_others_back() {
    let fake = Fake::start(|operation, input| {
        let batch = input["services"].as_array();
        if batch.is_some_and(|ids| ids.contains(&json!(named("service", 15)))) {
            let message = "User: arn:aws:iam::1:user/ada is not authorized to perform: \
                 ecs:DescribeServices on resource: api because no identity-based policy allows it";
            return Reply::error(400, "AccessDeniedException", message);
        }
        account(30, 100)(operation, input)
    })
    .await;
    let answer = fake.fetch(&services_query()).await;
    assert_eq!(answer.entities().len(), 20);
    let action = "ecs:DescribeServices".to_owned();
    assert_eq!(answer.fault().kind, FaultKind::Denied { action });
    assert!(answer.fault().hint.contains("ecs:DescribeServices"));
}

#[tokio::test]
async fn a_list_that_breaks_off_still_delivers_what_it_named() {
    let fake = Fake::start(|operation, input| {
        if input["nextToken"] == "100" {
            return Reply::error(400, "InvalidParameterException", "the token is bad");
        }
        account(150, 100)(operation, input)
    })
    .await;
    let answer = fake.fetch(&services_query()).await;
    assert_eq!(answer.entities().len(), 100);
    assert_eq!(answer.fault().kind, FaultKind::Refused);
    assert_eq!(answer.fault().message, "the token is bad");
}

#[tokio::test]
async fn credentials_that_expire_midway_end_the_crawl() {
    let mut fake = Fake::start(|operation, input| {
        if operation == "DescribeServices" {
            return Reply::error(400, "ExpiredTokenException", "The token is expired");
        }
        account(1_000, 100)(operation, input)
    })
    .await;
    let answer = fake.fetch(&services_query()).await;
    assert_eq!(answer.fault().kind, FaultKind::Expired);
    let describes = fake.counts()[0].1;
    assert!(describes <= 16, "those under way and no more: {describes}");
}

#[tokio::test]
async fn a_deleted_cluster_is_not_found() {
    let fake =
        Fake::start(|_, _| Reply::error(400, "ClusterNotFoundException", "Cluster not found."))
            .await;
    for query in [services_query(), tasks_query(false)] {
        let answer = fake.fetch(&query).await;
        assert_eq!(answer.fault().kind, FaultKind::NotFound);
        assert_eq!(answer.fault().message, "Cluster not found.");
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_slows_a_crawl_and_loses_nothing() {
    let turn = AtomicU32::new(0);
    let fake = Fake::start(move |operation, input| {
        if turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(3) {
            return Reply::error(400, "ThrottlingException", "Rate exceeded");
        }
        account(250, 100)(operation, input)
    })
    .await;
    let answer = fake.fetch(&services_query()).await;
    let (items, calls) = answer.done();
    assert_eq!(items.len(), 250);
    assert!(calls > 28, "the refused ones count too: {calls}");
}

#[tokio::test(start_paused = true)]
async fn endless_throttling_is_a_fault_after_seven_sendings_and_no_retries_of_the_sdk() {
    let mut fake =
        Fake::start(|_, _| Reply::error(400, "ThrottlingException", "Rate exceeded")).await;
    let answer = fake.fetch(&services_query()).await;
    assert_eq!(answer.fault().kind, FaultKind::Throttled);
    assert_eq!(answer.fault().message, "Rate exceeded");
    assert_eq!(fake.counts(), [("ListServices".to_owned(), 7)]);
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_is_retried_by_the_sdk_and_counts_once() {
    let turn = Shared::new(AtomicU32::new(0));
    let mut fake = Fake::start(move |operation, input| {
        if turn.fetch_add(1, Ordering::SeqCst) == 0 {
            return Reply::error(500, "ServerException", "try again");
        }
        account(0, 100)(operation, input)
    })
    .await;
    assert_eq!(fake.fetch(&services_query()).await.done(), (vec![], 1));
    assert_eq!(fake.counts(), [("ListServices".to_owned(), 2)]);
}

#[rstest]
#[case(
    500,
    r#"{"__type":"ServerException","message":"broken"}"#,
    FaultKind::Server,
    "broken"
)]
#[case(
    503,
    "<html>busy</html>",
    FaultKind::Server,
    "AWS failed with HTTP 503"
)]
#[case(
    200,
    "<html>a portal</html>",
    FaultKind::Server,
    "the answer (HTTP 200) cannot be read: "
)]
#[case(
    400,
    r#"{"__type":"ExpiredTokenException","message":"The token is expired"}"#,
    FaultKind::Expired,
    "The token is expired"
)]
#[case(
    400,
    r#"{"__type":"com.amazonaws.ecs#ClientException","message":"no"}"#,
    FaultKind::Refused,
    "no"
)]
#[case(400, r#"{"__type":"InvalidSignatureException","message":"Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z"}"#, FaultKind::ClockSkew, "Signature expired")]
#[tokio::test(start_paused = true)]
async fn refusals_are_told_in_their_own_words(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] kind: FaultKind,
    #[case] message: &str,
) {
    let fake = Fake::start(move |_, _| Reply(status, body.to_owned())).await;
    let answer = fake.fetch(&services_query()).await;
    let fault = answer.fault();
    assert_eq!(fault.kind, kind);
    assert_eq!(fault.op, "ListServices");
    assert!(fault.message.starts_with(message), "{}", fault.message);
    assert!(!fault.message.contains("Error {"), "{}", fault.message);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_not_there_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let clients = Clients::connect(settings(address)).await.unwrap();
    let answer = fetch(&clients, &services_query()).await;
    let fault = answer.fault();
    assert_eq!(fault.kind, FaultKind::Network);
    assert!(
        fault.message.contains(&address.to_string()),
        "{}",
        fault.message
    );
    assert!(
        fault.message.to_lowercase().contains("refused"),
        "{}",
        fault.message
    );
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_never_answers_is_a_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings {
        attempt_timeout: std::time::Duration::from_millis(20),
        ..settings(listener.local_addr().unwrap())
    };
    let clients = Clients::connect(settings).await.unwrap();
    let answer = fetch(&clients, &services_query()).await;
    assert_eq!(answer.fault().kind, FaultKind::Timeout);
}
