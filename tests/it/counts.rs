//! What looking costs: the calls that reach the endpoint, counted there. The world stands still and time is moved by
//! hand, so every number is exact.

use std::collections::BTreeMap;
use std::time::Duration;

use ecsight::app::Event;
use ecsight::sandbox::{self, Options, Sandbox};
use ecsight::schedule::Pace;
use rstest::rstest;

use crate::support::driver::{Driver, Setup};

type Calls = BTreeMap<String, u64>;

/// One cluster with so many services of so many tasks each; nothing moves in it.
async fn world(services: usize, tasks: usize) -> Sandbox {
    let options = Options {
        clusters: Some(1),
        services: Some(services),
        tasks: Some(tasks),
        frozen: true,
        ..Options::default()
    };
    sandbox::start(options).await.unwrap()
}

/// What moves is asked for as often as what does not, so that the numbers do not hang on what the world began with.
fn calm(sandbox: &Sandbox) -> Setup {
    let setup = Setup::at(&sandbox.url());
    Setup {
        pace: Pace {
            moving: VISIBLE,
            ..setup.pace
        },
        ..setup
    }
}

async fn start(sandbox: &Sandbox) -> Driver {
    Driver::start(calm(sandbox)).await
}

/// These calls and no others; operations that are not called at all may stand there with 0.
fn calls<const N: usize>(expected: [(&str, u64); N]) -> Calls {
    expected
        .into_iter()
        .filter(|(_, times)| *times > 0)
        .map(|(operation, times)| (operation.to_owned(), times))
        .collect()
}

/// The calls since an earlier count, but for those to CloudWatch.
fn since(before: &Calls, sandbox: &Sandbox) -> Calls {
    let mut calls = sandbox.calls();
    for (operation, times) in before {
        *calls.get_mut(operation).unwrap() -= times;
    }
    calls.retain(|operation, times| *times > 0 && !operation.starts_with(METRICS));
    calls
}

/// What CloudWatch was asked since an earlier count: in how many calls, for how many metrics.
fn measured(before: &Calls, sandbox: &Sandbox) -> (u64, u64) {
    let calls = sandbox.calls();
    let count = |name: &str| {
        let of = |calls: &Calls| calls.get(name).copied().unwrap_or(0);
        of(&calls) - of(before)
    };
    (count(METRICS), count(&format!("{METRICS}:metrics")))
}

const METRICS: &str = "GetMetricData";
/// The services on the screen of the driver at once.
const ON_SCREEN: u64 = 36;

/// How often something is asked for within a time after it was asked for.
fn times(within: Duration, interval: Duration) -> u64 {
    u64::try_from(within.as_millis() / interval.as_millis()).unwrap()
}

const MINUTE: Duration = Duration::from_mins(1);
const VISIBLE: Duration = Duration::from_secs(5);
const BEHIND: Duration = Duration::from_secs(20);

#[rstest]
#[case(0)]
#[case(1)]
#[case(10)]
#[case(11)]
#[case(100)]
#[case(101)]
#[case(250)]
#[tokio::test]
async fn opening_a_cluster_costs_what_its_services_demand(#[case] services: usize) {
    let sandbox = world(services, 1).await;
    let mut driver = start(&sandbox).await;
    let clusters = [
        ("GetCallerIdentity", 1),
        ("ListClusters", 1),
        ("DescribeClusters", 1),
    ];
    assert_eq!(sandbox.calls(), calls(clusters));

    let before = sandbox.calls();
    driver.press("enter").await;
    let lists = services.div_ceil(100).max(1) as u64;
    let describes = services.div_ceil(10) as u64;
    let expected = [("ListServices", lists), ("DescribeServices", describes)];
    assert_eq!(since(&before, &sandbox), calls(expected));
    assert_eq!(driver.rows(), services);
}

