//! Which engines are wanted: by what is looked at, and by the tails that are open. What an engine does is in `engine`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::{mpsc, watch};

use super::address::{Settings, Target, Unreachable};
use super::engine::{Keeper, Pace, Roster, Wants};
use super::report::Note;
use super::streams::Counter;
use super::time;
use crate::model::{Arn, Engine, EngineId, EngineReport, EngineState, Host, LogPlace, Watch};

/// What tails want, told to the supervisor.
#[derive(Debug)]
pub(super) enum Command {
    /// A tail reads in these places.
    Lease { tail: u64, places: Vec<LogPlace> },
    /// A tail has ended.
    Return { tail: u64 },
}

/// Who keeps the engines.
pub(super) struct Supervisor {
    pub(super) settings: Arc<Settings>,
    pub(super) pace: Pace,
    pub(super) watch: watch::Receiver<Watch>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) roster: watch::Sender<Roster>,
    pub(super) notes: mpsc::Sender<Note>,
    pub(super) open: Arc<AtomicUsize>,
    /// Closed when nobody takes reports any more.
    pub(super) reports: mpsc::Sender<EngineReport>,
}

/// The engines that are wanted now.
#[derive(Default)]
struct Wanted {
    engines: BTreeMap<EngineId, (Option<PathBuf>, Wants)>,
    unreachable: BTreeMap<EngineId, Engine>,
}

impl Supervisor {
    /// Keeps engines until nobody can want any or hear of them. What it started ends with it.
    pub(super) async fn run(mut self) {
        let mut keepers: BTreeMap<EngineId, watch::Sender<Wants>> = BTreeMap::new();
        let mut unreachable: BTreeMap<EngineId, Engine> = BTreeMap::new();
        let mut leases: BTreeMap<u64, Vec<LogPlace>> = BTreeMap::new();
        loop {
            let wanted = self.wanted(leases.values().flatten());
            self.tell_unreachable(&mut unreachable, wanted.unreachable)
                .await;
            for (id, keeper) in &keepers {
                if !wanted.engines.contains_key(id) {
                    keeper.send_if_modified(|wants| {
                        let open = wants.open;
                        *wants = Wants {
                            instance: wants.instance.take(),
                            ..Wants::default()
                        };
                        open
                    });
                }
            }
            for (id, (certificates, wants)) in wanted.engines {
                if let Some(keeper) = keepers.get(&id) {
                    keeper.send_if_modified(|known| {
                        let differs = *known != wants;
                        *known = wants;
                        differs
                    });
                } else {
                    let sender = self.keep(
                        Target {
                            id: id.clone(),
                            certificates,
                        },
                        wants,
                    );
                    keepers.insert(id, sender);
                }
            }
            tokio::select! {
                changed = self.watch.changed() => if changed.is_err() {
                    return;
                },
                command = self.commands.recv() => match command {
                    Some(Command::Lease { tail, places }) => drop(leases.insert(tail, places)),
                    Some(Command::Return { tail }) => drop(leases.remove(&tail)),
                    None => return,
                },
                () = self.reports.closed() => return,
            }
        }
    }

    /// Starts to keep an engine.
    fn keep(&self, target: Target, wants: Wants) -> watch::Sender<Wants> {
        let engine = engine(target.id.clone(), EngineState::Closed, &wants);
        let (sender, receiver) = watch::channel(wants);
        let keeper = Keeper {
            target,
            pace: self.pace,
            wants: receiver,
            roster: self.roster.clone(),
            notes: self.notes.clone(),
            streams: Counter::new(Arc::clone(&self.open)),
            engine,
        };
        tokio::spawn(keeper.run());
        sender
    }

    /// What is wanted by what is looked at, and by tails in these places.
    fn wanted<'a>(&mut self, places: impl Iterator<Item = &'a LogPlace>) -> Wanted {
        let watch = self.watch.borrow_and_update().clone();
        let tasks: BTreeSet<_> = watch
            .tasks
            .iter()
            .map(|watched| watched.task.clone())
            .collect();
        let tasks = Arc::new(tasks);
        let mut wanted = Wanted::default();
        if watch.open {
            wanted.local(&self.settings, &tasks);
        }
        for host in watch
            .tasks
            .iter()
            .filter_map(|watched| watched.host.as_deref())
        {
            wanted.host(&self.settings, host, &tasks);
        }
        for place in places {
            let LogPlace::Engine { host } = place else {
                continue;
            };
            let led = host
                .as_deref()
                .is_some_and(|host| wanted.host(&self.settings, host, &tasks));
            if !led {
                wanted.local(&self.settings, &tasks);
            }
        }
        wanted
    }

    /// Tells of engines whose addresses cannot be made: once each, and again when they do not matter any more.
    async fn tell_unreachable(
        &self,
        told: &mut BTreeMap<EngineId, Engine>,
        mut now: BTreeMap<EngineId, Engine>,
    ) {
        let mut news = Vec::new();
        for (id, engine) in &mut *told {
            match now.get_mut(id) {
                Some(again) if again.state == engine.state => again.since = engine.since,
                Some(_) => {}
                None => news.push(Engine {
                    state: EngineState::Closed,
                    since: time::now(),
                    ..engine.clone()
                }),
            }
        }
        let new = now
            .values()
            .filter(|engine| told.get(&engine.id) != Some(engine));
        news.extend(new.cloned());
        *told = now;
        for engine in news {
            // Nobody takes reports any more: then all of this ends soon.
            let _ = self.notes.send(Note::Engine(Box::new(engine))).await;
        }
    }
}

impl Wanted {
    /// Wants the engine of this machine, if there is to be one.
    fn local(&mut self, settings: &Settings, tasks: &Arc<BTreeSet<Arn>>) {
        if let Some(address) = &settings.local {
            let wants = Wants {
                open: true,
                instance: None,
                tasks: Arc::clone(tasks),
            };
            self.engines
                .entry(EngineId::new(address))
                .or_insert((None, wants));
        }
    }

    /// Wants the engine of a host; false if no rule leads to it.
    fn host(&mut self, settings: &Settings, host: &Host, tasks: &Arc<BTreeSet<Arn>>) -> bool {
        let wants = Wants {
            open: true,
            instance: Some(host.instance.clone()),
            tasks: Arc::clone(tasks),
        };
        match settings.engine_of(host) {
            None => return false,
            Some(Ok(target)) => {
                self.engines.insert(target.id, (target.certificates, wants));
            }
            Some(Err(Unreachable { id, fault })) => {
                let engine = engine(id.clone(), EngineState::Failed(fault), &wants);
                self.unreachable.insert(id, engine);
            }
        }
        true
    }
}

/// An engine of which nothing is known yet.
fn engine(id: EngineId, state: EngineState, wants: &Wants) -> Engine {
    Engine {
        id,
        state,
        since: time::now(),
        version: String::new(),
        api: String::new(),
        instance: wants.instance.clone(),
        containers: Vec::new(),
        streams: 0,
    }
}
