//! What flows by itself for as long as it is wanted: what engines say, and logs. Each tail has tasks of its own, which
//! end with it.

use std::collections::HashMap;

use tokio::sync::{mpsc, watch};

use super::effects::{Message, Tasks};
use crate::{
    app::Event,
    aws::Clients,
    docker::{Engines, Settings},
    model::{EngineReport, LogReport, Tail, TailId, Watch},
};

/// Reports of one source that may wait before the source is held up.
const REPORTS: usize = 4;

/// The engines and the tails.
pub(super) struct Feeds {
    tasks: Tasks,
    /// Where logs go: a channel of its own, so short that lines wait where they come from and not in memory.
    logs: mpsc::Sender<Message>,
    settings: Settings,
    engines: Option<Engines>,
    /// Rises whenever everything ends; what engines said before is dropped.
    round: u64,
    tails: HashMap<TailId, watch::Sender<Tail>>,
}

impl Feeds {
    pub(super) fn new(tasks: Tasks, logs: mpsc::Sender<Message>, settings: Settings) -> Self {
        Self {
            tasks,
            logs,
            settings,
            engines: None,
            round: 0,
            tails: HashMap::new(),
        }
    }

    /// The engines; nothing is connected to before it is wanted.
    fn engines(&mut self) -> Engines {
        let engines = self.engines.take().unwrap_or_else(|| {
            let (reports, arrived) = mpsc::channel(REPORTS);
            self.tasks
                .run(forward_engines(self.round, arrived, self.tasks.sender()));
            Engines::start(self.settings.clone(), reports)
        });
        self.engines = Some(engines.clone());
        engines
    }

    /// Ends all tails and leaves all engines: another account or region is looked at.
    pub(super) fn leave(&mut self) {
        self.tails.clear();
        self.engines = None;
        self.round += 1;
    }

    /// What an engine said, unless it was before everything ended.
    pub(super) fn take(&self, round: u64, report: EngineReport) -> Option<Event> {
        (round == self.round).then_some(Event::Engine(report))
    }

    /// Samples the containers of these tasks and no others.
    pub(super) fn watch(&mut self, watch: Watch) {
        // Nothing has been wanted yet, and nothing is wanted now.
        if self.engines.is_none() && !watch.open {
            return;
        }
        self.engines().watch(watch);
    }

    /// Begins a tail, or changes what an open one reads.
    pub(super) fn tail(&mut self, epoch: u64, id: TailId, tail: Tail, clients: Option<Clients>) {
        if let Some(open) = self.tails.get(&id) {
            open.send_replace(tail);
            return;
        }
        let (wanted, watched) = watch::channel(tail);
        let (reports, arrived) = mpsc::channel(REPORTS);
        if let Some(clients) = clients {
            let (watched, reports) = (watched.clone(), reports.clone());
            self.tasks
                .run(async move { clients.tail(watched, reports).await });
        }
        let engines = self.engines();
        self.tasks
            .run(async move { engines.tail(watched, reports).await });
        self.tasks
            .run(forward_logs(epoch, id.clone(), arrived, self.logs.clone()));
        self.tails.insert(id, wanted);
    }

    /// Ends a tail: its sources find that nobody wants anything of them any more.
    pub(super) fn end(&mut self, id: &TailId) {
        self.tails.remove(id);
    }
}

async fn forward_engines(
    round: u64,
    mut arrived: mpsc::Receiver<EngineReport>,
    sender: mpsc::Sender<Message>,
) {
    while let Some(report) = arrived.recv().await {
        let message = Message::Engine { round, report };
        if sender.send(message).await.is_err() {
            return;
        }
    }
}

async fn forward_logs(
    epoch: u64,
    id: TailId,
    mut arrived: mpsc::Receiver<LogReport>,
    sender: mpsc::Sender<Message>,
) {
    while let Some(report) = arrived.recv().await {
        let event = Event::Log {
            epoch,
            id: id.clone(),
            report,
        };
        if sender.send(Message::Event(Box::new(event))).await.is_err() {
            return;
        }
    }
}
