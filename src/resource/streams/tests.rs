#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rstest::rstest;

use super::*;
use crate::model::{
    Engine, EngineContainer, EngineId, EngineReport, EngineState, Entity, Fault, FaultKind,
    LogConfiguration, LogGroup, LogPlace, Now, Part, samples,
};

const NOW: Timestamp = Timestamp(10_000_000);

fn arn(resource: &str) -> Arn {
    Arn::new(&format!("arn:aws:ecs:eu-west-1:1:{resource}"))
}

/// A cluster with the service `api`: its tasks, and the definition `web:1` of them.
struct World {
    store: Store,
    running: Vec<Arn>,
    stopped: Vec<Arn>,
}

impl World {
    fn new(log: Option<(&str, &[(&str, &str)])>) -> Self {
        let mut world = Self {
            store: Store::new(),
            running: Vec::new(),
            stopped: Vec::new(),
        };
        let cluster = arn("cluster/web");
        let entity = Entity::Cluster(samples::cluster(&cluster));
        world.answer(&Query::Clusters(None), vec![entity], vec![cluster]);
        let mut definition = samples::definition(&arn("task-definition/web:1"));
        definition.containers[0].log = log.map(|(driver, options)| LogConfiguration {
            driver: driver.to_owned(),
            options: options
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            secret_options: Vec::new(),
        });
        definition.containers.push(ContainerDefinition {
            name: "log_router".to_owned(),
            image: "aws-for-fluent-bit:2".to_owned(),
            ..ContainerDefinition::default()
        });
        let query = Query::Definition {
            definition: definition.arn.clone(),
        };
        let items = vec![definition.arn.clone()];
        world.answer(
            &query,
            vec![Entity::Definition(Box::new(definition))],
            items,
        );
        world
    }

    fn answer(&mut self, query: &Query, entities: Vec<Entity>, items: Vec<Arn>) {
        let now = Now::default();
        let part = Part::Some {
            entities,
            items: items.clone(),
        };
        self.store.apply(query, part, now);
        self.store.apply(query, Part::Done { items, calls: 1 }, now);
    }

    /// A task of the service with a container `app`, changed as wanted.
    fn task(&mut self, id: &str, change: impl FnOnce(&mut Task)) -> &mut Self {
        let mut task = samples::task(&arn(&format!("task/web/{id}")), &arn("cluster/web"));
        task.group = "service:api".to_owned();
        task.definition = arn("task-definition/web:1");
        task.containers = vec![samples::container("app", "web")];
        task.launch_type = Some("FARGATE".to_owned());
        change(&mut task);
        let stopped = task.is_stopped();
        let list = if stopped {
            &mut self.stopped
        } else {
            &mut self.running
        };
        list.push(task.arn.clone());
        let items = list.clone();
        let query = tasks(stopped);
        self.answer(&query, vec![Entity::Task(Box::new(task))], items);
        self
    }

    /// The host of tasks on EC2.
    fn host(&mut self) -> &mut Self {
        let cluster = arn("cluster/web");
        let host = samples::instance(&arn("container-instance/web/1"), &cluster);
        let items = vec![host.arn.clone()];
        let query = Query::Instances { cluster };
        self.answer(&query, vec![Entity::Instance(Box::new(host))], items);
        self
    }

    fn streams(&self) -> Streams {
        streams(&api(), &self.store, None)
    }
}

fn tasks(stopped: bool) -> Query {
    Query::Tasks {
        cluster: arn("cluster/web"),
        filter: TaskFilter::Service("api".to_owned()),
        stopped,
    }
}

fn api() -> Subject {
    Subject::whole(&arn("service/web/api"))
}

fn on_ec2(task: &mut Task) {
    task.launch_type = Some("EC2".to_owned());
    task.instance = Some(arn("container-instance/web/1"));
    task.containers[0].runtime_id = Some("c0ffee".to_owned());
}

fn stop(at: i64) -> impl FnOnce(&mut Task) {
    move |task| {
        task.last_status = "STOPPED".to_owned();
        task.stopped_at = Some(Timestamp(at));
        task.started_at = Some(Timestamp(0));
        task.stop_code = Some("EssentialContainerExited".to_owned());
        task.containers[0].exit_code = Some(3);
    }
}

