//! Tasks of a service, a container instance, a cluster, or all clusters: running, or stopped within the last hour.

mod page;

use std::{cmp::Ordering, sync::Arc, time::Duration};

use super::{
    Cell, Column, Cx, Facet, Link, Place, Scope, SortKey, Step, Tone, View, drift, instances,
    stops,
    usage::{self, Using, figure},
    words::{age_cell, age_key, mebibytes, revision_cell, revision_key, verdict_cell},
};
use crate::{
    model::{Arn, Health, Now, Query, Subject, Task, TaskFilter},
    store::Store,
};

const RUNNING: usize = 0;
const STOPPED: usize = 1;

/// A task that has not come to run within this time deserves a look.
const SLOW_START: Duration = Duration::from_mins(10);

impl Using for Arc<Task> {
    fn uses(&self, cx: &Cx) -> usage::Uses {
        usage::of_task(self, cx)
    }

    fn is_known(&self, cx: &Cx) -> bool {
        usage::is_known(self, cx)
    }
}

/// The view.
pub static VIEW: View<Arc<Task>> = View {
    id: "tasks",
    aliases: &["ta", "task"],
    noun: "task",
    about: "Tasks, running or stopped, those run by hand too",
    under: &["service", "container-instance", "cluster"],
    whole: true,
    facets: &[
        Facet {
            name: "running",
            when_empty: "",
        },
        Facet {
            name: "stopped",
            when_empty: "ECS forgets a stopped task after about an hour.",
        },
    ],
    columns: &[
        Column::text("ID", 8, 0, |task: &Arc<Task>, _| {
            Cell::plain(task.arn.short().to_owned())
        }),
        Column::text("CLUSTER", 10, 3, |task: &Arc<Task>, _| {
            Cell::plain(task.cluster.name().to_owned())
        })
        .grow(24)
        .whole_only(),
        Column::region(|task, _| Cell::region(&task.arn)),
        Column::text("GROUP", 14, 2, |task: &Arc<Task>, _| {
            Cell::maybe(Some(group(task)))
        })
        .grow(36)
        .same_under("service"),
        Column::text("STATUS", 12, 0, status)
            .grow(24)
            .facet(RUNNING),
        Column::text("HEALTH", 9, 1, |task: &Arc<Task>, _| {
            verdict_cell(&task.health)
        })
        .facet(RUNNING),
        Column::number(
            "STOPPED",
            7,
            0,
            |task: &Arc<Task>, cx| age_cell(task.stopped_at.or(task.stopping_at), cx),
            |task, _| age_key(task.stopped_at.or(task.stopping_at)),
        )
        .facet(STOPPED),
        Column::text("WHY", 19, 0, |task: &Arc<Task>, _| {
            let stop = stops::explain(task);
            Cell::new(stop.says, stop.health.into())
        })
        .grow(60)
        .facet(STOPPED),
        Column::text("EXIT", 8, 1, exits).grow(36).facet(STOPPED),
        Column::text("REASON", 16, 4, |task: &Arc<Task>, _| {
            Cell::maybe(stops::reason(task))
        })
        .grow(140)
        .facet(STOPPED),
        Column::text("STOP CODE", 20, 3, |task: &Arc<Task>, _| {
            Cell::maybe(task.stop_code.as_deref())
        })
        .grow(26)
        .facet(STOPPED),
        figure!(CPU, "CPU%RES", 9, 1).facet(RUNNING),
        figure!(CORES, "CPU%CORE", 9, 4).facet(RUNNING),
        figure!(MEMORY_SHORT, "MEM", 9, 1).facet(RUNNING),
        Column::number(
            "TREND",
            12,
            3,
            |task: &Arc<Task>, cx| Cell::trend(usage::task_trend(task, cx), Tone::Plain),
            |task, cx| usage::Figure::CORES.key(task, cx),
        )
        .live()
        .facet(RUNNING),
        figure!(OOM, "OOM", 8, 1).facet(RUNNING),
        Column::text("REV", 12, 2, |task: &Arc<Task>, _| {
            revision_cell(Some(&task.definition))
        })
        .grow(36)
        .keep_end()
        .sorted_by(|task, _| revision_key(Some(&task.definition))),
        Column::text("DRIFT", 14, 2, |task: &Arc<Task>, cx| {
            drift::task_cell(task, cx)
        })
        .grow(44)
        .sorted_by(|task, cx| drift::task_key(task, cx))
        .live()
        .facet(RUNNING),
        Column::text("LAUNCH", 8, 4, |task: &Arc<Task>, _| {
            Cell::maybe(
                task.capacity_provider
                    .as_deref()
                    .or(task.launch_type.as_deref()),
            )
        })
        .grow(24),
        Column::number(
            "UNITS",
            5,
            5,
            |task, _| task.cpu.map_or_else(Cell::absent, Cell::count),
            |task, _| task.cpu.map_or(SortKey::Absent, SortKey::Number),
        ),
        Column::number(
            "MEM SIZE",
            8,
            5,
            |task, _| {
                task.memory
                    .map_or_else(Cell::absent, |size| Cell::plain(mebibytes(size)))
            },
            |task, _| task.memory.map_or(SortKey::Absent, SortKey::Number),
        ),
        Column::text("IP", 15, 3, |task: &Arc<Task>, _| {
            Cell::maybe(task.private_ip.as_deref())
        })
        .facet(RUNNING),
        Column::text("ZONE", 10, 6, |task: &Arc<Task>, _| {
            Cell::maybe(task.zone.as_deref())
        })
        .grow(16),
        Column::text("INSTANCE", 10, 6, instance).grow(20),
        figure!(NETWORK, "NET IN/OUT", 13, 6).facet(RUNNING),
        figure!(DISK, "DISK R/W", 13, 7).facet(RUNNING),
        figure!(RESTARTS, "RST", 3, 6).facet(RUNNING),
        Column::text("SOURCE", 18, 5, |task: &Arc<Task>, cx| {
            usage::Figure::SOURCE.cell(task, cx)
        })
        .not_found()
        .sorted_by(|task, cx| usage::Figure::SOURCE.key(task, cx))
        .facet(RUNNING),
        Column::number(
            "AGE",
            4,
            1,
            |task: &Arc<Task>, cx| age_cell(task.started_at.or(task.created_at), cx),
            |task, _| age_key(task.started_at.or(task.created_at)),
        )
        .facet(RUNNING),
    ],
    needs,
    rows,
    subject: |task| Subject::whole(&task.arn),
    health: |task, cx| judge(task, cx.now),
    moving: |task| !task.is_stopped() && task.last_status != task.desired_status,
    order,
    sick_first: true,
    when_empty: "",
    live: Some(drift::live_tasks),
    enter: |subject, _, _| Some(Step::Open(Place::of("containers", subject.clone()))),
    links: &[
        Link {
            id: "task.definition",
            key: "t",
            label: "task definition",
            about: "The task definition revision that the task runs",
            to: |subject, _, cx| {
                let task = cx.store.task(&subject.arn)?;
                Some(Step::Describe(
                    "revisions",
                    Subject::whole(&task.definition),
                ))
            },
        },
        Link {
            id: "task.instance",
            key: "o",
            label: "instance",
            about: "The container instance that the task runs on",
            to: |subject, _, cx| {
                let instance = cx.store.task(&subject.arn)?.instance.as_ref()?;
                Some(Step::Describe("instances", Subject::whole(instance)))
            },
        },
        Link {
            id: "task.image",
            key: "I",
            label: "image",
            about: "The image that the task runs, if it is in the account's ECR",
            to: |subject, _, cx| drift::step_of_task(cx.store.task(&subject.arn)?, cx),
        },
    ],
    page_needs,
    page: page::page,
};

