//! Logs of containers, followed from engine to engine and from start to start. Lines are put together in `lines`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures::StreamExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use super::address::Settings;
use super::connect::Client;
use super::engine::{Pace, Roster};
use super::lines::{Assembler, Progress};
use super::streams::Counter;
use super::{containers, fault};
use crate::model::{
    EngineContainer, EngineId, Fault, FaultKind, LogLine, LogPlace, LogReport, LogStream, Subject,
    Tail, TailState,
};

/// Lines that are handed on at once, at most.
const BATCH: usize = 1_000;

/// Bytes of text that are handed on at once; one line may be more.
const BATCH_BYTES: usize = 1 << 18;

/// How long lines wait for others.
const BATCH_TIME: Duration = Duration::from_millis(50);

/// How long after its opening a stream that never pauses is called live.
const CATCH_UP: Duration = Duration::from_secs(2);

/// The streams of one tail.
pub(super) struct Tailing {
    pub(super) settings: Arc<Settings>,
    pub(super) pace: Pace,
    pub(super) roster: watch::Receiver<Roster>,
    pub(super) reports: mpsc::Sender<LogReport>,
}

impl Tailing {
    /// Reads until nobody takes reports or can change the tail. `lease` is told the places that are read.
    pub(super) async fn run(self, mut tail: watch::Receiver<Tail>, lease: impl Fn(Vec<LogPlace>)) {
        let mut tasks = JoinSet::new();
        let mut readers: BTreeMap<Subject, (AbortHandle, watch::Sender<Place>)> = BTreeMap::new();
        let mut now = tail.borrow_and_update().clone();
        loop {
            let is_here = |stream: &&LogStream| matches!(stream.place, LogPlace::Engine { .. });
            let streams: Vec<_> = now.streams.iter().filter(is_here).cloned().collect();
            lease(streams.iter().map(|stream| stream.place.clone()).collect());
            readers.retain(|container, (reader, _)| {
                let keep = streams.iter().any(|stream| stream.container == *container);
                if !keep {
                    reader.abort();
                }
                keep
            });
            for stream in streams {
                let place = self.place(&stream);
                if let Some((_, known)) = readers.get(&stream.container) {
                    known.send_if_modified(|known| {
                        let differs = *known != place;
                        *known = place;
                        differs
                    });
                } else {
                    let (sender, place) = watch::channel(place);
                    let reader = tasks.spawn(self.reader(&stream, &now, place).run());
                    readers.insert(stream.container, (reader, sender));
                }
            }
            loop {
                tokio::select! {
                    changed = tail.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        break;
                    }
                    Some(_) = tasks.join_next() => {}
                    () = self.reports.closed() => return,
                }
            }
            let new = tail.borrow_and_update().clone();
            if (new.since, new.newest, new.follow) != (now.since, now.newest, now.follow) {
                tasks.abort_all();
                readers.clear();
            }
            now = new;
        }
    }

    /// Where the engine of a stream should be.
    fn place(&self, stream: &LogStream) -> Place {
        let host = match &stream.place {
            LogPlace::Engine { host: Some(host) } => self.settings.engine_of(host),
            _ => None,
        };
        match host {
            Some(Ok(target)) => Ok(target.id),
            Some(Err(unreachable)) => Err(unreachable.fault),
            None => match &self.settings.local {
                Some(address) => Ok(EngineId::new(address)),
                None => Err(fault::no_engine(&stream.container)),
            },
        }
    }

    fn reader(&self, stream: &LogStream, tail: &Tail, place: watch::Receiver<Place>) -> Reader {
        Reader {
            container: stream.container.clone(),
            place,
            pace: self.pace,
            newest: tail.newest,
            follow: tail.follow,
            roster: self.roster.clone(),
            reports: self.reports.clone(),
            progress: Progress::new(tail.since, tail.newest.is_some()),
            outputs: [Assembler::new(false), Assembler::new(true)],
            told: None,
        }
    }
}

/// The engine that a container should be on, or why there is none.
type Place = Result<EngineId, Fault>;

/// Who reads the output of one container.
struct Reader {
    container: Subject,
    /// Where it should be. It is read wherever it is found.
    place: watch::Receiver<Place>,
    pace: Pace,
    newest: Option<usize>,
    follow: bool,
    roster: watch::Receiver<Roster>,
    reports: mpsc::Sender<LogReport>,
    progress: Progress,
    outputs: [Assembler; 2],
    told: Option<TailState>,
}

/// A container that was found.
struct Found {
    id: String,
    client: Client,
    streams: Counter,
}

/// Nobody takes reports any more.
struct Deserted;

