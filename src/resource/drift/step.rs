//! Where an image leads: to its page, or to the images of its repository.

use super::named_here;
use crate::{
    model::{Arn, Subject, Task},
    resource::{Cx, Place, Step},
};

/// The page of the image that a container runs, or the images of its repository.
pub(in crate::resource) fn of_container(
    image: &str,
    digest: Option<&str>,
    beside: &Arn,
    cx: &Cx,
) -> Option<Step> {
    let (repository, reference) = named_here(image, beside)?;
    let pointed = reference.pulled_tag().and_then(|tag| {
        let image = cx.store.image_of_tag(&repository.tag(tag));
        image.cloned()
    });
    let image = digest
        .or(reference.digest.as_deref())
        .map(|digest| repository.image(digest))
        .or(pointed);
    Some(match image {
        Some(image) => Step::Describe("images", Subject::whole(&image)),
        None => Step::Open(Place::of("images", Subject::whole(&repository))),
    })
}

/// The same for several images: the first of the account's own registry; of one image its page, of several the images of
/// its repository.
pub(in crate::resource) fn of_several<'a>(
    images: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    beside: &Arn,
    cx: &Cx,
) -> Option<Step> {
    let mut here = images.filter(|(image, _)| named_here(image, beside).is_some());
    let (image, digest) = here.next()?;
    if here.next().is_none() {
        return of_container(image, digest, beside, cx);
    }
    let (repository, _) = named_here(image, beside)?;
    Some(Step::Open(Place::of("images", Subject::whole(&repository))))
}

/// The same for a task.
pub(in crate::resource) fn of_task(task: &Task, cx: &Cx) -> Option<Step> {
    let images = task.containers.iter();
    let images = images.map(|one| (one.image.as_str(), one.digest.as_deref()));
    of_several(images, &task.arn, cx)
}
