//! Deployments that clients begin and stop, and what they are made of.

use std::time::Instant;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::error::ProvideErrorMetadata as _;
use aws_sdk_ecs::types::{
    DeploymentConfiguration, DeploymentRolloutState, Service, ServiceDeployment,
    ServiceDeploymentStatus, StopServiceDeploymentStopType,
};
use serde_json::{Value, json};

use super::Scene;
use crate::sandbox::front::{Body, Request, TARGET_PREFIX};

async fn service(ecs: &Client, cluster: &str, name: &str) -> Service {
    let describe = ecs.describe_services().cluster(cluster).services(name);
    describe.send().await.unwrap().services.unwrap().remove(0)
}

async fn settle(scene: &Scene, cluster: &str, name: &str) -> Service {
    scene
        .until(async |ecs| {
            let service = service(ecs, cluster, name).await;
            service.deployments().len() == 1
                && service.running_count() == service.desired_count()
                && service.deployments()[0].rollout_state()
                    == Some(&DeploymentRolloutState::Completed)
        })
        .await;
    service(&scene.ecs, cluster, name).await
}

async fn deployment(ecs: &Client, arn: &str) -> ServiceDeployment {
    let describe = ecs.describe_service_deployments();
    let found = describe.service_deployment_arns(arn).send().await.unwrap();
    found.service_deployments.unwrap().remove(0)
}

/// Calls an operation of ECS with a body of any shape.
fn call(scene: &Scene, operation: &str, body: &Value) -> Value {
    let (target, body) = (format!("{TARGET_PREFIX}{operation}"), body.to_string());
    let request = Request {
        path: "/",
        target: Some(&target),
        body: body.as_bytes(),
    };
    let reply = super::super::lock(&scene.sandbox.home.account).answer(request, Instant::now());
    let Body::Whole(answer) = &reply.body else {
        panic!("not a whole body: {reply:?}");
    };
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(answer));
    serde_json::from_slice(answer).unwrap()
}

#[tokio::test]
async fn a_stopped_deployment_goes_back_to_the_revision_before() {
    let scene = Scene::demo().await;
    let (cluster, name) = ("prod-fargate", "payments-api");
    let before = settle(&scene, cluster, name).await;
    let old = before.current_service_revisions()[0]
        .arn()
        .unwrap()
        .to_owned();
    let update = scene.ecs.update_service().cluster(cluster).service(name);
    let updated = update.force_new_deployment(true).send().await.unwrap();
    let arn = updated
        .service()
        .unwrap()
        .current_service_deployment()
        .unwrap()
        .to_owned();
    let list = scene
        .ecs
        .list_service_deployments()
        .cluster(cluster)
        .service(name);
    let listed = list
        .status(ServiceDeploymentStatus::InProgress)
        .send()
        .await
        .unwrap();
    let listed = listed.service_deployments();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].service_deployment_arn(), Some(arn.as_str()));
    let begun = deployment(&scene.ecs, &arn).await;
    assert_eq!(
        begun.source_service_revisions()[0].arn(),
        Some(old.as_str())
    );
    // Some new tasks run already.
    scene
        .until(async |ecs| {
            let target = deployment(ecs, &arn).await.target_service_revision;
            target.unwrap().running_task_count() > 0
        })
        .await;
    let stop = || {
        scene
            .ecs
            .stop_service_deployment()
            .service_deployment_arn(&arn)
    };
    let refused = stop()
        .stop_type(StopServiceDeploymentStopType::Abort)
        .send()
        .await;
    assert_eq!(
        refused.unwrap_err().code(),
        Some("InvalidParameterException")
    );
    let stopped = stop()
        .stop_type(StopServiceDeploymentStopType::Rollback)
        .send()
        .await;
    assert_eq!(
        stopped.unwrap().service_deployment_arn(),
        Some(arn.as_str())
    );
    stop().send().await.unwrap();
    let mut states = Vec::new();
    scene
        .until(async |ecs| {
            let state = deployment(ecs, &arn).await.status.unwrap();
            if states.last() != Some(&state) {
                states.push(state.clone());
            }
            state == ServiceDeploymentStatus::RollbackSuccessful
        })
        .await;
    assert_eq!(
        states,
        [
            ServiceDeploymentStatus::RollbackRequested,
            ServiceDeploymentStatus::RollbackInProgress,
            ServiceDeploymentStatus::RollbackSuccessful,
        ]
    );
    let after = settle(&scene, cluster, name).await;
    assert_eq!(
        after.current_service_revisions()[0].arn(),
        Some(old.as_str())
    );
    assert_eq!(after.deployments()[0].id(), before.deployments()[0].id());
    let done = deployment(&scene.ecs, &arn).await;
    assert_eq!(
        done.rollback().unwrap().service_revision_arn(),
        Some(old.as_str())
    );
    assert!(done.finished_at().is_some());
    let late = stop().send().await.unwrap_err();
    assert_eq!(late.code(), Some("ConflictException"));
    let unknown = scene
        .ecs
        .stop_service_deployment()
        .service_deployment_arn("arn:aws:ecs:a:b:service-deployment/c/d/e");
    let unknown = unknown.send().await.unwrap_err();
    assert_eq!(unknown.code(), Some("ServiceDeploymentNotFoundException"));
}

