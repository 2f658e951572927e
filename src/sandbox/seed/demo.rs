//! Turns the tables of `cast` into a world.

use std::time::Duration;

use rand::RngExt;
use serde_json::json;

use super::ACCOUNT;
use super::cast::{self, Home, Quirk, Role};
use super::documents::{self, Kind, Subject};
use super::ground::{self, cluster_named, network, placing, tag};
use super::history;
use super::images;
use crate::sandbox::world::World;
use crate::sandbox::world::chance::{self, Dice};
use crate::sandbox::world::cluster::ClusterKey;
use crate::sandbox::world::definition::{Conduct, DefinitionKey};
use crate::sandbox::world::launch::{Launch, Site};
use crate::sandbox::world::service::{
    Controller, LoadBalancer, RollRules, Scheduling, Service, ServiceKey,
};
use crate::sandbox::world::task::{LaunchType, TaskKey};

/// Fills an empty world with the demonstration.
pub fn fill(world: &mut World, dice: &mut Dice) {
    ground::clusters(world);
    ground::instances(world, dice);
    for role in cast::SERVICES {
        enact(world, role, dice);
    }
    jobs(world, dice);
    lose_a_sidecar(world);
    by_hand(world, dice);
    ground::wear(world);
    images::furnish(world);
}

fn enact(world: &mut World, role: &Role, dice: &mut Dice) {
    let cluster = cluster_named(world, role.cluster);
    let revisions = revisions(world, role, dice);
    let Some(current) = revisions.last().copied() else {
        return;
    };
    let key = world.add_service(service(world, role, cluster, current, dice));
    if role.quirk == Quirk::External {
        return external(world, key, current, dice);
    }
    let lives = role.conduct == Conduct::Steady;
    if matches!(role.conduct, Conduct::PullFails | Conduct::SecretFails) {
        return stuck(world, key, &revisions, dice);
    }
    history::deployments(world, key, &revisions, dice);
    if lives || role.conduct == Conduct::OutOfMemory {
        history::announcements(world, key, dice);
    }
    if lives {
        history::tasks(world, key, dice);
    }
    if let Quirk::Floating(tag) = role.quirk {
        drift(world, role, key, tag, dice);
    }
    world.wake(key, chance::seconds(dice, 1, 30));
    direct(world, role, key, current, dice);
}

/// A client rolls the service out with task sets: there are no deployments to be seen, and no records of them.
fn external(world: &mut World, key: ServiceKey, current: DefinitionKey, dice: &mut Dice) {
    let created = world.now - Duration::from_hours(31);
    world.deploy_at(key, current, created, dice);
    world.complete_at(key, created);
    let service = world.service_mut(key);
    service.records.clear();
    service.revisions.clear();
    service.task_set = service
        .primary()
        .map(|set| (set.id, "green-2041".to_owned(), created));
    history::tasks(world, key, dice);
}

/// The newest revision never came up: its deployment has been under way since, beside the tasks of the one before.
fn stuck(world: &mut World, key: ServiceKey, revisions: &[DefinitionKey], dice: &mut Dice) {
    let Some((newest, before)) = revisions.split_last() else {
        return;
    };
    history::deployments(world, key, before, dice);
    history::announcements(world, key, dice);
    history::tasks(world, key, dice);
    world.deploy(key, *newest, dice);
}

/// Casts a service for the scenes, and begins what is under way from the start.
fn direct(
    world: &mut World,
    role: &Role,
    key: ServiceKey,
    current: DefinitionKey,
    dice: &mut Dice,
) {
    match role.quirk {
        Quirk::Common if role.conduct == Conduct::Steady => world.director.releases.push(key),
        Quirk::Scaled(least, most) => world.director.scaled.push((key, least, most)),
        Quirk::Faulty => world.director.faulty.push(key),
        Quirk::TooBig => {
            let (family, mut body) = {
                let definition = world.definition(current);
                (definition.family.clone(), definition.body.clone())
            };
            if let Some(main) = body
                .get_mut("containerDefinitions")
                .and_then(|list| list.get_mut(0))
            {
                main["memory"] = json!(12_288);
                main["memoryReservation"] = json!(12_288);
            }
            let at = world.now;
            if let Ok(definition) = world.register(&family, body, at, Some(Conduct::Steady)) {
                world.deploy(key, definition, dice);
            }
        }
        Quirk::Deleted => world.service_mut(key).active = false,
        Quirk::Common | Quirk::Daemon | Quirk::External | Quirk::Floating(_) | Quirk::Parked => {}
    }
}

