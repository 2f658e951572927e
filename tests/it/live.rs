//! What flows: logs and samples of a simulated account, seen through the whole program; what is left is closed, and
//! that is counted where the streams come from.

use std::time::Duration;

use ecsight::docker::{self, HostRule};
use ecsight::sandbox::{self, LiveTail, Options, Sandbox};

use crate::support::driver::{Driver, Setup};

async fn world() -> Sandbox {
    let options = Options {
        frozen: true,
        engines: true,
        ..Options::default()
    };
    sandbox::start(options).await.unwrap()
}

/// The program, with the engines of the world's hosts within reach.
async fn start(world: &Sandbox) -> Driver {
    let rule = HostRule {
        cluster: "*".to_owned(),
        instance: "*".to_owned(),
        address: world.engine_address().unwrap(),
        certificates: None,
    };
    Driver::start(Setup {
        region: world.region().to_owned(),
        engines: docker::Settings {
            local: None,
            rules: vec![rule],
        },
        ..Setup::at(&world.url())
    })
    .await
}

/// How many streams of a kind are open in the world.
fn open(world: &Sandbox, kind: &str) -> usize {
    world.streams().get(kind).copied().unwrap_or(0)
}

/// How many lines the log on the screen holds: `logs of catalog  1,204 lines, live`.
fn held(screen: &str) -> usize {
    let crumbs = screen.lines().nth(1).unwrap();
    let (counted, _) = crumbs.split_once(" line").unwrap();
    let count = counted.rsplit(' ').next().unwrap().replace(',', "");
    count.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_goes_on_while_it_is_looked_at_and_ends_when_it_is_left() {
    let world = world().await;
    let mut driver = start(&world).await;
    driver.press(":").await;
    driver.enter("svc prod-web").await;
    driver.choose("catalog").await;
    driver.press("l").await;
    driver.hear_until(|screen| screen.contains(", live,")).await;
    let live = || open(&world, "live tail") == 1;
    driver.run_until("one live tail", live).await;

    let before = held(&driver.screen());
    world.tick(Duration::from_secs(10));
    driver.hear_until(|screen| held(screen) > before).await;

    driver.press("esc").await;
    let none = || open(&world, "live tail") == 0;
    driver.run_until("no live tail", none).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_live_tails_are_denied_the_log_is_asked_for_and_says_so() {
    let world = world().await;
    world.set_live_tail(LiveTail::Denied);
    let mut driver = start(&world).await;
    driver.press(":").await;
    driver.enter("svc prod-web").await;
    driver.choose("catalog").await;
    driver.press("l").await;
    let screen = driver
        .hear_until(|screen| screen.contains("asked every"))
        .await;
    assert!(screen.contains("StartLiveTail"), "{screen}");
    let before = held(&driver.screen());
    world.tick(Duration::from_secs(10));
    driver.hear_until(|screen| held(screen) > before).await;
}

/// Opens the tasks of a service of the cluster whose tasks run on container instances.
async fn tasks_of(driver: &mut Driver, service: &str) {
    driver.press(":").await;
    driver.enter("svc prod-web").await;
    driver.choose(service).await;
    driver.press("enter").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_flow_for_the_tasks_on_the_screen_and_end_when_they_are_left() {
    let world = world().await;
    let mut driver = start(&world).await;
    assert_eq!(world.streams().get("stats"), None);
    tasks_of(&mut driver, "checkout").await;
    let running = driver.rows();
    // Each task of checkout has one container beside what holds its network.
    let sampled = || open(&world, "stats") >= running;
    driver.run_until("a stream for each task", sampled).await;
    // Use is what lies between two samples, and of those that come at once only the newest is handed on.
    let mut screen = driver.screen();
    while screen.matches('%').count() <= running || !screen.contains("CPU%RES") {
        world.tick(Duration::from_secs(1));
        screen = driver.hear_next().await;
    }

    driver.press("esc esc").await;
    let none = || open(&world, "stats") == 0;
    driver.run_until("no stream of stats", none).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_log_of_what_stopped_has_each_line_once() {
    let world = world().await;
    let mut driver = start(&world).await;
    driver.press(":").await;
    driver.enter("svc prod-web").await;
    driver.choose("image-resizer").await;
    // Its engine is known before its task definition says where the log is.
    driver.hear_until(|screen| screen.contains("CPU%RES")).await;
    driver.press("p").await;
    let screen = driver
        .hear_until(|screen| screen.contains(", ended,"))
        .await;
    let lines: Vec<&str> = screen
        .lines()
        .filter(|line| line.contains(" jid="))
        .collect();
    assert!(!lines.is_empty(), "{screen}");
    let mut once = lines.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), lines.len(), "{screen}");
}
