//! Painting of a log. All text passes through the gate of `ui::text`.

use std::{borrow::Cow, ops::Range};

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    LogsLayer,
    buffer::{Kind, Line},
    json,
    status::clock,
};
use crate::{
    model::Timestamp,
    theme::Role,
    ui::{Cx, text},
};

/// Below this width times are written without fractions of a second.
const NARROW: usize = 60;
/// Bytes of a line that are shown wrapped: more than any screen holds.
const WRAPPED: usize = 32 << 10;
/// Bytes that the cells of a row may take, beyond which a line is cut though it seems to have room.
const BYTES_A_CELL: usize = 8;

/// The columns, in cells; each has one cell behind it if it is not empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    time: usize,
    name: usize,
    /// Where the text begins, and its width.
    start: usize,
    pub(super) text: usize,
}

/// A line as it is shown, ready for cells.
pub(super) struct Composed {
    text: String,
    /// Where each stretch of one role ends.
    tones: Vec<(usize, Role)>,
}

impl LogsLayer {
    pub(super) fn columns(&self) -> Columns {
        let width = self.pane.width;
        let time = match (self.view.look.times, width < NARROW) {
            (false, _) => 0,
            (true, true) => 8,
            (true, false) => 12,
        };
        let name = self.names.width().min(width / 5);
        let cells = |cells: usize| if cells > 0 { cells + 1 } else { 0 };
        // The first cell has the mark of errors.
        let start = (1 + cells(time) + cells(name)).min(width);
        Columns {
            time,
            name,
            start,
            text: width.saturating_sub(start).max(1),
        }
    }

    /// Makes the text of a line safe and short enough for the screen.
    pub(super) fn compose(&self, line: &Line) -> Composed {
        let mut composed = Composed {
            text: String::new(),
            tones: Vec::new(),
        };
        let folded = self
            .view
            .look
            .fold
            .then(|| json::fold(&line.text))
            .flatten();
        let pieces = match &folded {
            Some(pieces) => pieces.as_slice(),
            None => &[],
        };
        let most = if self.view.look.wrap {
            WRAPPED
        } else {
            (self.view.left + self.columns().text + 1) * BYTES_A_CELL
        };
        let whole = [(line.text.as_ref(), Role::Text)];
        let plain = whole.iter().copied().filter(|_| folded.is_none());
        let pieces = pieces.iter().map(|(text, role)| (text.as_str(), *role));
        for (text, role) in pieces.chain(plain) {
            let room = most.saturating_sub(composed.text.len());
            let kept = &text[..text.floor_char_boundary(room)];
            composed.text.push_str(&safe(kept));
            if kept.len() < text.len() {
                let more = text.len() - kept.len();
                if self.view.look.wrap {
                    let says = format!(" [{more} more bytes]");
                    composed.text.push_str(&says);
                } else {
                    composed.text.push_str(self.ellipsis());
                }
            }
            composed.tones.push((composed.text.len(), role));
        }
        composed
    }

