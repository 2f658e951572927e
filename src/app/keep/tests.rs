#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use ratatui::{buffer::Buffer, layout::Rect};

use super::*;
use crate::{
    app::{Event, tests},
    model::{
        Arn, Entity, Fault, FaultKind, Identity, Part, Query, Service, Subject, Timestamp, samples,
    },
    resource::Place,
    store::Store,
};

const ACCOUNT: &str = "111122223333";
const HOUR: u64 = 3_600;
const SCREEN: Rect = Rect::new(0, 0, 100, 24);

fn at(seconds: u64) -> Now {
    Now {
        wall: Timestamp(1_760_000_000_000 + i64::try_from(seconds).unwrap() * 1_000),
        mono: Duration::from_secs(seconds),
    }
}

fn cluster() -> Arn {
    Arn::new("arn:aws:ecs:eu-west-1:111122223333:cluster/web")
}

fn services() -> Query {
    Query::Services { cluster: cluster() }
}

fn service(name: &str, desired: i32) -> Entity {
    let arn = format!("arn:aws:ecs:eu-west-1:111122223333:service/web/{name}");
    Entity::Service(Box::new(Service {
        desired,
        ..samples::service(&Arn::new(&arn), &cluster())
    }))
}

fn all_services(desired: i32) -> Vec<Entity> {
    (0..40)
        .map(|number| service(&format!("api-{number}"), desired))
        .collect()
}

fn identity(account: &str) -> Identity {
    Identity {
        account: account.to_owned(),
        principal: String::new(),
    }
}

/// An answer in its two parts.
fn parts(entities: Vec<Entity>) -> [Part; 2] {
    let items: Vec<Arn> = entities
        .iter()
        .filter_map(|entity| match entity {
            Entity::Cluster(cluster) => Some(cluster.arn.clone()),
            Entity::Service(service) => Some(service.arn.clone()),
            _ => None,
        })
        .collect();
    let some = Part::Some {
        entities,
        items: items.clone(),
    };
    [some, Part::Done { items, calls: 1 }]
}

/// What a run kept that ended so many seconds before the next begins.
fn kept(seconds: i64) -> Snapshot {
    let taken = Timestamp(at(0).wall.0 - seconds * 1_000);
    let then = Now {
        wall: taken,
        mono: Duration::ZERO,
    };
    let mut store = Store::new();
    let cluster = Entity::Cluster(samples::cluster(&cluster()));
    for (query, entities) in [
        (Query::Clusters(None), vec![cluster]),
        (services(), all_services(1)),
    ] {
        for part in parts(entities) {
            store.apply(&query, part, then);
        }
    }
    let origin = Origin {
        identity: identity(ACCOUNT),
        profile: "shop".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: None,
    };
    store.snapshot(origin, taken)
}

struct Run {
    app: App,
    now: Now,
}

impl Run {
    /// Begun, keeping, with nothing heard of the network yet.
    fn new() -> Self {
        let (mut app, now) = (tests::app().0, at(0));
        app.keep(now);
        let mut run = Self { app, now };
        run.send(Event::Resize(SCREEN.width, SCREEN.height));
        run
    }

    fn after(snapshot: Snapshot) -> Self {
        let mut run = Self::new();
        run.restore(snapshot, false);
        run
    }

    fn send(&mut self, event: Event) -> Vec<Effect> {
        self.app.update(event, self.now)
    }

    fn restore(&mut self, snapshot: Snapshot, more: bool) {
        let snapshot = Box::new(snapshot);
        self.send(Event::Restored {
            epoch: self.app.epoch(),
            snapshot,
            more,
        });
    }

    fn connect(&mut self, region: &str) {
        let connection = Connection {
            profile: "shop".to_owned(),
            region: region.to_owned(),
            ..Connection::default()
        };
        let event = Event::Connected {
            epoch: self.app.epoch(),
            result: Ok(connection),
        };
        self.send(event);
    }

    fn part(&mut self, query: &Query, part: Part) -> Vec<Effect> {
        let event = Event::Fetched {
            epoch: self.app.epoch(),
            query: query.clone(),
            part,
        };
        self.send(event)
    }

    fn answer(&mut self, query: &Query, entities: Vec<Entity>) {
        for part in parts(entities) {
            self.part(query, part);
        }
    }

    fn identify(&mut self, account: &str) {
        self.answer(&Query::Identity, vec![Entity::Identity(identity(account))]);
    }

    /// Lets it be so many seconds after the start.
    fn wait_until(&mut self, seconds: u64) -> Vec<Effect> {
        self.now = at(seconds);
        self.send(Event::Wake)
    }

