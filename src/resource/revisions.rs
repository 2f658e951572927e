//! Revisions of a task definition family, newest first.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Link, Page, Scope, SortKey, Step, View, definition, drift, families,
    words::{age_cell, age_key, image, memory_text},
};
use crate::{
    model::{Arn, Health, Query, Subject, TaskDefinition, Timestamp},
    store::Store,
};

/// The newest revisions whose definitions are fetched with the list; they never change, so this costs but once.
const DESCRIBED: usize = 20;

/// A revision, with its definition once that is known.
pub struct Row {
    arn: Arn,
    definition: Option<Arc<TaskDefinition>>,
}

impl Row {
    fn maybe(&self, text: fn(&TaskDefinition) -> Option<String>) -> Cell {
        Cell::maybe(self.definition.as_deref().and_then(text).as_deref())
    }
}

/// The view. Its scope is a family; its subjects are the ARNs of revisions.
pub static VIEW: View<Row> = View {
    id: "revisions",
    aliases: &["rev", "revision"],
    noun: "revision",
    about: "Revisions of a task definition family, newest first",
    under: &["family"],
    whole: false,
    facets: &[],
    columns: &[
        Column::text("REV", 6, 0, |row: &Row, _| match row.arn.revision() {
            Some(revision) => Cell::plain(revision.to_string()),
            None => Cell::plain(row.arn.name().to_owned()),
        })
        .sorted_by(|row, _| {
            row.arn
                .revision()
                .map_or(SortKey::Absent, |revision| SortKey::Number(revision.into()))
        }),
        Column::text("STATUS", 8, 0, |row: &Row, cx| match &row.definition {
            Some(known) => Cell::new(known.status.clone(), health(row, cx).into()),
            None => Cell::muted("ACTIVE"),
        })
        .grow(18),
        Column::text("IMAGES", 20, 0, |row: &Row, _| {
            row.maybe(|known| {
                let images = known.containers.iter().map(|one| image(&one.image));
                Some(images.collect::<Vec<_>>().join(", "))
            })
        })
        .grow(100),
        Column::text("CPU", 9, 2, |row: &Row, _| {
            row.maybe(|known| known.cpu.clone())
        }),
        Column::text("MEM", 8, 2, |row: &Row, _| {
            row.maybe(|known| known.memory.as_deref().map(memory_text))
        }),
        Column::text("MODE", 7, 3, |row: &Row, _| {
            row.maybe(|known| known.network_mode.clone())
        }),
        Column::number(
            "REGISTERED",
            10,
            1,
            |row, cx| age_cell(registered_at(row), cx),
            |row, _| age_key(registered_at(row)),
        ),
    ],
    needs,
    rows,
    subject: |row| Subject::whole(&row.arn),
    health,
    moving: |_| false,
    order: |one, two| {
        let newest = two.arn.revision().cmp(&one.arn.revision());
        newest.then_with(|| one.arn.cmp(&two.arn))
    },
    sick_first: false,
    when_empty: "",
    live: None,
    enter: |subject, _, _| Some(Step::Describe("revisions", subject.clone())),
    links: &[Link {
        id: "revision.image",
        key: "I",
        label: "image",
        about: "The image that the revision names, if it is in the account's ECR",
        to: |subject, _, cx| {
            let known = cx.store.definition(&subject.arn)?;
            let images = known.containers.iter();
            let images = images.map(|one| (one.image.as_str(), None));
            drift::step_of(images, &known.arn, cx)
        },
    }],
    page_needs: |subject, _| {
        vec![Query::Definition {
            definition: subject.arn.clone(),
        }]
    },
    page,
};

fn registered_at(row: &Row) -> Option<Timestamp> {
    row.definition.as_ref()?.registered_at
}

fn needs(scope: &Scope, store: &Store) -> Vec<Query> {
    let Some(family) = &scope.of else {
        return Vec::new();
    };
    let list = families::query(&family.arn);
    let newest = store.listing(&list).items().iter().take(DESCRIBED);
    let definitions = newest.map(|arn| Query::Definition {
        definition: arn.clone(),
    });
    let definitions: Vec<_> = definitions.collect();
    std::iter::once(list).chain(definitions).collect()
}

fn rows(scope: &Scope, store: &Store) -> Vec<Row> {
    let Some(family) = &scope.of else {
        return Vec::new();
    };
    let items = store.listing(&families::query(&family.arn)).items().iter();
    items
        .map(|arn| Row {
            arn: arn.clone(),
            definition: store.definition(arn).cloned(),
        })
        .collect()
}

fn health(row: &Row, _: &Cx) -> Health {
    row.definition
        .as_ref()
        .map_or(Health::Ok, |known| status_health(&known.status))
}

/// How well a revision in this status is.
pub(super) fn status_health(status: &str) -> Health {
    match status {
        "ACTIVE" => Health::Ok,
        "INACTIVE" => Health::Done,
        "DELETE_IN_PROGRESS" => Health::Moving,
        _ => Health::Unknown,
    }
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let known = cx.store.definition(&subject.arn)?;
    let tone = status_health(&known.status).into();
    Some(definition::page(known, tone, cx))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ACTIVE", Health::Ok)]
    #[case("INACTIVE", Health::Done)]
    #[case("DELETE_IN_PROGRESS", Health::Moving)]
    #[case("", Health::Unknown)]
    fn statuses_are_judged(#[case] status: &str, #[case] health: Health) {
        assert_eq!(status_health(status), health);
    }
}
