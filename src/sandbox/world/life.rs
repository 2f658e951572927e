//! How a task lives: from PROVISIONING to STOPPED, by itself or because it is told to. Who launches it is elsewhere.

use std::time::Duration;

use super::World;
use super::agenda::Item;
use super::chance::{self, Dice};
use super::definition::NetworkMode;
use super::task::{Fate, Health, LaunchType, Stage, Stop, Task, TaskKey};

/// How long a stopped task can be read. [AWS docs: "at least one hour"]
const STOPPED_KEPT: Duration = Duration::from_hours(1);

impl World {
    /// Takes the next step of a task's life.
    pub(super) fn step(&mut self, key: TaskKey, plan: u32, dice: &mut Dice) {
        let Some(task) = self.tasks.get(&key).filter(|task| task.plan == plan) else {
            return;
        };
        if task.wanted {
            self.step_up(key, dice);
        } else {
            self.step_down(key, dice);
        }
    }

    fn step_up(&mut self, key: TaskKey, dice: &mut Dice) {
        let now = self.now;
        let balanced = self.is_balanced(key);
        let Some(task) = self.tasks.get_mut(&key) else {
            return;
        };
        match task.stage {
            Stage::Provisioning => {
                task.stage = Stage::Pending;
                task.times.connected = Some(now);
                task.times.pull_started = Some(now + chance::millis(dice, 80, 900));
                let wait = pull_time(task.launch, dice);
                self.changed(key, Some(wait));
            }
            Stage::Pending => {
                if let Fate::FailsToStart(reason) = task.fate.clone() {
                    // The agent of an instance reports on the container; Fargate reports on the task as well.
                    let summary = match task.launch {
                        LaunchType::Ec2 => "Task failed to start".to_owned(),
                        LaunchType::Fargate => reason.clone(),
                    };
                    let missing = task
                        .containers
                        .iter()
                        .position(|container| container.digest.is_none());
                    if let Some(container) = task.containers.get_mut(missing.unwrap_or(0)) {
                        container.reason = Some(reason);
                    }
                    return self.stop_task(key, "TaskFailedToStart", &summary, dice);
                }
                task.times.pull_stopped = Some(now);
                if balanced {
                    task.stage = Stage::Activating;
                }
                self.note_pull(key);
                if balanced {
                    let wait = chance::millis(dice, 1500, 6000);
                    return self.changed(key, Some(wait));
                }
                self.start_running(key, dice);
            }
            Stage::Activating => self.start_running(key, dice),
            Stage::Running => self.meet_fate(key, dice),
            Stage::Deactivating | Stage::Stopping | Stage::Deprovisioning | Stage::Stopped => {}
        }
    }

    /// The containers run: health verdicts and the task's fate are put down.
    fn start_running(&mut self, key: TaskKey, dice: &mut Dice) {
        let now = self.now;
        let balanced = self.is_balanced(key);
        let Some(task) = self.tasks.get_mut(&key) else {
            return;
        };
        task.stage = Stage::Running;
        task.times.started = Some(now);
        task.times.pull_stopped.get_or_insert(now);
        let (plan, service) = (task.plan + 1, task.service);
        let checked = self.definitions[task.definition.0].has_health_check();
        let end = match task.fate {
            Fate::Lives | Fate::FailsToStart(_) => None,
            Fate::Exits(_, true) => Some(chance::seconds(dice, 70, 260)),
            Fate::Exits(0, false) => Some(chance::seconds(dice, 15, 150)),
            Fate::Exits(..) => Some(chance::seconds(dice, 6, 40)),
            Fate::FailsContainerHealth => Some(chance::seconds(dice, 20, 45)),
            Fate::FailsTargetHealth => Some(chance::seconds(dice, 35, 80)),
        };
        let verdict = (checked && task.fate != Fate::FailsContainerHealth)
            .then(|| chance::seconds(dice, 6, 22));
        task.ends = end.map(|end| now + end);
        self.changed(key, end);
        if let Some(wait) = verdict {
            self.put(wait, Item::Verdict(key, plan));
        }
        if let (true, Some(service)) = (balanced, service) {
            self.service_mut(service).pace.registered += 1;
        }
    }

