//! `BatchGetImage` and `PutImage`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ImageId, Lost, Place, check_ids, out_of_bounds};
use crate::sandbox::operation::{Answer, Call, Fault};
use crate::sandbox::world::registry::Refusal;
use crate::sandbox::world::registry::manifest::{Manifest, digest_of};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GetInput {
    #[serde(flatten)]
    place: Place,
    image_ids: Vec<ImageId>,
    accepted_media_types: Option<Vec<String>>,
}

/// Gives the manifests of at most a hundred images. One of a media type that is not accepted counts as not found, as
/// nothing is converted here.
pub fn get(call: &mut Call<'_>) -> Answer {
    let input: GetInput = call.input()?;
    let world = &*call.world;
    let repository = input.place.find(world)?;
    check_ids(&input.image_ids)?;
    let accepted = |media_type: &String| {
        let types = input.accepted_media_types.as_ref();
        types.is_none_or(|types| types.is_empty() || types.contains(media_type))
    };
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in &input.image_ids {
        let image = id.find(repository).and_then(|digest| {
            let image = repository.images.get(digest);
            let image = image.filter(|image| accepted(&image.media_type));
            image.map(|image| (digest, image)).ok_or(Lost::Missing)
        });
        match image {
            Ok((digest, image)) => images.push(json!({
                "registryId": world.account,
                "repositoryName": input.place.repository_name,
                "imageId": ImageId::new(digest, id.image_tag.as_deref()),
                "imageManifest": image.manifest,
                "imageManifestMediaType": image.media_type,
            })),
            Err(lost) => failures.push(failure(id, lost)),
        }
    }
    Ok(json!({"images": images, "failures": failures}))
}

/// The entry of a `failures[]` list for an image that a request names and that is none.
pub fn failure(id: &ImageId, lost: Lost) -> Value {
    let (code, reason) = lost.words();
    json!({"imageId": id, "failureCode": code, "failureReason": reason})
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PutInput {
    #[serde(flatten)]
    place: Place,
    image_manifest: String,
    image_manifest_media_type: Option<String>,
    image_tag: Option<String>,
    image_digest: Option<String>,
}

/// Takes the manifest of an image whose layers are there, and points a tag at it.
pub fn put(call: &mut Call<'_>) -> Answer {
    let input: PutInput = call.input()?;
    let (place, text) = (&input.place, input.image_manifest.as_str());
    place.find(call.world)?;
    let tag = input.image_tag.as_deref();
    if !tag.is_none_or(is_tag) {
        return Err(out_of_bounds(
            "imageTag",
            "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
        ));
    }
    if serde_json::from_str::<Value>(text).is_err() {
        return Err(out_of_bounds("imageManifest", "Invalid JSON syntax"));
    }
    let manifest = Manifest::read(text, input.image_manifest_media_type.as_deref())
        .ok_or_else(|| {
            Fault::invalid("Invalid parameter: the image manifest does not state its media type and none was specified")
        })?;
    let media_type = manifest.media_type.clone();
    let digest = digest_of(text.as_bytes());
    if input
        .image_digest
        .as_ref()
        .is_some_and(|given| *given != digest)
    {
        return Err(Fault::new(
            "ImageDigestDoesNotMatchException",
            "The specified image digest does not match the digest that Amazon ECR calculated for the image.",
        ));
    }
    let now = call.world.now;
    let repositories = &mut call.world.registry.repositories;
    let taken = repositories
        .get_mut(&place.repository_name)
        .map(|repository| repository.put(text, manifest, tag, now));
    if let Some(Err(refusal)) = taken {
        return Err(refused(&refusal, &digest, &input, call));
    }
    Ok(json!({"image": {
        "registryId": call.world.account,
        "repositoryName": place.repository_name,
        "imageId": ImageId::new(&digest, tag),
        "imageManifest": text,
        "imageManifestMediaType": media_type,
    }}))
}

fn refused(refusal: &Refusal, digest: &str, input: &PutInput, call: &Call<'_>) -> Fault {
    let tag = input.image_tag.as_deref().unwrap_or("null");
    let place = input.place.words(call.world);
    match refusal {
        Refusal::Exists => Fault::new(
            "ImageAlreadyExistsException",
            format!("Image with digest '{digest}' and tag '{tag}' already exists in {place}"),
        ),
        Refusal::Immutable => Fault::new(
            "ImageTagAlreadyExistsException",
            format!(
                "The image tag '{tag}' already exists in the '{}' repository and cannot be overwritten because the tag is immutable.",
                input.place.repository_name
            ),
        ),
        Refusal::Layers(digests) => Fault::new(
            "LayersNotFoundException",
            format!(
                "Layers with digests '[{}]' required for pushing image into {place} do not exist",
                digests.join(", ")
            ),
        ),
        Refusal::Children(digests) => Fault::new(
            "ReferencedImagesNotFoundException",
            format!(
                "Images with digests '[{}]' required for pushing image into {place} do not exist",
                digests.join(", ")
            ),
        ),
    }
}

/// Whether a text can be a tag
/// (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>).
fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text
            .bytes()
            .all(|byte| word(byte) || byte == b'.' || byte == b'-')
}
