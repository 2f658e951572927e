//! Drain a container instance, or let it take tasks again.

use std::sync::Arc;

use super::{Deed, Diff, Step, words};
use crate::{
    model::{Change, ContainerInstance, Query, Subject},
    resource::{self, Cx},
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "drain",
    key: "u",
    views: &["instances"],
    label: "drain/activate",
    about: "Move the tasks of a host elsewhere and place no new ones, or let it take tasks again (cordon, uncordon)",
    batch: true,
    typed: false,
    refuse,
    parts: |_, _| Vec::new(),
    needs: |subject, _, cx| {
        let instance = cx.store.instance(&subject.arn);
        instance.map_or_else(Vec::new, |instance| {
            vec![Query::Instances {
                cluster: instance.cluster.clone(),
            }]
        })
    },
    field: |_, _| None,
    propose: |subject, _, cx| {
        let instance = instance(subject, cx)?;
        Ok(Change::SetInstanceState {
            cluster: instance.cluster.clone(),
            instance: instance.arn.clone(),
            drain: instance.status != "DRAINING",
        })
    },
    step,
    impact,
    then: |_, _| Vec::new(),
};

fn instance<'a>(subject: &Subject, cx: &Cx<'a>) -> Result<&'a Arc<ContainerInstance>, String> {
    cx.store.instance(&subject.arn).ok_or_else(|| {
        format!(
            "nothing is known of instance {} any more",
            subject.arn.short()
        )
    })
}

fn refuse(subject: &Subject, cx: &Cx) -> Option<String> {
    match instance(subject, cx) {
        Err(why) => Some(why),
        Ok(instance) if !["ACTIVE", "DRAINING"].contains(&instance.status.as_str()) => {
            Some(format!(
                "{} is {}: only what is ACTIVE can be drained",
                resource::called(subject, cx.store),
                instance.status
            ))
        }
        Ok(_) => None,
    }
}

fn impact(changes: &[Change], cx: &Cx) -> Vec<String> {
    let known = changes.iter().filter_map(|change| match change {
        Change::SetInstanceState {
            instance, drain, ..
        } => Some((cx.store.instance(instance)?, *drain)),
        _ => None,
    });
    let (drained, active): (Vec<_>, Vec<_>) = known.partition(|(_, drain)| *drain);
    let mut impact = Vec::new();
    if !drained.is_empty() {
        let tasks: i32 = drained
            .iter()
            .map(|(instance, _)| instance.running_tasks)
            .sum();
        let tasks = resource::count(tasks, "task");
        impact.push(format!("{tasks} running there: those of services are replaced on other hosts within each service's minimum and maximum"));
        impact.push("tasks run by hand stay until they end or are stopped".to_owned());
        for cluster in clusters(&drained) {
            let hosts = cx.store.instances_of(&cluster);
            let left = hosts
                .iter()
                .filter(|host| {
                    host.status == "ACTIVE"
                        && !drained.iter().any(|(drained, _)| drained.arn == host.arn)
                })
                .count();
            let left = i32::try_from(left).unwrap_or(i32::MAX);
            let left = resource::count(left, "active host");
            impact.push(format!("leaves {left} in {}", cluster.name()));
        }
    }
    if !active.is_empty() {
        impact.push("new tasks can be placed there again".to_owned());
    }
    impact
}

fn clusters(instances: &[(&Arc<ContainerInstance>, bool)]) -> Vec<crate::model::Arn> {
    let mut clusters: Vec<_> = instances
        .iter()
        .map(|(instance, _)| instance.cluster.clone())
        .collect();
    clusters.sort();
    clusters.dedup();
    clusters
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let Change::SetInstanceState {
        cluster,
        instance: arn,
        drain,
    } = change
    else {
        return Err("that is no state of an instance".to_owned());
    };
    let subject = Subject::whole(arn);
    let instance = instance(&subject, cx)?;
    let (title, state) = if *drain {
        ("Drain", "DRAINING")
    } else {
        ("Activate", "ACTIVE")
    };
    let name = format!(
        "{}/{}",
        cluster.name(),
        resource::called(&subject, cx.store)
    );
    let facts = change.facts_of_instance(instance);
    let mut step = words::step_of(change, facts, title, "container instance", name);
    step.diffs
        .push(Diff::new("status", &instance.status, state));
    step.calls = vec![
        "ecs:DescribeContainerInstances".to_owned(),
        format!("ecs:UpdateContainerInstancesState status={state}"),
    ];
    step.command = format!(
        "aws ecs update-container-instances-state --cluster {cluster} --container-instances {arn} --status {state}"
    );
    step.undo = Some(Change::SetInstanceState {
        cluster: cluster.clone(),
        instance: arn.clone(),
        drain: !drain,
    });
    Ok(step)
}
