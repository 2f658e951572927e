//! Repositories of ECR, with what they hold and who uses it.

use std::{ops::Deref, sync::Arc};

use super::{
    Cell, Column, Cx, Link, Live, Page, Place, SortKey, Step, Tone, View, drift, policies,
    usage::bytes,
    users::{self, UserIndex, Users},
    words::{age_cell, age_key, yes_no},
};
use crate::{
    model::{Arn, Health, PolicyKind, Query, Repository, Subject},
    store::{ImageTotal, Store},
};

/// A repository with those who run its images.
pub struct Row {
    repository: Arc<Repository>,
    users: Users,
}

impl Deref for Row {
    type Target = Repository;

    fn deref(&self) -> &Repository {
        &self.repository
    }
}

/// The view.
pub static VIEW: View<Row> = View {
    id: "repositories",
    aliases: &["ecr", "repo", "repos", "repository"],
    noun: "repository",
    about: "Repositories of ECR: their images, whether tags may be moved, who uses them",
    under: &[],
    whole: true,
    facets: &[],
    columns: &[
        Column::text("NAME", 24, 0, |row: &Row, _| Cell::plain(row.name.clone()))
            .grow(70)
            .keep_end(),
        Column::region(|row, _| Cell::region(&row.arn)),
        Column::number(
            "IMAGES",
            6,
            1,
            |row, cx| total(row, cx).map_or_else(Cell::absent, |one| Cell::count(images(one))),
            |row, cx| total(row, cx).map_or(SortKey::Absent, |one| SortKey::Number(images(one))),
        ),
        Column::number(
            "SIZE",
            6,
            1,
            |row, cx| total(row, cx).map_or_else(Cell::absent, |one| Cell::plain(size(one.bytes))),
            |row, cx| total(row, cx).map_or(SortKey::Absent, |one| SortKey::Number(one.bytes)),
        ),
        Column::text("TAGS", 12, 2, |row: &Row, _| Cell::plain(mutability(row))).grow(44),
        Column::text("SCAN", 7, 3, |row: &Row, _| {
            if row.scan_on_push {
                Cell::plain("on push")
            } else {
                Cell::absent()
            }
        }),
        Column::text("USED BY", 16, 1, |row: &Row, _| users::cell(&row.users)).grow(70),
        Column::number(
            "CREATED",
            7,
            4,
            |row: &Row, cx| age_cell(row.created_at, cx),
            |row, _| age_key(row.created_at),
        ),
        Column::text("URI", 24, 5, |row: &Row, _| Cell::plain(row.uri.clone()))
            .grow(110)
            .cut_start(),
    ],
    needs: |_, store| store.everywhere(Query::Repositories),
    rows,
    subject: |row| Subject::whole(&row.arn),
    health: |_, _| Health::Ok,
    moving: |_| false,
    order: |one, two| one.name.cmp(&two.name),
    sick_first: false,
    when_empty: "Images of other registries are named by the containers that run them.",
    live: Some(live),
    enter: |subject, _, _| Some(Step::Open(Place::of("images", subject.clone()))),
    links: &[Link {
        id: "repository.tags",
        key: "v",
        label: "tags",
        about: "The tags of the repository, where they point and who runs them",
        to: |subject, _, _| Some(Step::Open(Place::of("tags", subject.clone()))),
    }],
    page_needs,
    page,
};

/// The query for the images of a repository, or of that of an image or tag.
pub(super) fn query(subject: &Subject) -> Query {
    Query::Images {
        repository: subject
            .arn
            .repository()
            .unwrap_or_else(|| subject.arn.clone()),
    }
}

fn rows(_: &super::Scope, store: &Store) -> Vec<Row> {
    let index = UserIndex::of(store, None);
    let row = |repository: &Arc<Repository>| Row {
        repository: Arc::clone(repository),
        users: index.get(&repository.arn),
    };
    store.repositories().map(row).collect()
}