#[rstest]
#[case(0)]
#[case(1)]
#[case(100)]
#[case(101)]
#[case(250)]
#[tokio::test]
async fn opening_a_service_costs_what_its_tasks_demand(#[case] tasks: usize) {
    // Of several services some were just scaled by somebody; one that was not is opened.
    let sandbox = world(6, tasks).await;
    let mut driver = start(&sandbox).await;
    driver.press("enter").await;
    driver.choose(&format!(" {tasks}/{tasks} ")).await;

    let before = sandbox.calls();
    driver.press("enter").await;
    let pages = tasks.div_ceil(100) as u64;
    // However many tasks name the tag, where it points is asked for once.
    let expected = [
        ("ListTasks", pages.max(1)),
        ("DescribeTasks", pages),
        ("DescribeImages", pages.min(1)),
    ];
    assert_eq!(since(&before, &sandbox), calls(expected));
    assert_eq!(driver.rows(), tasks);
}

#[tokio::test]
async fn the_services_of_all_clusters_cost_what_each_cluster_costs() {
    let options = Options {
        clusters: Some(7),
        services: Some(23),
        tasks: Some(0),
        frozen: true,
        ..Options::default()
    };
    let sandbox = sandbox::start(options).await.unwrap();
    let mut driver = start(&sandbox).await;

    let before = sandbox.calls();
    driver.press(":").await;
    driver.enter("svc all").await;
    let expected = [("ListServices", 7), ("DescribeServices", 7 * 3)];
    assert_eq!(since(&before, &sandbox), calls(expected));
    assert_eq!(driver.rows(), 7 * 23);

    // What is known of a cluster is not asked for again on the way into it.
    let before = sandbox.calls();
    driver.press("~ enter").await;
    assert_eq!(driver.rows(), 23);
    assert_eq!(since(&before, &sandbox), Calls::new());
}

#[tokio::test]
async fn looking_around_costs_nothing() {
    let sandbox = world(40, 1).await;
    let mut driver = start(&sandbox).await;
    driver.press("enter").await;
    let before = sandbox.calls();

    let top = driver.screen();
    for _ in 0..50 {
        assert_eq!(driver.screen(), top);
    }
    for _ in 0..100 {
        driver.press("down").await;
    }
    assert_ne!(driver.screen(), top, "the cursor has not moved");
    for _ in 0..100 {
        driver.press("up").await;
    }
    assert_eq!(driver.screen(), top, "the cursor is not back");
    driver.press("/ a p i enter").await;
    assert_ne!(driver.screen(), top, "nothing is filtered");
    driver.press("esc").await;
    driver.press("shift-right shift-right O N A S , esc").await;
    driver.press("? esc ! ! ctrl-w ctrl-w left right").await;
    driver.feed(Event::Resize(100, 30));
    driver.settle().await;

    assert_eq!(since(&before, &sandbox), Calls::new());
}

#[rstest]
#[case(1)]
#[case(45)]
#[case(250)]
#[tokio::test]
async fn an_idle_minute_costs_what_the_schedule_says(#[case] services: usize) {
    let sandbox = world(services, 1).await;
    let mut driver = start(&sandbox).await;
    driver.press("enter").await;

    let before = sandbox.calls();
    driver.pass(MINUTE).await;
    let (lists, describes) = (services.div_ceil(100) as u64, services.div_ceil(10) as u64);
    // What costs much is asked for less often: five calls a second at most.
    let affordable = Duration::from_millis(200 * (lists + describes));
    let rounds = times(MINUTE, affordable.max(VISIBLE));
    let behind = times(MINUTE, BEHIND);
    let expected = [
        ("ListServices", rounds * lists),
        ("DescribeServices", rounds * describes),
        ("ListClusters", behind),
        ("DescribeClusters", behind),
    ];
    assert_eq!(since(&before, &sandbox), calls(expected));
    // CPU and memory of each service on the screen that runs tasks, all with one call.
    let screen = driver.screen();
    let counts = |row: &&str| row.split_whitespace().find(|word| word.contains('/')) == Some("0/1");
    let idle = screen.lines().filter(counts).count() as u64;
    let metrics = 2 * (ON_SCREEN.min(services as u64) - idle);
    assert_eq!(measured(&before, &sandbox), (1, metrics));
}

