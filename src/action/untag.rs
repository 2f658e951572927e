//! Delete a tag. ECR deletes an image with its last tag, and says so here.

use super::{Deed, Diff, Step, image};
use crate::{
    model::{Change, Subject},
    resource::Cx,
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "untag",
    key: "X",
    views: &["tags"],
    label: "delete tag",
    about: "Delete the tag; the image goes with its last one (untag, remove)",
    batch: false,
    typed: true,
    refuse: image::refuse,
    parts: |_, _| Vec::new(),
    needs: |subject, _, cx| image::needs(subject, cx),
    field: |_, _| None,
    propose: |subject, _, _| {
        let repository = subject
            .arn
            .repository()
            .ok_or("that is no tag of a repository")?;
        Ok(Change::Untag {
            repository,
            tag: subject.arn.name().to_owned(),
        })
    },
    step,
    impact: |changes, cx| image::impact_of_deleting(changes, impact, cx),
    then: |_, _| Vec::new(),
};

fn impact(change: &Change, cx: &Cx) -> Vec<String> {
    let Change::Untag { repository, tag } = change else {
        return Vec::new();
    };
    let subject = Subject::whole(&repository.tag(tag));
    let others = image::of(&subject, cx).map_or(0, |known| known.tags.len().saturating_sub(1));
    let users = super::redeploy::services_of(&repository.tag(tag), cx).len();
    let fate = if others == 0 {
        "it is the image's only tag: the image is deleted with it".to_owned()
    } else {
        format!("the image stays, under {others} more")
    };
    vec![if users > 0 {
        format!("{fate}; {users} services name the tag: their next tasks cannot start")
    } else {
        fate
    }]
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let Change::Untag { repository, tag } = change else {
        return Err("that deletes no tag".to_owned());
    };
    let holder =
        image::holder(repository, tag, cx).ok_or_else(|| format!("there is no tag {tag}"))?;
    let name = format!("{}:{tag}", repository.name());
    let mut step = image::step(change, &[tag], "Delete tag", name, cx);
    step.diffs.push(Diff::new(
        &format!("tag {tag}"),
        &image::short(Some(holder)),
        "(no such tag)",
    ));
    step.calls = vec![
        "ecr:DescribeImages".to_owned(),
        format!("ecr:BatchDeleteImage imageTag={tag}"),
    ];
    step.command = format!(
        "aws ecr batch-delete-image {} --image-ids imageTag={tag}",
        image::flags(repository)
    );
    let subject = Subject::whole(&repository.tag(tag));
    let known = image::of(&subject, cx).ok();
    step.facts = change.facts_of_untag(tag, known.map(AsRef::as_ref));
    let stays = known.is_some_and(|known| known.tags.len() > 1);
    step.undo = stays.then(|| Change::Tag {
        repository: repository.clone(),
        digest: holder.to_owned(),
        tags: vec![tag.clone()],
    });
    Ok(step)
}