    /// The first verdict of the container health check of a task that passes it.
    pub(super) fn verdict(&mut self, key: TaskKey, plan: u32, dice: &mut Dice) {
        let Some(task) = self
            .tasks
            .get_mut(&key)
            .filter(|task| task.plan == plan && task.wanted)
        else {
            return;
        };
        let definition = &self.definitions[task.definition.0];
        for (container, spec) in task.containers.iter_mut().zip(&definition.containers) {
            if spec.health_check.is_some() {
                container.health = Health::Healthy;
            }
        }
        task.version += 1;
        if let Some(service) = task.service {
            self.wake(service, chance::millis(dice, 300, 1200));
        }
    }

    /// What the definition's conduct had in store for a running task.
    fn meet_fate(&mut self, key: TaskKey, dice: &mut Dice) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&key) else {
            return;
        };
        match task.fate.clone() {
            Fate::Lives | Fate::FailsToStart(_) => {}
            Fate::Exits(code, oom) => {
                if let Some(container) = task.containers.first_mut() {
                    container.exit_code = Some(code);
                    container.ended = Some(now);
                    if oom {
                        container.reason = Some(
                            "OutOfMemoryError: Container killed due to memory usage".to_owned(),
                        );
                    }
                }
                let reason = if oom {
                    "OutOfMemoryError: Container killed due to memory usage"
                } else {
                    "Essential container in task exited"
                };
                self.stop_task(key, "EssentialContainerExited", reason, dice);
            }
            Fate::FailsContainerHealth => {
                if let Some(container) = task.containers.first_mut() {
                    container.health = Health::Unhealthy;
                }
                task.version += 1;
                // A standalone task goes on "regardless of its health status" (`HealthCheck` in the API reference).
                if task.service.is_some() {
                    self.reject(key, "Task failed container health checks", dice);
                }
            }
            Fate::FailsTargetHealth => {
                let service = task.service;
                let balancer =
                    service.and_then(|service| self.service(service).balancers.first().cloned());
                let Some(balancer) = balancer else { return };
                let group = &balancer.target_group_arn;
                if let Some(service) = service {
                    let text = format!(
                        "(task {}) (port {}) is unhealthy in (target-group {group}) due to (reason Health checks failed with these codes: [503]).",
                        key.id(),
                        balancer.container_port,
                    );
                    self.service_mut(service).note(now, dice, &text);
                }
                self.reject(
                    key,
                    &format!("Task failed ELB health checks in (target-group {group})"),
                    dice,
                );
            }
        }
    }

    /// The scheduler replaces a task because of its health.
    pub fn reject(&mut self, key: TaskKey, reason: &str, dice: &mut Dice) {
        if let Some(service) = self.tasks.get(&key).and_then(|task| task.service) {
            let now = self.now;
            let service = self.service_mut(service);
            service.pace.replaced += 1;
            if reason.contains("container health") {
                service.note(
                    now,
                    dice,
                    &format!("(task {}) failed container health checks.", key.id()),
                );
            }
        }
        self.stop_task(key, "ServiceSchedulerInitiated", reason, dice);
    }

    /// Asks a task to stop; the first reason given stays.
    pub fn stop_task(&mut self, key: TaskKey, code: &'static str, reason: &str, dice: &mut Dice) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&key).filter(|task| task.wanted) else {
            return;
        };
        task.wanted = false;
        task.stop = Some(Stop {
            code,
            reason: reason.to_owned(),
        });
        task.times.stopping = Some(now);
        if code == "EssentialContainerExited" {
            task.times.execution_stopped = Some(now);
        }
        self.changed(key, Some(chance::millis(dice, 300, 1200)));
        self.count_failure(key);
    }

    fn step_down(&mut self, key: TaskKey, dice: &mut Dice) {
        let now = self.now;
        let balanced = self.is_balanced(key);
        let Some(task) = self.tasks.get_mut(&key) else {
            return;
        };
        let has_interface = self.definitions[task.definition.0].network == NetworkMode::Awsvpc;
        match task.stage {
            Stage::Running if balanced => {
                task.stage = Stage::Deactivating;
                if let Some(service) = task.service {
                    let draining = &mut self.services[service.0].pace.draining;
                    *draining
                        .entry(task.deployment.unwrap_or_default())
                        .or_default() += 1;
                }
                let wait = chance::seconds(dice, 8, 20);
                self.changed(key, Some(wait));
            }
            Stage::Running | Stage::Deactivating => {
                task.stage = Stage::Stopping;
                self.changed(key, Some(chance::millis(dice, 800, 6000)));
            }
            Stage::Provisioning | Stage::Pending | Stage::Activating | Stage::Stopping => {
                end_containers(task, now, dice);
                if has_interface {
                    task.stage = Stage::Deprovisioning;
                    self.changed(key, Some(chance::seconds(dice, 3, 9)));
                } else {
                    self.finish(key);
                }
            }
            Stage::Deprovisioning => self.finish(key),
            Stage::Stopped => {}
        }
    }

    /// The task is over: what it held is given back, and it stays readable for an hour.
    fn finish(&mut self, key: TaskKey) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(&key) else {
            return;
        };
        task.stage = Stage::Stopped;
        task.times.stopped = Some(now);
        let definition = &self.definitions[task.definition.0];
        if let Some(instance) = task
            .instance
            .and_then(|instance| self.instances.get_mut(&instance))
        {
            instance.release(key, task.service, &definition.footprint, &task.ports);
        }
        let cluster = &mut self.clusters[task.cluster.0];
        cluster.live.remove(&key);
        cluster.stopped.insert(key);
        if let Some(service) = task.service {
            self.services[service.0].bury(key, task.provider.as_deref());
        }
        self.changed(key, None);
        self.put(STOPPED_KEPT, Item::Forget(key));
    }

    /// Removes a stopped task that can no longer be read.
    pub(super) fn forget(&mut self, key: TaskKey) {
        if let Some(task) = self.tasks.remove(&key) {
            self.clusters[task.cluster.0].stopped.remove(&key);
            if let Some(service) = task.service {
                self.service_mut(service).stopped.remove(&key);
            }
        }
    }

    /// Notes a change of a task: older plans become void, the next step is put down, its service is looked at.
    pub(super) fn changed(&mut self, key: TaskKey, next: Option<Duration>) {
        let Some(task) = self.tasks.get_mut(&key) else {
            return;
        };
        task.version += 1;
        task.plan += 1;
        let (plan, service) = (task.plan, task.service);
        if let Some(wait) = next {
            self.put(wait, Item::Step(key, plan));
        }
        if let Some(service) = service {
            self.wake(service, Duration::from_millis(700));
        }
    }

    /// Whether a load balancer sends the task traffic.
    fn is_balanced(&self, key: TaskKey) -> bool {
        self.tasks
            .get(&key)
            .and_then(|task| task.service)
            .is_some_and(|service| !self.service(service).balancers.is_empty())
    }
}

/// All containers end now: 0 or 143 for those that heed SIGTERM, 137 for those that do not.
fn end_containers(task: &mut Task, now: super::moment::Moment, dice: &mut Dice) {
    let ran = task.times.started.is_some();
    for container in &mut task.containers {
        if ran && container.exit_code.is_none() {
            let code = match chance::pick(dice, &[0, 0, 143, 143, 143, 137]) {
                Some(code) => *code,
                None => 0,
            };
            container.exit_code = Some(code);
            container.ended = Some(now);
        }
        if container.health == Health::Healthy {
            container.health = Health::Unknown;
        }
    }
    if ran {
        task.times.execution_stopped.get_or_insert(now);
    }
}

/// How long the images take to pull: a container instance has most layers, Fargate has none.
fn pull_time(launch: LaunchType, dice: &mut Dice) -> Duration {
    match launch {
        LaunchType::Ec2 => chance::millis(dice, 900, 5000),
        LaunchType::Fargate => chance::seconds(dice, 7, 20),
    }
}
