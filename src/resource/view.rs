//! The frame of a view: typed where a view is written, without the type where it is shown.

use std::cmp::Ordering;

use super::{Cell, Column, Facet, Head, Link, Page, Scope, SortKey, Step};
use crate::{
    model::{Arn, Health, Now, Query, Subject},
    store::Store,
};

/// What cells and pages are written from.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// The cached model.
    pub store: &'a Store,
    /// The present moment.
    pub now: Now,
}

/// What the rows on the screen need besides the queries of the view, above all to say what they use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Live {
    /// The tasks whose containers are to be sampled.
    pub tasks: Vec<Arn>,
    /// Queries that are needed besides those of the view: metrics, and what leads to an engine.
    pub queries: Vec<Query>,
    /// Queries that only add to what is shown: they are asked less often, and their faults are no faults of the view.
    pub beside: Vec<Query>,
    /// Whether the rows use nothing, so that no engine is connected for them.
    pub uses_nothing: bool,
}

/// A view over rows of type `T`, a cheap handle on something in the store.
pub struct View<T: 'static> {
    /// Its name, `services`.
    pub id: &'static str,
    /// Further names for the command line, the shortest first.
    pub aliases: &'static [&'static str],
    /// What a row is called, in the singular: `service`.
    pub noun: &'static str,
    /// A sentence for the help page.
    pub about: &'static str,
    /// Kinds of ARN that it can list parts of, the best first; `family` for a task definition family.
    pub under: &'static [&'static str],
    /// Whether it can also look at the whole account.
    pub whole: bool,
    /// Its facets, switched by `x`; empty if it has but one.
    pub facets: &'static [Facet],
    /// Its columns, left to right.
    pub columns: &'static [Column<T>],
    /// The queries that fill it; may grow as answers come.
    pub needs: fn(&Scope, &Store) -> Vec<Query>,
    /// The rows that the store holds.
    pub rows: fn(&Scope, &Store) -> Vec<T>,
    /// The identity of a row.
    pub subject: fn(&T) -> Subject,
    /// The health of a row.
    pub health: fn(&T, &Cx) -> Health,
    /// Whether the row is changing right now, so that it is worth asking for more often.
    pub moving: fn(&T) -> bool,
    /// The order of rows of the same health.
    pub order: fn(&T, &T) -> Ordering,
    /// Whether sick rows come first; lists in order of time keep to it.
    pub sick_first: bool,
    /// What is worth knowing where there are no rows, as a sentence; empty if nothing is.
    pub when_empty: &'static str,
    /// What the rows on the screen need besides, such as what it takes to say what they use; none if nothing.
    pub live: Option<fn(&[Subject], &Cx) -> Live>,
    /// Where Enter leads; none if it leads nowhere.
    pub enter: fn(&Subject, &Scope, &Cx) -> Option<Step>,
    /// Further keys that lead from a row to another place.
    pub links: &'static [Link],
    /// The queries that fill the page of a row.
    pub page_needs: fn(&Subject, &Store) -> Vec<Query>,
    /// The page of a row; none if the store does not hold it.
    pub page: fn(&Subject, &Cx) -> Option<Page>,
}

/// A view, whatever its rows are.
pub trait Resource: Sync {
    /// Its name, `services`.
    fn id(&self) -> &'static str;
    /// Further names.
    fn aliases(&self) -> &'static [&'static str];
    /// What a row is called.
    fn noun(&self) -> &'static str;
    /// A sentence for the help page.
    fn about(&self) -> &'static str;
    /// Kinds of ARN that it can list parts of.
    fn under(&self) -> &'static [&'static str];
    /// Whether it can also look at the whole account.
    fn whole(&self) -> bool;
    /// Its facets.
    fn facets(&self) -> &'static [Facet];
    /// Its columns.
    fn heads(&self) -> Vec<Head>;
    /// Whether sick rows come first.
    fn sick_first(&self) -> bool;
    /// What is worth knowing where there are no rows.
    fn when_empty(&self) -> &'static str;
    /// The queries that fill it.
    fn needs(&self, scope: &Scope, store: &Store) -> Vec<Query>;
    /// What these rows need besides the queries of the view.
    fn live(&self, rows: &[Subject], cx: &Cx) -> Option<Live>;
    /// Its rows as they are now.
    fn rows(&self, scope: &Scope, store: &Store) -> Box<dyn Rows>;
    /// Where Enter leads.
    fn enter(&self, subject: &Subject, scope: &Scope, cx: &Cx) -> Option<Step>;
    /// Further keys.
    fn links(&self) -> &'static [Link];
    /// The queries that fill the page of a row.
    fn page_needs(&self, subject: &Subject, store: &Store) -> Vec<Query>;
    /// The page of a row.
    fn page(&self, subject: &Subject, cx: &Cx) -> Option<Page>;
}