/// Which tasks of which cluster a thing has; none as long as its cluster is not known.
fn of(subject: &Subject, store: &Store) -> Option<(Arn, TaskFilter)> {
    let cluster = store.cluster_of(&subject.arn)?;
    let filter = match subject.arn.kind() {
        "service" => {
            let name = store
                .service(&subject.arn)
                .map_or_else(|| subject.arn.name(), |service| &service.name);
            TaskFilter::Service(name.to_owned())
        }
        "container-instance" => TaskFilter::Instance(subject.arn.clone()),
        _ => TaskFilter::All,
    };
    Some((cluster, filter))
}

pub(super) fn needs(scope: &Scope, store: &Store) -> Vec<Query> {
    let stopped = scope.facet == STOPPED;
    if let Some(subject) = &scope.of {
        return match of(subject, store) {
            Some((cluster, filter)) => vec![Query::Tasks {
                cluster,
                filter,
                stopped,
            }],
            None => vec![store.around(&subject.arn, Query::Clusters)],
        };
    }
    let clusters = store
        .clusters()
        .filter(|cluster| cluster.status != "INACTIVE")
        .filter(|cluster| stopped || cluster.running_tasks + cluster.pending_tasks > 0)
        .map(|cluster| Query::Tasks {
            cluster: cluster.arn.clone(),
            filter: TaskFilter::All,
            stopped,
        });
    let mut needs = store.everywhere(Query::Clusters);
    needs.extend(clusters);
    needs
}

