//! Days on which only a part of all calls goes through, on which nothing answers for a while, and on which the server
//! is another one afterwards: against the simulated account, and against the server with real containers.

use std::collections::BTreeSet;
use std::time::Duration;

use ecsight::sandbox::{self, Options, Sandbox};
use rstest::rstest;

use crate::proxy::{ANY, Fault, Proxy};
use crate::servers;
use crate::support::driver::{Driver, Setup};

/// Longer than the longest wait between two tries.
const A_WHILE: Duration = Duration::from_secs(31);
/// The step in which the person looks up.
const STEP: Duration = Duration::from_secs(1);
/// For how long it goes on after everything has come.
const ON_AND_ON: u32 = 12;
/// How many calls fail at least while one view is looked at.
const STRUCK: u64 = 4;
/// Within so many looks everything has come, however little goes through.
const MOST_LOOKS: usize = 900;
/// Soon given up, for answers that never come.
const IMPATIENT: Duration = Duration::from_millis(300);
/// What decides which calls fail.
const SEED: u64 = 11;
/// Tall enough for every row of every view.
const TALL: (u16, u16) = (200, 300);

/// A cluster of 24 services with five tasks each: three batches of services, and two pages of tasks.
const CROWD: &str = "prod-core";

async fn crowd() -> Sandbox {
    let options = Options {
        clusters: Some(1),
        services: Some(24),
        tasks: Some(5),
        frozen: true,
        ..Options::default()
    };
    sandbox::start(options).await.unwrap()
}

/// What the program begins with, in a region of its own: the SDK's retries are counted for each region, and those used
/// up here are not to be missing elsewhere.
fn setup(endpoint: &str, region: &str) -> Setup {
    Setup {
        region: region.to_owned(),
        size: TALL,
        ..Setup::at(endpoint)
    }
}

/// The lines of the command line that lead to the views of a cluster.
fn views(cluster: &str) -> [String; 2] {
    ["services", "tasks"].map(|view| format!("{view} {cluster}"))
}

async fn go(driver: &mut Driver, line: &str) {
    driver.press(":").await;
    driver.enter(line).await;
}

/// The first line of the screen, which says how fresh everything is.
fn header(driver: &mut Driver) -> String {
    driver.screen().lines().next().unwrap().to_owned()
}

fn is_live(driver: &mut Driver) -> bool {
    header(driver).ends_with(" live")
}

/// The rows as they are written, without their marks.
fn rows(driver: &mut Driver) -> Vec<String> {
    let screen = driver.screen();
    let is_head = |line: &&str| {
        let first = line.split_whitespace().next();
        matches!(first, Some("NAME" | "ID"))
    };
    let rows = screen.lines().skip_while(|line| !is_head(line)).skip(1);
    rows.take_while(|line| !line.is_empty())
        .filter_map(|line| line.get(2..))
        .map(str::to_owned)
        .collect()
}

/// The first words of the rows: names of clusters and services, the beginnings of the ids of tasks.
fn names(driver: &mut Driver) -> BTreeSet<String> {
    let first = |row: &String| row.split_whitespace().next().map(str::to_owned);
    rows(driver).iter().filter_map(first).collect()
}

/// The rows up to what they are doing: name, status and counts of services, id, group and status of tasks.
fn states(driver: &mut Driver) -> Vec<String> {
    let first = |row: &String| row.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    rows(driver).iter().map(first).collect()
}

/// The names in each of the views when nothing is wrong.
async fn on_a_good_day(upstream: &str, region: &str, cluster: &str) -> Vec<BTreeSet<String>> {
    let mut driver = Driver::start(setup(upstream, region)).await;
    let mut all = Vec::new();
    for line in views(cluster) {
        go(&mut driver, &line).await;
        assert!(is_live(&mut driver), "{}", driver.screen());
        all.push(names(&mut driver));
    }
    all
}

/// What a person sees of one view while a part of all calls fails.
struct Watch<'a> {
    /// What the header says of such a failure.
    word: &'a str,
    /// The names of all rows there are.
    all: &'a BTreeSet<String>,
    /// Those that were on the screen already.
    seen: BTreeSet<String>,
    /// Whether everything came whole once.
    was_live: bool,
}

