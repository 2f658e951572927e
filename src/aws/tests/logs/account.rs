//! An account with one log group: streams with events, pages, refusals, and live tails that say what they are told.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use aws_smithy_types::{
    date_time::{DateTime, Format},
    event_stream::{Header, HeaderValue, Message},
};
use http_body_util::{Full, StreamBody, combinators::BoxBody};
use hyper::{
    Response,
    body::{Bytes, Frame},
};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use crate::{
    aws::fake::{Asked, Fake, Reply, Whole},
    model::Timestamp,
};

pub(super) const GROUP: &str = "/ecs/web";

/// An event as it was written.
#[derive(Clone)]
pub(super) struct Written {
    id: usize,
    stream: String,
    at: i64,
    ingested: i64,
    text: String,
}

#[derive(Default)]
struct State {
    events: Vec<Written>,
    streams: BTreeSet<String>,
    is_missing: bool,
    page: Option<usize>,
    empty_page: bool,
    forwards_only: bool,
    refusals: BTreeMap<String, (String, String)>,
    /// After so many calls of an operation, one fails.
    once: Option<(usize, String, String)>,
    counts: BTreeMap<String, usize>,
    regions: BTreeSet<String>,
    /// Sessions that nobody took yet.
    sessions: VecDeque<Session>,
    started: usize,
    /// How far the clock is ahead of the machine's, in milliseconds.
    ahead: i64,
}

