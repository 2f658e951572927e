//! The configuration file read into settings; what is wrong in it is named with its line and what was likely meant.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::engines::{EngineHost, HOSTS};
use super::setting::{Check, Slot};
use super::table::{self, KEYS};
use super::{Config, ConfigError, Origin, Setting};
use crate::theme::suggestion;

/// The table of key bindings, whose names are the commands'.
const BINDINGS: &str = "keys";

impl Config {
    /// Applies the text of the file at `path`.
    pub(super) fn apply_file(&mut self, text: &str, path: &Path) -> Result<(), ConfigError> {
        let source = Source { text, path };
        let document = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            source.error(start, error.message().to_owned())
        })?;
        for (name, value) in document.get_ref() {
            let word = name.get_ref().as_ref();
            if word == BINDINGS {
                for (command, keys) in source.table(word, value)? {
                    self.bind(&source, command.get_ref(), command.span().start, keys)?;
                }
            } else if table::is_table(word) {
                for (inner, value) in source.table(word, value)? {
                    let key = format!("{word}.{}", inner.get_ref());
                    if key == HOSTS {
                        self.add_hosts(&source, value)?;
                        continue;
                    }
                    self.assign(&source, &key, inner.span().start, value)?;
                }
            } else {
                self.assign(&source, word, name.span().start, value)?;
            }
        }
        Ok(())
    }

    /// Takes the engines of container instances, in their order.
    fn add_hosts(
        &mut self,
        source: &Source<'_>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigError> {
        let expected =
            || format!("`{HOSTS}` must be a list of tables: `[[{HOSTS}]]` on a line of its own");
        let Some(list) = value.get_ref().as_array() else {
            return Err(source.error(value.span().start, expected()));
        };
        for item in list {
            let start = item.span().start;
            let Some(table) = item.get_ref().as_table() else {
                return Err(source.error(start, expected()));
            };
            let host = EngineHost::from_toml(table, start);
            let host = host.map_err(|(at, message)| source.error(at, message))?;
            self.engines
                .hosts
                .push(Setting::new(host, source.origin(start)));
        }
        Ok(())
    }

    /// Sets one key from its value; `start` is where the key stands in the text.
    fn assign(
        &mut self,
        source: &Source<'_>,
        path: &str,
        start: usize,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigError> {
        let Some(key) = table::find(path) else {
            return Err(source.error(start, unknown(path)));
        };
        (key.slot_mut)(self)
            .set_toml(value.get_ref(), key.check, source.origin(start))
            .map_err(|message| source.error(value.span().start, format!("`{path}` {message}")))
    }

    /// Takes the keys of a command, or of all commands below a dotted name that was written without quotes.
    fn bind(
        &mut self,
        source: &Source<'_>,
        command: &str,
        start: usize,
        keys: &Spanned<DeValue<'_>>,
    ) -> Result<(), ConfigError> {
        if let Some(inner) = keys.get_ref().as_table() {
            for (name, keys) in inner {
                let command = format!("{command}.{}", name.get_ref());
                self.bind(source, &command, name.span().start, keys)?;
            }
            return Ok(());
        }
        let mut setting = Setting::new(Vec::<String>::new(), Origin::Default);
        setting
            .set_toml(keys.get_ref(), Check::Any, source.origin(start))
            .map_err(|message| {
                let message = format!("`{BINDINGS}.{command}` {message}");
                source.error(keys.span().start, message)
            })?;
        self.keys.insert(command.to_owned(), setting);
        Ok(())
    }
}

/// The message for a key that does not exist.
fn unknown(path: &str) -> String {
    let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
    // The right name in the wrong table.
    let home = KEYS
        .iter()
        .map(table::Key::split)
        .find(|(home, known)| *known == name && *home != table);
    match home {
        Some(("", _)) => {
            format!("unknown key `{path}`; `{name}` belongs at the top, before any [table]")
        }
        Some((home, _)) => format!("unknown key `{path}`; `{name}` belongs in [{home}]"),
        None => {
            let siblings = KEYS
                .iter()
                .map(table::Key::split)
                .filter(|(home, _)| *home == table)
                .map(|(_, name)| name);
            let tables = KEYS.iter().map(|key| key.split().0).chain([BINDINGS]);
            let tables = tables.filter(|known| table.is_empty() && !known.is_empty());
            let hint = suggestion(name, siblings.chain(tables));
            format!("unknown key `{path}`{hint}; `ecsight config --example` lists all")
        }
    }
}

/// The file being read, for the place of what is in it.
struct Source<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Source<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.as_bytes().iter().take(offset);
        Origin::File {
            path: self.path.to_owned(),
            line: before.filter(|byte| **byte == b'\n').count() + 1,
        }
    }

    fn error(&self, offset: usize, message: String) -> ConfigError {
        ConfigError::Invalid {
            origin: self.origin(offset),
            message,
        }
    }

    fn table<'v, 'i>(
        &self,
        name: &str,
        value: &'v Spanned<DeValue<'i>>,
    ) -> Result<&'v DeTable<'i>, ConfigError> {
        value.get_ref().as_table().ok_or_else(|| {
            let message = format!("`{name}` must be a table: `[{name}]` on a line of its own");
            self.error(value.span().start, message)
        })
    }
}
