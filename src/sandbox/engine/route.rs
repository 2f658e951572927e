//! What a request asks an engine for: paths, queries and filters, and how they are refused.

use std::collections::BTreeMap;

use hyper::{Method, StatusCode, Uri};
use serde_json::Value;

use super::stamp;
use crate::sandbox::world::moment::Moment;

/// What a request asks for.
#[derive(Debug)]
pub enum Ask {
    /// `/_ping`
    Ping,
    /// `/version`
    Version,
    /// `/info`
    Info,
    /// `/containers/json`
    List(List),
    /// `/containers/{name}/json`
    Inspect(String),
    /// `/containers/{name}/stats`
    Stats(String, Stats),
    /// `/containers/{name}/logs`
    Logs(String, Logs),
    /// `/events`
    Events(Events),
}

/// The query of a list of containers.
#[derive(Debug)]
pub struct List {
    /// Those that have ended too.
    pub all: bool,
    /// The newest so many, 0 for all.
    pub limit: usize,
    /// By `id`, `label`, `name` and `status`.
    pub filters: Filters,
}

/// The query of statistics.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// One a second.
    pub stream: bool,
    /// Without the sample before.
    pub one_shot: bool,
}

/// The query of a log.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the parameters of the API"
)]
pub struct Logs {
    /// Go on with what is written from now on.
    pub follow: bool,
    /// What went to stdout.
    pub stdout: bool,
    /// What went to stderr.
    pub stderr: bool,
    /// Each line with its instant.
    pub timestamps: bool,
    /// Nothing before.
    pub since: Option<Moment>,
    /// Nothing after.
    pub until: Option<Moment>,
    /// The last so many lines of what there is already.
    pub tail: Option<usize>,
}

/// The query of events.
#[derive(Debug)]
pub struct Events {
    /// Those that have been since then as well.
    pub since: Option<Moment>,
    /// Nothing after.
    pub until: Option<Moment>,
    /// By `container`, `event`, `label` and `type`.
    pub filters: Filters,
}

/// A request that is refused.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// What the engine says.
    pub message: String,
}

impl Refusal {
    fn bad(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }

    /// There is no such container.
    pub fn no_container(name: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: format!("No such container: {name}"),
        }
    }
}

impl Ask {
    /// Reads a request.
    pub fn read(method: &Method, uri: &Uri) -> Result<Self, Refusal> {
        let path = without_version(uri.path());
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let pings = segments == ["_ping"] && method == Method::HEAD;
        if method != Method::GET && !pings {
            return Err(Refusal {
                status: StatusCode::METHOD_NOT_ALLOWED,
                message: format!("the sandbox's engines only answer GET, not {method} {path}"),
            });
        }
        let query = Query::read(uri.query().unwrap_or_default());
        Ok(match segments.as_slice() {
            ["_ping"] => Self::Ping,
            ["version"] => Self::Version,
            ["info"] => Self::Info,
            ["containers", "json"] => Self::List(List {
                all: query.is_on("all", false),
                limit: query.number("limit")?.unwrap_or(0),
                filters: query.filters(&["id", "label", "name", "status"])?,
            }),
            ["containers", name, "json"] => Self::Inspect(decode(name)),
            ["containers", name, "stats"] => Self::Stats(decode(name), query.stats()?),
            ["containers", name, "logs"] => Self::Logs(decode(name), query.logs()?),
            ["events"] => Self::Events(Events {
                since: query.instant("since")?,
                until: query.instant("until")?,
                filters: query.filters(&["container", "event", "label", "type"])?,
            }),
            _ => {
                return Err(Refusal {
                    status: StatusCode::NOT_FOUND,
                    message: format!(
                        "the sandbox's engines have no {path}: they have /_ping, /version, /info, /events, \
                         /containers/json and /containers/{{id}}/json, /stats and /logs"
                    ),
                });
            }
        })
    }

    /// Under which name it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ping => "Docker:Ping",
            Self::Version => "Docker:Version",
            Self::Info => "Docker:Info",
            Self::List(_) => "Docker:ListContainers",
            Self::Inspect(_) => "Docker:InspectContainer",
            Self::Stats(..) => "Docker:Stats",
            Self::Logs(..) => "Docker:Logs",
            Self::Events(_) => "Docker:Events",
        }
    }
}

