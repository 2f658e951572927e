//! What the scheduler says about its work: the events of starting, stopping, registering and not finding a place.

use std::fmt::Write as _;

use super::World;
use super::chance::{self, Dice};
use super::placement::Misfit;
use super::service::ServiceKey;
use super::task::TaskKey;

impl World {
    /// Writes down which tasks joined and left the target groups since the last look.
    pub(super) fn report_targets(&mut self, key: ServiceKey, dice: &mut Dice) {
        let now = self.now;
        let service = self.service_mut(key);
        let registered = std::mem::take(&mut service.pace.registered);
        let draining = std::mem::take(&mut service.pace.draining);
        let left: u32 = draining.values().sum();
        let balancers = service.balancers.clone();
        for group in balancers.iter().map(|balancer| &balancer.target_group_arn) {
            if registered > 0 {
                let text = format!("registered {registered} targets in (target-group {group})");
                service.note(now, dice, &text);
            }
            if left > 0 {
                let text = format!("deregistered {left} targets in (target-group {group})");
                service.note(now, dice, &text);
            }
        }
        for (deployment, count) in draining {
            let text = format!("has begun draining connections on {count} tasks.");
            service.note_of(Some(deployment), now, dice, &text);
        }
    }

    /// Writes down which tasks were started, and how many of them replace unhealthy ones.
    pub(super) fn report_started(&mut self, key: ServiceKey, started: &[TaskKey], dice: &mut Dice) {
        if started.is_empty() {
            return;
        }
        let now = self.now;
        let service = self.service_mut(key);
        let mut text = format!(
            "has started {} tasks: {}.",
            started.len(),
            task_list(started)
        );
        let replaced = std::mem::take(&mut service.pace.replaced);
        if replaced > 0 {
            let _ = write!(
                text,
                " Amazon ECS replaced {replaced} tasks due to an unhealthy status."
            );
        }
        service.note(now, dice, &text);
    }

    /// Complains that a task fits nowhere, and has the scheduler try again later.
    pub(super) fn cannot_place(&mut self, key: ServiceKey, misfit: Misfit, dice: &mut Dice) {
        let why = match misfit {
            Misfit::NoInstances => {
                "Reason: No Container Instances were found in your cluster.".to_owned()
            }
            Misfit::Closest(instance, shortage) => {
                format!(
                    "The closest matching (container-instance {:032x}) {}.",
                    instance.0,
                    shortage.tail()
                )
            }
        };
        let now = self.now;
        let wait = chance::seconds(dice, 30, 75);
        let service = self.service_mut(key);
        service.pace.not_before = Some(now + wait);
        service.complain(now, dice, &format!("was unable to place a task because no container instance met all of its requirements. {why} For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."));
        self.wake(key, wait);
    }
}

/// `(task a) (task b)`.
pub fn task_list(keys: &[TaskKey]) -> String {
    keys.iter()
        .map(|key| format!("(task {})", key.id()))
        .collect::<Vec<_>>()
        .join(" ")
}
