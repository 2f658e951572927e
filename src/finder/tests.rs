#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{
    model::{Arn, Entity, Identity, Now, Part, Query, Subject, Tag, Task, TaskFilter, samples},
    resource::Place,
    store::Store,
};

fn arn(resource: &str) -> Arn {
    Arn::new(&format!("arn:aws:ecs:eu-west-1:123456789012:{resource}"))
}

/// Takes a whole answer in.
fn answer(store: &mut Store, query: &Query, entities: Vec<Entity>, items: Vec<Arn>) {
    let now = Now::default();
    let some = Part::Some {
        entities,
        items: items.clone(),
    };
    store.apply(query, some, now);
    store.apply(query, Part::Done { items, calls: 1 }, now);
}

fn tasks_of(cluster: &Arn) -> Query {
    Query::Tasks {
        cluster: cluster.clone(),
        filter: TaskFilter::All,
        stopped: false,
    }
}

fn id(number: usize) -> String {
    format!("{number:08x}{number:024x}")
}

fn task(cluster: &Arn, service: &str, number: usize) -> Task {
    let mut container = samples::container("app", "host/shop/orders:1.5");
    container.runtime_id = Some(format!("{number:064x}"));
    container.digest = Some("sha256:9f86d081884c7d65".to_owned());
    Task {
        group: format!("service:{service}"),
        definition: arn(&format!("task-definition/{service}:7")),
        private_ip: Some(format!("10.0.{}.{}", number / 250, number % 250)),
        interface: Some(format!("eni-{number:08x}")),
        containers: vec![container],
        ..samples::task(
            &arn(&format!("task/{}/{}", cluster.name(), id(number))),
            cluster,
        )
    }
}

fn know_tasks(store: &mut Store, cluster: &Arn, tasks: Vec<Task>) {
    let items = tasks.iter().map(|task| task.arn.clone()).collect();
    let entities = tasks.into_iter().map(|task| Entity::Task(Box::new(task)));
    answer(store, &tasks_of(cluster), entities.collect(), items);
}

/// Clusters, services, two tasks of one, an instance, a described revision, and a family that is only listed.
fn shop() -> Store {
    let mut store = Store::new();
    let prod = arn("cluster/prod");
    let mut cluster = samples::cluster(&prod);
    cluster.tags = ["team", "aws:cloudformation:stack-id"]
        .map(|key| Tag {
            key: key.to_owned(),
            value: "shop".to_owned(),
        })
        .into();
    let staging = arn("cluster/staging");
    let clusters = vec![
        Entity::Cluster(cluster),
        Entity::Cluster(samples::cluster(&staging)),
    ];
    answer(
        &mut store,
        &Query::Clusters(None),
        clusters,
        vec![prod.clone(), staging.clone()],
    );
    for cluster in [&prod, &staging] {
        let services = ["checkout", "payments-api"];
        let services = services.map(|name| arn(&format!("service/{}/{name}", cluster.name())));
        let entities = services
            .iter()
            .map(|arn| Entity::Service(Box::new(samples::service(arn, cluster))));
        let query = Query::Services {
            cluster: cluster.clone(),
        };
        answer(&mut store, &query, entities.collect(), services.to_vec());
    }
    let mut sick = task(&prod, "checkout", 2);
    sick.health = "UNHEALTHY".to_owned();
    know_tasks(&mut store, &prod, vec![task(&prod, "checkout", 1), sick]);
    let host = arn("container-instance/prod/0a1b2c3d4e5f60718293a4b5c6d7e8f9");
    let mut instance = samples::instance(&host, &prod);
    instance.ec2_id = "i-0abc".to_owned();
    let query = Query::Instances {
        cluster: prod.clone(),
    };
    answer(
        &mut store,
        &query,
        vec![Entity::Instance(Box::new(instance))],
        vec![host],
    );
    let families = ["checkout", "nightly"].map(|name| Arn::of_family("eu-west-1", name));
    let families = families.to_vec();
    answer(&mut store, &Query::Families(None), Vec::new(), families);
    let query = Query::Revisions {
        family: Arn::of_family("eu-west-1", "nightly"),
    };
    answer(
        &mut store,
        &query,
        Vec::new(),
        vec![arn("task-definition/nightly:3")],
    );
    store
}

/// An index with everything taken in.
fn index(store: &Store) -> Index {
    let mut index = Index::default();
    while index.take_in(store, Now::default()) {}
    index
}

fn names(index: &Index, kind: Kind) -> Vec<(String, String)> {
    let of_kind = index.entries().filter(|entry| entry.kind == kind);
    let mut names: Vec<_> = of_kind
        .map(|entry| (entry.name.to_owned(), entry.place.to_owned()))
        .collect();
    names.sort();
    names
}

