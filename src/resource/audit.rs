//! What was done to the account, by this session and by earlier ones.

use std::sync::Arc;

use super::{
    Cell, Column, Cx, Facet, Page, Scope, Step, Tone, View,
    words::{age_cell, age_key},
};
use crate::{
    model::{Health, Record, Subject, Verdict},
    store::Store,
};

/// The facet of what can be taken back, an index into the view's.
const UNDOABLE: usize = 1;

/// The view.
pub static VIEW: View<Arc<Record>> = View {
    id: "audit",
    aliases: &["log", "deeds"],
    noun: "deed",
    about: "What was done to the account from here, with targets, outcomes and request ids; u takes back",
    under: &[],
    whole: true,
    facets: &[
        Facet {
            name: "all",
            when_empty: "What is done from here is listed here, and kept in the audit file.",
        },
        Facet {
            name: "undoable",
            when_empty: "What this session did and can take back is listed here.",
        },
    ],
    columns: &[
        Column::number(
            "AGE",
            4,
            0,
            |record: &Arc<Record>, cx| age_cell(Some(record.at), cx),
            |record, _| age_key(Some(record.at)),
        ),
        Column::text("DEED", 8, 0, |record: &Arc<Record>, _| {
            Cell::plain(record.deed.clone())
        }),
        Column::text("TARGET", 10, 0, |record: &Arc<Record>, _| {
            Cell::new(record.name.clone(), Tone::Strong)
        })
        .grow(60),
        Column::text("OUTCOME", 9, 0, |record: &Arc<Record>, _| {
            Cell::new(record.verdict.word(), tone(record))
        }),
        Column::text("UNDO", 4, 1, |record: &Arc<Record>, _| {
            if record.undo.is_some() {
                Cell::plain("u")
            } else {
                Cell::absent()
            }
        }),
        Column::text("BEFORE", 10, 3, |record: &Arc<Record>, _| {
            Cell::muted(record.before.clone())
        })
        .grow(48),
        Column::text("AFTER", 12, 1, |record: &Arc<Record>, _| {
            Cell::plain(record.after.clone())
        })
        .grow(48),
        Column::text("WHY", 8, 2, |record: &Arc<Record>, _| {
            Cell::maybe(Some(record.verdict.reason()).filter(|why| !why.is_empty()))
        })
        .grow(60),
        Column::text("ACCOUNT", 12, 4, |record: &Arc<Record>, _| {
            Cell::muted(record.account.clone())
        }),
        Column::text("REGION", 14, 4, |record: &Arc<Record>, _| {
            Cell::muted(record.region.clone())
        }),
    ],
    needs: |_, _| Vec::new(),
    rows: |scope: &Scope, store: &Store| {
        let records = store.records().iter();
        records
            .filter(|record| scope.facet != UNDOABLE || record.undo.is_some())
            .cloned()
            .collect()
    },
    subject: |record| Subject::part(&record.target, &record.id),
    health: |record, _| match record.verdict {
        Verdict::Failed(_) => Health::Sick,
        Verdict::Unsure(_) => Health::Warn,
        Verdict::UnderWay => Health::Moving,
        Verdict::Done => Health::Ok,
        Verdict::Changed => Health::Done,
    },
    moving: |_| false,
    order: |one, two| two.at.cmp(&one.at).then_with(|| two.id.cmp(&one.id)),
    sick_first: false,
    when_empty: "",
    live: None,
    enter: |subject, _, _| Some(Step::Describe("audit", subject.clone())),
    links: &[],
    page_needs: |_, _| Vec::new(),
    page,
};

fn tone(record: &Record) -> Tone {
    match record.verdict {
        Verdict::Done => Tone::Ok,
        Verdict::UnderWay => Tone::Progress,
        Verdict::Changed => Tone::Muted,
        Verdict::Unsure(_) => Tone::Warn,
        Verdict::Failed(_) => Tone::Error,
    }
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let record = cx.store.record(subject.part.as_deref()?)?;
    let mut page = Page::new(format!("{} {}", record.deed, record.name));
    page.heading("Deed");
    page.field("deed", record.deed.clone());
    page.time("confirmed", Some(record.at), cx.now);
    page.toned("outcome", record.verdict.word(), tone(record));
    page.maybe(
        "why",
        Some(record.verdict.reason()).filter(|why| !why.is_empty()),
    );
    page.field("before", record.before.clone());
    page.field("after", record.after.clone());
    page.list("request ids", record.requests.iter().cloned());
    let undo = if record.undo.is_some() {
        "u takes it back"
    } else {
        "cannot be taken back from here"
    };
    page.field("undo", undo);
    page.heading("Target");
    page.field("name", record.name.clone());
    page.field("arn", record.target.to_string());
    page.heading("Who and where");
    page.field("as", record.principal.clone());
    page.field("profile", record.profile.clone());
    page.field("account", record.account.clone());
    page.field("region", record.region.clone());
    Some(page)
}
