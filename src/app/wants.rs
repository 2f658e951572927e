//! What the screen needs, and how old it is.

use std::time::Duration;

use super::{App, Link};
use crate::{
    app::Effect,
    model::{Now, Query},
    schedule::{Urgency, Want},
    ui::{Freshness, Layer, Need},
};

impl App {
    /// The layer that fills the middle of the screen.
    pub(super) fn front(&self) -> Option<&dyn Layer> {
        self.layers
            .iter()
            .rev()
            .find(|layer| !layer.is_overlay())
            .map(AsRef::as_ref)
    }

    /// Everything that the layers need: what is in front first, what lies behind it less urgently.
    pub(super) fn wants(&self) -> Vec<Want> {
        let mut wants = vec![Want {
            query: Query::Identity,
            urgency: Urgency::Visible,
            moving: false,
        }];
        let mut in_front = true;
        for layer in self.layers.iter().rev().filter(|layer| !layer.is_overlay()) {
            for Need { query, moving } in layer.needs(&self.scene.store) {
                let known = wants.iter().any(|want| want.query == query);
                if !known {
                    let urgency = if in_front {
                        Urgency::Visible
                    } else {
                        Urgency::Background
                    };
                    wants.push(Want {
                        query,
                        urgency,
                        moving: moving && in_front,
                    });
                }
            }
            in_front = false;
        }
        wants
    }

    pub(super) fn ask_for_what_is_due(&mut self, now: Now) {
        if self.link != Link::Ready {
            return;
        }
        let wants = self.wants();
        for want in self.schedule.start(&wants, now.mono) {
            self.effects.push(Effect::Fetch {
                epoch: self.epoch,
                query: want.query,
                urgency: want.urgency,
            });
        }
    }

    /// How fresh the layer in front is: as its worst query.
    pub(super) fn freshness(&self, now: Now) -> Freshness {
        if let Link::Failed {
            fault,
            since,
            times,
            retry_at,
        } = &self.link
        {
            let retry = (*retry_at < Duration::MAX).then(|| retry_at.saturating_sub(now.mono));
            return Freshness::Faulty {
                fault: fault.clone(),
                since: *since,
                times: *times,
                age: None,
                retry,
            };
        }
        if self.front().is_some_and(|layer| !layer.is_live()) {
            return Freshness::Once;
        }
        let wants = self
            .front()
            .map(|layer| layer.needs(&self.scene.store))
            .unwrap_or_default();
        let mut oldest: Option<(Duration, bool)> = None;
        let mut loading = false;
        for Need { query, moving } in wants {
            let listing = self.scene.store.listing(&query);
            let want = Want {
                query,
                urgency: Urgency::Visible,
                moving,
            };
            if let Some(record) = listing.fault() {
                let next = self.schedule.next(std::slice::from_ref(&want));
                return Freshness::Faulty {
                    fault: record.fault.clone(),
                    since: record.since,
                    times: record.times,
                    age: listing.age(now),
                    retry: next.map(|next| next.saturating_sub(now.mono)),
                };
            }
            match listing.age(now) {
                None => loading = true,
                Some(_) if want.query.is_immutable() => {}
                Some(age) => {
                    let late = age > self.schedule.interval(&want) * 2 + LATE;
                    if oldest.is_none_or(|(oldest, _)| oldest < age) {
                        oldest = Some((age, late));
                    }
                }
            }
        }
        match oldest {
            _ if loading => Freshness::Loading,
            Some((age, _)) if self.schedule.is_paused() => Freshness::Paused(age),
            Some((age, true)) => Freshness::Old(age),
            _ => Freshness::Live,
        }
    }
}

/// How long an answer may take before what it would replace counts as old.
const LATE: Duration = Duration::from_secs(2);
