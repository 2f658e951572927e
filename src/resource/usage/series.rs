//! What containers, tasks and services used over up to the last quarter of an hour, as lines of a chart. Drawing them is
//! done in `ui`.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use super::{Bound, Reserved, Source, Uses, alive, amount, of_container, of_service, of_task};
use crate::{
    model::{Metrics, Point, Subject, Task},
    resource::Cx,
    store::{HISTORY, Past, Track},
};

/// What is said once a second is drawn with one point for this time.
const STEP: f64 = 2.0;
/// A longer silence of an engine is a gap, in seconds.
const SILENCE: f64 = 10.0;
/// From this age on, in seconds, a point of CloudWatch is old: it takes minutes to appear.
const OLD_METRICS: f64 = 300.0;
/// A longer silence of CloudWatch is a gap, in seconds.
const SILENCE_OF_METRICS: f64 = 150.0;

/// What the values of a panel count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Parts of a whole: 0.5 is written `50%`.
    Share,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    Rate,
}

impl Unit {
    /// Writes a value.
    #[must_use]
    pub fn write(self, value: f64) -> String {
        match self {
            Self::Share => amount::percent(value),
            Self::Bytes => amount::bytes(u64::try_from(amount::whole(value)).unwrap_or(0)),
            Self::Rate => amount::rate(value),
        }
    }
}

/// A line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The container or task.
    pub name: String,
    /// Stretches without a gap, of seconds before now (below zero) and values, the oldest first.
    pub runs: Vec<Vec<(f64, f64)>>,
}

impl Series {
    /// The newest value; none if there never was one.
    #[must_use]
    pub fn newest(&self) -> Option<f64> {
        self.runs.last()?.last().map(|(_, value)| *value)
    }
}

/// A chart of one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows, with the scale: `CPU, percent of one core`.
    pub title: Cow<'static, str>,
    /// What its values count.
    pub unit: Unit,
    /// Its lines.
    pub series: Vec<Series>,
    /// A limit or reservation, with what it is: `reserved`.
    pub limit: Option<(f64, &'static str)>,
    /// Seconds from which on the end of a line is old.
    pub old_after: f64,
}

/// The charts of one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// CPU, memory and network, as far as the source tells them.
    pub panels: Vec<Panel>,
    /// The source and the age of the newest values, or why there are none.
    pub source: Cow<'static, str>,
    /// Whether they are older than they are meant to be.
    pub is_old: bool,
    /// Seconds that the charts have to reach back to show all points; none if there is none.
    pub reach: Option<f64>,
    /// Why there is nothing to draw, in a sentence or two that say what to do about it.
    pub why_empty: Option<&'static str>,
}

/// One line to be, with the containers that it is the sum of.
struct Member<'a> {
    name: String,
    tracks: Vec<&'a Track>,
    /// Containers that hold the network of the others.
    network: Vec<&'a Track>,
}

/// The charts of a container, task or service; none if the store does not hold it.
#[must_use]
pub fn chart(subject: &Subject, cx: &Cx) -> Option<Chart> {
    if let Some(service) = cx.store.service(&subject.arn) {
        let tasks = tasks_of(subject, cx);
        let uses = of_service(service, tasks.iter().map(AsRef::as_ref), cx);
        let members = tasks.iter().map(|task| {
            let names = alive(task).map(|one| one.name.as_str());
            member(task, task.arn.short().to_owned(), names, cx)
        });
        let first = tasks.first().map(|task| of_task(task, cx));
        let members: Vec<_> = members.filter(|one| !one.tracks.is_empty()).collect();
        return Some(drawn(&uses, first.as_ref(), &members, subject, cx));
    }
    let task = cx.store.task(&subject.arn)?;
    let Some(name) = subject.part.as_deref() else {
        let uses = of_task(task, cx);
        let mut members: Vec<Member> = alive(task)
            .map(|one| {
                member(
                    task,
                    one.name.clone(),
                    std::iter::once(one.name.as_str()),
                    cx,
                )
            })
            .filter(|one| !one.tracks.is_empty())
            .collect();
        share_network(task, &mut members, cx);
        return Some(drawn(&uses, Some(&uses), &members, subject, cx));
    };
    task.container(name)?;
    let uses = of_container(task, name, cx);
    let own = member(task, name.to_owned(), std::iter::once(name), cx);
    let members: Vec<_> = Some(own)
        .filter(|one| !one.tracks.is_empty())
        .into_iter()
        .collect();
    Some(drawn(&uses, Some(&uses), &members, subject, cx))
}

