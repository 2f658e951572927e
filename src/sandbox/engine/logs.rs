//! Logs of a container in the frames of an engine: what there is, the last of it, and what is written from now on.

use std::time::Duration;

use super::host::{self, Handle, Host, Part, Unit};
use super::route::Logs;
use super::stamp;
use super::stream::{self, Body, Step};
use crate::sandbox::lock;
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::output::{self, Line};

/// The most lines of the past that are kept, as engines rotate their files.
const KEPT: usize = 20_000;
/// The first stretch that is looked through for the last lines; each further one is longer.
const STRETCH: Duration = Duration::from_mins(1);
/// The smallest step of the world's clock.
const STEP: Duration = Duration::from_millis(1);

/// `GET /containers/{id}/logs`.
pub fn answer(host: &Host, handle: Handle, query: Logs) -> Body {
    if !query.follow {
        let account = lock(&host.account);
        let past = host::unit(&account.world, handle).map(|unit| past(&unit, query));
        return stream::whole(past.unwrap_or_default());
    }
    let account = host.account.clone();
    let mut from: Option<Moment> = None;
    stream::body(host, "logs", move |now| {
        let account = lock(&account);
        let Some(unit) = host::unit(&account.world, handle) else {
            return Step {
                bytes: Vec::new(),
                again: None,
            };
        };
        let to = end(&unit, query);
        let bytes = match from {
            None => past(&unit, query),
            Some(from) => frames(&lines(&unit, from, to), query),
        };
        from = Some(to);
        let ended = unit.ended().is_some_and(|ended| to > ended);
        let past_until = query.until.is_some_and(|until| to > until);
        Step {
            bytes,
            again: (!ended && !past_until).then_some(now + STEP),
        }
    })
}

/// Up to where there are lines: the present, or what was asked for. The last words of a container are written in the
/// instant of its end.
fn end(unit: &Unit<'_>, query: Logs) -> Moment {
    let now = unit.world.now;
    query.until.map_or(now, |until| now.min(until + STEP))
}

/// What there is already.
fn past(unit: &Unit<'_>, query: Logs) -> Vec<u8> {
    let most = query.tail.map_or(KEPT, |tail| tail.min(KEPT));
    let earliest = query
        .since
        .map_or(unit.started, |since| since.max(unit.started));
    let to = end(unit, query);
    let mut stretch = STRETCH;
    loop {
        let from = (to - stretch).max(earliest);
        let mut lines = lines(unit, from, to);
        lines.retain(|line| wanted(line, query));
        if lines.len() >= most || from == earliest {
            let first = lines.len().saturating_sub(most);
            return frames(lines.get(first..).unwrap_or_default(), query);
        }
        stretch *= 4;
    }
}

fn lines(unit: &Unit<'_>, from: Moment, to: Moment) -> Vec<Line> {
    match unit.part {
        Part::Own(index) => output::lines(unit.task, unit.definition, index, from, to),
        Part::Pause => Vec::new(),
    }
}

fn wanted(line: &Line, query: Logs) -> bool {
    if line.error {
        query.stderr
    } else {
        query.stdout
    }
}

/// Lines as containers without a terminal have them: the stream, three zeros, the length, and the text.
fn frames(lines: &[Line], query: Logs) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines.iter().filter(|line| wanted(line, query)) {
        let mut text = String::new();
        if query.timestamps {
            text = stamp::fixed(line.at) + " ";
        }
        text += &line.text;
        text.push('\n');
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        bytes.extend([if line.error { 2 } else { 1 }, 0, 0, 0]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(text.into_bytes());
    }
    bytes
}
