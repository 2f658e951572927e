//! Several accounts by the profiles of an AWS configuration: going from one to another, and credentials that take long.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use ecsight::sandbox::{self, Sandbox};

use super::still_world;
use crate::support::pty::{Launch, Terminal};

/// The folder of AWS files with this configuration, and one pair of keys for each of these profiles.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(config: &str, with_keys: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config"), config).unwrap();
        let keys = with_keys.iter().map(|name| {
            format!("[{name}]\naws_access_key_id = test\naws_secret_access_key = test\n")
        });
        let keys: String = keys.collect();
        fs::write(folder.path().join("credentials"), keys).unwrap();
        Self { folder }
    }

    fn session(&self, profile: &str) -> Terminal {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let launch = Launch {
            size: (140, 40),
            ..Launch::new(&["--profile", profile])
        };
        launch
            .variable("AWS_CONFIG_FILE", &path("config"))
            .variable("AWS_SHARED_CREDENTIALS_FILE", &path("credentials"))
            .variable("XDG_STATE_HOME", &path("state"))
            .start()
    }
}

fn profile(name: &str, sandbox: &Sandbox) -> String {
    let (url, region) = (sandbox.url(), sandbox.region());
    format!("[profile {name}]\nregion = {region}\nendpoint_url = {url}\n")
}

#[test]
fn goes_from_one_account_to_another_and_back() {
    let (runtime, shop) = still_world();
    let options = sandbox::Options {
        clusters: Some(1),
        services: Some(2),
        tasks: Some(1),
        frozen: true,
        ..sandbox::Options::default()
    };
    let other = runtime.block_on(sandbox::start(options)).unwrap();
    let config = profile("shop", &shop) + &profile("other", &other);
    let files = Files::new(&config, &["shop", "other"]);
    let mut terminal = files.session("shop");
    terminal.wait_for(&[" shop ", "prod-web", "live"]);
    let before = other.calls().len();
    assert_eq!(before, 0, "the other account is not asked for anything");
    terminal.type_in("P");
    terminal.wait_for(&["profile  other", "profile  shop"]);
    terminal.type_in("other\r");
    terminal.wait_until("the other account", |terminal| {
        let text = terminal.text();
        let head = text.lines().next().unwrap_or_default();
        head.contains(" other ") && head.contains("live") && !text.contains("prod-web")
    });
    let asked = shop.calls();
    terminal.type_in("\r");
    terminal.wait_for(&["> services", "live"]);
    assert_eq!(shop.calls(), asked, "the account before is left alone");
    terminal.type_in("P");
    terminal.wait_for(&["profile  shop"]);
    // Where one was before is under the cursor.
    terminal.type_in("\r");
    terminal.wait_for(&[" shop ", "prod-web", "live"]);
    terminal.type_in(":q\r");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
    let recent = files.folder.path().join("state/ecsight/recent");
    let recent = fs::read_to_string(recent).unwrap();
    let wanted = format!("profile shop\nprofile other\nregion {}\n", shop.region());
    assert_eq!(recent, wanted);
}

/// Gives what is read from a pipe once, to whoever opens it.
fn give(pipe: &Path, text: &'static str) {
    let pipe = pipe.to_owned();
    // Opening waits for a reader; if none comes, what the test waits for never comes either.
    thread::spawn(move || fs::write(pipe, text));
}

#[test]
fn a_command_that_takes_its_time_holds_up_nothing_but_the_answers() {
    let (_runtime, sandbox) = still_world();
    let folder = tempfile::tempdir().unwrap();
    let pipe: PathBuf = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let config =
        profile("slow", &sandbox) + &format!("credential_process = cat {}\n", pipe.display());
    let files = Files::new(&config, &[]);
    let mut terminal = files.session("slow");
    terminal.wait_for(&[" slow ", "waiting for credential_process"]);
    terminal.type_in("?");
    terminal.wait_for(&["help", "waiting for credential_process"]);
    terminal.type_in("\u{1b}");
    terminal.wait_until("the clusters again", |terminal| {
        !terminal.text().contains("One row or line")
    });
    assert!(sandbox.calls().is_empty(), "nothing can be asked for yet");
    give(&pipe, "nonsense");
    terminal.wait_for(&["run the credential_process of profile slow in a shell"]);
    // No key is pressed from here on.
    give(
        &pipe,
        r#"{"Version": 1, "AccessKeyId": "test", "SecretAccessKey": "test"}"#,
    );
    terminal.wait_for(&["prod-web", "live"]);
    terminal.type_in(":q\r");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}
