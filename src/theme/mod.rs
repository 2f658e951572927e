//! Theme files joined into styles: every [`Role`] a ratatui [`Style`] at the terminal's colour depth. Nothing is
//! drawn here.
//!
//! A theme file (TOML) has a `name`, a `variant` (`dark`, `light` or `any`), optionally `inherits` (another theme's
//! name), a `[palette]` of its own colour names, and `[roles]`. A colour is `"#rrggbb"`, a palette name, one of the
//! sixteen terminal colours, or `"default"`. A role is a colour, or a table:
//!
//! ```toml
//! "status.warn" = { fg = "orange", bg = "default", ansi = "yellow", mod = ["bold"] }
//! ```
//!
//! What a role looks like:
//! - A role that a file and what it inherits from leave out takes the dotted name above it (`status.warn`, then
//!   `status`), else what the `ansi` theme says, else `text`.
//! - On 256 colours an exact colour becomes the nearest of xterm's palette.
//! - On sixteen, `ansi` and `ansi_bg` are what is used. A role with an exact colour and neither of these takes its
//!   colours from the `ansi` theme: the nearest of sixteen could turn a failure yellow.
//! - Without colour, the modifiers remain, joined by those of the `mono` theme.
//! - A cursor row or focused button without a background is reversed: the cursor is never lost.

mod color;
mod depth;
mod look;
mod role;
mod sheet;

use std::path::{Path, PathBuf};
use std::{fs, io};

use ratatui::style::{Modifier, Style};

pub use depth::{ColorChoice, Depth, UnknownColorChoice};
pub use role::Role;

use look::Looks;
use sheet::Sheet;

pub(crate) use sheet::suggestion;

/// The theme used when none is chosen.
pub const DEFAULT_THEME: &str = "ansi";

/// Embeds theme files under their names.
macro_rules! builtin {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../themes/", $name, ".toml")))),+]
    };
}

const BUILTIN: [(&str, &str); 6] = builtin![
    "ansi",
    "mono",
    "catppuccin-mocha",
    "gruvbox-dark",
    "nord",
    "tokyo-night",
];

/// The terminal background a theme is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Variant {
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// For either.
    #[default]
    Any,
}

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// The file cannot be read.
    #[error("theme file {path} cannot be read: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file says something that makes no sense.
    #[error("{file}:{line}: {message}")]
    Invalid {
        /// The file, or the built-in theme.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// There is no theme of that name.
    #[error("there is no theme `{name}`{hint}; built in are {builtin}", builtin = Theme::names().join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// ` (did you mean ...?)`, or nothing.
        hint: String,
    },
}

/// A style for every role, at one colour depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: String,
    variant: Variant,
    styles: [Style; Role::COUNT],
}

