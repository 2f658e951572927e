//! `ecsight config`: where files are, what is in effect and why, or an example to start a file from.

use std::process::ExitCode;

use clap::Args;

use super::Settings;
use crate::config::Config;

/// The arguments of `ecsight config`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print a configuration file with every setting, its meaning and its default
    #[arg(long)]
    example: bool,
}

/// Prints the example or the report.
pub(super) fn run(arguments: &Arguments, settings: Settings) -> color_eyre::Result<ExitCode> {
    if arguments.example {
        return Ok(super::print(Config::example().as_bytes())?);
    }
    match settings.into_config() {
        Ok(config) => Ok(super::print(config.report().as_bytes())?),
        Err(error) => Ok(super::refuse(&error)),
    }
}
