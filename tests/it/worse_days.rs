//! Further bad days: every single operation refused in turn, a name that leads nowhere, a clock that is wrong, and a
//! thousand services that are gone at once.

use std::time::Duration;

use ecsight::sandbox::{self, Options, Sandbox};

use crate::{
    proxy::{ANY, Fault, Proxy},
    support::{
        account::Account,
        driver::{Driver, Setup},
        stage::{Setup as Scene, Stage},
    },
};

/// Longer than the longest wait between two tries.
const A_WHILE: Duration = Duration::from_secs(31);

/// Everything that is asked for on the way through the views below.
const ASKED: [&str; 13] = [
    "ListClusters",
    "DescribeClusters",
    "ListServices",
    "DescribeServices",
    "ListTasks",
    "DescribeTasks",
    "ListContainerInstances",
    "DescribeContainerInstances",
    "ListTaskDefinitionFamilies",
    "ListTaskDefinitions",
    "DescribeTaskDefinition",
    "DescribeRepositories",
    "DescribeImages",
];

/// Lines of the command line that lead through all views, and what each view is called in the crumbs.
const WAY: [(&str, &str); 7] = [
    ("clusters", "clusters"),
    ("services prod-web", "services"),
    ("tasks prod-web", "tasks"),
    ("instances prod-web", "instances"),
    ("families", "families"),
    ("repositories", "repositories"),
    ("audit", "audit"),
];

async fn account() -> Sandbox {
    let options = Options {
        frozen: true,
        ..Options::default()
    };
    sandbox::start(options).await.unwrap()
}

/// Goes through the views, and tells how many rows each has.
async fn walk(driver: &mut Driver) -> Vec<usize> {
    let mut rows = Vec::new();
    for (line, view) in WAY {
        driver.press(":").await;
        driver.enter(line).await;
        let crumbs = driver.screen().lines().nth(1).unwrap().to_owned();
        assert!(crumbs.contains(view), "{line}: {crumbs}");
        rows.push(driver.rows());
    }
    rows
}

#[tokio::test]
async fn each_operation_denied_in_turn_leaves_every_key_and_every_known_row() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    for operation in ASKED {
        let mut driver = Driver::start(Setup::at(&proxy.url())).await;
        let before = walk(&mut driver).await;
        proxy.fail(operation, Fault::Denied);
        driver.pass(A_WHILE).await;
        let during = walk(&mut driver).await;
        assert_eq!(during, before, "{operation} costs rows");
        assert!(!driver.has_left(), "{operation}");
        proxy.heal();
        driver.pass(Duration::from_mins(6)).await;
        assert_eq!(walk(&mut driver).await, before, "{operation} healed");
        driver.hides("denied");
    }
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_told_and_asked_for_again() {
    let mut driver = Driver::start(Setup::at("http://no-such-host.invalid:4566")).await;
    let screen = driver.screen();
    let first = screen.lines().next().unwrap();
    assert!(first.contains("unreachable"), "{screen}");
    driver.shows("no-such-host.invalid");
    driver.pass(A_WHILE).await;
    driver.shows("tries");
    driver.press("j ? esc :").await;
    driver.enter("tasks all").await;
    driver.shows("tasks");
    assert!(!driver.has_left());
}

#[tokio::test]
async fn a_wrong_clock_is_named_and_costs_no_row() {
    let sandbox = account().await;
    let proxy = Proxy::start(&sandbox.url()).await;
    let mut driver = Driver::start(Setup::at(&proxy.url())).await;
    let before = driver.rows();
    let message = "Signature expired: 20261129T080000Z is now earlier than 20261129T091500Z";
    proxy.fail(ANY, Fault::error(403, "InvalidSignatureException", message));
    driver.pass(A_WHILE).await;
    assert_eq!(driver.rows(), before);
    let first = driver.screen().lines().next().unwrap().to_owned();
    assert!(first.contains("clock"), "{first}");
    proxy.heal();
    driver.pass(A_WHILE).await;
    assert!(driver.screen().lines().next().unwrap().ends_with(" live"));
    assert_eq!(driver.rows(), before);
}

#[test]
fn a_thousand_services_that_are_gone_at_once_leave_an_empty_table_that_obeys() {
    let mut stage = Stage::new(Account::plain(1, 1_000), Scene::default());
    stage.press("enter G space k space");
    assert!(stage.under_cursor().is_some());
    stage.account.services.clear();
    stage.pass(A_WHILE);
    let text = stage.text();
    assert!(text.contains("No services in cluster-0"), "{text}");
    stage.press("j k G g enter d s r a N O esc");
    assert!(!stage.has_quit());
    assert!(
        stage
            .effects
            .iter()
            .all(|effect| !matches!(effect, ecsight::app::Effect::Act { .. }))
    );
    stage.account = Account::plain(1, 3);
    stage.run("svc cluster-0").pass(A_WHILE);
    assert!(stage.text().contains("service-02"), "{}", stage.text());
}
