//! The service scheduler: looks at a service, starts and stops tasks, says what it did. The arithmetic is in `roll`,
//! the beginning and end of deployments in `rollout`.

use std::time::Duration;

use super::World;
use super::agenda::Item;
use super::chance::Dice;
use super::instance::InstanceKey;
use super::report::task_list;
use super::roll::{self, Moves, Side};
use super::service::{Rollout, ServiceKey};
use super::task::{Fate, Stage, Task, TaskKey};

/// Tasks launched or stopped per look, as the service scheduler works in batches of ten.
const BATCH: u32 = 10;
/// Failed starts in a row after which the service complains.
const FAILURES_IN_A_ROW: u32 = 3;
/// The longest pause between starts that come to nothing. The real service goes up to 27 minutes; a demonstration
/// that shows nothing for so long would look dead.
const LONGEST_PAUSE: Duration = Duration::from_mins(4);

/// One task as the scheduler sees it.
struct Member {
    key: TaskKey,
    new: bool,
    rank: Rank,
}

/// How much a task is worth, least first: the order in which tasks are given up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Pending,
    Unproven,
    Serving,
}

impl World {
    /// Has the scheduler look at a service, `after` from now at the latest.
    pub fn wake(&mut self, key: ServiceKey, after: Duration) {
        let (now, at) = (self.now, self.now + after);
        let pace = &mut self.service_mut(key).pace;
        if pace.wake.is_some_and(|wake| now <= wake && wake <= at) {
            return;
        }
        pace.wake = Some(at);
        self.put(after, Item::Reconcile(key));
    }

    /// Looks at a service and does what is to be done now.
    pub(super) fn reconcile(&mut self, key: ServiceKey, dice: &mut Dice) {
        // Only the look that was asked for last stands; the others were put down before an earlier one was needed.
        let now = self.now;
        let pace = &mut self.service_mut(key).pace;
        if pace.wake != Some(now) {
            return;
        }
        pace.wake = None;
        self.report_targets(key, dice);
        let service = self.service(key);
        if !service.active || service.deployments.is_empty() {
            return;
        }
        if service.is_daemon() {
            self.follow_instances(key);
        }
        let mut members = self.members(key);
        if self.breaker_trips(key) {
            self.trip(key, dice);
            members = self.members(key);
        }
        let (new, old) = sides(&members);
        let service = self.service(key);
        let desired = service.desired;
        let rules = service.rules;
        let moves = roll::plan(desired, rules.minimum, rules.maximum, new, old);
        let stalled =
            moves == Moves::default() && new.total() < desired && old.serving + new.serving > 0;
        if stalled && new.pending + new.unproven == 0 && old.total() == old.serving {
            self.service_mut(key).complain(now, dice, "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.");
        }
        self.retire(key, &mut members, moves, dice);
        self.start(key, moves.start, dice);
        self.settle(key, new, old, dice);
    }

    /// Has an instance take tasks again or no longer: those of services go elsewhere then.
    pub fn set_draining(&mut self, key: InstanceKey, draining: bool) {
        let Some(instance) = self.instances.get_mut(&key) else {
            return;
        };
        instance.draining = draining;
        instance.version += 1;
        let services = &self.clusters[instance.cluster.0].services;
        let services: Vec<ServiceKey> = services.values().copied().collect();
        for service in services {
            self.wake(service, Duration::from_millis(500));
        }
    }

    /// A DAEMON service wants one task on each instance that takes tasks.
    fn follow_instances(&mut self, key: ServiceKey) {
        let instances = &self.cluster(self.service(key).cluster).instances;
        let open = instances.iter().filter_map(|key| self.instances.get(key));
        let count = open.filter(|instance| !instance.draining).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let service = self.service_mut(key);
        service.desired = count;
        if let Some(primary) = service.deployments.first_mut() {
            primary.desired = count;
        }
    }

    fn members(&self, key: ServiceKey) -> Vec<Member> {
        let service = self.service(key);
        let primary = service.primary().map(|deployment| deployment.id);
        let wanted = service
            .live
            .iter()
            .filter_map(|key| self.tasks.get(key))
            .filter(|task| task.wanted);
        // A task on a draining instance is replaced like one of an older deployment.
        let drains = |task: &Task| {
            task.instance
                .and_then(|key| self.instances.get(&key))
                .is_some_and(|instance| instance.draining)
        };
        let is_new = |task: &Task| task.deployment == primary && !drains(task);
        wanted
            .map(|task| Member {
                key: task.key,
                new: is_new(task),
                rank: self.rank(task),
            })
            .collect()
    }

    fn rank(&self, task: &Task) -> Rank {
        if task.stage.is_pending() {
            Rank::Pending
        } else if task.serves(self.definition(task.definition))
            && !matches!(
                task.fate,
                Fate::FailsTargetHealth | Fate::FailsContainerHealth | Fate::Exits(1, false)
            )
        {
            Rank::Serving
        } else {
            Rank::Unproven
        }
    }

