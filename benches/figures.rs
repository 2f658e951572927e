//! How long a person waits: from a key or an answer to the finished frame, in memory, with 20,000 tasks and 5,000
//! services. Writing the frame to a terminal is not part of it.
//!
//! `cargo bench --bench figures` prints criterion's estimates, and then the percentiles of 2,000 keys in a row. With
//! `-- "names"` behind it only what has that in its name is estimated, such as the search over 105,000 names; with
//! `-- "no group"` nothing is, and the percentiles are left. `cargo test --bench figures` runs each once, in a debug
//! build, to see that all of them work.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a measurement that cannot be made fails by a panic"
)]

#[path = "figures/kept.rs"]
mod kept;

use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BatchSize, Criterion};
use ecsight::{
    app::{App, Connection, Effect, Event, Options},
    finder::{Index, Search},
    keymap::{Code, Key},
    model::{
        Arn, EngineReport, Entity, Now, Part, Query, Subject, Task, TaskFilter, Timestamp, samples,
    },
    schedule::Pace,
    store::Store,
    theme::{Depth, Theme},
    ui::Context,
};
use ratatui::{buffer::Buffer, layout::Rect};

const TASKS: usize = 20_000;
const SERVICES: usize = 5_000;
/// Names that are searched, at least.
const NAMES: usize = 100_000;
/// The keys of the percentiles.
const KEYS: usize = 2_000;
const SCREEN: Rect = Rect::new(0, 0, 140, 40);

/// The program with a screen in memory.
struct Desk {
    app: App,
    now: Now,
    shown: Buffer,
}

impl Desk {
    /// Connected, with one cluster on the screen.
    fn new() -> Self {
        let mut desk = Self::unconnected();
        let epoch = desk.app.epoch();
        desk.take(Event::Connected {
            epoch,
            result: Ok(Connection::default()),
        });
        let cluster = cluster();
        let entities = vec![Entity::Cluster(samples::cluster(&cluster))];
        desk.answer(&Query::Clusters(None), entities, &[cluster]);
        desk.frame();
        desk
    }

    /// Just started, with nothing on the screen.
    fn unconnected() -> Self {
        let now = Now {
            wall: Timestamp(1_760_000_000_000),
            mono: Duration::from_secs(1),
        };
        let options = Options {
            keys: BTreeMap::new(),
            theme: Theme::builtin("ansi", Depth::Indexed256).unwrap(),
            find_theme: Box::new(|name| Err(format!("there is no theme {name}"))),
            ascii: false,
            pace: Pace::default(),
            pause_after: Duration::MAX,
            cluster: None,
            service: None,
            context: Context::default(),
            host_engines: false,
            crawl: false,
            protects: Box::new(|name| name.starts_with("prod")),
            seed: 1,
            notices: Vec::new(),
        };
        let app = App::new(options, now);
        let shown = Buffer::empty(SCREEN);
        let mut desk = Self { app, now, shown };
        desk.take(Event::Resize(SCREEN.width, SCREEN.height));
        desk
    }

    fn take(&mut self, event: Event) -> Vec<Effect> {
        self.now.mono += Duration::from_millis(1);
        self.app.update(event, self.now)
    }

    fn part(&mut self, query: &Query, part: Part) {
        let epoch = self.app.epoch();
        let query = query.clone();
        self.take(Event::Fetched { epoch, query, part });
    }

    /// A whole answer.
    fn answer(&mut self, query: &Query, entities: Vec<Entity>, items: &[Arn]) {
        let items = items.to_vec();
        self.part(
            query,
            Part::Some {
                entities,
                items: items.clone(),
            },
        );
        self.part(query, Part::Done { items, calls: 1 });
    }

    /// Draws, and finds what differs from the frame before, as it is done for a terminal.
    fn frame(&mut self) {
        self.app.settle(self.now);
        let mut next = Buffer::empty(SCREEN);
        self.app.draw(SCREEN, &mut next, self.now);
        black_box(self.shown.diff(&next).len());
        self.shown = next;
    }

    fn press(&mut self, key: Key) {
        self.take(Event::Key(key));
        self.frame();
    }

