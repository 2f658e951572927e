//! `ecsight` and `ecsight demo`: the screen. Here it is only made sure that there can be one.

use std::{
    io::IsTerminal as _,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use super::{Scale, Settings, Start};
use crate::{
    app::Options,
    aws::{self, StaticKeys},
    config::{Config, EngineHost, LOG_VARIABLE, LogError, Origin, start_log},
    docker::{self, HostRule},
    model::{Secret, join_regions, regions},
    runtime::{Cache, Reach, Session},
    sandbox::Sandbox,
    schedule::{Budget, Pace},
    theme::{Depth, Theme},
    ui::{Context, clean},
};

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
    let is_terminal = std::io::stdout().is_terminal();
    if let Some(problem) = screen_problem(is_terminal, has_keys(), super::variable) {
        return Ok(super::refuse(&problem));
    }
    let config = match settings.into_config() {
        Ok(config) => config,
        Err(error) => return Ok(super::refuse(&error)),
    };
    // What is set for AWS says nothing of the simulated account.
    if demo.is_none()
        && let Some(problem) = super::region_problem(&config)
    {
        return Ok(super::refuse(&clean(&problem)));
    }
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

/// Whether there is something to type on: the standard input, or else the terminal that controls the process.
fn has_keys() -> bool {
    let mut terminal = std::fs::OpenOptions::new();
    let terminal = terminal.read(true).write(true);
    cfg!(not(unix)) || std::io::stdin().is_terminal() || terminal.open("/dev/tty").is_ok()
}

/// Why no screen can be drawn or nothing typed, with what to do instead.
fn screen_problem(
    is_terminal: bool,
    has_keys: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<&'static str> {
    if !is_terminal {
        return Some(
            "standard output is not a terminal, so there is no screen to draw on: run ecsight in a terminal, \
             or use `ecsight get`, `ecsight sandbox` or `ecsight config`, which need no screen",
        );
    }
    if Depth::is_dumb(variable) {
        return Some(
            "TERM=dumb says that this terminal cannot place text: set TERM to what it is, such as xterm-256color, \
             or use `ecsight sandbox` or `ecsight config`, which need no screen",
        );
    }
    if !has_keys {
        return Some(
            "no keys can be read: standard input is not a terminal, and there is no /dev/tty for this process: \
             run ecsight from a shell in a terminal, or use `ecsight get`, `ecsight sandbox` or `ecsight config`, \
             which need no screen",
        );
    }
    None
}

/// Hands over to the event loop, with the simulated account behind it if one is asked for.
fn explore(launch: Launch) -> color_eyre::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime
        .block_on(async {
            let sandbox = match &launch.demo {
                Some(scale) => {
                    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                    let region = &launch.config.region;
                    // What is set for AWS says nothing of the simulated account.
                    let asked = matches!(region.origin(), Origin::Flag(_)).then_some(&**region);
                    let region = asked.and_then(Option::as_deref);
                    Some(crate::sandbox::start(scale.options(anywhere, region)).await?)
                }
                None => None,
            };
            let session = session(launch, sandbox.as_ref())?;
            crate::runtime::explore(session).await?;
            if let Some(sandbox) = sandbox {
                sandbox.stop().await;
            }
            Ok(())
        })
        .map(|()| ExitCode::SUCCESS)
}

