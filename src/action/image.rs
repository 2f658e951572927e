//! Words that the deeds on images share: what a row stands for, names, and what a change of tags rests on.

use std::sync::Arc;

use super::{Follow, Step, words};
use crate::{
    model::{Arn, Change, Image, Query, Repository, Subject, short_digest},
    resource::{self, Cx},
    store::TagTarget,
};

/// The image that a row stands for, or that a tag of the row points to.
pub(super) fn of<'a>(subject: &Subject, cx: &Cx<'a>) -> Result<&'a Arc<Image>, String> {
    let image = match subject.arn.kind() {
        "tag" => cx
            .store
            .tag_points_to(&subject.arn)
            .and_then(TagTarget::image),
        _ => cx.store.image(&subject.arn).map(|image| &image.arn),
    };
    image
        .and_then(|arn| cx.store.image(arn))
        .ok_or_else(|| format!("nothing is known of image {} any more", subject.arn.short()))
}

/// The repository of an image or tag.
pub(super) fn repository<'a>(arn: &Arn, cx: &Cx<'a>) -> Result<&'a Arc<Repository>, String> {
    cx.store
        .repository(arn)
        .ok_or_else(|| format!("asking what repository {} allows", arn.name()))
}

/// The queries that say what a repository allows and where its tags point.
pub(super) fn needs(subject: &Subject, cx: &Cx) -> Vec<Query> {
    let mut queries = vec![cx.store.around(&subject.arn, Query::Repositories)];
    queries.extend(
        subject
            .arn
            .repository()
            .map(|repository| Query::Images { repository }),
    );
    queries
}

/// What deleting each of these does, and that nobody knows who runs them, where that is so.
pub(super) fn impact_of_deleting(
    changes: &[Change],
    impact: fn(&Change, &Cx) -> Vec<String>,
    cx: &Cx,
) -> Vec<String> {
    let mut impact: Vec<_> = changes
        .iter()
        .flat_map(|change| impact(change, cx))
        .collect();
    if !resource::all_tasks_known(cx.store) {
        impact.push("not all running tasks are known: others may run it".to_owned());
    }
    impact
}

/// Why nothing can be done with a row; none if something can.
pub(super) fn refuse(subject: &Subject, cx: &Cx) -> Option<String> {
    of(subject, cx).err()
}

/// The digest that a tag names, as far as that is known; none if there is no such tag.
pub(super) fn holder<'a>(repository: &Arn, tag: &str, cx: &Cx<'a>) -> Option<&'a str> {
    let image = cx.store.tag_points_to(&repository.tag(tag))?.image()?;
    Some(image.name())
}

/// A step on a repository that says nothing yet of what is different.
pub(super) fn step(
    change: &Change,
    tags: &[&str],
    title: &'static str,
    name: String,
    cx: &Cx,
) -> Step {
    let repository = change.target();
    let facts = change.facts_of_tags(tags.iter().map(|tag| (*tag, holder(repository, tag, cx))));
    Step {
        follow: Follow::Nothing,
        ..words::step_of(change, facts, title, "image", name)
    }
}

/// A digest as a person compares it.
pub(super) fn short(digest: Option<&str>) -> String {
    digest.map_or_else(
        || "(no such tag)".to_owned(),
        |digest| short_digest(digest).to_owned(),
    )
}

/// `--repository-name … --registry-id …` of a repository.
pub(super) fn flags(repository: &Arn) -> String {
    let name = repository
        .repository_name()
        .unwrap_or_else(|| repository.name());
    format!(
        "--registry-id {} --repository-name {name}",
        repository.account()
    )
}

/// What is typed as the name of a tag.
///
/// # Errors
/// Why it is none (Docker, "image tag": letters, digits, `_`, `.` and `-`, at most 128, not beginning with `.` or `-`).
pub(super) fn tag(text: &str) -> Result<&str, String> {
    let text = text.trim();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let fits = !text.is_empty()
        && text.len() <= 128
        && text.chars().all(allowed)
        && !text.starts_with(['.', '-']);
    if fits {
        Ok(text)
    } else {
        Err(format!(
            "{text:?} is no tag: letters, digits, _ . and - make one"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn tags_are_what_docker_takes() {
        for good in ["stable", "1.5.2", " latest ", "_x"] {
            assert_eq!(tag(good), Ok(good.trim()));
        }
        for bad in ["", "a b", "-x", ".x", "a/b", "a:b", "\u{1b}[2J"] {
            assert!(tag(bad).is_err(), "{bad}");
        }
    }
}
