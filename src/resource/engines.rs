//! Docker Engines that live stats and logs come from, as far as they are or were connected to.

use super::{Cell, Column, Cx, Live, Page, Place, Scope, SortKey, Step, Tone, View, words};
use crate::{
    model::{
        Arn, Engine, EngineContainer, EngineId, EngineState, Fault, Health, Subject, Timestamp,
    },
    store::Store,
};

/// What a row says of an engine; its containers are only counted.
pub struct Row {
    address: Arn,
    state: EngineState,
    since: Timestamp,
    version: String,
    api: String,
    instance: Option<Arn>,
    tasks: usize,
    running: usize,
    containers: usize,
    streams: usize,
}

impl Row {
    fn new(engine: &Engine) -> Self {
        let (tasks, running, containers) = counts(engine);
        Self {
            address: Arn::new(engine.id.as_str()),
            state: engine.state.clone(),
            since: engine.since,
            version: engine.version.clone(),
            api: engine.api.clone(),
            instance: engine.instance.clone(),
            tasks,
            running,
            containers,
            streams: engine.streams,
        }
    }

    /// Whether what is said of its containers may be no longer so.
    fn is_past(&self) -> bool {
        self.state != EngineState::Connected
    }
}

/// The view. An engine has no ARN: its address stands for it.
pub static VIEW: View<Row> = View {
    id: "engines",
    aliases: &["eng", "docker", "engine"],
    noun: "engine",
    about: "Docker Engines that live stats and logs come from, and what is wrong with them",
    under: &[],
    whole: true,
    facets: &[],
    columns: &[
        Column::text("ADDRESS", 16, 0, |row: &Row, _| {
            Cell::plain(row.address.as_str().to_owned())
        })
        .grow(60)
        .cut_start(),
        Column::text("STATE", 19, 0, |row: &Row, _| {
            let (word, tone) = words_of(&row.state);
            Cell::new(word, tone)
        })
        .grow(40),
        Column::text("INSTANCE", 19, 1, |row: &Row, cx| {
            Cell::maybe(instance(row.instance.as_ref(), cx).as_deref())
        })
        .grow(20),
        Column::text("WHY", 20, 3, |row: &Row, _| match &row.state {
            EngineState::Failed(fault) => {
                // Which engine that is stands in the first column.
                Cell::new(fault.message.clone(), Tone::Error)
            }
            _ => Cell::absent(),
        })
        .sorted_by(|row, _| match &row.state {
            EngineState::Failed(fault) => SortKey::text(&fault.message),
            _ => SortKey::Absent,
        })
        .grow(100)
        .live(),
        Column::number(
            "TASKS",
            5,
            1,
            |row: &Row, _| count(row.tasks),
            |row, _| key(row.tasks),
        ),
        Column::text("CONTAINERS", 18, 3, |row: &Row, _| {
            if row.is_past() && row.containers == 0 {
                return Cell::absent();
            }
            let counted = format!("{}/{}", row.running, row.containers);
            if row.is_past() {
                Cell::new(format!("{counted} (last known)"), Tone::Stale)
            } else {
                Cell::plain(format!("{counted} running"))
            }
        })
        .grow(24)
        .sorted_by(|row, _| key(row.running)),
        Column::number(
            "STREAMS",
            7,
            4,
            |row: &Row, _| count(row.streams),
            |row, _| key(row.streams),
        ),
        Column::text("VERSION", 8, 4, |row: &Row, _| {
            Cell::maybe(Some(&row.version))
        })
        .grow(16),
        Column::text("API", 5, 5, |row: &Row, _| Cell::maybe(Some(&row.api))),
        Column::number(
            "SINCE",
            5,
            1,
            |row, cx| words::age_cell(Some(row.since), cx),
            |row, _| words::age_key(Some(row.since)),
        ),
    ],
    // Engines tell of themselves; nobody asks for them.
    needs: |_, _| Vec::new(),
    rows: |_, store| store.engines().map(Row::new).collect(),
    subject: |row| Subject::whole(&row.address),
    health: |row, _| health(&row.state),
    moving: |_| false,
    order: |one, two| one.address.cmp(&two.address),
    sick_first: true,
    when_empty: "They are looked for when a table with live stats or a log is open: at DOCKER_HOST, or at the local \
                 socket /var/run/docker.sock, and where [[engines.hosts]] of the configuration says.",
    // What is connected stays so while it is looked at.
    live: Some(|_, _| Live::default()),
    enter,
    links: &[],
    page_needs: |_, _| Vec::new(),
    page,
};

/// How the connection to an engine is doing.
pub(super) fn health(state: &EngineState) -> Health {
    match state {
        EngineState::Failed(_) => Health::Sick,
        EngineState::Connecting => Health::Moving,
        EngineState::Connected => Health::Ok,
        EngineState::Closed => Health::Done,
    }
}

