//! Several regions looked at together: rows of all with their region, calls to each as if it were alone, changes where
//! their target is, and one that is refused or far away costs nothing of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ecsight::model::{Query, Region};
use ecsight::sandbox::{self, Options, Sandbox};
use rstest::rstest;
use tempfile::TempDir;

use crate::support::driver::{Driver, Setup};

const HERE: &str = "eu-central-1";
const THERE: &str = "us-east-1";
/// Longer than a plan is deaf for.
const HEARS: Duration = Duration::from_millis(401);
/// Longer than what is denied is left alone.
const A_WHILE: Duration = Duration::from_mins(6);

async fn account(options: Options) -> Sandbox {
    let options = Options {
        frozen: true,
        regions: vec![HERE.to_owned(), THERE.to_owned()],
        ..options
    };
    sandbox::start(options).await.unwrap()
}

fn both(sandbox: &Sandbox) -> Setup {
    Setup {
        region: format!("{HERE},{THERE}"),
        size: (200, 240),
        ..Setup::at(&sandbox.url())
    }
}

async fn go(driver: &mut Driver, line: &str) {
    driver.press(":").await;
    driver.enter(line).await;
}

#[tokio::test]
async fn rows_of_both_say_where_they_are() {
    let sandbox = account(Options::default()).await;
    let mut driver = Driver::start(both(&sandbox)).await;
    let first = driver.screen().lines().next().unwrap().to_owned();
    assert!(first.contains("eu-central-1, us-east-1"), "{first}");
    let names: [(&str, &[&str]); 5] = [
        ("clusters", &["prod-web"]),
        ("services all", &["storefront"]),
        ("tasks all", &["storefront"]),
        ("families", &["storefront"]),
        ("repositories", &["storefront"]),
    ];
    for (line, texts) in names {
        go(&mut driver, line).await;
        driver.shows("REGION");
        for region in [HERE, THERE] {
            driver.line_with(&[texts, &[region]].concat());
        }
    }
    // A part of the screen is of one region alone, and says of which.
    go(&mut driver, "clusters").await;
    driver.press("/").await;
    driver.enter("prod-web us-east").await;
    assert_eq!(driver.screen().matches(HERE).count(), 1, "in the header");
    driver.press("enter").await;
    driver.shows("prod-web in us-east-1 > services");
    driver.hides("REGION");
    let cluster = &driver.store().services().next().unwrap().cluster;
    assert!(!cluster.region().is_empty());
    // On a small screen there is room for the first only.
    driver.resize(60, 24);
    driver.shows("eu-central-1 +1");
}

/// The calls of a session that fills the model with the whole account, by region.
async fn crawl(options: Options, region: &str) -> BTreeMap<String, BTreeMap<String, u64>> {
    let sandbox = account(options).await;
    let driver = Driver::start(Setup {
        crawl: true,
        region: region.to_owned(),
        ..Setup::at(&sandbox.url())
    })
    .await;
    drop(driver);
    [HERE, THERE]
        .map(|region| (region.to_owned(), sandbox.calls_in(region)))
        .into()
}

#[rstest]
#[case(Options { clusters: Some(2), services: Some(11), tasks: Some(3), ..Options::default() })]
#[case(Options::default())]
#[tokio::test]
async fn each_region_is_asked_as_if_it_were_alone(#[case] options: Options) {
    let together = crawl(options.clone(), &format!("{HERE},{THERE}")).await;
    let mut alone = crawl(options.clone(), HERE).await;
    assert!(alone[THERE].is_empty());
    let there = crawl(options, THERE).await;
    assert!(there[HERE].is_empty());
    alone.insert(THERE.to_owned(), there[THERE].clone());
    // Whose the credentials are is asked once.
    let asked = alone.get_mut(THERE).unwrap().remove("GetCallerIdentity");
    assert_eq!(asked, Some(1));
    assert_eq!(together, alone);
}

