#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use super::*;
use crate::{
    model::{Arn, Entity, Subject, Task, samples},
    resource::Scope,
    schedule::Urgency,
    theme::Depth,
};

pub(super) fn app() -> (App, Now) {
    let now = Now::default();
    (App::new(options(), now), now)
}

/// What a program with nothing special starts with.
pub(super) fn options() -> Options {
    Options {
        keys: BTreeMap::new(),
        theme: Theme::builtin("mono", Depth::None).unwrap(),
        find_theme: Box::new(|name| Err(format!("there is no theme {name}"))),
        ascii: false,
        pace: Pace::default(),
        pause_after: Duration::from_mins(15),
        cluster: None,
        service: None,
        context: Context::default(),
        host_engines: false,
        protects: Box::new(|_| false),
        crawl: false,
        seed: 1,
        notices: Vec::new(),
    }
}

fn know(app: &mut App, now: Now, query: &Query, entities: Vec<Entity>, items: &[Arn]) {
    let some = Part::Some {
        entities,
        items: items.to_vec(),
    };
    app.scene.store.apply(query, some, now);
}

#[test]
fn the_root_is_never_taken_away() {
    let (mut app, _) = app();
    for _ in 0..3 {
        app.pop();
    }
    assert_eq!(app.layers.len(), 1);
    assert_eq!(app.layers[0].view(), Some("clusters"));
}

#[test]
fn a_jump_puts_the_parents_behind_the_place() {
    let (mut app, now) = app();
    let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
    let service = Arn::new("arn:aws:ecs:r:1:service/web/api");
    let task = Arn::new("arn:aws:ecs:r:1:task/web/0123456789abcdef");
    let entity = Entity::Cluster(samples::cluster(&cluster));
    know(
        &mut app,
        now,
        &Query::Clusters(None),
        vec![entity],
        std::slice::from_ref(&cluster),
    );
    let services = Query::Services {
        cluster: cluster.clone(),
    };
    let entity = Entity::Service(Box::new(samples::service(&service, &cluster)));
    know(
        &mut app,
        now,
        &services,
        vec![entity],
        std::slice::from_ref(&service),
    );
    let of_service = Task {
        group: "service:api".to_owned(),
        ..samples::task(&task, &cluster)
    };
    let tasks = Query::Task {
        cluster: cluster.clone(),
        task: task.clone(),
    };
    let entity = Entity::Task(Box::new(of_service));
    know(
        &mut app,
        now,
        &tasks,
        vec![entity],
        std::slice::from_ref(&task),
    );
    let views =
        |app: &App| -> Vec<&str> { app.layers.iter().filter_map(|layer| layer.view()).collect() };
    app.jump(&Place::of("containers", Subject::whole(&task)));
    assert_eq!(views(&app), ["clusters", "services", "tasks", "containers"]);
    app.jump(&Place::of("tasks", Subject::whole(&cluster)));
    assert_eq!(views(&app), ["clusters", "tasks"]);
    app.jump(&Place::of(
        "revisions",
        Subject::whole(&Arn::of_family("r", "web")),
    ));
    assert_eq!(views(&app), ["clusters", "families", "revisions"]);
    let everything = Place {
        view: "services",
        scope: Scope::account(),
    };
    app.jump(&everything);
    assert_eq!(views(&app), ["clusters", "services"]);
}

#[test]
fn what_lies_behind_is_wanted_less_urgently_and_once() {
    let (mut app, _) = app();
    let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
    app.jump(&Place::of("services", Subject::whole(&cluster)));
    let urgencies: Vec<_> = app
        .wants()
        .into_iter()
        .map(|want| (want.query, want.urgency))
        .collect();
    let services = Query::Services { cluster };
    assert_eq!(
        urgencies,
        [
            (Query::Identity, Urgency::Visible),
            (services, Urgency::Visible),
            (Query::Clusters(None), Urgency::Background)
        ]
    );
}
