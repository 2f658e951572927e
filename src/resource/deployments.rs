//! Deployments of a service, and the task sets of services that something else than ECS deploys.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Link, Page, Scope, SortKey, Step, Tone, View, condition, events, services,
    stops,
    words::{age_cell, age_key, count, launch, revision_cell, revision_key, strategy_item},
};
use crate::{
    model::{
        Arn, CircuitBreaker, Deployment, Health, Service, Subject, TaskFilter, TaskSet, Timestamp,
    },
    store::Store,
};

/// A deployment of a service, or a task set of it.
pub struct Row {
    service: Arc<Service>,
    index: usize,
}

/// What a row stands for.
enum Rollout<'a> {
    Deployment(&'a Deployment),
    Set(&'a TaskSet),
}

impl Row {
    fn rollout(&self) -> Option<Rollout<'_>> {
        let deployments = &self.service.deployments;
        match deployments.get(self.index) {
            Some(deployment) => Some(Rollout::Deployment(deployment)),
            None => self
                .service
                .task_sets
                .get(self.index - deployments.len())
                .map(Rollout::Set),
        }
    }

    fn deployment(&self) -> Option<&Deployment> {
        self.service.deployments.get(self.index)
    }

    fn id(&self) -> &str {
        match self.rollout() {
            Some(Rollout::Deployment(deployment)) => &deployment.id,
            Some(Rollout::Set(set)) => &set.id,
            None => "",
        }
    }

    fn status(&self) -> &str {
        match self.rollout() {
            Some(Rollout::Deployment(deployment)) => &deployment.status,
            Some(Rollout::Set(set)) => &set.status,
            None => "",
        }
    }

    fn definition(&self) -> Option<&Arn> {
        match self.rollout()? {
            Rollout::Deployment(deployment) => deployment.task_definition.as_ref(),
            Rollout::Set(set) => set.task_definition.as_ref(),
        }
    }

    /// Tasks desired, pending and running.
    fn counts(&self) -> (i32, i32, i32) {
        match self.rollout() {
            Some(Rollout::Deployment(one)) => (one.desired, one.pending, one.running),
            Some(Rollout::Set(set)) => (set.desired, set.pending, set.running),
            None => (0, 0, 0),
        }
    }

    fn created_at(&self) -> Option<Timestamp> {
        match self.rollout()? {
            Rollout::Deployment(deployment) => deployment.created_at,
            Rollout::Set(set) => set.created_at,
        }
    }
}

