//! What the pacer tells of itself, and how often.

use std::time::Duration;

use tokio::sync::watch;

use super::Lane;
use crate::model::QuotaUse;

/// The least time between two reports.
const PAUSE: Duration = Duration::from_secs(1);

/// What was told, and whether there is something new to tell.
pub(super) struct Account {
    told: watch::Sender<Vec<QuotaUse>>,
    at: Duration,
    calls: Vec<u64>,
    stirred: bool,
}

impl Account {
    pub(super) fn new(told: watch::Sender<Vec<QuotaUse>>) -> Self {
        Self {
            told,
            at: Duration::ZERO,
            calls: Vec::new(),
            stirred: false,
        }
    }

    /// Notes that something happened.
    pub(super) fn note(&mut self) {
        self.stirred = true;
    }

    /// Tells how things stand if it is time to; otherwise in what time it will be, if there is something to tell.
    pub(super) fn settle(&mut self, lanes: &mut [Lane], now: Duration) -> Option<Duration> {
        if !self.stirred {
            return None;
        }
        let due = self.at + PAUSE;
        if now < due {
            return Some(due.saturating_sub(now));
        }
        let since = now.saturating_sub(self.at).as_secs_f64();
        self.calls.resize(lanes.len(), 0);
        let lanes = lanes.iter_mut().zip(&mut self.calls);
        let uses: Vec<_> = lanes
            .map(|(lane, before)| {
                #[expect(clippy::cast_precision_loss, reason = "calls of a second are few")]
                let rate = lane.calls.saturating_sub(*before) as f64 / since;
                *before = lane.calls;
                lane.tell(rate, now)
            })
            .collect();
        self.at = now;
        // Tokens go on coming in until all are there.
        self.stirred = uses.iter().any(|one| {
            one.rate > 0.0 || one.waits() > 0 || one.is_throttled() || one.tokens < one.burst
        });
        self.told.send_if_modified(|told| {
            let is_new = *told != uses;
            *told = uses;
            is_new
        });
        self.stirred.then_some(PAUSE)
    }
}

impl Lane {
    fn tell(&mut self, rate: f64, now: Duration) -> QuotaUse {
        let (quota_burst, quota_refill) = self.group.quota();
        QuotaUse {
            region: None,
            name: self.group.name(),
            operations: self.group.operations(),
            published: self.group.is_published(),
            quota_burst,
            quota_refill,
            burst: self.bucket.capacity(),
            refill: self.bucket.full_rate(),
            tokens: self.bucket.tokens(now),
            refill_now: self.bucket.rate(),
            rate,
            calls: self.calls,
            throttles: self.throttles,
            waiting: [0, 1, 2].map(|urgency: usize| {
                let queue = self.waiting[urgency].iter();
                queue.filter(|waiter| !waiter.grant.is_closed()).count()
            }),
        }
    }
}
