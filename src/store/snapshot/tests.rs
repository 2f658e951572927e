//! What comes back of a store, what never goes to the disk, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod full;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::{
    EVENTS_WRITTEN, Entity, Fault, FaultKind, MetricOf, MetricSource, Metrics, Part as Piece,
    Secret, TaskFilter, samples,
};

const TAKEN: Timestamp = Timestamp(1_760_000_100_000);

fn key() -> Key {
    Key {
        profile: "shop".to_owned(),
        ..Key::default()
    }
}

fn origin() -> Origin {
    Origin {
        identity: Identity {
            account: full::ACCOUNT.to_owned(),
            principal: format!("arn:aws:sts::{}:assumed-role/reader/me", full::ACCOUNT),
        },
        profile: "shop".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: None,
    }
}

/// A moment so many seconds after the snapshot was taken, at the start of another run.
fn after(seconds: i64) -> Now {
    Now {
        wall: Timestamp(TAKEN.0 + seconds * 1_000),
        mono: Duration::from_millis(20),
    }
}

fn cluster() -> Arn {
    full::arn("cluster", "web")
}

fn services() -> Query {
    Query::Services { cluster: cluster() }
}

fn tasks(stopped: bool) -> Query {
    Query::Tasks {
        cluster: cluster(),
        filter: TaskFilter::All,
        stopped,
    }
}

fn name_of(entity: &Entity) -> Arn {
    match entity {
        Entity::Cluster(it) => it.arn.clone(),
        Entity::Service(it) => it.arn.clone(),
        Entity::Task(it) => it.arn.clone(),
        Entity::Instance(it) => it.arn.clone(),
        Entity::Definition(it) => it.arn.clone(),
        Entity::Metrics(it) => it.of.clone(),
        // The rest is never kept.
        _ => Arn::new(""),
    }
}

/// A whole answer, so many seconds before the snapshot is taken.
fn answer(store: &mut Store, query: &Query, entities: Vec<Entity>, ago: i64) {
    let items = entities.iter().map(name_of).collect();
    list(store, query, items, entities, ago);
}

fn list(store: &mut Store, query: &Query, items: Vec<Arn>, entities: Vec<Entity>, ago: i64) {
    let now = after(-ago);
    let some = Piece::Some {
        entities,
        items: items.clone(),
    };
    store.apply(query, some, now);
    store.apply(query, Piece::Done { items, calls: 1 }, now);
}

fn service(name: &str, number: i32) -> Entity {
    Entity::Service(Box::new(full::service(&cluster(), name, number)))
}

fn task(name: &str, number: i32) -> Entity {
    Entity::Task(Box::new(full::task(&cluster(), name, number)))
}

/// A store with one of everything that is kept.
fn store() -> Store {
    let mut store = Store::new();
    let cluster = Entity::Cluster(full::cluster("web", 3));
    answer(&mut store, &Query::Clusters(None), vec![cluster], 10);
    answer(&mut store, &services(), vec![service("api", 2)], 20);
    let instance = full::instance(&self::cluster(), "1", 5);
    let instances = Query::Instances {
        cluster: self::cluster(),
    };
    answer(
        &mut store,
        &instances,
        vec![Entity::Instance(Box::new(instance))],
        30,
    );
    answer(&mut store, &tasks(false), vec![task("1", 1)], 40);
    answer(&mut store, &tasks(true), vec![task("2", 2)], 50);
    list(
        &mut store,
        &Query::Families(None),
        vec![Arn::new("web")],
        Vec::new(),
        60,
    );
    store
}

fn bytes(store: &Store) -> Vec<u8> {
    encode(store.snapshot(origin(), TAKEN), &key(), MOST).unwrap()
}

/// Another run, with what is in the bytes.
fn restored(bytes: &[u8], now: Now) -> Store {
    let kept = Kept::open(bytes.to_vec(), &key()).unwrap();
    let mut store = Store::new();
    store.restore(kept.front().unwrap(), now);
    store.restore(kept.rest().unwrap(), now);
    store
}

