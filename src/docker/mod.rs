//! Docker Engines: finding and connecting them, their containers of tasks, samples of what these use, and their logs.
//! What is asked for comes from `app`; what is told is kept in `store` and `ui`.
//!
//! Every engine has a task of its own, which owns the connection and tells how it stands. What a tail needs to know of
//! all engines goes through one channel that holds the newest. Nothing is locked.

mod address;
mod connect;
mod containers;
mod engine;
mod fault;
mod lines;
mod logs;
mod report;
mod ssh;
mod stats;
mod streams;
mod supervise;
mod time;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::{mpsc, watch};

pub use address::{HostRule, Settings, check_address};

use crate::model::{EngineReport, LogReport, Tail, Watch};
use engine::{Pace, Roster};
use supervise::{Command, Supervisor};

/// Notes that may wait before who writes them is held up.
const NOTES: usize = 256;

/// The Docker Engines of this session. Cheap to clone; when the last clone is gone, so are all connections.
#[derive(Debug, Clone)]
pub struct Engines {
    settings: Arc<Settings>,
    pace: Pace,
    watch: watch::Sender<Watch>,
    commands: mpsc::UnboundedSender<Command>,
    roster: watch::Sender<Roster>,
    open: Arc<AtomicUsize>,
    tails: Arc<AtomicU64>,
}

impl Engines {
    /// Starts without a connection: that is what [`Engines::watch`] and [`Engines::tail`] ask for. It ends when
    /// `reports` is closed.
    ///
    /// Reports are of the newest only. A receiver that is slow misses states that did not last and samples that others
    /// followed, and holds nothing up.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn start(settings: Settings, reports: mpsc::Sender<EngineReport>) -> Self {
        Self::start_at(settings, Pace::DEFAULT, reports)
    }

    fn start_at(settings: Settings, pace: Pace, reports: mpsc::Sender<EngineReport>) -> Self {
        let (watch, watched) = watch::channel(Watch::default());
        let (commands, received) = mpsc::unbounded_channel();
        let (notes, to_report) = mpsc::channel(NOTES);
        let engines = Self {
            settings: Arc::new(settings),
            pace,
            watch,
            commands,
            roster: watch::Sender::new(Roster::new()),
            open: Arc::default(),
            tails: Arc::default(),
        };
        let supervisor = Supervisor {
            settings: Arc::clone(&engines.settings),
            pace,
            watch: watched,
            commands: received,
            roster: engines.roster.clone(),
            notes,
            open: Arc::clone(&engines.open),
            reports: reports.clone(),
        };
        tokio::spawn(report::run(to_report, reports));
        tokio::spawn(supervisor.run());
        engines
    }

    /// Says what is looked at from now on. Does not wait, and may be said as often as it changes.
    pub fn watch(&self, watch: Watch) {
        self.watch.send_if_modified(|known| {
            let differs = *known != watch;
            *known = watch;
            differs
        });
    }

    /// Reads the streams of a tail that are on engines, and follows what it is changed to. Ends when nobody takes
    /// `reports` any more, or nobody can change the tail.
    ///
    /// No line is left out: while the receiver is slow, the engines are read slowly.
    pub async fn tail(&self, tail: watch::Receiver<Tail>, reports: mpsc::Sender<LogReport>) {
        let lease = Lease {
            tail: self.tails.fetch_add(1, Ordering::Relaxed),
            commands: self.commands.clone(),
        };
        let tailing = logs::Tailing {
            settings: Arc::clone(&self.settings),
            pace: self.pace,
            roster: self.roster.subscribe(),
            reports,
        };
        tailing.run(tail, |places| lease.change(places)).await;
    }

    /// How many streams of stats and logs are open now, on all engines.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// What a tail holds: engines stay connected for it.
struct Lease {
    tail: u64,
    commands: mpsc::UnboundedSender<Command>,
}

impl Lease {
    fn change(&self, places: Vec<crate::model::LogPlace>) {
        let tail = self.tail;
        // The supervisor has ended if nobody takes reports any more.
        let _ = self.commands.send(Command::Lease { tail, places });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // As above.
        let _ = self.commands.send(Command::Return { tail: self.tail });
    }
}

#[cfg(all(test, unix))]
mod tests;
