//! `ecsight::docker` against a real Docker Engine: its figures are those of the engine's own client, each line of a log
//! comes once, and what ends, ends.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, ContainerStatsResponse, HostConfig, NetworkCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptions, LogsOptions, RemoveContainerOptions, RestartContainerOptions,
    StatsOptions,
};
use ecsight::docker::{Engines, Settings};
use ecsight::model::{
    Arn, Engine, EngineReport, EngineState, LogPlace, LogReport, LogStream, Sample, Subject, Tail,
    TailState, Timestamp, Usage, Watch, Watched,
};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::{mpsc, watch};

use crate::servers;

/// How long what must come may take.
const DEADLINE: Duration = Duration::from_mins(1);

/// An image with a shell and little else.
const IMAGE: &str = "ecsight-test/batch/burn";

/// Containers of tasks that are nobody's; they go with this.
struct Tasks {
    docker: Docker,
    address: String,
    /// A word that no other run has, in the ids of the tasks.
    run: String,
    ids: Vec<String>,
    networks: Vec<String>,
}

impl Tasks {
    async fn new() -> Self {
        let address = std::env::var("ECSIGHT_TEST_DOCKER").unwrap();
        Self::at(servers::docker().await, address)
    }

    fn at(docker: Docker, address: String) -> Self {
        let run = format!("{:x}", jiff::Timestamp::now().as_nanosecond());
        Self {
            docker,
            address,
            run,
            ids: Vec::new(),
            networks: Vec::new(),
        }
    }

    fn task(&self, name: &str) -> Arn {
        Arn::new(&format!(
            "arn:aws:ecs:us-east-1:123456789012:task/engine/{}{name}",
            self.run
        ))
    }

    /// Starts a container of a task, with a command for the shell.
    async fn start(&mut self, task: &str, name: &str, script: &str, host: HostConfig) -> String {
        self.create(task, name, (script, false), host).await
    }

    /// As [`Tasks::start`], perhaps with a terminal.
    async fn create(
        &mut self,
        task: &str,
        name: &str,
        (script, tty): (&str, bool),
        host: HostConfig,
    ) -> String {
        let labels = [
            (
                "com.amazonaws.ecs.task-arn",
                self.task(task).as_str().to_owned(),
            ),
            ("com.amazonaws.ecs.container-name", name.to_owned()),
            ("com.amazonaws.ecs.cluster", "engine".to_owned()),
        ];
        let host = HostConfig {
            network_mode: host.network_mode.or(Some("none".to_owned())),
            ..host
        };
        let body = ContainerCreateBody {
            image: Some(IMAGE.to_owned()),
            cmd: Some(["sh", "-c", script].map(str::to_owned).into()),
            tty: Some(tty),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value)).into()),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        let options = None::<CreateContainerOptions>;
        let id = self
            .docker
            .create_container(options, body)
            .await
            .unwrap()
            .id;
        self.ids.push(id.clone());
        self.docker.start_container(&id, None).await.unwrap();
        id
    }

    async fn network(&mut self) -> String {
        let name = format!("engine-{}", self.run);
        let request = NetworkCreateRequest {
            name: name.clone(),
            ..NetworkCreateRequest::default()
        };
        self.docker.create_network(request).await.unwrap();
        self.networks.push(name.clone());
        name
    }

    fn engines(&self) -> (Engines, mpsc::Receiver<EngineReport>) {
        let settings = Settings {
            local: Some(self.address.clone()),
            rules: Vec::new(),
        };
        let (sender, receiver) = mpsc::channel(64);
        (Engines::start(settings, sender), receiver)
    }

    fn watch(&self, tasks: &[&str]) -> Watch {
        let tasks = tasks.iter().map(|task| Watched {
            task: self.task(task),
            host: None,
        });
        Watch {
            open: true,
            tasks: tasks.collect(),
        }
    }

    fn tail(&self, task: &str, name: &str) -> Tail {
        Tail {
            streams: vec![LogStream {
                container: Subject::part(&self.task(task), name),
                place: LogPlace::Engine { host: None },
            }],
            since: None,
            newest: None,
            follow: true,
        }
    }

    /// The whole log as the engine has it.
    async fn log(&self, id: &str) -> Vec<String> {
        let options = LogsOptions {
            stdout: true,
            stderr: true,
            tail: "all".to_owned(),
            ..LogsOptions::default()
        };
        let pieces: Vec<_> = self
            .docker
            .logs(id, Some(options))
            .try_collect()
            .await
            .unwrap();
        let text: String = pieces.iter().map(ToString::to_string).collect();
        text.lines().map(str::to_owned).collect()
    }

    async fn end(mut self) {
        // A container that uses the network of another goes before it.
        for id in std::mem::take(&mut self.ids).iter().rev() {
            remove(&self.docker, id).await;
        }
        for name in std::mem::take(&mut self.networks) {
            self.docker.remove_network(&name).await.unwrap();
        }
    }
}

