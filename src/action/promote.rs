//! Promote: this image in another repository of the same registry, under the same digest.

use super::{Candidate, Deed, Diff, Field, Step, image};
use crate::{
    model::{Arn, Change, Query, Subject},
    resource::{self, Cx},
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "promote",
    key: "T",
    views: &["images", "tags"],
    label: "promote",
    about: "Put this image into another repository of the registry, where its layers are there (copy, release)",
    batch: false,
    typed: false,
    refuse: image::refuse,
    parts: |_, _| Vec::new(),
    needs: |subject, answer, cx| {
        let mut queries = image::needs(subject, cx);
        if let Ok(Change::Promote { to, tag, .. }) = propose(subject, answer, cx) {
            queries.push(Query::Tag { tag: to.tag(&tag) });
        }
        queries
    },
    field,
    propose,
    step,
    impact: |_, _| {
        vec!["ECR copies no layers: it refuses if they are not in that repository".to_owned()]
    },
    then: |_, _| Vec::new(),
};

/// Whether two repositories are of one registry, which is that of an account in a region.
fn is_of_registry(one: &Arn, other: &Arn) -> bool {
    (one.account(), one.region()) == (other.account(), other.region())
}

fn field(subjects: &[Subject], cx: &Cx) -> Option<Field> {
    let known = image::of(subjects.first()?, cx).ok()?;
    let tag = known.tags.first().map_or("latest", String::as_str);
    let others = cx
        .store
        .repositories()
        .filter(|other| is_of_registry(&other.arn, &known.repository))
        .filter(|other| other.arn != known.repository);
    let candidates = others.map(|other| Candidate {
        value: format!("{}:{tag}", other.name),
        detail: resource::mutability(other),
    });
    Some(Field {
        label: "to",
        value: String::new(),
        hint: "repository:tag".to_owned(),
        candidates: candidates.collect(),
    })
}

fn propose(subject: &Subject, answer: &str, cx: &Cx) -> Result<Change, String> {
    let known = image::of(subject, cx)?;
    let (name, tag) = answer
        .trim()
        .rsplit_once(':')
        .ok_or("write where it is to go: repository:tag")?;
    let tag = image::tag(tag)?.to_owned();
    let to = cx
        .store
        .repositories()
        .find(|repository| {
            repository.name == name && is_of_registry(&repository.arn, &known.repository)
        })
        .ok_or_else(|| format!("there is no repository {name} in this registry"))?;
    if to.arn == known.repository {
        return Err("that is the repository it is in; retag it there".to_owned());
    }
    Ok(Change::Promote {
        repository: known.repository.clone(),
        digest: known.digest.clone(),
        to: to.arn.clone(),
        tag,
    })
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let Change::Promote {
        repository,
        digest,
        to,
        tag,
    } = change
    else {
        return Err("that promotes nothing".to_owned());
    };
    let allowed = image::repository(to, cx)?;
    if cx.store.tag_points_to(&to.tag(tag)).is_none() {
        return Err(format!("asking what {}:{tag} names now", to.name()));
    }
    let holder = image::holder(to, tag, cx);
    if holder.is_some() && holder != Some(digest) && !allowed.can_move(tag) {
        return Err(format!(
            "{} is {}: {tag} cannot be moved to another image",
            allowed.name, allowed.mutability
        ));
    }
    let name = format!("{}:{tag}", allowed.name);
    let mut step = image::step(change, &[tag], "Promote", name, cx);
    step.diffs.push(Diff::new(
        &format!("{}:{tag}", allowed.name),
        &image::short(holder),
        &image::short(Some(digest)),
    ));
    step.calls = vec![
        "ecr:DescribeImages".to_owned(),
        format!("ecr:BatchGetImage repositoryName={}", name_of(repository)),
        format!(
            "ecr:PutImage repositoryName={} imageTag={tag}",
            allowed.name
        ),
        "ecr:DescribeImages".to_owned(),
    ];
    let (from, into) = (image::flags(repository), image::flags(to));
    step.command = format!(
        "aws ecr put-image {into} --image-tag {tag} --image-digest {digest} --image-manifest \"$(aws ecr batch-get-image {from} \
         --image-ids imageDigest={digest} --query 'images[0].imageManifest' --output text)\""
    );
    step.undo = match holder {
        None => Some(Change::Untag {
            repository: to.clone(),
            tag: tag.clone(),
        }),
        Some(before) => Some(Change::Tag {
            repository: to.clone(),
            digest: before.to_owned(),
            tags: vec![tag.clone()],
        }),
    };
    Ok(step)
}

fn name_of(repository: &Arn) -> &str {
    repository
        .repository_name()
        .unwrap_or_else(|| repository.name())
}
