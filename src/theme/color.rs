//! One colour as a theme file writes it, and what a terminal of fewer colours shows instead.

use ratatui::style::Color;

/// The sixteen colours every terminal names, as theme files write them.
pub(super) const ANSI: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// A colour with its name looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// Whatever is there already: the terminal's own colour, or that of the row beneath.
    Default,
    /// One of the terminal's sixteen.
    Named(Color),
    /// Red, green and blue, 0 to 255 each.
    Exact(u8, u8, u8),
}

impl Paint {
    /// Reads `default`, a name of [`ANSI`] or `#rrggbb`; `None` when `text` is none of these.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        if let Some(hex) = text.strip_prefix('#') {
            return parse_hex(hex);
        }
        named(text).map(Self::Named)
    }

    /// Whether sixteen colours suffice to show it as meant.
    pub(super) const fn fits_ansi(self) -> bool {
        !matches!(self, Self::Exact(..))
    }

    /// The colour for 24-bit terminals.
    pub(super) const fn exact(self) -> Option<Color> {
        match self {
            Self::Default => None,
            Self::Named(color) => Some(color),
            Self::Exact(red, green, blue) => Some(Color::Rgb(red, green, blue)),
        }
    }

    /// The colour for terminals with the xterm palette.
    pub(super) fn indexed(self) -> Option<Color> {
        match self {
            Self::Exact(red, green, blue) => Some(Color::Indexed(nearest_index(red, green, blue))),
            Self::Default | Self::Named(_) => self.exact(),
        }
    }
}

/// The colour of an [`ANSI`] name.
pub(super) fn named(name: &str) -> Option<Color> {
    ANSI.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, color)| *color)
}

fn parse_hex(hex: &str) -> Option<Paint> {
    if hex.len() != 6 || !hex.is_ascii() {
        return None;
    }
    let channel = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).ok();
    Some(Paint::Exact(channel(0)?, channel(2)?, channel(4)?))
}

/// The steps of xterm's colour cube, indexes 16 to 231 (xterm's 256colres.pl).
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The index of the xterm palette nearest to a colour, of the cube (16 to 231) and the greys (232 to 255).
///
/// The first sixteen are left out: users give those colours of their own.
fn nearest_index(red: u8, green: u8, blue: u8) -> u8 {
    let target = [red, green, blue];
    let steps = target.map(nearest_step);
    let cube_index = 16 + 36 * steps[0] + 6 * steps[1] + steps[2];
    let cube = steps.map(|step| CUBE[usize::from(step)]);

    let mean = (u16::from(red) + u16::from(green) + u16::from(blue)) / 3;
    let grey_step = (mean.saturating_sub(3) / 10).min(23);
    let level = 8 + 10 * grey_step;
    // Both fit a byte: the step is at most 23 and the level at most 238.
    let (grey_step, level) = (grey_step.to_le_bytes()[0], level.to_le_bytes()[0]);

    if distance(target, [level; 3]) < distance(target, cube) {
        232 + grey_step
    } else {
        cube_index
    }
}

/// The step of [`CUBE`] nearest to one channel.
const fn nearest_step(channel: u8) -> u8 {
    // The borders lie half-way between two steps.
    match channel {
        0..=47 => 0,
        48..=114 => 1,
        115..=154 => 2,
        155..=194 => 3,
        195..=234 => 4,
        235..=255 => 5,
    }
}

fn distance(left: [u8; 3], right: [u8; 3]) -> u32 {
    left.iter()
        .zip(right)
        .map(|(one, other)| u32::from(one.abs_diff(other)).pow(2))
        .sum()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("default", Some(Paint::Default))]
    #[case("bright-black", Some(Paint::Named(Color::DarkGray)))]
    #[case("white", Some(Paint::Named(Color::Gray)))]
    #[case("#7aa2f7", Some(Paint::Exact(0x7a, 0xa2, 0xf7)))]
    #[case("#FFF", None)]
    #[case("#12345g", None)]
    #[case("#ééé", None)]
    #[case("crimson", None)]
    fn colours_are_read(#[case] text: &str, #[case] paint: Option<Paint>) {
        assert_eq!(Paint::parse(text), paint);
    }

    #[rstest]
    #[case("black", (0, 0, 0), 16)]
    #[case("white", (255, 255, 255), 231)]
    #[case("pure red", (255, 0, 0), 196)]
    #[case("a cube colour", (95, 135, 175), 67)]
    #[case("a grey of the ramp", (0x30, 0x30, 0x30), 236)]
    #[case("a grey of the cube", (0x5f, 0x5f, 0x5f), 59)]
    #[case("a soft red stays red", (220, 90, 90), 167)]
    #[case("almost white", (0xf0, 0xf0, 0xf0), 255)]
    fn the_nearest_index(#[case] what: &str, #[case] rgb: (u8, u8, u8), #[case] index: u8) {
        assert_eq!(nearest_index(rgb.0, rgb.1, rgb.2), index, "{what}");
    }

    /// The arithmetic against the definition: no index of the palette is nearer than the one chosen.
    #[test]
    fn no_other_index_is_nearer() {
        let palette: Vec<(u8, [u8; 3])> = (16..=255)
            .map(|index: u8| {
                let rgb = if index >= 232 {
                    [8 + 10 * (index - 232); 3]
                } else {
                    let cube = index - 16;
                    [cube / 36, cube / 6 % 6, cube % 6].map(|step| CUBE[usize::from(step)])
                };
                (index, rgb)
            })
            .collect();
        for sample in 0..4096_u32 {
            let [low, high, ..] = sample.wrapping_mul(2_654_435_761).to_le_bytes();
            let third = sample.to_le_bytes()[0];
            let target = [low, high, third];
            let chosen = nearest_index(low, high, third);
            let of = |index: u8| distance(target, palette[usize::from(index - 16)].1);
            let best = palette.iter().map(|(index, _)| of(*index)).min();
            assert_eq!(Some(of(chosen)), best, "{target:?} became {chosen}");
        }
    }
}
