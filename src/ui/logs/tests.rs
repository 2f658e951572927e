#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::{
    keymap::Keymap,
    model::{Arn, LogLine, Now},
    theme::{Depth, Role, Theme},
    ui::{Context, Freshness, Glyphs},
};

/// What a log reads: an empty store, in a room.
struct Room {
    store: Store,
    keymap: Keymap,
    theme: Theme,
    freshness: Freshness,
    context: Context,
    size: (u16, u16),
}

impl Room {
    fn of(width: u16, height: u16) -> Self {
        Self {
            store: Store::new(),
            keymap: Keymap::new(&BTreeMap::new()).0,
            theme: Theme::builtin("mono", Depth::None).unwrap(),
            freshness: Freshness::Live,
            context: Context::default(),
            size: (width, height),
        }
    }

    fn cx(&self) -> Cx<'_> {
        Cx {
            store: &self.store,
            now: Now {
                wall: Timestamp(1_772_366_400_000),
                mono: Duration::from_secs(1),
            },
            keymap: &self.keymap,
            theme: &self.theme,
            glyphs: Glyphs { ascii: false },
            room: self.size,
            freshness: &self.freshness,
            around: &[],
            under_cursor: None,
            context: &self.context,
        }
    }

    /// The rows that are drawn, checked.
    fn rows(&self, layer: &LogsLayer) -> Vec<String> {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buffer = Buffer::empty(area);
        layer.draw(area, &mut buffer, &self.cx());
        let width = usize::from(area.width);
        let rows = buffer.content.chunks(width).map(|cells| {
            let mut row = String::new();
            let mut covered = 0;
            for cell in cells {
                assert!(!cell.symbol().chars().any(acts), "{:?}", cell.symbol());
                if covered == 0 {
                    row.push_str(cell.symbol());
                    covered = cell.symbol().width();
                }
                covered = covered.saturating_sub(1);
            }
            assert!(row.width() <= width, "{row:?} is wider than {width}");
            row.trim_end().to_owned()
        });
        rows.collect()
    }
}

/// Whether a character could act on a terminal, or reorder or hide what stands beside it.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn stream(task: &str, container: &str) -> Subject {
    Subject::part(
        &Arn::new(&format!("arn:aws:ecs:r:1:task/web/{task}")),
        container,
    )
}

fn layer() -> LogsLayer {
    LogsLayer::follow(Subject::whole(&Arn::new("arn:aws:ecs:r:1:service/web/api")))
}

fn lines(from: i64, texts: &[&str]) -> LogReport {
    LogReport::Lines {
        container: stream("0123456789", "app"),
        lines: texts
            .iter()
            .zip(from..)
            .map(|(text, at)| LogLine {
                at: Timestamp(at),
                error: false,
                text: (*text).into(),
            })
            .collect(),
    }
}

/// Runs commands, brought up to date after each.
fn run(layer: &mut LogsLayer, commands: &[Command], room: &Room) {
    for command in commands {
        layer.on_command(*command, &room.cx());
        layer.settle(&room.cx());
    }
}

fn told(texts: &[&str], size: (u16, u16), commands: &[Command]) -> Vec<String> {
    let room = Room::of(size.0, size.1);
    let mut layer = layer();
    layer.on_log(lines(0, texts));
    layer.settle(&room.cx());
    run(&mut layer, commands, &room);
    room.rows(&layer)
}

#[test]
fn colours_go_and_other_controls_are_seen() {
    let rows = told(
        &["\u{1b}[32mok\u{1b}[0m \u{1b}[2J \u{1b}]0;title\u{7} \u{9b}H\ttab \u{202e}txt"],
        (100, 3),
        &[Command::Times],
    );
    assert_eq!(
        rows[0],
        " ok ^[[2J ^[]0;title^G <U+009B>H    tab <U+202E>txt"
    );
}

#[test]
fn long_lines_are_cut_with_a_mark_and_scrolled() {
    let text = "0123456789".repeat(9);
    let head = |commands: &[Command]| told(&[&text, "short"], (41, 4), commands).swap_remove(0);
    let cut = format!(" {}012345678…", "0123456789".repeat(3));
    assert_eq!(head(&[Command::Times]), cut);
    let scrolled = format!(" 89{}0123456…", "0123456789".repeat(3));
    assert_eq!(head(&[Command::Times, Command::Right]), scrolled);
    let far = [[Command::Times].as_slice(), &[Command::Right; 20]].concat();
    assert_eq!(head(&far), format!(" {}", "0123456789".repeat(4)));
    let back = [far.as_slice(), &[Command::Left; 20]].concat();
    assert_eq!(head(&back), cut);
    assert_eq!(
        told(&["日本語日本語"], (8, 2), &[Command::Times])[0],
        " 日本語…"
    );
}

