//! Lines of a container's output, put together from the pieces that an engine sends, and told apart from those that were
//! read before. Reading the pieces is done in `logs`.

use super::time;
use crate::model::{LogLine, Timestamp};

/// The longest line, in bytes. What is longer goes on in the next one.
pub(super) const LONGEST: usize = 1 << 20;

/// How much of a line without end an engine writes at once (`daemon/logger/copier.go` of moby: 16 KiB).
const PIECE: usize = 16 << 10;

/// How far back is read when a stream is opened again, in nanoseconds: what is written to both outputs at once may
/// stand in the log in another order than its timestamps.
const OVERLAP: i128 = 2_000_000_000;

/// A line with the moment of its beginning, in nanoseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamped {
    pub(super) nanoseconds: i128,
    pub(super) line: LogLine,
}

/// Puts the lines of one output together. With timestamps asked for, each piece that an engine sends begins with one,
/// pieces of one line too.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    error: bool,
    pending: Option<Pending>,
}

#[derive(Debug)]
struct Pending {
    nanoseconds: i128,
    at: Timestamp,
    text: Vec<u8>,
}

impl Assembler {
    /// An assembler for standard error, or for standard output.
    pub(super) fn new(error: bool) -> Self {
        Self {
            error,
            pending: None,
        }
    }

    /// Takes a piece in, and hands out the lines that it completes.
    pub(super) fn feed(&mut self, piece: &[u8], mut out: impl FnMut(Stamped)) {
        for segment in piece.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match segment.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (segment, false),
            };
            self.take(text, &mut out);
            if ends {
                self.finish(&mut out);
            }
        }
    }

    /// Hands out what is there of a line without end, once no more will come.
    pub(super) fn finish(&mut self, mut out: impl FnMut(Stamped)) {
        if let Some(pending) = self.pending.take() {
            out(self.stamped(&pending));
        }
    }

    /// When the line began that is not complete.
    pub(super) fn pending_since(&self) -> Option<i128> {
        self.pending.as_ref().map(|pending| pending.nanoseconds)
    }

    fn take(&mut self, text: &[u8], out: &mut impl FnMut(Stamped)) {
        let (stamp, mut rest) = stamp(text);
        // Pieces of one line are full, and bear the moment of the first (each its own before Docker 18.06). What is
        // neither was left without end when the container ended.
        if let (Some((_, nanoseconds)), Some(pending)) = (stamp, &self.pending)
            && pending.nanoseconds != nanoseconds
            && pending.text.len() % PIECE != 0
        {
            self.finish(&mut *out);
        }
        let pending = self.pending.get_or_insert_with(|| {
            let (at, nanoseconds) = stamp.unwrap_or_default();
            Pending {
                nanoseconds,
                at,
                text: Vec::new(),
            }
        });
        // A terminal's output has no frames: the pieces of a long line follow each other, each with its timestamp.
        while let Some((first, after)) = rest.split_at_checked(PIECE) {
            let (Some(_), after) = self::stamp(after) else {
                break;
            };
            pending.text.extend_from_slice(first);
            rest = after;
        }
        pending.text.extend_from_slice(rest);
        while let Some(pending) = &mut self.pending
            && pending.text.len() > LONGEST
        {
            let after = pending.text.split_off(cut(&pending.text));
            let whole = std::mem::replace(&mut pending.text, after);
            let whole = Pending {
                text: whole,
                ..*pending
            };
            out(self.stamped(&whole));
        }
    }

    fn stamped(&self, pending: &Pending) -> Stamped {
        let text = pending.text.strip_suffix(b"\r").unwrap_or(&pending.text);
        Stamped {
            nanoseconds: pending.nanoseconds,
            line: LogLine {
                at: pending.at,
                error: self.error,
                text: String::from_utf8_lossy(text).into(),
            },
        }
    }
}

/// Where to cut a line that is too long: between two characters.
fn cut(text: &[u8]) -> usize {
    let is_start = |at: &usize| text[*at] & 0b1100_0000 != 0b1000_0000;
    (LONGEST - 3..=LONGEST)
        .rev()
        .find(is_start)
        .unwrap_or(LONGEST)
}

