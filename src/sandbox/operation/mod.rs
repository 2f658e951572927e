//! The operations of the simulated API: one table of all of them, and what they share. Wire framing is in `front`.

mod cluster;
mod definition;
mod deployment;
pub mod ecr;
mod find;
mod identity;
mod instance;
pub mod logs;
pub mod metrics;
mod page;
mod provider;
mod register;
mod run_task;
pub mod scaling;
mod service;
mod stop_deployment;
mod stop_task;
mod tag;
mod task;
mod update_service;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::quota::Bucket;
use super::world::World;
use super::world::chance::Dice;

pub use identity::caller;

/// An error answer: the code and the message of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The error code, for instance `ClusterNotFoundException`.
    pub code: &'static str,
    /// The message.
    pub message: String,
}

impl Fault {
    /// An error with this code and message.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// An `InvalidParameterException`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    /// A `ClientException`.
    pub fn client(message: impl Into<String>) -> Self {
        Self::new("ClientException", message)
    }
}

/// What an operation gives back: the body of the answer.
pub type Answer = Result<Value, Fault>;

/// One call: the world it acts on and what the client sent.
pub struct Call<'a> {
    /// The world.
    pub world: &'a mut World,
    /// Chance.
    pub dice: &'a mut Dice,
    /// The request's body.
    pub body: Value,
}

impl Call<'_> {
    /// The body as the input of an operation; a member of the wrong type is a `SerializationException`.
    fn input<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        serde_json::from_value(self.body.take())
            .map_err(|error| Fault::new("SerializationException", error.to_string()))
    }
}

/// An operation of the API.
pub struct Operation {
    /// Its name.
    pub name: &'static str,
    /// The quota it counts against.
    pub bucket: Bucket,
    /// What it does.
    pub run: Run,
}

/// What an operation does.
#[derive(Clone, Copy)]
pub enum Run {
    /// It answers at once.
    Answer(fn(&mut Call<'_>) -> Answer),
    /// Its answer goes on.
    LiveTail(fn(&mut Call<'_>) -> Result<logs::Session, Fault>),
}

const fn operation(
    name: &'static str,
    bucket: Bucket,
    run: fn(&mut Call<'_>) -> Answer,
) -> Operation {
    Operation {
        name,
        bucket,
        run: Run::Answer(run),
    }
}

/// All operations of the ECS front.
pub const OPERATIONS: &[Operation] = &[
    operation("ListClusters", Bucket::ClusterRead, cluster::list),
    operation("DescribeClusters", Bucket::ClusterRead, cluster::describe),
    operation("ListServices", Bucket::ServiceRead, service::list),
    operation("DescribeServices", Bucket::ServiceRead, service::describe),
    operation("ListTasks", Bucket::ClusterResourceRead, task::list),
    operation("DescribeTasks", Bucket::ClusterResourceRead, task::describe),
    operation(
        "ListContainerInstances",
        Bucket::ClusterResourceRead,
        instance::list,
    ),
    operation(
        "DescribeContainerInstances",
        Bucket::ClusterResourceRead,
        instance::describe,
    ),
    operation(
        "DescribeTaskDefinition",
        Bucket::DefinitionRead,
        definition::describe,
    ),
    operation(
        "ListTaskDefinitions",
        Bucket::DefinitionRead,
        definition::list,
    ),
    operation(
        "ListTaskDefinitionFamilies",
        Bucket::DefinitionRead,
        definition::families,
    ),
    operation(
        "DescribeCapacityProviders",
        Bucket::ProviderRead,
        provider::describe,
    ),
    operation(
        "ListServiceDeployments",
        Bucket::DeploymentRead,
        deployment::list,
    ),
    operation(
        "DescribeServiceDeployments",
        Bucket::DeploymentRead,
        deployment::describe,
    ),
    operation(
        "DescribeServiceRevisions",
        Bucket::RevisionRead,
        deployment::revisions,
    ),
    operation(
        "StopServiceDeployment",
        Bucket::ServiceModify,
        stop_deployment::stop,
    ),
    operation("ListTagsForResource", Bucket::TagRead, tag::list),
    operation(
        "UpdateService",
        Bucket::ServiceModify,
        update_service::update,
    ),
    operation("StopTask", Bucket::ClusterResourceModify, stop_task::stop),
    operation(
        "UpdateContainerInstancesState",
        Bucket::ClusterResourceModify,
        instance::update_state,
    ),
    operation("RunTask", Bucket::ClusterResourceModify, run_task::run),
    operation(
        "RegisterTaskDefinition",
        Bucket::DefinitionModify,
        register::register,
    ),
];

/// The entry of a `failures[]` list for something that does not exist.
fn missing(arn: impl Into<String>) -> Value {
    json!({"arn": arn.into(), "reason": "MISSING"})
}

/// Removes null members at every depth: the API leaves out what it does not know.
pub fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, member| !member.is_null());
            map.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Refuses values of `include` that the operation does not know.
fn check_include(include: &[String], known: &[&str]) -> Result<(), Fault> {
    match include.iter().find(|word| !known.contains(&word.as_str())) {
        None => Ok(()),
        Some(word) => Err(Fault::invalid(format!(
            "Unknown include value: {word}. Valid values are {}.",
            known.join(", ")
        ))),
    }
}

/// Whether `include` asks for something.
fn includes(include: &[String], word: &str) -> bool {
    include.iter().any(|item| item == word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::{OPERATIONS, without_nulls};

    #[test]
    fn every_operation_is_named_once() {
        let names: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
        assert_eq!(names.len(), OPERATIONS.len());
    }

    #[test]
    fn nulls_go_and_empty_lists_stay() {
        let mut value = json!({"a": null, "b": [], "c": [{"d": null, "e": 0}]});
        without_nulls(&mut value);
        assert_eq!(value, json!({"b": [], "c": [{"e": 0}]}));
    }
}
