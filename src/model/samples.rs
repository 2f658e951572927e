//! Plain things to test with: every field at rest, identities given.

use super::{
    Arn, Cluster, Container, ContainerDefinition, ContainerInstance, Deployment, Engine,
    EngineContainer, EngineId, EngineState, Image, Memory, QuotaUse, Record, Repository, Sample,
    Service, ServiceEvent, Task, TaskDefinition, Timestamp, Verdict,
};

/// An active cluster with nothing in it.
#[must_use]
pub fn cluster(arn: &Arn) -> Cluster {
    Cluster {
        arn: arn.clone(),
        name: arn.name().to_owned(),
        status: "ACTIVE".to_owned(),
        active_services: 0,
        draining_services: 0,
        running_tasks: 0,
        pending_tasks: 0,
        instances: 0,
        capacity_providers: Vec::new(),
        default_strategy: Vec::new(),
        settings: Vec::new(),
        statistics: Vec::new(),
        tags: Vec::new(),
    }
}

/// An active replica service that wants nothing.
#[must_use]
pub fn service(arn: &Arn, cluster: &Arn) -> Service {
    Service {
        arn: arn.clone(),
        name: arn.name().to_owned(),
        cluster: cluster.clone(),
        status: "ACTIVE".to_owned(),
        desired: 0,
        running: 0,
        pending: 0,
        task_definition: None,
        launch_type: None,
        strategy: Vec::new(),
        platform_version: None,
        scheduling: "REPLICA".to_owned(),
        controller: "ECS".to_owned(),
        minimum_healthy_percent: Some(100),
        maximum_percent: Some(200),
        circuit_breaker: None,
        deployments: Vec::new(),
        task_sets: Vec::new(),
        events: Vec::new(),
        load_balancers: Vec::new(),
        subnets: Vec::new(),
        security_groups: Vec::new(),
        public_ip: None,
        health_check_grace: None,
        execute_command: false,
        role: None,
        placement: Vec::new(),
        created_at: None,
        created_by: None,
        tags: Vec::new(),
    }
}

/// A completed primary deployment of one task.
#[must_use]
pub fn deployment(id: &str, definition: &Arn) -> Deployment {
    Deployment {
        id: id.to_owned(),
        status: "PRIMARY".to_owned(),
        task_definition: Some(definition.clone()),
        desired: 1,
        pending: 0,
        running: 1,
        failed: 0,
        rollout_state: Some("COMPLETED".to_owned()),
        rollout_reason: None,
        launch_type: None,
        strategy: Vec::new(),
        created_at: None,
        updated_at: None,
    }
}

/// A count that was set to 4 by somebody, at the beginning of time.
#[must_use]
pub fn record(id: &str, target: &Arn) -> Record {
    Record {
        id: id.to_owned(),
        at: Timestamp(0),
        deed: "scale".to_owned(),
        target: target.clone(),
        name: format!("web/{}", target.name()),
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        profile: "shop".to_owned(),
        principal: "arn:aws:sts::123456789012:assumed-role/ops/kim".to_owned(),
        before: "desired count 2".to_owned(),
        after: "desired count 4".to_owned(),
        requests: vec!["c3b0e6d1".to_owned()],
        verdict: Verdict::Done,
        undo: None,
    }
}

/// An event without a date.
#[must_use]
pub fn event(id: &str, message: &str) -> ServiceEvent {
    ServiceEvent {
        id: id.to_owned(),
        at: None,
        message: message.to_owned(),
    }
}

/// A running task of the family `web`, without containers.
#[must_use]
pub fn task(arn: &Arn, cluster: &Arn) -> Task {
    Task {
        arn: arn.clone(),
        cluster: cluster.clone(),
        group: "family:web".to_owned(),
        started_by: None,
        definition: Arn::new("arn:aws:ecs:r:1:task-definition/web:1"),
        last_status: "RUNNING".to_owned(),
        desired_status: "RUNNING".to_owned(),
        health: "UNKNOWN".to_owned(),
        launch_type: None,
        capacity_provider: None,
        platform_version: None,
        cpu: None,
        memory: None,
        connectivity: None,
        zone: None,
        instance: None,
        private_ip: None,
        ipv6: None,
        interface: None,
        execute_command: false,
        created_at: None,
        pull_started_at: None,
        pull_stopped_at: None,
        started_at: None,
        stopping_at: None,
        stopped_at: None,
        stop_code: None,
        stopped_reason: None,
        containers: Vec::new(),
        overrides: Vec::new(),
        version: 1,
        tags: Vec::new(),
    }
}

/// A running container.
#[must_use]
pub fn container(name: &str, image: &str) -> Container {
    Container {
        name: name.to_owned(),
        image: image.to_owned(),
        last_status: "RUNNING".to_owned(),
        health: "UNKNOWN".to_owned(),
        ..Container::default()
    }
}

