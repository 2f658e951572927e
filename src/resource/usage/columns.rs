//! The cells that say what a row uses, the same in every view.

use std::time::Duration;

use super::{
    FULL, Network, Oom, Reserved, TIGHT, Uses, amount,
    reserve::Bound,
    source::{Source, Why},
};
use crate::{
    model::{MetricSource, Subject, Task, age},
    resource::{Cell, Cx, SortKey, Tone, Trend},
};

/// What a trend shows, in slots of equal length, the newest last.
const SLOTS: usize = 12;
/// The length of a slot.
const SLOT: Duration = Duration::from_secs(5);
/// What a trend reaches its top with at the least, in cores: the noise of an idle container is to look like nothing.
const LEAST_TOP: f32 = 0.1;

/// A row that uses something.
pub(in crate::resource) trait Using {
    /// What it uses now.
    fn uses(&self, cx: &Cx) -> Uses;

    /// Whether that is worth finding out; asked of thousands of rows.
    fn is_known(&self, cx: &Cx) -> bool;
}

/// A figure of a row: how its cell is written, and what rows are sorted by.
pub(in crate::resource) struct Figure {
    cell: fn(&Uses, &Cx) -> Cell,
    key: fn(&Uses) -> SortKey,
}

impl Figure {
    /// The cell of a row.
    pub(in crate::resource) fn cell(&self, row: &impl Using, cx: &Cx) -> Cell {
        (self.cell)(&row.uses(cx), cx)
    }

    /// What a row is sorted by.
    pub(in crate::resource) fn key(&self, row: &impl Using, cx: &Cx) -> SortKey {
        if row.is_known(cx) {
            (self.key)(&row.uses(cx))
        } else {
            SortKey::Absent
        }
    }

    /// Percent of the reserved CPU.
    pub(in crate::resource) const CPU: Self = Self {
        cell: |uses, _| cpu(uses),
        key: |uses| share_key(uses.cpu),
    };
    /// Percent of one core.
    pub(in crate::resource) const CORES: Self = Self {
        cell: |uses, _| cores(uses),
        key: |uses| share_key(uses.cores),
    };
    /// Memory used, what binds it, and how full that is.
    pub(in crate::resource) const MEMORY: Self = Self {
        cell: |uses, _| memory(uses, true),
        key: |uses| share_key(uses.filled),
    };
    /// Memory used, and how full what binds it is.
    pub(in crate::resource) const MEMORY_SHORT: Self = Self {
        cell: |uses, _| memory(uses, false),
        key: |uses| share_key(uses.filled),
    };
    /// How full what binds the memory is.
    pub(in crate::resource) const FILLED: Self = Self {
        cell: |uses, _| filled(uses),
        key: |uses| share_key(uses.filled),
    };
    /// Whether the kernel killed for memory, or came near it.
    pub(in crate::resource) const OOM: Self = Self {
        cell: oom,
        key: |uses| match uses.oom {
            Some(Oom::Killed) => SortKey::Number(i64::MAX),
            Some(Oom::Near(at)) => SortKey::Number(at.0),
            None => SortKey::Absent,
        },
    };
    /// Traffic over the network.
    pub(in crate::resource) const NETWORK: Self = Self {
        cell: |uses, _| network(uses),
        key: |uses| per_second(uses.network.own()),
    };
    /// Traffic of block devices.
    pub(in crate::resource) const DISK: Self = Self {
        cell: |uses, _| disk(uses),
        key: |uses| per_second(uses.disk),
    };
    /// Processes and threads.
    pub(in crate::resource) const PROCESSES: Self = Self {
        cell: |uses, _| processes(uses),
        key: |uses| number(uses.processes),
    };
    /// The time held back by the CPU quota.
    pub(in crate::resource) const THROTTLED: Self = Self {
        cell: |uses, _| throttled(uses),
        key: |uses| share_key(uses.throttled),
    };
    /// Restarts by the engine.
    pub(in crate::resource) const RESTARTS: Self = Self {
        cell: |uses, _| restarts(uses),
        key: |uses| number(uses.restarts.map(u64::from)),
    };
    /// The task that is worst off.
    pub(in crate::resource) const WORST: Self = Self {
        cell: |uses, _| worst(uses),
        key: |uses| share_key(uses.worst.as_ref().map(|worst| worst.share)),
    };
    /// The source and the age of all this; sorted without the age, so that rows of one source stay together.
    pub(in crate::resource) const SOURCE: Self = Self {
        cell: |uses, _| source(uses),
        key: |uses| SortKey::text(&uses.source.name()),
    };
}

