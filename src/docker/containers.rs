//! The containers of tasks on an engine: from its list, and from a closer look at those that matter. When to look is
//! decided in `engine`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::ListContainersOptions;
use futures::{StreamExt as _, stream};

use super::connect::Client;
use super::time;
use crate::model::{Arn, EngineContainer, Fault, Timestamp};

/// The labels that the ECS agent writes (`agent/engine/docker_task_engine.go`).
const TASK: &str = "com.amazonaws.ecs.task-arn";
const NAME: &str = "com.amazonaws.ecs.container-name";
const CLUSTER: &str = "com.amazonaws.ecs.cluster";

/// How the names of containers begin that only hold a task's network; Service Connect adds one for each container.
const PAUSE: &str = "~internal~ecs~pause";

/// How many containers are looked at closely at a time.
const AT_ONCE: usize = 8;

/// What only a closer look tells of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Details {
    /// The state that the list told when it was looked at.
    state: String,
    restarts: u32,
    oom_killed: bool,
    exit_code: Option<i64>,
    started_at: Option<Timestamp>,
}

/// Details by container id.
pub(super) type Known = BTreeMap<String, Details>;

/// What an engine has.
#[derive(Debug)]
pub(super) struct Listed {
    /// The containers of tasks, in the order of task, name and age.
    pub(super) containers: Vec<EngineContainer>,
    /// Those, by id, whose network is another container's: the engine tells the traffic of the whole task as theirs.
    pub(super) guests: BTreeSet<String>,
    /// The details that are known now.
    pub(super) known: Known,
}

/// Lists the containers of all tasks, ended ones too. Those of `watched` tasks are
/// looked at closely, unless that was done since they changed.
pub(super) async fn list(
    client: Client,
    watched: BTreeSet<Arn>,
    mut known: Known,
) -> Result<Listed, Fault> {
    let options = ListContainersOptions {
        all: true,
        filters: Some(HashMap::from([("label".to_owned(), vec![TASK.to_owned()])])),
        ..ListContainersOptions::default()
    };
    let mut listed = client
        .within(client.docker.list_containers(Some(options)))
        .await?;
    listed.sort_by_key(|summary| std::cmp::Reverse(summary.created));
    let mut containers: Vec<_> = listed.iter().filter_map(container).collect();
    let ids: BTreeSet<_> = containers.iter().map(|one| one.id.as_str()).collect();
    known.retain(|id, _| ids.contains(id.as_str()));
    let open = containers.iter().filter(|one| {
        let current = known
            .get(&one.id)
            .is_some_and(|details| details.state == one.state);
        !current && watched.contains(&one.task)
    });
    let open: Vec<_> = open
        .map(|one| (one.id.clone(), one.state.clone()))
        .collect();
    let looks = open.into_iter().map(|(id, state)| look(&client, id, state));
    let looks: Vec<_> = stream::iter(looks)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for look in looks {
        if let Some((id, details)) = look? {
            known.insert(id, details);
        }
    }
    for one in &mut containers {
        if let Some(details) = known
            .get(&one.id)
            .filter(|details| details.state == one.state)
        {
            one.restarts = details.restarts;
            one.oom_killed = details.oom_killed;
            one.exit_code = details.exit_code;
            one.started_at = details.started_at;
        }
    }
    containers.sort_by(|one, other| (&one.task, &one.name).cmp(&(&other.task, &other.name)));
    let guests = listed.iter().filter(|one| is_guest(one));
    Ok(Listed {
        guests: guests.filter_map(|one| one.id.clone()).collect(),
        containers,
        known,
    })
}

/// Looks at one container; none if it is gone by now.
async fn look(
    client: &Client,
    id: String,
    state: String,
) -> Result<Option<(String, Details)>, Fault> {
    let answer = async {
        match client.docker.inspect_container(&id, None).await {
            Err(Error::DockerResponseServerError {
                status_code: 404, ..
            }) => Ok(None),
            other => other.map(Some),
        }
    };
    let found = client.within(answer).await?;
    Ok(found.map(|found| (id, details(&found, state))))
}

/// Whether a container runs at this moment; none if it is not there any more.
pub(super) async fn is_running(client: &Client, id: &str) -> Result<Option<bool>, Fault> {
    let found = look(client, id.to_owned(), String::new()).await?;
    Ok(found.map(|(_, details)| details.exit_code.is_none()))
}

fn container(summary: &ContainerSummary) -> Option<EngineContainer> {
    let labels = summary.labels.as_ref()?;
    let label = |key| labels.get(key).cloned().unwrap_or_default();
    let name = label(NAME);
    let state = summary
        .state
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    Some(EngineContainer {
        id: summary.id.clone()?,
        task: Arn::new(labels.get(TASK)?),
        cluster: label(CLUSTER),
        is_pause: name.starts_with(PAUSE),
        name,
        state,
        restarts: 0,
        oom_killed: false,
        exit_code: summary.status.as_deref().and_then(exit_code),
        started_at: None,
    })
}

/// Whether a container uses the network of another one.
fn is_guest(summary: &ContainerSummary) -> bool {
    let mode = summary
        .host_config
        .as_ref()
        .and_then(|host| host.network_mode.as_deref());
    mode.is_some_and(|mode| mode.starts_with("container:"))
}

/// The exit code of a status in words: `Exited (137) 3 minutes ago`.
fn exit_code(status: &str) -> Option<i64> {
    let (code, _) = status.strip_prefix("Exited (")?.split_once(')')?;
    code.parse().ok()
}

fn details(found: &ContainerInspectResponse, state: String) -> Details {
    let now = found.state.as_ref();
    let runs = now.is_some_and(|now| now.running == Some(true));
    let started = now.and_then(|now| now.started_at.as_deref());
    let started_at = started.and_then(time::parse).map(|(at, _)| at);
    // What was never started bears the year 1.
    let started_at = started_at.filter(|at| at.0 > 0);
    let ended = !runs && started_at.is_some();
    Details {
        state,
        restarts: found
            .restart_count
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(0),
        oom_killed: now.is_some_and(|now| now.oom_killed == Some(true)),
        exit_code: now.and_then(|now| now.exit_code).filter(|_| ended),
        started_at,
    }
}