/// The timestamp that a piece begins with, and the rest of it.
fn stamp(text: &[u8]) -> (Option<(Timestamp, i128)>, &[u8]) {
    let none = (None, text);
    // `2026-11-22T08:56:05.123456789+01:00` is the longest.
    let Some(end) = text.iter().take(36).position(|byte| *byte == b' ') else {
        // A line without text may lack the space.
        let whole = std::str::from_utf8(text)
            .ok()
            .filter(|text| text.len() <= 36);
        return match whole.and_then(time::parse) {
            Some(stamp) => (Some(stamp), &[]),
            None => none,
        };
    };
    let (word, rest) = text.split_at(end);
    match std::str::from_utf8(word).ok().and_then(time::parse) {
        Some(stamp) => (Some(stamp), &rest[1..]),
        None => none,
    }
}

/// How far an output was read: the last moment, and how many lines of that very moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    nanoseconds: i128,
    lines: usize,
}

/// What was read of a container, so that no line comes twice and none is missed when it is read again.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// From when on lines are wanted, in nanoseconds.
    since: Option<i128>,
    /// Whether only the newest lines are wanted of those that are there.
    newest: bool,
    /// The first moment of which a line was read.
    first: Option<i128>,
    /// By output: standard output, then standard error.
    marks: [Option<Mark>; 2],
    /// Of the lines that are read again, those that are still to come.
    again: [Option<Mark>; 2],
    is_again: bool,
}

impl Progress {
    /// Nothing was read; lines are wanted from then on, perhaps only the newest of those that are there.
    pub(super) fn new(since: Option<Timestamp>, newest: bool) -> Self {
        Self {
            since: since.map(|since| i128::from(since.0) * 1_000_000),
            newest,
            ..Self::default()
        }
    }

    /// Nothing was read of another container, of which the same is wanted.
    pub(super) fn of_another(&self) -> Self {
        Self {
            since: self.since,
            ..Self::default()
        }
    }

    /// Whether any line was read.
    pub(super) fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// Begins to read again. `pending` are the beginnings of lines that were not complete.
    ///
    /// Returns the second since the epoch to ask from; none for the beginning.
    pub(super) fn resume(&mut self, pending: impl IntoIterator<Item = i128>) -> Option<i32> {
        self.again = self.marks;
        self.is_again = self.has_begun();
        let last = self
            .marks
            .iter()
            .flatten()
            .map(|mark| mark.nanoseconds)
            .max();
        let from = last
            .map(|last| last - OVERLAP)
            .into_iter()
            .chain(pending)
            .min();
        // What lies before the wanted moment is left out whatever is asked.
        let from = from.max(self.since)?;
        i32::try_from(from.div_euclid(1_000_000_000))
            .ok()
            .map(|second| second.max(1))
    }

    /// Whether a line is one to hand on; it counts as read then.
    pub(super) fn accept(&mut self, stamped: &Stamped) -> bool {
        let at = stamped.nanoseconds;
        let output = usize::from(stamped.line.error);
        if self.since.is_some_and(|since| at < since) {
            return false;
        }
        match &mut self.again[output] {
            Some(mark) if at < mark.nanoseconds => return false,
            Some(mark) if at == mark.nanoseconds && mark.lines > 0 => {
                mark.lines -= 1;
                return false;
            }
            again => *again = None,
        }
        // Of an output of which nothing was read so far, nothing that was too old then.
        let is_new = self.newest && self.is_again && self.marks[output].is_none();
        if is_new && self.first.is_some_and(|first| at < first) {
            return false;
        }
        self.first.get_or_insert(at);
        match &mut self.marks[output] {
            Some(mark) if mark.nanoseconds == at => mark.lines += 1,
            mark => {
                *mark = Some(Mark {
                    nanoseconds: at,
                    lines: 1,
                })
            }
        }
        true
    }
}
