//! Token buckets that mirror the request quotas of the AWS services, which an account shares between all its users.

use std::time::Duration;

use crate::model::Query;

/// One request quota: the operations in a group draw from the same bucket, per account and region.
///
/// Burst and refill of ECS are those of its API reference, "Request throttling for the Amazon ECS API". CloudWatch and
/// CloudWatch Logs publish calls per second and no burst ("CloudWatch Logs quotas", "CloudWatch service quotas"): a
/// second's worth is taken for it. Where regions differ, the least of them counts for all.
///
/// ECR publishes 10 calls per second for `PutImage` and far more for the calls that pull images ("Amazon ECR service
/// quotas"); what it allows for describing is not published, and neither is anything of Application Auto Scaling
/// ("Application Auto Scaling endpoints and quotas"). For those a modest rate is assumed, which throttling cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuotaGroup {
    /// Listing and describing clusters.
    ClusterRead,
    /// Listing and describing services.
    ServiceRead,
    /// Listing and describing tasks, container instances and attributes.
    ResourceRead,
    /// Listing and describing task definitions.
    DefinitionRead,
    /// Listing and describing service deployments.
    DeploymentRead,
    /// Describing service revisions.
    RevisionRead,
    /// Describing capacity providers.
    CapacityRead,
    /// Listing tags.
    TagRead,
    /// Listing account settings.
    SettingRead,
    /// Reading and changing task protection.
    Protection,
    /// Creating, updating and deleting services.
    ServiceWrite,
    /// Running and stopping tasks, draining container instances.
    ResourceWrite,
    /// Registering and deregistering task definitions.
    DefinitionWrite,
    /// Searching log events of many streams.
    LogSearch,
    /// Reading log events of one stream.
    LogRead,
    /// Starting live tails.
    LogTail,
    /// Reading metrics.
    MetricRead,
    /// Describing repositories and images, reading manifests and policies.
    ImageRead,
    /// Putting and deleting images.
    ImageWrite,
    /// Describing scalable targets, scaling policies and activities.
    ScalingRead,
    /// Registering scalable targets, putting and deleting scaling policies.
    ScalingWrite,
}

/// Which operations draw from which group.
const OPERATIONS: &[(QuotaGroup, &[&str])] = &[
    (
        QuotaGroup::ClusterRead,
        &["ListClusters", "DescribeClusters"],
    ),
    (
        QuotaGroup::ServiceRead,
        &["ListServices", "DescribeServices"],
    ),
    (
        QuotaGroup::ResourceRead,
        &[
            "ListTasks",
            "DescribeTasks",
            "ListContainerInstances",
            "DescribeContainerInstances",
            "ListAttributes",
        ],
    ),
    (
        QuotaGroup::DefinitionRead,
        &[
            "ListTaskDefinitionFamilies",
            "ListTaskDefinitions",
            "DescribeTaskDefinition",
        ],
    ),
    (
        QuotaGroup::DeploymentRead,
        &["ListServiceDeployments", "DescribeServiceDeployments"],
    ),
    (QuotaGroup::RevisionRead, &["DescribeServiceRevisions"]),
    (QuotaGroup::CapacityRead, &["DescribeCapacityProviders"]),
    (QuotaGroup::TagRead, &["ListTagsForResource"]),
    (QuotaGroup::SettingRead, &["ListAccountSettings"]),
    (
        QuotaGroup::Protection,
        &["GetTaskProtection", "UpdateTaskProtection"],
    ),
    (
        QuotaGroup::ServiceWrite,
        &["CreateService", "UpdateService", "DeleteService"],
    ),
    (
        QuotaGroup::ResourceWrite,
        &[
            "RunTask",
            "StartTask",
            "StopTask",
            "ExecuteCommand",
            "UpdateContainerInstancesState",
        ],
    ),
    (
        QuotaGroup::DefinitionWrite,
        &["RegisterTaskDefinition", "DeregisterTaskDefinition"],
    ),
    (QuotaGroup::LogSearch, &["FilterLogEvents"]),
    (QuotaGroup::LogRead, &["GetLogEvents"]),
    (QuotaGroup::LogTail, &["StartLiveTail"]),
    (QuotaGroup::MetricRead, &["GetMetricData"]),
    (
        QuotaGroup::ImageRead,
        &[
            "DescribeRepositories",
            "DescribeImages",
            "ListImages",
            "BatchGetImage",
            "DescribeImageScanFindings",
            "GetRepositoryPolicy",
            "GetLifecyclePolicy",
        ],
    ),
    (QuotaGroup::ImageWrite, &["PutImage", "BatchDeleteImage"]),
    (
        QuotaGroup::ScalingRead,
        &[
            "DescribeScalableTargets",
            "DescribeScalingPolicies",
            "DescribeScalingActivities",
            "DescribeScheduledActions",
        ],
    ),
    (
        QuotaGroup::ScalingWrite,
        &[
            "RegisterScalableTarget",
            "DeregisterScalableTarget",
            "PutScalingPolicy",
            "DeleteScalingPolicy",
            "PutScheduledAction",
            "DeleteScheduledAction",
        ],
    ),
];

