//! Live figures on the screen: columns, pages, charts, engines; which tasks are sampled, and what is asked besides.

use std::{collections::BTreeMap, time::Duration};

use ecsight::{
    app::Effect,
    model::{
        Arn, EngineReport, Entity, FaultKind, MetricOf, MetricSource, Metrics, Part, Point, Query,
        Subject, Task, Timestamp, Watch,
    },
};

use crate::support::{
    account::Account,
    engines::{self, Load, PAUSE, loads, run, tasks_of},
    painted,
    stage::{Setup, Stage},
};

/// The loads of the service `api`: two of its three tasks are on an engine.
fn api(stage: &mut Stage) -> BTreeMap<Subject, Load> {
    let tasks = &tasks_of(stage, "api")[..2];
    let mut engine = engines::engine("unix:///var/run/docker.sock", tasks);
    engine.containers[1].restarts = 2;
    engines::report(stage, EngineReport::Engine(Box::new(engine)));
    let network = Load {
        network: Some(48_000),
        limit: None,
        ..Load::of(0.0, 1)
    };
    let each = [
        ("app", Load::of(0.05, 190)),
        ("envoy", Load::of(0.02, 246)),
        (PAUSE, network),
    ];
    loads(tasks, &each)
}

/// Two tasks of the service `api` at work for so many seconds, seen in a terminal of a size.
fn at_work(setup: Setup, line: &str, keys: &str, seconds: u32) -> Stage {
    let mut stage = Stage::new(Account::shop(), setup);
    let loads = api(&mut stage);
    stage.run("svc prod-web").press("N g j");
    if !line.is_empty() {
        stage.run(line);
    }
    stage.press(keys);
    run(&mut stage, seconds, &loads);
    stage
}

fn sized(width: u16, height: u16) -> Setup {
    Setup {
        size: (width, height),
        ..Setup::default()
    }
}

#[test]
fn tables_with_figures() {
    for (view, keys) in [
        ("services", ""),
        ("tasks", "enter"),
        ("containers", "enter j enter"),
    ] {
        let mut text = String::new();
        for (width, height) in [(80, 24), (140, 40), (220, 16)] {
            let mut stage = at_work(sized(width, height), "", keys, 70);
            painted::shot(&mut text, view, &stage);
            if width == 80 {
                stage.press("right right right right");
                painted::shot(&mut text, "scrolled", &stage);
                stage.pass(Duration::from_secs(25));
                stage.press("left left left left");
                painted::shot(&mut text, "old", &stage);
            }
        }
        insta::assert_snapshot!(format!("with_figures_{view}"), text);
    }
}

#[test]
fn every_column_can_be_scrolled_to() {
    for (keys, last) in [
        ("", "LAST EVENT"),
        ("enter", "AGE"),
        ("enter j enter", "AGE"),
    ] {
        let mut stage = at_work(sized(80, 24), "", keys, 5);
        let heads = |stage: &Stage| stage.text().lines().nth(2).unwrap_or_default().to_owned();
        assert!(heads(&stage).contains('›'), "{}", stage.text());
        for _ in 0..30 {
            stage.press("right");
        }
        let scrolled = heads(&stage);
        assert!(!scrolled.contains('›'), "{scrolled}");
        assert!(scrolled.trim_end().ends_with(last), "{scrolled}");
        assert!(scrolled.contains("SOURCE"), "{scrolled}");
        for _ in 0..30 {
            stage.press("left");
        }
        assert!(heads(&stage).contains("STATUS"), "{}", stage.text());
    }
}

#[test]
fn pages_with_figures() {
    let mut text = String::new();
    for keys in ["d", "enter j d", "enter j enter d"] {
        let stage = at_work(sized(110, 62), "", keys, 30);
        painted::shot(&mut text, keys, &stage);
    }
    insta::assert_snapshot!(text);
}

fn metrics(of: &Arn, now: Timestamp) -> Metrics {
    let points = |base: f64| {
        let minutes = (0..13_i32).filter(|minute| !(4..7).contains(minute));
        let point = |minute: i32| Point {
            at: Timestamp(now.0 - i64::from(14 - minute) * 60_000),
            value: base + f64::from(minute) * 2.0,
        };
        minutes.map(point).collect()
    };
    Metrics {
        of: of.clone(),
        source: MetricSource::Ecs,
        cpu: points(20.0),
        memory: points(60.0),
        asked: 2,
    }
}

