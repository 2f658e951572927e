//! A revision of a task definition that is a copy of another but for one image.

use aws_sdk_ecs::types::{Tag, TaskDefinition, TaskDefinitionField};
use serde_json::Value;

use super::{Writing, ecs_once};
use crate::{
    aws::{Urgency, ecs, fault, raw::KeptBody},
    model::{Arn, Entity, Fault, FaultKind},
};

/// What AWS adds to a revision by itself (ECS API reference, `TaskDefinition`: the members that
/// `RegisterTaskDefinition` does not take).
const ADDED: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

impl Writing<'_> {
    /// Registers a copy of `base` with another image in one container, and makes sure by what AWS says of both that
    /// nothing else differs: a part of the revision that the SDK does not know yet would be lost without a word.
    pub(super) async fn register_with_image(
        &mut self,
        base: &Arn,
        container: &str,
        image: &str,
    ) -> Result<(Arn, Entity), Fault> {
        let (original, tags, before) = self.read_definition(base).await?;
        let copy = with_image(original, container, image).ok_or_else(|| Fault {
            kind: FaultKind::NotFound,
            op: "DescribeTaskDefinition".to_owned(),
            message: format!("{} has no container {container}", base.name()),
            hint: "nothing was sent".to_owned(),
        })?;
        let after = KeptBody::default();
        let request = self
            .clients
            .ecs
            .register_task_definition()
            .set_family(copy.family)
            .set_task_role_arn(copy.task_role_arn)
            .set_execution_role_arn(copy.execution_role_arn)
            .set_network_mode(copy.network_mode)
            .set_container_definitions(copy.container_definitions)
            .set_volumes(copy.volumes)
            .set_placement_constraints(copy.placement_constraints)
            .set_requires_compatibilities(copy.requires_compatibilities)
            .set_cpu(copy.cpu)
            .set_memory(copy.memory)
            .set_pid_mode(copy.pid_mode)
            .set_ipc_mode(copy.ipc_mode)
            .set_proxy_configuration(copy.proxy_configuration)
            .set_ephemeral_storage(copy.ephemeral_storage)
            .set_runtime_platform(copy.runtime_platform)
            .set_enable_fault_injection(copy.enable_fault_injection)
            .set_tags(own(tags))
            .customize()
            .config_override(ecs_once())
            .interceptor(after.clone());
        let operation = "RegisterTaskDefinition";
        let answer = self.write(operation, request.send()).await?;
        let registered = answer
            .task_definition()
            .map(|found| ecs::read_definition(found, answer.tags()))
            .ok_or_else(|| fault::nonsense(operation, "the answer has no revision".to_owned()))?;
        let lost = differences(&before, &after.text(operation)?, container);
        if !lost.is_empty() {
            self.written = format!(
                "{} was registered, the service does not run it",
                registered.arn.name()
            );
            return Err(Fault {
                kind: FaultKind::Refused,
                op: operation.to_owned(),
                message: format!(
                    "the copy of {} differs in more than the image: {}",
                    base.name(),
                    lost.join(", ")
                ),
                hint: "register the revision with a newer tool".to_owned(),
            });
        }
        let arn = registered.arn.clone();
        Ok((arn, Entity::Definition(Box::new(registered))))
    }

    async fn read_definition(
        &self,
        base: &Arn,
    ) -> Result<(TaskDefinition, Option<Vec<Tag>>, String), Fault> {
        let body = KeptBody::default();
        let operation = "DescribeTaskDefinition";
        let clients = self.clients;
        let answer = clients
            .call(
                operation,
                Urgency::Interactive,
                || {},
                || {
                    clients
                        .ecs
                        .describe_task_definition()
                        .task_definition(base.as_str())
                        .include(TaskDefinitionField::Tags)
                        .customize()
                        .interceptor(body.clone())
                        .send()
                },
            )
            .await?;
        let original = answer
            .task_definition
            .ok_or_else(|| fault::nonsense(operation, "the answer has no revision".to_owned()))?;
        Ok((original, answer.tags, body.text(operation)?))
    }
}

/// The revision with another image; none if it has no such container.
fn with_image(original: TaskDefinition, container: &str, image: &str) -> Option<TaskDefinition> {
    let mut copy = original;
    let known = copy
        .container_definitions
        .as_mut()?
        .iter_mut()
        .find(|known| known.name.as_deref() == Some(container))?;
    known.image = Some(image.to_owned());
    Some(copy)
}

