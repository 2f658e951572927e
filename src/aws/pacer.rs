//! Grants the permission to call: one task owns the token buckets and serves the most urgent waiter first.
//! The buckets themselves are in `schedule`.

mod account;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep},
};

use self::account::Account;
pub use crate::schedule::Urgency;
use crate::{
    model::QuotaUse,
    schedule::{Budget, QuotaGroup, TokenBucket},
};

/// How soon an answer is wanted, of which more than one call may depend and which may become more urgent on the way.
/// Clones are the same haste.
#[derive(Debug, Clone)]
pub struct Haste(Arc<AtomicU8>);

impl Haste {
    pub(super) fn urgency(&self) -> Urgency {
        let place = usize::from(self.0.load(Ordering::Relaxed));
        Urgency::ALL.get(place).copied().unwrap_or_default()
    }
}

impl From<Urgency> for Haste {
    fn from(urgency: Urgency) -> Self {
        Self(Arc::new(AtomicU8::new(urgency as u8)))
    }
}

impl From<&Haste> for Haste {
    fn from(haste: &Haste) -> Self {
        haste.clone()
    }
}

/// The way to the task that owns the buckets; cheap to clone. The task ends with the last clone.
#[derive(Debug, Clone)]
pub struct Pacer {
    inbox: mpsc::UnboundedSender<Message>,
    uses: watch::Receiver<Vec<QuotaUse>>,
}

enum Message {
    Acquire {
        group: QuotaGroup,
        waiter: Waiter,
    },
    /// A haste that somebody waits with has grown.
    Raised,
    Refund(QuotaGroup),
    Penalise(QuotaGroup),
}

/// A token on its way to the caller. If nobody takes it, it goes back.
struct Permit {
    group: QuotaGroup,
    back: mpsc::WeakUnboundedSender<Message>,
    spent: bool,
}

impl Permit {
    fn spend(mut self) {
        self.spent = true;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.spent {
            return;
        }
        if let Some(inbox) = self.back.upgrade() {
            let _ = inbox.send(Message::Refund(self.group));
        }
    }
}

impl Pacer {
    /// Starts the task with full buckets. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(budget: Budget) -> Self {
        let (inbox, messages) = mpsc::unbounded_channel();
        let (told, uses) = watch::channel(Vec::new());
        let desk = Desk::new(budget, inbox.downgrade(), told);
        tokio::spawn(desk.serve(messages));
        Self { inbox, uses }
    }

    /// How the quotas stand, all groups in their order: told when that changed, and at most once a second. Ends with
    /// the task.
    #[must_use]
    pub fn uses(&self) -> watch::Receiver<Vec<QuotaUse>> {
        self.uses.clone()
    }

    /// Lets what depends on this haste go before what is less urgent from now on, whether it waits already or will.
    /// Nothing becomes less urgent.
    pub fn raise(&self, haste: &Haste, urgency: Urgency) {
        haste.0.fetch_min(urgency as u8, Ordering::Relaxed);
        let _ = self.inbox.send(Message::Raised);
    }

    /// Waits until one call of this operation may be sent. Dropping the future gives up the place and the token.
    ///
    /// Operations without a published quota never wait.
    pub async fn acquire(&self, operation: &str, haste: impl Into<Haste>) {
        let Some(group) = QuotaGroup::of(operation) else {
            return;
        };
        let (grant, granted) = oneshot::channel();
        let haste = haste.into();
        let waiter = Waiter { haste, grant };
        let asked = self.inbox.send(Message::Acquire { group, waiter });
        // The task lives as long as `self`; if the runtime is being torn down, nothing is left to pace.
        if asked.is_ok()
            && let Ok(permit) = granted.await
        {
            permit.spend();
        }
    }

    /// Notes that AWS throttled this operation.
    pub fn penalise(&self, operation: &str) {
        if let Some(group) = QuotaGroup::of(operation) {
            let _ = self.inbox.send(Message::Penalise(group));
        }
    }
}