#[test]
fn wrapped_lines_are_scrolled_by_rows() {
    let texts = ["one two three four", "five"];
    let start = [Command::Times, Command::Wrap];
    assert_eq!(
        told(&texts, (12, 3), &start),
        [" one two", " three four", " five"]
    );
    assert_eq!(told(&texts, (12, 2), &start), [" three four", " five"]);
    let up = [Command::Times, Command::Wrap, Command::Up];
    let rows = told(&texts, (12, 4), &up);
    assert_eq!(rows, [" one two", " three four", " five", ""]);
    let mut many = vec!["one two three four"; 9];
    many.push("last");
    let rows = told(&many, (12, 5), &up);
    let half = [" three four", " one two", " three four", " one two"];
    assert_eq!(rows[..4], half);
    assert!(rows[4].starts_with(" ▼ not foll"), "{rows:?}");
}

#[test]
fn a_line_of_a_mebibyte_is_shown_in_part_and_kept_whole() {
    let text = format!("{}end", "x".repeat(tidy::LONGEST - 3));
    let room = Room::of(60, 10);
    let mut layer = layer();
    layer.on_log(lines(0, &[&text]));
    layer.settle(&room.cx());
    assert!(room.rows(&layer)[0].ends_with("xxx…"));
    run(&mut layer, &[Command::Wrap], &room);
    assert!(room.rows(&layer)[9].ends_with("[1015808 more bytes]"));
    let saved = layer.text(&room.cx());
    assert!(saved.ends_with("xxxend\n"));
    // What is looked for is found behind what is shown.
    layer.look_for("xend");
    assert_eq!(layer.lines.matches(), 1);
}

#[test]
fn streams_errors_and_matches_are_told_by_style_and_by_sign() {
    let mut room = Room::of(60, 4);
    room.theme = Theme::builtin("ansi", Depth::Ansi16).unwrap();
    let mut layer = layer();
    for (index, container) in ["app", "web"].iter().enumerate() {
        let LogReport::Lines { lines, .. } = lines(i64::try_from(index).unwrap(), &["an error"])
        else {
            unreachable!();
        };
        let container = stream("0123456789", container);
        layer.on_log(LogReport::Lines { container, lines });
    }
    layer.settle(&room.cx());
    layer.look_for("error");
    layer.settle(&room.cx());
    assert_eq!(room.rows(&layer)[0], "!00:00:00.000 app an error");
    assert_eq!(room.rows(&layer)[1], "!00:00:00.001 web an error");
    let area = Rect::new(0, 0, 60, 4);
    let mut buffer = Buffer::empty(area);
    layer.draw(area, &mut buffer, &room.cx());
    let is_styled = |x: u16, y: u16, role| {
        let style = room.theme.style(role);
        let cell = &buffer[(x, y)];
        cell.fg == style.fg.unwrap_or_default() && cell.modifier.contains(style.add_modifier)
    };
    assert!(is_styled(0, 0, Role::StatusError));
    assert!(is_styled(1, 0, Role::LogTime));
    assert!(is_styled(14, 0, Role::LogStream1));
    assert!(is_styled(14, 1, Role::LogStream2));
    assert_ne!(buffer[(14, 0)].fg, buffer[(14, 1)].fg);
    assert!(is_styled(18, 0, Role::Text));
    assert!(is_styled(21, 0, Role::Match));
    assert_ne!(buffer[(18, 0)].style(), buffer[(21, 0)].style());
}

#[test]
fn json_is_folded_and_comes_back() {
    let text = r#"{"level":"warn","msg":"slow","ms":900}"#;
    let row = |commands: &[Command]| told(&[text, "plain"], (60, 3), commands).swap_remove(0);
    assert_eq!(row(&[Command::Times]), format!(" {text}"));
    assert_eq!(row(&[Command::Times, Command::Fold]), " WARN slow  ms=900");
    let twice = [Command::Times, Command::Fold, Command::Fold];
    assert_eq!(row(&twice), format!(" {text}"));
}

