//! What comes from outside without being asked for: keys, the size of the terminal, and signals.

use std::io;

use crossterm::event::EventStream;
use futures::StreamExt;

use super::input;
use crate::app::Event;

/// Keys and signals as events.
pub(super) struct Events {
    terminal: EventStream,
    signals: Signals,
}

impl Events {
    pub(super) fn start() -> io::Result<Self> {
        Ok(Self {
            terminal: EventStream::new(),
            signals: Signals::listen()?,
        })
    }

    /// The next event; none for what the program has no use for. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<Event> {
        tokio::select! {
            biased;
            event = self.terminal.next() => match event {
                Some(Ok(event)) => input::translate(event),
                // The terminal is gone.
                Some(Err(_)) | None => Some(Event::Hangup),
            },
            () = self.signals.next() => Some(Event::Hangup),
        }
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    /// Sent from outside: Ctrl-c on this terminal is a key.
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for a request to end.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for ever: there are no signals here.
    async fn next(&mut self) {
        std::future::pending().await
    }
}
