//! From JSON as AWS sends it to the model: full answers, bare ones, and values nobody has seen yet.

use super::*;
use crate::model::{Cluster, ContainerInstance, Service, Task, TaskDefinition};

/// The entities of a query whose describe operation answers with this body.
async fn described(query: Query, listed: Value, body: Value) -> Answer {
    let fake = Fake::start(move |operation, _| {
        Reply::ok(if operation.starts_with("List") {
            &listed
        } else {
            &body
        })
    })
    .await;
    fake.fetch(&query).await
}

async fn service(body: Value) -> Service {
    let query = Query::Service {
        cluster: cluster(),
        service: Arn::new("arn:aws:ecs:eu-west-1:1:service/api"),
    };
    let answer = described(query, json!({}), json!({ "services": [body] })).await;
    match answer.entities()[..] {
        [Entity::Service(service)] => (**service).clone(),
        _ => panic!("one service"),
    }
}

async fn task(body: Value) -> Task {
    let query = Query::Task {
        cluster: cluster(),
        task: Arn::new("arn:aws:ecs:eu-west-1:1:task/0123"),
    };
    let answer = described(query, json!({}), json!({ "tasks": [body] })).await;
    match answer.entities()[..] {
        [Entity::Task(task)] => (**task).clone(),
        _ => panic!("one task"),
    }
}

async fn definition(body: Value) -> TaskDefinition {
    let arn = "arn:aws:ecs:eu-west-1:1:task-definition/web:7";
    let query = Query::Definition {
        definition: Arn::new(arn),
    };
    let answer = described(query, json!({}), body).await;
    assert_eq!(answer.done(), (vec![arn], 1));
    match answer.entities()[..] {
        [Entity::Definition(definition)] => (**definition).clone(),
        _ => panic!("one definition"),
    }
}

async fn one_cluster(body: Value) -> Cluster {
    let listed = json!({ "clusterArns": [CLUSTER] });
    let answer = described(Query::Clusters(None), listed, json!({ "clusters": [body] })).await;
    match answer.entities()[..] {
        [Entity::Cluster(cluster)] => cluster.clone(),
        _ => panic!("one cluster"),
    }
}

async fn instance(body: Value) -> ContainerInstance {
    let arn = named("container-instance", 0);
    let listed = json!({ "containerInstanceArns": [arn] });
    let query = Query::Instances { cluster: cluster() };
    let answer = described(query, listed, json!({ "containerInstances": [body] })).await;
    match answer.entities()[..] {
        [Entity::Instance(instance)] => (**instance).clone(),
        _ => panic!("one instance"),
    }
}

#[tokio::test]
async fn a_service_with_an_old_arn_and_nothing_else_is_a_service() {
    let service = service(json!({ "serviceArn": "arn:aws:ecs:eu-west-1:1:service/api" })).await;
    assert_eq!(service.name, "api");
    assert_eq!(service.cluster, cluster());
    assert_eq!(service.launch_type, None);
    assert!(service.deployments.is_empty() && service.primary().is_none());
    assert_eq!(
        (&*service.scheduling, &*service.controller),
        ("REPLICA", "ECS")
    );
}

