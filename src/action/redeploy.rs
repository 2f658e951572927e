//! Redeploy: new tasks of the same revision, in the place of those that run.

use super::{Deed, Diff, Follow, Step, words};
use crate::{
    model::{Arn, Change, Query, Subject},
    resource::{self, Cx},
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "redeploy",
    key: "r",
    views: &["services"],
    label: "redeploy",
    about: "Force a new deployment: all tasks are replaced, images are pulled anew (restart, bounce)",
    batch: true,
    typed: false,
    refuse: words::refuse_rollout,
    parts: |_, _| Vec::new(),
    needs: |subject, _, cx| needs(subject, cx),
    field: |_, _| None,
    propose: |subject, _, cx| {
        let service = words::service(subject, cx.store)?;
        Ok(Change::Redeploy {
            cluster: service.cluster.clone(),
            service: service.arn.clone(),
        })
    },
    step,
    impact,
    then: |_, _| Vec::new(),
};

/// The service as it is now.
pub(super) fn needs(subject: &Subject, cx: &Cx) -> Vec<Query> {
    let service = cx.store.service(&subject.arn);
    service.map_or_else(Vec::new, |service| {
        vec![Query::Service {
            cluster: service.cluster.clone(),
            service: service.arn.clone(),
        }]
    })
}

fn impact(changes: &[Change], cx: &Cx) -> Vec<String> {
    let services: Vec<_> = changes
        .iter()
        .filter_map(|change| words::target(change, cx).ok())
        .collect();
    match services.as_slice() {
        [one] => words::rolling(one),
        several => {
            let tasks: i32 = several.iter().map(|service| service.desired).sum();
            let tasks = resource::count(tasks, "task");
            vec![format!("replaces {tasks} of {} services", several.len())]
        }
    }
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let service = words::target(change, cx)?;
    let mut step = words::step_on(service, change, "Redeploy");
    let revision = words::revision(service.task_definition.as_ref());
    step.diffs
        .push(Diff::new("task definition", revision, revision));
    step.calls = vec![
        "ecs:DescribeServices".to_owned(),
        "ecs:UpdateService forceNewDeployment=true".to_owned(),
    ];
    step.command = words::update_service(service, "--force-new-deployment");
    step.follow = Follow::Deployment(service.arn.clone());
    words::warn_of_rollout(service, &mut step.warnings, cx);
    Ok(step)
}

/// The services that are known to name one of the tags that a change moves.
pub(super) fn services_of_tags(change: &Change, cx: &Cx) -> Vec<Subject> {
    let Change::Tag {
        repository, tags, ..
    } = change
    else {
        return Vec::new();
    };
    let mut services: Vec<_> = tags
        .iter()
        .flat_map(|tag| services_of(&repository.tag(tag), cx))
        .collect();
    services.sort();
    services.dedup();
    services
}

/// The services that are known to name a tag or to run an image, as far as they can be redeployed.
pub(super) fn services_of(thing: &Arn, cx: &Cx) -> Vec<Subject> {
    let services = resource::services_running(thing, cx.store).into_iter();
    services
        .map(|arn| Subject::whole(&arn))
        .filter(|service| words::refuse_rollout(service, cx).is_none())
        .collect()
}