impl Theme {
    /// The names of the built-in themes, the default first.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        BUILTIN.iter().map(|(name, _)| *name).collect()
    }

    /// The built-in theme `name`; `None` when there is none of that name.
    #[must_use]
    pub fn builtin(name: &str, depth: Depth) -> Option<Self> {
        let sheet = builtin_sheet(name)?.ok()?;
        Self::join(sheet, None, depth).ok()
    }

    /// The theme `name`: the file `name.toml` of `folder` if there is one, else the built-in theme.
    ///
    /// # Errors
    /// When there is no such theme, or its file or one it inherits from is wrong.
    pub fn find(name: &str, folder: &Path, depth: Depth) -> Result<Self, ThemeError> {
        if let Some(path) = file_in(folder, name) {
            return Self::load(&path, depth);
        }
        match builtin_sheet(name) {
            Some(sheet) => Self::join(sheet?, Some(folder), depth),
            None => Err(ThemeError::Unknown {
                name: name.to_owned(),
                hint: suggestion(name, Self::names()),
            }),
        }
    }

    /// Reads a theme file. What it inherits from is looked for beside it, then among the built-in themes.
    ///
    /// # Errors
    /// When the file cannot be read, or it or one it inherits from is wrong; the message names file, line and role.
    pub fn load(path: &Path, depth: Depth) -> Result<Self, ThemeError> {
        let sheet = read_sheet(path)?;
        Self::join(sheet, path.parent(), depth)
    }

    /// The theme's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The background the theme is made for.
    #[must_use]
    pub const fn variant(&self) -> Variant {
        self.variant
    }

    /// The style of a role. What it leaves unset is the terminal's own, or that of what is drawn beneath.
    #[must_use]
    pub const fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// Joins a file with what it inherits from and with the base themes.
    fn join(sheet: Sheet, folder: Option<&Path>, depth: Depth) -> Result<Self, ThemeError> {
        let chain = chain(sheet, folder)?;
        let own = Looks::of(&chain)?;
        let ansi = builtin_looks(DEFAULT_THEME)?;
        let mono = builtin_looks("mono")?;
        let mut styles = [Style::new(); Role::COUNT];
        for role in Role::ALL {
            let base = ansi.get(*role);
            let look = own.get(*role).or(base).or(own.get(Role::Text));
            let mut style = look.unwrap_or_default().style(depth, base);
            if depth == Depth::None {
                style = style.add_modifier(mono.get(*role).unwrap_or_default().modifiers);
            }
            if role.must_stand_out() && style.bg.is_none() {
                style = style.add_modifier(Modifier::REVERSED);
            }
            styles[*role as usize] = style;
        }
        let name = chain[0].name.clone();
        Ok(Self {
            name: name.unwrap_or_else(|| stem(&chain[0].label)),
            variant: chain
                .iter()
                .find_map(|sheet| sheet.variant)
                .unwrap_or_default(),
            styles,
        })
    }
}

/// What a built-in theme says of each role.
fn builtin_looks(name: &str) -> Result<Looks, ThemeError> {
    match builtin_sheet(name) {
        Some(sheet) => Looks::of(&chain(sheet?, None)?),
        None => Ok(Looks::default()),
    }
}

/// A file and all it inherits from, itself first.
fn chain(sheet: Sheet, folder: Option<&Path>) -> Result<Vec<Sheet>, ThemeError> {
    let mut chain = vec![sheet];
    while let Some(last) = chain.last()
        && let Some(parent) = &last.inherits
    {
        let name = parent.text.as_str();
        let invalid = |message: String| ThemeError::Invalid {
            file: last.label.clone(),
            line: parent.line,
            message,
        };
        let seen = |label: &str| chain.iter().any(|sheet| sheet.label == label);
        // A file may bear the name of the built-in theme that it inherits from.
        let path = folder
            .and_then(|folder| file_in(folder, name))
            .filter(|path| !seen(&path.display().to_string()));
        let next = if let Some(path) = path {
            read_sheet(&path)?
        } else if let Some(sheet) = builtin_sheet(name) {
            sheet?
        } else {
            let hint = suggestion(name, Theme::names());
            let message = format!("`inherits`: there is no other theme `{name}`{hint}");
            return Err(invalid(message));
        };
        if seen(&next.label) {
            return Err(invalid(format!(
                "`inherits`: `{name}` leads back to this theme"
            )));
        }
        chain.push(next);
    }
    Ok(chain)
}

fn file_in(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = folder.join(format!("{name}.toml"));
    path.is_file().then_some(path)
}

fn read_sheet(path: &Path) -> Result<Sheet, ThemeError> {
    let text = fs::read_to_string(path).map_err(|source| ThemeError::Read {
        path: path.to_owned(),
        source,
    })?;
    Sheet::parse(&text, &path.display().to_string())
}

fn builtin_sheet(name: &str) -> Option<Result<Sheet, ThemeError>> {
    let (name, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
    Some(Sheet::parse(text, &format!("built-in theme {name}")))
}

/// The name of a theme whose file gives none.
fn stem(label: &str) -> String {
    let stem = Path::new(label).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