impl QuotaGroup {
    /// All groups, in the order of their discriminants.
    pub const ALL: [Self; 21] = [
        Self::ClusterRead,
        Self::ServiceRead,
        Self::ResourceRead,
        Self::DefinitionRead,
        Self::DeploymentRead,
        Self::RevisionRead,
        Self::CapacityRead,
        Self::TagRead,
        Self::SettingRead,
        Self::Protection,
        Self::ServiceWrite,
        Self::ResourceWrite,
        Self::DefinitionWrite,
        Self::LogSearch,
        Self::LogRead,
        Self::LogTail,
        Self::MetricRead,
        Self::ImageRead,
        Self::ImageWrite,
        Self::ScalingRead,
        Self::ScalingWrite,
    ];

    /// The group that an operation draws from; `None` for operations without a published quota.
    #[must_use]
    pub fn of(operation: &str) -> Option<Self> {
        OPERATIONS
            .iter()
            .find(|(_, operations)| operations.contains(&operation))
            .map(|(group, _)| *group)
    }

    /// The operations that draw from it, those that this program knows.
    #[must_use]
    pub fn operations(self) -> &'static [&'static str] {
        OPERATIONS
            .iter()
            .find(|(group, _)| *group == self)
            .map_or(&[], |(_, operations)| operations)
    }

    /// The quota in words: `service read`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterRead => "cluster read",
            Self::ServiceRead => "service read",
            Self::ResourceRead => "task and instance read",
            Self::DefinitionRead => "task definition read",
            Self::DeploymentRead => "service deployment read",
            Self::RevisionRead => "service revision read",
            Self::CapacityRead => "capacity provider read",
            Self::TagRead => "tag read",
            Self::SettingRead => "setting read",
            Self::Protection => "task protection",
            Self::ServiceWrite => "service write",
            Self::ResourceWrite => "task and instance write",
            Self::DefinitionWrite => "task definition write",
            Self::LogSearch => "log search",
            Self::LogRead => "log read",
            Self::LogTail => "live tail",
            Self::MetricRead => "metric read",
            Self::ImageRead => "image read",
            Self::ImageWrite => "image write",
            Self::ScalingRead => "scaling read",
            Self::ScalingWrite => "scaling write",
        }
    }

    /// Whether AWS publishes this quota; otherwise a modest one is assumed.
    #[must_use]
    pub fn is_published(self) -> bool {
        !matches!(
            self,
            Self::ImageRead | Self::ScalingRead | Self::ScalingWrite
        )
    }

    /// The group that a query draws from in the end; `None` for a query without a published quota.
    #[must_use]
    pub fn of_query(query: &Query) -> Option<Self> {
        Some(match query {
            Query::Identity => return None,
            Query::Clusters(_) => Self::ClusterRead,
            Query::Services { .. } | Query::Service { .. } => Self::ServiceRead,
            Query::Tasks { .. } | Query::Task { .. } | Query::Instances { .. } => {
                Self::ResourceRead
            }
            Query::Families(_) | Query::Revisions { .. } | Query::Definition { .. } => {
                Self::DefinitionRead
            }
            Query::Scaling { .. } => Self::ScalingRead,
            Query::Metrics { .. } => Self::MetricRead,
            Query::Repositories(_)
            | Query::Images { .. }
            | Query::Image { .. }
            | Query::Tag { .. }
            | Query::Manifest { .. }
            | Query::Findings { .. }
            | Query::Policy { .. } => Self::ImageRead,
        })
    }

    /// The whole account's quota: calls that may come at once, and calls per second thereafter.
    #[must_use]
    pub fn quota(self) -> (f64, f64) {
        match self {
            Self::ServiceRead | Self::ResourceRead => (100.0, 20.0),
            Self::ClusterRead
            | Self::DefinitionRead
            | Self::DeploymentRead
            | Self::RevisionRead
            | Self::CapacityRead
            | Self::TagRead
            | Self::SettingRead => (50.0, 20.0),
            Self::Protection => (200.0, 80.0),
            Self::ServiceWrite => (50.0, 5.0),
            Self::ResourceWrite => (100.0, 40.0),
            Self::DefinitionWrite => (20.0, 1.0),
            // 25 in us-east-1, 10 in most regions, 5 in eu-central-1, ap-northeast-3 and some younger ones.
            Self::LogSearch | Self::LogTail | Self::ScalingWrite => (5.0, 5.0),
            Self::LogRead | Self::ImageWrite => (10.0, 10.0),
            // 500 in the largest regions, 50 elsewhere.
            Self::MetricRead => (50.0, 50.0),
            // Assumed, as is the next.
            Self::ImageRead => (40.0, 20.0),
            Self::ScalingRead => (20.0, 10.0),
        }
    }
}

