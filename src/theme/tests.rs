//! Tests of the built-in themes at every depth, of joining files, and of the messages for wrong ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use ratatui::style::Color;
use rstest::rstest;
use tempfile::TempDir;

use super::*;

const STATUSES: [Role; 6] = [
    Role::StatusOk,
    Role::StatusProgress,
    Role::StatusWarn,
    Role::StatusError,
    Role::StatusDone,
    Role::StatusUnknown,
];

fn every_builtin() -> impl Iterator<Item = (Theme, Depth)> {
    let named = |name| Depth::ALL.map(|depth| (Theme::builtin(name, depth).unwrap(), depth));
    Theme::names().into_iter().flat_map(named)
}

fn parse(text: &str, depth: Depth) -> Result<Theme, ThemeError> {
    Theme::join(Sheet::parse(text, "mine.toml")?, None, depth)
}

fn complaint(text: &str) -> String {
    parse(text, Depth::TrueColor).unwrap_err().to_string()
}

#[test]
fn built_in_files_parse_and_bear_their_names() {
    for name in Theme::names() {
        builtin_sheet(name).unwrap().unwrap();
        assert_eq!(Theme::builtin(name, Depth::TrueColor).unwrap().name(), name);
    }
    assert_eq!(Theme::names()[0], DEFAULT_THEME);
    assert!(Theme::builtin("solarized", Depth::TrueColor).is_none());
}

#[test]
fn the_base_themes_say_something_of_every_role() {
    for name in [DEFAULT_THEME, "mono"] {
        let looks = builtin_looks(name).unwrap();
        for role in Role::ALL {
            assert!(looks.get(*role).is_some(), "{name} leaves out {role}");
        }
    }
}

#[test]
fn sixteen_colours_means_the_named_ones() {
    for (theme, depth) in every_builtin() {
        for role in Role::ALL {
            let style = theme.style(*role);
            for color in [style.fg, style.bg].into_iter().flatten() {
                let named = color::ANSI.iter().any(|(_, known)| *known == color);
                let indexed = matches!(color, Color::Indexed(16..));
                let fits = match depth {
                    Depth::None => false,
                    Depth::Ansi16 => named,
                    Depth::Indexed256 => named || indexed,
                    Depth::TrueColor => !indexed,
                };
                assert!(fits, "{} {role} at {depth:?}: {color}", theme.name());
            }
        }
    }
}

#[test]
fn the_default_theme_is_the_same_wherever_there_is_colour() {
    let deepest = Theme::builtin(DEFAULT_THEME, Depth::TrueColor).unwrap();
    let sixteen = Theme::builtin(DEFAULT_THEME, Depth::Ansi16).unwrap();
    assert_eq!(deepest, sixteen);
}

