//! Tests of what the command line takes and refuses.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rstest::rstest;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' ')).and_then(Cli::check)
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn nothing_said_explores() {
    let cli = parse("ecsight").unwrap();
    assert!(cli.command.is_none());
    assert_eq!(cli.settings.into_flags(), Flags::default());
}

#[test]
fn every_flag_is_taken_on_either_side_of_the_command() {
    let flags = "-p one -r eu-west-1 --endpoint-url http://127.0.0.1:1 --readonly --color always --theme nord \
                 --ascii --mouse --no-cache --config my.toml";
    let expected = Flags {
        config: Some(PathBuf::from("my.toml")),
        profile: Some("one".to_owned()),
        region: Some("eu-west-1".to_owned()),
        endpoint_url: Some("http://127.0.0.1:1".to_owned()),
        readonly: true,
        theme: Some("nord".to_owned()),
        color: Some(ColorChoice::TrueColor),
        ascii: true,
        mouse: true,
        no_cache: true,
    };
    for line in [
        format!("ecsight {flags}"),
        format!("ecsight {flags} demo"),
        format!("ecsight config {flags}"),
    ] {
        let cli = parse(&line).unwrap();
        assert_eq!(cli.settings.into_flags(), expected, "{line}");
    }
}

#[rstest]
#[case("ecsight -c web -s api")]
#[case("ecsight demo --cluster web --service api")]
#[case("ecsight -c web demo -s api")]
#[case("ecsight -s api demo -c web")]
fn a_service_is_one_of_a_cluster(#[case] line: &str) {
    let start = parse(line).unwrap().start;
    assert_eq!(start.cluster.as_deref(), Some("web"));
    assert_eq!(start.service.as_deref(), Some("api"));
}

#[test]
fn the_simulated_account_has_a_size() {
    let line = "ecsight demo --seed 7 --clusters 4 --services 50 --tasks 100 --throttle";
    let Some(Command::Demo(scale)) = parse(line).unwrap().command else {
        unreachable!("the line says demo")
    };
    let expected = Scale {
        hosts: None,
        seed: 7,
        clusters: Some(4),
        services: Some(50),
        tasks: Some(100),
        throttle: true,
    };
    assert_eq!(scale, expected);
    let Some(Command::Demo(scale)) = parse("ecsight demo").unwrap().command else {
        unreachable!("the line says demo")
    };
    assert_eq!(
        (scale.seed, scale.clusters, scale.throttle),
        (1, None, false)
    );
}

#[rstest]
#[case::service_alone("ecsight -s api", "add --cluster <NAME>")]
#[case::unknown_flag("ecsight --readnly", "--readonly")]
#[case::unknown_command("ecsight dmeo", "demo")]
#[case::color("ecsight --color red", "truecolor")]
#[case::empty("ecsight --profile=", "--profile <NAME>")]
#[case::no_clusters("ecsight demo --clusters 0", "from 1 to 10000")]
#[case::too_many("ecsight demo --tasks 5001", "from 1 to 5000")]
#[case::not_loopback("ecsight sandbox --listen 0.0.0.0:4580", "must be a loopback address")]
#[case::no_port("ecsight sandbox --listen 127.0.0.1", "an address and a port")]
#[case::shell("ecsight completions csh", "zsh")]
fn nonsense_is_refused_with_what_to_do(#[case] line: &str, #[case] expected: &str) {
    let error = parse(line).unwrap_err();
    assert_eq!(error.exit_code(), i32::from(BAD_INPUT));
    assert!(error.to_string().contains(expected), "{error}");
}
