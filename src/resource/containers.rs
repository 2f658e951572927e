//! Containers of a task.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Link, Page, Scope, SortKey, Step, Tone, View,
    definition::log_stream,
    drift, stops,
    usage::{self, Using, figure, trend},
    words::{age_cell, age_key, cpu_units, image, mebibytes, verdict_cell, verdict_words, yes_no},
};
use crate::{
    model::{
        Arn, Container, ContainerDefinition, Health, PortBinding, PortMapping, Query, Subject,
        Task, TaskDefinition, short_digest,
    },
    store::Store,
};

/// A container of a task, with the definition of the task once that is known.
pub struct Row {
    task: Arc<Task>,
    definition: Option<Arc<TaskDefinition>>,
    index: usize,
}

impl Row {
    fn container(&self) -> Option<&Container> {
        self.task.containers.get(self.index)
    }

    fn name(&self) -> &str {
        self.container().map_or("", |container| &container.name)
    }

    /// What the task definition says of it.
    fn defined(&self) -> Option<&ContainerDefinition> {
        let mut containers = self.definition.as_deref()?.containers.iter();
        containers.find(|container| container.name == self.name())
    }

    fn ports(&self) -> Vec<String> {
        let bindings = self
            .container()
            .map_or(&[][..], |container| &container.bindings);
        if bindings.is_empty() {
            let mapped = self.defined().map_or(&[][..], |defined| &defined.ports);
            mapped.iter().map(mapping).collect()
        } else {
            bindings.iter().map(binding).collect()
        }
    }
}

impl Using for Row {
    fn uses(&self, cx: &Cx) -> usage::Uses {
        usage::of_container(&self.task, self.name(), cx)
    }

    fn is_known(&self, cx: &Cx) -> bool {
        cx.store.engines().next().is_some()
    }
}

