//! The Docker Engines of the demonstration, as bollard meets them.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::models::{ContainerStatsResponse, ContainerSummary, EventMessage};
use bollard::query_parameters::{
    EventsOptionsBuilder, ListContainersOptionsBuilder, LogsOptions, LogsOptionsBuilder,
    StatsOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures::{Stream, StreamExt, TryStreamExt};

use super::Scene;
use crate::sandbox::lock;
use crate::sandbox::world::World;
use crate::sandbox::world::definition::{Conduct, NetworkMode};
use crate::sandbox::world::load;
use crate::sandbox::world::task::{Stage, Task, TaskKey};
use crate::sandbox::{Options, start};

const SECOND: Duration = Duration::from_secs(1);

async fn scene() -> Scene {
    Scene::open(Options {
        engines: true,
        ..Options::default()
    })
    .await
}

impl Scene {
    fn look<T>(&self, at: impl FnOnce(&World) -> T) -> T {
        at(&lock(&self.sandbox.account).world)
    }

    /// The engine of the instance with this EC2 id.
    async fn docker(&self, id: &str) -> Docker {
        let socket = self.sandbox.engines().unwrap().join(format!("{id}.sock"));
        let docker =
            Docker::connect_with_unix(socket.to_str().unwrap(), 20, API_DEFAULT_VERSION).unwrap();
        docker.negotiate_version().await.unwrap()
    }

    /// A running task on an instance that is as asked for, with the engine it is on.
    async fn task(&self, wanted: impl Fn(&World, &Task) -> bool) -> (TaskKey, Docker) {
        let found = self.look(|world| {
            let mut tasks = world.tasks.values();
            let task = tasks.find(|task| {
                task.stage == Stage::Running && task.instance.is_some() && wanted(world, task)
            });
            let task = task.unwrap();
            (
                task.key,
                world.instances[&task.instance.unwrap()].ec2_id.clone(),
            )
        });
        (found.0, self.docker(&found.1).await)
    }

    fn id(&self, task: TaskKey, container: usize) -> String {
        self.look(|world| world.tasks[&task].runtime_id(container).unwrap())
    }

    /// Waits until so many streams are open, by kind.
    async fn streams(&self, wanted: &[(&str, usize)]) {
        let wanted = wanted
            .iter()
            .map(|(kind, count)| ((*kind).to_owned(), *count))
            .collect();
        while self.sandbox.streams() != wanted {
            tokio::task::yield_now().await;
        }
    }
}

fn network(mode: NetworkMode) -> impl Fn(&World, &Task) -> bool {
    move |world, task| world.definition(task.definition).network == mode
}

fn by_label(label: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![label.to_owned()])])
}

async fn containers(docker: &Docker, all: bool, label: &str) -> Vec<ContainerSummary> {
    let options = ListContainersOptionsBuilder::new()
        .all(all)
        .filters(&by_label(label))
        .build();
    docker.list_containers(Some(options)).await.unwrap()
}

/// The next of a stream, which must come.
async fn next<T>(
    stream: &mut (impl Stream<Item = Result<T, bollard::errors::Error>> + Unpin),
) -> T {
    stream.next().await.unwrap().unwrap()
}

fn cpu(stats: &ContainerStatsResponse) -> u64 {
    let cpu = stats.cpu_stats.as_ref().unwrap().cpu_usage.as_ref();
    cpu.unwrap().total_usage.unwrap()
}

