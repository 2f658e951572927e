//! The rows of a table as shown: filtered, sorted, counted, and rebuilt only when the store or the wish changed.

use std::{cmp::Ordering, collections::HashMap, ops::Range, time::Duration};

use crate::{
    model::{Health, Subject},
    resource::{Cell, Cx, Presence, Resource, Rows, Scope, SortKey},
    store::Store,
    ui::{Pattern, pattern::Known, text},
};

/// Rows looked at to measure how wide columns want to be.
const MEASURED: usize = 500;

/// How long an order by what is used now stays as it is: figures change all the time, and from several sides.
const CALM: Duration = Duration::from_secs(1);

/// What rows were last sorted by, while that must not change.
struct Held {
    /// When they were sorted.
    at: Duration,
    column: usize,
    keys: HashMap<Subject, SortKey>,
}

/// The rows of a view with the order in which they are shown.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and no two of them exclude each other"
)]
pub(super) struct Sheet {
    resource: &'static dyn Resource,
    rows: Option<Box<dyn Rows>>,
    health: Vec<Health>,
    /// The text that filters look into, one field a line; filled once a filter is in force.
    fields: Vec<String>,
    /// Whether `fields` are as they are written; else they are in lower case.
    fields_keep_case: bool,
    /// All rows by their index in `rows`, in their natural order.
    natural: Vec<usize>,
    /// The same, sorted.
    sorted: Vec<usize>,
    /// Whether `sorted` is as `rows` and `sort` demand.
    is_sorted: bool,
    /// Those of them that are shown.
    order: Vec<usize>,
    widths: Vec<u16>,
    filter: Option<Pattern>,
    sort: Option<(usize, bool)>,
    unhealthy_only: bool,
    unhealthy: usize,
    moving: bool,
    /// The number of rows; none before there are any or it is certain that there are none.
    counted: Option<usize>,
    /// The version of the store that `rows` were taken from.
    version: Option<u64>,
    dirty: bool,
    held: Option<Held>,
}

