//! What the store keeps, replaces and forgets.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::*;
use crate::model::{Fault, FaultKind, Timestamp};

fn at(seconds: i64) -> Now {
    Now {
        wall: Timestamp(seconds * 1000),
        mono: Duration::from_secs(u64::try_from(seconds).unwrap()),
    }
}

fn fault(message: &str) -> Fault {
    Fault {
        kind: FaultKind::Network,
        op: "ListClusters".into(),
        message: message.into(),
        hint: String::new(),
    }
}

fn cluster(name: &str) -> (Arn, Entity) {
    let arn = Arn::new(&format!("arn:aws:ecs:r:1:cluster/{name}"));
    let cluster = crate::model::samples::cluster(&arn);
    (arn, Entity::Cluster(cluster))
}

fn fetch(store: &mut Store, query: &Query, things: Vec<(Arn, Entity)>, now: Now) {
    let (items, entities): (Vec<_>, Vec<_>) = things.into_iter().unzip();
    store.apply(
        query,
        Part::Some {
            entities,
            items: items.clone(),
        },
        now,
    );
    store.apply(query, Part::Done { items, calls: 1 }, now);
}

#[test]
fn rows_stay_when_a_fetch_fails_and_the_fault_keeps_its_start() {
    let mut store = Store::new();
    fetch(
        &mut store,
        &Query::Clusters(None),
        vec![cluster("web")],
        at(1),
    );
    store.apply(
        &Query::Clusters(None),
        Part::Failed {
            fault: fault("one"),
            calls: 1,
        },
        at(5),
    );
    store.apply(
        &Query::Clusters(None),
        Part::Failed {
            fault: fault("two"),
            calls: 1,
        },
        at(9),
    );

    assert_eq!(store.clusters().count(), 1);
    let listing = store.listing(&Query::Clusters(None));
    let record = listing.fault().unwrap();
    assert_eq!(
        (record.fault.message.as_str(), record.since, record.times),
        ("two", at(5).wall, 2)
    );
    assert_eq!(listing.age(at(11)), Some(Duration::from_secs(10)));

    fetch(
        &mut store,
        &Query::Clusters(None),
        vec![cluster("web")],
        at(12),
    );
    assert!(store.listing(&Query::Clusters(None)).fault().is_none());
}

#[test]
fn a_row_that_is_gone_from_every_list_is_forgotten() {
    let mut store = Store::new();
    let (web, web_entity) = cluster("web");
    let (api, api_entity) = cluster("api");
    fetch(
        &mut store,
        &Query::Clusters(None),
        vec![(web.clone(), web_entity), (api.clone(), api_entity)],
        at(1),
    );
    fetch(
        &mut store,
        &Query::Clusters(None),
        vec![cluster("web")],
        at(2),
    );
    assert!(store.cluster(&web).is_some());
    assert!(store.cluster(&api).is_none());
}

#[test]
fn a_failure_after_parts_keeps_old_and_new_rows() {
    let mut store = Store::new();
    fetch(
        &mut store,
        &Query::Clusters(None),
        vec![cluster("old")],
        at(1),
    );
    let (new, entity) = cluster("new");
    store.apply(
        &Query::Clusters(None),
        Part::Some {
            entities: vec![entity],
            items: vec![new],
        },
        at(2),
    );
    store.apply(
        &Query::Clusters(None),
        Part::Failed {
            fault: fault("x"),
            calls: 2,
        },
        at(3),
    );
    let names: Vec<_> = store
        .clusters()
        .map(|cluster| cluster.name.clone())
        .collect();
    assert_eq!(names, ["old", "new"]);
}

#[test]
fn an_older_version_of_a_task_does_not_replace_a_newer_one() {
    let mut store = Store::new();
    let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
    let arn = Arn::new("arn:aws:ecs:r:1:task/web/aaaa");
    let query = Query::Task {
        cluster: cluster.clone(),
        task: arn.clone(),
    };
    let mut task = crate::model::samples::task(&arn, &cluster);
    task.version = 7;
    task.last_status = "RUNNING".into();
    fetch(
        &mut store,
        &query,
        vec![(arn.clone(), Entity::Task(Box::new(task.clone())))],
        at(1),
    );
    task.version = 6;
    task.last_status = "PENDING".into();
    fetch(
        &mut store,
        &query,
        vec![(arn.clone(), Entity::Task(Box::new(task)))],
        at(2),
    );
    assert_eq!(store.task(&arn).unwrap().last_status, "RUNNING");
}

