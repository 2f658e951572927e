//! Retag: names of a repository are made to name this image.

use super::{Candidate, Deed, Diff, Field, Step, image, words};
use crate::{
    model::{Change, Query, Subject},
    resource::{self, Cx},
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "retag",
    key: "t",
    views: &["images", "tags"],
    label: "retag",
    about: "Make tags name this image: stable, or several at once (tag, move tag)",
    batch: false,
    typed: false,
    refuse: image::refuse,
    parts: |_, _| Vec::new(),
    needs,
    field,
    propose,
    step,
    impact,
    then: |change, cx| super::redeploy::services_of_tags(change, cx),
};

fn needs(subject: &Subject, answer: &str, cx: &Cx) -> Vec<Query> {
    let mut queries = image::needs(subject, cx);
    let repository = subject.arn.repository();
    let tags = answer
        .split([',', ' '])
        .filter_map(|tag| image::tag(tag).ok());
    queries.extend(tags.filter_map(|tag| {
        let tag = repository.as_ref()?.tag(tag);
        Some(Query::Tag { tag })
    }));
    queries
}

fn field(subjects: &[Subject], cx: &Cx) -> Option<Field> {
    let known = image::of(subjects.first()?, cx).ok()?;
    let mut tags: Vec<(&str, &str, _)> = Vec::new();
    for other in cx.store.images_of(&known.repository) {
        if other.digest == known.digest {
            continue;
        }
        tags.extend(
            other
                .tags
                .iter()
                .map(|tag| (tag.as_str(), other.digest.as_str(), other.pushed_at)),
        );
    }
    // Names such as stable move; numbers of versions do not.
    let moves = |tag: &str| !tag.contains(|letter: char| letter.is_ascii_digit());
    tags.sort_by(|one, two| {
        moves(two.0)
            .cmp(&moves(one.0))
            .then_with(|| two.2.cmp(&one.2))
    });
    let value = tags
        .iter()
        .find(|(tag, ..)| moves(tag))
        .map(|(tag, ..)| (*tag).to_owned());
    let candidates = tags.into_iter().map(|(tag, digest, _)| Candidate {
        value: tag.to_owned(),
        detail: format!("names {}", image::short(Some(digest))),
    });
    Some(Field {
        label: "tags",
        value: value.unwrap_or_default(),
        hint: "one or several, with commas between".to_owned(),
        candidates: candidates.collect(),
    })
}

fn propose(subject: &Subject, answer: &str, cx: &Cx) -> Result<Change, String> {
    let known = image::of(subject, cx)?;
    let mut tags: Vec<String> = Vec::new();
    for text in answer.split([',', ' ']).filter(|text| !text.is_empty()) {
        let tag = image::tag(text)?.to_owned();
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.is_empty() {
        return Err("write the tags that are to name this image".to_owned());
    }
    let named: Vec<_> = tags
        .iter()
        .filter(|tag| known.tags.contains(tag))
        .cloned()
        .collect();
    if named.len() == tags.len() {
        return Err(format!("{} names it already", named.join(", ")));
    }
    tags.retain(|tag| !named.contains(tag));
    Ok(Change::Tag {
        repository: known.repository.clone(),
        digest: known.digest.clone(),
        tags,
    })
}

fn impact(changes: &[Change], cx: &Cx) -> Vec<String> {
    let services: usize = changes
        .iter()
        .map(|change| super::redeploy::services_of_tags(change, cx).len())
        .sum();
    let mut impact = vec![
        "tasks that run keep their image; tasks of the next deployment get this one".to_owned(),
    ];
    if services > 0 {
        let services = i64::try_from(services).unwrap_or(i64::MAX);
        let services = resource::count(services, "service");
        impact.push(format!(
            "{services} known to run such a tag: a redeploy is offered next"
        ));
    }
    impact
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let Change::Tag {
        repository,
        digest,
        tags,
    } = change
    else {
        return Err("that moves no tag".to_owned());
    };
    let allowed = image::repository(repository, cx)?;
    let names: Vec<&str> = tags.iter().map(String::as_str).collect();
    for tag in &names {
        if image::holder(repository, tag, cx).is_some() && !allowed.can_move(tag) {
            return Err(format!(
                "{} is {}: {tag} cannot be moved to another image",
                allowed.name, allowed.mutability
            ));
        }
        if cx.store.tag_points_to(&repository.tag(tag)).is_none() && !is_listed(repository, cx) {
            return Err(format!("asking what {tag} names now"));
        }
    }
    let name = format!("{}@{}", repository.name(), image::short(Some(digest)));
    let mut step = image::step(change, &names, "Retag", name, cx);
    for tag in &names {
        let before = image::short(image::holder(repository, tag, cx));
        step.diffs.push(Diff::new(
            &format!("tag {tag}"),
            &before,
            &image::short(Some(digest)),
        ));
    }
    step.calls = vec![
        "ecr:DescribeImages".to_owned(),
        "ecr:BatchGetImage".to_owned(),
    ];
    step.calls.extend(
        names
            .iter()
            .map(|tag| format!("ecr:PutImage imageTag={tag}")),
    );
    step.calls.push("ecr:DescribeImages".to_owned());
    step.command = command(repository, digest, &names);
    step.undo = undo(change, cx);
    Ok(step)
}

/// Whether all images of the repository are known, so that a tag that is not among them is not there.
fn is_listed(repository: &crate::model::Arn, cx: &Cx) -> bool {
    let query = Query::Images {
        repository: repository.clone(),
    };
    cx.store.listing(&query).is_complete()
}

/// Back to the image that all the tags named before; none if they named several, or one of them none.
fn undo(change: &Change, cx: &Cx) -> Option<Change> {
    let Change::Tag {
        repository, tags, ..
    } = change
    else {
        return None;
    };
    let holders: Vec<_> = tags
        .iter()
        .map(|tag| image::holder(repository, tag, cx))
        .collect();
    match (holders.as_slice(), tags.as_slice()) {
        ([None], [tag]) => Some(Change::Untag {
            repository: repository.clone(),
            tag: tag.clone(),
        }),
        ([Some(first), rest @ ..], _) if rest.iter().all(|holder| *holder == Some(*first)) => {
            Some(Change::Tag {
                repository: repository.clone(),
                digest: (*first).to_owned(),
                tags: tags.clone(),
            })
        }
        _ => None,
    }
}

/// The same with the AWS CLI: the manifest is fetched once and put for each tag.
fn command(repository: &crate::model::Arn, digest: &str, tags: &[&str]) -> String {
    let flags = image::flags(repository);
    let types = "application/vnd.oci.image.index.v1+json application/vnd.docker.distribution.manifest.list.v2+json \
                 application/vnd.oci.image.manifest.v1+json application/vnd.docker.distribution.manifest.v2+json";
    let get = format!(
        "aws ecr batch-get-image {flags} --image-ids imageDigest={digest} --accepted-media-types {types} --output json"
    );
    let puts: Vec<_> = tags
        .iter()
        .map(|tag| {
            format!(
                "aws ecr put-image {flags} --image-tag {} --image-digest {digest} \
                 --image-manifest-media-type \"$(jq -r '.images[0].imageManifestMediaType' <<<\"$image\")\" \
                 --image-manifest \"$(jq -j '.images[0].imageManifest' <<<\"$image\")\"",
                words::quote(tag)
            )
        })
        .collect();
    format!("image=$({get}) && {}", puts.join(" && "))
}
