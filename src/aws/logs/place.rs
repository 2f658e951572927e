//! One log group of a tail: its streams, what of them is known, and what comes next.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use futures::StreamExt;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use crate::{
    aws::logs::{
        Portion, Times,
        clock::millis,
        ledger::{Ledger, Pass},
        read::{Event, Reader},
        steps::{Step, Steps},
    },
    model::{Fault, LogLine, LogReport, Subject, TailState, Timestamp},
};

/// Nobody wants this group any more.
#[derive(Debug)]
pub(super) struct Gone;

/// Why a group is polled, and until when.
#[derive(Debug)]
pub(super) struct Polled {
    pub(super) why: String,
    pub(super) until: Instant,
}

/// A stream of the group.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) container: Subject,
    /// Whether its beginning, as far as it is wanted, was read.
    pub(super) opened: bool,
    /// Since when it is known not to exist.
    absent: Option<Instant>,
    /// Nothing before this is wanted, in milliseconds.
    pub(super) floor: Option<i64>,
}

/// A log group being read.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) reader: Reader,
    pub(super) times: Times,
    pub(super) wanted: watch::Receiver<Portion>,
    pub(super) portion: Portion,
    pub(super) streams: BTreeMap<Arc<str>, Stream>,
    reports: mpsc::Sender<LogReport>,
    told: HashMap<Subject, TailState>,
    ledger: Ledger,
    /// What sessions that are over held back, until what came before it was searched for.
    pub(super) leftovers: Vec<(Pass, Vec<Event>)>,
    /// Everything that CloudWatch took in before this is known, by its clock, in milliseconds.
    mark: i64,
    /// When the last reading of all streams began, by that clock.
    pub(super) read_at: i64,
    /// How streams are read that are there.
    state: TailState,
    /// How often in a row a session was none.
    pub(super) vain: u32,
}

impl Place {
    pub(super) fn new(
        reader: Reader,
        times: Times,
        wanted: watch::Receiver<Portion>,
        reports: mpsc::Sender<LogReport>,
    ) -> Self {
        let portion = wanted.borrow().clone();
        Self {
            reader,
            times,
            wanted,
            portion,
            streams: BTreeMap::new(),
            reports,
            told: HashMap::new(),
            ledger: Ledger::default(),
            leftovers: Vec::new(),
            mark: i64::MIN,
            read_at: i64::MIN,
            state: TailState::Opening,
            vain: 0,
        }
    }

    /// Reads until nobody wants it any more.
    pub(super) async fn run(mut self) {
        while let Ok(()) = self.turn().await {}
    }

    async fn turn(&mut self) -> Result<(), Gone> {
        self.adopt();
        if !self.open().await? {
            return Ok(());
        }
        if !self.portion.follow {
            self.emit_leftovers().await;
            self.enter(TailState::Ended).await;
            return self.changed().await;
        }
        let polled = match self.start().await {
            Ok(session) => self.live(session).await?,
            Err(polled) => Some(polled),
        };
        match polled {
            Some(polled) => self.poll(polled).await,
            None => Ok(()),
        }
    }

    /// Waits for another wish.
    async fn changed(&mut self) -> Result<(), Gone> {
        self.wanted.changed().await.map_err(|_| Gone)
    }

    /// Takes the present wish over; tells whether the reading has to begin anew for it.
    pub(super) fn adopt(&mut self) -> bool {
        let portion = self.wanted.borrow_and_update().clone();
        let gone = |name: &Arc<str>| !portion.streams.contains_key(name);
        self.told
            .retain(|told, _| portion.streams.values().any(|container| container == told));
        self.streams.retain(|name, _| !gone(name));
        let mut anew = portion.follow != self.portion.follow || portion.live != self.portion.live;
        for (name, container) in &portion.streams {
            self.streams.entry(name.clone()).or_insert_with(|| {
                anew = true;
                Stream {
                    container: container.clone(),
                    opened: false,
                    absent: None,
                    floor: None,
                }
            });
        }
        self.portion = portion;
        anew
    }

    /// The next step, unless nobody wants it any more. Other changes are left for later.
    pub(super) async fn step(
        &self,
        steps: &mut (impl futures::Stream<Item = Step> + Unpin),
    ) -> Result<Option<Step>, Gone> {
        let mut wanted = self.wanted.clone();
        loop {
            tokio::select! {
                step = steps.next() => return Ok(step),
                changed = wanted.changed() => changed.map_err(|_| Gone)?,
            }
        }
    }

    /// From when on nothing is known for sure: searches begin there, and what was told is kept from there on.
    pub(super) fn from(&self) -> i64 {
        let known = self.read_at.saturating_sub(millis(self.times.slack));
        known
            .max(self.mark)
            .saturating_sub(millis(self.times.overlap))
    }

