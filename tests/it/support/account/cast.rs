//! Who lives in the account: one of each kind of trouble, and names no console would let through.

use ecsight::model::{
    Arn, CircuitBreaker, Container, ContainerDefinition, Deployment, LoadBalancer, PortBinding,
    PortMapping, Secret, Service, Tag, Task, samples,
};

use super::{
    Account, ago,
    registry::{self, HOST, RUNNING},
};

fn arn(resource: &str) -> Arn {
    Arn::new(&format!("arn:aws:ecs:eu-west-1:123456789012:{resource}"))
}

fn revision(family: &str, revision: u32) -> Arn {
    arn(&format!("task-definition/{family}:{revision}"))
}

/// Healthy clusters and services only.
pub(super) fn plain(clusters: usize, services: usize) -> Account {
    let mut account = Account::default();
    for at in 0..clusters {
        let home = arn(&format!("cluster/cluster-{at}"));
        let mut cluster = samples::cluster(&home);
        cluster.active_services = i32::try_from(services).expect("few services");
        account.clusters.push(cluster);
        for number in 0..services {
            let id = arn(&format!("service/cluster-{at}/service-{number:02}"));
            account
                .services
                .push(running(samples::service(&id, &home), 1));
        }
    }
    account
}

fn running(mut service: Service, count: i32) -> Service {
    service.desired = count;
    service.running = count;
    service
}

fn deployment(id: &str, definition: &Arn, state: &str, counts: (i32, i32, i32)) -> Deployment {
    let (running, pending, desired) = counts;
    Deployment {
        running,
        pending,
        desired,
        rollout_state: Some(state.to_owned()),
        created_at: Some(ago(7_200)),
        updated_at: Some(ago(600)),
        ..samples::deployment(id, definition)
    }
}

fn steady(service: &mut Service, seconds: i64) {
    let words = format!("(service {}) has reached a steady state.", service.name);
    let mut event = samples::event("b7a1-steady", &words);
    event.at = Some(ago(seconds));
    service.events.push(event);
}

fn say(service: &mut Service, id: &str, seconds: i64, words: &str) {
    let mut event = samples::event(id, &format!("(service {}) {words}", service.name));
    event.at = Some(ago(seconds));
    service.events.push(event);
}

pub(super) fn shop() -> Account {
    let web = arn("cluster/prod-web");
    let batch = arn("cluster/workers-ec2");
    let mut account = Account::default();
    clusters(&mut account, &web, &batch);
    services(&mut account, &web, &batch);
    tasks(&mut account, &web);
    batch_tasks(&mut account, &batch);
    stopped_tasks(&mut account, &web);
    instances(&mut account, &batch);
    definitions(&mut account);
    registry::stock(&mut account);
    account
}

fn clusters(account: &mut Account, web: &Arn, batch: &Arn) {
    let mut cluster = samples::cluster(web);
    cluster.active_services = 6;
    cluster.draining_services = 1;
    cluster.running_tasks = 6;
    cluster.pending_tasks = 2;
    cluster.capacity_providers = vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()];
    cluster.tags = vec![Tag {
        key: "team".to_owned(),
        value: "shop".to_owned(),
    }];
    account.clusters.push(cluster);
    let mut cluster = samples::cluster(batch);
    cluster.active_services = 1;
    cluster.running_tasks = 3;
    cluster.instances = 2;
    account.clusters.push(cluster);
    account
        .clusters
        .push(samples::cluster(&arn("cluster/empty")));
    for (name, status) in [("retired", "INACTIVE"), ("broken", "FAILED")] {
        let mut cluster = samples::cluster(&arn(&format!("cluster/{name}")));
        cluster.status = status.into();
        account.clusters.push(cluster);
    }
    let mut cluster = samples::cluster(&arn("cluster/odd"));
    cluster.name = "o\u{1b}[2Jdd\u{202e}fdp".into();
    cluster.status = "HIBERNATING".into();
    account.clusters.push(cluster);
}

