//! The default demonstration: its clusters, services and jobs, as tables.

use super::documents::Kind;
use crate::sandbox::world::definition::Conduct;

/// Where the tasks of a service go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Launch type FARGATE.
    Fargate,
    /// `FARGATE` and `FARGATE_SPOT` by strategy.
    Spot,
    /// Launch type EC2.
    Ec2,
    /// The Auto Scaling group's capacity provider.
    Group,
    /// Neither a launch type nor a strategy, as services made long ago have it.
    Unsaid,
}

/// A trait of a service that is off the common path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// None.
    Common,
    /// DAEMON scheduling.
    Daemon,
    /// An EXTERNAL deployment controller: no deployments, one task set.
    External,
    /// Scales by itself between two counts.
    Scaled(u32, u32),
    /// Gets releases that fail and are rolled back.
    Faulty,
    /// Its newest deployment wants more memory than any instance has.
    TooBig,
    /// Deleted: still readable as INACTIVE.
    Deleted,
    /// Its image is named by this tag, which has moved on since it was deployed.
    Floating(&'static str),
    /// Wants no tasks.
    Parked,
}

/// A service of the demonstration.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// Its cluster's name.
    pub cluster: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The kind of its workload.
    pub kind: Kind,
    /// Where its tasks go.
    pub home: Home,
    /// Desired count.
    pub desired: u32,
    /// CPU units and MiB of a task.
    pub size: (u32, u32),
    /// Whether it has a load balancer.
    pub balanced: bool,
    /// How its tasks behave.
    pub conduct: Conduct,
    /// What is unusual about it.
    pub quirk: Quirk,
}

const fn role(
    cluster: &'static str,
    name: &'static str,
    kind: Kind,
    home: Home,
    desired: u32,
    size: (u32, u32),
) -> Role {
    Role {
        cluster,
        name,
        kind,
        home,
        desired,
        size,
        balanced: false,
        conduct: Conduct::Steady,
        quirk: Quirk::Common,
    }
}

impl Role {
    const fn balanced(mut self) -> Self {
        self.balanced = true;
        self
    }

    const fn sick(mut self, conduct: Conduct) -> Self {
        self.conduct = conduct;
        self
    }

    const fn quirk(mut self, quirk: Quirk) -> Self {
        self.quirk = quirk;
        self
    }
}

/// Cluster of EC2 instances in an Auto Scaling group.
pub const WEB: &str = "prod-web";
/// Cluster without instances.
pub const FARGATE: &str = "prod-fargate";
/// Where releases are tried.
pub const STAGING: &str = "staging";
/// Where jobs run.
pub const BATCH: &str = "batch";
/// A cluster without services.
pub const EMPTY: &str = "playground";
/// A deleted cluster.
pub const GONE: &str = "legacy-2019";

