//! Container instances: `ListContainerInstances` with `DescribeContainerInstances`.

use aws_sdk_ecs::types::{self, ContainerInstanceField};

use super::{
    PAGE,
    words::{some, tags, text, time},
};
use crate::{
    aws::fetch::{Described, Page, Run},
    model::{Arn, ContainerInstance, Entity, Fault, Tag},
};

/// The most container instances that one describe takes.
const BATCH: usize = 100;

/// What is asked for beyond the plain answer.
pub(in crate::aws) const FIELDS: [ContainerInstanceField; 2] = [
    ContainerInstanceField::ContainerInstanceHealth,
    ContainerInstanceField::Tags,
];

impl Run<'_> {
    pub(in crate::aws) async fn instances(&self, cluster: &Arn) -> Result<Vec<Arn>, Fault> {
        self.list_and_describe(
            ("ListContainerInstances", |token| {
                self.list_instances(cluster, token)
            }),
            ("DescribeContainerInstances", |ids| {
                self.describe_instances(cluster, ids)
            }),
            BATCH,
        )
        .await
    }

    async fn list_instances(&self, cluster: &Arn, token: Option<String>) -> Result<Page, Fault> {
        let answer = self
            .call("ListContainerInstances", || {
                self.clients
                    .ecs
                    .list_container_instances()
                    .cluster(cluster.as_str())
                    .max_results(PAGE)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok(Page {
            ids: answer.container_instance_arns.unwrap_or_default(),
            next: answer.next_token,
        })
    }

    async fn describe_instances(
        &self,
        cluster: &Arn,
        ids: Vec<String>,
    ) -> Result<Described, Fault> {
        let answer = self
            .call("DescribeContainerInstances", || {
                self.clients
                    .ecs
                    .describe_container_instances()
                    .cluster(cluster.as_str())
                    .set_container_instances(Some(ids.clone()))
                    .set_include(Some(FIELDS.to_vec()))
                    .send()
            })
            .await?;
        let instances = answer
            .container_instances()
            .iter()
            .map(|instance| read_instance(instance, cluster));
        Ok(Described {
            entities: instances
                .map(|instance| (instance.arn.clone(), Entity::Instance(Box::new(instance))))
                .collect(),
            failures: answer.failures.unwrap_or_default(),
        })
    }
}

/// `cluster` is the one that was asked: the answer does not say.
pub(in crate::aws) fn read_instance(
    instance: &types::ContainerInstance,
    cluster: &Arn,
) -> ContainerInstance {
    let versions = instance.version_info();
    let amount = |name| {
        (
            whole(instance.registered_resources(), name),
            whole(instance.remaining_resources(), name),
        )
    };
    ContainerInstance {
        arn: Arn::new(instance.container_instance_arn().unwrap_or_default()),
        cluster: cluster.clone(),
        ec2_id: text(instance.ec2_instance_id()),
        status: text(instance.status()),
        status_reason: text(instance.status_reason()),
        agent_connected: instance.agent_connected(),
        agent_version: text(versions.and_then(|versions| versions.agent_version())),
        docker_version: text(versions.and_then(|versions| versions.docker_version())),
        running_tasks: instance.running_tasks_count(),
        pending_tasks: instance.pending_tasks_count(),
        cpu: amount("CPU"),
        memory: amount("MEMORY"),
        ports: ports(instance),
        instance_type: attribute(instance, "ecs.instance-type"),
        zone: attribute(instance, "ecs.availability-zone"),
        ami: attribute(instance, "ecs.ami-id"),
        attributes: own_attributes(instance),
        capacity_provider: some(instance.capacity_provider_name()),
        registered_at: time(instance.registered_at()),
        version: instance.version(),
        tags: tags(instance.tags()),
    }
}

/// A resource that is a number, whichever of its fields carries it.
fn whole(resources: &[types::Resource], name: &str) -> i64 {
    resources
        .iter()
        .find(|resource| resource.name() == Some(name))
        .map_or(0, |resource| {
            i64::from(resource.integer_value()).max(resource.long_value())
        })
}

/// The host ports in use. Among the remaining resources ECS lists the ports that are taken, not those left.
fn ports(instance: &types::ContainerInstance) -> Vec<String> {
    let remaining = instance.remaining_resources().iter();
    remaining
        .filter(|resource| matches!(resource.name(), Some("PORTS" | "PORTS_UDP")))
        .flat_map(|resource| {
            let suffix = if resource.name() == Some("PORTS_UDP") {
                "/udp"
            } else {
                ""
            };
            let ports = resource.string_set_value().iter();
            ports.map(move |port| format!("{port}{suffix}"))
        })
        .collect()
}

fn attribute(instance: &types::ContainerInstance, name: &str) -> String {
    let mut attributes = instance.attributes().iter();
    text(
        attributes
            .find(|attribute| attribute.name() == name)
            .and_then(|attribute| attribute.value()),
    )
}

/// The attributes that do not come from ECS itself, whose names begin with `ecs.` or `com.amazonaws.ecs.`.
fn own_attributes(instance: &types::ContainerInstance) -> Vec<Tag> {
    let attributes = instance.attributes().iter();
    attributes
        .filter(|attribute| {
            !["ecs.", "com.amazonaws.ecs."]
                .iter()
                .any(|prefix| attribute.name().starts_with(prefix))
        })
        .map(|attribute| Tag {
            key: attribute.name().to_owned(),
            value: text(attribute.value()),
        })
        .collect()
}
