//! Doing what the program asks of the network and the disk, each in a task of its own; the answers come back as
//! messages.

use std::collections::HashMap;

use tokio::sync::{mpsc, watch};

use super::{
    audit,
    cache::{Cache, Writer},
    feeds::Feeds,
    save,
};
use crate::{
    app::{Effect, Event},
    aws::{Clients, Haste, RawTarget, Settings, Urgency},
    config::Config,
    docker,
    model::{
        Act, Arn, EngineReport, Fault, FaultKind, Outcome, Part, Query, Record, Region, TaskFilter,
    },
};

/// Pieces of one answer that may wait before the fetch is held up.
const PARTS: usize = 64;

/// What tasks send to the loop.
pub enum Message {
    /// Something for the program.
    Event(Box<Event>),
    /// The clients of a context are there, or cannot be had.
    Connected {
        /// The context.
        epoch: u64,
        /// What came of it.
        result: Box<Result<Clients, Fault>>,
    },
    /// An engine has something to say.
    Engine {
        /// In which round of engines.
        round: u64,
        /// What it says.
        report: EngineReport,
    },
    /// A task panicked; what it was to answer will never come.
    Panicked,
}

/// What is to be reached.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The AWS account.
    pub aws: Settings,
    /// What to call the profile when the settings name none.
    pub profile_name: String,
    /// The engines.
    pub engines: docker::Settings,
}

/// Where tasks send what they have to say.
#[derive(Debug, Clone)]
pub struct Senders {
    /// Answers and whatever else comes in small numbers.
    pub answers: mpsc::Sender<Message>,
    /// Log lines, many at once: a short channel, so that they wait where they come from and not in memory.
    pub logs: mpsc::Sender<Message>,
}

/// The network and the disk, as far as the program uses them; needs no terminal.
pub struct Outside {
    pub(super) tasks: Tasks,
    /// What the program was started to reach.
    pub(super) home: Reach,
    /// What is to be reached in the present context.
    pub(super) reach: Reach,
    pub(super) config: Config,
    /// The present context; none before the first.
    pub(super) epoch: Option<u64>,
    /// The clients of the present context.
    pub(super) clients: Option<Clients>,
    /// Ends what is asked in the present context when another one is gone to.
    pub(super) stay: watch::Sender<()>,
    /// Whether the user's patterns were applied to the account of these clients.
    pub(super) judged: bool,
    pub(super) feeds: Feeds,
    /// How soon what is under way in the background is wanted, until it is answered.
    pub(super) hastes: HashMap<Query, Haste>,
    /// Where snapshots of the context are kept that the program was started with.
    pub(super) cache: Option<Cache>,
    pub(super) snapshots: Option<Writer>,
    /// The account that a snapshot is of, until it is known whose the credentials are.
    pub(super) expected: Option<String>,
    panicked: bool,
}

/// Runs tasks.
#[derive(Debug, Clone)]
pub(super) struct Tasks {
    sender: mpsc::Sender<Message>,
}

impl Tasks {
    /// Where tasks send what they have to say.
    pub(super) fn sender(&self) -> mpsc::Sender<Message> {
        self.sender.clone()
    }

    /// Runs a task; if it panics the program ends rather than wait for it for ever.
    pub(super) fn run(&self, work: impl Future<Output = ()> + Send + 'static) {
        let sender = self.sender();
        let task = tokio::spawn(work);
        tokio::spawn(async move {
            if task.await.is_err_and(|error| error.is_panic()) {
                tracing::error!("a background task panicked");
                let _ = sender.send(Message::Panicked).await;
            }
        });
    }
}

impl Outside {
    /// Not connected to anything yet.
    #[must_use]
    pub fn new(senders: Senders, reach: Reach, config: Config) -> Self {
        let tasks = Tasks {
            sender: senders.answers,
        };
        let feeds = Feeds::new(tasks.clone(), senders.logs, reach.engines.clone());
        Self {
            tasks,
            home: reach.clone(),
            reach,
            config,
            epoch: None,
            clients: None,
            stay: watch::channel(()).0,
            judged: false,
            feeds,
            hastes: HashMap::new(),
            cache: None,
            snapshots: None,
            expected: None,
            panicked: false,
        }
    }

    /// Ends what must not be left half done.
    pub fn finish(&mut self) {
        if let Some(snapshots) = self.snapshots.take() {
            snapshots.finish();
        }
    }

    /// Whether a task panicked.
    #[must_use]
    pub fn has_panicked(&self) -> bool {
        self.panicked
    }