impl Watch<'_> {
    /// Looks at the screen. No row goes that was there. The header says live only over all rows and without the story
    /// of a fault; otherwise it says what is wrong, and how old the rows are if they came whole once.
    fn look(&mut self, driver: &mut Driver) {
        let screen = driver.screen();
        let first = screen.lines().next().unwrap();
        let names = names(driver);
        assert!(self.seen.is_subset(&names), "rows are lost:\n{screen}");
        assert!(names.is_subset(self.all), "rows of nothing:\n{screen}");
        let story = screen.contains(" - since ");
        if first.ends_with(" live") {
            assert_eq!(&names, self.all, "live without all rows:\n{screen}");
            assert!(!story, "live, and yet a fault:\n{screen}");
            self.was_live = true;
        } else {
            assert!(first.contains(self.word), "no word for it:\n{screen}");
            assert!(story, "a fault without its story:\n{screen}");
            assert_eq!(first.ends_with(" old"), self.was_live, "{screen}");
        }
        self.seen = names;
    }
}

/// A share of all calls fails, from the first one on, for as long as a person looks at two views; then none does.
async fn outlive_a_share(upstream: &str, region: &str, cluster: &str, fault: Fault, share: f64) {
    let word = match fault {
        Fault::Reset => "unreachable",
        Fault::Error { status: 500, .. } => "AWS error",
        _ => "throttled",
    };
    let wanted = on_a_good_day(upstream, region, cluster).await;
    let proxy = Proxy::start(upstream).await;
    proxy.fail_sometimes(ANY, share, SEED, fault);
    let mut driver = Driver::start(setup(&proxy.url(), region)).await;
    for _ in 0..MOST_LOOKS {
        if names(&mut driver).contains(cluster) {
            break;
        }
        driver.pass(STEP).await;
    }
    for (line, all) in views(cluster).iter().zip(&wanted) {
        assert!(all.len() > 1, "{all:?}");
        go(&mut driver, line).await;
        let mut watch = Watch {
            word,
            all,
            seen: BTreeSet::new(),
            was_live: false,
        };
        let mut looks = 0;
        let mut further = 0;
        let struck = proxy.struck() + STRUCK;
        while further < ON_AND_ON || proxy.struck() < struck {
            watch.look(&mut driver);
            further += u32::from(watch.seen == *all);
            looks += 1;
            assert!(looks < MOST_LOOKS, "it never came:\n{}", driver.screen());
            driver.pass(STEP).await;
        }
    }

    proxy.heal();
    driver.pass(A_WHILE).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    assert_eq!(names(&mut driver), wanted[1]);
    go(&mut driver, &views(cluster)[0]).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    assert_eq!(names(&mut driver), wanted[0]);
    assert!(!driver.has_left());
}

fn internal() -> Fault {
    Fault::error(500, "ServerException", "Internal failure")
}

#[rstest]
#[case::a_fifth_is_throttled("eu-north-1", Fault::throttling(), 0.2)]
#[case::half_is_throttled("eu-south-1", Fault::throttling(), 0.5)]
#[case::a_fifth_are_errors("eu-south-2", internal(), 0.2)]
#[case::half_are_errors("eu-west-2", internal(), 0.5)]
#[case::a_third_is_reset("eu-west-3", Fault::Reset, 0.3)]
#[tokio::test]
async fn a_share_of_calls_that_fails_costs_no_row_and_ends_by_itself(
    #[case] region: &str,
    #[case] fault: Fault,
    #[case] share: f64,
) {
    let sandbox = crowd().await;
    outlive_a_share(&sandbox.url(), region, CROWD, fault, share).await;
}

