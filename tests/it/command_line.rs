//! The built program where no terminal is: what it prints, and how it refuses.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use rstest::rstest;
use tempfile::TempDir;

/// Runs the program with folders of its own and nothing of the caller's environment.
fn ecsight(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecsight"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_STATE_HOME", home.join("state"))
        .output()
        .unwrap()
}

fn home() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn told(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[rstest]
#[case(&["--version"], concat!("ecsight ", env!("CARGO_PKG_VERSION"), "\n"))]
#[case(&["--help"], "ECSIGHT_CONFIG")]
#[case(&["demo", "--help"], "--seed <NUMBER>")]
#[case(&["config"], "theme")]
#[case(&["config", "--example"], "[refresh]")]
#[case(&["keys"], "page.down")]
#[case(&["keys", "--markdown"], "| Keys | Command | Where | What |")]
#[case(&["get", "--help"], "Exit codes:")]
#[case(&["get", "--fields"], "## containers")]
#[case(&["completions", "bash"], "_clap_complete_ecsight()")]
#[case(&["completions", "zsh"], "#compdef ecsight")]
#[case(&["man"], ".TH ecsight 1")]
fn what_is_asked_is_printed(#[case] arguments: &[&str], #[case] expected: &str) {
    let home = home();
    let output = ecsight(home.path(), arguments);
    assert!(output.status.success(), "{}", told(&output));
    assert!(out(&output).contains(expected), "{}", out(&output));
    assert_eq!(told(&output), "");
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        0,
        "asking leaves nothing behind"
    );
}

#[rstest]
#[case::unknown_flag(&["--readnly"], "--readonly")]
#[case::unknown_command(&["dmeo"], "demo")]
#[case::shell(&["completions", "tcsh"], "bash")]
#[case::color(&["--color", "red", "config"], "always")]
#[case::theme(&["--theme", "tokio-night", "config"], "tokyo-night")]
#[case::file(&["--config", "there-is-none.toml", "config"], "there-is-none.toml")]
#[case::no_terminal(&["demo"], "not a terminal")]
#[case::no_terminal_for_aws(&[], "not a terminal")]
fn nonsense_is_refused_with_exit_code_2(#[case] arguments: &[&str], #[case] expected: &str) {
    let home = home();
    let output = ecsight(home.path(), arguments);
    assert_eq!(output.status.code(), Some(2), "{}", out(&output));
    assert!(told(&output).contains(expected), "{}", told(&output));
    assert_eq!(out(&output), "");
}

#[test]
fn the_example_is_a_configuration_that_changes_nothing() {
    let home = home();
    let example = ecsight(home.path(), &["config", "--example"]);
    let file = home.path().join("example.toml");
    fs::write(&file, &example.stdout).unwrap();
    let with = ecsight(home.path(), &["config", "--config", file.to_str().unwrap()]);
    assert!(with.status.success(), "{}", told(&with));
    let keys = ecsight(home.path(), &["keys", "--config", file.to_str().unwrap()]);
    assert_eq!(out(&keys), out(&ecsight(home.path(), &["keys"])));
    assert_eq!(told(&keys), "");
}

#[test]
fn a_mistake_in_the_configuration_is_told_with_its_line() {
    let home = home();
    let file = home.path().join("mine.toml");
    fs::write(&file, "mouse = true\nthem = \"nord\"\n").unwrap();
    let output = ecsight(home.path(), &["config", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("mine.toml:2"), "{}", told(&output));
    assert!(told(&output).contains("theme"), "{}", told(&output));
}

#[test]
fn every_manual_page_is_written() {
    let home = home();
    let output = ecsight(
        home.path(),
        &["man", "--dir", home.path().to_str().unwrap()],
    );
    assert!(output.status.success(), "{}", told(&output));
    for page in [
        "ecsight.1",
        "ecsight-demo.1",
        "ecsight-get.1",
        "ecsight-sandbox.1",
        "ecsight-config.1",
    ] {
        assert!(home.path().join(page).is_file(), "{page}");
    }
}
