//! Events of an engine: read from what the world knows of its tasks, so that the past has them too.

use std::time::Duration;

use serde_json::{Value, json};

use super::host::{self, Host, Part, Unit};
use super::route::{Events, Filters};
use super::stream::{self, Body, Step};
use crate::sandbox::lock;
use crate::sandbox::world::World;
use crate::sandbox::world::instance::InstanceKey;
use crate::sandbox::world::moment::Moment;

/// The most events of the past that an engine keeps.
const KEPT: usize = 256;
/// The smallest step of the world's clock.
const STEP: Duration = Duration::from_millis(1);

/// Something that happened to a container.
#[derive(Debug)]
struct Happening<'a> {
    at: Moment,
    unit: Unit<'a>,
    action: &'static str,
    /// What else is known of it.
    detail: Option<(&'static str, String)>,
}

/// `GET /events`: those since then if asked for, and those from now on until then or without an end.
pub fn answer(host: &Host, query: Events) -> Body {
    let account = host.account.clone();
    let instance = host.instance;
    let mut from = query.since;
    let mut is_past = true;
    stream::body(host, "events", move |now| {
        let account = lock(&account);
        let upto = query.until.map_or(now, |until| now.min(until));
        let begin = from.unwrap_or(upto + STEP);
        let mut happenings = happenings(&account.world, instance, begin, upto);
        if is_past {
            let older = happenings.len().saturating_sub(KEPT);
            happenings.drain(..older);
            is_past = false;
        }
        from = Some(begin.max(upto + STEP));
        let passing = happenings
            .iter()
            .filter(|happening| happening.passes(&query.filters));
        let lines =
            passing.flat_map(|happening| format!("{}\n", happening.document()).into_bytes());
        Step {
            bytes: lines.collect(),
            again: query
                .until
                .is_none_or(|until| now < until)
                .then_some(now + STEP),
        }
    })
}

/// What happened on an instance from one instant to another, both included, oldest first.
fn happenings(
    world: &World,
    instance: InstanceKey,
    from: Moment,
    upto: Moment,
) -> Vec<Happening<'_>> {
    let mut all = Vec::new();
    let within = |at: Moment| (from..=upto).contains(&at);
    for unit in host::units(world, instance) {
        let ended = unit.ended();
        if !within(unit.started) && !ended.is_some_and(within) {
            continue;
        }
        let mut add = |at, action, detail| {
            all.push(Happening {
                at,
                unit,
                action,
                detail,
            });
        };
        for action in ["create", "start"] {
            add(unit.started, action, None);
        }
        let Some(ended) = ended else { continue };
        let code = unit.exit_code();
        if unit.was_stopped() {
            add(ended, "kill", Some(("signal", "15".to_owned())));
            if code == 137 {
                add(ended, "kill", Some(("signal", "9".to_owned())));
            }
        }
        if unit.was_killed_for_memory() {
            add(ended, "oom", None);
        }
        add(ended, "die", Some(("exitCode", code.to_string())));
        if unit.was_stopped() {
            add(ended, "stop", None);
        }
    }
    all.retain(|happening| within(happening.at));
    // Stable: what happens to one container in an instant stays in order.
    all.sort_by_key(|happening| happening.at);
    all
}

impl Happening<'_> {
    fn passes(&self, filters: &Filters) -> bool {
        filters.any("type", |kind| kind == "container")
            && filters.any("event", |action| action == self.action)
            && filters.any("container", |name| {
                self.unit.id().starts_with(name) || self.unit.name() == *name
            })
            && filters.labels(&self.unit.labels())
    }

    fn document(&self) -> Value {
        let id = self.unit.id();
        let mut attributes = self.unit.labels();
        attributes.insert("image".to_owned(), self.unit.image().to_owned());
        attributes.insert("name".to_owned(), self.unit.name());
        if let Some((name, value)) = &self.detail {
            attributes.insert((*name).to_owned(), value.clone());
        }
        if self.action == "die" && self.unit.part != Part::Pause {
            let lasted = self.at.since(self.unit.started).as_secs();
            attributes.insert("execDuration".to_owned(), lasted.to_string());
        }
        json!({
            "status": self.action,
            "id": id,
            "from": self.unit.image(),
            "Type": "container",
            "Action": self.action,
            "Actor": {"ID": id, "Attributes": attributes},
            "scope": "local",
            "time": self.at.millis() / 1000,
            "timeNano": self.at.millis() * 1_000_000,
        })
    }
}