/// The tags that can be set: those of AWS itself cannot. None rather than an empty list, which AWS refuses.
fn own(tags: Option<Vec<Tag>>) -> Option<Vec<Tag>> {
    let mut tags = tags?;
    tags.retain(|tag| !tag.key().is_some_and(|key| key.starts_with("aws:")));
    (!tags.is_empty()).then_some(tags)
}

/// The members in which two answers of AWS differ, the image of the container left out.
fn differences(before: &str, after: &str, container: &str) -> Vec<String> {
    let (Some(before), Some(after)) = (essence(before, container), essence(after, container))
    else {
        return vec!["an answer that is no JSON".to_owned()];
    };
    let mut names = Vec::new();
    compare("", &before, &after, &mut names);
    names
}

fn essence(answer: &str, container: &str) -> Option<Value> {
    let mut answer: Value = serde_json::from_str(answer).ok()?;
    let mut definition = answer.get_mut("taskDefinition")?.take();
    let members = definition.as_object_mut()?;
    for name in ADDED {
        members.remove(name);
    }
    let containers = members.get_mut("containerDefinitions")?.as_array_mut()?;
    for known in containers {
        let known = known.as_object_mut()?;
        if known.get("name").and_then(Value::as_str) == Some(container) {
            known.remove("image");
        }
        // The SDK writes the 0 out that other clients leave away (ECS API reference, `ContainerDefinition`, "cpu").
        known.entry("cpu").or_insert_with(|| Value::from(0));
    }
    Some(definition)
}

/// Whether a value says nothing: servers write out empty lists, or leave them away.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Notes the paths of what differs, not the values: they may be secret.
fn compare(path: &str, before: &Value, after: &Value, names: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(two)) => {
            let mut keys: Vec<_> = one.keys().chain(two.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let path = format!("{path}{}{key}", if path.is_empty() { "" } else { "." });
                let side = |side: &serde_json::Map<String, Value>| {
                    side.get(key).cloned().unwrap_or(Value::Null)
                };
                compare(&path, &side(one), &side(two), names);
            }
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
            // Servers return variables and the like in an order of their own.
            let same = one.iter().all(|item| two.contains(item));
            if !same {
                for (index, (one, two)) in one.iter().zip(two).enumerate() {
                    compare(&format!("{path}[{index}]"), one, two, names);
                }
            }
        }
        (one, two) if one == two || is_empty(one) && is_empty(two) => {}
        _ => names.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(image: &str, rest: &str) -> String {
        format!(
            r#"{{"taskDefinition":{{"family":"web","revision":1,"containerDefinitions":[{{"name":"app","image":"{image}"{rest}}}]}}}}"#
        )
    }

    #[test]
    fn another_image_is_no_difference_and_a_lost_member_is_one() {
        let whole = r#","environment":[{"name":"A","value":"1"}],"newFeature":{"on":true}"#;
        let before = answer("shop:1", whole);
        assert!(differences(&before, &answer("shop:2", whole), "app").is_empty());
        let lost = r#","environment":[{"name":"A","value":"1"}],"links":[]"#;
        let names = differences(&before, &answer("shop:2", lost), "app");
        assert_eq!(names, ["containerDefinitions[0].newFeature"]);
    }

    #[test]
    fn no_cpu_is_the_same_as_none_of_it() {
        let (before, after) = (answer("shop:1", ""), answer("shop:2", r#","cpu":0"#));
        assert!(differences(&before, &after, "app").is_empty());
        let names = differences(&before, &answer("shop:2", r#","cpu":1"#), "app");
        assert_eq!(names, ["containerDefinitions[0].cpu"]);
    }

    #[test]
    fn differences_name_members_and_never_values() {
        let before = answer("shop:1", r#","environment":[{"name":"A","value":"hush"}]"#);
        let after = answer("shop:2", r#","environment":[{"name":"A","value":"quiet"}]"#);
        let names = differences(&before, &after, "app");
        assert_eq!(names, ["containerDefinitions[0].environment[0].value"]);
    }

    #[test]
    fn another_container_keeps_its_image() {
        let before = answer("shop:1", "");
        let names = differences(&before, &answer("shop:2", ""), "sidecar");
        assert_eq!(names, ["containerDefinitions[0].image"]);
    }

    #[test]
    fn tags_of_aws_itself_are_left_out() {
        let tag = |key: &str| Tag::builder().key(key).value("x").build();
        assert_eq!(own(Some(vec![tag("aws:cloudformation:stack")])), None);
        let kept = own(Some(vec![tag("aws:a"), tag("team")]));
        assert_eq!(kept, Some(vec![tag("team")]));
    }
}