#[test]
fn old_short_arns_find_their_cluster_by_the_thing_itself() {
    let mut store = Store::new();
    let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
    let arn = Arn::new("arn:aws:ecs:r:1:service/api");
    assert_eq!(store.cluster_of(&arn), None);
    let service = crate::model::samples::service(&arn, &cluster);
    let query = Query::Services {
        cluster: cluster.clone(),
    };
    fetch(
        &mut store,
        &query,
        vec![(arn.clone(), Entity::Service(Box::new(service)))],
        at(1),
    );
    assert_eq!(store.cluster_of(&arn), Some(cluster));
}

#[test]
fn what_stands_on_two_pages_of_a_list_is_one_row() {
    let mut store = Store::new();
    let twice = vec![Arn::new("a"), Arn::new("b"), Arn::new("a")];
    let done = Part::Done {
        items: twice,
        calls: 2,
    };
    store.apply(&Query::Families(None), done, Now::default());
    let items = store.listing(&Query::Families(None)).items();
    assert_eq!(items, [Arn::new("a"), Arn::new("b")]);
}

mod images {
    use super::*;
    use crate::model::{Image, ImageTag, samples};

    fn repository() -> Arn {
        Arn::new("arn:aws:ecr:r:1:repository/shop/web")
    }

    fn image(digest: &str, tags: &[&str]) -> Image {
        Image {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            size: Some(10),
            ..samples::image(&repository(), digest)
        }
    }

    fn list(store: &mut Store, images: &[Image]) {
        let query = Query::Images {
            repository: repository(),
        };
        let items: Vec<Arn> = images.iter().map(|image| image.arn.clone()).collect();
        let entities = images.iter().cloned();
        let some = Part::Some {
            entities: entities.map(|one| Entity::Image(Box::new(one))).collect(),
            items: items.clone(),
        };
        store.apply(&query, some, Now::default());
        store.apply(&query, Part::Done { items, calls: 1 }, Now::default());
    }

    fn points_to(store: &Store, tag: &str) -> Option<String> {
        let image = store.image_of_tag(&repository().tag(tag));
        image.map(|image| image.name().to_owned())
    }

    fn tags(store: &Store, digest: &str) -> Vec<String> {
        let image = store.image(&repository().image(digest));
        image.map(|image| image.tags.clone()).unwrap_or_default()
    }

    #[test]
    fn a_tag_is_that_of_one_image_only() {
        let mut store = Store::new();
        list(
            &mut store,
            &[image("a", &["stable", "v1"]), image("b", &[])],
        );
        assert_eq!(points_to(&store, "stable"), Some("a".to_owned()));
        let pointer = ImageTag {
            repository: repository(),
            name: "stable".to_owned(),
            digest: Some("b".to_owned()),
        };
        let query = Query::Tag {
            tag: repository().tag("stable"),
        };
        let some = Part::Some {
            entities: vec![Entity::Tag(pointer)],
            items: Vec::new(),
        };
        store.apply(&query, some, Now::default());
        assert_eq!(points_to(&store, "stable"), Some("b".to_owned()));
        assert_eq!(
            (tags(&store, "a"), tags(&store, "b")),
            (vec!["v1".to_owned()], vec!["stable".to_owned()])
        );
    }

    #[test]
    fn tags_go_with_their_image_and_with_what_it_says() {
        let mut store = Store::new();
        list(
            &mut store,
            &[image("a", &["stable", "v1"]), image("b", &["v2"])],
        );
        list(&mut store, &[image("a", &["v1"])]);
        assert_eq!(points_to(&store, "stable"), None);
        assert_eq!(points_to(&store, "v1"), Some("a".to_owned()));
        assert_eq!(points_to(&store, "v2"), None);
        assert!(store.image(&repository().image("b")).is_none());
    }

    #[test]
    fn totals_count_the_images_of_an_index_once() {
        let mut store = Store::new();
        assert_eq!(store.image_total(&repository()), None);
        let index = Image {
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
            ..image("i", &["stable"])
        };
        list(&mut store, &[index, image("a", &[]), image("b", &[])]);
        let total = store.image_total(&repository()).unwrap_or_default();
        assert_eq!((total.images, total.bytes), (3, 20));
    }
}
