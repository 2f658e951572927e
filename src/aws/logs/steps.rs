//! Reading back, step by step: windows of many streams and the newest lines of single ones, in as few calls as that takes.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::stream::{self, Stream};
use tokio::time::{Instant, sleep_until};

use crate::{
    aws::logs::{
        Times,
        read::{Event, Reader, is_stream_missing},
    },
    model::{Fault, FaultKind},
};

/// Streams that one search may name.
pub(super) const NAMES: usize = 100;
/// Up to so many streams are read each by itself for their newest lines, which is exact and takes a call each. Of more,
/// the group is searched backwards instead.
const SINGLY: usize = 5;
/// Pages of a search backwards: it ends there, even if quiet streams have not had their lines.
const BACK_PAGES: usize = 5;

/// What reading back comes upon.
#[derive(Debug)]
pub(super) enum Step {
    /// Events in the order of their time.
    Events {
        events: Vec<Event>,
        /// Streams of which older ones were left out, since only the newest are wanted: nothing before then is.
        floors: Vec<(Arc<str>, i64)>,
    },
    /// This stream does not exist.
    Absent(Arc<str>),
    /// A call failed; it is made again with the next step, after a while.
    Failed(Fault),
}

/// A piece of work.
#[derive(Debug)]
enum Job {
    /// All events of these streams from then on.
    Window {
        streams: Vec<Arc<str>>,
        from: Option<i64>,
        token: Option<String>,
    },
    /// The newest events of one stream.
    Newest {
        stream: Arc<str>,
        since: Option<i64>,
        count: usize,
    },
    /// The newest events of these streams.
    Backwards {
        streams: Vec<Arc<str>>,
        since: Option<i64>,
        count: usize,
        token: Option<String>,
        /// Events so far, the newest page last.
        found: Vec<Vec<Event>>,
    },
}

/// What is to be read back.
#[derive(Debug)]
pub(super) struct Steps {
    reader: Reader,
    times: Times,
    jobs: VecDeque<Job>,
    failures: u32,
    pause: Option<Instant>,
}

impl Steps {
    pub(super) fn new(reader: &Reader, times: Times) -> Self {
        Self {
            reader: reader.clone(),
            times,
            jobs: VecDeque::new(),
            failures: 0,
            pause: None,
        }
    }

    /// All events of these streams from then on: one search for each hundred of them and page.
    pub(super) fn window(mut self, streams: &[Arc<str>], from: Option<i64>) -> Self {
        let jobs = streams.chunks(NAMES).map(|streams| Job::Window {
            streams: streams.to_vec(),
            from,
            token: None,
        });
        self.jobs.extend(jobs);
        self
    }

    /// The newest events of each of these streams: a call for each of a few streams, and of many a search backwards, which
    /// takes at most five calls for each hundred of them.
    pub(super) fn newest(mut self, streams: &[Arc<str>], since: Option<i64>, count: usize) -> Self {
        if streams.len() <= SINGLY {
            let jobs = streams.iter().map(|stream| Job::Newest {
                stream: stream.clone(),
                since,
                count,
            });
            self.jobs.extend(jobs);
        } else {
            let jobs = streams.chunks(NAMES).map(|streams| Job::Backwards {
                streams: streams.to_vec(),
                since,
                count,
                token: None,
                found: Vec::new(),
            });
            self.jobs.extend(jobs);
        }
        self
    }

    /// The steps one after another. Dropping what waits for the next one loses nothing but its call.
    pub(super) fn run(self) -> impl Stream<Item = Step> + Send + Unpin {
        Box::pin(stream::unfold(self, async |mut steps| {
            let step = steps.next().await?;
            Some((step, steps))
        }))
    }