impl Sheet {
    pub(super) fn new(resource: &'static dyn Resource) -> Self {
        Self {
            resource,
            rows: None,
            health: Vec::new(),
            fields: Vec::new(),
            fields_keep_case: false,
            natural: Vec::new(),
            sorted: Vec::new(),
            is_sorted: false,
            order: Vec::new(),
            widths: Vec::new(),
            filter: None,
            sort: None,
            unhealthy_only: false,
            unhealthy: 0,
            moving: false,
            counted: None,
            version: None,
            dirty: true,
            held: None,
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
            let known = self.total() > 0 || self.is_settled(scope, cx.store);
            self.counted = known.then_some(self.total());
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
        // The order before is begun with: most refreshes change little of it, and what is nearly sorted is sorted fast.
        if self.natural.len() != rows.len() {
            self.natural = (0..rows.len()).collect();
        }
        self.natural
            .sort_by(|one, two| rows.order(*one, *two).then_with(|| one.cmp(two)));
        self.is_sorted = false;
        self.measure(rows.as_ref(), cx);
        self.rows = Some(rows);
    }

    /// Measures how wide columns want to be. They only ever widen, so that a word that comes and goes does not move
    /// what stands beside it.
    fn measure(&mut self, rows: &dyn Rows, cx: &Cx) {
        let heads = self.resource.heads();
        self.widths.resize(heads.len(), 0);
        let step = (rows.len() / MEASURED).max(1);
        for (column, (head, width)) in heads.iter().zip(&mut self.widths).enumerate() {
            if head.grow == 0 {
                continue;
            }
            for row in (0..rows.len()).step_by(step) {
                let cells = text::width(&text::clean(&rows.cell(row, column, cx).text));
                *width = (*width).max(u16::try_from(cells).unwrap_or(u16::MAX));
            }
        }
    }

    /// Sorts, if that is not done already, and filters.
    fn arrange(&mut self, cx: &Cx) {
        if !self.is_sorted {
            self.sort_all(cx);
            self.is_sorted = true;
        }
        self.fill_fields(cx);
        let mut known = Known::default();
        let is_shown = |row: &usize| {
            (!self.unhealthy_only || self.health[*row].is_unhealthy())
                && self
                    .filter
                    .as_ref()
                    .is_none_or(|filter| filter.takes_knowing(&self.fields[*row], &mut known))
        };
        self.order = self.sorted.iter().copied().filter(is_shown).collect();
    }

    /// Sorts all rows. Sorting is stable, so that rows that are alike stay in their natural order.
    fn sort_all(&mut self, cx: &Cx) {
        let Some(rows) = &self.rows else { return };
        self.sorted.clone_from(&self.natural);
        match self.sort {
            Some((column, descending)) => {
                let held = self.held.take().filter(|held| {
                    held.column == column && cx.now.mono.saturating_sub(held.at) < CALM
                });
                let key = |row: usize| {
                    let known = held.as_ref()?.keys.get(&rows.subject(row));
                    known.cloned()
                };
                let mut keyed: Vec<(SortKey, usize)> = self
                    .natural
                    .iter()
                    .map(|row| {
                        let held = key(*row);
                        (held.unwrap_or_else(|| rows.key(*row, column, cx)), *row)
                    })
                    .collect();
                if self
                    .resource
                    .heads()
                    .get(column)
                    .is_some_and(|head| head.presence == Presence::WhereUsed)
                {
                    let at = held.as_ref().map_or(cx.now.mono, |held| held.at);
                    let keys = keyed
                        .iter()
                        .map(|(key, row)| (rows.subject(*row), key.clone()))
                        .collect();
                    self.held = Some(Held { at, column, keys });
                }
                keyed.sort_by(|(one, _), (two, _)| one.compare(two, descending));
                self.sorted = keyed.into_iter().map(|(_, row)| row).collect();
            }
            None if self.resource.sick_first() => {
                self.sorted.sort_by_key(|row| self.health[*row]);
            }
            None => {}
        }
    }

    fn fill_fields(&mut self, cx: &Cx) {
        let Some(rows) = &self.rows else { return };
        let Some(filter) = &self.filter else { return };
        let keep_case = filter.is_regex();
        if self.fields.len() == rows.len() && self.fields_keep_case == keep_case {
            return;
        }
        self.fields_keep_case = keep_case;
        let heads = self.resource.heads();
        let columns: Vec<usize> = heads
            .iter()
            .enumerate()
            .filter(|(_, head)| {
                head.find && (head.presence != Presence::AmongRegions || cx.store.has_regions())
            })
            .map(|(index, _)| index)
            .collect();
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
        self.is_sorted = false;
        self.dirty = true;
    }

    /// Sorts by a column; if it is sorted by it already, turns the order around, then goes back to the default.
    pub(super) fn toggle_sort(&mut self, column: usize) {
        self.sort = match self.sort {
            Some((same, false)) if same == column => Some((column, true)),
            Some((same, true)) if same == column => None,
            _ => Some((column, false)),
        };
        self.is_sorted = false;
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

    /// Whether a column has something to say of one of these rows.
    pub(super) fn tells(&self, mut shown: Range<usize>, column: usize, cx: &Cx) -> bool {
        let Some(rows) = &self.rows else { return false };
        shown.any(|row| {
            let row = self.order.get(row);
            row.is_some_and(|row| rows.key(*row, column, cx) != SortKey::Absent)
        })
    }

    /// The place of a thing among the rows shown.
    pub(super) fn find(&self, subject: &Subject) -> Option<usize> {
        let rows = self.rows.as_ref()?;
        self.order
            .iter()
            .position(|row| rows.subject(*row) == *subject)
    }

    /// All rows, shown or hidden, in the order that they are sorted by.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> + '_ {
        let rows = self.rows.as_ref();
        self.sorted
            .iter()
            .filter_map(move |row| rows.map(|rows| rows.subject(*row)))
    }

    /// Whether a thing is among the rows, shown or hidden.
    pub(super) fn knows(&self, subject: &Subject) -> bool {
        let Some(rows) = &self.rows else { return false };
        (0..rows.len()).any(|row| rows.subject(row) == *subject)
    }

    /// Whether the answer to all that fills it has come at least once.
    pub(super) fn is_settled(&self, scope: &Scope, store: &Store) -> bool {
        self.resource
            .needs(scope, store)
            .iter()
            .all(|query| store.listing(query).is_complete())
    }

    /// The counts beside the crumbs: `58`, or `12 of 58 (46 hidden), 3 unhealthy`.
    pub(super) fn status(&self) -> String {
        let Some(total) = self.counted else {
            return String::new();
        };
        let shown = self.len();
        let mut status = match shown.cmp(&total) {
            Ordering::Equal => total.to_string(),
            _ => format!("{shown} of {total} ({} hidden)", total - shown),
        };
        if self.unhealthy > 0 {
            status.push_str(&format!(", {} unhealthy", self.unhealthy));
        }
        status
    }
}
