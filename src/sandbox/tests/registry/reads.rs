//! What is read of repositories, images, manifests and scans.

use aws_sdk_ecr::error::ProvideErrorMetadata as _;
use aws_sdk_ecr::types::{
    DescribeImagesFilter, ImageDetail, ImageFailureCode, ImageScanFindingsSummary,
    ImageTagMutability, ListImagesFilter, TagStatus,
};
use serde_json::Value;

use super::{Scene, by_digest, by_tag, client, detail, details, image};
use crate::sandbox::Options;
use crate::sandbox::world::registry::manifest::digest_of;

#[tokio::test]
async fn repositories_come_by_pages_or_by_name() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let mut pages = ecr
        .describe_repositories()
        .max_results(10)
        .into_paginator()
        .send();
    let (mut names, mut count) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        count += 1;
        let found = page.unwrap().repositories.unwrap();
        names.extend(found.into_iter().filter_map(|found| found.repository_name));
    }
    let total = names.len();
    names.dedup();
    assert_eq!((names.len(), count), (total, total.div_ceil(10)));
    let chosen = ecr.describe_repositories().repository_names("payments-api");
    let found = chosen.repository_names("orders-api").send().await.unwrap();
    let [payments, orders] = found.repositories() else {
        panic!("{found:?}");
    };
    assert_eq!(
        payments.repository_uri(),
        Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com/payments-api")
    );
    assert_eq!(
        payments.image_tag_mutability(),
        Some(&ImageTagMutability::Immutable)
    );
    assert_eq!(
        orders.image_tag_mutability(),
        Some(&ImageTagMutability::ImmutableWithExclusion)
    );
    let filters = orders.image_tag_mutability_exclusion_filters();
    assert_eq!(filters[1].filter(), "stable*");
    let lost = ecr.describe_repositories().repository_names("nope").send();
    let lost = lost.await.unwrap_err();
    assert_eq!(
        (lost.code(), lost.message()),
        (
            Some("RepositoryNotFoundException"),
            Some(
                "The repository with name 'nope' does not exist in the registry with id '123456789012'"
            )
        )
    );
}

#[tokio::test]
async fn ten_thousand_images_come_a_thousand_to_a_page() {
    let scene = Scene::open(Options {
        images: Some(10_000),
        ..Options::default()
    })
    .await;
    let ecr = client(&scene);
    let (all, pages) = details(&ecr, "monorepo/builds", 1000).await;
    assert_eq!((all.len(), pages), (10_000, 10));
    let untagged = all.iter().filter(|image| image.image_tags.is_none());
    assert_eq!(untagged.count(), 1000);
    let first = ecr
        .describe_images()
        .repository_name("monorepo/builds")
        .send();
    assert_eq!(first.await.unwrap().image_details().len(), 100);
    let refused = ecr.describe_images().repository_name("monorepo/builds");
    let refused = refused.max_results(1001).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterException"));
}

#[tokio::test]
async fn a_filter_tells_tagged_images_from_others() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let (all, _) = details(&ecr, "storefront", 1000).await;
    let tagged = all
        .iter()
        .filter(|image| image.image_tags.is_some())
        .count();
    assert!(tagged > 3 && tagged < all.len());
    for (status, count) in [
        (TagStatus::Tagged, tagged),
        (TagStatus::Untagged, all.len() - tagged),
        (TagStatus::Any, all.len()),
    ] {
        let filter = DescribeImagesFilter::builder()
            .tag_status(status.clone())
            .build();
        let describe = ecr.describe_images().repository_name("storefront");
        let found = describe.filter(filter).send().await.unwrap();
        assert_eq!(found.image_details().len(), count, "{status}");
    }
    let filter = ListImagesFilter::builder()
        .tag_status(TagStatus::Tagged)
        .build();
    let list = ecr.list_images().repository_name("storefront");
    let listed = list.filter(filter).send().await.unwrap();
    let tags: usize = all.iter().map(|image| image.image_tags().len()).sum();
    assert_eq!(listed.image_ids().len(), tags, "one entry for each tag");
    let gone = ecr.describe_images().repository_name("storefront");
    let gone = gone.image_ids(by_tag("nope")).send().await.unwrap_err();
    assert_eq!(
        (gone.code(), gone.message()),
        (
            Some("ImageNotFoundException"),
            Some(
                "The image with imageId {imageDigest:'null', imageTag:'nope'} does not exist within the repository with name 'storefront' in the registry with id '123456789012'"
            )
        )
    );
}

