//! Roll back, or forward: another revision of the same task definition. Where a deployment is under way that ECS can
//! give up, and the revision is the one before, that is what is done.

use std::sync::Arc;

use super::{Candidate, Deed, Diff, Field, Follow, Step, definition, redeploy, words};
use crate::{
    model::{Arn, Change, Query, Service, Subject, age},
    resource::Cx,
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "rollback",
    key: "u",
    views: &["services", "deployments"],
    label: "roll back",
    about: "Go back to the previous revision, or set any other one (undo, rollback, set revision)",
    batch: false,
    typed: false,
    refuse: words::refuse_rollout,
    parts: |_, _| Vec::new(),
    needs,
    field,
    propose,
    step,
    impact: |changes, cx| {
        let services = changes
            .iter()
            .filter_map(|change| words::target(change, cx).ok());
        services
            .flat_map(|service| words::rolling(service))
            .collect()
    },
    then: |_, _| Vec::new(),
};

/// What is typed to have ECS give up the deployment that is under way.
const GIVE_UP: &str = "stop the deployment";

fn needs(subject: &Subject, answer: &str, cx: &Cx) -> Vec<Query> {
    let mut queries = redeploy::needs(subject, cx);
    let Ok(service) = words::service(subject, cx.store) else {
        return queries;
    };
    if let Some(current) = &service.task_definition {
        queries.push(Query::Revisions {
            family: current.to_family(),
        });
        queries.push(Query::Definition {
            definition: current.clone(),
        });
        if let Ok(chosen) = chosen(answer, current) {
            queries.push(Query::Definition { definition: chosen });
        }
    }
    queries
}

/// The revision of another deployment: the row's own on a deployment, otherwise what ran before.
fn previous(subject: &Subject, service: &Service, cx: &Cx) -> Option<Arn> {
    let current = service.task_definition.as_ref()?;
    let of_row = subject
        .part
        .as_deref()
        .and_then(|id| service.deployment(id));
    let of_row = of_row.and_then(|deployment| deployment.task_definition.clone());
    let other = service
        .deployments
        .iter()
        .filter_map(|deployment| deployment.task_definition.clone());
    let before = || {
        let revision = current.revision()?;
        let mut known: Vec<_> = revisions(current, cx)
            .filter(|arn| arn.revision() < Some(revision))
            .collect();
        known.sort_by_key(|arn| std::cmp::Reverse(arn.revision()));
        known.into_iter().next()
    };
    of_row
        .filter(|arn| arn != current)
        .or_else(|| other.rev().find(|arn| arn != current))
        .or_else(before)
}

/// The active revisions of the family that are known, the newest first.
fn revisions<'a>(current: &Arn, cx: &Cx<'a>) -> impl Iterator<Item = Arn> + use<'a> {
    let family = current.to_family();
    let listing = cx.store.listing(&Query::Revisions { family });
    listing.items().iter().cloned()
}

fn field(subjects: &[Subject], cx: &Cx) -> Option<Field> {
    let subject = subjects.first()?;
    let service = words::service(subject, cx.store).ok()?;
    let current = service.task_definition.as_ref()?;
    let value = previous(subject, service, cx).map(|arn| arn.name().to_owned());
    let mut candidates: Vec<_> = revisions(current, cx)
        .filter(|arn| arn != current)
        .map(|arn| Candidate {
            value: arn.name().to_owned(),
            detail: detail(&arn, cx),
        })
        .collect();
    if gives_up(service).is_some() {
        let detail = "ECS goes back to the last deployment that completed".to_owned();
        let value = GIVE_UP.to_owned();
        candidates.insert(0, Candidate { value, detail });
    }
    Some(Field {
        label: "revision",
        value: value.unwrap_or_default(),
        hint: "family:revision, or a number".to_owned(),
        candidates,
    })
}

/// What is known of a revision without asking: its images and when it was registered.
fn detail(arn: &Arn, cx: &Cx) -> String {
    let Some(known) = cx.store.definition(arn) else {
        return String::new();
    };
    let images: Vec<_> = known
        .containers
        .iter()
        .map(|container| container.image.as_str())
        .collect();
    let registered = known
        .registered_at
        .map(|at| format!("{} old  ", age(cx.now.wall.since(at))));
    format!("{}{}", registered.unwrap_or_default(), images.join(" "))
}

/// The deployment that ECS can be asked to give up.
fn gives_up(service: &Service) -> Option<&str> {
    let primary = service.primary()?;
    let moving = primary.rollout_state.as_deref() == Some("IN_PROGRESS");
    (moving && service.deployments.len() > 1).then_some(primary.id.as_str())
}

/// The revision that was typed, as an ARN beside the current one.
fn chosen(answer: &str, current: &Arn) -> Result<Arn, String> {
    let answer = answer.trim();
    let (family, number) = answer
        .rsplit_once(':')
        .unwrap_or((current.family(), answer));
    if family.is_empty()
        || !family
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
    {
        return Err(format!(
            "{answer:?} is no revision: write family:revision, or a number"
        ));
    }
    let number: u32 = number
        .parse()
        .map_err(|_| format!("{answer:?} is no revision: write family:revision, or a number"))?;
    let stem = current
        .as_str()
        .rsplit_once('/')
        .map_or("", |(stem, _)| stem);
    Ok(Arn::new(&format!("{stem}/{family}:{number}")))
}

