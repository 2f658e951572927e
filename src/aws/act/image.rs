//! Writes to ECR: tags, images in other repositories, and their end.

use aws_sdk_ecr::{
    error::SdkError,
    operation::put_image::PutImageError,
    types::{Image, ImageFailure, ImageIdentifier},
};

use super::{Writing, once};
use crate::{
    aws::{
        Urgency,
        ecr::{MEDIA_TYPES, identifier, place},
        fault,
    },
    model::{Arn, Done, Entity, Fault, FaultKind, Query},
};

/// What makes a call to ECR a write: one attempt, with patience.
fn ecr_once() -> aws_sdk_ecr::config::Builder {
    let (retries, timeouts) = once();
    aws_sdk_ecr::Config::builder()
        .retry_config(retries)
        .timeout_config(timeouts)
}

/// What became of putting an image.
enum Put {
    Done,
    /// The tag named that image already.
    AlreadyThere,
}

impl Writing<'_> {
    /// Puts tags on an image: its manifest is fetched and put again, byte for byte, once for each tag.
    pub(super) async fn tag(
        &mut self,
        repository: &Arn,
        digest: &str,
        tags: &[String],
    ) -> Result<Done, Fault> {
        let image = self.manifest_of(&repository.image(digest)).await?;
        let mut moved: Vec<&str> = Vec::new();
        let mut already: Vec<&str> = Vec::new();
        for tag in tags {
            self.written = written(&moved, digest);
            match self.put(repository, &image, digest, tag).await? {
                Put::Done => moved.push(tag),
                Put::AlreadyThere => already.push(tag),
            }
        }
        self.written = written(&moved, digest);
        let entities = self.verify(repository, digest, tags).await?;
        self.written.clear();
        let note = if already.is_empty() {
            String::new()
        } else {
            format!("{} named it already", already.join(", "))
        };
        Ok(Done {
            entities,
            note,
            ..Done::default()
        })
    }

    /// Puts an image into another repository of the registry. Its layers have to be there: ECR copies nothing.
    pub(super) async fn promote(
        &mut self,
        repository: &Arn,
        digest: &str,
        to: &Arn,
        tag: &str,
    ) -> Result<Done, Fault> {
        let image = self.manifest_of(&repository.image(digest)).await?;
        let note = match self.put(to, &image, digest, tag).await? {
            Put::Done => {
                self.written = format!("{}:{tag} was put", to.name());
                String::new()
            }
            Put::AlreadyThere => format!("{tag} named it already"),
        };
        let entities = self.verify(to, digest, &[tag.to_owned()]).await?;
        self.written.clear();
        Ok(Done {
            entities,
            note,
            ..Done::default()
        })
    }

    pub(super) async fn untag(&mut self, repository: &Arn, tag: &str) -> Result<Done, Fault> {
        self.delete(repository, &repository.tag(tag)).await
    }

    pub(super) async fn delete_image(
        &mut self,
        repository: &Arn,
        digest: &str,
    ) -> Result<Done, Fault> {
        self.delete(repository, &repository.image(digest)).await
    }

    async fn delete(&mut self, repository: &Arn, thing: &Arn) -> Result<Done, Fault> {
        let (registry, name) = place(repository);
        let request = self
            .clients
            .ecr
            .batch_delete_image()
            .set_registry_id(registry)
            .repository_name(&name)
            .image_ids(identifier(thing))
            .customize()
            .config_override(ecr_once());
        let answer = self.write("BatchDeleteImage", request.send()).await?;
        match answer.failures().first() {
            None => Ok(Done::default()),
            Some(failure) => Err(refused("BatchDeleteImage", &name, failure)),
        }
    }

    /// The manifest of an image with its media type, byte for byte.
    async fn manifest_of(&self, image: &Arn) -> Result<Image, Fault> {
        let clients = self.clients;
        let (registry, name) = place(image);
        let operation = "BatchGetImage";
        let answer = clients
            .call(
                operation,
                Urgency::Interactive,
                || {},
                || {
                    clients
                        .ecr
                        .batch_get_image()
                        .set_registry_id(registry.clone())
                        .repository_name(&name)
                        .image_ids(identifier(image))
                        .set_accepted_media_types(Some(MEDIA_TYPES.map(str::to_owned).to_vec()))
                        .send()
                },
            )
            .await?;
        if let Some(failure) = answer.failures().first() {
            return Err(refused(operation, &name, failure));
        }
        let found = answer.images.unwrap_or_default().into_iter().next();
        found.ok_or_else(|| fault::nonsense(operation, format!("{name} has no such image")))
    }

    async fn put(
        &mut self,
        repository: &Arn,
        image: &Image,
        digest: &str,
        tag: &str,
    ) -> Result<Put, Fault> {
        let (registry, name) = place(repository);
        let request = self
            .clients
            .ecr
            .put_image()
            .set_registry_id(registry)
            .repository_name(&name)
            .set_image_manifest(image.image_manifest().map(str::to_owned))
            .set_image_manifest_media_type(image.image_manifest_media_type().map(str::to_owned))
            .image_tag(tag)
            .image_digest(digest)
            .customize()
            .config_override(ecr_once());
        let mut known = None;
        let sent = async {
            let answer = request.send().await;
            known = answer.as_ref().err().and_then(meaning);
            answer
        };
        let answer = self.write("PutImage", sent).await;
        match (answer, known) {
            (Ok(_), _) => Ok(Put::Done),
            (Err(_), Some(Meaning::AlreadyThere)) => Ok(Put::AlreadyThere),
            (Err(fault), Some(Meaning::Immutable)) => Err(Fault {
                hint: format!("{name} lets no tag like {tag} be moved"),
                ..fault
            }),
            (Err(fault), Some(Meaning::LayersMissing)) => Err(Fault {
                hint: format!(
                    "the layers of the image are not in {name}; ECR copies none: pull it and push it there"
                ),
                ..fault
            }),
            (Err(fault), None) => Err(fault),
        }
    }

    /// Asks where the tags point now; a fault if one points elsewhere.
    async fn verify(
        &self,
        repository: &Arn,
        digest: &str,
        tags: &[String],
    ) -> Result<Vec<Entity>, Fault> {
        let mut entities = Vec::new();
        for tag in tags {
            let query = Query::Tag {
                tag: repository.tag(tag),
            };
            let found = self.clients.read(&query).await?;
            let points = found.iter().find_map(|entity| match entity {
                Entity::Tag(known) if known.name == *tag => Some(known.digest.clone()),
                _ => None,
            });
            let points = points.flatten();
            if points.as_deref() != Some(digest) {
                let elsewhere = points.unwrap_or_else(|| "nothing".to_owned());
                return Err(Fault {
                    kind: FaultKind::Refused,
                    op: "PutImage".to_owned(),
                    message: format!("{tag} was put, and points to {elsewhere}"),
                    hint: "somebody else may have moved it at the same time".to_owned(),
                });
            }
            entities.extend(found);
        }
        Ok(entities)
    }
}

