//! Services on their way to somewhere because of what was done from here, until they have arrived.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Link, Page, Place, Scope, SortKey, Step, Tone, View, deployments, events,
    placed,
    words::{age_cell, age_key},
};
use crate::{
    model::{Ending, Goal, Health, Now, Rollout, Service, Subject, age},
    store::Store,
};

/// The view.
pub static VIEW: View<Arc<Rollout>> = View {
    id: "rollouts",
    aliases: &["ro", "rollout"],
    noun: "rollout",
    about: "Services on their way because of what was done from here: counts, failures, time",
    under: &[],
    whole: true,
    facets: &[],
    columns: &[
        Column::text("SERVICE", 10, 0, |rollout: &Arc<Rollout>, _| {
            Cell::new(name(rollout), Tone::Strong)
        })
        .grow(60),
        Column::region(|rollout, _| Cell::region(&rollout.service)),
        Column::text("DEED", 8, 1, |rollout: &Arc<Rollout>, _| {
            Cell::plain(rollout.deed.clone())
        }),
        Column::text("STATE", 11, 0, |rollout: &Arc<Rollout>, _| {
            let (word, tone) = state(rollout);
            Cell::new(word, tone)
        }),
        Column::text("PROGRESS", 20, 1, |rollout: &Arc<Rollout>, cx| {
            Cell::maybe(progress(rollout, cx).as_deref())
        })
        .grow(60),
        Column::number(
            "FAILED",
            6,
            3,
            |rollout: &Arc<Rollout>, cx| Cell::count(counts(rollout, cx).failed),
            |rollout, cx| SortKey::Number(counts(rollout, cx).failed.into()),
        ),
        Column::number(
            "TOOK",
            4,
            2,
            |rollout: &Arc<Rollout>, cx| Cell::muted(took(rollout, cx.now)),
            |rollout, cx| {
                let lasted = lasted(rollout, cx.now).as_millis();
                SortKey::Number(i64::try_from(lasted).unwrap_or(i64::MAX))
            },
        ),
        Column::number(
            "AGE",
            4,
            0,
            |rollout: &Arc<Rollout>, cx| age_cell(Some(rollout.began), cx),
            |rollout, _| age_key(Some(rollout.began)),
        ),
        Column::text("WHY", 8, 2, |rollout: &Arc<Rollout>, _| {
            Cell::maybe(reason(rollout))
        })
        .grow(80),
    ],
    // What is followed is asked for whatever is on the screen.
    needs: |_, _| Vec::new(),
    rows: |_: &Scope, store: &Store| store.rollouts().to_vec(),
    subject: |rollout| Subject::part(&rollout.service, &rollout.record),
    health: |rollout, _| match &rollout.ended {
        None => Health::Moving,
        Some((Ending::Steady, _)) => Health::Ok,
        Some((Ending::Overruled(_) | Ending::Left(_), _)) => Health::Done,
        Some((Ending::Failed(_) | Ending::RolledBack(_), _)) => Health::Sick,
    },
    moving: |rollout| rollout.is_going_on(),
    order: |one, two| two.began.cmp(&one.began),
    sick_first: true,
    when_empty: "What is deployed, scaled or stopped from here is followed here.",
    live: None,
    enter: |subject, _, _| Some(Step::Describe("rollouts", subject.clone())),
    links: &[Link {
        id: "rollout.tasks",
        key: "t",
        label: "tasks",
        about: "The tasks of the service",
        to: |subject, _, _| Some(Step::Open(Place::of("tasks", Subject::whole(&subject.arn)))),
    }],
    page_needs: |_, _| Vec::new(),
    page,
};

fn name(rollout: &Rollout) -> String {
    format!("{}/{}", rollout.cluster.name(), rollout.service.name())
}

fn state(rollout: &Rollout) -> (&'static str, Tone) {
    match &rollout.ended {
        None => ("under way", Tone::Progress),
        Some((Ending::Steady, _)) => ("steady", Tone::Ok),
        Some((Ending::Failed(_), _)) => ("failed", Tone::Error),
        Some((Ending::RolledBack(_), _)) => ("rolled back", Tone::Error),
        Some((Ending::Overruled(_), _)) => ("overruled", Tone::Muted),
        Some((Ending::Left(_), _)) => ("unfollowed", Tone::Muted),
    }
}

fn reason(rollout: &Rollout) -> Option<&str> {
    match &rollout.ended {
        Some((
            Ending::Failed(why)
            | Ending::RolledBack(why)
            | Ending::Overruled(why)
            | Ending::Left(why),
            _,
        )) => Some(why),
        Some((Ending::Steady, _)) | None => None,
    }
}

fn lasted(rollout: &Rollout, now: Now) -> std::time::Duration {
    let end = rollout.ended.as_ref().map_or(now.wall, |(_, at)| *at);
    end.since(rollout.began)
}

fn took(rollout: &Rollout, now: Now) -> String {
    age(lasted(rollout, now))
}

/// Tasks on both sides of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    /// Running of what is to be.
    new: i32,
    /// Running of what was.
    old: i32,
    /// Started and not yet running.
    pending: i32,
    /// Failed in a row, of what is to be.
    failed: i32,
    /// What is to run.
    desired: i32,
}

