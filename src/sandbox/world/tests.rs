//! Invariants of the world, over seeds and over what clients do to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use proptest::prelude::*;

use super::World;
use super::chance::Dice;
use super::definition::Conduct;
use super::moment::Moment;
use super::roll;
use super::service::{Rollout, ServiceKey};
use super::task::{Stage, TaskKey};
use crate::sandbox::seed;

const START: Moment = Moment::from_millis(1_790_000_000_000);

fn demo(seed: u64) -> (World, Dice) {
    seed::world(seed::REGION, seed, None, START)
}

fn find(world: &World, name: &str) -> ServiceKey {
    let index = world
        .services
        .iter()
        .position(|service| service.name == name)
        .unwrap();
    ServiceKey(index)
}

/// What holds at any time.
fn check(world: &World) {
    for (index, cluster) in world.clusters.iter().enumerate() {
        for key in &cluster.live {
            let task = &world.tasks[key];
            assert_eq!(task.cluster.0, index);
            assert_ne!(task.stage, Stage::Stopped);
        }
        for key in &cluster.stopped {
            assert_eq!(world.tasks[key].stage, Stage::Stopped);
            assert!(!world.tasks[key].wanted && world.tasks[key].stop.is_some());
        }
    }
    let in_clusters: usize = world
        .clusters
        .iter()
        .map(|cluster| cluster.live.len() + cluster.stopped.len())
        .sum();
    assert_eq!(in_clusters, world.tasks.len());
    for (index, service) in world.services.iter().enumerate() {
        let mut own: Vec<&TaskKey> = service.live.iter().chain(&service.stopped).collect();
        own.sort();
        let all = world
            .tasks
            .values()
            .filter(|task| task.service == Some(ServiceKey(index)));
        assert_eq!(own, all.map(|task| &task.key).collect::<Vec<_>>());
        assert!(service.events.len() <= 100);
        assert_eq!(
            service
                .records
                .iter()
                .any(|record| record.finished.is_none()),
            service
                .primary()
                .is_some_and(|primary| primary.rollout == Rollout::InProgress),
            "{}: a service deployment is open exactly while the rollout is under way",
            service.name,
        );
    }
    for service in &world.services {
        for (provider, share) in &service.shares {
            let placed = |key: &&TaskKey| world.tasks[*key].provider.as_ref() == Some(provider);
            assert_eq!(
                service.live.iter().filter(placed).count(),
                *share,
                "{}",
                service.name
            );
        }
    }
    check_instances(world);
    check_times(world);
}

/// What is reserved on an instance is what its tasks need.
fn check_instances(world: &World) {
    for instance in world.instances.values() {
        for (service, count) in &instance.by_service {
            let own = |key: &&TaskKey| world.tasks[*key].service == Some(*service);
            assert_eq!(instance.tasks.iter().filter(own).count(), *count);
        }
        let tasks = instance
            .tasks
            .iter()
            .map(|key| &world.definition(world.tasks[key].definition).footprint);
        let (cpu, memory) = tasks.fold((0, 0), |(cpu, memory), print| {
            (cpu + print.cpu, memory + print.memory)
        });
        assert_eq!(
            instance.free_cpu + cpu,
            instance.cpu,
            "reserved and free CPU add up"
        );
        assert_eq!(
            instance.free_memory + memory,
            instance.memory,
            "reserved and free memory add up"
        );
    }
}

/// The instants of every task are in order and none lies ahead.
fn check_times(world: &World) {
    for task in world.tasks.values() {
        let times = &task.times;
        let order = [
            Some(times.created),
            times.pull_stopped,
            times.started,
            times.execution_stopped,
            times.stopped,
        ];
        let known: Vec<Moment> = order.into_iter().flatten().collect();
        assert!(known.is_sorted(), "{known:?}");
        assert!(known.iter().all(|at| *at <= world.now));
    }
}

