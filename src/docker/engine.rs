//! One engine: connected while it is wanted, its containers kept current, their stats streams opened and ended. Finding
//! its address is done in `supervise`, reading logs in `logs`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptions;
use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _, OptionFuture};
use futures::stream::BoxStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::address::Target;
use super::connect::{About, Client};
use super::containers::{self, Known};
use super::report::Note;
use super::streams::{Counter, StatsStreams};
use super::time;
use crate::model::{Arn, Engine, EngineContainer, EngineId, EngineState, Fault};

/// How long things take that are waited for; shorter in tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How long an engine that nothing needs stays connected.
    pub(super) linger: Duration,
    /// How long to wait before the second attempt; doubles with each.
    pub(super) first_wait: Duration,
    /// The longest wait between attempts.
    pub(super) longest_wait: Duration,
    /// How long to gather events before the containers are listed anew.
    pub(super) settle: Duration,
    /// How often the containers are listed whatever the events say.
    pub(super) relist: Duration,
}

impl Pace {
    pub(super) const DEFAULT: Self = Self {
        linger: Duration::from_secs(10),
        first_wait: Duration::from_secs(2),
        longest_wait: Duration::from_secs(30),
        settle: Duration::from_millis(250),
        relist: Duration::from_mins(1),
    };

    /// The wait after so many failures in a row.
    pub(super) fn wait(&self, failures: u32) -> Duration {
        let doubled = self.first_wait * 2_u32.saturating_pow(failures.min(16));
        doubled.min(self.longest_wait)
    }
}

/// What is wanted of an engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wants {
    /// Whether it is to be connected.
    pub(super) open: bool,
    /// The container instance that it runs on, if a rule led to it.
    pub(super) instance: Option<Arn>,
    /// The tasks whose containers are to be sampled.
    pub(super) tasks: Arc<BTreeSet<Arn>>,
}

/// An engine as the readers of logs see it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The way to it while it is connected.
    pub(super) client: Option<Client>,
    /// Why it is not.
    pub(super) fault: Option<Fault>,
    /// Its containers, or the last that were known.
    pub(super) containers: Arc<Vec<EngineContainer>>,
    /// Its open streams.
    pub(super) streams: Counter,
}

/// All engines that were ever wanted.
pub(super) type Roster = BTreeMap<EngineId, Seen>;

/// Who keeps one engine.
pub(super) struct Keeper {
    pub(super) target: Target,
    pub(super) pace: Pace,
    pub(super) wants: watch::Receiver<Wants>,
    pub(super) roster: watch::Sender<Roster>,
    pub(super) notes: mpsc::Sender<Note>,
    pub(super) streams: Counter,
    pub(super) engine: Engine,
}

/// Why a connection ended.
enum End {
    /// Nothing needs it.
    Idle,
    /// It broke.
    Lost(Fault),
}

impl Keeper {
    /// Keeps the engine until nobody can want it any more.
    pub(super) async fn run(mut self) {
        loop {
            if self.wants.wait_for(|wants| wants.open).await.is_err() {
                return;
            }
            self.set_state(EngineState::Connecting, None).await;
            self.keep_connected().await;
            self.set_state(EngineState::Closed, None).await;
        }
    }

    /// Connects again and again, until nothing needs the engine.
    async fn keep_connected(&mut self) {
        let mut failures = 0;
        loop {
            let target = self.target.clone();
            let connected = tokio::select! {
                connected = Client::connect(&target) => connected,
                () = idle(self.wants.clone(), self.pace.linger) => return,
            };
            let fault = match connected {
                Ok((client, about)) => match self.serve(&client, &about, &mut failures).await {
                    End::Idle => return,
                    End::Lost(fault) => fault,
                },
                Err(fault) => fault,
            };
            tracing::debug!(engine = %self.target.id, %fault, "engine failed");
            self.set_state(EngineState::Failed(fault), None).await;
            tokio::select! {
                () = sleep(self.pace.wait(failures)) => failures += 1,
                () = idle(self.wants.clone(), self.pace.linger) => return,
            }
        }
    }

