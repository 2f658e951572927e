//! ECS, one file per kind of thing: which operations bring it, and how the SDK's type becomes the model's.

mod clusters;
mod definitions;
mod instances;
mod pool;
mod services;
mod tasks;
pub(super) mod words;

/// The most that a page of any ECS list holds (ECS API reference, `maxResults`).
const PAGE: i32 = 100;

pub(super) use clusters::FIELDS as CLUSTER_FIELDS;
pub(super) use definitions::read_definition;
pub(super) use instances::{FIELDS as INSTANCE_FIELDS, read_instance};
pub(super) use services::read_service;
pub(super) use tasks::read_task;