    fn ellipsis(&self) -> &'static str {
        if self.pane.ascii { "~" } else { "…" }
    }

    /// The stretches of a line that stand in rows of their own.
    pub(super) fn ranges(&self, composed: &Composed) -> Vec<Range<usize>> {
        if self.view.look.wrap {
            text::wrap(&composed.text, self.columns().text, 0)
        } else {
            std::iter::once(0..composed.text.len()).collect()
        }
    }

    /// The cells of the widest line on the screen.
    pub(super) fn widest(&self) -> usize {
        let lines = self.on_screen().filter_map(|row| {
            let line = self.lines.line(self.lines.at(row)?)?;
            Some(text::width(&self.compose(line).text))
        });
        lines.max().unwrap_or(0)
    }

    pub(super) fn paint(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        if self.lines.rows() == 0 {
            self.paint_empty(area, buffer, cx);
            return;
        }
        let mut y = area.y;
        for (notice, role) in &self.pane.notices {
            let style = cx.theme.style(*role);
            let says = format!(" {notice}");
            let ellipsis = cx.glyphs.ellipsis();
            text::put(buffer, (area.x, y), &says, area.width, style, ellipsis);
            y += 1;
        }
        let foot = u16::from(self.pane.foot);
        let end = area.bottom().saturating_sub(foot);
        let first = self.lines.row(self.view.top);
        let mut skip = self.view.skip;
        for row in first..self.lines.rows() {
            if y >= end {
                break;
            }
            let body = Rect {
                y,
                height: end - y,
                ..area
            };
            y += self.paint_line(row, skip, body, buffer, cx);
            skip = 0;
        }
        if self.pane.foot {
            let style = cx.theme.style(Role::TextEmphasis);
            let says = format!(" {}", self.unfollowed(cx));
            let at = (area.x, area.bottom().saturating_sub(1));
            text::put(buffer, at, &says, area.width, style, cx.glyphs.ellipsis());
        }
    }

    fn paint_empty(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let mut y = area.y;
        let room = usize::from(area.width.saturating_sub(2));
        for (says, role) in self.why_empty(cx) {
            let says = if cx.glyphs.ascii {
                says.replace('…', "...")
            } else {
                says
            };
            let says = text::clean(&says);
            for range in text::wrap(&says, room, 0) {
                if y >= area.bottom() {
                    return;
                }
                let style = cx.theme.style(role);
                let width = area.width.saturating_sub(2);
                text::put(buffer, (area.x + 1, y), &says[range], width, style, "");
                y += 1;
            }
        }
    }

    /// Paints a line, without its first `skip` rows; returns the rows taken.
    fn paint_line(&self, row: usize, skip: usize, body: Rect, buffer: &mut Buffer, cx: &Cx) -> u16 {
        let Some((at, line)) = self
            .lines
            .at(row)
            .and_then(|at| Some((at, self.lines.line(at)?)))
        else {
            return 0;
        };
        let mut taken = 0;
        let mut skip = skip;
        if self.lines.is_gap(row) {
            if skip == 0 {
                let style = cx.theme.style(Role::TextMuted);
                text::put(buffer, (body.x, body.y), "--", body.width, style, "");
                taken = 1;
            } else {
                skip -= 1;
            }
        }
        if line.kind != Kind::Text {
            paint_note(line, (body.x, body.y + taken), body, buffer, cx);
            return taken + 1;
        }
        let composed = self.compose(line);
        let found = self.lines.finder().filter(|_| line.matched);
        let found = found.map_or_else(Vec::new, |finder| finder.ranges(&composed.text));
        for (index, range) in self.ranges(&composed).into_iter().enumerate().skip(skip) {
            let y = body.y + taken;
            if y >= body.bottom() {
                break;
            }
            let line_area = Rect {
                y,
                height: 1,
                ..body
            };
            if index == 0 {
                self.paint_head(line, self.view.focus == Some(at), line_area, buffer, cx);
            }
            self.paint_text(&composed, &range, &found, line_area, buffer, cx);
            taken += 1;
        }
        taken
    }

    /// Paints what stands before the text: the mark of errors, the time, the stream.
    fn paint_head(&self, line: &Line, focused: bool, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let columns = self.columns();
        let cells = |cells: usize| u16::try_from(cells).unwrap_or(u16::MAX);
        let mut x = area.x;
        let mut put = |text: &str, most: usize, style: Style| {
            let room = cells(most).min(area.right().saturating_sub(x));
            text::put(buffer, (x, area.y), text, room, style, "");
            x = x.saturating_add(cells(most));
        };
        let (mark, role) = match (line.error, focused) {
            (true, _) => ("!", Role::StatusError),
            (false, true) => (">", Role::TextEmphasis),
            (false, false) => (" ", Role::Text),
        };
        let mut style = cx.theme.style(role);
        if focused {
            style = style.patch(cx.theme.style(Role::CursorRow));
        }
        put(mark, 1, style);
        if columns.time > 0 {
            let mut time = clock(line.at);
            time.truncate(columns.time);
            put(&time, columns.time + 1, cx.theme.style(Role::LogTime));
        }
        if columns.name > 0 {
            let ellipsis = cx.glyphs.ellipsis();
            let short = self.names.within(line.stream, columns.name, ellipsis);
            let stream = usize::try_from(line.stream).unwrap_or(0);
            let style = cx.theme.style(Role::log_stream(stream));
            put(&short, columns.name + 1, style);
        }
    }

    /// Paints a stretch of the text of a line, with what was found in it.
    fn paint_text(
        &self,
        composed: &Composed,
        range: &Range<usize>,
        found: &[Range<usize>],
        area: Rect,
        buffer: &mut Buffer,
        cx: &Cx,
    ) {
        let columns = self.columns();
        let left = if self.view.look.wrap {
            0
        } else {
            self.view.left
        };
        let start = area.x
            + u16::try_from(columns.start)
                .unwrap_or(u16::MAX)
                .min(area.width);
        let mut width = area.right().saturating_sub(start);
        let all = text::width(&composed.text[range.clone()]);
        // The last cell is for the mark that there is more.
        let is_cut = !self.view.look.wrap && all > left + usize::from(width) && width > 0;
        width -= u16::from(is_cut);
        let mut hidden = left;
        let mut x = start;
        for (text, role, is_found) in stretches(composed, range, found) {
            let mut style = cx.theme.style(role);
            if is_found {
                style = style.patch(cx.theme.style(Role::Match));
            }
            let cells = text::width(text);
            if hidden >= cells {
                hidden -= cells;
                continue;
            }
            let visible = text::skip_cells(text, hidden);
            hidden = 0;
            let room = (start + width).saturating_sub(x);
            if room == 0 {
                break;
            }
            x += text::put(buffer, (x, area.y), visible, room, style, "");
        }
        if is_cut {
            let at = (area.right() - 1, area.y);
            let style = cx.theme.style(Role::TextMuted);
            text::put(buffer, at, cx.glyphs.ellipsis(), 1, style, "");
        }
    }

    /// Writes a line as it is copied and saved: its time, its stream and its text.
    pub(super) fn write(&self, line: &Line, into: &mut String) {
        let time = moment(line.at);
        match line.kind {
            Kind::Text => {
                let name = self.names.of(line.stream);
                into.push_str(&format!("{time} {name} "));
                into.push_str(&text::clean(&line.text));
            }
            Kind::Mark => into.push_str(&format!("---- {time}")),
            Kind::Lost => into.push_str(&format!("---- {time} {}", text::clean(&line.text))),
        }
        into.push('\n');
    }
}