/// Somebody who waits for a token.
struct Waiter {
    haste: Haste,
    grant: oneshot::Sender<Permit>,
}

/// The buckets with the callers that wait before each.
struct Desk {
    lanes: Vec<Lane>,
    back: mpsc::WeakUnboundedSender<Message>,
    start: Instant,
    account: Account,
}

struct Lane {
    group: QuotaGroup,
    bucket: TokenBucket,
    waiting: [VecDeque<Waiter>; Urgency::ALL.len()],
    calls: u64,
    throttles: u64,
}

impl Desk {
    fn new(
        budget: Budget,
        back: mpsc::WeakUnboundedSender<Message>,
        told: watch::Sender<Vec<QuotaUse>>,
    ) -> Self {
        let lanes = QuotaGroup::ALL
            .into_iter()
            .map(|group| Lane {
                group,
                bucket: TokenBucket::new(group, budget),
                waiting: Default::default(),
                calls: 0,
                throttles: 0,
            })
            .collect();
        Self {
            lanes,
            back,
            start: Instant::now(),
            account: Account::new(told),
        }
    }

    async fn serve(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        loop {
            let grant = self.grant();
            let report = self.account.settle(&mut self.lanes, self.start.elapsed());
            let wake = grant.into_iter().chain(report).min();
            tokio::select! {
                message = messages.recv() => {
                    let Some(message) = message else { return };
                    self.receive(message);
                    // All that is already there is taken in first, so that urgency decides and not arrival.
                    while let Ok(message) = messages.try_recv() {
                        self.receive(message);
                    }
                }
                () = sleep(wake.unwrap_or(Duration::MAX)), if wake.is_some() => {}
            }
        }
    }

    fn receive(&mut self, message: Message) {
        let now = self.start.elapsed();
        self.account.note();
        match message {
            Message::Acquire { group, waiter } => self.lanes[group as usize].queue(waiter),
            Message::Raised => self.lanes.iter_mut().for_each(Lane::sort),
            Message::Refund(group) => {
                let lane = &mut self.lanes[group as usize];
                lane.bucket.refund();
                lane.calls = lane.calls.saturating_sub(1);
            }
            Message::Penalise(group) => {
                let lane = &mut self.lanes[group as usize];
                lane.bucket.penalise(now);
                lane.throttles += 1;
            }
        }
    }

    /// Hands out what there is; tells when to look again, if someone still waits.
    fn grant(&mut self) -> Option<Duration> {
        let now = self.start.elapsed();
        let back = &self.back;
        self.lanes
            .iter_mut()
            .filter_map(|lane| lane.grant(now, back))
            .min()
    }
}

impl Lane {
    fn queue(&mut self, waiter: Waiter) {
        self.waiting[waiter.haste.urgency() as usize].push_back(waiter);
    }

    /// Moves those whose haste has grown.
    fn sort(&mut self) {
        for urgency in Urgency::ALL {
            let queue = &mut self.waiting[urgency as usize];
            if queue.iter().all(|waiter| waiter.haste.urgency() == urgency) {
                continue;
            }
            for waiter in std::mem::take(queue) {
                self.queue(waiter);
            }
        }
    }

