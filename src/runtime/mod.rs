//! The world outside the program: terminal, network, clock, signals. Events go in to `app`, its effects are done here.

mod audit;
mod cache;
mod clipboard;
mod contexts;
mod effects;
mod events;
mod feeds;
mod frames;
mod input;
mod recent;
mod save;
mod terminal;

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

pub use cache::Cache;
pub use clipboard::osc52;
pub use effects::{Message, Outside, Reach, Senders};
pub use terminal::columns;

use self::{frames::Frames, terminal::Screen};
use crate::{
    app::{App, Effect, Event, Options},
    config::Config,
    model::{Now, Timestamp},
};

/// For this long events are taken in before keys are looked for again.
const LOOK_UP: Duration = Duration::from_millis(8);
/// Messages that may wait before senders are held up.
const QUEUE: usize = 1_024;
/// The same for logs, of which each message is up to a thousand lines.
const LOGS: usize = 8;
/// Messages taken in before the screen is painted again.
const BATCH: usize = 512;

/// What exploring needs.
pub struct Session {
    /// What the program starts with.
    pub options: Options,
    /// What is to be reached.
    pub reach: Reach,
    /// The user's patterns and paths.
    pub config: Config,
    /// Where snapshots are kept, if they are.
    pub cache: Option<Cache>,
}

/// Takes the terminal over and runs until the user leaves.
///
/// # Errors
/// When the terminal cannot be taken over or written to, and when a task of the program panicked.
pub async fn explore(session: Session) -> io::Result<()> {
    let clock = Clock::start();
    let mut screen = Screen::take(*session.config.mouse)?;
    let (answers, mut messages) = mpsc::channel(QUEUE);
    let (lines, mut logs) = mpsc::channel(LOGS);
    let mut app = App::new(session.options, clock.now());
    let (width, height) = screen.size()?;
    let senders = Senders {
        answers,
        logs: lines,
    };
    let mut outside = Outside::new(senders, session.reach, session.config);
    let mut events = events::Events::start()?;
    let mut pending = app.update(Event::Resize(width, height), clock.now());
    if let Some(cache) = session.cache {
        app.keep(clock.now());
        for event in outside.restore(cache, app.epoch()) {
            pending.extend(app.update(event, clock.now()));
        }
    }
    let mut frames = Frames::new(is_far());
    loop {
        for effect in std::mem::take(&mut pending) {
            match effect {
                Effect::Quit if outside.has_panicked() => {
                    return Err(io::Error::other(
                        "a background task panicked, which is a bug in ecsight: please report what it wrote",
                    ));
                }
                Effect::Quit => {
                    drop(screen);
                    outside.finish();
                    return Ok(());
                }
                Effect::Suspend => {
                    screen.suspend()?;
                    let (width, height) = screen.size()?;
                    pending.extend(app.update(Event::Resize(width, height), clock.now()));
                }
                Effect::Redraw => screen.clear()?,
                Effect::Copy { what, text } => {
                    let event = Event::Finished(screen.copy(&what, &text));
                    pending.extend(app.update(event, clock.now()));
                }
                effect => {
                    for event in outside.perform(effect) {
                        pending.extend(app.update(event, clock.now()));
                    }
                }
            }
        }
        if !pending.is_empty() {
            continue;
        }
        let now = clock.now();
        if frames.next().is_some_and(|frame| frame <= now.mono) {
            pending = app.settle(now);
            screen.paint(|area, buffer| app.draw(area, buffer, now))?;
            frames.painted(now.mono);
            if !pending.is_empty() {
                continue;
            }
        }
        let next = app.next_wake().into_iter().chain(frames.next()).min();
        let first = tokio::select! {
            biased;
            event = events.next() => event,
            Some(message) = messages.recv() => outside.take(message),
            () = clock.sleep_until(next) => Event::Wake,
            Some(message) = logs.recv() => outside.take(message),
        };
        let now = clock.now();
        frames.note(&first);
        pending.extend(app.update(first, now));
        // Many small answers cost one look: they are all taken in before the next frame, for as long as no key would
        // have to wait for it.
        for _ in 0..BATCH {
            let Ok(message) = messages.try_recv().or_else(|_| logs.try_recv()) else {
                break;
            };
            let event = outside.take(message);
            frames.note(&event);
            pending.extend(app.update(event, now));
            if clock.now().mono.saturating_sub(now.mono) >= LOOK_UP {
                break;
            }
        }
    }
}

/// Whether the terminal is at the other end of an SSH connection.
fn is_far() -> bool {
    ["SSH_TTY", "SSH_CONNECTION"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The one clock of the program.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// The present moment.
    #[must_use]
    pub fn now(self) -> Now {
        let wall = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            });
        Now {
            wall: Timestamp(wall),
            mono: self.started.elapsed(),
        }
    }

    /// Waits until a moment, for ever if there is none.
    async fn sleep_until(self, moment: Option<Duration>) {
        // A moment beyond what the system's clock can tell never comes.
        match moment.and_then(|moment| self.started.checked_add(moment)) {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }
}
