//! What stands before the services come: clusters, capacity, container instances, and where tasks may go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::RngExt;
use serde_json::json;

use super::cast::{self, Home};
use super::{ACCOUNT, REGION};
use crate::sandbox::world::World;
use crate::sandbox::world::chance::{self, Dice};
use crate::sandbox::world::cluster::{Cluster, ClusterKey, Insights, Provider, StrategyItem, Tag};
use crate::sandbox::world::instance::{Instance, InstanceKey};
use crate::sandbox::world::placement::Placing;
use crate::sandbox::world::task::LaunchType;

/// The capacity provider of the EC2 cluster.
const GROUP: &str = "prod-web-asg";

/// Adds the clusters and their capacity providers.
pub fn clusters(world: &mut World) {
    let group_arn = format!(
        "arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:5f7b2c1e-8c1d-4d0a-9b1e-3c6f2a7d9e10:autoScalingGroupName/{GROUP}"
    );
    world.providers.insert(
        GROUP.to_owned(),
        Provider {
            name: GROUP.to_owned(),
            group_arn,
            target: 90,
        },
    );
    for (name, environment, providers) in [
        (cast::WEB, "production", vec![GROUP]),
        (cast::FARGATE, "production", vec!["FARGATE", "FARGATE_SPOT"]),
        (cast::STAGING, "staging", vec!["FARGATE", "FARGATE_SPOT"]),
        (cast::BATCH, "production", vec!["FARGATE", "FARGATE_SPOT"]),
        (cast::EMPTY, "development", vec![]),
        (cast::GONE, "retired", vec![]),
    ] {
        let mut cluster = Cluster::new(name);
        cluster.active = name != cast::GONE;
        cluster.insights = match name {
            cast::FARGATE => Insights::Enhanced,
            cast::WEB => Insights::Enabled,
            _ => Insights::Disabled,
        };
        cluster.tags = vec![
            tag("environment", environment),
            tag("owner", "platform-team"),
        ];
        cluster.strategy = providers
            .first()
            .map(|first| item(first, 1, 0))
            .into_iter()
            .collect();
        cluster.providers = providers.into_iter().map(str::to_owned).collect();
        world.add_cluster(cluster);
    }
}

/// The cluster with this name.
pub fn cluster_named(world: &World, name: &str) -> ClusterKey {
    ClusterKey(
        world
            .clusters
            .iter()
            .position(|cluster| cluster.name == name)
            .unwrap_or(0),
    )
}

/// Adds the container instances of the EC2 cluster.
pub fn instances(world: &mut World, dice: &mut Dice) {
    let cluster = cluster_named(world, cast::WEB);
    for index in 0..7u8 {
        let (kind, cpu, memory) = if index == 6 {
            ("m6i.large", 2048, 7_680)
        } else {
            ("c6i.xlarge", 4096, 7_680)
        };
        let instance = instance(world, cluster, (kind, cpu, memory), index, dice);
        world.add_instance(Instance {
            provider: Some(GROUP.to_owned()),
            ..instance
        });
    }
}

/// Instances do not all stay well: one drains, one has lost its agent with its tasks still on it.
pub fn wear(world: &mut World) {
    let mut instances = world.instances.values_mut();
    if let Some(instance) = instances.next() {
        instance.draining = true;
    }
    if let Some(instance) = instances.next() {
        instance.connected = false;
    }
}

/// A container instance that registered some days ago.
pub fn instance(
    world: &World,
    cluster: ClusterKey,
    (kind, cpu, memory): (&str, u32, u32),
    index: u8,
    dice: &mut Dice,
) -> Instance {
    Instance {
        key: InstanceKey(dice.random()),
        cluster,
        ec2_id: format!("i-{:017x}", dice.random::<u64>()),
        kind: kind.to_owned(),
        zone: world.zone(index),
        provider: None,
        registered: world.now - Duration::from_hours(24) - chance::seconds(dice, 0, 600_000),
        draining: false,
        connected: true,
        cpu,
        memory,
        free_cpu: cpu,
        free_memory: memory,
        ports: BTreeSet::new(),
        tasks: BTreeSet::new(),
        by_service: BTreeMap::new(),
        version: 1,
    }
}

/// The placing of a home.
pub fn placing(home: Home) -> Placing {
    let platform = Some("LATEST".to_owned());
    match home {
        Home::Fargate => Placing {
            launch: Some(LaunchType::Fargate),
            strategy: Vec::new(),
            platform,
        },
        Home::Spot => Placing {
            launch: None,
            strategy: vec![item("FARGATE", 1, 1), item("FARGATE_SPOT", 3, 0)],
            platform,
        },
        Home::Ec2 => Placing {
            launch: Some(LaunchType::Ec2),
            ..Placing::default()
        },
        Home::Group => Placing {
            strategy: vec![item(GROUP, 1, 0)],
            ..Placing::default()
        },
        Home::Unsaid => Placing::default(),
    }
}

/// The network configuration that all services with interfaces of their own share.
pub fn network() -> serde_json::Value {
    json!({"awsvpcConfiguration": {
        "subnets": ["subnet-0a1f3c5e7092b4d6f", "subnet-0b2e4d6f8193c5a70", "subnet-0c3d5e7f9204d6b81"],
        "securityGroups": ["sg-0d4e6f8a0315e7c92"],
        "assignPublicIp": "DISABLED",
    }})
}

/// A tag.
pub fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn item(provider: &str, weight: u32, base: u32) -> StrategyItem {
    StrategyItem {
        capacity_provider: provider.to_owned(),
        weight,
        base,
    }
}
