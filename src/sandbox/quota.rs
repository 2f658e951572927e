//! The request quotas of the API: token buckets per group of operations. Who counts against which is in `operation`.

use std::collections::BTreeMap;
use std::time::Instant;

/// A group of operations that share a bucket.
///
/// Sizes: the request throttling page of the ECS API, and the quota pages of CloudWatch Logs, CloudWatch and ECR for
/// eu-west-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// Clusters, read.
    ClusterRead,
    /// Services, read.
    ServiceRead,
    /// Tasks and container instances, read.
    ClusterResourceRead,
    /// Task definitions, read.
    DefinitionRead,
    /// Service deployments, read.
    DeploymentRead,
    /// Service revisions, read.
    RevisionRead,
    /// Capacity providers, read.
    ProviderRead,
    /// Tags, read.
    TagRead,
    /// Services, changed.
    ServiceModify,
    /// Tasks, changed.
    ClusterResourceModify,
    /// Task definitions, changed.
    DefinitionModify,
    /// Log groups, described.
    LogGroups,
    /// Log streams, described.
    LogStreams,
    /// Log events of a group, filtered.
    LogFilter,
    /// Log events of a stream, read.
    LogEvents,
    /// Live tails, begun.
    LiveTail,
    /// Metrics, read.
    Metrics,
    /// Repositories and what is known of their images, read.
    RegistryRead,
    /// Manifests, read.
    ManifestRead,
    /// Manifests, pushed.
    ManifestModify,
    /// Images, deleted.
    RegistryModify,
    /// Scalable targets, read.
    ScalingRead,
}

impl Bucket {
    /// Calls at once, and calls per second after that.
    pub fn size(self) -> (f64, f64) {
        match self {
            Self::ServiceRead | Self::ClusterResourceRead => (100.0, 20.0),
            Self::ClusterRead
            | Self::DefinitionRead
            | Self::DeploymentRead
            | Self::RevisionRead
            | Self::ProviderRead
            | Self::TagRead => (50.0, 20.0),
            Self::ServiceModify => (50.0, 5.0),
            Self::ClusterResourceModify => (100.0, 40.0),
            Self::DefinitionModify => (20.0, 1.0),
            Self::LogGroups | Self::LogFilter | Self::LogEvents | Self::ManifestModify => {
                (10.0, 10.0)
            }
            Self::LogStreams => (25.0, 25.0),
            Self::LiveTail => (5.0, 5.0),
            Self::Metrics => (500.0, 500.0),
            Self::ManifestRead => (2000.0, 2000.0),
            // AWS does not publish these: about what clients meet.
            Self::RegistryRead | Self::RegistryModify | Self::ScalingRead => (20.0, 10.0),
        }
    }
}

/// The levels of all buckets.
#[derive(Debug, Default)]
pub struct Quotas {
    levels: BTreeMap<Bucket, (f64, Instant)>,
}

impl Quotas {
    /// Takes a token, or says no.
    pub fn take(&mut self, bucket: Bucket, now: Instant) -> bool {
        let (burst, refill) = bucket.size();
        let (level, last) = self.levels.entry(bucket).or_insert((burst, now));
        *level = (*level + now.saturating_duration_since(*last).as_secs_f64() * refill).min(burst);
        *last = now;
        let granted = *level >= 1.0;
        if granted {
            *level -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let (mut quotas, start) = (Quotas::default(), Instant::now());
        let granted = (0..150)
            .filter(|_| quotas.take(Bucket::ServiceRead, start))
            .count();
        assert_eq!(granted, 100);
        assert!(
            quotas.take(Bucket::ClusterRead, start),
            "buckets do not share"
        );
        let later = start + Duration::from_secs(1);
        assert_eq!(
            (0..50)
                .filter(|_| quotas.take(Bucket::ServiceRead, later))
                .count(),
            20
        );
    }
}
