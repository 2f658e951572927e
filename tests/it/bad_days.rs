//! What a person sees when things go wrong between here and there: nothing is lost, nothing is hidden, and what
//! comes back is taken up without a key.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ecs::Client;
use ecsight::keymap;
use ecsight::sandbox::{self, Options, Sandbox};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest::rstest;

use crate::proxy::{ANY, Fault, Proxy};
use crate::servers;
use crate::support::driver::{Driver, Setup};

/// Longer than the longest wait between two tries.
const A_WHILE: Duration = Duration::from_secs(31);
const MINUTE: Duration = Duration::from_mins(1);
/// Soon given up, for answers that never come.
const IMPATIENT: Duration = Duration::from_millis(300);

async fn account() -> Sandbox {
    let options = Options {
        frozen: true,
        ..Options::default()
    };
    sandbox::start(options).await.unwrap()
}

/// The program behind a proxy, in the services of a cluster.
async fn explore(proxy: &Proxy, cluster: &str) -> Driver {
    let mut driver = Driver::start(Setup {
        attempt_timeout: IMPATIENT,
        ..Setup::at(&proxy.url())
    })
    .await;
    driver.choose(cluster).await;
    driver.press("enter").await;
    driver
}

/// The first words of the rows, without the heads of the columns.
fn names(driver: &mut Driver) -> BTreeSet<String> {
    let screen = driver.screen();
    let rows = screen
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("NAME "));
    rows.skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.get(2..)?.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// The first line of the screen, which says how fresh everything is.
fn header(driver: &mut Driver) -> String {
    driver.screen().lines().next().unwrap().to_owned()
}

fn tries(driver: &mut Driver) -> u32 {
    let screen = driver.screen();
    let (before, _) = screen
        .split_once(" tries")
        .unwrap_or_else(|| panic!("no count of the tries on:\n{screen}"));
    let (_, count) = before.rsplit_once(' ').unwrap();
    count.parse().unwrap()
}

fn is_live(driver: &mut Driver) -> bool {
    header(driver).ends_with(" live")
}

/// An outage in the middle of a session, from the first failure to the recovery.
async fn outlive_an_outage(upstream: &str, cluster: &str) {
    let proxy = Proxy::start(upstream).await;
    let mut driver = explore(&proxy, cluster).await;
    let before = names(&mut driver);
    assert!(before.len() > 1, "{}", driver.screen());
    assert!(is_live(&mut driver));

    proxy.cut().await;
    driver.pass(Duration::from_secs(10)).await;
    assert_eq!(names(&mut driver), before);
    let first = header(&mut driver);
    assert!(first.ends_with("unreachable, 10s old"), "{first}");
    driver.shows(": cannot reach 127.0.0.1:");
    driver.shows("check the network");
    let counted = tries(&mut driver);

    driver.pass(MINUTE).await;
    assert_eq!(names(&mut driver), before);
    assert!(header(&mut driver).ends_with("unreachable, 1m old"));
    assert!(tries(&mut driver) > counted);
    // What was never asked for says so in place of "there are none".
    driver.press("enter").await;
    driver.shows("Nothing is known of running tasks");
    driver.shows("cannot reach");
    driver.press("esc esc").await;
    driver.shows(cluster);

    proxy.restore().await;
    driver.pass(A_WHILE).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.hides("cannot reach");
    driver.choose(cluster).await;
    driver.press("enter").await;
    assert_eq!(names(&mut driver), before);
    assert!(!driver.has_left());
}

#[tokio::test]
async fn an_outage_loses_nothing_and_ends_by_itself() {
    let sandbox = account().await;
    outlive_an_outage(&sandbox.url(), "prod-fargate").await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn an_outage_of_the_server_with_real_containers_ends_by_itself() {
    outlive_an_outage(&servers::ministack(), "prod").await;
}

#[tokio::test]
async fn a_program_started_in_an_outage_connects_once_it_ends() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    proxy.cut().await;
    let mut driver = Driver::start(Setup::at(&proxy.url())).await;
    driver.shows("cannot reach");
    driver.shows("Nothing is known of");

    proxy.restore().await;
    driver.pass(A_WHILE).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.shows("prod-fargate");
    driver.shows("1234-5678-9012");
}

