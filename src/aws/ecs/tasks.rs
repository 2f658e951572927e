//! Tasks and their containers: `ListTasks` with `DescribeTasks`.

use aws_sdk_ecs::types::{self, DesiredStatus, TaskField};

use super::{
    PAGE,
    words::{arn, number, some, tags, text, time},
};
use crate::{
    aws::fetch::{Described, Page, Run},
    model::{Arn, Container, Entity, Fault, PortBinding, Task, TaskFilter},
};

/// The most tasks that one describe takes.
pub(super) const BATCH: usize = 100;

impl Run<'_> {
    pub(in crate::aws) async fn tasks(
        &self,
        cluster: &Arn,
        filter: &TaskFilter,
        stopped: bool,
    ) -> Result<Vec<Arn>, Fault> {
        self.list_and_describe(
            ("ListTasks", |token| {
                self.list_tasks(cluster, filter, stopped, token)
            }),
            ("DescribeTasks", |ids| self.describe_tasks(cluster, ids)),
            BATCH,
        )
        .await
    }

    pub(in crate::aws) async fn task(&self, cluster: &Arn, task: &Arn) -> Result<Vec<Arn>, Fault> {
        self.describe_one("DescribeTasks", task, |ids| {
            self.describe_tasks(cluster, ids)
        })
        .await
    }

    pub(super) async fn list_tasks(
        &self,
        cluster: &Arn,
        filter: &TaskFilter,
        stopped: bool,
        token: Option<String>,
    ) -> Result<Page, Fault> {
        let status = if stopped {
            DesiredStatus::Stopped
        } else {
            DesiredStatus::Running
        };
        let answer = self
            .call("ListTasks", || {
                let request = self
                    .clients
                    .ecs
                    .list_tasks()
                    .cluster(cluster.as_str())
                    .desired_status(status.clone())
                    .max_results(PAGE)
                    .set_next_token(token.clone());
                match filter {
                    TaskFilter::All => request,
                    TaskFilter::Service(name) => request.service_name(name),
                    TaskFilter::Family(name) => request.family(name),
                    TaskFilter::Instance(arn) => request.container_instance(arn.as_str()),
                }
                .send()
            })
            .await?;
        Ok(Page {
            ids: answer.task_arns.unwrap_or_default(),
            next: answer.next_token,
        })
    }

    pub(super) async fn describe_tasks(
        &self,
        cluster: &Arn,
        ids: Vec<String>,
    ) -> Result<Described, Fault> {
        let answer = self
            .call("DescribeTasks", || {
                self.clients
                    .ecs
                    .describe_tasks()
                    .cluster(cluster.as_str())
                    .set_tasks(Some(ids.clone()))
                    .include(TaskField::Tags)
                    .send()
            })
            .await?;
        let tasks = answer.tasks().iter().map(|task| read_task(task, cluster));
        Ok(Described {
            entities: tasks
                .map(|task| (task.arn.clone(), Entity::Task(Box::new(task))))
                .collect(),
            failures: answer.failures.unwrap_or_default(),
        })
    }
}

/// `cluster` is the one that was asked, for answers that do not name it.
pub(in crate::aws) fn read_task(task: &types::Task, cluster: &Arn) -> Task {
    Task {
        arn: Arn::new(task.task_arn().unwrap_or_default()),
        cluster: arn(task.cluster_arn()).unwrap_or_else(|| cluster.clone()),
        group: text(task.group()),
        started_by: some(task.started_by()),
        definition: Arn::new(task.task_definition_arn().unwrap_or_default()),
        last_status: text(task.last_status()),
        desired_status: text(task.desired_status()),
        health: health(task.health_status()),
        launch_type: some(task.launch_type().map(types::LaunchType::as_str)),
        capacity_provider: some(task.capacity_provider_name()),
        platform_version: some(task.platform_version()),
        cpu: number(task.cpu()),
        memory: number(task.memory()),
        connectivity: some(task.connectivity().map(types::Connectivity::as_str)),
        zone: some(task.availability_zone()),
        instance: arn(task.container_instance_arn()),
        private_ip: private_ip(task),
        ipv6: ipv6(task),
        interface: interface_detail(task, "networkInterfaceId"),
        execute_command: task.enable_execute_command(),
        created_at: time(task.created_at()),
        pull_started_at: time(task.pull_started_at()),
        pull_stopped_at: time(task.pull_stopped_at()),
        started_at: time(task.started_at()),
        stopping_at: time(task.stopping_at()),
        stopped_at: time(task.stopped_at()),
        stop_code: some(task.stop_code().map(types::TaskStopCode::as_str)),
        stopped_reason: some(task.stopped_reason()),
        containers: task.containers().iter().map(container).collect(),
        overrides: task.overrides().map(overrides).unwrap_or_default(),
        version: task.version(),
        tags: tags(task.tags()),
    }
}

