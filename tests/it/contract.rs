//! The contract: the same assertions about what the program reads, against the simulated account and against
//! independent servers, each directly and behind AWS's page sizes and item limits.
//!
//! Every value is compared with what the wire carries, read without the SDK. Where a server does not do what AWS
//! does, [`Kind`] says so and the assertion is about what it does instead.

use ecsight::aws::{Clients, RawTarget, Urgency};
use ecsight::model::{
    Arn, Cluster, Container, ContainerDefinition, ContainerInstance, Deployment, Entity, Fault,
    FaultKind, Part, Query, Service, Tag, Task, TaskDefinition, TaskFilter, Timestamp,
};
use ecsight::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::proxy::Proxy;
use crate::servers;
use crate::support::driver::Setup;
use crate::support::wire::{Wire, amount, items, moment, number, some, text, texts};

/// Which server it is, and so what it does not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Sandbox,
    MiniStack,
    Moto,
}

impl Kind {
    /// A cluster with services where nothing moves.
    fn steady(self) -> &'static str {
        match self {
            Self::Sandbox => "prod-fargate",
            Self::MiniStack => "prod",
            Self::Moto => "fleet",
        }
    }

    /// Clusters that are there from the beginning.
    fn clusters(self) -> &'static [&'static str] {
        match self {
            Self::Sandbox => &[
                "batch",
                "prod-fargate",
                "prod-web",
                "sandbox-empty",
                "staging",
            ],
            Self::MiniStack => &["prod", "staging"],
            Self::Moto => &["fleet", "edge"],
        }
    }

    /// A cluster with container instances; MiniStack knows none at all.
    fn with_instances(self) -> Option<&'static str> {
        match self {
            Self::Sandbox => Some("prod-web"),
            Self::MiniStack => None,
            Self::Moto => Some("fleet"),
        }
    }

    /// A cluster where tasks have stopped; moto's seed stops none.
    fn with_stopped_tasks(self) -> Option<&'static str> {
        match self {
            Self::Sandbox | Self::MiniStack => Some("staging"),
            Self::Moto => None,
        }
    }
}

/// A server and the two ways to ask it: as the program does, and without the SDK.
struct Server {
    kind: Kind,
    clients: Clients,
    wire: Wire,
    /// What it is called where names must differ.
    label: String,
    // They end with the test.
    _proxy: Option<Proxy>,
    _sandbox: Option<Sandbox>,
}

impl Server {
    async fn start(kind: Kind, limited: bool) -> Self {
        let mut own = None;
        let upstream = match kind {
            Kind::Sandbox => {
                let options = Options {
                    frozen: true,
                    ..Options::default()
                };
                own.insert(ecsight::sandbox::start(options).await.unwrap())
                    .url()
            }
            Kind::MiniStack => servers::ministack(),
            Kind::Moto => servers::moto(),
        };
        let proxy = if limited {
            Some(Proxy::start(&upstream).await)
        } else {
            None
        };
        let endpoint = proxy.as_ref().map_or_else(|| upstream.clone(), Proxy::url);
        let settings = Setup::at(&endpoint).settings();
        let way = if limited { "limited" } else { "direct" };
        Self {
            kind,
            clients: Clients::connect(settings).await.unwrap(),
            wire: Wire::new(&upstream),
            label: format!("{way}-{}", std::process::id()),
            _proxy: proxy,
            _sandbox: own,
        }
    }

    /// What the program makes of a query.
    async fn fetch(&self, query: Query) -> Answer {
        let (sender, mut parts) = mpsc::channel(64);
        let fetch = self.clients.fetch(&query, Urgency::Visible, sender);
        let collect = async {
            let mut entities = Vec::new();
            let mut items = Vec::new();
            while let Some(part) = parts.recv().await {
                match part {
                    Part::Some {
                        entities: more,
                        items: ids,
                    } => {
                        entities.extend(more);
                        items.extend(ids);
                    }
                    Part::Done { items, calls } => {
                        return Answer {
                            entities,
                            outcome: Ok((items, calls)),
                        };
                    }
                    Part::Failed { fault, .. } => {
                        return Answer {
                            entities,
                            outcome: Err(fault),
                        };
                    }
                }
            }
            panic!("{query} ends with neither done nor failed")
        };
        let ((), answer) = tokio::join!(fetch, collect);
        answer
    }