/// The running tasks of a service that engines tell of.
fn tasks_of(subject: &Subject, cx: &Cx) -> Vec<Arc<Task>> {
    let Some(service) = cx.store.service(&subject.arn) else {
        return Vec::new();
    };
    let key = (service.cluster.clone(), service.name.clone());
    let mut tasks = super::running(cx.store).remove(&key).unwrap_or_default();
    tasks.sort_by(|one, two| one.arn.cmp(&two.arn));
    tasks
}

fn member<'a, 'n>(
    task: &Task,
    name: String,
    containers: impl Iterator<Item = &'n str>,
    cx: &Cx<'a>,
) -> Member<'a> {
    let tracks: Vec<&Track> = containers
        .filter_map(|one| super::track(task, one, cx))
        .collect();
    let mut network = tracks.clone();
    network.extend(holders(task, cx));
    Member {
        name,
        tracks,
        network,
    }
}

/// What is known of the containers that hold the network of a task.
fn holders<'a>(task: &Task, cx: &Cx<'a>) -> Vec<&'a Track> {
    let known = cx.store.engine_containers(&task.arn);
    known
        .filter(|(_, container)| container.is_pause)
        .filter_map(|(_, container)| cx.store.track(&container.subject()))
        .collect()
}

/// Where the containers of a task share its network, that is one line of its own.
fn share_network<'a>(task: &Task, members: &mut Vec<Member<'a>>, cx: &Cx<'a>) {
    let network = holders(task, cx);
    if network.is_empty() {
        return;
    }
    for member in &mut *members {
        member.network.clone_from(&member.tracks);
    }
    members.push(Member {
        name: "task".to_owned(),
        tracks: Vec::new(),
        network,
    });
}

/// The panels: of an engine's samples if there are any, else of CloudWatch's points. `each` is what one line is
/// measured against.
fn drawn(
    uses: &Uses,
    each: Option<&Uses>,
    members: &[Member],
    subject: &Subject,
    cx: &Cx,
) -> Chart {
    let (panels, reach) = match cx.store.metrics(&subject.arn) {
        // One point a minute: a short while shows nothing of it.
        Some(metrics) if !uses.has_engine() => {
            (of_points(metrics, cx), Some(HISTORY.as_secs_f64()))
        }
        _ => {
            let panels = of_samples(each, members, cx);
            let reach = reach(&panels);
            (panels, reach)
        }
    };
    Chart {
        panels,
        reach,
        why_empty: match &uses.source {
            Source::Missing(why) => Some(why.advice()),
            Source::Engine { .. } | Source::Metrics { .. } => None,
        },
        source: match uses.parts {
            Some((seen, all, noun)) if seen < all => {
                Cow::Owned(format!("{seen} of {all} {noun}, {}", uses.source.words()))
            }
            _ => uses.source.words(),
        },
        is_old: uses.source.is_old(),
    }
}

fn of_samples(each: Option<&Uses>, members: &[Member], cx: &Cx) -> Vec<Panel> {
    let lines = |value: fn(&Past) -> Option<f64>, tracks: Tracks| {
        members
            .iter()
            .filter_map(|member| {
                let series = Series {
                    name: member.name.clone(),
                    runs: runs(points(member, tracks, value, cx), SILENCE),
                };
                (!series.runs.is_empty()).then_some(series)
            })
            .collect::<Vec<_>>()
    };
    let reserved = each.and_then(|each| match each.reserved {
        Reserved::Own(units) => {
            let units = amount::real(u64::try_from(units).ok()?);
            Some((units / super::CORE, "reserved"))
        }
        Reserved::OfTask(units) => {
            let units = amount::real(u64::try_from(units).ok()?);
            Some((units / super::CORE, "reserved by the task"))
        }
        Reserved::Unknown => None,
    });
    let limit = each.and_then(|each| match each.bound {
        Bound::Container(bytes) | Bound::Group(bytes) => Some((amount::real(bytes), "limit")),
        Bound::Task(bytes) => Some((amount::real(bytes), "limit of the task")),
        Bound::Soft(bytes) => Some((amount::real(bytes), "reserved")),
        Bound::Fullest | Bound::None => None,
    });
    vec![
        Panel {
            title: Cow::Borrowed("CPU, percent of one core"),
            unit: Unit::Share,
            series: lines(|past| past.cores.map(f64::from), Tracks::Own),
            limit: reserved,
            old_after: SILENCE,
        },
        Panel {
            title: Cow::Borrowed("Memory, without the page cache"),
            unit: Unit::Bytes,
            series: lines(|past| past.memory.map(amount::real), Tracks::Own),
            limit,
            old_after: SILENCE,
        },
        Panel {
            title: Cow::Borrowed("Network, received and sent"),
            unit: Unit::Rate,
            series: lines(
                |past| {
                    past.network
                        .map(|(inward, outward)| f64::from(inward + outward))
                },
                Tracks::Network,
            ),
            limit: None,
            old_after: SILENCE,
        },
    ]
}

