//! The rows of a table as shown: filtered, sorted, counted, and rebuilt only when the store or the wish changed.

use std::cmp::Ordering;

use crate::{
    model::{Health, Subject},
    resource::{Cell, Cx, Resource, Rows, Scope, SortKey},
    store::Store,
    ui::{Pattern, text},
};

/// Rows looked at to measure how wide columns want to be.
const MEASURED: usize = 500;

/// The rows of a view with the order in which they are shown.
pub(super) struct Sheet {
    resource: &'static dyn Resource,
    rows: Option<Box<dyn Rows>>,
    health: Vec<Health>,
    /// The text that filters look into, one field a line; filled once a filter is in force.
    fields: Vec<String>,
    /// Rows by their index in `rows`, in the order shown.
    order: Vec<usize>,
    widths: Vec<u16>,
    filter: Option<Pattern>,
    /// The filter that `order` was made with, for narrowing.
    sort: Option<(usize, bool)>,
    unhealthy_only: bool,
    unhealthy: usize,
    moving: bool,
    /// The version of the store that `rows` were taken from.
    version: Option<u64>,
    dirty: bool,
}

impl Sheet {
    pub(super) fn new(resource: &'static dyn Resource) -> Self {
        Self {
            resource,
            rows: None,
            health: Vec::new(),
            fields: Vec::new(),
            order: Vec::new(),
            widths: Vec::new(),
            filter: None,
            sort: None,
            unhealthy_only: false,
            unhealthy: 0,
            moving: false,
            version: None,
            dirty: true,
        }
    }

    /// Takes over the filter of another sheet.
    pub(super) fn with_filter_of(mut self, other: &mut Self) -> Self {
        self.filter = other.filter.take();
        self
    }

    /// Makes the next settling look again.
    pub(super) fn touch(&mut self) {
        self.dirty = true;
    }

    /// Brings the rows up to date; says whether anything may have changed.
    pub(super) fn settle(&mut self, scope: &Scope, cx: &Cx) -> bool {
        let version = cx.store.version();
        if self.version == Some(version) && !self.dirty {
            return false;
        }
        if self.version != Some(version) {
            self.rebuild(scope, cx);
            self.version = Some(version);
        }
        self.arrange(cx);
        self.dirty = false;
        true
    }

    fn rebuild(&mut self, scope: &Scope, cx: &Cx) {
        let rows = self.resource.rows(scope, cx.store);
        self.health = (0..rows.len()).map(|row| rows.health(row, cx)).collect();
        self.unhealthy = self
            .health
            .iter()
            .filter(|health| health.is_unhealthy())
            .count();
        self.moving = (0..rows.len()).any(|row| rows.moving(row));
        self.fields.clear();
        let step = (rows.len() / MEASURED).max(1);
        let heads = self.resource.heads();
        self.widths = heads
            .iter()
            .enumerate()
            .map(|(column, head)| {
                if head.grow == 0 {
                    return head.width;
                }
                let sample = (0..rows.len()).step_by(step);
                let widest = sample
                    .map(|row| text::width(&text::clean(&rows.cell(row, column, cx).text)))
                    .max();
                u16::try_from(widest.unwrap_or(0)).unwrap_or(u16::MAX)
            })
            .collect();
        self.rows = Some(rows);
    }

    /// Filters and sorts.
    fn arrange(&mut self, cx: &Cx) {
        self.fill_fields(cx);
        let Some(rows) = &self.rows else { return };
        let mut order: Vec<usize> = (0..rows.len())
            .filter(|row| !self.unhealthy_only || self.health[*row].is_unhealthy())
            .filter(|row| {
                self.filter
                    .as_ref()
                    .is_none_or(|filter| filter.takes(&self.fields[*row]))
            })
            .collect();
        let health = &self.health;
        match self.sort {
            Some((column, descending)) => {
                let keys: Vec<SortKey> = (0..rows.len())
                    .map(|row| rows.key(row, column, cx))
                    .collect();
                order.sort_by(|one, two| {
                    keys[*one]
                        .compare(&keys[*two], descending)
                        .then_with(|| rows.order(*one, *two))
                });
            }
            None if self.resource.sick_first() => order.sort_by(|one, two| {
                health[*one]
                    .cmp(&health[*two])
                    .then_with(|| rows.order(*one, *two))
            }),
            None => order.sort_by(|one, two| rows.order(*one, *two)),
        }
        self.order = order;
    }

