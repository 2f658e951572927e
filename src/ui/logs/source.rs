//! What is read: whose log, from when on, which streams, and how each of them fares.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    model::{LogStream, Now, Query, Subject, Tail, TailId, TailState, Timestamp},
    resource::{self, Ended, Previous, Streams},
    store::Store,
    ui::Cx,
};

/// Lines of each stream to begin with, where the newest are asked for.
const NEWEST: usize = 200;
/// Lines of each stream of a task that ended.
const LAST: usize = 500;
/// A stream that is not listed any more is read for so long: its last lines may come late.
const OVER: Duration = Duration::from_mins(5);
/// Streams that are not listed any more and are still read, at most.
const KEPT: usize = 32;

/// From when on lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// The newest lines, and what comes.
    Newest,
    /// From the beginning.
    Head,
    /// The last so many minutes, and what comes.
    Minutes(u16),
}

impl Range {
    /// What the status says.
    pub(super) fn words(self) -> String {
        match self {
            Self::Newest => "newest".to_owned(),
            Self::Head => "from the beginning".to_owned(),
            Self::Minutes(60) => "since 1h".to_owned(),
            Self::Minutes(minutes) => format!("since {minutes}m"),
        }
    }
}

/// Whose log is read, and how.
#[derive(Debug)]
pub(super) struct Source {
    /// What was asked for: a service, a task or a container.
    pub(super) asked: Subject,
    /// Whether the task that stopped last is meant.
    pub(super) is_previous: bool,
    pub(super) range: Range,
    /// The task that stopped last.
    pub(super) previous: Previous,
    /// When this was begun; none before it was first looked at.
    pub(super) begun: Option<Now>,
    pub(super) found: Streams,
    pub(super) states: BTreeMap<Subject, TailState>,
    id: Option<TailId>,
    tail: Option<Tail>,
    generation: u32,
    /// The streams that are read, with when they were last listed.
    kept: BTreeMap<Subject, (LogStream, Duration)>,
    /// The version of the store that was last looked at.
    seen: Option<u64>,
}

impl Source {
    pub(super) fn new(asked: Subject, is_previous: bool) -> Self {
        Self {
            asked,
            is_previous,
            range: Range::Newest,
            previous: Previous::Looking,
            begun: None,
            found: Streams::default(),
            states: BTreeMap::new(),
            id: None,
            tail: None,
            generation: 0,
            kept: BTreeMap::new(),
            seen: None,
        }
    }

    /// Reads another range.
    pub(super) fn read(&mut self, range: Range) {
        self.range = range;
        self.restart();
    }

    /// Reads the log of the task that stopped last, or what is written now.
    pub(super) fn turn(&mut self, is_previous: bool) {
        self.is_previous = is_previous;
        self.previous = Previous::Looking;
        self.range = Range::Newest;
        self.restart();
    }

    fn restart(&mut self) {
        self.begun = None;
        self.found = Streams::default();
        self.states.clear();
        self.id = None;
        self.tail = None;
        self.kept.clear();
        self.seen = None;
    }

    /// Looks for the streams again, if anything is known that was not.
    pub(super) fn settle(&mut self, cx: &Cx) {
        let begun = if let Some(begun) = self.begun {
            begun
        } else {
            // Rises also where the same log is left and entered again, so that lines of before are not taken for new.
            let moment = u32::try_from(cx.now.mono.as_millis() & 0x7fff_ffff).unwrap_or(0);
            self.generation = moment.max(self.generation + 1);
            self.begun = Some(cx.now);
            cx.now
        };
        if self.seen == Some(cx.store.version()) {
            return;
        }
        self.seen = Some(cx.store.version());
        let Some(target) = self.target(cx.store) else {
            return;
        };
        let since = match self.range {
            Range::Newest => Some(begun.wall),
            Range::Head => None,
            Range::Minutes(_) => self.since(begun),
        };
        self.found = resource::streams(&target, cx.store, since);
        self.keep(cx.now.mono);
        let streams: Vec<LogStream> = self.kept.values().map(|(one, _)| one.clone()).collect();
        let newest = if self.is_previous { LAST } else { NEWEST };
        self.id = Some(TailId {
            of: target,
            generation: self.generation,
        });
        self.tail = (!streams.is_empty()).then(|| Tail {
            streams,
            since: self.since(begun),
            newest: (self.range == Range::Newest).then_some(newest),
            follow: !self.is_previous,
        });
    }

    /// Whose streams are read: what was asked for, or the task that stopped last, once it is known. It stays that task
    /// when another stops.
    fn target(&mut self, store: &Store) -> Option<Subject> {
        if !self.is_previous {
            return Some(self.asked.clone());
        }
        if !matches!(self.previous, Previous::Found(_)) {
            self.previous = resource::previous(&self.asked, store);
        }
        self.ended().map(|ended| ended.subject.clone())
    }

    /// Takes over the streams found. Those that were read and are not found any more go on for a while.
    fn keep(&mut self, now: Duration) {
        for stream in &self.found.streams {
            // A stream stays where it was first read: from another place its lines would come once more.
            self.kept
                .entry(stream.container.clone())
                .and_modify(|(_, listed)| *listed = now)
                .or_insert_with(|| (stream.clone(), now));
        }
        self.kept
            .retain(|_, (_, listed)| now.saturating_sub(*listed) <= OVER);
        let mut over: Vec<(Duration, Subject)> = self
            .kept
            .iter()
            .filter(|(_, (_, listed))| *listed < now)
            .map(|(stream, (_, listed))| (*listed, stream.clone()))
            .collect();
        over.sort();
        let much = over.len().saturating_sub(KEPT);
        for (_, stream) in over.into_iter().take(much) {
            self.kept.remove(&stream);
        }
        let kept = &self.kept;
        self.states.retain(|stream, _| kept.contains_key(stream));
    }

    fn since(&self, begun: Now) -> Option<Timestamp> {
        match self.range {
            Range::Newest | Range::Head => None,
            Range::Minutes(minutes) => Some(Timestamp(begun.wall.0 - i64::from(minutes) * 60_000)),
        }
    }

    /// The task that stopped last, if it is meant and known.
    pub(super) fn ended(&self) -> Option<&Ended> {
        match &self.previous {
            Previous::Found(ended) if self.is_previous => Some(ended),
            _ => None,
        }
    }

    /// The streams that are read.
    pub(super) fn streams(&self) -> &[LogStream] {
        self.tail.as_ref().map_or(&[], |tail| &tail.streams)
    }

    /// Which tail it is; none as long as nothing can be read.
    pub(super) fn id(&self) -> Option<&TailId> {
        self.id.as_ref().filter(|_| self.tail.is_some())
    }

    /// What is to be read.
    pub(super) fn tail(&self) -> Option<(TailId, Tail)> {
        Some((self.id.clone()?, self.tail.clone()?))
    }

    /// What has to be known to find the streams.
    pub(super) fn needs(&self, store: &Store) -> Vec<Query> {
        if self.is_previous {
            resource::needs_of_previous(&self.asked, store)
        } else {
            resource::needs_of_logs(&self.asked, store)
        }
    }
}
