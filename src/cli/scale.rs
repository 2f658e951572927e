//! How large the simulated account is: the flags that `demo` and `sandbox` share.

use std::net::SocketAddr;

use clap::Args;

use crate::{model::regions, sandbox::Options};

/// What the simulated account begins with.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Scale {
    /// The same seed gives the same account
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// How many clusters: this, --services or --tasks makes an account to measure with
    #[arg(long, value_name = "NUMBER", value_parser = count::<10_000>)]
    pub clusters: Option<usize>,
    /// How many services in each cluster
    #[arg(long, value_name = "NUMBER", value_parser = count::<5_000>)]
    pub services: Option<usize>,
    /// How many tasks in each service
    #[arg(long, value_name = "NUMBER", value_parser = count::<5_000>)]
    pub tasks: Option<usize>,
    /// On how many container instances those of one cluster run, in an account to measure with
    #[arg(long, value_name = "NUMBER", value_parser = count::<5_000>)]
    pub hosts: Option<usize>,
    /// Throttle calls as AWS does
    #[arg(long)]
    pub throttle: bool,
}

impl Scale {
    /// The simulated account of this size in a region or several, to be served at `listen`.
    #[must_use]
    pub fn options(&self, listen: SocketAddr, region: Option<&str>) -> Options {
        Options {
            seed: self.seed,
            clusters: self.clusters,
            services: self.services,
            tasks: self.tasks,
            throttle: self.throttle,
            listen,
            frozen: false,
            engines: true,
            hosts: self.hosts,
            images: None,
            regions: regions(region.unwrap_or_default())
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// A number from 1 to `MOST`, which is the quota of ECS
/// (<https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>).
fn count<const MOST: usize>(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=MOST).contains(&number) => Ok(number),
        _ => Err(format!("it must be a number from 1 to {MOST}")),
    }
}