    /// The clusters of these names, as the program knows them.
    async fn clusters(&self) -> Vec<Cluster> {
        self.fetch(Query::Clusters)
            .await
            .read(|entity| match entity {
                Entity::Cluster(cluster) => Some(cluster),
                _ => None,
            })
    }

    async fn cluster(&self, name: &str) -> Cluster {
        let clusters = self.clusters().await;
        let mut named = clusters.into_iter().filter(|cluster| cluster.name == name);
        named.next().unwrap_or_else(|| panic!("no cluster {name}"))
    }

    async fn services(&self, cluster: &Arn) -> Vec<Service> {
        let cluster = cluster.clone();
        self.fetch(Query::Services { cluster })
            .await
            .read(|entity| match entity {
                Entity::Service(service) => Some(*service),
                _ => None,
            })
    }

    async fn tasks(&self, cluster: &Arn, filter: TaskFilter, stopped: bool) -> Vec<Task> {
        let query = Query::Tasks {
            cluster: cluster.clone(),
            filter,
            stopped,
        };
        self.fetch(query).await.read(|entity| match entity {
            Entity::Task(task) => Some(*task),
            _ => None,
        })
    }

    async fn definition(&self, name: &str) -> TaskDefinition {
        let definition = Arn::new(name);
        let found =
            self.fetch(Query::Definition { definition })
                .await
                .read(|entity| match entity {
                    Entity::Definition(definition) => Some(*definition),
                    _ => None,
                });
        found
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {name}"))
    }

    /// The tasks that the wire lists for a request, described in batches that every server takes.
    async fn told_tasks(&self, cluster: &Arn, mut request: Value) -> Vec<Value> {
        request["cluster"] = json!(cluster.as_str());
        let listed = self.wire.list("ListTasks", "taskArns", request).await;
        let mut told = Vec::new();
        for batch in listed.chunks(100) {
            let request = json!({"cluster": cluster.as_str(), "tasks": batch, "include": ["TAGS"]});
            let answer = self.wire.ask("DescribeTasks", request).await;
            told.extend_from_slice(items(&answer["tasks"]));
        }
        told
    }
}

/// All parts of one answer.
struct Answer {
    entities: Vec<Entity>,
    outcome: Result<(Vec<Arn>, u32), Fault>,
}

impl Answer {
    /// The things in the answer, which came whole.
    fn read<T>(self, pick: impl Fn(Entity) -> Option<T>) -> Vec<T> {
        let (items, _) = self.outcome.unwrap();
        let things: Vec<T> = self.entities.into_iter().filter_map(pick).collect();
        assert_eq!(items.len(), things.len(), "listed and described differ");
        things
    }

    fn items(self) -> Vec<Arn> {
        self.outcome.unwrap().0
    }
}

/// The thing on the wire with this identity.
fn find<'a>(told: &'a [Value], key: &str, arn: &Arn) -> &'a Value {
    told.iter()
        .find(|thing| thing[key] == arn.as_str())
        .unwrap_or_else(|| panic!("the wire knows no {arn}"))
}

/// Fails unless a moment is that of the wire: seconds with a binary fraction, which may lose a millisecond.
fn check_time(read: Option<Timestamp>, told: &Value) {
    let told = moment(told);
    let same = match (read, told) {
        (Some(read), Some(told)) => (read.0 - told).abs() <= 1,
        (read, told) => read.is_none() && told.is_none(),
    };
    assert!(same, "{read:?} is not {told:?}");
}

fn whole(arn: Option<&Arn>) -> Option<&str> {
    arn.map(Arn::as_str)
}

fn check_tags(read: &[Tag], told: &Value) {
    let told: Vec<_> = items(told)
        .iter()
        .map(|tag| (text(&tag["key"]), text(&tag["value"])))
        .collect();
    let read: Vec<_> = read
        .iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
        .collect();
    assert_eq!(read, told);
}

/// Who the caller is.
async fn identity(server: &Server) {
    let answer = server.fetch(Query::Identity).await;
    let told = server.wire.caller().await;
    let entity = answer.entities.first();
    let Some(Entity::Identity(identity)) = entity else {
        panic!("no identity but {entity:?}");
    };
    assert_eq!(identity.account.len(), 12);
    let says =
        |element: &str, value: &str| told.contains(&format!("<{element}>{value}</{element}>"));
    assert!(says("Account", &identity.account), "{told}");
    assert!(says("Arn", &identity.principal), "{told}");
}

