//! The whole screen: header, crumbs, the layer in the middle, and the line at the foot.

mod crumbs;
mod meter;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    widgets::{Clear, Widget},
};

use super::{Context, Cx, EnvClass, Freshness, Layer, Level, Toast, text};
use crate::{
    keymap::{Command, Target},
    model::{Identity, region_words, regions},
    resource::Tone,
    theme::Role,
};

/// Below this, the screen is too small for anything.
const LEAST: (u16, u16) = (40, 8);
/// Below this width the header gives way.
const HEADER_LEAST: u16 = 40;

/// The most lines for what is under way.
const NOTES: u16 = 3;

/// The most lines for a message that needs attention.
const TOAST: usize = 4;

/// From this height on, a fault may take three lines for its story.
const TALL: u16 = 16;

/// What stands around the layers.
pub struct Chrome<'a> {
    /// Where the session looks.
    pub context: &'a Context,
    /// Who the credentials belong to.
    pub identity: Option<&'a Identity>,
    /// The message to show, if any.
    pub toast: Option<&'a Toast>,
    /// Whether the header is shown.
    pub header: bool,
    /// Whether the crumbs are shown.
    pub crumbs: bool,
    /// What is under way because of what was done from here, a line each.
    pub notes: &'a [(String, Tone)],
    /// The layers, the root first.
    pub layers: &'a [Box<dyn Layer>],
}

/// The parts of the screen, top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    header: Option<Rect>,
    crumbs: Option<Rect>,
    banner: Option<Rect>,
    notes: Option<Rect>,
    /// The room of the layer in the middle.
    pub(crate) body: Rect,
    foot: Rect,
}

impl Parts {
    /// Divides an area; a fault takes up to three lines for its story.
    pub(crate) fn new(
        area: Rect,
        (header, crumbs): (bool, bool),
        story: Option<&str>,
        notes: usize,
    ) -> Self {
        let mut y = area.y;
        let mut left = area.height;
        let mut line = |wanted: bool, lines: u16| {
            let fits = wanted && left > lines + 3;
            fits.then(|| {
                let part = Rect {
                    y,
                    height: lines,
                    ..area
                };
                y += lines;
                left -= lines;
                part
            })
        };
        let header = line(header && area.width >= HEADER_LEAST, 1);
        let crumbs = line(crumbs, 1);
        let story_lines = story.map_or(0, |story| {
            let room = usize::from(area.width.saturating_sub(2));
            let lines = text::wrap(&text::clean(story), room, 0).len();
            let most = if area.height < TALL { 2 } else { 3 };
            u16::try_from(lines).unwrap_or(most).min(most)
        });
        let banner = line(story_lines > 0, story_lines);
        let notes = u16::try_from(notes).unwrap_or(NOTES).min(NOTES);
        let notes = line(notes > 0, notes);
        let foot = Rect {
            y: area.bottom().saturating_sub(1),
            height: 1.min(area.height),
            ..area
        };
        let body = Rect {
            y,
            height: foot.y.saturating_sub(y),
            ..area
        };
        Self {
            header,
            crumbs,
            banner,
            notes,
            body,
            foot,
        }
    }
}

/// Paints everything.
pub fn draw(chrome: &Chrome, area: Rect, buffer: &mut Buffer, cx: &Cx) {
    buffer.set_style(area, cx.theme.style(Role::Text));
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let says = format!("ecsight needs {} x {} cells", LEAST.0, LEAST.1);
        let style = cx.theme.style(Role::StatusWarn);
        text::put(buffer, (area.x, area.y), &says, area.width, style, "");
        return;
    }
    let story = cx.freshness.story(cx.now.wall);
    let shown = (chrome.header, chrome.crumbs);
    let parts = Parts::new(area, shown, story.as_deref(), chrome.notes.len());
    if let Some(line) = parts.header {
        draw_header(chrome, line, buffer, cx);
    }
    if let Some(line) = parts.crumbs {
        crumbs::draw(chrome.layers, line, buffer, cx);
    }
    if let (Some(lines), Some(story)) = (parts.banner, &story) {
        draw_banner(story, lines, buffer, cx);
    }
    if let Some(lines) = parts.notes {
        draw_notes(chrome.notes, lines, buffer, cx);
    }
    let bottom = chrome
        .layers
        .iter()
        .rposition(|layer| !layer.is_overlay())
        .unwrap_or(0);
    if let Some(layer) = chrome.layers.get(bottom) {
        layer.draw(parts.body, buffer, cx);
    }
    let top = chrome.layers.last();
    let foot_taken = top.is_some_and(|layer| layer.at_foot());
    if !foot_taken {
        draw_foot(chrome, parts.foot, buffer, cx);
    }
    for layer in chrome.layers.iter().skip(bottom + 1) {
        let area = if layer.at_foot() {
            parts.foot
        } else {
            parts.body
        };
        layer.draw(area, buffer, cx);
    }
}