fn text(outputs: &[LogOutput]) -> String {
    outputs.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn there_is_a_private_socket_for_each_instance_and_none_unless_asked_for() {
    let scene = scene().await;
    let folder = scene.sandbox.engines().unwrap().to_owned();
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let files: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let ids = scene.look(|world| {
        let ids = world.instances.values().map(|instance| &instance.ec2_id);
        ids.map(|id| format!("{id}.sock")).collect()
    });
    assert_eq!(files, ids);
    let plain = start(Options {
        frozen: true,
        ..Options::default()
    });
    let plain = plain.await.unwrap();
    assert_eq!((plain.engines(), plain.streams().len()), (None, 0));
}

#[tokio::test]
async fn the_sockets_go_with_the_sandbox_however_it_ends() {
    let gone = |folder: &Path| !folder.exists();
    let scene = scene().await;
    let folder = scene.sandbox.engines().unwrap().to_owned();
    scene.sandbox.stop().await;
    assert!(gone(&folder));
    let dropped = self::scene().await;
    let folder = dropped.sandbox.engines().unwrap().to_owned();
    drop(dropped);
    assert!(gone(&folder));
}

#[tokio::test]
async fn the_version_is_negotiated_and_the_engine_says_what_it_is() {
    let scene = scene().await;
    let (_, docker) = scene.task(|_, _| true).await;
    assert_eq!(docker.client_version().to_string(), "1.44");
    assert_eq!(docker.ping().await.unwrap(), "OK");
    let info = docker.info().await.unwrap();
    assert_eq!(info.ncpu, Some(4));
    let (all, running) = (info.containers.unwrap(), info.containers_running.unwrap());
    assert_eq!(Some(all - running), info.containers_stopped);
    let calls = scene.sandbox.calls();
    let counts = ["Docker:Version", "Docker:Ping", "Docker:Info"].map(|name| calls[name]);
    assert_eq!(counts, [1, 1, 1]);
}

#[tokio::test]
async fn containers_are_those_that_ecs_describes_and_the_ones_that_hold_networks() {
    let scene = scene().await;
    let wanted: Vec<(String, String, BTreeSet<String>, bool)> = scene.look(|world| {
        let tasks = world
            .tasks
            .values()
            .filter(|task| task.stage == Stage::Running);
        tasks
            .filter_map(|task| {
                let instance = &world.instances[&task.instance?];
                let has_pause = network(NetworkMode::Awsvpc)(world, task);
                Some((
                    instance.ec2_id.clone(),
                    world.task_arn(task),
                    BTreeSet::new(),
                    has_pause,
                ))
            })
            .collect()
    });
    let mut pauses = 0;
    for (instance, arn, mut ids, has_pause) in wanted {
        let described = scene
            .ecs
            .describe_tasks()
            .cluster("prod-web")
            .tasks(&arn)
            .send();
        for container in described.await.unwrap().tasks()[0].containers() {
            ids.insert(container.runtime_id().unwrap().to_owned());
        }
        let docker = scene.docker(&instance).await;
        let label = format!("com.amazonaws.ecs.task-arn={arn}");
        let found = containers(&docker, false, &label).await;
        let (pause, own): (Vec<_>, Vec<_>) = found.into_iter().partition(|container| {
            container.labels.as_ref().unwrap()["com.amazonaws.ecs.container-name"]
                == "~internal~ecs~pause"
        });
        let own: BTreeSet<String> = own.into_iter().map(|one| one.id.unwrap()).collect();
        assert_eq!(own, ids);
        assert_eq!(pause.len(), usize::from(has_pause));
        pauses += pause.len();
    }
    assert!(pauses > 3, "some tasks have an interface of their own");
}

#[tokio::test]
async fn containers_are_filtered_by_what_they_are() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let list = async |name: &str, values: &[&str]| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let filters = HashMap::from([(name.to_owned(), values)]);
        let options = ListContainersOptionsBuilder::new()
            .filters(&filters)
            .build();
        docker.list_containers(Some(options)).await
    };
    let all = docker
        .list_containers(Some(ListContainersOptionsBuilder::new().all(true).build()))
        .await
        .unwrap();
    let in_state = |state: &str| {
        let states = all.iter().map(|one| one.state.unwrap().to_string());
        states.filter(|known| known == state).count()
    };
    assert_eq!(
        list("status", &["exited"]).await.unwrap().len(),
        in_state("exited")
    );
    let both = list("status", &["exited", "running"]).await.unwrap();
    assert_eq!(both.len(), all.len());
    assert_eq!(list("id", &[&id[..12]]).await.unwrap().len(), 1);
    let labels = ["com.amazonaws.ecs.task-arn", "com.amazonaws.ecs.cluster=no"];
    assert_eq!(list("label", &labels).await.unwrap().len(), 0);
    let error = list("publish", &["80"]).await.unwrap_err().to_string();
    assert!(error.contains("invalid filter 'publish'"), "{error}");
}

#[tokio::test]
async fn limits_are_those_of_the_definition() {
    let scene = scene().await;
    let of = |family: &'static str| {
        move |world: &World, task: &Task| world.definition(task.definition).family == family
    };
    // A task limited as a whole, with an interface of its own.
    let (key, docker) = scene.task(of("catalog")).await;
    let alone = docker
        .inspect_container(&scene.id(key, 0), None)
        .await
        .unwrap();
    let host = alone.host_config.unwrap();
    assert_eq!((host.memory, host.memory_reservation), (Some(0), Some(0)));
    let mode = host.network_mode.unwrap();
    let pause = mode.strip_prefix("container:").unwrap();
    let pause = docker.inspect_container(pause, None).await.unwrap();
    assert_eq!(pause.host_config.unwrap().network_mode.unwrap(), "none");
    // A hard limit, and a reservation alone.
    let (key, docker) = scene.task(of("storefront")).await;
    let app = docker
        .inspect_container(&scene.id(key, 0), None)
        .await
        .unwrap();
    let proxy = docker
        .inspect_container(&scene.id(key, 1), None)
        .await
        .unwrap();
    let limits = [app, proxy].map(|one| {
        let host = one.host_config.unwrap();
        (
            host.memory.unwrap() >> 20,
            host.memory_reservation.unwrap() >> 20,
        )
    });
    assert_eq!(limits, [(512, 256), (0, 64)]);
}

