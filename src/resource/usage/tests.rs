//! Figures and what they are measured against.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use rstest::rstest;

use super::{source::OLD, *};
use crate::{
    model::{
        Cluster, Entity, Fault, FaultKind, Flow, MetricSource, Part, Point, Sample, TaskFilter,
        samples,
    },
    model::{EngineReport, EngineState, Tag},
    resource::{Live, SortKey, Tone},
    store::Store,
};

const MIB: u64 = 1024 * 1024;
const ENGINE: &str = "unix:///var/run/docker.sock";

fn arn(resource: &str) -> Arn {
    Arn::new(&format!("arn:aws:ecs:r:1:{resource}"))
}

/// A moment so many seconds after the first sample.
fn at(second: u32) -> Now {
    Now {
        wall: Timestamp(i64::from(second) * 1_000),
        mono: Duration::from_secs(second.into()),
    }
}

/// A cluster with one service of tasks on one engine.
struct World {
    store: Store,
    tasks: Vec<Task>,
    service: Service,
    cluster: Cluster,
}

impl World {
    fn new(ids: &[&str]) -> Self {
        let home = arn("cluster/web");
        let tasks = ids.iter().map(|id| {
            let mut task = samples::task(&arn(&format!("task/web/{id}")), &home);
            task.group = "service:api".to_owned();
            task.instance = Some(arn("container-instance/web/host"));
            task.containers = ["app", "proxy"]
                .map(|name| samples::container(name, name))
                .into();
            for container in &mut task.containers {
                container.cpu = Some(256);
                container.memory = Some(512);
            }
            task
        });
        let tasks: Vec<Task> = tasks.collect();
        let mut service = samples::service(&arn("service/web/api"), &home);
        service.running = i32::try_from(tasks.len()).unwrap();
        Self {
            store: Store::new(),
            tasks,
            service,
            cluster: samples::cluster(&home),
        }
    }

    /// Tells the store of everything, with all containers and a pause container on an engine in this state.
    fn tell(&mut self, state: EngineState) {
        let home = self.cluster.arn.clone();
        let cluster = vec![Entity::Cluster(self.cluster.clone())];
        self.answer(&Query::Clusters(None), cluster, vec![home.clone()]);
        let services = vec![Entity::Service(Box::new(self.service.clone()))];
        let query = Query::Services {
            cluster: home.clone(),
        };
        self.answer(&query, services, vec![self.service.arn.clone()]);
        let items = self.tasks.iter().map(|task| task.arn.clone()).collect();
        let tasks = self.tasks.iter().cloned();
        let entities = tasks.map(|task| Entity::Task(Box::new(task))).collect();
        self.answer(&all_tasks(&home), entities, items);
        let mut engine = samples::engine(ENGINE);
        engine.state = state;
        engine.instance = Some(arn("container-instance/web/host"));
        for task in &self.tasks {
            let names = task.containers.iter().map(|one| one.name.as_str());
            for name in names.chain(["~internal~ecs~pause"]) {
                engine
                    .containers
                    .push(samples::engine_container(task, name));
            }
        }
        let report = EngineReport::Engine(Box::new(engine));
        self.store.take_report(report, at(0));
    }

    fn answer(&mut self, query: &Query, entities: Vec<Entity>, items: Vec<Arn>) {
        let parts = [
            Part::Some {
                entities,
                items: items.clone(),
            },
            Part::Done { items, calls: 1 },
        ];
        for part in parts {
            self.store.apply(query, part, at(0));
        }
    }

    fn sample(&mut self, task: usize, name: &str, second: u32, sample: Sample) {
        let subject = Subject::part(&self.tasks[task].arn, name);
        let report = EngineReport::Samples(vec![(subject, sample)]);
        self.store.take_report(report, at(second));
    }

    /// Two samples of a container, a second apart: this use since ever.
    fn run(&mut self, task: usize, name: &str, cores: f64, mebibytes: u64) {
        for second in [1, 2] {
            let sample = samples::sample(second, cores, mebibytes, Some(512));
            self.sample(task, name, second, sample);
        }
    }

    fn cx(&self, second: u32) -> Cx<'_> {
        Cx {
            store: &self.store,
            now: at(second),
        }
    }

    fn of_service(&self, cx: &Cx) -> Uses {
        let running = running(&self.store);
        let key = (self.service.cluster.clone(), self.service.name.clone());
        let tasks = running.get(&key).into_iter().flatten();
        of_service(&self.service, tasks.map(AsRef::as_ref), cx)
    }
}

