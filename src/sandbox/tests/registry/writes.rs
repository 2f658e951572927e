//! Moving tags, pushing manifests and deleting images.

use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::ProvideErrorMetadata as _;
use aws_sdk_ecr::types::ImageFailureCode;

use super::{Scene, by_digest, by_tag, client, detail, details, digest, image};

/// Points a tag at an image, and says with which error that is refused.
async fn retag(ecr: &Client, repository: &str, from: &str, to: &str) -> Result<(), String> {
    let source = image(ecr, repository, by_digest(from)).await;
    let put = ecr.put_image().repository_name(repository).image_tag(to);
    let put = put
        .image_manifest(source.image_manifest().unwrap())
        .set_image_manifest_media_type(source.image_manifest_media_type)
        .image_digest(from);
    let sent = put
        .send()
        .await
        .map_err(|error| error.code().unwrap_or_default().to_owned())?;
    assert_eq!(
        sent.image().unwrap().image_id().unwrap().image_digest(),
        Some(from)
    );
    Ok(())
}

/// The digest of the oldest image with a tag.
async fn oldest(ecr: &Client, repository: &str) -> String {
    let (mut all, _) = details(ecr, repository, 1000).await;
    all.retain(|image| image.image_tags.is_some());
    all.sort_by(|one, other| {
        let at = |image: &aws_sdk_ecr::types::ImageDetail| {
            image.image_pushed_at().unwrap().as_secs_f64()
        };
        at(one).total_cmp(&at(other))
    });
    all[0].image_digest.clone().unwrap()
}

#[tokio::test]
async fn a_tag_moves_and_moves_back() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let (new, old) = (
        digest(&ecr, "cart", "stable").await,
        oldest(&ecr, "cart").await,
    );
    assert_ne!(new, old);
    for target in [&old, &new] {
        retag(&ecr, "cart", target, "stable").await.unwrap();
        assert_eq!(digest(&ecr, "cart", "stable").await, *target);
        let again = retag(&ecr, "cart", target, "stable").await;
        assert_eq!(again.unwrap_err(), "ImageAlreadyExistsException");
    }
    let detail = detail(&ecr, "cart", by_digest(&old)).await;
    assert!(!detail.image_tags().contains(&"stable".to_owned()));
}

#[tokio::test]
async fn immutable_tags_stay_but_those_that_are_excluded() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let refused = "ImageTagAlreadyExistsException";
    // Strict, immutable but for `latest` and `stable*`, mutable but for `v*`.
    for (repository, stable, version) in [
        ("orders-api", None, Some(refused)),
        ("checkout", None, Some(refused)),
        ("cart", None, None),
    ] {
        let old = oldest(&ecr, repository).await;
        let newest = detail(&ecr, repository, by_tag("latest")).await;
        let tag = newest
            .image_tags()
            .iter()
            .find(|tag| tag.starts_with('v'))
            .unwrap();
        let moved = retag(&ecr, repository, &old, tag).await;
        assert_eq!(moved.err().as_deref(), version, "{repository}");
        let moved = retag(&ecr, repository, &old, "stable").await;
        assert_eq!(moved.err().as_deref(), stable, "{repository}");
        retag(&ecr, repository, &old, "v99-new").await.unwrap();
    }
    let old = oldest(&ecr, "payments-api").await;
    let (all, _) = details(&ecr, "payments-api", 1000).await;
    let other = all
        .iter()
        .find(|image| image.image_tags.is_some() && image.image_digest() != Some(old.as_str()));
    let tag = &other.unwrap().image_tags()[0];
    assert_eq!(
        retag(&ecr, "payments-api", &old, tag).await.unwrap_err(),
        refused
    );
}