fn propose(subject: &Subject, answer: &str, cx: &Cx) -> Result<Change, String> {
    let service = words::service(subject, cx.store)?;
    let (cluster, arn) = (service.cluster.clone(), service.arn.clone());
    if answer.trim() == GIVE_UP {
        let deployment = gives_up(service).ok_or("no deployment is under way any more")?;
        return Ok(Change::Rollback {
            cluster,
            service: arn,
            deployment: deployment.to_owned(),
        });
    }
    let current = service
        .task_definition
        .as_ref()
        .ok_or("the service has no task definition of its own")?;
    if answer.trim().is_empty() {
        return Err("there is no earlier revision: write which one".to_owned());
    }
    let definition = chosen(answer, current)?;
    if definition == *current {
        return Err(format!("{} is what it runs already", current.name()));
    }
    Ok(Change::SetRevision {
        cluster,
        service: arn,
        definition,
    })
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let service = words::target(change, cx)?;
    match change {
        Change::Rollback { deployment, .. } => Ok(give_up(service, change, deployment)),
        Change::SetRevision { definition, .. } => set_revision(service, change, definition, cx),
        _ => Err("that is no other revision".to_owned()),
    }
}

fn give_up(service: &Arc<Service>, change: &Change, deployment: &str) -> Step {
    let mut step = words::step_on(service, change, "Roll back");
    let other = service
        .deployments
        .iter()
        .find(|other| other.id != deployment);
    let before = other.and_then(|other| other.task_definition.as_ref());
    let now = words::revision(service.task_definition.as_ref());
    step.diffs
        .push(Diff::new("task definition", now, words::revision(before)));
    step.calls = vec![
        "ecs:DescribeServices".to_owned(),
        "ecs:ListServiceDeployments".to_owned(),
        "ecs:StopServiceDeployment stopType=ROLLBACK".to_owned(),
    ];
    let (cluster, arn) = (&service.cluster, &service.arn);
    step.command = format!(
        "aws ecs stop-service-deployment --stop-type ROLLBACK --service-deployment-arn $(aws ecs list-service-deployments \
         --cluster {cluster} --service {arn} --status IN_PROGRESS --query 'serviceDeployments[0].serviceDeploymentArn' --output text)"
    );
    step.follow = Follow::Without(service.arn.clone(), deployment.to_owned());
    step
}

/// Why it is not known what differs between two revisions.
fn unknown(current: &Arn, chosen: &Arn, cx: &Cx) -> String {
    let query = Query::Definition {
        definition: chosen.clone(),
    };
    match cx.store.listing(&query).fault() {
        Some(record) => format!("{} cannot be read: {}", chosen.name(), record.fault.message),
        None => format!(
            "asking what differs between {} and {}",
            current.name(),
            chosen.name()
        ),
    }
}

fn set_revision(service: &Service, change: &Change, chosen: &Arn, cx: &Cx) -> Result<Step, String> {
    let current = service
        .task_definition
        .as_ref()
        .ok_or("the service has no task definition of its own")?;
    let mut step = words::step_on(service, change, "Set revision");
    step.diffs
        .push(Diff::new("task definition", current.name(), chosen.name()));
    let (Some(before), Some(after)) = (cx.store.definition(current), cx.store.definition(chosen))
    else {
        return Err(unknown(current, chosen, cx));
    };
    if after.status != "ACTIVE" {
        return Err(format!(
            "{} is {} and cannot be deployed",
            chosen.name(),
            after.status
        ));
    }
    step.diffs.extend(definition::differences(before, after));
    step.calls = vec![
        "ecs:DescribeServices".to_owned(),
        format!("ecs:UpdateService taskDefinition={}", chosen.name()),
    ];
    step.command = words::update_service(service, &format!("--task-definition {chosen}"));
    step.undo = Some(Change::SetRevision {
        cluster: service.cluster.clone(),
        service: service.arn.clone(),
        definition: current.clone(),
    });
    step.follow = Follow::Deployment(service.arn.clone());
    words::warn_of_rollout(service, &mut step.warnings, cx);
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_written_as_a_number_or_in_full() {
        let current = Arn::new("arn:aws:ecs:r:1:task-definition/web:7");
        let arn = |revision: &str| {
            Ok(Arn::new(&format!(
                "arn:aws:ecs:r:1:task-definition/{revision}"
            )))
        };
        assert_eq!(chosen("6", &current), arn("web:6"));
        assert_eq!(chosen(" other:3 ", &current), arn("other:3"));
        for wrong in ["", "web:", "web:x", "a b:1", ":4", "-1"] {
            assert!(chosen(wrong, &current).is_err(), "{wrong}");
        }
    }
}
