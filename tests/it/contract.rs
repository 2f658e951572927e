//! The contract: the same assertions about what the program reads, against the simulated account and against
//! independent servers, each directly and behind AWS's page sizes and item limits.
//!
//! Every value is compared with what the wire carries, read without the SDK. Where a server does not do what AWS
//! does, [`Kind`] says so and the assertion is about what it does instead.

mod account;
mod compare;
mod definitions;
mod instances;
mod server;
mod services;
mod tasks;

use self::account::{clusters, identity, unknown_things, whole_answers};
use self::definitions::{families_and_revisions, task_definition};
use self::instances::instances;
use self::server::Server;
use self::services::services;
use self::tasks::{running_tasks, some_tasks, stopped_tasks};

/// Which server it is, and so what it does not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Sandbox,
    MiniStack,
    Moto,
}

impl Kind {
    /// A cluster with services where nothing moves.
    fn steady(self) -> &'static str {
        match self {
            Self::Sandbox => "prod-fargate",
            Self::MiniStack => "prod",
            Self::Moto => "fleet",
        }
    }

    /// Clusters that are there from the beginning.
    fn clusters(self) -> &'static [&'static str] {
        match self {
            Self::Sandbox => &["batch", "prod-fargate", "prod-web", "playground", "staging"],
            Self::MiniStack => &["prod", "staging"],
            Self::Moto => &["fleet", "edge"],
        }
    }

    /// A cluster with container instances; MiniStack knows none at all.
    fn with_instances(self) -> Option<&'static str> {
        match self {
            Self::Sandbox => Some("prod-web"),
            Self::MiniStack => None,
            Self::Moto => Some("fleet"),
        }
    }

    /// A cluster where tasks have stopped; moto's seed stops none.
    fn with_stopped_tasks(self) -> Option<&'static str> {
        match self {
            Self::Sandbox | Self::MiniStack => Some("staging"),
            Self::Moto => None,
        }
    }
}

/// Writes the suite down for one server, directly or behind AWS's limits.
macro_rules! suite {
    ($name:ident, $kind:ident, $limited:literal, [$(#[$ignored:meta])?] $($check:ident)*) => {
        mod $name {
            use super::{Kind, Server};

            suite!(@ $kind $limited [$(#[$ignored])?] $($check)*);
        }
    };
    (@ $kind:ident $limited:literal $ignored:tt $($check:ident)*) => {
        $(suite!(@@ $kind $limited $ignored $check);)*
    };
    (@@ $kind:ident $limited:literal [$(#[$ignored:meta])?] $check:ident) => {
        #[tokio::test]
        $(#[$ignored])?
        async fn $check() {
            super::$check(&Server::start(Kind::$kind, $limited).await).await;
        }
    };
}

/// The list of all assertions, for every server.
macro_rules! contract {
    ($($check:ident)*) => {
        suite!(sandbox, Sandbox, false, [] $($check)*);
        suite!(sandbox_behind_limits, Sandbox, true, [] $($check)*);
        suite!(ministack, MiniStack, false, [#[ignore = "needs the servers of ./test"]] $($check)*);
        suite!(ministack_behind_limits, MiniStack, true, [#[ignore = "needs the servers of ./test"]] $($check)*);
        suite!(moto, Moto, false, [#[ignore = "needs the servers of ./test"]] $($check)*);
        suite!(moto_behind_limits, Moto, true, [#[ignore = "needs the servers of ./test"]] $($check)*);
    };
}

contract! {
    identity
    clusters
    services
    running_tasks
    stopped_tasks
    some_tasks
    task_definition
    families_and_revisions
    instances
    unknown_things
    whole_answers
}
