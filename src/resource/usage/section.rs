//! The section «Uses now» of the pages of containers, tasks and services.

use super::{
    Network, Oom, Reserved, Uses, amount,
    columns::{from_mark, worry, worry_of},
    of_container, of_service, of_task,
    reserve::Bound,
    source::{Source, Why, engine_of},
};
use crate::{
    model::{Arn, Engine, EngineState, MetricSource, Service, Task, age},
    resource::{Cx, Page, Span, Tone, words::cpu_units},
};

/// What CloudWatch charges for each metric asked for, in millionths of a dollar: $0.01 for 1,000
/// (Amazon CloudWatch pricing, `GetMetricData`, most regions).
const MICRODOLLARS: u64 = 10;

/// The most engines that a page lists.
const MOST_ENGINES: usize = 4;

/// Adds what a container uses.
pub(in crate::resource) fn container_section(page: &mut Page, task: &Task, name: &str, cx: &Cx) {
    let uses = of_container(task, name, cx);
    figures(page, &uses, cx);
    if let (Bound::Task(limit), Some(memory)) = (uses.bound, uses.memory) {
        let own = amount::percent(amount::real(memory.used) / amount::real(limit.max(1)));
        page.toned("", format!("{own} of it by this container"), Tone::Muted);
    }
    origin(page, &uses, engine_of(task, cx).as_slice(), &task.arn, cx);
}

/// Adds what a task uses.
pub(in crate::resource) fn task_section(page: &mut Page, task: &Task, cx: &Cx) {
    if task.is_stopped() {
        return;
    }
    let uses = of_task(task, cx);
    figures(page, &uses, cx);
    if uses.has_engine() {
        for container in &task.containers {
            let own = of_container(task, &container.name, cx);
            page.spans(&container.name, one_line(&own));
        }
    }
    origin(page, &uses, engine_of(task, cx).as_slice(), &task.arn, cx);
}

/// Adds what a service uses.
pub(in crate::resource) fn service_section<'a>(
    page: &mut Page,
    service: &Service,
    tasks: impl Iterator<Item = &'a Task> + Clone,
    cx: &Cx,
) {
    let uses = of_service(service, tasks.clone(), cx);
    if uses.source == Source::Missing(Why::Idle) {
        return;
    }
    figures(page, &uses, cx);
    if let Some(worst) = &uses.worst {
        let what = if worst.of_memory { "memory" } else { "CPU" };
        let tone = if worst.of_memory {
            worry(worst.share)
        } else {
            Tone::Plain
        };
        let text = format!(
            "{} {what}, task {}",
            amount::percent(worst.share),
            worst.task.short()
        );
        page.toned("worst task", text, tone);
    }
    let mut engines: Vec<&Engine> = tasks.filter_map(|task| engine_of(task, cx)).collect();
    engines.sort_by(|one, two| one.id.cmp(&two.id));
    engines.dedup_by(|one, two| one.id == two.id);
    origin(page, &uses, &engines, &service.arn, cx);
}

/// What a container uses, in a line for the page of its task.
fn one_line(uses: &Uses) -> Vec<Span> {
    if !uses.has_engine() {
        return vec![Span::new(uses.source.words(), uses.source.tone())];
    }
    let mut words = Vec::new();
    if let Some(cores) = uses.cores {
        words.push(format!("{} of one core", amount::percent(cores)));
    }
    if let Some(memory) = uses.memory {
        words.push(match uses.bound {
            Bound::Container(limit) | Bound::Group(limit) => {
                format!("{} of {}", amount::bytes(memory.used), amount::bytes(limit))
            }
            _ => amount::bytes(memory.used),
        });
    }
    let mut spans = vec![Span::plain(words.join(", "))];
    match uses.oom {
        Some(Oom::Killed) => spans.push(Span::new(", was killed for its memory", Tone::Error)),
        Some(Oom::Near(_)) => spans.push(Span::new(", was near its limit", Tone::Warn)),
        None => {}
    }
    spans
}

