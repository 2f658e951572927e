//! What holds for every view: names, keys and the room its columns take.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod account;
mod pages;
mod tables;

use std::collections::HashSet;

use super::*;
use crate::{
    model::{Arn, Now, Subject},
    store::Store,
};

/// The cells that columns of at most this rank take in a scope, with two cells between them; with or without those
/// that stand only where something is known of what is used now.
fn taken(view: &dyn Resource, scope: &Scope, rank: u8, live: bool) -> u16 {
    let heads = view.heads();
    let widths: Vec<u16> = heads
        .iter()
        .filter(|head| {
            let is_shown = match head.presence {
                Presence::Always | Presence::InWhole => true,
                Presence::AmongRegions => false,
                Presence::WhereUsed => live,
            };
            head.belongs(scope) && head.rank <= rank && is_shown
        })
        .map(|head| head.width)
        .collect();
    let gaps = u16::try_from(widths.len()).unwrap().saturating_sub(1);
    widths.iter().sum::<u16>() + 2 * gaps
}

/// Every scope that a view's columns can differ in.
fn scopes(view: &dyn Resource) -> Vec<Scope> {
    let facets = 0..view.facets().len().max(1);
    facets
        .flat_map(|facet| {
            let part = Scope {
                of: Some(Subject::whole(&Arn::new("x"))),
                facet,
            };
            let whole = Scope { of: None, facet };
            [(!view.under().is_empty(), part), (view.whole(), whole)]
        })
        .filter_map(|(has, scope)| has.then_some(scope))
        .collect()
}

#[test]
fn ids_and_aliases_are_unique_and_found() {
    let mut names = HashSet::new();
    for view in VIEWS {
        assert!(names.insert(view.id()), "{} twice", view.id());
        assert!(view.aliases().is_sorted_by_key(|alias| alias.len()));
        for alias in view.aliases() {
            assert!(names.insert(alias), "{alias} twice");
            assert_eq!(find(alias).unwrap().id(), view.id());
        }
        assert_eq!(find(view.id()).unwrap().id(), view.id());
    }
    assert!(find("no such view").is_none());
}

#[test]
fn link_ids_are_unique_and_keys_are_unique_within_a_view() {
    let mut ids = HashSet::new();
    for view in VIEWS {
        let mut keys = HashSet::new();
        for link in view.links() {
            assert!(ids.insert(link.id), "{} twice", link.id);
            assert!(keys.insert(link.key), "{} twice in {}", link.key, view.id());
        }
    }
}

#[test]
fn the_columns_that_never_drop_fit_forty_columns() {
    for view in VIEWS {
        for scope in scopes(*view) {
            let width = taken(*view, &scope, 0, true);
            assert!(
                (1..=38).contains(&width),
                "{} {scope:?}: {width}",
                view.id()
            );
        }
    }
}

#[test]
fn the_essential_columns_fit_eighty_columns() {
    for view in VIEWS {
        for scope in scopes(*view) {
            // Where the whole account is listed, the cluster takes the place of the third rank.
            let extra = view
                .heads()
                .iter()
                .any(|head| head.presence == Presence::InWhole);
            let rank = if scope.of.is_none() && extra { 1 } else { 2 };
            let width = taken(*view, &scope, rank, false);
            assert!(width <= 78, "{} {scope:?}: {width}", view.id());
            // Where figures are known, they stand beside what matters most.
            let width = taken(*view, &scope, 1, true);
            assert!(width <= 78, "{} {scope:?} with figures: {width}", view.id());
        }
    }
}

#[test]
fn titles_are_capitals_at_least_as_narrow_as_their_column() {
    for view in VIEWS {
        for head in view.heads() {
            assert_eq!(head.title, head.title.to_uppercase());
            assert!(
                head.title.len() <= usize::from(head.width),
                "{} {}",
                view.id(),
                head.title
            );
            assert!(head.grow == 0 || head.grow > head.width, "{}", head.title);
            assert!(head.facet.is_none_or(|facet| facet < view.facets().len()));
        }
    }
}

/// Whether the account is asked for what a view lists. Engines tell of themselves, and the program knows
/// what it did and what that cost.
fn is_asked_for(view: &dyn Resource) -> bool {
    !["engines", "rollouts", "audit", "budget"].contains(&view.id())
}

#[test]
fn a_view_stands_somewhere_and_knows_nothing_of_an_empty_store() {
    let store = Store::new();
    let cx = Cx {
        store: &store,
        now: Now::default(),
    };
    let nobody = Subject::part(&Arn::new("arn:aws:ecs:r:1:task/x"), "y");
    for view in VIEWS {
        assert!(view.whole() || !view.under().is_empty(), "{}", view.id());
        for scope in scopes(*view) {
            assert_ne!(
                view.needs(&scope, &store).is_empty(),
                is_asked_for(*view),
                "{}",
                view.id()
            );
            assert!(view.rows(&scope, &store).is_empty(), "{}", view.id());
        }
        assert_ne!(
            view.page_needs(&nobody, &store).is_empty(),
            is_asked_for(*view),
            "{}",
            view.id()
        );
        assert!(view.page(&nobody, &cx).is_none(), "{}", view.id());
        for link in view.links() {
            // With nothing known, a link leads to another list of the same thing or nowhere.
            let step = (link.to)(&nobody, &Scope::account(), &cx);
            assert!(!matches!(step, Some(Step::Describe(..))), "{}", link.id);
        }
    }
}