/// The view.
pub static VIEW: View<Row> = View {
    id: "deployments",
    aliases: &["dep", "deployment"],
    noun: "deployment",
    about: "Deployments of a service with rollout state, counts and failed tasks",
    under: &["service"],
    whole: false,
    facets: &[],
    columns: &[
        Column::text("STATUS", 8, 0, |row: &Row, _| {
            let tone = match row.status() {
                "PRIMARY" => Tone::Strong,
                "ACTIVE" | "DRAINING" => Tone::Plain,
                _ => Tone::Muted,
            };
            Cell::new(row.status().to_owned(), tone)
        }),
        Column::text("ROLLOUT", 11, 0, |row: &Row, cx| {
            let word = match row.rollout() {
                Some(Rollout::Deployment(deployment)) => deployment.rollout_state.as_deref(),
                Some(Rollout::Set(set)) => Some(set.stability.as_str()),
                None => None,
            };
            let tone = Tone::from(health(row, cx));
            Cell {
                tone,
                ..Cell::maybe(word)
            }
        })
        .grow(16),
        Column::text("REV", 12, 1, |row: &Row, _| revision_cell(row.definition()))
            .grow(40)
            .keep_end()
            .sorted_by(|row, _| revision_key(row.definition())),
        Column::number(
            "DESIRED",
            7,
            2,
            |row, _| Cell::count(row.counts().0),
            |row, _| SortKey::Number(row.counts().0.into()),
        ),
        Column::number(
            "PENDING",
            7,
            3,
            |row, _| Cell::count(row.counts().1),
            |row, _| SortKey::Number(row.counts().1.into()),
        ),
        Column::number(
            "RUNNING",
            7,
            0,
            |row, _| Cell::count(row.counts().2),
            |row, _| SortKey::Number(row.counts().2.into()),
        ),
        Column::number("FAILED", 6, 0, failed, |row: &Row, _| {
            row.deployment().map_or(SortKey::Absent, |deployment| {
                SortKey::Number(deployment.failed.into())
            })
        }),
        Column::number(
            "AGE",
            4,
            1,
            |row, cx| age_cell(row.created_at(), cx),
            |row, _| age_key(row.created_at()),
        ),
        Column::number(
            "UPDATED",
            7,
            5,
            |row, cx| age_cell(row.deployment().and_then(|one| one.updated_at), cx),
            |row, _| age_key(row.deployment().and_then(|one| one.updated_at)),
        ),
        Column::text("REASON", 20, 4, |row: &Row, _| {
            Cell::maybe(
                row.deployment()
                    .and_then(|one| one.rollout_reason.as_deref()),
            )
        })
        .grow(120),
        Column::text("ID", 20, 6, |row: &Row, _| Cell::muted(row.id().to_owned())).grow(30),
    ],
    needs: |scope, store| events::needs(scope.of.as_ref(), store),
    rows,
    subject: |row| Subject::part(&row.service.arn, row.id()),
    health,
    moving: |row| match row.rollout() {
        Some(Rollout::Deployment(one)) => one.rollout_state.as_deref() == Some("IN_PROGRESS"),
        Some(Rollout::Set(set)) => set.stability == "STABILIZING",
        None => false,
    },
    order: |one, two| {
        let primary = |row: &Row| row.status() != "PRIMARY";
        primary(one)
            .cmp(&primary(two))
            .then_with(|| two.created_at().cmp(&one.created_at()))
            .then_with(|| one.index.cmp(&two.index))
    },
    sick_first: false,
    when_empty: "",
    live: None,
    enter: |subject, _, _| Some(Step::Describe("deployments", subject.clone())),
    links: &[Link {
        id: "deployment.definition",
        key: "t",
        label: "task definition",
        about: "The task definition revision of the deployment",
        to: |subject, _, cx| {
            let row = find(subject, cx)?;
            let definition = row.definition()?;
            Some(Step::Describe("revisions", Subject::whole(definition)))
        },
    }],
    page_needs: services::page_needs,
    page,
};

fn rows(scope: &Scope, store: &Store) -> Vec<Row> {
    let service = scope
        .of
        .as_ref()
        .and_then(|subject| store.service(&subject.arn));
    service.map_or_else(Vec::new, |service| rows_of(service).collect())
}

fn rows_of(service: &Arc<Service>) -> impl Iterator<Item = Row> + '_ {
    (0..service.deployments.len() + service.task_sets.len()).map(|index| Row {
        service: Arc::clone(service),
        index,
    })
}

fn find(subject: &Subject, cx: &Cx) -> Option<Row> {
    let id = subject.part.as_deref()?;
    rows_of(cx.store.service(&subject.arn)?).find(|row| row.id() == id)
}

fn health(row: &Row, _: &Cx) -> Health {
    match row.rollout() {
        Some(Rollout::Deployment(deployment)) => deployment_health(deployment),
        Some(Rollout::Set(set)) => match set.stability.as_str() {
            "STEADY_STATE" => Health::Ok,
            "STABILIZING" => Health::Moving,
            _ => Health::Unknown,
        },
        None => Health::Unknown,
    }
}

fn deployment_health(deployment: &Deployment) -> Health {
    match deployment.rollout_state.as_deref() {
        Some("FAILED") => Health::Sick,
        _ if deployment.failed > 0 && deployment.running < deployment.desired => Health::Sick,
        Some("IN_PROGRESS") if condition::is_rollback(deployment) => Health::Warn,
        Some("IN_PROGRESS") => Health::Moving,
        Some("COMPLETED") | None if deployment.status == "INACTIVE" => Health::Done,
        Some("COMPLETED") => Health::Ok,
        Some(_) => Health::Unknown,
        None if deployment.running < deployment.desired => Health::Moving,
        None => Health::Ok,
    }
}