fn health(status: Option<&types::HealthStatus>) -> String {
    status
        .map_or("UNKNOWN", types::HealthStatus::as_str)
        .to_owned()
}

/// The address of the task's network interface, from its attachment or from a container that carries it.
fn private_ip(task: &types::Task) -> Option<String> {
    interface_detail(task, "privateIPv4Address").or_else(|| {
        task.containers()
            .iter()
            .flat_map(types::Container::network_interfaces)
            .find_map(|interface| some(interface.private_ipv4_address()))
    })
}

/// The IPv6 address of the task's network interface, which the containers alone tell (`NetworkInterface.ipv6Address`).
fn ipv6(task: &types::Task) -> Option<String> {
    task.containers()
        .iter()
        .flat_map(types::Container::network_interfaces)
        .find_map(|interface| some(interface.ipv6_address()))
}

fn interface_detail(task: &types::Task, name: &str) -> Option<String> {
    task.attachments()
        .iter()
        .filter(|attachment| attachment.r#type() == Some("ElasticNetworkInterface"))
        .flat_map(types::Attachment::details)
        .find(|detail| detail.name() == Some(name))
        .and_then(|detail| some(detail.value()))
}

fn container(container: &types::Container) -> Container {
    Container {
        name: text(container.name()),
        image: text(container.image()),
        digest: some(container.image_digest()),
        runtime_id: some(container.runtime_id()),
        last_status: text(container.last_status()),
        health: health(container.health_status()),
        exit_code: container.exit_code(),
        reason: some(container.reason()),
        // ECS writes "0" for a container without a share of its own.
        cpu: number(container.cpu()).filter(|cpu| *cpu != 0),
        memory: number(container.memory()),
        memory_reservation: number(container.memory_reservation()),
        bindings: container.network_bindings().iter().map(binding).collect(),
    }
}

fn binding(binding: &types::NetworkBinding) -> PortBinding {
    PortBinding {
        ip: text(binding.bind_ip()),
        container: binding.container_port().unwrap_or_default(),
        host: binding.host_port().unwrap_or_default(),
        protocol: binding
            .protocol()
            .map_or("tcp", types::TransportProtocol::as_str)
            .to_owned(),
    }
}

/// What was overridden, in words. Of environment variables the names alone are kept: the values may be secrets.
fn overrides(task: &types::TaskOverride) -> Vec<String> {
    let mut words = Vec::new();
    let mut note = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push(format!("{what} {value}"));
        }
    };
    note("cpu", some(task.cpu()));
    note("memory", some(task.memory()));
    note("task role", some(task.task_role_arn()));
    note("execution role", some(task.execution_role_arn()));
    note(
        "ephemeral storage",
        task.ephemeral_storage()
            .map(|storage| format!("{} GiB", storage.size_in_gib())),
    );
    for container in task.container_overrides() {
        let name = container.name().unwrap_or("container");
        let mut note = |what: &str, value: Option<String>| note(&format!("{name}: {what}"), value);
        let list = |items: Vec<&str>| (!items.is_empty()).then(|| items.join(" "));
        let command = container.command().iter().map(String::as_str).collect();
        note("command", list(command));
        let variables = container.environment().iter();
        note(
            "environment",
            list(variables.filter_map(|variable| variable.name()).collect()),
        );
        let files = container.environment_files().iter();
        note(
            "environment files",
            list(files.map(types::EnvironmentFile::value).collect()),
        );
        note("cpu", container.cpu().map(|cpu| cpu.to_string()));
        note("memory", container.memory().map(|mib| format!("{mib} MiB")));
        note(
            "memory reservation",
            container
                .memory_reservation()
                .map(|mib| format!("{mib} MiB")),
        );
        let resources = container.resource_requirements().iter();
        note(
            "resources",
            list(
                resources
                    .flat_map(|resource| [resource.r#type().as_str(), resource.value()])
                    .collect(),
            ),
        );
    }
    words
}
