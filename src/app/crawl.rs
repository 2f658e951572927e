//! The rest of the account: what is still wanted besides what layers need, by what the store holds. When it is asked is
//! decided in `schedule`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use super::{App, Effect, Link};
use crate::{
    model::{Arn, Now, Query, TaskFilter},
    resource,
    schedule::{Errand, Schedule, Urgency, Want},
    store::Store,
};

/// What an answer leads to.
#[derive(Debug, Default)]
struct Lead {
    definitions: BTreeSet<Arn>,
    tags: BTreeSet<Arn>,
    /// Whether anything in it is moving.
    moving: bool,
}

/// How far the account is known.
#[derive(Debug, Default)]
pub(super) struct Crawl {
    on: bool,
    /// What the services and the running tasks of each cluster lead to.
    leads: HashMap<Query, Lead>,
    /// Whether something happened since it was last looked what is due.
    stirred: bool,
    /// When to look again, though nothing happens.
    next: Option<Duration>,
}

impl Crawl {
    pub(super) fn new(on: bool) -> Self {
        Self {
            on,
            stirred: on,
            ..Self::default()
        }
    }

    /// The same for another account or region, of which nothing is known.
    pub(super) fn anew(&self) -> Self {
        Self::new(self.on)
    }

    /// When to look again.
    pub(super) fn next(&self) -> Option<Duration> {
        self.next
    }

    /// Notes that what is due may be another than before.
    pub(super) fn stir(&mut self) {
        self.stirred = self.on;
    }

    /// Takes note of what a whole answer leads to.
    pub(super) fn learn(&mut self, query: &Query, store: &Store) {
        if !self.on {
            return;
        }
        match query {
            Query::Clusters(_) => {
                let clusters: HashSet<_> = store.clusters().map(|one| one.arn.clone()).collect();
                self.leads
                    .retain(|query, _| cluster_of(query).is_some_and(|arn| clusters.contains(arn)));
            }
            Query::Services { cluster } => {
                let services = store.services_of(cluster);
                let lead = Lead {
                    definitions: services
                        .iter()
                        .filter_map(|one| one.task_definition.clone())
                        .collect(),
                    tags: BTreeSet::new(),
                    moving: services.iter().any(|service| service.is_rolling()),
                };
                self.leads.insert(query.clone(), lead);
            }
            Query::Tasks {
                cluster,
                filter: TaskFilter::All,
                stopped: false,
            } => {
                let tasks = store.tasks_of(cluster, &TaskFilter::All, false);
                let lead = Lead {
                    definitions: tasks.iter().map(|task| task.definition.clone()).collect(),
                    tags: tasks
                        .iter()
                        .flat_map(|task| resource::pulled_tags(task))
                        .collect(),
                    moving: tasks
                        .iter()
                        .any(|task| task.last_status != task.desired_status),
                };
                self.leads.insert(query.clone(), lead);
            }
            _ => {}
        }
    }

    fn is_moving(&self, query: &Query) -> bool {
        self.leads.get(query).is_some_and(|lead| lead.moving)
    }

    /// All that is wanted, the most telling first. Clusters say how much there is of everything but stopped tasks; what
    /// they say is not there is asked for only as long as something is known of it.
    fn errands(&self, store: &Store, schedule: &Schedule) -> Vec<Errand> {
        let has = |query: &Query| !store.listing(query).items().is_empty();
        let (mut services, mut tasks, mut instances) = (Vec::new(), Vec::new(), Vec::new());
        // What an earlier run kept may be of another account.
        let lists = store.everywhere(Query::Clusters);
        let current: Vec<_> = lists
            .iter()
            .map(|query| store.listing(query))
            .filter(|listing| listing.is_current())
            .collect();
        let mut is_whole = current.len() == lists.len();
        let clusters = current.iter().flat_map(|listing| listing.items());
        for known in clusters.filter_map(|arn| store.cluster(arn)) {
            let cluster = known.arn.clone();
            let query = Query::Services {
                cluster: cluster.clone(),
            };
            if known.active_services + known.draining_services > 0 || has(&query) {
                services.push(self.errand(vec![query]));
            }
            let [running, stopped] = [false, true].map(|stopped| tasks_of(&cluster, stopped));
            let mut queries = Vec::new();
            if known.running_tasks + known.pending_tasks > 0 || has(&running) {
                is_whole &= schedule.was_answered(&running);
                queries.push(running);
            }
            queries.push(stopped);
            tasks.push(self.errand(queries));
            let query = Query::Instances { cluster };
            if known.instances > 0 || has(&query) {
                instances.push(self.errand(vec![query]));
            }
        }
        let lists = lists.into_iter();
        let mut errands: Vec<_> = lists.map(|query| self.errand(vec![query])).collect();
        errands.extend(services);
        errands.extend(tasks);
        errands.extend(instances);
        errands.extend(self.definitions(store));
        // A call asks for a hundred tags of a repository, so they wait until all are known.
        if is_whole {
            errands.extend(self.tags());
        }
        errands
    }

