//! Container instances of a cluster: the hosts that tasks are placed on.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Page, Place, Scope, SortKey, Step, Tone, View,
    words::{age_cell, age_key, cpu_units, mebibytes, pairs, percent},
};
use crate::{
    model::{ContainerInstance, Health, Query, Subject},
    store::Store,
};

/// The view.
pub static VIEW: View<Arc<ContainerInstance>> = View {
    id: "instances",
    aliases: &["ci", "instance"],
    noun: "instance",
    about: "Container instances of a cluster, with what is free on them",
    under: &["cluster"],
    whole: false,
    facets: &[],
    columns: &[
        Column::text("EC2 ID", 19, 0, |instance: &Arc<ContainerInstance>, _| {
            Cell::plain(name(instance).to_owned())
        }),
        Column::text("STATUS", 8, 0, |instance: &Arc<ContainerInstance>, _| {
            Cell::new(instance.status.clone(), status_health(instance).into())
        })
        .grow(20),
        Column::text("AGENT", 5, 0, |instance: &Arc<ContainerInstance>, _| {
            if instance.agent_connected {
                Cell::muted("ok")
            } else {
                Cell::new("lost", Tone::Error)
            }
        }),
        Column::number("RUN/PEND", 8, 1, tasks, |instance, _| {
            SortKey::Number((instance.running_tasks + instance.pending_tasks).into())
        }),
        Column::number("CPU USED", 13, 2, cpu, |instance, _| {
            share_key(instance.cpu)
        }),
        Column::number("MEM USED", 12, 2, memory, |instance, _| {
            share_key(instance.memory)
        })
        .grow(16),
        Column::text("TYPE", 12, 3, |instance: &Arc<ContainerInstance>, _| {
            Cell::maybe(Some(&instance.instance_type))
        })
        .grow(20),
        Column::text("ZONE", 10, 4, |instance: &Arc<ContainerInstance>, _| {
            Cell::maybe(Some(&instance.zone))
        })
        .grow(16),
        Column::text("PROVIDER", 12, 5, |instance: &Arc<ContainerInstance>, _| {
            Cell::maybe(instance.capacity_provider.as_deref())
        })
        .grow(30),
        Column::text(
            "AGENT VERSION",
            13,
            6,
            |instance: &Arc<ContainerInstance>, _| Cell::maybe(Some(&instance.agent_version)),
        ),
        // Events of services call an instance by this id.
        Column::text("ID", 8, 5, |instance: &Arc<ContainerInstance>, _| {
            Cell::muted(instance.arn.short().to_owned())
        }),
        Column::number(
            "AGE",
            4,
            3,
            |instance, cx| age_cell(instance.registered_at, cx),
            |instance, _| age_key(instance.registered_at),
        ),
    ],
    needs,
    rows,
    subject: |instance| Subject::whole(&instance.arn),
    health,
    moving: |instance| instance.pending_tasks > 0 || instance.status != "ACTIVE",
    order: |one, two| name(one).cmp(name(two)).then_with(|| one.arn.cmp(&two.arn)),
    sick_first: true,
    when_empty: "",
    live: None,
    enter: |subject, _, _| Some(Step::Open(Place::of("tasks", subject.clone()))),
    links: &[],
    page_needs: |subject, store| match store.cluster_of(&subject.arn) {
        Some(cluster) => vec![Query::Instances { cluster }],
        None => vec![store.around(&subject.arn, Query::Clusters)],
    },
    page,
};

fn needs(scope: &Scope, store: &Store) -> Vec<Query> {
    let Some(subject) = &scope.of else {
        return Vec::new();
    };
    match store.cluster_of(&subject.arn) {
        Some(cluster) => vec![Query::Instances { cluster }],
        None => vec![store.around(&subject.arn, Query::Clusters)],
    }
}

fn rows(scope: &Scope, store: &Store) -> Vec<Arc<ContainerInstance>> {
    let cluster = scope
        .of
        .as_ref()
        .and_then(|subject| store.cluster_of(&subject.arn));
    cluster.map_or_else(Vec::new, |cluster| store.instances_of(&cluster))
}

/// The EC2 instance id, or the short id where ECS knows none.
pub(super) fn name(instance: &ContainerInstance) -> &str {
    if instance.ec2_id.is_empty() {
        instance.arn.short()
    } else {
        &instance.ec2_id
    }
}

fn status_health(instance: &ContainerInstance) -> Health {
    match instance.status.as_str() {
        "ACTIVE" => Health::Ok,
        "DRAINING" | "REGISTERING" | "DEREGISTERING" => Health::Moving,
        "REGISTRATION_FAILED" => Health::Sick,
        "INACTIVE" => Health::Done,
        _ => Health::Unknown,
    }
}

fn health(instance: &Arc<ContainerInstance>, _: &Cx) -> Health {
    judge(instance)
}

