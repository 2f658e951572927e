//! The lines that are held: in the order of time, capped in bytes, with an index of those that the filter takes.
//!
//! Lines have numbers that rise from the first ever held to the last. A late line takes its place by time and moves
//! those behind it by one; numbers that someone holds on to are moved with them.

use std::collections::VecDeque;

use super::{
    find::{Finder, Judge},
    tidy,
};
use crate::model::{LogLine, Timestamp};

/// Bytes of all lines that are held at most.
pub(super) const MOST: usize = 16 << 20;
/// Bytes that a line takes beside its text: itself, its place in the index, what growing and allocating waste.
pub(super) const OVERHEAD: usize = 96;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Written by a container.
    Text,
    /// Drawn by the person who reads.
    Mark,
    /// In the place of lines that did not come.
    Lost,
}

/// A line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) text: Box<str>,
    /// The stream, by its place among the names.
    pub(super) stream: u32,
    pub(super) kind: Kind,
    /// Whether it tells of an error.
    pub(super) error: bool,
    /// Whether the filter takes it.
    pub(super) matched: bool,
}

impl Line {
    fn bytes(&self) -> usize {
        self.text.len() + OVERHEAD
    }
}

/// The lines.
#[derive(Debug)]
pub(super) struct Lines {
    held: VecDeque<Line>,
    /// Lines that came since they were last put in order.
    inbox: Vec<Line>,
    /// The bytes of both.
    bytes: usize,
    most: usize,
    /// The number of the first line.
    first: u64,
    dropped: u64,
    matches: usize,
    finder: Option<Finder>,
    judge: Judge,
    /// Lines shown around a match; none if all lines are shown.
    context: Option<usize>,
    /// The numbers of the lines shown, unless all are.
    shown: VecDeque<u64>,
}