    fn fill_fields(&mut self, cx: &Cx) {
        let Some(rows) = &self.rows else { return };
        if self.filter.is_none() || self.fields.len() == rows.len() {
            return;
        }
        let heads = self.resource.heads();
        let columns: Vec<usize> = heads
            .iter()
            .enumerate()
            .filter(|(_, head)| head.find)
            .map(|(index, _)| index)
            .collect();
        let keep_case = self.filter.as_ref().is_some_and(Pattern::is_regex);
        self.fields = (0..rows.len())
            .map(|row| {
                let mut fields = String::new();
                for column in &columns {
                    fields.push_str(&rows.cell(row, *column, cx).text);
                    fields.push('\n');
                }
                if keep_case {
                    fields
                } else {
                    fields.to_lowercase()
                }
            })
            .collect();
    }

    pub(super) fn set_filter(&mut self, filter: Option<Pattern>) {
        let same_case =
            self.filter.as_ref().map(Pattern::is_regex) == filter.as_ref().map(Pattern::is_regex);
        if !same_case {
            self.fields.clear();
        }
        self.filter = filter;
        self.dirty = true;
    }

    pub(super) fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    pub(super) fn filter_text(&self) -> &str {
        self.filter.as_ref().map_or("", Pattern::text)
    }

    pub(super) fn pattern(&self) -> Option<&Pattern> {
        self.filter.as_ref()
    }

    pub(super) fn sort(&self) -> Option<(usize, bool)> {
        self.sort
    }

    pub(super) fn sort_by(&mut self, column: usize, descending: bool) {
        self.sort = Some((column, descending));
        self.dirty = true;
    }

    /// Sorts by a column; if it is sorted by it already, turns the order around, then goes back to the default.
    pub(super) fn toggle_sort(&mut self, column: usize) {
        self.sort = match self.sort {
            Some((same, false)) if same == column => Some((column, true)),
            Some((same, true)) if same == column => None,
            _ => Some((column, false)),
        };
        self.dirty = true;
    }

    pub(super) fn reverse(&mut self) {
        let (column, descending) = self.sort.unwrap_or((0, false));
        self.sort_by(column, !descending);
    }

    pub(super) fn toggle_unhealthy(&mut self) {
        self.unhealthy_only = !self.unhealthy_only;
        self.dirty = true;
    }

    pub(super) fn is_unhealthy_only(&self) -> bool {
        self.unhealthy_only
    }

    pub(super) fn unhealthy(&self) -> usize {
        self.unhealthy
    }

    pub(super) fn is_moving(&self) -> bool {
        self.moving
    }

    /// The number of rows shown.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The number of rows there are, shown or hidden.
    pub(super) fn total(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.len())
    }

    pub(super) fn widths(&self) -> &[u16] {
        &self.widths
    }

    pub(super) fn subject(&self, shown: usize) -> Option<Subject> {
        let row = *self.order.get(shown)?;
        self.rows.as_ref().map(|rows| rows.subject(row))
    }

    pub(super) fn health(&self, shown: usize) -> Health {
        self.order
            .get(shown)
            .map_or(Health::Unknown, |row| self.health[*row])
    }

    pub(super) fn cell(&self, shown: usize, column: usize, cx: &Cx) -> Cell {
        match (self.order.get(shown), &self.rows) {
            (Some(row), Some(rows)) => rows.cell(*row, column, cx),
            _ => Cell::default(),
        }
    }

    /// The place of a thing among the rows shown.
    pub(super) fn find(&self, subject: &Subject) -> Option<usize> {
        let rows = self.rows.as_ref()?;
        self.order
            .iter()
            .position(|row| rows.subject(*row) == *subject)
    }

    /// Whether a thing is among the rows, shown or hidden.
    pub(super) fn knows(&self, subject: &Subject) -> bool {
        let Some(rows) = &self.rows else { return false };
        (0..rows.len()).any(|row| rows.subject(row) == *subject)
    }

    /// Whether the answer to all that fills it has come at least once.
    pub(super) fn is_settled_on(
        &self,
        store: &Store,
        resource: &dyn Resource,
        scope: &Scope,
    ) -> bool {
        resource
            .needs(scope, store)
            .iter()
            .all(|query| store.listing(query).is_complete())
    }

    /// The counts beside the crumbs: `58`, or `12 of 58 (46 hidden), 3 unhealthy`.
    pub(super) fn status(&self) -> String {
        let (shown, total) = (self.len(), self.total());
        let mut status = match shown.cmp(&total) {
            Ordering::Equal => total.to_string(),
            _ => format!("{shown} of {total} ({} hidden)", total - shown),
        };
        if self.unhealthy > 0 {
            let word = if self.resource.sick_first() {
                "unhealthy"
            } else {
                "alarming"
            };
            status.push_str(&format!(", {} {word}", self.unhealthy));
        }
        status
    }
}