#[test]
fn mono_is_mono_at_every_depth() {
    for depth in Depth::ALL {
        let mono = Theme::builtin("mono", depth).unwrap();
        for role in Role::ALL {
            let style = mono.style(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{role} at {depth:?}");
        }
    }
}

#[test]
fn the_cursor_and_the_focused_button_are_seen_everywhere() {
    for (theme, depth) in every_builtin() {
        for role in [Role::CursorRow, Role::ButtonFocus, Role::CrumbActive] {
            let style = theme.style(role);
            let reversed = style.add_modifier.contains(Modifier::REVERSED);
            let colored = depth > Depth::Ansi16 && style.bg.is_some();
            assert!(reversed || colored, "{} {role} at {depth:?}", theme.name());
        }
        let active = theme.style(Role::CursorRow);
        let inactive = theme.style(Role::CursorRowInactive);
        assert_ne!(active, inactive, "{} at {depth:?}", theme.name());
        assert_ne!(inactive, Style::new(), "{} at {depth:?}", theme.name());
    }
}

#[test]
fn statuses_differ_in_every_theme_at_every_depth() {
    for (theme, depth) in every_builtin() {
        let looks: HashSet<_> = STATUSES.map(|role| theme.style(role)).into();
        assert_eq!(looks.len(), 6, "{} at {depth:?}", theme.name());
    }
}

/// The contrast of two colours, 1 to 21, as WCAG 2.2 defines it (<https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>).
fn contrast(one: Color, other: Color) -> f64 {
    let luminance = |color| {
        let Color::Rgb(red, green, blue) = color else {
            unreachable!("only 24-bit colours have a known luminance, not {color}")
        };
        let [red, green, blue] = [red, green, blue].map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_can_be_read_under_the_cursor() {
    for name in ["catppuccin-mocha", "gruvbox-dark", "nord", "tokyo-night"] {
        let theme = Theme::builtin(name, Depth::TrueColor).unwrap();
        let cursor = theme.style(Role::CursorRow).bg.unwrap();
        for role in STATUSES.into_iter().chain([Role::Text, Role::TextMuted]) {
            let ratio = contrast(theme.style(role).fg.unwrap(), cursor);
            assert!(ratio >= 2.9, "{name} {role}: {ratio:.2}");
        }
    }
}

#[test]
fn status_colours_keep_their_meaning_at_sixteen() {
    for name in Theme::names().into_iter().filter(|name| *name != "mono") {
        let theme = Theme::builtin(name, Depth::Ansi16).unwrap();
        let fg = |role| theme.style(role).fg;
        assert_eq!(fg(Role::StatusOk), Some(Color::Green), "{name}");
        assert_eq!(fg(Role::StatusWarn), Some(Color::Yellow), "{name}");
        assert_eq!(fg(Role::StatusError), Some(Color::Red), "{name}");
        assert_eq!(fg(Role::StatusProgress), Some(Color::Blue), "{name}");
    }
}

#[test]
fn a_colour_is_shown_as_the_depth_allows() {
    let text = "[palette]\nsalmon = \"#dc5a5a\"\n[roles]\n\
                \"status.warn\" = { fg = \"salmon\", ansi = \"bright-yellow\", mod = [\"bold\"] }\n\
                \"status.error\" = \"salmon\"\n";
    let style = |depth, role| parse(text, depth).unwrap().style(role);
    let bold = Style::new().add_modifier(Modifier::BOLD);

    let warn = |depth| style(depth, Role::StatusWarn);
    assert_eq!(
        warn(Depth::TrueColor),
        bold.fg(Color::Rgb(0xdc, 0x5a, 0x5a))
    );
    assert_eq!(warn(Depth::Indexed256), bold.fg(Color::Indexed(167)));
    assert_eq!(warn(Depth::Ansi16), bold.fg(Color::LightYellow));
    assert_eq!(warn(Depth::None), bold.add_modifier(Modifier::UNDERLINED));

    // It gives no `ansi`: sixteen colours show the base theme's red, not the yellow nearest to salmon.
    assert_eq!(style(Depth::Ansi16, Role::StatusError), bold.fg(Color::Red));
}

#[test]
fn a_background_gives_way_to_reverse_where_there_is_no_colour() {
    let text = "[roles]\n\"cursor.row\" = { bg = \"#333333\", mod = [\"bold\"] }";
    for depth in [Depth::None, Depth::Ansi16] {
        let style = parse(text, depth).unwrap().style(Role::CursorRow);
        let both = Modifier::BOLD | Modifier::REVERSED;
        assert_eq!(style, Style::new().add_modifier(both), "{depth:?}");
    }
}

#[test]
fn a_cursor_of_text_colour_alone_is_reversed() {
    let theme = parse("[roles]\n\"cursor.row\" = \"blue\"", Depth::TrueColor).unwrap();
    let blue = Style::new().fg(Color::Blue);
    assert_eq!(
        theme.style(Role::CursorRow),
        blue.add_modifier(Modifier::REVERSED)
    );
}

#[test]
fn a_missing_role_falls_back() {
    let theme = parse("[roles]\n\"status\" = \"cyan\"", Depth::TrueColor).unwrap();
    // To the dotted name above it.
    assert_eq!(theme.style(Role::StatusWarn), Style::new().fg(Color::Cyan));
    // To the base theme.
    assert_eq!(theme.style(Role::DiffDel), Style::new().fg(Color::Red));
}

#[test]
fn a_theme_inherits_from_a_file_beside_it_and_from_a_built_in() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    // It bears the name of the theme it builds on.
    write(
        "nord.toml",
        "inherits = \"nord\"\n[palette]\nred = \"#010203\"",
    );
    write(
        "mine.toml",
        "inherits = \"nord\"\n[roles]\n\"mark\" = \"orange\"",
    );

    let theme = Theme::find("mine", folder.path(), Depth::TrueColor).unwrap();
    assert_eq!(theme.name(), "mine");
    assert_eq!(theme.variant(), Variant::Dark);
    assert_eq!(
        theme.style(Role::Mark).fg,
        Some(Color::Rgb(0xd0, 0x87, 0x70))
    );
    assert_eq!(theme.style(Role::DiffDel).fg, Some(Color::Rgb(1, 2, 3)));
    assert_eq!(
        theme.style(Role::Text).fg,
        Some(Color::Rgb(0xd8, 0xde, 0xe9))
    );
}

#[test]
fn a_circle_of_themes_is_refused() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("one.toml", "inherits = \"two\"");
    write("two.toml", "\ninherits = \"one\"");
    let error = Theme::find("one", folder.path(), Depth::TrueColor).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("two.toml:2: `inherits`"), "{message}");
}

