//! What is kept for the next start: seen again without a network, by nobody else, and only if it is wanted.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use ecsight::sandbox::Sandbox;

use super::{still_world, still_worlds};
use crate::support::pty::{Launch, Terminal};

/// A session with this home, on the sandbox.
pub(super) fn session(home: &Path, url: &str, region: &str, arguments: &[&str]) -> Terminal {
    launch(home, url, region, arguments).start()
}

/// How such a session is started.
pub(super) fn launch(home: &Path, url: &str, region: &str, arguments: &[&str]) -> Launch {
    let home = home.display().to_string();
    let launch = Launch {
        size: (160, 40),
        ..Launch::new(arguments)
    };
    launch
        .variable("HOME", &home)
        .variable("XDG_CACHE_HOME", &format!("{home}/cache"))
        .variable("ECSIGHT_CACHE", "true")
        .variable("AWS_ENDPOINT_URL", url)
        .variable("AWS_REGION", region)
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
}

/// All snapshots below a folder.
pub(super) fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(snapshots(&path));
        } else if path.extension().is_some_and(|end| end == "snapshot") {
            found.push(path);
        }
    }
    found
}

pub(super) fn quit(terminal: &mut Terminal) {
    terminal.type_in(":q\r");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}

#[test]
fn without_a_network_the_last_session_is_on_the_screen() {
    let (runtime, sandbox) = still_world();
    let home = tempfile::tempdir().unwrap();
    let (url, region) = (sandbox.url(), sandbox.region().to_owned());
    let mut terminal = session(home.path(), &url, &region, &[]);
    terminal.wait_for(&["clusters", "prod-web", "live"]);
    terminal.type_in("/prod-web\r\r");
    terminal.wait_for(&["services", "storefront", "live"]);
    quit(&mut terminal);
    let found = snapshots(home.path());
    let [file] = &found[..] else {
        panic!("one snapshot, not {found:?}");
    };
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));

    runtime.block_on(Sandbox::stop(sandbox));
    let mut terminal = session(home.path(), &url, &region, &["--cluster", "prod-web"]);
    // The way to the cluster and its services are known, how old they are, and why there is nothing newer.
    terminal.wait_for(&["storefront", "s old"]);
    terminal.wait_for(&["storefront", "unreachable, ", "s old"]);
    let before = fs::read(file).unwrap();
    quit(&mut terminal);
    // Nothing was learned, and nothing is forgotten.
    assert_eq!(fs::read(file).unwrap(), before);

    fs::write(file, &before[..before.len() / 2]).unwrap();
    let mut terminal = session(home.path(), &url, &region, &[]);
    terminal.wait_for(&["unreachable"]);
    assert!(!terminal.text().contains("prod-web"), "{}", terminal.text());
    quit(&mut terminal);
}

#[test]
fn several_regions_are_kept_together_and_apart_from_each_alone() {
    let (runtime, sandbox) = still_worlds(&["eu-central-1", "us-east-1"]);
    let home = tempfile::tempdir().unwrap();
    let (url, region) = (sandbox.url(), sandbox.region().to_owned());
    let both = ["--region", "eu-central-1,us-east-1"];
    let mut terminal = session(home.path(), &url, &region, &both);
    terminal.wait_for(&["clusters  12", "live"]);
    quit(&mut terminal);
    runtime.block_on(Sandbox::stop(sandbox));
    let mut terminal = session(home.path(), &url, &region, &both);
    terminal.wait_for(&[
        "eu-central-1, us-east-1",
        "unreachable, ",
        "s old",
        "REGION",
        "us-east-1",
    ]);
    assert!(
        terminal.text().contains("clusters  12"),
        "{}",
        terminal.text()
    );
    quit(&mut terminal);
    // The same regions in another order are the same place.
    let turned = ["--region", "us-east-1,eu-central-1"];
    let mut terminal = session(home.path(), &url, &region, &turned);
    terminal.wait_for(&[
        "us-east-1, eu-central-1",
        "unreachable, ",
        "s old",
        "clusters  12",
    ]);
    quit(&mut terminal);
    assert_eq!(snapshots(home.path()).len(), 1);
    let completed = |words: &[&str]| {
        let words = [&both[..], words].concat();
        completed(home.path(), &url, &region, &words)
    };
    assert_eq!(completed(&["--cluster", "prod-w"]), ["prod-web"]);
    let mut terminal = session(home.path(), &url, &region, &["--region", "us-east-1"]);
    terminal.wait_for(&["unreachable"]);
    assert!(!terminal.text().contains("prod-web"), "{}", terminal.text());
    quit(&mut terminal);
}

#[test]
fn nothing_is_kept_where_nothing_is_to_be_kept() {
    let (_runtime, sandbox) = still_world();
    let home = tempfile::tempdir().unwrap();
    let (url, region) = (sandbox.url(), sandbox.region().to_owned());
    for arguments in [&["--no-cache"][..], &["demo", "--seed", "7"]] {
        let mut terminal = session(home.path(), &url, &region, arguments);
        terminal.wait_for(&["clusters", "prod-web", "live"]);
        quit(&mut terminal);
        assert!(snapshots(home.path()).is_empty(), "{arguments:?}");
    }
}

/// What a shell is offered for the last of these words, by what was kept.
fn completed(home: &Path, url: &str, region: &str, words: &[&str]) -> Vec<String> {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ecsight"))
        .args(["--", "ecsight"])
        .args(words)
        .env_clear()
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("ECSIGHT_CACHE", "true")
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_REGION", region)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("ECSIGHT_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_completes_the_names_that_were_kept() {
    let (runtime, sandbox) = still_world();
    let home = tempfile::tempdir().unwrap();
    let (url, region) = (sandbox.url(), sandbox.region().to_owned());
    let mut terminal = session(home.path(), &url, &region, &["--cluster", "prod-web"]);
    terminal.wait_for(&["services", "storefront", "live"]);
    quit(&mut terminal);
    // Nobody answers any more.
    runtime.block_on(Sandbox::stop(sandbox));
    let completed = |words: &[&str]| completed(home.path(), &url, &region, words);
    assert_eq!(completed(&["--cluster", "prod-w"]), ["prod-web"]);
    assert_eq!(completed(&["get", "clusters", "prod-w"]), ["prod-web"]);
    let full = ["prod-web/storefront"];
    assert_eq!(completed(&["get", "services", "prod-web/storef"]), full);
    let line = ["get", "tasks", "-c", "prod-web", "--service", "storef"];
    assert_eq!(completed(&line), ["storefront"]);
    assert!(completed(&["--region", "eu-x", "--cluster", "prod"]).is_empty());
}
