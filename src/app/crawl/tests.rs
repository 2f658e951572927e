#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    app::{Connection, Event, Options, tests::options},
    model::{Entity, Part, Service, Task, TaskDefinition, Timestamp, samples},
    resource::Place,
};

/// An account in which nothing moves: clusters of services of one task each, with two task definitions and two tags.
struct World {
    clusters: usize,
    services: usize,
}

impl World {
    fn cluster(number: usize) -> Arn {
        Arn::new(&format!(
            "arn:aws:ecs:eu-west-1:123456789012:cluster/c{number:03}"
        ))
    }

    fn definition(number: usize) -> Arn {
        Arn::new(&format!(
            "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:{}",
            number % 2 + 1
        ))
    }

    /// The answer to a query, and the calls that it takes.
    fn answer(&self, query: &Query) -> (Vec<(Arn, Entity)>, usize) {
        let pages = |size: usize| size.div_ceil(100);
        match query {
            Query::Clusters(None) => {
                let clusters = (0..self.clusters).map(|number| {
                    let arn = Self::cluster(number);
                    let mut cluster = samples::cluster(&arn);
                    cluster.active_services = i32::try_from(self.services).unwrap();
                    cluster.running_tasks = cluster.active_services;
                    (arn, Entity::Cluster(cluster))
                });
                (clusters.collect(), 2 * pages(self.clusters))
            }
            Query::Services { cluster } => {
                let services = (0..self.services).map(|number| {
                    let name = format!(
                        "arn:aws:ecs:eu-west-1:123456789012:service/{}/s{number}",
                        cluster.name()
                    );
                    let arn = Arn::new(&name);
                    let service = Service {
                        task_definition: Some(Self::definition(number)),
                        ..samples::service(&arn, cluster)
                    };
                    (arn, Entity::Service(Box::new(service)))
                });
                let calls = pages(self.services) + self.services.div_ceil(10);
                (services.collect(), calls)
            }
            Query::Tasks {
                cluster,
                stopped: false,
                ..
            } => {
                let tasks = (0..self.services).map(|number| {
                    let name = format!(
                        "arn:aws:ecs:eu-west-1:123456789012:task/{}/t{number}",
                        cluster.name()
                    );
                    let arn = Arn::new(&name);
                    let image = format!(
                        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v{}",
                        number % 2
                    );
                    let mut container = samples::container("app", &image);
                    container.digest = Some("sha256:1".to_owned());
                    let task = Task {
                        definition: Self::definition(number),
                        containers: vec![container],
                        ..samples::task(&arn, cluster)
                    };
                    (arn, Entity::Task(Box::new(task)))
                });
                (tasks.collect(), 2 * pages(self.services))
            }
            Query::Definition { definition } => {
                let known = TaskDefinition {
                    arn: definition.clone(),
                    ..samples::definition(definition)
                };
                let entity = Entity::Definition(Box::new(known));
                (vec![(definition.clone(), entity)], 1)
            }
            _ => (Vec::new(), 1),
        }
    }
}

/// The program on such an account.
struct Stage {
    app: App,
    world: World,
    now: Now,
    effects: Vec<Effect>,
    /// What was asked, with the calls that it took.
    asked: Vec<(Query, usize)>,
}

impl Stage {
    fn new(clusters: usize, services: usize) -> Self {
        let now = Now {
            wall: Timestamp(1_000),
            mono: Duration::from_secs(1),
        };
        let options = Options {
            crawl: true,
            pause_after: Duration::from_hours(2),
            ..options()
        };
        let mut stage = Self {
            app: App::new(options, now),
            world: World { clusters, services },
            now,
            effects: Vec::new(),
            asked: Vec::new(),
        };
        stage.send(Event::Connected {
            epoch: 1,
            result: Ok(Connection::default()),
        });
        stage
    }

    fn send(&mut self, event: Event) {
        let effects = self.app.update(event, self.now);
        self.effects.extend(effects);
    }

    /// The queries that were asked since this was last looked at.
    fn queries(&mut self) -> Vec<Query> {
        let effects = std::mem::take(&mut self.effects).into_iter();
        effects
            .flat_map(|effect| match effect {
                Effect::Fetch { query, .. } => vec![query],
                Effect::FetchTasks { cluster, .. } => [false, true]
                    .map(|stopped| tasks_of(&cluster, stopped))
                    .to_vec(),
                Effect::Resolve { queries, .. } => queries,
                _ => Vec::new(),
            })
            .collect()
    }

    /// Answers one query.
    fn answer(&mut self, query: &Query) {
        let (found, calls) = self.world.answer(query);
        self.asked.push((query.clone(), calls));
        let (items, entities): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let some = Part::Some {
            entities,
            items: items.clone(),
        };
        let calls = u32::try_from(calls).unwrap();
        for part in [some, Part::Done { items, calls }] {
            let query = query.clone();
            self.send(Event::Fetched {
                epoch: 1,
                query,
                part,
            });
        }
    }