const AWSLOGS: &[(&str, &str)] = &[
    ("awslogs-group", "/ecs/api"),
    ("awslogs-region", "us-east-1"),
    ("awslogs-stream-prefix", "ecs"),
];

fn cloudwatch(region: &str, stream: &str) -> LogPlace {
    LogPlace::CloudWatch {
        group: LogGroup {
            region: region.to_owned(),
            name: "/ecs/api".to_owned(),
        },
        stream: stream.to_owned(),
    }
}

#[test]
fn awslogs_names_group_region_and_stream() {
    let mut world = World::new(Some(("awslogs", AWSLOGS)));
    world.task("1", |_| {});
    let found = world.streams();
    assert_eq!(found.streams.len(), 1);
    assert_eq!(found.streams[0].place, cloudwatch("us-east-1", "ecs/app/1"));
}

#[test]
fn awslogs_without_a_prefix_names_the_container_of_the_engine() {
    let mut world = World::new(Some(("awslogs", &AWSLOGS[..1])));
    world.task("1", on_ec2).task("2", |task| {
        on_ec2(task);
        task.containers[0].runtime_id = None;
    });
    let found = world.streams();
    let places: Vec<_> = found.streams.iter().map(|one| &one.place).collect();
    assert_eq!(places, [&cloudwatch("eu-west-1", "c0ffee")]);
    assert_eq!(found.waiting.len(), 1, "the other has not been created yet");
}

#[rstest]
#[case(Some(("json-file", &[][..])), true, "its log driver is json-file: the engine on i-0123456789abcdef0 keeps it; connect to that engine")]
#[case(
    None,
    true,
    "it has no log configuration: the engine on i-0123456789abcdef0 keeps what it writes; connect to that engine"
)]
#[case(
    None,
    false,
    "it has no log configuration, and Fargate keeps nothing: what it writes is lost"
)]
#[case(Some(("none", &[][..])), true, "its log driver is none: what it writes is thrown away")]
#[case(Some(("splunk", &[("splunk-url", "https://s:8088"), ("splunk-token", "t")][..])), false, "its log driver is splunk: look in Splunk at https://s:8088")]
#[case(Some(("syslog", &[][..])), true, "its log driver is syslog: look in syslog")]
#[case(Some(("awsfirelens", &[("Name", "datadog"), ("apikey", "k")][..])), false, "its log driver is awsfirelens: the container log_router routes it to datadog")]
#[case(Some(("gcplogs", &[][..])), true, "its log driver is gcplogs: look where that sends it")]
#[case(Some(("awslogs", &[][..])), false, "its log driver is awslogs, but without awslogs-group")]
fn what_cannot_be_read_says_where_to_look(
    #[case] log: Option<(&str, &[(&str, &str)])>,
    #[case] is_ec2: bool,
    #[case] why: &str,
) {
    let mut world = World::new(log);
    world.host();
    world.task("1", if is_ec2 { on_ec2 } else { |_: &mut Task| {} });
    let found = world.streams();
    assert_eq!(found.streams, []);
    assert_eq!(found.excuses(), [format!("app: {why}")]);
}

fn engine(task: &str) -> EngineReport {
    EngineReport::Engine(Box::new(Engine {
        id: EngineId::new("unix:///x"),
        state: EngineState::Connected,
        since: Timestamp(0),
        version: String::new(),
        api: String::new(),
        instance: None,
        containers: vec![EngineContainer {
            id: "c0ffee".to_owned(),
            task: arn(&format!("task/web/{task}")),
            name: "app".to_owned(),
            cluster: "web".to_owned(),
            is_pause: false,
            state: "running".to_owned(),
            restarts: 0,
            oom_killed: false,
            exit_code: None,
            started_at: None,
        }],
        streams: 0,
    }))
}