    /// Notes that all streams were read by a reading that began then by this machine's clock, and that knows all that
    /// CloudWatch had taken in before `mark` by its own. What is held back is still to be told apart from what was told:
    /// `held` is the time of the oldest.
    pub(super) fn advance(&mut self, began: i64, mark: Option<i64>, held: Option<i64>) {
        self.read_at = self.read_at.max(self.reader.clock.at(began));
        self.mark = self.mark.max(mark.unwrap_or(i64::MIN));
        let left = self.leftovers.iter().flat_map(|(_, events)| events);
        let left = left.map(|event| event.at).min();
        let needed = [left, held].into_iter().flatten().min();
        self.ledger
            .forget(self.from().min(needed.unwrap_or(i64::MAX)));
    }

    /// Tells what sessions that are over held back.
    pub(super) async fn emit_leftovers(&mut self) {
        for (mut pass, mut events) in std::mem::take(&mut self.leftovers) {
            events.sort_by_key(|event| event.at);
            self.emit(&mut pass, events).await;
        }
    }

    /// A search through all streams that are there, for everything since what is known for sure.
    pub(super) fn search(&self) -> Steps {
        let present: Vec<_> = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.absent.is_none())
            .collect();
        // Where all streams have a floor, nothing before the lowest of them is wanted.
        let floors: Option<Vec<_>> = present.iter().map(|(_, stream)| stream.floor).collect();
        let floor = floors.and_then(|floors| floors.into_iter().min());
        let from = [Some(self.from().max(0)), floor, self.since()]
            .into_iter()
            .flatten()
            .max();
        let names: Vec<_> = present.into_iter().map(|(name, _)| name.clone()).collect();
        Steps::new(&self.reader, self.times).window(&names, from)
    }

    /// A search through the streams that were not there, from their beginning.
    pub(super) fn search_absent(&self) -> Steps {
        let absent = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.absent.is_some());
        let names: Vec<_> = absent.map(|(name, _)| name.clone()).collect();
        Steps::new(&self.reader, self.times).window(&names, self.since())
    }

    pub(super) fn has_absent(&self) -> bool {
        self.streams.values().any(|stream| stream.absent.is_some())
    }

    pub(super) fn since(&self) -> Option<i64> {
        self.portion.since.map(|since| since.0)
    }

    /// Notes that a stream is not there. It is no fault for a while: a container may not have written yet.
    pub(super) async fn absent(&mut self, name: &Arc<str>) {
        let Some(stream) = self.streams.get_mut(name) else {
            return;
        };
        let since = *stream.absent.get_or_insert_with(Instant::now);
        let container = stream.container.clone();
        let state = if since.elapsed() < self.times.patience && self.portion.follow {
            TailState::Opening
        } else {
            TailState::Failed(self.reader.missing(name))
        };
        self.tell(vec![container], &state).await;
    }

    /// The containers whose streams are there, as far as is known.
    pub(super) fn present(&self) -> Vec<Subject> {
        let present = self
            .streams
            .values()
            .filter(|stream| stream.absent.is_none());
        present.map(|stream| stream.container.clone()).collect()
    }

    pub(super) fn containers(&self, names: &[Arc<str>]) -> Vec<Subject> {
        let streams = names.iter().filter_map(|name| self.streams.get(name));
        streams.map(|stream| stream.container.clone()).collect()
    }

    /// Tells a state, of those containers only that are not in it already.
    pub(super) async fn tell(&mut self, mut containers: Vec<Subject>, state: &TailState) {
        containers.retain(|container| self.told.get(container) != Some(state));
        if containers.is_empty() {
            return;
        }
        for container in &containers {
            self.told.insert(container.clone(), state.clone());
        }
        self.report(LogReport::State {
            containers,
            state: state.clone(),
        })
        .await;
    }

    /// Tells that all streams that are there, and those that will be, are read like this from now on.
    pub(super) async fn enter(&mut self, state: TailState) {
        self.tell(self.present(), &state).await;
        self.state = state;
    }

    pub(super) async fn failed(&mut self, fault: Fault) {
        self.tell(self.present(), &TailState::Failed(fault)).await;
    }

    /// A receiver that is gone ends the whole tail elsewhere.
    pub(super) async fn report(&self, report: LogReport) {
        let _ = self.reports.send(report).await;
    }

    /// Tells the lines of these events that were not told of, stream by stream, in the order of their time.
    pub(super) async fn emit(&mut self, pass: &mut Pass, events: Vec<Event>) {
        let mut lines: BTreeMap<Subject, Vec<LogLine>> = BTreeMap::new();
        let mut back = BTreeSet::new();
        for event in events {
            let Some(stream) = self.streams.get_mut(&event.stream) else {
                continue;
            };
            if stream.floor.is_some_and(|floor| event.at < floor)
                || !self.ledger.admit(pass, &event)
            {
                continue;
            }
            if stream.absent.take().is_some() {
                back.insert(stream.container.clone());
            }
            let found = lines.entry(stream.container.clone()).or_default();
            let text = event.text.trim_end_matches(['\n', '\r']);
            found.extend(text.split('\n').map(|line| LogLine {
                at: Timestamp(event.at),
                error: false,
                text: line.trim_end_matches('\r').into(),
            }));
        }
        for (container, lines) in lines {
            self.report(LogReport::Lines { container, lines }).await;
        }
        let state = self.state.clone();
        self.tell(back.into_iter().collect(), &state).await;
    }
}
