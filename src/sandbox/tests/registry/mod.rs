//! The container registry, met by the SDK's own client.

mod reads;
mod runs;
mod writes;

use std::collections::BTreeSet;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::{Image, ImageDetail, ImageIdentifier};

use super::Scene;

fn client(scene: &Scene) -> Client {
    Client::new(&scene.config)
}

fn by_tag(tag: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_tag(tag).build()
}

fn by_digest(digest: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest).build()
}

/// The image of a repository, with its manifest.
async fn image(ecr: &Client, repository: &str, id: ImageIdentifier) -> Image {
    let get = ecr.batch_get_image().repository_name(repository);
    let found = get.image_ids(id).send().await.unwrap();
    assert_eq!(found.failures(), []);
    found.images()[0].clone()
}

/// The digest that a tag points at.
async fn digest(ecr: &Client, repository: &str, tag: &str) -> String {
    let image = image(ecr, repository, by_tag(tag)).await;
    image.image_id.unwrap().image_digest.unwrap()
}

/// What is known of one image.
async fn detail(ecr: &Client, repository: &str, id: ImageIdentifier) -> ImageDetail {
    let describe = ecr.describe_images().repository_name(repository);
    let found = describe.image_ids(id).send().await.unwrap();
    found.image_details()[0].clone()
}

/// All images of a repository, and how many pages they came on.
async fn details(ecr: &Client, repository: &str, size: i32) -> (Vec<ImageDetail>, usize) {
    let describe = ecr.describe_images().repository_name(repository);
    let mut pages = describe.max_results(size).into_paginator().send();
    let (mut all, mut count) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        count += 1;
        all.extend(page.unwrap().image_details.unwrap());
    }
    let digests: BTreeSet<&str> = all.iter().filter_map(ImageDetail::image_digest).collect();
    assert_eq!(digests.len(), all.len(), "each image comes once");
    (all, count)
}
