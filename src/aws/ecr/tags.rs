//! Where tags point: `DescribeImages`, a hundred tags of a repository in one call.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::Sender;

use super::{
    identifier,
    images::{OPERATION, read},
    place,
};
use crate::{
    aws::{Clients, Haste, fault, fetch::Run},
    model::{Arn, Entity, Fault, FaultKind, Image, ImageTag, Part, Query},
};

/// The most tags that one call takes (ECR API reference, `DescribeImages`).
const BATCH: usize = 100;

/// What came of asking for some tags.
enum Outcome {
    /// The images that they point to.
    Found(Vec<Image>),
    /// One of them is not there, which fails the whole call; what AWS said names it.
    Missing(String),
}

impl Clients {
    /// Answers questions of [`Query::Tag`] with as few calls as possible: a call for each hundred tags of a repository,
    /// and one more for each tag that is not there, since that fails the call. Of each query comes at most one
    /// `Part::Some` and then exactly one `Part::Done` or `Part::Failed`. Calls are counted with the first query of each
    /// batch. Any other query fails.
    ///
    /// A tag that is not there is answered as such; a repository that is not there is a fault.
    pub async fn resolve(
        &self,
        queries: &[Query],
        haste: impl Into<Haste>,
        parts: Sender<(Query, Part)>,
    ) {
        let haste = haste.into();
        let mut by_repository: BTreeMap<Option<Arn>, Vec<Arn>> = BTreeMap::new();
        for query in queries {
            let Query::Tag { tag } = query else {
                let fault = refused(format!("{query} is no tag"));
                let failed = Part::Failed { fault, calls: 0 };
                let _ = parts.send((query.clone(), failed)).await;
                continue;
            };
            let tags = by_repository.entry(tag.repository()).or_default();
            tags.push(tag.clone());
        }
        let mut batches: FuturesUnordered<_> = by_repository
            .iter()
            .flat_map(|(repository, tags)| {
                let region = repository.as_ref().map(Arn::region);
                tags.chunks(BATCH).map(move |tags| (region, tags))
            })
            .map(|(region, tags)| self.of(region).answer_tags(tags, &haste, &parts))
            .collect();
        tokio::select! {
            biased;
            () = parts.closed() => {}
            () = async { while batches.next().await.is_some() {} } => {}
        }
    }

    async fn answer_tags(&self, tags: &[Arn], haste: &Haste, parts: &Sender<(Query, Part)>) {
        let (answer, mut calls) = self.tags(tags, haste).await;
        for tag in tags {
            let query = Query::Tag { tag: tag.clone() };
            let last = match &answer {
                Ok(images) => {
                    let (entities, items) = entities(tag, images);
                    let some = Part::Some {
                        entities,
                        items: items.clone(),
                    };
                    let _ = parts.send((query.clone(), some)).await;
                    Part::Done { items, calls }
                }
                Err(fault) => Part::Failed {
                    fault: fault.clone(),
                    calls,
                },
            };
            let _ = parts.send((query, last)).await;
            calls = 0;
        }
    }

    /// The images that tags of one repository point to, and how many calls it took.
    async fn tags(&self, tags: &[Arn], haste: &Haste) -> (Result<Vec<Image>, Fault>, u32) {
        let calls = AtomicU32::new(0);
        let mut found = Vec::new();
        let mut waiting = vec![tags.to_vec()];
        while let Some(some) = waiting.pop() {
            match self.describe_tags(&some, haste, &calls).await {
                Ok(Outcome::Found(images)) => found.extend(images),
                // One tag that is not there: that is its answer.
                Ok(Outcome::Missing(_)) if some.len() == 1 => {}
                Ok(Outcome::Missing(said)) => waiting.extend(without_missing(some, &said)),
                Err(fault) => return (Err(fault), calls.into_inner()),
            }
        }
        (Ok(found), calls.into_inner())
    }

    async fn describe_tags(
        &self,
        tags: &[Arn],
        haste: &Haste,
        calls: &AtomicU32,
    ) -> Result<Outcome, Fault> {
        let Some(repository) = tags.first().and_then(Arn::repository) else {
            return Err(refused("a tag without a repository".to_owned()));
        };
        let (registry, name) = place(&repository);
        let tell = || {
            calls.fetch_add(1, Ordering::Relaxed);
        };
        self.call(OPERATION, haste, tell, || {
            let request = self
                .ecr
                .describe_images()
                .set_registry_id(registry.clone())
                .repository_name(&name)
                .set_image_ids(Some(tags.iter().map(identifier).collect()));
            let repository = &repository;
            async move {
                match request.send().await {
                    Ok(answer) => {
                        let details = answer.image_details().iter();
                        let images = details.map(|one| read(repository, one));
                        Ok(Outcome::Found(images.collect()))
                    }
                    Err(error) => match error.as_service_error() {
                        Some(refusal) if refusal.is_image_not_found_exception() => {
                            let said = refusal.meta().message().unwrap_or_default();
                            Ok(Outcome::Missing(said.to_owned()))
                        }
                        _ => Err(error),
                    },
                }
            }
        })
        .await
    }
}

impl Run<'_> {
    /// Where one tag points.
    pub(in crate::aws) async fn tag(&self, tag: &Arn) -> Result<Vec<Arn>, Fault> {
        let asked = std::slice::from_ref(tag);
        let (images, calls) = self.clients.tags(asked, &self.haste).await;
        self.count(calls);
        let (entities, items) = entities(tag, &images?);
        self.emit(entities, items.clone()).await;
        Ok(items)
    }
}

/// What is to be asked again once AWS said that one of these is not there: all but the one it names (`{imageDigest:'null',
/// imageTag:'v9'}`), or, if it names none of them, each half by itself.
fn without_missing(mut tags: Vec<Arn>, said: &str) -> Vec<Vec<Arn>> {
    let named = |tag: &Arn| said.contains(&format!("imageTag:'{}'", tag.name()));
    if let Some(missing) = tags.iter().position(named) {
        tags.remove(missing);
        return vec![tags];
    }
    let rest = tags.split_off(tags.len() / 2);
    vec![tags, rest]
}

/// What is known of a tag by the images that came.
fn entities(tag: &Arn, images: &[Image]) -> (Vec<Entity>, Vec<Arn>) {
    let name = tag.name();
    let image = images
        .iter()
        .find(|image| image.tags.iter().any(|one| one == name));
    let pointer = ImageTag {
        repository: tag.repository().unwrap_or_else(|| tag.clone()),
        name: name.to_owned(),
        digest: image.map(|image| image.digest.clone()),
    };
    let items = image.map(|image| image.arn.clone()).into_iter().collect();
    let image = image.map(|image| Entity::Image(Box::new(image.clone())));
    let entities = image.into_iter().chain([Entity::Tag(pointer)]).collect();
    (entities, items)
}

fn refused(message: String) -> Fault {
    Fault {
        kind: FaultKind::Refused,
        ..fault::nonsense(OPERATION, message)
    }
}
