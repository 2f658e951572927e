//! Runs a query: pages of lists, batches of describes as soon as their page has landed, parts as they come.
//! What each kind of thing is asked with and made of is in `ecs`, `ecr` and `sts`.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt::Write as _,
    sync::atomic::{AtomicU32, Ordering},
};

use aws_sdk_ecs::types::Failure;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::Sender;

use crate::{
    aws::{Clients, Haste, fault},
    model::{Arn, Entity, Fault, FaultKind, Part, Query},
};

/// How many describes of one query may be under way at once.
pub(super) const CONCURRENCY: usize = 16;

impl Clients {
    /// Runs the query and sends its answer: any number of `Part::Some` as things become known, then exactly one
    /// `Part::Done` or `Part::Failed`. Stops without a word when the receiver is gone.
    ///
    /// Things that vanish between being listed and being described are left out. When a part of the answer cannot
    /// be had, the rest is delivered all the same before the fault.
    pub async fn fetch(&self, query: &Query, haste: impl Into<Haste>, parts: Sender<Part>) {
        let run = Run::new(self.of(query.region()), haste.into(), &parts);
        let outcome = tokio::select! {
            biased;
            () = parts.closed() => return,
            outcome = run.answer(query) => outcome,
        };
        run.end(outcome).await;
    }
}

/// One query under way.
pub(super) struct Run<'a> {
    pub(super) clients: &'a Clients,
    pub(super) haste: Haste,
    parts: &'a Sender<Part>,
    calls: AtomicU32,
}

/// One page of a list.
pub(super) struct Page {
    pub(super) ids: Vec<String>,
    pub(super) next: Option<String>,
}

/// What a describe answered.
pub(super) struct Described {
    pub(super) entities: Vec<(Arn, Entity)>,
    pub(super) failures: Vec<Failure>,
}

impl<'a> Run<'a> {
    pub(super) fn new(clients: &'a Clients, haste: Haste, parts: &'a Sender<Part>) -> Self {
        Self {
            clients,
            haste,
            parts,
            calls: AtomicU32::new(0),
        }
    }

    /// Sends the last part.
    pub(super) async fn end(&self, outcome: Result<Vec<Arn>, Fault>) {
        let calls = self.calls.load(Ordering::Relaxed);
        let last = match outcome {
            Ok(items) => Part::Done { items, calls },
            Err(fault) => Part::Failed { fault, calls },
        };
        let _ = self.parts.send(last).await;
    }
}

