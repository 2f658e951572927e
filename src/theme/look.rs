//! What a chain of theme files says of each role: colours looked up, nearer files over farther ones, fewer colours
//! where the terminal has fewer.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

use super::color::{ANSI, Paint};
use super::sheet::{RoleSpec, Sheet, Written, suggestion};
use super::{Depth, Role, ThemeError};

/// A role with its colours looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    fg: Paint,
    bg: Paint,
    ansi: Option<Style>,
    pub(super) modifiers: Modifier,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            fg: Paint::Default,
            bg: Paint::Default,
            ansi: None,
            modifiers: Modifier::empty(),
        }
    }
}

impl Look {
    /// The style at `depth`; `base` is the same role of the `ansi` theme.
    pub(super) fn style(self, depth: Depth, base: Option<Self>) -> Style {
        let style = match depth {
            Depth::None => Style::new(),
            Depth::Ansi16 => self.ansi16(base),
            Depth::Indexed256 => colored(self.fg.indexed(), self.bg.indexed()),
            Depth::TrueColor => colored(self.fg.exact(), self.bg.exact()),
        };
        style.add_modifier(self.modifiers)
    }

    fn ansi16(self, base: Option<Self>) -> Style {
        if let Some(style) = self.ansi {
            return style;
        }
        if self.fg.fits_ansi() && self.bg.fits_ansi() {
            return colored(self.fg.exact(), self.bg.exact());
        }
        base.filter(|base| base.fg.fits_ansi() && base.bg.fits_ansi())
            .map_or_else(Style::new, |base| {
                colored(base.fg.exact(), base.bg.exact()).add_modifier(base.modifiers)
            })
    }
}

const fn colored(fg: Option<Color>, bg: Option<Color>) -> Style {
    let mut style = Style::new();
    style.fg = fg;
    style.bg = bg;
    style
}

/// What a chain of files says of each role, by dotted name.
#[derive(Default)]
pub(super) struct Looks(BTreeMap<String, Look>);

impl Looks {
    /// Joins the files, nearest first: what a nearer one says hides what a farther one does, palette names too.
    pub(super) fn of(chain: &[Sheet]) -> Result<Self, ThemeError> {
        let mut palette = Palette::default();
        for sheet in chain.iter().rev() {
            palette.extend(sheet)?;
        }
        let mut looks = BTreeMap::new();
        for sheet in chain.iter().rev() {
            for (name, spec) in &sheet.roles {
                looks.insert(name.clone(), palette.look(sheet, name, spec)?);
            }
        }
        Ok(Self(looks))
    }

    /// What is said of the role, or else of the dotted names above it.
    pub(super) fn get(&self, role: Role) -> Option<Look> {
        role.lineage().find_map(|name| self.0.get(name).copied())
    }
}

/// The colour names of a chain of files.
#[derive(Default)]
struct Palette(BTreeMap<String, Paint>);

impl Palette {
    fn extend(&mut self, sheet: &Sheet) -> Result<(), ThemeError> {
        for (name, written) in &sheet.palette {
            let paint = Paint::parse(&written.text).ok_or_else(|| {
                let known = ANSI.iter().map(|(name, _)| *name);
                ThemeError::Invalid {
                    file: sheet.label.clone(),
                    line: written.line,
                    message: format!(
                        "palette colour `{name}`: `{}` is no colour{}; use \"#rrggbb\" or a terminal colour",
                        written.text,
                        suggestion(&written.text, known)
                    ),
                }
            })?;
            self.0.insert(name.clone(), paint);
        }
        Ok(())
    }

    fn look(&self, sheet: &Sheet, role: &str, spec: &RoleSpec) -> Result<Look, ThemeError> {
        let ansi = (spec.ansi.is_some() || spec.ansi_bg.is_some())
            .then(|| colored(spec.ansi, spec.ansi_bg));
        Ok(Look {
            fg: self.paint(sheet, role, spec.fg.as_ref())?,
            bg: self.paint(sheet, role, spec.bg.as_ref())?,
            ansi,
            modifiers: spec.modifiers,
        })
    }

    fn paint(
        &self,
        sheet: &Sheet,
        role: &str,
        written: Option<&Written>,
    ) -> Result<Paint, ThemeError> {
        let Some(written) = written else {
            return Ok(Paint::Default);
        };
        let word = written.text.as_str();
        let paint = self.0.get(word).copied().or_else(|| Paint::parse(word));
        paint.ok_or_else(|| {
            let own = self.0.keys().map(String::as_str);
            let known = own.chain(ANSI.iter().map(|(name, _)| *name));
            ThemeError::Invalid {
                file: sheet.label.clone(),
                line: written.line,
                message: format!(
                    "role `{role}`: unknown colour `{word}`{}",
                    suggestion(word, known.chain(["default"]))
                ),
            }
        })
    }
}