/// What an error of `PutImage` means here.
enum Meaning {
    AlreadyThere,
    Immutable,
    LayersMissing,
}

fn meaning<R>(error: &SdkError<PutImageError, R>) -> Option<Meaning> {
    match error.as_service_error()? {
        PutImageError::ImageAlreadyExistsException(_) => Some(Meaning::AlreadyThere),
        PutImageError::ImageTagAlreadyExistsException(_) => Some(Meaning::Immutable),
        PutImageError::LayersNotFoundException(_)
        | PutImageError::ReferencedImagesNotFoundException(_) => Some(Meaning::LayersMissing),
        _ => None,
    }
}

/// What took effect before what failed.
fn written(moved: &[&str], digest: &str) -> String {
    if moved.is_empty() {
        return String::new();
    }
    format!("{} now names {digest}", moved.join(", "))
}

fn refused(operation: &str, repository: &str, failure: &ImageFailure) -> Fault {
    let id = failure.image_id();
    let of = |id: &ImageIdentifier| {
        let tag = id.image_tag().or_else(|| id.image_digest());
        tag.unwrap_or_default().to_owned()
    };
    let id = id.map(of).unwrap_or_default();
    let code = failure.failure_code().map_or("", |code| code.as_str());
    let reason = failure.failure_reason().unwrap_or(code);
    let missing = code == "ImageNotFound";
    Fault {
        kind: if missing {
            FaultKind::NotFound
        } else {
            FaultKind::Refused
        },
        op: operation.to_owned(),
        message: format!("{repository} {id}: {reason}"),
        hint: if code == "ImageReferencedByManifestList" {
            "an index names it: delete that first".to_owned()
        } else {
            String::new()
        },
    }
}
