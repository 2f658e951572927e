//! How a service is doing, in one word: from its counts, its rollout and what its scheduler says. Pure.

use std::time::Duration;

use super::{Tone, events};
use crate::model::{Deployment, Health, Now, Service, ServiceEvent};

/// Events of trouble count this long: the scheduler repeats one that still holds every six hours
/// (ECS developer guide, "service event messages").
const TROUBLE: Duration = Duration::from_mins(6 * 60 + 10);

/// Tasks that come and go without a deployment are counted within this time.
const RESTARTS: Duration = Duration::from_mins(30);
/// So many tasks lost within that time are more than bad luck.
const MANY: i32 = 3;

/// A word for the state of a service, and how well that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    /// The word: `ok`, `rolling`, `failing`, …
    pub word: String,
    /// The health it stands for.
    pub health: Health,
}

fn condition(word: &str, health: Health) -> Condition {
    Condition {
        word: word.to_owned(),
        health,
    }
}

/// Judges a service.
pub(super) fn of(service: &Service, now: Now) -> Condition {
    match service.status.as_str() {
        "ACTIVE" => active(service, now),
        "DRAINING" => condition("draining", Health::Moving),
        "INACTIVE" => condition("inactive", Health::Done),
        "" => condition("unknown", Health::Unknown),
        other => condition(&other.to_lowercase(), Health::Unknown),
    }
}

fn active(service: &Service, now: Now) -> Condition {
    let short = service.running < service.desired;
    if service.desired == 0 {
        return if service.running + service.pending > 0 {
            condition("stopping", Health::Moving)
        } else {
            condition("scaled to 0", Health::Done)
        };
    }
    if let Some(primary) = service.primary() {
        if primary.rollout_state.as_deref() == Some("FAILED") {
            return condition("failed", Health::Sick);
        }
        if is_rollback(primary) {
            let health = if short { Health::Sick } else { Health::Warn };
            return condition("rollback", health);
        }
        if primary.failed > 0 && primary.running < primary.desired {
            return condition("failing", Health::Sick);
        }
    }
    let trouble = trouble(service, now).is_some();
    let rolling = is_rolling(service);
    let coming = rolling || service.pending > 0;
    if service.running == 0 {
        return if trouble || !coming {
            condition("down", Health::Sick)
        } else {
            condition("starting", Health::Moving)
        };
    }
    if trouble {
        let health = if short { Health::Sick } else { Health::Warn };
        return condition("degraded", health);
    }
    if rolling {
        return condition("rolling", Health::Moving);
    }
    if lost(service, now).is_some() {
        let health = if short { Health::Sick } else { Health::Warn };
        return condition("restarting", health);
    }
    if short {
        let missing = service.desired - service.running;
        return if service.pending >= missing {
            condition("scaling", Health::Moving)
        } else {
            condition("short", Health::Warn)
        };
    }
    if service.running > service.desired {
        return condition("scaling", Health::Moving);
    }
    condition("ok", Health::Ok)
}

/// Whether a deployment is the circuit breaker's or an alarm's way back.
pub(super) fn is_rollback(deployment: &Deployment) -> bool {
    deployment.rollout_state.as_deref() == Some("IN_PROGRESS")
        && deployment
            .rollout_reason
            .as_deref()
            .is_some_and(|reason| reason.to_lowercase().contains("rolling back"))
}

/// The newest event that tells of trouble, unless the service has been steady since or it is long ago.
pub(super) fn trouble(service: &Service, now: Now) -> Option<&ServiceEvent> {
    service
        .events
        .iter()
        .take_while(|event| {
            let recent = event.at.is_none_or(|at| now.wall.since(at) <= TROUBLE);
            recent && !event.message.contains("has reached a steady state")
        })
        .find(|event| events::tone(&event.message) == Tone::Error)
}

/// How many tasks a service lost lately though it never stopped them: those it started, without those it stopped and
/// those that run now. None as long as they are few.
pub(super) fn lost(service: &Service, now: Now) -> Option<i32> {
    let recent = service
        .events
        .iter()
        .take_while(|event| event.at.is_some_and(|at| now.wall.since(at) <= RESTARTS));
    let balance: i32 = recent
        .map(|event| {
            let words = events::tail(&event.message);
            let tasks = |verb: &str| {
                let rest = words.strip_prefix(verb)?;
                rest.split_whitespace().next()?.parse::<i32>().ok()
            };
            tasks("has started ").unwrap_or(0) - tasks("has stopped ").unwrap_or(0)
        })
        .sum();
    let lost = balance - service.running - service.pending;
    (lost >= MANY).then_some(lost)
}

/// Whether the service is on its way between two states.
pub(super) fn is_moving(service: &Service) -> bool {
    service.status == "DRAINING"
        || is_rolling(service)
        || service.pending > 0
        || service.running > service.desired
}

