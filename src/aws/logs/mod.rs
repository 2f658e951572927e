//! Tails of CloudWatch Logs: back-fill, live tail and polling, merged so that each line comes once. Which streams are
//! read is decided elsewhere.

mod backfill;
mod clock;
mod host;
mod ledger;
mod live;
mod place;
mod poll;
mod read;
mod steps;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

pub(super) use host::OneHost;

use crate::{
    aws::Clients,
    model::{LogGroup, LogPlace, LogReport, Subject, Tail, Timestamp},
};

/// Groups that are read live at once; an account has 15 sessions for everybody in it.
const SESSIONS: usize = 5;

/// The times that a tail keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// How much of what was read is read again, for what comes late or with a clock that is behind.
    pub(super) overlap: Duration,
    /// How exactly the clock of CloudWatch is known: its answers tell whole seconds.
    pub(super) slack: Duration,
    /// A session without an update for so long is dead.
    pub(super) silence: Duration,
    /// When a session has been live for so long, the time before it is searched once more for what came late.
    pub(super) settle: Duration,
    /// The least time between two searches in one session.
    pub(super) fill: Duration,
    /// The least time between two polls.
    pub(super) poll: Duration,
    /// A session that ends before so long was none.
    pub(super) brief: Duration,
    /// Between an attempt and the next after a failure; doubled with each, up to `silence`.
    pub(super) failed: Duration,
    /// Between attempts to live where all sessions are in use.
    pub(super) full: Duration,
    /// Between attempts at what does not exist.
    pub(super) missing: Duration,
    /// How long a stream may be missing before that is a fault.
    pub(super) patience: Duration,
    /// Between attempts at what is denied.
    pub(super) denied: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            overlap: Duration::from_secs(30),
            slack: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            settle: Duration::from_secs(10),
            fill: Duration::from_secs(5),
            poll: Duration::from_secs(2),
            brief: Duration::from_secs(10),
            failed: Duration::from_secs(2),
            full: Duration::from_mins(1),
            missing: Duration::from_secs(15),
            patience: Duration::from_mins(2),
            denied: Duration::from_mins(5),
        }
    }
}

/// The part of a tail that is in one log group.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Portion {
    streams: BTreeMap<Arc<str>, Subject>,
    since: Option<Timestamp>,
    newest: Option<usize>,
    follow: bool,
    /// Whether it may be read live.
    live: bool,
    /// How many groups the tail has, which share the quota.
    groups: usize,
}

impl Clients {
    /// Reads the streams of the tail that are in CloudWatch Logs until `reports` is closed or the sender of `tail` is gone;
    /// follows changes of the tail. A slow receiver slows the reading.
    ///
    /// Each log group is read by itself. First comes what there is, by a search (`FilterLogEvents`) for each hundred
    /// streams. Where only the newest lines are wanted, each of up to five streams takes one `GetLogEvents`; more of them
    /// are searched backwards, in at most five pages for each hundred. Then comes a live tail of at most a hundred named
    /// streams, or of the whole group. The time around its start is searched twice, at once and ten seconds later, so that
    /// nothing is lost between the two. So up to a hundred streams of a group are live after three calls, and with the
    /// newest lines of n streams, up to five, after n + 2.
    ///
    /// Sessions begin anew when streams are added, when their three hours are over and when they break. What a sampled
    /// update leaves out is searched for. Where there can be no live tail, the group is searched every two seconds or so.
    ///
    /// Must be called within a tokio runtime.
    pub async fn tail(&self, tail: watch::Receiver<Tail>, reports: mpsc::Sender<LogReport>) {
        self.tail_with(Times::default(), tail, reports).await;
    }

    pub(super) async fn tail_with(
        &self,
        times: Times,
        mut tail: watch::Receiver<Tail>,
        reports: mpsc::Sender<LogReport>,
    ) {
        let mut places: HashMap<LogGroup, watch::Sender<Portion>> = HashMap::new();
        let mut readings = JoinSet::new();
        loop {
            let portions = portions(&tail.borrow_and_update());
            // A place whose sender is gone ends by itself.
            places.retain(|group, _| portions.contains_key(group));
            for (group, portion) in portions {
                if let Some(place) = places.get(&group) {
                    place.send_if_modified(|current| {
                        let changes = *current != portion;
                        *current = portion;
                        changes
                    });
                    continue;
                }
                let (sender, receiver) = watch::channel(portion);
                let reader = read::Reader::new(self, group.clone());
                let place = place::Place::new(reader, times, receiver, reports.clone());
                readings.spawn(place.run());
                places.insert(group, sender);
            }
            loop {
                tokio::select! {
                    () = reports.closed() => return,
                    changed = tail.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                    Some(_) = readings.join_next() => {}
                }
            }
        }
    }
}

/// The streams in CloudWatch Logs by their groups.
fn portions(tail: &Tail) -> BTreeMap<LogGroup, Portion> {
    let mut portions: BTreeMap<LogGroup, Portion> = BTreeMap::new();
    for stream in &tail.streams {
        let LogPlace::CloudWatch {
            group,
            stream: name,
        } = &stream.place
        else {
            continue;
        };
        let portion = portions.entry(group.clone()).or_insert_with(|| Portion {
            streams: BTreeMap::new(),
            since: tail.since,
            newest: tail.newest,
            follow: tail.follow,
            live: false,
            groups: 0,
        });
        portion
            .streams
            .insert(name.as_str().into(), stream.container.clone());
    }
    let groups = portions.len();
    for (index, portion) in portions.values_mut().enumerate() {
        portion.live = index < SESSIONS;
        portion.groups = groups;
    }
    portions
}