fn all_tasks(cluster: &Arn) -> Query {
    Query::Tasks {
        cluster: cluster.clone(),
        filter: TaskFilter::All,
        stopped: false,
    }
}

fn close(one: Option<f64>, other: f64) -> bool {
    one.is_some_and(|one| (one - other).abs() < 1e-6)
}

fn fault(kind: FaultKind) -> Fault {
    Fault {
        kind,
        op: "connect".to_owned(),
        message: "no".to_owned(),
        hint: String::new(),
    }
}

struct Subjected(Uses);

impl Using for Subjected {
    fn uses(&self, _: &Cx) -> Uses {
        self.0.clone()
    }

    fn is_known(&self, _: &Cx) -> bool {
        true
    }
}

#[test]
fn cpu_has_two_scales() {
    let mut world = World::new(&["a"]);
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.125, 128);
    let cx = world.cx(3);
    let uses = of_container(&world.tasks[0], "app", &cx);
    assert!(close(uses.cores, 0.125));
    // An eighth of a core is half of 256 units.
    assert!(close(uses.cpu, 0.5));
    assert!(close(uses.filled, 0.25));
    assert_eq!(uses.source.words(), "docker 1s");
    let row = Subjected(uses);
    let cells = [
        Figure::CPU,
        Figure::CORES,
        Figure::MEMORY,
        Figure::MEMORY_SHORT,
    ]
    .map(|figure| figure.cell(&row, &cx).text);
    assert_eq!(cells, ["50%", "12%", "128M/512M  25%", "128M  25%"]);
}

#[test]
fn what_only_the_task_reserves_is_marked_as_the_tasks() {
    let mut world = World::new(&["a"]);
    for container in &mut world.tasks[0].containers {
        (container.cpu, container.memory) = (Some(0), None);
    }
    world.tasks[0].cpu = Some(1024);
    world.tasks[0].memory = Some(256);
    world.tasks[0].instance = None;
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.25, 100);
    world.run(0, "proxy", 0.25, 150);
    let cx = world.cx(2);
    let uses = of_container(&world.tasks[0], "app", &cx);
    assert_eq!(uses.bound, Bound::Task(256 * MIB));
    let row = Subjected(uses);
    assert_eq!(Figure::CPU.cell(&row, &cx).text, "25% task");
    let memory = Figure::MEMORY.cell(&row, &cx);
    // It uses 39 % of what binds it, and the other one nearly all of the rest.
    assert_eq!(
        (memory.text.as_ref(), memory.tone),
        ("100M task 98%", Tone::Error)
    );
}

#[rstest]
#[case(409, Tone::Ok)]
#[case(410, Tone::Warn)]
#[case(486, Tone::Warn)]
#[case(487, Tone::Error)]
fn headroom_has_tones(#[case] mebibytes: u64, #[case] tone: Tone) {
    let mut world = World::new(&["a"]);
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.1, mebibytes);
    let cx = world.cx(2);
    let row = Subjected(of_container(&world.tasks[0], "app", &cx));
    assert_eq!(Figure::MEMORY.cell(&row, &cx).tone, tone);
    let near = if tone == Tone::Error { "near 0s" } else { "-" };
    assert_eq!(Figure::OOM.cell(&row, &cx).text, near);
}

#[test]
fn without_a_limit_memory_is_not_a_share() {
    let mut world = World::new(&["a"]);
    world.tasks[0].containers[0].memory = None;
    world.tasks[0].containers[0].memory_reservation = Some(64);
    world.tasks[0].containers[1].memory = None;
    world.tell(EngineState::Connected);
    for name in ["app", "proxy"] {
        world.sample(0, name, 1, samples::sample(1, 0.1, 100, None));
    }
    let cx = world.cx(1);
    let text = |name| {
        let row = Subjected(of_container(&world.tasks[0], name, &cx));
        assert_eq!(Figure::MEMORY.key(&row, &cx), SortKey::Absent);
        Figure::MEMORY.cell(&row, &cx).text
    };
    assert_eq!(text("app"), "100M soft 64M");
    assert_eq!(text("proxy"), "100M no limit");
}

