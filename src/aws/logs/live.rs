//! Reading with a live tail, and what has to be searched for beside it.

use std::pin::Pin;

use futures::{Stream, StreamExt, future::pending};
use tokio::time::{Duration, Instant, sleep_until};

use crate::{
    aws::logs::{
        clock::here,
        ledger::Pass,
        place::{Gone, Place, Polled},
        read::{Event, LiveTail, Refused, Update},
        steps::{NAMES, Step, Steps},
    },
    model::{FaultKind, LogReport, TailState},
};

/// Events that are held back at most while a search is under way, for the sake of their order.
const HELD: usize = 20_000;
/// Pages of a search for what a sampled update left out, for each hundred streams. There is no keeping up with more
/// within the quota.
const FILL_PAGES: usize = 5;
/// The server keeps ten updates, one a second, for a reader that is slow; older ones are lost. Half of that is noticed.
const SLOW: Duration = Duration::from_secs(5);

/// What a search beside a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The time before and around the start of the session.
    Settle,
    /// What the session left out.
    Missed,
    /// Streams that did not exist.
    Absent,
}

/// A search beside a session.
struct Fill {
    purpose: Purpose,
    steps: Pin<Box<dyn Stream<Item = Step> + Send>>,
    pass: Pass,
    began: i64,
    /// What had been taken in when its first page was answered.
    mark: Option<i64>,
    pages: usize,
    /// Whether a call of it failed, so that nothing should wait for it.
    falters: bool,
}

impl Fill {
    fn new(purpose: Purpose, steps: Steps) -> Self {
        Self {
            purpose,
            steps: Box::pin(steps.run()),
            pass: Pass::default(),
            began: here(),
            mark: None,
            pages: 0,
            falters: false,
        }
    }

    async fn next(fill: Option<&mut Self>) -> Option<Step> {
        match fill {
            Some(fill) => fill.steps.next().await,
            None => pending().await,
        }
    }
}

/// A session with what is held back and what is missing in it.
struct Session {
    tail: LiveTail,
    pass: Pass,
    started: Instant,
    /// When its last update came.
    heard: Instant,
    /// What was taken in before this is known from searches; a session that shows it again is no real one.
    replayed: i64,
    held: Vec<Event>,
    fill: Option<Fill>,
    /// When to search next; none if nothing is known to be missing.
    due: Option<Instant>,
    /// Whether there was more than the session could show, since the last search began.
    short: bool,
    /// The newest that was taken in, of what came.
    newest: Option<i64>,
}

impl Session {
    /// Whether what comes should wait for older lines, which are being searched for.
    fn holds(&self) -> bool {
        match &self.fill {
            Some(fill) if fill.falters => false,
            Some(fill) => self.short || fill.purpose != Purpose::Absent,
            None => self.short,
        }
    }

    fn is_complete(&self) -> bool {
        self.fill.is_none() && self.due.is_none() && !self.short
    }
}

impl Place {
    /// Starts a live tail, or says why there is none.
    pub(super) async fn start(&mut self) -> Result<LiveTail, Polled> {
        let polled = |why: String, after: Duration| Polled {
            why,
            until: Instant::now() + after,
        };
        if !self.portion.live {
            let why = "other log groups are live already".to_owned();
            return Err(polled(why, self.times.denied));
        }
        let Some(task) = self.streams.values().next() else {
            return Err(polled(
                "nothing is to be read".to_owned(),
                self.times.denied,
            ));
        };
        let task = task.container.arn.clone();
        let names: Vec<_> = if self.streams.len() > NAMES {
            Vec::new()
        } else {
            self.streams.keys().cloned().collect()
        };
        match self.reader.tail(&task, &names, self.times.silence).await {
            Ok(session) => Ok(session),
            Err(Refused::Full) => {
                let why = "all live tails of the account are in use".to_owned();
                Err(polled(why, self.times.full))
            }
            Err(Refused::Never(why)) => Err(polled(why, self.times.denied)),
            Err(Refused::Silent) => Err(self.in_vain("StartLiveTail does not answer".to_owned())),
            Err(Refused::Fault(fault)) => match fault.kind {
                FaultKind::Denied { .. } => Err(polled(
                    "StartLiveTail is denied".to_owned(),
                    self.times.denied,
                )),
                FaultKind::Refused => Err(polled(
                    format!("StartLiveTail is refused: {}", fault.message),
                    self.times.denied,
                )),
                _ => Err(self.in_vain(format!("StartLiveTail: {}", fault.word()))),
            },
        }
    }

    /// After a session that was none: longer each time.
    fn in_vain(&mut self, why: String) -> Polled {
        let after = self.times.brief * 2_u32.saturating_pow(self.vain);
        self.vain += 1;
        Polled {
            why,
            until: Instant::now() + after.min(self.times.denied),
        }
    }

