//! The past of a service: deployments of the last days, events, tasks that have been running for hours.

use std::time::Duration;

use rand::RngExt;

use crate::sandbox::world::World;
use crate::sandbox::world::chance::{self, Dice};
use crate::sandbox::world::definition::DefinitionKey;
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::report::task_list;
use crate::sandbox::world::service::ServiceKey;
use crate::sandbox::world::task::TaskKey;

/// Gives a service its past deployments: each revision was rolled out and completed, the last one some hours ago.
pub fn deployments(
    world: &mut World,
    key: ServiceKey,
    revisions: &[DefinitionKey],
    dice: &mut Dice,
) {
    let count = u64::try_from(revisions.len()).unwrap_or(1);
    let mut age = Duration::from_hours(2) + chance::seconds(dice, 0, 70 * 3600);
    let gaps: Vec<_> = (0..count)
        .map(|_| chance::seconds(dice, 20 * 3600, 90 * 3600))
        .collect();
    let mut ages = Vec::new();
    for gap in gaps {
        ages.push(age);
        age += gap;
    }
    for (definition, age) in revisions.iter().zip(ages.into_iter().rev()) {
        let at = world.now - age;
        world.deploy_at(key, *definition, at, dice);
        let done = at + chance::seconds(dice, 70, 260);
        let id = world.complete_at(key, done);
        let service = world.service_mut(key);
        service.deployments.truncate(1);
        if let Some(id) = id {
            service.note(
                done,
                dice,
                &format!("(deployment {id}) deployment completed."),
            );
        }
    }
}

/// Writes the announcement that a steady service repeats every six hours.
pub fn announcements(world: &mut World, key: ServiceKey, dice: &mut Dice) {
    let now = world.now;
    let offset = Duration::from_mins(dice.random_range(3..300));
    let service = world.service_mut(key);
    let Some(since) = service.primary().map(|primary| primary.updated) else {
        return;
    };
    let mut moments = Vec::new();
    let mut at = now - offset;
    while at > since && moments.len() < 12 {
        moments.push(at);
        at = at - Duration::from_hours(6);
    }
    for at in moments.into_iter().rev() {
        service.note(at, dice, "has reached a steady state.");
    }
    service.pace.steady = true;
}

/// Launches the tasks that a service wants and has them running since some time after its last deployment.
pub fn tasks(world: &mut World, key: ServiceKey, dice: &mut Dice) {
    let service = world.service(key);
    let Some((deployment, since)) = service
        .primary()
        .map(|primary| (primary.id, primary.created))
    else {
        return;
    };
    let desired = if service.is_daemon() {
        world.cluster(service.cluster).instances.len()
    } else {
        service.desired as usize
    };
    let span = world.now.since(since).as_secs().max(120);
    let mut first = Vec::new();
    for _ in 0..desired {
        let Ok(task) = world.launch_for(key, deployment, dice) else {
            continue;
        };
        // Most tasks came with the deployment, some replaced others later.
        let late = chance::percent(dice, 30);
        let latest = if late {
            span.saturating_sub(60).max(60)
        } else {
            100.min(span)
        };
        let started = since + chance::seconds(dice, 30.min(latest), latest);
        world.backdate(task, started, dice);
        if late {
            let text = format!(
                "has started 1 tasks: (task {}). Amazon ECS replaced 1 tasks due to an unhealthy status.",
                task.id()
            );
            let before = started - Duration::from_secs(22);
            world.service_mut(key).note(before, dice, &text);
        } else {
            first.push(task);
        }
    }
    rollout_events(world, key, since, &first, dice);
    world.wake(key, chance::seconds(dice, 1, 20));
}

/// Writes what the scheduler said when it launched the first tasks of the last deployment, in batches of ten.
fn rollout_events(
    world: &mut World,
    key: ServiceKey,
    since: Moment,
    first: &[TaskKey],
    dice: &mut Dice,
) {
    let service = world.service_mut(key);
    for batch in first.chunks(10) {
        let text = format!("has started {} tasks: {}.", batch.len(), task_list(batch));
        service.note(since + Duration::from_secs(4), dice, &text);
    }
    let groups: Vec<String> = service
        .balancers
        .iter()
        .map(|balancer| balancer.target_group_arn.clone())
        .collect();
    for group in groups.into_iter().filter(|_| !first.is_empty()) {
        let text = format!(
            "registered {} targets in (target-group {group})",
            first.len()
        );
        service.note(since + Duration::from_secs(48), dice, &text);
    }
    service.note(
        since + Duration::from_secs(64),
        dice,
        "has reached a steady state.",
    );
}