    async fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(until) = self.pause {
                sleep_until(until).await;
                self.pause = None;
            }
            let job = self.jobs.pop_front()?;
            let outcome = match job {
                Job::Window {
                    streams,
                    from,
                    token,
                } => self.window_page(streams, from, token).await,
                Job::Newest {
                    stream,
                    since,
                    count,
                } => self.newest_of(stream, since, count).await,
                job @ Job::Backwards { .. } => self.back_page(job).await,
            };
            match outcome {
                Ok(step) => {
                    self.failures = 0;
                    if step.is_some() {
                        return step;
                    }
                }
                Err((fault, job)) => match self.failed(fault, job) {
                    None => {}
                    step => return step,
                },
            }
        }
    }

    async fn window_page(
        &mut self,
        streams: Vec<Arc<str>>,
        from: Option<i64>,
        token: Option<String>,
    ) -> Result<Option<Step>, (Fault, Job)> {
        match self
            .reader
            .search(&streams, from, false, token.as_deref())
            .await
        {
            Ok(found) => {
                if found.next.is_some() && found.next != token {
                    self.jobs.push_front(Job::Window {
                        streams,
                        from,
                        token: found.next,
                    });
                }
                Ok(Some(Step::Events {
                    events: found.events,
                    floors: Vec::new(),
                }))
            }
            Err(fault) => Err((
                fault,
                Job::Window {
                    streams,
                    from,
                    token,
                },
            )),
        }
    }

    async fn newest_of(
        &mut self,
        stream: Arc<str>,
        since: Option<i64>,
        count: usize,
    ) -> Result<Option<Step>, (Fault, Job)> {
        match self.reader.newest(&stream, since, count).await {
            Ok(events) => {
                let oldest = events.first().filter(|_| events.len() >= count);
                let floors = oldest.map(|event| (stream, event.at));
                Ok(Some(Step::Events {
                    floors: floors.into_iter().collect(),
                    events,
                }))
            }
            Err(fault) => Err((
                fault,
                Job::Newest {
                    stream,
                    since,
                    count,
                },
            )),
        }
    }

    /// Servers that do not know the direction answer with the oldest first; then there is no telling when to stop, and
    /// the search goes on to its end.
    async fn back_page(&mut self, job: Job) -> Result<Option<Step>, (Fault, Job)> {
        let Job::Backwards {
            streams,
            since,
            count,
            token,
            mut found,
        } = job
        else {
            return Ok(None);
        };
        match self
            .reader
            .search(&streams, since, true, token.as_deref())
            .await
        {
            Ok(page) => {
                let before = found.last().and_then(|page: &Vec<Event>| page.first());
                let is_older = match (before, page.events.last()) {
                    (Some(before), Some(last)) => last.at <= before.at,
                    _ => true,
                };
                found.push(page.events);
                let enough =
                    is_older && (found.len() >= BACK_PAGES || have(&streams, &found, count));
                let more = page.next.filter(|next| Some(next) != token.as_ref());
                if more.is_some() && !enough {
                    self.jobs.push_front(Job::Backwards {
                        streams,
                        since,
                        count,
                        token: more,
                        found,
                    });
                    return Ok(None);
                }
                Ok(Some(newest(&streams, found, count, more.is_some())))
            }
            Err(fault) => Err((
                fault,
                Job::Backwards {
                    streams,
                    since,
                    count,
                    token,
                    found,
                },
            )),
        }
    }

    /// Puts a failed job back, or apart: a search that names one missing stream fails for all of them, so the halves are
    /// searched until it is found.
    fn failed(&mut self, fault: Fault, job: Job) -> Option<Step> {
        if is_stream_missing(&fault) {
            return match job {
                Job::Newest { stream, .. } => Some(Step::Absent(stream)),
                Job::Window { streams, from, .. } => self.halve(streams, |streams| Job::Window {
                    streams,
                    from,
                    token: None,
                }),
                Job::Backwards {
                    streams,
                    since,
                    count,
                    ..
                } => self.halve(streams, |streams| Job::Backwards {
                    streams,
                    since,
                    count,
                    token: None,
                    found: Vec::new(),
                }),
            };
        }
        let job = match job {
            // The direction is young, and not known everywhere. Each stream by itself is the dear way.
            Job::Backwards {
                streams,
                since,
                count,
                ..
            } if fault.kind == FaultKind::Refused => {
                for stream in streams.into_iter().rev() {
                    self.jobs.push_front(Job::Newest {
                        stream,
                        since,
                        count,
                    });
                }
                return None;
            }
            job => job,
        };
        self.jobs.push_front(job);
        self.pause = Some(Instant::now() + self.times.after(&fault, self.failures));
        self.failures += 1;
        Some(Step::Failed(fault))
    }

    fn halve(
        &mut self,
        mut streams: Vec<Arc<str>>,
        job: impl Fn(Vec<Arc<str>>) -> Job,
    ) -> Option<Step> {
        if streams.len() == 1 {
            return streams.pop().map(Step::Absent);
        }
        let rest = streams.split_off(streams.len() / 2);
        self.jobs.push_front(job(rest));
        self.jobs.push_front(job(streams));
        None
    }
}

/// Whether each of the streams has as many events as are wanted.
fn have(streams: &[Arc<str>], found: &[Vec<Event>], count: usize) -> bool {
    let mut counts = HashMap::new();
    for event in found.iter().flatten() {
        *counts.entry(&event.stream).or_insert(0) += 1;
    }
    streams
        .iter()
        .all(|stream| counts.get(stream).is_some_and(|found| *found >= count))
}

/// The newest events of each stream, as many as are wanted. `cut` says that the search did not go back to the beginning.
fn newest(streams: &[Arc<str>], found: Vec<Vec<Event>>, count: usize, cut: bool) -> Step {
    let mut events: Vec<_> = found.into_iter().rev().flatten().collect();
    events.sort_by_key(|event| event.at);
    let end = events.first().filter(|_| cut).map(|event| event.at);
    let mut kept: HashMap<Arc<str>, (usize, i64)> = HashMap::new();
    let mut newest: Vec<_> = events
        .into_iter()
        .rev()
        .filter(|event| {
            let (so_far, oldest) = kept.entry(event.stream.clone()).or_default();
            let wanted = *so_far < count;
            if wanted {
                *so_far += 1;
                *oldest = event.at;
            }
            wanted
        })
        .collect();
    newest.reverse();
    let floors = streams.iter().filter_map(|stream| {
        let full = kept.get(stream).filter(|(found, _)| *found >= count);
        let floor = full.map(|(_, oldest)| *oldest).or(end)?;
        Some((stream.clone(), floor))
    });
    Step::Events {
        floors: floors.collect(),
        events: newest,
    }
}

impl Times {
    /// How long to wait after a failure, the first one or a later one in a row.
    fn after(&self, fault: &Fault, failures: u32) -> Duration {
        match fault.kind {
            FaultKind::Denied { .. } => self.denied,
            FaultKind::NotFound => self.missing,
            _ => (self.failed * 2_u32.saturating_pow(failures)).min(self.silence),
        }
    }
}
