//! The documents of an engine: lists and inspections of containers, and what it says of itself.

use serde_json::{Value, json};

use super::host::{self, Cgroup, Unit};
use super::route::List;
use super::stamp;
use crate::sandbox::world::World;
use crate::sandbox::world::chance;
use crate::sandbox::world::definition::NetworkMode;
use crate::sandbox::world::instance::{Instance, InstanceKey};

/// The newest version of the API.
pub const API: &str = "1.44";
/// The oldest version of the API.
const OLDEST: &str = "1.24";
/// The version of the engine, the same that the container instance reports.
const ENGINE: &str = "25.0.8";
/// The `Server` header.
pub const SERVER: &str = "Docker/25.0.8 (linux)";

/// `GET /version`.
pub fn version(cgroup: Cgroup) -> Value {
    let kernel = kernel(cgroup);
    json!({
        "Platform": {"Name": ""},
        "Components": [{"Name": "Engine", "Version": ENGINE, "Details": {
            "ApiVersion": API, "MinAPIVersion": OLDEST, "Os": "linux", "Arch": "amd64", "KernelVersion": kernel,
            "Experimental": "false",
        }}],
        "Version": ENGINE,
        "ApiVersion": API,
        "MinAPIVersion": OLDEST,
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": kernel,
    })
}

/// `GET /info`.
pub fn info(world: &World, key: InstanceKey, cgroup: Cgroup) -> Option<Value> {
    let instance = world.instances.get(&key)?;
    let units = host::units(world, key);
    let running = units.iter().filter(|unit| unit.runs()).count();
    let (system, driver, number) = match cgroup {
        Cgroup::V1 => ("Amazon Linux 2", "cgroupfs", "1"),
        Cgroup::V2 => ("Amazon Linux 2023.6", "systemd", "2"),
    };
    Some(json!({
        "ID": chance::uuid_of(key.0),
        "Name": host_name(instance, &world.region),
        "Containers": units.len(),
        "ContainersRunning": running,
        "ContainersPaused": 0,
        "ContainersStopped": units.len() - running,
        "Driver": "overlay2",
        "LoggingDriver": "json-file",
        "CgroupDriver": driver,
        "CgroupVersion": number,
        "MemoryLimit": true,
        "OomKillDisable": cgroup == Cgroup::V1,
        "KernelVersion": kernel(cgroup),
        "OperatingSystem": system,
        "OSType": "linux",
        "Architecture": "x86_64",
        "NCPU": host::cores(instance),
        "MemTotal": host::host_memory(instance),
        "SystemTime": stamp::text(world.now),
        "ServerVersion": ENGINE,
        "Warnings": [],
    }))
}

fn kernel(cgroup: Cgroup) -> &'static str {
    match cgroup {
        Cgroup::V1 => "4.14.355-276.618.amzn2.x86_64",
        Cgroup::V2 => "6.1.134-152.225.amzn2023.x86_64",
    }
}

fn host_name(instance: &Instance, region: &str) -> String {
    let [.., c, d] = instance.key.0.to_be_bytes();
    format!("ip-10-0-{}-{}.{region}.compute.internal", c % 112, d)
}

/// `GET /containers/json`, newest first.
pub fn list(world: &World, key: InstanceKey, query: &List) -> Value {
    let filters = &query.filters;
    // Whoever asks for a status, or for a number of the newest, means all that have it.
    let by_status = !filters.any("status", |_| false);
    let all = query.all || query.limit > 0 || by_status;
    let limit = if query.limit > 0 {
        query.limit
    } else {
        usize::MAX
    };
    let units = host::units(world, key).into_iter().rev();
    let shown = units.filter(|unit| {
        (all || unit.runs())
            && filters.any("status", |status| status == state(unit))
            && filters.any("id", |id| unit.id().starts_with(id))
            && filters.any("name", |name| {
                unit.name().contains(name.trim_start_matches('/'))
            })
            && filters.labels(&unit.labels())
    });
    shown.take(limit).map(|unit| summary(&unit)).collect()
}

fn summary(unit: &Unit<'_>) -> Value {
    json!({
        "Id": unit.id(),
        "Names": [format!("/{}", unit.name())],
        "Image": unit.image(),
        "ImageID": image_id(unit),
        "Command": words(unit).join(" "),
        "Created": unit.started.millis() / 1000,
        "Ports": ports(unit),
        "Labels": unit.labels(),
        "State": state(unit),
        "Status": status(unit),
        "HostConfig": {"NetworkMode": unit.network_mode()},
        "NetworkSettings": {"Networks": networks(unit)},
        "Mounts": [],
    })
}