#[tokio::test]
async fn a_stream_begins_without_a_sample_before_and_follows_the_clock() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let mut stats = Box::pin(docker.stats(&id, None));
    let first = next(&mut stats).await;
    let before = first.precpu_stats.as_ref().unwrap();
    assert_eq!(before.system_cpu_usage, None);
    assert_eq!(before.cpu_usage.as_ref().unwrap().total_usage, Some(0));
    assert_eq!(first.preread.as_deref(), Some("0001-01-01T00:00:00Z"));
    let began = scene.look(|world| world.now);
    // Nothing is sent before a second has passed.
    scene.sandbox.tick(SECOND / 4);
    scene.sandbox.tick(SECOND);
    let second = next(&mut stats).await;
    assert_eq!(second.preread, first.read);
    let used = scene.look(|world| {
        let task = &world.tasks[&key];
        let definition = world.definition(task.definition);
        let at = |moment| load::reading(task, definition, 0, moment).cpu;
        assert_eq!(world.now, began + SECOND * 5 / 4);
        at(world.now) - at(began)
    });
    assert!(used > 0);
    assert_eq!(cpu(&second) - cpu(&first), used);
    let (now, then) = (second.cpu_stats.unwrap(), second.precpu_stats.unwrap());
    let passed = now.system_cpu_usage.unwrap() - then.system_cpu_usage.unwrap();
    assert_eq!(
        passed,
        1_250_000_000 * u64::from(now.online_cpus.unwrap()),
        "the CPU time of all cores"
    );
    assert_eq!(then.cpu_usage, first.cpu_stats.unwrap().cpu_usage);
    assert!(second.networks.unwrap()["eth0"].rx_bytes.unwrap() > 0);
}

#[tokio::test]
async fn single_samples_come_at_once_with_or_without_the_one_before() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Awsvpc)).await;
    let id = scene.id(key, 0);
    let sample = async |one_shot: bool| {
        let options = StatsOptionsBuilder::new()
            .stream(false)
            .one_shot(one_shot)
            .build();
        let all: Vec<_> = docker
            .stats(&id, Some(options))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(all.len(), 1);
        all.into_iter().next().unwrap()
    };
    let (once, with) = (sample(true).await, sample(false).await);
    assert_eq!(once.precpu_stats.unwrap().system_cpu_usage, None);
    assert_eq!(
        cpu(&with),
        cpu(&ContainerStatsResponse {
            cpu_stats: once.cpu_stats,
            ..with.clone()
        })
    );
    assert!(with.precpu_stats.unwrap().system_cpu_usage.is_some());
    assert_eq!(
        with.networks, None,
        "the network is that of another container"
    );
    assert!(scene.sandbox.streams().is_empty());
}

#[tokio::test]
async fn memory_is_told_in_the_words_of_both_versions_of_control_groups() {
    let scene = scene().await;
    let mut seen = BTreeSet::new();
    let instances: Vec<_> = scene.look(|world| {
        let instances = world.instances.values();
        instances.map(|one| one.ec2_id.clone()).collect()
    });
    for instance in instances {
        let docker = scene.docker(&instance).await;
        let version = docker.info().await.unwrap().cgroup_version.unwrap();
        let version = version.to_string();
        let found = containers(&docker, false, "com.amazonaws.ecs.container-name=app").await;
        // A draining instance has none.
        let Some(id) = found.into_iter().find_map(|one| one.id) else {
            continue;
        };
        let stats = next(&mut Box::pin(docker.stats(&id, None))).await;
        let memory = stats.memory_stats.unwrap();
        let (usage, parts) = (memory.usage.unwrap(), memory.stats.unwrap());
        let (held, cached, gone) = match version.as_str() {
            "1" => ("rss", "cache", "anon"),
            _ => ("anon", "file", "total_inactive_file"),
        };
        assert_eq!(usage, parts[held] + parts[cached]);
        assert!(parts["inactive_file"] > 0 && !parts.contains_key(gone));
        assert!(usage <= memory.limit.unwrap());
        seen.insert((version, parts.contains_key("total_inactive_file")));
    }
    let both = [("1".to_owned(), true), ("2".to_owned(), false)];
    assert_eq!(seen, BTreeSet::from(both));
}

