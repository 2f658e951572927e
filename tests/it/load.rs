//! What real containers use and write, seen through the whole program: a burner, an eater, an idler and one that
//! counts aloud, which MiniStack runs as one task of a service on a real engine.

use aws_sdk_ecs::types::{
    ContainerDefinition, KeyValuePair, LogConfiguration, LogDriver, NetworkMode, Task,
};
use bollard::query_parameters::StatsOptionsBuilder;
use ecsight::docker;
use futures::StreamExt;
use regex::Regex;

use crate::servers;
use crate::support::driver::{Driver, Setup};

/// MiB that the eater holds.
const EATEN: u64 = 120;
/// MiB that the eater may have.
const ALLOWED: i32 = 128;

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn real(count: u64) -> f64 {
    count as f64
}

/// A task of four containers, while the test lasts.
struct Load {
    ecs: aws_sdk_ecs::Client,
    task: Task,
}

impl Load {
    async fn start(name: &str) -> Self {
        let ecs = servers::ecs(&servers::ministack()).await;
        let described = ecs.describe_task_definition().task_definition("report");
        let described = described.send().await.unwrap().task_definition.unwrap();
        let image = described.container_definitions()[0].image().unwrap();
        let family = format!("load-{name}-{}", std::process::id());
        let logs = LogConfiguration::builder()
            .log_driver(LogDriver::Awslogs)
            .options("awslogs-group", format!("/ecs/{family}"))
            .options("awslogs-region", "us-east-1")
            .options("awslogs-stream-prefix", "ecs")
            .options("awslogs-create-group", "true")
            .build()
            .unwrap();
        let container = |name: &str, memory: i32, script: &str| {
            ContainerDefinition::builder()
                .name(name)
                .image(image)
                .cpu(256)
                .memory(memory)
                .environment(
                    KeyValuePair::builder()
                        .name("MB")
                        .value(EATEN.to_string())
                        .build(),
                )
                .set_entry_point(Some(vec![]))
                .set_command(Some(["sh", "-c", script].map(str::to_owned).to_vec()))
                .log_configuration(logs.clone())
                .build()
        };
        ecs.register_task_definition()
            .family(&family)
            // Needs nothing of the engine's networks.
            .network_mode(NetworkMode::Host)
            .container_definitions(container("burner", 64, "while :; do :; done"))
            .container_definitions(container("eater", ALLOWED, "exec eat"))
            .container_definitions(container("idler", 64, "exec sleep 600"))
            .container_definitions(container(
                "counter",
                64,
                "i=0; while :; do i=$((i+1)); echo number $i; sleep 0.1; done",
            ))
            .send()
            .await
            .unwrap();
        let run = ecs.run_task().cluster("staging").task_definition(&family);
        let ran = run.send().await.unwrap();
        assert!(ran.failures().is_empty(), "{:?}", ran.failures());
        Self {
            ecs,
            task: ran.tasks.unwrap().remove(0),
        }
    }

    fn id(&self) -> &str {
        &self.task.task_arn().unwrap().rsplit('/').next().unwrap()[..8]
    }

    /// What the engine's own figures say of a container, counted as Docker's client does: percent of one core, and
    /// MiB without the page cache.
    async fn told(&self, name: &str) -> (f64, f64) {
        let engine = servers::docker().await;
        let described = self
            .ecs
            .describe_tasks()
            .cluster("staging")
            .tasks(self.task.task_arn().unwrap());
        let described = described.send().await.unwrap();
        let mut containers = described.tasks()[0].containers().iter();
        let container = containers.find(|one| one.name() == Some(name)).unwrap();
        let options = StatsOptionsBuilder::new().stream(true).build();
        let mut frames = engine.stats(container.runtime_id().unwrap(), Some(options));
        // The first frame has nothing before it.
        frames.next().await.unwrap().unwrap();
        let frame = frames.next().await.unwrap().unwrap();
        let (now, before) = (frame.cpu_stats.unwrap(), frame.precpu_stats.unwrap());
        let total = |stats: &bollard::models::ContainerCpuStats| {
            real(stats.cpu_usage.as_ref().unwrap().total_usage.unwrap())
        };
        let used = total(&now) - total(&before);
        let host = real(now.system_cpu_usage.unwrap() - before.system_cpu_usage.unwrap());
        let memory = frame.memory_stats.unwrap();
        let details = memory.stats.unwrap();
        let cache = ["inactive_file", "cache"].map(|key| details.get(key).copied().unwrap_or(0));
        // With the first version of control groups all of the page cache is left out.
        let cache = if details.contains_key("cache") {
            cache[1]
        } else {
            cache[0]
        };
        let mebibytes = real(memory.usage.unwrap() - cache) / f64::from(1 << 20);
        let cores = f64::from(now.online_cpus.unwrap());
        (used / host * cores * 100.0, mebibytes)
    }

