//! Writes to container instances: `UpdateContainerInstancesState`.

use aws_sdk_ecs::types::ContainerInstanceStatus;

use super::{Writing, ecs_once};
use crate::{
    aws::{Clients, Urgency, ecs, fault},
    model::{Arn, Done, Entity, Fault, FaultKind},
};

impl Clients {
    /// A container instance as it is now.
    pub(super) async fn read_instance(
        &self,
        cluster: &Arn,
        instance: &Arn,
    ) -> Result<Vec<Entity>, Fault> {
        let answer = self
            .call(
                "DescribeContainerInstances",
                Urgency::Interactive,
                || {},
                || {
                    self.ecs
                        .describe_container_instances()
                        .cluster(cluster.as_str())
                        .container_instances(instance.as_str())
                        .set_include(Some(ecs::INSTANCE_FIELDS.to_vec()))
                        .send()
                },
            )
            .await?;
        let found = answer.container_instances().iter();
        Ok(found
            .map(|instance| Entity::Instance(Box::new(ecs::read_instance(instance, cluster))))
            .collect())
    }
}

impl Writing<'_> {
    pub(super) async fn set_instance_state(
        &mut self,
        cluster: &Arn,
        instance: &Arn,
        drain: bool,
    ) -> Result<Done, Fault> {
        let state = if drain {
            ContainerInstanceStatus::Draining
        } else {
            ContainerInstanceStatus::Active
        };
        let request = self
            .clients
            .ecs
            .update_container_instances_state()
            .cluster(cluster.as_str())
            .container_instances(instance.as_str())
            .status(state)
            .customize()
            .config_override(ecs_once());
        let operation = "UpdateContainerInstancesState";
        let answer = self.write(operation, request.send()).await?;
        if let Some(failure) = answer.failures().first() {
            let reason = failure.reason().unwrap_or("no reason given");
            return Err(Fault {
                kind: FaultKind::Refused,
                ..fault::nonsense(operation, format!("{}: {reason}", instance.short()))
            });
        }
        let found = answer.container_instances().iter();
        Ok(Done {
            entities: found
                .map(|instance| Entity::Instance(Box::new(ecs::read_instance(instance, cluster))))
                .collect(),
            ..Done::default()
        })
    }
}