#[test]
fn an_engine_that_has_the_container_has_its_log() {
    for driver in ["json-file", "local", "journald", "splunk", "awsfirelens"] {
        let mut world = World::new(Some((driver, &[])));
        world.task("1", |_| {}).task("2", |_| {});
        world.store.take_report(engine("1"), Now::default());
        let found = world.streams();
        assert_eq!(found.streams.len(), 1, "{driver}");
        assert_eq!(found.streams[0].task().name(), "1");
        assert_eq!(found.streams[0].place, LogPlace::Engine { host: None });
        assert_eq!(found.elsewhere.len(), 1);
    }
}

#[test]
fn an_engine_does_where_the_definition_cannot_be_had_and_not_before() {
    let mut world = World::new(None);
    let definition = arn("task-definition/other:1");
    world.task("1", |task| task.definition = definition.clone());
    world.store.take_report(engine("1"), Now::default());
    // The definition may say that the log is elsewhere; read from both, each line would come twice.
    assert_eq!(world.streams().streams, []);
    assert_eq!(world.streams().waiting.len(), 1);
    let fault = Fault {
        kind: FaultKind::Denied {
            action: "ecs:DescribeTaskDefinition".to_owned(),
        },
        op: "DescribeTaskDefinition".to_owned(),
        message: String::new(),
        hint: String::new(),
    };
    let failed = Part::Failed { fault, calls: 1 };
    let query = Query::Definition { definition };
    world.store.apply(&query, failed, Now::default());
    assert_eq!(world.streams().streams.len(), 1);
}

#[test]
fn engines_of_hosts_are_read_where_they_may_be_connected_to() {
    let mut world = World::new(Some(("json-file", &[])));
    world.task("1", on_ec2);
    world.store.set_host_engines(true);
    assert_eq!(world.streams().streams, [], "the host is not known yet");
    world.host();
    let found = world.streams();
    let LogPlace::Engine { host: Some(host) } = &found.streams[0].place else {
        panic!("{found:?}");
    };
    assert_eq!(host.ec2_id, "i-0123456789abcdef0");
}

#[test]
fn a_service_has_the_streams_of_its_tasks_and_of_those_that_ended_since() {
    let mut world = World::new(Some(("awslogs", AWSLOGS)));
    world
        .task("old", stop(1_000))
        .task("new", stop(5_000))
        .task("up", |task| task.created_at = Some(Timestamp(9_000)));
    let names = |found: &Streams| -> Vec<String> {
        let streams = found.streams.iter();
        streams.map(|one| one.task().name().to_owned()).collect()
    };
    let since = |at| streams(&api(), &world.store, Some(Timestamp(at)));
    assert_eq!(names(&world.streams()), ["new", "old", "up"]);
    assert_eq!(names(&since(2_000)), ["new", "up"]);
    assert_eq!(names(&since(6_000)), ["up"]);
    assert!(world.streams().complete);
    let task = Subject::whole(&arn("task/web/old"));
    assert_eq!(names(&streams(&task, &world.store, Some(NOW))), ["old"]);
    let container = Subject::part(&arn("task/web/old"), "app");
    assert_eq!(names(&streams(&container, &world.store, None)), ["old"]);
    let other = Subject::part(&arn("task/web/old"), "envoy");
    assert_eq!(names(&streams(&other, &world.store, None)), [""; 0]);
}

#[test]
fn there_is_an_end_to_what_is_read_at_once() {
    let mut world = World::new(Some(("awslogs", AWSLOGS)));
    for at in 0..30 {
        world.task(&format!("dead-{at:03}"), stop(at));
    }
    assert_eq!(world.streams().streams.len(), ENDED);
    for at in 0..110 {
        world.task(&format!("up-{at:03}"), |task| {
            task.created_at = Some(Timestamp(at));
        });
    }
    let found = world.streams();
    assert_eq!((found.streams.len(), found.left_out), (MOST, 10 + ENDED));
    assert_eq!(found.streams[0].task().name(), "up-010");
    assert!(found.excuses()[0].starts_with("26 streams of older tasks left out"));
}

