//! The context that is looked at: its clients, what the user's patterns say of it, its snapshot; and turning to another
//! one, with nothing of the one before left in use.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

use super::{
    cache::{Cache, Writer},
    effects::{Message, Outside, Reach},
    recent::Recent,
};
use crate::{
    app::{Connection, Event},
    aws::{self, Clients, Settings},
    config::Environment,
    model::{Contexts, Destination},
    ui::EnvClass,
};

/// What is waited for for so long is worth a word.
const NOTICED: Duration = Duration::from_millis(500);

impl Reach {
    /// What is to be reached in another context: of what a context says nothing, all is as it was at the start.
    pub(super) fn at(&self, to: &Destination) -> Self {
        let of =
            |given: &Option<String>, own: &Option<String>| given.clone().or_else(|| own.clone());
        Self {
            aws: Settings {
                profile: of(&to.profile, &self.aws.profile),
                region: of(&to.region, &self.aws.region),
                ..self.aws.clone()
            },
            ..self.clone()
        }
    }

    /// The name of the profile, as far as it is known before there are clients.
    pub(super) fn profile(&self) -> &str {
        let named = self.aws.profile.as_deref();
        named.unwrap_or(&self.profile_name)
    }
}

impl Outside {
    /// Begins to use a cache: gives what the last session kept for the first screen, and sends the rest when it is
    /// read. Snapshots are written to it from now on.
    ///
    /// `epoch` is the context that it is of.
    pub fn restore(&mut self, cache: Cache, epoch: u64) -> Vec<Event> {
        self.cache = Some(cache.clone());
        self.open(cache, epoch)
    }

    fn open(&mut self, cache: Cache, epoch: u64) -> Vec<Event> {
        let kept = cache.read();
        match &mut self.snapshots {
            Some(writer) => writer.turn_to(cache),
            None => self.snapshots = Some(Writer::new(cache)),
        }
        let Some((kept, front)) = kept else {
            return Vec::new();
        };
        let account = front.origin.identity.account.clone();
        let classified = self.classified(epoch, Some(&account), &front.origin.profile);
        self.expected = Some(account);
        let sender = self.tasks.sender();
        tokio::task::spawn_blocking(move || {
            let snapshot = kept.rest().unwrap_or_else(|why| {
                tracing::warn!("the tasks of the last session are not used: {why}");
                kept.nothing()
            });
            let event = Event::Restored {
                epoch,
                snapshot: Box::new(snapshot),
                more: false,
            };
            let _ = sender.blocking_send(Message::Event(Box::new(event)));
        });
        let restored = Event::Restored {
            epoch,
            snapshot: Box::new(front),
            more: true,
        };
        vec![restored, classified]
    }

    /// What the user's patterns say of an account and profile, before there are clients.
    fn classified(&self, epoch: u64, account: Option<&str>, profile: &str) -> Event {
        let profile = Some(profile);
        Event::Classified {
            epoch,
            class: self.config.environment(account, profile).map(class_of),
            readonly: self.config.is_readonly(account, profile) || self.reach.aws.readonly,
        }
    }

    /// Turns to another context: nothing that belongs to the one before is used any more. Gives what is known of the
    /// new one.
    pub(super) fn turn_to(&mut self, epoch: u64, to: &Destination) -> Vec<Event> {
        let is_first = self.epoch.is_none();
        self.epoch = Some(epoch);
        if is_first {
            return Vec::new();
        }
        self.clients = None;
        self.stay = watch::channel(()).0;
        self.judged = false;
        self.expected = None;
        self.hastes.clear();
        self.feeds.leave();
        self.reach = self.home.at(to);
        let profile = self.reach.profile();
        let mut events = vec![self.classified(epoch, None, profile)];
        if let Some(cache) = &self.cache {
            let cache = cache.at(to);
            events.extend(self.open(cache, epoch));
        }
        events
    }