    /// Takes a message of a task in; gives the event that the program is to hear of.
    pub fn take(&mut self, message: Message) -> Event {
        match message {
            Message::Event(event) => {
                if let Event::Fetched {
                    query,
                    part: Part::Done { .. } | Part::Failed { .. },
                    ..
                } = &*event
                {
                    self.hastes.remove(query);
                }
                *event
            }
            // Clients that come late look at what nobody looks at any more.
            Message::Connected { epoch, .. } if self.epoch != Some(epoch) => Event::Wake,
            Message::Connected { epoch, result } => {
                let result = result.map(|clients| {
                    for one in clients.each() {
                        let several = clients.each().count() > 1;
                        let region = several.then(|| Region::new(one.region()));
                        self.tell_quotas(epoch, region, one);
                    }
                    self.connected(clients)
                });
                Event::Connected { epoch, result }
            }
            Message::Engine { round, report } => {
                self.feeds.take(round, report).unwrap_or(Event::Wake)
            }
            Message::Panicked => {
                self.panicked = true;
                Event::Hangup
            }
        }
    }

    /// Begins an effect. Gives the events at once that there is nothing to wait for.
    pub fn perform(&mut self, effect: Effect) -> Vec<Event> {
        match effect {
            Effect::Connect { epoch, to } => {
                let events = if self.epoch == Some(epoch) {
                    Vec::new()
                } else {
                    self.turn_to(epoch, &to)
                };
                self.connect(epoch);
                events
            }
            other => self.begin(other).into_iter().collect(),
        }
    }

