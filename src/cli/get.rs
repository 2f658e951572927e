//! `ecsight get`: one answer without a screen. What is said on the line becomes a request; `report` answers it.

use std::{io::IsTerminal as _, process::ExitCode};

use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _},
};
use clap_complete::engine::ArgValueCompleter;

use super::{Settings, Start, complete, explore};
use crate::{
    aws::{self, Clients},
    model::Fault,
    report::{self, Answer, Format, Kind, Outcome, Request},
    runtime::{self, Clock},
    ui::{Pattern, clean},
};

/// The exit code where something that was named is not there, or `--check` found something unhealthy.
const NOT_AS_WISHED: u8 = 1;
/// The exit code where AWS refused something or could not be reached.
const NO_ANSWER: u8 = 3;

const AFTER_HELP: &str = "\
Names:
  clusters    name or ARN
  services    name, cluster/name or ARN; a name that several clusters have must be written with its cluster
  tasks       id, its first 8 letters or more, cluster/id or ARN
  containers  name, or task/name
  images      tag, digest or its first 12 digits, repository:tag, repository@digest
  events      the service, as for services

Exit codes:
  0  done, and everything that was named was found
  1  something that was named is not there; with --check, something listed is unhealthy
  2  the command line or the configuration makes no sense, or a name means more than one thing
  3  AWS refused something or could not be reached: what is known is listed, standard error says what failed

Examples:
  ecsight get services --cluster prod --unhealthy
  ecsight get tasks --service prod/api --stopped -o wide
  ecsight get services prod/api -o json
  ecsight get services --check > /dev/null || echo something is wrong";

/// The arguments of `ecsight get`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Arguments {
    /// What to list
    #[arg(value_parser = kind_parser(), required_unless_present = "fields")]
    kind: Option<Kind>,
    /// List only what has one of these names
    #[arg(value_name = "NAME", add = ArgValueCompleter::new(complete::things))]
    names: Vec<String>,
    /// List the images of this repository
    #[arg(long, value_name = "NAME")]
    repository: Option<String>,
    /// List stopped tasks, or their containers, in the place of those that run
    #[arg(long)]
    stopped: bool,
    /// List only what is not as it should be
    #[arg(long)]
    unhealthy: bool,
    /// List only what matches: words fuzzily, /re/ as a regular expression, ! before it for the contrary
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Sort by this column; a - before it turns the order around
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true, add = ArgValueCompleter::new(complete::columns))]
    sort: Option<String>,
    /// Exit with 1 if something that is listed is unhealthy
    #[arg(long)]
    check: bool,
    /// A table as on the screen, one of all columns, or JSON
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = ["table", "wide", "json"])]
    output: String,
    /// Print what the fields of the JSON are, as Markdown
    #[arg(long, exclusive = true)]
    fields: bool,
}

fn kind_parser() -> impl clap::builder::TypedValueParser<Value = Kind> {
    let kinds = Kind::ALL.map(|kind| PossibleValue::new(kind.id()).aliases(kind.aliases()));
    PossibleValuesParser::new(kinds)
        .try_map(|word| Kind::find(&word).ok_or("there is no such kind of thing"))
}

/// Asks and prints; what else there is to say goes to standard error.
pub(super) fn run(
    arguments: Arguments,
    settings: Settings,
    start: Start,
) -> color_eyre::Result<ExitCode> {
    let Some(kind) = arguments.kind.filter(|_| !arguments.fields) else {
        return Ok(super::print(report::fields().as_bytes())?);
    };
    let config = match settings.into_config() {
        Ok(config) => config,
        Err(error) => return Ok(super::refuse(&error)),
    };
    let check = arguments.check;
    let request = match arguments.into_request(kind, start, *config.ascii) {
        Ok(request) => request,
        Err(reason) => return Ok(super::refuse(&clean(&reason))),
    };
    if let Some(problem) = super::region_problem(&config) {
        return Ok(super::refuse(&clean(&problem)));
    }
    let settings = aws::Settings {
        readonly: true,
        ..explore::settings(&config, None)
    };
    let answer = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(ask(settings, &request));
    match answer {
        Ok(answer) => conclude(&answer, check),
        Err(fault) => {
            if request.format == Format::Json {
                let region = config.region.as_deref().unwrap_or_default();
                super::print(report::nothing(kind, region).as_bytes())?;
            }
            super::tell(&clean(&fault.to_string()));
            Ok(ExitCode::from(NO_ANSWER))
        }
    }
}

async fn ask(settings: aws::Settings, request: &Request) -> Result<Answer, Fault> {
    let clock = Clock::start();
    let clients = Clients::connect(settings).await?.into_readonly();
    Ok(report::get(&clients, request, || clock.now()).await)
}

fn conclude(answer: &Answer, check: bool) -> color_eyre::Result<ExitCode> {
    super::print(answer.text.as_bytes())?;
    for note in &answer.notes {
        super::tell(note);
    }
    Ok(match answer.outcome {
        Outcome::Found if check && answer.unhealthy => ExitCode::from(NOT_AS_WISHED),
        Outcome::Found => ExitCode::SUCCESS,
        Outcome::Missing => ExitCode::from(NOT_AS_WISHED),
        Outcome::Ambiguous => ExitCode::from(super::BAD_INPUT),
        Outcome::Faulty => ExitCode::from(NO_ANSWER),
    })
}

impl Arguments {
    fn into_request(self, kind: Kind, start: Start, ascii: bool) -> Result<Request, String> {
        let of_tasks = matches!(kind, Kind::Tasks | Kind::Containers);
        let foreign = [
            (
                "--stopped",
                self.stopped && !of_tasks,
                "tasks and containers",
            ),
            (
                "--repository",
                self.repository.is_some() && kind != Kind::Images,
                "images",
            ),
            (
                "--service",
                start.service.is_some() && matches!(kind, Kind::Clusters | Kind::Images),
                "services, tasks, containers and events",
            ),
            (
                "--cluster",
                start.cluster.is_some() && kind == Kind::Images,
                "all but images",
            ),
        ];
        if let Some((flag, _, of)) = foreign.iter().find(|(_, is, _)| *is) {
            return Err(format!("{flag} is for {of}, not for {}", kind.id()));
        }
        let filter = match &self.filter {
            Some(text) => Pattern::parse(text)
                .map_err(|why| format!("--filter {text} cannot be read: {why}"))?,
            None => None,
        };
        let sort = self
            .sort
            .as_deref()
            .map(|text| kind.sort(text))
            .transpose()?;
        let format = match self.output.as_str() {
            "json" => Format::Json,
            "wide" => Format::Wide,
            _ => Format::Table {
                width: std::io::stdout()
                    .is_terminal()
                    .then(runtime::columns)
                    .flatten(),
                ascii,
            },
        };
        Ok(Request {
            kind,
            names: self.names,
            cluster: start.cluster,
            service: start.service,
            repository: self.repository,
            stopped: self.stopped,
            unhealthy: self.unhealthy,
            filter,
            sort,
            format,
        })
    }
}
