//! Deployments: how they begin, complete, fail and roll back, with the records that outlive them.

use std::time::Duration;

use super::World;
use super::agenda::Item;
use super::chance::{self, Dice};
use super::definition::DefinitionKey;
use super::moment::Moment;
use super::service::{Deployment, ROLLBACK_REQUESTED, Record, Revision, Rollout, ServiceKey};

impl World {
    /// Begins a deployment of a task definition; what was under way before it becomes ACTIVE.
    pub fn deploy(&mut self, key: ServiceKey, definition: DefinitionKey, dice: &mut Dice) {
        let now = self.now;
        self.deploy_at(key, definition, now, dice);
        let service = self.service_mut(key);
        service.pace.failures = 0;
        service.pace.not_before = None;
        service.pace.steady = false;
        self.wake(key, Duration::from_millis(600));
    }

    /// Begins a deployment at an instant that may be in the past.
    pub fn deploy_at(
        &mut self,
        key: ServiceKey,
        definition: DefinitionKey,
        at: Moment,
        dice: &mut Dice,
    ) {
        let (id, revision) = (chance::nineteen_digits(dice), chance::nineteen_digits(dice));
        let images = self.images_of(definition);
        let service = self.service_mut(key);
        if let Some(record) = service.open_record_mut() {
            record.finished = Some(at);
            record.updated = at;
            record.status = "STOPPED";
            record.reason =
                Some("Service deployment was stopped by a newer service deployment.".to_owned());
        }
        let source = service.primary().map(|deployment| deployment.revision);
        service.definition = definition;
        service.revisions.push(Revision {
            id: revision,
            definition,
            created: at,
            placing: service.placing.clone(),
            images,
        });
        service.records.push(Record {
            id: chance::word(dice),
            deployment: id,
            created: at,
            started: at + chance::millis(dice, 200, 900),
            finished: None,
            updated: at,
            status: "IN_PROGRESS",
            reason: None,
            source,
            target: revision,
            breaker: (
                if service.rules.breaker {
                    "MONITORING"
                } else {
                    "DISABLED"
                },
                0,
                service.threshold(),
            ),
            rollback: None,
        });
        service.deployments.insert(
            0,
            Deployment {
                id,
                revision,
                definition,
                desired: service.desired,
                failed: 0,
                created: at,
                updated: at,
                rollout: Rollout::InProgress,
                reason: format!("ECS deployment ecs-svc/{id} in progress."),
            },
        );
    }

    /// Completes the PRIMARY deployment.
    pub(super) fn complete(&mut self, key: ServiceKey, dice: &mut Dice) {
        let now = self.now;
        if let Some(id) = self.complete_at(key, now) {
            self.service_mut(key).note(
                now,
                dice,
                &format!("(deployment {id}) deployment completed."),
            );
        }
    }

    /// Completes the PRIMARY deployment at an instant that may be in the past, and returns its id.
    pub fn complete_at(&mut self, key: ServiceKey, at: Moment) -> Option<String> {
        let service = self.service_mut(key);
        let primary = service.deployments.first_mut()?;
        primary.rollout = Rollout::Completed;
        primary.failed = 0;
        primary.updated = at;
        primary.reason = format!("ECS deployment ecs-svc/{} completed.", primary.id);
        let id = primary.id();
        if let Some(record) = service.open_record_mut() {
            record.finished = Some(at);
            record.updated = at;
            if record.status == "ROLLBACK_IN_PROGRESS" {
                record.status = "ROLLBACK_SUCCESSFUL";
            } else {
                record.status = "SUCCESSFUL";
                if record.breaker.0 == "MONITORING" {
                    record.breaker.0 = "MONITORING_COMPLETE";
                }
            }
        }
        Some(id)
    }

    /// Whether the circuit breaker of a service has to act.
    pub(super) fn breaker_trips(&self, key: ServiceKey) -> bool {
        let service = self.service(key);
        service.rules.breaker
            && !service.rollback_requested()
            && service.primary().is_some_and(|primary| {
                primary.rollout == Rollout::InProgress && primary.failed >= service.threshold()
            })
    }

    /// The circuit breaker acts: the deployment has failed, and where the rules say so the last completed one returns.
    /// A rollback that fails in its turn is the end of it, and so is there being nothing to return to.
    pub(super) fn trip(&mut self, key: ServiceKey, dice: &mut Dice) {
        let now = self.now;
        let service = self.service_mut(key);
        let threshold = service.threshold();
        let Some(primary) = service.deployments.first_mut() else {
            return;
        };
        primary.rollout = Rollout::Failed;
        "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut primary.reason);
        primary.updated = now;
        let failures = primary.failed;
        let text = format!(
            "(deployment {}) deployment failed: tasks failed to start.",
            primary.id()
        );
        service.note(now, dice, &text);
        let mut is_rollback = false;
        if let Some(record) = service.open_record_mut() {
            is_rollback = record.rollback.is_some();
            record.breaker = ("TRIGGERED", failures, threshold);
            record.updated = now;
            record.reason = Some(
                "Service deployment failed: the deployment circuit breaker was triggered."
                    .to_owned(),
            );
        }
        if service.rules.rollback
            && !is_rollback
            && self.roll_back(key, "ECS deployment circuit breaker", dice)
        {
            return;
        }
        if let Some(record) = self.service_mut(key).open_record_mut() {
            record.finished = Some(now);
            record.status = if is_rollback {
                "ROLLBACK_FAILED"
            } else {
                "STOPPED"
            };
        }
    }

