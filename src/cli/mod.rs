//! The command line: what may be written on it, and a file for each command. What commands work with lives elsewhere.

mod complete;
mod completions;
mod config;
mod explore;
mod get;
mod keys;
mod man;
mod sandbox;
mod scale;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser as _};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueHint};
use clap_complete::{CompleteEnv, engine::ArgValueCompleter};

pub use explore::Launch;
pub use scale::Scale;

use crate::config::{Config, ConfigError, Flags};
use crate::model::{is_region, join_regions, regions};
use crate::theme::ColorChoice;

/// The exit code of a command line, variable or configuration file that makes no sense, as clap's own.
const BAD_INPUT: u8 = 2;

const AFTER_HELP: &str = "\
Environment:
  AWS_*               profile, region, endpoint and credentials, as for every AWS tool
  ECSIGHT_CONFIG      another configuration file
  ECSIGHT_LOG         what goes to the log file: off, error, warn, info (default), debug, trace
  ECSIGHT_THEME, ECSIGHT_COLOR, ECSIGHT_READONLY, ...
                      any setting; `ecsight config` shows which are in effect
  NO_COLOR            no colours, unless --color or the configuration says otherwise";

/// Terminal cluster explorer for Amazon ECS: clusters, services, tasks and containers, live
#[derive(Debug, Parser)]
#[command(name = "ecsight", version, after_long_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    start: Start,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do instead of exploring AWS.
#[derive(Debug, Subcommand)]
enum Command {
    /// List clusters, services, tasks, containers, images or events once, without a screen
    Get(get::Arguments),
    /// Explore a simulated account, without AWS
    Demo(Scale),
    /// Serve the simulated account to any AWS client, without a screen, until Ctrl-C
    Sandbox(sandbox::Arguments),
    /// Print where files are and which settings are in effect, and why
    Config(config::Arguments),
    /// Print the commands and their keys, with the configuration applied
    Keys(keys::Arguments),
    /// Print the completions of a shell
    Completions(completions::Arguments),
    /// Print the manual page
    Man(man::Arguments),
}

/// Flags that go before the configuration file.
#[derive(Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
struct Settings {
    /// Use this profile of the AWS configuration
    #[arg(short, long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), add = ArgValueCompleter::new(complete::profiles))]
    profile: Option<String>,
    /// Use this AWS region, or several together: `eu-west-1,us-east-1`
    #[arg(short, long, global = true, value_name = "NAME", value_parser = region_names, add = ArgValueCompleter::new(complete::regions))]
    region: Option<String>,
    /// Call this endpoint instead of AWS
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    endpoint_url: Option<String>,
    /// Refuse every change
    #[arg(long, global = true)]
    readonly: bool,
    /// How many colours; `always` means truecolor
    #[arg(long, global = true, value_name = "WHEN", value_parser = color_parser())]
    color: Option<ColorChoice>,
    /// Use this theme: a built-in one, or a file of the themes folder
    #[arg(long, global = true, value_name = "NAME", add = ArgValueCompleter::new(complete::themes))]
    theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    ascii: bool,
    /// Take the mouse's clicks and wheel
    #[arg(long, global = true)]
    mouse: bool,
    /// Keep nothing for the next start, and do not show what was kept
    #[arg(long, global = true)]
    no_cache: bool,
    /// Read this configuration file
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
}

/// Where to start exploring.
#[derive(Debug, Default, Args)]
struct Start {
    /// Start with the services of this cluster; `get` lists what is in it
    #[arg(short, long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), add = ArgValueCompleter::new(complete::clusters))]
    cluster: Option<String>,
    /// Start with the tasks of this service of the cluster; `get` lists what is of it
    #[arg(short, long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), add = ArgValueCompleter::new(complete::services))]
    service: Option<String>,
}

/// The names of regions, each once.
fn region_names(text: &str) -> Result<String, String> {
    let names: Vec<_> = regions(text).collect();
    match names.iter().find(|name| !is_region(name)) {
        Some(wrong) => Err(format!("{wrong} is no name of a region")),
        None if names.is_empty() => Err("it must be the name of a region".to_owned()),
        None => Ok(join_regions(names)),
    }
}

/// Why the region that is set outside the command line cannot be one, with where it is set.
fn region_problem(config: &Config) -> Option<String> {
    let why = region_names(config.region.as_deref()?).err()?;
    Some(format!("{}: {why}", config.region.origin()))
}

fn color_parser() -> impl clap::builder::TypedValueParser<Value = ColorChoice> {
    PossibleValuesParser::new(ColorChoice::WORDS).try_map(|word| word.parse::<ColorChoice>())
}

impl Settings {
    fn into_flags(self) -> Flags {
        Flags {
            config: self.config,
            profile: self.profile,
            region: self.region,
            endpoint_url: self.endpoint_url,
            readonly: self.readonly,
            theme: self.theme,
            color: self.color,
            ascii: self.ascii,
            mouse: self.mouse,
            no_cache: self.no_cache,
        }
    }

    fn into_config(self) -> Result<Config, ConfigError> {
        Config::load(&self.into_flags(), variable)
    }
}

impl Cli {
    /// What clap cannot check: flags of the program may stand on either side of the command, and clap compares only
    /// those on the same side.
    fn check(self) -> Result<Self, clap::Error> {
        // What is listed may be looked for in all clusters.
        let is_listed = matches!(self.command, Some(Command::Get(_)));
        if !is_listed && self.start.service.is_some() && self.start.cluster.is_none() {
            let message = "--service <NAME> needs the cluster of the service: add --cluster <NAME>";
            return Err(Self::command().error(ErrorKind::MissingRequiredArgument, message));
        }
        Ok(self)
    }
}

/// Parses the command line of this process and does what it says.
///
/// # Errors
/// When a command fails for another reason than bad input, which is exit code 2 and a message.
pub fn run() -> color_eyre::Result<ExitCode> {
    // A shell asks what may come next: it is answered, and nothing else is done.
    CompleteEnv::with_factory(Cli::command)
        .var(complete::VARIABLE)
        .complete();
    let cli = match Cli::try_parse().and_then(Cli::check) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match cli.command {
        None => explore::run(cli.settings, cli.start, None),
        Some(Command::Get(arguments)) => get::run(arguments, cli.settings, cli.start),
        Some(Command::Demo(scale)) => explore::run(cli.settings, cli.start, Some(scale)),
        Some(Command::Sandbox(arguments)) => {
            sandbox::run(&arguments, cli.settings.region.as_deref())
        }
        Some(Command::Config(arguments)) => config::run(&arguments, cli.settings),
        Some(Command::Keys(arguments)) => keys::run(&arguments, cli.settings),
        Some(Command::Completions(arguments)) => completions::run(&arguments),
        Some(Command::Man(arguments)) => man::run(&arguments),
    }
}

/// Looks an environment variable up; one that is not Unicode is as good as none.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Tells the user something that is not the answer of the command.
fn tell(message: &dyn std::fmt::Display) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "ecsight: {message}");
}

/// Tells why the command cannot be done as asked.
fn refuse(reason: &dyn std::fmt::Display) -> ExitCode {
    tell(reason);
    ExitCode::from(BAD_INPUT)
}

/// Writes the answer of a command. A reader that has read enough (`ecsight man | head`) is no failure.
fn print(answer: &[u8]) -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match out.write_all(answer).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests;