/// Writes pieces side by side as far as they fit; returns where the next would go.
fn put_pieces(buffer: &mut Buffer, line: Rect, pieces: &[(String, Style)], ellipsis: &str) -> u16 {
    let mut x = line.x;
    for (piece, style) in pieces {
        let room = line.right().saturating_sub(x);
        if room < 2 {
            break;
        }
        x += text::put(buffer, (x, line.y), piece, room, *style, ellipsis);
    }
    x
}

/// The regions that are looked at: all of them where there is room, else the first and how many more.
fn looked_at(text: &str, line: Rect) -> String {
    let names: Vec<_> = regions(text).collect();
    let all = names.join(", ");
    // Whether anything can be changed, and how fresh it is, must not give way to them.
    if text::width(&all) <= usize::from(line.width / 4) {
        all
    } else {
        region_words(text)
    }
}

fn draw_header(chrome: &Chrome, line: Rect, buffer: &mut Buffer, cx: &Cx) {
    let context = chrome.context;
    let base = cx.theme.style(match context.class {
        Some(EnvClass::Prod) => Role::EnvProd,
        Some(EnvClass::Staging) => Role::EnvStaging,
        Some(EnvClass::Dev) => Role::EnvDev,
        None => Role::Header,
    });
    buffer.set_style(line, base);
    let account = chrome.identity.map_or_else(
        || "account unknown".to_owned(),
        |identity| grouped(&identity.account),
    );
    let or = |text: &str, otherwise: &str| {
        if text.is_empty() {
            otherwise.to_owned()
        } else {
            text.to_owned()
        }
    };
    let mut pieces = vec![
        (format!(" {}  ", or(&context.profile, "default")), base),
        (format!("{account}  "), base),
        (
            format!("{}  ", or(&looked_at(&context.region, line), "no region")),
            base,
        ),
    ];
    if context.readonly {
        pieces.push((
            " READ-ONLY ".to_owned(),
            base.patch(cx.theme.style(Role::HeaderReadonly)),
        ));
        pieces.push(("  ".to_owned(), base));
    } else {
        pieces.push(("read-write  ".to_owned(), base));
    }
    if let Some(endpoint) = context.endpoint.as_ref().filter(|_| line.width >= 100) {
        pieces.push((format!("at {endpoint}  "), base));
    }
    let word = cx.freshness.word();
    let style = match cx.freshness {
        Freshness::Live
        | Freshness::Once
        | Freshness::Loading
        | Freshness::Awaiting { age: None, .. } => base,
        Freshness::Old(_) | Freshness::Paused(_) | Freshness::Awaiting { .. } => {
            base.patch(cx.theme.style(Role::Stale))
        }
        Freshness::Faulty { .. } => base.patch(cx.theme.style(Role::StatusError)),
    };
    let cells = u16::try_from(text::width(&text::clean(&word)) + 1).unwrap_or(u16::MAX);
    let reserved = cells.min(line.width / 2);
    let mut left = Rect {
        width: line.width.saturating_sub(reserved + 1),
        ..line
    };
    left.width -= meter::draw(left, base, buffer, cx);
    put_pieces(buffer, left, &pieces, cx.glyphs.ellipsis());
    let at = (line.right() - reserved, line.y);
    text::put(buffer, at, &word, reserved, style, cx.glyphs.ellipsis());
}

/// An account number in groups of four: `1234-5678-9012`.
fn grouped(account: &str) -> String {
    if account.len() != 12 || !account.is_ascii() {
        return account.to_owned();
    }
    format!("{}-{}-{}", &account[..4], &account[4..8], &account[8..])
}

fn draw_banner(story: &str, lines: Rect, buffer: &mut Buffer, cx: &Cx) {
    let style = cx.theme.style(Role::StatusError);
    let safe = text::clean(story);
    let room = usize::from(lines.width.saturating_sub(2));
    let ellipsis = cx.glyphs.ellipsis();
    text::put(buffer, (lines.x, lines.y), "!", 1, style, "");
    let parts = text::wrap(&safe, room, 0);
    for (line, range) in parts.iter().take(usize::from(lines.height)).enumerate() {
        let last = line + 1 == usize::from(lines.height);
        let part = if last {
            &safe[range.start..]
        } else {
            &safe[range.clone()]
        };
        let y = lines.y + u16::try_from(line).unwrap_or(0);
        text::put(
            buffer,
            (lines.x + 2, y),
            part,
            lines.width.saturating_sub(2),
            style,
            ellipsis,
        );
    }
}