fn words_of(state: &EngineState) -> (String, Tone) {
    let word = match state {
        EngineState::Connected => "connected".to_owned(),
        EngineState::Connecting => "connecting".to_owned(),
        EngineState::Closed => "closed".to_owned(),
        EngineState::Failed(fault) => format!("failed: {}", fault.word()),
    };
    (word, health(state).into())
}

/// How the connection to an engine stands, in words.
pub(super) fn state(engine: &Engine) -> (String, Tone) {
    words_of(&engine.state)
}

/// Tasks, and containers of tasks that run and that there are, the agent's own left out.
fn counts(engine: &Engine) -> (usize, usize, usize) {
    let containers = engine.containers.iter();
    let own: Vec<&EngineContainer> = containers.filter(|one| !one.is_pause).collect();
    let mut tasks: Vec<&Arn> = own.iter().map(|container| &container.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let running = own
        .iter()
        .filter(|container| container.is_running())
        .count();
    (tasks.len(), running, own.len())
}

fn count(number: usize) -> Cell {
    Cell::count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn key(number: usize) -> SortKey {
    SortKey::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The container instance by its EC2 id, or by what is known of it.
fn instance(arn: Option<&Arn>, cx: &Cx) -> Option<String> {
    let arn = arn?;
    let known = cx.store.instance(arn);
    Some(known.map_or_else(
        || arn.short().to_owned(),
        |known| super::instances::name(known).to_owned(),
    ))
}

fn find<'a>(subject: &Subject, store: &'a Store) -> Option<&'a Engine> {
    store.engine(&EngineId::new(subject.arn.as_str()))
}

fn enter(subject: &Subject, _: &Scope, cx: &Cx) -> Option<Step> {
    let engine = find(subject, cx.store)?;
    let known = engine.instance.as_ref();
    match known.filter(|instance| cx.store.cluster_of(instance).is_some()) {
        Some(instance) => Some(Step::Open(Place::of("tasks", Subject::whole(instance)))),
        None => Some(Step::Describe("engines", subject.clone())),
    }
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let engine = find(subject, cx.store)?;
    let mut page = Page::new(format!("engine {}", engine.id));
    page.heading("Docker Engine");
    page.field("address", engine.id.to_string());
    let (word, tone) = state(engine);
    page.toned("state", word, tone);
    if let EngineState::Failed(fault) = &engine.state {
        failure(&mut page, fault);
    }
    page.time("since", Some(engine.since), cx.now);
    page.maybe("version", Some(&engine.version));
    page.maybe("api", Some(&engine.api));
    page.maybe(
        "instance",
        instance(engine.instance.as_ref(), cx).as_deref(),
    );
    page.field("open streams", engine.streams.to_string());
    containers(&mut page, engine);
    Some(page)
}

fn failure(page: &mut Page, fault: &Fault) {
    page.toned(
        "why",
        format!("{}: {}", fault.op, fault.message),
        Tone::Error,
    );
    if !fault.hint.is_empty() {
        page.field("look at", fault.hint.clone());
    }
    page.toned("", "It is tried again by itself.", Tone::Muted);
}

/// Adds the containers of tasks on it, by task.
fn containers(page: &mut Page, engine: &Engine) {
    let past = engine.state != EngineState::Connected;
    page.heading(if past {
        "Containers of tasks (last known)"
    } else {
        "Containers of tasks"
    });
    let (tasks, running, all) = counts(engine);
    let words = match (all, past) {
        (0, true) => "not known".to_owned(),
        (0, false) => "none".to_owned(),
        _ => format!(
            "{running} of {all} running, in {}",
            words::count(i64::try_from(tasks).unwrap_or(i64::MAX), "task")
        ),
    };
    let tone = if past { Tone::Stale } else { Tone::Plain };
    page.toned("in all", words, tone);
    let mut listed: Vec<&EngineContainer> = engine.containers.iter().collect();
    listed.retain(|container| !container.is_pause);
    listed.sort_by(|one, two| {
        one.task
            .cmp(&two.task)
            .then_with(|| one.name.cmp(&two.name))
    });
    for container in listed {
        let mut text = format!("{}  {}", container.name, container.state);
        if let Some(code) = container.exit_code.filter(|_| !container.is_running()) {
            text.push_str(&format!(", exit {code}"));
        }
        if container.restarts > 0 {
            text.push_str(&format!(", {} restarts", container.restarts));
        }
        let tone = if container.oom_killed {
            text.push_str(", killed for its memory");
            Tone::Error
        } else {
            tone
        };
        page.toned(container.task.short(), text, tone);
    }
}
