#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use rstest::rstest;

use super::*;
use crate::{
    model::{
        Entity, Fault, FaultKind, Image, ImageTag, Manifest, ManifestChild, Now, Part, Query,
        Service, Subject, TaskFilter, samples,
    },
    resource::{Cx, Page, Step, find},
};

const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
const OLD: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";
const NEW: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000002";
const CHILD: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000003";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn repository() -> Arn {
    Arn::new("arn:aws:ecr:eu-west-1:123456789012:repository/shop/web")
}

fn arn(resource: &str) -> Arn {
    Arn::new(&format!("arn:aws:ecs:eu-west-1:123456789012:{resource}"))
}

fn task(id: &str, image: &str, digest: Option<&str>) -> Task {
    let mut task = samples::task(&arn(&format!("task/shop/{id}")), &arn("cluster/shop"));
    task.group = "service:web".to_owned();
    task.containers = vec![samples::container("app", image)];
    task.containers[0].digest = digest.map(str::to_owned);
    task
}

fn stable(id: &str, digest: &str) -> Task {
    task(id, &format!("{HOST}/shop/web:stable"), Some(digest))
}

fn done(store: &mut Store, query: &Query, entities: Vec<Entity>, items: Vec<Arn>) {
    let now = Now::default();
    let some = Part::Some {
        entities,
        items: items.clone(),
    };
    store.apply(query, some, now);
    store.apply(query, Part::Done { items, calls: 1 }, now);
}

fn tag() -> Query {
    Query::Tag {
        tag: repository().tag("stable"),
    }
}

/// Says where `stable` points.
fn point(store: &mut Store, digest: Option<&str>, media_type: &str) {
    let image = digest.map(|digest| Image {
        tags: vec!["stable".to_owned()],
        media_type: media_type.to_owned(),
        ..samples::image(&repository(), digest)
    });
    let items = image.iter().map(|image| image.arn.clone()).collect();
    let pointer = Entity::Tag(ImageTag {
        repository: repository(),
        name: "stable".to_owned(),
        digest: digest.map(str::to_owned),
    });
    let image = image.map(|image| Entity::Image(Box::new(image)));
    done(
        store,
        &tag(),
        image.into_iter().chain([pointer]).collect(),
        items,
    );
}

fn index(store: &mut Store, children: &[&str]) {
    let image = repository().image(NEW);
    let child = |digest: &&str| ManifestChild {
        digest: (*digest).to_owned(),
        platform: Some("linux/amd64".to_owned()),
    };
    let manifest = Manifest {
        image: image.clone(),
        media_type: INDEX.to_owned(),
        children: children.iter().map(child).collect(),
    };
    let query = Query::Manifest { image };
    done(
        store,
        &query,
        vec![Entity::Manifest(Box::new(manifest))],
        Vec::new(),
    );
}

fn standing(task: &Task, store: &Store) -> Standing {
    of(&task.containers[0], task, store)
}

const SINGLE: &str = "application/vnd.docker.distribution.manifest.v2+json";

#[rstest]
#[case(NEW, SINGLE, Standing::Current("stable".to_owned()))]
#[case(OLD, SINGLE, Standing::Older("stable".to_owned()))]
#[case(NEW, INDEX, Standing::Current("stable".to_owned()))]
#[case(OLD, INDEX, Standing::Unknown(Unknown::Index(repository().image(NEW))))]
#[case(OLD, "", Standing::Unknown(Unknown::Index(repository().image(NEW))))]
fn drift_is_told_of_only_where_it_is_certain(
    #[case] running: &str,
    #[case] media_type: &str,
    #[case] expected: Standing,
) {
    let mut store = Store::new();
    let task = stable("a", running);
    let unknown = Standing::Unknown(Unknown::Tag(repository().tag("stable")));
    assert_eq!(standing(&task, &store), unknown);
    point(&mut store, Some(NEW), media_type);
    assert_eq!(standing(&task, &store), expected);
}

#[test]
fn an_image_of_the_index_is_what_the_tag_points_to() {
    let mut store = Store::new();
    point(&mut store, Some(NEW), INDEX);
    index(&mut store, &[CHILD]);
    let current = Standing::Current("stable".to_owned());
    assert_eq!(standing(&stable("a", CHILD), &store), current);
    assert_eq!(standing(&stable("a", NEW), &store), current);
    let older = Standing::Older("stable".to_owned());
    assert_eq!(standing(&stable("a", OLD), &store), older);
}

