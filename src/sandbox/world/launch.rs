//! Launching tasks: making a new one, or one that has been running for a while. Deciding to is the scheduler's.

use std::net::Ipv4Addr;
use std::sync::Arc;

use rand::RngExt;
use serde_json::Value;

use super::World;
use super::chance::{self, Dice};
use super::cluster::{ClusterKey, Tag};
use super::definition::{Conduct, DefinitionKey, NetworkMode};
use super::instance::InstanceKey;
use super::moment::Moment;
use super::placement::{Misfit, Wish};
use super::service::ServiceKey;
use super::task::{Container, Fate, Health, LaunchType, Stage, Task, TaskKey, Times};

/// What a new task is made of.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Its cluster.
    pub cluster: ClusterKey,
    /// Its task definition.
    pub definition: DefinitionKey,
    /// Where it runs.
    pub site: Site,
    /// The service and the deployment that launch it.
    pub service: Option<(ServiceKey, u64)>,
    /// `group` of a standalone task.
    pub group: Option<String>,
    /// `startedBy` of a standalone task.
    pub started_by: Option<String>,
    /// Overrides of a standalone task.
    pub overrides: Option<Value>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Whether commands can be run in it.
    pub exec: bool,
}

/// Where a task runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The launch type.
    pub launch: LaunchType,
    /// The capacity provider, when a strategy chose it.
    pub provider: Option<String>,
    /// The container instance, on EC2.
    pub instance: Option<InstanceKey>,
}

impl World {
    /// Launches a task: it is PROVISIONING, or PENDING where there is nothing to provision.
    pub fn launch(&mut self, launch: Launch, dice: &mut Dice) -> TaskKey {
        let definition = &self.definitions[launch.definition.0];
        let key = TaskKey(dice.random());
        let owner = launch.service.map(|(service, _)| service);
        let ports = launch
            .site
            .instance
            .and_then(|instance| self.instances.get_mut(&instance))
            .map(|instance| instance.reserve(key, owner, &definition.footprint))
            .unwrap_or_default();
        let images = self.images_for(&launch);
        let containers = images.into_iter().map(|digest| Container {
            runtime: dice.random(),
            digest,
            exit_code: None,
            ended: None,
            reason: None,
            health: Health::Unknown,
        });
        let containers: Vec<Container> = containers.collect();
        let fate = self.draw_fate(&launch, dice);
        let fate = self.missing_image(&launch, &containers).unwrap_or(fate);
        let stage = if definition.network == NetworkMode::Awsvpc {
            Stage::Provisioning
        } else {
            Stage::Pending
        };
        let started_by = match launch.service {
            Some((_, deployment)) => Some(format!("ecs-svc/{deployment}")),
            None => launch.started_by,
        };
        let mut times = Times::new(self.now);
        if stage == Stage::Pending {
            times.connected = Some(self.now);
            times.pull_started = Some(self.now + chance::millis(dice, 80, 600));
        }
        let task = Task {
            key,
            cluster: launch.cluster,
            service: owner,
            deployment: launch.service.map(|(_, deployment)| deployment),
            definition: launch.definition,
            group: launch.group,
            started_by,
            launch: launch.site.launch,
            zone: self.zone_of(&launch.site, dice),
            provider: launch.site.provider,
            instance: launch.site.instance,
            stage,
            wanted: true,
            times,
            stop: None,
            containers,
            ports,
            address: Ipv4Addr::new(10, 0, dice.random_range(16..112), dice.random_range(4..250)),
            version: 0,
            overrides: launch.overrides,
            tags: launch.tags,
            exec: launch.exec,
            fate,
            ends: None,
            plan: 0,
        };
        self.clusters[task.cluster.0].live.insert(key);
        if let Some(service) = task.service {
            self.services[service.0].adopt(key, task.provider.as_deref());
        }
        let wait = match (stage, task.launch) {
            (Stage::Pending, _) => chance::millis(dice, 900, 5000),
            (_, LaunchType::Fargate) => chance::seconds(dice, 3, 9),
            (_, LaunchType::Ec2) => chance::millis(dice, 1200, 4000),
        };
        self.tasks.insert(key, task);
        self.changed(key, Some(wait));
        key
    }

    /// Launches one more task of a service for one of its deployments, if there is a place for it.
    pub fn launch_for(
        &mut self,
        key: ServiceKey,
        deployment: u64,
        dice: &mut Dice,
    ) -> Result<TaskKey, Misfit> {
        let service = self.service(key);
        let wish = Wish {
            cluster: service.cluster,
            definition: service.definition,
            placing: &service.placing,
            service: Some(key),
            one_each: service.is_daemon(),
        };
        let site = self.place(&wish, dice)?;
        let launch = Launch {
            cluster: service.cluster,
            definition: service.definition,
            site,
            service: Some((key, deployment)),
            group: None,
            started_by: None,
            overrides: None,
            tags: service.propagated_tags(),
            exec: service.exec,
        };
        Ok(self.launch(launch, dice))
    }

