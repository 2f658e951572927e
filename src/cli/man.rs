//! `ecsight man`: the manual, made from the command line's own descriptions.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, ValueHint};
use clap_mangen::Man;
use color_eyre::eyre::WrapErr as _;

use super::Cli;

/// The arguments of `ecsight man`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Write the page, and one for each command, into this folder, which must exist
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// Prints the page, or writes all pages.
pub(super) fn run(arguments: &Arguments) -> color_eyre::Result<ExitCode> {
    if let Some(folder) = &arguments.dir {
        clap_mangen::generate_to(Cli::command(), folder).wrap_err_with(|| {
            let folder = folder.display();
            format!("the manual pages cannot be written into {folder}; does the folder exist?")
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut page = Vec::new();
    Man::new(Cli::command()).render(&mut page)?;
    Ok(super::print(&page)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn there_is_a_page_for_every_command() {
        let folder = TempDir::new().unwrap();
        let dir = Some(folder.path().to_owned());
        run(&Arguments { dir }).unwrap();
        let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(page("ecsight.1").contains("ECSIGHT_CONFIG"));
        for command in Cli::command().get_subcommands() {
            assert!(page(&format!("ecsight-{}.1", command.get_name())).contains("SYNOPSIS"));
        }
    }
}