#[test]
fn late_lines_do_not_move_what_is_read() {
    let room = Room::of(30, 5);
    let mut layer = layer();
    let texts: Vec<String> = (0..20).map(|at| format!("line {at}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    layer.on_log(lines(100, &texts));
    layer.settle(&room.cx());
    run(&mut layer, &[Command::Times, Command::PageUp], &room);
    let seen = room.rows(&layer);
    assert_eq!(seen[0], " line 11");
    layer.on_log(lines(0, &["older", "older still"]));
    layer.settle(&room.cx());
    let rows = room.rows(&layer);
    assert_eq!(rows[..4], seen[..4]);
    assert_eq!(rows[4], " ▼ 2 new; s follows");
    assert_eq!(layer.lines.len(), 22);
}

#[test]
fn the_beginning_stays_in_view_while_streams_come() {
    let room = Room::of(30, 5);
    let mut layer = layer();
    layer.settle(&room.cx());
    run(&mut layer, &[Command::SinceHead, Command::Times], &room);
    layer.on_log(lines(100, &["5", "6", "7", "8", "9", "10"]));
    layer.settle(&room.cx());
    assert_eq!(room.rows(&layer)[..4], [" 5", " 6", " 7", " 8"]);
    layer.on_log(lines(0, &["1", "2"]));
    layer.settle(&room.cx());
    assert_eq!(
        room.rows(&layer),
        [" 1", " 2", " 5", " 6", " ▼ 8 new; s follows"]
    );
    run(&mut layer, &[Command::Down], &room);
    layer.on_log(lines(50, &["3", "4"]));
    layer.settle(&room.cx());
    assert_eq!(room.rows(&layer)[..4], [" 2", " 3", " 4", " 5"]);
}

#[test]
fn a_flood_stays_below_the_cap_whether_anybody_looks_or_not() {
    let room = Room::of(80, 24);
    let mut layer = layer();
    let text = "x".repeat(10_000);
    let texts = vec![text.as_str(); 100];
    for at in 0..30 {
        layer.on_log(lines(at * 100, &texts));
        assert!(layer.lines.bytes() <= buffer::MOST);
    }
    layer.settle(&room.cx());
    let held = u64::try_from(layer.lines.len()).unwrap();
    assert_eq!(held + layer.lines.dropped(), 3_000);
    assert!(
        layer.status().contains(" older dropped"),
        "{}",
        layer.status()
    );
}

const COMMANDS: &[Command] = &[
    Command::Up,
    Command::Down,
    Command::PageUp,
    Command::PageDown,
    Command::HalfUp,
    Command::Top,
    Command::Bottom,
    Command::Left,
    Command::Right,
    Command::Wrap,
    Command::Times,
    Command::Fold,
    Command::Follow,
    Command::Mark,
    Command::NextError,
    Command::PreviousError,
    Command::NextMatch,
    Command::PreviousMatch,
    Command::FilterOrHighlight,
    Command::MoreContext,
    Command::LessContext,
    Command::Back,
    Command::Clear,
    Command::SinceHead,
];

/// Pieces of text that try to drive a terminal, hide, reorder, or take up more or fewer cells than they seem to.
const NASTY: &[&str] = &[
    "\u{1b}[2J",
    "\u{1b}[31m",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}P1$r\u{1b}\\",
    "\u{9b}1;1H",
    "\u{9d}52;c;cm0=\u{9c}",
    "\u{0}\u{8}\u{7f}\u{85}",
    "\r",
    "\n",
    "\t",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}\u{feff}",
    "e\u{301}\u{301}\u{301}",
    "\u{301}",
    "日本語",
    "👩\u{200d}👩\u{200d}👧",
    "🇩🇪",
    "\u{fffd}",
    "{\"level\":\"error\",\"msg\":\"\\u001b[2J\",\"k\":\"\\u202e\"}",
    "error ",
    " ",
];

fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(NASTY).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,30}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever containers write and keys are pressed: no cell can act on a terminal, and no row is wider than the
    /// screen.
    #[test]
    fn nothing_written_reaches_the_terminal(
        batches in prop::collection::vec(prop::collection::vec(nasty(), 0..8), 1..5),
        names in prop::collection::vec(nasty(), 1..4),
        commands in prop::collection::vec(prop::sample::select(COMMANDS), 0..24),
        filter in prop_oneof![Just(String::new()), Just("e".to_owned()), Just("!/x/".to_owned()), nasty()],
        size in (1_u16..100, 1_u16..30),
    ) {
        let room = Room::of(size.0, size.1);
        let mut layer = layer();
        layer.settle(&room.cx());
        layer.look_for(&filter);
        let mut commands = commands.chunks(6);
        for (index, batch) in batches.iter().enumerate() {
            let name = &names[index % names.len()];
            let texts: Vec<&str> = batch.iter().map(String::as_str).collect();
            let LogReport::Lines { lines, .. } = lines(50 - 7 * i64::try_from(index).unwrap(), &texts) else {
                unreachable!();
            };
            let container = stream(&format!("{index}{name}"), name);
            layer.on_log(LogReport::Lines { container, lines });
            layer.on_log(LogReport::Lost { container: None, count: Some(3), why: name.clone() });
            layer.settle(&room.cx());
            run(&mut layer, commands.next().unwrap_or_default(), &room);
            room.rows(&layer);
            layer.status();
        }
        let saved = crate::ui::clean_lines(&layer.text(&room.cx()));
        prop_assert!(!saved.chars().any(|character| acts(character) && character != '\n'));
    }
}
