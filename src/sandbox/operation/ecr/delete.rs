//! `BatchDeleteImage`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::manifest::failure;
use super::{ImageId, Place, check_ids};
use crate::sandbox::operation::{Answer, Call};
use crate::sandbox::world::registry::Repository;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    #[serde(flatten)]
    place: Place,
    image_ids: Vec<ImageId>,
}

/// Deletes at most a hundred images. By a tag, the tag goes, and the image only with its last one; by a digest, the
/// image goes with all its tags.
pub fn delete(call: &mut Call<'_>) -> Answer {
    let Input { place, image_ids } = call.input()?;
    place.find(call.world)?;
    check_ids(&image_ids)?;
    let (mut gone, mut failures) = (Vec::new(), Vec::new());
    let repositories = &mut call.world.registry.repositories;
    if let Some(repository) = repositories.get_mut(&place.repository_name) {
        for id in &image_ids {
            match delete_one(repository, id) {
                Ok(ids) => gone.extend(ids),
                Err(failure) => failures.push(failure),
            }
        }
    }
    Ok(json!({"imageIds": gone, "failures": failures}))
}

fn delete_one(repository: &mut Repository, id: &ImageId) -> Result<Vec<ImageId>, Value> {
    let digest = id.find(repository).map_err(|lost| failure(id, lost))?;
    let digest = digest.to_owned();
    let tags = repository
        .images
        .get(digest.as_str())
        .map_or(0, |image| image.tags.len());
    if let Some(tag) = id.image_tag.as_deref().filter(|_| tags > 1) {
        repository.untag(tag);
        return Ok(vec![ImageId::new(&digest, Some(tag))]);
    }
    let indexes = repository.indexes_of(&digest);
    if !indexes.is_empty() {
        return Err(json!({
            "imageId": id,
            "failureCode": "ImageReferencedByManifestList",
            "failureReason": format!("Requested image referenced by manifest list: [{}]", indexes.join(", ")),
        }));
    }
    let tags = repository
        .remove(&digest)
        .map(|image| image.tags)
        .unwrap_or_default();
    if tags.is_empty() {
        return Ok(vec![ImageId::new(&digest, None)]);
    }
    Ok(tags
        .iter()
        .map(|tag| ImageId::new(&digest, Some(tag)))
        .collect())
}