    /// Follows a connected engine until the connection ends.
    async fn serve(&mut self, client: &Client, about: &About, failures: &mut u32) -> End {
        self.engine.version.clone_from(&about.version);
        self.engine.api.clone_from(&about.api);
        let mut idle = idle(self.wants.clone(), self.pace.linger).boxed();
        let mut events = events(client, about);
        let mut stats = StatsStreams::new(
            client.clone(),
            about.memory,
            self.notes.clone(),
            self.streams.clone(),
        );
        let mut counted = self.streams.subscribe();
        let mut known = Known::new();
        let mut changed: BTreeSet<String> = BTreeSet::new();
        let mut listing: Option<BoxFuture<'static, _>> = None;
        let mut due = Instant::now();
        loop {
            tokio::select! {
                () = &mut idle => return End::Idle,
                event = events.next() => match event {
                    Some(Ok(event)) => if let Some(id) = changed_by(&event) {
                        changed.insert(id);
                        due = due.min(Instant::now() + self.pace.settle);
                    },
                    Some(Err(error)) => return End::Lost(client.fault(&error)),
                    None => return End::Lost(client.gone()),
                },
                () = sleep_until(due), if listing.is_none() => {
                    for id in std::mem::take(&mut changed) {
                        known.remove(&id);
                    }
                    let watched = BTreeSet::clone(&self.wants.borrow_and_update().tasks);
                    listing = Some(containers::list(client.clone(), watched, known.clone()).boxed());
                    due = Instant::now() + self.pace.relist;
                }
                Some(listed) = OptionFuture::from(listing.as_mut()) => {
                    listing = None;
                    match listed {
                        Ok(listed) => {
                            known = listed.known;
                            *failures = 0;
                            self.engine.containers = listed.containers;
                            stats.set_guests(listed.guests);
                            stats.follow(&self.engine.containers, &self.wants.borrow().tasks);
                            self.set_state(EngineState::Connected, Some(client)).await;
                        }
                        Err(fault) => return End::Lost(fault),
                    }
                }
                changed = self.wants.changed() => {
                    if changed.is_err() {
                        return End::Idle;
                    }
                    let wants = self.wants.borrow();
                    stats.follow(&self.engine.containers, &wants.tasks);
                    let unknown = |one: &EngineContainer| !known.contains_key(&one.id) && wants.tasks.contains(&one.task);
                    if self.engine.containers.iter().any(unknown) {
                        due = due.min(Instant::now() + self.pace.settle);
                    }
                }
                Some(()) = stats.ended() => due = due.min(Instant::now() + self.pace.settle.max(Duration::from_secs(1))),
                Ok(()) = counted.changed() => {
                    if self.engine.state == EngineState::Connected {
                        self.note().await;
                    }
                }
            }
        }
    }

    /// Takes over a state and tells everyone, readers of logs also when nothing changed: they wait for the next list.
    async fn set_state(&mut self, state: EngineState, client: Option<&Client>) {
        if self.engine.state != state {
            self.engine.since = time::now();
        }
        let fault = match &state {
            EngineState::Failed(fault) => Some(fault.clone()),
            _ => None,
        };
        self.engine.state = state;
        let seen = Seen {
            client: client.cloned(),
            fault,
            containers: Arc::new(self.engine.containers.clone()),
            streams: self.streams.clone(),
        };
        self.roster.send_modify(|roster| {
            roster.insert(self.engine.id.clone(), seen);
        });
        self.note().await;
    }

    /// Hands on how the engine stands.
    async fn note(&mut self) {
        self.engine
            .instance
            .clone_from(&self.wants.borrow().instance);
        self.engine.streams = self.streams.count();
        // Nobody takes reports any more: then all of this ends soon.
        let _ = self
            .notes
            .send(Note::Engine(Box::new(self.engine.clone())))
            .await;
    }
}

/// Ends when an engine has not been wanted for a while.
async fn idle(mut wants: watch::Receiver<Wants>, linger: Duration) {
    loop {
        if wants.wait_for(|wants| !wants.open).await.is_err() {
            return;
        }
        match timeout(linger, wants.wait_for(|wants| wants.open)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// The events of an engine's containers, from the moment on that it told as its own.
fn events(client: &Client, about: &About) -> BoxStream<'static, Result<EventMessage, Error>> {
    let options = EventsOptions {
        since: about.clock.map(|seconds| seconds.to_string()),
        until: None,
        filters: Some(HashMap::from([(
            "type".to_owned(),
            vec!["container".to_owned()],
        )])),
    };
    let docker = client.docker.clone();
    docker.events(Some(options)).boxed()
}

/// The container that an event says something new of; none for what changes nothing that is shown, such as the commands
/// of health checks.
fn changed_by(event: &EventMessage) -> Option<String> {
    let action = event.action.as_deref()?;
    let word = action.split([':', ' ']).next()?;
    let is_noise = word.starts_with("exec_")
        || [
            "health_status",
            "top",
            "attach",
            "detach",
            "resize",
            "copy",
            "archive-path",
            "extract-to-dir",
        ]
        .contains(&word);
    if is_noise {
        return None;
    }
    event.actor.as_ref()?.id.clone()
}
