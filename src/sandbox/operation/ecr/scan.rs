//! `DescribeImageScanFindings`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::image::not_found;
use super::{ImageId, PAGE, Place, check_page};
use crate::sandbox::operation::page::Paging;
use crate::sandbox::operation::{Answer, Call, Fault};
use crate::sandbox::world::registry::scan::Finding;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    #[serde(flatten)]
    place: Place,
    image_id: ImageId,
    #[serde(flatten)]
    paging: Paging,
}

/// Describes what the scan of an image found, a hundred findings to a page unless asked otherwise.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    let world = &*call.world;
    let repository = input.place.find(world)?;
    check_page(&input.paging)?;
    let id = &input.image_id;
    let digest = id
        .find(repository)
        .map_err(|lost| not_found(id, lost, &input.place, world))?;
    let scan = repository
        .images
        .get(digest)
        .and_then(|image| image.scan.as_ref());
    let scan = scan.ok_or_else(|| {
        Fault::new(
            "ScanNotFoundException",
            format!(
                "Image scan does not exist for the image with '{}' in {}",
                id.words(),
                input.place.words(world)
            ),
        )
    })?;
    let done = scan.completed <= world.now;
    let findings = scan.findings.iter().filter(|_| done);
    let names = findings.clone().map(|finding| finding.name.to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    let show = |name: &String| {
        let mut findings = findings.clone();
        findings
            .find(|finding| finding.name == name)
            .map(|finding| render(finding))
    };
    let (page, token) = input.paging.cut_at_most(PAGE, 100, names, show)?;
    Ok(json!({
        "registryId": world.account,
        "repositoryName": input.place.repository_name,
        "imageId": ImageId::new(digest, id.image_tag.as_deref()),
        "imageScanStatus": status(!done),
        "imageScanFindings": done.then(|| json!({
            "imageScanCompletedAt": scan.completed,
            "vulnerabilitySourceUpdatedAt": scan.completed,
            "findings": page,
            "findingSeverityCounts": scan.counts(),
        })),
        "nextToken": token,
    }))
}

/// The status of a scan.
pub fn status(under_way: bool) -> Value {
    if under_way {
        json!({"status": "IN_PROGRESS", "description": "The scan is in progress."})
    } else {
        json!({"status": "COMPLETE", "description": "The scan was completed successfully."})
    }
}

fn render(finding: &Finding) -> Value {
    json!({
        "name": finding.name,
        "description": finding.description,
        "uri": format!("https://nvd.nist.gov/vuln/detail/{}", finding.name),
        "severity": finding.severity,
        "attributes": [
            {"key": "package_name", "value": finding.package},
            {"key": "package_version", "value": finding.version},
        ],
    })
}