/// A rule with what there is to say: a mark with its time, or lines lost.
fn paint_note(line: &Line, at: (u16, u16), body: Rect, buffer: &mut Buffer, cx: &Cx) {
    let (says, role) = match line.kind {
        Kind::Lost => (format!(" {} ", line.text), Role::StatusWarn),
        Kind::Mark | Kind::Text => (format!(" {} ", line.text), Role::Mark),
    };
    if at.1 >= body.bottom() {
        return;
    }
    let dash = cx.glyphs.rule();
    let style = cx.theme.style(role);
    let mut x = at.0 + text::put(buffer, at, &dash.repeat(2), body.width, style, "");
    let room = body.right().saturating_sub(x);
    x += text::put(buffer, (x, at.1), &says, room, style, cx.glyphs.ellipsis());
    let rest = body.right().saturating_sub(x);
    text::put(
        buffer,
        (x, at.1),
        &dash.repeat(usize::from(rest)),
        rest,
        style,
        "",
    );
}

/// Pieces of a stretch of text that look alike: the text, its role, and whether it was found.
fn stretches<'a>(
    composed: &'a Composed,
    range: &Range<usize>,
    found: &[Range<usize>],
) -> Vec<(&'a str, Role, bool)> {
    let mut ends: Vec<usize> = composed.tones.iter().map(|(end, _)| *end).collect();
    ends.extend(found.iter().flat_map(|found| [found.start, found.end]));
    ends.push(range.end);
    ends.sort_unstable();
    ends.dedup();
    let mut pieces = Vec::new();
    let mut start = range.start;
    for end in ends {
        if end <= start || end > range.end {
            continue;
        }
        let tone = composed.tones.iter().find(|(until, _)| start < *until);
        let role = tone.map_or(Role::Text, |(_, role)| *role);
        let is_found = found.iter().any(|found| found.contains(&start));
        pieces.push((&composed.text[start..end], role, is_found));
        start = end;
    }
    pieces
}

/// Text that can be drawn, with room where tabs were.
fn safe(text: &str) -> Cow<'_, str> {
    if text.contains('\t') {
        let spaced = text.replace('\t', "    ");
        return Cow::Owned(text::clean(&spaced).into_owned());
    }
    text::clean(text)
}

/// A moment as other programs read it: `2026-03-01T12:00:03.250Z`.
fn moment(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => format!("{} ms", at.0),
    }
}
