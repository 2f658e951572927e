//! Between which counts Application Auto Scaling keeps a service.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};

use crate::{
    aws::fetch::Run,
    model::{Arn, Entity, Fault, ScalingTarget},
};

impl Run<'_> {
    /// Asks for the scalable target of the service's desired count. Lists the service if there is one that is not
    /// suspended, and nothing otherwise.
    pub(super) async fn scaling(&self, cluster: &Arn, service: &Arn) -> Result<Vec<Arn>, Fault> {
        let resource = format!("service/{}/{}", cluster.name(), service.name());
        let answer = self
            .call("DescribeScalableTargets", || {
                self.clients
                    .scaling
                    .describe_scalable_targets()
                    .service_namespace(ServiceNamespace::Ecs)
                    .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                    .resource_ids(&resource)
                    .send()
            })
            .await?;
        let works = |target: &&aws_sdk_applicationautoscaling::types::ScalableTarget| {
            target.suspended_state().is_none_or(|state| {
                let suspended = [
                    state.dynamic_scaling_in_suspended(),
                    state.dynamic_scaling_out_suspended(),
                    state.scheduled_scaling_suspended(),
                ];
                suspended.iter().any(|suspended| *suspended != Some(true))
            })
        };
        let targets: Vec<_> = answer
            .scalable_targets()
            .iter()
            .filter(works)
            .map(|target| {
                Entity::Scaling(ScalingTarget {
                    service: service.clone(),
                    min: target.min_capacity(),
                    max: target.max_capacity(),
                })
            })
            .collect();
        let found = targets.iter().map(|_| service.clone()).collect();
        self.emit(targets, Vec::new()).await;
        Ok(found)
    }
}