/// The wanted tasks of a service that run.
fn running(world: &World, key: ServiceKey) -> u32 {
    world.census(&world.service(key).live).running
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_world_stays_consistent(seed in any::<u64>(), steps in proptest::collection::vec(1..90u64, 1..40)) {
        let (mut world, mut dice) = demo(seed);
        check(&world);
        for step in steps {
            world.tick(Duration::from_secs(step), &mut dice);
            check(&world);
        }
    }

    #[test]
    fn worlds_of_any_size_are_consistent(clusters in 0..4usize, services in 0..60usize, tasks in 0..5usize) {
        let (mut world, mut dice) = seed::world(seed::REGION, 1, Some(seed::Measure { clusters, services, tasks, hosts: None }), START);
        world.tick(Duration::from_mins(10), &mut dice);
        prop_assert_eq!((world.clusters.len(), world.services.len()), (clusters, clusters * services));
        check(&world);
    }

    #[test]
    fn services_keep_their_desired_count(seed in any::<u64>(), desired in 0..9u32) {
        let (mut world, mut dice) = demo(seed);
        let key = find(&world, "payments-api");
        world.service_mut(key).claimed = true;
        world.set_desired(key, desired);
        world.tick(Duration::from_mins(5), &mut dice);
        prop_assert_eq!(running(&world, key), desired);
        prop_assert!(world.service(key).pace.steady);
    }

    #[test]
    fn a_roll_stays_within_its_percentages(seed in any::<u64>(), minimum in 0..=100u32, maximum in 110..=200u32) {
        let (mut world, mut dice) = demo(seed);
        let key = find(&world, "email-worker");
        world.service_mut(key).claimed = true;
        world.service_mut(key).rules.minimum = minimum;
        world.service_mut(key).rules.maximum = maximum;
        world.set_desired(key, 6);
        world.tick(Duration::from_mins(5), &mut dice);
        prop_assert_eq!(running(&world, key), 6);
        let definition = world.service(key).definition;
        world.deploy(key, definition, &mut dice);
        let fits = roll::ceiling_of(6, maximum) > 6 || roll::floor_of(6, minimum) < 6;
        for _ in 0..1200 {
            world.tick(Duration::from_millis(500), &mut dice);
            let wanted: Vec<_> =
                world.service(key).live.iter().map(|key| &world.tasks[key]).filter(|task| task.wanted).collect();
            let serving = wanted.iter().filter(|task| task.stage == Stage::Running).count();
            prop_assert!(u32::try_from(wanted.len()).unwrap() <= roll::ceiling_of(6, maximum));
            prop_assert!(u32::try_from(serving).unwrap() >= roll::floor_of(6, minimum));
        }
        let service = world.service(key);
        prop_assert_eq!(service.deployments.len() == 1, fits, "a roll ends where the percentages let it");
    }

    #[test]
    fn the_breaker_trips_and_rolls_back(seed in any::<u64>(), pull in any::<bool>()) {
        let (mut world, mut dice) = demo(seed);
        let key = find(&world, "payments-api");
        world.service_mut(key).claimed = true;
        world.tick(Duration::from_mins(5), &mut dice);
        let good = world.service(key).definition;
        let (family, body) = (world.definition(good).family.clone(), world.definition(good).body.clone());
        let conduct = if pull { Conduct::PullFails } else { Conduct::FailsTargetHealth };
        let now = world.now;
        let bad = world.register(&family, body, now, Some(conduct)).unwrap();
        world.deploy(key, bad, &mut dice);
        world.tick(Duration::from_mins(30), &mut dice);
        check(&world);
        let service = world.service(key);
        prop_assert_eq!(service.definition, good);
        prop_assert_eq!(running(&world, key), service.desired);
        let record = service.records.last().unwrap();
        prop_assert_eq!((record.status, record.breaker.0), ("ROLLBACK_SUCCESSFUL", "TRIGGERED"));
        prop_assert!(record.breaker.1 >= record.breaker.2);
    }
}