/// How much of the account's quota this program may use; the rest is left to deployments, consoles and colleagues.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// The part of the burst, 0 to 1.
    pub burst_share: f64,
    /// The part of the refill, 0 to 1.
    pub refill_share: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            burst_share: 0.5,
            refill_share: 0.25,
        }
    }
}

/// Seconds it takes to grow the refill from nothing back to whole.
const RECOVERY: f64 = 20.0;

/// The refill never falls below this part of what the budget allows.
const FLOOR: f64 = 1.0 / 16.0;

/// The part of a bucket's capacity that what nobody waits for leaves alone.
const RESERVE: f64 = 0.25;

/// Refusals closer together than this count as one: they answer calls that left together.
const WINDOW: Duration = Duration::from_secs(1);

/// A token bucket whose refill adapts: halved when AWS throttles, growing back by a steady amount per second.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    capacity: f64,
    full_rate: f64,
    rate: f64,
    tokens: f64,
    at: Duration,
    penalised: Option<Duration>,
}

impl TokenBucket {
    /// A full bucket for this group's quota, cut to the budget. It holds at least one token and fills at no less
    /// than one token in ten seconds, so that no budget can stop the program altogether.
    #[must_use]
    pub fn new(group: QuotaGroup, budget: Budget) -> Self {
        let (burst, refill) = group.quota();
        let capacity = (burst * budget.burst_share.clamp(0.0, 1.0)).max(1.0);
        let rate = (refill * budget.refill_share.clamp(0.0, 1.0)).max(0.1);
        Self {
            capacity,
            full_rate: rate,
            rate,
            tokens: capacity,
            at: Duration::ZERO,
            penalised: None,
        }
    }