    async fn stop(self) {
        let task = self.task.task_arn().unwrap();
        let stop = self.ecs.stop_task().cluster("staging").task(task);
        stop.send().await.unwrap();
    }
}

/// The program, with the engine of this machine within reach, at the containers of the task.
async fn open(load: &Load) -> Driver {
    let address = std::env::var("ECSIGHT_TEST_DOCKER").unwrap();
    let mut driver = Driver::start(Setup {
        size: (200, 40),
        engines: docker::Settings {
            local: Some(address),
            rules: Vec::new(),
        },
        ..Setup::at(&servers::ministack())
    })
    .await;
    driver.press(":").await;
    driver.enter("task staging").await;
    driver.choose(load.id()).await;
    driver.press("enter").await;
    driver
}

/// Percent of one core and MiB in use, as the row of a container says.
fn shown(screen: &str, name: &str) -> Option<(f64, f64)> {
    let row = screen
        .lines()
        .find(|line| line.contains(&format!(" {name} ")))?;
    let figures = Regex::new(r"(\d+)%\s+(\d+)%\s+([\d.]+)([KMG])/").unwrap();
    let found = figures.captures(row)?;
    let number = |index: usize| found[index].parse::<f64>().unwrap();
    let mebibytes = match &found[4] {
        "K" => number(3) / 1024.0,
        "M" => number(3),
        _ => number(3) * 1024.0,
    };
    Some((number(2), mebibytes))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the servers of ./test"]
async fn the_screen_says_what_the_engine_says() {
    let load = Load::start("use").await;
    let mut driver = open(&load).await;
    let all = ["burner", "eater", "idler", "counter"];
    let held = |screen: &str| shown(screen, "eater").is_some_and(|(_, used)| used > 100.0);
    let screen = driver
        .hear_until(|screen| all.iter().all(|name| shown(screen, name).is_some()) && held(screen))
        .await;

    let (idle, _) = shown(&screen, "idler").unwrap();
    assert!(idle < 5.0, "{screen}");
    // Of the burner's core others may take some, and the two looks are not at the same second.
    let (told, _) = load.told("burner").await;
    let near =
        |screen: &str| shown(screen, "burner").is_some_and(|(seen, _)| (seen - told).abs() <= 15.0);
    driver.hear_until(near).await;
    let (_, told) = load.told("eater").await;
    let near =
        |screen: &str| shown(screen, "eater").is_some_and(|(_, seen)| (seen - told).abs() <= 2.0);
    let screen = driver.hear_until(near).await;
    assert!(screen.contains(&format!("/{ALLOWED}M")), "{screen}");

    // Whoever leaves keeps no stream.
    driver.press("~ :").await;
    driver.enter("engines").await;
    let none = Regex::new(r"running\s+0\s").unwrap();
    driver.hear_until(|screen| none.is_match(screen)).await;
    load.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the servers of ./test"]
async fn the_tail_of_a_task_goes_on_without_a_gap() {
    let load = Load::start("log").await;
    let mut driver = open(&load).await;
    driver.press("esc l").await;
    let number = Regex::new(r"counter .*number (\d+)$").unwrap();
    let numbers = |screen: &str| -> Vec<u32> {
        let found = screen
            .lines()
            .filter_map(|line| number.captures(line.trim_end()));
        found.map(|found| found[1].parse().unwrap()).collect()
    };
    let mut last = 0;
    // Three screens one after the other, each of which has moved on.
    for _ in 0..3 {
        let goes_on = |screen: &str| {
            numbers(screen)
                .last()
                .is_some_and(|newest| *newest >= last + 10)
        };
        let screen = driver.hear_until(goes_on).await;
        let seen = numbers(&screen);
        let without_gap = seen.windows(2).all(|pair| pair[1] == pair[0] + 1);
        assert!(without_gap, "{screen}");
        last = *seen.last().unwrap();
    }
    driver.press("esc").await;
    load.stop().await;
}
