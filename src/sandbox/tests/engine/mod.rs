//! The Docker Engines of the demonstration, as bollard meets them.

mod events;
mod logs;
mod stats;

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use bollard::models::ContainerSummary;
use bollard::query_parameters::{ListContainersOptionsBuilder, ListImagesOptions};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures::{Stream, StreamExt};

use super::Scene;
use crate::sandbox::lock;
use crate::sandbox::world::World;
use crate::sandbox::world::definition::NetworkMode;
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
        at(&lock(&self.sandbox.home.account).world)
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
        .list_images(None::<ListImagesOptions>)
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