#[tokio::test]
async fn values_nobody_has_seen_yet_are_kept_as_text() {
    let service = service(json!({
        "serviceArn": "a",
        "launchType": "LUNAR",
        "schedulingStrategy": "SOMETIMES",
        "deploymentController": { "type": "COMMITTEE" },
        "deployments": [{ "id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "PONDERING" }],
        "taskSets": [{ "id": "ecs-svc/2", "stabilityStatus": "WOBBLY" }],
        "somethingNew": { "deep": [1] }
    }))
    .await;
    assert_eq!(service.launch_type.as_deref(), Some("LUNAR"));
    assert_eq!(service.scheduling, "SOMETIMES");
    assert_eq!(service.controller, "COMMITTEE");
    let deployment = service.primary().unwrap();
    assert_eq!(deployment.rollout_state.as_deref(), Some("PONDERING"));
    assert_eq!(service.task_sets[0].stability, "WOBBLY");
    let task = task(json!({
        "taskArn": "t",
        "healthStatus": "FEELING_LUCKY",
        "connectivity": "ENTANGLED",
        "stopCode": "BoredOut",
    }))
    .await;
    assert_eq!(task.health, "FEELING_LUCKY");
    assert_eq!(task.connectivity.as_deref(), Some("ENTANGLED"));
    assert_eq!(task.stop_code.as_deref(), Some("BoredOut"));
}

#[tokio::test]
async fn a_full_service_is_read_in_full() {
    let service = service(json!({
        "serviceArn": "arn:aws:ecs:eu-west-1:1:service/web/api", "serviceName": "api",
        "clusterArn": CLUSTER, "status": "ACTIVE", "desiredCount": 3, "runningCount": 2, "pendingCount": 1,
        "taskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/api:7", "platformVersion": "1.4.0",
        "capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT", "weight": 4, "base": 1 }],
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": { "enable": true, "rollback": true },
            "maximumPercent": 200, "minimumHealthyPercent": 50
        },
        "deployments": [{
            "id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/api:7",
            "desiredCount": 3, "pendingCount": 1, "runningCount": 2, "failedTasks": 4, "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": "ECS deployment ecs-svc/1 in progress.", "createdAt": 1_700_000_000.25, "updatedAt": 1_700_000_001
        }],
        "events": [{ "id": "e1", "createdAt": 1_700_000_002.5, "message": "(service api) has reached a steady state." }],
        "loadBalancers": [{ "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/api/1", "containerName": "app", "containerPort": 80 }],
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED" } },
        "placementConstraints": [{ "type": "memberOf", "expression": "attribute:gpu == true" }],
        "placementStrategy": [{ "type": "spread", "field": "instanceId" }],
        "healthCheckGracePeriodSeconds": 60, "enableExecuteCommand": true, "roleArn": "role", "createdBy": "ada",
        "tags": [{ "key": "team", "value": "blue" }, { "key": "empty" }]
    }))
    .await;
    assert_eq!(
        (service.desired, service.running, service.pending),
        (3, 2, 1)
    );
    assert_eq!(service.strategy[0].provider, "FARGATE_SPOT");
    assert!(service.circuit_breaker.unwrap().rollback);
    let deployment = service.primary().unwrap();
    assert_eq!(deployment.failed, 4);
    assert_eq!(deployment.created_at.unwrap().0, 1_700_000_000_250);
    assert_eq!(service.events[0].at.unwrap().0, 1_700_000_002_500);
    assert_eq!(service.load_balancers[0].port, 80);
    assert_eq!(service.subnets, ["subnet-1"]);
    assert_eq!(service.public_ip.as_deref(), Some("DISABLED"));
    assert_eq!(
        service.placement,
        ["memberOf attribute:gpu == true", "spread instanceId"]
    );
    assert_eq!(service.tags.len(), 2);
    assert_eq!(service.health_check_grace, Some(60));
}