/// The path behind `/v1.41` or the like.
fn without_version(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("/v1.") else {
        return path;
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    match rest.get(digits..) {
        Some(rest) if digits > 0 && rest.starts_with('/') => rest,
        _ => path,
    }
}

/// The parameters of a request; one without a value, or with an empty one, is as if it were not there.
struct Query(BTreeMap<String, String>);

impl Query {
    fn read(text: &str) -> Self {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(name, value)| (decode(name), decode(value)));
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// As engines read it: what is not one of these words is on.
    fn is_on(&self, name: &str, otherwise: bool) -> bool {
        self.text(name).map_or(otherwise, |text| {
            !["0", "no", "false", "none"].contains(&text.to_lowercase().as_str())
        })
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let number = |text: &str| {
            text.parse()
                .map_err(|_| Refusal::bad(format!("invalid value for {name}: {text}")))
        };
        self.text(name).map(number).transpose()
    }

    /// 0 is none.
    fn instant(&self, name: &str) -> Result<Option<Moment>, Refusal> {
        let instant = |text: &str| {
            stamp::read(text)
                .ok_or_else(|| Refusal::bad(format!("invalid value for {name}: {text}")))
        };
        let given = self.text(name).map(instant).transpose()?;
        Ok(given.filter(|at| at.millis() > 0))
    }

    fn stats(&self) -> Result<Stats, Refusal> {
        let (stream, one_shot) = (self.is_on("stream", true), self.is_on("one-shot", false));
        if stream && one_shot {
            return Err(Refusal::bad("cannot have stream=true and one-shot=true"));
        }
        Ok(Stats { stream, one_shot })
    }

    fn logs(&self) -> Result<Logs, Refusal> {
        let logs = Logs {
            follow: self.is_on("follow", false),
            stdout: self.is_on("stdout", false),
            stderr: self.is_on("stderr", false),
            timestamps: self.is_on("timestamps", false),
            since: self.instant("since")?,
            until: self.instant("until")?,
            // What is not a number is all.
            tail: self.text("tail").and_then(|text| text.parse().ok()),
        };
        if !logs.stdout && !logs.stderr {
            return Err(Refusal::bad(
                "Bad parameters: you must choose at least one stream",
            ));
        }
        Ok(logs)
    }

    fn filters(&self, known: &[&str]) -> Result<Filters, Refusal> {
        let filters = Filters::read(self.text("filters").unwrap_or("{}"))?;
        match filters
            .0
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            Some(name) => Err(Refusal::bad(format!(
                "invalid filter '{name}': the sandbox has {}",
                known.join(", ")
            ))),
            None => Ok(filters),
        }
    }
}

/// What is filtered by, and the values that pass.
#[derive(Debug, Default)]
pub struct Filters(BTreeMap<String, Vec<String>>);

impl Filters {
    /// Reads `{"name": ["value"]}`, or `{"name": {"value": true}}` as older clients write it.
    fn read(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::bad(format!("invalid filter: {text}"));
        let document: BTreeMap<String, Value> = serde_json::from_str(text).map_err(|_| bad())?;
        let mut filters = BTreeMap::new();
        for (name, values) in document {
            let values = match values {
                Value::Array(values) => values
                    .into_iter()
                    .map(|value| value.as_str().map(str::to_owned))
                    .collect(),
                Value::Object(values) => Some(
                    values
                        .into_iter()
                        .filter(|(_, on)| *on == Value::Bool(true))
                        .map(|(value, _)| value)
                        .collect(),
                ),
                _ => None,
            };
            filters.insert(name, values.ok_or_else(bad)?);
        }
        Ok(Self(filters))
    }

    /// Whether any of a filter's values fits; one that is not given, or has no values, lets all pass.
    pub fn any(&self, name: &str, fits: impl FnMut(&String) -> bool) -> bool {
        let values = self.0.get(name).filter(|values| !values.is_empty());
        values.is_none_or(|values| values.iter().any(fits))
    }

