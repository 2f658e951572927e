//! `ecsight` and `ecsight demo`: the screen. Here it is only made sure that there can be one.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use super::{Scale, Settings, Start};
use crate::config::{Config, LOG_VARIABLE, LogError, start_log};
use crate::theme::Depth;

/// All that exploring needs to know to begin.
#[derive(Debug, Clone, PartialEq)]
pub struct Launch {
    /// The settings in effect.
    pub config: Config,
    /// The cluster whose services come first, by name or ARN; else the clusters do.
    pub start_cluster: Option<String>,
    /// The service of that cluster whose tasks come first, by name or ARN. Never without a cluster.
    pub start_service: Option<String>,
    /// The simulated account to explore; else it is AWS.
    pub demo: Option<Scale>,
    /// What the user should be told once the screen is up.
    pub notices: Vec<String>,
}

/// Checks that there is a screen and that the settings make sense, starts the log, and explores.
pub(super) fn run(
    settings: Settings,
    start: Start,
    demo: Option<Scale>,
) -> color_eyre::Result<ExitCode> {
    if let Some(problem) = screen_problem(std::io::stdout().is_terminal(), super::variable) {
        return Ok(super::refuse(&problem));
    }
    let config = match settings.into_config() {
        Ok(config) => config,
        Err(error) => return Ok(super::refuse(&error)),
    };
    let filter = super::variable(LOG_VARIABLE);
    let notices = match start_log(&config.paths.log_file, filter.as_deref()) {
        Ok(()) => Vec::new(),
        Err(error @ LogError::Filter { .. }) => return Ok(super::refuse(&error)),
        Err(error) => vec![error.to_string()],
    };
    explore(Launch {
        config,
        start_cluster: start.cluster,
        start_service: start.service,
        demo,
        notices,
    })
}

/// Why no screen can be drawn, with what to do instead.
fn screen_problem(
    is_terminal: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<&'static str> {
    if !is_terminal {
        return Some(
            "standard output is not a terminal, so there is no screen to draw on: run ecsight in a terminal, \
             or use `ecsight sandbox` or `ecsight config`, which need no screen",
        );
    }
    if Depth::is_dumb(variable) {
        return Some(
            "TERM=dumb says that this terminal cannot place text: set TERM to what it is, such as xterm-256color, \
             or use `ecsight sandbox` or `ecsight config`, which need no screen",
        );
    }
    None
}

/// Hands over to the event loop.
fn explore(launch: Launch) -> color_eyre::Result<ExitCode> {
    // JOIN: replace by `crate::runtime::explore(...)` once it exists.
    Err(color_eyre::eyre::eyre!(
        "the event loop is not part of this build"
    ))
    .map(|()| launch)
    .map(|_| ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_screen_needs_a_terminal_that_can_place_text() {
        let term = |value: &'static str| move |_: &str| Some(value.to_owned());
        assert_eq!(screen_problem(true, term("xterm")), None);
        let piped = screen_problem(false, term("xterm")).unwrap();
        assert!(piped.contains("not a terminal"), "{piped}");
        let dumb = screen_problem(true, term("dumb")).unwrap();
        assert!(dumb.contains("TERM=dumb"), "{dumb}");
        for problem in [piped, dumb] {
            assert!(problem.contains("`ecsight sandbox`"), "{problem}");
        }
    }
}