/// CloudWatch tells of a service.
fn tell(stage: &mut Stage, service: &str) {
    let services = &stage.account.services;
    let service = services.iter().find(|one| one.name == service);
    let service = service.expect("a service of that name").clone();
    let query = Query::Metrics {
        cluster: service.cluster.clone(),
        of: MetricOf::Service(service.arn.clone()),
    };
    let told = metrics(&service.arn, stage.now.wall);
    let epoch = stage.app.epoch();
    let part = Part::Some {
        entities: vec![Entity::Metrics(Box::new(told))],
        items: vec![service.arn.clone()],
    };
    stage.deliver(epoch, query, part);
}

#[test]
fn services_told_of_by_cloudwatch() {
    let mut text = String::new();
    let mut stage = Stage::sized(140, 20);
    stage.run("svc prod-web");
    for service in ["api", "checkout"] {
        tell(&mut stage, service);
    }
    painted::shot(&mut text, "services", &stage);
    stage.press("N g j d");
    painted::shot(&mut text, "the page of one", &stage);
    stage.resize(80, 24);
    stage.press("esc m");
    painted::shot(&mut text, "its chart", &stage);
    insta::assert_snapshot!(text);
}

#[test]
fn charts() {
    let mut text = String::new();
    for (width, height) in [(80, 24), (140, 40), (40, 12)] {
        let mut stage = at_work(sized(width, height), "", "enter j m", 240);
        painted::shot(&mut text, "a task", &stage);
        stage.press("tab");
        painted::shot(&mut text, "the next chart", &stage);
    }
    let ascii = || Setup {
        ascii: true,
        ..sized(80, 24)
    };
    let stage = at_work(ascii(), "", "m", 240);
    painted::shot(&mut text, "a service, in ascii", &stage);
    assert!(stage.text().is_ascii(), "{}", stage.text());
    let mut stage = at_work(ascii(), "", "enter j enter", 60);
    assert!(stage.text().is_ascii(), "{}", stage.text());
    stage.press("m");
    painted::shot(&mut text, "a container, in ascii", &stage);
    assert!(stage.text().is_ascii(), "{}", stage.text());
    insta::assert_snapshot!(text);
}

#[test]
fn a_chart_says_why_it_is_empty_and_hands_out_its_figures() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("N g j enter m");
    let text = stage.text();
    assert!(text.contains("no Docker Engine to connect to"), "{text}");
    stage.press("esc");
    assert!(stage.crumbs().contains("> tasks"), "{}", stage.crumbs());
    stage.run("clusters").press("m");
    assert!(
        stage.foot().contains("clusters have no chart"),
        "{}",
        stage.foot()
    );

    let mut stage = at_work(sized(80, 24), "", "enter j m", 4);
    stage.press("c");
    let copied = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Copy { what, text } if what == "figures" => Some(text.clone()),
        _ => None,
    });
    let copied = copied.expect("figures were copied");
    let mut lines = copied.lines();
    assert_eq!(lines.next(), Some("CHART\tNAME\tSECONDS\tVALUE"));
    assert!(lines.clone().all(|line| line.split('\t').count() == 4));
    assert!(lines.any(|line| line.starts_with("Memory, without the page cache\tapp\t0\t")));
    stage.press("ctrl-s");
    let saved = |effect: &Effect| matches!(effect, Effect::Save { text, .. } if *text == copied);
    assert!(stage.effects.iter().any(saved));
}

#[test]
fn engines_in_every_state() {
    let mut text = String::new();
    let mut stage = Stage::shop();
    stage.run("engines");
    painted::shot(&mut text, "none", &stage);
    engines::all_states(&mut stage);
    painted::shot(&mut text, "of all kinds", &stage);
    stage.resize(140, 24);
    painted::shot(&mut text, "of all kinds", &stage);
    stage.resize(40, 12);
    painted::shot(&mut text, "of all kinds", &stage);
    stage.resize(90, 24);
    stage.press("g");
    for _ in 0..3 {
        stage.press("d");
        painted::shot(&mut text, "one of them", &stage);
        stage.press("esc j");
    }
    insta::assert_snapshot!(text);
    assert!(
        stage
            .fetched
            .iter()
            .all(|query| !matches!(query, Query::Instances { .. }))
    );
}

