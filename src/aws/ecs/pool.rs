//! All tasks of a cluster, running and stopped: two lists side by side, described out of one pool.

use std::collections::{HashSet, VecDeque};

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::Sender;

use super::tasks::BATCH;
use crate::{
    aws::{
        Clients, Haste,
        fetch::{CONCURRENCY, Crawl, Described, Pages, Run},
    },
    model::{Arn, Fault, Part, TaskFilter},
};

/// Where one of the two lists has got to.
struct List {
    pages: Pages<'static>,
    crawl: Crawl,
}

impl Clients {
    /// Answers the queries for all running and for all stopped tasks of a cluster, each as [`Clients::fetch`] does, with
    /// as few calls as possible: the last batch of both is one. Descriptions are counted with the running ones.
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
        let mut lists = [(); 2].map(|()| List {
            pages: Pages::new("ListTasks"),
            crawl: Crawl::default(),
        });
        tokio::select! {
            biased;
            _ = async { tokio::join!(running.closed(), stopped.closed()) } => return,
            () = pool(cluster, &runs, &mut lists) => {}
        }
        for (run, list) in runs.iter().zip(lists) {
            run.end(list.crawl.end()).await;
        }
    }
}

/// Reads both lists to the end and describes what they name.
async fn pool(cluster: &Arn, runs: &[Run<'_>; 2], lists: &mut [List; 2]) {
    let mut listing = FuturesUnordered::new();
    let mut describing = FuturesUnordered::new();
    let mut loose: VecDeque<String> = VecDeque::new();
    let mut seen: HashSet<String> = HashSet::new();
    let turn = |which: usize, token: Option<String>| async move {
        let stopped = which == 1;
        let page = runs[which].list_tasks(cluster, &TaskFilter::All, stopped, token);
        (which, page.await)
    };
    listing.push(turn(0, None));
    listing.push(turn(1, None));
    loop {
        while describing.len() < CONCURRENCY
            && (loose.len() >= BATCH || listing.is_empty() && !loose.is_empty())
        {
            let ids: Vec<_> = loose.drain(..BATCH.min(loose.len())).collect();
            describing.push(runs[0].describe_tasks(cluster, ids));
        }
        tokio::select! {
            Some((which, page)) = listing.next() => {
                let List { pages, crawl } = &mut lists[which];
                match crawl.turn(pages, page) {
                    Ok(true) => listing.push(turn(which, pages.token())),
                    Ok(false) => {}
                    Err(fault) => crawl.note(fault),
                }
                let fresh = crawl.take_loose().into_iter();
                loose.extend(fresh.filter(|id| seen.insert(id.clone())));
            }
            Some(described) = describing.next() => take(runs, lists, described).await,
            else => return,
        }
    }
}

/// Hands each list what it named. A task that stopped between the two stands in both.
async fn take(runs: &[Run<'_>; 2], lists: &mut [List; 2], described: Result<Described, Fault>) {
    let Described {
        entities: mut left,
        failures,
    } = match described {
        Ok(described) => described,
        Err(fault) => {
            for list in lists {
                list.crawl.note(fault.clone());
            }
            return;
        }
    };
    let all: Vec<Arn> = left.iter().map(|(arn, _)| arn.clone()).collect();
    for (run, List { crawl, .. }) in runs.iter().zip(lists) {
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
}
