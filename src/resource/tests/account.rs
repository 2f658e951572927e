//! An account with a thing of every shape, and a way to read a view's table as text.

use std::time::Duration;

use crate::{
    model::{
        Arn, CircuitBreaker, ContainerDefinition, EngineReport, Entity, Goal, LogConfiguration,
        Now, Part, PortBinding, PortMapping, Query, Rollout, Secret, Service, Subject, Task,
        TaskDefinition, TaskFilter, TaskSet, Timestamp, samples,
    },
    resource::{Cx, Head, Scope, find},
    store::Store,
};

/// The moment at which tests look: a day after the epoch of the things below.
pub const NOW: Now = Now {
    wall: Timestamp(1_700_086_400_000),
    mono: Duration::from_mins(1),
};

/// A moment so many seconds before [`NOW`].
#[expect(clippy::unnecessary_wraps, reason = "the model's times are optional")]
pub fn ago(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp(NOW.wall.0 - seconds * 1000))
}

pub fn arn(resource: &str) -> Arn {
    Arn::new(&format!("arn:aws:ecs:eu-west-1:123456789012:{resource}"))
}

pub fn subject(resource: &str) -> Subject {
    Subject::whole(&arn(resource))
}

pub fn shop() -> Arn {
    arn("cluster/shop")
}

pub fn answer(store: &mut Store, query: &Query, things: Vec<(Arn, Option<Entity>)>) {
    let items: Vec<_> = things.iter().map(|(arn, _)| arn.clone()).collect();
    let entities = things
        .into_iter()
        .filter_map(|(_, entity)| entity)
        .collect();
    let part = Part::Some {
        entities,
        items: items.clone(),
    };
    store.apply(query, part, NOW);
    store.apply(query, Part::Done { items, calls: 1 }, NOW);
}

fn service(resource: &str, counts: (i32, i32, i32)) -> Service {
    let mut service = samples::service(&arn(resource), &shop());
    (service.desired, service.running, service.pending) = counts;
    service
}

fn services() -> Vec<Service> {
    let mut api = service("service/shop/api", (3, 3, 0));
    api.task_definition = Some(arn("task-definition/api:7"));
    api.launch_type = Some("FARGATE".to_owned());
    let mut done = samples::deployment("ecs-svc/1", &arn("task-definition/api:7"));
    (done.desired, done.running, done.created_at) = (3, 3, ago(7_200));
    api.deployments = vec![done];
    let mut steady = samples::event("e1", "(service api) has reached a steady state.");
    steady.at = ago(240);
    api.events = vec![steady];

    let mut web = service("service/shop/web", (5, 3, 1));
    web.task_definition = Some(arn("task-definition/web:12"));
    web.circuit_breaker = Some(CircuitBreaker {
        enable: true,
        rollback: true,
    });
    web.minimum_healthy_percent = Some(50);
    web.maximum_percent = Some(150);
    web.strategy = vec![crate::model::StrategyItem {
        provider: "FARGATE_SPOT".to_owned(),
        weight: 1,
        base: 0,
    }];
    let mut rolling = samples::deployment("ecs-svc/3", &arn("task-definition/web:12"));
    (rolling.desired, rolling.running, rolling.failed) = (5, 2, 2);
    rolling.rollout_state = Some("IN_PROGRESS".to_owned());
    rolling.rollout_reason = Some("ECS deployment ecs-svc/3 in progress.".to_owned());
    rolling.created_at = ago(90);
    let mut old = samples::deployment("ecs-svc/2", &arn("task-definition/web:11"));
    old.status = "ACTIVE".to_owned();
    old.created_at = ago(86_400);
    web.deployments = vec![rolling, old];
    let mut trouble = samples::event(
        "e3",
        "(service web) is unable to consistently start tasks successfully.",
    );
    trouble.at = ago(30);
    let mut started = samples::event(
        "e2",
        "(service web) has started 2 tasks: (task a) (task b).",
    );
    started.at = ago(60);
    web.events = vec![trouble, started];

    let legacy = service("service/legacy", (0, 0, 0));

    let mut blue = service("service/shop/blue", (2, 1, 0));
    blue.controller = "CODE_DEPLOY".to_owned();
    blue.task_sets = vec![TaskSet {
        id: "ecs-svc/9".to_owned(),
        status: "PRIMARY".to_owned(),
        task_definition: Some(arn("task-definition/blue:2")),
        desired: 2,
        pending: 0,
        running: 1,
        stability: "STABILIZING".to_owned(),
        created_at: ago(3_600),
    }];
    vec![api, web, legacy, blue]
}

fn task(resource: &str, group: &str, definition: &str) -> Task {
    let mut task = samples::task(&arn(resource), &shop());
    task.group = group.to_owned();
    task.definition = arn(definition);
    task
}

