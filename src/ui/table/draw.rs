//! Painting of a table.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    HEAD, TableLayer,
    columns::{self, GAP, Layout, MARK, Shown},
};
use crate::{
    keymap::Command,
    resource::{self, Align, Cell, Cut, Tone},
    theme::Role,
    ui::{Cx, text, trend},
};

impl TableLayer {
    pub(super) fn paint(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let heads = self.heads();
        let layout = columns::lay_out(&heads, self.sheet.widths(), area.width, self.wish);
        self.paint_heads(&layout, area, buffer, cx);
        let body = Rect {
            y: area.y + HEAD,
            height: area.height.saturating_sub(HEAD),
            ..area
        };
        if self.sheet.len() == 0 {
            self.paint_emptiness(body, buffer, cx);
            return;
        }
        for line in 0..body.height {
            let row = self.top + usize::from(line);
            if row >= self.sheet.len() {
                break;
            }
            let line = Rect {
                y: body.y + line,
                height: 1,
                ..body
            };
            self.paint_row(row, &layout, line, buffer, cx);
        }
    }

    fn paint_heads(&self, layout: &Layout, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let mut x = area.x + MARK;
        let sort = self.sheet.sort();
        for (shown, width) in &layout.columns {
            let (role, title) = match sort {
                Some((column, descending)) if column == shown.index => (
                    Role::ColumnSorted,
                    format!("{}{}", shown.head.title, cx.glyphs.sorted(descending)),
                ),
                _ => (Role::ColumnHead, shown.head.title.to_owned()),
            };
            let style = cx.theme.style(role);
            // The mark of the order may stand in the gap, so that a title as wide as its column keeps it.
            let mark = u16::from(title != shown.head.title);
            let room = (*width + mark).min(area.right().saturating_sub(x));
            put_aligned(
                buffer,
                (x, area.y),
                &title,
                room,
                shown.head.align,
                style,
                "",
            );
            x = x.saturating_add(width + GAP);
        }
        if layout.more && area.width > 0 {
            let style = cx.theme.style(Role::Hint);
            let at = (area.right() - 1, area.y);
            text::put(buffer, at, cx.glyphs.more(), 1, style, "");
        }
    }

    fn paint_row(&self, row: usize, layout: &Layout, line: Rect, buffer: &mut Buffer, cx: &Cx) {
        let model = cx.model();
        let on_cursor = row == self.cursor;
        let health = self.sheet.health(row);
        let cursor_style = cx.theme.style(Role::CursorRow);
        if on_cursor {
            buffer.set_style(line, cursor_style);
        }
        let style_of = |tone: Tone| {
            if on_cursor {
                cursor_style
            } else {
                cx.theme.style(role_of(tone))
            }
        };
        text::put(
            buffer,
            (line.x, line.y),
            health.mark(),
            1,
            style_of(health.into()),
            "",
        );
        if self.is_marked(row) {
            let style = cx.theme.style(Role::Mark);
            let style = if on_cursor { cursor_style } else { style };
            text::put(buffer, (line.x + 1, line.y), "*", 1, style, "");
        }
        let mut x = line.x + MARK;
        for (shown, width) in &layout.columns {
            let room = (*width).min(line.right().saturating_sub(x));
            let cell = self.sheet.cell(row, shown.index, &model);
            let style = style_of(cell.tone);
            let ellipsis = cx.glyphs.ellipsis();
            let cut = match shown.head.cut {
                _ if !cell.trend.is_empty() => trend::write(&cell.trend, cx.glyphs.ascii),
                Cut::End => cell.text.to_string(),
                Cut::Middle => text::cut_middle(&text::clean(&cell.text), room.into(), ellipsis),
                Cut::Start => text::cut_start(&text::clean(&cell.text), room.into(), ellipsis),
            };
            put_aligned(
                buffer,
                (x, line.y),
                &cut,
                room,
                shown.head.align,
                style,
                ellipsis,
            );
            self.paint_matches(shown, &cell, (x, line.y), room, buffer, cx);
            x = x.saturating_add(width + GAP);
        }
    }

