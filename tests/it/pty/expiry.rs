//! Credentials that end while they are used: renewed unseen where that can be, and told with what renews them where a
//! person has to.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime},
};

use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::json;

use super::still_world;
use crate::{
    proxy::Proxy,
    support::pty::{Launch, Terminal},
};

/// A session of the profile `corp` of the file `config` in this home.
fn session(home: &Path, variables: &[(&'static str, &str)]) -> Terminal {
    let path = |name: &str| home.join(name).display().to_string();
    let launch = Launch {
        config: "crawl = false\n[refresh]\nvisible_seconds = 1\nrollout_seconds = 1\n",
        size: (200, 40),
        ..Launch::new(&["--profile", "corp"])
    };
    let launch = variables
        .iter()
        .fold(launch, |launch, (name, value)| launch.variable(name, value));
    launch
        .variable("HOME", &home.display().to_string())
        .variable("AWS_CONFIG_FILE", &path("config"))
        .variable("AWS_SHARED_CREDENTIALS_FILE", &path("credentials"))
        .start()
}

/// A moment so many seconds from now; before now for negative ones.
fn moment(seconds: i64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = i64::try_from(now.unwrap().as_secs()).unwrap();
    let moment = DateTime::from_secs(now + seconds);
    moment.fmt(Format::DateTime).unwrap()
}

/// Writes a file in the place of the one before: whoever reads meanwhile gets one or the other.
fn replace(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

/// What a `credential_process` prints.
fn printed(key: &str, ends_in: i64) -> String {
    let keys = json!({
        "Version": 1,
        "AccessKeyId": key,
        "SecretAccessKey": "secret",
        "SessionToken": "session",
        "Expiration": moment(ends_in),
    });
    keys.to_string()
}

/// The first line of the screen, which says how fresh everything is.
fn header(terminal: &Terminal) -> String {
    let text = terminal.text();
    let first = text.lines().next().unwrap_or_default();
    first.trim_end().to_owned()
}

fn leave(terminal: &mut Terminal) {
    terminal.type_in(":q\r");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}

/// Waits for the one banner that says that credentials have ended, over rows that stay, with the time and the advice.
fn wait_for_banner(terminal: &mut Terminal, advice: &str) {
    terminal.wait_for(&[advice, " - since "]);
    assert_eq!(terminal.text().matches(advice).count(), 1);
    assert_eq!(terminal.text().matches(" - since ").count(), 1);
    assert!(header(terminal).contains("credentials expired"));
}

fn wait_for_recovery(terminal: &mut Terminal) {
    terminal.wait_until("live rows", |terminal| {
        let text = terminal.text();
        header(terminal).ends_with(" live") && text.contains("prod-web")
    });
    assert!(!terminal.text().contains("expired"), "{}", terminal.text());
}

/// A home whose profile gets its keys from a command: it prints the file `keys`, and adds
/// that to the file `printed`.
fn home_with_command(url: &str, region: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let (printed, keys) = (path("printed"), path("keys"));
    fs::write(path("command"), format!("tee -a {printed} <{keys}")).unwrap();
    let config = format!(
        "[profile corp]\nregion = {region}\nendpoint_url = {url}\ncredential_process = sh {}\n",
        path("command")
    );
    fs::write(path("config"), config).unwrap();
    home
}

/// How often the command printed this key.
fn prints(home: &Path, key: &str) -> usize {
    let printed = fs::read_to_string(home.join("printed")).unwrap_or_default();
    printed.matches(key).count()
}

#[test]
fn keys_that_name_their_end_are_renewed_before_it_and_nobody_sees_it() {
    let (runtime, sandbox) = still_world();
    let proxy = runtime.block_on(Proxy::start(&sandbox.url()));
    let home = home_with_command(&proxy.url(), sandbox.region());
    let keys = home.path().join("keys");
    // Ten seconds before the end the command is run again.
    replace(&keys, &printed("first-key", 13));
    let mut terminal = session(home.path(), &[]);
    terminal.wait_for(&["prod-web", "live"]);
    replace(&keys, &printed("second-key", 3_600));
    terminal.wait_until("second key", |_| prints(home.path(), "second-key") == 1);
    let rounds = || proxy.calls()["DescribeClusters"];
    // What is still under way with the first key comes to its end.
    let before = rounds();
    terminal.wait_until("two further rounds", |_| rounds() >= before + 2);
    proxy.expire("first-key");
    terminal.wait_until("four more rounds", |terminal| {
        assert!(header(terminal).ends_with(" live"), "{}", terminal.text());
        rounds() >= before + 6
    });
    assert_eq!(prints(home.path(), "second-key"), 1);
    leave(&mut terminal);
}

#[test]
fn keys_that_aws_takes_for_ended_are_told_until_the_command_has_others() {
    let (runtime, sandbox) = still_world();
    let proxy = runtime.block_on(Proxy::start(&sandbox.url()));
    let home = home_with_command(&proxy.url(), sandbox.region());
    let keys = home.path().join("keys");
    replace(&keys, &printed("first-key", 12));
    let mut terminal = session(home.path(), &[]);
    terminal.wait_for(&["prod-web", "live"]);

    proxy.expire("first-key");
    let advice = "run the credential_process of profile corp in a shell to see what it wants";
    wait_for_banner(&mut terminal, advice);
    let said = "The security token included in the request is expired";
    terminal.wait_for(&["prod-web", "credentials expired, ", "s old", said, " tries"]);
    // No key is pressed from here on.
    replace(&keys, &printed("second-key", 3_600));
    wait_for_recovery(&mut terminal);
    leave(&mut terminal);
}

/// The SSO portal, which gives keys for the one token that is good.
struct Portal {
    url: String,
    good: Arc<Mutex<String>>,
}

impl Portal {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let good = Arc::new(Mutex::new("none".to_owned()));
        let wanted = Arc::clone(&good);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever goes away in between asks again.
                let _ = answer(stream, &wanted.lock().unwrap());
            }
        });
        Self { url, good }
    }

    fn take(&self, token: &str) {
        token.clone_into(&mut self.good.lock().unwrap());
    }
}

