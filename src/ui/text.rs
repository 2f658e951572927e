//! The one gate for text: everything from outside passes here on its way to the screen, and nothing that comes out
//! can drive a terminal.

use std::borrow::Cow;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    symbols,
    widgets::{Block, Clear, Widget},
};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Cx;
use crate::{resource::Cut, theme::Role};

/// Makes text safe to show: control characters become visible (`^[` for escape), invisible and direction-changing
/// characters become `<U+202E>`, line ends and tabs become spaces.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| !is_unsafe(character)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => safe.push(' '),
            '\u{0}'..='\u{1f}' => {
                safe.push('^');
                safe.push(char::from((character as u8) + 0x40));
            }
            '\u{7f}' => safe.push_str("^?"),
            character if is_unsafe(character) => {
                safe.push_str(&format!("<U+{:04X}>", u32::from(character)));
            }
            character => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

/// Makes text of several lines safe to hand out: as [`clean`], but line ends and tabs stay.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for piece in text.split_inclusive(['\n', '\t']) {
        let content = piece.trim_end_matches(['\n', '\t']);
        safe.push_str(&clean(content));
        safe.push_str(&piece[content.len()..]);
    }
    safe
}

/// Whether a character can act on a terminal, or hide or reorder what stands beside it.
#[must_use]
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The cells that clean text takes up.
#[must_use]
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Cuts text to a width in cells, with an ellipsis where something was cut away.
#[must_use]
pub(super) fn cut<'a>(text: &'a str, most: usize, ellipsis: &str) -> Cow<'a, str> {
    if text.width() <= most {
        return Cow::Borrowed(text);
    }
    let room = most.saturating_sub(ellipsis.width());
    let mut taken = 0;
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        let cells = grapheme.width();
        if taken + cells > room {
            break;
        }
        taken += cells;
        kept.push_str(grapheme);
    }
    if most > 0 {
        kept.push_str(ellipsis);
    }
    Cow::Owned(kept)
}

/// Cuts clean text to a width in cells in its middle, so that its end stays.
#[must_use]
pub(super) fn cut_middle(text: &str, most: usize, ellipsis: &str) -> String {
    let cells = text.width();
    if cells <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(ellipsis.width());
    let tail = skip_cells(text, cells - room / 2);
    let head = cut(text, most.saturating_sub(tail.width()), ellipsis);
    format!("{head}{tail}")
}

/// Cuts clean text to a width in cells at its start, so that its end stays.
#[must_use]
pub(super) fn cut_start(text: &str, most: usize, ellipsis: &str) -> String {
    let cells = text.width();
    if cells <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(ellipsis.width());
    let head = cut(ellipsis, most, "");
    format!("{head}{}", skip_cells(text, cells - room))
}

/// Cuts clean text to a width in cells where it may be cut.
#[must_use]
pub fn shorten(text: &str, most: usize, at: Cut, ellipsis: &str) -> String {
    match at {
        Cut::End => cut(text, most, ellipsis).into_owned(),
        Cut::Middle => cut_middle(text, most, ellipsis),
        Cut::Start => cut_start(text, most, ellipsis),
    }
}

/// What is left of clean text when its first cells are scrolled away.
#[must_use]
pub(super) fn skip_cells(text: &str, cells: usize) -> &str {
    let mut skipped = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if skipped >= cells {
            return &text[at..];
        }
        skipped += grapheme.width();
    }
    ""
}

/// Breaks clean text into lines of at most `most` cells, at spaces where there are some. The second and further
/// lines are `indent` cells narrower. Returns byte ranges, so that styles can be laid over them.
#[must_use]
pub(super) fn wrap(text: &str, most: usize, indent: usize) -> Vec<std::ops::Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut taken = 0;
    let mut space = None;
    let further = most.saturating_sub(indent).max(1);
    for (at, character) in text.char_indices() {
        let room = if lines.is_empty() {
            most.max(1)
        } else {
            further
        };
        let cells = character.width().unwrap_or(0);
        if taken + cells > room && at > start {
            // A word that no line can hold is broken here rather than moved to the next line and broken there.
            let fits = |space: &usize| {
                let word = text[*space..].split(' ').next().unwrap_or_default();
                *space > start && word.width() <= further
            };
            let end = space.filter(fits).unwrap_or(at);
            lines.push(start..end);
            start = end;
            taken = text[start..at].width();
            space = None;
        }
        taken += cells;
        if character == ' ' {
            space = Some(at + 1);
        }
    }
    lines.push(start..text.len());
    lines
}

/// Writes text into a buffer at a place, cut to a width; returns the cells used.
pub(super) fn put(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    text: &str,
    most: u16,
    style: Style,
    ellipsis: &str,
) -> u16 {
    if !buffer.area.contains((x, y).into()) || most == 0 {
        return 0;
    }
    let text = clean(text);
    let text = cut(&text, most.into(), ellipsis);
    let (end, _) = buffer.set_stringn(x, y, &text, most.into(), style);
    end.saturating_sub(x)
}