/// Registers the revisions of a role's family, oldest first; the failing ones are only the last.
fn revisions(world: &mut World, role: &Role, dice: &mut Dice) -> Vec<DefinitionKey> {
    let region = world.region.clone();
    let family = family_of(role);
    let count = dice.random_range(2..6u32);
    let minor: u32 = dice.random_range(1..40);
    let mut keys = Vec::new();
    for index in 0..count {
        let last = index + 1 == count;
        let version = format!("v1.{}.{}", minor, index * 3);
        let tag = match role.quirk {
            Quirk::Floating(tag) => tag,
            _ => version.as_str(),
        };
        let registered = world.now - Duration::from_hours(u64::from(count - index) * 30);
        if !(last && role.conduct == Conduct::PullFails) {
            // Before the deployments of `history`, which lie up to three days back and four days apart.
            let age = 74 + 92 * u64::from(count - 1 - index);
            let pushed = world.now - Duration::from_hours(age);
            images::publish(world, role.name, &version, &[&version, tag], pushed);
        }
        let subject = Subject {
            family: &family,
            repository: role.name,
            tag,
            cpu: role.size.0,
            memory: role.size.1,
            port: port_of(role),
            region: &region,
            account: ACCOUNT,
        };
        let mut body = documents::write(role.kind, &subject);
        if role.home == Home::Group && role.kind == Kind::Plain {
            body.insert("requiresCompatibilities".to_owned(), json!(["EC2"]));
            let mut main = body
                .get_mut("containerDefinitions")
                .and_then(|list| list.get_mut(0)?.as_object_mut());
            // Only the task as a whole is limited.
            for limit in ["memory", "memoryReservation"] {
                main.as_deref_mut().map(|main| main.remove(limit));
            }
        }
        if role.home == Home::Spot && tag != version {
            // Its tasks each run what the tag points at when they start.
            body["containerDefinitions"][0]["versionConsistency"] = json!("disabled");
        }
        let conduct = if last { role.conduct } else { Conduct::Steady };
        if let Ok(key) = world.register(&family, body, registered, Some(conduct)) {
            if let Some(definition) = world.definitions.get_mut(key.0) {
                definition.tags = vec![super::ground::tag("team", team_of(role.name))];
            }
            keys.push(key);
        }
    }
    keys
}

/// The tag that a service's image is named by moves on. Where a task runs what the tag points at when it starts, those
/// that have replaced others since run the new image: all but three.
fn drift(world: &mut World, role: &Role, key: ServiceKey, tag: &str, dice: &mut Dice) {
    let Some(since) = world.service(key).primary().map(|primary| primary.created) else {
        return;
    };
    let age = world.now.since(since);
    let moved = since + age / 2;
    images::move_on(world, role.name, tag, moved);
    if role.home != Home::Spot {
        return;
    }
    let live: Vec<TaskKey> = world.service(key).live.iter().copied().collect();
    for (index, task) in live.into_iter().skip(3).enumerate() {
        let images = world
            .tasks
            .get(&task)
            .map(|task| world.images_of(task.definition));
        if let (Some(task), Some(images)) = (world.tasks.get_mut(&task), images)
            && let (Some(main), Some(image)) = (task.containers.first_mut(), images.first())
        {
            main.digest.clone_from(image);
        }
        let later = u32::try_from(index + 1).unwrap_or(1);
        let started = moved + age / 2 * later / 6;
        world.backdate(task, started, dice);
    }
}

/// Agents listen on the host's ports, so each needs its own.
fn port_of(role: &Role) -> u16 {
    match (role.kind, role.name) {
        (Kind::Agent, "node-exporter") => 9100,
        (Kind::Agent, _) => 8126,
        _ => 8080,
    }
}

fn family_of(role: &Role) -> String {
    match role.cluster {
        cast::STAGING => format!("staging-{}", role.name),
        _ => role.name.to_owned(),
    }
}

