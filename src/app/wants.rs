//! What the screen needs, and how old it is.

use std::{collections::BTreeSet, time::Duration};

use super::{App, Link};
use crate::{
    app::Effect,
    model::{Fault, Now, Query, age},
    schedule::{Urgency, Want},
    ui::{Freshness, Layer, Retry},
};

/// How long an answer may take before what it would replace counts as old.
const LATE: Duration = Duration::from_secs(2);

impl App {
    /// The layer that fills the middle of the screen.
    pub(super) fn front(&self) -> Option<&dyn Layer> {
        self.layers
            .iter()
            .rev()
            .find(|layer| !layer.is_overlay())
            .map(AsRef::as_ref)
    }

    /// What the layer in front needs.
    fn wants_in_front(&self) -> Vec<Want> {
        let needs = self
            .front()
            .map(|layer| layer.needs(&self.scene.store))
            .unwrap_or_default();
        needs
            .into_iter()
            .map(|need| Want {
                query: need.query,
                urgency: if need.beside {
                    Urgency::Background
                } else {
                    Urgency::Visible
                },
                moving: need.moving,
            })
            .collect()
    }

    /// Everything that the layers need: what is in front first, what lies behind it less urgently. A query that
    /// several layers need stands there more than once; the first is due first, and the schedule takes it.
    pub(super) fn wants(&self) -> Vec<Want> {
        let mut wants = vec![Want {
            query: Query::Identity,
            urgency: Urgency::Visible,
            moving: false,
        }];
        wants.extend(self.wants_in_front());
        let over = self
            .layers
            .iter()
            .rev()
            .take_while(|layer| layer.is_overlay());
        for need in over.flat_map(|layer| layer.needs(&self.scene.store)) {
            wants.push(Want {
                query: need.query,
                urgency: Urgency::Visible,
                moving: need.moving,
            });
        }
        wants.extend(self.followed().into_iter().map(|query| Want {
            query,
            urgency: Urgency::Visible,
            moving: true,
        }));
        let full = self.layers.iter().rev().filter(|layer| !layer.is_overlay());
        for layer in full.skip(1) {
            // What only adds to what is shown, and may be charged for, is asked for only while it is looked at.
            let needs = layer.needs(&self.scene.store).into_iter();
            let needs = needs.filter(|need| !need.query.is_aside() && !need.beside);
            wants.extend(needs.map(|need| Want {
                query: need.query,
                urgency: Urgency::Background,
                moving: false,
            }));
        }
        wants
    }

    pub(super) fn ask_for_what_is_due(&mut self, now: Now) {
        if self.link != Link::Ready {
            return;
        }
        let wants = self.wants();
        self.raise(&wants);
        let due = self.schedule.start(&wants, now.mono);
        let epoch = self.epoch;
        let (mut metrics, mut tags) = (Vec::new(), Vec::new());
        for Want { query, urgency, .. } in due {
            match query {
                Query::Metrics { .. } => metrics.push(query),
                Query::Tag { .. } => tags.push(query),
                query => self.effects.push(Effect::Fetch {
                    epoch,
                    query,
                    urgency,
                }),
            }
        }
        if !metrics.is_empty() {
            let queries = metrics;
            self.effects.push(Effect::Measure { epoch, queries });
        }
        if !tags.is_empty() {
            let queries = tags;
            self.effects.push(Effect::Resolve {
                epoch,
                queries,
                urgency: Urgency::Visible,
            });
        }
        self.crawl(now);
    }

    /// Finds out how fresh the layer in front is, and when that changes by itself.
    pub(super) fn look_at_age(&mut self, now: Now) {
        let wants = self.wants_in_front();
        self.scene.freshness = self.freshness(&wants, now);
        self.changes_at = match &self.scene.freshness {
            Freshness::Live => self.turns_old_at(&wants, now),
            // The time it lasts is told in seconds.
            Freshness::Awaiting { .. } if self.here.waits.is_some() => {
                Some(now.mono + Duration::from_secs(1))
            }
            other => other.changes_in(now.wall).map(|time| now.mono + time),
        };
    }