/// Who uses them, and once the images of the repositories on the screen, to be counted.
fn live(rows: &[Subject], cx: &Cx) -> Live {
    let mut live = users::live(cx.store);
    let images = rows.iter().map(query).filter(|query| {
        let listing = cx.store.listing(query);
        !listing.is_complete() && listing.fault().is_none()
    });
    live.beside.extend(images);
    live
}

fn total(row: &Row, cx: &Cx) -> Option<ImageTotal> {
    cx.store.image_total(&row.arn)
}

fn images(total: ImageTotal) -> i64 {
    i64::try_from(total.images).unwrap_or(i64::MAX)
}

/// Writes a size in bytes.
pub(super) fn size(count: i64) -> String {
    bytes(u64::try_from(count).unwrap_or(0))
}

/// Whether tags may be moved, in words: `mutable`, `immutable but latest, dev-*`.
#[must_use]
pub fn mutability(repository: &Repository) -> String {
    let word = match repository.mutability.as_str() {
        "MUTABLE" | "MUTABLE_WITH_EXCLUSION" => "mutable".to_owned(),
        "IMMUTABLE" | "IMMUTABLE_WITH_EXCLUSION" => "immutable".to_owned(),
        "" => "-".to_owned(),
        other => other.to_lowercase(),
    };
    if repository.exclusions.is_empty() {
        word
    } else {
        format!("{word} but {}", repository.exclusions.join(", "))
    }
}

fn page_needs(subject: &Subject, store: &Store) -> Vec<Query> {
    let policy = |kind| Query::Policy {
        repository: subject.arn.clone(),
        kind,
    };
    vec![
        store.around(&subject.arn, Query::Repositories),
        query(subject),
        policy(PolicyKind::Permission),
        policy(PolicyKind::Lifecycle),
    ]
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let repository = cx.store.repository(&subject.arn)?;
    let mut page = Page::new(format!("repository {}", repository.name));
    page.heading("Repository");
    page.field("name", repository.name.clone());
    page.field("uri", repository.uri.clone());
    page.field("arn", repository.arn.to_string());
    page.field("tags", mutability(repository));
    yes_no(&mut page, "scan on push", repository.scan_on_push);
    page.time("created", repository.created_at, cx.now);
    match cx.store.image_total(&repository.arn) {
        Some(total) => {
            page.field("images", total.images.to_string());
            let note = " (compressed; layers that images share count with each)";
            let spans = vec![
                super::Span::plain(size(total.bytes)),
                super::Span::new(note, Tone::Muted),
            ];
            page.spans("size", spans);
        }
        None => page.toned("images", "not counted yet", Tone::Muted),
    }
    let index = UserIndex::of(cx.store, Some(&repository.arn));
    users::section(&mut page, &index.get(&repository.arn), cx.store);
    policy(&mut page, &repository.arn, PolicyKind::Lifecycle, cx.store);
    policy(&mut page, &repository.arn, PolicyKind::Permission, cx.store);
    Some(page)
}

fn policy(page: &mut Page, repository: &Arn, kind: PolicyKind, store: &Store) {
    let (heading, unset) = match kind {
        PolicyKind::Permission => (
            "Permission policy",
            "no policy: only what IAM allows this account's own users and roles",
        ),
        PolicyKind::Lifecycle => ("Lifecycle policy", "no policy: images are kept for ever"),
    };
    page.heading(heading);
    let query = Query::Policy {
        repository: repository.clone(),
        kind,
    };
    if let Some(why) = drift::missing(&query, store) {
        page.toned("", why, Tone::Muted);
    }
    match store.policy(repository, kind).map(|known| &known.text) {
        Some(Some(text)) => match kind {
            PolicyKind::Permission => policies::permission(page, text),
            PolicyKind::Lifecycle => policies::lifecycle(page, text),
        },
        Some(None) => page.toned("", unset, Tone::Muted),
        None if store.listing(&query).fault().is_none() => {
            page.toned("", "ECR is asked for it", Tone::Muted);
        }
        None => {}
    }
}
