//! Starting with what an earlier run kept, and keeping it: from bytes to the first frame, the tasks after it, and back
//! to bytes. The disk is not part of it.

use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use ecsight::{
    app::{Effect, Event},
    keymap::{Code, Key},
    model::{Entity, Identity, Query, Timestamp},
    store::snapshot::{self, Kept, Origin, Snapshot},
};

use super::{Desk, SERVICES, TASKS, cluster, services_parts, services_query, task, tasks_query};

/// 5,000 services with 100 events each and 20,000 tasks with two containers, as they are kept.
fn whole() -> Snapshot {
    let mut desk = Desk::new();
    for part in services_parts(0) {
        desk.part(&services_query(), part);
    }
    let all: Vec<_> = (0..TASKS).map(|number| task(number, 1)).collect();
    let items: Vec<_> = all.iter().map(|task| task.arn.clone()).collect();
    let entities = all.into_iter().map(|task| Entity::Task(Box::new(task)));
    desk.answer(&tasks_query(), entities.collect(), &items);
    let identity = Identity {
        account: cluster().account().to_owned(),
        principal: String::new(),
    };
    desk.answer(&Query::Identity, vec![Entity::Identity(identity)], &[]);
    desk.app.keep(desk.now);
    let effects = desk.take(Event::Hangup);
    let kept = effects.into_iter().find_map(|effect| match effect {
        Effect::Keep(snapshot) => Some(*snapshot),
        _ => None,
    });
    kept.unwrap()
}

fn restored(snapshot: Snapshot, more: bool) -> Event {
    Event::Restored {
        epoch: 1,
        snapshot: Box::new(snapshot),
        more,
    }
}

pub fn all(criterion: &mut Criterion) {
    let key = snapshot::Key::default();
    let whole = whole();
    let bytes = snapshot::encode(whole.clone(), &key, snapshot::MOST).unwrap();
    println!(
        "a snapshot of {SERVICES} services and {TASKS} tasks: {} KiB",
        bytes.len() / 1024
    );
    let open = || Kept::open(bytes.clone(), &key).unwrap();
    let mut group = criterion.benchmark_group("kept");
    group.sample_size(20);
    group.bench_function("bytes to the first frame", |bencher| {
        bencher.iter_batched(
            || (Desk::unconnected(), bytes.clone()),
            |(mut desk, bytes)| {
                let kept = Kept::open(bytes, &key).unwrap();
                desk.take(restored(kept.front().unwrap(), true));
                desk.frame();
                (desk, kept)
            },
            BatchSize::LargeInput,
        );
    });
    let mut desk = Desk::unconnected();
    desk.take(restored(open().front().unwrap(), true));
    desk.frame();
    desk.press(Key::plain(Code::Enter));
    assert!(desk.shows(&SERVICES.to_string()), "all services are back");
    group.bench_function("bytes to tasks, meanwhile", |bencher| {
        bencher.iter_batched(
            open,
            |kept| black_box(kept.rest().unwrap()),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("taking the tasks in", |bencher| {
        let kept = open();
        bencher.iter_batched(
            || {
                let mut desk = Desk::unconnected();
                desk.take(restored(kept.front().unwrap(), true));
                (desk, kept.rest().unwrap())
            },
            |(mut desk, rest)| {
                desk.take(restored(rest, false));
                desk
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("store to bytes, meanwhile", |bencher| {
        bencher.iter_batched(
            || whole.clone(),
            |whole| snapshot::encode(whole, &key, snapshot::MOST).unwrap(),
            BatchSize::LargeInput,
        );
    });
    let mut full = Desk::unconnected();
    full.take(restored(open().front().unwrap(), true));
    full.take(restored(open().rest().unwrap(), false));
    let origin: Origin = whole.origin.clone();
    group.bench_function("a snapshot of the store", |bencher| {
        bencher.iter_batched(
            || origin.clone(),
            |origin| full.app.store().snapshot(origin, Timestamp(0)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}
