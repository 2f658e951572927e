//! `ecsight keys`: every command with its keys, as they are with the configuration applied.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::Settings;
use crate::keymap::{Binding, Keymap};

const HEAD: [&str; 4] = ["KEYS", "COMMAND", "WHERE", "WHAT"];

/// The arguments of `ecsight keys`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// As a Markdown table
    #[arg(long)]
    markdown: bool,
}

/// Prints the keymap; what of the configuration could not be taken is told beside it.
pub(super) fn run(arguments: &Arguments, settings: Settings) -> color_eyre::Result<ExitCode> {
    let config = match settings.into_config() {
        Ok(config) => config,
        Err(error) => return Ok(super::refuse(&error)),
    };
    let (keymap, warnings) = Keymap::new(&config.key_overrides());
    for warning in warnings {
        super::tell(&warning);
    }
    let rows: Vec<_> = keymap.bindings().iter().map(row).collect();
    let text = if arguments.markdown {
        markdown(&rows)
    } else {
        table(&rows)
    };
    Ok(super::print(text.as_bytes())?)
}

fn row(binding: &Binding) -> [String; 4] {
    let keys: Vec<_> = binding.keys.iter().map(ToString::to_string).collect();
    let place = binding.place();
    [
        keys.join(" "),
        binding.id.to_owned(),
        place,
        binding.about.to_owned(),
    ]
}

/// Columns as wide as their widest cell.
fn table(rows: &[[String; 4]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEAD[column].len()]).max().unwrap_or(0)
    };
    let (keys, command, place) = (width(0), width(1), width(2));
    let head = HEAD.map(str::to_owned);
    let mut text = String::new();
    for [first, second, third, last] in std::iter::once(&head).chain(rows) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{first:keys$}  {second:command$}  {third:place$}  {last}"
        );
    }
    text
}

fn markdown(rows: &[[String; 4]]) -> String {
    let mut text = String::from("| Keys | Command | Where | What |\n| --- | --- | --- | --- |\n");
    for [keys, command, place, what] in rows {
        let keys: Vec<_> = keys
            .split_whitespace()
            .map(|key| format!("`{}`", key.replace('|', "\\|")))
            .collect();
        let what = what.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| {} | `{command}` | {place} | {what} |",
            keys.join(" ")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn rows() -> Vec<[String; 4]> {
        let (keymap, _) = Keymap::new(&BTreeMap::new());
        keymap.bindings().iter().map(row).collect()
    }

    #[test]
    fn every_command_is_listed_with_its_keys() {
        let (keymap, _) = Keymap::new(&BTreeMap::new());
        let text = table(&rows());
        assert_eq!(text.lines().count(), 1 + keymap.bindings().len());
        for (line, binding) in text.lines().skip(1).zip(keymap.bindings()) {
            assert!(
                line.contains(binding.id) && line.ends_with(binding.about),
                "{line}"
            );
            for key in &binding.keys {
                assert!(
                    line.split_whitespace().any(|word| word == key.to_string()),
                    "{line}"
                );
            }
        }
    }

    #[test]
    fn a_markdown_row_has_four_cells() {
        for line in markdown(&rows()).lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            assert_eq!(bars, 5, "{line}");
        }
    }
}
