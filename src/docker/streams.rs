//! Open streams: how many there are, and the stats streams of one engine. What frames mean is in `stats`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bollard::query_parameters::StatsOptions;
use futures::StreamExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::connect::Client;
use super::report::Note;
use super::stats;
use crate::model::{Arn, EngineContainer, Subject};

/// How long a stream that ended by itself is not opened again.
const REST: Duration = Duration::from_millis(900);

/// The number of streams that are open, of one engine and of all.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    all: Arc<AtomicUsize>,
    own: watch::Sender<usize>,
}

impl Counter {
    pub(super) fn new(all: Arc<AtomicUsize>) -> Self {
        Self {
            all,
            own: watch::Sender::new(0),
        }
    }

    /// How many there are on this engine.
    pub(super) fn count(&self) -> usize {
        *self.own.borrow()
    }

    /// Tells when the number changes.
    pub(super) fn subscribe(&self) -> watch::Receiver<usize> {
        self.own.subscribe()
    }

    /// Counts a stream for as long as what is returned lives.
    pub(super) fn open(&self) -> OpenStream {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.own.send_modify(|count| *count += 1);
        OpenStream(self.clone())
    }
}

/// A stream that is counted.
#[derive(Debug)]
pub(super) struct OpenStream(Counter);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.all.fetch_sub(1, Ordering::Relaxed);
        self.0.own.send_modify(|count| *count -= 1);
    }
}

/// The stats streams of one engine. All end with it.
pub(super) struct StatsStreams {
    client: Client,
    memory: Option<u64>,
    notes: mpsc::Sender<Note>,
    counter: Counter,
    tasks: JoinSet<String>,
    open: BTreeMap<String, AbortHandle>,
    /// When those that ended by themselves may be opened again.
    resting: BTreeMap<String, Instant>,
    guests: BTreeSet<String>,
}

impl StatsStreams {
    /// None at first; `memory` is the host's, in bytes.
    pub(super) fn new(
        client: Client,
        memory: Option<u64>,
        notes: mpsc::Sender<Note>,
        counter: Counter,
    ) -> Self {
        Self {
            client,
            memory,
            notes,
            counter,
            tasks: JoinSet::new(),
            open: BTreeMap::new(),
            resting: BTreeMap::new(),
            guests: BTreeSet::new(),
        }
    }

    /// Takes over which containers, by id, use the network of another: their samples say nothing of traffic.
    pub(super) fn set_guests(&mut self, guests: BTreeSet<String>) {
        self.guests = guests;
    }

    /// Opens and ends streams so that there is one for each running container of these tasks.
    pub(super) fn follow(&mut self, containers: &[EngineContainer], tasks: &BTreeSet<Arn>) {
        let now = Instant::now();
        self.resting.retain(|_, until| *until > now);
        let wanted: BTreeMap<_, _> = containers
            .iter()
            .filter(|one| one.state == "running" && tasks.contains(&one.task))
            .map(|one| (one.id.as_str(), one))
            .collect();
        self.open.retain(|id, stream| {
            let keep = wanted.contains_key(id.as_str());
            if !keep {
                stream.abort();
            }
            keep
        });
        for (id, container) in wanted {
            if self.open.contains_key(id) || self.resting.contains_key(id) {
                continue;
            }
            let stream = Stream {
                client: self.client.clone(),
                id: id.to_owned(),
                subject: container.subject(),
                memory: self.memory,
                is_guest: self.guests.contains(id),
                notes: self.notes.clone(),
                _open: self.counter.open(),
            };
            let stream = stream.read();
            self.open.insert(id.to_owned(), self.tasks.spawn(stream));
        }
    }

    /// Waits until a stream ends by itself; none as long as there is no stream.
    pub(super) async fn ended(&mut self) -> Option<()> {
        loop {
            // One that was ended here is no news.
            let Ok((task, id)) = self.tasks.join_next_with_id().await? else {
                continue;
            };
            if self.open.get(&id).is_some_and(|stream| stream.id() == task) {
                self.open.remove(&id);
                self.resting.insert(id, Instant::now() + REST);
                return Some(());
            }
        }
    }
}

/// The stats stream of one container.
struct Stream {
    client: Client,
    id: String,
    subject: Subject,
    memory: Option<u64>,
    is_guest: bool,
    notes: mpsc::Sender<Note>,
    _open: OpenStream,
}

impl Stream {
    /// Reads it to its end, and returns the id of the container.
    async fn read(self) -> String {
        let options = StatsOptions {
            stream: true,
            one_shot: false,
        };
        let mut frames = self.client.docker.stats(&self.id, Some(options)).boxed();
        while let Some(Ok(frame)) = frames.next().await {
            let Some(mut sample) = stats::sample(&frame, self.memory) else {
                continue;
            };
            if self.is_guest {
                sample.network = None;
            }
            let note = Note::Sample(self.subject.clone(), sample);
            if self.notes.send(note).await.is_err() {
                break;
            }
        }
        drop(frames);
        self.id
    }
}