#[tokio::test]
async fn a_newer_deployment_takes_the_place_of_a_requested_rollback() {
    let scene = Scene::demo().await;
    let (cluster, name) = ("prod-fargate", "payments-api");
    settle(&scene, cluster, name).await;
    let force = || {
        let update = scene.ecs.update_service().cluster(cluster).service(name);
        update.force_new_deployment(true)
    };
    let first = force().send().await.unwrap().service.unwrap();
    let first = first.current_service_deployment.unwrap();
    scene
        .ecs
        .stop_service_deployment()
        .service_deployment_arn(&first)
        .send()
        .await
        .unwrap();
    let second = force().send().await.unwrap().service.unwrap();
    let second = second.current_service_deployment.unwrap();
    settle(&scene, cluster, name).await;
    let state = deployment(&scene.ecs, &first).await.status;
    assert_eq!(state, Some(ServiceDeploymentStatus::Stopped));
    let state = deployment(&scene.ecs, &second).await.status;
    assert_eq!(state, Some(ServiceDeploymentStatus::Successful));
}

#[tokio::test]
async fn an_update_changes_only_what_it_sends() {
    let scene = Scene::demo().await;
    let (cluster, name) = ("prod-fargate", "payments-api");
    let before = settle(&scene, cluster, name).await;
    let update = || scene.ecs.update_service().cluster(cluster).service(name);
    let rules = DeploymentConfiguration::builder()
        .maximum_percent(150)
        .build();
    let updated = update()
        .deployment_configuration(rules)
        .enable_execute_command(false);
    let updated = updated.send().await.unwrap().service.unwrap();
    let (was, is) = (
        before.deployment_configuration().unwrap(),
        updated.deployment_configuration().unwrap(),
    );
    assert_eq!(
        (was.maximum_percent(), is.maximum_percent()),
        (Some(200), Some(150))
    );
    assert_eq!(is.minimum_healthy_percent(), was.minimum_healthy_percent());
    assert_eq!(
        is.deployment_circuit_breaker(),
        was.deployment_circuit_breaker()
    );
    assert!(before.enable_execute_command() && !updated.enable_execute_command());
    for same in [
        |service: &Service| format!("{:?}", service.task_definition()),
        |service: &Service| service.desired_count().to_string(),
        |service: &Service| format!("{:?}", service.load_balancers()),
        |service: &Service| format!("{:?}", service.network_configuration()),
        |service: &Service| format!("{:?}", service.capacity_provider_strategy()),
        |service: &Service| format!("{:?}", service.health_check_grace_period_seconds()),
        |service: &Service| format!("{:?}", service.deployments()[0].id()),
    ] {
        assert_eq!(same(&before), same(&updated));
    }
    let scaled = update()
        .desired_count(6)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    assert_eq!(scaled.desired_count(), 6);
    assert!(!scaled.enable_execute_command());
    assert_eq!(scaled.deployments()[0].id(), before.deployments()[0].id());
    let earlier = before
        .task_definition()
        .unwrap()
        .rsplit_once(':')
        .unwrap()
        .0;
    let rolled = update().task_definition(format!("{earlier}:1"));
    let rolled = rolled.send().await.unwrap().service.unwrap();
    assert_eq!(rolled.desired_count(), 6);
    assert_eq!(rolled.deployments().len(), 2);
    assert_eq!(
        rolled.deployments()[0].task_definition(),
        Some(format!("{earlier}:1").as_str())
    );
}

#[tokio::test]
async fn what_is_described_can_be_registered_again_and_stays_the_same() {
    const OWN: [&str; 9] = [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deregisteredBy",
    ];
    let scene = Scene::demo().await;
    let describe = |name: &str| {
        let body = json!({"taskDefinition": name, "include": ["TAGS"]});
        call(&scene, "DescribeTaskDefinition", &body)
    };
    let families = call(&scene, "ListTaskDefinitionFamilies", &json!({}));
    let families = families["families"].as_array().unwrap();
    assert!(families.len() > 30);
    for family in families {
        let before = describe(family.as_str().unwrap());
        let mut body = before["taskDefinition"].as_object().unwrap().clone();
        body.retain(|name, _| !OWN.contains(&name.as_str()));
        let document = body.clone();
        body.insert("tags".to_owned(), before["tags"].clone());
        // What this sandbox has no use for is kept all the same.
        body.insert("ipcMode".to_owned(), json!("task"));
        body.insert("enableFaultInjection".to_owned(), json!(true));
        let registered = call(&scene, "RegisterTaskDefinition", &json!(body));
        let after = describe(family.as_str().unwrap());
        assert_eq!(after["taskDefinition"], registered["taskDefinition"]);
        assert_eq!(after["tags"], before["tags"]);
        let mut kept = after["taskDefinition"].as_object().unwrap().clone();
        let revision = |answer: &Value| answer["taskDefinition"]["revision"].as_u64().unwrap();
        assert_eq!(revision(&after), revision(&before) + 1);
        kept.retain(|name, _| !OWN.contains(&name.as_str()));
        assert_eq!(kept.remove("ipcMode"), Some(json!("task")));
        assert_eq!(kept.remove("enableFaultInjection"), Some(json!(true)));
        // An agent on every instance is registered without some members that a client's are completed with.
        for (old, new) in document["containerDefinitions"]
            .as_array()
            .unwrap()
            .iter()
            .zip(kept["containerDefinitions"].as_array().unwrap())
        {
            for (name, value) in old.as_object().unwrap() {
                assert_eq!(new[name], *value, "{family}: {name}");
            }
        }
        for (name, value) in &document {
            if name != "containerDefinitions" {
                assert_eq!(kept[name], *value, "{family}: {name}");
            }
        }
        assert_eq!(kept.len(), document.len());
    }
    let tagged = describe("payments-api");
    assert_eq!(tagged["tags"][0]["key"], "team");
}