#[tokio::test]
async fn a_manifest_comes_byte_for_byte_and_only_in_an_accepted_type() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let found = image(&ecr, "storefront", by_tag("latest")).await;
    let (manifest, id) = (found.image_manifest().unwrap(), found.image_id().unwrap());
    assert_eq!(
        id.image_digest(),
        Some(digest_of(manifest.as_bytes()).as_str())
    );
    assert_eq!(id.image_tag(), Some("latest"));
    let media_type = found.image_manifest_media_type().unwrap();
    assert_eq!(media_type, "application/vnd.oci.image.manifest.v1+json");
    for (accepted, count) in [
        (media_type, 1),
        ("application/vnd.docker.distribution.manifest.v2+json", 0),
    ] {
        let get = ecr.batch_get_image().repository_name("storefront");
        let get = get
            .accepted_media_types(accepted)
            .image_ids(by_tag("latest"));
        assert_eq!(get.send().await.unwrap().images().len(), count);
    }
    let get = ecr.batch_get_image().repository_name("storefront");
    let get = get
        .image_ids(by_tag("nope"))
        .image_ids(by_digest("sha256:12"));
    let failures = get.send().await.unwrap().failures.unwrap();
    let codes = failures.iter().filter_map(|failure| failure.failure_code());
    assert_eq!(
        codes.collect::<Vec<_>>(),
        [
            &ImageFailureCode::ImageNotFound,
            &ImageFailureCode::InvalidImageDigest
        ]
    );
}

#[tokio::test]
async fn an_index_names_an_image_for_each_architecture() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    for (repository, entries, kind) in [
        (
            "node-exporter",
            4,
            "application/vnd.oci.image.index.v1+json",
        ),
        (
            "datadog-agent",
            2,
            "application/vnd.docker.distribution.manifest.list.v2+json",
        ),
    ] {
        let index = image(&ecr, repository, by_tag("latest")).await;
        assert_eq!(index.image_manifest_media_type(), Some(kind));
        let document: Value = serde_json::from_str(index.image_manifest().unwrap()).unwrap();
        let children = document["manifests"].as_array().unwrap();
        assert_eq!(children.len(), entries);
        assert_eq!(children[1]["platform"]["architecture"], "arm64");
        let mut largest = 0;
        for child in children {
            let digest = child["digest"].as_str().unwrap();
            let found = image(&ecr, repository, by_digest(digest)).await;
            let length = found.image_manifest().unwrap().len();
            assert_eq!(child["size"], length);
            let size = detail(&ecr, repository, by_digest(digest)).await;
            largest = largest.max(size.image_size_in_bytes().unwrap());
        }
        let own = detail(&ecr, repository, by_tag("latest")).await;
        assert_eq!(own.image_size_in_bytes(), Some(largest));
    }
}

#[tokio::test]
async fn findings_agree_with_their_summary() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let (all, _) = details(&ecr, "storefront", 1000).await;
    // What was pushed just now is still being scanned.
    let done = |image: &&ImageDetail| {
        let summary = image.image_scan_findings_summary();
        let counts = summary.and_then(ImageScanFindingsSummary::finding_severity_counts);
        counts.is_some_and(|counts| counts.len() > 1)
    };
    let scanned = all.iter().find(done).unwrap();
    let digest = scanned.image_digest().unwrap();
    let summary = scanned.image_scan_findings_summary().unwrap();
    let describe = ecr
        .describe_image_scan_findings()
        .repository_name("storefront");
    let found = describe.image_id(by_digest(digest)).send().await.unwrap();
    let findings = found.image_scan_findings().unwrap();
    let counts = summary.finding_severity_counts().unwrap();
    assert_eq!(findings.finding_severity_counts(), Some(counts));
    let total: i32 = counts.values().sum();
    assert_eq!(usize::try_from(total).unwrap(), findings.findings().len());
    assert!(total > 0);
    let none = ecr.describe_image_scan_findings().repository_name("cart");
    let none = none.image_id(by_tag("latest")).send().await.unwrap_err();
    assert_eq!(none.code(), Some("ScanNotFoundException"));
}

#[tokio::test]
async fn policies_are_there_or_said_not_to_be() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let policy = ecr
        .get_repository_policy()
        .repository_name("data-jobs")
        .send();
    let policy = policy.await.unwrap().policy_text.unwrap();
    assert!(policy.contains("PullFromAnalytics"));
    let none = ecr.get_repository_policy().repository_name("cart").send();
    let none = none.await.unwrap_err();
    assert_eq!(
        (none.code(), none.message()),
        (
            Some("RepositoryPolicyNotFoundException"),
            Some(
                "Repository policy does not exist for the repository with name 'cart' in the registry with id '123456789012'"
            )
        )
    );
    let rules = ecr.get_lifecycle_policy().repository_name("cart").send();
    let rules = rules.await.unwrap().lifecycle_policy_text.unwrap();
    assert!(rules.contains("sinceImagePushed"));
    let none = ecr
        .get_lifecycle_policy()
        .repository_name("data-jobs")
        .send();
    let none = none.await.unwrap_err();
    assert_eq!(none.code(), Some("LifecyclePolicyNotFoundException"));
}