/// How an instance is doing, by its status and whether its agent is heard.
pub(super) fn judge(instance: &ContainerInstance) -> Health {
    match status_health(instance) {
        Health::Done => Health::Done,
        _ if !instance.agent_connected => Health::Sick,
        health => health,
    }
}

fn tasks(instance: &Arc<ContainerInstance>, _: &Cx) -> Cell {
    let (running, pending) = (instance.running_tasks, instance.pending_tasks);
    let tone = match (running, pending) {
        (0, 0) => Tone::Muted,
        (_, 0) => Tone::Plain,
        _ => Tone::Progress,
    };
    Cell::new(format!("{running}/{pending}"), tone)
}

fn share_key((total, free): (i64, i64)) -> SortKey {
    percent(total - free, total).map_or(SortKey::Absent, SortKey::Number)
}

fn share_tone(percent: i64) -> Tone {
    if percent >= 95 {
        Tone::Warn
    } else {
        Tone::Plain
    }
}

fn cpu(instance: &Arc<ContainerInstance>, _: &Cx) -> Cell {
    let (total, free) = instance.cpu;
    match percent(total - free, total) {
        Some(share) => Cell::new(
            format!("{}/{total} {share}%", total - free),
            share_tone(share),
        ),
        None => Cell::absent(),
    }
}

fn memory(instance: &Arc<ContainerInstance>, _: &Cx) -> Cell {
    let (total, free) = instance.memory;
    match percent(total - free, total) {
        Some(share) => {
            let tenths = |size: i64| format!("{}.{}", size / 1024, size % 1024 * 10 / 1024);
            let text = format!("{}/{}G {share}%", tenths(total - free), tenths(total));
            Cell::new(text, share_tone(share))
        }
        None => Cell::absent(),
    }
}

/// Writes what is free of a whole, empty where nothing is registered.
fn room((total, free): (i64, i64), write: fn(i64) -> String) -> String {
    if total > 0 {
        format!("{} free of {}", write(free), write(total))
    } else {
        String::new()
    }
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let instance = cx.store.instance(&subject.arn)?;
    let mut page = Page::new(format!("instance {}", name(instance)));
    page.heading("Container instance");
    page.field("ec2 id", instance.ec2_id.clone());
    page.field("id", instance.arn.name().to_owned());
    page.field("arn", instance.arn.to_string());
    page.field("cluster", instance.cluster.name().to_owned());
    page.toned(
        "status",
        instance.status.clone(),
        status_health(instance).into(),
    );
    page.maybe("reason", Some(&instance.status_reason));
    page.time("registered", instance.registered_at, cx.now);
    page.heading("Agent");
    if instance.agent_connected {
        page.toned("agent", "connected", Tone::Ok);
    } else {
        page.toned("agent", "not connected", Tone::Error);
        page.field(
            "look at",
            "No task starts or stops here until the agent is back: is the host up, does the agent run, does its role let it in?",
        );
    }
    page.field("version", instance.agent_version.clone());
    let docker = &instance.docker_version;
    let docker = docker.strip_prefix("DockerVersion: ").unwrap_or(docker);
    page.field("docker", docker.to_owned());
    page.heading("Room");
    page.field(
        "tasks",
        format!(
            "{} running, {} pending",
            instance.running_tasks, instance.pending_tasks
        ),
    );
    page.field("cpu", room(instance.cpu, cpu_units));
    page.field("memory", room(instance.memory, mebibytes));
    page.field("ports in use", instance.ports.join(", "));
    page.heading("Host");
    page.field("type", instance.instance_type.clone());
    page.field("zone", instance.zone.clone());
    page.field("image", instance.ami.clone());
    page.field(
        "capacity provider",
        instance.capacity_provider.clone().unwrap_or_default(),
    );
    pairs(&mut page, "Tags", &instance.tags);
    Some(page)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Arn, Now, samples};

    #[rstest]
    #[case("ACTIVE", true, Health::Ok)]
    #[case("ACTIVE", false, Health::Sick)]
    #[case("DRAINING", true, Health::Moving)]
    #[case("DRAINING", false, Health::Sick)]
    #[case("INACTIVE", false, Health::Done)]
    #[case("REGISTRATION_FAILED", true, Health::Sick)]
    #[case("HIBERNATING", true, Health::Unknown)]
    fn status_and_agent_are_judged(
        #[case] status: &str,
        #[case] connected: bool,
        #[case] health: Health,
    ) {
        let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
        let arn = Arn::new("arn:aws:ecs:r:1:container-instance/web/0123456789");
        let mut instance = samples::instance(&arn, &cluster);
        instance.status = status.to_owned();
        instance.agent_connected = connected;
        let store = Store::new();
        let cx = Cx {
            store: &store,
            now: Now::default(),
        };
        assert_eq!(super::health(&Arc::new(instance), &cx), health);
    }
}