    /// How fresh an answer to all of this is: as its worst part.
    fn freshness(&self, wants: &[Want], now: Now) -> Freshness {
        if let Link::Failed {
            fault,
            since,
            times,
            retry_at,
        } = &self.link
        {
            return Freshness::Faulty {
                fault: fault.clone(),
                since: *since,
                times: *times,
                age: self.oldest(wants, now),
                retry: retry_at
                    .map_or(Retry::UnderWay, |at| Retry::In(at.saturating_sub(now.mono))),
            };
        }
        if self.link == Link::Connecting {
            return Freshness::Awaiting {
                what: "connecting".to_owned(),
                age: self.oldest(wants, now),
            };
        }
        if let Some((what, since)) = &self.here.waits {
            return Freshness::Awaiting {
                what: format!("waiting for {what}, {}", age(now.wall.since(*since))),
                age: self.oldest(wants, now),
            };
        }
        if self.front().is_some_and(|layer| !layer.is_live()) {
            return Freshness::Once;
        }
        let (mut loading, mut oldest, mut late) = (false, None, None);
        let all = || wants.iter().filter(|want| is_essential(want));
        for want in all() {
            let listing = self.scene.store.listing(&want.query);
            if let Some(record) = listing.fault() {
                return Freshness::Faulty {
                    fault: self.with_regions(&record.fault, all().map(|want| &want.query)),
                    since: record.since,
                    times: record.times,
                    age: listing.age(now),
                    retry: self.retry(want, now),
                };
            }
            match listing.age(now) {
                None => loading = true,
                Some(_) if want.query.is_immutable() => {}
                Some(age) => {
                    oldest = oldest.max(Some(age));
                    // What an earlier run fetched is never live, however short ago that was.
                    if age >= self.patience(want) || !listing.is_current() {
                        late = late.max(Some(age));
                    }
                }
            }
        }
        match (oldest, late) {
            _ if loading => Freshness::Loading,
            (Some(age), _) if self.schedule.is_paused() => Freshness::Paused(age),
            (_, Some(age)) => Freshness::Old(age),
            _ => Freshness::Live,
        }
    }

    /// A fault that says in which regions it is, where that is not clear: in those of all queries that failed alike.
    fn with_regions<'a>(&self, fault: &Fault, queries: impl Iterator<Item = &'a Query>) -> Fault {
        let store = &self.scene.store;
        let failed_alike = |query: &&Query| {
            let known = store.listing(query).fault().map(|record| &record.fault);
            known.is_some_and(|known| known.kind == fault.kind && known.op == fault.op)
        };
        let regions: BTreeSet<&str> = queries
            .filter(|_| store.has_regions())
            .filter(failed_alike)
            .filter_map(Query::region)
            .collect();
        if regions.is_empty() {
            return fault.clone();
        }
        let regions: Vec<_> = regions.into_iter().collect();
        Fault {
            op: format!("{} in {}", fault.op, regions.join(" and ")),
            ..fault.clone()
        }
    }

    /// The age of the oldest answer to these that can grow old; none if there is no answer.
    fn oldest(&self, wants: &[Want], now: Now) -> Option<Duration> {
        let changing = wants
            .iter()
            .filter(|want| !want.query.is_immutable() && is_essential(want));
        changing
            .filter_map(|want| self.scene.store.listing(&want.query).age(now))
            .max()
    }

    /// When a query that failed is asked again.
    fn retry(&self, want: &Want, now: Now) -> Retry {
        if self.schedule.is_in_flight(&want.query) {
            return Retry::UnderWay;
        }
        match self.schedule.next(std::slice::from_ref(want)) {
            Some(at) => Retry::In(at.saturating_sub(now.mono)),
            None => Retry::AtAKey,
        }
    }

    /// The age from which on an answer counts as old.
    fn patience(&self, want: &Want) -> Duration {
        self.schedule.interval(want) * 2 + LATE
    }

    /// When the first of these answers counts as old, if no other comes.
    fn turns_old_at(&self, wants: &[Want], now: Now) -> Option<Duration> {
        let changing = wants
            .iter()
            .filter(|want| !want.query.is_immutable() && is_essential(want));
        changing
            .filter_map(|want| {
                let age = self.scene.store.listing(&want.query).age(now)?;
                Some(now.mono + self.patience(want).saturating_sub(age))
            })
            .min()
    }
}

/// Whether what is in front depends on it: what only stands beside says itself how old it is and why it is missing.
fn is_essential(want: &Want) -> bool {
    want.urgency != Urgency::Background && !want.query.is_aside()
}