#[tokio::test]
async fn a_change_is_made_where_its_target_is() {
    let sandbox = account(Options::default()).await;
    let folder = TempDir::new().unwrap();
    let mut driver = Driver::start(Setup {
        readonly: false,
        size: (160, 50),
        folder: folder.path().to_owned(),
        ..both(&sandbox)
    })
    .await;
    for (region, other) in [(THERE, HERE), (HERE, THERE)] {
        go(&mut driver, "services all").await;
        driver.press("/").await;
        driver.enter("pricing-engine").await;
        driver.choose(region).await;
        let before = sandbox.calls_in(other);
        driver.press("s").await;
        driver.pass(HEARS).await;
        driver.enter("4").await;
        driver.shows(&format!(
            "cluster prod-fargate, account 123456789012, {region}"
        ));
        driver.enter("prod-fargate/pricing-engine").await;
        driver.press("right enter").await;
        driver.shows(&format!(
            "scale prod-fargate/pricing-engine in {region}: done"
        ));
        assert_eq!(sandbox.calls_in(region)["UpdateService"], 1);
        let writes = |calls: &BTreeMap<String, u64>| calls.get("UpdateService").copied();
        assert_eq!(writes(&sandbox.calls_in(other)), writes(&before));
        let audit = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
        let last: serde_json::Value = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
        assert_eq!(last["region"], region);
        driver.press("esc").await;
    }
    // Both can be taken back from here.
    go(&mut driver, "undo").await;
    driver.line_with(&["pricing-engine", THERE]);
    driver.line_with(&["pricing-engine", HERE]);
}

#[tokio::test]
async fn a_region_that_is_refused_costs_nothing_of_the_other() {
    let sandbox = account(Options::default()).await;
    sandbox.deny_in(THERE, "ecs:ListClusters");
    sandbox.deny_in(HERE, "ecs:ListTaskDefinitionFamilies");
    let mut driver = Driver::start(Setup {
        crawl: true,
        ..both(&sandbox)
    })
    .await;
    driver.line_with(&["prod-web", HERE]);
    driver.shows("ListClusters in us-east-1");
    driver.shows("ecs:ListClusters");
    assert_eq!(driver.rows(), 6);
    // The rest of what can be had is had.
    let region = |name: &str| Some(Region::new(name));
    let is_known = |driver: &Driver, query| driver.store().listing(&query).is_complete();
    assert!(is_known(&driver, Query::Clusters(region(HERE))));
    assert!(!is_known(&driver, Query::Clusters(region(THERE))));
    assert!(driver.store().services().count() > 20);
    go(&mut driver, "families").await;
    driver.line_with(&["storefront", THERE]);
    driver.shows("ListTaskDefinitionFamilies in eu-central-1");
    sandbox.allow("ecs:ListClusters");
    go(&mut driver, "clusters").await;
    driver.pass(A_WHILE).await;
    assert_eq!(driver.rows(), 12);
    driver.hides("in us-east-1");
    // And rows that were known stay.
    sandbox.deny_in(THERE, "ecs:ListClusters");
    driver.pass(A_WHILE).await;
    driver.shows("ListClusters in us-east-1");
    assert_eq!(driver.rows(), 12);
}

#[tokio::test]
async fn a_name_that_both_have_means_the_one_near() {
    let sandbox = account(Options::default()).await;
    let mut driver = Driver::start(both(&sandbox)).await;
    go(&mut driver, "services prod-web").await;
    driver.shows("prod-web in eu-central-1 > services");
    go(&mut driver, "clusters").await;
    driver.press("/").await;
    driver.enter("batch us-east").await;
    go(&mut driver, "services prod-web").await;
    driver.shows("prod-web in us-east-1 > services");
}

#[tokio::test]
async fn an_image_is_promoted_within_its_own_registry() {
    let sandbox = account(Options::default()).await;
    let mut driver = Driver::start(Setup {
        readonly: false,
        ..both(&sandbox)
    })
    .await;
    for (region, other) in [(THERE, HERE), (HERE, THERE)] {
        go(&mut driver, "repositories").await;
        driver.press("/").await;
        driver.enter(&format!("storefront {region}")).await;
        driver.press("enter T").await;
        driver.pass(HEARS).await;
        driver.enter("cart:tried").await;
        driver.shows(&format!(
            "arn:aws:ecr:{region}:123456789012:repository/cart"
        ));
        driver.hides(&format!("arn:aws:ecr:{other}"));
        driver.press("esc").await;
    }
}