fn figures(page: &mut Page, uses: &Uses, cx: &Cx) {
    page.heading("Uses now");
    processor(page, uses);
    memory(page, uses);
    traffic(page, uses);
    if let Some(count) = uses.processes {
        page.field("processes", count.to_string());
    }
    if let Some(restarts) = uses.restarts {
        let tone = if restarts > 0 {
            Tone::Warn
        } else {
            Tone::Plain
        };
        page.toned("restarts", format!("{restarts} by the engine"), tone);
    }
    match uses.oom {
        Some(Oom::Killed) => page.toned(
            "out of memory",
            "the kernel killed a process of it for its memory",
            Tone::Error,
        ),
        Some(Oom::Near(at)) => {
            let ago = age(cx.now.wall.since(at));
            let text = format!("near: 95% of the limit {ago} ago");
            page.toned("out of memory", text, Tone::Warn);
        }
        None => {}
    }
}

fn processor(page: &mut Page, uses: &Uses) {
    if let Some(share) = uses.cpu {
        let of = match uses.reserved {
            Reserved::Own(units) => format!("of the {} reserved", cpu_units(units)),
            Reserved::OfTask(units) => format!(
                "of the {} of its task, which its containers share (marked task in tables)",
                cpu_units(units)
            ),
            Reserved::Unknown => "of what is reserved".to_owned(),
        };
        let tone = if share >= 1.0 {
            Tone::Warn
        } else {
            Tone::Plain
        };
        page.toned(
            "cpu, of reserved",
            format!("{} {of}", amount::percent(share)),
            tone,
        );
    } else if uses.cores.is_some() {
        page.toned(
            "cpu, of reserved",
            "unknown: no CPU units are reserved",
            Tone::Muted,
        );
    }
    if let Some(cores) = uses.cores {
        let text = format!(
            "{} of one core, as docker stats counts ({})",
            amount::percent(cores),
            amount::cores(cores)
        );
        page.field("cpu, of a core", text);
    }
    if let Some(share) = uses.throttled {
        let tone = if share >= 0.25 {
            Tone::Warn
        } else {
            Tone::Plain
        };
        let text = format!("{} of the time, by its CPU quota", amount::percent(share));
        page.toned("held back", text, tone);
    }
}

fn memory(page: &mut Page, uses: &Uses) {
    let Some(memory) = uses.memory else {
        if let Some(filled) = uses.filled {
            let text = format!("{} of what is reserved", amount::percent(filled));
            page.toned("memory", text, worry_of(uses, filled));
        }
        return;
    };
    let size = amount::bytes(memory.used);
    if let (Some(limit), Some(filled)) = (uses.bound.limit(), uses.filled) {
        let text = match (uses.bound, uses.parts) {
            (Bound::Task(_), None | Some((_, _, "containers"))) => format!(
                "{size}; the {} of the task are {} full",
                amount::bytes(limit),
                amount::percent(filled)
            ),
            _ => format!(
                "{size} of {}, {}",
                amount::bytes(limit),
                amount::percent(filled)
            ),
        };
        page.toned("memory", text, worry(filled));
        let left = (1.0 - filled).max(0.0) * amount::real(limit);
        let left = u64::try_from(amount::whole(left)).unwrap_or(0);
        let until = match uses.parts {
            Some((_, _, "tasks")) => "in all of its tasks together",
            _ => "until it is killed",
        };
        let text = format!("{} left {until}", amount::bytes(left));
        page.toned("headroom", text, worry(filled));
    } else {
        let noun = uses.parts.map_or("containers", |(_, _, noun)| noun);
        let text = match (uses.bound, uses.filled) {
            (Bound::Fullest, Some(filled)) => {
                let full = amount::percent(filled);
                format!("{size}; the fullest of its {noun} is {full} full")
            }
            (Bound::Soft(bytes), _) => format!("{size}; {} reserved", amount::bytes(bytes)),
            _ => size,
        };
        page.toned("memory", text, uses.filled.map_or(Tone::Plain, worry));
    }
    let binds = match (uses.bound, uses.parts) {
        (Bound::Task(_), Some((_, _, "tasks"))) => "the memory of its tasks together".to_owned(),
        (Bound::Fullest, Some((_, _, noun))) => {
            format!("a limit of its own for each of its {noun}")
        }
        (bound, _) => bound.words().to_owned(),
    };
    page.toned("what binds it", binds, Tone::Muted);
    let cache = format!(
        "{} besides, given back on demand",
        amount::bytes(memory.cache)
    );
    page.toned("page cache", cache, Tone::Muted);
}