/// The view.
pub static VIEW: View<Row> = View {
    id: "containers",
    aliases: &["co", "container"],
    noun: "container",
    about: "Containers of a task: CPU, memory, images, ports, exit codes",
    under: &["task"],
    whole: false,
    facets: &[],
    columns: &[
        Column::text("NAME", 14, 0, |row: &Row, _| {
            let essential = row.defined().is_some_and(|defined| defined.essential);
            let tone = if essential { Tone::Strong } else { Tone::Plain };
            Cell::new(row.name().to_owned(), tone)
        })
        .grow(36),
        Column::region(|row, _| Cell::region(&row.task.arn)),
        Column::text("STATUS", 8, 0, |row: &Row, cx| {
            let status = row
                .container()
                .map_or_else(String::new, |container| container.last_status.clone());
            Cell::new(status, health(row, cx).into())
        })
        .grow(14),
        Column::text("HEALTH", 9, 1, |row: &Row, _| {
            row.container()
                .map_or_else(Cell::absent, |container| verdict_cell(&container.health))
        }),
        figure!(CPU, "CPU%RES", 9, 1),
        figure!(CORES, "CPU%CORE", 9, 3),
        figure!(MEMORY, "MEM", 14, 1),
        Column::number(
            "TREND",
            12,
            2,
            |row: &Row, cx| {
                let subject = Subject::part(&row.task.arn, row.name());
                Cell::trend(trend([subject].iter(), cx), Tone::Plain)
            },
            |row, cx| usage::Figure::CORES.key(row, cx),
        )
        .live(),
        figure!(OOM, "OOM", 8, 1),
        Column::text("ESSENTIAL", 9, 6, |row: &Row, _| match row.defined() {
            Some(defined) if defined.essential => Cell::plain("yes"),
            Some(_) => Cell::muted("no"),
            None => Cell::absent(),
        }),
        Column::text("IMAGE", 16, 2, |row: &Row, _| {
            Cell::maybe(row.container().map(|one| image(&one.image)).as_deref())
        })
        .grow(60)
        .keep_end(),
        Column::text("DIGEST", 12, 5, |row: &Row, _| {
            let digest = row.container().and_then(|one| one.digest.as_deref());
            Cell::maybe(digest.map(short_digest))
        }),
        Column::text("DRIFT", 12, 2, |row: &Row, cx| {
            standing(row, cx).map_or_else(Cell::absent, |standing| standing.cell())
        })
        .grow(40)
        .sorted_by(|row, cx| standing(row, cx).map_or(SortKey::Absent, |one| one.key()))
        .live(),
        Column::number(
            "UNITS",
            5,
            4,
            |row: &Row, _| cpu(row).map_or_else(Cell::absent, Cell::count),
            |row, _| cpu(row).map_or(SortKey::Absent, SortKey::Number),
        ),
        Column::text("MEM LIMIT", 13, 3, |row: &Row, _| match memory(row) {
            (Some(limit), _) => Cell::plain(format!("limit {}", mebibytes(limit))),
            (None, Some(reserved)) => Cell::plain(format!("soft {}", mebibytes(reserved))),
            (None, None) => Cell::absent(),
        })
        .sorted_by(|row, _| {
            let (limit, reserved) = memory(row);
            limit.or(reserved).map_or(SortKey::Absent, SortKey::Number)
        }),
        Column::text("PORTS", 12, 4, |row: &Row, _| {
            Cell::maybe(Some(&row.ports().join(", ")))
        })
        .grow(40),
        Column::number("EXIT", 4, 1, exit, |row: &Row, _| {
            row.container()
                .and_then(|container| container.exit_code)
                .map_or(SortKey::Absent, |code| SortKey::Number(code.into()))
        }),
        Column::text("REASON", 16, 2, |row: &Row, _| {
            Cell::maybe(row.container().and_then(|one| one.reason.as_deref()))
        })
        .grow(120),
        figure!(NETWORK, "NET IN/OUT", 13, 4),
        figure!(DISK, "DISK R/W", 13, 5),
        figure!(PROCESSES, "PIDS", 4, 5),
        figure!(THROTTLED, "HELD", 4, 5),
        figure!(RESTARTS, "RST", 3, 3),
        Column::text("SOURCE", 18, 5, |row: &Row, cx| {
            usage::Figure::SOURCE.cell(row, cx)
        })
        .not_found()
        .sorted_by(|row, cx| usage::Figure::SOURCE.key(row, cx)),
        Column::number(
            "AGE",
            4,
            5,
            |row, cx| age_cell(row.task.started_at.or(row.task.created_at), cx),
            |row, _| age_key(row.task.started_at.or(row.task.created_at)),
        ),
    ],
    needs: |scope, store| match &scope.of {
        Some(subject) => needs(&subject.arn, store),
        None => Vec::new(),
    },
    rows,
    subject: |row| Subject::part(&row.task.arn, row.name()),
    health,
    moving: |row| !row.task.is_stopped() && row.task.last_status != row.task.desired_status,
    order: |one, two| one.index.cmp(&two.index),
    sick_first: true,
    when_empty: "",
    live: Some(drift::live_containers),
    enter: |subject, _, _| Some(Step::Describe("containers", subject.clone())),
    links: &[
        IMAGE,
        Link {
            id: "container.definition",
            key: "t",
            label: "task definition",
            about: "The task definition revision that the container comes from",
            to: |subject, _, cx| {
                let task = cx.store.task(&subject.arn)?;
                Some(Step::Describe(
                    "revisions",
                    Subject::whole(&task.definition),
                ))
            },
        },
    ],
    page_needs: |subject, store| needs(&subject.arn, store),
    page,
};

/// The image of a container.
const IMAGE: Link = Link {
    id: "container.image",
    key: "I",
    label: "image",
    about: "The image that the container runs, if it is in the account's ECR",
    to: |subject, _, cx| {
        let task = cx.store.task(&subject.arn)?;
        let container = task.container(subject.part.as_deref()?)?;
        drift::step(&container.image, container.digest.as_deref(), &task.arn, cx)
    },
};

fn standing(row: &Row, cx: &Cx) -> Option<drift::Standing> {
    Some(drift::of(row.container()?, &row.task, cx.store))
}

fn needs(task: &Arn, store: &Store) -> Vec<Query> {
    let Some(cluster) = store.cluster_of(task) else {
        return vec![store.around(task, Query::Clusters)];
    };
    let mut queries = vec![Query::Task {
        cluster,
        task: task.clone(),
    }];
    if let Some(task) = store.task(task) {
        queries.push(Query::Definition {
            definition: task.definition.clone(),
        });
    }
    queries
}

fn rows(scope: &Scope, store: &Store) -> Vec<Row> {
    let task = scope
        .of
        .as_ref()
        .and_then(|subject| store.task(&subject.arn));
    task.map_or_else(Vec::new, |task| rows_of(task, store))
}

