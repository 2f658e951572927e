//! `ListServiceDeployments`, `DescribeServiceDeployments` and `DescribeServiceRevisions`.

use std::cmp::Reverse;

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::Paging;
use super::service::{census_by_deployment, deployment_configuration, strategy};
use super::{Answer, Call, Fault, missing};
use crate::sandbox::world::World;
use crate::sandbox::world::service::{Record, Service};
use crate::sandbox::world::task::LaunchType;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListInput {
    service: String,
    cluster: Option<String>,
    status: Vec<String>,
    created_at: Option<Between>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Deserialize)]
struct Between {
    before: Option<f64>,
    after: Option<f64>,
}

/// Lists the deployments of a service, newest first, twenty to a page unless asked otherwise.
pub fn list(call: &mut Call<'_>) -> Answer {
    let input: ListInput = call.input()?;
    let world = &*call.world;
    let cluster = world.find_cluster(input.cluster.as_deref())?;
    let service = world.service(world.find_service(cluster, &input.service)?);
    let between = |record: &Record| {
        input.created_at.as_ref().is_none_or(|range| {
            let at = record.created.seconds();
            range.after.is_none_or(|after| at > after)
                && range.before.is_none_or(|before| at < before)
        })
    };
    let fits = |record: &Record| {
        input.status.is_empty() || input.status.iter().any(|word| word == record.status)
    };
    let show = |Reverse(index): &Reverse<u128>| {
        let record = service.records.get(usize::try_from(*index).ok()?)?;
        (fits(record) && between(record)).then(|| brief(world, service, record))
    };
    // Records are only ever added at the end: counted from there, a page begins where the last one ended.
    let newest_first = (0..service.records.len() as u128).rev().map(Reverse);
    let (page, token) = input.paging.cut(20, newest_first, show)?;
    Ok(json!({"serviceDeployments": page, "nextToken": token}))
}

fn brief(world: &World, service: &Service, record: &Record) -> Value {
    json!({
        "serviceDeploymentArn": world.record_arn(service, &record.id),
        "serviceArn": world.service_arn(service),
        "clusterArn": world.cluster_arn(&world.cluster(service.cluster).name),
        "startedAt": record.started,
        "createdAt": record.created,
        "finishedAt": record.finished,
        "targetServiceRevisionArn": world.revision_arn(service, record.target),
        "status": record.status,
        "statusReason": record.reason,
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DescribeInput {
    service_deployment_arns: Vec<String>,
    service_revision_arns: Vec<String>,
}

/// Describes at most twenty service deployments.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let DescribeInput {
        service_deployment_arns: arns,
        ..
    } = call.input()?;
    check_count(&arns, "serviceDeploymentArns")?;
    let world = &*call.world;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let hit = world
            .under_service(&arn, "service-deployment")
            .and_then(|(key, id)| {
                let service = world.service(key);
                Some((
                    service,
                    service.records.iter().find(|record| record.id == id)?,
                ))
            });
        match hit {
            Some((service, record)) => found.push(render(world, service, record)),
            None => failures.push(missing(arn)),
        }
    }
    Ok(json!({"serviceDeployments": found, "failures": failures}))
}

fn check_count(arns: &[String], what: &str) -> Result<(), Fault> {
    match arns.len() {
        0 => Err(Fault::invalid(format!("{what} cannot be empty."))),
        1..=20 => Ok(()),
        _ => Err(Fault::invalid(format!("{what} can have at most 20 items."))),
    }
}

fn render(world: &World, service: &Service, record: &Record) -> Value {
    let counts = census_by_deployment(world, service);
    let revision = |id: u64| {
        let deployment = service
            .deployments
            .iter()
            .find(|deployment| deployment.revision == id);
        let census = deployment
            .and_then(|deployment| counts.get(&deployment.id))
            .copied()
            .unwrap_or_default();
        json!({
            "arn": world.revision_arn(service, id),
            "requestedTaskCount": deployment.map_or(0, |deployment| deployment.desired),
            "runningTaskCount": census.running,
            "pendingTaskCount": census.pending,
        })
    };
    let live = service
        .deployments
        .iter()
        .find(|deployment| deployment.id == record.deployment);
    let (status, failures, threshold) = record.breaker;
    let failures = live.map_or(failures, |deployment| deployment.failed.max(failures));
    json!({
        "serviceDeploymentArn": world.record_arn(service, &record.id),
        "serviceArn": world.service_arn(service),
        "clusterArn": world.cluster_arn(&world.cluster(service.cluster).name),
        "createdAt": record.created,
        "startedAt": record.started,
        "finishedAt": record.finished,
        "stoppedAt": record.finished.filter(|_| record.status == "STOPPED"),
        "updatedAt": record.updated,
        "sourceServiceRevisions": record.source.map(revision).into_iter().collect::<Vec<_>>(),
        "targetServiceRevision": revision(record.target),
        "status": record.status,
        "statusReason": record.reason,
        "deploymentConfiguration": deployment_configuration(service),
        "rollback": record.rollback.as_ref().map(|(reason, started, revision)| json!({
            "reason": reason, "startedAt": started, "serviceRevisionArn": world.revision_arn(service, *revision),
        })),
        "deploymentCircuitBreaker": {"status": status, "failureCount": failures, "threshold": threshold},
    })
}

/// Describes at most twenty service revisions.
pub fn revisions(call: &mut Call<'_>) -> Answer {
    let DescribeInput {
        service_revision_arns: arns,
        ..
    } = call.input()?;
    check_count(&arns, "serviceRevisionArns")?;
    let world = &*call.world;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        let hit = world
            .under_service(&arn, "service-revision")
            .and_then(|(key, id)| {
                let service = world.service(key);
                let id: u64 = id.parse().ok()?;
                Some((
                    service,
                    service
                        .revisions
                        .iter()
                        .find(|revision| revision.id == id)?,
                ))
            });
        let Some((service, revision)) = hit else {
            failures.push(missing(arn));
            continue;
        };
        let definition = world.definition(revision.definition);
        let images = definition.containers.iter().zip(&revision.images);
        let images = images.map(|(spec, digest)| {
            json!({"containerName": spec.name, "imageDigest": digest.as_deref(), "image": spec.image})
        });
        found.push(json!({
            "serviceRevisionArn": arn,
            "serviceArn": world.service_arn(service),
            "clusterArn": world.cluster_arn(&world.cluster(service.cluster).name),
            "taskDefinition": world.definition_arn(definition),
            "capacityProviderStrategy": strategy(&revision.placing),
            "launchType": revision.placing.launch.map(LaunchType::word),
            "platformVersion": revision.placing.platform.as_ref().map(|_| "1.4.0"),
            "platformFamily": revision.placing.platform.as_ref().map(|_| "Linux"),
            "loadBalancers": service.balancers,
            "networkConfiguration": service.network,
            "containerImages": images.collect::<Vec<_>>(),
            "guardDutyEnabled": false,
            "createdAt": revision.created,
        }));
    }
    Ok(json!({"serviceRevisions": found, "failures": failures}))
}
