//! What can be listed: a file per view, and the frame that they all fill in. Nothing here fetches or draws.
//!
//! A view is a `static VIEW: View<T>`: its columns, the queries it needs, and how rows come out of the store. Naming
//! its file in `views!` below is all it takes for its table, sorting, filter, `:alias`, crumbs, help and refresh.

mod cell;
mod condition;
mod copies;
mod definition;
mod drift;
mod page;
mod place;
mod policies;
mod reasons;
mod state;
mod stops;
mod streams;
mod usage;
mod users;
mod view;
mod words;

pub use cell::{Align, Cell, Column, Cut, Head, Presence, SortKey, Tone, Trend};
pub use copies::copies;
pub use deployments::bounds;
pub use drift::pulled_tags;
pub use page::{Line, Page, Span};
pub use place::{Facet, Link, Place, Scope, Step, called, placed};
pub use repositories::mutability;
pub use rollouts::{rollout_line, told};
pub use state::{State, state};
pub use streams::{
    Ended, Previous, Streams, logged, needs_of_logs, needs_of_previous, previous, streams,
};
pub use usage::{Chart, Panel, Series, Unit, chart};
pub use users::{Runners, all_tasks_known, runners, services_running};
pub use view::{Cx, Live, Resource, Rows, View};
pub use words::count;

/// Declares the files of the views and lists them in the order of the help page.
macro_rules! views {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// Every view there is.
        pub static VIEWS: &[&dyn Resource] = &[$(&&$name::VIEW),*];
    };
}

views!(
    clusters,
    services,
    tasks,
    containers,
    instances,
    deployments,
    events,
    families,
    revisions,
    repositories,
    images,
    tags,
    engines,
    rollouts,
    audit,
    budget,
);

/// The view with this id or alias.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Resource> {
    VIEWS
        .iter()
        .copied()
        .find(|view| view.id() == name || view.aliases().contains(&name))
}

#[cfg(test)]
mod tests;
