//! `FilterLogEvents` and `GetLogEvents`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::group;
use super::pattern::Pattern;
use super::scan::{Event, Place, Scan};
use super::stream::{self, Stream};
use crate::sandbox::operation::{Answer, Call, Fault};
use crate::sandbox::world::World;
use crate::sandbox::world::moment::Moment;

/// The most events on a page.
const PAGE: i64 = 10_000;
/// The most streams that can be named.
pub const STREAMS: usize = 100;
/// The first instant that can be read newest first: 2024 in UTC.
const NEWEST_FIRST_SINCE: i64 = 1_704_067_200_000;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Filter {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    #[serde(rename = "filterPattern")]
    pattern: Option<String>,
    start_from_head: Option<bool>,
    limit: Option<i64>,
    next_token: Option<String>,
}

/// Events of many streams by time.
pub fn filter(call: &mut Call<'_>) -> Answer {
    let input: Filter = call.input()?;
    let world = &*call.world;
    let group = group::named(
        world,
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )?;
    let streams = streams(
        world,
        &group,
        input.log_stream_names,
        input.log_stream_name_prefix,
    )?;
    let pattern = Pattern::read(input.pattern.as_deref())?;
    let mut forward = input.start_from_head.unwrap_or(true);
    if !forward
        && input
            .start_time
            .is_none_or(|start| start < NEWEST_FIRST_SINCE)
    {
        return Err(Fault::invalid(
            "startFromHead can be false only with a startTime on or after 2024-01-01T00:00:00Z.",
        ));
    }
    let (from, mut to) = span(input.start_time, input.end_time)?;
    // Here the last instant counts, other than for GetLogEvents.
    to = (to + Duration::from_millis(1)).min(world.now);
    let mut place = None;
    if let Some(token) = &input.next_token {
        let (head, found) = read_token(token)?;
        (forward, place) = (head, Some(found));
    }
    let scan = Scan {
        streams: &streams,
        pattern: &pattern,
        from,
        to,
        limit: limit(input.limit)?,
    };
    let (events, next) = if forward {
        scan.forward(place.as_ref())
    } else {
        scan.backward(place.as_ref())
    };
    let shown = |event: &Event<'_>| {
        json!({
            "logStreamName": event.stream,
            "timestamp": event.at,
            "message": event.text,
            "ingestionTime": ingested(event),
            "eventId": id(event),
        })
    };
    Ok(json!({
        "events": events.iter().map(shown).collect::<Vec<_>>(),
        "searchedLogStreams": [],
        "nextToken": next.map(|place| write_token(forward, &place)),
    }))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Get {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    start_from_head: bool,
    limit: Option<i64>,
    next_token: Option<String>,
}

/// Events of one stream, in both directions.
///
/// The end of the stream is there when the token of a direction is the one that was sent.
pub fn get(call: &mut Call<'_>) -> Answer {
    let input: Get = call.input()?;
    let world = &*call.world;
    let group = group::named(
        world,
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )?;
    let stream = [stream::named(world, &group, &input.log_stream_name)?];
    let (from, to) = span(input.start_time, input.end_time)?;
    let (mut forward, mut place) = (input.start_from_head, None);
    if let Some(token) = &input.next_token {
        let (head, found) = read_token(token)?;
        (forward, place) = (head, Some(found));
    }
    let pattern = Pattern::default();
    let scan = Scan {
        streams: &stream,
        pattern: &pattern,
        from,
        to: to.min(world.now),
        limit: limit(input.limit)?,
    };
    let events = if forward {
        scan.forward(place.as_ref()).0
    } else {
        let mut events = scan.backward(place.as_ref()).0;
        events.reverse();
        events
    };
    let nowhere = || Place {
        at: from.millis(),
        stream: String::new(),
        index: 0,
    };
    let (after, before) = match (events.last(), events.first(), place) {
        (Some(last), Some(first), _) => (last.place(), first.place()),
        // Nothing more in this direction: the other one begins with the event at this place.
        (_, _, Some(place)) if forward => (place.clone(), next_to(&place, 1)),
        (_, _, Some(place)) => (next_to(&place, -1), place),
        _ => (nowhere(), nowhere()),
    };
    let shown = |event: &Event<'_>| json!({"timestamp": event.at, "message": event.text, "ingestionTime": ingested(event)});
    Ok(json!({
        "events": events.iter().map(shown).collect::<Vec<_>>(),
        "nextForwardToken": write_token(true, &after),
        "nextBackwardToken": write_token(false, &before),
    }))
}