#[test]
fn the_network_of_a_pause_container_is_the_tasks() {
    let mut world = World::new(&["a"]);
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.1, 64);
    for second in [1, 2] {
        let bytes = u64::from(second) * 2_000;
        let sample = Sample {
            network: Some(Flow {
                inward: bytes,
                outward: bytes / 2,
            }),
            ..samples::sample(second, 0.0, 1, None)
        };
        world.sample(0, "~internal~ecs~pause", second, sample);
    }
    let cx = world.cx(2);
    let container = Subjected(of_container(&world.tasks[0], "app", &cx));
    assert_eq!(Figure::NETWORK.cell(&container, &cx).text, "task");
    assert_eq!(Figure::NETWORK.key(&container, &cx), SortKey::Absent);
    let task = Subjected(of_task(&world.tasks[0], &cx));
    assert_eq!(Figure::NETWORK.cell(&task, &cx).text, "2.0K/s 1.0K/s");
    // Its memory and CPU are none of the task's.
    assert_eq!(task.0.memory.unwrap().used, 64 * MIB);
    assert_eq!(task.0.parts, Some((1, 2, "containers")));
    assert_eq!(
        Figure::SOURCE.cell(&task, &cx).text,
        "1 of 2 containers, docker 0s"
    );
}

#[test]
fn tasks_add_up_and_services_name_the_worst() {
    let mut world = World::new(&["aaaaaaaaa", "bbbbbbbbb", "ccccccccc"]);
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.5, 100);
    world.run(0, "proxy", 0.1, 50);
    world.run(1, "app", 0.1, 450);
    world.run(1, "proxy", 0.1, 450);
    let cx = world.cx(2);
    let task = of_task(&world.tasks[0], &cx);
    assert!(close(task.cores, 0.6));
    assert_eq!(task.reserved, Reserved::Own(512));
    assert_eq!(task.bound, Bound::Fullest);
    assert!(close(task.filled, 100.0 / 512.0));
    let uses = world.of_service(&cx);
    assert!(close(uses.cores, 0.8));
    assert_eq!(uses.reserved, Reserved::Own(1024));
    let row = Subjected(uses);
    assert_eq!(
        Figure::SOURCE.cell(&row, &cx).text,
        "2 of 3 tasks, docker 0s"
    );
    // The first is busier, the second short of memory.
    assert_eq!(Figure::WORST.cell(&row, &cx).text, "mem 88% bbbbbbbb");
}

#[test]
fn what_ended_uses_nothing() {
    let mut world = World::new(&["a"]);
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.1, 100);
    world.run(0, "proxy", 0.1, 100);
    world.tasks[0].containers[1].last_status = "STOPPED".to_owned();
    let cx = world.cx(2);
    assert_eq!(
        of_task(&world.tasks[0], &cx).memory.unwrap().used,
        100 * MIB
    );
    let ended = of_container(&world.tasks[0], "proxy", &cx);
    assert_eq!(ended.source, Source::Missing(Why::Stopped));
    world.tasks[0].last_status = "STOPPED".to_owned();
    let cx = world.cx(2);
    let whole = of_task(&world.tasks[0], &cx);
    assert_eq!(whole.source, Source::Missing(Why::Stopped));
}

#[test]
fn figures_turn_old() {
    let mut world = World::new(&["a"]);
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.1, 100);
    let seconds = u32::try_from(OLD.as_secs()).unwrap();
    for (second, tone, words) in [
        (1 + seconds, Tone::Plain, "docker 9s"),
        (2 + seconds, Tone::Stale, "docker 10s"),
    ] {
        let cx = world.cx(second);
        let row = Subjected(of_container(&world.tasks[0], "app", &cx));
        assert_eq!(Figure::CORES.cell(&row, &cx).tone, tone);
        assert_eq!(row.0.source.words(), words);
        let cell = Figure::CPU.cell(&row, &cx).text;
        assert_eq!(
            cell,
            if tone == Tone::Stale {
                "40% 10s"
            } else {
                "40%"
            }
        );
    }
}

#[rstest]
#[case(EngineState::Connected, "first sample")]
#[case(EngineState::Connecting, "connecting")]
#[case(EngineState::Closed, "engine closed")]
#[case(EngineState::Failed(fault(FaultKind::Denied { action: String::new() })), "engine denied")]
#[case(EngineState::Failed(fault(FaultKind::Network)), "engine unreachable")]
fn no_figure_is_without_a_reason(#[case] state: EngineState, #[case] words: &str) {
    let mut world = World::new(&["a"]);
    let cx = world.cx(1);
    let unknown = of_task(&world.tasks[0], &cx);
    assert_eq!(unknown.source.words(), "no engine");
    world.tell(state);
    let cx = world.cx(1);
    assert_eq!(of_task(&world.tasks[0], &cx).source.words(), words);
    let container = of_container(&world.tasks[0], "app", &cx);
    assert_eq!(container.source.words(), words);
}

