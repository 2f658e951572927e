//! Task definitions: families, revisions, and one revision read in full.

use std::{cmp::Reverse, collections::HashMap};

use aws_sdk_ecs::types::{
    self, SortOrder, TaskDefinitionFamilyStatus, TaskDefinitionField, TaskDefinitionStatus,
};

use super::{
    PAGE,
    words::{rule, some, tags, text, time},
};
use crate::{
    aws::fetch::{Described, Page, Run},
    model::{
        Arn, ContainerDefinition, Entity, Fault, HealthCheck, LogConfiguration, MountPoint,
        PortMapping, Secret, TaskDefinition, Volume,
    },
};

impl Run<'_> {
    pub(in crate::aws) async fn families(&self) -> Result<Vec<Arn>, Fault> {
        self.list(
            "ListTaskDefinitionFamilies",
            |token| self.list_families(token),
            |_| true,
        )
        .await
    }

    /// AWS filters by prefix, so that `web` also brings `web-api`: the others are left out here.
    pub(in crate::aws) async fn revisions(&self, family: &Arn) -> Result<Vec<Arn>, Fault> {
        let family = family.family();
        let mut revisions = self
            .list(
                "ListTaskDefinitions",
                |token| self.list_revisions(family, token),
                |id| Arn::new(id).family() == family,
            )
            .await?;
        // AWS sorts as asked; other servers of the same API do not.
        revisions.sort_by_key(|arn| Reverse(arn.revision()));
        Ok(revisions)
    }

    pub(in crate::aws) async fn definition(&self, definition: &Arn) -> Result<Vec<Arn>, Fault> {
        self.describe_one("DescribeTaskDefinition", definition, |_| {
            self.describe_definition(definition)
        })
        .await
    }

    async fn list_families(&self, token: Option<String>) -> Result<Page, Fault> {
        let answer = self
            .call("ListTaskDefinitionFamilies", || {
                self.clients
                    .ecs
                    .list_task_definition_families()
                    .status(TaskDefinitionFamilyStatus::Active)
                    .max_results(PAGE)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok(Page {
            ids: answer
                .families()
                .iter()
                .map(|name| Arn::of_family(self.clients.region(), name).to_string())
                .collect(),
            next: answer.next_token,
        })
    }

    async fn list_revisions(&self, family: &str, token: Option<String>) -> Result<Page, Fault> {
        let answer = self
            .call("ListTaskDefinitions", || {
                self.clients
                    .ecs
                    .list_task_definitions()
                    .family_prefix(family)
                    .status(TaskDefinitionStatus::Active)
                    .sort(SortOrder::Desc)
                    .max_results(PAGE)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok(Page {
            ids: answer.task_definition_arns.unwrap_or_default(),
            next: answer.next_token,
        })
    }

    async fn describe_definition(&self, definition: &Arn) -> Result<Described, Fault> {
        let answer = self
            .call("DescribeTaskDefinition", || {
                self.clients
                    .ecs
                    .describe_task_definition()
                    .task_definition(definition.as_str())
                    .include(TaskDefinitionField::Tags)
                    .send()
            })
            .await?;
        let read = answer.task_definition().map(|found| {
            let read = read_definition(found, answer.tags());
            (read.arn.clone(), Entity::Definition(Box::new(read)))
        });
        Ok(Described {
            entities: read.into_iter().collect(),
            failures: Vec::new(),
        })
    }
}

pub(in crate::aws) fn read_definition(
    definition: &types::TaskDefinition,
    labels: &[types::Tag],
) -> TaskDefinition {
    let arn = Arn::new(definition.task_definition_arn().unwrap_or_default());
    let constraints = definition.placement_constraints().iter();
    TaskDefinition {
        family: definition
            .family()
            .unwrap_or_else(|| arn.family())
            .to_owned(),
        revision: definition.revision(),
        status: text(definition.status().map(TaskDefinitionStatus::as_str)),
        network_mode: some(definition.network_mode().map(types::NetworkMode::as_str)),
        cpu: some(definition.cpu()),
        memory: some(definition.memory()),
        task_role: some(definition.task_role_arn()),
        execution_role: some(definition.execution_role_arn()),
        requires: definition
            .requires_compatibilities()
            .iter()
            .map(|launch| launch.as_str().to_owned())
            .collect(),
        platform: definition.runtime_platform().and_then(platform),
        containers: definition
            .container_definitions()
            .iter()
            .map(container)
            .collect(),
        volumes: definition.volumes().iter().map(volume).collect(),
        placement: constraints
            .map(|constraint| {
                let kind = constraint.r#type();
                rule(
                    kind.map(types::TaskDefinitionPlacementConstraintType::as_str),
                    constraint.expression(),
                )
            })
            .collect(),
        ephemeral_storage: definition
            .ephemeral_storage()
            .map(types::EphemeralStorage::size_in_gib),
        pid_mode: some(definition.pid_mode().map(types::PidMode::as_str)),
        ipc_mode: some(definition.ipc_mode().map(types::IpcMode::as_str)),
        registered_at: time(definition.registered_at()),
        registered_by: some(definition.registered_by()),
        tags: tags(labels),
        arn,
    }
}

fn platform(platform: &types::RuntimePlatform) -> Option<String> {
    let system = platform
        .operating_system_family()
        .map(types::OsFamily::as_str);
    let processor = platform
        .cpu_architecture()
        .map(types::CpuArchitecture::as_str);
    let parts: Vec<_> = [system, processor].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn container(container: &types::ContainerDefinition) -> ContainerDefinition {
    let labels = container.docker_labels();
    ContainerDefinition {
        name: text(container.name()),
        image: text(container.image()),
        cpu: container.cpu(),
        memory: container.memory(),
        memory_reservation: container.memory_reservation(),
        // Absent means essential (ECS API reference, ContainerDefinition).
        essential: container.essential().unwrap_or(true),
        entry_point: container.entry_point().to_vec(),
        command: container.command().to_vec(),
        working_directory: some(container.working_directory()),
        user: some(container.user()),
        ports: container.port_mappings().iter().map(port).collect(),
        mounts: container.mount_points().iter().map(mount).collect(),
        volumes_from: container.volumes_from().iter().map(donor).collect(),
        links: container.links().to_vec(),
        environment: container
            .environment()
            .iter()
            .map(|pair| (text(pair.name()), Secret::new(text(pair.value()))))
            .collect(),
        environment_files: container
            .environment_files()
            .iter()
            .map(|file| file.value().to_owned())
            .collect(),
        secrets: sources(container.secrets()),
        health_check: container.health_check().map(health_check),
        depends_on: container
            .depends_on()
            .iter()
            .map(|other| {
                let condition = other.condition().as_str().to_owned();
                (other.container_name().to_owned(), condition)
            })
            .collect(),
        log: container.log_configuration().map(log),
        ulimits: container
            .ulimits()
            .iter()
            .map(|limit| {
                let name = limit.name().as_str();
                format!("{name} {}:{}", limit.soft_limit(), limit.hard_limit())
            })
            .collect(),
        readonly_root: container.readonly_root_filesystem().unwrap_or_default(),
        privileged: container.privileged().unwrap_or_default(),
        start_timeout: container.start_timeout(),
        stop_timeout: container.stop_timeout(),
        labels: labels.map(sorted).unwrap_or_default(),
    }
}

/// A map of the SDK in the order of its keys, so that the same answer reads the same twice.
fn sorted(map: &HashMap<String, String>) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = map
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    pairs.sort();
    pairs
}

fn sources(secrets: &[types::Secret]) -> Vec<(String, String)> {
    secrets
        .iter()
        .map(|secret| (secret.name().to_owned(), secret.value_from().to_owned()))
        .collect()
}

fn port(port: &types::PortMapping) -> PortMapping {
    let single = port.container_port().map(|number| number.to_string());
    PortMapping {
        container: single
            .or_else(|| some(port.container_port_range()))
            .unwrap_or_default(),
        host: port.host_port(),
        protocol: port
            .protocol()
            .map_or("tcp", types::TransportProtocol::as_str)
            .to_owned(),
        name: some(port.name()),
    }
}

fn mount(mount: &types::MountPoint) -> MountPoint {
    MountPoint {
        volume: text(mount.source_volume()),
        path: text(mount.container_path()),
        read_only: mount.read_only().unwrap_or_default(),
    }
}

fn donor(donor: &types::VolumeFrom) -> String {
    let name = text(donor.source_container());
    if donor.read_only().unwrap_or_default() {
        format!("{name} (read-only)")
    } else {
        name
    }
}

fn health_check(check: &types::HealthCheck) -> HealthCheck {
    // The defaults of the ECS API reference, HealthCheck.
    HealthCheck {
        command: check.command().to_vec(),
        interval: check.interval().unwrap_or(30),
        timeout: check.timeout().unwrap_or(5),
        retries: check.retries().unwrap_or(3),
        start_period: check.start_period().unwrap_or(0),
    }
}

fn log(log: &types::LogConfiguration) -> LogConfiguration {
    LogConfiguration {
        driver: log.log_driver().as_str().to_owned(),
        options: log.options().map(sorted).unwrap_or_default(),
        secret_options: sources(log.secret_options()),
    }
}

fn volume(volume: &types::Volume) -> Volume {
    Volume {
        name: text(volume.name()),
        source: source(volume),
    }
}

/// What a volume is, in words.
fn source(volume: &types::Volume) -> String {
    if let Some(efs) = volume.efs_volume_configuration() {
        let root = efs.root_directory().unwrap_or("/");
        format!("EFS {}:{root}", efs.file_system_id())
    } else if let Some(s3) = volume.s3files_volume_configuration() {
        let root = s3.root_directory().unwrap_or("/");
        format!("S3 Files {}:{root}", s3.file_system_arn())
    } else if let Some(fsx) = volume.fsx_windows_file_server_volume_configuration() {
        format!("FSx {}:{}", fsx.file_system_id(), fsx.root_directory())
    } else if let Some(docker) = volume.docker_volume_configuration() {
        let scope = docker.scope().map(types::Scope::as_str);
        let words = rule(Some(docker.driver().unwrap_or("local")), scope);
        format!("Docker driver {words}")
    } else if volume.configured_at_launch().unwrap_or_default() {
        "configured at launch".to_owned()
    } else {
        let path = volume.host().and_then(|host| host.source_path());
        path.map_or_else(
            || "empty, for the life of the task".to_owned(),
            |path| format!("host {path}"),
        )
    }
}
