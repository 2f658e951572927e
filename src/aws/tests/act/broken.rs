//! Writes that go wrong: none is sent again, and what is said of it is what can be known.

use rstest::rstest;

use super::*;
use crate::aws::fake::{Asked, Turn, whole};

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// AWS fails.
    Fails,
    /// AWS wants fewer calls.
    Throttled,
    /// No answer comes.
    Silent,
    /// The connection ends without an answer.
    Cut,
    /// IAM says no.
    Denied,
}

impl Fate {
    fn turn(self, operation: &str, action: &str) -> Turn {
        let reply = match self {
            Self::Fails => Reply::error(500, "ServerException", "broken"),
            Self::Throttled => Reply::error(400, "ThrottlingException", "Rate exceeded"),
            Self::Denied => {
                let said = format!(
                    "User: arn:aws:iam::123456789012:user/kim is not authorized to perform: {action} on resource: x \
                     because no identity-based policy allows the {action} action"
                );
                Reply::error(400, "AccessDeniedException", &said)
            }
            Self::Silent => return Turn::Never,
            Self::Cut => return Turn::Break,
        };
        Turn::Answer(whole(operation, reply))
    }

    /// Whether an answer came.
    fn is_answered(self) -> bool {
        !matches!(self, Self::Silent | Self::Cut)
    }
}

fn action(operation: &str) -> String {
    let service = if operation.ends_with("Image") {
        "ecr"
    } else {
        "ecs"
    };
    format!("{service}:{operation}")
}

/// An account in which one operation meets its fate.
async fn account_where(fails: &'static str, fate: Fate) -> Fake {
    let account = account();
    Fake::play(move |asked: &Asked| {
        let operation = asked.operation.as_str();
        if operation != fails {
            return Turn::Answer(whole(operation, account(operation, &asked.input)));
        }
        if fate == Fate::Silent {
            // Nothing is under way but the wait, which then takes no time.
            tokio::time::pause();
        }
        fate.turn(operation, &action(operation))
    })
    .await
}