impl Reader {
    /// Reads until the end of what is to be read.
    async fn run(mut self) {
        // It ends by itself, or because nobody listens: there is nothing to be done about either.
        let _ = self.follow_container().await;
    }

    async fn follow_container(&mut self) -> Result<(), Deserted> {
        let mut failures = 0;
        let mut last: Option<String> = None;
        loop {
            let found = self.find().await?;
            if last.as_ref().is_some_and(|last| *last != found.id) {
                // Another container by the same name: its log has a beginning of its own.
                self.progress = self.progress.of_another();
                self.newest = None;
            }
            last = Some(found.id.clone());
            self.tell(TailState::Opening).await?;
            let begun = Instant::now();
            let fault = match self.read(&found, self.follow).await? {
                Err(fault) => fault,
                Ok(()) if !self.follow => return self.end().await,
                Ok(()) => match containers::is_running(&found.client, &found.id).await {
                    // It ended, or was taken away.
                    Ok(Some(false) | None) => {
                        self.read_rest(&found).await?;
                        self.end().await?;
                        self.restarted(&found).await?;
                        failures = 0;
                        continue;
                    }
                    // It was restarted already; or the engine ended the stream.
                    Ok(Some(true)) => {
                        if begun.elapsed() < self.pace.first_wait {
                            sleep(self.pace.settle).await;
                        }
                        continue;
                    }
                    Err(fault) => fault,
                },
            };
            if begun.elapsed() > self.pace.longest_wait {
                failures = 0;
            }
            self.tell(TailState::Failed(fault)).await?;
            sleep(self.pace.wait(failures)).await;
            failures += 1;
        }
    }

    /// Waits until an engine that answers has the container.
    async fn find(&mut self) -> Result<Found, Deserted> {
        loop {
            let state = match self.look() {
                Ok(found) => return Ok(found),
                Err(state) => state,
            };
            self.tell(state).await?;
            let changed = tokio::select! {
                changed = self.roster.changed() => changed,
                changed = self.place.changed() => changed,
            };
            changed.map_err(|_| Deserted)?;
        }
    }

    /// The container, or why it is not to be had now.
    fn look(&mut self) -> Result<Found, TailState> {
        let place = self.place.borrow_and_update().clone();
        let roster = self.roster.borrow_and_update();
        let mut why = None;
        for seen in roster.values() {
            let Some(container) = newest(&seen.containers, &self.container) else {
                continue;
            };
            match (&seen.client, &seen.fault) {
                (Some(client), _) => {
                    return Ok(Found {
                        id: container.id.clone(),
                        client: client.clone(),
                        streams: seen.streams.clone(),
                    });
                }
                (None, Some(fault)) => why = Some(TailState::Failed(fault.clone())),
                (None, None) => {}
            }
        }
        let missing = || match &place {
            Err(fault) => TailState::Failed(fault.clone()),
            Ok(engine) => match roster.get(engine) {
                Some(seen) if seen.client.is_some() => {
                    TailState::Failed(fault::no_container(&self.container, engine.as_str()))
                }
                Some(seen) => seen
                    .fault
                    .clone()
                    .map_or(TailState::Opening, TailState::Failed),
                None => TailState::Opening,
            },
        };
        Err(why.unwrap_or_else(missing))
    }

    /// Waits until a container that ended runs again, or another one has its name.
    async fn restarted(&mut self, ended: &Found) -> Result<(), Deserted> {
        loop {
            self.roster.changed().await.map_err(|_| Deserted)?;
            let (runs, client) = {
                let roster = self.roster.borrow_and_update();
                let seen = roster.values().find_map(|seen| {
                    let container = newest(&seen.containers, &self.container)?;
                    Some((container, seen.client.as_ref()?))
                });
                match seen {
                    Some((container, _)) if container.id != ended.id => return Ok(()),
                    Some((container, client)) => (container.is_running(), client.clone()),
                    None => continue,
                }
            };
            // The list may be older than the end that was read.
            if runs
                && matches!(
                    containers::is_running(&client, &ended.id).await,
                    Ok(Some(true))
                )
            {
                return Ok(());
            }
        }
    }

    /// Reads what an engine kept back of a container that ended: while it follows a log, it leaves out what was written
    /// last and has no end of line.
    async fn read_rest(&mut self, ended: &Found) -> Result<(), Deserted> {
        // What cannot be read now is not there any more, or the engine is gone and will be found to be.
        let _ = self.read(ended, false).await?;
        Ok(())
    }

    /// Hands on what is left of a line without end, and says that it ended.
    async fn end(&mut self) -> Result<(), Deserted> {
        let mut lines = Vec::new();
        for output in &mut self.outputs {
            output.finish(|line| {
                if self.progress.accept(&line) {
                    lines.push(line.line);
                }
            });
        }
        self.hand_on(&mut lines).await?;
        self.tell(TailState::Ended).await
    }

