//! Choosing where a task goes: capacity provider first, then container instance.

use super::World;
use super::chance::{self, Dice};
use super::cluster::{ClusterKey, StrategyItem};
use super::definition::DefinitionKey;
use super::instance::{InstanceKey, Shortage};
use super::launch::Site;
use super::service::ServiceKey;
use super::task::LaunchType;

/// Where tasks are to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placing {
    /// The launch type; a service with a strategy, and some old services, have none.
    pub launch: Option<LaunchType>,
    /// The capacity provider strategy.
    pub strategy: Vec<StrategyItem>,
    /// Fargate platform version.
    pub platform: Option<String>,
}

impl Placing {
    /// The launch type that the tasks get, by the strategy or by default where none is named.
    pub fn launch_type(&self) -> LaunchType {
        match self.strategy.first() {
            Some(item) => launch_type_of(&item.capacity_provider),
            None => self.launch.unwrap_or(LaunchType::Ec2),
        }
    }
}

/// The launch type of the tasks that a capacity provider runs.
fn launch_type_of(provider: &str) -> LaunchType {
    match provider {
        "FARGATE" | "FARGATE_SPOT" => LaunchType::Fargate,
        _ => LaunchType::Ec2,
    }
}

/// Why no container instance takes a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The cluster has none that takes tasks.
    NoInstances,
    /// The instance that comes closest, and what it lacks.
    Closest(InstanceKey, Shortage),
}

/// A task to be placed.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The cluster.
    pub cluster: ClusterKey,
    /// The task definition.
    pub definition: DefinitionKey,
    /// The rules.
    pub placing: &'a Placing,
    /// The service, to spread its tasks.
    pub service: Option<ServiceKey>,
    /// At most one task of the service per instance.
    pub one_each: bool,
}

impl<'a> Wish<'a> {
    /// The wish for a standalone task.
    pub fn standalone(
        cluster: ClusterKey,
        definition: DefinitionKey,
        placing: &'a Placing,
    ) -> Self {
        Self {
            cluster,
            definition,
            placing,
            service: None,
            one_each: false,
        }
    }
}

impl World {
    /// Finds a place for a task.
    pub fn place(&self, wish: &Wish<'_>, dice: &mut Dice) -> Result<Site, Misfit> {
        let provider = self.choose_provider(wish);
        let launch = match provider.as_deref() {
            Some(provider) => launch_type_of(provider),
            None => wish.placing.launch.unwrap_or(LaunchType::Ec2),
        };
        let instance = match launch {
            LaunchType::Fargate => None,
            LaunchType::Ec2 => Some(self.choose_instance(wish, provider.as_deref(), dice)?),
        };
        Ok(Site {
            launch,
            provider,
            instance,
        })
    }

    /// The provider of a strategy whose share is least used: bases first, then weights.
    fn choose_provider(&self, wish: &Wish<'_>) -> Option<String> {
        let shares = wish.service.map(|service| &self.service(service).shares);
        let used = |item: &StrategyItem| {
            let share = shares.and_then(|shares| shares.get(&item.capacity_provider));
            share.copied().unwrap_or(0)
        };
        let share = |item: &&StrategyItem| {
            let used = used(item);
            let base = item.base as usize;
            let below_base = used < base;
            (
                !below_base,
                used.saturating_sub(base) * 1000 / (item.weight.max(1) as usize),
            )
        };
        let strategy = &wish.placing.strategy;
        let eligible = strategy
            .iter()
            .filter(|item| item.weight > 0 || used(item) < item.base as usize);
        let chosen = eligible.min_by_key(share).or(strategy.first())?;
        Some(chosen.capacity_provider.clone())
    }

    fn choose_instance(
        &self,
        wish: &Wish<'_>,
        provider: Option<&str>,
        dice: &mut Dice,
    ) -> Result<InstanceKey, Misfit> {
        let footprint = &self.definition(wish.definition).footprint;
        let mut best: Option<((usize, u32), InstanceKey)> = None;
        let mut closest: Option<((bool, u32), InstanceKey, Shortage)> = None;
        let instances = self
            .cluster(wish.cluster)
            .instances
            .iter()
            .filter_map(|key| self.instances.get(key));
        for instance in instances.filter(|instance| !instance.draining) {
            if provider.is_some_and(|provider| instance.provider.as_deref() != Some(provider)) {
                continue;
            }
            let siblings = wish
                .service
                .and_then(|service| instance.by_service.get(&service))
                .copied()
                .unwrap_or(0);
            if wish.one_each && siblings > 0 {
                continue;
            }
            if let Some(shortage) = instance.shortage(footprint) {
                let rank = (instance.connected, instance.free_memory);
                if closest.is_none_or(|(known, ..)| rank > known) {
                    closest = Some((rank, instance.key, shortage));
                }
            } else {
                let rank = (siblings, u32::MAX - instance.free_memory);
                let tie = chance::percent(dice, 50);
                if best.is_none_or(|(known, _)| rank < known || (tie && rank == known)) {
                    best = Some((rank, instance.key));
                }
            }
        }
        match (best, closest) {
            (Some((_, key)), _) => Ok(key),
            (None, Some((_, key, shortage))) => Err(Misfit::Closest(key, shortage)),
            (None, None) => Err(Misfit::NoInstances),
        }
    }
}