/// Clusters with names, statuses and counts.
async fn clusters(server: &Server) {
    let read = server.clusters().await;
    let listed = server
        .wire
        .list("ListClusters", "clusterArns", json!({}))
        .await;
    for name in server.kind.clusters() {
        let cluster = read
            .iter()
            .find(|cluster| cluster.name == *name)
            .unwrap_or_else(|| panic!("no cluster {name}"));
        assert!(listed.iter().any(|arn| arn == cluster.arn.as_str()));
        let request = json!({"clusters": [name], "include": ["STATISTICS", "SETTINGS", "TAGS"]});
        let told = server.wire.ask("DescribeClusters", request).await;
        let told = &told["clusters"][0];
        assert_eq!(cluster.arn.as_str(), text(&told["clusterArn"]));
        assert_eq!(cluster.status, text(&told["status"]));
        assert_eq!(
            i64::from(cluster.active_services),
            number(&told["activeServicesCount"])
        );
        assert_eq!(
            cluster.capacity_providers,
            texts(&told["capacityProviders"])
        );
        assert_eq!(
            i64::from(cluster.instances),
            number(&told["registeredContainerInstancesCount"])
        );
        check_tags(&cluster.tags, &told["tags"]);
        let settings: Vec<_> = items(&told["settings"])
            .iter()
            .map(|setting| (text(&setting["name"]), text(&setting["value"])))
            .collect();
        let read: Vec<_> = cluster
            .settings
            .iter()
            .map(|tag| (tag.key.as_str(), tag.value.as_str()))
            .collect();
        assert_eq!(read, settings);
        // Elsewhere tasks come and go between two looks.
        if *name == server.kind.steady() {
            // moto counts no services.
            assert_eq!(cluster.active_services > 0, server.kind != Kind::Moto);
            assert_eq!(
                i64::from(cluster.running_tasks),
                number(&told["runningTasksCount"])
            );
            assert_eq!(
                i64::from(cluster.pending_tasks),
                number(&told["pendingTasksCount"])
            );
        }
    }
}

