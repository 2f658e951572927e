#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use super::*;
use crate::{
    keymap::Keymap,
    model::{Arn, Now},
    theme::{Depth, Theme},
    ui::{Context, Freshness, Glyphs},
};

/// What a page reads.
struct Room {
    store: Store,
    keymap: Keymap,
    theme: Theme,
    freshness: Freshness,
    context: Context,
}

impl Room {
    fn new() -> Self {
        Self {
            store: Store::new(),
            keymap: Keymap::new(&BTreeMap::new()).0,
            theme: Theme::builtin("mono", Depth::None).unwrap(),
            freshness: Freshness::Live,
            context: Context::default(),
        }
    }

    /// Twenty cells wide and five high.
    fn cx(&self) -> Cx<'_> {
        Cx {
            store: &self.store,
            now: Now::default(),
            keymap: &self.keymap,
            theme: &self.theme,
            glyphs: Glyphs { ascii: true },
            room: (20, 5),
            freshness: &self.freshness,
            around: &[],
            under_cursor: None,
            context: &self.context,
        }
    }
}

/// A page of an answer with thirty values, of which those of a multiple of ten are called `needle`.
fn page(room: &Room) -> PageLayer {
    let subject = Subject::whole(&Arn::new("web"));
    let mut page = PageLayer::raw(subject.clone());
    let fields: serde_json::Map<String, serde_json::Value> = (0..30)
        .map(|at| {
            let value = if at % 10 == 0 { "a needle" } else { "hay" };
            (format!("field{at:02}"), value.into())
        })
        .collect();
    let answer = serde_json::Value::Object(fields).to_string();
    page.on_raw(&Subject::whole(&Arn::new("another")), &Ok("{}".to_owned()));
    page.on_raw(&subject, &Ok(answer));
    page.settle(&room.cx());
    page
}

fn typed(page: &mut PageLayer, text: &str, room: &Room) {
    page.on_command(Command::Filter, &room.cx());
    for character in text.chars() {
        page.on_text(Key::char(character), &room.cx());
    }
    page.on_text(Key::plain(Code::Enter), &room.cx());
    page.settle(&room.cx());
}

#[test]
fn scrolling_stops_at_both_ends() {
    let room = Room::new();
    let mut page = page(&room);
    for (command, top) in [
        (Command::Up, 0),
        (Command::Down, 1),
        (Command::PageDown, 5),
        (Command::HalfDown, 7),
        (Command::Bottom, 25),
        (Command::Down, 25),
        (Command::PageUp, 21),
        (Command::Top, 0),
    ] {
        page.on_command(command, &room.cx());
        assert_eq!(page.top, top, "{command:?}");
    }
}

#[test]
fn a_search_goes_around_its_hits() {
    let room = Room::new();
    let mut page = page(&room);
    typed(&mut page, "needle", &room);
    assert!(page.status().ends_with("hit 1 of 3"), "{}", page.status());
    page.on_command(Command::NextMatch, &room.cx());
    assert!(page.status().ends_with("hit 2 of 3"), "{}", page.status());
    assert!(
        (page.top..page.top + 5).contains(&10),
        "row 10 is on the screen"
    );
    page.on_command(Command::NextMatch, &room.cx());
    page.on_command(Command::NextMatch, &room.cx());
    assert!(page.status().ends_with("hit 1 of 3"), "{}", page.status());
    page.on_command(Command::PreviousMatch, &room.cx());
    assert!(page.status().ends_with("hit 3 of 3"), "{}", page.status());
    assert!(matches!(
        page.on_command(Command::Back, &room.cx()),
        Reply::Taken
    ));
    assert!(page.filter().is_none());
    assert!(matches!(
        page.on_command(Command::Back, &room.cx()),
        Reply::Ignored
    ));
}

#[test]
fn what_is_not_there_is_said() {
    let room = Room::new();
    let mut page = page(&room);
    typed(&mut page, "gold", &room);
    assert!(page.status().ends_with("hit 0 of 0"), "{}", page.status());
    let reply = page.on_command(Command::NextMatch, &room.cx());
    assert!(matches!(&reply, Reply::Ask(Ask::Say(_, text)) if text == "gold is not on this page"));
    typed(&mut page, "", &room);
    page.on_command(Command::Back, &room.cx());
    typed(&mut page, "/(/", &room);
    assert!(
        page.filter()
            .unwrap()
            .complaint
            .unwrap()
            .contains("unclosed group")
    );
}

#[test]
fn long_lines_wrap_or_scroll() {
    let room = Room::new();
    let subject = Subject::whole(&Arn::new("web"));
    let mut page = PageLayer::raw(subject.clone());
    let answer = serde_json::json!({"image": "registry.example.com/team/repository"});
    page.on_raw(&subject, &Ok(answer.to_string()));
    page.settle(&room.cx());
    assert_eq!(page.status(), "1 line");
    for _ in 0..9 {
        page.on_command(Command::Right, &room.cx());
    }
    let widest = page.document.widest();
    assert_eq!(
        page.left,
        widest - 20,
        "the end of the line is at the edge, no further"
    );
    page.on_command(Command::Wrap, &room.cx());
    page.settle(&room.cx());
    assert_eq!(page.left, 0);
    assert!(page.document.rows() > 1);
}
