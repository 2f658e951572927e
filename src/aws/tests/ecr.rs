//! ECR: how many calls its queries take, and what becomes of its answers.

use rstest::rstest;
use tokio::sync::mpsc;

use super::*;
use crate::{
    aws::{RawTarget, Urgency},
    model::{Part, PolicyKind},
};

const REPOSITORY: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/shop/web";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn repository() -> Arn {
    Arn::new(REPOSITORY)
}

fn digest(number: usize) -> String {
    format!("sha256:{number:064x}")
}

fn image(number: usize) -> Value {
    json!({
        "registryId": "123456789012", "repositoryName": "shop/web", "imageDigest": digest(number),
        "imageTags": [format!("v{number}")], "imageSizeInBytes": 1_000, "imagePushedAt": 1_700_000_000.5
    })
}

/// A registry of `size` images and as many repositories, whose tags are `v0` on. Pages are as large as ECR makes them.
fn registry(size: usize) -> impl Fn(&str, &Value) -> Reply {
    move |operation, input| {
        if let Some(ids) = input["imageIds"].as_array() {
            assert!(!ids.is_empty() && ids.len() <= 100 && input["maxResults"].is_null());
            let mut found = Vec::new();
            for id in ids {
                let tag = id["imageTag"].as_str().unwrap();
                match tag.strip_prefix('v').and_then(|tag| tag.parse().ok()) {
                    Some(number) if number < size => found.push(image(number)),
                    _ => {
                        let said = format!(
                            "The image with imageId {{imageDigest:'null', imageTag:'{tag}'}} does not exist within the \
                             repository with name 'shop/web' in the registry with id '123456789012'"
                        );
                        return Reply::error(400, "ImageNotFoundException", &said);
                    }
                }
            }
            return Reply::ok(&json!({ "imageDetails": found }));
        }
        assert_eq!(input["maxResults"], 1_000);
        let start = input["nextToken"]
            .as_str()
            .map_or(0, |token| token.parse().unwrap());
        let end = (start + 1_000).min(size);
        let mut body = match operation {
            "DescribeImages" => {
                assert_eq!(input["repositoryName"], "shop/web");
                assert_eq!(input["registryId"], "123456789012");
                assert_eq!(input["filter"]["imageStatus"], "ANY");
                json!({ "imageDetails": (start..end).map(image).collect::<Vec<_>>() })
            }
            "DescribeRepositories" => {
                let one = |number| json!({ "repositoryArn": format!("{REPOSITORY}{number}") });
                json!({ "repositories": (start..end).map(one).collect::<Vec<_>>() })
            }
            _ => return Reply::error(400, "UnknownOperationException", operation),
        };
        if end < size {
            body["nextToken"] = json!(end.to_string());
        }
        Reply::ok(&body)
    }
}

#[rstest]
#[case(0, 1)]
#[case(1, 1)]
#[case(1_000, 1)]
#[case(1_001, 2)]
#[case(10_000, 10)]
#[tokio::test]
async fn images_and_repositories_come_a_thousand_a_call(
    #[case] size: usize,
    #[case] pages: usize,
    #[values(true, false)] images: bool,
) {
    let mut fake = Fake::start(registry(size)).await;
    let (query, operation) = if images {
        let repository = repository();
        (Query::Images { repository }, "DescribeImages")
    } else {
        (Query::Repositories(None), "DescribeRepositories")
    };
    let answer = fake.fetch(&query).await;
    let (items, calls) = answer.done();
    let expected: Vec<String> = (0..size)
        .map(|number| {
            if images {
                format!("{REPOSITORY}@{}", digest(number))
            } else {
                format!("{REPOSITORY}{number}")
            }
        })
        .collect();
    assert_eq!(items, expected);
    assert_eq!(calls as usize, pages);
    assert_eq!(answer.entities().len(), size);
    assert_eq!(answer.parts.len(), size.div_ceil(1_000), "a part a page");
    assert_eq!(fake.counts(), [(operation.to_owned(), pages)]);
}

