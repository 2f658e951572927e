//! What makes the world move without a client: releases, scaling, batch runs, mishaps.

use std::time::Duration;

use rand::RngExt;
use serde_json::{Value, json};

use super::World;
use super::agenda::Item;
use super::chance::{self, Dice};
use super::cluster::ClusterKey;
use super::definition::{Conduct, DefinitionKey};
use super::launch::Launch;
use super::placement::{Placing, Wish};
use super::service::{Rollout, ServiceKey};
use super::task::{Stage, TaskKey};

/// Something that happens by itself, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scene {
    /// A healthy service gets a new revision.
    Release,
    /// A service gets a revision that cannot start; its circuit breaker rolls it back.
    FaultyRelease,
    /// A service scales.
    Scale,
    /// A batch task runs.
    Batch,
    /// A healthy task is lost and replaced.
    Mishap,
}

impl Scene {
    /// All scenes, with the seconds between two of a kind.
    pub const ALL: [(Self, u64, u64); 5] = [
        (Self::Release, 45, 75),
        (Self::FaultyRelease, 380, 460),
        (Self::Scale, 35, 60),
        (Self::Batch, 14, 40),
        (Self::Mishap, 150, 320),
    ];

    fn pause(self) -> (u64, u64) {
        Self::ALL
            .iter()
            .find(|(scene, ..)| *scene == self)
            .map_or((60, 60), |(_, least, most)| (*least, *most))
    }
}

/// Who takes part in the scenes.
#[derive(Debug, Default)]
pub struct Director {
    /// Services that get releases and mishaps.
    pub releases: Vec<ServiceKey>,
    /// Services whose release fails.
    pub faulty: Vec<ServiceKey>,
    /// Services that scale, between two counts.
    pub scaled: Vec<(ServiceKey, u32, u32)>,
    /// Where batch tasks run.
    pub batch: Vec<(ClusterKey, DefinitionKey, Placing)>,
}

impl World {
    /// Puts the first of each kind of scene down.
    pub fn raise_curtain(&mut self, scenes: &[Scene], dice: &mut Dice) {
        for scene in scenes {
            let (least, most) = scene.pause();
            self.put(chance::seconds(dice, least / 4, most), Item::Scene(*scene));
        }
    }

    /// Plays a scene and puts the next of its kind down.
    pub(super) fn play(&mut self, scene: Scene, dice: &mut Dice) {
        match scene {
            Scene::Release => self.release(dice),
            Scene::FaultyRelease => self.faulty_release(dice),
            Scene::Scale => self.scale(dice),
            Scene::Batch => self.run_batch(dice),
            Scene::Mishap => self.mishap(dice),
        }
        let (least, most) = scene.pause();
        self.put(chance::seconds(dice, least, most), Item::Scene(scene));
    }

    /// Whether the demonstration may touch a service now: no client has, and nothing is under way.
    fn is_idle(&self, key: ServiceKey) -> bool {
        let service = self.service(key);
        !service.claimed
            && service.deployments.len() == 1
            && service
                .primary()
                .is_some_and(|primary| primary.rollout == Rollout::Completed)
    }

    fn idle(&self, among: &[ServiceKey]) -> Vec<ServiceKey> {
        let idle = among.iter().filter(|key| self.is_idle(**key));
        idle.copied().collect()
    }

    fn release(&mut self, dice: &mut Dice) {
        let idle = self.idle(&self.director.releases);
        if let Some(key) = chance::pick(dice, &idle).copied() {
            self.release_of(key, Conduct::Steady, dice);
        }
    }

    fn faulty_release(&mut self, dice: &mut Dice) {
        let idle = self.idle(&self.director.faulty);
        if let Some(key) = chance::pick(dice, &idle).copied() {
            let conduct = if chance::percent(dice, 50) {
                Conduct::PullFails
            } else {
                Conduct::FailsContainerHealth
            };
            self.release_of(key, conduct, dice);
        }
    }

    fn release_of(&mut self, key: ServiceKey, conduct: Conduct, dice: &mut Dice) {
        let definition = self.definition(self.service(key).definition);
        let (family, mut body) = (definition.family.clone(), definition.body.clone());
        let newest = self
            .families
            .get(&family)
            .and_then(|keys| keys.last())
            .copied();
        let image = newest.and_then(|key| {
            self.definition(key)
                .containers
                .first()
                .map(|main| main.image.clone())
        });
        let main = body
            .get_mut("containerDefinitions")
            .and_then(|containers| containers.get_mut(0));
        let now = self.now;
        if let (Some(image), Some(slot)) = (image, main.and_then(|main| main.get_mut("image"))) {
            let mut next = next_image(&image);
            while self.registry.knows(&next) {
                next = next_image(&next);
            }
            if conduct != Conduct::PullFails {
                self.registry.release(&next, now);
            }
            *slot = Value::from(next);
        }
        // The document was accepted before and only its image differs, so it cannot be refused.
        if let Ok(definition) = self.register(&family, body, now, Some(conduct)) {
            self.deploy(key, definition, dice);
        }
    }