#[test]
fn a_rollback_that_fails_as_well_is_the_end_of_it() {
    let (mut world, mut dice) = demo(1);
    let key = find(&world, "shipping-api");
    world.service_mut(key).claimed = true;
    world.service_mut(key).rules.breaker = true;
    world.service_mut(key).rules.rollback = true;
    // What it rolls back to is no better: its tasks fail the same health checks.
    let definition = world.service(key).definition;
    world.deploy(key, definition, &mut dice);
    world.tick(Duration::from_hours(1), &mut dice);
    check(&world);
    let service = world.service(key);
    let statuses: Vec<&str> = service.records.iter().map(|record| record.status).collect();
    assert_eq!(statuses.last(), Some(&"ROLLBACK_FAILED"), "{statuses:?}");
    let others = &statuses[..statuses.len() - 1];
    assert!(
        others.iter().all(|status| *status == "SUCCESSFUL"),
        "{statuses:?}"
    );
    assert_eq!(service.primary().unwrap().rollout, Rollout::Failed);
}

#[test]
fn a_deployment_with_nothing_to_return_to_just_fails() {
    let (mut world, mut dice) = demo(1);
    let key = find(&world, "orders-api");
    let service = world.service_mut(key);
    service.claimed = true;
    service.records.clear();
    service.deployments.clear();
    let good = world.definition(world.service(key).definition);
    let (family, body) = (good.family.clone(), good.body.clone());
    let now = world.now;
    let bad = world
        .register(&family, body, now, Some(Conduct::PullFails))
        .unwrap();
    world.deploy(key, bad, &mut dice);
    world.tick(Duration::from_hours(1), &mut dice);
    check(&world);
    let service = world.service(key);
    assert_eq!(service.primary().unwrap().rollout, Rollout::Failed);
    assert_eq!(service.records.last().unwrap().status, "STOPPED");
}

#[test]
fn without_a_load_balancer_nothing_fails_its_health_checks() {
    let (mut world, mut dice) = demo(1);
    let key = find(&world, "shipping-api");
    world.service_mut(key).claimed = true;
    world.service_mut(key).balancers.clear();
    let definition = world.service(key).definition;
    world.deploy(key, definition, &mut dice);
    world.tick(Duration::from_mins(10), &mut dice);
    assert_eq!(
        world.service(key).primary().unwrap().rollout,
        Rollout::Completed
    );
}

#[test]
fn instances_without_an_agent_take_no_task_and_say_so() {
    let (mut world, mut dice) = demo(1);
    let key = find(&world, "legacy-admin");
    for instance in world.instances.values_mut() {
        instance.connected = false;
    }
    world.service_mut(key).claimed = true;
    world.set_desired(key, 2);
    world.tick(Duration::from_mins(2), &mut dice);
    let events = &world.service(key).events;
    assert!(
        events[0]
            .message
            .contains("The closest matching (container-instance")
            && events[0].message.contains("encountered error \"AGENT\""),
        "{}",
        events[0].message
    );
}

#[test]
fn a_seed_makes_one_world() {
    let portrait = |seed| {
        let (mut world, mut dice) = demo(seed);
        world.tick(Duration::from_mins(10), &mut dice);
        let events = world.services.iter().flat_map(|service| &service.events);
        let events: Vec<_> = events
            .map(|event| (event.id.clone(), event.message.clone()))
            .collect();
        (world.tasks.keys().copied().collect::<Vec<_>>(), events)
    };
    assert_eq!(portrait(5), portrait(5));
    assert_ne!(portrait(5).0, portrait(6).0);
}

#[test]
fn small_ticks_and_one_large_tick_agree() {
    let ((mut fine, mut fine_dice), (mut coarse, mut coarse_dice)) = (demo(3), demo(3));
    for _ in 0..2400 {
        fine.tick(Duration::from_millis(250), &mut fine_dice);
    }
    coarse.tick(Duration::from_mins(10), &mut coarse_dice);
    assert_eq!(
        fine.tasks.keys().collect::<Vec<_>>(),
        coarse.tasks.keys().collect::<Vec<_>>()
    );
}

#[test]
fn something_deploys_by_itself_within_minutes() {
    let (mut world, mut dice) = demo(1);
    let records = |world: &World| {
        world
            .services
            .iter()
            .map(|service| service.records.len())
            .sum::<usize>()
    };
    let before = records(&world);
    world.tick(Duration::from_mins(10), &mut dice);
    assert!(
        records(&world) >= before + 4,
        "{before} -> {}",
        records(&world)
    );
}