#[tokio::test]
async fn a_stopped_task_keeps_its_codes_and_reasons_and_no_override_values() {
    let task = task(json!({
        "taskArn": "arn:aws:ecs:eu-west-1:1:task/web/0123", "clusterArn": CLUSTER, "group": "family:web",
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:1:task-definition/web:1",
        "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "cpu": "256", "memory": "512", "version": 9,
        "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
        "stoppedAt": 1_700_000_000.5,
        "attachments": [
            { "type": "ManagedEBSVolume", "details": [{ "name": "privateIPv4Address", "value": "wrong" }] },
            { "type": "ElasticNetworkInterface", "details": [
                { "name": "networkInterfaceId", "value": "eni-1" }, { "name": "privateIPv4Address", "value": "10.0.0.7" }] }
        ],
        "containers": [{
            "name": "app", "image": "app:1", "imageDigest": "sha256:00", "lastStatus": "STOPPED", "exitCode": 137,
            "reason": "OutOfMemoryError: Container killed due to memory usage", "cpu": "0", "memory": "128",
            "networkInterfaces": [{ "ipv6Address": "2001:db8::7" }],
            "networkBindings": [{ "bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 32768, "protocol": "udp" }]
        }, { "name": "never-started" }],
        "overrides": {
            "taskRoleArn": "role",
            "containerOverrides": [{ "name": "app", "command": ["run", "it"], "cpu": 5,
                "environment": [{ "name": "TOKEN", "value": "hunter2" }] }, { "name": "quiet" }]
        }
    }))
    .await;
    assert_eq!(
        (task.cpu, task.memory, task.version),
        (Some(256), Some(512), 9)
    );
    assert_eq!(task.private_ip.as_deref(), Some("10.0.0.7"));
    assert_eq!(task.ipv6.as_deref(), Some("2001:db8::7"));
    assert_eq!(task.interface.as_deref(), Some("eni-1"));
    assert_eq!(task.stopped_at.unwrap().0, 1_700_000_000_500);
    let app = task.container("app").unwrap();
    assert_eq!(
        (app.exit_code, app.cpu, app.memory),
        (Some(137), None, Some(128))
    );
    assert_eq!(
        (app.bindings[0].host, &*app.bindings[0].protocol),
        (32768, "udp")
    );
    let other = task.container("never-started").unwrap();
    assert_eq!((other.exit_code, &*other.health), (None, "UNKNOWN"));
    assert_eq!(
        task.overrides,
        [
            "task role role",
            "app: command run it",
            "app: environment TOKEN",
            "app: cpu 5"
        ]
    );
    assert!(!format!("{task:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_cluster_is_read_with_its_statistics_and_settings() {
    let cluster = one_cluster(json!({
        "clusterArn": CLUSTER, "clusterName": "web", "status": "INACTIVE", "activeServicesCount": 2,
        "runningTasksCount": 5, "pendingTasksCount": 1, "registeredContainerInstancesCount": 3,
        "capacityProviders": ["FARGATE"], "settings": [{ "name": "containerInsights", "value": "enhanced" }],
        "statistics": [{ "name": "drainingFargateServiceCount", "value": "4" }],
        "tags": [{ "key": "team", "value": "blue" }]
    }))
    .await;
    assert_eq!((&*cluster.status, cluster.instances), ("INACTIVE", 3));
    assert_eq!(cluster.draining_services, 4);
    assert_eq!(cluster.settings[0].value, "enhanced");
    assert_eq!(cluster.tags[0].key, "team");
}

#[tokio::test]
async fn an_instance_is_read_with_its_resources_and_attributes() {
    let instance = instance(json!({
        "containerInstanceArn": named("container-instance", 0), "ec2InstanceId": "i-1", "status": "DRAINING",
        "agentConnected": false, "versionInfo": { "agentVersion": "1.9.0", "dockerVersion": "DockerVersion: 20.10" },
        "registeredResources": [
            { "name": "CPU", "type": "INTEGER", "integerValue": 2048 },
            { "name": "MEMORY", "type": "LONG", "longValue": 3_000_000_000_u64 }],
        "remainingResources": [
            { "name": "CPU", "type": "INTEGER", "integerValue": 1024 },
            { "name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"] },
            { "name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": ["53"] }],
        "attributes": [{ "name": "ecs.instance-type", "value": "m6i.large" }, { "name": "ecs.capability.x" }]
    }))
    .await;
    assert_eq!(instance.cluster, cluster());
    assert_eq!(instance.cpu, (2048, 1024));
    assert_eq!(instance.memory, (3_000_000_000, 0));
    assert_eq!(instance.ports, ["22", "53/udp"]);
    assert_eq!(instance.instance_type, "m6i.large");
    assert_eq!(instance.zone, "");
}

#[tokio::test]
async fn a_definition_is_read_with_everything_its_containers_are_made_of() {
    let definition = definition(json!({
        "tags": [{ "key": "team", "value": "blue" }],
        "taskDefinition": {
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:1:task-definition/web:7", "family": "web", "revision": 7,
            "status": "ACTIVE", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
            "requiresCompatibilities": ["FARGATE", "LUNAR"], "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
            "volumes": [
                { "name": "a", "host": { "sourcePath": "/var/data" } },
                { "name": "b", "efsVolumeConfiguration": { "fileSystemId": "fs-123" } },
                { "name": "c", "dockerVolumeConfiguration": { "scope": "shared", "driver": "local" } },
                { "name": "d", "configuredAtLaunch": true }, { "name": "e", "host": {} }],
            "containerDefinitions": [{
                "name": "app", "image": "app:1", "cpu": 128, "memoryReservation": 64, "essential": false,
                "portMappings": [{ "containerPort": 80, "protocol": "tcp", "name": "http" }, { "containerPortRange": "100-200" }],
                "mountPoints": [{ "sourceVolume": "a", "containerPath": "/data", "readOnly": true }],
                "volumesFrom": [{ "sourceContainer": "init", "readOnly": true }],
                "environment": [{ "name": "TOKEN", "value": "hunter2" }],
                "environmentFiles": [{ "type": "s3", "value": "arn:aws:s3:::bucket/app.env" }],
                "secrets": [{ "name": "PASSWORD", "valueFrom": "arn:aws:ssm:eu-west-1:1:parameter/p" }],
                "healthCheck": { "command": ["CMD", "true"], "retries": 5 },
                "dependsOn": [{ "containerName": "init", "condition": "SUCCESS" }],
                "logConfiguration": { "logDriver": "awslogs", "options": { "b": "2", "a": "1" } },
                "ulimits": [{ "name": "nofile", "softLimit": 1024, "hardLimit": 4096 }],
                "dockerLabels": { "z": "1", "y": "2" }
            }, {}]
        }
    }))
    .await;
    assert_eq!(definition.requires, ["FARGATE", "LUNAR"]);
    assert_eq!(definition.platform.as_deref(), Some("LINUX/ARM64"));
    let sources: Vec<_> = definition
        .volumes
        .iter()
        .map(|volume| &*volume.source)
        .collect();
    assert_eq!(
        sources,
        [
            "host /var/data",
            "EFS fs-123:/",
            "Docker driver local shared",
            "configured at launch",
            "empty, for the life of the task"
        ]
    );
    let [app, bare] = &definition.containers[..] else {
        panic!("two containers");
    };
    assert!(!app.essential && bare.essential);
    assert_eq!(app.ports[1].container, "100-200");
    assert_eq!(app.environment[0].1.reveal(), "hunter2");
    assert!(!format!("{definition:?}").contains("hunter2"));
    let check = app.health_check.as_ref().unwrap();
    assert_eq!((check.interval, check.retries), (30, 5));
    assert_eq!(app.log.as_ref().unwrap().options[0].0, "a");
    assert_eq!(app.ulimits, ["nofile 1024:4096"]);
    assert_eq!(app.labels[0].0, "y");
    assert_eq!(app.volumes_from, ["init (read-only)"]);
    assert_eq!(definition.tags.len(), 1);
}
