//! Application Auto Scaling: `DescribeScalableTargets`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::Paging;
use super::{Answer, Call, Fault, Operation, operation};
use crate::sandbox::quota::Bucket;
use crate::sandbox::world::World;
use crate::sandbox::world::chance;
use crate::sandbox::world::service::ServiceKey;

/// All operations of the front of Application Auto Scaling.
pub const OPERATIONS: &[Operation] = &[operation(
    "DescribeScalableTargets",
    Bucket::ScalingRead,
    describe,
)];

/// The most targets on a page, and ids in a request.
const MOST: i64 = 50;
const DIMENSION: &str = "ecs:service:DesiredCount";

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Input {
    service_namespace: String,
    resource_ids: Vec<String>,
    scalable_dimension: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// Describes the services that scale between two counts, fifty to a page.
fn describe(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    if input.service_namespace.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value null at 'serviceNamespace' failed to satisfy constraint: Member must not be null",
        ));
    }
    if input.resource_ids.len() > 50 {
        return Err(invalid(
            "1 validation error detected: Value at 'resourceIds' failed to satisfy constraint: Member must have length less than or equal to 50",
        ));
    }
    let world = &*call.world;
    let asked = input.service_namespace == "ecs"
        && input
            .scalable_dimension
            .as_deref()
            .is_none_or(|dimension| dimension == DIMENSION);
    let scaled = world.director.scaled.iter().filter(|_| asked);
    let mut targets: Vec<(String, ServiceKey, u32, u32)> = scaled
        .map(|(key, least, most)| (resource(world, *key), *key, *least, *most))
        .filter(|(id, ..)| input.resource_ids.is_empty() || input.resource_ids.contains(id))
        .collect();
    targets.sort_unstable();
    let paging = Paging {
        max_results: input.max_results,
        next_token: input.next_token,
    };
    let show = |id: &String| {
        let index = targets.binary_search_by(|target| target.0.cmp(id)).ok()?;
        let (id, key, least, most) = targets.get(index)?;
        Some(render(world, id, *key, *least, *most))
    };
    let ids = targets.iter().map(|target| target.0.clone());
    let (page, token) =
        paging
            .cut_at_most(MOST, 50, ids, show)
            .map_err(|fault| match fault.message.as_str() {
                "Invalid token." => Fault::new("InvalidNextTokenException", "Invalid nextToken."),
                _ => invalid(fault.message),
            })?;
    Ok(json!({"ScalableTargets": page, "NextToken": token}))
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

/// The id of a service as a scalable target.
fn resource(world: &World, key: ServiceKey) -> String {
    let service = world.service(key);
    format!(
        "service/{}/{}",
        world.cluster(service.cluster).name,
        service.name
    )
}

fn render(world: &World, id: &str, key: ServiceKey, least: u32, most: u32) -> Value {
    let World {
        region, account, ..
    } = world;
    let number = chance::digest_of(id);
    let number = number.get(7..35).unwrap_or_default();
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": least,
        "MaxCapacity": most,
        "RoleARN": format!("arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"),
        "CreationTime": world.service(key).created,
        "SuspendedState": {
            "DynamicScalingInSuspended": false,
            "DynamicScalingOutSuspended": false,
            "ScheduledScalingSuspended": false,
        },
        "ScalableTargetARN": format!("arn:aws:application-autoscaling:{region}:{account}:scalable-target/0ec5{number}"),
    })
}