fn traffic(page: &mut Page, uses: &Uses) {
    let both = |rate: crate::model::Rate, inward: &str, outward: &str| {
        format!(
            "{inward} {}, {outward} {}",
            amount::rate(rate.inward),
            amount::rate(rate.outward)
        )
    };
    match uses.network {
        Network::Own(rate) => page.field("network", both(rate, "received", "sent")),
        Network::OfTask(Some(rate)) => {
            let text = both(rate, "received", "sent");
            page.field(
                "network",
                format!("{text}, by the whole task: its containers share it"),
            );
        }
        Network::OfTask(None) => page.toned(
            "network",
            "of the task: its containers share it",
            Tone::Muted,
        ),
        Network::Unknown => {}
    }
    if let Some(rate) = uses.disk {
        page.field("disk", both(rate, "read", "written"));
    }
}

/// Adds where the figures come from, how old they are, and what they cost.
fn origin(page: &mut Page, uses: &Uses, engines: &[&Engine], of: &Arn, cx: &Cx) {
    let words = match &uses.source {
        Source::Engine { age: old } => format!("Docker Engine, {} old", age(*old)),
        Source::Metrics { from, age: old } => {
            let name = match from {
                MetricSource::Ecs => "CloudWatch",
                MetricSource::Insights => "CloudWatch Container Insights",
            };
            let (old, mark) = (age(*old), from_mark(*from));
            format!("{name}, by the minute, {old} old (marked {mark} in tables)")
        }
        Source::Missing(why) => why.words().into_owned(),
    };
    page.toned("source", words, uses.source.tone());
    if let Some((seen, all, noun)) = uses.parts.filter(|(seen, all, _)| seen < all) {
        page.toned(
            "",
            format!("{seen} of {all} {noun}; the others are not in it (marked part in tables)"),
            Tone::Stale,
        );
    }
    if let Source::Missing(why) = &uses.source {
        page.toned("", why.advice(), Tone::Muted);
        let failed = |engine: &&Engine| matches!(engine.state, EngineState::Failed(_));
        if *why == Why::NoEngine && cx.store.engines().any(|engine| failed(&engine)) {
            page.toned("", "An engine failed; :engines says why.", Tone::Warn);
        }
    }
    for (place, engine) in engines.iter().take(MOST_ENGINES).enumerate() {
        let (word, tone) = crate::resource::engines::state(engine);
        page.spans(
            if place == 0 { "engine" } else { "" },
            vec![
                Span::plain(format!("{}  ", engine.id)),
                Span::new(word, tone),
            ],
        );
    }
    let further = engines.len().saturating_sub(MOST_ENGINES);
    if further > 0 {
        page.toned(
            "",
            format!("and {further} more; :engines lists them"),
            Tone::Muted,
        );
    }
    if let Source::Metrics { .. } = &uses.source
        && let Some(metrics) = cx.store.metrics(of)
    {
        page.toned(
            "cost",
            cost(metrics.asked, cx.store.metrics_asked()),
            Tone::Muted,
        );
    }
}

/// What asking CloudWatch costs: `2 metrics a minute; 480 asked in this session, about $0.005 at $0.01 per 1,000`.
fn cost(a_minute: u32, asked: u64) -> String {
    let dollars = amount::real(asked.saturating_mul(MICRODOLLARS)) / 1e6;
    let sum = if dollars < 0.001 {
        "less than $0.001".to_owned()
    } else {
        format!("about ${dollars:.3}")
    };
    format!("{a_minute} metrics a minute; {asked} asked in this session, {sum} at $0.01 per 1,000")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_cost_is_reckoned() {
        assert_eq!(
            super::cost(2, 480),
            "2 metrics a minute; 480 asked in this session, about $0.005 at $0.01 per 1,000"
        );
        assert!(super::cost(2, 4).contains(", less than $0.001 at "));
    }
}