#[rstest]
#[case::a_fifth_is_throttled(Fault::throttling(), 0.2)]
#[case::half_is_throttled(Fault::throttling(), 0.5)]
#[case::a_fifth_are_errors(internal(), 0.2)]
#[case::half_are_errors(internal(), 0.5)]
#[case::a_third_is_reset(Fault::Reset, 0.3)]
#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_share_of_calls_to_real_containers_that_fails_costs_no_row(
    #[case] fault: Fault,
    #[case] share: f64,
) {
    outlive_a_share(&servers::ministack(), "us-east-1", "prod", fault, share).await;
}

/// Connections are accepted and nothing answers, for half a minute.
async fn outlive_a_black_hole(upstream: &str, region: &str, cluster: &str) {
    let proxy = Proxy::start(upstream).await;
    let mut driver = Driver::start(Setup {
        attempt_timeout: IMPATIENT,
        ..setup(&proxy.url(), region)
    })
    .await;
    let [services, tasks] = views(cluster);
    go(&mut driver, &services).await;
    let before = names(&mut driver);
    assert!(is_live(&mut driver) && before.len() > 1);

    proxy.fail(ANY, Fault::Hang);
    driver.pass(Duration::from_secs(10)).await;
    let first = header(&mut driver);
    assert!(first.ends_with("no answer, 10s old"), "{first}");
    driver.shows("in time - check the network, VPN and proxy - since");
    assert_eq!(names(&mut driver), before);

    let row = driver.cursor_line();
    driver.tap("j");
    assert_ne!(driver.cursor_line(), row);
    driver.tap("?");
    driver.hides("no answer from");
    driver.tap("esc");
    driver.shows("no answer from");
    go(&mut driver, &tasks).await;
    driver.shows("Nothing is known of running tasks");
    go(&mut driver, &services).await;
    assert_eq!(names(&mut driver), before);

    driver.pass(Duration::from_secs(20)).await;
    let first = header(&mut driver);
    assert!(first.ends_with("no answer, 30s old"), "{first}");
    assert_eq!(names(&mut driver), before);

    proxy.heal();
    driver.pass(A_WHILE).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.hides("no answer from");
    assert_eq!(names(&mut driver), before);
    assert!(!driver.has_left());
}

#[tokio::test]
async fn a_black_hole_of_half_a_minute_costs_no_row_and_no_key() {
    let sandbox = crowd().await;
    outlive_a_black_hole(&sandbox.url(), "ap-east-1", CROWD).await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_black_hole_before_real_containers_costs_no_row_and_no_key() {
    outlive_a_black_hole(&servers::ministack(), "us-east-1", "prod").await;
}

/// The world of the first server has moved on before it ends; the second begins where the first one began.
#[rstest]
#[case::at_once(Duration::ZERO)]
#[case::after_a_while(Duration::from_mins(20))]
#[tokio::test]
async fn a_server_that_is_restarted_is_taken_up_with_what_it_has_now(#[case] moved: Duration) {
    let options = Options {
        seed: 7,
        frozen: true,
        ..Options::default()
    };
    let first = sandbox::start(options.clone()).await.unwrap();
    first.tick(moved);
    let (url, region) = (first.url(), "ap-south-1");
    let listen = url.strip_prefix("http://").unwrap().parse().unwrap();
    let mut driver = Driver::start(setup(&url, region)).await;
    let [services, tasks] = views("prod-web");
    go(&mut driver, &services).await;
    go(&mut driver, &tasks).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    let before = names(&mut driver);

    first.stop().await;
    driver.pass(Duration::from_secs(10)).await;
    let line = header(&mut driver);
    assert!(line.ends_with("unreachable, 10s old"), "{line}");
    assert_eq!(names(&mut driver), before);
    driver.pass(Duration::from_mins(2)).await;
    assert_eq!(names(&mut driver), before);

    let second = Options { listen, ..options };
    let second = sandbox::start(second).await.unwrap();
    driver.pass(A_WHILE).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    let mut fresh = Driver::start(setup(&second.url(), region)).await;
    for line in [tasks, services] {
        go(&mut driver, &line).await;
        go(&mut fresh, &line).await;
        assert!(is_live(&mut driver), "{}", driver.screen());
        assert_eq!(states(&mut driver), states(&mut fresh));
    }
}
