//! Services with their deployments and events: `ListServices` with `DescribeServices`.

use aws_sdk_ecs::types::{self, ServiceField};

use super::{
    PAGE,
    words::{arn, rule, some, strategy, tags, text, time},
};
use crate::{
    aws::fetch::{Described, Page, Run},
    model::{
        Arn, CircuitBreaker, Deployment, Entity, Fault, LoadBalancer, Service, ServiceEvent,
        TaskSet,
    },
};

/// The most services that one describe takes.
const BATCH: usize = 10;

impl Run<'_> {
    pub(in crate::aws) async fn services(&self, cluster: &Arn) -> Result<Vec<Arn>, Fault> {
        self.list_and_describe(
            ("ListServices", |token| self.list_services(cluster, token)),
            ("DescribeServices", |ids| {
                self.describe_services(cluster, ids)
            }),
            BATCH,
        )
        .await
    }

    pub(in crate::aws) async fn service(
        &self,
        cluster: &Arn,
        service: &Arn,
    ) -> Result<Vec<Arn>, Fault> {
        self.describe_one("DescribeServices", service, |ids| {
            self.describe_services(cluster, ids)
        })
        .await
    }

    async fn list_services(&self, cluster: &Arn, token: Option<String>) -> Result<Page, Fault> {
        let answer = self
            .call("ListServices", || {
                self.clients
                    .ecs
                    .list_services()
                    .cluster(cluster.as_str())
                    .max_results(PAGE)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok(Page {
            ids: answer.service_arns.unwrap_or_default(),
            next: answer.next_token,
        })
    }

    async fn describe_services(&self, cluster: &Arn, ids: Vec<String>) -> Result<Described, Fault> {
        let answer = self
            .call("DescribeServices", || {
                self.clients
                    .ecs
                    .describe_services()
                    .cluster(cluster.as_str())
                    .set_services(Some(ids.clone()))
                    .include(ServiceField::Tags)
                    .send()
            })
            .await?;
        let services = answer
            .services()
            .iter()
            .map(|service| read_service(service, cluster));
        Ok(Described {
            entities: services
                .map(|service| (service.arn.clone(), Entity::Service(Box::new(service))))
                .collect(),
            failures: answer.failures.unwrap_or_default(),
        })
    }
}

/// `cluster` is the one that was asked, for answers that do not name it.
pub(in crate::aws) fn read_service(service: &types::Service, cluster: &Arn) -> Service {
    let identity = Arn::new(service.service_arn().unwrap_or_default());
    let rollout = service.deployment_configuration();
    let network = service
        .network_configuration()
        .and_then(|network| network.awsvpc_configuration());
    Service {
        name: service
            .service_name()
            .unwrap_or_else(|| identity.name())
            .to_owned(),
        cluster: arn(service.cluster_arn()).unwrap_or_else(|| cluster.clone()),
        status: text(service.status()),
        desired: service.desired_count(),
        running: service.running_count(),
        pending: service.pending_count(),
        task_definition: arn(service.task_definition()),
        launch_type: some(service.launch_type().map(types::LaunchType::as_str)),
        strategy: strategy(service.capacity_provider_strategy()),
        platform_version: some(service.platform_version()),
        scheduling: service
            .scheduling_strategy()
            .map_or("REPLICA", types::SchedulingStrategy::as_str)
            .to_owned(),
        controller: service
            .deployment_controller()
            .map_or("ECS", |controller| controller.r#type().as_str())
            .to_owned(),
        minimum_healthy_percent: rollout
            .and_then(types::DeploymentConfiguration::minimum_healthy_percent),
        maximum_percent: rollout.and_then(types::DeploymentConfiguration::maximum_percent),
        circuit_breaker: rollout
            .and_then(|rollout| rollout.deployment_circuit_breaker())
            .map(|breaker| CircuitBreaker {
                enable: breaker.enable(),
                rollback: breaker.rollback(),
            }),
        deployments: service.deployments().iter().map(deployment).collect(),
        task_sets: service.task_sets().iter().map(task_set).collect(),
        events: service.events().iter().map(event).collect(),
        load_balancers: service.load_balancers().iter().map(load_balancer).collect(),
        subnets: network.map_or_else(Vec::new, |network| network.subnets().to_vec()),
        security_groups: network
            .map_or_else(Vec::new, |network| network.security_groups().to_vec()),
        public_ip: some(
            network
                .and_then(|network| network.assign_public_ip())
                .map(types::AssignPublicIp::as_str),
        ),
        health_check_grace: service.health_check_grace_period_seconds(),
        execute_command: service.enable_execute_command(),
        role: some(service.role_arn()),
        placement: placement(service),
        created_at: time(service.created_at()),
        created_by: some(service.created_by()),
        tags: tags(service.tags()),
        arn: identity,
    }
}

fn placement(service: &types::Service) -> Vec<String> {
    let constraints = service.placement_constraints().iter().map(|constraint| {
        rule(
            constraint
                .r#type()
                .map(types::PlacementConstraintType::as_str),
            constraint.expression(),
        )
    });
    let strategies = service.placement_strategy().iter().map(|strategy| {
        rule(
            strategy.r#type().map(types::PlacementStrategyType::as_str),
            strategy.field(),
        )
    });
    constraints.chain(strategies).collect()
}

fn deployment(deployment: &types::Deployment) -> Deployment {
    Deployment {
        id: text(deployment.id()),
        status: text(deployment.status()),
        task_definition: arn(deployment.task_definition()),
        desired: deployment.desired_count(),
        pending: deployment.pending_count(),
        running: deployment.running_count(),
        failed: deployment.failed_tasks(),
        rollout_state: some(
            deployment
                .rollout_state()
                .map(types::DeploymentRolloutState::as_str),
        ),
        rollout_reason: some(deployment.rollout_state_reason()),
        launch_type: some(deployment.launch_type().map(types::LaunchType::as_str)),
        strategy: strategy(deployment.capacity_provider_strategy()),
        created_at: time(deployment.created_at()),
        updated_at: time(deployment.updated_at()),
    }
}

fn task_set(set: &types::TaskSet) -> TaskSet {
    TaskSet {
        id: text(set.id()),
        status: text(set.status()),
        task_definition: arn(set.task_definition()),
        desired: set.computed_desired_count(),
        pending: set.pending_count(),
        running: set.running_count(),
        stability: text(set.stability_status().map(types::StabilityStatus::as_str)),
        created_at: time(set.created_at()),
    }
}

fn event(event: &types::ServiceEvent) -> ServiceEvent {
    ServiceEvent {
        id: text(event.id()),
        at: time(event.created_at()),
        message: text(event.message()),
    }
}

fn load_balancer(balancer: &types::LoadBalancer) -> LoadBalancer {
    LoadBalancer {
        target_group: arn(balancer.target_group_arn()),
        name: some(balancer.load_balancer_name()),
        container: text(balancer.container_name()),
        port: balancer.container_port().unwrap_or_default(),
    }
}
