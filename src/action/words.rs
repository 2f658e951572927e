//! Words that several deeds share: names of targets, commands of the AWS CLI, numbers of a rolling deployment.

use std::sync::Arc;

use super::Step;
use crate::{
    action::Follow,
    model::{Arn, Change, Facts, Service, Subject},
    resource::{self, Cx},
    store::Store,
};

/// The service that a row stands for, or a deployment of which it is.
pub(super) fn service<'a>(subject: &Subject, store: &'a Store) -> Result<&'a Arc<Service>, String> {
    store
        .service(&subject.arn)
        .ok_or_else(|| format!("nothing is known of service {} yet", subject.arn.name()))
}

/// The service that a change is to.
pub(super) fn target<'a>(change: &Change, cx: &Cx<'a>) -> Result<&'a Arc<Service>, String> {
    service(&Subject::whole(change.target()), cx.store)
}

/// Why nothing of a service can be changed; none if it can be.
pub(super) fn refuse(subject: &Subject, cx: &Cx) -> Option<String> {
    match service(subject, cx.store) {
        Err(why) => Some(why),
        Ok(service) if service.status != "ACTIVE" => {
            Some(format!("service {} is {}", service.name, service.status))
        }
        Ok(_) => None,
    }
}

/// Why no deployment of a service can be begun; none if one can be.
pub(super) fn refuse_rollout(subject: &Subject, cx: &Cx) -> Option<String> {
    refuse(subject, cx).or_else(|| {
        let service = service(subject, cx.store).ok()?;
        (service.controller != "ECS").then(|| {
            format!(
                "service {} is deployed by {}, not by ECS: deploy it there",
                service.name, service.controller
            )
        })
    })
}

/// A service with its cluster: `web/api`.
pub(super) fn named(service: &Service) -> String {
    format!("{}/{}", service.cluster.name(), service.name)
}

/// A step on a service that says nothing yet of what is different.
pub(super) fn step_on(service: &Service, change: &Change, title: &'static str) -> Step {
    Step {
        change: change.clone(),
        facts: change.facts_of_service(service),
        title,
        noun: "service",
        name: named(service),
        diffs: Vec::new(),
        warnings: Vec::new(),
        calls: Vec::new(),
        command: String::new(),
        undo: None,
        follow: Follow::Nothing,
    }
}

/// A step on something else.
pub(super) fn step_of(
    change: &Change,
    facts: Facts,
    title: &'static str,
    noun: &'static str,
    name: String,
) -> Step {
    Step {
        change: change.clone(),
        facts,
        title,
        noun,
        name,
        diffs: Vec::new(),
        warnings: Vec::new(),
        calls: Vec::new(),
        command: String::new(),
        undo: None,
        follow: Follow::Nothing,
    }
}

/// `aws ecs update-service` on a service. Names cluster and service by ARN: in a shell with other credentials it
/// fails rather than hit a namesake.
pub(super) fn update_service(service: &Service, rest: &str) -> String {
    let (cluster, arn) = (&service.cluster, &service.arn);
    format!("aws ecs update-service --cluster {cluster} --service {arn} {rest}")
}

/// Text as a shell takes it for one word.
pub(super) fn quote(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@=+,".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What a rolling deployment does to the tasks of a service: how many are replaced, and how many run meanwhile.
///
/// ECS rounds the minimum up and the maximum down (ECS developer guide, "Deploy Amazon ECS services by replacing
/// tasks").
pub(super) fn rolling(service: &Service) -> Vec<String> {
    if service.desired == 0 {
        return vec!["no task is desired: nothing runs, so nothing is replaced".to_owned()];
    }
    let daemon = service.scheduling == "DAEMON";
    let (least, most) = bounds(service);
    let replaced = if service.desired == 1 {
        "replaces the one task".to_owned()
    } else {
        format!("replaces {} tasks", service.desired)
    };
    let meanwhile = if daemon {
        format!("at least {least} run meanwhile, one on each host")
    } else {
        format!("at most {most} run meanwhile, at least {least}")
    };
    let mut impact = vec![format!("{replaced}; {meanwhile}")];
    if least == 0 {
        impact.push("none needs to stay healthy: expect a gap in service".to_owned());
    }
    if most <= service.desired && least >= service.desired {
        impact.push(
            "minimum and maximum leave no room to start or stop a task: the deployment cannot move"
                .to_owned(),
        );
    }
    impact
}

/// The least and the most tasks that run while a deployment goes on, by the service's own bounds or ECS's defaults
/// (ECS API reference, `DeploymentConfiguration`).
fn bounds(service: &Service) -> (i32, i32) {
    let (least, most) = if service.scheduling == "DAEMON" {
        (0, 100)
    } else {
        (100, 200)
    };
    let least = service.minimum_healthy_percent.unwrap_or(least);
    let most = service.maximum_percent.unwrap_or(most);
    let (least, most) = resource::bounds(service.desired, Some(least), Some(most));
    (least.unwrap_or_default(), most.unwrap_or_default())
}

/// Warns of a deployment that is under way.
pub(super) fn warn_of_rollout(service: &Service, warnings: &mut Vec<String>, cx: &Cx) {
    if service.is_rolling() {
        warnings.push(format!(
            "a deployment of {} is under way; this one takes its place",
            resource::placed(&named(service), &service.arn, cx.store)
        ));
    }
}

/// A revision as a person calls it, or that there is none.
pub(super) fn revision(definition: Option<&Arn>) -> &str {
    definition.map_or("none", Arn::name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::samples;

    fn service(desired: i32, least: i32, most: i32) -> Service {
        let known = samples::service(&Arn::new("arn:aws:ecs:r:1:service/web/api"), &Arn::new("c"));
        Service {
            desired,
            minimum_healthy_percent: Some(least),
            maximum_percent: Some(most),
            ..known
        }
    }

    #[test]
    fn a_deployment_without_room_is_told_of() {
        let stuck = rolling(&service(1, 100, 100));
        assert!(
            stuck.iter().any(|line| line.contains("cannot move")),
            "{stuck:?}"
        );
        let free = rolling(&service(5, 100, 200));
        assert_eq!(
            free,
            ["replaces 5 tasks; at most 10 run meanwhile, at least 5"]
        );
    }

    #[rstest]
    #[case("api", "api")]
    #[case("", "''")]
    #[case("on call's; rm", r"'on call'\''s; rm'")]
    #[case("$(x)", "'$(x)'")]
    fn words_are_quoted_for_a_shell(#[case] text: &str, #[case] quoted: &str) {
        assert_eq!(quote(text), quoted);
    }
}