/// A column of a figure: `figure!(CPU, "CPU%RES", 9, 1)` with title, width and rank.
macro_rules! figure {
    ($figure:ident, $title:literal, $width:literal, $rank:literal) => {
        $crate::resource::Column::number(
            $title,
            $width,
            $rank,
            |row, cx| $crate::resource::usage::Figure::$figure.cell(row, cx),
            |row, cx| $crate::resource::usage::Figure::$figure.key(row, cx),
        )
        .live()
    };
}
pub(in crate::resource) use figure;

fn share_key(share: Option<f64>) -> SortKey {
    share.map_or(SortKey::Absent, |share| {
        SortKey::Number(amount::whole(share * 100_000.0))
    })
}

fn number(count: Option<u64>) -> SortKey {
    let count = count.and_then(|count| i64::try_from(count).ok());
    count.map_or(SortKey::Absent, SortKey::Number)
}

fn per_second(rate: Option<crate::model::Rate>) -> SortKey {
    rate.map_or(SortKey::Absent, |rate| {
        SortKey::Number(amount::whole(rate.inward + rate.outward))
    })
}

/// Text in the tone of its meaning, or as old as its source is.
fn written(uses: &Uses, text: String, tone: Tone) -> Cell {
    let tone = if uses.source.is_old() {
        Tone::Stale
    } else {
        tone
    };
    Cell::new(text, tone)
}

/// How much a share of a limit worries.
pub(super) fn worry(share: f64) -> Tone {
    if share >= FULL {
        Tone::Error
    } else if share >= TIGHT {
        Tone::Warn
    } else {
        Tone::Ok
    }
}

/// How much the memory of these worries.
pub(super) fn worry_of(uses: &Uses, share: f64) -> Tone {
    match (worry(share), &uses.source) {
        // CloudWatch counts against what is reserved, which may be less than the limit: nothing is killed there.
        (Tone::Error, Source::Metrics { .. }) => Tone::Warn,
        (tone, _) => tone,
    }
}

/// What marks figures of CloudWatch.
pub(super) fn from_mark(source: MetricSource) -> &'static str {
    match source {
        MetricSource::Ecs => "cw",
        MetricSource::Insights => "ci",
    }
}

/// What a share is to be read with, where the column of sources may not be on the screen: the age of what is old, the
/// source that is not an engine, the whole that it is a part of.
fn remark(uses: &Uses) -> String {
    let is_part = uses.parts.is_some_and(|(seen, all, _)| seen < all);
    match &uses.source {
        Source::Engine { age: old } | Source::Metrics { age: old, .. } if uses.source.is_old() => {
            format!(" {}", age(*old))
        }
        Source::Metrics { from, .. } => format!(" {}", from_mark(*from)),
        _ if is_part => " part".to_owned(),
        _ => String::new(),
    }
}

fn cpu(uses: &Uses) -> Cell {
    let Some(share) = uses.cpu else {
        return Cell::absent();
    };
    let remark = match (remark(uses), uses.reserved) {
        (remark, Reserved::OfTask(_)) if remark.is_empty() => " task".to_owned(),
        (remark, _) => remark,
    };
    let tone = if share >= 1.0 {
        Tone::Warn
    } else {
        Tone::Plain
    };
    written(uses, format!("{}{remark}", amount::percent(share)), tone)
}

fn cores(uses: &Uses) -> Cell {
    uses.cores.map_or_else(Cell::absent, |cores| {
        let text = format!("{}{}", amount::percent(cores), remark(uses));
        written(uses, text, Tone::Plain)
    })
}

fn memory(uses: &Uses, whole: bool) -> Cell {
    let Some(memory) = uses.memory else {
        return filled(uses);
    };
    let size = amount::bytes(memory.used);
    let Some(filled) = uses.filled else {
        let text = match uses.bound {
            _ if !whole => size,
            Bound::Soft(bytes) => format!("{size} soft {}", amount::bytes(bytes)),
            _ => format!("{size} no limit"),
        };
        return written(uses, text, Tone::Plain);
    };
    let full = amount::percent(filled);
    let text = match uses.bound {
        // The others of its task fill it too: what it uses says nothing of the room there is.
        Bound::Task(_) if whole => format!("{size} task {full}"),
        bound if whole => {
            let limit = bound.limit().map_or_else(String::new, amount::bytes);
            format!("{size}/{limit} {full:>4}")
        }
        _ => format!("{size} {full:>4}"),
    };
    written(uses, text, worry(filled))
}

