//! Task definition documents of the demonstration, by kind of workload. Who runs them is in `cast`.

use serde_json::{Map, Value, json};

use crate::sandbox::world::chance;

/// The kinds of workload that the demonstration's services are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An HTTP service with a proxy and a log router, awsvpc.
    Mesh,
    /// An HTTP service alone, awsvpc.
    Plain,
    /// An HTTP service behind a linked proxy, bridge.
    Linked,
    /// A queue consumer with a Datadog agent, awsvpc.
    Worker,
    /// An agent on each instance, host network.
    Agent,
    /// A run-once job, awsvpc.
    Job,
}

/// What a document is made for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The family.
    pub family: &'a str,
    /// The repository's name.
    pub repository: &'a str,
    /// The image tag.
    pub tag: &'a str,
    /// Task-level CPU units.
    pub cpu: u32,
    /// Task-level memory, MiB.
    pub memory: u32,
    /// Port that the main container listens on.
    pub port: u16,
    /// The region.
    pub region: &'a str,
    /// The account.
    pub account: &'a str,
}

impl Subject<'_> {
    fn image(&self) -> String {
        format!(
            "{}.dkr.ecr.{}.amazonaws.com/{}:{}",
            self.account, self.region, self.repository, self.tag
        )
    }

    fn role(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.account)
    }

    /// The log configuration of most containers.
    fn logs(&self, stream: &str) -> Value {
        let group = format!("/ecs/{}", self.family);
        match self.family {
            // Registered long ago: Docker's own log, which no API reads.
            "legacy-admin" => Value::Null,
            "node-exporter" => {
                json!({"logDriver": "json-file", "options": {"max-size": "10m", "max-file": "3"}})
            }
            // Without a prefix, the stream is named by the runtime's id of the container.
            "datadog-agent" => {
                json!({"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": self.region}})
            }
            _ => json!({"logDriver": "awslogs", "options": {
                "awslogs-group": group,
                "awslogs-region": self.region,
                "awslogs-stream-prefix": stream,
            }, "secretOptions": []}),
        }
    }

    fn secrets(&self) -> Value {
        let Self {
            region,
            account,
            family,
            ..
        } = self;
        json!([
            {"name": "DATABASE_URL", "valueFrom": format!("arn:aws:ssm:{region}:{account}:parameter/{family}/database-url")},
            {"name": "API_TOKEN", "valueFrom": format!("arn:aws:secretsmanager:{region}:{account}:secret:{family}/api-AbCdEf:token::")},
        ])
    }

    fn environment(&self) -> Value {
        json!([
            {"name": "APP_ENV", "value": "production"},
            {"name": "AWS_REGION", "value": self.region},
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "PORT", "value": self.port.to_string()},
            {"name": "REDIS_URL", "value": "redis://cache.internal:6379/0"},
            {"name": "SESSION_SECRET", "value": format!("not-a-real-secret-{}", self.family)},
            {"name": "DB_PASSWORD", "value": "correct-horse-battery-staple"},
            {"name": "FEATURE_FLAGS", "value": "checkout_v2,dark_mode"},
        ])
    }

    fn health_check(&self) -> Value {
        json!({
            "command": ["CMD-SHELL", format!("curl -fsS http://localhost:{}/healthz || exit 1", self.port)],
            "interval": 10, "timeout": 5, "retries": 3, "startPeriod": 15,
        })
    }
}

