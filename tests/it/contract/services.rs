//! Services with their deployments and events.

use ecsight::model::{Deployment, Entity, Query, Service};
use serde_json::{Value, json};

use super::compare::{check_tags, check_time, whole};
use super::server::Server;
use crate::support::wire::{items, number, some, text, texts};

/// Services with counts, revisions, deployments, events and all else.
pub(super) async fn services(server: &Server) {
    let cluster = server.cluster(server.kind.steady()).await;
    let read = server.services(&cluster.arn).await;
    let request = json!({"cluster": cluster.name});
    let listed = server
        .wire
        .list("ListServices", "serviceArns", request)
        .await;
    assert!(listed.len() > 1);
    assert_eq!(read.len(), listed.len());
    for service in &read {
        let request = json!({
            "cluster": cluster.name,
            "services": [service.arn.as_str()],
            "include": ["TAGS"],
        });
        let told = server.wire.ask("DescribeServices", request).await;
        check_service(service, &told["services"][0]);
        assert_eq!(service.cluster, cluster.arn);

        let one = server
            .fetch(Query::Service {
                cluster: cluster.arn.clone(),
                service: service.arn.clone(),
            })
            .await;
        assert_eq!(one.entities, [Entity::Service(Box::new(service.clone()))]);
    }
}

fn check_service(service: &Service, told: &Value) {
    assert_eq!(service.arn.as_str(), text(&told["serviceArn"]));
    assert_eq!(service.name, text(&told["serviceName"]));
    assert_eq!(service.status, text(&told["status"]));
    assert_eq!(i64::from(service.desired), number(&told["desiredCount"]));
    assert_eq!(i64::from(service.running), number(&told["runningCount"]));
    assert_eq!(i64::from(service.pending), number(&told["pendingCount"]));
    assert_eq!(
        whole(service.task_definition.as_ref()),
        some(&told["taskDefinition"])
    );
    assert_eq!(service.launch_type.as_deref(), some(&told["launchType"]));
    assert_eq!(
        service.platform_version.as_deref(),
        some(&told["platformVersion"])
    );
    let providers: Vec<_> = service
        .strategy
        .iter()
        .map(|item| item.provider.as_str())
        .collect();
    let told_providers = items(&told["capacityProviderStrategy"]).iter();
    let told_providers: Vec<_> = told_providers
        .map(|item| text(&item["capacityProvider"]))
        .collect();
    assert_eq!(providers, told_providers);
    let rollout = &told["deploymentConfiguration"];
    assert_eq!(
        service.minimum_healthy_percent.map(i64::from),
        rollout["minimumHealthyPercent"].as_i64()
    );
    assert_eq!(
        service.maximum_percent.map(i64::from),
        rollout["maximumPercent"].as_i64()
    );
    let breaker = service
        .circuit_breaker
        .map(|breaker| (breaker.enable, breaker.rollback));
    let told_breaker = &rollout["deploymentCircuitBreaker"];
    let told_breaker = told_breaker.is_object().then(|| {
        let on = |key: &str| told_breaker[key].as_bool().unwrap_or_default();
        (on("enable"), on("rollback"))
    });
    assert_eq!(breaker, told_breaker);
    assert_eq!(
        service.execute_command,
        told["enableExecuteCommand"].as_bool().unwrap_or_default()
    );
    check_time(service.created_at, &told["createdAt"]);
    let network = &told["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(service.subnets, texts(&network["subnets"]));
    assert_eq!(service.security_groups, texts(&network["securityGroups"]));
    assert_eq!(
        service.public_ip.as_deref(),
        some(&network["assignPublicIp"])
    );
    let balancers = items(&told["loadBalancers"]);
    assert_eq!(service.load_balancers.len(), balancers.len());
    for (balancer, told) in service.load_balancers.iter().zip(balancers) {
        assert_eq!(
            whole(balancer.target_group.as_ref()),
            some(&told["targetGroupArn"])
        );
        assert_eq!(balancer.container, text(&told["containerName"]));
        assert_eq!(i64::from(balancer.port), number(&told["containerPort"]));
    }
    let deployments = items(&told["deployments"]);
    assert_eq!(service.deployments.len(), deployments.len());
    for (deployment, told) in service.deployments.iter().zip(deployments) {
        check_deployment(deployment, told);
    }
    let events = items(&told["events"]);
    assert_eq!(service.events.len(), events.len());
    for (event, told) in service.events.iter().zip(events) {
        assert_eq!(event.id, text(&told["id"]));
        assert_eq!(event.message, text(&told["message"]));
        check_time(event.at, &told["createdAt"]);
    }
    check_tags(&service.tags, &told["tags"]);
}

fn check_deployment(deployment: &Deployment, told: &Value) {
    assert_eq!(deployment.id, text(&told["id"]));
    assert_eq!(deployment.status, text(&told["status"]));
    assert_eq!(
        whole(deployment.task_definition.as_ref()),
        some(&told["taskDefinition"])
    );
    assert_eq!(i64::from(deployment.desired), number(&told["desiredCount"]));
    assert_eq!(i64::from(deployment.running), number(&told["runningCount"]));
    assert_eq!(i64::from(deployment.pending), number(&told["pendingCount"]));
    assert_eq!(i64::from(deployment.failed), number(&told["failedTasks"]));
    assert_eq!(
        deployment.rollout_state.as_deref(),
        some(&told["rolloutState"])
    );
    assert_eq!(
        deployment.rollout_reason.as_deref(),
        some(&told["rolloutStateReason"])
    );
    assert_eq!(deployment.launch_type.as_deref(), some(&told["launchType"]));
    check_time(deployment.created_at, &told["createdAt"]);
    check_time(deployment.updated_at, &told["updatedAt"]);
}