/// The endpoint with what is in it.
pub(super) struct Account {
    pub(super) fake: Fake,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

/// A live tail of a client.
pub(super) struct Session {
    pub(super) input: Value,
    frames: Option<mpsc::UnboundedSender<Bytes>>,
}

impl Account {
    pub(super) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let changed = Arc::new(Notify::new());
        let fake = Fake::serve({
            let (state, changed) = (state.clone(), changed.clone());
            move |asked| {
                let mut state = state.lock().unwrap();
                let mut answer = state.answer(asked);
                let date = DateTime::from_millis(now().0 + state.ahead);
                let date = date.fmt(Format::HttpDate).unwrap().parse().unwrap();
                answer.headers_mut().insert("date", date);
                changed.notify_waiters();
                answer
            }
        })
        .await;
        Self {
            fake,
            state,
            changed,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Writes events, all of them now, into a stream, which exists from then on.
    pub(super) fn put(&self, stream: &str, texts: &[&str]) -> Vec<Written> {
        let ahead = self.state().ahead;
        self.put_at(stream, Timestamp(now().0 + ahead), texts)
    }

    /// Sets the clock ahead of the machine's by so much, or behind it.
    pub(super) fn ahead(&self, millis: i64) {
        self.state().ahead = millis;
    }

    pub(super) fn put_at(&self, stream: &str, at: Timestamp, texts: &[&str]) -> Vec<Written> {
        let mut state = self.state();
        state.is_missing = false;
        state.streams.insert(stream.to_owned());
        let first = state.events.len();
        for text in texts {
            let id = state.events.len();
            state.events.push(Written {
                id,
                stream: stream.to_owned(),
                at: at.0,
                ingested: at.0,
                text: (*text).to_owned(),
            });
        }
        state.events[first..].to_vec()
    }

    pub(super) fn without_group(&self) {
        self.state().is_missing = true;
    }

    /// How many events a page has.
    pub(super) fn page(&self, events: usize) {
        self.state().page = Some(events);
    }

    pub(super) fn begin_with_an_empty_page(&self) {
        self.state().empty_page = true;
    }

    /// Does not know how to search backwards.
    pub(super) fn forwards_only(&self) {
        self.state().forwards_only = true;
    }

    pub(super) fn refuse(&self, operation: &str, code: &str, message: &str) {
        let answer = (code.to_owned(), message.to_owned());
        self.state().refusals.insert(operation.to_owned(), answer);
    }

    pub(super) fn fail_once_after(&self, calls: usize, operation: &str, code: &str) {
        self.state().once = Some((calls, operation.to_owned(), code.to_owned()));
    }

    /// The calls so far.
    pub(super) fn counts(&self) -> Vec<(&'static str, usize)> {
        let state = self.state();
        ["FilterLogEvents", "GetLogEvents", "StartLiveTail"]
            .into_iter()
            .filter_map(|name| Some((name, *state.counts.get(name)?)))
            .collect()
    }

    pub(super) fn sessions(&self) -> usize {
        self.state().started
    }

    pub(super) fn regions(&self) -> Vec<String> {
        self.state().regions.iter().cloned().collect()
    }

    /// Waits until there were so many searches.
    pub(super) async fn until_searches(&self, count: usize) {
        self.until(|state| {
            let searches = state.counts.get("FilterLogEvents").copied();
            (searches >= Some(count)).then_some(())
        })
        .await;
    }

    /// The next live tail that a client began.
    pub(super) async fn session(&self) -> Session {
        self.until(|state| state.sessions.pop_front()).await
    }

    async fn until<T>(&self, mut wanted: impl FnMut(&mut State) -> Option<T>) -> T {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if let Some(found) = wanted(&mut self.state()) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait)
            .await
            .expect("what is waited for comes")
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp(i64::try_from(since.unwrap().as_millis()).unwrap())
}

fn reply(Reply(status, body): Reply) -> Whole {
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.1")
        .body(BoxBody::new(Full::new(Bytes::from(body))))
        .unwrap()
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Whole {
        self.regions.insert(asked.region.clone());
        let count = self.counts.entry(asked.operation.clone()).or_default();
        *count += 1;
        if let Some((code, message)) = self.refusals.get(&asked.operation) {
            return reply(Reply::error(400, code, message));
        }
        if let Some((after, operation, code)) = self.once.take() {
            if operation == asked.operation && *count > after {
                return reply(Reply::error(400, &code, "not this time"));
            }
            self.once = Some((after, operation, code));
        }
        if self.is_missing {
            let said = "The specified log group does not exist.";
            return reply(Reply::error(400, "ResourceNotFoundException", said));
        }
        match asked.operation.as_str() {
            "FilterLogEvents" => reply(self.search(&asked.input)),
            "GetLogEvents" => reply(self.read(&asked.input)),
            "StartLiveTail" => self.tail(&asked.input),
            other => reply(Reply::error(400, "UnknownOperationException", other)),
        }
    }

    fn search(&self, input: &Value) -> Reply {
        assert_eq!(input["logGroupName"], GROUP);
        let names = input["logStreamNames"].as_array().unwrap();
        assert!(!names.is_empty() && names.len() <= 100);
        let names: BTreeSet<_> = names.iter().map(|name| name.as_str().unwrap()).collect();
        if names.iter().any(|name| !self.streams.contains(*name)) {
            let said = "The specified log stream does not exist.";
            return Reply::error(400, "ResourceNotFoundException", said);
        }
        let from = input["startTime"].as_i64().unwrap_or_default();
        let mut found: Vec<_> = self
            .events
            .iter()
            .filter(|event| names.contains(event.stream.as_str()) && event.at >= from)
            .collect();
        found.sort_by_key(|event| event.at);
        if input["startFromHead"] == false {
            if self.forwards_only {
                return Reply::error(400, "InvalidParameterException", "startFromHead");
            }
            assert!(from >= 1_704_067_200_000, "backwards from 2024 on only");
            found.reverse();
        }
        let token = input["nextToken"].as_str();
        if self.empty_page && token.is_none() {
            return Reply::ok(&json!({ "events": [], "nextToken": "0" }));
        }
        let start: usize = token.map_or(0, |token| token.parse().unwrap());
        let page = self.page.unwrap_or(10_000);
        let events: Vec<_> = found
            .iter()
            .skip(start)
            .take(page)
            .map(|event| {
                json!({
                    "eventId": event.id.to_string(),
                    "logStreamName": event.stream,
                    "timestamp": event.at,
                    "ingestionTime": event.ingested,
                    "message": event.text,
                })
            })
            .collect();
        let mut body = json!({ "events": events });
        if start + page < found.len() {
            body["nextToken"] = json!((start + page).to_string());
        }
        Reply::ok(&body)
    }

    fn read(&self, input: &Value) -> Reply {
        let stream = input["logStreamName"].as_str().unwrap();
        if !self.streams.contains(stream) {
            let said = "The specified log stream does not exist.";
            return Reply::error(400, "ResourceNotFoundException", said);
        }
        assert_eq!(input["startFromHead"], false);
        let limit = usize::try_from(input["limit"].as_u64().unwrap()).unwrap();
        let events: Vec<_> = self
            .events
            .iter()
            .filter(|event| event.stream == stream)
            .map(|event| {
                json!({
                    "timestamp": event.at,
                    "ingestionTime": event.ingested,
                    "message": event.text,
                })
            })
            .collect();
        let first = events.len().saturating_sub(limit);
        Reply::ok(&json!({
            "events": events[first..],
            "nextBackwardToken": "b/1",
            "nextForwardToken": "f/1",
        }))
    }

    fn tail(&mut self, input: &Value) -> Whole {
        let (frames, receiver) = mpsc::unbounded_channel();
        self.started += 1;
        let mut session = Session {
            input: input.clone(),
            frames: Some(frames),
        };
        session.frame("initial-response", &json!({}));
        session.frame("sessionStart", &json!({ "sessionId": "1" }));
        self.sessions.push_back(session);
        let frames = futures::stream::unfold(receiver, async |mut receiver| {
            let frame: Bytes = receiver.recv().await?;
            Some((Ok::<_, Infallible>(Frame::data(frame)), receiver))
        });
        Response::builder()
            .header("content-type", "application/vnd.amazon.eventstream")
            .body(BoxBody::new(StreamBody::new(frames)))
            .unwrap()
    }
}

impl Session {
    /// Says these events in one update.
    pub(super) fn says(&mut self, events: &[Written]) {
        self.update(events, false);
    }

