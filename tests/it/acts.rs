//! Deeds through the whole program: keys in, and what the server says afterwards. Against the simulated account, whose
//! time the tests move, and against independent servers.

mod audit;
mod ministack;
mod moto;
mod sandbox;

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DesiredStatus, Service, Task};
use ecsight::sandbox::{Options, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::driver::{Driver, Setup};

/// Longer than a plan is deaf for.
const HEARS: Duration = Duration::from_millis(401);
/// The step in which the world of the sandbox moves.
const STEP: Duration = Duration::from_secs(5);
/// Steps within which everything arrives: half an hour of the world.
const MOST: usize = 360;

/// A session that may change things, with files of its own.
struct Session {
    driver: Driver,
    folder: TempDir,
}

impl Session {
    async fn at(endpoint: &str) -> Self {
        Self::start(Setup {
            readonly: false,
            ..Setup::at(endpoint)
        })
        .await
    }

    async fn readonly(endpoint: &str) -> Self {
        Self::start(Setup::at(endpoint)).await
    }

    async fn start(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let driver = Driver::start(Setup {
            folder: folder.path().to_owned(),
            size: (160, 50),
            ..setup
        })
        .await;
        Self { driver, folder }
    }

    /// Opens a place by the command line.
    async fn go(&mut self, place: &str) {
        self.driver.press(":").await;
        self.driver.enter(place).await;
    }

    /// Opens the services of a cluster, with the cursor on one.
    async fn at_service(&mut self, cluster: &str, service: &str) {
        self.go(&format!("svc {cluster}")).await;
        self.driver.choose(service).await;
    }

    /// Opens what is in a repository: its images with `enter`, its tags with `v`.
    async fn in_repository(&mut self, repository: &str, key: &str) {
        self.go("repositories").await;
        self.driver.choose(repository).await;
        self.driver.press(key).await;
    }

    /// Opens a plan by its key, and waits until it hears.
    async fn plan(&mut self, key: &str) {
        self.driver.press(key).await;
        self.driver.pass(HEARS).await;
        self.driver.shows("[ Cancel ]");
    }

    /// Runs the plan whose focus is on Cancel, or on the name that is to be typed.
    async fn run(&mut self, name: Option<&str>) {
        self.confirm(name).await;
        self.driver.hides("[ Cancel ]");
    }

    /// The same where another plan follows.
    async fn confirm(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.driver.enter(name).await;
        }
        self.driver.press("right").await;
        self.driver.shows(">[ Run ]");
        self.driver.press("enter").await;
    }

    /// Lets the words on what has just arrived go away.
    async fn rest(&mut self) {
        self.driver.pass(Duration::from_secs(30)).await;
        self.driver.hides("steady after");
    }

    /// Presses keys that a read-only session has no plan for.
    async fn refuses(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.driver.press(key).await;
            self.driver.shows("this session is read-only");
            self.driver.hides("[ Cancel ]");
            // The words on the foot go away before the next key.
            self.driver.pass(Duration::from_mins(1)).await;
            self.driver.hides("this session is read-only");
        }
    }

    /// Moves the world of the sandbox and the program's time until the screen is as wanted.
    async fn tick_until(&mut self, world: &Sandbox, wanted: impl Fn(&str) -> bool) -> String {
        for _ in 0..MOST {
            let screen = self.driver.screen();
            if wanted(&screen) {
                return screen;
            }
            world.tick(STEP);
            self.driver.pass(STEP).await;
        }
        panic!("it never came to be:\n{}", self.driver.screen());
    }

    /// The lines of the audit file.
    fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("audit.jsonl"));
        let text = text.unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// The demonstration, which moves only when it is told to.
async fn world() -> Sandbox {
    let options = Options {
        frozen: true,
        ..Options::default()
    };
    ecsight::sandbox::start(options).await.unwrap()
}

async fn service(ecs: &Client, cluster: &str, name: &str) -> Service {
    let found = ecs.describe_services().cluster(cluster).services(name);
    found.send().await.unwrap().services.unwrap().remove(0)
}

/// The tasks of a service that run or are to run.
async fn tasks(ecs: &Client, cluster: &str, name: &str) -> Vec<Task> {
    let listed = ecs
        .list_tasks()
        .cluster(cluster)
        .service_name(name)
        .desired_status(DesiredStatus::Running);
    let arns = listed.send().await.unwrap().task_arns.unwrap_or_default();
    described(ecs, cluster, arns).await
}

async fn described(ecs: &Client, cluster: &str, arns: Vec<String>) -> Vec<Task> {
    if arns.is_empty() {
        return Vec::new();
    }
    let found = ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns));
    found.send().await.unwrap().tasks.unwrap()
}

fn arns(tasks: &[Task]) -> BTreeSet<String> {
    let arns = tasks.iter().filter_map(|task| task.task_arn());
    arns.map(str::to_owned).collect()
}

/// The images of a container in tasks.
fn images<'a>(tasks: &'a [Task], container: &str) -> BTreeSet<&'a str> {
    let containers = tasks.iter().flat_map(Task::containers);
    containers
        .filter(|known| known.name() == Some(container))
        .filter_map(|known| known.image())
        .collect()
}