#[test]
fn what_has_to_be_known_is_asked_for() {
    let store = Store::new();
    assert_eq!(needs_of_logs(&api(), &store), [Query::Clusters(None)]);
    let mut world = World::new(Some(("json-file", &[])));
    let definition = Query::Definition {
        definition: arn("task-definition/web:1"),
    };
    let instances = Query::Instances {
        cluster: arn("cluster/web"),
    };
    assert_eq!(
        needs_of_logs(&api(), &world.store),
        [tasks(false), tasks(true)]
    );
    world.task("1", |_| {}).task("2", |_| {});
    assert_eq!(
        needs_of_logs(&api(), &world.store),
        [tasks(false), tasks(true), definition.clone()]
    );
    world.task("3", on_ec2);
    let task = Subject::part(&arn("task/web/3"), "app");
    let own = Query::Task {
        cluster: arn("cluster/web"),
        task: task.arn.clone(),
    };
    assert_eq!(
        needs_of_logs(&task, &world.store),
        [own.clone(), definition.clone(), instances.clone()]
    );
    assert_eq!(
        needs_of_previous(&task, &world.store),
        [own, tasks(true)],
        "nothing has stopped yet"
    );
    world.task("4", stop(5));
    assert_eq!(
        needs_of_previous(&api(), &world.store),
        [tasks(true), definition]
    );
}

#[test]
fn the_task_that_stopped_last_is_found_and_told() {
    let mut world = World::new(None);
    let found = |world: &World, subject: &Subject| previous(subject, &world.store);
    assert_eq!(found(&world, &api()), Previous::Looking);
    world.answer(&tasks(true), Vec::new(), Vec::new());
    let Previous::None(why) = found(&world, &api()) else {
        panic!("{:?}", found(&world, &api()));
    };
    assert!(why.starts_with("no task of the service api stopped within the last hour"));
    world
        .task("1", stop(NOW.0 - 60_000))
        .task("2", stop(NOW.0 - 120_000))
        .task("3", |_| {});
    let told = |subject: &Subject| match previous(subject, &world.store) {
        Previous::Found(ended) => ended,
        other => panic!("{other:?}"),
    };
    let last = told(&api());
    assert_eq!(last.subject, Subject::whole(&arn("task/web/1")));
    assert_eq!(
        last.story(NOW),
        "task 1 stopped 1m ago: app ended with an error (exit 3)"
    );
    // From a container that runs: the same container of the task before.
    let container = Subject::part(&arn("task/web/3"), "app");
    assert_eq!(
        told(&container).subject,
        Subject::part(&arn("task/web/1"), "app")
    );
    // From a task that has stopped: that one.
    let stopped = Subject::whole(&arn("task/web/2"));
    assert_eq!(told(&stopped).subject, stopped);
}

#[test]
fn a_task_that_never_ran_has_no_log() {
    let mut world = World::new(None);
    world.task("1", |task| {
        stop(5)(task);
        task.started_at = None;
        task.stop_code = Some("TaskFailedToStart".to_owned());
        task.stopped_reason = Some("CannotPullContainerError: not found".to_owned());
        task.containers[0].exit_code = None;
    });
    let Previous::Found(ended) = previous(&api(), &world.store) else {
        panic!("it stopped");
    };
    assert!(ended.never_ran);
    assert!(ended.story(NOW).starts_with("task 1 gave up 2h ago: "));
    assert!(
        ended
            .story(NOW)
            .ends_with("; CannotPullContainerError: not found")
    );
}

#[test]
fn what_has_no_log_says_what_has_one() {
    let part = Subject::part(&arn("service/web/api"), "ecs-svc/1");
    assert_eq!(logged(&part), Ok(api()));
    let container = Subject::part(&arn("task/web/1"), "app");
    assert_eq!(logged(&container), Ok(container.clone()));
    for (resource, what) in [
        ("cluster/web", "a cluster"),
        ("container-instance/web/1", "a container instance"),
        ("task-definition/web:1", "a revision of a task definition"),
    ] {
        let why = logged(&Subject::whole(&arn(resource))).unwrap_err();
        assert_eq!(
            why,
            format!("{what} has no log; services, tasks and containers have one")
        );
    }
    assert!(logged(&Subject::whole(&Arn::new("web"))).is_err());
}