    /// The time from the key to the finished frame.
    fn timed(&mut self, key: Key) -> Duration {
        let start = Instant::now();
        self.press(key);
        start.elapsed()
    }

    /// Whether the screen shows the text.
    fn shows(&self, text: &str) -> bool {
        (0..SCREEN.height).any(|y| {
            let line: String = (0..SCREEN.width)
                .map(|x| self.shown[(x, y)].symbol())
                .collect();
            line.contains(text)
        })
    }
}

fn cluster() -> Arn {
    Arn::new("arn:aws:ecs:eu-west-1:111122223333:cluster/big")
}

/// One task of many: 200 services, seven in a thousand unhealthy, two containers each.
fn task(number: usize, version: i64) -> Task {
    let arn = format!("arn:aws:ecs:eu-west-1:111122223333:task/big/{number:032x}");
    let mut task = samples::task(&Arn::new(&arn), &cluster());
    let service = number % 200;
    task.group = format!("service:orders-api-{service}");
    let definition =
        format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/orders-api-{service}:7");
    task.definition = Arn::new(&definition);
    let sick = number.is_multiple_of(143);
    task.health = String::from(if sick { "UNHEALTHY" } else { "HEALTHY" });
    task.launch_type = Some("FARGATE".to_owned());
    task.cpu = Some(256);
    task.memory = Some(512);
    task.private_ip = Some(format!("10.0.{}.{}", number / 250, number % 250));
    task.zone = Some("eu-west-1a".to_owned());
    task.started_at = Some(Timestamp(
        1_759_990_000_000 - i64::try_from(number).unwrap() * 1_000,
    ));
    task.created_at = task.started_at;
    task.version = version;
    task.containers = ["app", "proxy"]
        .map(|name| samples::container(name, "shop/orders:1.5.1"))
        .into();
    task
}

fn tasks_query() -> Query {
    Query::Tasks {
        cluster: cluster(),
        filter: TaskFilter::All,
        stopped: false,
    }
}

/// All tasks of the cluster on the screen.
fn tasks() -> Desk {
    let mut desk = Desk::new();
    desk.press(Key::char('t'));
    let all: Vec<_> = (0..TASKS).map(|number| task(number, 1)).collect();
    let items: Vec<_> = all.iter().map(|task| task.arn.clone()).collect();
    let entities = all
        .into_iter()
        .map(|task| Entity::Task(Box::new(task)))
        .collect();
    desk.answer(&tasks_query(), entities, &items);
    desk.frame();
    assert!(desk.shows(&TASKS.to_string()), "all tasks are in the table");
    desk
}

fn services_query() -> Query {
    Query::Services { cluster: cluster() }
}

/// The answers that a whole refresh of the services is made of: ten services each, then the end.
fn services_parts(running: i32) -> Vec<Part> {
    let arns: Vec<_> = (0..SERVICES)
        .map(|number| {
            let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/big/orders-api-{number}");
            Arn::new(&arn)
        })
        .collect();
    let described = arns.chunks(10).map(|batch| {
        let entities = batch.iter().map(|arn| {
            let mut service = samples::service(arn, &cluster());
            let definition =
                Arn::new("arn:aws:ecs:eu-west-1:111122223333:task-definition/orders-api:7");
            service.desired = 2;
            service.running = running;
            service.task_definition = Some(definition.clone());
            service.deployments = vec![samples::deployment("ecs-svc/1", &definition)];
            service.events = (0..100)
                .map(|id| {
                    samples::event(
                        &id.to_string(),
                        "(service orders-api) has reached a steady state.",
                    )
                })
                .collect();
            Entity::Service(Box::new(service))
        });
        Part::Some {
            entities: entities.collect(),
            items: batch.to_vec(),
        }
    });
    let mut parts: Vec<_> = described.collect();
    parts.push(Part::Done {
        items: arns,
        calls: 550,
    });
    parts
}

/// Times one of two keys; the other one, which undoes it, is not counted.
fn one_of_two(criterion: &mut Criterion, name: &str, desk: &mut Desk, key: Key, undo: Key) {
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            (0..times)
                .map(|_| {
                    let spent = desk.timed(key);
                    desk.press(undo);
                    spent
                })
                .sum()
        });
    });
}