    fn grant(
        &mut self,
        now: Duration,
        back: &mpsc::WeakUnboundedSender<Message>,
    ) -> Option<Duration> {
        for (urgency, queue) in Urgency::ALL.into_iter().zip(&mut self.waiting) {
            while let Some(front) = queue.front() {
                if front.grant.is_closed() {
                    queue.pop_front();
                    continue;
                }
                let taken = match urgency {
                    Urgency::Interactive | Urgency::Visible => self.bucket.take(now),
                    Urgency::Background => self.bucket.take_spare(now),
                };
                if let Err(wait) = taken {
                    return Some(wait);
                }
                if let Some(waiter) = queue.pop_front() {
                    self.calls += 1;
                    let permit = Permit {
                        group: self.group,
                        back: back.clone(),
                        spent: false,
                    };
                    // A permit that finds nobody comes back by its own drop.
                    let _ = waiter.grant.send(permit);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt as _, future::join_all};

    use super::*;

    const OPERATION: &str = "DescribeTaskDefinition";
    /// A burst of 5 and 2 tokens a second for the operation above.
    const SMALL: Budget = Budget {
        burst_share: 0.1,
        refill_share: 0.1,
    };

    async fn drained() -> Pacer {
        let pacer = Pacer::start(SMALL);
        join_all((0..5).map(|_| pacer.acquire(OPERATION, Urgency::Visible))).await;
        pacer
    }

    #[tokio::test(start_paused = true)]
    async fn the_burst_passes_at_once_and_the_rest_at_the_refill() {
        let start = Instant::now();
        let pacer = drained().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        join_all((0..10).map(|_| pacer.acquire(OPERATION, Urgency::Visible))).await;
        assert_eq!(start.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn the_most_urgent_goes_first_whenever_it_came() {
        let pacer = drained().await;
        let (done, mut order) = mpsc::unbounded_channel();
        let wait = |urgency| {
            let (pacer, done) = (pacer.clone(), done.clone());
            async move {
                pacer.acquire(OPERATION, urgency).await;
                let _ = done.send(urgency);
            }
        };
        tokio::join!(
            wait(Urgency::Background),
            wait(Urgency::Visible),
            wait(Urgency::Interactive)
        );
        let order = [order.recv().await, order.recv().await, order.recv().await];
        assert_eq!(order, Urgency::ALL.map(Some));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_request_leaves_its_token_to_others() {
        let pacer = drained().await;
        let start = Instant::now();
        let mut abandoned: Vec<_> = (0..4)
            .map(|_| Box::pin(pacer.acquire(OPERATION, Urgency::Interactive)))
            .collect();
        for request in &mut abandoned {
            assert!(request.now_or_never().is_none());
        }
        drop(abandoned);
        pacer.acquire(OPERATION, Urgency::Visible).await;
        assert_eq!(start.elapsed().as_millis() / 10, 50);
    }

    #[tokio::test(start_paused = true)]
    async fn a_permit_nobody_picked_up_comes_back() {
        let pacer = Pacer::start(SMALL);
        let mut granted = Box::pin(pacer.acquire(OPERATION, Urgency::Interactive));
        assert!((&mut granted).now_or_never().is_none());
        // The grant is made, but this future is never polled again.
        tokio::task::yield_now().await;
        drop(granted);
        let start = Instant::now();
        join_all((0..5).map(|_| pacer.acquire(OPERATION, Urgency::Visible))).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_slows_its_own_group_only() {
        let pacer = Pacer::start(SMALL);
        pacer.penalise(OPERATION);
        let start = Instant::now();
        pacer.acquire("DescribeServices", Urgency::Background).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pacer.acquire(OPERATION, Urgency::Background).await;
        assert!(start.elapsed() > Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn operations_without_a_quota_never_wait() {
        let pacer = drained().await;
        assert!(
            pacer
                .acquire("GetCallerIdentity", Urgency::Background)
                .now_or_never()
                .is_some()
        );
    }

    const LIST: &str = "ListServices";
    const DESCRIBE: &str = "DescribeServices";
    const TRIP: Duration = Duration::from_millis(100);

    /// So many background calls that wait.
    fn flood(pacer: &Pacer, calls: usize) -> tokio::task::JoinHandle<()> {
        let pacer = pacer.clone();
        tokio::spawn(async move {
            join_all((0..calls).map(|_| pacer.acquire(LIST, Urgency::Background))).await;
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_in_the_background_leaves_tokens_to_who_waits() {
        let pacer = Pacer::start(Budget::default());
        let flood = flood(&pacer, 400);
        tokio::task::yield_now().await;
        let start = Instant::now();
        // A quarter of the 50 tokens is there at once; each further call waits for one token, which takes 200 ms.
        for _ in 0..12 {
            pacer.acquire(DESCRIBE, Urgency::Interactive).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            let start = Instant::now();
            pacer.acquire(DESCRIBE, Urgency::Interactive).await;
            assert!(start.elapsed() <= Duration::from_millis(201));
        }
        assert!(!flood.is_finished());
        flood.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_in_the_background_goes_first_once_it_is_raised() {
        let pacer = Pacer::start(Budget::default());
        let flood = flood(&pacer, 400);
        tokio::task::yield_now().await;
        let haste = Haste::from(Urgency::Background);
        let mut waits = Box::pin(pacer.acquire(DESCRIBE, &haste));
        assert!((&mut waits).now_or_never().is_none());
        tokio::task::yield_now().await;
        let start = Instant::now();
        pacer.raise(&haste, Urgency::Visible);
        waits.await;
        // What it asks for next is as urgent.
        pacer.acquire(DESCRIBE, &haste).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        flood.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn quotas_are_told_once_a_second_until_nothing_changes() {
        let pacer = Pacer::start(Budget::default());
        let mut uses = pacer.uses();
        let start = Instant::now();
        join_all((0..15).map(|_| pacer.acquire(LIST, Urgency::Interactive))).await;
        pacer.penalise("PutImage");
        let mut told = Vec::new();
        while let Ok(Ok(())) = tokio::time::timeout(Duration::from_secs(30), uses.changed()).await {
            let uses = uses.borrow_and_update();
            let services = &uses[QuotaGroup::ServiceRead as usize];
            told.push((
                start.elapsed().as_secs(),
                services.calls,
                services.tokens.round(),
                uses.iter().any(QuotaUse::is_throttled),
            ));
        }
        assert_eq!(told[0], (1, 15, 40.0, true));
        assert_eq!(told[1], (2, 15, 45.0, true));
        assert!(told.len() < 25, "{told:?}");
        assert!(
            told.iter()
                .map(|one| one.0)
                .is_sorted_by(|one, next| one < next)
        );
        assert_eq!(
            told.last().map(|one| (one.1, one.2, one.3)),
            Some((15, 50.0, false))
        );
        let uses = uses.borrow();
        let images = &uses[QuotaGroup::ImageWrite as usize];
        assert_eq!((images.throttles, images.calls), (1, 0));
    }

    /// How long it takes to learn of all services of these clusters where each call takes 100 ms.
    async fn services_of(clusters: usize, services: usize, budget: Budget) -> Duration {
        let pacer = Pacer::start(budget);
        let start = Instant::now();
        let call = async |operation: &'static str| {
            pacer.acquire(operation, Urgency::Background).await;
            sleep(TRIP).await;
        };
        call("ListClusters").await;
        call("DescribeClusters").await;
        let cluster = async || {
            let mut left = services;
            let mut described = Vec::new();
            while left > 0 {
                call(LIST).await;
                let page = left.min(100);
                left -= page;
                described.extend((0..page.div_ceil(10)).map(|_| call(DESCRIBE)));
            }
            join_all(described).await;
        };
        // As many at once as the schedule lets be.
        let mut each = futures::stream::iter((0..clusters).map(|_| cluster())).buffer_unordered(16);
        while each.next().await.is_some() {}
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_account_takes_hardly_longer_than_its_tokens() {
        let shapes = [(1, 50), (30, 100), (250, 1)];
        for (clusters, services) in shapes {
            let budget = Budget::default();
            let took = services_of(clusters, services, budget).await;
            let calls = clusters * (services.div_ceil(100) + services.div_ceil(10));
            let bucket = TokenBucket::new(QuotaGroup::ServiceRead, budget);
            let calls = f64::from(u32::try_from(calls).unwrap_or(u32::MAX));
            let tokens = (calls - bucket.capacity()).max(0.0) / bucket.full_rate();
            let bound = Duration::from_secs_f64(tokens) + 3 * TRIP;
            assert!(took <= bound.mul_f64(1.5), "{took:?} of {bound:?}");
        }
    }
}
