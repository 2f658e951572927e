//! Painting of charts: one below the other, each with its title, axes and legend.

use std::time::Duration;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    ChartLayer,
    plot::{self, Measure},
    scale,
    window::Window,
};
use crate::{
    model::age,
    resource::{Panel, Series},
    theme::Role,
    ui::{Cx, text},
};

/// The least height of a chart with title and axis.
const LEAST: u16 = 9;
/// Cells that the words of the vertical axis take.
const AXIS: u16 = 8;
/// Cells that a legend beside a chart takes.
const LEGEND: u16 = 30;
/// From this width on the legend stands beside the chart.
const WIDE: u16 = 70;
/// The most lines in one chart.
const MOST: usize = 8;
/// The most lines where their legend is one row above the chart.
const MOST_NARROW: usize = 3;

/// How many charts there is room for.
pub(super) fn visible_panels((_, height): (u16, u16), count: usize) -> usize {
    usize::from((height / LEAST).max(1)).min(count)
}

/// How many lines there is room for in one chart.
pub(super) fn most_lines((width, height): (u16, u16)) -> usize {
    if width < WIDE {
        return MOST_NARROW;
    }
    let charts = (height / LEAST).clamp(1, 3);
    let rows = height.saturating_sub(1) / charts;
    usize::from(rows.saturating_sub(3)).clamp(1, MOST)
}

impl ChartLayer {
    pub(super) fn paint(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        self.paint_source(area, buffer, cx);
        let panels = self.panels();
        let count = visible_panels((area.width, area.height), panels.len());
        let Ok(divisor) = u16::try_from(count.max(1)) else {
            return;
        };
        let height = area.height.saturating_sub(1) / divisor;
        if panels.iter().all(|panel| panel.series.is_empty()) {
            self.paint_emptiness(area, buffer, cx);
            return;
        }
        let around = panels.iter().cycle().skip(self.panel).take(count);
        for (place, panel) in (0..divisor).zip(around) {
            let own = Rect {
                y: area.y + 1 + place * height,
                height,
                ..area
            };
            self.paint_panel(panel, own, buffer, cx);
        }
    }

    /// The line at the top: where the figures come from, and which charts there are besides.
    fn paint_source(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let Some(chart) = &self.chart else { return };
        let role = if chart.is_old {
            Role::Stale
        } else {
            Role::TextMuted
        };
        let mut words = format!("source: {}", chart.source);
        let visible = visible_panels((area.width, area.height), chart.panels.len());
        if visible < chart.panels.len() {
            words.push_str(&format!(
                "   chart {} of {}",
                self.panel + 1,
                chart.panels.len()
            ));
        }
        let style = cx.theme.style(role);
        text::put(
            buffer,
            (area.x, area.y),
            &words,
            area.width,
            style,
            cx.glyphs.ellipsis(),
        );
    }

    fn paint_emptiness(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let says = match &self.chart {
            Some(chart) => chart
                .why_empty
                .unwrap_or("There are no figures to draw yet."),
            None => "It is not known (any more).",
        };
        let style = cx.theme.style(Role::TextMuted);
        let says = text::clean(says);
        let room = area.width.saturating_sub(4);
        let lines = (area.y.saturating_add(2))..area.bottom();
        for (y, part) in lines.zip(text::wrap(&says, room.into(), 0)) {
            text::put(buffer, (area.x + 2, y), &says[part], room, style, "");
        }
    }

    fn paint_panel(&self, panel: &Panel, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        if area.height < 4 || area.width < AXIS + 4 {
            return;
        }
        let most = most_lines(cx.room);
        let lines: Vec<(usize, &Series)> = self.drawn(panel, most).collect();
        let scale = scale::of(panel, lines.iter().map(|(_, series)| *series));
        paint_title(panel, scale.has_limit, area, buffer, cx);
        let beside = area.width >= WIDE;
        let legend = if beside {
            LEGEND.min(area.width / 3)
        } else {
            0
        };
        let above = u16::from(!beside);
        let field = Rect {
            x: area.x + AXIS,
            y: area.y + 1 + above,
            width: area.width - AXIS - legend,
            height: area.height.saturating_sub(2 + above),
        };
        let measure = Measure {
            span: self.window.seconds(),
            scale,
        };
        plot::paint(field, buffer, panel, &lines, measure, cx);
        let style = cx.theme.style(Role::TextMuted);
        paint_values(panel, scale.top, field, buffer, style);
        paint_times(self.window, field, buffer, style);
        if beside {
            let place = Rect {
                x: field.right() + 1,
                y: area.y + 1,
                width: legend.saturating_sub(1),
                height: field.height,
            };
            self.paint_legend(panel, &lines, place, buffer, cx);
        } else {
            let place = Rect {
                y: area.y + 1,
                height: 1,
                ..area
            };
            paint_legend_row(panel, &lines, place, buffer, cx);
        }
    }

