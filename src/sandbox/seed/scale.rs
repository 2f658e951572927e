//! Worlds made to measure: any number of clusters, services and tasks with plausible names.

use std::time::Duration;

use rand::RngExt;

use super::cast::Home;
use super::documents::{self, Kind, Subject};
use super::ground::{instance, network, placing, tag};
use super::{ACCOUNT, history, images};
use crate::sandbox::world::World;
use crate::sandbox::world::chance::{self, Dice};
use crate::sandbox::world::cluster::{Cluster, ClusterKey};
use crate::sandbox::world::definition::{Conduct, DefinitionKey};
use crate::sandbox::world::service::{LoadBalancer, Service};

/// The size of a world.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Clusters.
    pub clusters: usize,
    /// Services per cluster.
    pub services: usize,
    /// Tasks per service.
    pub tasks: usize,
    /// Container instances of each cluster that has any, or as many as its tasks need.
    pub hosts: Option<usize>,
}

const ENVIRONMENTS: [&str; 5] = ["prod", "staging", "dev", "perf", "dr"];
const DOMAINS: [&str; 10] = [
    "core",
    "payments",
    "search",
    "media",
    "data",
    "identity",
    "logistics",
    "edge",
    "ads",
    "ml",
];
const NOUNS: [&str; 16] = [
    "orders",
    "users",
    "billing",
    "catalog",
    "inventory",
    "shipping",
    "sessions",
    "reviews",
    "pricing",
    "coupons",
    "search",
    "events",
    "reports",
    "uploads",
    "webhooks",
    "audit",
];
const FORMS: [&str; 8] = [
    "api", "worker", "gateway", "indexer", "consumer", "cron", "proxy", "cache",
];
/// One service in this many is sick.
const SICK_EVERY: usize = 50;
/// One cluster in this many runs on container instances.
const INSTANCES_EVERY: usize = 4;

/// CPU units and MiB of a task.
const SIZE: (u32, u32) = (256, 512);
/// Kinds of container instances with the CPU units and MiB that they register, from small to large.
const KINDS: [(&str, u32, u32); 4] = [
    ("m6i.4xlarge", 16_384, 63_488),
    ("m6i.16xlarge", 65_536, 257_024),
    ("m6i.32xlarge", 131_072, 515_072),
    ("u7i-12tb.224xlarge", 917_504, 12_386_304),
];

/// Fills an empty world.
pub fn fill(world: &mut World, measure: Measure, dice: &mut Dice) {
    for index in 0..measure.clusters {
        let environment = ENVIRONMENTS[index % ENVIRONMENTS.len()];
        let domain = DOMAINS[(index / ENVIRONMENTS.len()) % DOMAINS.len()];
        let round = index / (ENVIRONMENTS.len() * DOMAINS.len());
        let name = if round == 0 {
            format!("{environment}-{domain}")
        } else {
            format!("{environment}-{domain}-{round}")
        };
        let mut cluster = Cluster::new(&name);
        cluster.tags = vec![tag("environment", environment)];
        cluster.providers = vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()];
        let key = world.add_cluster(cluster);
        let home = if index % INSTANCES_EVERY == 1 {
            Home::Ec2
        } else {
            Home::Spot
        };
        if home == Home::Ec2 {
            add_instances(world, key, measure, dice);
        }
        for number in 0..measure.services {
            add_service(world, key, number, home, measure, dice);
        }
    }
}

fn add_instances(world: &mut World, cluster: ClusterKey, measure: Measure, dice: &mut Dice) {
    let tasks = measure.services * measure.tasks;
    // Twice the room the tasks need: rolls surge to 200 %.
    let (count, kind) = match measure.hosts {
        None => (tasks.div_ceil(12).max(2), KINDS[0]),
        Some(hosts) => (hosts, kind_for(tasks.div_ceil(hosts.max(1)) * 2)),
    };
    for index in 0..count {
        let zone = u8::try_from(index % 3).unwrap_or(0);
        let instance = instance(world, cluster, kind, zone, dice);
        world.add_instance(instance);
    }
}

/// The smallest kind of instance that has room for so many tasks, or else the largest.
fn kind_for(tasks: usize) -> (&'static str, u32, u32) {
    let fits = |(_, cpu, memory): &&(&str, u32, u32)| {
        let room = (cpu / SIZE.0).min(memory / SIZE.1);
        usize::try_from(room).is_ok_and(|room| room >= tasks)
    };
    *KINDS.iter().find(fits).unwrap_or(&KINDS[KINDS.len() - 1])
}