/// Services with counts, revisions, deployments, events and all else.
async fn services(server: &Server) {
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

/// Running tasks with their containers.
async fn running_tasks(server: &Server) {
    let cluster = server.cluster(server.kind.steady()).await;
    let read = server.tasks(&cluster.arn, TaskFilter::All, false).await;
    let told = server.told_tasks(&cluster.arn, json!({})).await;
    assert!(!read.is_empty());
    assert_eq!(read.len(), told.len());
    for task in &read {
        check_task(task, find(&told, "taskArn", &task.arn));
        assert!(!task.containers.is_empty());
        assert_eq!(task.desired_status, "RUNNING");

        let one = server
            .fetch(Query::Task {
                cluster: cluster.arn.clone(),
                task: task.arn.clone(),
            })
            .await;
        assert_eq!(one.entities, [Entity::Task(Box::new(task.clone()))]);
    }
}

/// Stopped tasks with their stop codes, reasons and exit codes.
async fn stopped_tasks(server: &Server) {
    let Some(name) = server.kind.with_stopped_tasks() else {
        let cluster = server.cluster(server.kind.steady()).await;
        let read = server.tasks(&cluster.arn, TaskFilter::All, true).await;
        assert!(
            read.is_empty(),
            "this server has stopped tasks now: {read:?}"
        );
        return;
    };
    let cluster = server.cluster(name).await;
    let read = server.tasks(&cluster.arn, TaskFilter::All, true).await;
    let request = json!({"desiredStatus": "STOPPED"});
    let told = server.told_tasks(&cluster.arn, request).await;
    assert!(!read.is_empty());
    for task in read.iter().filter(|task| task.is_stopped()) {
        check_task(task, find(&told, "taskArn", &task.arn));
        assert!(task.stop_code.is_some(), "{task:?}");
        assert!(task.stopped_reason.is_some(), "{task:?}");
        assert!(task.stopped_at.is_some(), "{task:?}");
    }
    let mut containers = read.iter().flat_map(|task| &task.containers);
    assert!(
        containers.any(|container| container.exit_code.is_some_and(|code| code != 0)),
        "no container failed"
    );
}

fn check_task(task: &Task, told: &Value) {
    assert_eq!(task.group, text(&told["group"]));
    assert_eq!(task.started_by.as_deref(), some(&told["startedBy"]));
    assert_eq!(task.definition.as_str(), text(&told["taskDefinitionArn"]));
    assert_eq!(task.cluster.as_str(), text(&told["clusterArn"]));
    assert_eq!(task.last_status, text(&told["lastStatus"]));
    assert_eq!(task.desired_status, text(&told["desiredStatus"]));
    assert_eq!(
        task.health,
        some(&told["healthStatus"]).unwrap_or("UNKNOWN")
    );
    assert_eq!(task.launch_type.as_deref(), some(&told["launchType"]));
    assert_eq!(
        task.capacity_provider.as_deref(),
        some(&told["capacityProviderName"])
    );
    assert_eq!(task.cpu, amount(&told["cpu"]));
    assert_eq!(task.memory, amount(&told["memory"]));
    assert_eq!(task.zone.as_deref(), some(&told["availabilityZone"]));
    assert_eq!(
        whole(task.instance.as_ref()),
        some(&told["containerInstanceArn"])
    );
    let details = items(&told["attachments"])
        .iter()
        .flat_map(|attachment| items(&attachment["details"]));
    let mut addresses = details.filter(|detail| detail["name"] == "privateIPv4Address");
    if let Some(address) = addresses.next() {
        assert_eq!(task.private_ip.as_deref(), some(&address["value"]));
    }
    for (read, key) in [
        (task.created_at, "createdAt"),
        (task.pull_started_at, "pullStartedAt"),
        (task.pull_stopped_at, "pullStoppedAt"),
        (task.started_at, "startedAt"),
        (task.stopping_at, "stoppingAt"),
        (task.stopped_at, "stoppedAt"),
    ] {
        check_time(read, &told[key]);
    }
    assert_eq!(task.stop_code.as_deref(), some(&told["stopCode"]));
    assert_eq!(task.stopped_reason.as_deref(), some(&told["stoppedReason"]));
    assert_eq!(task.version, number(&told["version"]));
    check_tags(&task.tags, &told["tags"]);
    let containers = items(&told["containers"]);
    assert_eq!(task.containers.len(), containers.len());
    for (container, told) in task.containers.iter().zip(containers) {
        check_container(container, told);
    }
}

fn check_container(container: &Container, told: &Value) {
    assert_eq!(container.name, text(&told["name"]));
    assert_eq!(container.image, text(&told["image"]));
    assert_eq!(container.digest.as_deref(), some(&told["imageDigest"]));
    assert_eq!(container.runtime_id.as_deref(), some(&told["runtimeId"]));
    assert_eq!(container.last_status, text(&told["lastStatus"]));
    assert_eq!(
        container.health,
        some(&told["healthStatus"]).unwrap_or("UNKNOWN")
    );
    assert_eq!(
        container.exit_code.map(i64::from),
        told["exitCode"].as_i64()
    );
    assert_eq!(container.reason.as_deref(), some(&told["reason"]));
    assert_eq!(
        container.cpu,
        amount(&told["cpu"]).filter(|share| *share != 0)
    );
    assert_eq!(container.memory, amount(&told["memory"]));
    assert_eq!(
        container.memory_reservation,
        amount(&told["memoryReservation"])
    );
    let bindings = items(&told["networkBindings"]);
    assert_eq!(container.bindings.len(), bindings.len());
    for (binding, told) in container.bindings.iter().zip(bindings) {
        assert_eq!(binding.ip, text(&told["bindIP"]));
        assert_eq!(i64::from(binding.container), number(&told["containerPort"]));
        assert_eq!(i64::from(binding.host), number(&told["hostPort"]));
    }
}

/// Tasks of a service, of a family and of an instance.
async fn some_tasks(server: &Server) {
    let cluster = server.cluster(server.kind.steady()).await;
    let all = server.tasks(&cluster.arn, TaskFilter::All, false).await;
    let mut filters = Vec::new();
    let family = all[0].definition.family().to_owned();
    filters.push((json!({"family": family}), TaskFilter::Family(family)));
    let services = server.services(&cluster.arn).await;
    let name = services[0].name.clone();
    filters.push((json!({"serviceName": name}), TaskFilter::Service(name)));
    if let Some(instance) = all.iter().find_map(|task| task.instance.clone()) {
        let request = json!({"containerInstance": instance.as_str()});
        filters.push((request, TaskFilter::Instance(instance)));
    }
    for (request, filter) in filters {
        let read = server.tasks(&cluster.arn, filter.clone(), false).await;
        let mut read: Vec<_> = read.iter().map(|task| task.arn.as_str()).collect();
        let told = server.told_tasks(&cluster.arn, request).await;
        let mut told: Vec<_> = told.iter().map(|task| text(&task["taskArn"])).collect();
        read.sort_unstable();
        told.sort_unstable();
        assert_eq!(read, told, "{filter:?}");
    }
}

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
async fn task_definition(server: &Server) {
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
async fn families_and_revisions(server: &Server) {
    let family = format!("many-{}", server.label);
    for _ in 0..12 {
        server
            .wire
            .ask("RegisterTaskDefinition", rich(&family))
            .await;
    }
    let families = server.fetch(Query::Families).await.items();
    assert!(families.contains(&Arn::new(&family)), "{families:?}");
    let revisions = server
        .fetch(Query::Revisions {
            family: family.clone(),
        })
        .await
        .items();
    let read: Vec<_> = revisions.iter().filter_map(Arn::revision).collect();
    assert_eq!(read, (1..=12).rev().collect::<Vec<_>>());
    assert!(revisions.iter().all(|arn| arn.family() == family));
}

/// Container instances with what is left on them.
async fn instances(server: &Server) {
    let name = server.kind.with_instances().unwrap_or(server.kind.steady());
    let cluster = server.cluster(name).await;
    let query = Query::Instances {
        cluster: cluster.arn.clone(),
    };
    let read = server.fetch(query).await.read(|entity| match entity {
        Entity::Instance(instance) => Some(instance),
        _ => None,
    });
    if server.kind.with_instances().is_none() {
        assert!(read.is_empty(), "this server knows container instances now");
        return;
    }
    let request = json!({"cluster": cluster.name});
    let listed = server
        .wire
        .list("ListContainerInstances", "containerInstanceArns", request)
        .await;
    assert!(!listed.is_empty());
    let request =
        json!({"cluster": cluster.name, "containerInstances": listed, "include": ["TAGS"]});
    let answer = server.wire.ask("DescribeContainerInstances", request).await;
    let told = items(&answer["containerInstances"]);
    assert_eq!(read.len(), told.len());
    for instance in &read {
        check_instance(instance, find(told, "containerInstanceArn", &instance.arn));
        assert_eq!(instance.cluster, cluster.arn);
    }
    assert!(read.iter().any(|instance| instance.status == "DRAINING"));
    assert!(read.iter().any(|instance| instance.running_tasks > 0));
}

fn check_instance(instance: &ContainerInstance, told: &Value) {
    assert_eq!(instance.ec2_id, text(&told["ec2InstanceId"]));
    assert_eq!(instance.status, text(&told["status"]));
    assert_eq!(
        instance.agent_connected,
        told["agentConnected"].as_bool().unwrap_or_default()
    );
    assert_eq!(
        instance.agent_version,
        text(&told["versionInfo"]["agentVersion"])
    );
    assert_eq!(
        i64::from(instance.running_tasks),
        number(&told["runningTasksCount"])
    );
    assert_eq!(
        i64::from(instance.pending_tasks),
        number(&told["pendingTasksCount"])
    );
    let whole = |resources: &str, name: &str| {
        let mut named = items(&told[resources])
            .iter()
            .filter(|resource| resource["name"] == name);
        named
            .next()
            .map_or(0, |resource| number(&resource["integerValue"]))
    };
    for (read, name) in [(instance.cpu, "CPU"), (instance.memory, "MEMORY")] {
        let told = (
            whole("registeredResources", name),
            whole("remainingResources", name),
        );
        assert_eq!(read, told, "{name}");
        assert!(read.0 > 0, "{name}");
    }
    let attribute = |name: &str| {
        let mut named = items(&told["attributes"])
            .iter()
            .filter(|attribute| attribute["name"] == name);
        named
            .next()
            .map_or("", |attribute| text(&attribute["value"]))
    };
    assert_eq!(instance.instance_type, attribute("ecs.instance-type"));
    assert_eq!(instance.zone, attribute("ecs.availability-zone"));
    check_time(instance.registered_at, &told["registeredAt"]);
}

/// What is not there: a fault for a cluster, nothing at all for a service or a task.
async fn unknown_things(server: &Server) {
    let account = server.cluster(server.kind.steady()).await.arn;
    let nowhere = Arn::new(&account.as_str().replace(account.name(), "nowhere"));
    let answer = server
        .fetch(Query::Services {
            cluster: nowhere.clone(),
        })
        .await;
    match server.kind {
        // It lists nothing where AWS says that there is no such cluster.
        Kind::MiniStack => assert!(answer.items().is_empty()),
        Kind::Sandbox | Kind::Moto => {
            let fault = answer.outcome.unwrap_err();
            assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
            assert_eq!(fault.op, "ListServices");
        }
    }
    let service = Arn::new(&format!(
        "{}/ghost",
        account.as_str().replace(":cluster/", ":service/")
    ));
    let query = Query::Service {
        cluster: account.clone(),
        service,
    };
    assert!(server.fetch(query).await.items().is_empty());
    let task = "0123456789abcdef0123456789abcdef";
    let task = Arn::new(&format!(
        "{}/{task}",
        account.as_str().replace(":cluster/", ":task/")
    ));
    let query = Query::Task {
        cluster: account.clone(),
        task,
    };
    assert!(server.fetch(query).await.items().is_empty());
}

/// Whole answers are JSON, about the thing, and what the wire carries.
async fn whole_answers(server: &Server) {
    let cluster = server.cluster(server.kind.steady()).await;
    let service = server.services(&cluster.arn).await.swap_remove(0);
    let task = server
        .tasks(&cluster.arn, TaskFilter::All, false)
        .await
        .swap_remove(0);
    let one = cluster.name.as_str();
    let checks = [
        (cluster.arn.clone(), "clusters", "clusterArn"),
        (service.arn.clone(), "services", "serviceArn"),
        (task.arn.clone(), "tasks", "taskArn"),
    ];
    for (arn, list, key) in checks {
        let target = RawTarget {
            arn: arn.clone(),
            cluster: Some(cluster.arn.clone()),
        };
        let raw: Value = serde_json::from_str(&server.clients.raw(&target).await.unwrap()).unwrap();
        assert_eq!(items(&raw[list]).len(), 1, "{raw}");
        assert_eq!(raw[list][0][key], arn.as_str());
    }
    let target = RawTarget {
        arn: task.definition.clone(),
        cluster: None,
    };
    let raw: Value = serde_json::from_str(&server.clients.raw(&target).await.unwrap()).unwrap();
    let request = json!({"taskDefinition": task.definition.as_str(), "include": ["TAGS"]});
    let told = server.wire.ask("DescribeTaskDefinition", request).await;
    assert_eq!(raw["taskDefinition"], told["taskDefinition"]);
    let request = json!({"cluster": one, "services": [service.name], "include": ["TAGS"]});
    let told = server.wire.ask("DescribeServices", request).await;
    let target = RawTarget {
        arn: service.arn,
        cluster: Some(cluster.arn),
    };
    let raw: Value = serde_json::from_str(&server.clients.raw(&target).await.unwrap()).unwrap();
    assert_eq!(raw["services"], told["services"]);
}

/// Writes the suite down for one server, directly or behind AWS's limits.
macro_rules! suite {
    ($name:ident, $kind:ident, $limited:literal, [$(#[$ignored:meta])?] $($check:ident)*) => {
        mod $name {
            use super::{Kind, Server};

            suite!(@ $kind $limited [$(#[$ignored])?] $($check)*);
        }
    };
    (@ $kind:ident $limited:literal $ignored:tt $($check:ident)*) => {
        $(suite!(@@ $kind $limited $ignored $check);)*
    };
    (@@ $kind:ident $limited:literal [$(#[$ignored:meta])?] $check:ident) => {
        #[tokio::test]
        $(#[$ignored])?
        async fn $check() {
            super::$check(&Server::start(Kind::$kind, $limited).await).await;
        }
    };
}

/// The list of all assertions, for every server.
macro_rules! contract {
    ($($check:ident)*) => {
        suite!(sandbox, Sandbox, false, [] $($check)*);
        suite!(sandbox_behind_limits, Sandbox, true, [] $($check)*);
        suite!(ministack, MiniStack, false, [#[ignore = "needs the servers of ./test"]] $($check)*);
        suite!(ministack_behind_limits, MiniStack, true, [#[ignore = "needs the servers of ./test"]] $($check)*);
        suite!(moto, Moto, false, [#[ignore = "needs the servers of ./test"]] $($check)*);
        suite!(moto_behind_limits, Moto, true, [#[ignore = "needs the servers of ./test"]] $($check)*);
    };
}

contract! {
    identity
    clusters
    services
    running_tasks
    stopped_tasks
    some_tasks
    task_definition
    families_and_revisions
    instances
    unknown_things
    whole_answers
}