/// What a search finds, in order.
fn found(search: &mut Search, index: &Index, typed: &str) -> Vec<Spot> {
    search.run(index, typed);
    (0..search.count())
        .map(|place| search.get(index, place).unwrap().spot())
        .collect()
}

fn lines(index: &Index, typed: &str) -> Vec<String> {
    let spots = found(&mut Search::default(), index, typed);
    let line = |spot: Spot| format!("{} {} {}", spot.kind.word(), spot.name, spot.place);
    spots
        .into_iter()
        .map(|spot| line(spot).trim_end().to_owned())
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, place): &(&str, &str)| ((*name).to_owned(), (*place).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn everything_that_is_known_has_its_names() {
    let index = index(&shop());
    assert_eq!(
        names(&index, Kind::Cluster),
        pairs(&[("prod", ""), ("staging", "")])
    );
    assert_eq!(names(&index, Kind::Service).len(), 4);
    let (one, two) = (id(1), id(2));
    let home = "prod/checkout";
    assert_eq!(
        names(&index, Kind::Task),
        pairs(&[(&one, home), (&two, home)])
    );
    let homes = ["prod/checkout/00000001", "prod/checkout/00000002"];
    assert_eq!(
        names(&index, Kind::Address),
        pairs(&[("10.0.0.1", homes[0]), ("10.0.0.2", homes[1])])
    );
    assert_eq!(
        names(&index, Kind::Container),
        pairs(&[("app", homes[0]), ("app", homes[1])])
    );
    assert_eq!(names(&index, Kind::Interface).len(), 2);
    assert_eq!(names(&index, Kind::Runtime).len(), 2);
    // What the tasks of a service share stands there once.
    assert_eq!(
        names(&index, Kind::Image),
        pairs(&[("host/shop/orders:1.5", home)])
    );
    assert_eq!(
        names(&index, Kind::Digest),
        pairs(&[("sha256:9f86d081884c7d65", home)])
    );
    assert_eq!(names(&index, Kind::Instance).len(), 2);
    assert_eq!(
        names(&index, Kind::Family),
        pairs(&[("checkout", ""), ("nightly", "")])
    );
    assert_eq!(
        names(&index, Kind::Revision),
        pairs(&[("checkout:7", ""), ("nightly:3", "")])
    );
    assert_eq!(names(&index, Kind::Tag), pairs(&[("team=shop", "prod")]));
}

#[test]
fn hosts_and_tasks_are_found_by_every_address_that_is_known() {
    let mut store = shop();
    let prod = arn("cluster/prod");
    let mut first = task(&prod, "checkout", 1);
    first.ipv6 = Some("2001:db8::42".to_owned());
    know_tasks(&mut store, &prod, vec![first]);
    let host = arn("container-instance/prod/1234567890abcdef");
    let mut instance = samples::instance(&host, &prod);
    instance.ec2_id = "i-0abc".to_owned();
    instance.attributes = [("private_ip", "10.7.7.7"), ("rack", "10.7")]
        .map(|(key, value)| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        })
        .to_vec();
    let query = Query::Instances { cluster: prod };
    let entities = vec![Entity::Instance(Box::new(instance))];
    answer(&mut store, &query, entities, vec![host]);
    let index = index(&store);
    assert_eq!(lines(&index, "10.7"), ["ip 10.7.7.7 prod/i-0abc"]);
    assert!(lines(&index, "2001:db8::42")[0].starts_with("ip 2001:db8::42 prod/"));
}

#[test]
fn the_closest_names_come_first_and_the_sick_before_the_healthy() {
    let index = index(&shop());
    assert_eq!(
        lines(&index, "checkout")[..6],
        [
            "service checkout prod",
            "service checkout staging",
            "family checkout",
            "revision checkout:7",
            &format!("task {} prod/checkout", id(2)),
            &format!("task {} prod/checkout", id(1)),
        ]
    );
    assert_eq!(
        lines(&index, "10.0.0.2")[0],
        "ip 10.0.0.2 prod/checkout/00000002"
    );
    assert_eq!(
        lines(&index, &id(1))[0],
        format!("task {} prod/checkout", id(1))
    );
    assert_eq!(
        lines(&index, "staging api"),
        ["service payments-api staging"]
    );
    assert_eq!(
        lines(&index, "pyapi"),
        ["service payments-api prod", "service payments-api staging"]
    );
}

#[rstest]
#[case("svc:", 4)]
#[case("svc:prod", 2)]
#[case("ip:", 2)]
#[case("ip:10.0.0.1", 1)]
#[case("cl: td:", 4)]
#[case("image:orders", 1)]
#[case("tag:shop", 1)]
#[case("svc:zzz", 0)]
#[case("  ", 25)]
fn a_kind_narrows(#[case] typed: &str, #[case] count: usize) {
    let index = index(&shop());
    let mut search = Search::default();
    search.run(&index, typed);
    assert_eq!(search.count(), count, "{:?}", lines(&index, typed));
}