fn failed(row: &Row, _: &Cx) -> Cell {
    let Some(deployment) = row.deployment() else {
        return Cell::absent();
    };
    if deployment.failed > 0 {
        Cell::new(deployment.failed.to_string(), Tone::Error)
    } else {
        Cell::count(deployment.failed)
    }
}

/// The rollout state of a deployment with its progress while that says something: `IN_PROGRESS 3/5`.
pub(super) fn progress(deployment: &Deployment) -> Cell {
    let tone = Tone::from(deployment_health(deployment));
    let count = format!("{}/{}", deployment.running, deployment.desired);
    match deployment.rollout_state.as_deref() {
        Some("COMPLETED") => Cell::muted("COMPLETED"),
        Some(state) => Cell::new(format!("{state} {count}"), tone),
        None if deployment.running < deployment.desired => Cell::new(count, tone),
        None => Cell::absent(),
    }
}

/// The stability of a task set with its progress while that says something: `STABILIZING 1/2`.
pub(super) fn stability(set: &TaskSet) -> Cell {
    match set.stability.as_str() {
        "STEADY_STATE" => Cell::muted("STEADY_STATE"),
        "" => Cell::absent(),
        other => Cell::new(
            format!("{other} {}/{}", set.running, set.desired),
            Tone::Progress,
        ),
    }
}

/// The fewest tasks that stay and the most that run during a deployment: the minimum is rounded up, the maximum
/// down (ECS developer guide, "rolling update").
#[must_use]
pub fn bounds(
    desired: i32,
    minimum_percent: Option<i32>,
    maximum_percent: Option<i32>,
) -> (Option<i32>, Option<i32>) {
    let part = |percent: i32, round: i64| {
        let tasks = (i64::from(desired.max(0)) * i64::from(percent.max(0)) + round) / 100;
        i32::try_from(tasks).unwrap_or(i32::MAX)
    };
    (
        minimum_percent.map(|percent| part(percent, 99)),
        maximum_percent.map(|percent| part(percent, 0)),
    )
}

/// Adds what holds for every deployment of a service: its bounds and its circuit breaker.
pub(super) fn rules(page: &mut Page, service: &Service) {
    let (minimum, maximum) = (service.minimum_healthy_percent, service.maximum_percent);
    let (fewest, most) = bounds(service.desired, minimum, maximum);
    if let (Some(percent), Some(tasks)) = (minimum, fewest) {
        page.field(
            "minimum healthy",
            format!("{percent}% = {}", count(tasks, "task")),
        );
    }
    if let (Some(percent), Some(tasks)) = (maximum, most) {
        page.field(
            "maximum running",
            format!("{percent}% = {}", count(tasks, "task")),
        );
    }
    if let (Some(fewest), Some(most)) = (fewest, most)
        && service.desired > 0
        && fewest >= service.desired
        && most <= service.desired
    {
        page.toned(
            "",
            "no task can be replaced: raise the maximum or lower the minimum",
            Tone::Warn,
        );
    }
    match service.circuit_breaker {
        Some(breaker) if breaker.enable => page.field(
            "circuit breaker",
            format!(
                "on, trips at {} failed tasks, {}",
                CircuitBreaker::threshold(service.desired),
                if breaker.rollback {
                    "then rolls back"
                } else {
                    "does not roll back"
                }
            ),
        ),
        _ => page.toned("circuit breaker", "off", Tone::Muted),
    }
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let row = find(subject, cx)?;
    let service = &row.service;
    let mut page = Page::new(format!("deployment of {}", service.name));
    let (desired, pending, running) = row.counts();
    match row.rollout()? {
        Rollout::Deployment(deployment) => {
            page.heading("Deployment");
            page.field("id", deployment.id.clone());
            page.field("service arn", service.arn.to_string());
            page.field("status", deployment.status.clone());
            page.toned(
                "rollout",
                deployment.rollout_state.clone().unwrap_or_default(),
                deployment_health(deployment).into(),
            );
            page.maybe("reason", deployment.rollout_reason.as_deref());
        }
        Rollout::Set(set) => {
            page.heading("Task set");
            page.field("id", set.id.clone());
            page.field("status", set.status.clone());
            page.toned("stability", set.stability.clone(), health(&row, cx).into());
        }
    }
    page.field("service", service.name.clone());
    page.field(
        "task definition",
        row.definition()
            .map_or_else(String::new, |arn| arn.name().to_owned()),
    );
    page.time("created", row.created_at(), cx.now);
    if let Some(deployment) = row.deployment() {
        page.time("updated", deployment.updated_at, cx.now);
        let launched = launch(deployment.launch_type.as_deref(), &deployment.strategy);
        page.maybe("launch", launched.as_deref());
        page.list("strategy", deployment.strategy.iter().map(strategy_item));
    }
    page.heading("Tasks");
    page.field("desired", desired.to_string());
    page.field("pending", pending.to_string());
    page.field("running", running.to_string());
    if let Some(deployment) = row.deployment() {
        failed_field(&mut page, service, deployment);
    }
    let filter = TaskFilter::Service(service.name.clone());
    let mut stopped = cx.store.tasks_of(&service.cluster, &filter, true);
    stopped.retain(|task| task.started_by.as_deref() == Some(row.id()));
    stops::section(&mut page, &stopped, cx.now);
    page.heading("Rules");
    rules(&mut page, service);
    Some(page)
}

