//! Asks AWS until everything is known that an answer needs, each query once.

use std::collections::HashSet;

use futures::{StreamExt as _, stream};
use tokio::sync::mpsc;

use super::Outcome;
use crate::{
    aws::{Clients, Urgency},
    model::{Arn, Fault, FaultKind, Now, Part, Query, Region},
    store::{Listing, Store},
    ui::clean,
};

/// Queries that are under way at once; how fast they go is the pacer's.
const AT_ONCE: usize = 32;
/// Parts of an answer that may wait to be taken in.
const PARTS: usize = 16;

/// Where questions are put and answers are kept.
pub(super) struct Desk<'a> {
    clients: &'a Clients,
    clock: &'a dyn Fn() -> Now,
    pub(super) store: Store,
    asked: HashSet<Query>,
    faults: Vec<(Query, Fault)>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(clients: &'a Clients, clock: &'a dyn Fn() -> Now) -> Self {
        let mut store = Store::new();
        store.look_at(&clients.regions());
        Self {
            clients,
            clock,
            store,
            asked: HashSet::new(),
            faults: Vec::new(),
        }
    }

    /// The present moment.
    pub(super) fn now(&self) -> Now {
        (self.clock)()
    }

    /// Asks for what is needed, which may grow as answers come.
    pub(super) async fn complete(&mut self, needs: impl Fn(&Store) -> Vec<Query>) {
        loop {
            let mut due = needs(&self.store);
            due.retain(|query| self.asked.insert(query.clone()));
            if due.is_empty() {
                return;
            }
            self.ask(due).await;
        }
    }

    /// Whether whole answers have come to a question to the account as a whole.
    pub(super) fn has(&self, ask: fn(Option<Region>) -> Query) -> bool {
        self.store.is_listed(ask, Listing::is_complete)
    }

    async fn ask(&mut self, queries: Vec<Query>) {
        let (sender, mut answers) = mpsc::channel::<(Query, Part)>(PARTS);
        let clients = self.clients;
        let asking = async move {
            let sender = &sender;
            stream::iter(queries)
                .for_each_concurrent(AT_ONCE, |query| async move {
                    let (parts, mut arrived) = mpsc::channel(PARTS);
                    let forward = async {
                        while let Some(part) = arrived.recv().await {
                            // The other end outlives all of this.
                            let _ = sender.send((query.clone(), part)).await;
                        }
                    };
                    let fetch = clients.fetch(&query, Urgency::Visible, parts);
                    futures::future::join(fetch, forward).await;
                })
                .await;
        };
        let taking = async {
            while let Some((query, part)) = answers.recv().await {
                if let Part::Failed { fault, .. } = &part {
                    self.faults.push((query.clone(), fault.clone()));
                }
                self.store.apply(&query, part, (self.clock)());
            }
        };
        futures::future::join(asking, taking).await;
    }

    /// Puts what one query found into the list of another, which is not asked for as a whole.
    pub(super) fn add(&mut self, from: &Query, to: &Query) {
        let items = self.store.listing(from).items().to_vec();
        let part = Part::Some {
            entities: Vec::new(),
            items,
        };
        self.store.apply(to, part, (self.clock)());
    }

    /// Asks who the caller is, unless what is known tells the account anyway.
    pub(super) async fn learn_account(&mut self) {
        if self.account().is_none() && self.faults.is_empty() {
            self.complete(|_| vec![Query::Identity]).await;
        }
    }

    /// The account that the things are of.
    pub(super) fn account(&self) -> Option<String> {
        let clusters = self.store.clusters().map(|cluster| &cluster.arn);
        let repositories = self.store.repositories().map(|repository| &repository.arn);
        let named = clusters.chain(repositories).map(Arn::account);
        let mut named = named.filter(|account| !account.is_empty());
        let identity = self.store.identity();
        named
            .next()
            .map(str::to_owned)
            .or_else(|| identity.map(|identity| identity.account.clone()))
    }

    /// Whether nothing failed.
    pub(super) fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    /// What the faults amount to: a thing that was named and is not there is none of AWS.
    pub(super) fn outcome(&self) -> Outcome {
        let gone = |(_, fault): &(Query, Fault)| fault.kind == FaultKind::NotFound;
        match self.faults.as_slice() {
            [] => Outcome::Found,
            faults if faults.iter().all(gone) => Outcome::Missing,
            _ => Outcome::Faulty,
        }
    }

    /// The faults, a line each: what could not be had, why, and what to do. What failed alike is told once.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut told: Vec<(&Query, &Fault, usize)> = Vec::new();
        for (query, fault) in &self.faults {
            let alike = told
                .iter_mut()
                .find(|(_, known, _)| known.kind == fault.kind && known.op == fault.op);
            match alike {
                Some((_, _, times)) => *times += 1,
                None => told.push((query, fault, 0)),
            }
        }
        told.into_iter()
            .map(|(query, fault, more)| {
                let more = match more {
                    0 => String::new(),
                    more => format!(", and {more} more like it"),
                };
                let line = format!("{query}{more}: {fault}{}", missing_action(fault));
                clean(&line).into_owned()
            })
            .collect()
    }
}

/// The IAM action that is missing, where the message does not name it.
fn missing_action(fault: &Fault) -> String {
    match &fault.kind {
        FaultKind::Denied { action }
            if !action.is_empty() && !fault.to_string().contains(action.as_str()) =>
        {
            format!("; the permission {action} is missing")
        }
        _ => String::new(),
    }
}