#[test]
fn a_release_fails_and_is_rolled_back_before_the_eyes_of_a_watcher() {
    let (mut world, mut dice) = demo(1);
    world.tick(Duration::from_mins(15), &mut dice);
    let records = world.services.iter().flat_map(|service| &service.records);
    assert!(
        records
            .filter(|record| record.status == "ROLLBACK_SUCCESSFUL")
            .count()
            >= 1
    );
}

#[test]
fn the_sick_are_sick_in_their_own_ways() {
    let (world, _) = demo(1);
    let reasons = |name: &str| -> Vec<&str> {
        let service = world.service(find(&world, name));
        let stops = service
            .stopped
            .iter()
            .filter_map(|key| world.tasks[key].stop.as_ref());
        stops.map(|stop| stop.reason.as_str()).collect()
    };
    for (service, reason) in [
        (
            "image-resizer",
            "OutOfMemoryError: Container killed due to memory usage",
        ),
        ("invoice-renderer", "CannotPullContainerError"),
        ("reports", "ResourceInitializationError"),
        ("fraud-detector", "Task failed container health checks"),
        (
            "shipping-api",
            "Task failed ELB health checks in (target-group arn:",
        ),
        ("search", "Essential container in task exited"),
    ] {
        let found = reasons(service);
        assert!(
            found
                .iter()
                .filter(|known| known.starts_with(reason))
                .count()
                > 2,
            "{service}: {found:?}"
        );
    }
    let stuck = world.service(find(&world, "search-indexer"));
    assert!(
        stuck
            .events
            .iter()
            .any(|event| event.message.contains("has insufficient memory available"))
    );
}

#[test]
fn an_identical_complaint_waits_six_hours_or_for_health() {
    let (mut world, mut dice) = demo(1);
    let key = find(&world, "orders-api");
    let service = world.service_mut(key);
    service.events.clear();
    let start = START;
    for hour in 0..13 {
        service.complain(start + Duration::from_hours(hour), &mut dice, "is unwell.");
    }
    assert_eq!(service.events.len(), 3);
    service.pace.complaints.clear();
    service.complain(start + Duration::from_hours(13), &mut dice, "is unwell.");
    assert_eq!(service.events.len(), 4);
}

#[test]
fn stopped_tasks_are_forgotten_after_an_hour() {
    let (mut world, mut dice) = demo(1);
    let stopped: Vec<TaskKey> = world
        .clusters
        .iter()
        .flat_map(|cluster| cluster.stopped.clone())
        .collect();
    assert!(stopped.len() > 20);
    world.tick(Duration::from_mins(61), &mut dice);
    assert!(stopped.iter().all(|key| !world.tasks.contains_key(key)));
}

#[test]
fn a_long_life_does_not_grow_the_world() {
    let (mut world, mut dice) = demo(9);
    world.tick(Duration::from_hours(3), &mut dice);
    let before = world.tasks.len();
    world.tick(Duration::from_hours(12), &mut dice);
    assert!(
        world.tasks.len() < before * 2,
        "{before} -> {}",
        world.tasks.len()
    );
    check(&world);
}

#[test]
fn a_world_to_measure_has_the_size_asked_for() {
    let measure = seed::Measure {
        clusters: 5,
        services: 20,
        tasks: 4,
        hosts: None,
    };
    let (world, _) = seed::world(seed::REGION, 1, Some(measure), START);
    assert_eq!((world.clusters.len(), world.services.len()), (5, 100));
    let live: usize = world
        .clusters
        .iter()
        .map(|cluster| cluster.live.len())
        .sum();
    assert!((370..=430).contains(&live), "{live}");
    check(&world);
}

#[test]
fn a_world_to_measure_can_have_all_its_tasks_on_one_host() {
    let measure = seed::Measure {
        clusters: 2,
        services: 10,
        tasks: 30,
        hosts: Some(1),
    };
    let (world, _) = seed::world(seed::REGION, 1, Some(measure), START);
    let hosts: Vec<_> = world.instances.values().collect();
    assert_eq!(hosts.len(), 1);
    assert!(hosts[0].tasks.len() >= 295, "{}", hosts[0].tasks.len());
    check(&world);
}