#[rstest]
#[case("nginx:stable", Some(OLD), Standing::Unknown(Unknown::Elsewhere))]
#[case(
    "999999999999.dkr.ecr.eu-west-1.amazonaws.com/shop/web:stable",
    Some(OLD),
    Standing::Unknown(Unknown::Elsewhere)
)]
#[case(
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:stable",
    Some(OLD),
    Standing::Unknown(Unknown::Elsewhere)
)]
#[case("HOST/shop/web:stable", None, Standing::Unknown(Unknown::NoDigest))]
#[case("HOST/shop/web:stable@sha256:ab", Some(OLD), Standing::Pinned)]
fn what_cannot_drift_or_be_asked_for_is_not_asked_for(
    #[case] image: &str,
    #[case] digest: Option<&str>,
    #[case] expected: Standing,
) {
    let mut store = Store::new();
    point(&mut store, Some(NEW), SINGLE);
    let task = task("a", &image.replace("HOST", HOST), digest);
    assert_eq!(standing(&task, &store), expected);
    know(&mut store, vec![task.clone()]);
    let cx = Cx {
        store: &store,
        now: Now::default(),
    };
    let live = live_tasks(&[Subject::whole(&task.arn)], &cx);
    assert_eq!(live.queries, []);
}

#[test]
fn a_tag_that_is_gone_is_told_of() {
    let mut store = Store::new();
    point(&mut store, None, SINGLE);
    let gone = Standing::Gone("stable".to_owned());
    assert_eq!(standing(&stable("a", OLD), &store), gone);
}

#[test]
fn a_stopped_task_runs_nothing() {
    let mut store = Store::new();
    point(&mut store, Some(NEW), SINGLE);
    let mut task = stable("a", OLD);
    task.last_status = "STOPPED".to_owned();
    assert_eq!(
        standing(&task, &store),
        Standing::Unknown(Unknown::NoDigest)
    );
}

/// Puts a service with these tasks into the store.
fn know(store: &mut Store, tasks: Vec<Task>) -> Service {
    let cluster = arn("cluster/shop");
    let mut service = samples::service(&arn("service/shop/web"), &cluster);
    service.running = i32::try_from(tasks.len()).unwrap();
    let query = Query::Services {
        cluster: cluster.clone(),
    };
    let items = vec![service.arn.clone()];
    done(
        store,
        &query,
        vec![Entity::Service(Box::new(service.clone()))],
        items,
    );
    let query = Query::Tasks {
        cluster,
        filter: TaskFilter::Service("web".to_owned()),
        stopped: false,
    };
    let items = tasks.iter().map(|task| task.arn.clone()).collect();
    let entities = tasks.into_iter().map(|task| Entity::Task(Box::new(task)));
    done(store, &query, entities.collect(), items);
    service
}

/// The cell of a column in the row of a thing.
fn cell(view: &str, title: &str, subject: &Subject, cx: &Cx) -> String {
    let view = find(view).unwrap();
    let of = match view.id() {
        "services" => arn("cluster/shop"),
        "tasks" => arn("service/shop/web"),
        _ => subject.arn.clone(),
    };
    let rows = view.rows(&crate::resource::Scope::of(Subject::whole(&of)), cx.store);
    let row = (0..rows.len())
        .find(|row| rows.subject(*row) == *subject)
        .unwrap();
    let heads = view.heads();
    let column = heads.iter().position(|head| head.title == title).unwrap();
    rows.cell(row, column, cx).text.into_owned()
}