fn running() -> Vec<Task> {
    let mut good = task(
        "task/shop/aaaaaaaa1111",
        "service:api",
        "task-definition/api:7",
    );
    good.launch_type = Some("FARGATE".to_owned());
    (good.cpu, good.memory) = (Some(256), Some(1536));
    good.private_ip = Some("10.0.0.7".to_owned());
    good.started_at = ago(7_000);
    good.health = "HEALTHY".to_owned();
    let mut app = samples::container("app", "ghcr.io/shop/api:1.5.1");
    app.digest = Some("sha256:9f86d081884c7d659a2feaa0c55ad015".to_owned());
    app.health = "HEALTHY".to_owned();
    let mut proxy = samples::container("proxy", "envoy");
    proxy.memory_reservation = Some(64);
    proxy.bindings = vec![PortBinding {
        ip: "0.0.0.0".to_owned(),
        container: 80,
        host: 32_768,
        protocol: "tcp".to_owned(),
    }];
    good.containers = vec![app, proxy];

    let mut coming = task("task/bbbbbbbb2222", "service:web", "task-definition/web:12");
    coming.last_status = "PENDING".to_owned();
    coming.created_at = ago(20);
    coming.instance = Some(arn("container-instance/shop/cccccccc3333"));

    let mut ill = task(
        "task/shop/dddddddd4444",
        "family:job",
        "task-definition/job:1",
    );
    ill.health = "UNHEALTHY".to_owned();
    ill.last_status = "RUNNING".to_owned();
    vec![good, coming, ill]
}

fn stopped() -> Vec<Task> {
    let end = |mut task: Task, at: i64, code: &str, reason: &str| {
        task.last_status = "STOPPED".to_owned();
        task.desired_status = "STOPPED".to_owned();
        task.stopped_at = ago(at);
        task.stop_code = Some(code.to_owned());
        task.stopped_reason = Some(reason.to_owned());
        task
    };
    let mut killed = end(
        task(
            "task/shop/eeeeeeee5555",
            "service:web",
            "task-definition/web:12",
        ),
        300,
        "EssentialContainerExited",
        "Essential container in task exited",
    );
    let mut app = samples::container("app", "shop/web:2");
    app.last_status = "STOPPED".to_owned();
    app.exit_code = Some(137);
    app.memory = Some(512);
    app.reason = Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
    let mut envoy = samples::container("envoy", "envoy");
    envoy.last_status = "STOPPED".to_owned();
    envoy.exit_code = Some(0);
    killed.containers = vec![app, envoy];
    let scaled = end(
        task(
            "task/shop/ffffffff6666",
            "service:web",
            "task-definition/web:12",
        ),
        60,
        "ServiceSchedulerInitiated",
        "Scaling activity initiated by (deployment ecs-svc/3)",
    );
    vec![scaled, killed]
}

pub fn definition() -> TaskDefinition {
    let mut definition = samples::definition(&arn("task-definition/api:7"));
    definition.registered_at = ago(172_800);
    definition.containers = vec![ContainerDefinition {
        name: "app".to_owned(),
        image: "ghcr.io/shop/api:1.5.1".to_owned(),
        essential: true,
        memory: Some(512),
        memory_reservation: Some(256),
        ports: vec![PortMapping {
            container: "8080".to_owned(),
            host: Some(8080),
            protocol: "tcp".to_owned(),
            name: None,
        }],
        environment: vec![
            ("DB_HOST".to_owned(), Secret::new("db.internal")),
            ("DB_PASSWORD".to_owned(), Secret::new("hunter2")),
        ],
        secrets: vec![("KEY".to_owned(), "arn:aws:ssm:r:1:parameter/key".to_owned())],
        command: vec!["serve".to_owned(), "two words".to_owned()],
        log: Some(LogConfiguration {
            driver: "splunk".to_owned(),
            options: vec![
                (
                    "splunk-url".to_owned(),
                    "https://splunk.internal".to_owned(),
                ),
                ("splunk-token".to_owned(), "t0k3n".to_owned()),
            ],
            secret_options: Vec::new(),
        }),
        labels: vec![
            ("team".to_owned(), "shop".to_owned()),
            ("api-key".to_owned(), "l4b3l".to_owned()),
        ],
        ..ContainerDefinition::default()
    }];
    definition
}