/// The services.
pub const SERVICES: &[Role] = &[
    role(WEB, "storefront", Kind::Linked, Home::Group, 6, (256, 512)).balanced(),
    role(WEB, "checkout", Kind::Linked, Home::Group, 4, (256, 768))
        .balanced()
        .quirk(Quirk::Scaled(3, 7)),
    role(WEB, "catalog", Kind::Plain, Home::Group, 4, (256, 512)).balanced(),
    role(WEB, "cart", Kind::Linked, Home::Ec2, 3, (128, 384)).balanced(),
    role(
        WEB,
        "image-resizer",
        Kind::Worker,
        Home::Ec2,
        2,
        (512, 1024),
    )
    .sick(Conduct::OutOfMemory),
    role(
        WEB,
        "search-indexer",
        Kind::Linked,
        Home::Ec2,
        2,
        (256, 1024),
    )
    .quirk(Quirk::TooBig),
    role(WEB, "node-exporter", Kind::Agent, Home::Ec2, 0, (32, 64)).quirk(Quirk::Daemon),
    role(WEB, "datadog-agent", Kind::Agent, Home::Ec2, 0, (64, 256)).quirk(Quirk::Daemon),
    role(
        WEB,
        "legacy-admin",
        Kind::Linked,
        Home::Unsaid,
        1,
        (128, 256),
    )
    .quirk(Quirk::Floating("latest")),
    role(
        WEB,
        "recommendations",
        Kind::Linked,
        Home::Group,
        4,
        (128, 384),
    )
    .balanced()
    .quirk(Quirk::Faulty),
    role(
        FARGATE,
        "api-gateway",
        Kind::Mesh,
        Home::Fargate,
        6,
        (1024, 2048),
    )
    .balanced()
    .quirk(Quirk::Scaled(4, 9)),
    role(
        FARGATE,
        "orders-api",
        Kind::Mesh,
        Home::Fargate,
        4,
        (512, 1024),
    )
    .balanced(),
    role(
        FARGATE,
        "payments-api",
        Kind::Mesh,
        Home::Fargate,
        4,
        (512, 1024),
    )
    .balanced(),
    role(
        FARGATE,
        "inventory-api",
        Kind::Plain,
        Home::Spot,
        3,
        (256, 512),
    )
    .balanced(),
    role(
        FARGATE,
        "pricing-engine",
        Kind::Plain,
        Home::Spot,
        2,
        (1024, 4096),
    ),
    role(
        FARGATE,
        "email-worker",
        Kind::Worker,
        Home::Spot,
        3,
        (256, 512),
    ),
    role(
        FARGATE,
        "notifications",
        Kind::Worker,
        Home::Spot,
        8,
        (256, 512),
    )
    .quirk(Quirk::Floating("stable")),
    role(
        FARGATE,
        "fraud-detector",
        Kind::Plain,
        Home::Fargate,
        2,
        (2048, 4096),
    )
    .sick(Conduct::FailsContainerHealth),
    role(
        FARGATE,
        "shipping-api",
        Kind::Plain,
        Home::Fargate,
        2,
        (256, 512),
    )
    .balanced()
    .sick(Conduct::FailsTargetHealth),
    role(
        FARGATE,
        "invoice-renderer",
        Kind::Plain,
        Home::Fargate,
        2,
        (512, 1024),
    )
    .sick(Conduct::PullFails),
    role(
        FARGATE,
        "loyalty-api",
        Kind::Plain,
        Home::Fargate,
        3,
        (256, 512),
    )
    .balanced()
    .quirk(Quirk::Faulty),
    role(
        FARGATE,
        "audit-log",
        Kind::Plain,
        Home::Fargate,
        2,
        (256, 512),
    )
    .quirk(Quirk::External),
    role(
        STAGING,
        "storefront",
        Kind::Plain,
        Home::Spot,
        1,
        (256, 512),
    )
    .balanced(),
    role(
        STAGING,
        "orders-api",
        Kind::Mesh,
        Home::Spot,
        1,
        (512, 1024),
    )
    .balanced(),
    role(
        STAGING,
        "payments-api",
        Kind::Mesh,
        Home::Spot,
        1,
        (512, 1024),
    ),
    role(STAGING, "search", Kind::Plain, Home::Spot, 1, (512, 1024)).sick(Conduct::Crashes),
    role(
        STAGING,
        "feature-preview",
        Kind::Plain,
        Home::Spot,
        0,
        (256, 512),
    )
    .quirk(Quirk::Parked),
    role(
        STAGING,
        "reports",
        Kind::Worker,
        Home::Fargate,
        1,
        (256, 512),
    )
    .sick(Conduct::SecretFails),
    role(
        STAGING,
        "old-blog",
        Kind::Plain,
        Home::Fargate,
        0,
        (256, 512),
    )
    .quirk(Quirk::Deleted),
    role(
        BATCH,
        "scheduler",
        Kind::Worker,
        Home::Fargate,
        1,
        (256, 512),
    ),
    role(
        BATCH,
        "queue-consumer",
        Kind::Worker,
        Home::Spot,
        4,
        (256, 512),
    )
    .quirk(Quirk::Scaled(1, 6)),
];

/// The jobs that run in the batch cluster.
pub const JOBS: &[&str] = &[
    "nightly-export",
    "thumbnail-backfill",
    "daily-report",
    "db-vacuum",
    "sitemap-build",
];