#[tokio::test]
async fn things_are_found_by_their_region() {
    let sandbox = account(Options::default()).await;
    let mut driver = Driver::start(Setup {
        crawl: true,
        ..both(&sandbox)
    })
    .await;
    for region in [HERE, THERE] {
        driver.press("ctrl-p").await;
        for letter in "svc:scheduler".chars() {
            driver.tap(&letter.to_string());
        }
        driver.tap("space");
        for letter in region.chars() {
            driver.tap(&letter.to_string());
        }
        driver.settle().await;
        let line = driver.line_with(&["service", "scheduler", "batch in"]);
        assert!(line.contains(region), "{line}");
        driver.press("enter").await;
        driver.shows(&format!("batch in {region} > services"));
    }
    // A revision of the same name is another one in each region.
    let named = |region: &str| {
        let definitions = driver.store().definitions();
        let here = definitions.filter(|known| known.arn.region() == region);
        here.map(|known| known.arn.name().to_owned())
            .collect::<BTreeSet<_>>()
    };
    let twice: Vec<_> = named(HERE).intersection(&named(THERE)).cloned().collect();
    let name = twice.first().expect("the worlds have families in common");
    driver.press("ctrl-p").await;
    for letter in format!("rev:{name}").chars() {
        driver.tap(&letter.to_string());
    }
    driver.settle().await;
    for region in [HERE, THERE] {
        driver.line_with(&["revision", name, region]);
    }
}

#[tokio::test]
async fn tasks_of_namesakes_are_stopped_as_what_they_are() {
    let sandbox = account(Options::default()).await;
    let mut driver = Driver::start(Setup {
        readonly: false,
        crawl: true,
        ..both(&sandbox)
    })
    .await;
    go(&mut driver, "tasks all").await;
    driver.press("/").await;
    driver.enter("pricing-engine").await;
    for region in [HERE, THERE] {
        driver.choose(region).await;
        driver.press("space").await;
    }
    driver.press("X").await;
    driver.pass(HEARS).await;
    for region in [HERE, THERE] {
        driver.shows(&format!(
            "stops 1 of 2 running of service prod-fargate/pricing-engine in {region}"
        ));
    }
    driver.shows("eu-central-1 and us-east-1");
}

#[tokio::test]
async fn a_start_in_a_cluster_that_both_have_asks_which() {
    let sandbox = account(Options::default()).await;
    let start = |cluster: &str| Setup {
        cluster: Some(cluster.to_owned()),
        ..both(&sandbox)
    };
    let mut driver = Driver::start(start("prod-web")).await;
    driver.shows("prod-web is in eu-central-1 and us-east-1: choose one");
    driver.line_with(&["prod-web", THERE]);
    let arn = format!("arn:aws:ecs:{THERE}:123456789012:cluster/prod-web");
    let mut driver = Driver::start(start(&arn)).await;
    driver.shows("prod-web in us-east-1 > services");
    go(&mut driver, "services prod-web eu-central-1").await;
    driver.shows("prod-web in eu-central-1 > services");
    driver.hides("eu-central-1 match");
}

#[tokio::test]
async fn what_fails_in_both_is_told_of_both_and_nobody_is_said_to_run_nothing() {
    let sandbox = account(Options::default()).await;
    for region in [HERE, THERE] {
        sandbox.deny_in(region, "ecs:ListClusters");
    }
    let mut driver = Driver::start(Setup {
        readonly: false,
        ..both(&sandbox)
    })
    .await;
    driver.shows("ListClusters in eu-central-1 and us-east-1");
    go(&mut driver, "repositories").await;
    driver.line_with(&["storefront", THERE, "?"]);
    driver.press("/").await;
    driver.enter("storefront us-east").await;
    driver.press("enter X").await;
    driver.pass(HEARS).await;
    driver.shows("not all running tasks are known: others may run it");
}

#[tokio::test]
async fn a_simulated_account_has_the_regions_it_was_started_with() {
    let sandbox = account(Options::default()).await;
    let mut driver = Driver::start(both(&sandbox)).await;
    driver.press("P").await;
    driver.shows("the regions that it was started with (`--region a,b`)");
}