fn state(unit: &Unit<'_>) -> &'static str {
    if unit.runs() { "running" } else { "exited" }
}

fn status(unit: &Unit<'_>) -> String {
    let now = unit.world.now;
    match (unit.ended(), unit.health()) {
        (Some(ended), _) => {
            format!(
                "Exited ({}) {} ago",
                unit.exit_code(),
                stamp::words(now.since(ended))
            )
        }
        (None, None) => format!("Up {}", stamp::words(now.since(unit.started))),
        (None, Some("starting")) => {
            format!(
                "Up {} (health: starting)",
                stamp::words(now.since(unit.started))
            )
        }
        (None, Some(health)) => {
            format!("Up {} ({health})", stamp::words(now.since(unit.started)))
        }
    }
}

/// The digest of an image, which is what an engine knows it by.
fn image_id(unit: &Unit<'_>) -> String {
    let own = unit
        .container()
        .and_then(|container| container.digest.as_deref());
    own.map_or_else(|| chance::digest_of(unit.image()), str::to_owned)
}

/// What it runs, as far as the task definition says.
fn words(unit: &Unit<'_>) -> Vec<String> {
    let Some(body) = unit.body() else {
        return vec!["/pause".to_owned()];
    };
    let words = ["entryPoint", "command"].map(|name| body.get(name).and_then(Value::as_array));
    let words = words.into_iter().flatten().flatten();
    words
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect()
}

fn environment(unit: &Unit<'_>) -> Vec<String> {
    let given = unit.body().and_then(|body| body.get("environment"));
    let given = given.and_then(Value::as_array).into_iter().flatten();
    given
        .filter_map(|pair| {
            let (name, value) = (pair.get("name")?.as_str()?, pair.get("value")?.as_str()?);
            Some(format!("{name}={value}"))
        })
        .collect()
}

fn ports(unit: &Unit<'_>) -> Vec<Value> {
    let Some(spec) = unit
        .spec()
        .filter(|_| unit.definition.network == NetworkMode::Bridge)
    else {
        return Vec::new();
    };
    let before = unit
        .definition
        .containers
        .iter()
        .take_while(|other| other.name != spec.name);
    let before = before.flat_map(|other| &other.port_mappings);
    let taken = before.filter(|mapping| mapping.host_port == 0).count();
    let mut dynamic = unit.task.ports.iter().skip(taken);
    let mappings = spec.port_mappings.iter();
    mappings
        .filter_map(|mapping| {
            let port = match mapping.host_port {
                0 => *dynamic.next()?,
                port => port,
            };
            Some(json!({
                "IP": "0.0.0.0",
                "PrivatePort": mapping.container_port,
                "PublicPort": port,
                "Type": mapping.protocol,
            }))
        })
        .collect()
}

fn networks(unit: &Unit<'_>) -> Value {
    match unit.definition.network {
        NetworkMode::Bridge => {
            let [.., c, d] = unit.task.key.0.to_be_bytes();
            json!({"bridge": {
                "NetworkID": format!("{:064x}", unit.instance.key.0),
                "Gateway": "172.17.0.1",
                "IPAddress": if unit.runs() { format!("172.17.{c}.{d}") } else { String::new() },
                "IPPrefixLen": 16,
            }})
        }
        NetworkMode::Host => json!({"host": {"IPAddress": ""}}),
        NetworkMode::Awsvpc | NetworkMode::None => json!({}),
    }
}

/// `GET /containers/{id}/json`.
pub fn inspect(unit: &Unit<'_>, cgroup: Cgroup) -> Value {
    let (command, environment) = (words(unit), environment(unit));
    let log = unit
        .spec()
        .and_then(|spec| spec.log_configuration.as_ref())
        .map_or(
            json!({"Type": "json-file", "Config": {}}),
            |log| json!({"Type": log.log_driver, "Config": log.options}),
        );
    let shares = unit.spec().map_or(0, |spec| spec.cpu).max(2);
    let mut document = json!({
        "Id": unit.id(),
        "Created": stamp::text(unit.started),
        "Path": command.first().cloned().unwrap_or_default(),
        "Args": command.get(1..).unwrap_or_default(),
        "State": {
            "Status": state(unit),
            "Running": unit.runs(),
            "Paused": false,
            "Restarting": false,
            "OOMKilled": unit.was_killed_for_memory(),
            "Dead": false,
            "Pid": if unit.runs() { unit.task.key.0 % 60_000 + 2000 } else { 0 },
            "ExitCode": unit.exit_code(),
            "Error": "",
            "StartedAt": stamp::text(unit.started),
            "FinishedAt": unit.ended().map_or_else(|| stamp::NEVER.to_owned(), stamp::text),
        },
        "Image": image_id(unit),
        "Name": format!("/{}", unit.name()),
        "RestartCount": 0,
        "Driver": "overlay2",
        "Platform": "linux",
        "HostConfig": {
            "NetworkMode": unit.network_mode(),
            "LogConfig": log,
            "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
            "CpuShares": shares,
            "NanoCpus": 0,
            "CpuPeriod": 0,
            "CpuQuota": 0,
            "CgroupParent": match cgroup {
                Cgroup::V1 => format!("/ecs/{}", unit.task.key.id()),
                Cgroup::V2 => format!("ecstasks-{}.slice", unit.task.key.id()),
            },
            "Memory": unit.memory_limit(),
            "MemoryReservation": unit.memory_reservation(),
            "MemorySwap": unit.memory_limit() * 2,
            "OomKillDisable": false,
            "PidsLimit": null,
        },
        "Mounts": [],
        "Config": {
            "Hostname": unit.id().get(..12).unwrap_or_default(),
            "Env": environment,
            "Cmd": command,
            "Image": unit.image(),
            "Labels": unit.labels(),
            "Tty": false,
        },
        "NetworkSettings": {"Networks": networks(unit)},
    });
    if let Some(health) = unit.health() {
        document["State"]["Health"] = json!({"Status": health, "FailingStreak": 0, "Log": []});
    }
    document
}
