#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, time::Duration};

use super::*;
use crate::{
    keymap::Keymap,
    model::{Arn, Entity, Now, Part, Query, Timestamp, samples},
    resource::Scope,
    theme::{Depth, Theme},
    ui::{Context, Freshness, Glyphs},
};

/// What a table reads: a store of some clusters, in a room.
struct Room {
    store: Store,
    keymap: Keymap,
    theme: Theme,
    freshness: Freshness,
    context: Context,
    size: (u16, u16),
}

impl Room {
    fn of(names: &[&str], size: (u16, u16)) -> Self {
        let mut room = Self {
            store: Store::new(),
            keymap: Keymap::new(&BTreeMap::new()).0,
            theme: Theme::builtin("mono", Depth::None).unwrap(),
            freshness: Freshness::Live,
            context: Context::default(),
            size,
        };
        room.fill(names);
        room
    }

    fn fill(&mut self, names: &[&str]) {
        let arn = |name: &&str| Arn::new(&format!("arn:aws:ecs:r:1:cluster/{name}"));
        let items: Vec<Arn> = names.iter().map(arn).collect();
        let clusters = items
            .iter()
            .map(|arn| Entity::Cluster(samples::cluster(arn)));
        let now = Now {
            wall: Timestamp(0),
            mono: Duration::ZERO,
        };
        let some = Part::Some {
            entities: clusters.collect(),
            items: items.clone(),
        };
        self.store.apply(&Query::Clusters(None), some, now);
        let done = Part::Done { items, calls: 1 };
        self.store.apply(&Query::Clusters(None), done, now);
    }

    fn cx(&self) -> Cx<'_> {
        Cx {
            store: &self.store,
            now: Now::default(),
            keymap: &self.keymap,
            theme: &self.theme,
            glyphs: Glyphs { ascii: true },
            room: self.size,
            freshness: &self.freshness,
            around: &[],
            under_cursor: None,
            context: &self.context,
        }
    }
}

fn clusters() -> TableLayer {
    TableLayer::new(Place {
        view: "clusters",
        scope: Scope::account(),
    })
    .unwrap()
}

fn name(table: &TableLayer) -> Option<String> {
    Some(table.subject()?.name().to_owned())
}

#[test]
fn pages_and_ends_stay_within_the_rows() {
    let names: Vec<String> = (0..50).map(|at| format!("c{at:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let room = Room::of(&names, (80, 11));
    let mut table = clusters();
    table.settle(&room.cx());
    for (command, row, top) in [
        (Command::Up, 0, 0),
        (Command::PageDown, 9, 0),
        (Command::Down, 10, 1),
        (Command::HalfDown, 15, 6),
        (Command::PageUp, 6, 6),
        (Command::Bottom, 49, 40),
        (Command::PageDown, 49, 40),
        (Command::HalfUp, 44, 40),
        (Command::Top, 0, 0),
    ] {
        table.on_command(command, &room.cx());
        assert_eq!((table.cursor, table.top), (row, top), "{command:?}");
    }
}

#[test]
fn what_is_selected_is_found_once_it_comes() {
    let mut room = Room::of(&["a", "b"], (80, 11));
    let mut table = clusters();
    table.select(Subject::whole(&Arn::new("arn:aws:ecs:r:1:cluster/c")));
    // The cluster is not in the first part of the answer; that is no reason to let go of it.
    room.store = Store::new();
    table.settle(&room.cx());
    room.fill(&["a", "b", "c", "d"]);
    table.settle(&room.cx());
    assert_eq!(name(&table).as_deref(), Some("c"));
    room.fill(&["0", "c"]);
    table.settle(&room.cx());
    assert_eq!((name(&table).as_deref(), table.cursor), (Some("c"), 1));
}

#[test]
fn a_click_selects_and_the_wheel_moves() {
    let room = Room::of(&["a", "b", "c", "d"], (80, 11));
    let mut table = clusters();
    table.settle(&room.cx());
    table.on_mouse(None, 3, &room.cx());
    assert_eq!(name(&table).as_deref(), Some("c"));
    table.on_mouse(None, 0, &room.cx());
    assert_eq!(name(&table).as_deref(), Some("c"), "the heads are no row");
    table.on_mouse(Some(-3), 0, &room.cx());
    assert_eq!(name(&table).as_deref(), Some("a"));
    table.on_mouse(None, 200, &room.cx());
    assert_eq!(name(&table).as_deref(), Some("d"));
}

#[test]
fn a_pasted_filter_loses_its_line_ends() {
    let room = Room::of(&["prod-web", "dev-web"], (80, 11));
    let mut table = clusters();
    table.on_paste("ignored", &room.cx());
    assert!(table.filter().is_none());
    table.on_command(Command::Filter, &room.cx());
    table.on_paste("prod\n", &room.cx());
    table.settle(&room.cx());
    assert_eq!(
        table
            .filter()
            .map(|filter| filter.text.to_owned())
            .as_deref(),
        Some("prod")
    );
    assert_eq!(table.status(), "1 of 2 (1 hidden)");
}
