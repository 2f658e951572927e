//! A deed on several targets, a few at a time: the next wave waits until what the one before began is steady.

use std::collections::VecDeque;

use super::{App, deeds::Deeds};
use crate::{
    action::Step,
    model::{Ending, Now, Record, Rollout, Verdict},
    ui::Level,
};

/// What is done in waves.
pub(super) struct Waves {
    queue: VecDeque<Step>,
    /// Targets in a wave.
    size: usize,
    total: usize,
    /// What it is called: `Stop task`.
    title: &'static str,
    /// Records of the wave that is under way, whose answer has not come.
    sent: Vec<String>,
    /// Records of the wave that is under way, whose rollout has not arrived.
    moving: Vec<String>,
    done: usize,
    failed: usize,
    halted: bool,
}

impl Waves {
    pub(super) fn new(steps: Vec<Step>, size: usize) -> Self {
        Self {
            total: steps.len(),
            title: steps.first().map_or("", |step| step.title),
            queue: steps.into(),
            size: size.max(1),
            sent: Vec::new(),
            moving: Vec::new(),
            done: 0,
            failed: 0,
            halted: false,
        }
    }

    fn is_between(&self) -> bool {
        self.sent.is_empty() && self.moving.is_empty()
    }

    /// How it stands, in a line.
    pub(super) fn line(&self) -> String {
        let waits = if self.halted {
            "no further wave"
        } else if self.queue.is_empty() {
            "the last wave"
        } else if self.sent.is_empty() {
            "the next wave waits until all is steady"
        } else {
            "sending"
        };
        let failed = if self.failed > 0 {
            format!(", {} failed", self.failed)
        } else {
            String::new()
        };
        let halt = if self.halted || self.queue.is_empty() {
            ""
        } else {
            "; esc stops before it"
        };
        format!(
            "{}: {} of {} done{failed}; {waits}{halt}",
            self.title, self.done, self.total
        )
    }
}

impl Deeds {
    /// Ends what is done in waves without another one; gives the number of targets left, if there are any.
    pub(super) fn drop_waves(&mut self) -> Option<usize> {
        let waves = self.waves.take()?;
        Some(waves.queue.len()).filter(|left| *left > 0)
    }
}

impl App {
    /// Sends the next wave, or ends when there is none.
    pub(super) fn next_wave(&mut self, now: Now) {
        let Some(waves) = &mut self.deeds.waves else {
            return;
        };
        if waves.halted || waves.queue.is_empty() {
            let left = waves.queue.len();
            let text = if left == 0 {
                format!(
                    "{}: {} of {} done, {} failed",
                    waves.title, waves.done, waves.total, waves.failed
                )
            } else {
                format!(
                    "{}: stopped, {} of {} done, {left} left as they were",
                    waves.title, waves.done, waves.total
                )
            };
            let level = if waves.failed > 0 || left > 0 {
                Level::Warn
            } else {
                Level::Info
            };
            self.deeds.waves = None;
            self.say(level, text, now);
            return;
        }
        let count = waves.size.min(waves.queue.len());
        let steps: Vec<_> = waves.queue.drain(..count).collect();
        let sent: Vec<_> = steps.into_iter().map(|step| self.send(step, now)).collect();
        if let Some(waves) = &mut self.deeds.waves {
            waves.sent = sent;
        }
    }

    /// Notes what came of an act, if it belongs to the wave that is under way.
    pub(super) fn wave_acted(&mut self, record: &Record, now: Now) {
        let follows = self
            .scene
            .store
            .rollouts()
            .iter()
            .any(|rollout| rollout.record == record.id && rollout.is_going_on());
        let Some(waves) = &mut self.deeds.waves else {
            return;
        };
        let Some(at) = waves.sent.iter().position(|id| *id == record.id) else {
            return;
        };
        waves.sent.remove(at);
        match record.verdict {
            Verdict::Done if follows => waves.moving.push(record.id.clone()),
            Verdict::Done => waves.done += 1,
            // What went wrong once is likely to go wrong again: a person decides.
            _ => {
                waves.failed += 1;
                waves.halted = true;
            }
        }
        if waves.is_between() {
            self.next_wave(now);
        }
    }

    /// Notes that a rollout ended, if it belongs to the wave that is under way.
    pub(super) fn wave_arrived(&mut self, rollout: &Rollout, now: Now) {
        let Some(waves) = &mut self.deeds.waves else {
            return;
        };
        let Some(at) = waves.moving.iter().position(|id| *id == rollout.record) else {
            return;
        };
        waves.moving.remove(at);
        if matches!(rollout.ended, Some((Ending::Steady, _))) {
            waves.done += 1;
        } else {
            waves.failed += 1;
            waves.halted = true;
        }
        if waves.is_between() {
            self.next_wave(now);
        }
    }

    /// Stops before the next wave; tells whether there was one to come.
    pub(super) fn halt_waves(&mut self, now: Now) -> bool {
        let Some(waves) = &mut self.deeds.waves else {
            return false;
        };
        if waves.halted || waves.queue.is_empty() {
            return false;
        }
        waves.halted = true;
        let left = waves.queue.len();
        self.say(
            Level::Warn,
            format!("no further wave: {left} are left as they are"),
            now,
        );
        true
    }
}