impl Drop for Tasks {
    /// What a failed test left.
    fn drop(&mut self) {
        for id in &self.ids {
            let _ = Command::new("docker")
                .args(["-H", &self.address, "rm", "-f", "-v", id])
                .stdout(Stdio::null())
                .status();
        }
        for name in &self.networks {
            let _ = Command::new("docker")
                .args(["-H", &self.address, "network", "rm", name])
                .stdout(Stdio::null())
                .status();
        }
    }
}

async fn remove(docker: &Docker, id: &str) {
    let options = RemoveContainerOptions {
        force: true,
        ..RemoveContainerOptions::default()
    };
    docker.remove_container(id, Some(options)).await.unwrap();
}

/// Waits for a report of which `wanted` takes something.
async fn until<R, T>(reports: &mut mpsc::Receiver<R>, mut wanted: impl FnMut(R) -> Option<T>) -> T {
    let found = tokio::time::timeout(DEADLINE, async {
        loop {
            if let Some(found) = wanted(reports.recv().await.unwrap()) {
                return found;
            }
        }
    });
    found.await.expect("what is waited for comes")
}

async fn state(
    reports: &mut mpsc::Receiver<EngineReport>,
    fits: impl Fn(&Engine) -> bool,
) -> Engine {
    until(reports, |report| match report {
        EngineReport::Engine(engine) if fits(&engine) => Some(*engine),
        _ => None,
    })
    .await
}

/// Frames as the engine's own client gets them, by the moment of their reading.
async fn frames(
    docker: Docker,
    id: String,
    count: usize,
) -> BTreeMap<Timestamp, ContainerStatsResponse> {
    let options = StatsOptions {
        stream: true,
        one_shot: false,
    };
    let frames = docker.stats(&id, Some(options)).take(count);
    let frames: Vec<_> = frames.try_collect().await.unwrap();
    let at = |frame: &ContainerStatsResponse| {
        let read: jiff::Timestamp = frame.read.as_deref().unwrap().parse().unwrap();
        Timestamp(read.as_millisecond())
    };
    frames
        .into_iter()
        .map(|frame| (at(&frame), frame))
        .collect()
}