/// What the event loop is to begin with.
fn session(launch: Launch, sandbox: Option<&Sandbox>) -> color_eyre::Result<Session> {
    let Launch {
        mut config,
        start_cluster,
        start_service,
        demo: _,
        notices,
    } = launch;
    let depth = Depth::detect(*config.color, super::variable);
    let themes = config.paths.themes.clone();
    let theme = Theme::find(&config.theme, &themes, depth)?;
    let find_theme =
        move |name: &str| Theme::find(name, &themes, depth).map_err(|error| error.to_string());
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let pace = Pace {
        visible: seconds(*config.refresh.visible_seconds),
        moving: seconds(*config.refresh.rollout_seconds),
        unfocused: seconds(*config.refresh.unfocused_seconds),
        ..Pace::default()
    };
    let settings = settings(&config, sandbox);
    let profile_name = match sandbox {
        Some(_) => "demo".to_owned(),
        None => "environment".to_owned(),
    };
    let engines = engines(&config, sandbox);
    let protected = config.protected.to_vec();
    if sandbox.is_some() {
        // What is done to a simulated account must not be taken for what was done to a real one.
        config.paths.audit_file = config.paths.state.join("audit-demo.jsonl");
    }
    // The simulated account is another each time.
    let cache = match sandbox {
        Some(_) => None,
        None => Cache::of(&config, super::variable),
    };
    let context = Context {
        profile: settings.profile.clone().unwrap_or_default(),
        region: settings.region.clone().unwrap_or_default(),
        endpoint: None,
        readonly: settings.readonly,
        class: None,
    };
    let options = Options {
        keys: config.key_overrides(),
        theme,
        find_theme: Box::new(find_theme),
        ascii: *config.ascii || !speaks_utf8(super::variable),
        pace,
        pause_after: config.refresh.pause_after().unwrap_or(Duration::MAX),
        cluster: start_cluster,
        service: start_service,
        context,
        host_engines: !engines.rules.is_empty(),
        protects: Box::new(move |name| protected.iter().any(|pattern| pattern.matches(name))),
        crawl: *config.crawl,
        seed: std::process::id().into(),
        notices,
    };
    Ok(Session {
        options,
        reach: Reach {
            aws: settings,
            profile_name,
            engines,
        },
        config,
        cache,
    })
}

/// What to connect to: AWS as every AWS tool finds it, or the simulated account and nothing else.
pub(super) fn settings(config: &Config, sandbox: Option<&Sandbox>) -> aws::Settings {
    let budget = Budget {
        burst_share: *config.budget.burst,
        refill_share: *config.budget.refill,
    };
    let readonly = *config.readonly;
    match sandbox {
        Some(sandbox) => aws::Settings {
            region: Some(join_regions(sandbox.regions())),
            endpoint_url: Some(sandbox.url()),
            readonly,
            credentials: Some(StaticKeys {
                access_key_id: "demo".to_owned(),
                secret_access_key: Secret::new("demo"),
                session_token: None,
            }),
            budget,
            ..aws::Settings::default()
        },
        None => aws::Settings {
            profile: config.profile.for_sdk().map(str::to_owned),
            region: region(config).map(str::to_owned),
            endpoint_url: config.endpoint_url.for_sdk().map(str::to_owned),
            readonly,
            budget,
            ..aws::Settings::default()
        },
    }
}

/// The region to look at. Several of the environment are not left to the SDK, which would take them for one.
fn region(config: &Config) -> Option<&str> {
    let set = config.region.as_deref();
    let several = set.filter(|text| regions(text).next() != Some(*text));
    config.region.for_sdk().or(several)
}

/// The engines: those that the configuration names, or those of the simulated account and no others.
fn engines(config: &Config, sandbox: Option<&Sandbox>) -> docker::Settings {
    let Some(sandbox) = sandbox else {
        let local = *config.engines.local;
        return docker::Settings {
            local: local
                .then(|| docker::Settings::local_address(super::variable))
                .flatten(),
            rules: config.engines.hosts.iter().map(|host| rule(host)).collect(),
        };
    };
    let sockets = sandbox.engine_address().map(|address| HostRule {
        cluster: "*".to_owned(),
        instance: "*".to_owned(),
        address,
        certificates: None,
    });
    docker::Settings {
        local: None,
        rules: sockets.into_iter().collect(),
    }
}

fn rule(host: &EngineHost) -> HostRule {
    HostRule {
        cluster: host.cluster.clone(),
        instance: host.instance.clone(),
        address: host.address.clone(),
        certificates: host.certificates.clone(),
    }
}

/// Whether the locale says that the terminal can show more than ASCII; taken for granted where none is set.
fn speaks_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_screen_needs_a_terminal_that_can_place_text() {
        let term = |value: &'static str| move |_: &str| Some(value.to_owned());
        assert_eq!(screen_problem(true, true, term("xterm")), None);
        let piped = screen_problem(false, true, term("xterm")).unwrap();
        assert!(piped.contains("not a terminal"), "{piped}");
        let dumb = screen_problem(true, true, term("dumb")).unwrap();
        assert!(dumb.contains("TERM=dumb"), "{dumb}");
        let deaf = screen_problem(true, false, term("xterm")).unwrap();
        assert!(deaf.contains("no keys can be read"), "{deaf}");
        for problem in [piped, dumb, deaf] {
            assert!(problem.contains("`ecsight sandbox`"), "{problem}");
        }
    }
}
