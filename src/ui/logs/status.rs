//! What is said about a log in words: its state, what is missing and why there is nothing.

use std::collections::BTreeMap;

use super::{LogsLayer, Range, view::View};
use crate::{
    keymap::Command,
    model::{Fault, TailState, Timestamp},
    resource::{self, Previous},
    theme::Role,
    ui::{Cx, text},
};

/// A count with its thousands apart: `1,204`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 line`, `1,204 lines`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The time of day in UTC: `12:00:03.250`.
pub(super) fn clock(at: Timestamp) -> String {
    let millis = at.0.rem_euclid(86_400_000);
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
}

/// The same without fractions of a second.
fn short_clock(at: Timestamp) -> String {
    let mut text = clock(at);
    text.truncate(8);
    text
}

/// How many of the streams are in which state.
#[derive(Debug, Default)]
struct Tally<'a> {
    all: usize,
    opening: usize,
    live: usize,
    ended: usize,
    /// With the reason, the same together.
    polling: Vec<(u32, &'a str, usize)>,
    failed: Vec<(&'a Fault, usize)>,
}

impl LogsLayer {
    fn tally(&self) -> Tally<'_> {
        let mut tally = Tally::default();
        for stream in self.source.streams() {
            tally.all += 1;
            match self.source.states.get(&stream.container) {
                None | Some(TailState::Opening) => tally.opening += 1,
                Some(TailState::Live) => tally.live += 1,
                Some(TailState::Ended) => tally.ended += 1,
                Some(TailState::Polling { seconds, why }) => {
                    let same = |(other, said, _): &&mut (u32, &str, usize)| {
                        other == seconds && said == why
                    };
                    match tally.polling.iter_mut().find(same) {
                        Some((_, _, times)) => *times += 1,
                        None => tally.polling.push((*seconds, why, 1)),
                    }
                }
                Some(TailState::Failed(fault)) => {
                    match tally.failed.iter_mut().find(|(other, _)| *other == fault) {
                        Some((_, times)) => *times += 1,
                        None => tally.failed.push((fault, 1)),
                    }
                }
            }
        }
        tally
    }

    /// How reading goes, in a few words.
    fn state(&self) -> String {
        let tally = self.tally();
        let mut says = Vec::new();
        let failed: usize = tally.failed.iter().map(|(_, times)| times).sum();
        if let Some((fault, _)) = tally.failed.first() {
            let word = fault.word();
            says.push(match tally.all {
                1 => format!("failed: {word}"),
                all => format!("{failed} of {all} streams failed: {word}"),
            });
        }
        if let Some((seconds, why, _)) = tally.polling.first() {
            says.push(format!("asked every {seconds} s: {why}"));
        }
        if tally.all == 0 {
            return if self.source.found.elsewhere.is_empty() {
                String::new()
            } else {
                "not readable from here".to_owned()
            };
        }
        if tally.live > 0 {
            says.push("live".to_owned());
        } else if tally.opening > 0 {
            says.push("opening".to_owned());
        } else if tally.ended == tally.all {
            says.push("ended".to_owned());
        }
        says.join(", ")
    }

    /// The line beside the crumbs.
    pub(super) fn story(&self) -> String {
        let held = count(self.lines.len());
        let matches = count(self.lines.matches());
        let mut says = Vec::new();
        let View { only, context, .. } = self.view;
        match (self.lines.finder().is_some(), only) {
            (false, _) => says.push(counted(held, "line")),
            (true, true) => {
                says.push(format!("{} of {}", grouped(matches), counted(held, "line")));
                if context > 0 {
                    says.push(format!("{context} around"));
                }
            }
            (true, false) => {
                says.push(counted(held, "line"));
                says.push(format!("{} marked", grouped(matches)));
            }
        }
        says.push(self.state());
        let newest = self.source.range == Range::Newest;
        if self.source.id().is_some() {
            says.push(if newest && self.source.is_previous {
                "last lines".to_owned()
            } else {
                self.source.range.words()
            });
        }
        if self.lost > 0 {
            says.push(format!("lost {}", grouped(self.lost)));
        }
        if self.lines.dropped() > 0 {
            says.push(format!("{} older dropped", grouped(self.lines.dropped())));
        }
        if let Some((cleared, _)) = self.cleared {
            says.push(format!("{} cleared", grouped(cleared)));
        }
        if self.view.look.wrap {
            says.push("wrapped".to_owned());
        }
        says.retain(|part| !part.is_empty());
        says.join(", ")
    }

    /// What there is to say above the lines, in rows: how the task ended, what fails, what cannot be read.
    pub(super) fn notices(&self, cx: &Cx, most: usize) -> Vec<(String, Role)> {
        if self.lines.rows() == 0 {
            // The empty pane says it all, at length.
            return Vec::new();
        }
        let mut notices = Vec::new();
        if let Some(ended) = self.source.ended() {
            notices.push((ended.story(cx.now.wall), Role::StatusWarn));
        }
        for (fault, times) in self.tally().failed {
            notices.push((failure(fault, times), Role::StatusError));
        }
        let excuses = self.source.found.excuses();
        notices.extend(excuses.into_iter().map(|why| (why, Role::TextMuted)));
        let room = usize::from(cx.room.0.saturating_sub(2));
        let mut rows = Vec::new();
        for (says, role) in notices {
            let says = text::clean(&says);
            let ranges = text::wrap(&says, room, 0).into_iter();
            rows.extend(ranges.map(|range| (says[range].to_owned(), role)));
        }
        let most = most.max(1);
        if rows.len() > most {
            rows.truncate(most);
            if let Some((last, _)) = rows.last_mut() {
                let ellipsis = cx.glyphs.ellipsis();
                let kept = text::cut(last, room.saturating_sub(1), "");
                *last = format!("{}{ellipsis}", kept.trim_end());
            }
        }
        rows
    }

    /// What is not followed, at the foot: `▼ 1,204 new; s follows`.
    pub(super) fn unfollowed(&self, cx: &Cx) -> String {
        let sign = if cx.glyphs.ascii { "v" } else { "▼" };
        let goes_on = match cx.keymap.key_of(Command::Follow) {
            Some(key) => format!("; {key} follows"),
            None => String::new(),
        };
        match self.view.new {
            0 => format!("{sign} not following{goes_on}"),
            new => format!("{sign} {} new{goes_on}", grouped(new)),
        }
    }

    /// Why there is no line, in sentences.
    pub(super) fn why_empty(&self, cx: &Cx) -> Vec<(String, Role)> {
        let held = count(self.lines.len());
        if let Some(finder) = self.lines.finder().filter(|_| held > 0) {
            let text = format!(
                "None of {} matches {}.",
                counted(held, "line"),
                finder.text()
            );
            return vec![(text, Role::TextMuted)];
        }
        let name = resource::called(&self.source.asked, cx.store);
        let mut says = Vec::new();
        if self.source.is_previous {
            match &self.source.previous {
                Previous::Looking => {
                    return vec![(
                        "Looking for the task that stopped last…".to_owned(),
                        Role::TextMuted,
                    )];
                }
                Previous::None(why) => return vec![(sentence(why), Role::TextMuted)],
                Previous::Found(ended) => {
                    says.push((sentence(&ended.story(cx.now.wall)), Role::StatusWarn));
                    if ended.never_ran {
                        says.push((
                            "It never ran, so it wrote nothing.".to_owned(),
                            Role::TextMuted,
                        ));
                        if !ended.next.is_empty() {
                            says.push((ended.next.to_owned(), Role::TextMuted));
                        }
                        return says;
                    }
                }
            }
        }
        let found = &self.source.found;
        let excuses = found.excuses().into_iter();
        says.extend(excuses.map(|why| (sentence(&why), Role::StatusWarn)));
        let mut waiting: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (container, what) in &found.waiting {
            waiting.entry(what).or_default().push(container.name());
        }
        for (what, mut containers) in waiting {
            containers.dedup();
            let text = format!("{} waits for {what}.", containers.join(", "));
            says.push((text, Role::TextMuted));
        }
        let tally = self.tally();
        for (fault, times) in &tally.failed {
            says.push((sentence(&failure(fault, *times)), Role::StatusError));
        }
        if tally.all > 0 {
            says.push((self.silence(&tally, cx), Role::TextMuted));
        } else if says.is_empty() && !found.complete {
            says.push((format!("Looking for the tasks of {name}…"), Role::TextMuted));
        } else if says.is_empty() {
            let last = key(
                cx,
                Command::PreviousLogs,
                " shows the one that stopped last",
            );
            says.push((
                format!("{name} has no running task{last}."),
                Role::TextMuted,
            ));
        }
        says
    }

    /// Why nothing came out of the streams that are read.
    fn silence(&self, tally: &Tally, cx: &Cx) -> String {
        let streams = counted(count(tally.all), "stream");
        if let Some((cleared, at)) = self.cleared {
            let (cleared, at) = (counted(cleared, "line"), short_clock(at));
            return format!("{cleared} cleared at {at} UTC; new ones appear here.");
        }
        if tally.opening == tally.all {
            return format!("Opening {streams}…");
        }
        let failed: usize = tally.failed.iter().map(|(_, times)| times).sum();
        if failed == tally.all {
            return "No stream could be read.".to_owned();
        }
        let head = if self.source.range == Range::Head {
            String::new()
        } else {
            key(cx, Command::SinceHead, " reads from the beginning")
        };
        let from = match (self.source.begun, self.source.range) {
            (Some(begun), Range::Minutes(minutes)) => {
                let from = begun.wall.0 - i64::from(minutes) * 60_000;
                Some(Timestamp(from))
            }
            (Some(begun), _) => Some(begun.wall),
            (None, _) => None,
        };
        let since = self
            .heard
            .or(from)
            .map_or_else(String::new, |at| format!(" since {} UTC", short_clock(at)));
        if self.source.range == Range::Head {
            return format!("Nothing was ever written to {streams}.");
        }
        let over = match (tally.ended + failed == tally.all, tally.all) {
            (false, _) => "",
            (true, 1) => ", which has ended",
            (true, _) => ", which have ended",
        };
        format!("No lines{since} in {streams}{over}{head}.")
    }
}

/// `; 1 reads from the beginning`, if there is such a key.
fn key(cx: &Cx, command: Command, does: &str) -> String {
    let key = cx.keymap.key_of(command);
    key.map_or_else(String::new, |key| format!("; {key}{does}"))
}

fn failure(fault: &Fault, times: usize) -> String {
    match times {
        1 => fault.to_string(),
        times => format!("{}: {fault}", counted(count(times), "stream")),
    }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    // What begins with a name in lower case stays as it is called.
    let named = text
        .split_once(": ")
        .is_some_and(|(name, _)| !name.contains(' '));
    let mut sentence: String = if named {
        text.to_owned()
    } else {
        first.to_uppercase().chain(letters).collect()
    };
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}