/// The share alone.
fn filled(uses: &Uses) -> Cell {
    uses.filled.map_or_else(Cell::absent, |filled| {
        written(uses, amount::percent(filled), worry_of(uses, filled))
    })
}

fn oom(uses: &Uses, cx: &Cx) -> Cell {
    match uses.oom {
        Some(Oom::Killed) => Cell::new("killed", Tone::Error),
        Some(Oom::Near(at)) => {
            Cell::new(format!("near {}", age(cx.now.wall.since(at))), Tone::Warn)
        }
        None => Cell::absent(),
    }
}

fn network(uses: &Uses) -> Cell {
    match uses.network {
        Network::Own(rate) => written(uses, amount::flow(rate), Tone::Plain),
        Network::OfTask(_) => Cell::muted("task"),
        Network::Unknown => Cell::absent(),
    }
}

fn disk(uses: &Uses) -> Cell {
    uses.disk.map_or_else(Cell::absent, |rate| {
        written(uses, amount::flow(rate), Tone::Plain)
    })
}

fn processes(uses: &Uses) -> Cell {
    uses.processes.map_or_else(Cell::absent, |count| {
        written(uses, count.to_string(), Tone::Plain)
    })
}

fn throttled(uses: &Uses) -> Cell {
    let Some(share) = uses.throttled else {
        return Cell::absent();
    };
    let tone = if share >= 0.25 {
        Tone::Warn
    } else {
        Tone::Plain
    };
    written(uses, amount::percent(share), tone)
}

fn restarts(uses: &Uses) -> Cell {
    match uses.restarts {
        Some(0) => Cell::count(0),
        Some(count) => Cell::new(count.to_string(), Tone::Warn),
        None => Cell::absent(),
    }
}

fn worst(uses: &Uses) -> Cell {
    let Some(worst) = &uses.worst else {
        return Cell::absent();
    };
    let (what, tone) = match (worst.of_memory, worst.share >= 1.0) {
        (true, _) => ("mem", worry(worst.share)),
        (false, true) => ("cpu", Tone::Warn),
        (false, false) => ("cpu", Tone::Plain),
    };
    let text = format!(
        "{what} {} {}",
        amount::percent(worst.share),
        worst.task.short()
    );
    written(uses, text, tone)
}

fn source(uses: &Uses) -> Cell {
    match &uses.source {
        Source::Missing(Why::Stopped | Why::Idle) => Cell::absent(),
        source => source.cell(uses.parts),
    }
}

/// The CPU of the last minute: the busiest moment of every five seconds, of all these containers together.
pub(in crate::resource) fn trend<'a>(
    containers: impl Iterator<Item = &'a Subject>,
    cx: &Cx,
) -> Trend {
    let slot = i64::try_from(SLOT.as_millis()).unwrap_or(1);
    let tracks: Vec<_> = containers
        .filter_map(|container| cx.store.track(container))
        .collect();
    let newest = tracks.iter().map(|track| track.usage().at.0 / slot).max();
    let Some(newest) = newest else {
        return Trend::default();
    };
    let mut busy: [Option<f32>; SLOTS] = [None; SLOTS];
    for track in tracks {
        let mut own: [Option<f32>; SLOTS] = [None; SLOTS];
        for past in track.history().iter().rev() {
            let Ok(back) = usize::try_from(newest - past.at.0 / slot) else {
                continue;
            };
            let Some(place) = SLOTS.checked_sub(back + 1) else {
                break;
            };
            own[place] = super::add(own[place], past.cores, f32::max);
        }
        for (sum, own) in busy.iter_mut().zip(own) {
            *sum = super::add(*sum, own, |one, two| one + two);
        }
    }
    Trend::new(&busy, LEAST_TOP)
}

/// The CPU of the last minute of a task.
pub(in crate::resource) fn task_trend(task: &Task, cx: &Cx) -> Trend {
    let containers: Vec<Subject> = super::alive(task)
        .map(|one| Subject::part(&task.arn, &one.name))
        .collect();
    trend(containers.iter(), cx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_beyond_what_is_reserved_warns_and_memory_at_its_limit_alarms() {
        let told_by = |source| Uses {
            source,
            ..Uses::missing(Why::NoMetrics)
        };
        let age = Duration::ZERO;
        let metrics = told_by(Source::Metrics {
            from: MetricSource::Ecs,
            age,
        });
        let engine = told_by(Source::Engine { age });
        assert_eq!(worry_of(&metrics, 1.22), Tone::Warn);
        assert_eq!(worry_of(&metrics, 0.5), Tone::Ok);
        assert_eq!(worry_of(&engine, 0.96), Tone::Error);
    }
}
