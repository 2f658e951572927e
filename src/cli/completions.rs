//! `ecsight completions`: what a shell needs to complete the command line. The values are found in `complete`.

use std::process::ExitCode;

use clap::Args;
use clap_complete::{Shell, env::Shells};

use super::complete::VARIABLE;

/// What the program is called.
const NAME: &str = "ecsight";

/// The arguments of `ecsight completions`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the completions.
pub(super) fn run(arguments: &Arguments) -> color_eyre::Result<ExitCode> {
    Ok(super::print(&script(arguments.shell)?)?)
}

/// The script asks the program itself what may come next.
fn script(shell: Shell) -> std::io::Result<Vec<u8>> {
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell.to_string()) {
        completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    }
    Ok(script)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_shell_asks_the_program() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell).unwrap()).unwrap();
            for word in [NAME, VARIABLE] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
