//! How the search over all that is known looks.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Finder, Row};
use crate::{
    model::age,
    resource::Tone,
    theme::Role,
    ui::{Cx, role_of, text},
};

/// The lines above the first name: frame, line to type in, heads of the columns.
pub(super) const HEAD: u16 = 3;
/// Wider than this, lines are hard to follow.
const WIDEST: u16 = 160;
/// The cells of columns that never give way, and those between columns.
const KIND: u16 = 9;
const STATE: u16 = 14;
const AGE: u16 = 4;
const GAP: u16 = 2;
/// A place is not worth reading in less.
const PLACE: u16 = 12;
/// Where names and places have less than this together, places are left out.
const NARROW: u16 = 24;

const PROMPT: &str = "a name, id, address, image or ARN; svc: task: ip: image: tag: narrow";

/// The number of names on the screen.
pub(super) fn height(cx: &Cx, known: &str) -> usize {
    let frame = frame(Rect::new(0, 0, cx.room.0, cx.room.1));
    let around = HEAD + 1 + foot(known, frame.width).len();
    usize::from(frame.height.saturating_sub(around)).max(1)
}

fn frame(area: Rect) -> Rect {
    let width = area.width.min(WIDEST);
    Rect {
        x: area.x + (area.width - width) / 2,
        width,
        ..area
    }
}

/// The lines at the foot of the frame.
struct Foot(Vec<std::ops::Range<usize>>);

impl Foot {
    fn len(&self) -> u16 {
        u16::try_from(self.0.len()).unwrap_or(1)
    }
}

fn foot(known: &str, width: u16) -> Foot {
    let mut lines = text::wrap(known, width.saturating_sub(4).into(), 0);
    lines.truncate(3);
    Foot(lines)
}

/// The cells of the columns, left to right; a place without room is left out.
struct Columns {
    name: u16,
    place: u16,
    state: u16,
}

impl Finder {
    pub(super) fn paint(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let frame = frame(area);
        text::panel(buffer, frame, "Find", cx);
        let inner = Rect {
            x: frame.x + 2,
            y: frame.y + 1,
            width: frame.width.saturating_sub(4),
            height: frame.height.saturating_sub(2),
        };
        self.paint_line(inner, buffer, cx);
        let foot = foot(&self.known, frame.width);
        let first = inner.bottom().saturating_sub(foot.len());
        let muted = cx.theme.style(Role::TextMuted);
        for (y, range) in (first..inner.bottom()).zip(&foot.0) {
            let line = self.known[range.clone()].trim_end();
            text::put(
                buffer,
                (inner.x, y),
                line,
                inner.width,
                muted,
                cx.glyphs.ellipsis(),
            );
        }
        let body = Rect {
            y: inner.y + 1,
            height: first.saturating_sub(inner.y + 1),
            ..inner
        };
        if self.count == 0 {
            self.paint_emptiness(body, buffer, cx);
            return;
        }
        let columns = self.columns(body.width);
        paint_heads(&columns, body, buffer, cx);
        let lines = body.y + 1..body.bottom();
        for (at, (y, row)) in lines.zip(&self.rows).enumerate() {
            let line = Rect {
                y,
                height: 1,
                ..body
            };
            self.paint_row(
                row,
                &columns,
                line,
                self.top + at == self.cursor,
                buffer,
                cx,
            );
        }
    }

    /// The line to type in, with the number of names that match at its end.
    fn paint_line(&self, inner: Rect, buffer: &mut Buffer, cx: &Cx) {
        let ellipsis = cx.glyphs.ellipsis();
        let more = if self.filling { ellipsis } else { "" };
        let count = format!("{} of {}{more}", grouped(self.count), grouped(self.total));
        let cells = u16::try_from(text::width(&count)).unwrap_or(0);
        let style = cx.theme.style(Role::Counter);
        let at = (inner.right().saturating_sub(cells), inner.y);
        text::put(buffer, at, &count, cells, style, "");
        let room = inner.width.saturating_sub(cells + GAP);
        let prompt = cx.theme.style(Role::PromptFilter);
        let mark = (inner.x, inner.y);
        text::put(buffer, mark, ">", room, prompt, "");
        let room = room.saturating_sub(2);
        // Where the text is longer than the line, its end is what is being typed.
        let typed = text::clean(self.input.text());
        let past = (self.input.cursor_cells() + 1).saturating_sub(room.into());
        let at = (inner.x + 2, inner.y);
        text::put(
            buffer,
            at,
            text::skip_cells(&typed, past),
            room,
            prompt,
            ellipsis,
        );
        if typed.is_empty() {
            let ghost = cx.theme.style(Role::PromptGhost);
            let after = (inner.x + 3, inner.y);
            text::put(
                buffer,
                after,
                PROMPT,
                room.saturating_sub(1),
                ghost,
                ellipsis,
            );
        }
        let cursor = u16::try_from(self.input.cursor_cells() - past.min(self.input.cursor_cells()));
        let x = inner.x + 2 + cursor.unwrap_or(0);
        text::cursor(buffer, (x, inner.y), cx);
    }