#[rstest]
#[case(Fate::Fails, true, FaultKind::Server)]
#[case(Fate::Throttled, false, FaultKind::Throttled)]
#[case(Fate::Silent, true, FaultKind::Timeout)]
#[case(Fate::Cut, true, FaultKind::Network)]
#[case(Fate::Denied, false, FaultKind::Denied { action: String::new() })]
#[tokio::test]
async fn a_write_that_goes_wrong_is_not_sent_again(
    #[case] fate: Fate,
    #[case] expected: bool,
    #[case] kind: FaultKind,
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)] which: usize,
    #[values(0, 1)] write: usize,
) {
    let change = &changes()[which];
    let mut fates = writes(change);
    fates.dedup();
    let Some(fails) = fates.get(write).copied() else {
        return;
    };
    let mut fake = account_where(fails, fate).await;
    let outcome = fake.clients().await.act(&act(change, false)).await;
    let Outcome::Failed {
        fault,
        unsure,
        written,
        requests,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    let heard = fake.heard();
    let mut sent = operations(change);
    let last = sent.iter().position(|one| *one == fails).unwrap();
    sent.truncate(last + 1);
    assert_eq!(names(&heard), sent, "each once, and nothing after it");
    assert_eq!(unsure, expected, "{fault}");
    assert!(!fault.hint.contains("asked again"), "{fault:?}");
    let kind = match kind {
        FaultKind::Denied { .. } => FaultKind::Denied {
            action: action(fails),
        },
        kind => kind,
    };
    assert_eq!((fault.kind, fault.op.as_str()), (kind, fails));
    let mut ids: Vec<_> = fates[..write].iter().copied().map(request_id).collect();
    ids.extend(fate.is_answered().then(|| request_id(fails)));
    assert_eq!(requests, ids);
    let registered = "api:8 was registered, the service does not run it";
    let before = if write == 1 { registered } else { "" };
    assert_eq!(written, before);
}

#[test]
fn there_are_as_many_changes_as_are_tried() {
    let changes = changes();
    assert_eq!(changes.len(), 12);
    let twice = changes
        .iter()
        .map(writes)
        .filter(|writes| writes.first() != writes.last());
    assert_eq!(twice.count(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_again_is_not_written() {
    for change in changes() {
        let reads = operations(&change)[0];
        let mut fake = account_where(reads, Fate::Denied).await;
        let outcome = fake.clients().await.act(&act(&change, false)).await;
        assert_eq!(names(&fake.heard()), [reads], "{change:?}");
        match outcome {
            Outcome::Failed { fault, unsure, .. } => {
                let action = match reads {
                    "DescribeImages" => "ecr:DescribeImages".to_owned(),
                    reads => format!("ecs:{reads}"),
                };
                assert!(!unsure);
                let FaultKind::Denied { action: named } = fault.kind else {
                    panic!("{fault}");
                };
                assert_eq!(named.split(':').nth(1), action.split(':').nth(1));
            }
            other => panic!("{change:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_target_that_is_gone_is_told_of_and_nothing_is_sent() {
    for change in changes() {
        let account = account();
        let mut fake = Fake::start(move |operation, input| match operation {
            "DescribeServices" | "DescribeTasks" | "DescribeContainerInstances" => {
                let mut body = json!({ "failures": [{ "arn": "x", "reason": "MISSING" }] });
                let field = format!("{}s", operation.trim_start_matches("Describe"));
                body[field.trim_end_matches('s')] = json!([]);
                Reply::ok(&body)
            }
            "DescribeImages" => Reply::error(400, "RepositoryNotFoundException", "no such thing"),
            operation => account(operation, input),
        })
        .await;
        let outcome = fake.clients().await.act(&act(&change, false)).await;
        let heard = fake.heard();
        assert_eq!(heard.len(), 1, "{change:?}: {heard:?}");
        match outcome {
            Outcome::Failed { fault, unsure, .. } => {
                assert_eq!(fault.kind, FaultKind::NotFound, "{change:?}");
                assert!(!unsure);
            }
            other => panic!("{change:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_deployment_that_is_over_is_not_given_up() {
    let account = account();
    let mut fake = Fake::start(move |operation, input| match operation {
        "ListServiceDeployments" => Reply::ok(&json!({ "serviceDeployments": [] })),
        operation => account(operation, input),
    })
    .await;
    let change = &changes()[5];
    match fake.clients().await.act(&act(change, false)).await {
        Outcome::Failed { fault, .. } => assert_eq!(fault.kind, FaultKind::NotFound),
        other => panic!("{other:?}"),
    }
    let heard = fake.heard();
    assert_eq!(
        names(&heard),
        ["DescribeServices", "ListServiceDeployments"]
    );
}

#[tokio::test]
async fn an_instance_that_does_not_drain_is_a_fault() {
    let account = account();
    let fake = Fake::start(move |operation, input| match operation {
        "UpdateContainerInstancesState" => {
            let failure = json!({ "arn": INSTANCE, "reason": "INACTIVE" });
            Reply::ok(&json!({ "containerInstances": [], "failures": [failure] }))
        }
        operation => account(operation, input),
    })
    .await;
    match fake.clients().await.act(&act(&changes()[7], false)).await {
        Outcome::Failed { fault, unsure, .. } => {
            assert_eq!(fault.kind, FaultKind::Refused);
            assert!(fault.message.ends_with("INACTIVE"), "{fault}");
            assert!(!unsure);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_can_have_taken_effect() {
    let fake = Fake::start(account()).await;
    let clients = fake.clients().await;
    let address = fake.address;
    drop(fake);
    // The listener goes with its task, which is cancelled at the next chance.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    match clients.act(&act(&changes()[0], false)).await {
        Outcome::Failed { fault, unsure, .. } => {
            assert_eq!(fault.kind, FaultKind::Network);
            assert!(!unsure);
        }
        other => panic!("{other:?}"),
    }
}
