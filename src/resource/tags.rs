//! Tags of a repository: where they point, and who runs that or something older.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Link, Live, Page, Place, Scope, SortKey, Step, View, drift, images,
    repositories::{query, size},
    users::{self, UserIndex, Users},
    words::{age_cell, age_key},
};
use crate::{
    model::{Arn, Health, Image, Query, Repository, Subject, short_digest},
    store::Store,
};

/// A tag with the image that it points to and those who name it.
pub struct Row {
    arn: Arn,
    image: Arc<Image>,
    repository: Option<Arc<Repository>>,
    users: Users,
}

/// The view.
pub static VIEW: View<Row> = View {
    id: "tags",
    aliases: &["tag"],
    noun: "tag",
    about: "Tags of a repository: where they point, who runs that, who an older one",
    under: &["repository"],
    whole: false,
    facets: &[],
    columns: &[
        Column::text("TAG", 16, 0, |row: &Row, _| {
            Cell::plain(row.arn.name().to_owned())
        })
        .grow(50)
        .keep_end(),
        Column::text("DIGEST", 12, 0, |row: &Row, _| {
            Cell::plain(short_digest(&row.image.digest).to_owned())
        }),
        Column::number(
            "PUSHED",
            6,
            1,
            |row: &Row, cx| age_cell(row.image.pushed_at, cx),
            |row, _| age_key(row.image.pushed_at),
        ),
        Column::text("RUN BY", 14, 1, |row: &Row, _| users::cell(&row.users)).grow(60),
        Column::text("DRIFT", 22, 2, |row: &Row, cx| drift_of(row, cx).cell())
            .grow(44)
            .sorted_by(|row, cx| drift_of(row, cx).key()),
        Column::number(
            "SIZE",
            6,
            3,
            |row: &Row, _| {
                let bytes = row.image.size;
                bytes.map_or_else(Cell::absent, |one| Cell::plain(size(one)))
            },
            |row, _| row.image.size.map_or(SortKey::Absent, SortKey::Number),
        ),
        Column::text("MOVES", 5, 4, |row: &Row, _| match &row.repository {
            Some(repository) if repository.can_move(row.arn.name()) => Cell::plain("yes"),
            Some(_) => Cell::plain("never"),
            None => Cell::absent(),
        }),
        Column::text("ALSO", 12, 5, |row: &Row, _| {
            let others = row.image.tags.iter();
            let others: Vec<&str> = others
                .map(String::as_str)
                .filter(|tag| *tag != row.arn.name())
                .collect();
            Cell::maybe(Some(&others.join(", ")))
        })
        .grow(40),
    ],
    needs: |scope, _| scope.of.iter().map(query).collect(),
    rows,
    subject: |row| Subject::whole(&row.arn),
    health: |_, _| Health::Ok,
    moving: |_| false,
    order: |one, two| {
        let newest = two.image.pushed_at.cmp(&one.image.pushed_at);
        newest.then_with(|| one.arn.cmp(&two.arn))
    },
    sick_first: false,
    when_empty: "",
    live: Some(live),
    enter: |subject, _, cx| {
        let image = images::of_tag(&subject.arn, cx.store)?;
        Some(Step::Describe("images", Subject::whole(&image.arn)))
    },
    links: &[Link {
        id: "tag.images",
        key: "I",
        label: "images",
        about: "The images of the repository, tagged or not",
        to: |subject, _, _| {
            let repository = subject.arn.repository()?;
            Some(Step::Open(Place::of("images", Subject::whole(&repository))))
        },
    }],
    page_needs: |subject, _| {
        let tag = subject.arn.clone();
        vec![Query::Tag { tag }, query(subject)]
    },
    page,
};

fn rows(scope: &Scope, store: &Store) -> Vec<Row> {
    let Some(arn) = scope.of.as_ref().and_then(|of| of.arn.repository()) else {
        return Vec::new();
    };
    let index = UserIndex::of(store, Some(&arn));
    let mut rows = Vec::new();
    for image in store.images_of(&arn) {
        for tag in &image.tags {
            let tag = arn.tag(tag);
            rows.push(Row {
                image: Arc::clone(image),
                repository: store.repository(&arn).cloned(),
                users: index.get(&tag),
                arn: tag,
            });
        }
    }
    rows
}

/// Who names them, and the images of an index where those decide whether somebody runs an older one.
fn live(rows: &[Subject], cx: &Cx) -> Live {
    let tags: Vec<Arn> = rows.iter().map(|row| row.arn.clone()).collect();
    users::live_of_tags(&tags, cx.store)
}

/// How those who name the tag stand to where it points.
fn drift_of(row: &Row, cx: &Cx) -> drift::Summary {
    let tasks = row.users.tasks_known(cx.store);
    drift::summary_of_tag(tasks.iter(), &row.arn, cx.store)
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let image = images::of_tag(&subject.arn, cx.store)?;
    let repository = subject.arn.repository()?;
    let mut page = Page::new(format!("tag {}:{}", repository.name(), subject.arn.name()));
    page.heading("Tag");
    page.field("name", subject.arn.name().to_owned());
    page.field("repository", repository.name().to_owned());
    page.field("points to", image.digest.clone());
    page.time("pushed", image.pushed_at, cx.now);
    if let Some(known) = cx.store.repository(&repository) {
        let may = if known.can_move(subject.arn.name()) {
            "yes"
        } else {
            "no, the repository forbids it"
        };
        page.field("may be moved", may);
    }
    let others = image.tags.iter();
    let others: Vec<&str> = others
        .map(String::as_str)
        .filter(|tag| *tag != subject.arn.name())
        .collect();
    page.maybe("other tags of it", Some(&others.join(", ")));
    let index = UserIndex::of(cx.store, Some(&repository));
    let row = Row {
        arn: subject.arn.clone(),
        image: Arc::clone(image),
        repository: None,
        users: index.get(&subject.arn),
    };
    drift_of(&row, cx).field(&mut page);
    users::section(&mut page, &row.users, cx.store);
    Some(page)
}
