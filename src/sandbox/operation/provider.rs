//! `DescribeCapacityProviders`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::find::arn_or_name;
use super::page::Paging;
use super::{Answer, Call, Fault, check_include, missing};
use crate::sandbox::world::World;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    capacity_providers: Vec<String>,
    cluster: Option<String>,
    include: Vec<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Describes the named capacity providers, or all of them page by page.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let Input {
        capacity_providers: names,
        cluster,
        include,
        paging,
    } = call.input()?;
    check_include(&include, &["TAGS"])?;
    let world = &*call.world;
    if let Some(cluster) = &cluster {
        world.find_cluster(Some(cluster))?;
    }
    if names.len() > 100 {
        return Err(Fault::invalid(
            "capacityProviders can have at most 100 items.",
        ));
    }
    if names.is_empty() {
        let fargate = ["FARGATE", "FARGATE_SPOT"].map(str::to_owned);
        let mut known: Vec<String> = fargate
            .into_iter()
            .chain(world.providers.keys().cloned())
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
    if let "FARGATE" | "FARGATE_SPOT" = name {
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