    /// Lays the style of a match over the letters that the filter found.
    fn paint_matches(
        &self,
        shown: &Shown,
        cell: &Cell,
        (x, y): (u16, u16),
        room: u16,
        buffer: &mut Buffer,
        cx: &Cx,
    ) {
        let Some(pattern) = self.sheet.pattern().filter(|_| shown.head.find) else {
            return;
        };
        let safe = text::clean(&cell.text);
        for range in pattern.matches(&safe) {
            let from = u16::try_from(text::width(&safe[..range.start])).unwrap_or(u16::MAX);
            let cells = u16::try_from(text::width(&safe[range])).unwrap_or(0);
            let cells = cells.min(room.saturating_sub(from));
            if cells > 0 {
                let place = Rect {
                    x: x + from,
                    y,
                    width: cells,
                    height: 1,
                };
                buffer.set_style(place, cx.theme.style(Role::Match));
            }
        }
    }

    fn paint_emptiness(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let what = match self.resource.facets().get(self.place.scope.facet) {
            Some(facet) if facet.name != "all" => {
                format!("{} {}", facet.name, self.resource.id())
            }
            Some(_) | None => self.resource.id().to_owned(),
        };
        let within = match &self.place.scope.of {
            Some(of) => format!(" in {}", resource::called(of, cx.store)),
            None => String::new(),
        };
        let total = self.sheet.total();
        let settled = self.sheet.is_settled(&self.place.scope, cx.store);
        let says = if total > 0 && self.sheet.is_unhealthy_only() && !self.sheet.is_filtered() {
            format!("All {total} {what} are healthy; esc shows them.")
        } else if total > 0 {
            format!(
                "None of {total} {what} match {}; esc clears the filter.",
                self.sheet.filter_text()
            )
        } else if settled {
            let facets = self.resource.facets();
            let other = facets.get((self.place.scope.facet + 1) % facets.len().max(1));
            let says = match (other, cx.keymap.key_of(Command::Facet)) {
                (Some(other), Some(key)) => {
                    let others = match other.name {
                        "all" => "all of them".to_owned(),
                        name => format!("the {name} ones"),
                    };
                    format!("No {what}{within}; {key} lists {others}.")
                }
                _ => format!("No {what}{within}."),
            };
            let facet = facets.get(self.place.scope.facet);
            match facet
                .map(|facet| facet.when_empty)
                .filter(|known| !known.is_empty())
            {
                Some(known) => format!("{says} {known}"),
                None if self.resource.when_empty().is_empty() => says,
                None => format!("{says} {}", self.resource.when_empty()),
            }
        } else if cx.freshness.is_faulty() {
            format!("Nothing is known of {what}{within} yet.")
        } else {
            format!("Asking for {what}{within}{}", cx.glyphs.ellipsis())
        };
        let style = cx.theme.style(Role::TextMuted);
        let says = text::clean(&says);
        let room = area.width.saturating_sub(2 * MARK);
        let lines = (area.y.saturating_add(1))..area.bottom();
        for (y, part) in lines.zip(text::wrap(&says, room.into(), 0)) {
            let at = (area.x + MARK, y);
            text::put(buffer, at, &says[part], room, style, cx.glyphs.ellipsis());
        }
    }
}

/// The role of the theme that a tone is drawn in.
pub(in crate::ui) fn role_of(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Muted | Tone::Label => Role::TextMuted,
        Tone::Strong => Role::TextEmphasis,
        Tone::Title => Role::Title,
        Tone::Ok => Role::StatusOk,
        Tone::Progress => Role::StatusProgress,
        Tone::Warn => Role::StatusWarn,
        Tone::Error => Role::StatusError,
        Tone::Done => Role::StatusDone,
        Tone::Unknown => Role::StatusUnknown,
        Tone::Stale => Role::Stale,
    }
}

fn put_aligned(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    content: &str,
    room: u16,
    align: Align,
    style: Style,
    ellipsis: &str,
) {
    let inset = match align {
        Align::Left => 0,
        Align::Right => {
            let cells = u16::try_from(text::width(&text::clean(content))).unwrap_or(u16::MAX);
            room.saturating_sub(cells)
        }
    };
    text::put(
        buffer,
        (x + inset, y),
        content,
        room - inset,
        style,
        ellipsis,
    );
}
