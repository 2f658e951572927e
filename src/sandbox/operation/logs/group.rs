//! Log groups: those that the registered task definitions name; how requests name them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::sandbox::operation::page::Paging;
use crate::sandbox::operation::{Answer, Call, Fault};
use crate::sandbox::world::World;
use crate::sandbox::world::moment::Moment;

/// The most groups or streams on a page.
pub const PAGE: i64 = 50;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_class: Option<String>,
    limit: Option<i64>,
    next_token: Option<String>,
}

/// Describes log groups by name.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    let (prefix, pattern) = (input.log_group_name_prefix, input.log_group_name_pattern);
    if prefix.is_some() && pattern.is_some() {
        return Err(Fault::invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let paging = paging(input.limit, input.next_token)?;
    let standard = input
        .log_group_class
        .is_none_or(|class| class == "STANDARD");
    let wanted = |name: &str| {
        let pattern = pattern.as_ref().map(|pattern| pattern.to_lowercase());
        standard
            && prefix
                .as_ref()
                .is_none_or(|prefix| name.starts_with(prefix.as_str()))
            && pattern.is_none_or(|pattern| name.to_lowercase().contains(&pattern))
    };
    let groups = groups(call.world);
    let names = groups
        .keys()
        .filter(|name| wanted(name))
        .map(|name| (*name).to_owned());
    let (page, token) = paging.cut(50, names, |name| {
        let arn = arn(call.world, name);
        Some(json!({
            "logGroupName": name,
            "creationTime": groups.get(name.as_str()).map(|created| created.millis()),
            "metricFilterCount": 0,
            "arn": format!("{arn}:*"),
            "logGroupArn": arn,
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
            "retentionInDays": 30,
        }))
    })?;
    Ok(json!({"logGroups": page, "nextToken": token}))
}

/// The paging of the Describe operations of Logs.
pub fn paging(limit: Option<i64>, next_token: Option<String>) -> Result<Paging, Fault> {
    if limit.is_some_and(|limit| !(1..=PAGE).contains(&limit)) {
        return Err(out_of_range("limit", PAGE));
    }
    Ok(Paging {
        max_results: limit,
        next_token,
    })
}

/// The complaint about a number that is too large or too small.
pub fn out_of_range(member: &str, most: i64) -> Fault {
    Fault::invalid(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have value between 1 and {most}"
    ))
}

/// All groups with the time they were made.
fn groups(world: &World) -> BTreeMap<&str, Moment> {
    let mut groups = BTreeMap::new();
    for definition in &world.definitions {
        for group in definition.containers.iter().filter_map(|spec| spec.group()) {
            groups.entry(group).or_insert(definition.registered);
        }
    }
    groups
}

/// The ARN of a group, without the `:*` that stands for its streams.
pub fn arn(world: &World, group: &str) -> String {
    format!(
        "arn:aws:logs:{}:{}:log-group:{group}",
        world.region, world.account
    )
}

/// The name of the group that a request names, by a name or by a name or an ARN, if there is such a group.
pub fn named(world: &World, name: Option<&str>, identifier: Option<&str>) -> Result<String, Fault> {
    match (name, identifier) {
        (None, Some(identifier)) if identifier.starts_with("arn:") => of_arn(world, identifier),
        (Some(name), None) | (None, Some(name)) => existing(world, name),
        (None, None) => Err(Fault::invalid(
            "At least one of logGroupName and logGroupIdentifier has to be given.",
        )),
        (Some(_), Some(_)) => Err(Fault::invalid(
            "logGroupName and logGroupIdentifier cannot be used together.",
        )),
    }
}

/// The name of the group with an ARN, which must not end with `:*`.
pub fn of_arn(world: &World, arn: &str) -> Result<String, Fault> {
    let invalid = || Fault::invalid(format!("Invalid log group ARN: {arn}"));
    let group = arn.split(":log-group:").nth(1).ok_or_else(invalid)?;
    if !arn.starts_with("arn:") || group.ends_with('*') || group.contains(':') {
        return Err(invalid());
    }
    if self::arn(world, group) != arn {
        return Err(missing());
    }
    existing(world, group)
}

fn existing(world: &World, group: &str) -> Result<String, Fault> {
    let mut specs = world
        .definitions
        .iter()
        .flat_map(|definition| &definition.containers);
    let exists = specs.any(|spec| spec.group() == Some(group));
    exists.then(|| group.to_owned()).ok_or_else(missing)
}

fn missing() -> Fault {
    Fault::new(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
}