#[test]
fn an_engine_leads_to_the_tasks_of_its_instance() {
    let mut stage = Stage::shop();
    stage.run("svc workers-ec2").run("instances").run("engines");
    engines::all_states(&mut stage);
    stage.press("g enter");
    assert!(stage.crumbs().contains("tasks"), "{}", stage.text());
    assert!(stage.text().contains("aaaa0c11"), "{}", stage.text());
    stage.run("engines").press("G enter");
    assert!(stage.text().contains("podman.sock"), "{}", stage.text());
    assert!(
        stage.text().contains("Containers of tasks"),
        "{}",
        stage.text()
    );
}

/// What was last told to be sampled.
fn watch(stage: &Stage) -> Watch {
    let told = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Watch(watch) => Some(watch.clone()),
        _ => None,
    });
    told.unwrap_or_default()
}

fn watched(stage: &Stage) -> Vec<Arn> {
    watch(stage).tasks.into_iter().map(|one| one.task).collect()
}

fn arns(tasks: &[Task]) -> Vec<Arn> {
    let mut arns: Vec<Arn> = tasks.iter().map(|task| task.arn.clone()).collect();
    arns.sort();
    arns
}

#[test]
fn only_what_is_on_the_screen_is_sampled() {
    let mut stage = Stage::sized(80, 8);
    stage.run("svc prod-web").run("tasks");
    // The tasks of the cluster, two rows of them at a time.
    let ids = |stage: &Stage| -> Vec<String> {
        let text = stage.text();
        let rows = text.lines().skip(3).take(4);
        let id = |row: &str| row.get(2..10).map(str::to_owned);
        let mut ids: Vec<String> = rows.filter_map(id).collect();
        ids.sort();
        ids
    };
    for _ in 0..4 {
        let sampled: Vec<String> = watched(&stage)
            .iter()
            .map(|arn| arn.short().to_owned())
            .collect();
        assert_eq!(sampled, ids(&stage), "{}", stage.text());
        stage.press("ctrl-f");
    }
    stage.run("clusters");
    assert_eq!(watch(&stage), Watch::default());
}

#[test]
fn sampling_goes_from_the_table_to_the_page_and_the_chart_and_ends_with_them() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("N g j enter");
    let tasks = arns(&tasks_of(&stage, "api"));
    assert_eq!(watched(&stage), tasks);
    assert!(watch(&stage).open);
    let cursor = stage.under_cursor().expect("a task");
    for key in ["d", "esc m", "esc enter", "d", "esc m"] {
        stage.press(key);
        let one = watched(&stage);
        assert_eq!(one.len(), 1, "{key}");
        assert_eq!(one[0].name(), cursor, "{key}");
    }
    stage.press("esc esc");
    assert_eq!(watched(&stage), tasks);
    // What has stopped is not sampled.
    stage.press("x");
    assert!(watched(&stage).is_empty());
    stage.run("families");
    assert_eq!(watch(&stage), Watch::default());
}

#[test]
fn sampling_pauses_while_nobody_is_there() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("N g j enter");
    assert!(!watched(&stage).is_empty());
    stage.pass(Duration::from_mins(16));
    assert_eq!(watch(&stage), Watch::default());
    stage.press("j");
    assert!(!watched(&stage).is_empty());
}

#[test]
fn services_on_an_engine_have_their_tasks_sampled_and_no_metrics_asked() {
    let mut stage = at_work(sized(80, 24), "", "", 3);
    let sampled = watched(&stage);
    assert!(
        arns(&tasks_of(&stage, "api"))
            .iter()
            .all(|task| sampled.contains(task))
    );
    stage.fetched.clear();
    stage.measured.clear();
    stage.pass(Duration::from_mins(2));
    let of_api =
        |query: &&Query| matches!(query, Query::Metrics { of, .. } if of.arn().name() == "api");
    assert_eq!(stage.measured.iter().filter(of_api).count(), 0);
    assert!(
        stage
            .fetched
            .iter()
            .any(|query| matches!(query, Query::Tasks { .. }))
    );
}