fn counts(rollout: &Rollout, cx: &Cx) -> Counts {
    let Some(service) = cx.store.service(&rollout.service) else {
        return Counts::default();
    };
    of_service(rollout, service)
}

fn of_service(rollout: &Rollout, service: &Service) -> Counts {
    let mut counts = Counts {
        desired: service.desired,
        ..Counts::default()
    };
    for deployment in &service.deployments {
        let is_new = match &rollout.goal {
            Goal::Deployment(id) => deployment.id == *id,
            Goal::Without(id) => deployment.id != *id,
            Goal::Count(_) | Goal::Replaced(_) => true,
        };
        if is_new {
            counts.new += deployment.running;
            counts.pending += deployment.pending;
            counts.failed += deployment.failed;
        } else {
            counts.old += deployment.running;
        }
    }
    if service.deployments.is_empty() {
        counts.new = service.running;
        counts.pending = service.pending;
    }
    counts
}

/// How far it is, in numbers; none where its service is not known, as in another account or region.
fn progress(rollout: &Rollout, cx: &Cx) -> Option<String> {
    let counts = of_service(rollout, cx.store.service(&rollout.service)?);
    let Counts {
        new,
        old,
        pending,
        failed,
        desired,
    } = counts;
    let mut text = match rollout.goal {
        Goal::Deployment(_) | Goal::Without(_) => format!("{new} of {desired} new, {old} old"),
        Goal::Count(count) => format!("{new} of {count} running"),
        Goal::Replaced(_) => format!("{new} of {desired} running"),
    };
    if pending > 0 {
        text.push_str(&format!(", {pending} starting"));
    }
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    Some(text)
}

/// A rollout in one line, with the tone that goes with it: `redeploy web/api  2 of 5 new, 3 old  1m`.
#[must_use]
pub fn rollout_line(rollout: &Rollout, cx: &Cx) -> (String, Tone) {
    let (word, tone) = state(rollout);
    let progress = progress(rollout, cx);
    let took = took(rollout, cx.now);
    let name = placed(&name(rollout), &rollout.service, cx.store);
    let what = format!("{} {name}", rollout.deed);
    let line = match (reason(rollout), progress) {
        (Some(why), Some(progress)) => format!("{what}: {word} after {took}, {progress}: {why}"),
        (Some(why), None) => format!("{what}: {word} after {took}: {why}"),
        (None, Some(progress)) if rollout.is_going_on() => format!("{what}: {progress}, {took}"),
        (None, None) if rollout.is_going_on() => format!("{what}: {word}, {took}"),
        (None, Some(progress)) => format!("{what}: {word} after {took}, {progress}"),
        (None, None) => format!("{what}: {word} after {took}"),
    };
    (line, tone)
}

/// How a rollout ended, as a sentence, and whether that is well.
#[must_use]
pub fn told(rollout: &Rollout, cx: &Cx) -> (bool, String) {
    let (word, _) = state(rollout);
    let what = format!(
        "{} {}: {word} after {}",
        rollout.deed,
        placed(&name(rollout), &rollout.service, cx.store),
        took(rollout, cx.now)
    );
    match reason(rollout) {
        None => (true, what),
        Some(why) => (false, format!("{what}: {why}")),
    }
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let rollout = cx.store.rollout(&subject.arn, subject.part.as_deref()?)?;
    let mut page = Page::new(format!("{} {}", rollout.deed, name(rollout)));
    let (word, tone) = state(rollout);
    page.heading("Rollout");
    page.field("service", rollout.service.name().to_owned());
    page.field("cluster", rollout.cluster.name().to_owned());
    page.field("arn", rollout.service.to_string());
    page.toned("state", word, tone);
    page.maybe("why", reason(rollout));
    page.maybe("progress", progress(rollout, cx).as_deref());
    page.time("began", Some(rollout.began), cx.now);
    page.field("took", took(rollout, cx.now));
    let Some(service) = cx.store.service(&rollout.service) else {
        return Some(page);
    };
    page.heading("Tasks");
    let counts = of_service(rollout, service);
    page.field("desired", counts.desired.to_string());
    page.field("new running", counts.new.to_string());
    page.field("new starting", counts.pending.to_string());
    page.field("old running", counts.old.to_string());
    let tone = if counts.failed > 0 {
        Tone::Error
    } else {
        Tone::Plain
    };
    page.toned("failed in a row", counts.failed.to_string(), tone);
    for deployment in &service.deployments {
        let definition = deployment
            .task_definition
            .as_ref()
            .map_or("-", |arn| arn.name());
        let cell = deployments::progress(deployment);
        let text = format!(
            "{definition}, {} of {} running, {}",
            deployment.running, deployment.desired, cell.text
        );
        page.toned(&deployment.status.to_lowercase(), text, cell.tone);
    }
    let since: Vec<_> = service
        .events
        .iter()
        .filter(|event| event.at.is_some_and(|at| at >= rollout.began))
        .collect();
    page.heading("Events since it began");
    if since.is_empty() {
        page.field("", "none yet");
    }
    for event in since {
        let age = event
            .at
            .map_or_else(String::new, |at| age(cx.now.wall.since(at)));
        page.field(&age, events::brief(&event.message));
    }
    Some(page)
}
