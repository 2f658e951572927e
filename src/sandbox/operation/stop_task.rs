//! `StopTask`.

use serde::Deserialize;
use serde_json::json;

use super::task::render;
use super::{Answer, Call, Fault};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    cluster: Option<String>,
    task: String,
    reason: Option<String>,
}

/// Asks a task to stop; its service replaces it.
pub fn stop(call: &mut Call<'_>) -> Answer {
    let Input {
        cluster,
        task,
        reason,
    } = call.input()?;
    let cluster = call.world.find_cluster(cluster.as_deref())?;
    let not_found = || Fault::invalid("The referenced task was not found.");
    let key = call.world.task_key(cluster, &task).ok_or_else(not_found)?;
    let reason = reason.unwrap_or_else(|| "Task stopped by user".to_owned());
    call.world
        .stop_task(key, "UserInitiated", &reason, call.dice);
    let task = call.world.tasks.get(&key).ok_or_else(not_found)?;
    Ok(json!({"task": render(call.world, task, true)}))
}