#[tokio::test]
async fn logs_are_the_last_lines_and_go_on_with_what_is_written() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let options = |tail: &str, follow: bool| {
        LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .tail(tail)
            .follow(follow)
            .build()
    };
    let ten: Vec<_> = docker
        .logs(&id, Some(options("10", false)))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ten.len(), 10);
    let whole = text(&ten);
    let mut follow = Box::pin(docker.logs(&id, Some(options("3", true))));
    let mut last = String::new();
    for _ in 0..3 {
        last += &next(&mut follow).await.to_string();
    }
    assert!(whole.ends_with(&last), "{whole}\n{last}");
    scene.streams(&[("logs", 1)]).await;
    scene.sandbox.tick(Duration::from_mins(2));
    let written = next(&mut follow).await.to_string();
    let stamp = |line: &str| line.split(' ').next().unwrap().to_owned();
    assert!(stamp(&written) > stamp(last.lines().last().unwrap()));
    assert_eq!(
        stamp(&written).len(),
        "2026-01-01T00:00:00.000000000Z".len()
    );

    let seconds = scene.look(|world| world.now.millis() / 1000 - 60);
    let since = LogsOptions {
        since: i32::try_from(seconds).unwrap(),
        ..options("all", false)
    };
    let minute: Vec<_> = docker.logs(&id, Some(since)).try_collect().await.unwrap();
    let expected = scene.look(|world| {
        let from = crate::sandbox::world::moment::Moment::from_millis(seconds * 1000);
        let task = &world.tasks[&key];
        let definition = world.definition(task.definition);
        crate::sandbox::world::output::lines(task, definition, 0, from, world.now)
    });
    assert_eq!(minute.len(), expected.len());
    assert!(text(&minute).contains(&expected[0].text));
}

#[tokio::test]
async fn a_log_that_is_followed_ends_with_the_last_words_of_its_container() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .tail("0")
        .follow(true)
        .build();
    let follow = Box::pin(docker.logs(&id, Some(options)));
    let follow = tokio::spawn(follow.try_collect::<Vec<_>>());
    scene.streams(&[("logs", 1)]).await;
    scene.stop(key).await;
    scene.until_ended(key).await;
    let lines = follow.await.unwrap().unwrap();
    assert!(!lines.is_empty());
    scene.streams(&[]).await;
}

impl Scene {
    async fn stop(&self, key: TaskKey) {
        let stop = self.ecs.stop_task().cluster("prod-web").task(key.id());
        stop.send().await.unwrap();
    }

    /// Moves the world until a task has stopped, and a little further.
    async fn until_ended(&self, key: TaskKey) {
        self.until(async |_| self.look(|world| world.tasks[&key].stage == Stage::Stopped))
            .await;
        self.sandbox.tick(SECOND);
    }
}

#[tokio::test]
async fn events_tell_how_containers_come_and_go() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Awsvpc)).await;
    let arn = scene.look(|world| world.task_arn(&world.tasks[&key]));
    let label = format!("com.amazonaws.ecs.task-arn={arn}");
    let options = EventsOptionsBuilder::new()
        .filters(&by_label(&label))
        .build();
    let mut events = Box::pin(docker.events(Some(options)));
    let waiting = tokio::spawn(async move {
        let mut seen: Vec<EventMessage> = Vec::new();
        while seen
            .last()
            .and_then(|event| event.actor.as_ref()?.attributes.as_ref())
            .is_none_or(|attributes| {
                attributes["com.amazonaws.ecs.container-name"] != "~internal~ecs~pause"
            })
        {
            seen.push(next(&mut events).await);
        }
        seen
    });
    scene.streams(&[("events", 1)]).await;
    // The subscription begins at the world's present, when its body is first asked for.
    let id = scene.id(key, 0);
    scene.stop(key).await;
    scene.until_ended(key).await;
    let seen = waiting.await.unwrap();
    let own: Vec<_> = seen
        .iter()
        .filter(|event| event.actor.as_ref().unwrap().id.as_ref() == Some(&id))
        .map(|event| event.action.clone().unwrap())
        .collect();
    let code = scene.look(|world| world.tasks[&key].containers[0].exit_code.unwrap());
    let expected: &[&str] = if code == 137 {
        &["kill", "kill", "die", "stop"]
    } else {
        &["kill", "die", "stop"]
    };
    assert_eq!(own, expected);
    scene.streams(&[]).await;

    // The past has them too, and so have lists.
    let options = EventsOptionsBuilder::new()
        .since("1")
        .until(&scene.look(|world| (world.now.millis() / 1000).to_string()))
        .filters(&HashMap::from([
            ("event".to_owned(), vec!["die".to_owned()]),
            ("container".to_owned(), vec![id.clone()]),
        ]))
        .build();
    let past: Vec<_> = docker.events(Some(options)).try_collect().await.unwrap();
    assert_eq!(past.len(), 1);
    let attributes = past[0].actor.as_ref().unwrap().attributes.as_ref();
    assert_eq!(attributes.unwrap()["exitCode"], code.to_string());
    assert!(containers(&docker, false, &label).await.is_empty());
    let ended = containers(&docker, true, &label).await;
    assert!(
        ended.len() >= 2
            && ended
                .iter()
                .all(|one| one.status.as_ref().unwrap().starts_with("Exited ("))
    );
}

