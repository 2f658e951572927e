//! Killed while it runs and while it writes: what was kept before is whole, and is what the next start shows.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use ecsight::sandbox::Sandbox;

use super::{
    kept::{launch, quit, session, snapshots},
    still_world,
};
use crate::support::pty::Launch;

/// The snapshots of a home, and what was left of those that were not finished: files that are hidden.
fn kept_and_left(home: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let is_hidden = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with('.')
    };
    let (left, kept) = snapshots(home).into_iter().partition(is_hidden);
    (kept, left)
}

#[test]
fn killed_while_it_runs_it_shows_at_the_next_start_what_it_had_kept() {
    let (runtime, sandbox) = still_world();
    let home = tempfile::tempdir().unwrap();
    let (url, region) = (sandbox.url(), sandbox.region().to_owned());
    let at_cluster = ["--cluster", "prod-web"];
    let mut terminal = session(home.path(), &url, &region, &at_cluster);
    terminal.wait_for(&["services", "storefront", "live"]);
    // What is known of a region is kept when another one is gone to.
    terminal.type_in(":region eu-north-1\r");
    terminal.wait_for(&[" eu-north-1 ", "prod-web", "live"]);
    terminal.wait_until("one snapshot", |_| kept_and_left(home.path()).0.len() == 1);
    terminal.signal("KILL");
    assert!(terminal.wait_for_exit().signal().is_some());

    runtime.block_on(Sandbox::stop(sandbox));
    let mut terminal = session(home.path(), &url, &region, &at_cluster);
    terminal.wait_for(&["storefront", "unreachable, ", "s old"]);
    quit(&mut terminal);
    // Nothing was fetched of the other region's that could be kept by a signal that nobody hears.
    assert_eq!(snapshots(home.path()).len(), 1);
}

/// Files may not grow beyond a few blocks of 512 bytes; whoever writes on is ended by a signal, in the middle.
const SMALL_FILES: &str = r#"ulimit -c 0; ulimit -f 8; exec "$0" "$@""#;
const SMALL: usize = 8 * 512;

#[test]
fn ended_in_the_middle_of_writing_it_leaves_the_snapshot_before_whole() {
    let (runtime, sandbox) = still_world();
    let home = tempfile::tempdir().unwrap();
    let (url, region) = (sandbox.url(), sandbox.region().to_owned());
    let at_cluster = ["--cluster", "prod-web"];
    let mut terminal = session(home.path(), &url, &region, &at_cluster);
    terminal.wait_for(&["services", "storefront", "live"]);
    quit(&mut terminal);
    let (kept, left) = kept_and_left(home.path());
    assert_eq!((kept.len(), left.len()), (1, 0));
    let before = fs::read(&kept[0]).unwrap();
    assert!(before.len() > SMALL, "{} bytes are too few", before.len());

    let cramped = Launch {
        shell: Some(SMALL_FILES),
        ..launch(home.path(), &url, &region, &at_cluster)
    };
    let mut terminal = cramped.start();
    terminal.wait_for(&["services", "storefront", "live"]);
    terminal.type_in(":q\r");
    assert!(terminal.wait_for_exit().signal().is_some());
    let (kept, left) = kept_and_left(home.path());
    assert_eq!((kept.len(), left.len()), (1, 1));
    assert_eq!(fs::read(&left[0]).unwrap().len(), SMALL);
    assert_eq!(fs::read(&kept[0]).unwrap(), before);

    // The next one makes nothing of what is half written, and throws it away once nobody can be writing it any more.
    let mut terminal = session(home.path(), &url, &region, &at_cluster);
    terminal.wait_for(&["storefront", "live"]);
    quit(&mut terminal);
    assert_eq!(kept_and_left(home.path()), (kept.clone(), left.clone()));
    let long_ago = SystemTime::now() - Duration::from_hours(2);
    let file = fs::File::options().write(true).open(&left[0]).unwrap();
    file.set_modified(long_ago).unwrap();
    let mut terminal = session(home.path(), &url, &region, &at_cluster);
    terminal.wait_for(&["storefront", "live"]);
    quit(&mut terminal);
    assert_eq!(kept_and_left(home.path()), (kept, Vec::new()));

    runtime.block_on(Sandbox::stop(sandbox));
    let mut terminal = session(home.path(), &url, &region, &at_cluster);
    terminal.wait_for(&["storefront", "unreachable, ", "s old"]);
    quit(&mut terminal);
}

#[test]
fn a_snapshot_that_is_cut_short_is_a_line_in_the_log_and_no_more() {
    let (_runtime, sandbox) = still_world();
    let home = tempfile::tempdir().unwrap();
    let (url, region) = (sandbox.url(), sandbox.region().to_owned());
    let mut terminal = session(home.path(), &url, &region, &[]);
    terminal.wait_for(&["clusters", "prod-web", "live"]);
    quit(&mut terminal);
    let (kept, _) = kept_and_left(home.path());
    let whole = fs::read(&kept[0]).unwrap();
    fs::write(&kept[0], &whole[..whole.len() / 2]).unwrap();

    let mut terminal = session(home.path(), &url, &region, &[]);
    terminal.wait_for(&["clusters", "prod-web", "live"]);
    let log = terminal.home().join("state/ecsight/ecsight.log");
    let log = fs::read_to_string(log).unwrap();
    let told = log
        .lines()
        .filter(|line| line.contains("the snapshot of the last session is not used"));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains(&kept[0].display().to_string()), "{log}");
    quit(&mut terminal);

    // The next snapshot takes its place.
    let mut terminal = session(home.path(), &url, &region, &[]);
    terminal.wait_for(&["clusters", "prod-web", "live"]);
    let log = terminal.home().join("state/ecsight/ecsight.log");
    assert!(!fs::read_to_string(log).unwrap().contains("is not used"));
    quit(&mut terminal);
}
