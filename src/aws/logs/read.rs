//! The operations on one log group, and what they answer in the terms of this module.

use std::{sync::Arc, time::Duration};

use aws_sdk_cloudwatchlogs::{
    Client,
    config::{Builder, Region, retry::RetryConfig},
    operation::start_live_tail::{StartLiveTailError, StartLiveTailOutput},
    types::{
        LiveTailSessionMetadata, StartLiveTailResponseStream,
        error::StartLiveTailResponseStreamError,
    },
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    aws::{
        Clients, Urgency,
        call::{Session as Connection, Witness},
        logs::clock::Clock,
    },
    model::{Arn, Fault, FaultKind, LogGroup},
};

/// The earliest moment from which CloudWatch searches backwards: 2024-01-01, in milliseconds (`startFromHead` of
/// `FilterLogEvents`).
const BACKWARDS_SINCE: i64 = 1_704_067_200_000;

/// Pages of one stream that are read at most for its newest events.
const PAGES: usize = 10;
/// What an event counts beside its text, in bytes, and a page that has about the megabyte it may have.
const OVERHEAD: usize = 26;
const FULL: usize = 900_000;

/// A line, or several in one, as CloudWatch has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) stream: Arc<str>,
    /// When it was written, in milliseconds.
    pub(super) at: i64,
    /// When CloudWatch took it in, by its own clock.
    pub(super) ingested: Option<i64>,
    /// Its identity; only searches tell it.
    pub(super) id: Option<String>,
    pub(super) text: String,
}

/// A page of a search.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) events: Vec<Event>,
    pub(super) next: Option<String>,
}

/// A log group, ready to be read.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    clients: Clients,
    client: Client,
    pub(super) clock: Clock,
    pub(super) group: LogGroup,
}

impl Reader {
    /// A reader with a client of the group's region. Requests of all regions wait for the same quota: at worst that is
    /// less than there is.
    pub(super) fn new(clients: &Clients, group: LogGroup) -> Self {
        let (witness, clock) = (Witness::default(), Clock::default());
        let session = Connection {
            hosts: witness.hosts.clone(),
            ..Connection::clone(&clients.session)
        };
        let config = clients.logs.config().to_builder();
        let config = config
            .region(Region::new(group.region.clone()))
            .interceptor(witness)
            .interceptor(clock.clone());
        Self {
            clock,
            client: Client::from_conf(config.build()),
            clients: Clients {
                session: Arc::new(session),
                ..clients.clone()
            },
            group,
        }
    }

