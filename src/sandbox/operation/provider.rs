//! `DescribeCapacityProviders`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::find::arn_or_name;
use super::page::Paging;
use super::{Answer, Call, Fault, check_include, missing};
use crate::sandbox::world::World;
use crate::sandbox::world::cluster::StrategyItem;

/// The most providers on a page.
const PAGE: i64 = 10;
/// The capacity providers that every account has.
const FARGATE: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    capacity_providers: Vec<String>,
    cluster: Option<String>,
    include: Vec<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Describes the named capacity providers, or all of them (all of a cluster) page by page.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let Input {
        capacity_providers: names,
        cluster,
        include,
        paging,
    } = call.input()?;
    check_include(&include, &["TAGS"])?;
    if paging.max_results.is_some_and(|size| size > PAGE) {
        let message = format!("Max results should be between 1 and {PAGE}.");
        return Err(Fault::invalid(message));
    }
    let world = &*call.world;
    let cluster = match &cluster {
        Some(name) => Some(world.cluster(world.find_cluster(Some(name))?)),
        None => None,
    };
    let associated = |name: &String| cluster.is_none_or(|cluster| cluster.providers.contains(name));
    if names.len() > 100 {
        return Err(Fault::invalid(
            "capacityProviders can have at most 100 items.",
        ));
    }
    if names.is_empty() {
        let fargate = FARGATE.map(str::to_owned);
        let mut known: Vec<String> = fargate
            .into_iter()
            .chain(world.providers.keys().cloned())
            .filter(associated)
            .collect();
        known.sort_unstable();
        let (page, token) = paging.cut(10, known, |name| render(world, name))?;
        return Ok(json!({"capacityProviders": page, "failures": [], "nextToken": token}));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        let plain = name.rsplit('/').next().unwrap_or(&name);
        match render(world, plain) {
            Some(document) => found.push(document),
            None => failures.push(missing(arn_or_name(
                world,
                "capacity-provider",
                None,
                &name,
            ))),
        }
    }
    Ok(json!({"capacityProviders": found, "failures": failures}))
}

fn render(world: &World, name: &str) -> Option<Value> {
    let arn = world.arn(&format!("capacity-provider/{name}"));
    if FARGATE.contains(&name) {
        return Some(
            json!({"capacityProviderArn": arn, "name": name, "status": "ACTIVE", "tags": [], "type": name}),
        );
    }
    let provider = world.providers.get(name)?;
    Some(json!({
        "capacityProviderArn": arn,
        "name": provider.name,
        "status": "ACTIVE",
        "autoScalingGroupProvider": {
            "autoScalingGroupArn": provider.group_arn,
            "managedScaling": {
                "status": "ENABLED", "targetCapacity": provider.target,
                "minimumScalingStepSize": 1, "maximumScalingStepSize": 10000, "instanceWarmupPeriod": 300,
            },
            "managedTerminationProtection": "DISABLED",
            "managedDraining": "ENABLED",
        },
        "tags": [],
        "type": "EC2_AUTOSCALING",
    }))
}

/// Refuses a strategy with a capacity provider that does not exist.
pub fn check_strategy(world: &World, strategy: &[StrategyItem]) -> Result<(), Fault> {
    let exists = |name: &str| FARGATE.contains(&name) || world.providers.contains_key(name);
    if strategy.iter().all(|item| exists(&item.capacity_provider)) {
        Ok(())
    } else {
        Err(Fault::invalid(
            "The specified capacity provider was not found. Specify a valid name or ARN and try again.",
        ))
    }
}
