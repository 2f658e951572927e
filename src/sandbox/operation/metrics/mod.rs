//! `GetMetricData` of CloudWatch: what may be asked, and how answers are cut into pages. The metrics are in `metric`.

mod metric;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::Fault;
use crate::sandbox::world::World;
use crate::sandbox::world::moment::Moment;
use metric::{Metric, Statistic};

/// The most queries of a call.
const QUERIES: usize = 500;
/// The most points of a page.
const POINTS: usize = 100_800;
/// The finest resolution of what the sandbox measures, in seconds.
const MINUTE: u64 = 60;
/// How long points of a minute are kept.
const MINUTES_KEPT: Duration = Duration::from_hours(15 * 24);
/// How long points of five minutes are kept.
const FIVE_MINUTES_KEPT: Duration = Duration::from_hours(63 * 24);

/// A request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    #[serde(default)]
    metric_data_queries: Vec<Query>,
    start_time: f64,
    end_time: f64,
    next_token: Option<String>,
    scan_by: Option<ScanBy>,
    max_datapoints: Option<i64>,
}

impl Input {
    /// How many metrics it asks for.
    pub fn queries(&self) -> usize {
        self.metric_data_queries.len()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum ScanBy {
    #[default]
    TimestampDescending,
    TimestampAscending,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    id: String,
    metric_stat: Option<MetricStat>,
    expression: Option<String>,
    label: Option<String>,
    return_data: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    metric: Named,
    period: u64,
    stat: String,
}

/// A metric by its name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

/// An answer.
#[derive(Debug, PartialEq)]
pub struct Output {
    /// One for each query, in the order of the queries.
    pub series: Vec<Series>,
    /// Where to go on.
    pub next_token: Option<String>,
}

/// The answer to a query.
#[derive(Debug, PartialEq)]
pub struct Series {
    /// The id of the query.
    pub id: String,
    /// Its label, or the metric's name.
    pub label: String,
    /// Whether all points are here or were on an earlier page.
    pub complete: bool,
    /// Values by the begin of their period.
    pub points: Vec<(Moment, f64)>,
}

/// Reads a request and refuses what breaks the rules of the operation.
pub fn read(body: Value) -> Result<Input, Fault> {
    let input: Input = serde_json::from_value(body).map_err(|error| invalid(error.to_string()))?;
    let queries = &input.metric_data_queries;
    if queries.is_empty() {
        return Err(invalid("The parameter MetricDataQueries is required."));
    }
    if queries.len() > QUERIES {
        return Err(invalid(format!(
            "The collection MetricDataQueries must not have a size greater than {QUERIES}."
        )));
    }
    if input.start_time >= input.end_time {
        return Err(invalid(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let most = i64::try_from(POINTS).unwrap_or(i64::MAX);
    if input
        .max_datapoints
        .is_some_and(|points| !(1..=most).contains(&points))
    {
        return Err(invalid(format!(
            "The parameter MaxDatapoints must be between 1 and {most}."
        )));
    }
    let mut ids = BTreeSet::new();
    for query in queries {
        let id = query.id.as_str();
        let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if !id.starts_with(|first: char| first.is_ascii_lowercase())
            || !id.chars().all(letters)
            || id.len() > 255
        {
            return Err(invalid(format!(
                "The value {id} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )));
        }
        if !ids.insert(id) {
            return Err(invalid(format!(
                "The values for parameter id in MetricDataQueries are not unique: {id}."
            )));
        }
        query.check()?;
    }
    Ok(input)
}

impl Query {
    fn check(&self) -> Result<(), Fault> {
        let Some(stat) = &self.metric_stat else {
            return Err(match &self.expression {
                Some(_) => invalid(format!(
                    "The sandbox evaluates no expressions: {}.",
                    self.id
                )),
                None => {
                    invalid("Exactly one of the parameters Expression and MetricStat is required.")
                }
            });
        };
        if self.expression.is_some() {
            return Err(invalid(
                "Exactly one of the parameters Expression and MetricStat is required.",
            ));
        }
        if ![1, 5, 10, 20, 30].contains(&stat.period)
            && (stat.period == 0 || !stat.period.is_multiple_of(MINUTE))
        {
            return Err(invalid(format!(
                "Invalid period {}: 1, 5, 10, 20, 30 or a multiple of 60.",
                stat.period
            )));
        }
        if stat.metric.namespace.is_empty() || stat.metric.metric_name.is_empty() {
            return Err(invalid(
                "The parameters Namespace and MetricName are required.",
            ));
        }
        Statistic::read(&stat.stat).map(|_| ())
    }
}

/// Answers a request that was read.
pub fn answer(world: &World, input: &Input) -> Result<Output, Fault> {
    let most = input
        .max_datapoints
        .and_then(|points| usize::try_from(points).ok());
    let mut room = most.unwrap_or(POINTS);
    let resume = input.next_token.as_deref().map(read_token).transpose()?;
    let mut output = Output {
        series: Vec::new(),
        next_token: None,
    };
    let scan = input.scan_by.unwrap_or_default();
    for (index, query) in input.metric_data_queries.iter().enumerate() {
        let Some(stat) = &query.metric_stat else {
            continue;
        };
        if query.return_data == Some(false) {
            continue;
        }
        let mut series = Series {
            id: query.id.clone(),
            label: query
                .label
                .clone()
                .unwrap_or_else(|| stat.metric.metric_name.clone()),
            complete: true,
            points: Vec::new(),
        };
        let begun = resume.is_none_or(|(resumed, _)| index >= resumed);
        if output.next_token.is_some() {
            series.complete = false;
        } else if begun {
            let after = resume.and_then(|(resumed, at)| (resumed == index).then_some(at));
            let next = fill(world, input, stat, scan, after, room, &mut series.points)?;
            room -= series.points.len();
            if let Some(next) = next {
                series.complete = false;
                output.next_token = Some(write_token(index, next));
            }
        }
        output.series.push(series);
    }
    Ok(output)
}

/// Adds the points of a metric, at most `room`, and says with which to go on if there may be more.
fn fill(
    world: &World,
    input: &Input,
    stat: &MetricStat,
    scan: ScanBy,
    begin: Option<Moment>,
    room: usize,
    points: &mut Vec<(Moment, f64)>,
) -> Result<Option<Moment>, Fault> {
    let dimensions: BTreeMap<&str, &str> = stat
        .metric
        .dimensions
        .iter()
        .map(|dimension| (dimension.name.as_str(), dimension.value.as_str()))
        .collect();
    let (namespace, name) = (&stat.metric.namespace, &stat.metric.metric_name);
    let Some(metric) = Metric::find(world, namespace, name, &dimensions) else {
        return Ok(None);
    };
    let statistic = Statistic::read(&stat.stat)?;
    let period = stat.period.max(MINUTE) * 1000;
    let kept = match period / 1000 {
        ..300 => MINUTES_KEPT,
        _ => FIVE_MINUTES_KEPT,
    };
    let first = moment(input.start_time)
        .max(world.now - kept)
        .max(metric.since());
    let last = moment(input.end_time).min(world.now);
    // The period that a time lies in; only whole ones from the start on are given, the one of the start itself too.
    let floor = |at: Moment| at.millis() / period;
    let (first, end) = (floor(first), last.millis().div_ceil(period));
    let mut periods: Box<dyn Iterator<Item = u64>> = match scan {
        ScanBy::TimestampAscending => Box::new(first..end),
        ScanBy::TimestampDescending => Box::new((first..end).rev()),
    };
    if let Some(begin) = begin {
        let resumed = floor(begin);
        periods = match scan {
            ScanBy::TimestampAscending => Box::new(resumed.max(first)..end),
            ScanBy::TimestampDescending => Box::new((first..end.min(resumed + 1)).rev()),
        };
    }
    for number in periods {
        let at = Moment::from_millis(number * period);
        if points.len() == room {
            return Ok(Some(at));
        }
        let value = metric.value(world, at, at + Duration::from_millis(period), statistic);
        points.extend(value.map(|value| (at, value)));
    }
    Ok(None)
}

fn moment(seconds: f64) -> Moment {
    let since = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Moment::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn write_token(query: usize, at: Moment) -> String {
    URL_SAFE_NO_PAD.encode(format!("{query}:{}", at.millis()))
}

fn read_token(token: &str) -> Result<(usize, Moment), Fault> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (query, at) = text.split_once(':')?;
        Some((query.parse().ok()?, Moment::from_millis(at.parse().ok()?)))
    };
    read().ok_or_else(|| Fault::new("InvalidNextToken", "The next token specified is invalid."))
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message)
}