#[tokio::test]
async fn an_idle_minute_far_down_asks_for_every_parent_a_quarter_as_often() {
    let sandbox = world(3, 2).await;
    let mut driver = start(&sandbox).await;
    driver.press("enter enter enter").await;
    driver.shows("> containers");

    let before = sandbox.calls();
    driver.pass(MINUTE).await;
    let (visible, behind) = (times(MINUTE, VISIBLE), times(MINUTE, BEHIND));
    let expected = [
        ("ListClusters", behind),
        ("DescribeClusters", behind),
        ("ListServices", behind),
        ("DescribeServices", behind),
        ("ListTasks", behind),
        // The task in front, and with the others of its service behind it.
        ("DescribeTasks", visible + behind),
        // Where the tags of its images point; tags move seldom.
        ("DescribeImages", times(MINUTE, MINUTE)),
    ];
    assert_eq!(since(&before, &sandbox), calls(expected));
    // What is charged for is not asked for behind what is looked at.
    assert_eq!(measured(&before, &sandbox), (0, 0));
}

#[tokio::test]
async fn what_moves_is_asked_for_more_often() {
    let sandbox = sandbox::start(Options {
        frozen: true,
        ..Options::default()
    })
    .await
    .unwrap();
    let mut driver = Driver::start(Setup::at(&sandbox.url())).await;
    driver.choose("staging").await;
    driver.press("enter").await;
    driver.shows(" IN_PROGRESS ");

    let before = sandbox.calls();
    driver.pass(MINUTE).await;
    let moving = times(MINUTE, Pace::default().moving);
    assert_eq!(moving, 20);
    let asked = since(&before, &sandbox);
    assert_eq!(asked["ListServices"], moving);
    assert_eq!(asked["DescribeServices"], moving);
}

#[tokio::test]
async fn a_terminal_nobody_looks_at_asks_rarely() {
    let sandbox = world(3, 1).await;
    let mut driver = start(&sandbox).await;
    driver.feed(Event::Focus(false));

    let before = sandbox.calls();
    driver.pass(MINUTE).await;
    let expected = [("ListClusters", 2), ("DescribeClusters", 2)];
    assert_eq!(since(&before, &sandbox), calls(expected));
}

#[tokio::test]
async fn nothing_is_asked_for_once_nobody_has_pressed_a_key_for_long() {
    let sandbox = world(3, 1).await;
    let mut driver = Driver::start(Setup {
        pause_after: MINUTE,
        ..calm(&sandbox)
    })
    .await;
    driver.pass(MINUTE + VISIBLE).await;
    driver.shows("paused");

    let before = sandbox.calls();
    driver.pass(MINUTE * 60).await;
    assert_eq!(since(&before, &sandbox), Calls::new());

    driver.press("down").await;
    let expected = [("ListClusters", 1), ("DescribeClusters", 1)];
    assert_eq!(since(&before, &sandbox), calls(expected));
    driver.hides("paused");
}

#[tokio::test]
async fn without_a_pause_asking_never_ends() {
    let sandbox = world(3, 1).await;
    let mut driver = Driver::start(Setup {
        pause_after: Duration::MAX,
        ..calm(&sandbox)
    })
    .await;
    driver.pass(MINUTE * 2).await;

    let before = sandbox.calls();
    driver.pass(MINUTE).await;
    let expected = [("ListClusters", 12), ("DescribeClusters", 12)];
    assert_eq!(since(&before, &sandbox), calls(expected));
}

#[tokio::test]
async fn a_task_definition_is_asked_for_once_and_for_ever() {
    let sandbox = world(1, 3).await;
    let mut driver = start(&sandbox).await;
    driver.press("enter enter").await;
    let asked = |sandbox: &Sandbox| {
        let calls = sandbox.calls();
        calls.get("DescribeTaskDefinition").copied().unwrap_or(0)
    };
    assert_eq!(asked(&sandbox), 0);

    driver.press("enter").await;
    assert_eq!(asked(&sandbox), 1);
    driver.press("enter esc t esc esc").await;
    // Another task of the same revision, later.
    driver.pass(MINUTE).await;
    driver.press("down enter enter").await;
    driver.shows("In the task definition");
    assert_eq!(asked(&sandbox), 1);
}

