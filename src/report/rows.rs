//! The rows of an answer: gathered from where they are, named, filtered and sorted. How they are written is elsewhere.

use super::{
    Request,
    names::{self, Selection},
    table,
};
use crate::{
    model::{Health, Subject},
    resource::{Cell, Cx, Head, Resource, Rows, Scope, SortKey},
    store::Store,
};

/// A row by its place.
pub(super) struct Row {
    /// The index of its place.
    place: usize,
    /// Its index there.
    index: usize,
    /// What it is.
    pub(super) subject: Subject,
    /// How it is doing.
    pub(super) health: Health,
}

/// Rows of a view, from one or more places.
pub(super) struct Sheet {
    view: &'static dyn Resource,
    /// What the columns belong to.
    pub(super) scope: Scope,
    /// Whether each row says what it is a part of.
    pub(super) says_whole: bool,
    pub(super) heads: Vec<Head>,
    places: Vec<Box<dyn Rows>>,
    pub(super) rows: Vec<Row>,
}

impl Sheet {
    /// All rows, in their natural order.
    pub(super) fn new(view: &'static dyn Resource, selection: &Selection, cx: &Cx) -> Self {
        let places = selection.places.iter();
        let places: Vec<_> = places.map(|scope| view.rows(scope, cx.store)).collect();
        let mut rows = Vec::new();
        for (place, of) in places.iter().enumerate() {
            let mut order: Vec<usize> = (0..of.len()).collect();
            order.sort_by(|one, two| of.order(*one, *two).then_with(|| one.cmp(two)));
            rows.extend(order.into_iter().map(|index| Row {
                place,
                index,
                subject: of.subject(index),
                health: of.health(index, cx),
            }));
        }
        Self {
            view,
            scope: selection.scope.clone(),
            says_whole: selection.says_whole,
            heads: view.heads(),
            places,
            rows,
        }
    }

    /// Keeps the rows that are named, all if none is; gives the names that no row has.
    pub(super) fn choose<'a>(&mut self, selection: &'a Selection, store: &Store) -> Vec<&'a str> {
        if selection.names.is_empty() {
            return Vec::new();
        }
        let mut used = vec![false; selection.names.len()];
        self.rows.retain(|row| {
            let mut named = false;
            for ((name, is), used) in selection.names.iter().zip(&mut used) {
                let is = is(name, &row.subject, store);
                *used |= is;
                named |= is;
            }
            named
        });
        let names = selection.names.iter().zip(used);
        let missing = names.filter(|(_, used)| !used);
        missing.map(|((name, _), _)| name.as_str()).collect()
    }

    /// Leaves out what is not asked for, and puts the rest in order.
    pub(super) fn arrange(&mut self, request: &Request, cx: &Cx) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.retain(|row| {
            (!request.unhealthy || row.health.is_unhealthy())
                && request.filter.as_ref().is_none_or(|filter| {
                    let fields = self.fields(row, cx);
                    filter.takes(&if filter.is_regex() {
                        fields
                    } else {
                        fields.to_lowercase()
                    })
                })
        });
        match request.sort {
            Some(sort) => self.sort(&mut rows, sort.column, sort.descending, cx),
            None if self.view.sick_first() => rows.sort_by_key(|row| row.health),
            // What happened at several places is told in the order of time.
            None if self.view.id() == "events" => self.sort(&mut rows, 0, false, cx),
            None => {}
        }
        self.rows = rows;
    }

    /// Sorts; rows that are alike stay in their order.
    fn sort(&self, rows: &mut Vec<Row>, column: usize, descending: bool, cx: &Cx) {
        let mut keyed: Vec<(SortKey, Row)> = rows
            .drain(..)
            .map(|row| (self.places[row.place].key(row.index, column, cx), row))
            .collect();
        keyed.sort_by(|(one, _), (two, _)| one.compare(two, descending));
        rows.extend(keyed.into_iter().map(|(_, row)| row));
    }

    /// The texts that a filter looks into, one a line.
    fn fields(&self, row: &Row, cx: &Cx) -> String {
        let mut fields = self.whole(row, cx.store).unwrap_or_default();
        fields.push('\n');
        let heads = self.heads.iter().enumerate();
        for (column, _) in heads.filter(|(_, head)| head.find && table::is_told(head)) {
            fields.push_str(&self.cell(row, column, cx).text);
            fields.push('\n');
        }
        fields
    }

    pub(super) fn cell(&self, row: &Row, column: usize, cx: &Cx) -> Cell {
        self.places[row.place].cell(row.index, column, cx)
    }

    /// What a column says what the rows are parts of is called, if there is one.
    pub(super) fn whole_title(&self) -> Option<&'static str> {
        let title = match self.view.id() {
            "containers" => "TASK",
            "events" => "SERVICE",
            "images" => "REPOSITORY",
            _ => return None,
        };
        self.says_whole.then_some(title)
    }

    /// What a row is a part of, if rows say so.
    pub(super) fn whole(&self, row: &Row, store: &Store) -> Option<String> {
        let arn = &row.subject.arn;
        let of_account = self.scope.of.is_none();
        Some(match self.whole_title()? {
            "TASK" => names::task_of(store.task(arn)?, of_account),
            "SERVICE" if of_account => names::of_cluster(&row.subject, store),
            "SERVICE" => arn.name().to_owned(),
            _ => arn.repository_name().unwrap_or_default().to_owned(),
        })
    }
}