fn with_many_tasks(criterion: &mut Criterion) {
    let desk = &mut tasks();
    one_of_two(
        criterion,
        "20,000 tasks: one row down",
        desk,
        Key::plain(Code::Down),
        Key::plain(Code::Up),
    );
    one_of_two(
        criterion,
        "20,000 tasks: to the last row",
        desk,
        Key::char('G'),
        Key::char('g'),
    );
    criterion.bench_function("20,000 tasks: sort by the next column", |bencher| {
        bencher.iter(|| desk.press(Key::char('>')));
    });
    let mut version = 1;
    criterion.bench_function("20,000 tasks: one task changes", |bencher| {
        bencher.iter_batched(
            || {
                version += 1;
                Entity::Task(Box::new(task(17, version)))
            },
            |changed| {
                let items = vec![task(17, 1).arn];
                desk.part(
                    &tasks_query(),
                    Part::Some {
                        entities: vec![changed],
                        items,
                    },
                );
                desk.frame();
            },
            BatchSize::SmallInput,
        );
    });
    desk.press(Key::char('/'));
    let backspace = Key::plain(Code::Backspace);
    one_of_two(
        criterion,
        "20,000 tasks: first letter of a filter",
        desk,
        Key::char('o'),
        backspace,
    );
    for letter in "orders".chars() {
        desk.press(Key::char(letter));
    }
    one_of_two(
        criterion,
        "20,000 tasks: seventh letter of a filter",
        desk,
        Key::char('-'),
        backspace,
    );
}

