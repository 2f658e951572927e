//! Logs, from a key on a row to the lines on the screen, with reports as the outside makes them.

mod words;

use std::time::Duration;

use ecsight::{
    app::{Effect, Event},
    model::{
        LogConfiguration, LogLine, LogPlace, LogReport, Query, Subject, Tail, TailId, TailState,
        Timestamp,
    },
};

use crate::support::{
    account::{Account, NOON, ago},
    stage::{Setup, Stage},
};

/// The shop, its containers writing to CloudWatch Logs.
fn shop() -> Account {
    let mut account = Account::shop();
    for definition in &mut account.definitions {
        for container in &mut definition.containers {
            container.log = Some(awslogs(&definition.family));
        }
    }
    account
}

fn awslogs(family: &str) -> LogConfiguration {
    LogConfiguration {
        driver: "awslogs".to_owned(),
        options: vec![
            ("awslogs-group".to_owned(), format!("/ecs/{family}")),
            ("awslogs-region".to_owned(), "eu-west-1".to_owned()),
            ("awslogs-stream-prefix".to_owned(), "ecs".to_owned()),
        ],
        secret_options: Vec::new(),
    }
}

/// A stage with the cursor on a service of the cluster prod-web.
fn at_service(service: &str, account: Account, setup: Setup) -> Stage {
    let mut stage = Stage::new(account, setup);
    stage.run("svc prod-web");
    at_row(&mut stage, service);
    stage
}

/// Moves the cursor down to a row by its name.
fn at_row(stage: &mut Stage, name: &str) {
    for _ in 0..20 {
        if stage.under_cursor().as_deref() == Some(name) {
            return;
        }
        stage.press("j");
    }
    panic!("no row {name}:\n{}", stage.text());
}

/// A stage with the log of a service open.
fn logs_of(service: &str, setup: Setup) -> Stage {
    let mut stage = at_service(service, shop(), setup);
    stage.press("l");
    stage
}

fn sized(width: u16, height: u16) -> Setup {
    Setup {
        size: (width, height),
        ..Setup::default()
    }
}

/// The tail that was last asked for.
fn tail(stage: &Stage) -> Option<(TailId, Tail)> {
    stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Tail { id, tail, .. } => Some((id.clone(), tail.clone())),
        _ => None,
    })
}

fn ended_tails(stage: &Stage) -> Vec<TailId> {
    let ended = stage.effects.iter().filter_map(|effect| match effect {
        Effect::EndTail(id) => Some(id.clone()),
        _ => None,
    });
    ended.collect()
}

fn report(stage: &mut Stage, report: LogReport) {
    let (id, _) = tail(stage).expect("a tail was asked for");
    let epoch = stage.app.epoch();
    stage.send(Event::Log { epoch, id, report });
}

fn containers(stage: &Stage) -> Vec<Subject> {
    let (_, tail) = tail(stage).expect("a tail was asked for");
    let streams = tail.streams.into_iter();
    streams.map(|stream| stream.container).collect()
}

fn turn(stage: &mut Stage, into: TailState) {
    let told = LogReport::State {
        containers: containers(stage),
        state: into,
    };
    report(stage, told);
}

fn line(at: Timestamp, text: &str) -> LogLine {
    LogLine {
        at,
        error: false,
        text: text.into(),
    }
}

/// Lines of the stream at a place among those that are read.
fn write(stage: &mut Stage, stream: usize, lines: Vec<LogLine>) {
    let container = containers(stage).swap_remove(stream);
    report(stage, LogReport::Lines { container, lines });
}

