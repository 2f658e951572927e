//! Whole answers as AWS sent them, for reading: the SDK's types do not serialise, so the bytes are kept on the way.

use std::sync::{Arc, OnceLock};

use aws_sdk_ecs::types::{ServiceField, TaskDefinitionField, TaskField};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::AfterDeserializationInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

use crate::{
    aws::{Clients, Urgency, ecr, ecs, fault},
    model::{Arn, Fault, FaultKind},
};

/// One thing whose whole answer is wanted: a cluster, service, task, container instance, a repository, image or tag, a
/// task definition revision, or a task definition family, which stands for its newest active revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RawTarget {
    /// The thing.
    pub arn: Arn,
    /// Its cluster; needed for services, tasks and container instances whose ARN has the old short form.
    pub cluster: Option<Arn>,
}

impl RawTarget {
    fn cluster(&self) -> Option<String> {
        match &self.cluster {
            Some(cluster) => Some(cluster.as_str().to_owned()),
            None => self.arn.cluster_name().map(str::to_owned),
        }
    }
}

/// Sends the operation of this builder and keeps the bytes of its answer.
macro_rules! keep {
    ($clients:expr, $operation:literal, $request:expr) => {{
        let body = KeptBody::default();
        $clients
            .call(
                $operation,
                Urgency::Interactive,
                || {},
                || $request.customize().interceptor(body.clone()).send(),
            )
            .await?;
        body.text($operation)
    }};
}

impl Clients {
    /// The answer of the describe operation for one thing, with all that can be included in it, as JSON text exactly
    /// as AWS sent it. Not masked: it may hold values of environment variables. Of a thing that is gone, AWS's answer
    /// says so under `failures`.
    ///
    /// # Errors
    /// Any fault of the call; [`FaultKind::Refused`] for an ARN of another kind of thing.
    pub async fn raw(&self, target: &RawTarget) -> Result<String, Fault> {
        self.of(Some(target.arn.region())).raw_here(target).await
    }

    async fn raw_here(&self, target: &RawTarget) -> Result<String, Fault> {
        let (id, cluster) = (target.arn.as_str(), target.cluster());
        match target.arn.kind() {
            "cluster" => keep!(
                self,
                "DescribeClusters",
                self.ecs
                    .describe_clusters()
                    .clusters(id)
                    .set_include(Some(ecs::CLUSTER_FIELDS.to_vec()))
            ),
            "service" => keep!(
                self,
                "DescribeServices",
                self.ecs
                    .describe_services()
                    .set_cluster(cluster.clone())
                    .services(id)
                    .include(ServiceField::Tags)
            ),
            "task" => keep!(
                self,
                "DescribeTasks",
                self.ecs
                    .describe_tasks()
                    .set_cluster(cluster.clone())
                    .tasks(id)
                    .include(TaskField::Tags)
            ),
            "container-instance" => keep!(
                self,
                "DescribeContainerInstances",
                self.ecs
                    .describe_container_instances()
                    .set_cluster(cluster.clone())
                    .container_instances(id)
                    .set_include(Some(ecs::INSTANCE_FIELDS.to_vec()))
            ),
            kind @ ("task-definition" | "family") => keep!(
                self,
                "DescribeTaskDefinition",
                self.ecs
                    .describe_task_definition()
                    .task_definition(if kind == "family" {
                        target.arn.family()
                    } else {
                        id
                    })
                    .include(TaskDefinitionField::Tags)
            ),
            "repository" => {
                let (registry, name) = ecr::place(&target.arn);
                keep!(
                    self,
                    "DescribeRepositories",
                    self.ecr
                        .describe_repositories()
                        .set_registry_id(registry.clone())
                        .repository_names(&name)
                )
            }
            "image" | "tag" => {
                let (registry, name) = ecr::place(&target.arn);
                keep!(
                    self,
                    "DescribeImages",
                    self.ecr
                        .describe_images()
                        .set_registry_id(registry.clone())
                        .repository_name(&name)
                        .image_ids(ecr::identifier(&target.arn))
                )
            }
            kind => Err(Fault {
                kind: FaultKind::Refused,
                op: "describe".to_owned(),
                message: format!("there is no describe operation for a {kind}"),
                hint: "its own page shows what is known of it".to_owned(),
            }),
        }
    }
}

/// Keeps the body of the answer that the SDK could read.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptBody(Arc<OnceLock<Vec<u8>>>);

impl KeptBody {
    pub(super) fn text(&self, operation: &str) -> Result<String, Fault> {
        let bytes = self.0.get().cloned().unwrap_or_default();
        String::from_utf8(bytes)
            .map_err(|_| fault::nonsense(operation, "the answer is not text".to_owned()))
    }
}

impl Intercept for KeptBody {
    fn name(&self) -> &'static str {
        "KeptBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.output_or_error().is_ok()
            && let Some(bytes) = context.response().body().bytes()
        {
            self.0.get_or_init(|| bytes.to_vec());
        }
        Ok(())
    }
}