    /// Takes one token. `now` is any steady clock; a clock that goes back is taken as standing still.
    ///
    /// # Errors
    /// Without a token left, the time after which there is one, if nobody else takes it.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        self.take_leaving(0.0, now)
    }

    /// Takes one token for a call that nobody waits for: a quarter of the capacity stays for those that somebody does.
    ///
    /// # Errors
    /// Without a token to spare, the time after which there is one, if nobody else takes it.
    pub fn take_spare(&mut self, now: Duration) -> Result<(), Duration> {
        // A bucket of one or two tokens has none to keep back.
        let reserve = (self.capacity * RESERVE).min(self.capacity - 1.0);
        self.take_leaving(reserve, now)
    }

    fn take_leaving(&mut self, reserve: f64, now: Duration) -> Result<(), Duration> {
        self.advance(now);
        if self.tokens >= 1.0 + reserve {
            self.tokens -= 1.0;
            return Ok(());
        }
        // A microsecond more than computed, so that rounding never makes the caller come too early.
        let wait = Duration::from_secs_f64((1.0 + reserve - self.tokens) / self.rate);
        Err(wait + Duration::from_micros(1))
    }

    /// Gives back a token that was taken for a call that was then not made.
    pub fn refund(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.capacity);
    }

    /// Notes that AWS throttled: empties the bucket and halves its refill, once for calls that left together.
    pub fn penalise(&mut self, now: Duration) {
        self.advance(now);
        self.tokens = 0.0;
        let fresh = self
            .penalised
            .is_none_or(|last| now.saturating_sub(last) >= WINDOW);
        if fresh {
            self.rate = (self.rate / 2.0).max(self.full_rate * FLOOR);
            self.penalised = Some(now);
        }
    }

    /// The tokens that are left at this moment.
    pub fn tokens(&mut self, now: Duration) -> f64 {
        self.advance(now);
        self.tokens
    }

    /// The most tokens it holds.
    #[must_use]
    pub fn capacity(&self) -> f64 {
        self.capacity
    }

    /// Tokens per second while AWS does not throttle.
    #[must_use]
    pub fn full_rate(&self) -> f64 {
        self.full_rate
    }

    /// Tokens per second at this moment.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Fills in what the time since the last look has brought, the refill growing on the way.
    fn advance(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        let growth = self.full_rate / RECOVERY;
        let growing = ((self.full_rate - self.rate) / growth).clamp(0.0, elapsed);
        let brought = self.rate * growing
            + growth * growing * growing / 2.0
            + self.full_rate * (elapsed - growing);
        self.rate = (self.rate + growth * growing).min(self.full_rate);
        self.tokens = (self.tokens + brought).min(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HALF: Budget = Budget {
        burst_share: 0.5,
        refill_share: 0.5,
    };

    fn drain(bucket: &mut TokenBucket, now: Duration) -> u32 {
        let mut taken = 0;
        while bucket.take(now).is_ok() {
            taken += 1;
        }
        taken
    }

    #[test]
    fn a_full_bucket_gives_its_share_of_the_burst_at_once() {
        let mut bucket = TokenBucket::new(QuotaGroup::ServiceRead, HALF);
        assert_eq!(drain(&mut bucket, Duration::ZERO), 50);
        assert_eq!(drain(&mut bucket, Duration::from_secs(1)), 10);
    }

    #[test]
    fn throttling_empties_the_bucket_and_halves_the_refill_once_a_window() {
        let mut bucket = TokenBucket::new(QuotaGroup::ServiceRead, HALF);
        for _ in 0..16 {
            bucket.penalise(Duration::ZERO);
        }
        assert!((bucket.rate() - 5.0).abs() < 1e-9);
        assert!(bucket.take(Duration::ZERO).is_err());
    }

    #[test]
    fn the_refill_grows_back_by_a_steady_amount() {
        let mut bucket = TokenBucket::new(QuotaGroup::ServiceRead, HALF);
        bucket.penalise(Duration::ZERO);
        let mut rates = Vec::new();
        for second in 1..=12 {
            let _ = bucket.take(Duration::from_secs(second));
            rates.push(bucket.rate());
        }
        assert!((rates[1] - rates[0] - 0.5).abs() < 1e-9);
        assert!((rates[11] - 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_quarter_is_kept_from_what_nobody_waits_for() {
        let mut bucket = TokenBucket::new(QuotaGroup::ServiceRead, HALF);
        let mut spare = 0;
        while bucket.take_spare(Duration::ZERO).is_ok() {
            spare += 1;
        }
        assert_eq!(spare, 37, "the reserve of 12.5 stays");
        assert_eq!(drain(&mut bucket, Duration::ZERO), 13);
        let Err(wait) = bucket.take_spare(Duration::ZERO) else {
            panic!("nothing is left");
        };
        assert!(bucket.take_spare(wait).is_ok());
    }

    #[test]
    fn a_bucket_of_one_token_keeps_nothing_back() {
        let none = Budget {
            burst_share: 0.0,
            refill_share: 0.0,
        };
        let mut bucket = TokenBucket::new(QuotaGroup::ServiceRead, none);
        assert!(bucket.take_spare(Duration::ZERO).is_ok());
        let Err(wait) = bucket.take_spare(Duration::ZERO) else {
            panic!("it held one");
        };
        assert!(bucket.take_spare(wait).is_ok());
    }

    #[test]
    fn every_operation_of_a_group_has_a_positive_quota() {
        for (index, group) in QuotaGroup::ALL.into_iter().enumerate() {
            assert_eq!(group as usize, index);
            let (burst, refill) = group.quota();
            assert!(burst >= 1.0 && refill >= 1.0);
            assert!(!group.operations().is_empty(), "{group:?}");
            for operation in group.operations() {
                assert_eq!(QuotaGroup::of(operation), Some(group));
            }
        }
        assert_eq!(QuotaGroup::of("GetCallerIdentity"), None);
    }

    proptest! {
        #[test]
        fn never_gives_more_than_burst_and_refill(
            steps in prop::collection::vec((0_u64..5_000, 0_u8..8), 1..200),
            burst_share in 0.0_f64..=1.0,
            refill_share in 0.0_f64..=1.0,
        ) {
            let budget = Budget { burst_share, refill_share };
            let mut bucket = TokenBucket::new(QuotaGroup::ResourceRead, budget);
            let (burst, refill) = ((100.0 * burst_share).max(1.0), (20.0 * refill_share).max(0.1));
            let mut now = Duration::ZERO;
            let mut taken = 0_u32;
            for (gap, what) in steps {
                now += Duration::from_millis(gap);
                if what == 0 {
                    bucket.penalise(now);
                } else {
                    taken += drain(&mut bucket, now);
                }
                prop_assert!(f64::from(taken) <= burst + refill * now.as_secs_f64() + 1e-6);
            }
        }

        #[test]
        fn waiting_as_told_brings_a_token(
            penalties in prop::collection::vec(0_u64..3_000, 0..20),
            pause in 0_u64..10_000,
        ) {
            let mut bucket = TokenBucket::new(QuotaGroup::ClusterRead, Budget::default());
            let mut now = Duration::ZERO;
            drain(&mut bucket, now);
            for gap in penalties {
                now += Duration::from_millis(gap);
                bucket.penalise(now);
            }
            now += Duration::from_millis(pause);
            drain(&mut bucket, now);
            let Err(wait) = bucket.take(now) else {
                return Err(TestCaseError::fail("it was drained"));
            };
            prop_assert!(bucket.take(now + wait).is_ok());
        }
    }
}
