//! Tags and images: the refusals of ECR, what was moved before one came, and where tags point afterwards.

use rstest::rstest;

use super::*;

/// The answer of `DescribeImages`: once something was `put`, every tag names the new image.
pub(super) fn described(input: &Value, put: bool) -> Reply {
    let asked = &input["imageIds"][0];
    let shown = |digest: &str, tags: Value| {
        let name = &input["repositoryName"];
        json!({ "imageDetails": [{ "registryId": "123456789012", "repositoryName": name,
            "imageDigest": digest, "imageTags": tags }] })
    };
    match (asked["imageTag"].as_str(), asked["imageDigest"].as_str()) {
        (Some(tag), _) if put => Reply::ok(&shown(&new(), json!(["v2", tag]))),
        (Some("stable"), _) => Reply::ok(&shown(&old(), json!(["v1", "stable"]))),
        (None, Some(digest)) => Reply::ok(&shown(digest, json!(["v2"]))),
        _ => Reply::error(400, "ImageNotFoundException", "it is not there"),
    }
}

fn tag(tags: &[&str]) -> Change {
    Change::Tag {
        repository: Arn::new(REPOSITORY),
        digest: new(),
        tags: tags.iter().map(ToString::to_string).collect(),
    }
}

fn of_kind(wanted: fn(&Change) -> bool) -> Change {
    changes().into_iter().find(wanted).unwrap()
}

fn promote() -> Change {
    of_kind(|change| matches!(change, Change::Promote { .. }))
}

/// An account whose answer to one write is another: an error, to the tag that is named, or to any.
fn refusing(
    code: &'static str,
    only: Option<&'static str>,
) -> impl Fn(&str, &Value) -> Reply + Send + Sync + 'static {
    let account = account();
    move |operation, input| {
        let concerns = only.is_none_or(|tag| input["imageTag"] == tag);
        if operation == "PutImage" && concerns {
            // ECR has taken note of it all the same where it says that it was there.
            let _ = account(operation, input);
            return Reply::error(400, code, "so says ECR");
        }
        account(operation, input)
    }
}

#[rstest]
#[case(None, "stable, beta named it already", 2)]
#[case(Some("stable"), "stable named it already", 2)]
#[tokio::test]
async fn a_tag_that_names_the_image_already_is_as_good_as_moved(
    #[case] only: Option<&'static str>,
    #[case] note: &str,
    #[case] puts: usize,
) {
    let mut fake = Fake::start(refusing("ImageAlreadyExistsException", only)).await;
    let change = tag(&["stable", "beta"]);
    let outcome = fake.clients().await.act(&act(&change, false)).await;
    let done = done(outcome);
    assert_eq!(done.note, note);
    assert_eq!(done.requests.len(), puts, "each is told of");
    let heard = fake.heard();
    assert_eq!(names(&heard), operations(&change));
}

