//! A revision with every member that there is, and copies of it.

use super::*;

const MEMBERS: &str = r#"{
    "family": "api",
    "taskRoleArn": "arn:aws:iam::123456789012:role/api",
    "executionRoleArn": "arn:aws:iam::123456789012:role/start",
    "networkMode": "awsvpc",
    "cpu": "512",
    "memory": "1024",
    "pidMode": "task",
    "ipcMode": "none",
    "requiresCompatibilities": ["EC2", "FARGATE"],
    "placementConstraints": [{ "type": "memberOf", "expression": "attribute:zone == a" }],
    "volumes": [{ "name": "data", "host": { "sourcePath": "/data" } }],
    "proxyConfiguration": { "type": "APPMESH", "containerName": "envoy",
        "properties": [{ "name": "IgnoredUID", "value": "1337" }] },
    "ephemeralStorage": { "sizeInGiB": 42 },
    "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
    "enableFaultInjection": true,
    "containerDefinitions": [
        {
            "name": "app",
            "image": "shop/web:v1",
            "cpu": 256,
            "memory": 512,
            "memoryReservation": 128,
            "essential": true,
            "command": ["serve", "--port", "80"],
            "entryPoint": ["/bin/app"],
            "environment": [{ "name": "PASSWORD", "value": "hush" }],
            "environmentFiles": [{ "value": "arn:aws:s3:::env/api.env", "type": "s3" }],
            "secrets": [{ "name": "KEY", "valueFrom": "arn:aws:ssm:eu-west-1:1:parameter/key" }],
            "portMappings": [{ "containerPort": 80, "hostPort": 80, "protocol": "tcp",
                "name": "http", "appProtocol": "http" }],
            "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data", "readOnly": true }],
            "dependsOn": [{ "containerName": "envoy", "condition": "HEALTHY" }],
            "healthCheck": { "command": ["CMD", "true"], "interval": 5, "timeout": 2,
                "retries": 3, "startPeriod": 9 },
            "logConfiguration": { "logDriver": "awslogs",
                "options": { "awslogs-group": "/ecs/api", "mode": "non-blocking" },
                "secretOptions": [{ "name": "token", "valueFrom": "arn:x" }] },
            "linuxParameters": { "initProcessEnabled": true,
                "capabilities": { "drop": ["ALL"] }, "sharedMemorySize": 64 },
            "ulimits": [{ "name": "nofile", "softLimit": 1024, "hardLimit": 4096 }],
            "dockerLabels": { "team": "shop" },
            "restartPolicy": { "enabled": true, "restartAttemptPeriod": 60 },
            "stopTimeout": 30,
            "startTimeout": 90,
            "user": "app",
            "workingDirectory": "/srv",
            "readonlyRootFilesystem": true,
            "versionConsistency": "enabled"
        },
        { "name": "envoy", "image": "envoy:1", "essential": false, "memory": 64 }
    ]
}"#;

/// Every member of a task definition that can be registered; AWS takes no `inferenceAccelerators` any more.
fn members() -> Value {
    serde_json::from_str(MEMBERS).unwrap()
}

/// What is to be sent to register the copy with another image.
pub(super) fn registered(image: &str) -> Value {
    let mut input = members();
    input["containerDefinitions"][0]["image"] = json!(image);
    // The SDK writes it out where it was left away.
    input["containerDefinitions"][1]["cpu"] = json!(0);
    input["tags"] = json!([{ "key": "team", "value": "shop" }]);
    input
}

/// How AWS shows what was registered.
fn shown(mut members: Value, revision: u32) -> Value {
    let arn = DEFINITION.replace(":7", &format!(":{revision}"));
    members["taskDefinitionArn"] = json!(arn);
    members["revision"] = json!(revision);
    members["status"] = json!("ACTIVE");
    members["registeredAt"] = json!(1_700_000_000.5 + f64::from(revision));
    members["registeredBy"] = json!(format!("arn:aws:iam::123456789012:user/{revision}"));
    members["compatibilities"] = json!(["EC2", "FARGATE"]);
    members["requiresAttributes"] = json!([{ "name": "ecs.capability.task-eni" }]);
    members
}

/// The answer of `DescribeTaskDefinition`.
pub(super) fn described() -> Value {
    let tags = json!([
        { "key": "team", "value": "shop" },
        { "key": "aws:cloudformation:stack-name", "value": "api" }
    ]);
    json!({ "taskDefinition": shown(members(), 7), "tags": tags })
}

/// The answer of `RegisterTaskDefinition`.
pub(super) fn answer(input: &Value) -> Value {
    let mut members = input.clone();
    let tags = members.as_object_mut().unwrap().remove("tags");
    json!({ "taskDefinition": shown(members, 8), "tags": tags })
}

fn set_image() -> Change {
    let mut changes = changes().into_iter();
    changes
        .find(|change| matches!(change, Change::SetImage { .. }))
        .unwrap()
}

#[tokio::test]
async fn a_copy_that_lost_a_member_on_the_way_is_not_deployed() {
    let account = account();
    let mut fake = Fake::start(move |operation, input| {
        let Reply(status, body) = account(operation, input);
        let mut body: Value = serde_json::from_str(&body).unwrap();
        if operation == "DescribeTaskDefinition" {
            body["taskDefinition"]["containerDefinitions"][0]["somethingNew"] = json!(["hush"]);
        }
        Reply(status, body.to_string())
    })
    .await;
    let outcome = fake.clients().await.act(&act(&set_image(), false)).await;
    let Outcome::Failed {
        fault,
        unsure,
        written,
        requests,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    let heard = fake.heard();
    assert_eq!(names(&heard).last(), Some(&"RegisterTaskDefinition"));
    assert_eq!(fault.kind, FaultKind::Refused);
    let lost = "containerDefinitions[0].somethingNew";
    assert!(fault.message.contains(lost), "{fault}");
    assert!(!fault.to_string().contains("hush"), "{fault}");
    assert!(!unsure);
    assert_eq!(written, "api:8 was registered, the service does not run it");
    assert_eq!(requests, [request_id("RegisterTaskDefinition")]);
}

#[tokio::test]
async fn a_container_that_the_revision_does_not_have_registers_nothing() {
    let mut fake = Fake::start(account()).await;
    let change = Change::SetImage {
        cluster: cluster(),
        service: Arn::new(SERVICE),
        base: Arn::new(DEFINITION),
        container: "gone".to_owned(),
        image: "shop/web:v2".to_owned(),
    };
    let outcome = fake.clients().await.act(&act(&change, false)).await;
    let heard = fake.heard();
    assert_eq!(
        names(&heard),
        ["DescribeServices", "DescribeTaskDefinition"]
    );
    match outcome {
        Outcome::Failed { fault, .. } => assert_eq!(fault.kind, FaultKind::NotFound),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_done_comes_with_the_service_and_the_revision() {
    let fake = Fake::start(account()).await;
    let outcome = fake.clients().await.act(&act(&set_image(), false)).await;
    let done = done(outcome);
    let registered = DEFINITION.replace(":7", ":8");
    assert_eq!(done.registered, Some(Arn::new(&registered)));
    let [Entity::Service(service), Entity::Definition(definition)] = done.entities.as_slice()
    else {
        panic!("{:?}", done.entities);
    };
    assert_eq!(service.arn.as_str(), SERVICE);
    assert_eq!(definition.arn.as_str(), registered);
    assert_eq!(definition.containers[0].image, "shop/web:v2");
}
