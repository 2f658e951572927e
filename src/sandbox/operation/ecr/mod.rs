//! The operations of ECR on the registry: their table, and what they share.

mod delete;
mod image;
mod manifest;
mod repository;
mod scan;

use serde::{Deserialize, Serialize};

use super::page::Paging;
use super::{Fault, Operation, operation};
use crate::sandbox::quota::Bucket;
use crate::sandbox::world::World;
use crate::sandbox::world::registry::Repository;

/// All operations of the ECR front.
pub const OPERATIONS: &[Operation] = &[
    operation(
        "DescribeRepositories",
        Bucket::RegistryRead,
        repository::describe,
    ),
    operation(
        "GetRepositoryPolicy",
        Bucket::RegistryRead,
        repository::policy,
    ),
    operation(
        "GetLifecyclePolicy",
        Bucket::RegistryRead,
        repository::lifecycle,
    ),
    operation("ListImages", Bucket::RegistryRead, image::list),
    operation("DescribeImages", Bucket::RegistryRead, image::describe),
    operation(
        "DescribeImageScanFindings",
        Bucket::RegistryRead,
        scan::describe,
    ),
    operation("BatchGetImage", Bucket::ManifestRead, manifest::get),
    operation("PutImage", Bucket::ManifestModify, manifest::put),
    operation("BatchDeleteImage", Bucket::RegistryModify, delete::delete),
];

/// The most items on a page.
const PAGE: i64 = 1000;
/// The most images or repositories that one request names.
const NAMED: usize = 100;

/// The members by which a request names a repository.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Place {
    registry_id: Option<String>,
    repository_name: String,
}

/// How a request names an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ImageId {
    image_digest: Option<String>,
    image_tag: Option<String>,
}

impl ImageId {
    fn new(digest: &str, tag: Option<&str>) -> Self {
        Self {
            image_digest: Some(digest.to_owned()),
            image_tag: tag.map(str::to_owned),
        }
    }

    /// As messages write it.
    fn words(&self) -> String {
        let word = |part: &Option<String>| part.clone().unwrap_or_else(|| "null".to_owned());
        format!(
            "{{imageDigest:'{}', imageTag:'{}'}}",
            word(&self.image_digest),
            word(&self.image_tag)
        )
    }

    /// The digest of the image that it names, if that is there.
    fn find<'a>(&self, repository: &'a Repository) -> Result<&'a str, Lost> {
        let by_tag = self.image_tag.as_ref().map(|tag| repository.tagged(tag));
        let digest = self.image_digest.as_deref();
        match (digest, by_tag) {
            (None, None) => Err(Lost::Unnamed),
            (Some(digest), _) if !is_digest(digest) => Err(Lost::NoDigest),
            (None, Some(Some((digest, _)))) => Ok(digest),
            (Some(digest), Some(Some((known, _)))) if **known == *digest => Ok(known),
            (Some(digest), Some(_)) if repository.images.contains_key(digest) => {
                Err(Lost::Mismatch)
            }
            (Some(digest), None) => match repository.images.get_key_value(digest) {
                Some((known, _)) => Ok(known),
                None => Err(Lost::Missing),
            },
            (_, Some(_)) => Err(Lost::Missing),
        }
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Why an image that a request names is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Missing,
    Unnamed,
    NoDigest,
    Mismatch,
}

impl Lost {
    /// The code and the reason of a `failures[]` entry.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("ImageNotFound", "Requested image not found"),
            Self::Unnamed => (
                "MissingDigestAndTag",
                "Invalid request parameters: both tag and digest cannot be null",
            ),
            Self::NoDigest => (
                "InvalidImageDigest",
                "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
            ),
            Self::Mismatch => (
                "ImageTagDoesNotMatchDigest",
                "Requested image tag does not match the image digest",
            ),
        }
    }
}

impl Place {
    fn registry<'a>(&'a self, world: &'a World) -> &'a str {
        self.registry_id.as_deref().unwrap_or(&world.account)
    }

    /// `the repository with name 'x' in the registry with id '1'`, as messages write it.
    fn words(&self, world: &World) -> String {
        format!(
            "the repository with name '{}' in the registry with id '{}'",
            self.repository_name,
            self.registry(world)
        )
    }

    /// The repository, or that there is none.
    fn find<'a>(&self, world: &'a World) -> Result<&'a Repository, Fault> {
        let own = self.registry(world) == world.account;
        let repositories = &world.registry.repositories;
        let found = repositories.get(&self.repository_name).filter(|_| own);
        found.ok_or_else(|| no_repository(&self.repository_name, self.registry(world)))
    }
}

fn no_repository(name: &str, registry: &str) -> Fault {
    Fault::new(
        "RepositoryNotFoundException",
        format!(
            "The repository with name '{name}' does not exist in the registry with id '{registry}'"
        ),
    )
}

/// A parameter that is out of its bounds.
fn out_of_bounds(parameter: &str, constraint: &str) -> Fault {
    Fault::invalid(format!(
        "Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'"
    ))
}

/// Refuses page sizes above a thousand, in the words of this API.
fn check_page(paging: &Paging) -> Result<(), Fault> {
    match paging.max_results {
        Some(size) if size > PAGE => Err(out_of_bounds(
            "maxResults",
            "Member must have value less than or equal to 1000",
        )),
        Some(size) if size < 1 => Err(out_of_bounds(
            "maxResults",
            "Member must have value greater than or equal to 1",
        )),
        _ => Ok(()),
    }
}

/// Refuses requests that name no image or more than a hundred.
fn check_ids(ids: &[ImageId]) -> Result<(), Fault> {
    match ids.len() {
        0 => Err(out_of_bounds(
            "imageIds",
            "Member must have length greater than or equal to 1",
        )),
        1..=NAMED => Ok(()),
        _ => Err(out_of_bounds(
            "imageIds",
            "Member must have length less than or equal to 100",
        )),
    }
}