fn metrics(of: &Arn, source: MetricSource) -> Metrics {
    let points = |value: f64| {
        vec![
            Point {
                at: Timestamp(0),
                value: value / 2.0,
            },
            Point {
                at: Timestamp(60_000),
                value,
            },
        ]
    };
    Metrics {
        of: of.clone(),
        source,
        cpu: points(30.0),
        memory: points(85.0),
        asked: 2,
    }
}

#[test]
fn services_without_an_engine_are_told_of_by_cloudwatch() {
    let mut world = World::new(&["a"]);
    let query = metrics_query(&world.service);
    let words = |world: &World, second| world.of_service(&world.cx(second)).source.words();
    assert_eq!(words(&world, 1), "CloudWatch asked");
    let failed = Part::Failed {
        fault: fault(FaultKind::Denied {
            action: "cloudwatch:GetMetricData".to_owned(),
        }),
        calls: 1,
    };
    world.store.apply(&query, failed, at(1));
    assert_eq!(
        words(&world, 1),
        "CloudWatch denied cloudwatch:GetMetricData"
    );
    world.answer(&query, Vec::new(), Vec::new());
    assert_eq!(words(&world, 1), "CloudWatch none");
    let told = metrics(&world.service.arn, MetricSource::Ecs);
    let entities = vec![Entity::Metrics(Box::new(told))];
    world.answer(&query, entities, vec![world.service.arn.clone()]);
    assert_eq!(words(&world, 150), "CloudWatch 1m");
    let cx = world.cx(150);
    let row = Subjected(world.of_service(&cx));
    let cells = [Figure::CPU, Figure::FILLED, Figure::CORES].map(|figure| figure.cell(&row, &cx));
    let texts = cells.clone().map(|cell| cell.text);
    assert_eq!(texts, ["30% cw", "85%", "-"]);
    assert_eq!(cells[1].tone, Tone::Warn);
    assert!(world.of_service(&world.cx(400)).source.is_old());
}

fn enhanced(world: &mut World) {
    world.cluster.settings = vec![Tag {
        key: "containerInsights".to_owned(),
        value: "enhanced".to_owned(),
    }];
    for task in &mut world.tasks {
        task.instance = None;
        task.launch_type = Some("FARGATE".to_owned());
    }
}

#[test]
fn insights_is_asked_for_tasks_on_fargate_where_it_is_enhanced() {
    let mut world = World::new(&["a"]);
    enhanced(&mut world);
    world.tell(EngineState::Closed);
    let rows = [Subject::whole(&world.tasks[0].arn)];
    let live = live_tasks(&rows, &world.cx(1));
    assert!(
        matches!(&live.queries[..], [Query::Metrics { of: MetricOf::Task { family, service, .. }, .. }]
            if family == "web" && service.as_deref() == Some("api")),
        "{live:?}"
    );
    let told = metrics(&world.tasks[0].arn, MetricSource::Insights);
    let entities = vec![Entity::Metrics(Box::new(told))];
    world.answer(&live.queries[0], entities, Vec::new());
    let cx = world.cx(70);
    assert_eq!(of_task(&world.tasks[0], &cx).source.words(), "Insights 10s");
    assert!(live_containers(&rows, &cx).queries.is_empty());
    world.cluster.settings[0].value = "enabled".to_owned();
    world.tell(EngineState::Closed);
    assert!(live_tasks(&rows, &world.cx(1)).queries.is_empty());
}

#[test]
fn services_need_metrics_or_what_leads_to_their_engines() {
    let mut world = World::new(&["a", "b"]);
    let rows = [Subject::whole(&world.service.arn)];
    world.tell(EngineState::Closed);
    let query = metrics_query(&world.service);
    let expected = Live {
        tasks: Vec::new(),
        queries: vec![query.clone()],
        ..Live::default()
    };
    assert_eq!(live_services(&rows, &world.cx(1)), expected);

    world.tell(EngineState::Connected);
    let tasks: Vec<Arn> = world.tasks.iter().map(|task| task.arn.clone()).collect();
    let all = all_tasks(&world.cluster.arn);
    let expected = Live {
        tasks: tasks.clone(),
        queries: vec![all.clone(), query],
        ..Live::default()
    };
    assert_eq!(live_services(&rows, &world.cx(1)), expected);

    // Once an engine tells of its tasks, CloudWatch is asked no more.
    world.run(0, "app", 0.1, 10);
    world.store.set_host_engines(true);
    let instances = Query::Instances {
        cluster: world.cluster.arn.clone(),
    };
    let expected = Live {
        tasks,
        queries: vec![all, instances],
        ..Live::default()
    };
    assert_eq!(live_services(&rows, &world.cx(2)), expected);

    world.service.running = 0;
    world.tell(EngineState::Connected);
    assert_eq!(live_services(&rows, &world.cx(2)), Live::default());
}

