//! ECR, one file per kind of thing: which operations bring it, and how the SDK's type becomes the model's.

mod images;
mod manifest;
mod policies;
mod repositories;
mod scan;
mod tags;

pub(super) use manifest::MEDIA_TYPES;

use aws_sdk_ecr::types::ImageIdentifier;

use crate::{
    aws::fault,
    model::{Arn, Fault},
};

/// The most that a page of repositories or images holds (ECR API reference, `maxResults`).
const PAGE: i32 = 1_000;

/// The registry and the name of the repository of a thing.
pub(super) fn place(arn: &Arn) -> (Option<String>, String) {
    let registry = Some(arn.account().to_owned()).filter(|account| !account.is_empty());
    let name = arn.repository_name().unwrap_or_else(|| arn.name());
    (registry, name.to_owned())
}

/// An image or tag as ECR asks for it.
pub(super) fn identifier(arn: &Arn) -> ImageIdentifier {
    let builder = ImageIdentifier::builder();
    match arn.kind() {
        "tag" => builder.image_tag(arn.name()).build(),
        _ => builder.image_digest(arn.name()).build(),
    }
}

/// The repository of an image or tag.
fn repository_of(arn: &Arn, operation: &str) -> Result<Arn, Fault> {
    arn.repository()
        .ok_or_else(|| fault::nonsense(operation, format!("{arn} is in no repository")))
}
