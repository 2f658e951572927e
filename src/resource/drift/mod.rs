//! Whether what a container runs is still what its tag points to. A tag that was moved since is told of only where that
//! is certain. Pure; what leads to certainty is in `live`.

mod live;
mod step;
mod summary;
mod tell;

use crate::{
    model::{Arn, Container, ImageReference, Task},
    store::{Store, TagTarget},
};

pub use live::pulled_tags;
pub(super) use live::{
    containers as live_containers, index_in_doubt, services as live_services, tasks as live_tasks,
};
pub(super) use step::{of_container as step, of_several as step_of, of_task as step_of_task};
pub(super) use summary::{
    Known, Summary, by_service, of_tag as summary_of_tag, of_tasks as summary,
};
pub(super) use tell::{field, missing, task_cell, task_key};

/// How what a container runs stands to where its tag points now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// The tag points to it.
    Current(String),
    /// The tag was moved to another image since.
    Older(String),
    /// The tag is no longer there.
    Gone(String),
    /// It is named by its digest, so that nothing can move.
    Pinned,
    /// It cannot be said.
    Unknown(Unknown),
}

/// Why it cannot be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Its registry is not that of the account and region.
    Elsewhere,
    /// It runs nothing, or its digest was not reported.
    NoDigest,
    /// The tag of this ARN was not asked for yet, or the answer has not come.
    Tag(Arn),
    /// The tag points to this index, and its images are not known.
    Index(Arn),
}

/// What an image reference names in the registry of the same account and region as something else.
pub(super) fn named_here(image: &str, beside: &Arn) -> Option<(Arn, ImageReference)> {
    let reference = ImageReference::parse(image)?;
    let repository = reference.ecr_repository()?;
    let is_here =
        repository.account() == beside.account() && repository.region() == beside.region();
    is_here.then_some((repository, reference))
}

/// How a container of a task stands.
pub(super) fn of(container: &Container, task: &Task, store: &Store) -> Standing {
    let unknown = Standing::Unknown;
    let Some((repository, reference)) = named_here(&container.image, &task.arn) else {
        return unknown(Unknown::Elsewhere);
    };
    let Some(name) = reference.pulled_tag() else {
        return Standing::Pinned;
    };
    let Some(digest) = container.digest.as_deref().filter(|_| !task.is_stopped()) else {
        return unknown(Unknown::NoDigest);
    };
    let tag = repository.tag(name);
    let image = match store.tag_points_to(&tag) {
        None => return unknown(Unknown::Tag(tag)),
        Some(TagTarget::Gone) => return Standing::Gone(name.to_owned()),
        Some(TagTarget::Image(image)) => image,
    };
    if image.name() == digest {
        return Standing::Current(name.to_owned());
    }
    // A task reports the digest of an index or of the image in it, by its agent.
    if let Some(manifest) = store.manifest(image) {
        return if manifest.has(digest) {
            Standing::Current(name.to_owned())
        } else {
            Standing::Older(name.to_owned())
        };
    }
    match store.image(image) {
        Some(known) if known.is_single() => Standing::Older(name.to_owned()),
        _ => unknown(Unknown::Index(image.clone())),
    }
}

#[cfg(test)]
mod tests;
