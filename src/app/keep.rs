//! What is kept for the next start and when, and what the last run kept: shown at once, and dropped if it turns out to
//! be of another account.

use std::time::Duration;

use super::{App, Connection, Effect, Link, history::History};
use crate::{
    model::{Now, sorted_regions},
    store::snapshot::{Origin, Snapshot},
    ui::Level,
};

/// The least time between two snapshots.
const SOON: Duration = Duration::from_mins(1);
/// The time between two snapshots where little has changed: a large one is megabytes, perhaps on a disk far away.
const LATER: Duration = Duration::from_mins(5);
/// Of how many things one must have changed for a snapshot to be made soon.
const MUCH: u64 = 10;

/// How the snapshot of the last run stands.
#[derive(Debug, Default, PartialEq, Eq)]
enum Past {
    /// There is none.
    #[default]
    Nothing,
    /// It is in the store.
    Shown,
    /// It was of another account or region.
    Foreign,
}

/// What was kept, and what the last run kept.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// Whether anything is to be kept.
    on: bool,
    /// When something was last kept, or keeping began.
    at: Duration,
    /// The version of the store that was kept.
    version: u64,
    /// The changes of the store until then.
    changes: u64,
    past: Past,
    /// Whether more of the last run's snapshot is to come. What is kept meanwhile would lack it.
    awaits: bool,
    /// Where the command line said to start, in case that what was restored led to another account's.
    start: Option<(String, Option<String>)>,
}

impl App {
    /// Begins to keep snapshots for the next start.
    pub fn keep(&mut self, now: Now) {
        self.keeping.on = true;
        self.keeping.at = now.mono;
    }

    /// Keeps what is known before another account or region is looked at, and begins anew for that.
    pub(super) fn keep_before_switch(&mut self, now: Now) {
        if self.may_keep()
            && self.scene.store.version() != self.keeping.version
            && let Some(effect) = self.snapshot(now)
        {
            self.effects.push(effect);
        }
        self.keeping = Keeping {
            on: self.keeping.on,
            at: now.mono,
            version: self.keeping.version,
            changes: self.scene.store.changes(),
            ..Keeping::default()
        };
    }

    /// When a snapshot is to be made; none as long as there is nothing new to keep, or nobody knows whose it would be.
    pub(super) fn keeps_at(&self) -> Option<Duration> {
        let store = &self.scene.store;
        let changed = store.changes().saturating_sub(self.keeping.changes);
        if !self.may_keep() || changed == 0 {
            return None;
        }
        let (clusters, services, tasks) = store.size();
        let known = u64::try_from(clusters + services + tasks).unwrap_or(u64::MAX);
        let pause = if changed.saturating_mul(MUCH) >= known {
            SOON
        } else {
            LATER
        };
        Some(self.keeping.at + pause)
    }

    fn may_keep(&self) -> bool {
        let store = &self.scene.store;
        let is_known = store.identity().is_some() && store.restored().is_none();
        self.keeping.on && !self.keeping.awaits && is_known
    }

    /// Keeps what is known, if it is time to.
    pub(super) fn keep_if_due(&mut self, now: Now) {
        if self.keeps_at().is_some_and(|at| at <= now.mono) {
            let effect = self.snapshot(now);
            self.effects.extend(effect);
        }
    }

    /// Keeps what is known before leaving, if anything came since it was last kept, be it that all is as before: its
    /// age counts too.
    pub(super) fn keep_before_leaving(&mut self, now: Now) {
        let leaves = self.effects.iter().position(|it| *it == Effect::Quit);
        if let Some(place) = leaves
            && self.may_keep()
            && self.scene.store.version() != self.keeping.version
            && let Some(effect) = self.snapshot(now)
        {
            self.effects.insert(place, effect);
        }
    }

    fn snapshot(&mut self, now: Now) -> Option<Effect> {
        let store = &self.scene.store;
        let origin = Origin {
            identity: store.identity()?.clone(),
            profile: self.scene.context.profile.clone(),
            region: self.scene.context.region.clone(),
            endpoint: self.scene.context.endpoint.clone(),
        };
        self.keeping.at = now.mono;
        self.keeping.version = store.version();
        self.keeping.changes = store.changes();
        Some(Effect::Keep(Box::new(store.snapshot(origin, now.wall))))
    }

    /// Takes in what the last run kept, or a part of it.
    pub(super) fn on_restored(&mut self, snapshot: Snapshot, more: bool, now: Now) {
        self.keeping.awaits = more;
        if self.keeping.past == Past::Foreign {
            return;
        }
        if self.keeping.past == Past::Nothing {
            self.keeping.past = Past::Shown;
            self.keeping.start.clone_from(&self.start);
            if self.link == Link::Connecting {
                let origin = &snapshot.origin;
                self.scene.context.profile.clone_from(&origin.profile);
                self.scene.context.endpoint.clone_from(&origin.endpoint);
                self.scene.look_at(origin.region.clone());
            }
        }
        self.scene.store.restore(snapshot, now);
        self.judge_account(now);
        self.go_to_start(now);
    }

    /// Drops what was restored if the clients look elsewhere.
    pub(super) fn judge_place(&mut self, connection: &Connection, now: Now) {
        let Some(origin) = self.scene.store.restored() else {
            return;
        };
        if sorted_regions(&origin.region) != sorted_regions(&connection.region) {
            let text = format!(
                "this session is in {}: what was shown of {} is gone",
                connection.region, origin.region
            );
            self.drop_restored(text, now);
        } else if origin.endpoint != connection.endpoint {
            let text = "this session has another endpoint: what was shown is gone";
            self.drop_restored(text.to_owned(), now);
        }
    }

    /// Keeps what was restored if it is of the account of the credentials, else drops it; waits if that is not known
    /// yet.
    pub(super) fn judge_account(&mut self, now: Now) {
        let store = &self.scene.store;
        let Some((origin, identity)) = store.restored().zip(store.identity()) else {
            return;
        };
        let (before, account) = (&origin.identity.account, &identity.account);
        if before == account {
            self.scene.store.confirm_restored();
        } else {
            let text = format!(
                "the credentials are of account {account}: what was shown of account {before} is gone"
            );
            self.drop_restored(text, now);
        }
    }

    fn drop_restored(&mut self, text: String, now: Now) {
        self.scene.store.drop_restored();
        self.keeping.past = Past::Foreign;
        // Where the person went meanwhile is not there.
        if self.layers.len() > 1 {
            self.history = History::default();
            self.go_home();
        }
        self.start = self.keeping.start.take();
        self.say(Level::Warn, text, now);
    }
}

#[cfg(test)]
mod tests;