fn rows(scope: &Scope, store: &Store) -> Vec<Arc<Task>> {
    let stopped = scope.facet == STOPPED;
    match &scope.of {
        Some(subject) => of(subject, store).map_or_else(Vec::new, |(cluster, filter)| {
            store.tasks_of(&cluster, &filter, stopped)
        }),
        None => store
            .clusters()
            .flat_map(|cluster| store.tasks_of(&cluster.arn, &TaskFilter::All, stopped))
            .collect(),
    }
}

/// How a task is doing, or how it ended.
pub(super) fn judge(task: &Task, now: Now) -> Health {
    if task.is_stopped() {
        return stops::explain(task).health;
    }
    if task.health == "UNHEALTHY" {
        return Health::Sick;
    }
    if task.desired_status == "STOPPED" {
        return Health::Moving;
    }
    match task.last_status.as_str() {
        "RUNNING" if task.connectivity.as_deref() == Some("DISCONNECTED") => Health::Warn,
        "RUNNING" => Health::Ok,
        "PROVISIONING" | "PENDING" | "ACTIVATING" => {
            let waits = task.created_at.map(|at| now.wall.since(at));
            if waits.is_some_and(|waits| waits > SLOW_START) {
                Health::Warn
            } else {
                Health::Moving
            }
        }
        "DEACTIVATING" | "STOPPING" | "DEPROVISIONING" => Health::Moving,
        _ => Health::Unknown,
    }
}

/// What a task that does not run yet waits for, by its state and the stations it has passed.
fn waits_for(task: &Task) -> Option<&'static str> {
    if task.desired_status == "STOPPED" {
        return None;
    }
    match task.last_status.as_str() {
        "PROVISIONING" => Some("capacity, or its network interface"),
        "PENDING" if task.pull_stopped_at.is_some() => {
            Some("its containers to be created and started")
        }
        "PENDING" if task.pull_started_at.is_some() => Some("its images, which are being pulled"),
        "PENDING" => Some("the agent of its host to take it on"),
        "ACTIVATING" => Some("its registration with load balancers and service discovery"),
        _ => None,
    }
}

/// The newest end first; of those that run, by group, the newest first.
fn order(one: &Arc<Task>, two: &Arc<Task>) -> Ordering {
    let ended = |task: &Task| task.stopped_at.or(task.stopping_at);
    ended(two)
        .cmp(&ended(one))
        .then_with(|| group(one).cmp(group(two)))
        .then_with(|| two.created_at.cmp(&one.created_at))
        .then_with(|| one.arn.cmp(&two.arn))
}

/// The service or family; of a task without a group, the family of its definition.
fn group(task: &Task) -> &str {
    match task.group_name() {
        "" => task.definition.family(),
        name => name,
    }
}

/// Where a task is in its life, and where ECS wants it, if that is elsewhere.
pub(super) fn status_words(task: &Task) -> String {
    let lost = task.connectivity.as_deref() == Some("DISCONNECTED");
    if task.desired_status.is_empty() || task.last_status == task.desired_status {
        let agent = if lost { " (no agent)" } else { "" };
        format!("{}{agent}", task.last_status)
    } else {
        format!("{} > {}", task.last_status, task.desired_status)
    }
}

fn status(task: &Arc<Task>, cx: &Cx) -> Cell {
    Cell::new(status_words(task), judge(task, cx.now).into())
}

fn exits(task: &Arc<Task>, cx: &Cx) -> Cell {
    let text = stops::exits(task);
    if text.is_empty() {
        return Cell::absent();
    }
    Cell::new(text, judge(task, cx.now).into())
}

