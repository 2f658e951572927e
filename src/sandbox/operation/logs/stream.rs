//! Log streams: one for each container of a task that has started, as long as the task can be read.

use std::cmp::Reverse;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::group::{self, paging};
use crate::sandbox::operation::{Answer, Call, Fault};
use crate::sandbox::world::World;
use crate::sandbox::world::definition::Definition;
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::output::{self, Line};
use crate::sandbox::world::task::{Task, TaskKey};

/// The stream of a container.
#[derive(Clone, Debug)]
pub struct Stream<'a> {
    /// Its name: `<prefix>/<container>/<task id>`, or the runtime's id of the container where there is no prefix.
    pub name: String,
    /// When the container started.
    pub started: Moment,
    task: &'a Task,
    definition: &'a Definition,
    container: usize,
}

impl<'a> Stream<'a> {
    fn of(
        definition: &'a Definition,
        task: &'a Task,
        container: usize,
        group: &str,
    ) -> Option<Self> {
        let spec = definition.containers.get(container)?;
        let (started, _) = task.life(container)?;
        if spec.group()? != group {
            return None;
        }
        let name = match spec.stream_prefix() {
            Some(prefix) => format!("{prefix}/{}/{}", spec.name, task.key.id()),
            None => task.runtime_id(container)?,
        };
        Some(Self {
            name,
            started,
            task,
            definition,
            container,
        })
    }

    /// What was written in `[from, to)`; `to` must not lie in the future.
    pub fn lines(&self, from: Moment, to: Moment) -> Vec<Line> {
        output::lines(self.task, self.definition, self.container, from, to)
    }

    /// When the last line up to `now` was written.
    fn last(&self, now: Moment) -> Option<Moment> {
        let mut end = self
            .task
            .life(self.container)?
            .1
            .map_or(now, |ended| (ended + Duration::from_millis(1)).min(now));
        let mut width = Duration::from_secs(2);
        while end > self.started {
            let begin = (end - width).max(self.started);
            if let Some(line) = self.lines(begin, end).last() {
                return Some(line.at);
            }
            end = begin;
            width *= 2;
        }
        None
    }
}

/// All streams of a group.
pub fn all<'a>(world: &'a World, group: &str) -> Vec<Stream<'a>> {
    let mut streams = Vec::new();
    for task in world.tasks.values() {
        let definition = world.definition(task.definition);
        let containers = 0..definition.containers.len();
        streams.extend(containers.filter_map(|index| Stream::of(definition, task, index, group)));
    }
    streams
}

/// The stream with a name.
pub fn named<'a>(world: &'a World, group: &str, name: &str) -> Result<Stream<'a>, Fault> {
    let missing = || {
        Fault::new(
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        )
    };
    // The task's id stands at the end of the names with a prefix: no need to look at every task.
    let key = name
        .rsplit('/')
        .next()
        .and_then(|id| u128::from_str_radix(id, 16).ok());
    if let Some(task) = key.and_then(|key| world.tasks.get(&TaskKey(key))) {
        let definition = world.definition(task.definition);
        let mut streams = (0..definition.containers.len())
            .filter_map(|index| Stream::of(definition, task, index, group));
        return streams
            .find(|stream| stream.name == name)
            .ok_or_else(missing);
    }
    let streams = all(world, group).into_iter();
    streams
        .into_iter()
        .find(|stream| stream.name == name)
        .ok_or_else(missing)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: bool,
    limit: Option<i64>,
    next_token: Option<String>,
}

/// Describes the streams of a group, by name or by their last event.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let input: Input = call.input()?;
    let by_time = match input.order_by.as_deref() {
        None | Some("LogStreamName") => false,
        Some("LastEventTime") => true,
        Some(other) => {
            return Err(Fault::invalid(format!(
                "1 validation error detected: Value '{other}' at 'orderBy' failed to satisfy constraint: Member must satisfy enum value set: [LogStreamName, LastEventTime]"
            )));
        }
    };
    if by_time && input.log_stream_name_prefix.is_some() {
        return Err(Fault::invalid(
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        ));
    }
    let world = &*call.world;
    let group = group::named(
        world,
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )?;
    let paging = paging(input.limit, input.next_token)?;
    let prefix = input.log_stream_name_prefix.unwrap_or_default();
    let mut streams: Vec<(String, Stream<'_>)> = all(world, &group)
        .into_iter()
        .filter(|stream| stream.name.starts_with(&prefix))
        .map(|stream| {
            let last = by_time.then(|| stream.last(world.now)).flatten();
            let last = last.map_or(0, Moment::millis);
            (format!("{last:016}/{}", stream.name), stream)
        })
        .collect();
    streams.sort_by(|one, other| one.0.cmp(&other.0));
    let find = |key: &String| streams.binary_search_by(|(it, _)| it.cmp(key)).ok();
    let show = |key: &String| Some(render(world, &group, &streams.get(find(key)?)?.1));
    let keys = streams.iter().map(|(key, _)| key.clone());
    let (page, token) = if input.descending {
        paging.cut(50, keys.rev().map(Reverse), |key| show(&key.0))?
    } else {
        paging.cut(50, keys, show)?
    };
    Ok(json!({"logStreams": page, "nextToken": token}))
}

fn render(world: &World, group: &str, stream: &Stream<'_>) -> Value {
    let last = stream.last(world.now).map(Moment::millis);
    json!({
        "logStreamName": stream.name,
        "creationTime": stream.started.millis(),
        "firstEventTimestamp": last.map(|_| stream.started.millis()),
        "lastEventTimestamp": last,
        "lastIngestionTime": last,
        "uploadSequenceToken": "49039859598463958469584683456",
        "arn": format!("{}:log-stream:{}", group::arn(world, group), stream.name),
        "storedBytes": 0,
    })
}