/// Marks the place where the next letter goes.
pub(super) fn cursor(buffer: &mut Buffer, (x, y): (u16, u16), cx: &Cx) {
    if buffer.area.contains((x, y).into()) {
        let place = Rect {
            x,
            y,
            width: 1,
            height: 1,
        };
        buffer.set_style(place, cx.theme.style(Role::CursorRow));
    }
}

/// Clears a rectangle and draws a frame with a title around it.
pub(super) fn panel(buffer: &mut Buffer, frame: Rect, title: &str, cx: &Cx) {
    let style = cx.theme.style(Role::DialogBorder);
    Clear.render(frame, buffer);
    let set = if cx.glyphs.ascii {
        ASCII_BORDER
    } else {
        symbols::border::PLAIN
    };
    Block::bordered()
        .border_set(set)
        .border_style(style)
        .render(frame, buffer);
    let title = format!(" {title} ");
    let room = frame.width.saturating_sub(4);
    put(buffer, (frame.x + 2, frame.y), &title, room, style, "");
}

const ASCII_BORDER: symbols::border::Set = symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", "plain")]
    #[case("\u{1b}[31mred\u{1b}[0m", "^[[31mred^[[0m")]
    #[case("a\tb\r\nc", "a b  c")]
    #[case("bell\u{7}", "bell^G")]
    #[case("csi\u{9b}2J", "csi<U+009B>2J")]
    #[case("txt\u{202e}gpj", "txt<U+202E>gpj")]
    #[case("naïve 日本", "naïve 日本")]
    fn controls_become_visible(#[case] text: &str, #[case] safe: &str) {
        assert_eq!(clean(text), safe);
    }

    #[rstest]
    #[case("NAME\tAGE\nweb\t3m\n", "NAME\tAGE\nweb\t3m\n")]
    #[case("\n\n\tx", "\n\n\tx")]
    #[case("a\u{1b}]0;b\u{7}\r\nc\u{9b}", "a^[]0;b^G \nc<U+009B>")]
    fn lines_and_tabs_stay_in_what_is_handed_out(#[case] text: &str, #[case] safe: &str) {
        assert_eq!(clean_lines(text), safe);
    }

    #[rstest]
    #[case("service", 7, "service")]
    #[case("service", 6, "servi…")]
    #[case("日本語", 5, "日本…")]
    #[case("日本語", 4, "日…")]
    #[case("x", 0, "")]
    fn cuts_on_cells(#[case] text: &str, #[case] most: usize, #[case] expected: &str) {
        assert_eq!(cut(text, most, "…"), expected);
    }

    #[rstest]
    #[case("payments-api:41", 20, "payments-api:41")]
    #[case("payments-api:41", 10, "payme…i:41")]
    #[case("payments-api:41", 1, "…")]
    #[case("日本語日本語", 6, "日…語")]
    fn cuts_in_the_middle(#[case] text: &str, #[case] most: usize, #[case] expected: &str) {
        assert_eq!(cut_middle(text, most, "…"), expected);
    }

    #[rstest]
    #[case("unix:///run/a.sock", 20, "unix:///run/a.sock")]
    #[case("unix:///run/a.sock", 9, "…n/a.sock")]
    #[case("unix:///run/a.sock", 1, "…")]
    #[case("unix:///run/a.sock", 0, "")]
    #[case("日本語日本語", 6, "…本語")]
    fn cuts_at_the_start(#[case] text: &str, #[case] most: usize, #[case] expected: &str) {
        assert_eq!(cut_start(text, most, "…"), expected);
    }

    #[test]
    fn wraps_at_spaces_and_hard_where_there_are_none() {
        let lines = |text: &'static str, most, indent| -> Vec<&str> {
            wrap(text, most, indent)
                .into_iter()
                .map(|range| &text[range])
                .collect()
        };
        assert_eq!(lines("one two three", 8, 0), ["one two ", "three"]);
        assert_eq!(lines("abcdefgh", 3, 0), ["abc", "def", "gh"]);
        assert_eq!(lines("a bcdefgh", 4, 1), ["a bc", "def", "gh"]);
        assert_eq!(lines("abcdefgh", 4, 2), ["abcd", "ef", "gh"]);
        assert_eq!(lines("", 4, 0), [""]);
    }

    proptest! {
        #[test]
        fn nothing_that_acts_on_a_terminal_comes_through(text in any::<String>()) {
            prop_assert!(clean(&text).chars().all(|character| !is_unsafe(character)));
        }

        #[test]
        fn wrapping_loses_nothing(text in "[a-z ]{0,60}", most in 1_usize..20, indent in 0_usize..8) {
            let joined: String =
                wrap(&text, most, indent).into_iter().map(|range| text[range].to_owned()).collect();
            prop_assert_eq!(joined, text);
        }

        #[test]
        fn cutting_never_exceeds_the_width(text in any::<String>(), most in 0_usize..30) {
            let safe = clean(&text);
            prop_assert!(width(&cut(&safe, most, "…")) <= most);
        }
    }
}