#[rstest]
#[case::server_error(
    Fault::error(500, "ServerException", "Internal failure"),
    "AWS error",
    "DescribeServices: Internal failure"
)]
#[case::unavailable(
    Fault::error(503, "ServiceUnavailable", "Come back later"),
    "AWS error",
    "DescribeServices: Come back later"
)]
#[case::truncated(
    Fault::Truncated,
    "unreachable",
    "end of file before message length reached"
)]
#[case::no_json(
    Fault::NotJson,
    "AWS error",
    "DescribeServices: the answer (HTTP 200) cannot be read"
)]
#[case::reset(Fault::Reset, "unreachable", "onnection reset by peer")]
#[case::hang(Fault::Hang, "no answer", "in time")]
#[tokio::test]
async fn a_broken_answer_is_told_and_costs_no_row(
    #[case] fault: Fault,
    #[case] word: &str,
    #[case] story: &str,
) {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    let mut driver = explore(&proxy, "prod-fargate").await;
    let before = names(&mut driver);

    proxy.fail("DescribeServices", fault);
    driver.pass(Duration::from_secs(12)).await;
    assert_eq!(names(&mut driver), before);
    let first = header(&mut driver);
    assert!(first.ends_with(&format!("{word}, 12s old")), "{first}");
    driver.shows(story);
    assert!(tries(&mut driver) > 1);
    // The other views do not suffer.
    driver.press("esc").await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.press("enter enter").await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.press("esc").await;

    proxy.heal();
    driver.pass(A_WHILE).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    assert_eq!(names(&mut driver), before);
    assert!(!driver.has_left());
}

#[tokio::test]
async fn a_single_hiccup_is_not_even_seen() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    let mut driver = explore(&proxy, "prod-fargate").await;
    let before = names(&mut driver);
    proxy.reset_calls();

    proxy.fail_next(
        "DescribeServices",
        1,
        Fault::error(500, "ServerException", "Oops"),
    );
    driver.pass(Duration::from_secs(3)).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    assert_eq!(names(&mut driver), before);
    // Two batches, one of them twice.
    assert_eq!(proxy.calls()["DescribeServices"], 3);
}

#[tokio::test]
async fn a_missing_permission_names_itself_and_disables_one_pane() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    proxy.fail("ListServices", Fault::Denied);
    let mut driver = explore(&proxy, "prod-fargate").await;
    let first = header(&mut driver);
    assert!(first.ends_with("denied ecs:ListServices"), "{first}");
    driver.shows("ask for a policy that allows ecs:ListServices");
    driver.pass(MINUTE).await;
    assert_eq!(proxy.calls()["ListServices"], 1, "asked in vain");

    driver.press("esc").await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.hides("denied");
    driver.press("t").await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    assert!(driver.rows() > 0);
    driver.press("esc").await;

    proxy.heal();
    driver.press("enter").await;
    driver.shows("denied ecs:ListServices");
    driver.press("ctrl-r").await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.shows("api-gateway");
}

#[tokio::test]
async fn a_permission_given_later_is_noticed_without_a_key() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    proxy.fail("ListServices", Fault::Denied);
    let mut driver = explore(&proxy, "prod-fargate").await;
    proxy.heal();
    driver.pass(MINUTE * 5).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.shows("api-gateway");
}

