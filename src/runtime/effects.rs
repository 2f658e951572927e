//! Doing what the program asks of the network and the disk, each in a task of its own; the answers come back as
//! messages.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::{
    audit,
    cache::{Cache, Writer},
    feeds::Feeds,
    save,
};
use crate::{
    app::{Connection, Effect, Event},
    aws::{Clients, Haste, RawTarget, Settings, Urgency},
    config::{Config, Environment},
    docker,
    model::{Act, Arn, Fault, FaultKind, Outcome, Part, Query, Record, TaskFilter},
    ui::EnvClass,
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
    tasks: Tasks,
    reach: Reach,
    config: Config,
    clients: Option<Clients>,
    feeds: Feeds,
    /// How soon what is under way in the background is wanted, until it is answered.
    hastes: HashMap<Query, Haste>,
    snapshots: Option<Writer>,
    /// The account that a snapshot is of, until it is known whose the credentials are.
    expected: Option<String>,
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
            reach,
            config,
            clients: None,
            feeds,
            hastes: HashMap::new(),
            snapshots: None,
            expected: None,
            panicked: false,
        }
    }

    /// Begins to use a cache: gives what the last session kept for the first screen, and sends the rest when it is
    /// read. Snapshots are written to it from now on.
    pub fn restore(&mut self, cache: Cache) -> Vec<Event> {
        let kept = cache.read();
        self.snapshots = Some(Writer::new(cache));
        let Some((kept, front)) = kept else {
            return Vec::new();
        };
        let account = front.origin.identity.account.clone();
        let profile = Some(front.origin.profile.as_str());
        let classified = Event::Classified {
            class: self
                .config
                .environment(Some(&account), profile)
                .map(class_of),
            readonly: self.config.is_readonly(Some(&account), profile) || self.reach.aws.readonly,
        };
        self.expected = Some(account);
        let sender = self.tasks.sender();
        tokio::task::spawn_blocking(move || {
            let snapshot = kept.rest().unwrap_or_else(|why| {
                tracing::warn!("the tasks of the last session are not used: {why}");
                kept.nothing()
            });
            let event = Event::Restored {
                snapshot: Box::new(snapshot),
                more: false,
            };
            let _ = sender.blocking_send(Message::Event(Box::new(event)));
        });
        let restored = Event::Restored {
            snapshot: Box::new(front),
            more: true,
        };
        vec![restored, classified]
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
            Message::Connected { epoch, result } => {
                let result = result.map(|clients| {
                    self.tell_quotas(epoch, &clients);
                    self.connected(clients)
                });
                Event::Connected { epoch, result }
            }
            Message::Panicked => {
                self.panicked = true;
                Event::Hangup
            }
        }
    }

    /// Takes new clients into use; of the account nothing is known yet.
    fn connected(&mut self, clients: Clients) -> Connection {
        let (clients, class) = self.judge(clients, None);
        let profile = clients.profile().unwrap_or(&self.reach.profile_name);
        // Until the account is known, what is on the screen is that of the snapshot.
        let class = class.or_else(|| {
            let expected = self.expected.as_deref();
            self.config
                .environment(expected, Some(profile))
                .map(class_of)
        });
        let connection = Connection {
            profile: clients
                .profile()
                .unwrap_or(&self.reach.profile_name)
                .to_owned(),
            region: clients.region().to_owned(),
            endpoint: clients.endpoint().map(str::to_owned),
            readonly: clients.is_readonly(),
            class,
        };
        self.clients = Some(clients);
        connection
    }

    /// Applies the user's patterns to the account, now that it is known.
    fn classify(&mut self, account: &str) -> Option<Event> {
        self.expected = None;
        let clients = self.clients.take()?;
        let (clients, class) = self.judge(clients, Some(account));
        let readonly = clients.is_readonly();
        self.clients = Some(clients);
        Some(Event::Classified { class, readonly })
    }

    /// What the user's patterns say of an account and profile. Where they say that nothing is to be changed, the gate
    /// of the clients is shut.
    fn judge(&self, clients: Clients, account: Option<&str>) -> (Clients, Option<EnvClass>) {
        let profile = clients.profile().unwrap_or(&self.reach.profile_name);
        let class = self
            .config
            .environment(account, Some(profile))
            .map(class_of);
        let shut = self.config.is_readonly(account, Some(profile)) && !clients.is_readonly();
        let clients = if shut {
            clients.into_readonly()
        } else {
            clients
        };
        (clients, class)
    }

    /// Begins an effect. Gives the event at once where there is nothing to wait for.
    pub fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Connect { epoch } => self.connect(epoch),
            Effect::Fetch {
                epoch,
                query,
                urgency,
            } => {
                let clients = self.clients.clone()?;
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
                let clients = self.clients.clone()?;
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
            Effect::Classify { account } => {
                return self.classify(&account);
            }
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
                self.feeds.tail(epoch, id, tail, self.clients.clone());
            }
            Effect::EndTail(id) => self.feeds.end(&id),
            // The loop owns the terminal and does these itself.
            Effect::Copy { .. } | Effect::Suspend | Effect::Redraw | Effect::Quit => {}
        }
        None
    }

    /// Makes a change, written down before it is sent and when it is known what came of it.
    fn act(&self, epoch: u64, act: Act, record: Record) -> Option<Event> {
        let Some(clients) = self.clients.clone() else {
            let fault = Fault {
                kind: FaultKind::Unconfigured,
                op: "the change".to_owned(),
                message: "there is no connection to AWS".to_owned(),
                hint: "nothing was sent".to_owned(),
            };
            return Some(Event::Acted {
                epoch,
                id: act.id,
                outcome: Box::new(Outcome::Failed {
                    fault,
                    unsure: false,
                    written: String::new(),
                    requests: Vec::new(),
                }),
            });
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
        self.tasks.run(async move {
            while let Some(part) = arrived.recv().await {
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
        let Some(clients) = self.clients.clone() else {
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
    fn tell_quotas(&self, epoch: u64, clients: &Clients) {
        let mut uses = clients.quota_uses();
        let sender = self.tasks.sender();
        self.tasks.run(async move {
            while uses.changed().await.is_ok() {
                let event = Event::Quotas {
                    epoch,
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
        let Some(clients) = self.clients.clone() else {
            return;
        };
        let (parts, mut arrived) = mpsc::channel::<(Query, Part)>(PARTS);
        let sender = self.tasks.sender();
        self.tasks.run(ask(clients, parts));
        self.tasks.run(async move {
            while let Some((query, part)) = arrived.recv().await {
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

fn class_of(environment: Environment) -> EnvClass {
    match environment {
        Environment::Prod => EnvClass::Prod,
        Environment::Staging => EnvClass::Staging,
        Environment::Dev => EnvClass::Dev,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;
    use crate::{
        aws::StaticKeys,
        config::{Flags, Paths},
        model::Secret,
    };

    /// Clients of a port that nobody listens at: making them sends nothing.
    fn settings() -> Settings {
        Settings {
            region: Some("eu-west-1".to_owned()),
            endpoint_url: Some("http://127.0.0.1:9".to_owned()),
            credentials: Some(StaticKeys {
                access_key_id: "key".to_owned(),
                secret_access_key: Secret::new("secret"),
                session_token: None,
            }),
            ..Settings::default()
        }
    }

    fn config(text: &str) -> Config {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::of_folders(home.path(), home.path(), home.path());
        std::fs::write(&paths.config_file, text).unwrap();
        Config::load_from(paths, &Flags::default(), |_| None).unwrap()
    }

    async fn connected(config: Config) -> (Outside, mpsc::Receiver<Message>, Connection) {
        let (sender, mut messages) = mpsc::channel(8);
        let senders = Senders {
            answers: sender.clone(),
            logs: sender,
        };
        let reach = Reach {
            aws: settings(),
            profile_name: "shop".to_owned(),
            engines: docker::Settings::default(),
        };
        let mut outside = Outside::new(senders, reach, config);
        assert!(outside.perform(Effect::Connect { epoch: 7 }).is_none());
        let message = messages.recv().await.unwrap();
        let Event::Connected { epoch: 7, result } = outside.take(message) else {
            panic!("another event than asked for");
        };
        (outside, messages, result.unwrap())
    }

    fn classify(outside: &mut Outside, account: &str) -> (Option<EnvClass>, bool) {
        let account = account.to_owned();
        match outside.perform(Effect::Classify { account }) {
            Some(Event::Classified { class, readonly }) => (class, readonly),
            other => panic!("not classified: {other:?}"),
        }
    }

    #[tokio::test]
    async fn an_account_that_is_to_be_read_only_is_so_at_once_and_keeps_its_banner() {
        let text = "readonly_accounts = [\"1111*\"]\n[env]\nprod = [\"1111*\"]";
        let (mut outside, mut messages, connection) = connected(config(text)).await;
        assert_eq!((connection.class, connection.readonly), (None, false));
        let prod = (Some(EnvClass::Prod), true);
        assert_eq!(classify(&mut outside, "111122223333"), prod);
        assert!(outside.clients.as_ref().is_some_and(Clients::is_readonly));
        // Nothing else is on its way that could take the banner back.
        assert!(messages.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_profile_that_is_to_be_read_only_is_so_before_the_account_is_known() {
        let (outside, _messages, connection) =
            connected(config("readonly_accounts = [\"shop\"]")).await;
        assert!(connection.readonly);
        assert!(outside.clients.is_some_and(|clients| clients.is_readonly()));
    }

    #[tokio::test]
    async fn a_task_that_panics_ends_the_program() {
        let (mut outside, mut messages, _) = connected(config("")).await;
        assert!(!outside.has_panicked());
        outside.tasks.run(async { panic!("a bug") });
        let message = messages.recv().await.unwrap();
        assert!(matches!(outside.take(message), Event::Hangup));
        assert!(outside.has_panicked());
    }

    #[tokio::test]
    async fn other_accounts_stay_as_they_are() {
        let (mut outside, _messages, _) =
            connected(config("readonly_accounts = [\"1111*\"]")).await;
        assert_eq!(classify(&mut outside, "222233334444"), (None, false));
    }
}
