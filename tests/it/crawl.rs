//! The whole account in the background: what it costs, counted at the endpoint, and what can be found by it.

use std::collections::{BTreeMap, BTreeSet};

use ecsight::model::{Arn, Query, TaskFilter};
use ecsight::resource::pulled_tags;
use ecsight::sandbox::{self, Options, Sandbox};
use ecsight::store::Store;

use crate::support::driver::{Driver, Setup};

type Calls = BTreeMap<&'static str, usize>;

async fn crawled(options: Options) -> (Sandbox, Driver) {
    let sandbox = sandbox::start(Options {
        frozen: true,
        ..options
    })
    .await
    .unwrap();
    let driver = Driver::start(Setup {
        crawl: true,
        ..Setup::at(&sandbox.url())
    })
    .await;
    (sandbox, driver)
}

fn world(clusters: usize, services: usize, tasks: usize) -> Options {
    Options {
        clusters: Some(clusters),
        services: Some(services),
        tasks: Some(tasks),
        ..Options::default()
    }
}

/// The fewest calls by which all that is known by now can be learned: pages of a hundred and batches as large as AWS
/// takes, nothing of what clusters say they have none of, and each task definition and each hundred tags of a repository
/// once.
fn least(store: &Store) -> Calls {
    let pages = |items: usize| items.div_ceil(100);
    let mut calls = Calls::new();
    let mut add = |operation, times: usize| *calls.entry(operation).or_default() += times;
    let mut definitions: BTreeSet<Arn> = BTreeSet::new();
    let mut tags: BTreeMap<Arn, BTreeSet<Arn>> = BTreeMap::new();
    let clusters = store.clusters().count();
    add("GetCallerIdentity", 1);
    add("ListClusters", pages(clusters).max(1));
    add("DescribeClusters", pages(clusters));
    for cluster in store.clusters() {
        let services = store.services_of(&cluster.arn);
        add("ListServices", pages(services.len()));
        add("DescribeServices", services.len().div_ceil(10));
        definitions.extend(
            services
                .iter()
                .filter_map(|one| one.task_definition.clone()),
        );
        let [running, stopped] = [false, true].map(|stopped| {
            let query = Query::Tasks {
                cluster: cluster.arn.clone(),
                filter: TaskFilter::All,
                stopped,
            };
            store.listing(&query).items().len()
        });
        add("ListTasks", pages(running) + pages(stopped).max(1));
        add("DescribeTasks", pages(running + stopped));
        for task in store.tasks_of(&cluster.arn, &TaskFilter::All, false) {
            definitions.insert(task.definition.clone());
            for tag in pulled_tags(&task) {
                tags.entry(tag.repository().unwrap())
                    .or_default()
                    .insert(tag);
            }
        }
        let instances = store.instances_of(&cluster.arn).len();
        add("ListContainerInstances", pages(instances));
        add("DescribeContainerInstances", pages(instances));
    }
    add("DescribeTaskDefinition", definitions.len());
    add(
        "DescribeImages",
        tags.values().map(|tags| pages(tags.len())).sum(),
    );
    calls.retain(|_, times| *times > 0);
    calls
}

/// The calls that were made, but for those to CloudWatch.
fn made(sandbox: &Sandbox) -> BTreeMap<String, usize> {
    let calls = sandbox.calls().into_iter();
    calls
        .filter(|(operation, _)| !operation.starts_with("GetMetricData"))
        .map(|(operation, times)| (operation, usize::try_from(times).unwrap()))
        .collect()
}

fn assert_least(sandbox: &Sandbox, driver: &Driver, total: usize) {
    let least: BTreeMap<_, _> = least(driver.store())
        .into_iter()
        .map(|(operation, times)| (operation.to_owned(), times))
        .collect();
    let made = made(sandbox);
    assert_eq!(made, least);
    assert_eq!(made.values().sum::<usize>(), total, "{made:?}");
}

#[tokio::test]
async fn one_cluster_of_fifty_services_takes_the_least_calls() {
    let (sandbox, driver) = crawled(world(1, 50, 4)).await;
    assert_eq!(driver.store().services().count(), 50);
    assert_least(&sandbox, &driver, 117);
}

#[tokio::test]
async fn thirty_clusters_of_a_hundred_services_take_the_least_calls() {
    let (sandbox, driver) = crawled(world(30, 100, 2)).await;
    assert_eq!(driver.store().services().count(), 3_000);
    assert!(driver.store().instances().count() > 100);
    assert_least(&sandbox, &driver, 846);
}

#[tokio::test]
async fn many_empty_clusters_are_asked_for_what_stopped_and_nothing_else() {
    let empty = Options {
        hosts: Some(0),
        ..world(150, 0, 0)
    };
    let (sandbox, driver) = crawled(empty).await;
    let expected = [
        ("DescribeClusters", 2),
        ("GetCallerIdentity", 1),
        ("ListClusters", 2),
        ("ListTasks", 150),
    ];
    let expected = expected.map(|(operation, times)| (operation.to_owned(), times));
    assert_eq!(made(&sandbox), BTreeMap::from(expected));
    assert_least(&sandbox, &driver, 155);
}

#[tokio::test]
async fn what_was_never_opened_can_be_found() {
    let (_sandbox, mut driver) = crawled(Options::default()).await;
    let service = driver.store().services().map(|one| one.name.clone()).min();
    driver.press("ctrl-p").await;
    for character in service.as_deref().unwrap().chars() {
        driver.tap(&character.to_string());
    }
    driver.settle().await;
    driver.shows("service ");
    driver.press("enter").await;
    driver.shows("> services");
}