    /// Lines by their sign, with their newest value.
    fn paint_legend(
        &self,
        panel: &Panel,
        lines: &[(usize, &Series)],
        area: Rect,
        buffer: &mut Buffer,
        cx: &Cx,
    ) {
        let value_width = 12.min(area.width / 2);
        let mut y = area.y;
        for (index, series) in lines {
            if y >= area.bottom() {
                return;
            }
            let style = cx.theme.style(Role::chart(*index));
            let name = format!("{} {}", plot::sign(*index, cx.glyphs.ascii), series.name);
            let room = area.width.saturating_sub(value_width + 1);
            text::put(
                buffer,
                (area.x, y),
                &name,
                room,
                style,
                cx.glyphs.ellipsis(),
            );
            let (value, role) = newest(panel, series);
            let cells = u16::try_from(text::width(&value)).unwrap_or(u16::MAX);
            let inset = area.width.saturating_sub(cells.min(value_width));
            let at = (area.x + inset, y);
            text::put(buffer, at, &value, value_width, cx.theme.style(role), "");
            y += 1;
        }
        let hidden = panel.series.len().saturating_sub(lines.len());
        if hidden > 0 && y < area.bottom() {
            let words = format!(
                "{} before, {} after",
                self.top,
                hidden.saturating_sub(self.top)
            );
            let style = cx.theme.style(Role::Hint);
            text::put(buffer, (area.x, y), &words, area.width, style, "");
        }
    }
}

/// The newest value of a line; with its age once it is old.
fn newest(panel: &Panel, series: &Series) -> (String, Role) {
    let last = series.runs.last().and_then(|run| run.last());
    let Some((before, value)) = last else {
        return ("-".to_owned(), Role::TextMuted);
    };
    let value = panel.unit.write(*value);
    if -before < panel.old_after {
        return (value, Role::Text);
    }
    let old = Duration::from_secs_f64((-before).max(0.0));
    (format!("{value} {} ago", age(old)), Role::Stale)
}

fn paint_title(panel: &Panel, has_limit: bool, area: Rect, buffer: &mut Buffer, cx: &Cx) {
    let style = cx.theme.style(Role::Title);
    let used = text::put(
        buffer,
        (area.x, area.y),
        &panel.title,
        area.width,
        style,
        cx.glyphs.ellipsis(),
    );
    let Some((limit, what)) = panel.limit else {
        return;
    };
    let line = if cx.glyphs.ascii { "- -" } else { "⠂⠂⠂" };
    let words = if has_limit {
        format!("  {line} {what} {}", panel.unit.write(limit))
    } else {
        format!("  {what} {}, far above", panel.unit.write(limit))
    };
    let style = cx.theme.style(Role::StatusWarn);
    let room = area.width.saturating_sub(used);
    text::put(
        buffer,
        (area.x + used, area.y),
        &words,
        room,
        style,
        cx.glyphs.ellipsis(),
    );
}

fn paint_values(panel: &Panel, top: f64, field: Rect, buffer: &mut Buffer, style: Style) {
    let mut rows = vec![(0, 1.0), (field.height.saturating_sub(1), 0.0)];
    if field.height % 2 == 1 && field.height > 4 {
        rows.push((field.height / 2, 0.5));
    }
    for (row, share) in rows {
        let label = panel.unit.write(top * share);
        let at = (field.x - AXIS, field.y + row);
        put_right(buffer, at, &label, AXIS - 1, style);
    }
}

fn paint_times(window: Window, field: Rect, buffer: &mut Buffer, style: Style) {
    let width = field.width.saturating_sub(1);
    let words = window.labels(width < 40);
    let steps = u16::try_from(words.len().saturating_sub(1)).unwrap_or(1);
    for (step, word) in (0..=steps).zip(words) {
        let share = f64::from(step) / f64::from(steps.max(1));
        let cells = u16::try_from(word.len()).unwrap_or(0);
        let at = plot::cell_at(share, width).min(width.saturating_sub(cells));
        let at = (field.x + at, field.bottom());
        text::put(buffer, at, word, cells, style, "");
    }
}

fn put_right(buffer: &mut Buffer, (x, y): (u16, u16), word: &str, room: u16, style: Style) {
    let cells = u16::try_from(text::width(word)).unwrap_or(u16::MAX);
    let inset = room.saturating_sub(cells);
    text::put(buffer, (x + inset, y), word, room - inset, style, "");
}

/// The legend in one row, where there is no room beside the chart.
fn paint_legend_row(
    panel: &Panel,
    lines: &[(usize, &Series)],
    area: Rect,
    buffer: &mut Buffer,
    cx: &Cx,
) {
    let count = u16::try_from(lines.len().max(1)).unwrap_or(1);
    let room = (area.width / count).saturating_sub(1);
    let mut x = area.x;
    for (index, series) in lines {
        let (value, _) = newest(panel, series);
        let sign = plot::sign(*index, cx.glyphs.ascii);
        let cells = u16::try_from(text::width(&value)).unwrap_or(room);
        let name = format!("{sign} {}", series.name);
        let style = cx.theme.style(Role::chart(*index));
        let most = room.saturating_sub(cells + 1);
        let used = text::put(
            buffer,
            (x, area.y),
            &name,
            most,
            style,
            cx.glyphs.ellipsis(),
        );
        let style = cx.theme.style(Role::Text);
        text::put(buffer, (x + used + 1, area.y), &value, cells, style, "");
        x += room + 1;
    }
}