fn draw_notes(notes: &[(String, Tone)], lines: Rect, buffer: &mut Buffer, cx: &Cx) {
    for (y, (note, tone)) in (lines.y..lines.bottom()).zip(notes) {
        let mark = match tone {
            Tone::Error => "!",
            Tone::Progress => "+",
            _ => " ",
        };
        let style = cx.theme.style(super::role_of(*tone));
        text::put(buffer, (lines.x, y), mark, 1, style, "");
        let room = lines.width.saturating_sub(2);
        text::put(
            buffer,
            (lines.x + 2, y),
            note,
            room,
            style,
            cx.glyphs.ellipsis(),
        );
    }
}

/// Writes a message on the line at the foot. What needs attention is not cut while a few lines above can hold the rest.
fn draw_toast(toast: &Toast, line: Rect, buffer: &mut Buffer, cx: &Cx) {
    let (role, mark, most) = match toast.level {
        Level::Info => (Role::FlashInfo, "", 1),
        Level::Warn => (Role::FlashWarn, "~ ", TOAST),
        Level::Error => (Role::FlashError, "! ", TOAST),
    };
    let style = cx.theme.style(role);
    let safe = text::clean(&toast.text);
    let mark_cells = u16::try_from(mark.len()).unwrap_or_default() + 1;
    let room = line.width.saturating_sub(mark_cells);
    let mut parts = text::wrap(&safe, room.into(), 0);
    parts.truncate(most.min(usize::from(line.y - buffer.area.y) + 1));
    let count = u16::try_from(parts.len()).unwrap_or(1);
    let top = line.y + 1 - count.max(1);
    let area = Rect {
        y: top,
        height: count,
        ..line
    };
    Clear.render(area, buffer);
    buffer.set_style(area, cx.theme.style(Role::Text));
    text::put(buffer, (line.x + 1, top), mark, room, style, "");
    for (at, range) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        let part = if last {
            &safe[range.start..]
        } else {
            &safe[range.clone()]
        };
        let y = top + u16::try_from(at).unwrap_or_default();
        let place = (line.x + mark_cells, y);
        text::put(buffer, place, part, room, style, cx.glyphs.ellipsis());
    }
}

fn draw_foot(chrome: &Chrome, line: Rect, buffer: &mut Buffer, cx: &Cx) {
    if let Some(toast) = chrome.toast {
        draw_toast(toast, line, buffer, cx);
        return;
    }
    let Some(top) = chrome.layers.last() else {
        return;
    };
    let mut hints = top.hints(cx);
    if hints.is_empty() {
        return;
    }
    hints.push(super::layer::Hint::of(Target::Command(
        Command::CommandLine,
    )));
    hints.push(super::layer::Hint::of(Target::Command(Command::Help)));
    let mut x = line.x + 1;
    for hint in hints {
        let Some(binding) = cx.keymap.binding(hint.target) else {
            continue;
        };
        let Some(key) = binding.keys.first() else {
            continue;
        };
        let label = hint.label.unwrap_or(binding.label);
        let key = key.to_string();
        let cells = u16::try_from(key.len() + 1 + label.len()).unwrap_or(u16::MAX);
        if x.saturating_add(cells) > line.right() {
            break;
        }
        x += text::put(
            buffer,
            (x, line.y),
            &key,
            line.width,
            cx.theme.style(Role::Key),
            "",
        );
        x += 1;
        x += text::put(
            buffer,
            (x, line.y),
            label,
            line.width,
            cx.theme.style(Role::Hint),
            "",
        );
        x += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_written_in_groups() {
        assert_eq!(grouped("123456789012"), "1234-5678-9012");
        assert_eq!(grouped("demo"), "demo");
    }

    #[test]
    fn a_small_screen_keeps_the_body() {
        let area = Rect {
            x: 0,
            y: 0,
            width: 80,
            height: 24,
        };
        let parts = Parts::new(area, (true, true), Some("short"), 0);
        assert_eq!(
            parts.body,
            Rect {
                x: 0,
                y: 3,
                width: 80,
                height: 20
            }
        );
        let tiny = Rect {
            x: 0,
            y: 0,
            width: 40,
            height: 4,
        };
        assert!(Parts::new(tiny, (true, true), None, 0).body.height >= 3);
    }
}
