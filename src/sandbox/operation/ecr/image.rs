//! `ListImages` and `DescribeImages`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ImageId, Lost, NAMED, PAGE, Place, check_page, out_of_bounds};
use crate::sandbox::operation::page::Paging;
use crate::sandbox::operation::{Answer, Call, Fault};
use crate::sandbox::world::World;
use crate::sandbox::world::registry::Image;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    #[serde(flatten)]
    place: Place,
    image_ids: Option<Vec<ImageId>>,
    filter: Filter,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    tag_status: Option<String>,
    image_status: Option<String>,
}

impl Filter {
    fn check(&self) -> Result<(), Fault> {
        let words = [
            (&self.tag_status, ["TAGGED", "UNTAGGED", "ANY"], "tagStatus"),
            (
                &self.image_status,
                ["ACTIVE", "ARCHIVED", "ACTIVATING"],
                "imageStatus",
            ),
        ];
        for (word, known, name) in words {
            // ANY is a status of images as well.
            let fits = |word: &String| known.contains(&word.as_str()) || word == "ANY";
            if !word.as_ref().is_none_or(fits) {
                return Err(out_of_bounds(name, "Member must satisfy enum value set"));
            }
        }
        Ok(())
    }

    /// Whether an image passes: all images of the sandbox are active.
    fn passes(&self, tagged: bool) -> bool {
        let active = matches!(self.image_status.as_deref(), None | Some("ACTIVE" | "ANY"));
        active
            && match self.tag_status.as_deref() {
                Some("TAGGED") => tagged,
                Some("UNTAGGED") => !tagged,
                _ => true,
            }
    }
}

/// Lists the images of a repository, once for each of their tags, a hundred to a page unless asked otherwise.
pub fn list(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    let repository = input.place.find(call.world)?;
    check_page(&input.paging)?;
    input.filter.check()?;
    let pairs = repository.images.iter().flat_map(|(digest, image)| {
        let untagged = image.tags.is_empty().then(|| digest.to_string());
        let tagged = image.tags.iter().map(move |tag| format!("{digest} {tag}"));
        untagged.into_iter().chain(tagged)
    });
    let show = |pair: &String| {
        let (digest, tag) = match pair.split_once(' ') {
            Some((digest, tag)) => (digest, Some(tag)),
            None => (pair.as_str(), None),
        };
        let passes = input.filter.passes(tag.is_some());
        passes.then(|| json!(ImageId::new(digest, tag)))
    };
    let (page, token) = input.paging.cut_at_most(PAGE, 100, pairs, show)?;
    Ok(json!({"imageIds": page, "nextToken": token}))
}

/// Describes the named images, at most a hundred and all of which have to be there, or all of a repository by pages.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    let world = &*call.world;
    let repository = input.place.find(world)?;
    check_page(&input.paging)?;
    input.filter.check()?;
    let name = input.place.repository_name.as_str();
    let shown = |digest: &str| {
        let (digest, image) = repository.images.get_key_value(digest)?;
        Some(render(world, name, digest, image))
    };
    if let Some(ids) = &input.image_ids {
        if input.paging.max_results.is_some() || input.paging.next_token.is_some() {
            return Err(Fault::invalid(
                "Invalid request parameters: maxResults and nextToken cannot be specified with imageIds",
            ));
        }
        if ids.is_empty() || ids.len() > NAMED {
            return Err(out_of_bounds(
                "imageIds",
                "Member must have length between 1 and 100",
            ));
        }
        let mut found = Vec::new();
        for id in ids {
            let digest = id
                .find(repository)
                .map_err(|lost| not_found(id, lost, &input.place, world))?;
            found.extend(shown(digest));
        }
        return Ok(json!({"imageDetails": found}));
    }
    let digests = repository.images.keys().map(ToString::to_string);
    let show = |digest: &String| {
        let image = repository.images.get(digest.as_str())?;
        let passes = input.filter.passes(!image.tags.is_empty());
        shown(digest).filter(|_| passes)
    };
    let (page, token) = input.paging.cut_at_most(PAGE, 100, digests, show)?;
    Ok(json!({"imageDetails": page, "nextToken": token}))
}

/// The error for an image that a request needs and does not find.
pub fn not_found(id: &ImageId, lost: Lost, place: &Place, world: &World) -> Fault {
    match lost {
        Lost::Missing | Lost::Mismatch => Fault::new(
            "ImageNotFoundException",
            format!(
                "The image with imageId {} does not exist within {}",
                id.words(),
                place.words(world)
            ),
        ),
        Lost::Unnamed | Lost::NoDigest => Fault::invalid(lost.words().1),
    }
}

fn render(world: &World, name: &str, digest: &str, image: &Image) -> Value {
    let scan = image
        .scan
        .as_ref()
        .filter(|scan| scan.completed <= world.now);
    let under_way = image.scan.is_some() && scan.is_none();
    json!({
        "registryId": world.account,
        "repositoryName": name,
        "imageDigest": digest,
        "imageTags": (!image.tags.is_empty()).then_some(&image.tags),
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed,
        "imageScanStatus": image.scan.as_ref().map(|_| super::scan::status(under_way)),
        "imageScanFindingsSummary": scan.map(|scan| json!({
            "imageScanCompletedAt": scan.completed,
            "vulnerabilitySourceUpdatedAt": scan.completed,
            "findingSeverityCounts": scan.counts(),
        })),
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": image.artifact,
        "lastRecordedPullTime": image.pulled.filter(|at| *at <= world.now),
        "imageStatus": "ACTIVE",
    })
}