/// Which containers of a member a line is of.
#[derive(Clone, Copy)]
enum Tracks {
    Own,
    Network,
}

/// The sum of the histories, by seconds before now.
fn points(
    member: &Member,
    which: Tracks,
    value: fn(&Past) -> Option<f64>,
    cx: &Cx,
) -> Vec<(f64, f64)> {
    let tracks = match which {
        Tracks::Own => &member.tracks,
        Tracks::Network => &member.network,
    };
    let mut sum: BTreeMap<i64, f64> = BTreeMap::new();
    for track in tracks {
        // By the engine's own clock, which may differ from ours: only distances count.
        let newest = track.usage().at;
        let age = track.age(cx.now).as_secs_f64();
        let mut own: BTreeMap<i64, f64> = BTreeMap::new();
        for past in track.history() {
            let before = age + newest.since(past.at).as_secs_f64();
            if before <= HISTORY.as_secs_f64()
                && let Some(value) = value(past)
            {
                let step = -amount::whole((before / STEP).floor());
                let most = own.entry(step).or_insert(value);
                *most = most.max(value);
            }
        }
        for (step, value) in own {
            *sum.entry(step).or_default() += value;
        }
    }
    sum.into_iter()
        .map(|(step, value)| (seconds(step), value))
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a quarter of an hour has few steps"
)]
fn seconds(step: i64) -> f64 {
    step as f64 * STEP
}

fn of_points(metrics: &Metrics, cx: &Cx) -> Vec<Panel> {
    let panel = |title: &'static str, points: &[Point]| {
        let points = points.iter().map(|point| {
            let before = cx.now.wall.since(point.at).as_secs_f64();
            (-before, point.value / 100.0)
        });
        let within = points.filter(|(before, _)| *before >= -HISTORY.as_secs_f64());
        Panel {
            title: Cow::Borrowed(title),
            unit: Unit::Share,
            series: vec![Series {
                name: metrics.source.name().to_owned(),
                runs: runs(within.collect(), SILENCE_OF_METRICS),
            }],
            limit: Some((1.0, "reserved")),
            old_after: OLD_METRICS,
        }
    };
    vec![
        panel("CPU, percent of what is reserved", &metrics.cpu),
        panel("Memory, percent of what is reserved", &metrics.memory),
    ]
}

/// Seconds since the oldest point.
fn reach(panels: &[Panel]) -> Option<f64> {
    let series = panels.iter().flat_map(|panel| &panel.series);
    let oldest = series.filter_map(|one| Some(one.runs.first()?.first()?.0));
    oldest.min_by(f64::total_cmp).map(|before| -before)
}

/// Cuts points apart where nothing was heard for long.
fn runs(points: Vec<(f64, f64)>, silence: f64) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    for point in points {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| point.0 - last.0 <= silence) => {
                run.push(point);
            }
            _ => runs.push(vec![point]),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_a_gap() {
        let points = vec![(-20.0, 1.0), (-18.0, 2.0), (-4.0, 3.0), (-2.0, 4.0)];
        let expected = [
            vec![(-20.0, 1.0), (-18.0, 2.0)],
            vec![(-4.0, 3.0), (-2.0, 4.0)],
        ];
        assert_eq!(runs(points, 10.0), expected);
        assert!(runs(Vec::new(), 10.0).is_empty());
    }

    #[test]
    fn the_oldest_point_says_how_far_a_chart_reaches() {
        let line = |runs: Vec<Vec<(f64, f64)>>| Series {
            name: "app".to_owned(),
            runs,
        };
        let panel = |series: Vec<Series>| Panel {
            title: Cow::Borrowed("CPU"),
            unit: Unit::Share,
            series,
            limit: None,
            old_after: SILENCE,
        };
        let short = panel(vec![line(vec![vec![(-8.0, 1.0)], vec![(-2.0, 1.0)]])]);
        let long = panel(vec![
            line(vec![vec![(-40.0, 1.0), (-2.0, 1.0)]]),
            line(vec![vec![(-70.0, 1.0)], vec![(-2.0, 1.0)]]),
        ]);
        assert_eq!(reach(std::slice::from_ref(&short)), Some(8.0));
        assert_eq!(reach(&[short, long]), Some(70.0));
        assert_eq!(reach(&[panel(Vec::new())]), None);
    }
}
