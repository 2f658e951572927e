//! Reading the lines of several streams as one, in either direction and in bounded steps.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::pattern::Pattern;
use super::stream::Stream;
use crate::sandbox::world::moment::Moment;

/// The most bytes of messages on a page.
const PAGE_BYTES: usize = 1 << 20;
/// What an event counts for beside its message, bytes.
const EVENT_BYTES: usize = 26;
/// The most lines that one call looks at: a page may be empty and still not be the last one.
const LOOKED_AT: usize = 20_000;
/// Lines per stretch of time that is looked at at once.
const STRETCH: std::ops::RangeInclusive<usize> = 500..=4000;

/// Where an event stands among all others: its time, its stream, and its number among those of that instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Milliseconds since the epoch.
    pub at: u64,
    /// The stream's name.
    pub stream: String,
    /// From 0.
    pub index: u32,
}

impl Place {
    /// The place as text for a token.
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}:{}", self.at, self.index, self.stream))
    }

    /// The place of a text.
    pub fn read(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.splitn(3, ':');
        Some(Self {
            at: parts.next()?.parse().ok()?,
            index: parts.next()?.parse().ok()?,
            stream: parts.next()?.to_owned(),
        })
    }
}

/// An event of a stream.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Milliseconds since the epoch.
    pub at: u64,
    /// The stream's name.
    pub stream: &'a str,
    /// Its number among those of the stream in that instant.
    pub index: u32,
    /// The message.
    pub text: String,
}

impl Event<'_> {
    fn key(&self) -> (u64, &str, u32) {
        (self.at, self.stream, self.index)
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        Place {
            at: self.at,
            stream: self.stream.to_owned(),
            index: self.index,
        }
    }
}

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// The streams.
    pub streams: &'a [Stream<'a>],
    /// What messages have to contain.
    pub pattern: &'a Pattern,
    /// The first instant.
    pub from: Moment,
    /// The instant after the last one; not in the future.
    pub to: Moment,
    /// The most events to find.
    pub limit: usize,
}

/// What was found, and where to go on if that may not be all.
pub type Found<'a> = (Vec<Event<'a>>, Option<Place>);

impl<'a> Scan<'a> {
    /// The events after a place, oldest first.
    pub fn forward(self, after: Option<&Place>) -> Found<'a> {
        let first = self.streams.iter().map(|stream| stream.started).min();
        let mut begin = self.from.max(first.unwrap_or(self.to));
        if let Some(after) = after {
            begin = begin.max(Moment::from_millis(after.at));
        }
        let mut page = Page::new(self);
        let mut width = Width::default();
        while begin < self.to {
            let end = self.to.min(begin + width.0);
            let events = self.between(begin, end);
            width.fit(events.len());
            for event in events {
                let new = after.is_none_or(|after| event.key() > key(after));
                if new && !page.take(event) {
                    return page.full();
                }
            }
            begin = end;
        }
        (page.events, None)
    }

    /// The events before a place, newest first.
    pub fn backward(self, before: Option<&Place>) -> Found<'a> {
        let first = self.streams.iter().map(|stream| stream.started).min();
        let begin = self.from.max(first.unwrap_or(self.to));
        let mut end = self.to;
        if let Some(before) = before {
            end = end.min(Moment::from_millis(before.at.saturating_add(1)));
        }
        let mut page = Page::new(self);
        let mut width = Width::default();
        while end > begin {
            let start = begin.max(end - width.0);
            let events = self.between(start, end);
            width.fit(events.len());
            for event in events.into_iter().rev() {
                let new = before.is_none_or(|before| event.key() < key(before));
                if new && !page.take(event) {
                    return page.full();
                }
            }
            end = start;
        }
        (page.events, None)
    }

    /// All events of a stretch in order.
    pub fn between(&self, from: Moment, to: Moment) -> Vec<Event<'a>> {
        let mut events = Vec::new();
        for stream in self.streams {
            let (mut last, mut index) = (None, 0);
            for line in stream.lines(from, to) {
                index = if last == Some(line.at) { index + 1 } else { 0 };
                last = Some(line.at);
                events.push(Event {
                    at: line.at.millis(),
                    stream: &stream.name,
                    index,
                    text: line.text,
                });
            }
        }
        events.sort_by(|one, other| one.key().cmp(&other.key()));
        events
    }
}

fn key(place: &Place) -> (u64, &str, u32) {
    (place.at, &place.stream, place.index)
}

/// The page that is being filled.
struct Page<'a> {
    scan: Scan<'a>,
    events: Vec<Event<'a>>,
    bytes: usize,
    looked_at: usize,
    last: Option<Place>,
}

impl<'a> Page<'a> {
    fn new(scan: Scan<'a>) -> Self {
        Self {
            scan,
            events: Vec::new(),
            bytes: 0,
            looked_at: 0,
            last: None,
        }
    }

    /// Looks at an event; false when it is one too many.
    fn take(&mut self, event: Event<'a>) -> bool {
        let bytes = event.text.len() + EVENT_BYTES;
        let matches = self.scan.pattern.matches(&event.text);
        let too_many = self.events.len() >= self.scan.limit || self.bytes + bytes > PAGE_BYTES;
        if self.looked_at >= LOOKED_AT || matches && too_many {
            return false;
        }
        self.looked_at += 1;
        self.last = Some(event.place());
        if matches {
            self.bytes += bytes;
            self.events.push(event);
        }
        true
    }

    fn full(self) -> Found<'a> {
        (self.events, self.last)
    }
}

/// How much time is looked at at once: as much as gives neither too few nor too many lines.
struct Width(Duration);

impl Default for Width {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

impl Width {
    fn fit(&mut self, lines: usize) {
        if lines < *STRETCH.start() {
            self.0 *= 2;
        } else if lines > *STRETCH.end() {
            self.0 = (self.0 / 2).max(Duration::from_millis(100));
        }
    }
}