impl Run<'_> {
    async fn answer(&self, query: &Query) -> Result<Vec<Arn>, Fault> {
        match query {
            Query::Identity => self.identity().await,
            Query::Clusters(_) => self.clusters().await,
            Query::Services { cluster } => self.services(cluster).await,
            Query::Service { cluster, service } => self.service(cluster, service).await,
            Query::Tasks {
                cluster,
                filter,
                stopped,
            } => self.tasks(cluster, filter, *stopped).await,
            Query::Task { cluster, task } => self.task(cluster, task).await,
            Query::Instances { cluster } => self.instances(cluster).await,
            Query::Families(_) => self.families().await,
            Query::Revisions { family } => self.revisions(family).await,
            Query::Definition { definition } => self.definition(definition).await,
            Query::Scaling { cluster, service } => self.scaling(cluster, service).await,
            Query::Repositories(_) => self.repositories().await,
            Query::Images { repository } => self.images(repository).await,
            Query::Image { image } => self.image(image).await,
            Query::Tag { tag } => self.tag(tag).await,
            Query::Manifest { image } => self.manifest(image).await,
            Query::Findings { image } => self.findings(image).await,
            Query::Policy { repository, kind } => self.policy(repository, *kind).await,
            Query::Metrics { .. } => self.metrics(query).await,
        }
    }

    /// Sends one operation, paced and counted.
    pub(super) async fn call<T, E, Answer>(
        &self,
        operation: &str,
        send: impl Fn() -> Answer,
    ) -> Result<T, Fault>
    where
        Answer: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.clients
            .call(operation, &self.haste, || self.count(1), send)
            .await
    }

    /// Counts calls that were made elsewhere.
    pub(super) fn count(&self, calls: u32) {
        self.calls.fetch_add(calls, Ordering::Relaxed);
    }

    /// Sends what is known now. A receiver that is gone ends the whole run elsewhere.
    pub(super) async fn emit(&self, entities: Vec<Entity>, items: Vec<Arn>) {
        if !items.is_empty() || !entities.is_empty() {
            let _ = self.parts.send(Part::Some { entities, items }).await;
        }
    }

    /// Lists to the end; `keep` picks and names the items of a page, which are sent page by page.
    pub(super) async fn list<Listed>(
        &self,
        operation: &str,
        list: impl Fn(Option<String>) -> Listed,
        keep: impl Fn(&str) -> bool,
    ) -> Result<Vec<Arn>, Fault>
    where
        Listed: Future<Output = Result<Page, Fault>>,
    {
        let mut pages = Pages::new(operation);
        let mut all = Vec::new();
        loop {
            let page = list(pages.token()).await?;
            let ids = page.ids.iter().filter(|id| keep(id));
            let items: Vec<_> = ids.map(|id| Arn::new(id)).collect();
            all.extend_from_slice(&items);
            self.emit(Vec::new(), items).await;
            if !pages.turn(page.next)? {
                return Ok(all);
            }
        }
    }

    /// Describes the given things in one call and sends them; gives the ones that exist, in the order asked for.
    pub(super) async fn describe_one<Answer>(
        &self,
        operation: &str,
        id: &Arn,
        describe: impl Fn(Vec<String>) -> Answer,
    ) -> Result<Vec<Arn>, Fault>
    where
        Answer: Future<Output = Result<Described, Fault>>,
    {
        let described = describe(vec![id.as_str().to_owned()]).await?;
        let (items, fault) = self.deliver(operation, described).await;
        match fault {
            Some(fault) => Err(fault),
            None => Ok(items),
        }
    }

    /// Lists to the end and describes what is listed, in batches of `batch`: full ones as soon as they can be made
    /// up, the last one when the list has ended. No more calls are made than the numbers demand.
    pub(super) async fn list_and_describe<Listed, Answer>(
        &self,
        (list_operation, list): (&str, impl Fn(Option<String>) -> Listed),
        (operation, describe): (&str, impl Fn(Vec<String>) -> Answer),
        batch: usize,
    ) -> Result<Vec<Arn>, Fault>
    where
        Listed: Future<Output = Result<Page, Fault>>,
        Answer: Future<Output = Result<Described, Fault>>,
    {
        let mut pages = Pages::new(list_operation);
        let mut crawl = Crawl::default();
        let mut listing = FuturesUnordered::new();
        let mut describing = FuturesUnordered::new();
        listing.push(list(pages.token()));
        loop {
            while describing.len() < CONCURRENCY
                && let Some(ids) = crawl.batch(batch, listing.is_empty())
            {
                describing.push(describe(ids));
            }
            tokio::select! {
                Some(page) = listing.next() => match crawl.turn(&mut pages, page) {
                    Ok(true) => listing.push(list(pages.token())),
                    Ok(false) => {}
                    Err(fault) => crawl.note(fault),
                },
                Some(described) = describing.next() => match described {
                    Ok(described) => {
                        let described = crawl.sort(described);
                        let (items, fault) = self.deliver(operation, described).await;
                        crawl.found(items);
                        if let Some(fault) = fault {
                            crawl.note(fault);
                        }
                    }
                    Err(fault) => crawl.note(fault),
                },
                else => return crawl.end(),
            }
        }
    }

    /// Sends what was described; gives the identities and the fault that the failures among them amount to.
    pub(super) async fn deliver(
        &self,
        operation: &str,
        described: Described,
    ) -> (Vec<Arn>, Option<Fault>) {
        let (items, entities): (Vec<_>, Vec<_>) = described.entities.into_iter().unzip();
        self.emit(entities, items.clone()).await;
        (items, failed(operation, &described.failures))
    }
}

/// The state of a list that is being described.
#[derive(Default)]
pub(super) struct Crawl {
    /// What the list named, in its order.
    listed: Vec<Arn>,
    /// The place of each in it.
    places: HashMap<Arn, usize>,
    /// What was described, and so exists.
    found: HashSet<Arn>,
    /// What was described under another identity than it was listed with.
    renamed: Vec<Arn>,
    /// What is not yet being described.
    loose: VecDeque<String>,
    fault: Option<Fault>,
}