/// Everything that is kept, in an order that can be compared.
fn content(store: &Store) -> Content {
    let mut content = store.snapshot(origin(), TAKEN).content;
    content
        .lists
        .sort_by_key(|list| format!("{:?}", list.query));
    let Things {
        clusters,
        services,
        instances,
        tasks,
    } = &mut content.things;
    clusters.sort_by(|one, other| one.arn.cmp(&other.arn));
    services.sort_by(|one, other| one.arn.cmp(&other.arn));
    instances.sort_by(|one, other| one.arn.cmp(&other.arn));
    tasks.sort_by(|one, other| one.arn.cmp(&other.arn));
    content
}

/// The number is to change with the version: a snapshot of the same version with other types would be misread.
#[test]
fn the_format_is_what_its_version_says() {
    let kept = Kept::open(bytes(&store()), &key()).unwrap();
    // What a part is compressed to is the library's business.
    let content = content(&restored(&bytes(&store()), after(0)));
    let all = postcard::to_stdvec(&(&kept.header.key, &kept.header.origin, &content)).unwrap();
    let numbers = (file::VERSION, all.len(), crc32fast::hash(&all));
    assert_eq!(
        numbers,
        (3, 2_688, 165_292_406),
        "raise VERSION in file.rs, and change this"
    );
}

