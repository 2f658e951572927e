//! Manifests: `BatchGetImage`. Asked for by digest and only once, since ECR counts it as a pull.

use serde_json::Value;

use super::{identifier, place};
use crate::{
    aws::{fault, fetch::Run},
    model::{Arn, Entity, Fault, FaultKind, Manifest, ManifestChild},
};

const OPERATION: &str = "BatchGetImage";

/// What is accepted: without the types of indexes, ECR may answer with the image of one platform.
pub(in crate::aws) const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

impl Run<'_> {
    pub(in crate::aws) async fn manifest(&self, image: &Arn) -> Result<Vec<Arn>, Fault> {
        let (registry, name) = place(image);
        let answer = self
            .call(OPERATION, || {
                self.clients
                    .ecr
                    .batch_get_image()
                    .set_registry_id(registry.clone())
                    .repository_name(&name)
                    .image_ids(identifier(image))
                    .set_accepted_media_types(Some(MEDIA_TYPES.map(str::to_owned).to_vec()))
                    .send()
            })
            .await?;
        let Some(found) = answer.images().first() else {
            let reason = answer
                .failures()
                .first()
                .and_then(|failure| failure.failure_reason());
            return Err(Fault {
                kind: FaultKind::NotFound,
                op: OPERATION.to_owned(),
                message: format!(
                    "{} of {name}: {}",
                    image.short(),
                    reason.unwrap_or("there is no such image")
                ),
                hint: String::new(),
            });
        };
        let manifest = read(
            image,
            found.image_manifest_media_type(),
            found.image_manifest().unwrap_or_default(),
        )?;
        self.emit(vec![Entity::Manifest(Box::new(manifest))], Vec::new())
            .await;
        Ok(vec![image.clone()])
    }
}

fn read(image: &Arn, media_type: Option<&str>, text: &str) -> Result<Manifest, Fault> {
    let manifest: Value = serde_json::from_str(text).map_err(|error| {
        fault::nonsense(OPERATION, format!("the manifest is not JSON: {error}"))
    })?;
    let media_type = media_type.or_else(|| manifest["mediaType"].as_str());
    let children = manifest["manifests"].as_array().into_iter().flatten();
    Ok(Manifest {
        image: image.clone(),
        media_type: media_type.unwrap_or_default().to_owned(),
        children: children.filter_map(child).collect(),
    })
}

/// One image of an index (OCI image specification, "image index").
fn child(child: &Value) -> Option<ManifestChild> {
    let platform = &child["platform"];
    let part = |name: &str| platform[name].as_str().filter(|part| !part.is_empty());
    let parts: Vec<&str> = ["os", "architecture", "variant"]
        .into_iter()
        .filter_map(part)
        .collect();
    // Attestations name a platform too, since they must: `unknown/unknown`.
    let runs = !parts.is_empty() && part("architecture") != Some("unknown");
    Some(ManifestChild {
        digest: child["digest"].as_str()?.to_owned(),
        platform: runs.then(|| parts.join("/")),
    })
}