    /// Takes new clients into use; of the account nothing is known yet.
    pub(super) fn connected(&mut self, clients: Clients) -> Connection {
        let (clients, class) = self.judge(clients, None);
        self.judged = false;
        self.remember(&clients);
        self.tell_waits(&clients);
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
            region: clients.regions(),
            endpoint: clients.endpoint().map(str::to_owned),
            readonly: clients.is_readonly(),
            class,
        };
        self.clients = Some(clients);
        connection
    }

    /// Tells when everything waits for credentials, if it does so for longer than a person would notice.
    fn tell_waits(&self, clients: &Clients) {
        let Some((mut waits, epoch)) = clients.waits().zip(self.epoch) else {
            return;
        };
        let what = clients.waits_for().to_owned();
        let sender = self.tasks.sender();
        self.tasks.run(async move {
            let told = |what: Option<String>| {
                let event = Event::Waits { epoch, what };
                sender.send(Message::Event(Box::new(event)))
            };
            // It ends with the clients.
            while waits.wait_for(|waits| *waits).await.is_ok() {
                if timeout(NOTICED, waits.wait_for(|waits| !*waits))
                    .await
                    .is_ok()
                {
                    continue;
                }
                if told(Some(what.clone())).await.is_err() {
                    return;
                }
                let ended = waits.wait_for(|waits| !*waits).await.is_err();
                if told(None).await.is_err() || ended {
                    return;
                }
            }
        });
    }

    /// Notes that a context was used. Keys that were given outright are of no account that one could choose.
    fn remember(&self, clients: &Clients) {
        if self.reach.aws.credentials.is_some() {
            return;
        }
        let path = self.config.paths.recent_file.clone();
        let profile = clients.profile().map(str::to_owned);
        let region = clients.regions();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = Recent::remember(&path, profile.as_deref(), &region) {
                tracing::warn!(path = %path.display(), %error, "what was used cannot be remembered");
            }
        });
    }

    /// Finds out what one can choose from.
    pub(super) fn list_contexts(&self) -> Option<Event> {
        if self.reach.aws.credentials.is_some() {
            let why = "this account is simulated: it has no profiles, and the regions that it was started with \
                       (`--region a,b`)";
            return Some(Event::Contexts(Err(why.to_owned())));
        }
        let path = self.config.paths.recent_file.clone();
        let sender = self.tasks.sender();
        self.tasks.run(async move {
            let read = tokio::task::spawn_blocking(move || Recent::read(&path));
            let recent = read.await.unwrap_or_default();
            let contexts = aws::profiles().await.map(|profiles| Contexts {
                profiles,
                recent_profiles: recent.profiles,
                recent_regions: recent.regions,
            });
            let event = Event::Contexts(contexts.map_err(|fault| fault.to_string()));
            let _ = sender.send(Message::Event(Box::new(event))).await;
        });
        None
    }

    /// Applies the user's patterns to the account, now that it is known.
    pub(super) fn classify(&mut self, epoch: u64, account: &str) -> Option<Event> {
        if self.epoch != Some(epoch) {
            return None;
        }
        self.expected = None;
        let clients = self.clients.take()?;
        let (clients, class) = self.judge(clients, Some(account));
        let readonly = clients.is_readonly();
        self.clients = Some(clients);
        self.judged = true;
        Some(Event::Classified {
            epoch,
            class,
            readonly,
        })
    }

    /// The clients of a context, if that is the present one and they are there.
    pub(super) fn clients_of(&self, epoch: u64) -> Option<Clients> {
        self.clients.clone().filter(|_| self.epoch == Some(epoch))
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

    /// The clients to make a change with, or why there are none. A change belongs to the context it was planned in, and
    /// the user's patterns must have been applied before it.
    pub(super) fn clients_for_change(&self, epoch: u64) -> Result<Clients, &'static str> {
        if self.epoch != Some(epoch) {
            return Err("it was planned for another account or region than is looked at now");
        }
        let clients = self
            .clients
            .clone()
            .ok_or("there is no connection to AWS")?;
        if !self.judged && !self.config.readonly_accounts.is_empty() {
            return Err("the account is not known yet, and readonly_accounts may forbid it there");
        }
        Ok(clients)
    }
}

fn class_of(environment: Environment) -> EnvClass {
    match environment {
        Environment::Prod => EnvClass::Prod,
        Environment::Staging => EnvClass::Staging,
        Environment::Dev => EnvClass::Dev,
    }
}