/// Lines `from..to` a tenth of a second apart, in turn on all streams.
fn fill(stage: &mut Stage, from: i64, to: i64) {
    let streams = containers(stage).len();
    for at in from..to {
        let text = match at % 10 {
            3 => format!("ERROR request {at} failed: no route to db.internal"),
            7 => format!(r#"{{"level":"info","msg":"served request {at}","status":200}}"#),
            _ => format!("GET /cart/{at} 200 12ms"),
        };
        let stream = usize::try_from(at).unwrap_or(0) % streams;
        let at = Timestamp(NOON.0 - 60_000 + at * 100);
        write(stage, stream, vec![line(at, &text)]);
    }
}

/// The body of the screen without its blank rows.
fn body(stage: &Stage) -> Vec<String> {
    let text = stage.text();
    let rows: Vec<&str> = text.lines().skip(2).collect();
    let rows = rows.iter().take(rows.len() - 1);
    rows.map(|row| row.trim().to_owned())
        .filter(|row| !row.is_empty())
        .collect()
}

#[test]
fn a_tail_reads_all_containers_of_a_service() {
    let stage = logs_of("api", Setup::default());
    let (id, tail) = tail(&stage).expect("a tail was asked for");
    assert_eq!(id.of.arn.name(), "api");
    assert_eq!(
        (tail.since, tail.newest, tail.follow),
        (None, Some(200), true)
    );
    let streams: Vec<String> = tail
        .streams
        .iter()
        .map(|stream| match &stream.place {
            LogPlace::CloudWatch { group, stream } => {
                format!("{} {} {stream}", group.region, group.name)
            }
            LogPlace::Engine { .. } => panic!("{stream:?}"),
        })
        .collect();
    assert_eq!(streams.len(), 6, "{streams:?}");
    assert_eq!(
        streams[0],
        "eu-west-1 /ecs/web-api ecs/app/3f9a0c11d2e34f5a8b6c7d8e9f0a1b2c"
    );
}

#[test]
fn another_range_is_another_tail_and_lines_of_the_one_before_do_not_arrive() {
    let mut stage = logs_of("api", Setup::default());
    let (first, _) = tail(&stage).expect("a tail was asked for");
    fill(&mut stage, 0, 10);
    assert!(stage.crumbs().contains("10 lines"), "{}", stage.crumbs());
    for (key, since, newest, words) in [
        ("3", Some(300), None, "since 5m"),
        ("6", Some(3_600), None, "since 1h"),
        ("1", None, None, "from the beginning"),
        ("0", None, Some(200), "newest"),
    ] {
        stage.press(key);
        let (id, tail) = tail(&stage).expect("a tail was asked for");
        assert!(id.generation > first.generation);
        assert_eq!((tail.since, tail.newest), (since.map(ago), newest), "{key}");
        assert!(stage.crumbs().contains(words), "{}", stage.crumbs());
        assert!(stage.crumbs().contains("0 lines"), "{}", stage.crumbs());
    }
    assert_eq!(ended_tails(&stage).len(), 4);
    assert!(ended_tails(&stage).contains(&first));
    let epoch = stage.app.epoch();
    let late = LogReport::Lines {
        container: containers(&stage).swap_remove(0),
        lines: vec![line(NOON, "of before")],
    };
    stage.send(Event::Log {
        epoch,
        id: first,
        report: late,
    });
    assert!(stage.crumbs().contains("0 lines"), "{}", stage.crumbs());
    let (last, _) = tail(&stage).expect("a tail was asked for");
    stage.press("esc");
    assert!(
        ended_tails(&stage).contains(&last),
        "who leaves reads no more"
    );
    stage.press("l");
    let (again, _) = tail(&stage).expect("a tail was asked for");
    assert_ne!(
        last, again,
        "what comes late for the one before is told apart"
    );
}

#[test]
fn a_service_is_followed_while_its_tasks_are_replaced() {
    let mut stage = logs_of("api", Setup::default());
    let gone = containers(&stage).swap_remove(0);
    let at = stage
        .account
        .tasks
        .iter()
        .position(|task| task.arn == gone.arn)
        .expect("its task");
    let mut next = stage.account.tasks[at].clone();
    next.arn = ecsight::model::Arn::new(&gone.arn.as_str().replace("3f9a", "ffff"));
    next.created_at = Some(NOON);
    let old = &mut stage.account.tasks[at];
    old.last_status = "STOPPED".to_owned();
    old.desired_status = "STOPPED".to_owned();
    old.stopped_at = Some(Timestamp(NOON.0 + 5_000));
    old.version += 1;
    stage.account.tasks.push(next);
    stage.pass(Duration::from_secs(30));
    let containers = containers(&stage);
    assert_eq!(containers.len(), 8, "{containers:?}");
    assert!(
        containers.contains(&gone),
        "its last lines are still to come"
    );
    let (_, before) = tail(&stage).expect("a tail was asked for");
    // ECS forgets it after an hour.
    stage.account.tasks.remove(at);
    stage.press("k").pass(Duration::from_mins(2));
    let (_, after) = tail(&stage).expect("a tail was asked for");
    assert_eq!(before, after, "what vanished is read a little longer");
    stage.press("k").pass(Duration::from_secs(400));
    let (_, after) = tail(&stage).expect("a tail was asked for");
    assert_eq!(after.streams.len(), 6);
}

#[test]
fn asking_does_not_pause_while_somebody_reads_a_log() {
    let mut stage = logs_of("checkout", Setup::default());
    stage.pass(Duration::from_hours(1));
    stage.fetched.clear();
    stage.pass(Duration::from_mins(2));
    assert!(!stage.text().contains("paused"), "{}", stage.text());
    let tasks = |query: &Query| matches!(query, Query::Tasks { .. });
    assert!(stage.fetched.iter().any(tasks), "{:?}", stage.fetched);
}

#[test]
fn following_breaks_on_the_way_up_and_goes_on_at_the_end() {
    let mut stage = logs_of("api", Setup::default());
    fill(&mut stage, 0, 100);
    let last = |stage: &Stage| body(stage).pop().unwrap_or_default();
    assert!(
        last(&stage).ends_with("/cart/99 200 12ms"),
        "{}",
        last(&stage)
    );
    for up in ["k", "pageup", "ctrl-u", "g"] {
        stage.press(up);
        assert!(last(&stage).contains("not following; s follows"), "{up}");
        let seen = body(&stage)[0].clone();
        fill(&mut stage, 100, 103);
        assert_eq!(body(&stage)[0], seen, "what is read stays where it is");
        assert!(last(&stage).contains("3 new"), "{}", last(&stage));
        stage.press("s");
        assert!(
            last(&stage).ends_with("/cart/102 200 12ms"),
            "{}",
            last(&stage)
        );
    }
    stage.press("s");
    assert!(last(&stage).contains("not following"), "s stays, too");
    stage.press("G");
    assert!(!last(&stage).contains("follow"));
    stage.send(Event::Mouse {
        lines: Some(-3),
        row: 5,
    });
    assert!(
        last(&stage).contains("not following"),
        "the wheel goes up, too"
    );
}

#[test]
fn errors_are_gone_to_and_go_around() {
    let mut stage = logs_of("api", Setup::default());
    fill(&mut stage, 0, 100);
    let focused = |stage: &Stage| {
        let screen = stage.screen();
        let row = (2..23).find(|y| {
            screen[(0, *y)]
                .modifier
                .contains(ratatui::style::Modifier::REVERSED)
        });
        let row = usize::from(row.expect("a line that was gone to"));
        stage.text().lines().nth(row).unwrap_or_default().to_owned()
    };
    stage.press("E");
    assert!(
        focused(&stage).contains("request 93 "),
        "{}",
        focused(&stage)
    );
    stage.press("E");
    assert!(
        focused(&stage).contains("request 83 "),
        "{}",
        focused(&stage)
    );
    stage.press("e e");
    assert!(
        focused(&stage).contains("request 3 "),
        "{}",
        focused(&stage)
    );
    assert!(stage.foot().contains("from the first line again"));
    stage.press("E");
    assert!(stage.foot().contains("from the last line again"));
    stage.press("/").write("cart/5").press("enter tab g n");
    assert!(focused(&stage).contains("/cart/5 "), "{}", focused(&stage));
    stage.press("n");
    assert!(focused(&stage).contains("/cart/50 "), "{}", focused(&stage));
    stage.press("esc n");
    assert!(stage.foot().contains("nothing to look for"));
}

#[test]
fn a_filter_shows_matches_alone_or_among_all_lines() {
    let mut stage = logs_of("api", Setup::default());
    fill(&mut stage, 0, 40);
    stage.press("/").write("/request .3 failed/");
    assert_eq!(body(&stage).len(), 3);
    stage.press("tab");
    assert!(
        stage.crumbs().contains("40 lines, 3 marked"),
        "{}",
        stage.crumbs()
    );
    assert_eq!(body(&stage).len(), 21);
    stage.press("tab enter >");
    // Three groups of a line before, the match, and a line after.
    let around = body(&stage);
    assert_eq!(around.len(), 3 * 3 + 2, "{around:?}");
    assert_eq!(around[3], "--");
    assert!(
        stage.crumbs().contains("3 of 40 lines, 1 around"),
        "{}",
        stage.crumbs()
    );
    stage.press("<");
    assert_eq!(body(&stage).len(), 3);
    stage.press("esc");
    assert_eq!(body(&stage).len(), 21);
    stage.press("/").write("/a(");
    assert!(
        stage.crumbs().contains("unclosed group"),
        "{}",
        stage.crumbs()
    );
    stage.press("esc /").write("zebra").press("enter");
    assert_eq!(body(&stage), ["None of 40 lines matches zebra."]);
}

#[test]
fn marks_clearing_copying_and_saving() {
    let mut stage = logs_of("api", Setup::default());
    fill(&mut stage, 0, 3);
    stage.press("m");
    fill(&mut stage, 620, 621);
    let rows = body(&stage);
    assert!(rows[3].starts_with("── 12:00:00.000 ──"), "{rows:?}");
    let copied = |stage: &Stage| match stage.effects.last() {
        Some(Effect::Copy { text, .. } | Effect::Save { text, .. }) => text.clone(),
        other => panic!("{other:?}"),
    };
    stage.press("c");
    let text = copied(&stage);
    assert_eq!(
        text.lines().next(),
        Some("2026-03-01T11:59:00.000Z app 3f9a0c11 GET /cart/0 200 12ms")
    );
    assert_eq!(text.lines().nth(3), Some("---- 2026-03-01T12:00:00.000Z"));
    assert_eq!(text.lines().count(), 5);
    stage.press("/").write("cart/2").press("enter ctrl-s");
    let Some(Effect::Save { stem, text }) = stage.effects.last() else {
        panic!("{:?}", stage.effects.last());
    };
    assert_eq!(stem, "log-api");
    assert_eq!(
        text.lines().count(),
        2,
        "what passes the filter, and marks: {text}"
    );
    stage.press("esc C");
    assert!(stage.foot().contains("4 lines cleared"), "{}", stage.foot());
    assert_eq!(
        body(&stage),
        ["4 lines cleared at 12:00:00 UTC; new ones appear here."]
    );
    fill(&mut stage, 700, 702);
    assert!(stage.crumbs().contains("2 lines"), "{}", stage.crumbs());
    assert!(stage.crumbs().contains("4 cleared"), "{}", stage.crumbs());
}

#[test]
fn rows_without_a_log_say_what_has_one() {
    let mut stage = Stage::new(shop(), Setup::default());
    stage.press("l");
    assert!(
        stage.foot().contains("a cluster has no log"),
        "{}",
        stage.foot()
    );
    stage.run("inst workers-ec2").press("p");
    assert!(
        stage.foot().contains("a container instance has no log"),
        "{}",
        stage.foot()
    );
    stage.run("families").press("l");
    assert!(stage.foot().contains("no log"), "{}", stage.foot());
    stage.run("svc empty").press("l");
    assert!(stage.foot().contains("no row"), "{}", stage.foot());
    stage.run("svc prod-web");
    at_row(&mut stage, "api");
    stage.run("events").press("l");
    assert!(stage.crumbs().contains("logs of api"), "{}", stage.crumbs());
    stage.press("esc esc");
    at_row(&mut stage, "api");
    stage.press("d l");
    assert!(stage.crumbs().contains("logs of api"), "{}", stage.crumbs());
    stage.press("esc esc enter enter l");
    let (id, tail) = tail(&stage).expect("a tail was asked for");
    assert_eq!((id.of.arn.kind(), id.of.part.is_some()), ("task", true));
    assert_eq!(tail.streams.len(), 1);
}

#[test]
fn only_ascii_is_drawn_where_asked() {
    let setup = Setup {
        ascii: true,
        ..Setup::default()
    };
    let mut stage = logs_of("api", setup);
    assert!(stage.text().is_ascii(), "{}", stage.text());
    fill(&mut stage, 0, 100);
    stage.press("m k k");
    fill(&mut stage, 100, 103);
    let long = "x".repeat(200);
    write(&mut stage, 0, vec![line(NOON, &long)]);
    assert!(stage.text().is_ascii(), "{}", stage.text());
    assert!(
        stage.text().contains("v 4 new; s follows"),
        "{}",
        stage.text()
    );
    stage.press("G w right right");
    assert!(stage.text().is_ascii(), "{}", stage.text());
}