    /// Reads live until the session is over, or something else is wanted. Gives the reason to poll instead if there was no
    /// session to speak of.
    ///
    /// The time since the last reading is searched once when the session has begun, and once more a little later, since
    /// searches know what was written some seconds after it was.
    pub(super) async fn live(&mut self, tail: LiveTail) -> Result<Option<Polled>, Gone> {
        let started = Instant::now();
        let mut session = Session {
            tail,
            pass: Pass::default(),
            started,
            heard: started,
            replayed: self.from(),
            held: Vec::new(),
            fill: Some(Fill::new(Purpose::Settle, self.search())),
            due: Some(started + self.times.settle),
            short: false,
            newest: None,
        };
        let mut absent_due = started + self.times.missing;
        self.enter(TailState::Live).await;
        loop {
            let due = session.due.filter(|_| session.fill.is_none());
            let look = Some(absent_due).filter(|_| session.fill.is_none() && self.has_absent());
            let silent = session.heard + self.times.silence;
            tokio::select! {
                changed = self.wanted.changed() => {
                    changed.map_err(|_| Gone)?;
                    if self.adopt() {
                        self.leave(&mut session).await;
                        return Ok(None);
                    }
                }
                update = session.tail.next(silent) => match update {
                    Ok(update) => self.updated(&mut session, update).await,
                    Err(why) => {
                        self.leave(&mut session).await;
                        return Ok(self.over(&session, &why));
                    }
                },
                step = Fill::next(session.fill.as_mut()) => self.filled(&mut session, step).await,
                () = until(due) => {
                    let purpose = if session.short { Purpose::Missed } else { Purpose::Settle };
                    session.fill = Some(Fill::new(purpose, self.search()));
                    session.due = None;
                    session.short = false;
                }
                () = until(look) => {
                    absent_due = Instant::now() + self.times.missing;
                    session.fill = Some(Fill::new(Purpose::Absent, self.search_absent()));
                }
            }
        }
    }

    async fn updated(&mut self, session: &mut Session, update: Update) {
        let came = Instant::now();
        let (before, horizon) = (session.held.len(), session.replayed);
        let fresh = |event: &Event| event.ingested.is_none_or(|ingested| ingested >= horizon);
        session.held.extend(update.events.into_iter().filter(fresh));
        let ingested = session.held[before..]
            .iter()
            .filter_map(|event| event.ingested);
        session.newest = session.newest.max(ingested.max());
        if update.sampled {
            session.lacks(self.times.fill);
        }
        session.heard = came;
        if session.holds() && session.held.len() <= HELD {
            return;
        }
        self.release(session).await;
        // The time that the receiver took is not the session's silence.
        session.heard = Instant::now();
        if came.elapsed() >= SLOW {
            session.lacks(Duration::ZERO);
        } else if session.is_complete() {
            self.advance(here(), session.newest, None);
        }
    }

    async fn filled(&mut self, session: &mut Session, step: Option<Step>) {
        let Some(fill) = &mut session.fill else {
            return;
        };
        match step {
            Some(Step::Events { events, .. }) => {
                fill.falters = false;
                if fill.pages == 0 {
                    fill.mark = events.iter().filter_map(|event| event.ingested).max();
                }
                fill.pages += 1;
                self.emit(&mut fill.pass, events).await;
                let most = FILL_PAGES * self.streams.len().div_ceil(NAMES);
                if fill.purpose == Purpose::Missed && fill.pages > most {
                    self.give_up(session).await;
                }
            }
            Some(Step::Absent(name)) => self.absent(&name).await,
            Some(Step::Failed(fault)) => {
                tracing::debug!(%fault, "a search beside a live tail failed");
                fill.falters = true;
                // It comes round again by itself, and must not keep what is missing waiting.
                if fill.purpose == Purpose::Absent {
                    session.fill = None;
                }
                self.release(session).await;
            }
            None => {
                let (began, mark, purpose) = (fill.began, fill.mark, fill.purpose);
                session.fill = None;
                if purpose != Purpose::Absent {
                    self.emit_leftovers().await;
                }
                if !session.holds() {
                    self.release(session).await;
                }
                if purpose != Purpose::Absent {
                    let held = session.held.iter().map(|event| event.at).min();
                    self.advance(began, mark, held);
                }
            }
        }
    }

    /// Lines come faster than they can be searched for: those in between are lost.
    async fn give_up(&mut self, session: &mut Session) {
        session.fill = None;
        session.short = false;
        session.due = None;
        self.report(LogReport::Lost {
            container: None,
            count: None,
            why: "CloudWatch sampled the live tail".to_owned(),
        })
        .await;
        self.emit_leftovers().await;
        self.release(session).await;
        self.advance(here(), session.newest, None);
    }

    /// Leaves a session. What it holds back goes on waiting for the lines before it, which the next reading searches for.
    async fn leave(&mut self, session: &mut Session) {
        if session.holds() {
            let held = std::mem::take(&mut session.held);
            self.leftovers
                .push((std::mem::take(&mut session.pass), held));
        } else {
            self.release(session).await;
        }
    }

    /// Tells what was held back.
    async fn release(&mut self, session: &mut Session) {
        let mut held = std::mem::take(&mut session.held);
        held.sort_by_key(|event| event.at);
        self.emit(&mut session.pass, held).await;
    }

    fn over(&mut self, session: &Session, why: &str) -> Option<Polled> {
        tracing::debug!(why, "a live tail is over");
        if session.started.elapsed() >= self.times.brief {
            self.vain = 0;
            return None;
        }
        Some(self.in_vain(format!("the live tail does not last: {why}")))
    }
}

impl Session {
    /// Notes that lines are missing, which are to be searched for after this time.
    fn lacks(&mut self, after: Duration) {
        self.short = true;
        let due = Instant::now() + after;
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => pending().await,
    }
}
