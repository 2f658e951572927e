//! Task definition families of the account.

use super::{Cell, Column, Cx, Page, Place, SortKey, Step, Tone, View};
use crate::model::{Arn, Health, Query, Subject};

/// The view.
pub static VIEW: View<Arn> = View {
    id: "families",
    aliases: &["td", "family", "taskdef"],
    noun: "family",
    about: "Task definition families with an active revision",
    under: &[],
    whole: true,
    facets: &[],
    columns: &[
        Column::text("NAME", 30, 0, |family: &Arn, _| {
            Cell::plain(family.family().to_owned())
        })
        .grow(100),
        Column::region(|family, _| Cell::region(family)),
        Column::number("REVISIONS", 9, 2, revisions, |family, cx| {
            known(family, cx).map_or(SortKey::Absent, |(count, _)| SortKey::Number(count))
        }),
        Column::number("NEWEST", 6, 2, newest, |family, cx| {
            known(family, cx)
                .and_then(|(_, newest)| newest)
                .map_or(SortKey::Absent, |newest| SortKey::Number(newest.into()))
        }),
    ],
    needs: |_, store| store.everywhere(Query::Families),
    rows: |_, store| store.listed(Query::Families).cloned().collect(),
    subject: Subject::whole,
    health: |_, _| Health::Ok,
    moving: |_| false,
    order: |one, two| {
        let names = one.family().cmp(two.family());
        names.then_with(|| one.cmp(two))
    },
    sick_first: false,
    when_empty: "",
    live: None,
    enter: |subject, _, _| Some(Step::Open(Place::of("revisions", subject.clone()))),
    links: &[],
    page_needs: |subject, _| vec![query(&subject.arn)],
    page,
};

/// The query for the revisions of a family.
pub(super) fn query(family: &Arn) -> Query {
    Query::Revisions {
        family: family.clone(),
    }
}

/// The number of active revisions and the newest of them, once they were listed.
fn known(family: &Arn, cx: &Cx) -> Option<(i64, Option<u32>)> {
    let listing = cx.store.listing(&query(family));
    listing.is_complete().then(|| {
        let count = i64::try_from(listing.items().len()).unwrap_or(i64::MAX);
        (
            count,
            listing.items().iter().filter_map(Arn::revision).max(),
        )
    })
}

fn revisions(family: &Arn, cx: &Cx) -> Cell {
    known(family, cx).map_or_else(Cell::absent, |(count, _)| Cell::count(count))
}

fn newest(family: &Arn, cx: &Cx) -> Cell {
    known(family, cx)
        .and_then(|(_, newest)| newest)
        .map_or_else(Cell::absent, Cell::count)
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let listing = cx.store.listing(&query(&subject.arn));
    let families = cx.store.around(&subject.arn, Query::Families);
    let families = cx.store.listing(&families).items();
    let listed = families.contains(&subject.arn);
    if !listed && !listing.is_complete() {
        return None;
    }
    let mut page = Page::new(format!("family {}", subject.arn.family()));
    page.heading("Task definition family");
    page.field("name", subject.arn.family().to_owned());
    if listing.is_complete() {
        page.field("active revisions", listing.items().len().to_string());
        page.list("", listing.items().iter().map(|arn| arn.name().to_owned()));
    } else {
        page.toned("active revisions", "not listed yet", Tone::Muted);
    }
    Some(page)
}