    fn errand(&self, queries: Vec<Query>) -> Errand {
        Errand {
            moving: queries.iter().any(|query| self.is_moving(query)),
            queries,
        }
    }

    /// The task definitions in use whose content is not known.
    fn definitions(&self, store: &Store) -> impl Iterator<Item = Errand> {
        let used = self.leads.values().flat_map(|lead| &lead.definitions);
        let unknown: BTreeSet<&Arn> = used.filter(|arn| store.definition(arn).is_none()).collect();
        unknown.into_iter().map(|definition| Errand {
            queries: vec![Query::Definition {
                definition: definition.clone(),
            }],
            moving: false,
        })
    }

    /// The tags in use, by repository.
    fn tags(&self) -> impl Iterator<Item = Errand> {
        let mut tags: BTreeMap<Option<Arn>, BTreeSet<&Arn>> = BTreeMap::new();
        for tag in self.leads.values().flat_map(|lead| &lead.tags) {
            tags.entry(tag.repository()).or_default().insert(tag);
        }
        tags.into_values().map(|tags| Errand {
            queries: tags
                .into_iter()
                .map(|tag| Query::Tag { tag: tag.clone() })
                .collect(),
            moving: false,
        })
    }
}

fn tasks_of(cluster: &Arn, stopped: bool) -> Query {
    Query::Tasks {
        cluster: cluster.clone(),
        filter: TaskFilter::All,
        stopped,
    }
}

fn cluster_of(query: &Query) -> Option<&Arn> {
    match query {
        Query::Services { cluster } | Query::Tasks { cluster, .. } => Some(cluster),
        _ => None,
    }
}

impl App {
    /// Asks for what is due of the rest of the account.
    pub(super) fn crawl(&mut self, now: Now) {
        let is_due = self.crawl.next.is_some_and(|at| at <= now.mono);
        if self.link != Link::Ready || !(self.crawl.stirred || is_due) {
            return;
        }
        self.crawl.stirred = false;
        let errands = self.crawl.errands(&self.scene.store, &self.schedule);
        let (due, next) = self.schedule.start_unseen(&errands, now.mono);
        self.crawl.next = next;
        let mut tags = Vec::new();
        for errand in due {
            match &errand.queries[..] {
                [Query::Tag { .. }, ..] => tags.extend(errand.queries),
                [Query::Tasks { cluster, .. }, _] => self.effects.push(Effect::FetchTasks {
                    epoch: self.epoch,
                    cluster: cluster.clone(),
                }),
                _ => self.ask_in_the_background(errand.queries),
            }
        }
        if !tags.is_empty() {
            self.effects.push(Effect::Resolve {
                epoch: self.epoch,
                queries: tags,
                urgency: Urgency::Background,
            });
        }
    }

    fn ask_in_the_background(&mut self, queries: Vec<Query>) {
        let epoch = self.epoch;
        let effects = queries.into_iter().map(|query| Effect::Fetch {
            epoch,
            query,
            urgency: Urgency::Background,
        });
        self.effects.extend(effects);
    }

    /// Makes what is under way for the rest of the account as urgent as the screen, where that needs it by now.
    pub(super) fn raise(&mut self, wants: &[Want]) {
        let raised = self.schedule.raise(wants);
        if raised.is_empty() {
            return;
        }
        self.crawl.stir();
        let effects = raised.into_iter().map(Effect::Raise);
        self.effects.extend(effects);
    }
}

#[cfg(test)]
mod tests;
