//! `ListServices` and `DescribeServices`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::find::arn_or_name;
use super::page::Paging;
use super::{Answer, Call, Fault, check_include, includes, missing};
use crate::sandbox::world::placement::Placing;
use crate::sandbox::world::service::{Controller, Deployment, Service, ServiceKey};
use crate::sandbox::world::task::LaunchType;
use crate::sandbox::world::{Census, World};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListInput {
    cluster: Option<String>,
    launch_type: Option<String>,
    scheduling_strategy: Option<String>,
    resource_management_type: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Lists the ARNs of a cluster's services, ten to a page unless asked otherwise.
pub fn list(call: &mut Call<'_>) -> Answer {
    let input: ListInput = call.input()?;
    let world = &*call.world;
    let cluster = world.cluster(world.find_cluster(input.cluster.as_deref())?);
    let fits = |key: ServiceKey| {
        let service = world.service(key);
        service.active
            && input
                .launch_type
                .as_deref()
                .is_none_or(|word| word == service.placing.launch_type().word())
            && input
                .scheduling_strategy
                .as_deref()
                .is_none_or(|word| word == service.scheduling.word())
            && input
                .resource_management_type
                .as_deref()
                .is_none_or(|word| word == "CUSTOMER")
    };
    let show = |name: &String| {
        let key = cluster.services.get(name).filter(|key| fits(**key))?;
        Some(world.service_arn(world.service(*key)))
    };
    let names = cluster.services.keys().cloned();
    let (page, token) = input.paging.cut(10, names, show)?;
    Ok(json!({"serviceArns": page, "nextToken": token}))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DescribeInput {
    cluster: Option<String>,
    services: Vec<String>,
    include: Vec<String>,
}

/// Describes at most ten services.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let DescribeInput {
        cluster,
        services,
        include,
    } = call.input()?;
    check_include(&include, &["TAGS"])?;
    match services.len() {
        0 => return Err(Fault::invalid("Services cannot be empty.")),
        1..=10 => {}
        _ => return Err(Fault::invalid("service names can have at most 10 items.")),
    }
    let world = &*call.world;
    let cluster = world.find_cluster(cluster.as_deref())?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in services {
        match world.service_key(cluster, &name) {
            Some(key) => found.push(render(world, key, includes(&include, "TAGS"))),
            None => failures.push(missing(arn_or_name(world, "service", Some(cluster), &name))),
        }
    }
    Ok(json!({"services": found, "failures": failures}))
}

