//! All tasks of a cluster, running and stopped: two lists side by side, described out of one pool. What runs goes first.

use std::{
    collections::{HashSet, VecDeque},
    mem,
};

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::Sender;

use super::tasks::BATCH;
use crate::{
    aws::{
        Clients, Haste,
        fetch::{CONCURRENCY, Crawl, Described, Page, Pages, Run},
    },
    model::{Arn, Fault, Part, TaskFilter},
};

/// The places of the two lists in all pairs.
const RUNNING: usize = 0;
const STOPPED: usize = 1;

/// Where one of the two lists has got to.
struct List {
    pages: Pages<'static>,
    crawl: Crawl,
    /// What it named and nobody describes yet.
    loose: VecDeque<String>,
    /// What it named alone and is not described yet, loose or under way.
    owed: usize,
    /// Whether its last page has come.
    listed: bool,
    /// Whether its answer is complete.
    ended: bool,
}

/// What a describe is for: so many tasks of each list.
type Shares = [usize; 2];

impl Clients {
    /// Answers the queries for all running and for all stopped tasks of a cluster, each as [`Clients::fetch`] does, with
    /// as few calls as possible: the last batch of the running ones is filled up with stopped ones, and is counted with
    /// the former. Running tasks are listed and described first, and their answer is complete before that of the others.
    /// Stops without a word when both receivers are gone.
    pub async fn fetch_tasks(
        &self,
        cluster: &Arn,
        haste: impl Into<Haste>,
        running: Sender<Part>,
        stopped: Sender<Part>,
    ) {
        let clients = self.of(Some(cluster.region()));
        let haste = haste.into();
        let runs = [
            Run::new(clients, haste.clone(), &running),
            Run::new(clients, haste, &stopped),
        ];
        let lists = [(); 2].map(|()| List {
            pages: Pages::new("ListTasks"),
            crawl: Crawl::default(),
            loose: VecDeque::new(),
            owed: 0,
            listed: false,
            ended: false,
        });
        let mut pool = Pool {
            runs: &runs,
            lists,
            seen: HashSet::new(),
            described: HashSet::new(),
        };
        tokio::select! {
            biased;
            _ = async { tokio::join!(running.closed(), stopped.closed()) } => {}
            () = pool.drain(cluster) => {}
        }
    }
}

/// Both lists, and what is known of the tasks on them.
struct Pool<'a> {
    runs: &'a [Run<'a>; 2],
    lists: [List; 2],
    /// What was named, be it by both.
    seen: HashSet<String>,
    /// What was described.
    described: HashSet<Arn>,
}

impl Pool<'_> {
    /// Reads both lists to the end and describes what they name.
    async fn drain(&mut self, cluster: &Arn) {
        let runs = self.runs;
        let mut listing = FuturesUnordered::new();
        let mut describing = FuturesUnordered::new();
        let turn = |which: usize, token: Option<String>| async move {
            let stopped = which == STOPPED;
            let page = runs[which].list_tasks(cluster, &TaskFilter::All, stopped, token);
            (which, page.await)
        };
        let describe = |(ids, shares): (Vec<String>, Shares)| async move {
            let run = if shares[RUNNING] > 0 {
                RUNNING
            } else {
                STOPPED
            };
            (shares, runs[run].describe_tasks(cluster, ids).await)
        };
        listing.push(turn(RUNNING, None));
        listing.push(turn(STOPPED, None));
        // The next page of the stopped ones, as long as the running ones are not listed.
        let mut held = None;
        loop {
            while describing.len() < CONCURRENCY
                && let Some(batch) = self.batch(listing.is_empty())
            {
                describing.push(describe(batch));
            }
            tokio::select! {
                Some((which, page)) = listing.next() => {
                    let next = self.turn(which, page);
                    match next {
                        token @ Some(_) if which == STOPPED && !self.lists[RUNNING].listed => {
                            held = token;
                        }
                        token @ Some(_) => listing.push(turn(which, token)),
                        None => {}
                    }
                    if self.lists[RUNNING].listed && let token @ Some(_) = held.take() {
                        listing.push(turn(STOPPED, token));
                    }
                }
                Some((shares, described)) = describing.next() => self.take(shares, described).await,
                else => break,
            }
            self.end_what_is_complete().await;
        }
    }

    /// Takes a page in; gives what the next one is asked with, if there is one.
    fn turn(&mut self, which: usize, page: Result<Page, Fault>) -> Option<String> {
        let List {
            pages,
            crawl,
            loose,
            owed,
            listed,
            ..
        } = &mut self.lists[which];
        let more = crawl.turn(pages, page).unwrap_or_else(|fault| {
            crawl.note(fault);
            false
        });
        for id in crawl.take_loose() {
            if self.seen.insert(id.clone()) {
                loose.push_back(id);
                *owed += 1;
            } else {
                // It stopped while the other list was read.
                let arn = Arn::new(&id);
                let is_known = self.described.contains(&arn);
                crawl.found(is_known.then_some(arn).into_iter().collect());
            }
        }
        *listed = !more;
        pages.token().filter(|_| more)
    }

    /// The next batch to describe, running tasks first: a full one, or what is left once both lists have ended.
    fn batch(&mut self, all_listed: bool) -> Option<(Vec<String>, Shares)> {
        let [running, stopped] = &mut self.lists;
        let left = running.loose.len() + stopped.loose.len();
        let is_full = running.loose.len() >= BATCH || running.listed && left >= BATCH;
        if !(is_full || all_listed && left > 0) {
            return None;
        }
        let first = running.loose.len().min(BATCH);
        let second = stopped.loose.len().min(BATCH - first);
        let ids = running.loose.drain(..first);
        let ids = ids.chain(stopped.loose.drain(..second)).collect();
        Some((ids, [first, second]))
    }

    /// Hands each list what it named. A task that stopped between the two stands in both.
    async fn take(&mut self, shares: Shares, described: Result<Described, Fault>) {
        for (list, share) in self.lists.iter_mut().zip(shares) {
            list.owed -= share;
        }
        let Described {
            entities: mut left,
            failures,
        } = match described {
            Ok(described) => described,
            Err(fault) => {
                for (list, share) in self.lists.iter_mut().zip(shares) {
                    if share > 0 {
                        list.crawl.note(fault.clone());
                    }
                }
                return;
            }
        };
        let all: Vec<Arn> = left.iter().map(|(arn, _)| arn.clone()).collect();
        for (run, List { crawl, .. }) in self.runs.iter().zip(&mut self.lists) {
            let (entities, rest) = left.into_iter().partition(|(arn, _)| crawl.names(arn));
            left = rest;
            let own = crawl.sort(Described {
                entities,
                failures: failures.clone(),
            });
            let (_, fault) = run.deliver("DescribeTasks", own).await;
            crawl.found(all.iter().filter(|arn| crawl.names(arn)).cloned().collect());
            if let Some(fault) = fault {
                crawl.note(fault);
            }
        }
        self.described.extend(all);
    }

    /// Sends the last part of each list of which all is known.
    async fn end_what_is_complete(&mut self) {
        for (run, list) in self.runs.iter().zip(&mut self.lists) {
            if list.listed && list.owed == 0 && !list.ended {
                list.ended = true;
                run.end(mem::take(&mut list.crawl).end()).await;
            }
        }
    }
}
