//! Task definitions: families, revisions and what a revision says.

use ecsight::model::{Arn, ContainerDefinition, Query};
use serde_json::{Value, json};

use super::compare::{check_tags, check_time};
use super::server::Server;
use crate::support::wire::{number, text, texts};

/// A revision with everything that the program reads of one.
fn rich(family: &str) -> Value {
    json!({
        "family": family,
        "networkMode": "bridge",
        "taskRoleArn": "arn:aws:iam::123456789012:role/app",
        "executionRoleArn": "arn:aws:iam::123456789012:role/agent",
        "cpu": "512",
        "memory": "1024",
        "volumes": [
            {"name": "data", "host": {"sourcePath": "/var/data"}},
            {"name": "scratch", "dockerVolumeConfiguration": {"scope": "task", "driver": "local"}},
        ],
        "tags": [{"key": "team", "value": "storefront"}],
        "containerDefinitions": [
            {
                "name": "app",
                "image": "registry.internal/app:1.2.3",
                "cpu": 128,
                "memory": 256,
                "memoryReservation": 128,
                "essential": true,
                "entryPoint": ["/bin/tini", "--"],
                "command": ["serve", "--port", "80"],
                "workingDirectory": "/srv",
                "user": "1000:1000",
                "links": ["cache:store"],
                "portMappings": [
                    {"containerPort": 80, "hostPort": 8080, "protocol": "tcp"},
                    {"containerPort": 53, "hostPort": 0, "protocol": "udp"},
                ],
                "mountPoints": [
                    {"sourceVolume": "data", "containerPath": "/data", "readOnly": true},
                    {"sourceVolume": "scratch", "containerPath": "/tmp", "readOnly": false},
                ],
                "volumesFrom": [],
                "environment": [{"name": "DATABASE_URL", "value": "postgres://app:hunter2@db/app"}],
                "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/key"}],
                "dependsOn": [{"containerName": "cache", "condition": "START"}],
                "healthCheck": {
                    "command": ["CMD-SHELL", "wget -qO- localhost || exit 1"],
                    "interval": 7,
                    "timeout": 3,
                    "retries": 4,
                    "startPeriod": 9,
                },
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/app", "awslogs-region": "us-east-1"},
                    "secretOptions": [{"name": "token", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/t"}],
                },
                "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
                "readonlyRootFilesystem": true,
                "privileged": false,
                "startTimeout": 60,
                "stopTimeout": 20,
                "dockerLabels": {"owner": "storefront", "app": "shop"},
            },
            {
                "name": "cache",
                "image": "registry.internal/cache:7",
                "cpu": 0,
                "memory": 64,
                "essential": false,
                "volumesFrom": [{"sourceContainer": "app", "readOnly": true}],
            },
        ],
    })
}

/// A task definition, field by field.
pub(super) async fn task_definition(server: &Server) {
    let family = format!("rich-{}", server.label);
    let registered = server
        .wire
        .ask("RegisterTaskDefinition", rich(&family))
        .await;
    let arn = text(&registered["taskDefinition"]["taskDefinitionArn"]).to_owned();
    let request = json!({"taskDefinition": arn, "include": ["TAGS"]});
    let answer = server.wire.ask("DescribeTaskDefinition", request).await;
    let told = &answer["taskDefinition"];
    let read = server.definition(&arn).await;
    check_tags(&read.tags, &answer["tags"]);
    assert_eq!(read.arn.as_str(), arn);
    assert_eq!(read.family, family);
    assert_eq!(i64::from(read.revision), number(&told["revision"]));
    assert_eq!(read.status, "ACTIVE");
    assert_eq!(read.network_mode.as_deref(), Some("bridge"));
    assert_eq!(read.cpu.as_deref(), Some("512"));
    assert_eq!(read.memory.as_deref(), Some("1024"));
    assert_eq!(
        read.task_role.as_deref(),
        Some("arn:aws:iam::123456789012:role/app")
    );
    assert_eq!(
        read.execution_role.as_deref(),
        Some("arn:aws:iam::123456789012:role/agent")
    );
    assert_eq!(read.requires, texts(&told["requiresCompatibilities"]));
    check_time(read.registered_at, &told["registeredAt"]);
    let volumes: Vec<_> = read
        .volumes
        .iter()
        .map(|volume| (volume.name.as_str(), volume.source.as_str()))
        .collect();
    assert_eq!(volumes[0], ("data", "host /var/data"));
    assert_eq!(volumes[1].0, "scratch");
    assert!(volumes[1].1.contains("Docker driver local"), "{volumes:?}");
    let [app, cache] = read.containers.as_slice() else {
        panic!("not two containers: {:?}", read.containers);
    };
    check_app(app);
    assert!(!cache.essential);
    assert_eq!(cache.name, "cache");
    assert_eq!(cache.memory, Some(64));
    assert_eq!(cache.volumes_from, ["app (read-only)"]);
    assert_eq!((&cache.health_check, &cache.log), (&None, &None));
}