/// The rows of a view at one moment. Rows and columns are addressed by their index in it; cells are written when
/// they are looked at, so that a table of many thousand rows costs what the screen shows of it.
pub trait Rows: Send {
    /// The number of rows.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The identity of a row.
    fn subject(&self, row: usize) -> Subject;
    /// The health of a row.
    fn health(&self, row: usize, cx: &Cx) -> Health;
    /// Whether a row is changing right now.
    fn moving(&self, row: usize) -> bool;
    /// A cell.
    fn cell(&self, row: usize, column: usize, cx: &Cx) -> Cell;
    /// What a row is sorted by in a column.
    fn key(&self, row: usize, column: usize, cx: &Cx) -> SortKey;
    /// The natural order of two rows.
    fn order(&self, one: usize, two: usize) -> Ordering;
}

struct Typed<T: 'static> {
    view: &'static View<T>,
    rows: Vec<T>,
}

impl<T: Send + 'static> Rows for Typed<T> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn subject(&self, row: usize) -> Subject {
        (self.view.subject)(&self.rows[row])
    }

    fn health(&self, row: usize, cx: &Cx) -> Health {
        (self.view.health)(&self.rows[row], cx)
    }

    fn moving(&self, row: usize) -> bool {
        (self.view.moving)(&self.rows[row])
    }

    fn cell(&self, row: usize, column: usize, cx: &Cx) -> Cell {
        (self.view.columns[column].cell)(&self.rows[row], cx)
    }

    fn key(&self, row: usize, column: usize, cx: &Cx) -> SortKey {
        let column = &self.view.columns[column];
        match column.key {
            Some(key) => key(&self.rows[row], cx),
            None => SortKey::text(&(column.cell)(&self.rows[row], cx).text),
        }
    }

    fn order(&self, one: usize, two: usize) -> Ordering {
        (self.view.order)(&self.rows[one], &self.rows[two])
    }
}

impl<T: Send + 'static> Resource for &'static View<T>
where
    View<T>: Sync,
{
    fn id(&self) -> &'static str {
        self.id
    }

    fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    fn noun(&self) -> &'static str {
        self.noun
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn under(&self) -> &'static [&'static str] {
        self.under
    }

    fn whole(&self) -> bool {
        self.whole
    }

    fn facets(&self) -> &'static [Facet] {
        self.facets
    }

    fn heads(&self) -> Vec<Head> {
        self.columns.iter().map(|column| column.head).collect()
    }

    fn sick_first(&self) -> bool {
        self.sick_first
    }

    fn when_empty(&self) -> &'static str {
        self.when_empty
    }

    fn needs(&self, scope: &Scope, store: &Store) -> Vec<Query> {
        (self.needs)(scope, store)
    }

    fn live(&self, rows: &[Subject], cx: &Cx) -> Option<Live> {
        self.live.map(|live| live(rows, cx))
    }

    fn rows(&self, scope: &Scope, store: &Store) -> Box<dyn Rows> {
        Box::new(Typed {
            view: self,
            rows: (self.rows)(scope, store),
        })
    }

    fn enter(&self, subject: &Subject, scope: &Scope, cx: &Cx) -> Option<Step> {
        (self.enter)(subject, scope, cx)
    }

    fn links(&self) -> &'static [Link] {
        self.links
    }

    fn page_needs(&self, subject: &Subject, store: &Store) -> Vec<Query> {
        (self.page_needs)(subject, store)
    }

    fn page(&self, subject: &Subject, cx: &Cx) -> Option<Page> {
        (self.page)(subject, cx)
    }
}
