//! The `ecsight` program; all of it lives in the library.

use std::process::ExitCode;

fn main() -> color_eyre::Result<ExitCode> {
    color_eyre::install()?;
    ecsight::cli::run()
}