#[test]
fn a_longer_text_looks_only_at_what_the_shorter_one_left() {
    let index = index(&shop());
    let mut search = Search::default();
    search.run(&index, "c");
    assert_eq!(search.looked_at(), index.len());
    search.run(&index, "ch");
    let left = search.looked_at();
    assert!(left < index.len());
    search.run(&index, "che");
    assert!(search.looked_at() <= left);
    assert!(!search.run(&index, "che"), "nothing is to be found anew");
    search.run(&index, "ch");
    assert_eq!(search.looked_at(), index.len());
}

#[test]
fn only_what_changed_is_written_anew() {
    let mut store = shop();
    let mut index = index(&store);
    let (written, version) = (index.written(), index.version());
    assert!(!index.take_in(&store, Now::default()));
    // The same answer once more: every thing is another, and none differs.
    let prod = arn("cluster/prod");
    let mut sick = task(&prod, "checkout", 2);
    sick.health = "UNHEALTHY".to_owned();
    let tasks = || vec![task(&prod, "checkout", 1), sick.clone()];
    know_tasks(&mut store, &prod, tasks());
    while index.take_in(&store, Now::default()) {}
    assert_eq!((index.written(), index.version()), (written, version));
    // Another health is no other name.
    let mut healthy = tasks();
    healthy[1].health = "HEALTHY".to_owned();
    know_tasks(&mut store, &prod, healthy.clone());
    while index.take_in(&store, Now::default()) {}
    assert_eq!(index.written(), written);
    assert_ne!(index.version(), version);
    // Another address: the names of that task are written, five of them.
    healthy[1].private_ip = Some("10.9.9.9".to_owned());
    know_tasks(&mut store, &prod, healthy);
    while index.take_in(&store, Now::default()) {}
    assert_eq!(index.written(), written + 5);
}

#[test]
fn what_is_gone_is_not_found_and_what_was_shared_stays() {
    let mut store = shop();
    let mut index = index(&store);
    let prod = arn("cluster/prod");
    know_tasks(&mut store, &prod, vec![task(&prod, "checkout", 2)]);
    while index.take_in(&store, Now::default()) {}
    assert!(lines(&index, &id(1)).is_empty());
    assert!(index.of(&task(&prod, "checkout", 1).arn).is_none());
    let image = found(&mut Search::default(), &index, "image:orders");
    let second = Subject::part(&task(&prod, "checkout", 2).arn, "app");
    assert_eq!(image[0].subject, second);
}

#[test]
fn large_accounts_are_taken_in_by_slices() {
    let mut store = Store::new();
    let prod = arn("cluster/prod");
    let tasks = (0..6_000).map(|number| task(&prod, "checkout", number));
    know_tasks(&mut store, &prod, tasks.collect());
    let mut index = Index::default();
    let mut sizes = Vec::new();
    while index.take_in(&store, Now::default()) {
        sizes.push(index.len());
    }
    assert_eq!(index.len(), 6_000 * 5 + 4);
    assert!(!sizes.is_empty() && sizes.iter().all(|size| *size < index.len()));
}

#[test]
fn things_are_shown_where_they_belong() {
    let store = shop();
    let prod = arn("cluster/prod");
    let service = arn("service/prod/checkout");
    let one = task(&prod, "checkout", 1).arn;
    let whole = Subject::whole;
    let place = |subject: &Subject| place_of(subject, &store).unwrap();
    assert_eq!(place(&whole(&prod)), Place::root());
    assert_eq!(place(&whole(&service)), Place::of("services", whole(&prod)));
    assert_eq!(place(&whole(&one)), Place::of("tasks", whole(&service)));
    let container = Subject::part(&one, "app");
    assert_eq!(place(&container), Place::of("containers", whole(&one)));
    let host = arn("container-instance/prod/0a1b2c3d4e5f60718293a4b5c6d7e8f9");
    assert_eq!(place(&whole(&host)), Place::of("instances", whole(&prod)));
    let revision = arn("task-definition/checkout:7");
    let family = whole(&Arn::of_family("eu-west-1", "checkout"));
    assert_eq!(
        place(&whole(&revision)),
        Place::of("revisions", family.clone())
    );
    assert_eq!(place(&family).view, "families");
    assert_eq!(
        place(&whole(&Arn::new("unix:///run/docker.sock"))).view,
        "engines"
    );
}