#[test]
fn a_definition_is_asked_for_only_where_it_is_needed() {
    let mut world = World::new(&["a"]);
    let rows = [Subject::whole(&world.tasks[0].arn)];
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.1, 10);
    assert!(live_tasks(&rows, &world.cx(2)).queries.is_empty());
    for container in &mut world.tasks[0].containers {
        container.cpu = None;
    }
    world.tell(EngineState::Connected);
    let query = Query::Definition {
        definition: world.tasks[0].definition.clone(),
    };
    assert_eq!(live_tasks(&rows, &world.cx(2)).queries, [query]);
}

#[test]
fn a_trend_is_the_last_minute_with_its_gaps() {
    let mut world = World::new(&["a"]);
    world.tell(EngineState::Connected);
    for second in (0..=20).chain(40..=60) {
        let cores = if second < 30 { 0.1 } else { 0.4 };
        let sample = samples::sample(second, cores, 10, None);
        world.sample(0, "app", second, sample);
    }
    let cx = world.cx(60);
    let heights = task_trend(&world.tasks[0], &cx);
    let known: Vec<bool> = heights.heights().iter().map(Option::is_some).collect();
    let (yes, no) = (true, false);
    // The newest slot has just begun; the first is thus the second five seconds.
    assert_eq!(
        known,
        [yes, yes, yes, yes, no, no, no, yes, yes, yes, yes, yes]
    );
    // The top is the first sample after the gap: what was used all through it.
    assert_eq!(heights.heights().last(), Some(&Some(146)));
    let nothing = Task {
        containers: Vec::new(),
        ..world.tasks[0].clone()
    };
    assert!(task_trend(&nothing, &cx).is_empty());
}

#[test]
fn charts_have_a_line_for_each_container_or_task() {
    let mut world = World::new(&["aaaaaaaaa", "bbbbbbbbb"]);
    world.tell(EngineState::Connected);
    world.run(0, "app", 0.25, 100);
    world.run(0, "proxy", 0.25, 50);
    world.run(1, "app", 0.5, 10);
    let cx = world.cx(2);
    let names = |subject: &Subject| {
        let chart = chart(subject, &cx).unwrap();
        chart
            .panels
            .iter()
            .map(|panel| panel.series.iter().map(|one| one.name.clone()).collect())
            .collect::<Vec<Vec<_>>>()
    };
    let task = &world.tasks[0].arn;
    assert_eq!(
        names(&Subject::whole(task)),
        [vec!["app", "proxy"], vec!["app", "proxy"], vec![]]
    );
    assert_eq!(names(&Subject::part(task, "app"))[0], ["app"]);
    let service = Subject::whole(&world.service.arn);
    assert_eq!(names(&service)[0], ["aaaaaaaa", "bbbbbbbb"]);
    let cpu = &chart(&service, &cx).unwrap().panels[0];
    assert!(close(cpu.series[0].newest(), 0.5));
    assert!(close(cpu.limit.map(|(limit, _)| limit), 0.5));
    assert!(chart(&Subject::whole(&arn("task/web/zzz")), &cx).is_none());
}

#[test]
fn the_sum_of_nothing_is_nothing() {
    assert!(sum(&[]).is_none());
    assert_eq!(shared(&[Uses::missing(Why::NoEngine)]), Bound::None);
}

#[test]
fn of_several_with_limits_of_their_own_the_fullest_counts() {
    let part = |bound, filled| Uses {
        bound,
        filled,
        ..Uses::missing(Why::NoEngine)
    };
    let parts = [
        part(Bound::Container(512), Some(0.9)),
        part(Bound::Soft(64), None),
        part(Bound::Container(4_096), Some(0.1)),
    ];
    assert_eq!(shared(&parts), Bound::Fullest);
    let whole = part(Bound::Fullest, None).weigh_with(&parts);
    assert!(close(whole.filled, 0.9));
    let tasks = [
        part(Bound::Task(100), Some(0.9)),
        part(Bound::Task(300), Some(0.1)),
    ];
    assert_eq!(shared(&tasks), Bound::Task(400));
}
