//! `ListTasks` and `DescribeTasks`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::find::arn_or_name;
use super::page::Paging;
use super::{Answer, Call, Fault, check_include, includes, missing};
use crate::sandbox::world::World;
use crate::sandbox::world::chance;
use crate::sandbox::world::definition::{Definition, NetworkMode, PortMapping};
use crate::sandbox::world::task::{LaunchType, Stage, Task, TaskKey};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListInput {
    cluster: Option<String>,
    container_instance: Option<String>,
    family: Option<String>,
    started_by: Option<String>,
    service_name: Option<String>,
    desired_status: Option<String>,
    launch_type: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Lists the ARNs of a cluster's tasks whose desired status is RUNNING, or the one asked for.
pub fn list(call: &mut Call<'_>) -> Answer {
    let input: ListInput = call.input()?;
    let world = &*call.world;
    let key = world.find_cluster(input.cluster.as_deref())?;
    let cluster = world.cluster(key);
    let others = [
        &input.container_instance,
        &input.family,
        &input.service_name,
    ];
    if input.started_by.is_some() && others.iter().any(|filter| filter.is_some()) {
        return Err(Fault::invalid(
            "The startedBy filter must be the only filter.",
        ));
    }
    let status = input.desired_status.as_deref().unwrap_or("RUNNING");
    if !["RUNNING", "PENDING", "STOPPED"].contains(&status) {
        return Err(Fault::invalid(format!("Unknown desired status: {status}.")));
    }
    let service = input
        .service_name
        .as_deref()
        .map(|name| world.find_service(key, name))
        .transpose()?;
    let instance = match input.container_instance.as_deref() {
        None => None,
        Some(name) => Some(
            world
                .instance_key(key, name)
                .ok_or_else(|| Fault::invalid("Container instance not found."))?,
        ),
    };
    let fits = |task: &Task| {
        let wanted = match status {
            "RUNNING" => task.wanted,
            "STOPPED" => !task.wanted,
            // The API takes PENDING as a desired status but no task ever has it.
            _ => false,
        };
        wanted
            && instance.is_none_or(|instance| task.instance == Some(instance))
            && input
                .started_by
                .as_ref()
                .is_none_or(|by| task.started_by.as_ref() == Some(by))
            && input
                .launch_type
                .as_deref()
                .is_none_or(|word| word == task.launch.word())
            && input
                .family
                .as_ref()
                .is_none_or(|family| world.definition(task.definition).family == *family)
    };
    let (live, stopped) = match service {
        Some(service) => (
            &world.service(service).live,
            &world.service(service).stopped,
        ),
        None => (&cluster.live, &cluster.stopped),
    };
    let show = |key: &u128| {
        let task = world.tasks.get(&TaskKey(*key)).filter(|task| fits(task))?;
        Some(world.task_arn(task))
    };
    let (page, token) = if status == "STOPPED" {
        input
            .paging
            .cut(100, live.union(stopped).map(|key| key.0), show)?
    } else {
        input.paging.cut(100, live.iter().map(|key| key.0), show)?
    };
    Ok(json!({"taskArns": page, "nextToken": token}))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DescribeInput {
    cluster: Option<String>,
    tasks: Vec<String>,
    include: Vec<String>,
}

/// Describes at most a hundred tasks.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let DescribeInput {
        cluster,
        tasks,
        include,
    } = call.input()?;
    check_include(&include, &["TAGS"])?;
    match tasks.len() {
        0 => return Err(Fault::invalid("Tasks cannot be empty.")),
        1..=100 => {}
        _ => return Err(Fault::invalid("taskIds can have at most 100 items.")),
    }
    let world = &*call.world;
    let cluster = world.find_cluster(cluster.as_deref())?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in tasks {
        match world
            .task_key(cluster, &name)
            .and_then(|key| world.tasks.get(&key))
        {
            Some(task) => found.push(render(world, task, includes(&include, "TAGS"))),
            None => failures.push(missing(arn_or_name(world, "task", Some(cluster), &name))),
        }
    }
    Ok(json!({"tasks": found, "failures": failures}))
}