    /// Answers all that is asked until nothing more is.
    fn settle(&mut self) {
        loop {
            let queries = self.queries();
            if queries.is_empty() {
                return;
            }
            for query in queries {
                self.answer(&query);
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while let Some(at) = self.app.next_wake().filter(|at| *at <= end) {
            self.now.mono = at.max(self.now.mono);
            self.send(Event::Wake);
            self.settle();
        }
        self.now.mono = end;
    }

    /// The calls that queries of a kind took.
    fn calls(&self, of: impl Fn(&Query) -> bool) -> usize {
        let asked = self.asked.iter();
        asked
            .filter(|(query, _)| of(query))
            .map(|(_, calls)| calls)
            .sum()
    }
}

fn is_services(query: &Query) -> bool {
    matches!(query, Query::Services { .. })
}

fn is_tasks(query: &Query) -> bool {
    matches!(query, Query::Tasks { .. })
}

#[test]
fn what_is_asked_first_leads_to_the_rest() {
    let mut stage = Stage::new(1, 3);
    assert_eq!(stage.queries(), [Query::Identity, Query::Clusters(None)]);
    stage.answer(&Query::Identity);
    stage.answer(&Query::Clusters(None));
    let cluster = World::cluster(0);
    let services = Query::Services {
        cluster: cluster.clone(),
    };
    let tasks = [false, true].map(|stopped| tasks_of(&cluster, stopped));
    let expected = [services.clone(), tasks[0].clone(), tasks[1].clone()];
    assert_eq!(stage.queries(), expected);
    stage.answer(&services);
    let definitions = [0, 1].map(|number| Query::Definition {
        definition: World::definition(number),
    });
    assert_eq!(stage.queries(), definitions);
    for query in tasks.into_iter().chain(definitions) {
        stage.answer(&query);
    }
    let tag = |name: &str| Query::Tag {
        tag: Arn::new("arn:aws:ecr:eu-west-1:123456789012:repository/web").tag(name),
    };
    assert_eq!(stage.queries(), [tag("v0"), tag("v1")]);
}

#[test]
fn nothing_is_asked_twice_and_empty_clusters_only_for_what_stopped() {
    let mut stage = Stage::new(40, 0);
    stage.settle();
    assert_eq!(stage.asked.len(), 2 + 40);
    let stopped = |query: &Query| matches!(query, Query::Tasks { stopped: true, .. });
    assert_eq!(stage.calls(stopped), 40);
    let mut full = Stage::new(40, 20);
    full.settle();
    let queries: HashSet<_> = full.asked.iter().map(|(query, _)| query).collect();
    assert_eq!(queries.len(), full.asked.len());
    assert_eq!(full.asked.len(), 2 + 40 * 3 + 2 + 2);
}

#[test]
fn half_an_hour_of_two_thousand_services_takes_less_than_a_tenth_of_the_quota() {
    let mut stage = Stage::new(20, 100);
    stage.settle();
    assert_eq!(stage.calls(is_services), 220);
    assert_eq!(stage.calls(is_tasks), 60);
    stage.asked.clear();
    let half_an_hour = Duration::from_mins(30);
    stage.pass(half_an_hour);
    // 220 calls at 2 a second take 110 s; from there on the time between two rounds doubles, up to ten minutes: rounds
    // 110, 220, 440, 880 and 1,480 seconds after the first.
    assert_eq!(stage.calls(is_services), 5 * 220);
    // 60 calls take 30 s: after 30, 60, 120, 240, 480, 960 and 1,560 seconds.
    assert_eq!(stage.calls(is_tasks), 7 * 60);
    let tenth = 2 * usize::try_from(half_an_hour.as_secs()).unwrap();
    assert!(stage.calls(is_services) + stage.calls(is_tasks) < tenth);
}

#[test]
fn nothing_is_asked_in_the_background_while_paused() {
    let mut stage = Stage::new(3, 10);
    stage.settle();
    stage.asked.clear();
    stage.pass(Duration::from_hours(2));
    stage.asked.clear();
    stage.pass(Duration::from_hours(2));
    assert_eq!(stage.asked, []);
    stage.send(Event::Key("down".parse().unwrap()));
    stage.settle();
    assert_eq!(stage.calls(is_services), 3 * 2);
}

#[test]
fn what_a_person_opens_is_made_urgent() {
    let mut stage = Stage::new(3, 10);
    stage.answer(&Query::Clusters(None));
    stage.queries();
    let cluster = World::cluster(2);
    let place = Place::of("services", crate::model::Subject::whole(&cluster));
    stage.app.jump(&place);
    stage.send(Event::Wake);
    let raised = Effect::Raise(Query::Services { cluster });
    assert_eq!(stage.effects, [raised]);
}
