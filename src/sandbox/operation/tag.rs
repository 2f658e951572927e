//! `ListTagsForResource`.

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, Fault};
use crate::sandbox::world::World;
use crate::sandbox::world::cluster::Tag;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    resource_arn: String,
}

/// Lists the tags of the resource with this ARN.
pub fn list(call: &mut Call<'_>) -> Answer {
    let Input { resource_arn } = call.input()?;
    let tags = tags(call.world, &resource_arn)?;
    Ok(json!({"tags": tags}))
}

fn tags<'a>(world: &'a World, arn: &str) -> Result<&'a [Tag], Fault> {
    let not_found = || {
        Fault::invalid(
            "The specified resource is not found. Specify a valid resource and try again.",
        )
    };
    let resource = arn
        .splitn(6, ':')
        .nth(5)
        .filter(|_| arn.starts_with("arn:"))
        .ok_or_else(not_found)?;
    let (kind, rest) = resource.split_once('/').ok_or_else(not_found)?;
    let cluster = || {
        rest.split('/')
            .next()
            .and_then(|name| world.cluster_key(name))
    };
    match kind {
        "cluster" => world
            .cluster_key(arn)
            .map(|key| world.cluster(key).tags.as_slice()),
        "service" => cluster()
            .and_then(|cluster| world.service_key(cluster, arn))
            .map(|key| world.service(key).tags.as_slice()),
        "task" => cluster()
            .and_then(|cluster| world.task_key(cluster, arn))
            .and_then(|key| world.tasks.get(&key))
            .map(|task| task.tags.as_slice()),
        "task-definition" => world
            .definition_key(arn)
            .map(|key| world.definition(key).tags.as_slice()),
        "container-instance" => cluster()
            .and_then(|cluster| world.instance_key(cluster, arn))
            .map(|_| [].as_slice()),
        _ => None,
    }
    .ok_or_else(not_found)
}