    /// The newest events of one stream, the oldest first. One call, unless its page is empty or as large as pages get: only
    /// then is there more for sure to be had from the next one.
    pub(super) async fn newest(
        &self,
        stream: &Arc<str>,
        since: Option<i64>,
        count: usize,
    ) -> Result<Vec<Event>, Fault> {
        let mut events = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let wanted = count.saturating_sub(events.len()).clamp(1, 10_000);
            let wanted = i32::try_from(wanted).unwrap_or(10_000);
            let send = || {
                self.client
                    .get_log_events()
                    .log_group_name(&self.group.name)
                    .log_stream_name(&**stream)
                    .set_start_time(since)
                    .start_from_head(false)
                    .limit(wanted)
                    .set_next_token(token.clone())
                    .send()
            };
            let answer = self
                .clients
                .call("GetLogEvents", Urgency::Visible, || {}, send)
                .await
                .map_err(|fault| self.explained(fault))?;
            let page = answer.events.unwrap_or_default().into_iter();
            let page: Vec<_> = page
                .map(|event| Event {
                    stream: stream.clone(),
                    at: event.timestamp.unwrap_or_default(),
                    ingested: event.ingestion_time,
                    id: None,
                    text: event.message.unwrap_or_default(),
                })
                .collect();
            let size: usize = page.iter().map(|event| event.text.len() + OVERHEAD).sum();
            let may_go_on = page.is_empty() || size >= FULL;
            events.splice(0..0, page);
            let next = answer.next_backward_token;
            if !may_go_on || events.len() >= count || next.is_none() || next == token {
                break;
            }
            token = next;
        }
        events.sort_by_key(|event| event.at);
        Ok(events)
    }

    /// One page of a search through these streams, at most a hundred, from then on. Pages go from the oldest to the
    /// newest, or with `backwards` the other way; their events are in order either way.
    pub(super) async fn search(
        &self,
        streams: &[Arc<str>],
        from: Option<i64>,
        backwards: bool,
        token: Option<&str>,
    ) -> Result<Found, Fault> {
        let names: Vec<_> = streams.iter().map(ToString::to_string).collect();
        let from = if backwards {
            Some(from.unwrap_or_default().max(BACKWARDS_SINCE))
        } else {
            from
        };
        let send = || {
            self.client
                .filter_log_events()
                .log_group_name(&self.group.name)
                .set_log_stream_names(Some(names.clone()))
                .set_start_time(from)
                .set_start_from_head(backwards.then_some(false))
                .set_next_token(token.map(str::to_owned))
                .send()
        };
        let answer = self
            .clients
            .call("FilterLogEvents", Urgency::Visible, || {}, send)
            .await
            .map_err(|fault| self.explained(fault))?;
        let events = answer.events.unwrap_or_default().into_iter();
        let mut events: Vec<_> = events
            .map(|event| Event {
                stream: event.log_stream_name.unwrap_or_default().into(),
                at: event.timestamp.unwrap_or_default(),
                ingested: event.ingestion_time,
                id: event.event_id,
                text: event.message.unwrap_or_default(),
            })
            .filter(|event| from.is_none_or(|from| event.at >= from))
            .collect();
        if backwards {
            events.reverse();
        }
        events.sort_by_key(|event| event.at);
        Ok(Found {
            events,
            next: answer.next_token.filter(|token| !token.is_empty()),
        })
    }

    /// Starts a live tail of these streams, or with none named of the whole group. `task` is any task that writes to it,
    /// whose ARN has the account and the partition.
    pub(super) async fn tail(
        &self,
        task: &Arn,
        streams: &[Arc<str>],
        patience: Duration,
    ) -> Result<LiveTail, Refused> {
        if task.account().is_empty() {
            return Err(Refused::Never(
                "the account of its tasks is not known".to_owned(),
            ));
        }
        let group = format!(
            "arn:{}:logs:{}:{}:log-group:{}",
            task.partition(),
            self.group.region,
            task.account(),
            self.group.name
        );
        let names: Vec<_> = streams.iter().map(ToString::to_string).collect();
        let names = (!names.is_empty()).then_some(names);
        let send = async || {
            // The SDK would repeat what is refused because all sessions are in use. The timeouts of other operations end
            // when the answer begins, and so do not touch what follows.
            let once = Builder::new().retry_config(RetryConfig::disabled());
            let sent = self
                .client
                .start_live_tail()
                .log_group_identifiers(&group)
                .set_log_stream_names(names.clone())
                .customize()
                .config_override(once)
                .send()
                .await;
            match sent {
                Ok(answer) => Ok(Some(answer)),
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(StartLiveTailError::is_limit_exceeded_exception) =>
                {
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        };
        let started = self
            .clients
            .call("StartLiveTail", Urgency::Visible, || {}, send);
        match timeout(patience, started).await {
            Ok(Ok(Some(answer))) => Ok(LiveTail { answer }),
            Ok(Ok(None)) => Err(Refused::Full),
            Ok(Err(fault)) => Err(Refused::Fault(self.explained(fault))),
            Err(_) => Err(Refused::Silent),
        }
    }

    /// Says of a log group or stream that is not there what it means for who reads it.
    fn explained(&self, fault: Fault) -> Fault {
        if fault.kind != FaultKind::NotFound || is_stream_missing(&fault) {
            return fault;
        }
        Fault {
            message: format!(
                "the log group {} does not exist in {}: the container never wrote, or the log driver failed",
                self.group.name, self.group.region
            ),
            hint: "look at the events of the service and at the reason the task stopped".to_owned(),
            ..fault
        }
    }

    /// What to say of a stream that is still not there after a while.
    pub(super) fn missing(&self, stream: &str) -> Fault {
        Fault {
            kind: FaultKind::NotFound,
            op: "FilterLogEvents".to_owned(),
            message: format!(
                "the log stream {stream} does not exist in {}: the container never wrote, or the log driver failed",
                self.group.name
            ),
            hint: String::new(),
        }
    }
}

/// Whether it is the stream that does not exist, and not the group.
pub(super) fn is_stream_missing(fault: &Fault) -> bool {
    fault.kind == FaultKind::NotFound && fault.message.contains("log stream")
}

/// Why there is no live tail.
#[derive(Debug)]
pub(super) enum Refused {
    /// All sessions of the account are in use.
    Full,
    /// It was begun, but nothing came.
    Silent,
    /// It failed.
    Fault(Fault),
    /// It cannot be asked for.
    Never(String),
}

/// A session that tells what is written while it is.
#[derive(Debug)]
pub(super) struct LiveTail {
    answer: StartLiveTailOutput,
}

/// What a session says once a second.
#[derive(Debug, Default)]
pub(super) struct Update {
    pub(super) events: Vec<Event>,
    /// Whether there was more than it could say.
    pub(super) sampled: bool,
}

impl LiveTail {
    /// The next update; an error in words when the session is over. So it is if nothing comes until then: there is an
    /// update a second, be it empty. Dropping what waits for it loses nothing.
    pub(super) async fn next(&mut self, until: Instant) -> Result<Update, String> {
        let received = timeout_at(until, self.answer.response_stream.recv()).await;
        match received {
            Err(_) => Err("it fell silent".to_owned()),
            Ok(Ok(None)) => Err("it ended".to_owned()),
            Ok(Ok(Some(StartLiveTailResponseStream::SessionUpdate(update)))) => {
                let sampled = update
                    .session_metadata()
                    .is_some_and(LiveTailSessionMetadata::sampled);
                let events = update.session_results.unwrap_or_default().into_iter();
                let mut events: Vec<_> = events
                    .map(|event| Event {
                        stream: event.log_stream_name.unwrap_or_default().into(),
                        at: event.timestamp.unwrap_or_default(),
                        ingested: event.ingestion_time,
                        id: None,
                        text: event.message.unwrap_or_default(),
                    })
                    .collect();
                events.sort_by_key(|event| event.at);
                Ok(Update { events, sampled })
            }
            // The start of the session, and what may be added to the protocol.
            Ok(Ok(Some(_))) => Ok(Update::default()),
            Ok(Err(error)) => Err(match error.as_service_error() {
                Some(StartLiveTailResponseStreamError::SessionTimeoutException(_)) => {
                    "its three hours were over".to_owned()
                }
                Some(error) => error.message().unwrap_or("it failed").to_owned(),
                None => "its connection broke".to_owned(),
            }),
        }
    }
}