    fn paint_emptiness(&self, body: Rect, buffer: &mut Buffer, cx: &Cx) {
        let says = match &self.elsewhere {
            Some(why) => why.clone(),
            None if self.filling => "Looking through what is known.".to_owned(),
            None if self.total == 0 => "Nothing is known yet.".to_owned(),
            None => "Nothing that is known matches.".to_owned(),
        };
        let says = text::clean(&says);
        let style = cx.theme.style(Role::TextMuted);
        for (y, range) in (body.y + 1..body.bottom()).zip(text::wrap(&says, body.width.into(), 0)) {
            text::put(buffer, (body.x, y), &says[range], body.width, style, "");
        }
    }

    /// Divides the width: names get what they need, as long as the places keep what they are worth.
    fn columns(&self, width: u16) -> Columns {
        let widest = |cells: &dyn Fn(&Row) -> usize| {
            let widest = self.rows.iter().map(cells).max().unwrap_or(0);
            u16::try_from(widest).unwrap_or(u16::MAX)
        };
        let state = widest(&|row| text::width(&text::clean(&word(row)))).clamp(5, STATE);
        let room = width.saturating_sub(KIND + GAP + GAP + state + GAP + AGE);
        if room < NARROW {
            let (name, place) = (room, 0);
            return Columns { name, place, state };
        }
        let name = widest(&|row| text::width(&text::clean(&row.spot.name))).max(4);
        let place = widest(&|row| text::width(&text::clean(&row.spot.place)));
        let least = if place == 0 {
            0
        } else {
            place.clamp(5, PLACE) + GAP
        };
        let for_places = (place.max(5) + GAP).min(room * 2 / 5).max(least);
        let name = name.min(room.saturating_sub(for_places));
        let place = room.saturating_sub(name + GAP);
        Columns { name, place, state }
    }

    fn paint_row(
        &self,
        row: &Row,
        columns: &Columns,
        line: Rect,
        on_cursor: bool,
        buffer: &mut Buffer,
        cx: &Cx,
    ) {
        let style = |role| {
            cx.theme
                .style(if on_cursor { Role::CursorRow } else { role })
        };
        if on_cursor {
            buffer.set_style(line, cx.theme.style(Role::CursorRow));
        }
        let ellipsis = cx.glyphs.ellipsis();
        let y = line.y;
        let muted = style(Role::TextMuted);
        text::put(buffer, (line.x, y), row.spot.kind.word(), KIND, muted, "");
        let x = line.x + KIND + GAP;
        let name = text::clean(&row.spot.name);
        text::put(
            buffer,
            (x, y),
            &name,
            columns.name,
            style(Role::Text),
            ellipsis,
        );
        self.paint_marks(&name, (x, y), columns.name, buffer, cx);
        let x = x + columns.name + GAP;
        let place = text::clean(&row.spot.place);
        let place = text::cut_start(&place, columns.place.into(), ellipsis);
        text::put(buffer, (x, y), &place, columns.place, muted, ellipsis);
        let x = x + columns.place + GAP;
        let tone = row
            .state
            .as_ref()
            .map_or(Tone::Muted, |state| state.health.into());
        let word = word(row);
        text::put(
            buffer,
            (x, y),
            &word,
            columns.state,
            style(role_of(tone)),
            ellipsis,
        );
        let since = row.state.as_ref().and_then(|state| state.since);
        let age = since.map_or_else(String::new, |since| age(cx.now.wall.since(since)));
        put_right(&age, (line.right(), y), muted, buffer);
    }

    /// Lays the style of a match over the letters of a name that were found.
    fn paint_marks(&self, name: &str, (x, y): (u16, u16), room: u16, buffer: &mut Buffer, cx: &Cx) {
        for range in crate::finder::marks(self.input.text(), name, &self.matcher) {
            let from = u16::try_from(text::width(&name[..range.start])).unwrap_or(u16::MAX);
            let cells = u16::try_from(text::width(&name[range])).unwrap_or(0);
            let cells = cells.min(room.saturating_sub(from));
            if cells > 0 {
                let place = Rect::new(x + from, y, cells, 1);
                buffer.set_style(place, cx.theme.style(Role::Match));
            }
        }
    }
}

/// What stands in the column of states.
fn word(row: &Row) -> String {
    match &row.state {
        Some(state) => state.word.clone(),
        None if row.unknown => "asks AWS".to_owned(),
        None => String::new(),
    }
}

fn paint_heads(columns: &Columns, body: Rect, buffer: &mut Buffer, cx: &Cx) {
    let style = cx.theme.style(Role::ColumnHead);
    let name = body.x + KIND + GAP;
    let place = name + columns.name + GAP;
    let state = place + columns.place + GAP;
    let heads = [
        (body.x, KIND, "KIND"),
        (name, columns.name, "NAME"),
        (place, columns.place, "WHERE"),
        (state, columns.state, "STATE"),
    ];
    for (x, room, head) in heads {
        text::put(buffer, (x, body.y), head, room, style, "");
    }
    put_right("AGE", (body.right(), body.y), style, buffer);
}

fn put_right(words: &str, (right, y): (u16, u16), style: Style, buffer: &mut Buffer) {
    let cells = u16::try_from(text::width(words)).unwrap_or(0);
    text::put(
        buffer,
        (right.saturating_sub(cells), y),
        words,
        cells,
        style,
        "",
    );
}

/// A number with its thousands apart: `104,112`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0")]
    #[case(999, "999")]
    #[case(1_000, "1,000")]
    #[case(104_112, "104,112")]
    #[case(1_234_567, "1,234,567")]
    fn thousands_stand_apart(#[case] number: usize, #[case] text: &str) {
        assert_eq!(grouped(number), text);
    }
}