    /// Says that these events are a sample.
    pub(super) fn samples(&mut self, events: &[Written]) {
        self.update(events, true);
    }

    fn update(&mut self, events: &[Written], sampled: bool) {
        let results: Vec<_> = events
            .iter()
            .map(|event| {
                json!({
                    "logStreamName": event.stream,
                    "logGroupIdentifier": GROUP,
                    "timestamp": event.at,
                    "ingestionTime": event.ingested,
                    "message": event.text,
                })
            })
            .collect();
        let update = json!({
            "sessionMetadata": { "sampled": sampled },
            "sessionResults": results,
        });
        self.frame("sessionUpdate", &update);
    }

    fn frame(&mut self, kind: &str, payload: &Value) {
        self.message("event", ":event-type", kind, payload);
    }

    /// Ends with an exception within the stream.
    pub(super) fn fails(mut self, code: &str) {
        let said = json!({ "message": "over" });
        self.message("exception", ":exception-type", code, &said);
    }

    fn message(&mut self, kind: &str, name: &str, value: &str, payload: &Value) {
        let header = |name: &str, value: &str| {
            Header::new(
                name.to_owned(),
                HeaderValue::String(value.to_owned().into()),
            )
        };
        let message = Message::new(payload.to_string())
            .add_header(header(":message-type", kind))
            .add_header(header(name, value))
            .add_header(header(":content-type", "application/json"));
        let mut frame = Vec::new();
        aws_smithy_eventstream::frame::write_message_to(&message, &mut frame).unwrap();
        if let Some(frames) = &self.frames {
            let _ = frames.send(frame.into());
        }
    }

    /// Ends without a word.
    pub(super) fn ends(mut self) {
        self.frames = None;
    }

    /// Waits until the client has left.
    pub(super) async fn closed(&mut self) {
        let frames = self.frames.take().unwrap();
        tokio::time::timeout(Duration::from_secs(20), frames.closed())
            .await
            .expect("the client leaves");
    }
}
