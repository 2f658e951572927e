//! The page of a task.

use super::{judge, status_words, waits_for};
use crate::{
    model::{Subject, Task},
    resource::{
        Cx, Page, Tone, containers, drift, instances,
        page::span_between,
        stops, usage,
        words::{cpu_units, mebibytes, pairs, verdict_cell, verdict_words, yes_no},
    },
};

/// The page of a task.
pub(super) fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let task = cx.store.task(&subject.arn)?;
    let mut page = Page::new(format!("task {}", task.arn.short()));
    if task.is_stopped() {
        end(&mut page, task);
    }
    page.heading("Task");
    page.field("id", task.arn.name().to_owned());
    page.field("arn", task.arn.to_string());
    page.field("cluster", task.cluster.name().to_owned());
    page.field("group", task.group.clone());
    page.maybe("started by", task.started_by.as_deref());
    page.field("task definition", task.definition.name().to_owned());
    page.toned("status", status_words(task), judge(task, cx.now).into());
    page.toned(
        "health",
        verdict_words(&task.health),
        verdict_cell(&task.health).tone,
    );
    if let Some(waits) = waits_for(task) {
        page.toned("waits for", waits, Tone::Progress);
    }
    if let Some(connectivity) = &task.connectivity {
        let lost = connectivity == "DISCONNECTED";
        let tone = if lost { Tone::Warn } else { Tone::Plain };
        page.toned("connectivity", connectivity.clone(), tone);
        if lost && !task.is_stopped() {
            page.field(
                "look at",
                "The agent of its host is not heard: what is said here may be old.",
            );
        }
    }
    yes_no(&mut page, "execute command", task.execute_command);
    page.list("overrides", task.overrides.iter().cloned());
    usage::task_section(&mut page, task, cx);
    placed(&mut page, task, cx);
    life(&mut page, task, cx);
    for container in &task.containers {
        page.heading(format!("Container {}", container.name));
        containers::facts(&mut page, container);
        drift::field(&mut page, container, task, cx);
    }
    pairs(&mut page, "Tags", &task.tags);
    Some(page)
}

/// Adds why a task stopped.
fn end(page: &mut Page, task: &Task) {
    let stop = stops::explain(task);
    page.heading("Why it stopped");
    page.toned("in short", stop.says, stop.health.into());
    if !stop.next.is_empty() {
        page.field("look at", stop.next);
    }
    page.maybe("stop code", task.stop_code.as_deref());
    page.maybe("reason", task.stopped_reason.as_deref());
    page.list(
        "containers",
        task.containers.iter().filter_map(|container| {
            let code = container.exit_code.map(|code| format!("exit {code}"));
            let reason = container.reason.clone();
            let own = reason.filter(|reason| task.stopped_reason.as_ref() != Some(reason));
            let words: Vec<_> = code.into_iter().chain(own).collect();
            (!words.is_empty()).then(|| format!("{}: {}", container.name, words.join(", ")))
        }),
    );
}

/// Adds where a task runs and what it may use.
fn placed(page: &mut Page, task: &Task, cx: &Cx) {
    page.heading("Where it runs");
    page.field("launch type", task.launch_type.clone().unwrap_or_default());
    page.maybe("capacity provider", task.capacity_provider.as_deref());
    page.maybe("platform version", task.platform_version.as_deref());
    page.maybe("zone", task.zone.as_deref());
    if let Some(arn) = &task.instance {
        let name = cx
            .store
            .instance(arn)
            .map_or_else(|| arn.short(), |instance| instances::name(instance));
        page.field("instance", name.to_owned());
    }
    page.maybe("private ip", task.private_ip.as_deref());
    page.maybe("ipv6", task.ipv6.as_deref());
    page.maybe("network interface", task.interface.as_deref());
    if let Some(units) = task.cpu {
        page.field("cpu", cpu_units(units));
    }
    if let Some(size) = task.memory {
        page.field("memory", mebibytes(size));
    }
}

/// Adds the stations of a task's life.
fn life(page: &mut Page, task: &Task, cx: &Cx) {
    page.heading("Life");
    page.time("created", task.created_at, cx.now);
    page.time("pull began", task.pull_started_at, cx.now);
    page.time("pull ended", task.pull_stopped_at, cx.now);
    if let Some(took) = span_between(task.pull_started_at, task.pull_stopped_at) {
        page.toned("pull took", took, Tone::Muted);
    }
    page.time("started", task.started_at, cx.now);
    if let Some(took) = span_between(task.created_at, task.started_at) {
        page.toned("start took", took, Tone::Muted);
    }
    page.time("stopping", task.stopping_at, cx.now);
    page.time("stopped", task.stopped_at, cx.now);
    if let Some(ran) = span_between(task.started_at, task.stopped_at) {
        page.toned("ran for", ran, Tone::Muted);
    }
}
