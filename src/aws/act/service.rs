//! Writes to services: `UpdateService` with nothing but what is to be different, and `StopServiceDeployment`.

use aws_sdk_ecs::{
    operation::update_service::builders::UpdateServiceFluentBuilder,
    types::{ServiceDeploymentStatus, StopServiceDeploymentStopType},
};

use super::{Writing, ecs_once};
use crate::{
    aws::{Urgency, ecs},
    model::{Arn, Done, Entity, Fault, FaultKind},
};

impl Writing<'_> {
    pub(super) async fn scale(
        &mut self,
        cluster: &Arn,
        service: &Arn,
        desired: i32,
    ) -> Result<Done, Fault> {
        self.update(cluster, service, |request| request.desired_count(desired))
            .await
    }

    pub(super) async fn redeploy(&mut self, cluster: &Arn, service: &Arn) -> Result<Done, Fault> {
        self.update(cluster, service, |request| {
            request.force_new_deployment(true)
        })
        .await
    }

    pub(super) async fn set_revision(
        &mut self,
        cluster: &Arn,
        service: &Arn,
        definition: &Arn,
    ) -> Result<Done, Fault> {
        self.update(cluster, service, |request| {
            request.task_definition(definition.as_str())
        })
        .await
    }

    pub(super) async fn set_execute_command(
        &mut self,
        cluster: &Arn,
        service: &Arn,
        enabled: bool,
    ) -> Result<Done, Fault> {
        self.update(cluster, service, |request| {
            request.enable_execute_command(enabled)
        })
        .await
    }

    /// Deploys a revision that was registered for this. If that fails the revision stays, and the fault says so.
    pub(super) async fn deploy_registered(
        &mut self,
        cluster: &Arn,
        service: &Arn,
        (revision, entity): (Arn, Entity),
    ) -> Result<Done, Fault> {
        self.written = format!(
            "{} was registered, the service does not run it",
            revision.name()
        );
        let mut done = self.set_revision(cluster, service, &revision).await?;
        self.written.clear();
        done.entities.push(entity);
        done.registered = Some(revision);
        Ok(done)
    }

    async fn update(
        &mut self,
        cluster: &Arn,
        service: &Arn,
        with: impl FnOnce(UpdateServiceFluentBuilder) -> UpdateServiceFluentBuilder,
    ) -> Result<Done, Fault> {
        let request = self.clients.ecs.update_service();
        let request = with(request.cluster(cluster.as_str()).service(service.as_str()));
        let request = request.customize().config_override(ecs_once());
        let answer = self.write("UpdateService", request.send()).await?;
        let service = answer
            .service()
            .map(|service| ecs::read_service(service, cluster));
        Ok(Done {
            entities: service
                .map(|service| Entity::Service(Box::new(service)))
                .into_iter()
                .collect(),
            ..Done::default()
        })
    }

    /// Finds the deployment that is under way and has ECS go back from it.
    pub(super) async fn give_up_deployment(
        &mut self,
        cluster: &Arn,
        service: &Arn,
    ) -> Result<Done, Fault> {
        let clients = self.clients;
        let listed = clients
            .call(
                "ListServiceDeployments",
                Urgency::Interactive,
                || {},
                || {
                    clients
                        .ecs
                        .list_service_deployments()
                        .cluster(cluster.as_str())
                        .service(service.as_str())
                        .status(ServiceDeploymentStatus::Pending)
                        .status(ServiceDeploymentStatus::InProgress)
                        .send()
                },
            )
            .await?;
        let under_way = listed
            .service_deployments()
            .iter()
            .find_map(|one| one.service_deployment_arn());
        let Some(deployment) = under_way else {
            return Err(Fault {
                kind: FaultKind::NotFound,
                op: "ListServiceDeployments".to_owned(),
                message: format!("no deployment of {} is under way", service.name()),
                hint: "set the revision to go back to instead".to_owned(),
            });
        };
        let request = self
            .clients
            .ecs
            .stop_service_deployment()
            .service_deployment_arn(deployment)
            .stop_type(StopServiceDeploymentStopType::Rollback)
            .customize()
            .config_override(ecs_once());
        self.write("StopServiceDeployment", request.send()).await?;
        Ok(Done::default())
    }
}