    fn text(&mut self) -> String {
        self.app.settle(self.now);
        let mut buffer = Buffer::empty(SCREEN);
        self.app.draw(SCREEN, &mut buffer, self.now);
        let line = |y| -> String { (0..SCREEN.width).map(|x| buffer[(x, y)].symbol()).collect() };
        (0..SCREEN.height).map(line).collect::<Vec<_>>().join("\n")
    }

    fn quit(&mut self) -> Vec<Effect> {
        self.send(Event::Hangup)
    }
}

fn keeps(effects: &[Effect]) -> usize {
    let kept = effects.iter().filter(|it| matches!(it, Effect::Keep(_)));
    kept.count()
}

fn assert_shows(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word} in:\n{text}");
    }
}

#[test]
fn the_first_frame_shows_what_was_kept_and_how_old_it_is() {
    let mut run = Run::after(kept(14 * 3_600 + 3_400));
    let text = run.text();
    assert_shows(
        &text,
        &[
            "shop",
            "1111-2222-3333",
            "eu-west-1",
            "14h old",
            "web",
            "ACTIVE",
        ],
    );
    // It grows older by itself, and is live as soon as an answer comes.
    run.connect("eu-west-1");
    run.wait_until(300);
    assert_shows(&run.text(), &["15h old"]);
    run.identify(ACCOUNT);
    run.answer(
        &Query::Clusters(None),
        vec![Entity::Cluster(samples::cluster(&cluster()))],
    );
    assert_shows(&run.text(), &["live", "web"]);
}

#[test]
fn what_was_kept_a_moment_ago_is_old_all_the_same() {
    assert_shows(&Run::after(kept(1)).text(), &["1s old"]);
    // By a clock that went back it was kept in the future.
    assert_shows(&Run::after(kept(-500)).text(), &["0s old"]);
}

#[test]
fn everything_restored_is_asked_for_at_once() {
    let mut run = Run::after(kept(60));
    run.app
        .jump(&Place::of("services", Subject::whole(&cluster())));
    let event = Event::Connected {
        epoch: run.app.epoch(),
        result: Ok(Connection {
            region: "eu-west-1".to_owned(),
            ..Connection::default()
        }),
    };
    let asked: Vec<_> = run
        .send(event)
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Fetch { query, .. } => Some(query),
            _ => None,
        })
        .collect();
    for query in [Query::Identity, services(), Query::Clusters(None)] {
        assert!(asked.contains(&query), "{query} in {asked:?}");
    }
}

#[test]
fn without_a_network_the_rows_stay_with_their_age_and_the_fault() {
    let mut run = Run::after(kept(26 * 3_600));
    run.connect("eu-west-1");
    let fault = Fault {
        kind: FaultKind::Network,
        op: "ListClusters".to_owned(),
        message: "cannot reach ecs.eu-west-1.amazonaws.com".to_owned(),
        hint: "check the network".to_owned(),
    };
    for query in [Query::Identity, Query::Clusters(None)] {
        let fault = fault.clone();
        run.part(&query, Part::Failed { fault, calls: 1 });
    }
    assert_shows(
        &run.text(),
        &["unreachable, 1d old", "cannot reach", "web", "ACTIVE"],
    );
    // Nothing was learned, so what is on the disk stays as it is.
    assert_eq!(run.quit(), [Effect::Quit]);
}

#[test]
fn a_connection_that_cannot_be_had_leaves_the_rows_too() {
    let mut run = Run::after(kept(26 * 3_600));
    let fault = Fault {
        kind: FaultKind::Unconfigured,
        op: "connect".to_owned(),
        message: "no profile".to_owned(),
        hint: String::new(),
    };
    let epoch = run.app.epoch();
    run.send(Event::Connected {
        epoch,
        result: Err(fault),
    });
    assert_shows(&run.text(), &["not configured, 1d old", "ACTIVE"]);
}

#[test]
fn what_is_of_another_account_goes_at_once() {
    let mut run = Run::after(kept(60));
    run.app
        .jump(&Place::of("services", Subject::whole(&cluster())));
    assert_shows(&run.text(), &["api-1"]);
    run.connect("eu-west-1");
    run.identify("444455556666");
    let text = run.text();
    assert_shows(
        &text,
        &["4444-5555-6666", "of account 444455556666", "loading"],
    );
    assert!(
        !text.contains("api-1") && !text.contains("ACTIVE"),
        "{text}"
    );
    assert_eq!(run.app.layers.len(), 1);
    // What else was kept comes too late.
    run.restore(kept(60), false);
    assert_eq!(run.app.store().size(), (0, 0, 0));
}