#[tokio::test]
async fn what_is_killed_for_its_memory_is_marked() {
    let scene = scene().await;
    let (key, docker) = scene
        .task(|world, task| world.definition(task.definition).conduct == Conduct::OutOfMemory)
        .await;
    let id = scene.id(key, 0);
    let mut stats = Box::pin(docker.stats(&id, None));
    assert!(next(&mut stats).await.memory_stats.unwrap().usage.is_some());
    scene.until_ended(key).await;
    let end = docker
        .inspect_container(&id, None)
        .await
        .unwrap()
        .state
        .unwrap();
    assert_eq!((end.oom_killed, end.exit_code), (Some(true), Some(137)));
    assert_eq!(end.running, Some(false));
    assert!(end.finished_at > end.started_at);
    // An engine goes on with empty samples of what no longer runs.
    let after = loop {
        let sample = next(&mut stats).await;
        if sample.read.as_deref() == Some("0001-01-01T00:00:00Z") {
            break sample;
        }
    };
    assert_eq!(after.memory_stats.unwrap().usage, None);
    let options = EventsOptionsBuilder::new()
        .since("1")
        .until(&scene.look(|world| (world.now.millis() / 1000).to_string()))
        .filters(&HashMap::from([("container".to_owned(), vec![id])]))
        .build();
    let past: Vec<_> = docker.events(Some(options)).try_collect().await.unwrap();
    let actions: Vec<_> = past
        .iter()
        .map(|one| one.action.as_deref().unwrap())
        .collect();
    assert_eq!(actions, ["create", "start", "oom", "die"]);
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let scene = scene().await;
    let (_, docker) = scene.task(|_, _| true).await;
    let error = docker.inspect_container("nobody", None).await.unwrap_err();
    assert!(
        matches!(&error, bollard::errors::Error::DockerResponseServerError { status_code: 404, message } if message == "No such container: nobody"),
        "{error}"
    );
    let error = docker
        .stats("nobody", None)
        .next()
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        error.to_string().contains("No such container: nobody"),
        "{error}"
    );
    let error = docker
        .list_images(None::<bollard::query_parameters::ListImagesOptions>)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the sandbox's engines have no /images/json"),
        "{error}"
    );
    let error = docker.stop_container("nobody", None).await.unwrap_err();
    assert!(
        matches!(
            error,
            bollard::errors::Error::DockerResponseServerError {
                status_code: 405,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn streams_are_counted_until_their_clients_leave() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let (mut one, mut two) = (
        Box::pin(docker.stats(&id, None)),
        Box::pin(docker.stats(&id, None)),
    );
    next(&mut one).await;
    next(&mut two).await;
    assert_eq!(scene.sandbox.streams()["stats"], 2);
    assert_eq!(scene.sandbox.calls()["Docker:Stats"], 2);
    // The world stands still, so that nothing but the client's leaving ends a stream.
    drop(one);
    scene.streams(&[("stats", 1)]).await;
    drop(two);
    scene.streams(&[]).await;
}

#[tokio::test]
async fn streams_end_with_the_sandbox() {
    let scene = scene().await;
    let (key, docker) = scene.task(network(NetworkMode::Bridge)).await;
    let id = scene.id(key, 0);
    let mut stats = Box::pin(docker.stats(&id, None));
    next(&mut stats).await;
    scene.sandbox.stop().await;
    assert!(stats.next().await.is_none(), "the body has its proper end");
}
