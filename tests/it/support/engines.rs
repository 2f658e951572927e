//! Docker Engines as they would report: containers of tasks of the account, and what these use, second by second.

use std::{collections::BTreeMap, time::Duration};

use ecsight::{
    app::Event,
    model::{
        Arn, Engine, EngineContainer, EngineReport, EngineState, Fault, FaultKind, Flow, Memory,
        Sample, Subject, Task, samples,
    },
};

use super::{account::ago, stage::Stage};

/// The container that holds the network of a task in mode awsvpc.
pub const PAUSE: &str = "~internal~ecs~pause";

/// What a container does while it is looked at.
#[derive(Clone, Copy)]
pub struct Load {
    pub cores: f64,
    pub mebibytes: u64,
    pub limit: Option<u64>,
    /// Bytes a second over the network.
    pub network: Option<u64>,
}

impl Load {
    pub fn of(cores: f64, mebibytes: u64) -> Self {
        Self {
            cores,
            mebibytes,
            limit: Some(256),
            network: None,
        }
    }
}

/// An engine that has all containers of these tasks, and their pause containers.
pub fn engine(address: &str, tasks: &[Task]) -> Engine {
    let mut engine = samples::engine(address);
    engine.since = ago(600);
    for task in tasks {
        let names = task.containers.iter().map(|one| one.name.as_str());
        let all = names.chain([PAUSE]);
        engine
            .containers
            .extend(all.map(|name| samples::engine_container(task, name)));
    }
    engine
}

pub fn failed(mut engine: Engine, kind: FaultKind, message: &str, hint: &str) -> Engine {
    engine.state = EngineState::Failed(Fault {
        kind,
        op: "connect".to_owned(),
        message: message.to_owned(),
        hint: hint.to_owned(),
    });
    engine
}

/// Engines in every state, on a stage.
pub fn all_states(stage: &mut Stage) {
    let tasks: Vec<Task> = tasks_of(stage, "api");
    let mut connected = engine("unix:///var/run/docker.sock", &tasks);
    connected.streams = 6;
    let mut exited: EngineContainer = samples::engine_container(&tasks[0], "migrate");
    exited.state = "exited".into();
    exited.exit_code = Some(137);
    exited.oom_killed = true;
    connected.containers.push(exited);
    let denied = FaultKind::Denied {
        action: String::new(),
    };
    let mut denied = failed(
        engine("ssh://ec2-user@i-0123456789abcdef0", &tasks[..1]),
        denied,
        "permission denied on /var/run/docker.sock",
        "add the user to the group docker on the host",
    );
    let host = "arn:aws:ecs:eu-west-1:123456789012:container-instance/workers-ec2/\
                11110c11d2e34f5a8b6c7d8e9f0a1b2c";
    denied.instance = Some(Arn::new(host));
    let gone = failed(
        Engine {
            version: String::new(),
            api: String::new(),
            ..engine("tcp://10.0.3.9:2375", &[])
        },
        FaultKind::Network,
        "connection \u{1b}[31mrefused",
        "check the address",
    );
    let connecting = Engine {
        state: EngineState::Connecting,
        version: String::new(),
        api: String::new(),
        ..engine("tcp://10.0.3.10:2376", &[])
    };
    let closed = Engine {
        state: EngineState::Closed,
        ..engine("unix:///run/user/1000/podman.sock", &[])
    };
    for engine in [connected, denied, gone, connecting, closed] {
        report(stage, EngineReport::Engine(Box::new(engine)));
    }
}

pub fn report(stage: &mut Stage, told: EngineReport) {
    stage.send(Event::Engine(told));
}

/// The running tasks of a service of the account.
pub fn tasks_of(stage: &Stage, service: &str) -> Vec<Task> {
    let tasks = stage.account.tasks.iter();
    let own = tasks.filter(|task| task.service_name() == Some(service) && !task.is_stopped());
    own.cloned().collect()
}

/// Lets time pass, with a sample of each of these containers every second.
pub fn run(stage: &mut Stage, seconds: u32, loads: &BTreeMap<Subject, Load>) {
    for second in 1..=seconds {
        stage.pass(Duration::from_secs(1));
        let at = stage.now.wall;
        let mut all = Vec::new();
        for (subject, load) in loads {
            // With a wave, so that lines are no rulers.
            let wave = 8.0 * (1.0 - (f64::from(second) / 20.0).cos());
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "tests"
            )]
            let total = |rate: f64| (rate * (f64::from(second) + wave)) as u64;
            let mebi = 1024 * 1024;
            all.push((
                subject.clone(),
                Sample {
                    at,
                    cpu: total(load.cores * 1e9),
                    cores: 2,
                    memory: Some(Memory {
                        used: load.mebibytes * mebi,
                        cache: 12 * mebi,
                        limit: load.limit.map(|limit| limit * mebi),
                    }),
                    network: load.network.map(|bytes| Flow {
                        inward: bytes * u64::from(second),
                        outward: bytes / 4 * u64::from(second),
                    }),
                    disk: Some(Flow {
                        inward: 0,
                        outward: 4_096 * u64::from(second),
                    }),
                    throttled: Some(u64::from(second) * 30_000_000),
                    processes: Some(11),
                    host_cpu: None,
                },
            ));
        }
        report(stage, EngineReport::Samples(all));
    }
}

/// Loads of the containers of tasks; the network is the pause container's.
pub fn loads(tasks: &[Task], each: &[(&str, Load)]) -> BTreeMap<Subject, Load> {
    let mut loads = BTreeMap::new();
    for (task, share) in tasks.iter().zip([1.0, 1.6, 0.3]) {
        for (name, load) in each {
            let load = Load {
                cores: load.cores * share,
                ..*load
            };
            loads.insert(Subject::part(&task.arn, name), load);
        }
    }
    loads
}