fn with_many_services(criterion: &mut Criterion) {
    let mut desk = Desk::new();
    desk.press(Key::plain(Code::Enter));
    for part in services_parts(0) {
        desk.part(&services_query(), part);
    }
    desk.frame();
    assert!(
        desk.shows(&SERVICES.to_string()),
        "all services are in the table"
    );
    let mut running = 0;
    let mut group = criterion.benchmark_group("5,000 services");
    group.sample_size(20);
    group.bench_function("a whole refresh", |bencher| {
        bencher.iter_batched(
            || {
                running = (running + 1) % 3;
                services_parts(running)
            },
            |parts| {
                for part in parts {
                    desk.part(&services_query(), part);
                }
                desk.frame();
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Tasks that are sampled, and their containers.
const SAMPLED: usize = 150;

/// A sample of every container that is sampled, so many seconds after the first.
fn samples_at(second: u32) -> EngineReport {
    let mut all = Vec::new();
    for number in 0..SAMPLED {
        let task = task(number, 1);
        for container in &task.containers {
            let subject = Subject::part(&task.arn, &container.name);
            all.push((subject, samples::sample(second, 0.25, 200, Some(512))));
        }
    }
    EngineReport::Samples(all)
}

/// Live figures: 300 containers, each told of once a second, with a quarter of an hour of history.
fn with_stats(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stats");
    group.sample_size(20);
    for (name, sorted) in [
        ("300 containers", false),
        ("300 containers, sorted by CPU", true),
    ] {
        let mut desk = Desk::new();
        desk.press(Key::char('t'));
        let all: Vec<_> = (0..SAMPLED).map(|number| task(number, 1)).collect();
        let mut engine = samples::engine("unix:///var/run/docker.sock");
        for task in &all {
            for container in &task.containers {
                let known = samples::engine_container(task, &container.name);
                engine.containers.push(known);
            }
        }
        let items: Vec<_> = all.iter().map(|task| task.arn.clone()).collect();
        let entities = all.into_iter().map(|task| Entity::Task(Box::new(task)));
        desk.answer(&tasks_query(), entities.collect(), &items);
        desk.take(Event::Engine(EngineReport::Engine(Box::new(engine))));
        for second in 1..=900 {
            desk.take(Event::Engine(samples_at(second)));
        }
        desk.frame();
        assert!(desk.shows("CPU%RES"), "figures are in the table");
        if sorted {
            desk.press(Key::char(','));
            for letter in "cpu%core".chars() {
                desk.press(Key::char(letter));
            }
            desk.press(Key::plain(Code::Enter));
        }
        let mut second = 900;
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || {
                    second += 1;
                    samples_at(second)
                },
                |report| {
                    desk.now.mono += Duration::from_secs(1);
                    desk.take(Event::Engine(report));
                    desk.frame();
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// What a person at the tasks might press, over and over: moving, filtering, sorting, only the unhealthy.
fn script() -> impl Iterator<Item = (&'static str, Key)> {
    let chars =
        |what, text: &'static str| text.chars().map(move |letter| (what, Key::char(letter)));
    let once: Vec<_> = chars("move", "jjjjjjjjGkkkkg")
        .chain([
            ("move", Key::ctrl('f')),
            ("move", Key::ctrl('d')),
            ("move", Key::ctrl('b')),
        ])
        .chain(chars("filter", "/orders-api-17"))
        .chain(
            [Code::Backspace, Code::Backspace, Code::Enter, Code::Esc]
                .map(|code| ("filter", Key::plain(code))),
        )
        .chain(chars("filter", "/oap1"))
        .chain([("filter", Key::plain(Code::Esc))])
        .chain(chars("sort", ">>O<A"))
        .chain(chars("sort", "AA"))
        .chain(chars("unhealthy", "!!"))
        .collect();
    once.into_iter().cycle().take(KEYS)
}

/// Prints the percentiles of the times from a key to its frame.
fn percentiles() {
    let mut desk = tasks();
    let spent: Vec<_> = script()
        .map(|(what, key)| (what, desk.timed(key)))
        .collect();
    println!(
        "\nkey to frame, {TASKS} tasks, {KEYS} keys, {}x{} cells:",
        SCREEN.width, SCREEN.height
    );
    for kind in ["", "move", "filter", "sort", "unhealthy"] {
        let of_kind = spent
            .iter()
            .filter(|(what, _)| kind.is_empty() || *what == kind);
        let mut times: Vec<_> = of_kind.map(|(_, time)| *time).collect();
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
        let name = if kind.is_empty() { "all" } else { kind };
        println!(
            "{name:>10}: p50 {:>9.2?}  p99 {:>9.2?}  most {:>9.2?}  ({} keys)",
            at(50),
            at(99),
            at(100),
            times.len()
        );
    }
}

/// 20,000 tasks with five names each, what they share, and 5,000 services.
fn with_many_names(criterion: &mut Criterion) {
    let mut store = Store::new();
    let now = Now::default();
    let clusters = vec![Entity::Cluster(samples::cluster(&cluster()))];
    let part = |entities, items| Part::Some { entities, items };
    store.apply(&Query::Clusters(None), part(clusters, vec![cluster()]), now);
    let tasks = (0..TASKS).map(|number| {
        let mut task = task(number, 1);
        task.interface = Some(format!("eni-{number:017x}"));
        Entity::Task(Box::new(task))
    });
    store.apply(&tasks_query(), part(tasks.collect(), Vec::new()), now);
    for services in services_parts(2) {
        store.apply(&services_query(), services, now);
    }
    let mut index = Index::default();
    while index.take_in(&store, now) {}
    assert!(index.len() > NAMES, "{} names are known", index.len());
    let mut group = criterion.benchmark_group(format!("{} names", index.len()));
    group.sample_size(20);
    group.bench_function("all of them for the first time", |bencher| {
        bencher.iter(|| {
            let mut index = Index::default();
            while index.take_in(&store, now) {}
            index.len()
        });
    });
    for (name, before, after) in [
        ("the first letter", "", "o"),
        ("the third letter", "or", "ord"),
        ("a second word", "orders-api-17", "orders-api-17 a"),
        ("an address", "10.0.1", "10.0.17"),
        ("a pasted id", "", "0000000000000000000000000000beef"),
        ("letters left out", "oap", "oapi"),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                (0..times)
                    .map(|_| {
                        let mut search = Search::default();
                        search.run(&index, before);
                        let start = Instant::now();
                        search.run(&index, after);
                        // A screen of them is put in order.
                        black_box(search.get(&index, 40));
                        start.elapsed()
                    })
                    .sum()
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    with_many_tasks(&mut criterion);
    with_many_services(&mut criterion);
    with_stats(&mut criterion);
    with_many_names(&mut criterion);
    kept::all(&mut criterion);
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--bench") {
        percentiles();
    }
}