/// Where tags point by what came for each, and the calls it took.
async fn resolve(fake: &Fake, tags: &[String]) -> (Vec<(String, Option<String>)>, u32) {
    let queries: Vec<Query> = tags
        .iter()
        .map(|tag| Query::Tag {
            tag: repository().tag(tag),
        })
        .collect();
    let (sender, mut receiver) = mpsc::channel(8);
    let clients = fake.clients().await;
    let run = tokio::spawn(async move {
        clients.resolve(&queries, Urgency::Visible, sender).await;
    });
    let (mut pointers, mut calls, mut ends) = (Vec::new(), 0, 0);
    while let Some((query, part)) = receiver.recv().await {
        assert!(matches!(query, Query::Tag { .. }));
        match part {
            Part::Some { entities, .. } => {
                for entity in entities {
                    if let Entity::Tag(tag) = entity {
                        pointers.push((tag.name, tag.digest));
                    }
                }
            }
            Part::Done { calls: more, .. } => {
                (calls, ends) = (calls + more, ends + 1);
            }
            Part::Failed { fault, .. } => panic!("{fault}"),
        }
    }
    run.await.unwrap();
    assert_eq!(ends, tags.len(), "each has one end");
    (pointers, calls)
}

#[rstest]
#[case(1, 1)]
#[case(100, 1)]
#[case(101, 2)]
#[case(250, 3)]
#[tokio::test]
async fn tags_are_asked_for_by_the_hundred(#[case] size: usize, #[case] expected: u32) {
    let mut fake = Fake::start(registry(size)).await;
    let tags: Vec<String> = (0..size).map(|number| format!("v{number}")).collect();
    let (mut pointers, calls) = resolve(&fake, &tags).await;
    pointers.sort_by_key(|(tag, _)| tag[1..].parse::<usize>().unwrap());
    let all: Vec<_> = (0..size)
        .map(|number| (format!("v{number}"), Some(digest(number))))
        .collect();
    assert_eq!(pointers, all);
    assert_eq!(calls, expected);
    assert_eq!(
        fake.counts(),
        [("DescribeImages".to_owned(), expected as usize)]
    );
}

#[tokio::test]
async fn a_tag_that_is_not_there_costs_one_call_more_and_spoils_no_other() {
    let mut fake = Fake::start(registry(3)).await;
    let tags = ["v0", "gone", "v2", "lost"].map(str::to_owned);
    let (pointers, calls) = resolve(&fake, &tags).await;
    let expected = [
        ("v0", Some(digest(0))),
        ("gone", None),
        ("v2", Some(digest(2))),
        ("lost", None),
    ];
    assert_eq!(
        pointers,
        expected.map(|(tag, digest)| (tag.to_owned(), digest))
    );
    assert_eq!(calls, 3);
    assert_eq!(fake.counts(), [("DescribeImages".to_owned(), 3)]);
}

#[tokio::test]
async fn a_missing_tag_that_nobody_names_is_found_by_halves() {
    let fake = Fake::start(|operation, input| match registry(4)(operation, input) {
        Reply(400, _) => Reply::error(400, "ImageNotFoundException", "one of them is not there"),
        answer => answer,
    })
    .await;
    let tags = ["v0", "v1", "gone", "v3"].map(str::to_owned);
    let (pointers, calls) = resolve(&fake, &tags).await;
    assert_eq!(pointers[2], ("gone".to_owned(), None));
    let found: Vec<_> = pointers.iter().filter(|(_, to)| to.is_some()).collect();
    assert_eq!(found.len(), 3);
    assert_eq!(calls, 5, "all, each half, each of the sick one");
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_a_fault_of_each_of_its_tags() {
    let fake = Fake::start(|_, _| {
        let said = "The repository with name 'shop/web' does not exist in the registry";
        Reply::error(400, "RepositoryNotFoundException", said)
    })
    .await;
    let tag = repository().tag("stable");
    let answer = fake.fetch(&Query::Tag { tag }).await;
    assert_eq!(answer.fault().kind, FaultKind::NotFound);
}

#[rstest]
#[case(Query::Repositories(None), "ecr:DescribeRepositories")]
#[case(Query::Images { repository: repository() }, "ecr:DescribeImages")]
#[case(Query::Image { image: repository().image("sha256:ab") }, "ecr:DescribeImages")]
#[case(Query::Tag { tag: repository().tag("stable") }, "ecr:DescribeImages")]
#[case(Query::Manifest { image: repository().image("sha256:ab") }, "ecr:BatchGetImage")]
#[case(
    Query::Findings { image: repository().image("sha256:ab") },
    "ecr:DescribeImageScanFindings"
)]
#[case(
    Query::Policy { repository: repository(), kind: PolicyKind::Permission },
    "ecr:GetRepositoryPolicy"
)]
#[case(
    Query::Policy { repository: repository(), kind: PolicyKind::Lifecycle },
    "ecr:GetLifecyclePolicy"
)]
#[tokio::test]
async fn refusals_name_the_action(#[case] query: Query, #[case] action: &'static str) {
    let fake = Fake::start(move |operation, _| {
        assert_eq!(format!("ecr:{operation}"), action);
        let said = format!(
            "User: arn:aws:iam::123456789012:user/kim is not authorized to perform: {action} on resource: {REPOSITORY} \
             because no identity-based policy allows the {action} action"
        );
        Reply::error(400, "AccessDeniedException", &said)
    })
    .await;
    let answer = fake.fetch(&query).await;
    let action = action.to_owned();
    assert_eq!(answer.fault().kind, FaultKind::Denied { action });
}