/// A store that knows all of the account.
pub fn account() -> Store {
    let mut store = Store::new();
    let mut cluster = samples::cluster(&shop());
    (cluster.active_services, cluster.running_tasks) = (4, 3);
    let idle = samples::cluster(&arn("cluster/idle"));
    let mut gone = samples::cluster(&arn("cluster/gone"));
    gone.status = "INACTIVE".to_owned();
    gone.active_services = 1;
    let clusters = [cluster, idle, gone];
    let clusters = clusters.map(|one| (one.arn.clone(), Some(Entity::Cluster(one))));
    answer(&mut store, &Query::Clusters(None), clusters.to_vec());

    let services = services().into_iter();
    let services = services.map(|one| (one.arn.clone(), Some(Entity::Service(Box::new(one)))));
    let query = Query::Services { cluster: shop() };
    answer(&mut store, &query, services.collect());

    for (stopped, tasks) in [(false, running()), (true, stopped())] {
        let query = Query::Tasks {
            cluster: shop(),
            filter: TaskFilter::All,
            stopped,
        };
        let tasks = tasks.into_iter();
        let tasks = tasks.map(|one| (one.arn.clone(), Some(Entity::Task(Box::new(one)))));
        answer(&mut store, &query, tasks.collect());
    }

    let mut host = samples::instance(&arn("container-instance/shop/cccccccc3333"), &shop());
    (host.cpu, host.memory) = ((2048, 512), (4096, 2560));
    (host.running_tasks, host.pending_tasks) = (2, 1);
    let mut lost = samples::instance(&arn("container-instance/shop/99999999"), &shop());
    lost.ec2_id = String::new();
    lost.agent_connected = false;
    (lost.cpu, lost.memory) = ((0, 0), (0, 0));
    let hosts = [host, lost].map(|one| (one.arn.clone(), Some(Entity::Instance(Box::new(one)))));
    answer(
        &mut store,
        &Query::Instances { cluster: shop() },
        hosts.to_vec(),
    );

    let families = ["web", "api"].map(|name| (Arn::of_family("eu-west-1", name), None));
    answer(&mut store, &Query::Families(None), families.to_vec());
    let revisions = [7, 6].map(|number| (arn(&format!("task-definition/api:{number}")), None));
    let query = Query::Revisions {
        family: Arn::of_family("eu-west-1", "api"),
    };
    answer(&mut store, &query, revisions.to_vec());
    let definition = definition();
    let query = Query::Definition {
        definition: definition.arn.clone(),
    };
    let entity = Entity::Definition(Box::new(definition.clone()));
    answer(&mut store, &query, vec![(definition.arn, Some(entity))]);
    let repository = Arn::new("arn:aws:ecr:eu-west-1:123456789012:repository/shop/api");
    let known = samples::repository(&repository);
    let entity = Entity::Repository(Box::new(known));
    let things = vec![(repository.clone(), Some(entity))];
    answer(&mut store, &Query::Repositories(None), things);
    let mut image = samples::image(&repository, "sha256:9f86d081884c7d659a2feaa0c55ad015");
    image.tags = vec!["1.5.1".to_owned()];
    let things = vec![(image.arn.clone(), Some(Entity::Image(Box::new(image))))];
    answer(&mut store, &Query::Images { repository }, things);
    let engine = samples::engine("unix:///var/run/docker.sock");
    store.take_report(EngineReport::Engine(Box::new(engine)), NOW);
    let service = arn("service/shop/web");
    store.take_record(samples::record("1", &service));
    store.take_quotas(None, vec![samples::quota("service read")]);
    store.take_rollout(Rollout {
        record: "1".to_owned(),
        deed: "scale".to_owned(),
        cluster: shop(),
        service,
        goal: Goal::Count(3),
        began: NOW.wall,
        ended: None,
    });
    store
}

/// The cells of some columns of a view, row by row as a screen would order them, behind the mark of the row's health.
pub fn table(view: &str, scope: &Scope, store: &Store, titles: &[&str]) -> Vec<String> {
    let view = find(view).unwrap();
    let cx = Cx { store, now: NOW };
    let rows = view.rows(scope, store);
    let heads: Vec<Head> = view.heads();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&one, &two| {
        let sick = view
            .sick_first()
            .then(|| rows.health(one, &cx).cmp(&rows.health(two, &cx)));
        sick.unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| rows.order(one, two))
    });
    order
        .into_iter()
        .map(|row| {
            let cells = titles.iter().map(|title| {
                let mut columns = heads.iter();
                let column = columns
                    .position(|head| head.title == *title && head.belongs(scope))
                    .unwrap_or_else(|| panic!("{} has no {title} here", view.id()));
                rows.cell(row, column, &cx).text.into_owned()
            });
            let cells: Vec<_> = cells.collect();
            format!("{} {}", rows.health(row, &cx).mark(), cells.join(" | "))
        })
        .collect()
}

/// The page of a thing as text, secrets masked.
pub fn page(view: &str, subject: &Subject, store: &Store) -> String {
    let cx = Cx { store, now: NOW };
    find(view).unwrap().page(subject, &cx).unwrap().text(false)
}