fn add_service(
    world: &mut World,
    cluster: ClusterKey,
    number: usize,
    home: Home,
    measure: Measure,
    dice: &mut Dice,
) {
    let base = format!(
        "{}-{}",
        NOUNS[number % NOUNS.len()],
        FORMS[(number / NOUNS.len()) % FORMS.len()]
    );
    let round = number / (NOUNS.len() * FORMS.len());
    let name = if round == 0 {
        base.clone()
    } else {
        format!("{base}-{round}")
    };
    let sick = number % SICK_EVERY == SICK_EVERY - 3;
    let conduct = match (sick, number / SICK_EVERY % 3) {
        (false, _) => Conduct::Steady,
        (true, 0) => Conduct::PullFails,
        (true, 1) => Conduct::Crashes,
        (true, _) => Conduct::FailsContainerHealth,
    };
    let Some(revisions) = family(world, &base, home, conduct) else {
        return;
    };
    let balanced = number.is_multiple_of(2);
    let group = format!(
        "arn:aws:elasticloadbalancing:{}:{ACCOUNT}:targetgroup/{name}/{:016x}",
        world.region,
        dice.random::<u64>()
    );
    let created = world.now - chance::seconds(dice, 3_000_000, 30_000_000);
    let mut service = Service::new(name, cluster, revisions[1], created);
    service.desired = u32::try_from(measure.tasks).unwrap_or(u32::MAX);
    service.placing = placing(home);
    service.rules.breaker = !sick;
    service.rules.rollback = !sick;
    service.network = Some(network());
    if balanced {
        service.balancers.push(LoadBalancer {
            target_group_arn: group,
            container_name: "app".to_owned(),
            container_port: 8080,
        });
    }
    let key = world.add_service(service);
    history::deployments(world, key, &revisions, dice);
    if conduct == Conduct::Steady {
        history::announcements(world, key, dice);
        history::tasks(world, key, dice);
        match number % 10 {
            0 => world
                .director
                .scaled
                .push((key, scaled_least(measure), scaled_most(measure))),
            7 => world.director.faulty.push(key),
            _ => world.director.releases.push(key),
        }
    } else {
        world.wake(key, chance::seconds(dice, 1, 600));
    }
}

/// By how many tasks a scaled service moves at most.
fn swing(measure: Measure) -> usize {
    measure.tasks.div_ceil(2).min(8)
}

fn scaled_least(measure: Measure) -> u32 {
    u32::try_from(measure.tasks - swing(measure).min(measure.tasks / 2)).unwrap_or(1)
}

fn scaled_most(measure: Measure) -> u32 {
    u32::try_from(measure.tasks + swing(measure)).unwrap_or(u32::MAX)
}

/// The two revisions of a family that services of all clusters share; a failing service has a family of its own.
fn family(
    world: &mut World,
    base: &str,
    home: Home,
    conduct: Conduct,
) -> Option<[DefinitionKey; 2]> {
    let family = match (home, conduct) {
        (Home::Ec2, Conduct::Steady) => format!("{base}-ec2"),
        (_, Conduct::Steady) => base.to_owned(),
        (Home::Ec2, _) => format!("{base}-ec2-next"),
        _ => format!("{base}-next"),
    };
    if let Some([first, second, ..]) = world.families.get(&family).map(Vec::as_slice) {
        return Some([*first, *second]);
    }
    let mut keys = Vec::new();
    // An image that cannot be pulled has a tag that no other family has pushed.
    let missing = conduct == Conduct::PullFails;
    let newest = if missing { "v2.5.0" } else { "v2.4.1" };
    let region = world.region.clone();
    for (tag, days, conduct) in [("v2.3.0", 30, Conduct::Steady), (newest, 6, conduct)] {
        let subject = Subject {
            family: &family,
            repository: base,
            tag,
            cpu: SIZE.0,
            memory: SIZE.1,
            port: 8080,
            region: &region,
            account: ACCOUNT,
        };
        let kind = if base.ends_with("worker") {
            Kind::Worker
        } else {
            Kind::Plain
        };
        let at = world.now - Duration::from_hours(24 * days);
        if conduct != Conduct::PullFails {
            images::cheap(world, base, tag, at - Duration::from_mins(6));
        }
        keys.push(
            world
                .register(&family, documents::write(kind, &subject), at, Some(conduct))
                .ok()?,
        );
    }
    Some([*keys.first()?, *keys.get(1)?])
}
