//! The load of the demonstration: what holds for every container, and that there is something to see.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and the same numbers are calculated twice"
)]

use std::time::Duration;

use super::{Habit, Reading, cores, mean, memory, reading};
use crate::sandbox::seed;
use crate::sandbox::world::World;
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::task::{Fate, Stage, Task};

const START: Moment = Moment::from_millis(1_790_000_000_000);

fn demo() -> World {
    seed::world(seed::REGION, 1, None, START).0
}

/// Every container of a running task, with its index.
fn running(world: &World) -> impl Iterator<Item = (&Task, usize)> {
    let tasks = world
        .tasks
        .values()
        .filter(|task| task.stage == Stage::Running);
    tasks.flat_map(|task| (0..task.containers.len()).map(move |index| (task, index)))
}

fn counters(reading: &Reading) -> [u64; 8] {
    [
        reading.cpu,
        reading.periods,
        reading.throttled_periods,
        reading.throttled,
        reading.received,
        reading.sent,
        reading.read,
        reading.written,
    ]
}

#[test]
fn counters_begin_at_nothing_and_never_fall() {
    let world = demo();
    for (task, index) in running(&world) {
        let definition = world.definition(task.definition);
        let started = task.times.started.unwrap();
        let at = |moment| reading(task, definition, index, moment);
        assert_eq!(at(started - Duration::from_millis(1)), Reading::default());
        assert_eq!(counters(&at(started)), [0; 8]);
        let mut before = at(started);
        for step in 0..400u64 {
            // Closely at first, then in strides.
            let age = Duration::from_millis(step + step.pow(3) / 30);
            let now = at(started + age);
            let falls = counters(&before)
                .into_iter()
                .zip(counters(&now))
                .any(|(before, now)| now < before);
            assert!(!falls, "{}: {before:?} -> {now:?}", definition.family);
            before = now;
        }
    }
}

#[test]
fn no_container_exceeds_its_memory_or_its_cpu() {
    let world = demo();
    for (task, index) in running(&world) {
        let definition = world.definition(task.definition);
        for second in 0..300 {
            let at = START + Duration::from_secs(second);
            let now = reading(task, definition, index, at);
            assert!(now.memory + now.cache <= memory(definition, index));
            let used = mean(task, definition, index, at, at + Duration::from_secs(1));
            assert!(
                used.cpu <= cores(definition, index) * 1.001,
                "{} {index}: {} of {}",
                definition.family,
                used.cpu,
                cores(definition, index)
            );
        }
    }
}

#[test]
fn a_mean_is_the_difference_of_the_counters() {
    let world = demo();
    let (task, index) = running(&world).next().unwrap();
    let definition = world.definition(task.definition);
    let to = START + Duration::from_mins(1);
    let (first, last) = (
        reading(task, definition, index, START),
        reading(task, definition, index, to),
    );
    let minute = mean(task, definition, index, START, to);
    let difference = u32::try_from((last.received - first.received) / 60).unwrap();
    assert_eq!(minute.received.floor(), f64::from(difference));
    assert!(minute.cpu > 0.0 && minute.memory > 0.0);
}

#[test]
fn what_leaks_is_at_its_limit_when_it_is_killed_and_holds_nothing_after() {
    let mut world = demo();
    let leaking =
        |task: &&Task| task.stage == Stage::Running && task.fate == Fate::Exits(137, true);
    let key = world.tasks.values().find(leaking).unwrap().key;
    let task = &world.tasks[&key];
    let definition = world.definition(task.definition);
    let (started, ends) = (task.times.started.unwrap(), task.ends.unwrap());
    let limit = memory(definition, 0);
    let soon = reading(task, definition, 0, started + Duration::from_secs(1));
    assert!(soon.memory < limit / 3);
    let last = reading(task, definition, 0, ends);
    assert_eq!((last.memory, last.cache), (limit, 0));
    let used = last.cpu;
    let mut dice = seed::world(seed::REGION, 1, None, START).1;
    world.tick(ends.since(world.now), &mut dice);
    let task = &world.tasks[&key];
    assert_eq!(task.containers[0].ended, Some(ends));
    let later = ends + Duration::from_mins(2);
    let definition = world.definition(task.definition);
    let after = reading(task, definition, 0, later);
    assert_eq!((after.memory, after.processes, after.cpu), (0, 0, used));
}

#[test]
fn services_differ_and_some_are_hot() {
    let world = demo();
    // Jobs work as hard as they can, whoever they are.
    let mut shares: Vec<(String, u64)> = running(&world)
        .filter(|(task, index)| *index == 0 && task.service.is_some())
        .map(|(task, index)| {
            let definition = world.definition(task.definition);
            let used = mean(
                task,
                definition,
                index,
                START - Duration::from_mins(1),
                START,
            );
            let share = used.cpu / cores(definition, index) * 100.0;
            (definition.family.clone(), super::whole(share))
        })
        .collect();
    shares.sort();
    shares.dedup_by(|one, two| one.0 == two.0);
    let hot: std::collections::BTreeSet<_> = running(&world)
        .map(|(task, _)| world.definition(task.definition))
        .filter(|definition| Habit::of(definition, 0, &definition.containers[0]) == Habit::Hot)
        .map(|definition| &definition.family)
        .collect();
    assert!(
        hot.len() <= 3 && hot.contains(&"checkout".to_owned()),
        "{hot:?}"
    );
    for (family, share) in &shares {
        assert_eq!(
            hot.contains(family),
            (78..=100).contains(share),
            "{shares:?}"
        );
    }
    assert!(shares.iter().any(|(_, share)| *share < 20), "{shares:?}");
}
