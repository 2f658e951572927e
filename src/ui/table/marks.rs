//! Marked rows: things that a deed is done to in one go, held by their identity.

use std::collections::HashSet;

use super::{TableLayer, rows::Sheet};
use crate::model::Subject;

/// The marked rows of a table.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marked: HashSet<Subject>,
    /// What was marked last; a range goes from it to the cursor.
    last: Option<Subject>,
}

impl Marks {
    pub(super) fn is_empty(&self) -> bool {
        self.marked.is_empty()
    }

    pub(super) fn has(&self, subject: &Subject) -> bool {
        self.marked.contains(subject)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn toggle(&mut self, subject: Subject) {
        if !self.marked.remove(&subject) {
            self.marked.insert(subject.clone());
        }
        self.last = Some(subject);
    }

    /// Forgets what is no row any more.
    pub(super) fn keep_known(&mut self, sheet: &Sheet) {
        if !self.is_empty() {
            let known: HashSet<_> = sheet.subjects().collect();
            self.marked.retain(|subject| known.contains(subject));
        }
    }

    /// How many there are, in words; nothing if there are none.
    pub(super) fn status(&self) -> String {
        if self.is_empty() {
            String::new()
        } else {
            format!(", {} marked", self.marked.len())
        }
    }
}

impl TableLayer {
    /// Marks the row under the cursor, or unmarks it, and goes on to the next.
    pub(super) fn mark(&mut self) -> bool {
        let Some(subject) = self.sheet.subject(self.cursor) else {
            return false;
        };
        self.marks.toggle(subject);
        true
    }

    /// Marks all rows shown from the last one marked to the one under the cursor.
    pub(super) fn mark_range(&mut self) -> bool {
        let Some(here) = self.sheet.subject(self.cursor) else {
            return false;
        };
        let from = self
            .marks
            .last
            .as_ref()
            .and_then(|last| self.sheet.find(last));
        let from = from.unwrap_or(self.cursor);
        let rows = from.min(self.cursor)..=from.max(self.cursor);
        let subjects: Vec<_> = rows.filter_map(|row| self.sheet.subject(row)).collect();
        self.marks.marked.extend(subjects);
        self.marks.last = Some(here);
        true
    }

    /// Whether the row at this place among those shown is marked.
    pub(super) fn is_marked(&self, row: usize) -> bool {
        !self.marks.is_empty()
            && self
                .sheet
                .subject(row)
                .is_some_and(|subject| self.marks.has(&subject))
    }

    /// The marked rows in the order of the table, also those that a filter hides; without marks the row under the
    /// cursor.
    pub(super) fn marked_or_here(&self) -> Vec<Subject> {
        if self.marks.is_empty() {
            return self.sheet.subject(self.cursor).into_iter().collect();
        }
        let marked = self
            .sheet
            .subjects()
            .filter(|subject| self.marks.has(subject));
        marked.collect()
    }
}
