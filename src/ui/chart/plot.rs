//! The lines of one chart within a rectangle, with the number of each at its end.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Color,
    symbols::Marker,
    widgets::{
        Widget,
        canvas::{Canvas, Context, Line, Points},
    },
};

use super::scale::Scale;
use crate::{
    resource::{Panel, Series},
    theme::Role,
    ui::{Cx, text},
};

/// Dots of the line of a limit.
const DOTS: u16 = 45;
/// What lines are made of in ASCII, so that they can be told apart without colours.
const SIGNS: [char; 8] = ['*', 'o', '+', 'x', '#', '@', '%', '='];

/// What a line is called in the chart: its number, or in ASCII the sign that it is made of.
pub(super) fn sign(index: usize, ascii: bool) -> char {
    if ascii {
        SIGNS[index % SIGNS.len()]
    } else {
        char::from_digit(u32::try_from(index % 9 + 1).unwrap_or(0), 10).unwrap_or('?')
    }
}

fn color(role: Role, cx: &Cx) -> Color {
    cx.theme.style(role).fg.unwrap_or(Color::Reset)
}

/// What a chart is measured by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// Seconds from the left end to now.
    pub(super) span: f64,
    pub(super) scale: Scale,
}

/// Draws lines, each with its place among all of them; the rightmost column takes their signs.
pub(super) fn paint(
    area: Rect,
    buffer: &mut Buffer,
    panel: &Panel,
    lines: &[(usize, &Series)],
    Measure { span, scale }: Measure,
    cx: &Cx,
) {
    if area.width < 3 || area.height == 0 {
        return;
    }
    let field = Rect {
        width: area.width - 1,
        ..area
    };
    let marker = |index: usize| {
        if cx.glyphs.ascii {
            Marker::Custom(sign(index, true))
        } else {
            Marker::Braille
        }
    };
    Canvas::default()
        .x_bounds([-span, 0.0])
        .y_bounds([0.0, scale.top])
        .marker(marker(0))
        .paint(|context| {
            if let Some((limit, _)) = panel.limit.filter(|_| scale.has_limit) {
                paint_limit(context, (limit, span), cx);
            }
            for (index, series) in lines {
                if cx.glyphs.ascii {
                    context.marker(marker(*index));
                }
                paint_line(context, series, color(Role::chart(*index), cx));
            }
        })
        .render(field, buffer);
    // From the last to the first, so that the first is legible where several end at one height.
    for (index, series) in lines.iter().rev() {
        let Some(value) = series.newest() else {
            continue;
        };
        let row = cell_at(value / scale.top, area.height);
        let style = cx.theme.style(Role::chart(*index));
        let sign = sign(*index, cx.glyphs.ascii).to_string();
        let at = (area.right() - 1, area.bottom() - 1 - row);
        text::put(buffer, at, &sign, 1, style, "");
    }
}

fn paint_limit(context: &mut Context, (limit, span): (f64, f64), cx: &Cx) {
    let dots: Vec<(f64, f64)> = (0..=DOTS)
        .map(|dot| (-span * f64::from(dot) / f64::from(DOTS), limit))
        .collect();
    if cx.glyphs.ascii {
        context.marker(Marker::Custom('-'));
    }
    context.draw(&Points {
        coords: &dots,
        color: color(Role::StatusWarn, cx),
    });
    context.layer();
}

fn paint_line(context: &mut Context, series: &Series, color: Color) {
    for run in &series.runs {
        for pair in run.windows(2) {
            let [(x1, y1), (x2, y2)] = pair else { continue };
            context.draw(&Line::new(*x1, *y1, *x2, *y2, color));
        }
        // One point alone makes no line.
        if run.len() == 1 {
            context.draw(&Points { coords: run, color });
        }
    }
}

/// The cell that a share of a length lies in, counted from its beginning.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float stays within the bounds of the integer"
)]
pub(super) fn cell_at(share: f64, length: u16) -> u16 {
    let last = length.saturating_sub(1);
    ((share.clamp(0.0, 1.0) * f64::from(last)).round() as u16).min(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_lie_within_the_chart() {
        let rows = [-1.0, 0.0, 0.5, 1.0, 7.0, f64::NAN].map(|share| cell_at(share, 5));
        assert_eq!(rows, [0, 0, 2, 4, 4, 0]);
        assert_eq!(cell_at(1.0, 0), 0);
    }

    #[test]
    fn lines_have_signs_of_their_own() {
        assert_eq!(
            [0, 1, 8, 9].map(|index| sign(index, false)),
            ['1', '2', '9', '1']
        );
        assert_eq!([0, 1, 8].map(|index| sign(index, true)), ['*', 'o', '*']);
    }
}