#[test]
fn what_is_of_another_region_goes_before_the_account_is_known() {
    let mut run = Run::after(kept(60));
    run.connect("us-east-1");
    assert_shows(&run.text(), &["us-east-1", "of eu-west-1 is gone"]);
    assert_eq!(run.app.store().size(), (0, 0, 0));
}

#[test]
fn the_start_is_found_in_what_was_kept_and_again_if_that_was_of_another_account() {
    let mut run = Run::new();
    run.app.start = Some(("web".to_owned(), None));
    run.restore(kept(60), false);
    assert_shows(&run.text(), &["services", "api-1"]);
    run.connect("eu-west-1");
    run.identify("444455556666");
    let other = Arn::new("arn:aws:ecs:eu-west-1:444455556666:cluster/web");
    let entities = vec![Entity::Cluster(samples::cluster(&other))];
    run.answer(&Query::Clusters(None), entities);
    let place = run.app.layers.last().unwrap().place().unwrap().clone();
    assert_eq!(place, Place::of("services", Subject::whole(&other)));
}

#[test]
fn a_cluster_that_was_not_there_yesterday_is_waited_for() {
    let mut run = Run::new();
    run.app.start = Some(("new".to_owned(), None));
    run.restore(kept(60), false);
    assert!(run.app.start.is_some());
    assert!(!run.text().contains("there is no cluster"));
}

/// A run that knows whose credentials it has, and all services.
fn settled() -> Run {
    let mut run = Run::new();
    run.connect("eu-west-1");
    run.identify(ACCOUNT);
    run.answer(
        &Query::Clusters(None),
        vec![Entity::Cluster(samples::cluster(&cluster()))],
    );
    run.answer(&services(), all_services(1));
    run
}

#[test]
fn much_that_is_new_is_kept_after_a_minute_and_nothing_new_never() {
    let mut run = settled();
    assert!(run.app.next_wake().is_some_and(|wake| wake <= SOON));
    assert_eq!(keeps(&run.wait_until(59)), 0);
    let effects = run.wait_until(60);
    let kept = effects.iter().find_map(|effect| match effect {
        Effect::Keep(snapshot) => Some(snapshot.origin.clone()),
        _ => None,
    });
    let origin = kept.unwrap();
    assert_eq!(origin.identity, identity(ACCOUNT));
    assert_eq!(
        (origin.profile.as_str(), origin.region.as_str()),
        ("shop", "eu-west-1")
    );
    // An answer that says the same is not worth a write.
    run.answer(&services(), all_services(1));
    assert_eq!(run.app.keeps_at(), None);
    assert_eq!(keeps(&run.wait_until(HOUR)), 0);
}

#[test]
fn little_that_is_new_waits_for_five_minutes() {
    let mut run = settled();
    assert_eq!(keeps(&run.wait_until(60)), 1);
    let mut one_scaled = all_services(1);
    one_scaled[3] = service("api-3", 7);
    run.answer(&services(), one_scaled);
    assert_eq!(run.app.keeps_at(), Some(at(360).mono));
    assert_eq!(keeps(&run.wait_until(359)), 0);
    assert_eq!(keeps(&run.wait_until(360)), 1);
    run.answer(&services(), all_services(2));
    assert_eq!(run.app.keeps_at(), Some(at(420).mono));
}

#[test]
fn leaving_keeps_what_came_last_before_it_leaves() {
    let mut run = settled();
    run.wait_until(60);
    run.answer(&services(), all_services(1));
    let effects = run.quit();
    assert!(
        matches!(effects[..], [Effect::Keep(_), Effect::Quit]),
        "{effects:?}"
    );
    assert_eq!(run.quit(), [Effect::Quit]);
}

#[test]
fn nothing_is_kept_that_is_not_known_whole_and_whose_it_is() {
    let mut run = Run::new();
    run.connect("eu-west-1");
    run.answer(&services(), all_services(1));
    assert_eq!(run.app.keeps_at(), None);
    // The account is known; what was kept of its tasks is not read yet.
    run.restore(kept(60), true);
    run.identify(ACCOUNT);
    assert_eq!(run.app.keeps_at(), None);
    assert_eq!(run.quit(), [Effect::Quit]);
    run.restore(kept(60), false);
    assert_eq!(run.app.keeps_at(), Some(SOON));
    // One that keeps nothing never does.
    run.app.keeping.on = false;
    assert_eq!(run.app.keeps_at(), None);
    assert_eq!(run.quit(), [Effect::Quit]);
}
