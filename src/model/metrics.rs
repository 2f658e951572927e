//! What CloudWatch says of CPU and memory, a point a minute. Asking is done in `aws`.

use super::{Arn, Timestamp};

/// A value of CloudWatch at the beginning of its minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The beginning of the minute.
    pub at: Timestamp,
    /// The value.
    pub value: f64,
}

/// Where the values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricSource {
    /// The namespace `AWS/ECS`: percent of what a service's tasks reserve, an average of all tasks.
    Ecs,
    /// Container Insights with enhanced observability: per task.
    Insights,
}

impl MetricSource {
    /// The name on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ecs => "CloudWatch",
            Self::Insights => "Insights",
        }
    }
}

/// CPU and memory of a service or task over the last quarter of an hour, the oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// The service or task.
    pub of: Arn,
    /// Where it comes from.
    pub source: MetricSource,
    /// Percent of the reserved CPU; above 100 where more is used than reserved.
    pub cpu: Vec<Point>,
    /// Percent of the reserved memory.
    pub memory: Vec<Point>,
    /// Metrics that were asked for with this answer; CloudWatch charges for each.
    pub asked: u32,
}