/// A task as the API shows it.
pub fn render(world: &World, task: &Task, tags: bool) -> Value {
    let definition = world.definition(task.definition);
    let times = &task.times;
    let seen = |moment: Option<_>| moment.filter(|moment| *moment <= world.now);
    let mut document = json!({
        "attachments": attachments(task, definition),
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": task.zone,
        "capacityProviderName": task.provider,
        "clusterArn": world.cluster_arn(&world.cluster(task.cluster).name),
        "connectivity": connectivity(world, task),
        "connectivityAt": times.connected,
        "containerInstanceArn": task.instance.and_then(|key| world.instances.get(&key)).map(|instance| world.instance_arn(instance)),
        "containers": containers(world, task, definition),
        "cpu": definition.cpu.clone().unwrap_or_else(|| definition.footprint.cpu.to_string()),
        "createdAt": times.created,
        "desiredStatus": if task.wanted { "RUNNING" } else { "STOPPED" },
        "enableExecuteCommand": task.exec,
        "executionStoppedAt": times.execution_stopped,
        "group": group(world, task, definition),
        "healthStatus": task.health(),
        "inferenceAccelerators": [],
        "lastStatus": task.stage,
        "launchType": task.launch,
        "memory": definition.memory.clone().unwrap_or_else(|| definition.footprint.memory.to_string()),
        "overrides": task.overrides.clone().unwrap_or_else(|| json!({
            "containerOverrides": definition.containers.iter().map(|spec| json!({"name": spec.name})).collect::<Vec<_>>(),
            "inferenceAcceleratorOverrides": [],
        })),
        "pullStartedAt": seen(times.pull_started),
        "pullStoppedAt": times.pull_stopped,
        "startedAt": times.started,
        "startedBy": task.started_by,
    });
    let fargate = task.launch == LaunchType::Fargate;
    let rest = json!({
        "platformVersion": fargate.then_some("1.4.0"),
        "platformFamily": fargate.then_some("Linux"),
        "ephemeralStorage": fargate.then(|| definition.body.get("ephemeralStorage").cloned().unwrap_or_else(|| json!({"sizeInGiB": 20}))),
        "stopCode": task.stop.as_ref().map(|stop| stop.code),
        "stoppedReason": task.stop.as_ref().map(|stop| &stop.reason),
        "stoppingAt": times.stopping,
        "stoppedAt": times.stopped,
        "tags": if tags { json!(task.tags) } else { json!([]) },
        "taskArn": world.task_arn(task),
        "taskDefinitionArn": world.definition_arn(definition),
        "version": task.version,
    });
    if let (Some(document), Value::Object(rest)) = (document.as_object_mut(), rest) {
        document.extend(rest);
    }
    document
}

fn group(world: &World, task: &Task, definition: &Definition) -> String {
    match (task.service, &task.group) {
        (Some(service), _) => format!("service:{}", world.service(service).name),
        (None, Some(group)) => group.clone(),
        (None, None) => format!("family:{}", definition.family),
    }
}

fn connectivity(world: &World, task: &Task) -> Option<&'static str> {
    task.times.connected?;
    let connected = task
        .instance
        .and_then(|key| world.instances.get(&key))
        .is_none_or(|instance| instance.connected);
    Some(if connected {
        "CONNECTED"
    } else {
        "DISCONNECTED"
    })
}