/// Whether a deployment or a task set is under way.
fn is_rolling(service: &Service) -> bool {
    let mut sets = service.task_sets.iter();
    service.is_rolling() || sets.any(|set| set.stability == "STABILIZING")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Arn, TaskSet, Timestamp, samples};

    const NOW: Now = Now {
        wall: Timestamp(100_000_000),
        mono: Duration::ZERO,
    };

    fn service(desired: i32, running: i32, pending: i32) -> Service {
        let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
        let arn = Arn::new("arn:aws:ecs:r:1:service/web/api");
        let definition = Arn::new("arn:aws:ecs:r:1:task-definition/api:7");
        let mut service = samples::service(&arn, &cluster);
        (service.desired, service.running, service.pending) = (desired, running, pending);
        let mut deployment = samples::deployment("ecs-svc/1", &definition);
        (deployment.desired, deployment.running) = (desired, running);
        service.deployments = vec![deployment];
        service
    }

    #[rstest]
    #[case(0, 0, 0, "scaled to 0", Health::Done)]
    #[case(0, 2, 0, "stopping", Health::Moving)]
    #[case(3, 3, 0, "ok", Health::Ok)]
    #[case(3, 2, 1, "scaling", Health::Moving)]
    #[case(3, 1, 1, "short", Health::Warn)]
    #[case(3, 5, 0, "scaling", Health::Moving)]
    #[case(3, 0, 0, "down", Health::Sick)]
    #[case(3, 0, 3, "starting", Health::Moving)]
    fn counts_tell(
        #[case] desired: i32,
        #[case] running: i32,
        #[case] pending: i32,
        #[case] word: &str,
        #[case] health: Health,
    ) {
        assert_eq!(
            of(&service(desired, running, pending), NOW),
            condition(word, health)
        );
    }

    #[rstest]
    #[case("FAILED", "", 0, 3, "failed", Health::Sick)]
    #[case(
        "IN_PROGRESS",
        "ECS deployment ecs-svc/1 in progress.",
        0,
        3,
        "rolling",
        Health::Moving
    )]
    #[case(
        "IN_PROGRESS",
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/9.",
        0,
        3,
        "rollback",
        Health::Warn
    )]
    #[case(
        "IN_PROGRESS",
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/9.",
        0,
        1,
        "rollback",
        Health::Sick
    )]
    #[case("IN_PROGRESS", "", 2, 1, "failing", Health::Sick)]
    #[case("WHO_KNOWS", "", 0, 3, "ok", Health::Ok)]
    fn rollouts_tell(
        #[case] state: &str,
        #[case] reason: &str,
        #[case] failed: i32,
        #[case] running: i32,
        #[case] word: &str,
        #[case] health: Health,
    ) {
        let mut service = service(3, running, 0);
        let deployment = service.deployments.first_mut().unwrap();
        deployment.rollout_state = Some(state.to_owned());
        deployment.rollout_reason = Some(reason.to_owned());
        deployment.failed = failed;
        assert_eq!(of(&service, NOW), condition(word, health));
    }

    #[rstest]
    #[case(&["(service api) was unable to place a task because no container instance met all of its requirements."], 3, "degraded", Health::Warn)]
    #[case(&["(service api) was unable to place a task because no container instance met all of its requirements."], 2, "degraded", Health::Sick)]
    #[case(&["(service api) is unable to consistently start tasks successfully."], 0, "down", Health::Sick)]
    #[case(&["(service api) has reached a steady state.", "(service api) is unable to consistently start tasks successfully."], 3, "ok", Health::Ok)]
    #[case(&["(service api) has started 1 tasks: (task 1)."], 3, "ok", Health::Ok)]
    fn events_since_the_last_steady_state_tell(
        #[case] messages: &[&str],
        #[case] running: i32,
        #[case] word: &str,
        #[case] health: Health,
    ) {
        let mut service = service(3, running, 0);
        service.events = messages
            .iter()
            .map(|message| samples::event("e", message))
            .collect();
        assert_eq!(of(&service, NOW), condition(word, health));
    }

    #[rstest]
    #[case(&["has started 2 tasks: (task 1) (task 2)."], 2, None)]
    #[case(&["has started 8 tasks: (task 1).", "has stopped 6 running tasks: (task 2)."], 2, None)]
    #[case(&["has reached a steady state.", "has started 6 tasks: (task 1)."], 2, Some(4))]
    fn tasks_that_end_by_themselves_are_counted(
        #[case] events: &[&str],
        #[case] running: i32,
        #[case] count: Option<i32>,
    ) {
        let mut service = service(2, running, 0);
        service.events = events
            .iter()
            .map(|words| {
                let mut event = samples::event("e", &format!("(service api) {words}"));
                event.at = Some(Timestamp(NOW.wall.0 - 60_000));
                event
            })
            .collect();
        assert_eq!(lost(&service, NOW), count);
        let word = if count.is_some() { "restarting" } else { "ok" };
        assert_eq!(of(&service, NOW).word, word);
    }

    #[test]
    fn trouble_of_yesterday_is_over() {
        let mut service = service(3, 3, 0);
        let mut event = samples::event("e", "(service api) was unable to place a task.");
        event.at = Some(Timestamp(NOW.wall.0 - 86_400_000));
        service.events = vec![event];
        assert_eq!(of(&service, NOW).word, "ok");
    }

    #[rstest]
    #[case("INACTIVE", "inactive", Health::Done)]
    #[case("DRAINING", "draining", Health::Moving)]
    #[case("NEW_STATE", "new_state", Health::Unknown)]
    #[case("", "unknown", Health::Unknown)]
    fn statuses_tell(#[case] status: &str, #[case] word: &str, #[case] health: Health) {
        let mut service = service(1, 0, 0);
        service.status = status.to_owned();
        assert_eq!(of(&service, NOW), condition(word, health));
    }

    #[test]
    fn task_sets_that_stabilise_are_a_rollout() {
        let mut service = service(2, 2, 0);
        service.deployments.clear();
        service.task_sets = vec![TaskSet {
            id: "ecs-svc/2".to_owned(),
            status: "PRIMARY".to_owned(),
            task_definition: None,
            desired: 2,
            pending: 0,
            running: 2,
            stability: "STABILIZING".to_owned(),
            created_at: None,
        }];
        assert_eq!(of(&service, NOW).word, "rolling");
        assert!(is_moving(&service));
    }
}