/// The place just behind or just before a place of the only stream.
fn next_to(place: &Place, side: i8) -> Place {
    let mut place = place.clone();
    let index = place.index.checked_add_signed(side.into());
    let before = (place.at.saturating_sub(1), u32::MAX);
    (place.at, place.index) = index.map_or(before, |index| (place.at, index));
    place
}

/// The streams that a request chooses.
fn streams<'a>(
    world: &'a World,
    group: &str,
    names: Option<Vec<String>>,
    prefix: Option<String>,
) -> Result<Vec<Stream<'a>>, Fault> {
    match (names, prefix) {
        (Some(_), Some(_)) => Err(Fault::invalid(
            "logStreamNames and logStreamNamePrefix cannot be used together.",
        )),
        (Some(names), None) if names.is_empty() || names.len() > STREAMS => {
            Err(Fault::invalid(format!(
                "1 validation error detected: Value at 'logStreamNames' failed to satisfy constraint: Member must have length between 1 and {STREAMS}"
            )))
        }
        (Some(mut names), None) => {
            names.sort_unstable();
            names.dedup();
            let found = names.iter().map(|name| stream::named(world, group, name));
            found.collect()
        }
        (None, prefix) => {
            let prefix = prefix.unwrap_or_default();
            let all = stream::all(world, group).into_iter();
            Ok(all
                .filter(|stream| stream.name.starts_with(&prefix))
                .collect())
        }
    }
}

fn limit(limit: Option<i64>) -> Result<usize, Fault> {
    let limit = limit.unwrap_or(PAGE);
    match usize::try_from(limit) {
        Ok(limit @ 1..) if (1..=PAGE).contains(&i64::try_from(limit).unwrap_or_default()) => {
            Ok(limit)
        }
        _ => Err(group::out_of_range("limit", PAGE)),
    }
}

/// The first and the last instant.
fn span(start: Option<i64>, end: Option<i64>) -> Result<(Moment, Moment), Fault> {
    let moment = |millis: i64| {
        let millis = u64::try_from(millis);
        millis.map(Moment::from_millis).map_err(|_| {
            Fault::invalid("startTime and endTime have to be milliseconds since the epoch.")
        })
    };
    let start = start.map_or(Ok(Moment::from_millis(0)), moment)?;
    let end = end.map_or(Ok(Moment::from_millis(u64::MAX)), moment)?;
    if start > end {
        return Err(Fault::invalid("startTime cannot be after endTime."));
    }
    Ok((start, end))
}

fn write_token(forward: bool, place: &Place) -> String {
    format!("{}/{}", if forward { "f" } else { "b" }, place.write())
}

fn read_token(token: &str) -> Result<(bool, Place), Fault> {
    let read = || {
        let (direction, place) = token.split_once('/')?;
        let forward = match direction {
            "f" => true,
            "b" => false,
            _ => return None,
        };
        Some((forward, Place::read(place)?))
    };
    read().ok_or_else(|| Fault::invalid("The specified nextToken is invalid."))
}

/// When an event arrived: some time after it was written.
pub fn ingested(event: &Event<'_>) -> u64 {
    event.at + 40
}

/// Fifty-six digits that no other event has.
fn id(event: &Event<'_>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in event.stream.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{:016}{hash:020}{:020}", event.at, event.index)
}