#[test]
fn metrics_are_asked_once_a_minute_for_the_services_on_the_screen() {
    let mut stage = Stage::new(Account::plain(1, 60), sized(80, 24));
    stage.press("enter");
    let names = |stage: &Stage| -> Vec<String> {
        let of = stage.measured.iter().filter_map(|query| match query {
            Query::Metrics { of, .. } => Some(of.arn().name().to_owned()),
            _ => None,
        });
        of.collect()
    };
    let first = names(&stage);
    // 24 lines less header, crumbs, heads and hints.
    assert_eq!(first.len(), 20);
    stage.measured.clear();
    stage.pass(Duration::from_mins(1));
    assert_eq!(stage.measured.len(), 20);
    stage.measured.clear();
    stage.press("G");
    let then = names(&stage);
    assert!(then.len() >= 18, "{then:?}");
    assert!(then.iter().all(|name| !first.contains(name)), "{then:?}");
}

#[test]
fn without_engines_tables_ask_for_nothing_but_metrics_of_services() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("N g j enter enter");
    stage.pass(Duration::from_mins(2));
    let led = |query: &&Query| matches!(query, Query::Instances { .. });
    assert_eq!(stage.fetched.iter().filter(led).count(), 0);
    let of_service = |query: &Query| {
        matches!(
            query,
            Query::Metrics {
                of: MetricOf::Service(_),
                ..
            }
        )
    };
    assert!(stage.measured.iter().all(of_service));
}

#[test]
fn a_table_sorted_by_cpu_stays_for_a_second() {
    let mut stage = at_work(sized(140, 24), "", "enter", 5);
    let order = |stage: &Stage| -> Vec<String> {
        let text = stage.text();
        let rows = text.lines().skip(3).take(3);
        rows.filter_map(|row| row.get(2..10).map(str::to_owned))
            .collect()
    };
    stage.press(",").write("cpu%res").press("enter");
    let before = order(&stage);
    assert_eq!(before[0], "3f9a0c11", "{}", stage.text());
    // The first one overtakes the second, told of by samples that come in quick succession.
    let tasks = tasks_of(&stage, "api");
    let hot = loads(
        &tasks[..1],
        &[("app", Load::of(9.0, 100)), ("envoy", Load::of(9.0, 100))],
    );
    let subject = hot.keys().next().expect("a container").clone();
    let mut sample = ecsight::model::Sample {
        at: Timestamp(stage.now.wall.0 + 200),
        cpu: 900_000_000_000,
        cores: 2,
        ..ecsight::model::Sample::default()
    };
    engines::report(
        &mut stage,
        EngineReport::Samples(vec![(subject.clone(), sample)]),
    );
    assert_eq!(order(&stage), before, "not yet");
    stage.pass(Duration::from_secs(1));
    sample.at = Timestamp(stage.now.wall.0 + 300);
    sample.cpu *= 2;
    engines::report(&mut stage, EngineReport::Samples(vec![(subject, sample)]));
    assert_eq!(order(&stage)[0], before[1], "{}", stage.text());
}

#[test]
fn an_engine_that_cannot_be_had_is_the_reason_and_never_no_containers() {
    let mut stage = Stage::sized(160, 24);
    stage.run("svc prod-web").press("N g j enter");
    let tasks = tasks_of(&stage, "api");
    let engine = engines::engine("unix:///var/run/docker.sock", &tasks);
    let denied = engines::failed(
        engine.clone(),
        FaultKind::Denied {
            action: String::new(),
        },
        "permission denied",
        "join the group docker",
    );
    engines::report(&mut stage, EngineReport::Engine(Box::new(denied)));
    assert_eq!(
        stage.text().matches("engine denied").count(),
        3,
        "{}",
        stage.text()
    );
    stage.run("engines");
    assert!(
        stage.text().contains("6/6 (last known)"),
        "{}",
        stage.text()
    );
}
