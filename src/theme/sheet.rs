//! One theme file as written: its palette, its roles, and every mistake in it named with a line and a suggestion.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::style::{Color, Modifier};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::color::{self, ANSI};
use super::{Role, ThemeError, Variant};

/// The modifiers a role may carry. Blinking and hiding are left out: neither serves a reader.
const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
    ("crossed-out", Modifier::CROSSED_OUT),
];

const TOP_KEYS: [&str; 5] = ["name", "variant", "inherits", "palette", "roles"];
const ROLE_KEYS: [&str; 5] = ["fg", "bg", "ansi", "ansi_bg", "mod"];

/// A theme file, read but not yet joined with what it inherits from.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    /// What messages call the file.
    pub(super) label: String,
    pub(super) name: Option<String>,
    pub(super) variant: Option<Variant>,
    pub(super) inherits: Option<Written>,
    /// Names of the file's own and what they stand for.
    pub(super) palette: BTreeMap<String, Written>,
    /// Role names, or dotted names above them, and how they look.
    pub(super) roles: BTreeMap<String, RoleSpec>,
}

/// A word of a theme file and the line it stands on.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) line: usize,
}

/// How one role looks, its colours still as written.
#[derive(Debug, Clone, Default)]
pub(super) struct RoleSpec {
    pub(super) fg: Option<Written>,
    pub(super) bg: Option<Written>,
    pub(super) ansi: Option<Color>,
    pub(super) ansi_bg: Option<Color>,
    pub(super) modifiers: Modifier,
}

impl Sheet {
    /// Reads the text of a theme file; `label` is what messages call the file.
    pub(super) fn parse(text: &str, label: &str) -> Result<Self, ThemeError> {
        let reader = Reader { text, label };
        let document = DeTable::parse(text).map_err(|error| {
            reader.error(
                error.span().map_or(0, |span| span.start),
                error.message().to_owned(),
            )
        })?;
        let mut sheet = Self {
            label: label.to_owned(),
            name: None,
            variant: None,
            inherits: None,
            palette: BTreeMap::new(),
            roles: BTreeMap::new(),
        };
        for (key, value) in document.get_ref() {
            let name = key.get_ref().as_ref();
            match name {
                "name" => sheet.name = Some(reader.word(name, value)?.text),
                "variant" => sheet.variant = Some(reader.variant(value)?),
                "inherits" => sheet.inherits = Some(reader.word(name, value)?),
                "palette" => {
                    for (key, value) in reader.table(name, value)? {
                        let written = reader.word(key.get_ref(), value)?;
                        sheet.palette.insert(key.get_ref().to_string(), written);
                    }
                }
                "roles" => {
                    for (key, value) in reader.table(name, value)? {
                        let spec = reader.role(key, value)?;
                        sheet.roles.insert(key.get_ref().to_string(), spec);
                    }
                }
                _ => {
                    let hint = suggestion(name, TOP_KEYS);
                    let message = format!("unknown key `{name}`{hint}");
                    return Err(reader.error(key.span().start, message));
                }
            }
        }
        Ok(sheet)
    }
}

/// The file being read, for the place of a mistake.
struct Reader<'a> {
    text: &'a str,
    label: &'a str,
}