    /// Makes a launched task one that has been running since `started`: for worlds that begin with a past.
    pub fn backdate(&mut self, key: TaskKey, started: Moment, dice: &mut Dice) {
        let Some(task) = self.tasks.get_mut(&key) else {
            return;
        };
        let definition = &self.definitions[task.definition.0];
        let pull = chance::seconds(dice, 4, 18);
        let created = started - pull - chance::seconds(dice, 3, 9);
        task.times = Times::new(created);
        task.times.connected = Some(created + chance::millis(dice, 900, 2900));
        task.times.pull_started = Some(started - pull);
        task.times.pull_stopped = Some(started - chance::millis(dice, 500, 1500));
        task.times.started = Some(started);
        task.stage = Stage::Running;
        task.version = 4;
        task.plan += 1;
        for (container, spec) in task.containers.iter_mut().zip(&definition.containers) {
            if spec.health_check.is_some() {
                container.health = Health::Healthy;
            }
        }
        self.note_pull(key);
    }

    /// What the images of a task definition are now.
    pub fn images_of(&self, definition: DefinitionKey) -> Vec<Option<Arc<str>>> {
        let containers = &self.definition(definition).containers;
        let images = containers.iter();
        images
            .map(|spec| self.registry.resolve(&spec.image))
            .collect()
    }

    /// What the images of a new task are: those that its deployment began with, unless a container wants none of that.
    /// An image that was deleted since cannot be pulled.
    fn images_for(&self, launch: &Launch) -> Vec<Option<Arc<str>>> {
        let revision = launch
            .service
            .and_then(|(key, deployment)| self.service(key).revision_of(deployment))
            .filter(|revision| revision.definition == launch.definition);
        let Some(revision) = revision else {
            return self.images_of(launch.definition);
        };
        let containers = &self.definition(launch.definition).containers;
        let pairs = containers.iter().zip(&revision.images);
        pairs
            .map(|(spec, digest)| {
                if spec.is_consistent() {
                    let there = |digest: &&Arc<str>| self.registry.has(&spec.image, digest);
                    digest.as_ref().filter(there).cloned()
                } else {
                    self.registry.resolve(&spec.image)
                }
            })
            .collect()
    }

    /// The fate of a task with an image that is not in the registry.
    fn missing_image(&self, launch: &Launch, containers: &[Container]) -> Option<Fate> {
        let index = containers
            .iter()
            .position(|container| container.digest.is_none())?;
        let spec = self.definition(launch.definition).containers.get(index)?;
        Some(Fate::FailsToStart(cannot_pull(
            &spec.image,
            launch.site.launch,
        )))
    }

    /// Notes in the registry that a task has pulled its images.
    pub(super) fn note_pull(&mut self, key: TaskKey) {
        let Some(task) = self.tasks.get(&key) else {
            return;
        };
        let at = task.times.pull_stopped.unwrap_or(self.now);
        let specs = &self.definitions[task.definition.0].containers;
        for (container, spec) in task.containers.iter().zip(specs) {
            if let Some(digest) = &container.digest {
                self.registry.pulled(&spec.image, digest, at);
            }
        }
    }

    /// The zone of a site: that of its instance, or any.
    fn zone_of(&self, site: &Site, dice: &mut Dice) -> String {
        let instance = site.instance.and_then(|key| self.instances.get(&key));
        match instance {
            Some(instance) => instance.zone.clone(),
            None => self.zone(dice.random_range(0..3)),
        }
    }

    /// The `index`-th availability zone of the region.
    pub fn zone(&self, index: u8) -> String {
        format!("{}{}", self.region, char::from(b'a' + index % 3))
    }

    fn draw_fate(&self, launch: &Launch, dice: &mut Dice) -> Fate {
        let definition = self.definition(launch.definition);
        let image = definition
            .containers
            .first()
            .map_or("", |container| container.image.as_str());
        let balanced = launch
            .service
            .is_some_and(|(key, _)| !self.service(key).balancers.is_empty());
        match definition.conduct {
            Conduct::Finishes => Fate::Exits(i32::from(chance::percent(dice, 12)), false),
            Conduct::PullFails => Fate::FailsToStart(cannot_pull(image, launch.site.launch)),
            Conduct::SecretFails => Fate::FailsToStart(format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: The task cannot find the secret with name '/{}/database-url': ResourceNotFoundException: Secrets Manager can't find the specified secret.",
                definition.family
            )),
            Conduct::OutOfMemory => Fate::Exits(137, true),
            Conduct::Crashes => Fate::Exits(1, false),
            Conduct::FailsContainerHealth => Fate::FailsContainerHealth,
            Conduct::FailsTargetHealth if balanced => Fate::FailsTargetHealth,
            Conduct::Steady | Conduct::FailsTargetHealth => Fate::Lives,
        }
    }
}

/// What is reported of an image that is not in its registry.
fn cannot_pull(image: &str, launch: LaunchType) -> String {
    match launch {
        LaunchType::Ec2 => format!(
            "CannotPullContainerError: Error response from daemon: manifest for {image} not found: manifest unknown: Requested image not found"
        ),
        LaunchType::Fargate => format!(
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref {image}: {image}: not found"
        ),
    }
}