impl Lines {
    /// None yet, and never more than so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self {
            held: VecDeque::new(),
            inbox: Vec::new(),
            bytes: 0,
            most,
            first: 0,
            dropped: 0,
            matches: 0,
            finder: None,
            judge: Judge::new(),
            context: None,
            shown: VecDeque::new(),
        }
    }

    /// Takes a line that a container wrote. It is seen after the next [`Lines::merge`].
    pub(super) fn push(&mut self, stream: u32, line: &LogLine) {
        for text in tidy::lines(&line.text) {
            let error = self.judge.is_error(&text, line.error);
            let matched = self.takes(&text);
            self.take(Line {
                at: line.at,
                text: text.into(),
                stream,
                kind: Kind::Text,
                error,
                matched,
            });
        }
    }

    /// Takes a line of another kind, behind all there are.
    pub(super) fn note(&mut self, kind: Kind, at: Timestamp, text: &str) {
        self.take(Line {
            at: self.newest().map_or(at, |newest| newest.max(at)),
            text: text.into(),
            stream: u32::MAX,
            kind,
            error: false,
            matched: false,
        });
    }

    /// The time of the newest line.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        let waiting = self.inbox.iter().map(|line| line.at).max();
        waiting.max(self.held.back().map(|line| line.at))
    }

    fn takes(&self, text: &str) -> bool {
        self.finder
            .as_ref()
            .is_some_and(|finder| finder.takes(text))
    }

    fn take(&mut self, line: Line) {
        self.bytes += line.bytes();
        self.inbox.push(line);
        // Whoever never looks must not be given more and more.
        while self.bytes > self.most && self.drop_first() {}
        if self.bytes > self.most {
            self.merge(&mut []);
        }
    }

    /// Drops the first line in order; whether there was one.
    fn drop_first(&mut self) -> bool {
        let Some(line) = self.held.pop_front() else {
            return false;
        };
        self.bytes -= line.bytes();
        self.matches -= usize::from(line.matched);
        self.dropped += u64::from(line.kind == Kind::Text);
        self.first += 1;
        while self.shown.front().is_some_and(|shown| *shown < self.first) {
            self.shown.pop_front();
        }
        true
    }

    /// Puts what came since the last time in order. Numbers held are moved with their lines. Returns how many of the
    /// new lines are shown.
    pub(super) fn merge(&mut self, numbers: &mut [u64]) -> u64 {
        let mut new = std::mem::take(&mut self.inbox);
        // Stable, so that lines of one moment stay as they came.
        new.sort_by_key(|line| line.at);
        let Some(earliest) = new.first().map(|line| line.at) else {
            return 0;
        };
        let all = self.context.is_none();
        let mut count = 0;
        for line in &new {
            self.matches += usize::from(line.matched);
            count += u64::from(all || line.matched || line.kind != Kind::Text);
        }
        let keep = self.held.partition_point(|line| line.at <= earliest);
        let from = self.first + number(keep);
        let late = self.held.split_off(keep);
        let before: Vec<u64> = numbers.to_vec();
        let mut old = from;
        let mut late = late.into_iter().peekable();
        let mut new = new.into_iter().peekable();
        loop {
            let next = match (late.peek(), new.peek()) {
                (Some(one), Some(two)) if one.at <= two.at => late.next(),
                (_, Some(_)) => {
                    self.held.extend(new.next());
                    continue;
                }
                (Some(_), None) => late.next(),
                (None, None) => break,
            };
            let now = self.first + number(self.held.len());
            for (number, before) in numbers.iter_mut().zip(&before) {
                if *before == old {
                    *number = now;
                }
            }
            old += 1;
            self.held.extend(next);
        }
        while self.bytes > self.most && self.drop_first() {}
        self.index(from);
        count
    }

    /// Makes the index anew for all lines from a number on.
    fn index(&mut self, from: u64) {
        let Some(context) = self.context else {
            return;
        };
        // Lines before may be shown for the sake of those behind, or not any more.
        let from = from.saturating_sub(number(context)).max(self.first);
        while self.shown.back().is_some_and(|shown| *shown >= from) {
            self.shown.pop_back();
        }
        let mut after = (1..=context)
            .find(|back| {
                from.checked_sub(number(*back))
                    .and_then(|before| self.line(before))
                    .is_some_and(|line| line.matched)
            })
            .map_or(0, |back| context + 1 - back);
        for at in from..self.end() {
            let Some((matched, kind)) = self.line(at).map(|line| (line.matched, line.kind)) else {
                continue;
            };
            if matched {
                let start = at.saturating_sub(number(context)).max(self.first);
                while self.shown.back().is_some_and(|shown| *shown >= start) {
                    self.shown.pop_back();
                }
                self.shown.extend(start..=at);
                after = context;
            } else if after > 0 {
                self.shown.push_back(at);
                after -= 1;
            } else if kind != Kind::Text {
                self.shown.push_back(at);
            }
        }
    }

    /// Looks for something else.
    pub(super) fn find(&mut self, finder: Option<Finder>) {
        self.finder = finder;
        let finder = self.finder.as_ref();
        for line in self.held.iter_mut().chain(&mut self.inbox) {
            line.matched =
                line.kind == Kind::Text && finder.is_some_and(|finder| finder.takes(&line.text));
        }
        self.matches = self.held.iter().filter(|line| line.matched).count();
        self.index(0);
    }

    /// Shows only matches with so many lines around each; all lines with none.
    pub(super) fn show(&mut self, context: Option<usize>) {
        self.context = context;
        self.shown.clear();
        self.index(0);
    }

    /// Drops all lines and says how many a container wrote. Numbers go on.
    pub(super) fn clear(&mut self) -> u64 {
        self.merge(&mut []);
        let text = |line: &&Line| line.kind == Kind::Text;
        let count = number(self.held.iter().filter(text).count());
        self.first = self.end();
        self.held.clear();
        self.shown.clear();
        self.matches = 0;
        self.bytes = 0;
        count
    }

    /// Drops all lines and forgets what was dropped before.
    pub(super) fn restart(&mut self) {
        self.clear();
        self.dropped = 0;
    }

    /// What is looked for.
    pub(super) fn finder(&self) -> Option<&Finder> {
        self.finder.as_ref()
    }

    /// How many lines are held.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// How many were dropped to stay below the cap.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many lines the filter takes.
    pub(super) fn matches(&self) -> usize {
        self.matches
    }

    /// The number of the first line.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next line will have.
    pub(super) fn end(&self) -> u64 {
        self.first + number(self.held.len())
    }

    /// A line by its number.
    pub(super) fn line(&self, at: u64) -> Option<&Line> {
        let place = at.checked_sub(self.first)?;
        self.held.get(usize::try_from(place).ok()?)
    }

    /// How many lines are shown.
    pub(super) fn rows(&self) -> usize {
        match self.context {
            None => self.held.len(),
            Some(_) => self.shown.len(),
        }
    }

    /// The number of a line by its place among those shown.
    pub(super) fn at(&self, row: usize) -> Option<u64> {
        match self.context {
            None => (row < self.held.len()).then(|| self.first + number(row)),
            Some(_) => self.shown.get(row).copied(),
        }
    }

    /// The place among those shown of a line, or of the next one shown.
    pub(super) fn row(&self, at: u64) -> usize {
        match self.context {
            None => usize::try_from(at.saturating_sub(self.first))
                .unwrap_or(usize::MAX)
                .min(self.held.len()),
            Some(_) => self.shown.partition_point(|shown| *shown < at),
        }
    }

    /// Whether lines are left out between a line shown and the one before it, where matches are shown in groups.
    pub(super) fn is_gap(&self, row: usize) -> bool {
        self.context.is_some_and(|context| context > 0)
            && row > 0
            && self
                .at(row - 1)
                .zip(self.at(row))
                .is_some_and(|(before, at)| before + 1 < at)
    }

    /// The next line that is wanted, forward or backward from a number, itself left out, and then from the other end;
    /// and whether it went around.
    pub(super) fn seek(
        &self,
        from: Option<u64>,
        forward: bool,
        wanted: impl Fn(&Line) -> bool,
    ) -> Option<(u64, bool)> {
        let is_wanted = |at: &u64| self.line(*at).is_some_and(&wanted);
        let (first, end) = (self.first, self.end());
        if forward {
            let start = from.map_or(first, |from| (from + 1).clamp(first, end));
            let ahead = (start..end).find(is_wanted).map(|at| (at, false));
            return ahead.or_else(|| (first..start).find(is_wanted).map(|at| (at, true)));
        }
        let start = from.unwrap_or(end).clamp(first, end);
        let behind = (first..start).rev().find(is_wanted).map(|at| (at, false));
        behind.or_else(|| (start..end).rev().find(is_wanted).map(|at| (at, true)))
    }

    /// The bytes held, of what waits to be put in order too.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// A count as a number of lines.
fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
