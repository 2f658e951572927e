//! The screen of a terminal as an SVG picture: every cell at its place, whatever the font.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// The size of a cell, in the picture's units; the width is what a common monospace font takes at `FONT`.
const CELL: (f32, f32) = (8.4, 18.0);
const FONT: f32 = 14.0;
/// Where the baseline of a line of text is, from its top.
const BASELINE: f32 = 13.5;
/// The margin around the screen.
const MARGIN: f32 = 12.0;
const FONTS: &str =
    "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

type Rgb = (u8, u8, u8);

const BACKGROUND: Rgb = (0x16, 0x19, 0x20);
const FOREGROUND: Rgb = (0xd0, 0xd5, 0xde);
/// The sixteen colours of the picture's terminal.
const SIXTEEN: [Rgb; 16] = [
    (0x2a, 0x2e, 0x38),
    (0xe0, 0x62, 0x6c),
    (0x8f, 0xc0, 0x73),
    (0xe2, 0xb5, 0x5d),
    (0x69, 0xa4, 0xea),
    (0xc0, 0x82, 0xdc),
    (0x58, 0xb8, 0xc4),
    (0xc4, 0xca, 0xd4),
    (0x70, 0x78, 0x88),
    (0xf0, 0x7f, 0x88),
    (0xa8, 0xd6, 0x8e),
    (0xf0, 0xc9, 0x7c),
    (0x8a, 0xbb, 0xf5),
    (0xd3, 0xa0, 0xea),
    (0x7d, 0xd0, 0xda),
    (0xf2, 0xf4, 0xf8),
];

/// How a run of cells looks.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    foreground: Rgb,
    background: Rgb,
    bold: bool,
    italic: bool,
    underline: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let mut foreground = rgb(cell.fgcolor(), FOREGROUND);
        let mut background = rgb(cell.bgcolor(), BACKGROUND);
        if cell.inverse() {
            std::mem::swap(&mut foreground, &mut background);
        }
        if cell.dim() {
            foreground = between(foreground, background);
        }
        Self {
            foreground,
            background,
            bold: cell.bold(),
            italic: cell.italic(),
            underline: cell.underline(),
        }
    }
}

/// Cells side by side that look alike.
struct Run {
    column: u16,
    cells: u16,
    text: String,
    look: Look,
}

impl Run {
    /// What stands between gaps of two spaces or more, so that no gap has to be drawn as wide as it is.
    fn words(&self) -> Vec<Self> {
        if !self.text.is_ascii() || self.look.underline {
            return vec![Self {
                text: self.text.clone(),
                ..*self
            }];
        }
        let mut words = Vec::new();
        let mut at = 0;
        for piece in self.text.split_inclusive("  ") {
            let word = piece.trim_start();
            let indent = piece.len() - word.len();
            let word = word.trim_end();
            if !word.is_empty() {
                words.push(Self {
                    column: self.column + cells(at + indent),
                    cells: cells(word.len()),
                    text: word.to_owned(),
                    look: self.look,
                });
            }
            at += piece.len();
        }
        words
    }
}

/// A number of letters of one cell each.
fn cells(letters: usize) -> u16 {
    u16::try_from(letters).unwrap_or(u16::MAX)
}

/// Draws the screen.
pub(crate) fn draw(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (
        f32::from(columns.get()) * CELL.0 + 2.0 * MARGIN,
        f32::from(rows.get()) * CELL.1 + 2.0 * MARGIN,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.1}\" height=\"{height:.1}\" \
         viewBox=\"0 0 {width:.1} {height:.1}\" xml:space=\"preserve\" font-family=\"{FONTS}\" font-size=\"{FONT}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        hex(BACKGROUND)
    );
    for row in 0..rows.get() {
        let runs = runs(screen, row, columns.get());
        for run in &runs {
            draw_background(&mut svg, run, row);
        }
        for run in runs.iter().flat_map(Run::words) {
            draw_text(&mut svg, &run, row);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The runs of a row. Lines of boxes, and cells of two columns, are runs of their own.
fn runs(screen: &Screen, row: u16, columns: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen
            .cell(row, column)
            .filter(|cell| !cell.is_wide_continuation())
        else {
            continue;
        };
        let look = Look::of(cell);
        let text = if cell.has_contents() {
            cell.contents()
        } else {
            " "
        };
        let cells = if cell.is_wide() { 2 } else { 1 };
        let alone = |text: &str| !text.is_ascii();
        match runs.last_mut() {
            Some(run) if run.look == look && !alone(text) && !alone(&run.text) => {
                run.text.push_str(text);
                run.cells += cells;
            }
            _ => runs.push(Run {
                column,
                cells,
                text: text.to_owned(),
                look,
            }),
        }
    }
    runs
}

/// The upper left corner of a cell.
fn place(column: u16, row: u16) -> (f32, f32) {
    (
        MARGIN + f32::from(column) * CELL.0,
        MARGIN + f32::from(row) * CELL.1,
    )
}

fn draw_background(svg: &mut String, run: &Run, row: u16) {
    if run.look.background != BACKGROUND {
        let (x, y) = place(run.column, row);
        // Half a unit more, so that neighbours leave no seam.
        let (width, height) = (f32::from(run.cells) * CELL.0 + 0.5, CELL.1 + 0.5);
        let fill = hex(run.look.background);
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{fill}\"/>"
        );
    }
}