    fn scale(&mut self, dice: &mut Dice) {
        let chosen = chance::pick(dice, &self.director.scaled).copied();
        let Some((key, least, most)) = chosen.filter(|(key, ..)| !self.service(*key).claimed)
        else {
            return;
        };
        let current = self.service(key).desired;
        let mut next = dice.random_range(least..=most);
        if next == current {
            next = if current < most { current + 1 } else { least };
        }
        if next == current {
            return;
        }
        self.set_desired(key, next);
    }

    /// Changes the desired count of a service.
    pub fn set_desired(&mut self, key: ServiceKey, desired: u32) {
        let now = self.now;
        let service = self.service_mut(key);
        service.desired = desired;
        service.pace.steady = false;
        if let Some(primary) = service.deployments.first_mut() {
            primary.desired = desired;
            primary.updated = now;
        }
        self.wake(key, Duration::from_millis(400));
    }

    fn run_batch(&mut self, dice: &mut Dice) {
        let Some((cluster, definition, placing)) =
            chance::pick(dice, &self.director.batch).cloned()
        else {
            return;
        };
        let wish = Wish::standalone(cluster, definition, &placing);
        let Ok(site) = self.place(&wish, dice) else {
            return;
        };
        let (name, family) = {
            let definition = self.definition(definition);
            (
                definition.containers.first().map(|main| main.name.clone()),
                definition.family.clone(),
            )
        };
        let day = dice.random_range(1..28);
        let by_hand = chance::percent(dice, 25);
        let launch = Launch {
            cluster,
            definition,
            site,
            service: None,
            group: None,
            started_by: Some(if by_hand {
                "ops-on-call".to_owned()
            } else {
                format!("events-rule/{family}")
            }),
            overrides: Some(json!({"containerOverrides": [{
                "name": name,
                "command": ["run", "--partition", format!("2026-{:02}-{day:02}", dice.random_range(1..12))],
                "environment": [{"name": "ATTEMPT", "value": "1"}],
            }], "inferenceAcceleratorOverrides": []})),
            tags: Vec::new(),
            exec: by_hand,
        };
        self.launch(launch, dice);
    }

    /// A running task is lost: to spot reclaim where there is such capacity, else to its health checks.
    fn mishap(&mut self, dice: &mut Dice) {
        let idle = self.idle(&self.director.releases);
        let Some(service) = chance::pick(dice, &idle).copied() else {
            return;
        };
        let old = |key: &&TaskKey| {
            self.tasks.get(key).is_some_and(|task| {
                task.wanted
                    && task.stage == Stage::Running
                    && self.now.since(task.times.created) > Duration::from_mins(5)
            })
        };
        let candidates: Vec<TaskKey> = self
            .service(service)
            .live
            .iter()
            .filter(old)
            .copied()
            .collect();
        let Some(key) = chance::pick(dice, &candidates).copied() else {
            return;
        };
        let spot = self
            .tasks
            .get(&key)
            .is_some_and(|task| task.provider.as_deref() == Some("FARGATE_SPOT"));
        if spot {
            self.stop_task(
                key,
                "SpotInterruption",
                "Your Spot Task was interrupted.",
                dice,
            );
        } else if let Some(balancer) = self.service(service).balancers.first() {
            let reason = format!(
                "Task failed ELB health checks in (target-group {})",
                balancer.target_group_arn
            );
            self.reject(key, &reason, dice);
        } else {
            self.reject(key, "Task failed container health checks", dice);
        }
    }
}

/// The image with the last number of its tag one higher.
fn next_image(image: &str) -> String {
    let digits = image.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (head, number) = image.split_at(image.len() - digits);
    number.parse::<u64>().map_or_else(
        |_| format!("{image}.1"),
        |number| format!("{head}{}", number + 1),
    )
}

#[cfg(test)]
mod tests {
    use super::next_image;

    #[test]
    fn a_release_counts_the_tag_up() {
        assert_eq!(next_image("registry/shop:v1.9"), "registry/shop:v1.10");
        assert_eq!(next_image("registry/shop:stable"), "registry/shop:stable.1");
    }
}