    /// Takes a client's wish that the deployment under way be rolled back, which begins soon; false when there is
    /// nothing to go back to.
    pub fn request_rollback(&mut self, key: ServiceKey, dice: &mut Dice) -> bool {
        let now = self.now;
        let service = self.service_mut(key);
        if !service.can_roll_back() {
            return false;
        }
        service.claimed = true;
        if let Some(record) = service.open_record_mut() {
            record.status = ROLLBACK_REQUESTED;
            record.updated = now;
        }
        let wait = chance::millis(dice, 600, 1800);
        self.put(wait, Item::RollBack(key));
        true
    }

    /// The rollback that a client asked for begins, unless another deployment has begun since.
    pub(super) fn begin_rollback(&mut self, key: ServiceKey, dice: &mut Dice) {
        let now = self.now;
        let service = self.service_mut(key);
        if !service.rollback_requested() {
            return;
        }
        if let Some(primary) = service.deployments.first_mut() {
            primary.rollout = Rollout::Failed;
            primary.updated = now;
            primary.reason = format!("ECS deployment ecs-svc/{} was stopped.", primary.id);
        }
        if let Some(record) = service.open_record_mut() {
            record.updated = now;
            record.reason = Some("Service deployment was stopped by a request.".to_owned());
            if record.breaker.0 == "MONITORING" {
                record.breaker.0 = "MONITORING_COMPLETE";
            }
        }
        if !self.roll_back(key, "ECS deployment stopped", dice)
            && let Some(record) = self.service_mut(key).open_record_mut()
        {
            record.finished = Some(now);
            record.status = "ROLLBACK_FAILED";
        }
    }

    /// Brings the last completed deployment back, because of `why`; false when there is none.
    fn roll_back(&mut self, key: ServiceKey, why: &str, dice: &mut Dice) -> bool {
        let now = self.now;
        let fresh = chance::nineteen_digits(dice);
        let service = self.service_mut(key);
        let completed = service
            .deployments
            .iter()
            .position(|deployment| deployment.rollout == Rollout::Completed);
        let mut target = if let Some(index) = completed {
            service.deployments.remove(index)
        } else {
            // The deployment itself is gone, but a revision that once was rolled out in full can come back.
            let Some(revision) = service.last_success() else {
                return false;
            };
            Deployment {
                id: fresh,
                revision: revision.id,
                definition: revision.definition,
                desired: 0,
                failed: 0,
                created: now,
                updated: now,
                rollout: Rollout::InProgress,
                reason: String::new(),
            }
        };
        target.desired = service.desired;
        target.failed = 0;
        target.rollout = Rollout::InProgress;
        target.updated = now;
        target.reason = format!("{why}: rolling back to deploymentId {}.", target.id());
        let text = format!("rolling back to deployment {}.", target.id());
        let (revision, reason) = (target.revision, target.reason.clone());
        service.definition = target.definition;
        service.deployments.insert(0, target);
        service.pace.failures = 0;
        service.pace.not_before = None;
        service.note(now, dice, &text);
        if let Some(record) = service.open_record_mut() {
            record.status = "ROLLBACK_IN_PROGRESS";
            record.rollback = Some((reason, now, revision));
        }
        self.wake(key, Duration::from_millis(500));
        true
    }

    /// Drops ACTIVE deployments that have no task left, and lowers the desired count of the others.
    pub(super) fn drop_empty_deployments(&mut self, key: ServiceKey) {
        let service = &self.services[key.0];
        if service.deployments.len() < 2 {
            return;
        }
        let count = |id: u64, wanted: bool| {
            let live = service.live.iter().filter_map(|key| self.tasks.get(key));
            live.filter(|task| task.deployment == Some(id) && (task.wanted || !wanted))
                .count()
        };
        let left: Vec<(u64, usize, usize)> = service
            .deployments
            .iter()
            .skip(1)
            .map(|old| (old.id, count(old.id, false), count(old.id, true)))
            .collect();
        let service = &mut self.services[key.0];
        for (id, live, wanted) in left {
            if live == 0 {
                service.deployments.retain(|deployment| deployment.id != id);
            } else if let Some(deployment) = service.deployment_mut(id) {
                deployment.desired = u32::try_from(wanted).unwrap_or(u32::MAX);
            }
        }
    }
}
