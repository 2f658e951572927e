//! Task definitions: the registered document, and the few facts of it that the simulation needs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::cluster::Tag;
use super::moment::Moment;

/// Index of a task definition revision in [`World::definitions`](super::World).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefinitionKey(pub usize);

/// How the tasks of a revision behave once launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// They run until stopped.
    Steady,
    /// They do their work and exit with code 0, sometimes 1.
    Finishes,
    /// The image cannot be pulled.
    PullFails,
    /// A secret cannot be read.
    SecretFails,
    /// The kernel kills the process for its use of memory.
    OutOfMemory,
    /// The process exits with code 1 soon after it started.
    Crashes,
    /// The container health check never passes.
    FailsContainerHealth,
    /// The load balancer's health check fails.
    FailsTargetHealth,
}

impl Conduct {
    /// The conduct that the tag of an image asks for: `crash`, `missing`, `oom` and `unhealthy` in a tag make a
    /// task definition registered by a client fail in that way, so that every failure can be provoked by hand.
    pub fn of_image(image: &str) -> Self {
        let tag = image
            .rsplit('/')
            .next()
            .and_then(|name| name.split_once(':'))
            .map_or("", |(_, tag)| tag);
        [
            ("crash", Self::Crashes),
            ("missing", Self::PullFails),
            ("oom", Self::OutOfMemory),
            ("unhealthy", Self::FailsContainerHealth),
        ]
        .into_iter()
        .find_map(|(word, conduct)| tag.contains(word).then_some(conduct))
        .unwrap_or(Self::Steady)
    }
}

/// What a task takes of a container instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// CPU units.
    pub cpu: u32,
    /// Memory, MiB.
    pub memory: u32,
    /// Fixed host ports.
    pub host_ports: Vec<u16>,
    /// Number of mappings whose host port is chosen at launch.
    pub dynamic_ports: usize,
}

/// The Docker network mode of the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// Docker's bridge.
    Bridge,
    /// The host's network.
    Host,
    /// A network interface per task.
    Awsvpc,
    /// None.
    None,
}

/// A port mapping of a container.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    /// The port inside.
    pub container_port: u16,
    /// The port outside; 0 or absent means chosen at launch.
    #[serde(default)]
    pub host_port: u16,
    /// `tcp` or `udp`.
    #[serde(default = "tcp")]
    pub protocol: String,
}

fn tcp() -> String {
    "tcp".to_owned()
}

fn yes() -> bool {
    true
}

/// Where the output of a container goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogConfiguration {
    /// The log driver, for instance `awslogs`.
    pub log_driver: String,
    /// The driver's options.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

impl ContainerSpec {
    /// The log group in CloudWatch Logs, where the log driver writes there by itself.
    pub fn group(&self) -> Option<&str> {
        self.option_of_awslogs("awslogs-group")
    }

    /// The prefix of the container's log streams, where they have one.
    pub fn stream_prefix(&self) -> Option<&str> {
        self.option_of_awslogs("awslogs-stream-prefix")
    }

    /// Whether all tasks of a deployment run the digest that the image had when it began.
    pub fn is_consistent(&self) -> bool {
        self.version_consistency.as_deref() != Some("disabled")
    }

    fn option_of_awslogs(&self, name: &str) -> Option<&str> {
        let logs = self.log_configuration.as_ref()?;
        let value = logs.options.get(name).map(String::as_str);
        value.filter(|_| logs.log_driver == "awslogs")
    }
}

/// The facts of one container definition.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerSpec {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Whether the task ends when it ends.
    #[serde(default = "yes")]
    pub essential: bool,
    /// CPU units.
    #[serde(default)]
    pub cpu: u32,
    /// Hard memory limit, MiB.
    #[serde(default)]
    pub memory: Option<u32>,
    /// Soft memory limit, MiB.
    #[serde(default)]
    pub memory_reservation: Option<u32>,
    /// Its port mappings.
    #[serde(default)]
    pub port_mappings: Vec<PortMapping>,
    /// Where its output goes; without it, to the log of the Docker Engine.
    #[serde(default)]
    pub log_configuration: Option<LogConfiguration>,
    /// Its health check, if it has one.
    #[serde(default)]
    pub health_check: Option<Value>,
    /// `versionConsistency`: `disabled` where each task resolves the image anew.
    #[serde(default)]
    pub version_consistency: Option<String>,
}

/// One revision of a family.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The family.
    pub family: String,
    /// The revision, from 1.
    pub revision: u32,
    /// False once deregistered.
    pub active: bool,
    /// When it was registered.
    pub registered: Moment,
    /// The document as registered, with what the service adds, without ARN, revision and status.
    pub body: Map<String, Value>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Facts of the containers.
    pub containers: Vec<ContainerSpec>,
    /// Task-level CPU, as written.
    pub cpu: Option<String>,
    /// Task-level memory, as written.
    pub memory: Option<String>,
    /// The network mode.
    pub network: NetworkMode,
    /// What a task takes of an instance.
    pub footprint: Footprint,
    /// How the tasks behave.
    pub conduct: Conduct,
}

impl Definition {
    /// Reads the facts out of a document, or says in words what is wrong with it.
    pub fn from_body(
        family: &str,
        revision: u32,
        registered: Moment,
        body: Map<String, Value>,
        conduct: Option<Conduct>,
    ) -> Result<Self, String> {
        let containers: Vec<ContainerSpec> = body
            .get("containerDefinitions")
            .cloned()
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| format!("Invalid container definition: {error}"))?
            .unwrap_or_default();
        let Some(main) = containers.first() else {
            return Err("Container definitions should not be empty.".to_owned());
        };
        if !containers.iter().any(|container| container.essential) {
            return Err(format!(
                "Invalid 'essential' setting for container {}: a task needs an essential container.",
                main.name
            ));
        }
        let conduct = conduct.unwrap_or_else(|| Conduct::of_image(&main.image));
        let network = body
            .get("networkMode")
            .cloned()
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| format!("Invalid network mode: {error}"))?
            .unwrap_or(NetworkMode::Bridge);
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let (cpu, memory) = (text("cpu"), text("memory"));
        let footprint = footprint(&containers, cpu.as_deref(), memory.as_deref(), network);
        Ok(Self {
            family: family.to_owned(),
            revision,
            active: true,
            registered,
            body,
            tags: Vec::new(),
            containers,
            cpu,
            memory,
            network,
            footprint,
            conduct,
        })
    }

    /// Whether any container has a health check.
    pub fn has_health_check(&self) -> bool {
        self.containers
            .iter()
            .any(|container| container.health_check.is_some())
    }

    /// `family:revision`.
    pub fn label(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }
}

fn footprint(
    containers: &[ContainerSpec],
    cpu: Option<&str>,
    memory: Option<&str>,
    network: NetworkMode,
) -> Footprint {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    let mut footprint = Footprint {
        cpu: number(cpu).unwrap_or_else(|| containers.iter().map(|container| container.cpu).sum()),
        memory: number(memory).unwrap_or_else(|| {
            containers
                .iter()
                .filter_map(|container| container.memory_reservation.or(container.memory))
                .sum()
        }),
        ..Footprint::default()
    };
    for mapping in containers
        .iter()
        .flat_map(|container| &container.port_mappings)
    {
        match (network, mapping.host_port) {
            (NetworkMode::Bridge, 0) => footprint.dynamic_ports += 1,
            (NetworkMode::Bridge, port) => footprint.host_ports.push(port),
            (NetworkMode::Host, _) => footprint.host_ports.push(mapping.container_port),
            (NetworkMode::Awsvpc | NetworkMode::None, _) => {}
        }
    }
    footprint
}