fn service(
    world: &World,
    role: &Role,
    cluster: ClusterKey,
    definition: DefinitionKey,
    dice: &mut Dice,
) -> Service {
    let bridge = matches!(role.kind, Kind::Linked | Kind::Agent);
    let (container_name, container_port) = if role.kind == Kind::Linked {
        ("nginx", 80)
    } else {
        ("app", 8080)
    };
    let group = format!(
        "arn:aws:elasticloadbalancing:{}:{ACCOUNT}:targetgroup/{}-{}/{:016x}",
        world.region,
        role.cluster,
        role.name,
        dice.random::<u64>()
    );
    let balancer = LoadBalancer {
        target_group_arn: group,
        container_name: container_name.to_owned(),
        container_port,
    };
    let created = world.now - Duration::from_hours(24 * 40) - chance::seconds(dice, 0, 8_000_000);
    let healing = role.conduct == Conduct::Steady && !matches!(role.quirk, Quirk::TooBig);
    let mut service = Service::new(role.name.to_owned(), cluster, definition, created);
    service.desired = role.desired;
    service.placing = placing(role.home);
    if role.quirk == Quirk::Daemon {
        service.scheduling = Scheduling::Daemon;
    }
    if role.quirk == Quirk::External {
        service.controller = Controller::External;
    }
    service.rules = rules(role, healing);
    if role.balanced {
        service.balancers.push(balancer);
        service.grace = Some(60);
    }
    service.network = (!bridge).then(network);
    service.exec = matches!(role.kind, Kind::Plain | Kind::Mesh);
    service.propagate = (role.kind == Kind::Mesh).then(|| "SERVICE".to_owned());
    service.tags = vec![tag("team", team_of(role.name)), tag("service", role.name)];
    service
}

fn rules(role: &Role, healing: bool) -> RollRules {
    match role.quirk {
        Quirk::Daemon => RollRules {
            minimum: 0,
            maximum: 100,
            breaker: false,
            rollback: false,
        },
        _ if role.cluster == cast::STAGING => RollRules {
            minimum: 0,
            maximum: 200,
            breaker: false,
            rollback: false,
        },
        _ if role.kind == Kind::Linked && role.desired > 1 => RollRules {
            minimum: 50,
            maximum: 150,
            breaker: healing,
            rollback: healing,
        },
        _ => RollRules {
            minimum: 100,
            maximum: 200,
            breaker: healing,
            rollback: healing,
        },
    }
}

fn jobs(world: &mut World, dice: &mut Dice) {
    let region = world.region.clone();
    let cluster = cluster_named(world, cast::BATCH);
    for (index, name) in cast::JOBS.iter().enumerate() {
        let size = if index % 2 == 0 {
            (512, 1024)
        } else {
            (1024, 2048)
        };
        let subject = Subject {
            family: name,
            repository: "data-jobs",
            tag: &format!("2026.{}", 10 + index),
            cpu: size.0,
            memory: size.1,
            port: 8080,
            region: &region,
            account: ACCOUNT,
        };
        let at = world.now - Duration::from_hours(40 + 9 * u64::try_from(index).unwrap_or(0));
        images::publish(
            world,
            "data-jobs",
            subject.tag,
            &[subject.tag],
            at - Duration::from_mins(6),
        );
        let body = documents::write(Kind::Job, &subject);
        if let Ok(key) = world.register(name, body, at, Some(Conduct::Finishes)) {
            let home = if chance::percent(dice, 50) {
                Home::Spot
            } else {
                Home::Fargate
            };
            world.director.batch.push((cluster, key, placing(home)));
        }
    }
}

/// A task that someone started by hand long ago and forgot.
fn by_hand(world: &mut World, dice: &mut Dice) {
    let cluster = cluster_named(world, cast::FARGATE);
    let Some(definition) = world
        .families
        .get("orders-api")
        .and_then(|keys| keys.last())
        .copied()
    else {
        return;
    };
    let launch = Launch {
        cluster,
        definition,
        site: Site {
            launch: LaunchType::Fargate,
            provider: None,
            instance: None,
        },
        service: None,
        group: None,
        started_by: Some("jane@example.com".to_owned()),
        overrides: Some(
            json!({"containerOverrides": [{"name": "app", "command": ["sleep", "infinity"]}]}),
        ),
        tags: vec![tag("purpose", "debugging")],
        exec: true,
    };
    let key = world.launch(launch, dice);
    let started = world.now - Duration::from_hours(52);
    world.backdate(key, started, dice);
}

/// A sidecar that is not essential has died; its task runs on without it.
fn lose_a_sidecar(world: &mut World) {
    let now = world.now;
    let service = world
        .services
        .iter()
        .find(|service| service.name == "email-worker");
    let task = service.and_then(|service| service.live.first());
    let sidecar = task
        .and_then(|key| world.tasks.get_mut(key))
        .and_then(|task| task.containers.get_mut(1));
    if let Some(sidecar) = sidecar {
        sidecar.exit_code = Some(1);
        sidecar.ended = Some(now);
    }
}

fn team_of(name: &str) -> &'static str {
    match name {
        "checkout" | "payments-api" | "orders-api" | "cart" | "invoice-renderer" => "payments",
        "search" | "search-indexer" | "catalog" | "recommendations" => "discovery",
        _ => "platform",
    }
}