#[test]
fn stopped_tasks_are_shown_among_the_stopped() {
    let mut store = shop();
    let prod = arn("cluster/prod");
    let mut ended = task(&prod, "gone", 9);
    ended.last_status = "STOPPED".to_owned();
    let subject = Subject::whole(&ended.arn);
    know_tasks(&mut store, &prod, vec![ended]);
    let place = place_of(&subject, &store).unwrap();
    assert_eq!((place.view, place.scope.facet), ("tasks", 1));
    assert_eq!(place.scope.of, Some(Subject::whole(&prod)));
}

#[rstest]
#[case("cluster/new", Some("services"))]
#[case("service/new/api", Some("tasks"))]
#[case("task/new/0123456789abcdef0123456789abcdef", Some("containers"))]
#[case("task/0123456789abcdef0123456789abcdef", None)]
#[case("task-definition/web:7", Some("revisions"))]
#[case("capacity-provider/x", None)]
fn what_is_not_known_is_asked_for_by_its_view(
    #[case] resource: &str,
    #[case] view: Option<&'static str>,
) {
    let place = place_of_unknown(&arn(resource));
    assert_eq!(place.map(|place| place.view), view);
}

#[test]
fn what_was_pasted_is_told_from_other_accounts_and_regions() {
    let mut store = shop();
    let identity = Identity {
        account: "123456789012".to_owned(),
        principal: "arn:aws:sts::123456789012:user/kim".to_owned(),
    };
    answer(
        &mut store,
        &Query::Identity,
        vec![Entity::Identity(identity)],
        Vec::new(),
    );
    let thing = |text: &str| pasted(text, &store);
    let service = arn("service/prod/checkout");
    let found = Some(Pasted::Thing(Subject::whole(&service)));
    assert_eq!(thing(service.as_str()), found);
    let link = "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod/services/checkout/health?region=eu-west-1";
    assert_eq!(thing(link), found);
    let away = "arn:aws:ecs:us-east-1:123456789012:service/prod/checkout";
    let says = "That is in us-east-1 of account 123456789012; this session looks at eu-west-1 of account 123456789012.";
    assert_eq!(thing(away), Some(Pasted::Elsewhere(says.to_owned())));
    assert_eq!(thing("checkout"), None);
}

#[test]
fn what_is_not_listed_is_said() {
    assert_eq!(
        known(&Store::new()),
        "Searches what is known; the clusters are not listed yet."
    );
    assert_eq!(
        known(&shop()),
        "Searches what is known of 2 clusters: services of 2, all tasks of 1"
    );
}

/// A change of the account, as a number of tasks of one of two services.
#[derive(Debug, Clone)]
struct Change {
    service: usize,
    numbers: Vec<usize>,
    health: bool,
    address: usize,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let numbers = prop::collection::btree_set(0_usize..40, 0..25);
    let change = (0_usize..2, numbers, any::<bool>(), 0_usize..3).prop_map(
        |(service, numbers, health, address)| Change {
            service,
            numbers: numbers.into_iter().collect(),
            health,
            address,
        },
    );
    prop::collection::vec(change, 1..8)
}

fn apply(store: &mut Store, change: &Change) {
    let cluster = arn("cluster/prod");
    let service = ["checkout", "payments-api"][change.service];
    let tasks = change.numbers.iter().map(|number| {
        let mut task = task(&cluster, service, *number + change.service * 100);
        if change.health && number.is_multiple_of(3) {
            task.health = "UNHEALTHY".to_owned();
        }
        task.private_ip = Some(format!("10.{}.0.{number}", change.address));
        task
    });
    let tasks: Vec<_> = tasks.collect();
    let items = tasks.iter().map(|task| task.arn.clone()).collect();
    let entities = tasks.into_iter().map(|task| Entity::Task(Box::new(task)));
    let query = Query::Tasks {
        cluster,
        filter: TaskFilter::Service(service.to_owned()),
        stopped: false,
    };
    answer(store, &query, entities.collect(), items);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn taken_in_bit_by_bit_the_index_is_as_made_at_once(
        changes in changes(),
        typed in "(svc:|task:|)[a-c0-2.]{0,4}( (pr|pay|1))?",
    ) {
        let mut store = shop();
        let mut grown = index(&store);
        let mut search = Search::default();
        for change in &changes {
            apply(&mut store, change);
            while grown.take_in(&store, Now::default()) {}
            // A letter more each time, over an index that changes meanwhile.
            let ends: Vec<_> = typed.char_indices().map(|(at, _)| at).chain([typed.len()]).collect();
            let fresh = index(&store);
            let mut last = Vec::new();
            for end in ends {
                last = found(&mut search, &grown, &typed[..end]);
            }
            prop_assert_eq!(last, found(&mut Search::default(), &fresh, &typed));
        }
        let all = |index: &Index| {
            let mut all: Vec<_> = index.entries().map(|entry| (entry.spot(), entry.health)).collect();
            all.sort();
            all
        };
        prop_assert_eq!(all(&grown), all(&index(&store)));
    }
}
