//! `ListContainerInstances`, `DescribeContainerInstances` and `UpdateContainerInstancesState`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::find::arn_or_name;
use super::page::Paging;
use super::{Answer, Call, Fault, check_include, includes, missing};
use crate::sandbox::world::World;
use crate::sandbox::world::instance::{Instance, InstanceKey, RESERVED_PORTS};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListInput {
    cluster: Option<String>,
    filter: Option<String>,
    status: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Lists the ARNs of a cluster's container instances, ACTIVE and DRAINING unless a status is asked for.
pub fn list(call: &mut Call<'_>) -> Answer {
    let input: ListInput = call.input()?;
    if input.filter.is_some() {
        return Err(Fault::client(
            "The sandbox does not evaluate cluster query language expressions: leave filter out.",
        ));
    }
    let world = &*call.world;
    let cluster = world.cluster(world.find_cluster(input.cluster.as_deref())?);
    let show = |key: &u128| {
        let instance = world.instances.get(&InstanceKey(*key))?;
        let wanted = input
            .status
            .as_deref()
            .is_none_or(|word| word == status(instance));
        wanted.then(|| world.instance_arn(instance))
    };
    let keys = cluster.instances.iter().map(|key| key.0);
    let (page, token) = input.paging.cut(100, keys, show)?;
    Ok(json!({"containerInstanceArns": page, "nextToken": token}))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DescribeInput {
    cluster: Option<String>,
    container_instances: Vec<String>,
    include: Vec<String>,
}

/// Describes at most a hundred container instances.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let DescribeInput {
        cluster,
        container_instances: names,
        include,
    } = call.input()?;
    check_include(&include, &["TAGS", "CONTAINER_INSTANCE_HEALTH"])?;
    match names.len() {
        0 => return Err(Fault::invalid("Container instances cannot be empty.")),
        1..=100 => {}
        _ => {
            return Err(Fault::invalid("instanceIds can have at most 100 items."));
        }
    }
    let world = &*call.world;
    let cluster = world.find_cluster(cluster.as_deref())?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match world
            .instance_key(cluster, &name)
            .and_then(|key| world.instances.get(&key))
        {
            Some(instance) => found.push(render(world, instance, &include)),
            None => failures.push(missing(arn_or_name(
                world,
                "container-instance",
                Some(cluster),
                &name,
            ))),
        }
    }
    Ok(json!({"containerInstances": found, "failures": failures}))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StateInput {
    cluster: Option<String>,
    container_instances: Vec<String>,
    status: String,
}

/// Has at most ten container instances drain, or take tasks again.
pub fn update_state(call: &mut Call<'_>) -> Answer {
    let StateInput {
        cluster,
        container_instances: names,
        status,
    } = call.input()?;
    let draining = match status.as_str() {
        "DRAINING" => true,
        "ACTIVE" => false,
        _ => {
            let message = "Container instance status should be one of [ACTIVE,DRAINING]";
            return Err(Fault::invalid(message));
        }
    };
    match names.len() {
        0 => return Err(Fault::invalid("Container instances cannot be empty.")),
        1..=10 => {}
        _ => return Err(Fault::invalid("instanceIds can have at most 10 items.")),
    }
    let cluster = call.world.find_active_cluster(cluster.as_deref())?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        let Some(key) = call.world.instance_key(cluster, &name) else {
            let arn = arn_or_name(call.world, "container-instance", Some(cluster), &name);
            failures.push(missing(arn));
            continue;
        };
        call.world.set_draining(key, draining);
        let world = &*call.world;
        let instance = world.instances.get(&key);
        found.extend(instance.map(|instance| render(world, instance, &[])));
    }
    Ok(json!({"containerInstances": found, "failures": failures}))
}

fn status(instance: &Instance) -> &'static str {
    if instance.draining {
        "DRAINING"
    } else {
        "ACTIVE"
    }
}

fn render(world: &World, instance: &Instance, include: &[String]) -> Value {
    let census = world.census(&instance.tasks);
    let reserved: Vec<String> = RESERVED_PORTS.iter().map(u16::to_string).collect();
    let taken = RESERVED_PORTS
        .iter()
        .chain(&instance.ports)
        .map(u16::to_string)
        .collect();
    json!({
        "containerInstanceArn": world.instance_arn(instance),
        "ec2InstanceId": instance.ec2_id,
        "capacityProviderName": instance.provider,
        "version": instance.version,
        "versionInfo": {"agentVersion": "1.96.0", "agentHash": "6c1fd92b", "dockerVersion": "DockerVersion: 25.0.8"},
        "remainingResources": resources(instance.free_cpu, instance.free_memory, taken),
        "registeredResources": resources(instance.cpu, instance.memory, reserved),
        "status": status(instance),
        "agentConnected": instance.connected,
        "runningTasksCount": census.running,
        "pendingTasksCount": census.pending,
        "attributes": attributes(instance),
        "registeredAt": instance.registered,
        "attachments": [],
        "tags": if includes(include, "TAGS") {
            json!([{"key": "aws:autoscaling:groupName", "value": instance.provider.as_deref().unwrap_or("ecs-nodes")}])
        } else {
            json!([])
        },
        "healthStatus": includes(include, "CONTAINER_INSTANCE_HEALTH").then(|| health(world, instance)),
    })
}

fn resources(cpu: u32, memory: u32, ports: Vec<String>) -> Value {
    let integer = |name: &str, value: u32| json!({"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": value});
    let set = |name: &str, values: Vec<String>| json!({"name": name, "type": "STRINGSET", "doubleValue": 0.0, "longValue": 0, "integerValue": 0, "stringSetValue": values});
    json!([
        integer("CPU", cpu),
        integer("MEMORY", memory),
        set("PORTS", ports),
        set("PORTS_UDP", Vec::new())
    ])
}

fn attributes(instance: &Instance) -> Value {
    let valued = [
        ("ecs.ami-id", "ami-0c7217cdde317cfec"),
        ("ecs.availability-zone", &instance.zone),
        ("ecs.awsvpc-trunk-id", "d0f3a9e5"),
        ("ecs.cpu-architecture", "x86_64"),
        ("ecs.instance-type", &instance.kind),
        ("ecs.os-family", "LINUX"),
        ("ecs.os-type", "linux"),
        ("ecs.subnet-id", "subnet-0a1f3c5e7092b4d6f"),
        ("ecs.vpc-id", "vpc-0f1e2d3c4b5a69788"),
    ];
    let capabilities = [
        "com.amazonaws.ecs.capability.docker-remote-api.1.44",
        "com.amazonaws.ecs.capability.ecr-auth",
        "com.amazonaws.ecs.capability.logging-driver.awslogs",
        "com.amazonaws.ecs.capability.task-iam-role",
        "ecs.capability.execution-role-awslogs",
        "ecs.capability.secrets.asm.environment-variables",
        "ecs.capability.task-eni",
    ];
    let valued = valued
        .into_iter()
        .map(|(name, value)| json!({"name": name, "value": value}));
    valued
        .chain(capabilities.into_iter().map(|name| json!({"name": name})))
        .collect()
}

fn health(world: &World, instance: &Instance) -> Value {
    let agent = if instance.connected { "OK" } else { "IMPAIRED" };
    let detail = |kind: &str, word: &str| json!({"type": kind, "status": word, "lastUpdated": world.now, "lastStatusChange": instance.registered});
    json!({"overallStatus": agent, "details": [detail("CONTAINER_RUNTIME", "OK"), detail("AGENT_CONNECTIVITY", agent)]})
}
