//! What comes from outside without being asked for: keys, the size of the terminal, and signals.

use std::io;

use tokio::sync::mpsc;

use crate::app::Event;

/// Events that may wait before the reader of keys is held up.
const QUEUE: usize = 256;

/// Keys and signals as events.
pub(super) struct Events {
    typed: mpsc::Receiver<Event>,
    signals: Signals,
}

impl Events {
    pub(super) fn start() -> io::Result<Self> {
        let (sender, typed) = mpsc::channel(QUEUE);
        let signals = Signals::listen()?;
        // A thread of its own, because reading a terminal that is going away can hold its reader up: crossterm tries
        // again for ever at the end of the file. The loop must stay free to hear the signal that tells of it.
        std::thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || keys::read(&sender))?;
        Ok(Self { typed, signals })
    }

    /// The next event. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Event {
        tokio::select! {
            biased;
            // Without the reader there is no terminal.
            typed = self.typed.recv() => typed.unwrap_or(Event::Hangup),
            event = self.signals.next() => event,
        }
    }
}

#[cfg(unix)]
mod keys {
    //! Reading keys from a Unix terminal.

    use std::{fs::File, io, os::fd::AsFd, time::Duration};

    use rustix::event::{PollFd, PollFlags, poll};
    use tokio::sync::mpsc;

    use crate::{app::Event, runtime::input};

    /// Sends what is typed until the terminal or the program is gone.
    pub(super) fn read(sender: &mpsc::Sender<Event>) {
        let ended = match terminal() {
            Ok(Some(terminal)) => read_from(&terminal, sender),
            Ok(None) => read_from(&io::stdin(), sender),
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "the terminal cannot be read any more");
        }
        // If the program has ended first there is nobody to tell.
        let _ = sender.blocking_send(Event::Hangup);
    }

    /// The terminal, where it is not the standard input; the same that crossterm takes.
    fn terminal() -> io::Result<Option<File>> {
        if io::IsTerminal::is_terminal(&io::stdin()) {
            return Ok(None);
        }
        File::open("/dev/tty").map(Some)
    }

    fn read_from(terminal: &impl AsFd, sender: &mpsc::Sender<Event>) -> io::Result<()> {
        loop {
            let mut watched = [PollFd::new(terminal, PollFlags::IN)];
            match poll(&mut watched, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            // Asked before every read: at the end of the file crossterm would try again for ever.
            if watched[0]
                .revents()
                .intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
            {
                return Ok(());
            }
            while crossterm::event::poll(Duration::ZERO)? {
                let event = input::translate(crossterm::event::read()?);
                if let Some(event) = event
                    && sender.blocking_send(event).is_err()
                {
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod keys {
    //! Reading keys from a console.

    use tokio::sync::mpsc;

    use crate::{app::Event, runtime::input};

    /// Sends what is typed until the console or the program is gone.
    pub(super) fn read(sender: &mpsc::Sender<Event>) {
        while let Ok(event) = crossterm::event::read() {
            if let Some(event) = input::translate(event)
                && sender.blocking_send(event).is_err()
            {
                return;
            }
        }
        // If the program has ended first there is nobody to tell.
        let _ = sender.blocking_send(Event::Hangup);
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    /// Sent from outside: Ctrl-c on this terminal is a key.
    interrupt: tokio::signal::unix::Signal,
    resize: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            resize: signal(SignalKind::window_change())?,
        })
    }

    /// Waits for a request to end, or for another size of the terminal.
    async fn next(&mut self) -> Event {
        tokio::select! {
            _ = self.terminate.recv() => Event::Hangup,
            _ = self.hangup.recv() => Event::Hangup,
            _ = self.interrupt.recv() => Event::Hangup,
            _ = self.resize.recv() => match crossterm::terminal::size() {
                Ok((width, height)) => Event::Resize(width, height),
                Err(_) => Event::Hangup,
            },
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "listening can fail elsewhere")]
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for ever: there are no signals here.
    async fn next(&mut self) -> Event {
        std::future::pending().await
    }
}