#[test]
fn services_tasks_and_containers_say_it_in_words() {
    let mut store = Store::new();
    let tasks: Vec<Task> = (0..8)
        .map(|number| stable(&format!("{number}"), if number < 3 { OLD } else { NEW }))
        .collect();
    let first = Subject::whole(&tasks[0].arn);
    let last = Subject::whole(&tasks[7].arn);
    let service = know(&mut store, tasks);
    let subject = Subject::whole(&service.arn);
    let at = |seconds: u64| Now {
        mono: std::time::Duration::from_secs(seconds),
        ..Now::default()
    };
    {
        let cx = Cx {
            store: &store,
            now: at(0),
        };
        assert_eq!(cell("services", "DRIFT", &subject, &cx), "-");
        assert_eq!(
            live_services(std::slice::from_ref(&subject), &cx)
                .queries
                .last(),
            Some(&tag())
        );
    }
    point(&mut store, Some(NEW), SINGLE);
    let cx = Cx {
        store: &store,
        now: at(0),
    };
    assert_eq!(
        cell("services", "DRIFT", &subject, &cx),
        "3 of 8 run an older stable"
    );
    assert_eq!(cell("tasks", "DRIFT", &first, &cx), "older stable");
    assert_eq!(cell("tasks", "DRIFT", &last, &cx), "current");
    let app = Subject::part(&first.arn, "app");
    assert_eq!(cell("containers", "DRIFT", &app, &cx), "older stable");
    // Of tasks that were listed long ago nothing is said: they may be gone.
    let later = Cx {
        store: &store,
        now: at(300),
    };
    assert_eq!(cell("services", "DRIFT", &subject, &later), "-");
}

#[test]
fn one_question_a_tag_is_asked_and_an_index_only_in_doubt() {
    let mut store = Store::new();
    let tasks: Vec<Task> = (0..50)
        .map(|number| stable(&format!("{number}"), CHILD))
        .collect();
    let rows: Vec<Subject> = tasks.iter().map(|task| Subject::whole(&task.arn)).collect();
    know(&mut store, tasks);
    let asked = |store: &Store| {
        let now = Now::default();
        live_tasks(&rows, &Cx { store, now }).queries
    };
    assert_eq!(asked(&store), [tag()]);
    point(&mut store, Some(NEW), INDEX);
    let manifest = Query::Manifest {
        image: repository().image(NEW),
    };
    assert_eq!(asked(&store), [tag(), manifest]);
    index(&mut store, &[CHILD]);
    assert_eq!(asked(&store), [tag()]);
}

#[test]
fn pages_say_why_it_is_not_known() {
    let mut store = Store::new();
    let task = stable("a", OLD);
    know(&mut store, vec![task.clone()]);
    let page = |store: &Store| {
        let mut page = Page::new("x");
        let now = Now::default();
        field(&mut page, &task.containers[0], &task, &Cx { store, now });
        page.text(false)
    };
    assert!(page(&store).contains("ECR is asked where stable points"));
    let fault = Fault {
        kind: FaultKind::Denied {
            action: "ecr:DescribeImages".to_owned(),
        },
        op: "DescribeImages".to_owned(),
        message: "no".to_owned(),
        hint: "ask for a policy that allows ecr:DescribeImages".to_owned(),
    };
    let failed = Part::Failed { fault, calls: 1 };
    store.apply(&tag(), failed.clone(), Now::default());
    let text = page(&store);
    assert!(text.contains("denied ecr:DescribeImages"), "{text}");
    assert!(text.contains("ask for a policy"), "{text}");
    // What was known before stays, with its age.
    point(&mut store, Some(NEW), SINGLE);
    store.apply(&tag(), failed, Now::default());
    let text = page(&store);
    assert!(text.contains("stable points to 000000000000 now"), "{text}");
    assert!(text.contains("as of 0s ago"), "{text}");
}

#[test]
fn links_lead_to_the_image_or_to_its_repository() {
    let store = Store::new();
    let cx = Cx {
        store: &store,
        now: Now::default(),
    };
    let beside = arn("task/shop/a");
    let named = format!("{HOST}/shop/web:stable");
    let image = Step::Describe("images", Subject::whole(&repository().image(OLD)));
    assert_eq!(step(&named, Some(OLD), &beside, &cx), Some(image));
    let Some(Step::Open(place)) = step(&named, None, &beside, &cx) else {
        panic!("it leads elsewhere");
    };
    assert_eq!(
        (place.view, place.scope.of.unwrap().arn),
        ("images", repository())
    );
    assert_eq!(step("nginx", Some(OLD), &beside, &cx), None);
    let shared: Vec<Arc<Task>> = vec![Arc::new(stable("a", OLD))];
    assert_eq!(summary(shared.iter(), &store).words(), None);
}