#[tokio::test]
async fn repositories_are_read_with_what_may_be_moved_in_them() {
    let fake = Fake::start(|_, _| {
        Reply::ok(&json!({ "repositories": [{
            "repositoryArn": REPOSITORY, "repositoryName": "shop/web",
            "repositoryUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web",
            "createdAt": 1_700_000_000.0, "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{ "filterType": "WILDCARD", "filter": "dev-*" }],
            "imageScanningConfiguration": { "scanOnPush": true }
        }] }))
    })
    .await;
    let answer = fake.fetch(&Query::Repositories(None)).await;
    let entities = answer.entities();
    let [Entity::Repository(read)] = entities.as_slice() else {
        panic!("{entities:?}");
    };
    assert_eq!(
        (read.arn.as_str(), read.name.as_str()),
        (REPOSITORY, "shop/web")
    );
    assert!(read.uri.ends_with("/shop/web") && read.scan_on_push);
    assert!(read.can_move("dev-7") && !read.can_move("v1"));
}

#[tokio::test]
async fn images_are_read_with_what_their_scan_found_the_gravest_first() {
    let fake = Fake::start(|_, _| {
        let mut told = image(7);
        told["imageManifestMediaType"] = json!(INDEX);
        told["imageStatus"] = json!("ARCHIVED");
        told["lastRecordedPullTime"] = json!(1_700_000_100.0);
        told["imageScanStatus"] = json!({ "status": "COMPLETE" });
        told["imageScanFindingsSummary"] = json!({ "findingSeverityCounts":
            { "LOW": 9, "CRITICAL": 1, "MEDIUM": 0, "HIGH": 2, "APOCALYPTIC": 3 } });
        Reply::ok(&json!({ "imageDetails": [told] }))
    })
    .await;
    let asked = repository().image(&digest(7));
    let answer = fake
        .fetch(&Query::Image {
            image: asked.clone(),
        })
        .await;
    let entities = answer.entities();
    let [Entity::Image(read)] = entities.as_slice() else {
        panic!("{entities:?}");
    };
    assert_eq!((&read.arn, &read.repository), (&asked, &repository()));
    assert_eq!(
        (read.tags.as_slice(), read.size),
        (&["v7".to_owned()][..], Some(1_000))
    );
    assert_eq!(read.pushed_at.unwrap().0, 1_700_000_000_500);
    assert_eq!(read.pulled_at.unwrap().0, 1_700_000_100_000);
    assert!(read.is_index() && read.status == "ARCHIVED");
    let counts = read.scan.as_ref().unwrap().counts.as_ref().unwrap();
    let counts: Vec<_> = counts
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(
        counts,
        [("CRITICAL", 1), ("HIGH", 2), ("LOW", 9), ("APOCALYPTIC", 3)]
    );
}