fn services(account: &mut Account, web: &Arn, batch: &Arn) {
    let service = |name: &str| samples::service(&arn(&format!("service/prod-web/{name}")), web);
    let mut api = running(service("api"), 3);
    api.task_definition = Some(revision("web-api", 42));
    api.launch_type = Some("FARGATE".to_owned());
    api.deployments = vec![deployment(
        "ecs-svc/1",
        &revision("web-api", 42),
        "COMPLETED",
        (3, 0, 3),
    )];
    api.load_balancers = vec![LoadBalancer {
        target_group: Some(Arn::new(
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/1f2e",
        )),
        name: None,
        container: "app".to_owned(),
        port: 8080,
    }];
    api.created_at = Some(ago(86_400 * 90));
    steady(&mut api, 900);
    say(
        &mut api,
        "b7a1-start",
        960,
        "has started 1 tasks: (task 3f9a).",
    );

    let mut checkout = running(service("checkout"), 2);
    checkout.pending = 1;
    checkout.task_definition = Some(revision("web-api", 43));
    checkout.deployments = vec![
        deployment(
            "ecs-svc/7",
            &revision("web-api", 43),
            "IN_PROGRESS",
            (1, 1, 2),
        ),
        Deployment {
            status: "ACTIVE".to_owned(),
            ..deployment(
                "ecs-svc/6",
                &revision("web-api", 42),
                "COMPLETED",
                (1, 0, 1),
            )
        },
    ];
    say(
        &mut checkout,
        "c0-start",
        60,
        "has started 1 tasks: (task 77aa).",
    );

    let mut payments = service("payments");
    payments.desired = 2;
    payments.running = 1;
    payments.pending = 1;
    payments.task_definition = Some(revision("payments", 9));
    payments.circuit_breaker = Some(CircuitBreaker {
        enable: true,
        rollback: true,
    });
    payments.deployments = vec![Deployment {
        failed: 4,
        rollout_reason: Some("ECS deployment circuit breaker: tasks failed to start.".to_owned()),
        ..deployment("ecs-svc/9", &revision("payments", 9), "FAILED", (1, 1, 2))
    }];
    let words = "was unable to place a task because no container instance met all of its requirements. \
                 Reason: \u{1b}]0;owned\u{7}\u{202e}not enough memory.";
    say(&mut payments, "p0-place", 120, words);
    say(
        &mut payments,
        "p1-start",
        300,
        "has started 1 tasks: (task 9e01).",
    );

    let legacy_arn = arn("service/legacy");
    let mut legacy = running(samples::service(&legacy_arn, web), 1);
    legacy.controller = "EXTERNAL".into();
    legacy.minimum_healthy_percent = None;
    legacy.maximum_percent = None;

    let long = "a-service-whose-name-is-as-long-as-anybody-could-ever-want-it-to-be-and-longer";
    let mut long = running(service(long), 1);
    long.launch_type = Some("FARGATE".to_owned());
    let mut wide = running(samples::service(&arn("service/prod-web/wide"), web), 1);
    wide.name = "日本語サービス決済".into();
    let mut gone = service("moving-out");
    gone.status = "DRAINING".into();
    gone.running = 1;
    account
        .services
        .extend([api, checkout, payments, legacy, long, wide, gone]);

    let id = arn("service/workers-ec2/agent");
    let mut agent = running(samples::service(&id, batch), 2);
    agent.scheduling = "DAEMON".into();
    agent.launch_type = Some("EC2".to_owned());
    steady(&mut agent, 3_600);
    account.services.push(agent);
}

fn container(name: &str, image: &str, health: &str) -> Container {
    Container {
        digest: Some(RUNNING.to_owned()),
        runtime_id: Some("0a1b2c3d4e5f-3412".to_owned()),
        health: health.to_owned(),
        cpu: Some(128),
        memory: Some(256),
        ..samples::container(name, image)
    }
}