fn answer(mut stream: TcpStream, good: &str) -> std::io::Result<()> {
    let mut token = String::new();
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some(("x-amz-sso_bearer_token", value)) = line.split_once(": ") {
            value.clone_into(&mut token);
        }
    }
    let soon = SystemTime::now() + Duration::from_secs(13);
    let soon = soon.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let keys = json!({"roleCredentials": {
        "accessKeyId": "role-key",
        "secretAccessKey": "secret",
        "sessionToken": "session",
        "expiration": u64::try_from(soon.as_millis()).unwrap(),
    }});
    let refusal = json!({"message": "Session token not found or invalid"});
    let (status, body) = if token == good {
        ("200 OK", keys)
    } else {
        (
            "401 Unauthorized\r\nx-amzn-ErrorType: UnauthorizedException",
            refusal,
        )
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Signs in to the session `corp` as the AWS CLI does: the file has the SHA-1 of that name.
fn sign_in(home: &Path, token: &str, ends_in: i64) {
    let file = json!({
        "accessToken": token,
        "expiresAt": moment(ends_in),
        "region": "eu-west-1",
        "startUrl": "https://corp.awsapps.com/start",
    });
    let name = "ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
    replace(&home.join(".aws/sso/cache").join(name), &file.to_string());
}

#[test]
fn a_sign_in_that_ended_is_told_with_the_command_and_taken_up_after_it() {
    let (_runtime, sandbox) = still_world();
    let home = tempfile::tempdir().unwrap();
    let config = format!(
        "[profile corp]\nregion = {}\nendpoint_url = {}\nsso_session = corp\n\
         sso_account_id = 123456789012\nsso_role_name = Reader\n\
         [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n",
        sandbox.region(),
        sandbox.url()
    );
    fs::write(home.path().join("config"), config).unwrap();
    let portal = Portal::start();
    let advice = "run: aws sso login --profile corp - since ";

    // Never signed in on this machine, then signed in yesterday.
    let mut terminal = session(home.path(), &[("AWS_ENDPOINT_URL_SSO", &portal.url)]);
    wait_for_banner(&mut terminal, advice);
    sign_in(home.path(), "of yesterday", -3_600);
    terminal.wait_for(&["token has expired"]);
    wait_for_banner(&mut terminal, advice);
    assert!(sandbox.calls().is_empty(), "{:?}", sandbox.calls());

    // No key is pressed from here on.
    portal.take("of today");
    sign_in(home.path(), "of today", 3_600);
    wait_for_recovery(&mut terminal);

    // Signed out elsewhere: the keys of the role are not renewed.
    portal.take("of tomorrow");
    wait_for_banner(&mut terminal, advice);
    terminal.wait_for(&["prod-web", "credentials expired, ", "s old"]);
    sign_in(home.path(), "of tomorrow", 3_600);
    wait_for_recovery(&mut terminal);
    leave(&mut terminal);
}
