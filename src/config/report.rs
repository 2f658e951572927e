//! The settings as text for people: what is in effect and why, and an example of the file. Nothing is set here.

use std::fmt::Write as _;

use super::engines::{EXAMPLE, HOSTS};
use super::table::KEYS;
use super::{Config, Paths};

impl Config {
    /// Every path, and every effective value with its origin, as aligned text.
    #[must_use]
    pub fn report(&self) -> String {
        let paths = self.paths.named().map(|(name, path)| {
            let state = if path.exists() { "exists" } else { "absent" };
            [
                name.to_owned(),
                path.display().to_string(),
                state.to_owned(),
            ]
        });
        let mut settings: Vec<[String; 3]> = KEYS
            .iter()
            .map(|key| {
                let slot = (key.slot)(self);
                let value = slot.to_toml().unwrap_or_else(|| "(unset)".to_owned());
                [key.path.to_owned(), value, slot.origin().to_string()]
            })
            .collect();
        for host in &self.engines.hosts {
            settings.push([HOSTS.to_owned(), host.to_toml(), host.origin().to_string()]);
        }
        for (command, keys) in &self.keys {
            let quoted: Vec<_> = keys.iter().map(|key| format!("{key:?}")).collect();
            settings.push([
                format!("keys.{command}"),
                format!("[{}]", quoted.join(", ")),
                keys.origin().to_string(),
            ]);
        }
        let mut text = String::new();
        write_rows(&mut text, ["PATH", "PLACE", "STATE"], &paths);
        text.push('\n');
        write_rows(&mut text, ["SETTING", "VALUE", "ORIGIN"], &settings);
        text
    }

    /// A configuration file that changes nothing: every key with its meaning and its default, commented out.
    #[must_use]
    pub fn example() -> String {
        let nowhere = std::path::Path::new("");
        let defaults = Self::defaults(Paths::of_folders(nowhere, nowhere, nowhere));
        let mut text = String::from(
            "# The configuration of ecsight. Each key is shown with its default; remove the `#` before a key to set it.\n\
             # Variables and flags go before this file: `ecsight config` shows what is in effect, and why.\n",
        );
        let mut current = "";
        for key in KEYS {
            let (table, name) = key.split();
            text.push('\n');
            if table != current {
                let _ = writeln!(text, "[{table}]");
                current = table;
            }
            for line in key.help.lines() {
                let _ = writeln!(text, "## {line}");
            }
            let names: Vec<_> = key.flag.iter().chain(key.variables).copied().collect();
            let _ = writeln!(text, "## Also set by {}.", names.join(", "));
            let value = (key.slot)(&defaults).to_toml();
            let value = value.unwrap_or_else(|| key.sample.to_owned());
            let _ = writeln!(text, "# {name} = {value}");
        }
        text.push_str(EXAMPLE);
        text.push_str(
            "\n[keys]\n\
             ## Keys for a command, by its name (`ecsight keys` lists them): one key or a list; [] unbinds the command.\n\
             # refresh = [\"ctrl-r\", \"R\"]\n\
             # \"sort.left\" = \"<\"\n",
        );
        text
    }
}

/// Writes rows under a head, each column as wide as its widest cell.
fn write_rows(text: &mut String, head: [&str; 3], rows: &[[String; 3]]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    let head = head.map(str::to_owned);
    for [one, two, three] in std::iter::once(&head).chain(rows) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{one:first$}  {two:second$}  {three}");
    }
}
