//! What a painted screen says and how: its text, its styles in short, and what must hold for every screen.

use std::{collections::BTreeMap, fmt::Write as _};

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr;

use super::stage::Stage;

/// Adds the checked text of a stage's screen below a heading.
pub fn shot(text: &mut String, heading: &str, stage: &Stage) {
    let screen = stage.screen();
    check(&screen);
    let (width, height) = (screen.area.width, screen.area.height);
    let _ = writeln!(
        text,
        "== {heading}, {width} x {height}\n{}",
        self::text(&screen)
    );
}

fn row(buffer: &Buffer, y: u16) -> &[Cell] {
    let width = usize::from(buffer.area.width);
    let start = usize::from(y) * width;
    &buffer.content[start..start + width]
}

/// The text of the screen, a line for each row, without blanks at their ends.
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let line = line(row(buffer, y));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text of a row; the cell behind a wide character holds nothing of its own.
fn line(cells: &[Cell]) -> String {
    let mut line = String::new();
    let mut covered = 0;
    for cell in cells {
        if covered > 0 {
            covered -= 1;
            continue;
        }
        line.push_str(cell.symbol());
        covered = cell.symbol().width().saturating_sub(1);
    }
    line
}

/// The styles of the screen: for each row the stretches that differ from the commonest style, `from..to style`.
pub fn styles(buffer: &Buffer) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for cell in &buffer.content {
        *counts.entry(style(cell)).or_default() += 1;
    }
    let common = counts.into_iter().max_by_key(|(_, count)| *count);
    let common = common.map(|(style, _)| style).unwrap_or_default();
    let mut text = format!(
        "    {}\n",
        if common.is_empty() { "plain" } else { &common }
    );
    for y in 0..buffer.area.height {
        let mut stretches: Vec<(usize, usize, String)> = Vec::new();
        for (x, cell) in row(buffer, y).iter().enumerate() {
            let style = style(cell);
            match stretches.last_mut() {
                Some((_, end, same)) if *same == style => *end = x + 1,
                _ => stretches.push((x, x + 1, style)),
            }
        }
        let said: Vec<String> = stretches
            .into_iter()
            .filter(|(_, _, style)| *style != common)
            .map(|(from, to, style)| format!("{from}..{to} {style}"))
            .collect();
        if !said.is_empty() {
            let _ = writeln!(text, "{y:>2}: {}", said.join(", "));
        }
    }
    text
}

fn style(cell: &Cell) -> String {
    let mut words = Vec::new();
    if cell.fg != Color::Reset {
        words.push(cell.fg.to_string().to_lowercase());
    }
    if cell.bg != Color::Reset {
        words.push(format!("on {}", cell.bg.to_string().to_lowercase()));
    }
    for (name, _) in cell.modifier.iter_names() {
        words.push(name.to_lowercase());
    }
    words.join(" ")
}

/// Whether a character could act on a terminal, or reorder or hide what stands beside it.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Panics unless everything holds that must hold for every screen: no cell can act on the terminal, and no row is
/// wider than the screen.
pub fn check(buffer: &Buffer) {
    for y in 0..buffer.area.height {
        let cells = row(buffer, y);
        for (x, cell) in cells.iter().enumerate() {
            let symbol = cell.symbol();
            assert!(
                !symbol.chars().any(acts),
                "cell {x},{y} holds {symbol:?}:\n{}",
                text(buffer)
            );
            assert!(
                x + symbol.width() <= cells.len(),
                "cell {x},{y} holds {symbol:?}, which reaches over the edge"
            );
        }
        let width = line(cells).width();
        assert!(width <= cells.len(), "row {y} takes {width} cells");
    }
}

/// The rows that stand out as a whole: the cursor's, the header's.
pub fn lit_rows(buffer: &Buffer) -> Vec<u16> {
    let lit = |cell: &Cell| cell.modifier.contains(Modifier::REVERSED) || cell.bg != Color::Reset;
    (0..buffer.area.height)
        .filter(|y| {
            let cells = row(buffer, *y);
            cells.iter().filter(|cell| lit(cell)).count() * 10 >= cells.len() * 9
        })
        .collect()
}

/// The colours of the screen, foreground and background, without the terminal's own.
pub fn colours(buffer: &Buffer) -> Vec<Color> {
    let all = buffer.content.iter().flat_map(|cell| [cell.fg, cell.bg]);
    let mut colours: Vec<Color> = all.filter(|colour| *colour != Color::Reset).collect();
    colours.sort_by_key(ToString::to_string);
    colours.dedup();
    colours
}
