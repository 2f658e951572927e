//! Live tails: what a session wants and what its updates say. Frames and waiting are in `front`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::events::{STREAMS, ingested};
use super::pattern::Pattern;
use super::scan::Scan;
use super::{group, stream};
use crate::sandbox::operation::{Call, Fault};
use crate::sandbox::world::World;
use crate::sandbox::world::moment::Moment;

/// The time between two updates.
const PACE: Duration = Duration::from_secs(1);
/// The most events of an update.
const UPDATE: usize = 500;
/// How long a session lasts at most.
const LONGEST: Duration = Duration::from_hours(3);
/// The most log groups of a session.
const GROUPS: usize = 10;

/// How live tails go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LiveTail {
    /// They go on.
    #[default]
    Works,
    /// None may be started: `AccessDeniedException`.
    Denied,
    /// Each ends with a `SessionTimeoutException` after this many updates, also those that are open.
    EndsAfter(u32),
}

/// A live tail.
#[derive(Debug)]
pub struct Session {
    input: Input,
    groups: Vec<String>,
    pattern: Pattern,
    began: Moment,
    seen: Moment,
    updates: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Input {
    #[serde(rename = "logGroupIdentifiers")]
    groups: Vec<String>,
    #[serde(rename = "logStreamNames")]
    names: Option<Vec<String>>,
    #[serde(rename = "logStreamNamePrefixes")]
    prefixes: Option<Vec<String>>,
    #[serde(rename = "logEventFilterPattern")]
    pattern: Option<String>,
}

/// What comes next in a session.
#[derive(Debug)]
pub enum Step {
    /// It is too early.
    Wait,
    /// A `sessionUpdate`.
    Update(Value),
    /// The end.
    Ends(Fault),
}

/// Begins a live tail of what is written from now on.
pub fn start(call: &mut Call<'_>) -> Result<Session, Fault> {
    let input: Input = call.input()?;
    let groups = &input.groups;
    if groups.is_empty() || groups.len() > GROUPS {
        return Err(Fault::invalid(format!(
            "1 validation error detected: Value at 'logGroupIdentifiers' failed to satisfy constraint: Member must have length between 1 and {GROUPS}"
        )));
    }
    let (names, prefixes) = (&input.names, &input.prefixes);
    if names.is_some() && prefixes.is_some() {
        return Err(Fault::invalid(
            "logStreamNames and logStreamNamePrefixes cannot be used together.",
        ));
    }
    for (member, list) in [
        ("logStreamNames", names),
        ("logStreamNamePrefixes", prefixes),
    ] {
        let Some(list) = list else { continue };
        if groups.len() > 1 {
            return Err(Fault::invalid(format!(
                "{member} can be used with one log group only."
            )));
        }
        if list.is_empty() || list.len() > STREAMS {
            return Err(Fault::invalid(format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length between 1 and {STREAMS}"
            )));
        }
    }
    let pattern = Pattern::read(input.pattern.as_deref())?;
    let groups = groups.iter().map(|arn| group::of_arn(call.world, arn));
    let groups = groups.collect::<Result<_, _>>()?;
    let now = call.world.now;
    Ok(Session {
        input,
        groups,
        pattern,
        began: now,
        seen: now,
        updates: 0,
    })
}

impl Session {
    /// The `sessionStart`.
    pub fn begins(&self, session: &str, request: &str) -> Value {
        let input = &self.input;
        json!({
            "requestId": request,
            "sessionId": session,
            "logGroupIdentifiers": input.groups,
            "logStreamNames": input.names.clone().unwrap_or_default(),
            "logStreamNamePrefixes": input.prefixes.clone().unwrap_or_default(),
            "logEventFilterPattern": input.pattern.clone().unwrap_or_default(),
        })
    }

    /// What comes next: at most one update in a second of the world.
    pub fn step(&mut self, world: &World, mode: LiveTail) -> Step {
        if world.now < self.seen + PACE {
            return Step::Wait;
        }
        let over = matches!(mode, LiveTail::EndsAfter(updates) if self.updates >= updates);
        if over || world.now >= self.began + LONGEST {
            return Step::Ends(Fault::new(
                "SessionTimeoutException",
                "The session has timed out.",
            ));
        }
        let events = self.events(world);
        let (count, kept) = (events.len(), events.len().min(UPDATE));
        // Evenly, as a sample is.
        let sample = |index: usize| (index + 1) * kept / count > index * kept / count;
        let events = events.into_iter().enumerate();
        let results = events.filter_map(|(index, event)| sample(index).then_some(event));
        let results: Vec<Value> = results.collect();
        self.seen = world.now;
        self.updates += 1;
        Step::Update(json!({
            "sessionMetadata": {"sampled": count > kept},
            "sessionResults": results,
        }))
    }

    fn events(&self, world: &World) -> Vec<Value> {
        let mut found = Vec::new();
        for name in &self.groups {
            let mut streams = self.streams(world, name);
            streams.sort_by(|one, other| one.name.cmp(&other.name));
            let arn = group::arn(world, name);
            let scan = Scan {
                streams: &streams,
                pattern: &self.pattern,
                from: self.seen,
                to: world.now,
                limit: usize::MAX,
            };
            let events = scan.between(self.seen, world.now).into_iter();
            found.extend(
                events
                    .filter(|event| self.pattern.matches(&event.text))
                    .map(|event| {
                        let shown = json!({
                            "logStreamName": event.stream,
                            "logGroupIdentifier": arn,
                            "message": event.text,
                            "timestamp": event.at,
                            "ingestionTime": ingested(&event),
                        });
                        (event.at, shown)
                    }),
            );
        }
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, shown)| shown).collect()
    }

    /// The streams that are wanted and there by now: those of new tasks join.
    fn streams<'a>(&self, world: &'a World, group: &str) -> Vec<stream::Stream<'a>> {
        if let Some(names) = &self.input.names {
            let found = names
                .iter()
                .map(|name| stream::named(world, group, name).ok());
            return found.flatten().collect();
        }
        let mut streams = stream::all(world, group);
        if let Some(prefixes) = &self.input.prefixes {
            streams.retain(|stream| {
                prefixes
                    .iter()
                    .any(|prefix| stream.name.starts_with(prefix.as_str()))
            });
        }
        streams
    }
}
