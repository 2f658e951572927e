//! Painting of a page.

use ratatui::{buffer::Buffer, layout::Rect};

use super::PageLayer;
use crate::{
    theme::Role,
    ui::{Cx, role_of, text},
};

impl PageLayer {
    pub(super) fn paint(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        for offset in 0..area.height {
            let row_index = self.top + usize::from(offset);
            let Some((row, line)) = self.document.row(row_index) else {
                break;
            };
            let y = area.y + offset;
            let mut x = i32::from(area.x) + i32::from(row.indent);
            x -= i32::try_from(self.left).unwrap_or(0);
            let mut start = row.range.start;
            for (end, tone) in &line.tones {
                let end = (*end).min(row.range.end);
                if end <= start {
                    continue;
                }
                let style = cx.theme.style(role_of(*tone));
                x = put_scrolled(buffer, (x, y), &line.text[start..end], area, style);
                start = end;
            }
            self.paint_hits(row_index, y, area, buffer, cx);
        }
    }

    fn paint_hits(&self, row_index: usize, y: u16, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let Some((row, line)) = self.document.row(row_index) else {
            return;
        };
        for (index, hit) in self.document.hits().iter().enumerate() {
            if hit.row != row_index {
                continue;
            }
            let before = text::width(&line.text[row.range.start..hit.range.start]);
            let end = hit.range.end.min(row.range.end);
            let cells = text::width(&line.text[hit.range.start..end]);
            let from = (before + usize::from(row.indent)).saturating_sub(self.left);
            let from = u16::try_from(from).unwrap_or(u16::MAX);
            if from >= area.width {
                continue;
            }
            let cells = u16::try_from(cells).unwrap_or(0).min(area.width - from);
            let place = Rect {
                x: area.x + from,
                y,
                width: cells,
                height: 1,
            };
            buffer.set_style(place, cx.theme.style(Role::Match));
            if index == self.hit {
                buffer.set_style(place, cx.theme.style(Role::CursorRow));
            }
        }
    }
}

/// Writes a stretch that may begin left of the area; returns where the next one goes.
fn put_scrolled(
    buffer: &mut Buffer,
    (x, y): (i32, u16),
    content: &str,
    area: Rect,
    style: ratatui::style::Style,
) -> i32 {
    let cells = i32::try_from(text::width(content)).unwrap_or(0);
    let hidden = (i32::from(area.x) - x).clamp(0, cells);
    let visible = text::skip_cells(content, usize::try_from(hidden).unwrap_or(0));
    if let Ok(at) = u16::try_from(x + hidden)
        && at < area.right()
    {
        text::put(buffer, (at, y), visible, area.right() - at, style, "");
    }
    x + cells
}