/// An active host of 2048 CPU units and 4096 MiB, all free.
#[must_use]
pub fn instance(arn: &Arn, cluster: &Arn) -> ContainerInstance {
    ContainerInstance {
        arn: arn.clone(),
        cluster: cluster.clone(),
        ec2_id: "i-0123456789abcdef0".to_owned(),
        status: "ACTIVE".to_owned(),
        status_reason: String::new(),
        agent_connected: true,
        agent_version: "1.105.1".to_owned(),
        docker_version: "DockerVersion: 25.0.6".to_owned(),
        running_tasks: 0,
        pending_tasks: 0,
        cpu: (2048, 2048),
        memory: (4096, 4096),
        ports: Vec::new(),
        instance_type: "m6i.large".to_owned(),
        zone: "eu-west-1a".to_owned(),
        ami: "ami-0abc".to_owned(),
        attributes: Vec::new(),
        capacity_provider: None,
        registered_at: None,
        version: 1,
        tags: Vec::new(),
    }
}

/// An active revision with one essential container.
#[must_use]
pub fn definition(arn: &Arn) -> TaskDefinition {
    TaskDefinition {
        arn: arn.clone(),
        family: arn.family().to_owned(),
        revision: arn
            .revision()
            .and_then(|revision| revision.try_into().ok())
            .unwrap_or(0),
        status: "ACTIVE".to_owned(),
        network_mode: Some("awsvpc".to_owned()),
        cpu: Some("256".to_owned()),
        memory: Some("512".to_owned()),
        task_role: None,
        execution_role: None,
        requires: vec!["FARGATE".to_owned()],
        platform: None,
        containers: vec![ContainerDefinition {
            name: "app".to_owned(),
            image: "shop/web:1.5.1".to_owned(),
            essential: true,
            ..ContainerDefinition::default()
        }],
        volumes: Vec::new(),
        placement: Vec::new(),
        ephemeral_storage: None,
        pid_mode: None,
        ipc_mode: None,
        registered_at: None,
        registered_by: None,
        tags: Vec::new(),
    }
}

/// A connected engine with nothing on it.
#[must_use]
pub fn engine(address: &str) -> Engine {
    Engine {
        id: EngineId::new(address),
        state: EngineState::Connected,
        since: Timestamp(0),
        version: "25.0.6".to_owned(),
        api: "1.44".to_owned(),
        instance: None,
        containers: Vec::new(),
        streams: 0,
    }
}

/// A running container of a task, as an engine knows it.
#[must_use]
pub fn engine_container(task: &Task, name: &str) -> EngineContainer {
    EngineContainer {
        id: format!("{name}-{}", task.arn.short()),
        task: task.arn.clone(),
        name: name.to_owned(),
        cluster: task.cluster.name().to_owned(),
        is_pause: name.starts_with("~internal"),
        state: "running".to_owned(),
        restarts: 0,
        oom_killed: false,
        exit_code: None,
        started_at: None,
    }
}

/// What a container that kept `cores` busy for `second` seconds, and uses so many MiB of memory, reports then.
#[must_use]
pub fn sample(second: u32, cores: f64, mebibytes: u64, limit: Option<u64>) -> Sample {
    let mebi = 1024 * 1024;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float stays within the bounds of the integer"
    )]
    let cpu = (f64::from(second) * cores * 1e9) as u64;
    Sample {
        at: Timestamp(i64::from(second) * 1_000),
        cpu,
        cores: 2,
        memory: Some(Memory {
            used: mebibytes * mebi,
            cache: 8 * mebi,
            limit: limit.map(|limit| limit * mebi),
        }),
        processes: Some(7),
        ..Sample::default()
    }
}

/// A repository whose tags may be moved.
#[must_use]
pub fn repository(arn: &Arn) -> Repository {
    let (account, region) = (arn.account(), arn.region());
    Repository {
        arn: arn.clone(),
        name: arn.name().to_owned(),
        uri: format!("{account}.dkr.ecr.{region}.amazonaws.com/{}", arn.name()),
        created_at: None,
        mutability: "MUTABLE".to_owned(),
        exclusions: Vec::new(),
        scan_on_push: false,
    }
}

/// A quota at rest, of which a few calls were made.
#[must_use]
pub fn quota(name: &'static str) -> QuotaUse {
    QuotaUse {
        region: None,
        name,
        operations: &["ListServices", "DescribeServices"],
        published: true,
        quota_burst: 100.0,
        quota_refill: 20.0,
        burst: 50.0,
        refill: 5.0,
        refill_now: 5.0,
        tokens: 50.0,
        rate: 0.0,
        calls: 7,
        throttles: 0,
        waiting: [0; 3],
    }
}

/// An image of one platform without tags.
#[must_use]
pub fn image(repository: &Arn, digest: &str) -> Image {
    Image {
        arn: repository.image(digest),
        repository: repository.clone(),
        digest: digest.to_owned(),
        tags: Vec::new(),
        pushed_at: None,
        size: None,
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        artifact_type: None,
        status: "ACTIVE".to_owned(),
        pulled_at: None,
        scan: None,
    }
}