    /// Whether labels have all that is asked for, each `key` or `key=value`.
    pub fn labels(&self, labels: &BTreeMap<String, String>) -> bool {
        let mut wanted = self.0.get("label").into_iter().flatten();
        wanted.all(|wanted| match wanted.split_once('=') {
            Some((key, value)) => labels.get(key).is_some_and(|known| known == value),
            None => labels.contains_key(wanted),
        })
    }
}

/// Text of a URL: `%20` and `+` are blanks.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digits = tail.first_chunk().and_then(|pair: &[u8; 2]| {
            u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
        });
        match (first, digits) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rstest::rstest;

    use super::*;

    fn ask(path: &str) -> Result<Ask, Refusal> {
        Ask::read(&Method::GET, &path.parse().unwrap())
    }

    #[rstest]
    #[case::newest("/v1.44/version", "Docker:Version")]
    #[case::none("/version", "Docker:Version")]
    #[case::unknown("/v1.999/containers/json", "Docker:ListContainers")]
    #[case::one("/v1.41/containers/abc/stats?stream=0", "Docker:Stats")]
    fn any_version_is_taken(#[case] path: &str, #[case] name: &str) {
        assert_eq!(ask(path).unwrap().name(), name);
    }

    #[rstest]
    #[case::no_version("/v1./version")]
    #[case::other("/v2.0/version")]
    #[case::deeper("/containers/abc/stats/json")]
    fn other_paths_are_not_there(#[case] path: &str) {
        let refusal = ask(path).unwrap_err();
        assert_eq!(refusal.status, StatusCode::NOT_FOUND);
        assert!(refusal.message.contains("they have /_ping"));
    }

    #[rstest]
    #[case::new(r#"{"label":["a=b%26c","d"]}"#)]
    #[case::old(r#"{"label":{"a=b%26c":true,"d":true,"e":false}}"#)]
    fn filters_are_read_as_clients_of_all_ages_write_them(#[case] filters: &str) {
        let path = format!("/containers/json?all=1&filters={filters}");
        let path = path
            .replace('"', "%22")
            .replace('{', "%7B")
            .replace('}', "%7D");
        let Ask::List(list) = ask(&path).unwrap() else {
            unreachable!("it is a list")
        };
        let labels = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            list.filters.labels(&pairs.collect())
        };
        assert!(list.all);
        assert!(labels(&[("a", "b&c"), ("d", "any"), ("e", "")]));
        assert!(!labels(&[("a", "b&c")]));
        assert!(!labels(&[("a", "b"), ("d", "")]));
    }

    #[rstest]
    #[case::whole("1790000000", Some(1_790_000_000_000))]
    #[case::fraction("1790000000.123456789", Some(1_790_000_000_123))]
    #[case::short_fraction("1790000000.5", Some(1_790_000_000_500))]
    #[case::words("2026-09-21T13:33:20.25Z", Some(1_789_997_600_250))]
    #[case::none("0", None)]
    fn instants_are_read_as_numbers_and_as_words(#[case] text: &str, #[case] millis: Option<u64>) {
        let Ask::Events(events) = ask(&format!("/events?since={text}")).unwrap() else {
            unreachable!("they are events")
        };
        assert_eq!(events.since.map(Moment::millis), millis);
    }

    #[rstest]
    #[case::no_stream("/containers/a/logs?follow=1", "you must choose at least one stream")]
    #[case::both(
        "/containers/a/stats?one-shot=1",
        "cannot have stream=true and one-shot=true"
    )]
    #[case::instant("/events?since=yesterday", "invalid value for since: yesterday")]
    #[case::filter(
        "/events?filters=%7B%22scope%22:[%22x%22]%7D",
        "invalid filter 'scope'"
    )]
    #[case::json("/events?filters=nothing", "invalid filter: nothing")]
    fn what_makes_no_sense_is_refused(#[case] path: &str, #[case] message: &str) {
        let refusal = ask(path).unwrap_err();
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
        assert!(refusal.message.contains(message), "{}", refusal.message);
    }
}