#[tokio::test]
async fn expired_credentials_are_told_with_what_to_do() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    let mut driver = explore(&proxy, "prod-fargate").await;
    let before = names(&mut driver);

    let message = "The security token included in the request is expired";
    proxy.fail(ANY, Fault::error(400, "ExpiredTokenException", message));
    driver.pass(Duration::from_secs(10)).await;
    let first = header(&mut driver);
    assert!(first.ends_with("credentials expired, 10s old"), "{first}");
    driver.shows(message);
    driver.shows("run: aws sso login");
    assert_eq!(names(&mut driver), before);

    proxy.heal();
    driver.pass(A_WHILE).await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    assert_eq!(names(&mut driver), before);
}

/// A cluster of two thousand services.
async fn crowd() -> Sandbox {
    let options = Options {
        clusters: Some(1),
        services: Some(2_000),
        tasks: Some(0),
        frozen: true,
        ..Options::default()
    };
    sandbox::start(options).await.unwrap()
}

#[tokio::test]
async fn at_the_rates_of_aws_two_thousand_services_come_whole() {
    let sandbox = crowd().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    proxy.throttle_as_ecs();
    let mut driver = Driver::start(Setup::at(&proxy.url())).await;
    driver.press("enter").await;
    assert_eq!(driver.rows(), 2_000);
    assert!(is_live(&mut driver), "{}", driver.screen());
    // No call was made twice but those refused.
    let calls = proxy.calls();
    let sent = calls["ListServices"] + calls["DescribeServices"];
    assert_eq!(sent, 20 + 200 + proxy.throttled());
}

#[tokio::test]
async fn a_quota_that_others_use_up_slows_down_and_loses_nothing() {
    let sandbox = crowd().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    proxy.fail_next("DescribeServices", 12, Fault::throttling());
    let mut driver = Driver::start(Setup::at(&proxy.url())).await;
    driver.press("enter").await;
    let screen = driver
        .until(|screen| screen.contains("services  2000"))
        .await;
    assert!(!screen.contains("throttled"), "{screen}");
    // Each refused one was asked for again, and nothing else.
    assert_eq!(proxy.calls()["DescribeServices"], 200 + 12);
}

