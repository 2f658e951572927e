//! The read-only gate: what is not known to only read never leaves the process.

use std::fmt;

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextMut},
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// The operations that only read, by the SDK's name of the service. Whatever is not listed counts as a write.
const READS: [(&str, &[&str]); 6] = [
    (
        "ECS",
        &[
            "DescribeCapacityProviders",
            "DescribeClusters",
            "DescribeContainerInstances",
            "DescribeServiceDeployments",
            "DescribeServiceRevisions",
            "DescribeServices",
            "DescribeTaskDefinition",
            "DescribeTaskSets",
            "DescribeTasks",
            "GetTaskProtection",
            "ListAccountSettings",
            "ListAttributes",
            "ListClusters",
            "ListContainerInstances",
            "ListServiceDeployments",
            "ListServices",
            "ListServicesByNamespace",
            "ListTagsForResource",
            "ListTaskDefinitionFamilies",
            "ListTaskDefinitions",
            "ListTasks",
        ],
    ),
    ("STS", &["GetCallerIdentity"]),
    (
        "CloudWatch Logs",
        &[
            "DescribeLogGroups",
            "DescribeLogStreams",
            "FilterLogEvents",
            "GetLogEvents",
            "StartLiveTail",
        ],
    ),
    ("CloudWatch", &["GetMetricData"]),
    (
        "ECR",
        &[
            "BatchGetImage",
            "DescribeImageScanFindings",
            "DescribeImages",
            "DescribeRepositories",
            "GetLifecyclePolicy",
            "GetRepositoryPolicy",
            "ListImages",
        ],
    ),
    (
        "Application Auto Scaling",
        &[
            "DescribeScalableTargets",
            "DescribeScalingActivities",
            "DescribeScalingPolicies",
            "DescribeScheduledActions",
        ],
    ),
];

/// Whether the operation is known to only read.
fn is_read(service: &str, operation: &str) -> bool {
    READS
        .iter()
        .any(|(name, operations)| *name == service && operations.contains(&operation))
}

/// Refuses, before anything is serialised or signed, every operation that is not known to only read.
#[derive(Debug)]
pub(super) struct ReadOnlyGate;

impl Intercept for ReadOnlyGate {
    fn name(&self) -> &'static str {
        "ReadOnlyGate"
    }

    // The first hook at which the operation's own configuration, and so its name, is known.
    fn modify_before_serialization(
        &self,
        _context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>();
        match operation {
            Some(metadata) if is_read(metadata.service(), metadata.name()) => Ok(()),
            Some(metadata) => Err(Refusal(metadata.name().to_owned()).into()),
            None => Err(Refusal("an unnamed operation".to_owned()).into()),
        }
    }
}

/// The gate's answer; carries the operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is refused: this session is read-only", self.0)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn only_operations_that_read_by_their_name_are_listed() {
        for (service, operations) in READS {
            for operation in operations {
                // A live tail shows what is written and leaves nothing behind; its session ends with the connection.
                let reads = *operation == "StartLiveTail"
                    || ["BatchGet", "Describe", "Filter", "Get", "List"]
                        .iter()
                        .any(|verb| operation.starts_with(verb));
                assert!(reads, "{service} {operation}");
            }
        }
    }

    #[rstest]
    #[case("ECS", "UpdateService")]
    #[case("ECS", "StopTask")]
    #[case("ECS", "ExecuteCommand")]
    #[case("ECS", "ListEverythingNew")]
    #[case("STS", "AssumeRole")]
    #[case("STS", "ListClusters")]
    #[case("ECR", "PutImage")]
    #[case("ECR", "BatchDeleteImage")]
    #[case("ECR", "StartLifecyclePolicyPreview")]
    #[case("Application Auto Scaling", "RegisterScalableTarget")]
    #[case("ECS", "DescribeImages")]
    #[case("CloudWatch Logs", "PutLogEvents")]
    #[case("CloudWatch Logs", "StartQuery")]
    #[case("CloudWatch", "PutMetricData")]
    #[case("ECS", "StartLiveTail")]
    fn what_is_not_listed_for_its_service_counts_as_a_write(
        #[case] service: &str,
        #[case] operation: &str,
    ) {
        assert!(!is_read(service, operation));
    }
}