fn task(cluster: &Arn, id: &str, service: &str, definition: &Arn) -> Task {
    let arn = arn(&format!("task/{}/{id}", cluster.name()));
    Task {
        group: format!("service:{service}"),
        definition: definition.clone(),
        launch_type: Some("FARGATE".to_owned()),
        cpu: Some(256),
        memory: Some(512),
        zone: Some("eu-west-1a".to_owned()),
        private_ip: Some("10.0.3.17".to_owned()),
        created_at: Some(ago(5_400)),
        pull_started_at: Some(ago(5_390)),
        pull_stopped_at: Some(ago(5_380)),
        started_at: Some(ago(5_370)),
        containers: vec![container("app", "shop/web-api:1.5.1", "HEALTHY")],
        ..samples::task(&arn, cluster)
    }
}

fn tasks(account: &mut Account, web: &Arn) {
    let api = revision("web-api", 42);
    for (id, health) in [
        ("3f9a0c11d2e34f5a8b6c7d8e9f0a1b2c", "HEALTHY"),
        ("4a1b0c11d2e34f5a8b6c7d8e9f0a1b2c", "HEALTHY"),
        ("5c2d0c11d2e34f5a8b6c7d8e9f0a1b2c", "UNHEALTHY"),
    ] {
        let mut task = task(web, id, "api", &api);
        task.health = health.into();
        task.containers[0].health = health.into();
        task.containers
            .push(container("envoy", "mesh/envoy:v1.31", "HEALTHY"));
        account.tasks.push(task);
    }
    let next = revision("web-api", 43);
    let mut rolling = task(web, "77aa0c11d2e34f5a8b6c7d8e9f0a1b2c", "checkout", &next);
    rolling.last_status = "PENDING".into();
    rolling.created_at = Some(ago(60));
    rolling.started_at = None;
    account.tasks.push(rolling);

    let broken = revision("payments", 9);
    let mut sick = task(web, "9e010c11d2e34f5a8b6c7d8e9f0a1b2c", "payments", &broken);
    sick.connectivity = Some("DISCONNECTED".to_owned());
    sick.containers = vec![
        container("app", &format!("{HOST}/shop/payments:2.0.0"), "HEALTHY"),
        Container {
            last_status: "STOPPED".to_owned(),
            exit_code: Some(1),
            reason: Some("\u{1b}[31mboom\u{1b}[0m\u{202e}".to_owned()),
            ..container("migrate", "shop/migrate", "UNKNOWN")
        },
    ];
    let mut slow = task(web, "9e020c11d2e34f5a8b6c7d8e9f0a1b2c", "payments", &broken);
    slow.last_status = "PROVISIONING".into();
    slow.started_at = None;
    let mut odd = task(web, "9e030c11d2e34f5a8b6c7d8e9f0a1b2c", "payments", &broken);
    odd.last_status = "DREAMING".into();
    odd.launch_type = None;
    odd.containers.clear();
    account.tasks.extend([sick, slow, odd]);
}

fn batch_tasks(account: &mut Account, batch: &Arn) {
    let host = arn("container-instance/workers-ec2/11110c11d2e34f5a8b6c7d8e9f0a1b2c");
    let by_hand = Task {
        group: "family:report".to_owned(),
        started_by: Some("kim".to_owned()),
        launch_type: Some("EC2".to_owned()),
        instance: Some(host.clone()),
        containers: vec![container(
            "app",
            &format!("{HOST}/report:stable"),
            "HEALTHY",
        )],
        ..task(
            batch,
            "aaaa0c11d2e34f5a8b6c7d8e9f0a1b2c",
            "x",
            &revision("report", 1),
        )
    };
    // The form of ARNs before 2018: no cluster in it.
    let short = Task {
        arn: arn("task/bbbb0c11-d2e3-4f5a-8b6c-7d8e9f0a1b2c"),
        instance: Some(arn("container-instance/2222")),
        launch_type: None,
        containers: vec![Container {
            bindings: vec![PortBinding {
                ip: "0.0.0.0".to_owned(),
                container: 80,
                host: 32_768,
                protocol: "tcp".to_owned(),
            }],
            ..container("agent", "ops/agent@sha256:00", "UNKNOWN")
        }],
        ..task(batch, "x", "agent", &revision("report", 1))
    };
    account.tasks.extend([by_hand, short]);
}

