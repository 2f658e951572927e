//! Delete an image with all its tags.

use super::{Deed, Diff, Step, image};
use crate::{
    model::{Change, short_digest},
    resource::{self, Cx},
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "delete",
    key: "X",
    views: &["images"],
    label: "delete",
    about: "Delete the image with all its tags (remove)",
    batch: false,
    typed: true,
    refuse: image::refuse,
    parts: |_, _| Vec::new(),
    needs: |subject, _, cx| image::needs(subject, cx),
    field: |_, _| None,
    propose: |subject, _, cx| {
        let known = image::of(subject, cx)?;
        Ok(Change::DeleteImage {
            repository: known.repository.clone(),
            digest: known.digest.clone(),
        })
    },
    step,
    impact: |changes, cx| image::impact_of_deleting(changes, impact, cx),
    then: |_, _| Vec::new(),
};

fn impact(change: &Change, cx: &Cx) -> Vec<String> {
    let Change::DeleteImage { repository, digest } = change else {
        return Vec::new();
    };
    let users = super::redeploy::services_of(&repository.image(digest), cx).len();
    let mut impact = vec!["an image that was deleted cannot be had back from ECR".to_owned()];
    if users > 0 {
        let users = resource::count(i64::try_from(users).unwrap_or(i64::MAX), "service");
        impact.push(format!(
            "{users} run it now: tasks that start later cannot pull it"
        ));
    }
    impact
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let Change::DeleteImage { repository, digest } = change else {
        return Err("that deletes no image".to_owned());
    };
    let known = cx
        .store
        .image(&repository.image(digest))
        .ok_or_else(|| format!("nothing is known of {} any more", short_digest(digest)))?;
    let tags: Vec<&str> = known.tags.iter().map(String::as_str).collect();
    let name = format!("{}@{}", repository.name(), short_digest(digest));
    let mut step = image::step(change, &tags, "Delete image", name, cx);
    let named = if tags.is_empty() {
        "untagged".to_owned()
    } else {
        tags.join(", ")
    };
    step.diffs.push(Diff::new("image", &named, "deleted"));
    step.calls = vec![
        "ecr:DescribeImages".to_owned(),
        format!("ecr:BatchDeleteImage imageDigest={}", short_digest(digest)),
    ];
    step.command = format!(
        "aws ecr batch-delete-image {} --image-ids imageDigest={digest}",
        image::flags(repository)
    );
    Ok(step)
}