fn check_app(app: &ContainerDefinition) {
    assert_eq!(app.name, "app");
    assert_eq!(app.image, "registry.internal/app:1.2.3");
    assert_eq!(
        (app.cpu, app.memory, app.memory_reservation),
        (128, Some(256), Some(128))
    );
    assert!(app.essential);
    assert_eq!(app.entry_point, ["/bin/tini", "--"]);
    assert_eq!(app.command, ["serve", "--port", "80"]);
    assert_eq!(app.working_directory.as_deref(), Some("/srv"));
    assert_eq!(app.user.as_deref(), Some("1000:1000"));
    assert_eq!(app.links, ["cache:store"]);
    let ports: Vec<_> = app
        .ports
        .iter()
        .map(|port| (port.container.as_str(), port.host, port.protocol.as_str()))
        .collect();
    assert_eq!(ports, [("80", Some(8_080), "tcp"), ("53", Some(0), "udp")]);
    let mounts: Vec<_> = app
        .mounts
        .iter()
        .map(|mount| (mount.volume.as_str(), mount.path.as_str(), mount.read_only))
        .collect();
    assert_eq!(
        mounts,
        [("data", "/data", true), ("scratch", "/tmp", false)]
    );
    let [(name, value)] = app.environment.as_slice() else {
        panic!("not one variable: {:?}", app.environment);
    };
    assert_eq!(name, "DATABASE_URL");
    assert_eq!(value.reveal(), "postgres://app:hunter2@db/app");
    assert!(!format!("{app:?}").contains("hunter2"));
    let source = "arn:aws:ssm:us-east-1:123456789012:parameter/key";
    assert_eq!(app.secrets, [("KEY".to_owned(), source.to_owned())]);
    assert_eq!(app.depends_on, [("cache".to_owned(), "START".to_owned())]);
    let check = app.health_check.as_ref().unwrap();
    assert_eq!(
        check.command,
        ["CMD-SHELL", "wget -qO- localhost || exit 1"]
    );
    assert_eq!(
        (
            check.interval,
            check.timeout,
            check.retries,
            check.start_period
        ),
        (7, 3, 4, 9)
    );
    let log = app.log.as_ref().unwrap();
    assert_eq!(log.driver, "awslogs");
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let options = [
        pair("awslogs-group", "/app"),
        pair("awslogs-region", "us-east-1"),
    ];
    assert_eq!(log.options, options);
    let token = "arn:aws:ssm:us-east-1:123456789012:parameter/t";
    assert_eq!(log.secret_options, [pair("token", token)]);
    assert_eq!(app.ulimits, ["nofile 1024:4096"]);
    assert!(app.readonly_root);
    assert!(!app.privileged);
    assert_eq!((app.start_timeout, app.stop_timeout), (Some(60), Some(20)));
    assert_eq!(
        app.labels,
        [pair("app", "shop"), pair("owner", "storefront")]
    );
}

/// Families, and the revisions of one with the newest first.
pub(super) async fn families_and_revisions(server: &Server) {
    let family = format!("many-{}", server.label);
    for _ in 0..12 {
        server
            .wire
            .ask("RegisterTaskDefinition", rich(&family))
            .await;
    }
    let families = server.fetch(Query::Families(None)).await.items();
    let listed = families.iter().find(|listed| listed.family() == family);
    let listed = listed.unwrap_or_else(|| panic!("{families:?}")).clone();
    let revisions = server
        .fetch(Query::Revisions { family: listed })
        .await
        .items();
    let read: Vec<_> = revisions.iter().filter_map(Arn::revision).collect();
    assert_eq!(read, (1..=12).rev().collect::<Vec<_>>());
    assert!(revisions.iter().all(|arn| arn.family() == family));
}