impl Reader<'_> {
    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    fn error(&self, offset: usize, message: String) -> ThemeError {
        ThemeError::Invalid {
            file: self.label.to_owned(),
            line: self.line(offset),
            message,
        }
    }

    fn word(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<Written, ThemeError> {
        match value.get_ref().as_str() {
            Some(text) => Ok(Written {
                text: text.to_owned(),
                line: self.line(value.span().start),
            }),
            None => Err(self.error(
                value.span().start,
                format!("`{key}` must be text in quotes"),
            )),
        }
    }

    fn table<'v, 'i>(
        &self,
        key: &str,
        value: &'v Spanned<DeValue<'i>>,
    ) -> Result<&'v DeTable<'i>, ThemeError> {
        value.get_ref().as_table().ok_or_else(|| {
            let message = format!("`{key}` must be a table: `[{key}]` on a line of its own");
            self.error(value.span().start, message)
        })
    }

    fn variant(&self, value: &Spanned<DeValue<'_>>) -> Result<Variant, ThemeError> {
        match self.word("variant", value)?.text.as_str() {
            "dark" => Ok(Variant::Dark),
            "light" => Ok(Variant::Light),
            "any" => Ok(Variant::Any),
            other => {
                let hint = suggestion(other, ["dark", "light", "any"]);
                let message = format!("unknown variant `{other}`{hint}; use dark, light or any");
                Err(self.error(value.span().start, message))
            }
        }
    }

    fn role(
        &self,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<RoleSpec, ThemeError> {
        let name = key.get_ref().as_ref();
        if !Role::accepts(name) {
            let hint = suggestion(name, Role::ALL.iter().map(|role| role.name()));
            return Err(self.error(key.span().start, format!("unknown role `{name}`{hint}")));
        }
        let Some(table) = value.get_ref().as_table() else {
            return Ok(RoleSpec {
                fg: Some(self.word(name, value)?),
                ..RoleSpec::default()
            });
        };
        let mut spec = RoleSpec::default();
        for (part, value) in table {
            match part.get_ref().as_ref() {
                "fg" => spec.fg = Some(self.word("fg", value)?),
                "bg" => spec.bg = Some(self.word("bg", value)?),
                "ansi" => spec.ansi = Some(self.ansi(name, value)?),
                "ansi_bg" => spec.ansi_bg = Some(self.ansi(name, value)?),
                "mod" => spec.modifiers = self.modifiers(name, value)?,
                other => {
                    let message = if Role::accepts(&format!("{name}.{other}")) {
                        format!("put the dotted name in quotes: \"{name}.{other}\"")
                    } else {
                        let hint = suggestion(other, ROLE_KEYS);
                        format!("unknown key `{other}` in role `{name}`{hint}")
                    };
                    return Err(self.error(part.span().start, message));
                }
            }
        }
        Ok(spec)
    }

    fn ansi(&self, role: &str, value: &Spanned<DeValue<'_>>) -> Result<Color, ThemeError> {
        let word = self.word("ansi", value)?.text;
        color::named(&word).ok_or_else(|| {
            let hint = suggestion(&word, ANSI.iter().map(|(name, _)| *name));
            let message = format!(
                "role `{role}`: `{word}` is none of the sixteen terminal colours{hint}; \
                 use one of black, red, green, yellow, blue, magenta, cyan, white or its bright- form"
            );
            self.error(value.span().start, message)
        })
    }

    fn modifiers(&self, role: &str, value: &Spanned<DeValue<'_>>) -> Result<Modifier, ThemeError> {
        let Some(list) = value.get_ref().as_array() else {
            let message = format!("role `{role}`: `mod` must be a list, such as [\"bold\"]");
            return Err(self.error(value.span().start, message));
        };
        let mut modifiers = Modifier::empty();
        for item in list {
            let word = self.word("mod", item)?.text;
            let known = MODIFIERS.iter().find(|(name, _)| *name == word);
            let Some((_, modifier)) = known else {
                let hint = suggestion(&word, MODIFIERS.iter().map(|(name, _)| *name));
                let message = format!("role `{role}`: unknown modifier `{word}`{hint}");
                return Err(self.error(item.span().start, message));
            };
            modifiers |= *modifier;
        }
        Ok(modifiers)
    }
}

/// ` (did you mean ...?)` for the known name nearest to `word`, or nothing when none is near.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .min_by_key(|(distance, _)| *distance);
    let mut hint = String::new();
    if let Some((distance, name)) = nearest
        && distance <= 1 + word.chars().count() / 3
    {
        // Writing to a String cannot fail.
        let _ = write!(hint, " (did you mean `{name}`?)");
    }
    hint
}
