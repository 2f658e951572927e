//! Doing what the program asks of the network and the disk, each in a task of its own; the answers come back as
//! messages.

use tokio::sync::mpsc;

use super::save;
use crate::{
    app::{Connection, Effect, Event},
    aws::{Clients, RawTarget, Settings},
    config::{Config, Environment},
    model::Fault,
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
}

/// The network and the disk, as far as the program uses them; needs no terminal.
pub struct Outside {
    sender: mpsc::Sender<Message>,
    settings: Settings,
    profile_name: String,
    config: Config,
    clients: Option<Clients>,
}

impl Outside {
    /// Not connected yet. `profile_name` is what to call the profile when the settings name none.
    #[must_use]
    pub fn new(
        sender: mpsc::Sender<Message>,
        settings: Settings,
        profile_name: String,
        config: Config,
    ) -> Self {
        Self {
            sender,
            settings,
            profile_name,
            config,
            clients: None,
        }
    }

    /// Takes a message of a task in; gives the event that the program is to hear of.
    pub fn take(&mut self, message: Message) -> Event {
        match message {
            Message::Event(event) => *event,
            Message::Connected { epoch, result } => {
                let result = result.map(|clients| {
                    let connection = self.describe(&clients);
                    self.clients = Some(clients);
                    connection
                });
                Event::Connected { epoch, result }
            }
        }
    }

    fn describe(&self, clients: &Clients) -> Connection {
        let profile = clients.profile().unwrap_or(&self.profile_name).to_owned();
        let environment = self.config.environment(None, Some(&profile));
        Connection {
            region: clients.region().to_owned(),
            endpoint: clients.endpoint().map(str::to_owned),
            readonly: clients.is_readonly(),
            class: environment.map(class_of),
            profile,
        }
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
                let (parts, mut arrived) = mpsc::channel(PARTS);
                let sender = self.sender.clone();
                let fetched = query.clone();
                self.watch(async move { clients.fetch(&fetched, urgency, parts).await });
                self.watch(async move {
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
            }
            Effect::Raw {
                epoch,
                subject,
                cluster,
            } => {
                let clients = self.clients.clone()?;
                let sender = self.sender.clone();
                self.watch(async move {
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
            Effect::Classify { account } => {
                return Some(Event::Classified(self.classify(&account)));
            }
            Effect::Save { stem, text } => {
                let folder = self.config.paths.state.join("saved");
                let sender = self.sender.clone();
                tokio::task::spawn_blocking(move || {
                    let event = Event::Finished(save::write(&folder, &stem, &text));
                    let _ = sender.blocking_send(Message::Event(Box::new(event)));
                });
            }
            // The loop owns the terminal and does these itself.
            Effect::Copy { .. } | Effect::Suspend | Effect::Redraw | Effect::Quit => {}
        }
        None
    }

    fn connect(&self, epoch: u64) {
        let settings = self.settings.clone();
        let sender = self.sender.clone();
        self.watch(async move {
            let result = Clients::connect(settings).await;
            let message = Message::Connected {
                epoch,
                result: Box::new(result),
            };
            let _ = sender.send(message).await;
        });
    }

    /// Applies the user's patterns to the account: its banner, and whether it is read-only. In the latter case new
    /// clients, with the gate shut, take the place of the present ones.
    fn classify(&mut self, account: &str) -> Option<EnvClass> {
        let clients = self.clients.as_ref()?;
        let profile = clients.profile().unwrap_or(&self.profile_name);
        let class = self
            .config
            .environment(Some(account), Some(profile))
            .map(class_of);
        let readonly = self.config.is_readonly(Some(account), Some(profile));
        if readonly && !self.settings.readonly {
            self.settings.readonly = true;
            self.connect(1);
        }
        class
    }

    /// Runs a task; if it panics the program ends rather than wait for it for ever.
    fn watch(&self, work: impl Future<Output = ()> + Send + 'static) {
        let sender = self.sender.clone();
        let task = tokio::spawn(work);
        tokio::spawn(async move {
            if task.await.is_err_and(|error| error.is_panic()) {
                tracing::error!("a background task panicked");
                let _ = sender.send(Message::Event(Box::new(Event::Hangup))).await;
            }
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
