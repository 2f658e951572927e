//! Services with what is embedded in them: deployments, task sets, events, load balancers.

use serde::{Deserialize, Serialize, Serializer};

use super::{Arn, StrategyItem, Tag, Timestamp};

/// A service as `DescribeServices` reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The identity.
    pub arn: Arn,
    /// The name.
    pub name: String,
    /// The cluster it runs in.
    pub cluster: Arn,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks in state RUNNING.
    pub running: i32,
    /// Tasks in state PENDING.
    pub pending: i32,
    /// The task definition, if the deployment controller keeps one on the service.
    pub task_definition: Option<Arn>,
    /// `EC2`, `FARGATE`, `EXTERNAL`; absent when a capacity provider strategy is used.
    pub launch_type: Option<String>,
    /// The capacity provider strategy, empty when a launch type is used.
    pub strategy: Vec<StrategyItem>,
    /// The Fargate platform version.
    pub platform_version: Option<String>,
    /// `REPLICA` or `DAEMON`.
    pub scheduling: String,
    /// The deployment controller: `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    /// Percent of desired that must stay healthy during a deployment.
    pub minimum_healthy_percent: Option<i32>,
    /// Percent of desired that may run during a deployment.
    pub maximum_percent: Option<i32>,
    /// The circuit breaker, if the service has one configured.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Deployments, PRIMARY first as AWS orders them; empty for external controllers.
    pub deployments: Vec<Deployment>,
    /// Task sets, of external and `CodeDeploy` controllers.
    pub task_sets: Vec<TaskSet>,
    /// The newest 100 events, newest first. Written down, it is the newest [`EVENTS_WRITTEN`]: all of them would be
    /// most of what is known of an account.
    #[serde(serialize_with = "newest")]
    pub events: Vec<ServiceEvent>,
    /// Load balancers it registers its tasks with.
    pub load_balancers: Vec<LoadBalancer>,
    /// Subnets of awsvpc tasks.
    pub subnets: Vec<String>,
    /// Security groups of awsvpc tasks.
    pub security_groups: Vec<String>,
    /// `ENABLED` or `DISABLED`, for awsvpc tasks.
    pub public_ip: Option<String>,
    /// Seconds during which failing load balancer checks are ignored.
    pub health_check_grace: Option<i32>,
    /// Whether ECS Exec is switched on.
    pub execute_command: bool,
    /// The service role, if any.
    pub role: Option<String>,
    /// Placement constraints and strategies, in words.
    pub placement: Vec<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Who created it.
    pub created_by: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// The deployment circuit breaker of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CircuitBreaker {
    /// Whether it watches deployments.
    pub enable: bool,
    /// Whether it rolls back when it trips.
    pub rollback: bool,
}

impl CircuitBreaker {
    /// The number of failed tasks at which it trips by default: half of desired, at least 3, at most 200
    /// (ECS developer guide, "deployment circuit breaker").
    #[must_use]
    pub fn threshold(desired: i32) -> i32 {
        (desired.max(0) + 1).div_euclid(2).clamp(3, 200)
    }
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// `ecs-svc/…`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// The task definition it rolls out.
    pub task_definition: Option<Arn>,
    /// Tasks it wants.
    pub desired: i32,
    /// Tasks it has on the way.
    pub pending: i32,
    /// Tasks it runs.
    pub running: i32,
    /// Consecutive failed tasks; AWS resets it once one runs.
    pub failed: i32,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`; absent behind classic load balancers and external controllers.
    pub rollout_state: Option<String>,
    /// The state in AWS's words.
    pub rollout_reason: Option<String>,
    /// `EC2` or `FARGATE`.
    pub launch_type: Option<String>,
    /// The capacity provider strategy.
    pub strategy: Vec<StrategyItem>,
    /// When it began.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

/// A task set of a service with an external or `CodeDeploy` controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSet {
    /// `ecs-svc/…`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE` or `DRAINING`.
    pub status: String,
    /// The task definition it runs.
    pub task_definition: Option<Arn>,
    /// Tasks it wants, by AWS's computation from its scale.
    pub desired: i32,
    /// Tasks it has on the way.
    pub pending: i32,
    /// Tasks it runs.
    pub running: i32,
    /// `STEADY_STATE` or `STABILIZING`.
    pub stability: String,
    /// When it began.
    pub created_at: Option<Timestamp>,
}

/// One line of what the service scheduler did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// A UUID.
    pub id: String,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// The scheduler's words.
    pub message: String,
}

/// The bounds between which Application Auto Scaling keeps the desired count of a service, as
/// `DescribeScalableTargets` reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingTarget {
    /// The service.
    pub service: Arn,
    /// The least tasks.
    pub min: i32,
    /// The most tasks.
    pub max: i32,
}

/// Where a service registers its tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// The target group, for application and network load balancers.
    pub target_group: Option<Arn>,
    /// The name, for classic load balancers.
    pub name: Option<String>,
    /// The container that serves.
    pub container: String,
    /// Its port.
    pub port: i32,
}

/// The number of events of a service that are written down with it.
pub const EVENTS_WRITTEN: usize = 5;

fn newest<S: Serializer>(events: &[ServiceEvent], serializer: S) -> Result<S::Ok, S::Error> {
    events[..events.len().min(EVENTS_WRITTEN)].serialize(serializer)
}

impl Service {
    /// The deployment that is wanted to run.
    #[must_use]
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.status == "PRIMARY")
    }

    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: &str) -> Option<&ServiceEvent> {
        self.events.iter().find(|event| event.id == id)
    }

    /// The deployment with this id.
    #[must_use]
    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments
            .iter()
            .find(|deployment| deployment.id == id)
    }

    /// Whether a deployment is under way, by rollout state or by more than one deployment.
    #[must_use]
    pub fn is_rolling(&self) -> bool {
        self.deployments.len() > 1
            || self
                .primary()
                .is_some_and(|primary| primary.rollout_state.as_deref() == Some("IN_PROGRESS"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, 3)]
    #[case(6, 3)]
    #[case(7, 4)]
    #[case(25, 13)]
    #[case(1_000, 200)]
    fn breaker_trips_at_half_of_desired_within_bounds(
        #[case] desired: i32,
        #[case] threshold: i32,
    ) {
        assert_eq!(CircuitBreaker::threshold(desired), threshold);
    }
}
