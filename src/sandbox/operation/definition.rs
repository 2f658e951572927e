//! `DescribeTaskDefinition`, `ListTaskDefinitions` and `ListTaskDefinitionFamilies`.

use std::cmp::Reverse;

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::Paging;
use super::{Answer, Call, Fault, check_include, includes};
use crate::sandbox::world::World;
use crate::sandbox::world::definition::{Definition, NetworkMode};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DescribeInput {
    task_definition: String,
    include: Vec<String>,
}

/// Describes one revision; the latest active one when only the family is named.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let DescribeInput {
        task_definition,
        include,
    } = call.input()?;
    check_include(&include, &["TAGS"])?;
    let world = &*call.world;
    let key = world
        .definition_key(&task_definition)
        .ok_or_else(|| Fault::client("Unable to describe task definition."))?;
    let definition = world.definition(key);
    let tags = includes(&include, "TAGS").then_some(&definition.tags);
    Ok(json!({"taskDefinition": render(world, definition), "tags": tags}))
}

/// A task definition as the API shows it.
pub fn render(world: &World, definition: &Definition) -> Value {
    let mut document = definition.body.clone();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("taskDefinitionArn", json!(world.definition_arn(definition)));
    put("family", json!(definition.family));
    put("revision", json!(definition.revision));
    put(
        "status",
        json!(if definition.active {
            "ACTIVE"
        } else {
            "INACTIVE"
        }),
    );
    put("requiresAttributes", requires_attributes(definition));
    put("compatibilities", compatibilities(definition));
    put("registeredAt", json!(definition.registered));
    put(
        "registeredBy",
        json!(format!("arn:aws:iam::{}:role/deployer", world.account)),
    );
    Value::Object(document)
}

/// Whether tasks of this definition can run on Fargate.
pub fn fits_fargate(definition: &Definition) -> bool {
    definition.network == NetworkMode::Awsvpc
        && definition.cpu.is_some()
        && definition.memory.is_some()
}

fn compatibilities(definition: &Definition) -> Value {
    if fits_fargate(definition) {
        json!(["EC2", "FARGATE"])
    } else {
        json!(["EXTERNAL", "EC2"])
    }
}

/// The instance attributes that the document calls for.
fn requires_attributes(definition: &Definition) -> Value {
    let containers = definition
        .body
        .get("containerDefinitions")
        .and_then(Value::as_array);
    let any = |test: &dyn Fn(&Value) -> bool| containers.is_some_and(|list| list.iter().any(test));
    let mut names = Vec::new();
    if any(&|container| container["logConfiguration"]["logDriver"] == "awslogs") {
        names.push("com.amazonaws.ecs.capability.logging-driver.awslogs");
        names.push("ecs.capability.execution-role-awslogs");
    }
    if any(&|container| {
        container["image"]
            .as_str()
            .is_some_and(|image| image.contains(".dkr.ecr."))
    }) {
        names.push("com.amazonaws.ecs.capability.ecr-auth");
    }
    if definition.body.contains_key("taskRoleArn") {
        names.push("com.amazonaws.ecs.capability.task-iam-role");
    }
    if any(&|container| {
        container["secrets"]
            .as_array()
            .is_some_and(|secrets| !secrets.is_empty())
    }) {
        names.push("ecs.capability.secrets.ssm.environment-variables");
    }
    if definition.has_health_check() {
        names.push("ecs.capability.container-health-check");
    }
    if definition.network == NetworkMode::Awsvpc {
        names.push("ecs.capability.task-eni");
    }
    names.push("com.amazonaws.ecs.capability.docker-remote-api.1.29");
    names
        .into_iter()
        .map(|name| json!({"name": name}))
        .collect()
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListInput {
    family_prefix: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Lists revisions by family and revision, in the order asked for; `familyPrefix` is the whole family here.
pub fn list(call: &mut Call<'_>) -> Answer {
    let input: ListInput = call.input()?;
    let world = &*call.world;
    let active = match input.status.as_deref().unwrap_or("ACTIVE") {
        "ACTIVE" => true,
        "INACTIVE" | "DELETE_IN_PROGRESS" => false,
        other => return Err(Fault::invalid(format!("Unknown status: {other}."))),
    };
    let wanted = |family: &str| {
        input
            .family_prefix
            .as_deref()
            .is_none_or(|prefix| prefix == family)
    };
    let revisions = world
        .families
        .iter()
        .filter(|(family, _)| wanted(family))
        .flat_map(|(_, keys)| keys)
        .map(|key| world.definition(*key))
        .filter(|definition| definition.active == active)
        .map(|definition| (definition.family.clone(), definition.revision));
    let arn = |(family, revision): &(String, u32)| {
        Some(world.arn(&format!("task-definition/{family}:{revision}")))
    };
    let (page, token) = match input.sort.as_deref().unwrap_or("ASC") {
        "ASC" => input.paging.cut(100, revisions, arn)?,
        "DESC" => {
            let mut revisions: Vec<_> = revisions.map(Reverse).collect();
            revisions.sort_unstable();
            input.paging.cut(100, revisions, |Reverse(key)| arn(key))?
        }
        other => return Err(Fault::invalid(format!("Unknown sort order: {other}."))),
    };
    Ok(json!({"taskDefinitionArns": page, "nextToken": token}))
}

/// Lists families by prefix.
pub fn families(call: &mut Call<'_>) -> Answer {
    let input: ListInput = call.input()?;
    let world = &*call.world;
    let status = input.status.as_deref().unwrap_or("ALL");
    if !["ACTIVE", "INACTIVE", "ALL"].contains(&status) {
        return Err(Fault::invalid(format!("Unknown status: {status}.")));
    }
    let prefix = input.family_prefix.as_deref().unwrap_or_default();
    let show = |family: &String| {
        let mut keys = world.families.get(family)?.iter();
        let active = keys.any(|key| world.definition(*key).active);
        let wanted = status == "ALL" || active == (status == "ACTIVE");
        (wanted && family.starts_with(prefix)).then(|| family.clone())
    };
    let (page, token) = input
        .paging
        .cut(100, world.families.keys().cloned(), show)?;
    Ok(json!({"families": page, "nextToken": token}))
}