/// A service as the API shows it.
pub fn render(world: &World, key: ServiceKey, tags: bool) -> Value {
    let service = world.service(key);
    let counts = world.census(&service.live);
    let by_deployment = census_by_deployment(world, service);
    let managed = service.controller == Controller::Ecs;
    let deployments: Vec<Value> = service
        .deployments
        .iter()
        .enumerate()
        .filter(|_| managed)
        .map(|(index, deployment)| {
            let census = by_deployment
                .get(&deployment.id)
                .copied()
                .unwrap_or_default();
            render_deployment(world, service, deployment, index == 0, census)
        })
        .collect();
    let launch = service.placing.launch.map(LaunchType::word);
    let mut document = json!({
        "serviceArn": world.service_arn(service),
        "serviceName": service.name,
        "clusterArn": world.cluster_arn(&world.cluster(service.cluster).name),
        "loadBalancers": service.balancers,
        "serviceRegistries": service.registries,
        "status": if service.active { "ACTIVE" } else { "INACTIVE" },
        "desiredCount": service.desired,
        "runningCount": counts.running,
        "pendingCount": counts.pending,
        "launchType": launch,
        "capacityProviderStrategy": strategy(&service.placing),
        "platformVersion": service.placing.platform,
        "platformFamily": service.placing.platform.as_ref().map(|_| "Linux"),
        "taskDefinition": managed.then(|| world.definition_arn(world.definition(service.definition))),
        "deploymentConfiguration": deployment_configuration(service),
        "taskSets": render_task_set(world, service, counts),
        "deployments": deployments,
        "roleArn": (!service.balancers.is_empty()).then(|| format!(
            "arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", world.account)),
        "events": service.events,
        "createdAt": service.created,
        "placementConstraints": [],
    });
    let rest = json!({
        "placementStrategy": if service.placing.launch_type() == LaunchType::Ec2 && !service.is_daemon() {
            json!([{"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "binpack", "field": "MEMORY"}])
        } else {
            json!([])
        },
        "networkConfiguration": service.network,
        "healthCheckGracePeriodSeconds": service.grace,
        "schedulingStrategy": service.scheduling,
        "deploymentController": {"type": service.controller},
        "tags": tags.then_some(&service.tags),
        "createdBy": format!("arn:aws:iam::{}:role/deployer", world.account),
        "enableECSManagedTags": true,
        "propagateTags": service.propagate.as_deref().unwrap_or("NONE"),
        "enableExecuteCommand": service.exec,
        "availabilityZoneRebalancing": if service.is_daemon() { "DISABLED" } else { "ENABLED" },
        "currentServiceDeployment": service.records.last().map(|record| world.record_arn(service, &record.id)),
        "currentServiceRevisions": service.deployments.iter().filter(|_| managed).map(|deployment| {
            let census = by_deployment.get(&deployment.id).copied().unwrap_or_default();
            json!({
                "arn": world.revision_arn(service, deployment.revision),
                "requestedTaskCount": deployment.desired,
                "runningTaskCount": census.running,
                "pendingTaskCount": census.pending,
            })
        }).collect::<Vec<_>>(),
    });
    if let (Some(document), Value::Object(rest)) = (document.as_object_mut(), rest) {
        document.extend(rest);
    }
    document
}

/// Running and pending tasks of each deployment.
pub fn census_by_deployment(world: &World, service: &Service) -> BTreeMap<u64, Census> {
    let mut counts: BTreeMap<u64, Census> = BTreeMap::new();
    for task in service.live.iter().filter_map(|key| world.tasks.get(key)) {
        if let Some(deployment) = task.deployment {
            counts.entry(deployment).or_default().count(task);
        }
    }
    counts
}

fn render_deployment(
    world: &World,
    service: &Service,
    deployment: &Deployment,
    primary: bool,
    census: Census,
) -> Value {
    let placing = service
        .revisions
        .iter()
        .find(|revision| revision.id == deployment.revision)
        .map_or(&service.placing, |revision| &revision.placing);
    json!({
        "id": deployment.id(),
        "status": if primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": world.definition_arn(world.definition(deployment.definition)),
        "desiredCount": deployment.desired,
        "pendingCount": census.pending,
        "runningCount": census.running,
        "failedTasks": deployment.failed,
        "createdAt": deployment.created,
        "updatedAt": deployment.updated,
        "capacityProviderStrategy": strategy(placing),
        "launchType": placing.launch.map(LaunchType::word),
        "platformVersion": placing.platform.as_ref().map(|_| "1.4.0"),
        "platformFamily": placing.platform.as_ref().map(|_| "Linux"),
        "networkConfiguration": service.network,
        "rolloutState": deployment.rollout,
        "rolloutStateReason": deployment.reason,
    })
}

/// The strategy, or nothing for a service that has none.
pub fn strategy(placing: &Placing) -> Option<Value> {
    (!placing.strategy.is_empty()).then(|| json!(placing.strategy))
}

/// The deployment configuration of a service.
pub fn deployment_configuration(service: &Service) -> Value {
    let rules = service.rules;
    json!({
        "deploymentCircuitBreaker": {"enable": rules.breaker, "rollback": rules.rollback},
        "maximumPercent": rules.maximum,
        "minimumHealthyPercent": rules.minimum,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    })
}

fn render_task_set(world: &World, service: &Service, counts: Census) -> Option<Value> {
    let (id, external, created) = service.task_set.as_ref()?;
    let steady = counts.pending == 0 && counts.running == service.desired;
    Some(json!([{
        "id": format!("ecs-svc/{id}"),
        "taskSetArn": format!("{}/ecs-svc/{id}", world.service_arn(service).replace(":service/", ":task-set/")),
        "serviceArn": world.service_arn(service),
        "clusterArn": world.cluster_arn(&world.cluster(service.cluster).name),
        "startedBy": "release-pipeline",
        "externalId": external,
        "status": "PRIMARY",
        "taskDefinition": world.definition_arn(world.definition(service.definition)),
        "computedDesiredCount": service.desired,
        "pendingCount": counts.pending,
        "runningCount": counts.running,
        "createdAt": created,
        "updatedAt": created,
        "launchType": service.placing.launch.map(LaunchType::word),
        "platformVersion": "1.4.0",
        "networkConfiguration": service.network,
        "loadBalancers": service.balancers,
        "serviceRegistries": [],
        "scale": {"value": 100.0, "unit": "PERCENT"},
        "stabilityStatus": if steady { "STEADY_STATE" } else { "STABILIZING" },
        "stabilityStatusAt": created,
        "tags": [],
    }]))
}