fn instance(task: &Arc<Task>, cx: &Cx) -> Cell {
    let Some(arn) = &task.instance else {
        return Cell::absent();
    };
    match cx.store.instance(arn) {
        Some(instance) => Cell::plain(instances::name(instance).to_owned()),
        None => Cell::muted(arn.short().to_owned()),
    }
}

fn page_needs(subject: &Subject, store: &Store) -> Vec<Query> {
    let Some(cluster) = store.cluster_of(&subject.arn) else {
        return vec![store.around(&subject.arn, Query::Clusters)];
    };
    let mut queries = vec![Query::Task {
        cluster: cluster.clone(),
        task: subject.arn.clone(),
    }];
    if let Some(task) = store.task(&subject.arn)
        && task.instance.is_some()
    {
        queries.push(Query::Instances { cluster });
    }
    queries
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Timestamp, samples};

    fn task(last: &str, desired: &str) -> Task {
        let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
        let mut task = samples::task(&Arn::new("arn:aws:ecs:r:1:task/web/0123456789"), &cluster);
        task.last_status = last.to_owned();
        task.desired_status = desired.to_owned();
        task.created_at = Some(Timestamp(0));
        task
    }

    fn after(minutes: u64) -> Now {
        let mono = Duration::from_mins(minutes);
        let wall = Timestamp(i64::try_from(mono.as_millis()).unwrap_or(0));
        Now { wall, mono }
    }

    #[rstest]
    #[case("RUNNING", "RUNNING", 60, "RUNNING", Health::Ok)]
    #[case("PENDING", "RUNNING", 1, "PENDING > RUNNING", Health::Moving)]
    #[case("PENDING", "RUNNING", 60, "PENDING > RUNNING", Health::Warn)]
    #[case("RUNNING", "STOPPED", 60, "RUNNING > STOPPED", Health::Moving)]
    #[case(
        "DEPROVISIONING",
        "STOPPED",
        60,
        "DEPROVISIONING > STOPPED",
        Health::Moving
    )]
    #[case("STOPPED", "STOPPED", 60, "STOPPED", Health::Done)]
    #[case("WARPING", "RUNNING", 60, "WARPING > RUNNING", Health::Unknown)]
    #[case("RUNNING", "", 60, "RUNNING", Health::Ok)]
    fn statuses_are_judged(
        #[case] last: &str,
        #[case] desired: &str,
        #[case] minutes: u64,
        #[case] words: &str,
        #[case] health: Health,
    ) {
        let task = task(last, desired);
        assert_eq!(status_words(&task), words);
        assert_eq!(judge(&task, after(minutes)), health);
    }

    #[test]
    fn a_task_without_a_group_is_shown_by_its_family() {
        let mut task = task("RUNNING", "RUNNING");
        task.group = String::new();
        assert_eq!(group(&task), "web");
    }

    #[test]
    fn checks_and_connectivity_count_while_it_runs() {
        let mut task = task("RUNNING", "RUNNING");
        task.connectivity = Some("DISCONNECTED".to_owned());
        assert_eq!(judge(&task, after(1)), Health::Warn);
        task.health = "UNHEALTHY".to_owned();
        assert_eq!(judge(&task, after(1)), Health::Sick);
    }

    #[rstest]
    #[case("PROVISIONING", None, None, Some("capacity, or its network interface"))]
    #[case("PENDING", None, None, Some("the agent of its host to take it on"))]
    #[case("PENDING", Some(1), None, Some("its images, which are being pulled"))]
    #[case(
        "PENDING",
        Some(1),
        Some(2),
        Some("its containers to be created and started")
    )]
    #[case("RUNNING", Some(1), Some(2), None)]
    fn what_it_waits_for_is_read_from_its_stations(
        #[case] last: &str,
        #[case] pull_started: Option<i64>,
        #[case] pull_stopped: Option<i64>,
        #[case] expected: Option<&str>,
    ) {
        let mut task = task(last, "RUNNING");
        task.pull_started_at = pull_started.map(Timestamp);
        task.pull_stopped_at = pull_stopped.map(Timestamp);
        assert_eq!(waits_for(&task), expected);
    }
}