/// The names of services or clusters that only one test knows.
fn own(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

/// A cluster of its own with two services that want no tasks.
async fn build(ecs: &Client, cluster: &str) {
    ecs.create_cluster()
        .cluster_name(cluster)
        .send()
        .await
        .unwrap();
    for service in ["stays", "goes"] {
        ecs.create_service()
            .cluster(cluster)
            .service_name(service)
            .task_definition("api:1")
            .desired_count(0)
            .send()
            .await
            .unwrap();
    }
}

async fn delete(ecs: &Client, cluster: &str, service: &str) {
    ecs.delete_service()
        .cluster(cluster)
        .service(service)
        .force(true)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_deleted_service_goes_quietly() {
    let ecs = servers::ecs(&servers::ministack()).await;
    let cluster = own("quiet");
    build(&ecs, &cluster).await;
    let proxy = Proxy::start(&servers::ministack()).await;
    let mut driver = explore(&proxy, &cluster).await;
    driver.shows("services  2 ");

    delete(&ecs, &cluster, "goes").await;
    driver.pass(Duration::from_secs(5)).await;
    let left = names(&mut driver);
    delete(&ecs, &cluster, "stays").await;
    ecs.delete_cluster().cluster(&cluster).send().await.unwrap();
    assert_eq!(left, BTreeSet::from(["stays".to_owned()]));
    assert!(is_live(&mut driver), "{}", driver.screen());
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_cluster_deleted_while_its_services_are_shown_leaves_an_empty_table() {
    let ecs = servers::ecs(&servers::ministack()).await;
    let cluster = own("doomed");
    build(&ecs, &cluster).await;
    let proxy = Proxy::start(&servers::ministack()).await;
    let mut driver = explore(&proxy, &cluster).await;
    driver.shows("services  2 ");

    delete(&ecs, &cluster, "goes").await;
    delete(&ecs, &cluster, "stays").await;
    ecs.delete_cluster().cluster(&cluster).send().await.unwrap();
    driver.pass(MINUTE).await;
    assert!(names(&mut driver).is_empty(), "{}", driver.screen());
    driver.press("esc").await;
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.hides(&cluster);
    driver.shows("staging");
    assert!(!driver.has_left());
}

#[tokio::test]
async fn a_table_without_rows_still_obeys() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    let mut driver = explore(&proxy, "playground").await;
    driver.shows("No services in playground.");
    proxy.reset_calls();
    driver.press("enter d y c ctrl-r").await;
    driver.shows("No services in playground.");
    assert_eq!(proxy.calls()["ListServices"], 1);
    driver.press("?").await;
    driver.hides("No services in playground.");
    driver.press("esc").await;
    driver.press("esc").await;
    driver.shows("prod-fargate");
}

#[tokio::test]
async fn a_cluster_that_is_not_found_any_more_is_told_and_the_rest_works() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    let mut driver = explore(&proxy, "prod-fargate").await;
    let before = names(&mut driver);

    // What AWS answers for a cluster that was deleted a while ago.
    let fault = Fault::error(400, "ClusterNotFoundException", "Cluster not found.");
    proxy.fail("ListServices", fault);
    driver.pass(MINUTE).await;
    driver.shows("ListServices: Cluster not found.");
    assert_eq!(names(&mut driver), before);
    driver.press("esc").await;
    assert!(is_live(&mut driver), "{}", driver.screen());
}

#[tokio::test]
async fn a_stopped_task_that_is_forgotten_goes_quietly() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    let mut driver = explore(&proxy, "staging").await;
    driver.press("esc t x").await;
    let before = driver.rows();
    assert!(before > 0, "{}", driver.screen());
    driver.press("enter").await;
    let containers = names(&mut driver);
    assert!(!containers.is_empty());

    // ECS forgets stopped tasks after an hour.
    sandbox.tick(MINUTE * 65);
    driver.pass(MINUTE).await;
    assert!(names(&mut driver).is_empty(), "{}", driver.screen());
    driver.hides("MISSING");
    assert!(is_live(&mut driver), "{}", driver.screen());
    driver.press("esc").await;
    assert!(is_live(&mut driver), "{}", driver.screen());
}

/// Every key of every command, and some that have no meaning.
fn keys() -> Vec<String> {
    let bound = keymap::entries().iter().flat_map(|entry| entry.keys);
    let loose = "a e i l o s t u v x z 0 1 5 space backspace tab f5".split(' ');
    let leaves = ["q", "ctrl-c", "ctrl-s", "ctrl-z"];
    bound
        .map(|key| (*key).to_owned())
        .chain(loose.map(str::to_owned))
        .filter(|key| !leaves.contains(&key.as_str()))
        .collect()
}

#[rstest]
#[case(1)]
#[case(2)]
#[case(3)]
#[tokio::test]
async fn no_order_of_keys_sizes_and_faults_ends_the_program(#[case] seed: u64) {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    let mut driver = Driver::start(Setup {
        attempt_timeout: IMPATIENT,
        ..Setup::at(&proxy.url())
    })
    .await;
    let keys = keys();
    let mut dice = StdRng::seed_from_u64(seed);
    for round in 0..1_500 {
        match dice.random_range(0..100) {
            0..80 => driver.tap(&keys[dice.random_range(0..keys.len())]),
            80..84 => driver.resize(dice.random_range(1..200), dice.random_range(1..60)),
            84..88 => {
                sandbox.tick(Duration::from_secs(dice.random_range(1..900)));
                driver.pass(Duration::from_secs(6)).await;
            }
            88..90 => proxy.fail_next(ANY, 3, Fault::NotJson),
            90..95 => drop(driver.screen()),
            _ => driver.settle().await,
        }
        assert!(!driver.has_left(), "after {round} events");
    }
    proxy.heal();
    driver.resize(120, 30);
    driver.press("esc esc esc esc esc esc ~").await;
    driver.pass(A_WHILE).await;
    driver.shows("prod-fargate");
    driver.hides("cannot be read");
}