#[test]
fn an_unknown_theme_is_refused_with_a_suggestion() {
    let error = Theme::find("gruvbox", Path::new("no-such-folder"), Depth::TrueColor);
    let message = error.unwrap_err().to_string();
    assert!(message.contains("built in are ansi, mono"), "{message}");
    let error = Theme::find("nrod", Path::new("no-such-folder"), Depth::TrueColor);
    let message = error.unwrap_err().to_string();
    assert!(message.contains("(did you mean `nord`?)"), "{message}");
}

#[rstest]
#[case::role(
    "[roles]\n\"status.wran\" = \"red\"",
    "mine.toml:2: unknown role `status.wran` (did you mean `status.warn`?)"
)]
#[case::color(
    "[roles]\n\"mark\" = \"yelow\"",
    "mine.toml:2: role `mark`: unknown colour `yelow` (did you mean `yellow`?)"
)]
#[case::palette_name(
    "[palette]\npeach = \"#fab387\"\n[roles]\nmark = \"peech\"",
    "mine.toml:4: role `mark`: unknown colour `peech` (did you mean `peach`?)"
)]
#[case::palette(
    "[palette]\npeach = \"#fab38\"",
    "mine.toml:2: palette colour `peach`: `#fab38` is no colour"
)]
#[case::modifier(
    "[roles]\nmark = { mod = [\"bald\"] }",
    "mine.toml:2: role `mark`: unknown modifier `bald` (did you mean `bold`?)"
)]
#[case::modifier_text(
    "[roles]\nmark = { mod = \"bold\" }",
    "mine.toml:2: role `mark`: `mod` must be a list"
)]
#[case::ansi(
    "[roles]\nmark = { ansi = \"#ff0000\" }",
    "mine.toml:2: role `mark`: `#ff0000` is none of the sixteen terminal colours"
)]
#[case::part(
    "[roles]\nmark = { fgg = \"red\" }",
    "mine.toml:2: unknown key `fgg` in role `mark` (did you mean `fg`?)"
)]
#[case::unquoted(
    "[roles]\nstatus.ok = \"red\"",
    "mine.toml:2: put the dotted name in quotes: \"status.ok\""
)]
#[case::key(
    "\npallete = {}",
    "mine.toml:2: unknown key `pallete` (did you mean `palette`?)"
)]
#[case::number("[roles]\nmark = 3", "mine.toml:2: `mark` must be text in quotes")]
#[case::table("roles = 3", "mine.toml:1: `roles` must be a table")]
#[case::variant(
    "variant = \"drak\"",
    "mine.toml:1: unknown variant `drak` (did you mean `dark`?)"
)]
#[case::inherits(
    "inherits = \"tokyo\"",
    "mine.toml:1: `inherits`: there is no other theme `tokyo`"
)]
#[case::syntax("name = \"x\"\nvariant = ", "mine.toml:2: ")]
fn a_mistake_is_named_with_its_place(#[case] text: &str, #[case] expected: &str) {
    let message = complaint(text);
    assert!(message.starts_with(expected), "{message}");
}