#[tokio::test]
async fn what_was_there_already_is_not_told_of_as_promoted() {
    let account = refusing("ImageAlreadyExistsException", None);
    let fake = Fake::start(move |operation, input| {
        let after = operation == "DescribeImages" && input["imageIds"][0]["imageTag"] == "v2";
        let Reply(status, body) = account(operation, input);
        // After the put, whoever asks is told that the tag names another image.
        let body = if after {
            body.replace(&new(), &old())
        } else {
            body
        };
        Reply(status, body)
    })
    .await;
    let outcome = fake.clients().await.act(&act(&promote(), false)).await;
    match outcome {
        Outcome::Failed { fault, written, .. } => {
            assert_eq!(fault.kind, FaultKind::Refused);
            assert_eq!(written, "", "nothing was written");
        }
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case("ImageTagAlreadyExistsException", "lets no tag like stable be moved")]
#[case("LayersNotFoundException", "the layers of the image are not in")]
#[case(
    "ReferencedImagesNotFoundException",
    "the layers of the image are not in"
)]
#[tokio::test]
async fn refusals_of_a_tag_are_told_with_what_helps(
    #[case] code: &'static str,
    #[case] hint: &str,
) {
    let mut fake = Fake::start(refusing(code, None)).await;
    let change = tag(&["stable", "beta"]);
    let outcome = fake.clients().await.act(&act(&change, false)).await;
    let heard = fake.heard();
    let puts = names(&heard).into_iter().filter(|name| *name == "PutImage");
    assert_eq!(puts.count(), 1, "the second is not tried");
    match outcome {
        Outcome::Failed {
            fault,
            unsure,
            written,
            requests,
        } => {
            assert!(fault.hint.contains(hint), "{fault:?}");
            assert_eq!(fault.message, "so says ECR");
            assert_eq!((unsure, written.as_str()), (false, ""));
            assert_eq!(requests, [request_id("PutImage")]);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tags_that_were_moved_before_one_was_refused_are_told_of() {
    let code = "ImageTagAlreadyExistsException";
    let fake = Fake::start(refusing(code, Some("beta"))).await;
    let change = tag(&["stable", "beta"]);
    match fake.clients().await.act(&act(&change, false)).await {
        Outcome::Failed { written, .. } => {
            assert_eq!(written, format!("stable now names {}", new()));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_tag_that_points_elsewhere_afterwards_is_a_fault() {
    let account = account();
    let fake = Fake::start(move |operation, input| {
        if operation == "PutImage" {
            // It is taken, and somebody else moves the tag back at once.
            return Reply::ok(&json!({ "image": {} }));
        }
        account(operation, input)
    })
    .await;
    let change = tag(&["stable", "beta"]);
    match fake.clients().await.act(&act(&change, false)).await {
        Outcome::Failed { fault, written, .. } => {
            let elsewhere = format!("stable was put, and points to {}", old());
            assert_eq!(fault.message, elsewhere);
            assert_eq!(written, format!("stable, beta now names {}", new()));
        }
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case(
    "ImageReferencedByManifestList",
    FaultKind::Refused,
    "an index names it: delete that first"
)]
#[case("ImageNotFound", FaultKind::NotFound, "")]
#[tokio::test]
async fn what_is_not_deleted_is_a_fault(
    #[case] code: &'static str,
    #[case] kind: FaultKind,
    #[case] hint: &str,
) {
    let account = account();
    let fake = Fake::start(move |operation, input| {
        if operation == "BatchDeleteImage" {
            let failure = json!({ "imageId": { "imageDigest": new() }, "failureCode": code,
                "failureReason": "so says ECR" });
            return Reply::ok(&json!({ "imageIds": [], "failures": [failure] }));
        }
        account(operation, input)
    })
    .await;
    let change = of_kind(|change| matches!(change, Change::DeleteImage { .. }));
    match fake.clients().await.act(&act(&change, false)).await {
        Outcome::Failed {
            fault,
            unsure,
            requests,
            ..
        } => {
            assert_eq!((fault.kind, fault.hint.as_str()), (kind, hint));
            assert!(fault.message.contains("so says ECR"), "{}", fault.message);
            assert!(!unsure);
            assert_eq!(requests, [request_id("BatchDeleteImage")]);
        }
        other => panic!("{other:?}"),
    }
}

/// Whoever confirmed that an image goes with its tags did not confirm that one goes which was put on since.
#[tokio::test]
async fn an_image_that_got_another_tag_since_is_not_deleted() {
    let mut fake = Fake::start(account()).await;
    let change = of_kind(|change| matches!(change, Change::DeleteImage { .. }));
    let act = Act {
        id: 1,
        facts: change.facts_of_tags([]),
        change,
    };
    match fake.clients().await.act(&act).await {
        Outcome::Changed { differences, .. } => {
            assert_eq!(differences, [format!("tag v2 was none, is {}", new())]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(names(&fake.heard()), ["DescribeImages"]);
}

#[tokio::test]
async fn an_image_that_is_gone_is_not_put() {
    let account = account();
    let mut fake = Fake::start(move |operation, input| {
        if operation == "BatchGetImage" {
            let failure = json!({ "imageId": { "imageDigest": new() },
                "failureCode": "ImageNotFound", "failureReason": "so says ECR" });
            return Reply::ok(&json!({ "images": [], "failures": [failure] }));
        }
        account(operation, input)
    })
    .await;
    let outcome = fake.clients().await.act(&act(&promote(), false)).await;
    match outcome {
        Outcome::Failed { fault, .. } => assert_eq!(fault.kind, FaultKind::NotFound),
        other => panic!("{other:?}"),
    }
    let heard = fake.heard();
    assert_eq!(names(&heard), ["DescribeImages", "BatchGetImage"]);
}

/// Whoever confirmed that the image stays under its other tags did not confirm that it goes.
#[tokio::test]
async fn a_tag_that_became_the_last_of_its_image_since_is_not_taken_away() {
    let account = account();
    let mut fake = Fake::start(move |operation, input| {
        let Reply(status, body) = account(operation, input);
        Reply(status, body.replace("\"v1\",", ""))
    })
    .await;
    let change = of_kind(|change| matches!(change, Change::Untag { .. }));
    match fake.clients().await.act(&act(&change, false)).await {
        Outcome::Changed { differences, .. } => {
            assert_eq!(differences, ["last tag of its image was no, is yes"]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(names(&fake.heard()), ["DescribeImages"]);
}