fn stopped(mut task: Task, seconds: i64, code: &str, reason: &str) -> Task {
    task.last_status = "STOPPED".into();
    task.desired_status = "STOPPED".into();
    task.health = "UNKNOWN".into();
    task.stopping_at = Some(ago(seconds + 20));
    task.stopped_at = Some(ago(seconds));
    task.stop_code = Some(code.to_owned());
    task.stopped_reason = Some(reason.to_owned());
    for container in &mut task.containers {
        container.last_status = "STOPPED".into();
        container.health = "UNKNOWN".into();
    }
    task
}

fn stopped_tasks(account: &mut Account, web: &Arn) {
    let definition = revision("payments", 9);
    let dead = |id: &str, seconds, code, reason| {
        let id = format!("{id}0c11d2e34f5a8b6c7d8e9f0a1b2c");
        stopped(
            task(web, &id, "payments", &definition),
            seconds,
            code,
            reason,
        )
    };
    let essential = "Essential container in task exited";
    let mut oom = dead("d001", 300, "EssentialContainerExited", essential);
    oom.containers[0].exit_code = Some(137);
    oom.containers[0].reason =
        Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
    let pull = "CannotPullContainerError: pull image manifest has been retried 5 time(s): \
                failed to resolve ref docker.io/shop/payments:2.0.1: not found";
    let mut unpulled = dead("d002", 600, "TaskFailedToStart", pull);
    unpulled.started_at = None;
    let mut finished = dead("d003", 900, "EssentialContainerExited", essential);
    finished.containers[0].exit_code = Some(0);
    let mut user = dead(
        "d004",
        1_200,
        "UserInitiated",
        "stopped by \u{1b}[5mkim\u{7}",
    );
    user.containers[0].exit_code = Some(143);
    let unknown = dead("d005", 1_500, "MoonPhase", "");
    account
        .tasks
        .extend([oom, unpulled, finished, user, unknown]);
}

fn instances(account: &mut Account, batch: &Arn) {
    let id = arn("container-instance/workers-ec2/11110c11d2e34f5a8b6c7d8e9f0a1b2c");
    let mut host = samples::instance(&id, batch);
    host.running_tasks = 1;
    host.cpu = (2_048, 1_792);
    host.memory = (3_884, 3_372);
    host.registered_at = Some(ago(86_400));
    account.instances.push(host);
    let mut lost = samples::instance(&arn("container-instance/2222"), batch);
    lost.ec2_id = "i-0ffffffffffffffff".into();
    lost.status = "DRAINING".into();
    lost.agent_connected = false;
    account.instances.push(lost);
}

fn definitions(account: &mut Account) {
    for (family, revisions) in [("payments", 9), ("report", 1), ("web-api", 43)] {
        for number in [revisions - 1, revisions] {
            if number > 0 {
                let mut definition = samples::definition(&revision(family, number));
                definition.registered_at = Some(ago(86_400 * (100 - i64::from(number))));
                definition.containers[0].ports = vec![PortMapping {
                    container: "8080".to_owned(),
                    host: None,
                    protocol: "tcp".to_owned(),
                    name: None,
                }];
                definition.containers[0].environment = vec![
                    ("DB_HOST".to_owned(), Secret::new("db.internal")),
                    ("DB_PASSWORD".to_owned(), Secret::new("hunter2")),
                ];
                definition.containers.push(ContainerDefinition {
                    name: "envoy".to_owned(),
                    image: "mesh/envoy:v1.31".to_owned(),
                    ..ContainerDefinition::default()
                });
                account.definitions.push(definition);
            }
        }
    }
}