    fn retire(&mut self, key: ServiceKey, members: &mut [Member], moves: Moves, dice: &mut Dice) {
        if moves.stop_old + moves.stop_new == 0 {
            return;
        }
        members.sort_by_key(|member| (member.rank, member.key));
        let mut victims: Vec<TaskKey> = Vec::new();
        for (new, count) in [(false, moves.stop_old), (true, moves.stop_new)] {
            let side = members.iter().filter(|member| member.new == new);
            victims.extend(
                side.take(count.min(BATCH) as usize)
                    .map(|member| member.key),
            );
        }
        if victims.is_empty() {
            return;
        }
        let primary = self
            .service(key)
            .primary()
            .map(super::service::Deployment::id)
            .unwrap_or_default();
        let (mut running, mut pending) = (Vec::new(), 0);
        for victim in victims {
            if self
                .tasks
                .get(&victim)
                .is_some_and(|task| task.stage == Stage::Running)
            {
                running.push(victim);
            } else {
                pending += 1;
            }
            let reason = format!("Scaling activity initiated by (deployment {primary})");
            self.stop_task(victim, "ServiceSchedulerInitiated", &reason, dice);
        }
        let now = self.now;
        let service = self.service_mut(key);
        if !running.is_empty() {
            let text = format!(
                "has stopped {} running tasks: {}.",
                running.len(),
                task_list(&running)
            );
            service.note(now, dice, &text);
        }
        if pending > 0 {
            service.note(now, dice, &format!("has stopped {pending} pending tasks."));
        }
    }

    fn start(&mut self, key: ServiceKey, count: u32, dice: &mut Dice) {
        let now = self.now;
        let service = self.service(key);
        let Some(primary) = service
            .primary()
            .filter(|primary| primary.rollout != Rollout::Failed)
        else {
            return;
        };
        if count == 0 {
            return;
        }
        if let Some(wait) = service
            .pace
            .not_before
            .filter(|at| *at > now)
            .map(|at| at.since(now))
        {
            return self.wake(key, wait);
        }
        let deployment = primary.id;
        let mut started = Vec::new();
        for _ in 0..count.min(BATCH) {
            match self.launch_for(key, deployment, dice) {
                Ok(task) => started.push(task),
                Err(misfit) => {
                    self.cannot_place(key, misfit, dice);
                    break;
                }
            }
        }
        self.report_started(key, &started, dice);
    }

    /// Counts a task that ended badly against its deployment and slows the next start down.
    pub(super) fn count_failure(&mut self, key: TaskKey) {
        let now = self.now;
        let Some(task) = self.tasks.get(&key) else {
            return;
        };
        let (Some(service), Some(deployment), Some(stop)) =
            (task.service, task.deployment, &task.stop)
        else {
            return;
        };
        let at_start = stop.code == "TaskFailedToStart";
        let bad = at_start
            || stop.code == "EssentialContainerExited"
            || stop.reason.starts_with("Task failed");
        if !bad {
            return;
        }
        let service = self.service_mut(service);
        service.pace.failures += 1;
        let exponent = service.pace.failures.saturating_sub(2).min(8);
        let pause = Duration::from_secs(4 << exponent).min(if at_start {
            LONGEST_PAUSE
        } else {
            Duration::from_mins(1)
        });
        service.pace.not_before = Some(now + pause);
        if let Some(deployment) = service.deployment_mut(deployment) {
            deployment.failed += 1;
            deployment.updated = now;
        }
    }

    /// After the moves: what is complete, what is steady, what goes wrong again and again.
    fn settle(&mut self, key: ServiceKey, new: Side, old: Side, dice: &mut Dice) {
        self.drop_empty_deployments(key);
        let now = self.now;
        let desired = self.service(key).desired;
        // Tasks told to stop that still take traffic: their targets are not deregistered yet.
        let mut live = self
            .service(key)
            .live
            .iter()
            .filter_map(|key| self.tasks.get(key));
        let leaving = live.any(|task| !task.wanted && task.stage == Stage::Running);
        let whole = new.serving == desired && new.total() == desired && old.total() == 0;
        let service = self.service_mut(key);
        if new.serving > 0 {
            service.pace.failures = 0;
            if let Some(primary) = service.deployments.first_mut() {
                primary.failed = 0;
            }
        }
        if service.pace.failures >= FAILURES_IN_A_ROW && !whole {
            service.complain(now, dice, "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.");
        }
        let under_way = !service.rollback_requested()
            && service
                .primary()
                .is_some_and(|primary| primary.rollout == Rollout::InProgress);
        if whole && under_way && !leaving {
            self.complete(key, dice);
        }
        let service = self.service_mut(key);
        let done = service
            .primary()
            .is_some_and(|primary| primary.rollout == Rollout::Completed);
        let steady = whole && done && !leaving;
        if steady && !service.pace.steady {
            service.pace.complaints.clear();
            service.note(now, dice, "has reached a steady state.");
        }
        service.pace.steady = steady;
        let batch_left = new.total() < desired.saturating_sub(BATCH) || old.total() > BATCH;
        if batch_left {
            self.wake(key, Duration::from_millis(900));
        }
    }
}

fn sides(members: &[Member]) -> (Side, Side) {
    let (mut new, mut old) = (Side::default(), Side::default());
    for member in members {
        let side = if member.new { &mut new } else { &mut old };
        match member.rank {
            Rank::Pending => side.pending += 1,
            Rank::Unproven => side.unproven += 1,
            Rank::Serving => side.serving += 1,
        }
    }
    (new, old)
}