impl Crawl {
    /// Takes a page in; tells whether there is a next one.
    pub(super) fn turn(
        &mut self,
        pages: &mut Pages<'_>,
        page: Result<Page, Fault>,
    ) -> Result<bool, Fault> {
        let page = page?;
        for id in page.ids {
            let arn = Arn::new(&id);
            if !self.places.contains_key(&arn) {
                self.places.insert(arn.clone(), self.listed.len());
                self.listed.push(arn);
                self.loose.push_back(id);
            }
        }
        Ok(pages.turn(page.next)? && !self.is_hopeless())
    }

    /// Whether the list named it.
    pub(super) fn names(&self, arn: &Arn) -> bool {
        self.places.contains_key(arn)
    }

    /// What is to be described with others; nothing if that would be in vain.
    pub(super) fn take_loose(&mut self) -> VecDeque<String> {
        let loose = std::mem::take(&mut self.loose);
        if self.is_hopeless() {
            return VecDeque::new();
        }
        loose
    }

    /// The next batch to describe: a full one, or what is left once the list has ended.
    pub(super) fn batch(&mut self, size: usize, ended: bool) -> Option<Vec<String>> {
        let left = self.loose.len();
        if left == 0 || self.is_hopeless() || left < size && !ended {
            return None;
        }
        Some(self.loose.drain(..size.min(left)).collect())
    }

    /// Puts what was described, which comes in any order, into that of the list.
    pub(super) fn sort(&self, mut described: Described) -> Described {
        let place = |arn: &Arn| self.places.get(arn).copied().unwrap_or(usize::MAX);
        described.entities.sort_by_key(|(arn, _)| place(arn));
        described
    }

    pub(super) fn found(&mut self, items: Vec<Arn>) {
        for item in items {
            if !self.places.contains_key(&item) {
                self.renamed.push(item.clone());
            }
            self.found.insert(item);
        }
    }

    /// Keeps the first fault, unless one comes that nothing else matters beside.
    pub(super) fn note(&mut self, fault: Fault) {
        if self.fault.is_none() || is_hopeless(&fault) {
            self.fault = Some(fault);
        }
    }

    pub(super) fn is_hopeless(&self) -> bool {
        self.fault.as_ref().is_some_and(is_hopeless)
    }

    pub(super) fn end(mut self) -> Result<Vec<Arn>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.listed.retain(|arn| self.found.contains(arn));
        self.listed.append(&mut self.renamed);
        Ok(self.listed)
    }
}

/// Whether every further call would fail for the same reason.
fn is_hopeless(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Expired | FaultKind::Unconfigured | FaultKind::ClockSkew
    )
}

/// Where a list has got to. A token that comes back would turn the same pages for ever, so it is an error.
pub(super) struct Pages<'a> {
    operation: &'a str,
    token: Option<String>,
    seen: HashSet<String>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(operation: &'a str) -> Self {
        Self {
            operation,
            token: None,
            seen: HashSet::new(),
        }
    }

    pub(super) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Moves on to the next page; tells whether there is one. A short page may well have a next one.
    pub(super) fn turn(&mut self, next: Option<String>) -> Result<bool, Fault> {
        self.token = next.filter(|token| !token.is_empty());
        match &self.token {
            None => Ok(false),
            Some(token) if self.seen.insert(token.clone()) => Ok(true),
            Some(_) => Err(fault::nonsense(
                self.operation,
                "the same page token came twice; the list would never end".to_owned(),
            )),
        }
    }
}

/// The fault that `failures[]` of a describe amount to. `MISSING` is none: the thing went away in the meantime.
fn failed(operation: &str, failures: &[Failure]) -> Option<Fault> {
    let mut serious = failures
        .iter()
        .filter(|failure| failure.reason() != Some("MISSING"));
    let first = serious.next()?;
    let name = Arn::new(first.arn().unwrap_or_default());
    let mut message = format!(
        "{}: {}",
        name.name(),
        first.reason().unwrap_or("no reason given")
    );
    if let Some(detail) = first.detail() {
        message.push_str(", ");
        message.push_str(detail);
    }
    let more = serious.count();
    if more > 0 {
        let _ = write!(message, ", and {more} more");
    }
    Some(Fault {
        kind: FaultKind::Refused,
        op: operation.to_owned(),
        message,
        hint: "everything else that was asked for is shown".to_owned(),
    })
}