/// The network interface of a task, where it has one of its own.
fn attachments(task: &Task, definition: &Definition) -> Value {
    if definition.network != NetworkMode::Awsvpc {
        return json!([]);
    }
    let status = match task.stage {
        Stage::Provisioning => "PRECREATED",
        Stage::Deprovisioning => "DETACHING",
        Stage::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    let detail = |name: &str, value: String| json!({"name": name, "value": value});
    let subnet = match task.zone.bytes().last() {
        Some(b'a') => "subnet-0a1f3c5e7092b4d6f",
        Some(b'b') => "subnet-0b2e4d6f8193c5a70",
        _ => "subnet-0c3d5e7f9204d6b81",
    };
    let mut details = vec![detail("subnetId", subnet.to_owned())];
    if task.stage != Stage::Provisioning {
        let [_, b, c, d] = task.address.octets();
        details.push(detail(
            "networkInterfaceId",
            format!("eni-{:017x}", task.key.0 >> 68),
        ));
        details.push(detail(
            "macAddress",
            format!("0a:{b:02x}:{c:02x}:{d:02x}:5e:{:02x}", task.key.0 & 0xff),
        ));
        details.push(detail(
            "privateDnsName",
            format!("ip-10-{b}-{c}-{d}.ec2.internal"),
        ));
        details.push(detail("privateIPv4Address", task.address.to_string()));
    }
    json!([{"id": attachment_id(task), "type": "ElasticNetworkInterface", "status": status, "details": details}])
}

fn attachment_id(task: &Task) -> String {
    chance::uuid_of(task.key.0.rotate_left(64))
}

fn containers(world: &World, task: &Task, definition: &Definition) -> Vec<Value> {
    let cluster = &world.cluster(task.cluster).name;
    let has_interface =
        definition.network == NetworkMode::Awsvpc && task.stage != Stage::Provisioning;
    let mut dynamic = task.ports.iter().copied();
    let pairs = task.containers.iter().zip(&definition.containers);
    pairs
        .enumerate()
        .map(|(index, (container, spec))| {
            let started = task.times.started.is_some();
            let status = match task.stage {
                Stage::Provisioning | Stage::Pending | Stage::Activating => "PENDING",
                Stage::Running | Stage::Deactivating | Stage::Stopping if container.exit_code.is_none() => "RUNNING",
                _ => "STOPPED",
            };
            let pulled = task.times.pull_stopped.is_some();
            json!({
                "containerArn": world.arn(&format!("container/{cluster}/{}/{}", task.key.id(), chance::uuid_of(container.runtime))),
                "taskArn": world.task_arn(task),
                "name": spec.name,
                "image": spec.image,
                "imageDigest": container.digest.as_deref().filter(|_| pulled),
                "runtimeId": started.then(|| task.runtime_id(index)),
                "lastStatus": status,
                "exitCode": container.exit_code,
                "reason": container.reason,
                "networkBindings": if started { bindings(definition, &spec.port_mappings, &mut dynamic) } else { Vec::new() },
                "networkInterfaces": if has_interface {
                    json!([{"attachmentId": attachment_id(task), "privateIpv4Address": task.address}])
                } else {
                    json!([])
                },
                "healthStatus": container.health,
                "managedAgents": task.exec.then(|| json!([{
                    "name": "ExecuteCommandAgent",
                    "lastStartedAt": task.times.started,
                    "lastStatus": if status == "RUNNING" { "RUNNING" } else { status },
                }])),
                "cpu": spec.cpu.to_string(),
                "memory": spec.memory.map(|memory| memory.to_string()),
                "memoryReservation": spec.memory_reservation.map(|memory| memory.to_string()),
            })
        })
        .collect()
}

fn bindings(
    definition: &Definition,
    mappings: &[PortMapping],
    dynamic: &mut impl Iterator<Item = u16>,
) -> Vec<Value> {
    let host_port =
        |mapping: &PortMapping, dynamic: &mut dyn Iterator<Item = u16>| match definition.network {
            NetworkMode::Bridge if mapping.host_port == 0 => dynamic.next(),
            NetworkMode::Bridge => Some(mapping.host_port),
            NetworkMode::Host => Some(mapping.container_port),
            NetworkMode::Awsvpc | NetworkMode::None => None,
        };
    mappings
        .iter()
        .filter_map(|mapping| {
            let port = host_port(mapping, dynamic)?;
            Some(json!({"bindIP": "0.0.0.0", "containerPort": mapping.container_port, "hostPort": port, "protocol": mapping.protocol}))
        })
        .collect()
}
