//! Things of which every field is set, so that nothing that is written can change unnoticed.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the fields that these fill are optional"
)]

use crate::model::{
    Arn, CircuitBreaker, Cluster, Container, ContainerInstance, Deployment, LoadBalancer,
    PortBinding, Service, ServiceEvent, StrategyItem, Tag, Task, TaskSet, Timestamp, samples,
};

pub const ACCOUNT: &str = "111122223333";

pub fn arn(kind: &str, name: &str) -> Arn {
    Arn::new(&format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:{kind}/{name}"))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn many(text: &str) -> Vec<String> {
    vec![text.to_owned(), format!("{text}-2")]
}

fn tags() -> Vec<Tag> {
    vec![Tag {
        key: "team".to_owned(),
        value: "shop".to_owned(),
    }]
}

fn strategy() -> Vec<StrategyItem> {
    vec![StrategyItem {
        provider: "FARGATE_SPOT".to_owned(),
        weight: 3,
        base: -1,
    }]
}

fn at(second: i64) -> Option<Timestamp> {
    Some(Timestamp(1_760_000_000_000 + second * 1_000))
}

pub fn cluster(name: &str, number: i32) -> Cluster {
    Cluster {
        active_services: number,
        draining_services: 1,
        running_tasks: number.wrapping_mul(3),
        pending_tasks: 2,
        instances: 4,
        capacity_providers: many("provider"),
        default_strategy: strategy(),
        settings: tags(),
        statistics: tags(),
        tags: tags(),
        ..samples::cluster(&arn("cluster", name))
    }
}

pub fn service(cluster: &Arn, name: &str, number: i32) -> Service {
    let definition = arn("task-definition", "web:7");
    let path = format!("{}/{name}", cluster.name());
    Service {
        desired: number,
        running: number,
        pending: 1,
        task_definition: Some(definition.clone()),
        launch_type: some("FARGATE"),
        strategy: strategy(),
        platform_version: some("1.4.0"),
        circuit_breaker: Some(CircuitBreaker {
            enable: true,
            rollback: true,
        }),
        deployments: vec![Deployment {
            desired: number,
            pending: 1,
            failed: 2,
            rollout_reason: some("it rolls"),
            launch_type: some("EC2"),
            strategy: strategy(),
            created_at: at(1),
            updated_at: at(2),
            ..samples::deployment("ecs-svc/1", &definition)
        }],
        task_sets: vec![TaskSet {
            id: "ecs-svc/2".to_owned(),
            status: "ACTIVE".to_owned(),
            task_definition: Some(definition),
            desired: number,
            pending: 1,
            running: 2,
            stability: "STABILIZING".to_owned(),
            created_at: at(3),
        }],
        events: vec![ServiceEvent {
            at: at(4),
            ..samples::event("an-id", "(service web) has reached a steady state.")
        }],
        load_balancers: vec![LoadBalancer {
            target_group: Some(arn("targetgroup", "web")),
            name: some("classic"),
            container: "app".to_owned(),
            port: 8080,
        }],
        subnets: many("subnet"),
        security_groups: many("sg"),
        public_ip: some("ENABLED"),
        health_check_grace: Some(30),
        execute_command: true,
        role: some("a-role"),
        placement: many("spread"),
        created_at: at(5),
        created_by: some("somebody"),
        tags: tags(),
        ..samples::service(&arn("service", &path), cluster)
    }
}

pub fn task(cluster: &Arn, name: &str, number: i32) -> Task {
    let path = format!("{}/{name}", cluster.name());
    Task {
        started_by: some("ecs-svc/1"),
        launch_type: some("EC2"),
        capacity_provider: some("provider"),
        platform_version: some("1.4.0"),
        cpu: Some(256),
        memory: Some(512),
        connectivity: some("CONNECTED"),
        zone: some("eu-west-1a"),
        instance: Some(arn("container-instance", "web/1")),
        private_ip: some("10.0.0.1"),
        interface: some("eni-1"),
        execute_command: true,
        created_at: at(1),
        pull_started_at: at(2),
        pull_stopped_at: at(3),
        started_at: at(4),
        stopping_at: at(5),
        stopped_at: at(6),
        stop_code: some("EssentialContainerExited"),
        stopped_reason: some("it ended"),
        containers: vec![Container {
            digest: some("sha256:9f86d081884c"),
            runtime_id: some("0123456789ab-1"),
            exit_code: Some(137),
            reason: some("OutOfMemoryError"),
            cpu: Some(128),
            memory: Some(256),
            memory_reservation: Some(64),
            bindings: vec![PortBinding {
                ip: "0.0.0.0".to_owned(),
                container: 80,
                host: 32_768,
                protocol: "tcp".to_owned(),
            }],
            ..samples::container("app", "shop/web:7")
        }],
        version: i64::from(number),
        tags: tags(),
        ..samples::task(&arn("task", &path), cluster)
    }
}

pub fn instance(cluster: &Arn, name: &str, number: i32) -> ContainerInstance {
    let path = format!("{}/{name}", cluster.name());
    ContainerInstance {
        status_reason: "it is full".to_owned(),
        running_tasks: number,
        pending_tasks: 1,
        ports: many("80"),
        attributes: tags(),
        capacity_provider: some("provider"),
        registered_at: at(1),
        version: i64::from(number),
        tags: tags(),
        ..samples::instance(&arn("container-instance", &path), cluster)
    }
}