#[tokio::test]
async fn going_back_costs_nothing_before_the_interval() {
    let sandbox = world(12, 4).await;
    let mut driver = start(&sandbox).await;
    driver.press("enter enter enter").await;
    let before = sandbox.calls();

    driver.press("esc esc esc").await;
    assert_eq!(driver.rows(), 1);
    driver.press("enter enter enter").await;
    driver.press("[ [ ] ] -").await;
    driver.pass(Duration::from_millis(4_999)).await;
    assert_eq!(since(&before, &sandbox), Calls::new());

    driver.press("~").await;
    driver.pass(Duration::from_millis(1)).await;
    let expected = [("ListClusters", 1), ("DescribeClusters", 1)];
    assert_eq!(since(&before, &sandbox), calls(expected));
}

#[tokio::test]
async fn pages_have_their_price() {
    let sandbox = world(23, 7).await;
    let mut driver = start(&sandbox).await;
    let mut before = sandbox.calls();
    let mut pay = |sandbox: &Sandbox| {
        let paid = since(&before, sandbox);
        before = sandbox.calls();
        paid
    };
    driver.press("d").await;
    let services = [("ListServices", 1), ("DescribeServices", 3)];
    assert_eq!(pay(&sandbox), calls(services), "a cluster: its services");
    driver.press("esc enter").await;
    assert_eq!(pay(&sandbox), Calls::new(), "which are known then");
    // Some of the tasks of the last one stopped within the hour.
    driver.press("G d").await;
    let service = [
        ("DescribeServices", 1),
        ("ListTasks", 2),
        ("DescribeTasks", 2),
        ("DescribeImages", 1),
    ];
    assert_eq!(
        pay(&sandbox),
        calls(service),
        "a service: why its tasks stopped, what those run that are left, and whether that is what their tag names now"
    );
    driver.press("esc z").await;
    assert_eq!(pay(&sandbox), Calls::new(), "its deployments");
    driver.press("d").await;
    assert_eq!(pay(&sandbox), Calls::new(), "one of them");
    driver.press("esc esc v d").await;
    assert_eq!(pay(&sandbox), Calls::new(), "its events and one of them");
    driver.press("esc esc enter").await;
    pay(&sandbox);
    driver.press("d").await;
    assert_eq!(pay(&sandbox), calls([("DescribeTasks", 1)]), "a task");
}

#[tokio::test]
async fn a_whole_walk_has_its_price() {
    let sandbox = world(23, 7).await;
    let mut driver = start(&sandbox).await;
    let mut before = Calls::new();
    let mut pay = |sandbox: &Sandbox| {
        let paid = since(&before, sandbox);
        before = sandbox.calls();
        paid
    };
    let clusters = [
        ("GetCallerIdentity", 1),
        ("ListClusters", 1),
        ("DescribeClusters", 1),
    ];
    assert_eq!(pay(&sandbox), calls(clusters), "the clusters");
    driver.press("enter").await;
    let services = [("ListServices", 1), ("DescribeServices", 3)];
    assert_eq!(pay(&sandbox), calls(services), "the services of one");
    driver.press("enter").await;
    let tasks = [
        ("ListTasks", 1),
        ("DescribeTasks", 1),
        ("DescribeImages", 1),
    ];
    assert_eq!(
        pay(&sandbox),
        calls(tasks),
        "the tasks of one, and where their tag points"
    );
    driver.press("x").await;
    let stopped = pay(&sandbox);
    assert_eq!(stopped["ListTasks"], 1, "those that stopped");
    driver.press("x").await;
    assert_eq!(pay(&sandbox), Calls::new(), "those that run, again");
    driver.press("enter").await;
    let containers = [("DescribeTasks", 1), ("DescribeTaskDefinition", 1)];
    assert_eq!(pay(&sandbox), calls(containers), "the containers of one");
    driver.press("enter").await;
    assert_eq!(pay(&sandbox), Calls::new(), "the page of one");
    driver.press("y").await;
    let raw = [("DescribeTasks", 1)];
    assert_eq!(pay(&sandbox), calls(raw), "the whole answer");
    driver.press("esc esc t").await;
    assert_eq!(pay(&sandbox), Calls::new(), "the task definition");
    driver.press("esc esc esc esc").await;
    driver.shows("clusters  1 ");
    assert_eq!(pay(&sandbox), Calls::new(), "the way back");
    assert!(!driver.has_left());
    driver.press("q").await;
    assert!(driver.has_left());
    assert_eq!(pay(&sandbox), Calls::new(), "to leave");
}
