//! When the screen is painted: soon after what happened, but no more often than is of use.

use std::time::Duration;

use crate::app::Event;

/// Frames are at least this far apart.
const FRAME: Duration = Duration::from_millis(33);
/// What merely flows (log lines, samples) is painted this seldom: a screen that scrolls is painted almost whole.
const CALM: Duration = Duration::from_millis(100);
/// The same over SSH, where a screen costs several kilobytes.
const FAR: Duration = Duration::from_millis(250);

/// When the last frame was, and how soon the next is to come.
#[derive(Debug)]
pub(super) struct Frames {
    /// The pause between frames of what merely flows.
    calm: Duration,
    painted: Option<Duration>,
    /// The pause after the last frame that what happened since asks for; none if nothing did.
    pause: Option<Duration>,
}

impl Frames {
    /// Nothing is painted yet. `far` says that the terminal is at the other end of an SSH connection.
    pub(super) fn new(far: bool) -> Self {
        Self {
            calm: if far { FAR } else { CALM },
            painted: None,
            pause: Some(FRAME),
        }
    }

    /// Notes that something happened.
    pub(super) fn note(&mut self, event: &Event) {
        let pause = if event.flows() { self.calm } else { FRAME };
        self.pause = Some(self.pause.map_or(pause, |before| before.min(pause)));
    }

    /// When the next frame is to be painted; none if nothing happened since the last.
    pub(super) fn next(&self) -> Option<Duration> {
        let pause = self.pause?;
        Some(
            self.painted
                .map_or(Duration::ZERO, |painted| painted + pause),
        )
    }

    /// Notes that a frame was painted.
    pub(super) fn painted(&mut self, now: Duration) {
        self.painted = Some(now);
        self.pause = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EngineReport;

    const AT: Duration = Duration::from_secs(7);

    fn painted(far: bool) -> Frames {
        let mut frames = Frames::new(far);
        assert_eq!(frames.next(), Some(Duration::ZERO));
        frames.painted(AT);
        frames
    }

    fn samples() -> Event {
        Event::Engine(EngineReport::Samples(Vec::new()))
    }

    #[test]
    fn nothing_is_painted_where_nothing_happened() {
        assert_eq!(painted(false).next(), None);
    }

    #[test]
    fn what_flows_waits_longer_and_longer_still_over_ssh() {
        let mut frames = painted(false);
        frames.note(&samples());
        assert_eq!(frames.next(), Some(AT + CALM));
        let mut frames = painted(true);
        frames.note(&samples());
        assert_eq!(frames.next(), Some(AT + FAR));
    }

    #[test]
    fn a_key_among_what_flows_does_not_wait_for_it() {
        let mut frames = painted(true);
        frames.note(&samples());
        frames.note(&Event::Focus(true));
        frames.note(&samples());
        assert_eq!(frames.next(), Some(AT + FRAME));
        frames.painted(AT + FRAME);
        assert_eq!(frames.next(), None);
    }
}
