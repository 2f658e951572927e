//! `RegisterTaskDefinition`.

use serde_json::{Value, json};

use super::definition::render;
use super::{Answer, Call, Fault};
use crate::sandbox::world::cluster::Tag;

/// Registers the next revision of a family. How its tasks behave follows from the tag of the first image: see
/// [`Conduct::of_image`](crate::sandbox::world::definition::Conduct::of_image).
pub fn register(call: &mut Call<'_>) -> Answer {
    let Value::Object(mut body) = call.body.take() else {
        return Err(Fault::new(
            "SerializationException",
            "The request has to be an object.",
        ));
    };
    let family = match body.remove("family") {
        Some(Value::String(family)) => family,
        Some(_) => {
            return Err(Fault::new(
                "SerializationException",
                "family has to be a string.",
            ));
        }
        None => return Err(Fault::client("Family should not be null or empty.")),
    };
    if family.is_empty() || family.len() > 255 || !family.bytes().all(is_family_byte) {
        return Err(Fault::client(
            "Family contains invalid characters. It may have letters, digits, hyphens and underscores, at most 255 of them.",
        ));
    }
    let tags: Vec<Tag> = body
        .remove("tags")
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| Fault::new("SerializationException", error.to_string()))?
        .unwrap_or_default();
    for member in ["volumes", "placementConstraints"] {
        body.entry(member).or_insert_with(|| json!([]));
    }
    complete_containers(&mut body);
    let now = call.world.now;
    let key = call
        .world
        .register(&family, body, now, None)
        .map_err(Fault::client)?;
    if let Some(definition) = call.world.definitions.get_mut(key.0) {
        definition.tags.clone_from(&tags);
    }
    Ok(json!({"taskDefinition": render(call.world, call.world.definition(key)), "tags": tags}))
}

fn is_family_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// Adds the members that the service fills in when a client leaves them out.
fn complete_containers(body: &mut serde_json::Map<String, Value>) {
    let Some(containers) = body
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    for container in containers.iter_mut().filter_map(Value::as_object_mut) {
        for member in [
            "portMappings",
            "environment",
            "mountPoints",
            "volumesFrom",
            "systemControls",
        ] {
            container.entry(member).or_insert_with(|| json!([]));
        }
        container.entry("cpu").or_insert_with(|| json!(0));
        container.entry("essential").or_insert_with(|| json!(true));
    }
}