fn some_tasks() -> impl Strategy<Value = Vec<(u16, i32, String)>> {
    prop::collection::vec((any::<u16>(), any::<i32>(), ".{0,12}"), 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_kept_comes_back(
        things in some_tasks(),
        ages in prop::array::uniform3(0..1_000_000_i64),
        names in prop::collection::vec(".{0,20}", 0..5),
    ) {
        let mut store = Store::new();
        let web = full::cluster("web", 7);
        answer(&mut store, &Query::Clusters(None), vec![Entity::Cluster(web)], ages[0]);
        let entities = things.iter().map(|(name, number, text)| {
            let mut service = full::service(&cluster(), &name.to_string(), *number);
            service.status.clone_from(text);
            Entity::Service(Box::new(service))
        });
        answer(&mut store, &services(), entities.collect(), ages[1]);
        for stopped in [false, true] {
            let entities = things.iter().filter(|(name, ..)| (name % 2 == 0) == stopped);
            let entities = entities.map(|(name, number, text)| {
                let mut task = full::task(&cluster(), &name.to_string(), *number);
                task.stopped_reason = Some(text.clone());
                Entity::Task(Box::new(task))
            });
            answer(&mut store, &tasks(stopped), entities.collect(), ages[2]);
        }
        let names = names.iter().map(|name| Arn::new(name)).collect();
        list(&mut store, &Query::Families(None), names, Vec::new(), ages[2]);
        let back = restored(&bytes(&store), after(5));
        prop_assert_eq!(content(&back), content(&store));
    }

    #[test]
    fn a_byte_that_is_another_is_noticed(place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut bytes = bytes(&store());
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(Kept::open(bytes, &key()).is_err());
    }

    /// Whatever a checksum lets through: nothing panics, and nothing takes memory without end.
    #[test]
    fn bytes_of_any_kind_are_refused(
        mut rest in prop::collection::vec(any::<u8>(), 0..300),
        whole in any::<bool>(),
    ) {
        if whole {
            let mut bytes = file::MAGIC.to_vec();
            bytes.extend(file::VERSION.to_le_bytes());
            bytes.extend(crc32fast::hash(&rest).to_le_bytes());
            bytes.append(&mut rest);
            rest = bytes;
        }
        prop_assert!(Kept::open(rest, &key()).is_err());
    }
}

#[test]
fn no_beginning_of_a_snapshot_is_taken_for_one() {
    let bytes = bytes(&store());
    for length in 0..bytes.len() {
        assert!(
            Kept::open(bytes[..length].to_vec(), &key()).is_err(),
            "{length} bytes"
        );
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(Kept::open(longer, &key()).err(), Some(Unusable::Damaged));
}

#[test]
fn other_versions_and_other_keys_are_refused_by_name() {
    let bytes = bytes(&store());
    let other = Key {
        region: "us-east-1".to_owned(),
        ..key()
    };
    assert_eq!(
        Kept::open(bytes.clone(), &other).err(),
        Some(Unusable::Foreign)
    );
    let mut newer = bytes.clone();
    newer[8] += 1;
    let version = file::VERSION + 1;
    assert_eq!(
        Kept::open(newer, &key()).err(),
        Some(Unusable::Version(version))
    );
    assert_eq!(
        Kept::open(b"[profile]\n".to_vec(), &key()).err(),
        Some(Unusable::Unknown)
    );
    // What the checksum lets through is still measured.
    let mut torn = bytes;
    torn.truncate(torn.len() - 1);
    let checksum = crc32fast::hash(&torn[16..]);
    torn[12..16].copy_from_slice(&checksum.to_le_bytes());
    let kept = Kept::open(torn, &key()).unwrap();
    assert_eq!(kept.rest().err(), Some(Unusable::Damaged));
}

#[test]
fn secrets_never_get_into_the_bytes() {
    const HIDDEN: &str = "hunter2-zebra";
    let mut store = store();
    let name = full::arn("task-definition", "web:7");
    let mut definition = samples::definition(&name);
    let container = &mut definition.containers[0];
    container.environment = vec![("PASSWORD".to_owned(), Secret::new(HIDDEN))];
    container.command = vec![format!("--token={HIDDEN}")];
    container.labels = vec![("key".to_owned(), HIDDEN.to_owned())];
    let query = Query::Definition { definition: name };
    answer(
        &mut store,
        &query,
        vec![Entity::Definition(Box::new(definition))],
        5,
    );
    let mut task = full::task(&cluster(), "3", 1);
    task.overrides = vec![format!("command of app: --token={HIDDEN}")];
    let one = Query::Task {
        cluster: cluster(),
        task: task.arn.clone(),
    };
    answer(&mut store, &one, vec![Entity::Task(Box::new(task))], 5);
    let fault = Fault {
        kind: FaultKind::Refused,
        op: "ListServices".to_owned(),
        message: HIDDEN.to_owned(),
        hint: String::new(),
    };
    store.apply(&services(), Piece::Failed { fault, calls: 1 }, after(0));

    let bytes = bytes(&store);
    let kept = Kept::open(bytes.clone(), &key()).unwrap();
    let mut plain = bytes;
    for place in 0..kept.header.parts.len() {
        plain.extend(kept.unpacked(place).unwrap());
    }
    let holds = |text: &str| {
        plain
            .windows(text.len())
            .any(|piece| piece == text.as_bytes())
    };
    // It is looked for where the rest is found.
    assert!(holds("EssentialContainerExited") && holds("shop/web:7"));
    assert!(!holds(HIDDEN));
    assert!(!holds("PASSWORD"));
}

#[test]
fn of_the_events_of_a_service_the_newest_are_kept() {
    let mut store = Store::new();
    let mut many = full::service(&cluster(), "api", 1);
    many.events = (0..100)
        .map(|number| samples::event(&number.to_string(), "it did something"))
        .collect();
    let arn = many.arn.clone();
    answer(
        &mut store,
        &services(),
        vec![Entity::Service(Box::new(many))],
        5,
    );
    let back = restored(&bytes(&store), after(0));
    let ids: Vec<_> = back
        .service(&arn)
        .unwrap()
        .events
        .iter()
        .map(|event| event.id.as_str())
        .collect();
    assert_eq!(ids.len(), EVENTS_WRITTEN);
    assert_eq!(ids[..2], ["0", "1"]);
}

#[test]
fn what_tells_of_the_moment_is_not_kept() {
    let mut store = store();
    let of = full::arn("service", "web/api");
    let query = Query::Metrics {
        cluster: cluster(),
        of: MetricOf::Service(of.clone()),
    };
    let metrics = Metrics {
        of: of.clone(),
        source: MetricSource::Ecs,
        cpu: Vec::new(),
        memory: Vec::new(),
        asked: 2,
    };
    answer(
        &mut store,
        &query,
        vec![Entity::Metrics(Box::new(metrics))],
        5,
    );
    let identity = Entity::Identity(origin().identity);
    answer(&mut store, &Query::Identity, vec![identity], 5);
    let back = restored(&bytes(&store), after(0));
    assert!(back.metrics(&of).is_none() && back.identity().is_none());
    assert!(!back.listing(&query).is_complete() && !back.listing(&Query::Identity).is_complete());
}

#[test]
fn lists_are_as_old_as_they_are() {
    let bytes = bytes(&store());
    let hour = restored(&bytes, after(3_600));
    let later = Now {
        mono: after(0).mono + Duration::from_secs(7),
        ..after(3_607)
    };
    let age = hour.listing(&services()).age(later);
    assert_eq!(age, Some(Duration::from_secs(3_600 + 20 + 7)));
    assert!(hour.listing(&services()).is_complete() && !hour.listing(&services()).is_current());
    // A clock that went back makes nothing younger than it was when it was kept.
    let back = restored(&bytes, after(-100_000));
    assert_eq!(
        back.listing(&services()).age(after(-100_000)),
        Some(Duration::from_secs(20))
    );
    // What is kept again has its own time.
    let again = content(&hour);
    let list = again
        .lists
        .iter()
        .find(|list| list.query == services())
        .unwrap();
    assert_eq!(list.fetched, after(-20).wall);
}

#[test]
fn a_snapshot_that_is_too_large_goes_without_tasks() {
    let mut store = store();
    let stopped = (0..200)
        .map(|number| task(&format!("{number:032}"), number))
        .collect();
    answer(&mut store, &tasks(true), stopped, 5);
    let whole = bytes(&store);
    let encoded = |most| encode(store.snapshot(origin(), TAKEN), &key(), most);
    let less = encoded(whole.len() - 1).unwrap();
    assert!(less.len() < whole.len());
    let back = restored(&less, after(0));
    assert!(back.listing(&tasks(false)).is_complete() && !back.listing(&tasks(true)).is_complete());
    assert_eq!(back.size(), (1, 1, 1));
    let least = encoded(less.len() - 1).unwrap();
    assert_eq!(restored(&least, after(0)).size(), (1, 1, 0));
    assert!(matches!(
        encoded(least.len() - 1),
        Err(Unwritable::TooLarge { .. })
    ));
}

#[test]
fn what_was_fetched_since_is_not_overwritten() {
    let bytes = bytes(&store());
    let kept = Kept::open(bytes, &key()).unwrap();
    let mut store = Store::new();
    store.restore(kept.front().unwrap(), after(60));
    // An answer comes between the two parts: of the two tasks, one is newer and the other is gone.
    let newer = full::task(&cluster(), "1", 9);
    let arn = newer.arn.clone();
    answer(
        &mut store,
        &tasks(false),
        vec![Entity::Task(Box::new(newer))],
        -70,
    );
    store.restore(kept.rest().unwrap(), after(80));
    assert_eq!(store.task(&arn).unwrap().version, 9);
    assert!(store.listing(&tasks(false)).is_current());
    assert_eq!(store.tasks_of(&cluster(), &TaskFilter::All, false).len(), 1);
    assert!(store.task(&full::arn("task", "web/2")).is_some());
}

#[test]
fn dropping_what_was_restored_leaves_what_was_fetched() {
    let mut store = restored(&bytes(&store()), after(60));
    assert_eq!(store.restored(), Some(&origin()));
    // One of the restored services was fetched, another came; of the answer more is to come.
    let entities = vec![service("api", 3), service("new", 4)];
    let items: Vec<_> = entities.iter().map(name_of).collect();
    let some = Piece::Some {
        entities,
        items: items.clone(),
    };
    store.apply(&services(), some, after(61));
    store.drop_restored();
    assert_eq!(store.restored(), None);
    assert_eq!(store.size(), (0, 2, 0));
    assert_eq!(store.listing(&services()).items(), items);
    assert!(!store.listing(&services()).is_complete());
    for query in [
        Query::Clusters(None),
        Query::Families(None),
        tasks(false),
        tasks(true),
    ] {
        assert!(store.listing(&query).items().is_empty(), "{query}");
        assert_eq!(store.listing(&query).age(after(62)), None, "{query}");
    }
}

#[test]
fn what_was_confirmed_is_not_dropped() {
    let mut store = restored(&bytes(&store()), after(60));
    store.confirm_restored();
    assert_eq!(store.restored(), None);
    store.drop_restored();
    assert_eq!(store.size(), (1, 1, 2));
}

#[test]
fn only_what_changes_counts_as_a_change() {
    let mut store = store();
    let before = store.changes();
    assert!(before > 0);
    answer(&mut store, &services(), vec![service("api", 2)], 1);
    assert_eq!(store.changes(), before);
    answer(&mut store, &services(), vec![service("api", 9)], 0);
    assert_eq!(store.changes(), before + 1);
    // One that comes is a thing and an item of the list, one that goes an item.
    answer(&mut store, &services(), vec![service("new", 1)], 0);
    assert_eq!(store.changes(), before + 4);
}