fn failed_field(page: &mut Page, service: &Service, deployment: &Deployment) {
    let watched = service
        .circuit_breaker
        .is_some_and(|breaker| breaker.enable);
    let failed = deployment.failed;
    let text = if watched {
        let threshold = CircuitBreaker::threshold(deployment.desired);
        format!("{failed} of {threshold} in a row before the breaker trips")
    } else {
        failed.to_string()
    };
    let tone = if deployment.failed > 0 {
        Tone::Error
    } else {
        Tone::Plain
    };
    page.toned("failed", text, tone);
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::samples;

    #[rstest]
    #[case(5, Some(50), Some(150), (Some(3), Some(7)))]
    #[case(1, Some(100), Some(100), (Some(1), Some(1)))]
    #[case(3, Some(0), Some(200), (Some(0), Some(6)))]
    #[case(0, Some(100), Some(200), (Some(0), Some(0)))]
    #[case(3, None, None, (None, None))]
    fn the_minimum_rounds_up_and_the_maximum_down(
        #[case] desired: i32,
        #[case] minimum: Option<i32>,
        #[case] maximum: Option<i32>,
        #[case] expected: (Option<i32>, Option<i32>),
    ) {
        assert_eq!(bounds(desired, minimum, maximum), expected);
    }

    #[rstest]
    #[case(Some("COMPLETED"), 5, 5, 0, "COMPLETED", Health::Ok)]
    #[case(Some("IN_PROGRESS"), 5, 3, 0, "IN_PROGRESS 3/5", Health::Moving)]
    #[case(Some("IN_PROGRESS"), 5, 3, 2, "IN_PROGRESS 3/5", Health::Sick)]
    #[case(Some("FAILED"), 5, 0, 5, "FAILED 0/5", Health::Sick)]
    #[case(Some("PAUSED"), 5, 5, 0, "PAUSED 5/5", Health::Unknown)]
    #[case(None, 5, 5, 0, "-", Health::Ok)]
    #[case(None, 5, 2, 0, "2/5", Health::Moving)]
    fn rollouts_show_their_progress(
        #[case] state: Option<&str>,
        #[case] desired: i32,
        #[case] running: i32,
        #[case] failed: i32,
        #[case] text: &str,
        #[case] health: Health,
    ) {
        let definition = Arn::new("arn:aws:ecs:r:1:task-definition/web:7");
        let mut deployment = samples::deployment("ecs-svc/1", &definition);
        deployment.rollout_state = state.map(str::to_owned);
        (deployment.desired, deployment.running) = (desired, running);
        deployment.failed = failed;
        assert_eq!(progress(&deployment).text, text);
        assert_eq!(deployment_health(&deployment), health);
    }
}