fn draw_text(svg: &mut String, run: &Run, row: u16) {
    if let Some(sides) = box_sides(&run.text) {
        return draw_box(svg, run, row, sides);
    }
    if run.text.trim().is_empty() && !run.look.underline {
        return;
    }
    let (x, y) = place(run.column, row);
    let mut style = String::new();
    if run.look.bold {
        style.push_str(" font-weight=\"bold\"");
    }
    if run.look.italic {
        style.push_str(" font-style=\"italic\"");
    }
    if run.look.underline {
        style.push_str(" text-decoration=\"underline\"");
    }
    let length = f32::from(run.cells) * CELL.0;
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         fill=\"{}\"{style}>{}</text>",
        y + BASELINE,
        hex(run.look.foreground),
        escape(&run.text)
    );
}

/// Which sides of a cell a line of a box reaches: left, right, up, down.
fn box_sides(text: &str) -> Option<[bool; 4]> {
    let sides = match text {
        "─" | "━" => "lr",
        "│" | "┃" => "ud",
        "┌" | "╭" => "rd",
        "┐" | "╮" => "ld",
        "└" | "╰" => "ru",
        "┘" | "╯" => "lu",
        "├" => "rud",
        "┤" => "lud",
        "┬" => "lrd",
        "┴" => "lru",
        "┼" => "lrud",
        _ => return None,
    };
    Some(['l', 'r', 'u', 'd'].map(|side| sides.contains(side)))
}

/// Draws lines from the middle of the cell: glyphs would leave gaps between lines of text.
fn draw_box(svg: &mut String, run: &Run, row: u16, [left, right, up, down]: [bool; 4]) {
    let (x, y) = place(run.column, row);
    let (middle_x, middle_y) = (x + CELL.0 / 2.0, y + CELL.1 / 2.0);
    let mut path = String::new();
    let ends = [
        (left, x, middle_y),
        (right, x + CELL.0, middle_y),
        (up, middle_x, y),
        (down, middle_x, y + CELL.1),
    ];
    for (_, to_x, to_y) in ends.into_iter().filter(|(reaches, ..)| *reaches) {
        let _ = write!(path, "M{middle_x:.1} {middle_y:.1}L{to_x:.1} {to_y:.1}");
    }
    let _ = writeln!(
        svg,
        "<path d=\"{path}\" stroke=\"{}\"/>",
        hex(run.look.foreground)
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Two parts of one colour and one of another.
fn between(one: Rgb, other: Rgb) -> Rgb {
    let mix = |one: u8, other: u8| {
        u8::try_from((u16::from(one) * 2 + u16::from(other)) / 3).unwrap_or(one)
    };
    (
        mix(one.0, other.0),
        mix(one.1, other.1),
        mix(one.2, other.2),
    )
}

/// A terminal's colour: of the sixteen, of xterm's cube and greys, or exact.
fn rgb(color: Color, default: Rgb) -> Rgb {
    match color {
        Color::Default => default,
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Idx(index @ 0..16) => SIXTEEN[usize::from(index)],
        Color::Idx(index @ 16..232) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + step * 40 };
            let step = index - 16;
            (level(step / 36), level(step / 6 % 6), level(step % 6))
        }
        Color::Idx(index) => {
            let grey = 8 + (index - 232) * 10;
            (grey, grey, grey)
        }
    }
}