fn rows_of(task: &Arc<Task>, store: &Store) -> Vec<Row> {
    (0..task.containers.len())
        .map(|index| Row {
            task: Arc::clone(task),
            definition: store.definition(&task.definition).cloned(),
            index,
        })
        .collect()
}

fn health(row: &Row, _: &Cx) -> Health {
    row.container()
        .map_or(Health::Unknown, |container| judge(&row.task, container))
}

/// How a container is doing, or how it ended.
pub(super) fn judge(task: &Task, container: &Container) -> Health {
    if container.health == "UNHEALTHY" {
        return Health::Sick;
    }
    match container.last_status.as_str() {
        "RUNNING" => Health::Ok,
        "PENDING" | "PULLED" | "CREATED" | "STARTING" | "RESOURCES_PROVISIONED" => Health::Moving,
        "STOPPED" => ended(task, container),
        _ => Health::Unknown,
    }
}

fn ended(task: &Task, container: &Container) -> Health {
    let told = task.is_stopped() && stops::explain(task).health == Health::Done;
    match (container.exit_code, container.reason.as_deref()) {
        _ if told => Health::Done,
        (Some(0) | None, None | Some("")) => Health::Done,
        (Some(143), None | Some("")) if task.is_stopped() => Health::Done,
        _ => Health::Sick,
    }
}

fn exit(row: &Row, cx: &Cx) -> Cell {
    match row.container().and_then(|container| container.exit_code) {
        Some(code) => Cell::new(code.to_string(), health(row, cx).into()),
        None => Cell::absent(),
    }
}

fn cpu(row: &Row) -> Option<i64> {
    let defined = || row.defined().map(|defined| i64::from(defined.cpu));
    row.container()
        .and_then(|container| container.cpu)
        .or_else(defined)
}

/// The memory limit and the reservation, in MiB.
fn memory(row: &Row) -> (Option<i64>, Option<i64>) {
    let container = row.container();
    let defined = row.defined();
    let limit = container
        .and_then(|container| container.memory)
        .or_else(|| defined?.memory.map(i64::from));
    let reserved = container
        .and_then(|container| container.memory_reservation)
        .or_else(|| defined?.memory_reservation.map(i64::from));
    (limit, reserved)
}

/// Writes a published port, host first: `32768->80/tcp`.
fn binding(port: &PortBinding) -> String {
    let address = match port.ip.as_str() {
        "" | "0.0.0.0" | "::" => String::new(),
        ip if ip.contains(':') => format!("[{ip}]:"),
        ip => format!("{ip}:"),
    };
    format!(
        "{address}{}->{}{}",
        port.host,
        port.container,
        protocol(&port.protocol)
    )
}

/// Writes a port of a task definition: `80/tcp`, with the host's if it is another.
pub(super) fn mapping(port: &PortMapping) -> String {
    let host = port
        .host
        .filter(|host| host.to_string() != port.container)
        .map_or_else(String::new, |host| match host {
            0 => "any->".to_owned(),
            host => format!("{host}->"),
        });
    format!("{host}{}{}", port.container, protocol(&port.protocol))
}

fn protocol(protocol: &str) -> String {
    match protocol {
        "" => String::new(),
        protocol => format!("/{protocol}"),
    }
}