    fn begin(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::ListContexts => return self.list_contexts(),
            Effect::Fetch {
                epoch,
                query,
                urgency,
            } => {
                let clients = self.clients_of(epoch)?;
                let haste = self.haste(urgency, std::slice::from_ref(&query));
                let parts = self.answer(epoch, query.clone());
                self.tasks
                    .run(async move { clients.fetch(&query, haste, parts).await });
            }
            Effect::FetchTasks { epoch, cluster } => self.fetch_tasks(epoch, cluster),
            Effect::Raise(query) => {
                if let Some((clients, haste)) = self.clients.as_ref().zip(self.hastes.get(&query)) {
                    clients.raise(haste);
                }
            }
            Effect::Raw {
                epoch,
                subject,
                cluster,
            } => {
                let clients = self.clients_of(epoch)?;
                let sender = self.tasks.sender();
                self.tasks.run(async move {
                    let target = RawTarget {
                        arn: subject.arn.clone(),
                        cluster,
                    };
                    let result = clients.raw(&target).await;
                    let event = Event::Raw {
                        epoch,
                        subject,
                        result,
                    };
                    // The program may have ended meanwhile; then nobody waits for it.
                    let _ = sender.send(Message::Event(Box::new(event))).await;
                });
            }
            Effect::Act { epoch, act, record } => return self.act(epoch, *act, *record),
            Effect::ReadAudit => {
                let path = self.config.paths.audit_file.clone();
                let sender = self.tasks.sender();
                tokio::task::spawn_blocking(move || {
                    let event = Event::Audited(audit::read(&path));
                    let _ = sender.blocking_send(Message::Event(Box::new(event)));
                });
            }
            Effect::Classify { epoch, account } => return self.classify(epoch, &account),
            Effect::Save { stem, text } => {
                let folder = self.config.paths.state.join("saved");
                let sender = self.tasks.sender();
                tokio::task::spawn_blocking(move || {
                    let event = Event::Finished(save::write(&folder, &stem, &text));
                    let _ = sender.blocking_send(Message::Event(Box::new(event)));
                });
            }
            Effect::Measure { epoch, queries } => {
                self.ask_many(epoch, |clients, parts| async move {
                    clients.measure(&queries, Urgency::Visible, parts).await;
                });
            }
            Effect::Resolve {
                epoch,
                queries,
                urgency,
            } => {
                let haste = self.haste(urgency, &queries);
                self.ask_many(epoch, |clients, parts| async move {
                    clients.resolve(&queries, haste, parts).await;
                });
            }
            Effect::Keep(snapshot) => {
                if let Some(snapshots) = &mut self.snapshots {
                    snapshots.write(*snapshot);
                }
            }
            Effect::Watch(watch) => self.feeds.watch(watch),
            Effect::Tail { epoch, id, tail } => {
                if self.epoch == Some(epoch) {
                    self.feeds.tail(epoch, id, tail, self.clients.clone());
                }
            }
            Effect::EndTail(id) => self.feeds.end(&id),
            // The loop owns the terminal and does these itself.
            Effect::Copy { .. }
            | Effect::Suspend
            | Effect::Redraw
            | Effect::Quit
            | Effect::Connect { .. } => {}
        }
        None
    }

    /// Makes a change, written down before it is sent and when it is known what came of it.
    fn act(&self, epoch: u64, act: Act, record: Record) -> Option<Event> {
        let clients = match self.clients_for_change(epoch) {
            Ok(clients) => clients,
            Err(why) => return Some(not_sent(epoch, act.id, why)),
        };
        let path = self.config.paths.audit_file.clone();
        let sender = self.tasks.sender();
        self.tasks.run(async move {
            let noted = audit::note(&path, &record).await;
            let outcome = clients.act(&act).await;
            let ended = audit::note(&path, &record.concluded(&outcome)).await;
            let mut events = vec![Event::Acted {
                epoch,
                id: act.id,
                outcome: Box::new(outcome),
            }];
            events.extend(noted.and(ended).err().map(|why| Event::Finished(Err(why))));
            for event in events {
                // The program may have ended meanwhile; the file has it.
                let _ = sender.send(Message::Event(Box::new(event))).await;
            }
        });
        None
    }

    /// The haste of queries that are asked together; what is asked in the background may be wanted sooner later on.
    fn haste(&mut self, urgency: Urgency, queries: &[Query]) -> Haste {
        let haste = Haste::from(urgency);
        if urgency == Urgency::Background {
            let hastes = queries.iter().map(|query| (query.clone(), haste.clone()));
            self.hastes.extend(hastes);
        }
        haste
    }

    /// Where the parts of an answer go.
    fn answer(&self, epoch: u64, query: Query) -> mpsc::Sender<Part> {
        let (parts, mut arrived) = mpsc::channel(PARTS);
        let sender = self.tasks.sender();
        let mut stay = self.stay.subscribe();
        self.tasks.run(async move {
            // Who asks stops when nobody takes the answer.
            while let Some(part) = next(&mut arrived, &mut stay).await {
                let event = Event::Fetched {
                    epoch,
                    query: query.clone(),
                    part,
                };
                if sender.send(Message::Event(Box::new(event))).await.is_err() {
                    return;
                }
            }
        });
        parts
    }

    fn fetch_tasks(&mut self, epoch: u64, cluster: Arn) {
        let Some(clients) = self.clients_of(epoch) else {
            return;
        };
        let queries = [false, true].map(|stopped| Query::Tasks {
            cluster: cluster.clone(),
            filter: TaskFilter::All,
            stopped,
        });
        let haste = self.haste(Urgency::Background, &queries);
        let [running, stopped] = queries.map(|query| self.answer(epoch, query));
        self.tasks.run(async move {
            clients.fetch_tasks(&cluster, haste, running, stopped).await;
        });
    }

    /// Tells how the quotas stand whenever that changes, for as long as there are clients.
    fn tell_quotas(&self, epoch: u64, region: Option<Region>, clients: &Clients) {
        let mut uses = clients.quota_uses();
        let sender = self.tasks.sender();
        self.tasks.run(async move {
            while uses.changed().await.is_ok() {
                let event = Event::Quotas {
                    epoch,
                    region: region.clone(),
                    uses: uses.borrow_and_update().clone(),
                };
                if sender.send(Message::Event(Box::new(event))).await.is_err() {
                    return;
                }
            }
        });
    }

    /// Asks many queries at once, whose parts come as those of each.
    fn ask_many<Run>(
        &self,
        epoch: u64,
        ask: impl FnOnce(Clients, mpsc::Sender<(Query, Part)>) -> Run + Send + 'static,
    ) where
        Run: Future<Output = ()> + Send + 'static,
    {
        let Some(clients) = self.clients_of(epoch) else {
            return;
        };
        let (parts, mut arrived) = mpsc::channel::<(Query, Part)>(PARTS);
        let sender = self.tasks.sender();
        let mut stay = self.stay.subscribe();
        self.tasks.run(ask(clients, parts));
        self.tasks.run(async move {
            while let Some((query, part)) = next(&mut arrived, &mut stay).await {
                let event = Event::Fetched { epoch, query, part };
                if sender.send(Message::Event(Box::new(event))).await.is_err() {
                    return;
                }
            }
        });
    }

    fn connect(&self, epoch: u64) {
        let settings = self.reach.aws.clone();
        let sender = self.tasks.sender();
        self.tasks.run(async move {
            let result = Clients::connect(settings).await;
            let message = Message::Connected {
                epoch,
                result: Box::new(result),
            };
            let _ = sender.send(message).await;
        });
    }
}

/// What comes next, as long as the context is not left.
async fn next<T>(arrived: &mut mpsc::Receiver<T>, stay: &mut watch::Receiver<()>) -> Option<T> {
    tokio::select! {
        biased;
        // It never changes: it ends.
        _ = stay.changed() => None,
        next = arrived.recv() => next,
    }
}

/// What came of a change that was refused here.
fn not_sent(epoch: u64, id: u64, why: &str) -> Event {
    let fault = Fault {
        kind: FaultKind::Unconfigured,
        op: "the change".to_owned(),
        message: why.to_owned(),
        hint: "nothing was sent".to_owned(),
    };
    Event::Acted {
        epoch,
        id,
        outcome: Box::new(Outcome::Failed {
            fault,
            unsure: false,
            written: String::new(),
            requests: Vec::new(),
        }),
    }
}

#[cfg(test)]
mod tests;
