//! `UpdateService`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::provider::check_strategy;
use super::service::render;
use super::{Answer, Call, Fault};
use crate::sandbox::world::cluster::StrategyItem;
use crate::sandbox::world::service::{Controller, LoadBalancer, Service};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    cluster: Option<String>,
    service: String,
    desired_count: Option<i64>,
    task_definition: Option<String>,
    capacity_provider_strategy: Option<Vec<StrategyItem>>,
    deployment_configuration: Option<Configuration>,
    network_configuration: Option<Value>,
    platform_version: Option<String>,
    force_new_deployment: bool,
    health_check_grace_period_seconds: Option<u32>,
    enable_execute_command: Option<bool>,
    load_balancers: Option<Vec<LoadBalancer>>,
    service_registries: Option<Vec<Value>>,
    propagate_tags: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Configuration {
    maximum_percent: Option<u32>,
    minimum_healthy_percent: Option<u32>,
    deployment_circuit_breaker: Option<Breaker>,
}

#[derive(Deserialize)]
struct Breaker {
    enable: bool,
    rollback: bool,
}

/// Changes a service. A task definition, network, load balancers, registries or platform version other than before
/// begin a deployment, and so does `forceNewDeployment`; the other members do not (`UpdateService` in the API
/// reference says so of each).
pub fn update(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    let cluster = call.world.find_active_cluster(input.cluster.as_deref())?;
    let key = call.world.find_service(cluster, &input.service)?;
    check(call.world.service(key), &input)?;
    if let Some(strategy) = &input.capacity_provider_strategy {
        check_strategy(call.world, strategy)?;
    }
    let definition = match &input.task_definition {
        None => None,
        Some(name) => Some(
            call.world
                .definition_key(name)
                .ok_or_else(|| Fault::client("Unable to describe task definition."))?,
        ),
    };
    let current = call.world.service(key).definition;
    let rolls = apply(call.world.service_mut(key), &input)
        || input.force_new_deployment
        || definition.is_some_and(|definition| definition != current);
    if let Some(desired) = input
        .desired_count
        .and_then(|count| u32::try_from(count).ok())
    {
        call.world.set_desired(key, desired);
    }
    if rolls && call.world.service(key).controller == Controller::Ecs {
        call.world
            .deploy(key, definition.unwrap_or(current), call.dice);
    }
    Ok(json!({"service": render(call.world, key, true)}))
}

fn check(service: &Service, input: &Input) -> Result<(), Fault> {
    if !service.active {
        return Err(Fault::new(
            "ServiceNotActiveException",
            "Service was not ACTIVE.",
        ));
    }
    if input
        .desired_count
        .is_some_and(|count| u32::try_from(count).is_err())
    {
        return Err(Fault::invalid("Desired count should be zero or more."));
    }
    if service.is_daemon() && input.desired_count.is_some() {
        return Err(Fault::invalid(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.",
        ));
    }
    let external = service.controller == Controller::External;
    if external && (input.task_definition.is_some() || input.force_new_deployment) {
        return Err(Fault::invalid(
            "Unable to update the task definition on services with an EXTERNAL deployment controller. Use CreateTaskSet to deploy a new revision.",
        ));
    }
    Ok(())
}

/// Takes over the plain members, and says whether the tasks have to be replaced for them.
fn apply(service: &mut Service, input: &Input) -> bool {
    service.claimed = true;
    let mut rolls = false;
    if let Some(configuration) = &input.deployment_configuration {
        let rules = &mut service.rules;
        rules.maximum = configuration.maximum_percent.unwrap_or(rules.maximum);
        rules.minimum = configuration
            .minimum_healthy_percent
            .unwrap_or(rules.minimum);
        if let Some(breaker) = &configuration.deployment_circuit_breaker {
            rules.breaker = breaker.enable;
            rules.rollback = breaker.rollback;
        }
    }
    if let Some(strategy) = &input.capacity_provider_strategy {
        // An empty list goes back to the launch type that the tasks had.
        let launch = service.placing.launch_type();
        service.placing.launch = strategy.is_empty().then_some(launch);
        service.placing.strategy.clone_from(strategy);
    }
    if let Some(network) = &input.network_configuration {
        rolls |= service.network.as_ref() != Some(network);
        service.network = Some(network.clone());
    }
    if let Some(platform) = &input.platform_version {
        rolls |= service.placing.platform.as_ref() != Some(platform);
        service.placing.platform = Some(platform.clone());
    }
    if let Some(balancers) = &input.load_balancers {
        rolls |= service.balancers != *balancers;
        service.balancers.clone_from(balancers);
    }
    if let Some(registries) = &input.service_registries {
        rolls |= service.registries != *registries;
        service.registries.clone_from(registries);
    }
    service.exec = input.enable_execute_command.unwrap_or(service.exec);
    service.grace = input.health_check_grace_period_seconds.or(service.grace);
    service.propagate = input.propagate_tags.clone().or(service.propagate.take());
    rolls
}
