//! `RunTask`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::definition::fits_fargate;
use super::provider::check_strategy;
use super::task::render;
use super::{Answer, Call, Fault};
use crate::sandbox::world::cluster::{StrategyItem, Tag};
use crate::sandbox::world::definition::NetworkMode;
use crate::sandbox::world::launch::Launch;
use crate::sandbox::world::placement::{Misfit, Placing, Wish};
use crate::sandbox::world::task::LaunchType;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    cluster: Option<String>,
    task_definition: String,
    count: Option<u32>,
    launch_type: Option<String>,
    capacity_provider_strategy: Vec<StrategyItem>,
    group: Option<String>,
    started_by: Option<String>,
    overrides: Option<Value>,
    network_configuration: Option<Value>,
    tags: Vec<Tag>,
    enable_execute_command: bool,
    platform_version: Option<String>,
}

/// Starts up to ten standalone tasks; those that fit nowhere are in `failures[]`.
pub fn run(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    let cluster = call.world.find_active_cluster(input.cluster.as_deref())?;
    let definition = call
        .world
        .definition_key(&input.task_definition)
        .ok_or_else(|| Fault::client("TaskDefinition not found."))?;
    let count = input.count.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(Fault::invalid("Count should be between 1 and 10."));
    }
    if call.world.definition(definition).network == NetworkMode::Awsvpc
        && input.network_configuration.is_none()
    {
        return Err(Fault::invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    let placing = placing(&input, call)?;
    if placing.launch == Some(LaunchType::Fargate)
        && !fits_fargate(call.world.definition(definition))
    {
        return Err(Fault::invalid(
            "Task definition does not support launch_type FARGATE.",
        ));
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let wish = Wish::standalone(cluster, definition, &placing);
        match call.world.place(&wish, call.dice) {
            Ok(site) => {
                let launch = Launch {
                    cluster,
                    definition,
                    site,
                    service: None,
                    group: input.group.clone(),
                    started_by: input.started_by.clone(),
                    overrides: input.overrides.clone(),
                    tags: input.tags.clone(),
                    exec: input.enable_execute_command,
                };
                let key = call.world.launch(launch, call.dice);
                tasks.extend(
                    call.world
                        .tasks
                        .get(&key)
                        .map(|task| render(call.world, task, true)),
                );
            }
            Err(Misfit::NoInstances) => {
                return Err(Fault::invalid(
                    "No Container Instances were found in your cluster.",
                ));
            }
            Err(Misfit::Closest(instance, shortage)) => {
                let arn = call
                    .world
                    .instances
                    .get(&instance)
                    .map(|instance| call.world.instance_arn(instance));
                failures.push(json!({"arn": arn, "reason": shortage.reason()}));
            }
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

fn placing(input: &Input, call: &Call<'_>) -> Result<Placing, Fault> {
    let launch = match input.launch_type.as_deref() {
        None => None,
        Some("EC2") => Some(LaunchType::Ec2),
        Some("FARGATE") => Some(LaunchType::Fargate),
        Some(other) => {
            return Err(Fault::invalid(format!(
                "The sandbox has no capacity of launch type {other}."
            )));
        }
    };
    if launch.is_some() && !input.capacity_provider_strategy.is_empty() {
        return Err(Fault::invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    let mut strategy = input.capacity_provider_strategy.clone();
    if launch.is_none() && strategy.is_empty() {
        let cluster = call.world.find_cluster(input.cluster.as_deref())?;
        strategy.clone_from(&call.world.cluster(cluster).strategy);
    }
    check_strategy(call.world, &strategy)?;
    Ok(Placing {
        launch,
        strategy,
        platform: input.platform_version.clone(),
    })
}
