//! Stop a task. A service starts another one in its place; a task that was run by hand is gone.

use std::{collections::BTreeMap, sync::Arc};

use super::{Deed, Diff, Field, Follow, Step, words};
use crate::{
    model::{Arn, Change, Query, Subject, Task},
    resource::{self, Cx},
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "stop",
    key: "X",
    views: &["tasks"],
    label: "stop",
    about: "Stop the task; its service starts another one (kill, terminate, delete)",
    batch: true,
    typed: false,
    refuse,
    parts: |_, _| Vec::new(),
    needs: |subject, _, cx| {
        let task = cx.store.task(&subject.arn);
        task.map_or_else(Vec::new, |task| {
            vec![Query::Task {
                cluster: task.cluster.clone(),
                task: task.arn.clone(),
            }]
        })
    },
    field: |_, _| {
        Some(Field {
            label: "reason",
            value: "stopped with ecsight".to_owned(),
            hint: "kept with the task".to_owned(),
            candidates: Vec::new(),
        })
    },
    propose,
    step,
    impact,
    then: |_, _| Vec::new(),
};

fn task<'a>(subject: &Subject, cx: &Cx<'a>) -> Result<&'a Arc<Task>, String> {
    cx.store
        .task(&subject.arn)
        .ok_or_else(|| format!("nothing is known of task {} any more", subject.arn.short()))
}

fn refuse(subject: &Subject, cx: &Cx) -> Option<String> {
    match task(subject, cx) {
        Err(why) => Some(why),
        Ok(task) if task.is_stopped() => Some(format!("task {} has stopped", task.arn.short())),
        Ok(task) if task.desired_status == "STOPPED" => {
            Some(format!("task {} is stopping already", task.arn.short()))
        }
        Ok(_) => None,
    }
}

/// The longest reason that ECS takes (`StopTask`, "reason": the console and API keep 255 letters).
const MOST: usize = 255;

fn propose(subject: &Subject, answer: &str, cx: &Cx) -> Result<Change, String> {
    let task = task(subject, cx)?;
    if let Some(why) = refuse(subject, cx) {
        return Err(why);
    }
    let reason = answer.trim();
    if reason.is_empty() {
        return Err("write a reason: whoever looks at the stopped task reads it".to_owned());
    }
    if reason.chars().count() > MOST {
        return Err(format!("the reason is longer than {MOST} letters"));
    }
    Ok(Change::StopTask {
        cluster: task.cluster.clone(),
        task: task.arn.clone(),
        reason: reason.to_owned(),
    })
}

fn impact(changes: &[Change], cx: &Cx) -> Vec<String> {
    let mut stopped: BTreeMap<(&str, &Arn), i32> = BTreeMap::new();
    let mut by_hand = 0;
    for change in changes {
        let Some(task) = cx.store.task(change.target()) else {
            continue;
        };
        match task.service_name() {
            Some(name) => *stopped.entry((name, &task.cluster)).or_default() += 1,
            None => by_hand += 1,
        }
    }
    let mut impact: Vec<_> = stopped
        .into_iter()
        .map(|((name, cluster), stops)| {
            let called = resource::placed(&format!("{}/{name}", cluster.name()), cluster, cx.store);
            match cx.store.service_named(cluster, name) {
                Some(service) => format!(
                    "stops {stops} of {} running of service {called}; it starts new ones, {} are desired",
                    service.running, service.desired
                ),
                None => format!(
                    "stops {} of service {called}; it starts new ones",
                    resource::count(stops, "task")
                ),
            }
        })
        .collect();
    if by_hand > 0 {
        let tasks = resource::count(by_hand, "task");
        impact.push(format!(
            "stops {tasks} that no service keeps: nothing starts them again"
        ));
    }
    impact
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let Change::StopTask {
        cluster,
        task: arn,
        reason,
    } = change
    else {
        return Err("that stops no task".to_owned());
    };
    let task = task(&Subject::whole(arn), cx)?;
    let what = match task.service_name() {
        Some(service) => format!("{service}/{}", arn.short()),
        None => format!("{}/{}", task.definition.family(), arn.short()),
    };
    let name = format!("{}/{what}", cluster.name());
    let facts = change.facts_of_task(task);
    let mut step = words::step_of(change, facts, "Stop task", "task", name);
    step.diffs
        .push(Diff::new("status", &task.last_status, "STOPPED"));
    step.calls = vec![
        "ecs:DescribeTasks".to_owned(),
        format!("ecs:StopTask reason={}", words::quote(reason)),
    ];
    let quoted = words::quote(reason);
    step.command = format!("aws ecs stop-task --cluster {cluster} --task {arn} --reason {quoted}");
    let service = task
        .service_name()
        .and_then(|name| cx.store.service_named(cluster, name));
    if let Some(service) = service {
        step.follow = Follow::Replaced(service.arn.clone(), arn.clone());
    }
    Ok(step)
}