    /// Reads until the engine ends the stream.
    async fn read(&mut self, found: &Found, follow: bool) -> Result<Result<(), Fault>, Deserted> {
        let options = self.options(follow);
        let _open = found.streams.open();
        let mut output = found.client.docker.logs(&found.id, Some(options)).boxed();
        let mut lines: Vec<LogLine> = Vec::new();
        let mut bytes = 0;
        let opened = Instant::now();
        let timer = sleep_until(opened + BATCH_TIME);
        tokio::pin!(timer);
        let mut waits = true;
        loop {
            tokio::select! {
                biased;
                piece = output.next() => match piece {
                    Some(Ok(piece)) => {
                        let (output, bytes_of) = match &piece {
                            LogOutput::StdErr { message } => (1, message),
                            LogOutput::Console { message } if message.first() == Some(&3) => {
                                self.hand_on(&mut lines).await?;
                                return Ok(Err(broken(&found.client, message)));
                            }
                            LogOutput::StdOut { message }
                            | LogOutput::StdIn { message }
                            | LogOutput::Console { message } => (0, message),
                        };
                        bytes += bytes_of.len();
                        let progress = &mut self.progress;
                        self.outputs[output].feed(bytes_of, |line| {
                            if progress.accept(&line) {
                                lines.push(line.line);
                            }
                        });
                        if lines.len() >= BATCH || bytes >= BATCH_BYTES {
                            bytes = 0;
                            self.hand_on(&mut lines).await?;
                            if follow && opened.elapsed() > CATCH_UP {
                                self.tell(TailState::Live).await?;
                            }
                        } else if !waits {
                            waits = true;
                            timer.as_mut().reset(Instant::now() + BATCH_TIME);
                        }
                    }
                    Some(Err(error)) => {
                        self.hand_on(&mut lines).await?;
                        return Ok(Err(found.client.fault(&error)));
                    }
                    None => {
                        self.hand_on(&mut lines).await?;
                        return Ok(Ok(()));
                    }
                },
                () = &mut timer, if waits => {
                    waits = false;
                    bytes = 0;
                    self.hand_on(&mut lines).await?;
                    // What is silent for so long has no older lines to tell.
                    if follow {
                        self.tell(TailState::Live).await?;
                    }
                }
            }
        }
    }

    /// What to ask of the engine: all that was not read yet.
    fn options(&mut self, follow: bool) -> LogsOptions {
        let begun = self.progress.has_begun();
        let pending = self.outputs.iter().filter_map(Assembler::pending_since);
        let pending: Vec<_> = pending.collect();
        let since = self.progress.resume(pending);
        self.outputs = [Assembler::new(false), Assembler::new(true)];
        let newest = self.newest.filter(|_| !begun);
        LogsOptions {
            follow,
            stdout: true,
            stderr: true,
            since: since.unwrap_or(0),
            until: 0,
            timestamps: true,
            tail: newest.map_or_else(|| "all".to_owned(), |lines| lines.to_string()),
        }
    }

    async fn hand_on(&self, lines: &mut Vec<LogLine>) -> Result<(), Deserted> {
        if lines.is_empty() {
            return Ok(());
        }
        let report = LogReport::Lines {
            container: self.container.clone(),
            lines: std::mem::take(lines),
        };
        self.reports.send(report).await.map_err(|_| Deserted)
    }

    /// Says how it is read, if that is news.
    async fn tell(&mut self, state: TailState) -> Result<(), Deserted> {
        if self.told.as_ref() == Some(&state) {
            return Ok(());
        }
        self.told = Some(state.clone());
        let report = LogReport::State {
            containers: vec![self.container.clone()],
            state,
        };
        self.reports.send(report).await.map_err(|_| Deserted)
    }
}

/// The newest container of this name: one that runs, or else the first, since they are in the order of their age.
fn newest<'a>(containers: &'a [EngineContainer], subject: &Subject) -> Option<&'a EngineContainer> {
    let of_subject = || {
        containers.iter().filter(|one| {
            one.task == subject.arn && Some(one.name.as_str()) == subject.part.as_deref()
        })
    };
    of_subject()
        .find(|one| one.is_running())
        .or_else(|| of_subject().next())
}

/// The engine's own words in place of output: it cannot read the log on.
fn broken(client: &Client, message: &[u8]) -> Fault {
    let words = message.get(8..).unwrap_or_default();
    Fault {
        kind: FaultKind::Refused,
        message: fault::one_line(&String::from_utf8_lossy(words)),
        hint: String::new(),
        ..client.gone()
    }
}