/// Adds what a task says of one of its containers.
pub(super) fn facts(page: &mut Page, container: &Container) {
    page.field("status", container.last_status.clone());
    page.toned(
        "health",
        verdict_words(&container.health),
        verdict_cell(&container.health).tone,
    );
    if let Some(code) = container.exit_code {
        page.field("exit code", code.to_string());
    }
    page.maybe("reason", container.reason.as_deref());
    page.field("image", container.image.clone());
    page.maybe("digest", container.digest.as_deref());
    page.maybe("runtime id", container.runtime_id.as_deref());
    if let Some(units) = container.cpu {
        page.field("cpu", cpu_units(units));
    }
    if let Some(limit) = container.memory {
        page.field("memory limit", mebibytes(limit));
    }
    if let Some(reserved) = container.memory_reservation {
        page.field("memory reserved", mebibytes(reserved));
    }
    page.list("ports", container.bindings.iter().map(binding));
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let name = subject.part.as_deref()?;
    let task = cx.store.task(&subject.arn)?;
    let row = rows_of(task, cx.store)
        .into_iter()
        .find(|row| row.name() == name)?;
    let container = row.container()?;
    let mut page = Page::new(format!("container {name}"));
    page.heading("Container");
    page.field("name", name.to_owned());
    page.field("task", task.arn.to_string());
    page.field("task definition", task.definition.name().to_owned());
    page.time("task created", task.created_at, cx.now);
    page.time("task started", task.started_at, cx.now);
    if container.reason.is_some() || container.exit_code.is_some_and(|code| code != 0) {
        let stop = stops::explain(task);
        page.toned("task's end", stop.says, stop.health.into());
        if !stop.next.is_empty() {
            page.field("look at", stop.next);
        }
    }
    let stream = row.defined().and_then(|one| log_stream(one, &task.arn));
    if let Some((group, stream)) = stream {
        page.field("log group", group);
        page.field("log stream", stream);
    }
    page.heading("Now");
    facts(&mut page, container);
    drift::field(&mut page, container, task, cx);
    usage::container_section(&mut page, task, name, cx);
    if let Some(defined) = row.defined() {
        page.heading(format!("In the task definition {}", task.definition.name()));
        yes_no(&mut page, "essential", defined.essential);
        super::definition::container(&mut page, defined);
    } else {
        page.heading("Task definition");
        page.toned("", "not known yet", Tone::Muted);
    }
    Some(page)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Now, samples};

    #[rstest]
    #[case("0.0.0.0", 32768, 80, "tcp", "32768->80/tcp")]
    #[case("::", 32768, 80, "tcp", "32768->80/tcp")]
    #[case("10.0.0.1", 53, 53, "udp", "10.0.0.1:53->53/udp")]
    #[case("fd00::1", 53, 53, "", "[fd00::1]:53->53")]
    fn bindings_name_the_host_first(
        #[case] ip: &str,
        #[case] host: i32,
        #[case] container: i32,
        #[case] protocol: &str,
        #[case] text: &str,
    ) {
        let port = PortBinding {
            ip: ip.to_owned(),
            container,
            host,
            protocol: protocol.to_owned(),
        };
        assert_eq!(binding(&port), text);
    }

    #[rstest]
    #[case("80", None, "80/tcp")]
    #[case("80", Some(80), "80/tcp")]
    #[case("80", Some(0), "any->80/tcp")]
    #[case("80", Some(8080), "8080->80/tcp")]
    #[case("8000-8010", None, "8000-8010/tcp")]
    fn mappings_name_the_host_if_it_differs(
        #[case] container: &str,
        #[case] host: Option<i32>,
        #[case] text: &str,
    ) {
        let port = PortMapping {
            container: container.to_owned(),
            host,
            protocol: "tcp".to_owned(),
            name: None,
        };
        assert_eq!(mapping(&port), text);
    }

    #[rstest]
    #[case("RUNNING", "UNKNOWN", None, None, Health::Ok)]
    #[case("RUNNING", "UNHEALTHY", None, None, Health::Sick)]
    #[case("PENDING", "UNKNOWN", None, None, Health::Moving)]
    #[case("STOPPED", "UNKNOWN", Some(0), None, Health::Done)]
    #[case("STOPPED", "UNKNOWN", Some(1), None, Health::Sick)]
    #[case(
        "STOPPED",
        "UNKNOWN",
        None,
        Some("CannotPullContainerError: x"),
        Health::Sick
    )]
    #[case("STOPPED", "UNKNOWN", None, None, Health::Done)]
    #[case("MELTED", "UNKNOWN", None, None, Health::Unknown)]
    fn containers_are_judged(
        #[case] status: &str,
        #[case] verdict: &str,
        #[case] exit_code: Option<i32>,
        #[case] reason: Option<&str>,
        #[case] expected: Health,
    ) {
        let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
        let mut task = samples::task(&Arn::new("arn:aws:ecs:r:1:task/web/0123456789"), &cluster);
        let mut container = samples::container("app", "web");
        container.last_status = status.to_owned();
        container.health = verdict.to_owned();
        container.exit_code = exit_code;
        container.reason = reason.map(str::to_owned);
        task.containers = vec![container];
        let store = Store::new();
        let cx = Cx {
            store: &store,
            now: Now::default(),
        };
        let rows = rows_of(&Arc::new(task), &store);
        let health: Vec<_> = rows.iter().map(|row| super::health(row, &cx)).collect();
        assert_eq!(health, [expected]);
    }
}