/// Cores as `docker stats` computes them (`cli/command/container/stats_helpers.go` of docker/cli), a hundredth of its
/// percentage, from two frames. What a frame itself says of the one before is of one that a slow reader may have missed.
fn client_cores(before: &ContainerStatsResponse, frame: &ContainerStatsResponse) -> f64 {
    let (now, before) = (
        frame.cpu_stats.as_ref().unwrap(),
        before.cpu_stats.as_ref().unwrap(),
    );
    let used = |cpu: &bollard::models::ContainerCpuStats| {
        cpu.cpu_usage.as_ref().unwrap().total_usage.unwrap()
    };
    let delta = |now: u64, before: u64| f64::from(u32::try_from((now - before) / 1_000).unwrap());
    let cpu = delta(used(now), used(before));
    let system = delta(
        now.system_cpu_usage.unwrap(),
        before.system_cpu_usage.unwrap(),
    );
    cpu / system * f64::from(now.online_cpus.unwrap())
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn figures_are_those_of_the_engines_own_client() {
    let mut tasks = Tasks::new().await;
    let half = HostConfig {
        nano_cpus: Some(500_000_000),
        ..HostConfig::default()
    };
    let small = HostConfig {
        memory: Some(64 << 20),
        ..HostConfig::default()
    };
    let burn = tasks.start("1", "burn", "while :; do :; done", half).await;
    let eat = tasks.start("1", "eat", "MB=50 exec eat", small).await;
    let idle = tasks
        .start("1", "idle", "exec sleep 600", HostConfig::default())
        .await;
    let (engines, mut reports) = tasks.engines();
    engines.watch(tasks.watch(&["1"]));
    let ids = [("burn", burn), ("eat", eat), ("idle", idle)];
    let raw = ids
        .iter()
        .map(|(_, id)| frames(tasks.docker.clone(), id.clone(), 8));
    let raw = futures::future::join_all(raw);
    let mut samples: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    let ours = until(&mut reports, |report| {
        if let EngineReport::Samples(new) = report {
            for (subject, sample) in new {
                samples
                    .entry(subject.name().to_owned())
                    .or_default()
                    .push(sample);
            }
        }
        let enough = samples.len() == 3 && samples.values().all(|samples| samples.len() >= 8);
        enough.then(|| samples.clone())
    });
    let (raw, ours) = tokio::join!(raw, ours);
    for ((name, _), raw) in ids.iter().zip(&raw) {
        // The engine reads once a second for all who listen: the same frames come to both.
        let pairs = ours[*name].windows(2);
        let pairs: Vec<_> = pairs
            .filter(|pair| raw.contains_key(&pair[0].at))
            .filter_map(|pair| Some((pair, raw.get(&pair[1].at)?)))
            .collect();
        assert!(pairs.len() >= 3, "{name}: the same moments are seen");
        for (pair, frame) in pairs {
            let usage = Usage::between(Some(&pair[0]), &pair[1]);
            let client = client_cores(&raw[&pair[0].at], frame);
            let cores = usage.cores.unwrap();
            assert!(
                (cores - client).abs() < 0.001,
                "{name}: {cores} cores, {client} by the client"
            );
            let memory = usage.memory.unwrap();
            let stats = frame.memory_stats.as_ref().unwrap();
            assert_eq!(
                memory.used + memory.cache,
                stats.usage.unwrap(),
                "{name}: what is left out is said"
            );
            let parts = stats.stats.as_ref().unwrap();
            let inactive = parts
                .get("total_inactive_file")
                .or(parts.get("inactive_file"))
                .unwrap();
            // With v1 the agent leaves out the whole cache, the client the inactive part of it.
            assert!(
                memory.used <= stats.usage.unwrap() - inactive,
                "{name}: no more than the client shows"
            );
        }
    }
    let newest = |name: &str| {
        let samples = &ours[name];
        Usage::between(samples.first(), samples.last().unwrap())
    };
    let burn = newest("burn");
    // How much of its half it gets depends on who else works on this machine.
    assert!(
        (0.02..0.55).contains(&burn.cores.unwrap()),
        "half a core: {burn:?}"
    );
    assert!(burn.throttled.is_some(), "{burn:?}");
    assert_eq!(burn.memory.unwrap().limit, None, "of the host's memory");
    let eat = newest("eat").memory.unwrap();
    assert_eq!(eat.limit, Some(64 << 20));
    assert!(
        (50 << 20..64 << 20).contains(&eat.used),
        "near its limit: {eat:?}"
    );
    let idle = newest("idle");
    assert!(idle.cores.unwrap() < 0.01, "{idle:?}");
    assert_eq!(idle.processes, Some(1));
    engines.watch(Watch::default());
    state(&mut reports, |engine| engine.state == EngineState::Closed).await;
    assert_eq!(engines.open_streams(), 0);
    tasks.end().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn traffic_of_a_task_is_that_of_its_pause_container() {
    let mut tasks = Tasks::new().await;
    let network = tasks.network().await;
    let own = HostConfig {
        network_mode: Some(network),
        ..HostConfig::default()
    };
    let pause = tasks
        .start("1", "~internal~ecs~pause", "exec sleep 600", own)
        .await;
    let shared = HostConfig {
        network_mode: Some(format!("container:{pause}")),
        ..HostConfig::default()
    };
    tasks
        .start(
            "1",
            "app",
            "ping -i 0.2 172.31.255.254 || exec sleep 600",
            shared,
        )
        .await;
    let (engines, mut reports) = tasks.engines();
    engines.watch(tasks.watch(&["1"]));
    let mut pauses = 0;
    let mut samples = BTreeMap::new();
    until(&mut reports, |report| {
        match report {
            EngineReport::Engine(engine) => {
                let own = engine
                    .containers
                    .iter()
                    .filter(|one| one.task == tasks.task("1"));
                pauses = own.filter(|one| one.is_pause).count();
            }
            EngineReport::Samples(new) => {
                samples.extend(
                    new.into_iter()
                        .map(|(subject, sample)| (subject.name().to_owned(), sample)),
                );
            }
        }
        let flows = samples
            .get("~internal~ecs~pause")
            .and_then(|sample| sample.network);
        let moved = flows.is_some_and(|flow| flow.outward > 0);
        (moved && samples.contains_key("app")).then_some(())
    })
    .await;
    assert_eq!(pauses, 1);
    assert_eq!(samples["app"].network, None);
    tasks.end().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn a_killed_container_is_seen_with_its_exit_code_and_its_restart() {
    let mut tasks = Tasks::new().await;
    let id = tasks
        .start("1", "app", "exec sleep 600", HostConfig::default())
        .await;
    let (engines, mut reports) = tasks.engines();
    engines.watch(tasks.watch(&["1"]));
    let task = tasks.task("1");
    let app = |engine: &Engine| {
        let mut own = engine.containers.iter().filter(|one| one.task == task);
        own.next().cloned()
    };
    let is = |engine: &Engine, state: &str| app(engine).is_some_and(|app| app.state == state);
    let engine = state(&mut reports, |engine| is(engine, "running")).await;
    assert!(!engine.version.is_empty() && engine.api.starts_with("1."));
    let started = app(&engine).unwrap().started_at.unwrap();
    tasks.docker.kill_container(&id, None).await.unwrap();
    let engine = state(&mut reports, |engine| is(engine, "exited")).await;
    assert_eq!(app(&engine).unwrap().exit_code, Some(137));
    tasks.docker.start_container(&id, None).await.unwrap();
    let engine = state(&mut reports, |engine| is(engine, "running")).await;
    let again = app(&engine).unwrap();
    assert!(again.started_at.unwrap() > started);
    assert_eq!(again.exit_code, None);
    // Its stats go on, under the same name.
    until(&mut reports, |report| match report {
        EngineReport::Samples(samples) => samples
            .iter()
            .any(|(subject, _)| subject.name() == "app")
            .then_some(()),
        EngineReport::Engine(_) => None,
    })
    .await;
    tasks.end().await;
}

/// What a tail tells, until `done`.
async fn read(
    reports: &mut mpsc::Receiver<LogReport>,
    lines: &mut Vec<String>,
    done: impl Fn(&[String], Option<&TailState>) -> bool,
) {
    until(reports, |report| match report {
        LogReport::Lines { lines: new, .. } => {
            lines.extend(new.into_iter().map(|line| line.text.into()));
            done(lines, None).then_some(())
        }
        LogReport::State { state, .. } => done(lines, Some(&state)).then_some(()),
        LogReport::Lost { .. } => None,
    })
    .await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn each_line_comes_once_also_across_restarts() {
    let mut tasks = Tasks::new().await;
    let script = "echo started >&2; awk 'BEGIN { for (i = 1; i <= 100000; i++) print \"line\", i; printf \"no end\" }'; exec sleep 600";
    let id = tasks
        .start("1", "chatty", script, HostConfig::default())
        .await;
    let (engines, _reports) = tasks.engines();
    let (_tail, receiver) = watch::channel(tasks.tail("1", "chatty"));
    let (sender, mut reports) = mpsc::channel(4);
    let reading = engines.clone();
    tokio::spawn(async move { reading.tail(receiver, sender).await });
    let mut lines = Vec::new();
    let ends = |lines: &[String], count| {
        lines.iter().filter(|line| *line == "line 100000").count() >= count
    };
    let at_once = RestartContainerOptions {
        t: Some(0),
        ..RestartContainerOptions::default()
    };
    // First while it is read, then when all was read.
    for restart in 0..3 {
        read(&mut reports, &mut lines, |lines, _| {
            lines.len() > 5_000 && ends(lines, restart)
        })
        .await;
        let restarted = tasks.docker.restart_container(&id, Some(at_once.clone()));
        restarted.await.unwrap();
    }
    read(&mut reports, &mut lines, |lines, _| ends(lines, 3)).await;
    tasks.docker.kill_container(&id, None).await.unwrap();
    read(&mut reports, &mut lines, |_, state| {
        state == Some(&TailState::Ended)
    })
    .await;
    let mut written = tasks.log(&id).await;
    // The engine's client does not part a line without end from the next one.
    written = written
        .into_iter()
        .flat_map(|line| match line.strip_prefix("no end") {
            Some("") | None => vec![line],
            Some(rest) => vec!["no end".to_owned(), rest.to_owned()],
        })
        .collect();
    // Both outputs are written to the log side by side.
    let count = |lines: &[String]| {
        let mut count: BTreeMap<String, u32> = BTreeMap::new();
        for line in lines {
            *count.entry(line.clone()).or_default() += 1;
        }
        count
    };
    let (read, written) = (count(&lines), count(&written));
    let wrong: Vec<_> = written
        .iter()
        .filter(|(line, times)| read.get(*line) != Some(times))
        .map(|(line, times)| (line, times, read.get(line)))
        .collect();
    assert!(wrong.is_empty(), "line, written, read: {wrong:?}");
    assert_eq!(read.len(), written.len(), "nothing that was not written");
    drop(engines);
    tasks.end().await;
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn with_a_terminal_long_lines_stay_whole() {
    let mut tasks = Tasks::new().await;
    let script =
        "awk 'BEGIN { for (i = 0; i < 40000; i++) printf \"x\"; print \"\"; print \"end\" }'";
    for (name, tty) in [("plain", false), ("terminal", true)] {
        let id = tasks
            .create("1", name, (script, tty), HostConfig::default())
            .await;
        let ended: Vec<_> = tasks.docker.wait_container(&id, None).collect().await;
        assert_eq!(ended.len(), 1);
    }
    let (engines, _reports) = tasks.engines();
    for name in ["plain", "terminal"] {
        let tail = Tail {
            follow: false,
            ..tasks.tail("1", name)
        };
        let (_tail, receiver) = watch::channel(tail);
        let (sender, mut reports) = mpsc::channel(4);
        let reading = engines.clone();
        tokio::spawn(async move { reading.tail(receiver, sender).await });
        let mut lines = Vec::new();
        read(&mut reports, &mut lines, |lines, _| lines.len() >= 2).await;
        assert_eq!(lines, ["x".repeat(40_000), "end".to_owned()], "{name}");
    }
    tasks.end().await;
}

/// A Docker Engine of our own, that can be stopped without harm to others.
struct OwnEngine {
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl OwnEngine {
    fn new() -> Self {
        Self {
            folder: tempfile::Builder::new()
                .prefix("engine")
                .tempdir_in("/tmp")
                .unwrap(),
            process: None,
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    fn start(&mut self) {
        let path = |name: &str| self.folder.path().join(name);
        let log = std::fs::File::create(path("log")).unwrap();
        // In a network of its own: without a bridge an engine takes away the bridge that another one uses.
        let process = Command::new("unshare")
            .args(["--net", "dockerd"])
            .arg("--data-root")
            .arg(path("data"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg("--pidfile")
            .arg(path("pid"))
            .arg("-H")
            .arg(format!("unix://{}", self.socket().display()))
            .args([
                "--bridge=none",
                "--iptables=false",
                "--ip-masq=false",
                "--storage-driver=vfs",
                "--live-restore",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(process);
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let id = process.id().to_string();
            assert!(
                Command::new("kill")
                    .args(["-TERM", &id])
                    .status()
                    .unwrap()
                    .success()
            );
            process.wait().unwrap();
        }
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        self.stop();
        // With `--live-restore` an engine leaves its data mounted on itself, and the folder could not be removed.
        let _ = Command::new("umount")
            .arg(self.folder.path().join("data"))
            .status();
    }
}

#[tokio::test]
#[ignore = "needs the servers of ./test"]
async fn an_engine_that_is_stopped_and_started_is_followed_again() {
    let mut own = OwnEngine::new();
    let address = format!("unix://{}", own.socket().display());
    let settings = Settings {
        local: Some(address.clone()),
        rules: Vec::new(),
    };
    let (sender, mut reports) = mpsc::channel(64);
    let engines = Engines::start(settings, sender);
    let shared = servers::docker().await;
    own.start();
    let watch = Watch {
        open: true,
        tasks: Vec::new(),
    };
    engines.watch(watch);
    state(&mut reports, |engine| {
        engine.state == EngineState::Connected
    })
    .await;

    let docker = Docker::connect_with_unix(&address, 60, bollard::API_DEFAULT_VERSION).unwrap();
    let docker = docker.negotiate_version().await.unwrap();
    let image: Vec<u8> = shared
        .export_image(IMAGE)
        .try_fold(Vec::new(), |mut image, piece| async move {
            image.extend(&piece);
            Ok(image)
        })
        .await
        .unwrap();
    let options = bollard::query_parameters::ImportImageOptions::default();
    let body = bollard::body_full(image.into());
    let _: Vec<_> = docker
        .import_image(options, body, None)
        .try_collect()
        .await
        .unwrap();
    let mut tasks = Tasks::at(docker, address);
    let id = tasks
        .start(
            "1",
            "app",
            "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.01; done",
            HostConfig::default(),
        )
        .await;
    engines.watch(tasks.watch(&["1"]));
    state(&mut reports, |engine| engine.streams == 1).await;
    let (_tail, receiver) = watch::channel(tasks.tail("1", "app"));
    let (sender, mut lines) = mpsc::channel(64);
    let reading = engines.clone();
    tokio::spawn(async move { reading.tail(receiver, sender).await });
    let mut read_lines = Vec::new();
    read(&mut lines, &mut read_lines, |lines, _| lines.len() > 10).await;

    own.stop();
    let engine = state(&mut reports, |engine| {
        matches!(engine.state, EngineState::Failed(_))
    })
    .await;
    assert_eq!(
        engine.containers.len(),
        1,
        "a dead engine is never no containers"
    );
    read(&mut lines, &mut read_lines, |_, state| {
        matches!(state, Some(TailState::Failed(_)))
    })
    .await;
    own.start();
    // Its container went on meanwhile, and so do its streams.
    state(&mut reports, |engine| {
        engine.state == EngineState::Connected && engine.streams == 2
    })
    .await;
    let seen = read_lines.len();
    read(&mut lines, &mut read_lines, |lines, _| {
        lines.len() > seen + 10
    })
    .await;
    let expected: Vec<_> = (1..=read_lines.len())
        .map(|number| number.to_string())
        .collect();
    assert_eq!(read_lines, expected, "each line once, in order");
    remove(&tasks.docker, &id).await;
    tasks.ids.clear();
    tasks.end().await;
    engines.watch(Watch::default());
}