/// Writes the document of a workload.
pub fn write(kind: Kind, subject: &Subject<'_>) -> Map<String, Value> {
    let document = match kind {
        Kind::Mesh => mesh(subject),
        Kind::Plain => plain(subject),
        Kind::Linked => linked(subject),
        Kind::Worker => worker(subject),
        Kind::Agent => agent(subject),
        Kind::Job => job(subject),
    };
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn awsvpc(subject: &Subject<'_>, containers: &Value, volumes: &Value) -> Value {
    json!({
        "containerDefinitions": containers,
        "taskRoleArn": subject.role(&format!("{}-task", subject.family)),
        "executionRoleArn": subject.role("ecsTaskExecutionRole"),
        "networkMode": "awsvpc",
        "volumes": volumes,
        "placementConstraints": [],
        "requiresCompatibilities": ["EC2", "FARGATE"],
        "cpu": subject.cpu.to_string(),
        "memory": subject.memory.to_string(),
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
    })
}

fn main_container(subject: &Subject<'_>) -> Value {
    json!({
        "name": "app",
        "image": subject.image(),
        "cpu": subject.cpu / 2,
        "memory": subject.memory / 2,
        "memoryReservation": subject.memory / 4,
        "portMappings": [{
            "containerPort": subject.port, "hostPort": subject.port, "protocol": "tcp",
            "name": "http", "appProtocol": "http",
        }],
        "essential": true,
        "environment": subject.environment(),
        "environmentFiles": [],
        "mountPoints": [],
        "volumesFrom": [],
        "secrets": subject.secrets(),
        "linuxParameters": {"initProcessEnabled": true},
        "startTimeout": 60,
        "stopTimeout": 30,
        "ulimits": [{"name": "nofile", "softLimit": 65536, "hardLimit": 65536}],
        "dockerLabels": {"team": "platform", "com.datadoghq.tags.service": subject.family},
        "logConfiguration": subject.logs("app"),
        "healthCheck": subject.health_check(),
        "systemControls": [],
    })
}

fn mesh(subject: &Subject<'_>) -> Value {
    let mut app = main_container(subject);
    app["dependsOn"] = json!([
        {"containerName": "envoy", "condition": "HEALTHY"},
        {"containerName": "log-router", "condition": "START"},
    ]);
    if subject.family == "payments-api" {
        app["logConfiguration"] = json!({"logDriver": "awsfirelens", "options": {
            "Name": "cloudwatch", "region": subject.region, "log_group_name": format!("/ecs/{}", subject.family),
        }});
    }
    app["mountPoints"] =
        json!([{"sourceVolume": "scratch", "containerPath": "/tmp/scratch", "readOnly": false}]);
    let envoy = json!({
        "name": "envoy",
        "image": "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29.9.0-prod",
        "cpu": subject.cpu / 8,
        "memory": 128,
        "portMappings": [{"containerPort": 9901, "hostPort": 9901, "protocol": "tcp"}],
        "essential": true,
        "environment": [{"name": "ENVOY_LOG_LEVEL", "value": "warning"}],
        "mountPoints": [], "volumesFrom": [],
        "user": "1337",
        "ulimits": [{"name": "nofile", "softLimit": 15000, "hardLimit": 15000}],
        "logConfiguration": subject.logs("envoy"),
        "healthCheck": {"command": ["CMD-SHELL", "curl -s http://localhost:9901/server_info | grep state | grep -q LIVE"],
            "interval": 5, "timeout": 2, "retries": 3},
    });
    let router = json!({
        "name": "log-router",
        "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
        "cpu": 32,
        "memoryReservation": 64,
        "portMappings": [],
        "essential": false,
        "environment": [], "mountPoints": [], "volumesFrom": [],
        "user": "0",
        "firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}},
        "logConfiguration": subject.logs("firelens"),
    });
    awsvpc(
        subject,
        &json!([app, envoy, router]),
        &json!([{"name": "scratch", "host": {}}]),
    )
}

fn plain(subject: &Subject<'_>) -> Value {
    let mut app = main_container(subject);
    app["cpu"] = json!(0);
    app["mountPoints"] =
        json!([{"sourceVolume": "uploads", "containerPath": "/var/uploads", "readOnly": false}]);
    let volumes = json!([{"name": "uploads", "efsVolumeConfiguration": {
        "fileSystemId": "fs-0a1b2c3d4e5f60718", "rootDirectory": "/", "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
    }}]);
    awsvpc(subject, &json!([app]), &volumes)
}

fn worker(subject: &Subject<'_>) -> Value {
    let mut app = main_container(subject);
    app["portMappings"] = json!([]);
    app["command"] = json!([
        "bundle", "exec", "sidekiq", "-c", "10", "-q", "default", "-q", "mailers"
    ]);
    if let Some(map) = app.as_object_mut() {
        map.remove("healthCheck");
    }
    let datadog = json!({
        "name": "datadog-agent",
        "image": format!("public.ecr.aws/datadog/agent@{}", chance::digest_of("datadog/agent:7.58.1")),
        "cpu": 50,
        "memory": 256,
        "portMappings": [{"containerPort": 8125, "hostPort": 8125, "protocol": "udp"}],
        "essential": false,
        "environment": [{"name": "ECS_FARGATE", "value": "true"}, {"name": "DD_SITE", "value": "datadoghq.eu"}],
        "secrets": [{"name": "DD_API_KEY", "valueFrom": format!("arn:aws:ssm:{}:{}:parameter/shared/dd-api-key", subject.region, subject.account)}],
        "mountPoints": [], "volumesFrom": [],
        "logConfiguration": subject.logs("datadog"),
    });
    awsvpc(subject, &json!([app, datadog]), &json!([]))
}

fn linked(subject: &Subject<'_>) -> Value {
    let mut app = main_container(subject);
    app["cpu"] = json!(subject.cpu);
    app["memory"] = json!(subject.memory);
    app["memoryReservation"] = json!(subject.memory / 2);
    app["portMappings"] = json!([]);
    app["mountPoints"] = json!([
        {"sourceVolume": "assets", "containerPath": "/srv/assets", "readOnly": false},
        {"sourceVolume": "docker-socket", "containerPath": "/var/run/docker.sock", "readOnly": true},
    ]);
    let nginx = json!({
        "name": "nginx",
        "image": "public.ecr.aws/nginx/nginx:1.27",
        "cpu": 64,
        "memoryReservation": 64,
        "links": ["app:upstream"],
        "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}, {"containerPort": 8443, "hostPort": 0, "protocol": "tcp"}],
        "essential": true,
        "environment": [{"name": "UPSTREAM", "value": format!("upstream:{}", subject.port)}],
        "mountPoints": [],
        "volumesFrom": [{"sourceContainer": "app", "readOnly": true}],
        "dependsOn": [{"containerName": "app", "condition": "START"}],
        "extraHosts": [{"hostname": "legacy.internal", "ipAddress": "10.0.4.20"}],
        "logConfiguration": subject.logs("nginx"),
    });
    json!({
        "containerDefinitions": [app, nginx],
        "taskRoleArn": subject.role(&format!("{}-task", subject.family)),
        "networkMode": "bridge",
        "volumes": [
            {"name": "assets", "dockerVolumeConfiguration": {"scope": "task", "driver": "local"}},
            {"name": "docker-socket", "host": {"sourcePath": "/var/run/docker.sock"}},
        ],
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
        "requiresCompatibilities": ["EC2"],
    })
}

fn agent(subject: &Subject<'_>) -> Value {
    json!({
        "containerDefinitions": [{
            "name": "agent",
            "image": subject.image(),
            "cpu": subject.cpu,
            "memory": subject.memory,
            "portMappings": [{"containerPort": subject.port, "hostPort": subject.port, "protocol": "tcp"}],
            "essential": true,
            "privileged": true,
            "environment": [{"name": "HOST_PROC", "value": "/host/proc"}],
            "mountPoints": [
                {"sourceVolume": "proc", "containerPath": "/host/proc", "readOnly": true},
                {"sourceVolume": "cgroup", "containerPath": "/host/sys/fs/cgroup", "readOnly": true},
            ],
            "volumesFrom": [],
            "linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"], "drop": []}, "devices": [], "tmpfs": []},
            "logConfiguration": subject.logs("agent"),
        }],
        "networkMode": "host",
        "pidMode": "host",
        "volumes": [
            {"name": "proc", "host": {"sourcePath": "/proc"}},
            {"name": "cgroup", "host": {"sourcePath": "/sys/fs/cgroup"}},
        ],
        "placementConstraints": [],
        "requiresCompatibilities": ["EC2"],
    })
}

fn job(subject: &Subject<'_>) -> Value {
    let mut app = main_container(subject);
    app["name"] = json!("job");
    app["portMappings"] = json!([]);
    app["entryPoint"] = json!(["/usr/local/bin/python", "-m", "jobs"]);
    app["command"] = json!([subject.family]);
    app["workingDirectory"] = json!("/opt/jobs");
    app["readonlyRootFilesystem"] = json!(true);
    if let Some(map) = app.as_object_mut() {
        map.remove("healthCheck");
    }
    let mut document = awsvpc(subject, &json!([app]), &json!([]));
    document["ephemeralStorage"] = json!({"sizeInGiB": 40});
    document
}