#[tokio::test]
async fn a_manifest_is_taken_only_as_it_is_and_with_what_it_refers_to() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let put = async |repository: &str, text: &str, digest: Option<&str>| {
        let put = ecr
            .put_image()
            .repository_name(repository)
            .image_tag("test");
        let put = put
            .image_manifest(text)
            .set_image_digest(digest.map(str::to_owned));
        let error = put.send().await.err();
        error.map(|error| {
            (
                error.code().unwrap().to_owned(),
                error.message().unwrap().to_owned(),
            )
        })
    };
    let single = image(&ecr, "cart", by_tag("latest")).await;
    let text = single.image_manifest().unwrap();
    let digest = single.image_id().unwrap().image_digest().unwrap();
    // The same document in other bytes.
    let other: serde_json::Value = serde_json::from_str(text).unwrap();
    let (code, _) = put("cart", &other.to_string(), Some(digest)).await.unwrap();
    assert_eq!(code, "ImageDigestDoesNotMatchException");
    assert_eq!(
        put("cart", &other.to_string(), None).await,
        None,
        "its layers are there"
    );
    let (code, words) = put("storefront", text, None).await.unwrap();
    assert_eq!(code, "LayersNotFoundException");
    let layer = other["layers"][0]["digest"].as_str().unwrap();
    assert!(
        words.contains(layer) && words.ends_with("do not exist"),
        "{words}"
    );
    let index = image(&ecr, "node-exporter", by_tag("latest")).await;
    let (code, _) = put("cart", index.image_manifest().unwrap(), None)
        .await
        .unwrap();
    assert_eq!(code, "ReferencedImagesNotFoundException");
    let (code, _) = put("cart", "{", None).await.unwrap();
    assert_eq!(code, "InvalidParameterException");
}

#[tokio::test]
async fn an_image_goes_with_its_last_tag_or_by_its_digest() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let delete = async |repository: &str, id| {
        let delete = ecr.batch_delete_image().repository_name(repository);
        delete.image_ids(id).send().await.unwrap()
    };
    let old = oldest(&ecr, "cart").await;
    retag(&ecr, "cart", &old, "second").await.unwrap();
    let is_there = async || {
        let get = ecr.batch_get_image().repository_name("cart");
        !get.image_ids(by_digest(&old))
            .send()
            .await
            .unwrap()
            .images()
            .is_empty()
    };
    assert_eq!(delete("cart", by_tag("second")).await.image_ids().len(), 1);
    assert!(is_there().await, "it has another tag");
    let last = detail(&ecr, "cart", by_digest(&old))
        .await
        .image_tags
        .unwrap();
    let gone = delete("cart", by_tag(&last[0])).await;
    assert_eq!(gone.image_ids()[0].image_digest(), Some(old.as_str()));
    assert!(!is_there().await);
    let newest = detail(&ecr, "cart", by_tag("latest")).await;
    let gone = delete("cart", by_digest(newest.image_digest().unwrap())).await;
    assert_eq!(
        gone.image_ids().len(),
        newest.image_tags().len(),
        "with all its tags"
    );
    let gone = delete("cart", by_tag("latest")).await;
    let failure = &gone.failures()[0];
    assert_eq!(
        failure.failure_code(),
        Some(&ImageFailureCode::ImageNotFound)
    );
}

#[tokio::test]
async fn an_image_of_an_index_stays_as_long_as_the_index() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let index = image(&ecr, "node-exporter", by_tag("latest")).await;
    let document: serde_json::Value =
        serde_json::from_str(index.image_manifest().unwrap()).unwrap();
    let child = document["manifests"][0]["digest"].as_str().unwrap();
    let own = index.image_id().unwrap().image_digest().unwrap();
    let delete = async |digest: &str| {
        let delete = ecr.batch_delete_image().repository_name("node-exporter");
        delete.image_ids(by_digest(digest)).send().await.unwrap()
    };
    let refused = delete(child).await;
    let failure = &refused.failures()[0];
    assert_eq!(
        failure.failure_reason(),
        Some(format!("Requested image referenced by manifest list: [{own}]").as_str())
    );
    assert_eq!(delete(own).await.failures(), []);
    assert_eq!(delete(child).await.failures(), []);
}

#[tokio::test]
async fn an_operation_can_be_denied() {
    let scene = Scene::demo().await;
    let ecr = client(&scene);
    let (new, old) = (
        digest(&ecr, "cart", "stable").await,
        oldest(&ecr, "cart").await,
    );
    scene.sandbox.deny("ecr:PutImage");
    let denied = retag(&ecr, "cart", &old, "stable").await;
    assert_eq!(denied.unwrap_err(), "AccessDeniedException");
    assert_eq!(digest(&ecr, "cart", "stable").await, new);
    scene.sandbox.allow("ecr:PutImage");
    retag(&ecr, "cart", &old, "stable").await.unwrap();
}