#[tokio::test]
async fn an_index_is_read_with_its_platforms() {
    let fake = Fake::start(|operation, input| {
        assert_eq!(operation, "BatchGetImage");
        assert_eq!(input["imageIds"], json!([{ "imageDigest": digest(1) }]));
        assert!(input["acceptedMediaTypes"].as_array().unwrap().contains(&json!(INDEX)));
        let manifest = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [
            { "digest": digest(2), "platform": { "os": "linux", "architecture": "amd64" } },
            { "digest": digest(3), "platform": { "os": "linux", "architecture": "arm64", "variant": "v8" } },
            { "digest": digest(4), "platform": { "os": "unknown", "architecture": "unknown" } } ] });
        Reply::ok(&json!({ "failures": [], "images": [{
            "imageId": { "imageDigest": digest(1) }, "imageManifest": manifest.to_string(),
            "imageManifestMediaType": INDEX }] }))
    })
    .await;
    let image = repository().image(&digest(1));
    let answer = fake
        .fetch(&Query::Manifest {
            image: image.clone(),
        })
        .await;
    let entities = answer.entities();
    let [Entity::Manifest(read)] = entities.as_slice() else {
        panic!("{entities:?}");
    };
    assert_eq!(read.image, image);
    assert_eq!(read.platforms(), ["linux/amd64", "linux/arm64/v8"]);
    assert!(read.has(&digest(4)) && !read.has(&digest(1)));
    assert_eq!(answer.done().1, 1);
}

#[tokio::test]
async fn a_manifest_that_is_not_there_is_a_fault() {
    let fake = Fake::start(|_, _| {
        Reply::ok(&json!({ "images": [], "failures": [{
            "imageId": { "imageDigest": digest(1) }, "failureCode": "ImageNotFound",
            "failureReason": "Requested image not found" }] }))
    })
    .await;
    let image = repository().image(&digest(1));
    let answer = fake.fetch(&Query::Manifest { image }).await;
    assert_eq!(answer.fault().kind, FaultKind::NotFound);
    assert!(answer.fault().message.contains("Requested image not found"));
}

#[rstest]
#[case(
    PolicyKind::Permission,
    "RepositoryPolicyNotFoundException",
    "policyText"
)]
#[case(
    PolicyKind::Lifecycle,
    "LifecyclePolicyNotFoundException",
    "lifecyclePolicyText"
)]
#[tokio::test]
async fn policies_are_read_and_their_absence_is_no_fault(
    #[case] kind: PolicyKind,
    #[case] absent: &'static str,
    #[case] field: &'static str,
    #[values(true, false)] set: bool,
) {
    let fake = Fake::start(move |_, _| {
        if set {
            Reply::ok(&json!({ field: "{}" }))
        } else {
            Reply::error(400, absent, "it does not exist")
        }
    })
    .await;
    let repository = repository();
    let answer = fake.fetch(&Query::Policy { repository, kind }).await;
    assert_eq!(answer.done().1, 1);
    let entities = answer.entities();
    let [Entity::Policy(read)] = entities.as_slice() else {
        panic!("{entities:?}");
    };
    assert_eq!(read.text.as_deref(), set.then_some("{}"));
}

#[tokio::test]
async fn an_image_that_was_never_scanned_is_no_fault() {
    let fake =
        Fake::start(|_, _| Reply::error(400, "ScanNotFoundException", "Image scan does not exist"))
            .await;
    let image = repository().image(&digest(1));
    let answer = fake
        .fetch(&Query::Findings {
            image: image.clone(),
        })
        .await;
    assert_eq!(answer.entities(), [&Entity::Findings(image, None)]);
}

#[rstest]
#[case("", "DescribeRepositories", json!({ "repositoryNames": ["shop/web"] }))]
#[case("@sha256:ab", "DescribeImages", json!({ "imageIds": [{ "imageDigest": "sha256:ab" }] }))]
#[case(":stable", "DescribeImages", json!({ "imageIds": [{ "imageTag": "stable" }] }))]
#[tokio::test]
async fn whole_answers_are_kept_as_they_came(
    #[case] part: &str,
    #[case] expected: &'static str,
    #[case] asked: Value,
) {
    let fake = Fake::start(move |operation, input| {
        assert_eq!(operation, expected);
        for (field, value) in asked.as_object().unwrap() {
            assert_eq!(&input[field], value);
        }
        Reply::ok(&json!({ "somethingNew": [1, 2] }))
    })
    .await;
    let target = RawTarget {
        arn: Arn::new(&format!("{REPOSITORY}{part}")),
        cluster: None,
    };
    let text = fake.clients().await.raw(&target).await.unwrap();
    assert_eq!(text, r#"{"somethingNew":[1,2]}"#);
}
