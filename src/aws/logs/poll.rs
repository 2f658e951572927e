//! Reading without a live tail: a search every so often.

use tokio::time::{Duration, Instant, sleep};

use crate::{
    aws::logs::{
        clock::here,
        ledger::Pass,
        place::{Gone, Place, Polled},
        steps::{NAMES, Step},
    },
    model::TailState,
    schedule::{Budget, QuotaGroup},
};

impl Place {
    /// Polls until a live tail is worth another try, or something else is wanted.
    pub(super) async fn poll(&mut self, polled: Polled) -> Result<(), Gone> {
        let mut absent_again = Instant::now();
        loop {
            let every = self.interval();
            let state = TailState::Polling {
                seconds: u32::try_from(every.as_secs()).unwrap_or(u32::MAX).max(1),
                why: polled.why.clone(),
            };
            self.search_once(&state).await?;
            if self.has_absent() && Instant::now() >= absent_again {
                absent_again = Instant::now() + self.times.missing;
                self.look_for_absent().await?;
            }
            self.enter(state).await;
            tokio::select! {
                () = sleep(every) => {}
                changed = self.wanted.changed() => changed.map_err(|_| Gone)?,
            }
            // Not the change just waited for alone: there may have been one during the search.
            if self.wanted.has_changed().is_err() {
                return Err(Gone);
            }
            if self.adopt() || Instant::now() >= polled.until {
                return Ok(());
            }
        }
    }

    /// One search through everything since the last one.
    async fn search_once(&mut self, state: &TailState) -> Result<(), Gone> {
        let began = here();
        let mut mark = None;
        let mut is_first = true;
        let mut pass = Pass::default();
        let mut steps = self.search().run();
        while let Some(step) = self.step(&mut steps).await? {
            match step {
                Step::Events { events, .. } => {
                    // What the first page knows was there before every other page was asked for.
                    if std::mem::take(&mut is_first) {
                        mark = events.iter().filter_map(|event| event.ingested).max();
                    }
                    self.enter(state.clone()).await;
                    self.emit(&mut pass, events).await;
                }
                Step::Absent(name) => self.absent(&name).await,
                Step::Failed(fault) => {
                    self.failed(fault).await;
                    // What was found counts all the same, and the next search begins where this one did.
                    if self.wanted.has_changed().map_err(|_| Gone)? {
                        return Ok(());
                    }
                }
            }
        }
        self.emit_leftovers().await;
        self.advance(began, mark, None);
        Ok(())
    }

    /// Whether streams that were not there are by now.
    async fn look_for_absent(&mut self) -> Result<(), Gone> {
        let mut pass = Pass::default();
        let mut steps = self.search_absent().run();
        while let Some(step) = self.step(&mut steps).await? {
            match step {
                Step::Events { events, .. } => self.emit(&mut pass, events).await,
                Step::Absent(name) => self.absent(&name).await,
                Step::Failed(fault) => self.failed(fault).await,
            }
        }
        Ok(())
    }

    /// Seconds between polls such that those of all groups of the tail stay within this program's share of the quota.
    fn interval(&self) -> Duration {
        let (_, refill) = QuotaGroup::LogSearch.quota();
        let rate = refill * Budget::default().refill_share;
        let searches = self.streams.len().div_ceil(NAMES).max(1) * self.portion.groups;
        let searches = u32::try_from(searches).unwrap_or(u32::MAX);
        let needed = Duration::from_secs_f64((f64::from(searches) / rate).ceil());
        needed.max(self.times.poll)
    }
}
