//! The built binary in a terminal: it comes up, takes keys and sizes, and gives the terminal back however it ends.
//!
//! That a panic gives the terminal back is not tested here: nothing that can be typed makes the program panic, and a
//! key for it would be a key in the product.

mod contexts;
mod expiry;
mod input;
mod kept;
mod killed;
mod silence;
mod written;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Command, Stdio},
    time::Duration,
};

use ecsight::sandbox;
use serde_json::{Value, json};

use crate::support::pty::{Launch, PROGRAM, Terminal, environment};

/// The demo with its clusters on the screen.
fn demo() -> Terminal {
    let mut terminal = Launch::demo().start();
    terminal.wait_for(&["clusters", "RUNNING", "live"]);
    terminal
}

#[test]
fn walks_from_clusters_to_containers() {
    let mut terminal = demo();
    assert!(terminal.screen().alternate_screen() && terminal.screen().hide_cursor());
    assert_ne!(terminal.modes(), terminal.modes_before);
    for place in ["> services", "> tasks", "> containers"] {
        terminal.type_in("\r");
        terminal.wait_for(&[place, "live", "enter open"]);
    }
    terminal.type_in("q");
    terminal.wait_for(&["> tasks"]);
    for _ in 0..3 {
        terminal.type_in("q");
    }
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}

#[test]
fn follows_the_size_of_the_terminal() {
    let mut terminal = demo();
    terminal.resize(140, 40);
    terminal.wait_for(&["CAPACITY PROVIDERS"]);
    terminal.resize(40, 12);
    terminal.wait_until("narrow screen", |terminal| {
        let text = terminal.text();
        text.contains("STATUS") && !text.contains("CAPACITY") && text.lines().count() <= 12
    });
    terminal.resize(20, 5);
    terminal.wait_for(&["ecsight needs 40 x 8"]);
    terminal.resize(80, 24);
    terminal.wait_for(&["clusters", "RUNNING"]);
    terminal.type_in(":q\r");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}

#[test]
fn ctrl_c_twice_leaves() {
    let mut terminal = demo();
    terminal.type_in("\u{3}");
    terminal.wait_for(&["ctrl-c again"]);
    terminal.type_in("\u{3}");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}

#[test]
fn signals_to_end_give_the_terminal_back() {
    for signal in ["TERM", "HUP", "INT"] {
        let mut terminal = demo();
        terminal.signal(signal);
        assert_eq!(terminal.wait_for_restored().exit_code(), 0, "{signal}");
        let end = String::from_utf8_lossy(&terminal.written);
        assert!(
            end.contains("\u{1b}[?1049l") && end.ends_with("\u{1b}[?25h"),
            "{signal}"
        );
    }
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let mut terminal = demo();
    terminal.close();
    // By itself, not by a signal. Whether it hears of the hangup or cannot paint first, nobody reads its exit code.
    assert_eq!(terminal.wait_for_exit().signal(), None);
}

/// Stopped meanwhile, it finds the end of the terminal and the signal that tells of it at the same time.
#[test]
fn a_terminal_that_went_away_while_it_was_stopped_ends_it() {
    for _ in 0..5 {
        let mut terminal = demo();
        terminal.turn_deaf();
        terminal.signal("STOP");
        while !terminal.is_suspended() {}
        // The system continues a process whose terminal is gone.
        terminal.hang_up();
        assert_eq!(terminal.wait_for_exit().signal(), None);
    }
}

/// A terminal that is nobody's controlling one sends no signal when it goes away: all that can be noticed is that
/// there is nothing more to read.
#[test]
fn a_terminal_that_goes_away_without_a_signal_ends_it() {
    use rustix::{
        fs::{Mode, OFlags, open},
        pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
        termios::{Winsize, tcsetwinsize},
    };

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ecsight.toml"), "").unwrap();
    let mut child = Command::new(PROGRAM)
        .args(["demo", "--seed", "7"])
        .env_clear()
        .envs(environment(folder.path()))
        .stdin(slave.try_clone().unwrap())
        .stdout(slave)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut master = std::fs::File::from(master);
    let mut shown = Vec::new();
    let mut some = [0; 4_096];
    while !String::from_utf8_lossy(&shown).contains("prod-web") {
        let read = master.read(&mut some).unwrap();
        shown.extend_from_slice(&some[..read]);
    }
    drop(master);

    let id = child.id();
    let (tell, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(child.wait()));
    let ended = ended.recv_timeout(Duration::from_secs(30));
    if ended.is_err() {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
    }
    assert!(ended.is_ok(), "it goes on without a terminal");
}

#[test]
fn ctrl_z_gives_the_shell_back_and_fg_returns() {
    let mut terminal = demo();
    terminal.type_in("\u{1a}");
    terminal.wait_until("suspended process", |terminal| {
        terminal.is_suspended() && !terminal.screen().alternate_screen()
    });
    assert_eq!(terminal.modes(), terminal.modes_before);
    assert!(!terminal.screen().hide_cursor());
    terminal.signal("CONT");
    terminal.wait_until("screen again", |terminal| {
        terminal.screen().alternate_screen() && terminal.text().contains("RUNNING")
    });
    terminal.type_in("q");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}

/// The rows of the screen that are reversed from edge to edge, and whether any cell has a colour.
fn rows_and_colour(terminal: &Terminal) -> (Vec<u16>, bool) {
    let screen = terminal.screen();
    let (height, width) = screen.size();
    let cell = |row, column| screen.cell(row, column).expect("a cell");
    let reversed = (0..height.get())
        .filter(|row| (0..width.get()).all(|column| cell(*row, column).inverse()))
        .collect();
    let colour = (0..height.get())
        .flat_map(|row| (0..width.get()).map(move |column| (row, column)))
        .any(|(row, column)| {
            let cell = cell(row, column);
            cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default
        });
    (reversed, colour)
}

#[test]
fn without_colours_the_row_under_the_cursor_is_reversed() {
    let mut terminal = Launch::demo().variable("NO_COLOR", "1").start();
    terminal.wait_for(&["clusters", "RUNNING", "live"]);
    let (reversed, colour) = rows_and_colour(&terminal);
    assert!(reversed.contains(&3), "{reversed:?}");
    assert!(!colour);
    terminal.type_in("j");
    terminal.wait_until("cursor on the next row", |terminal| {
        let (reversed, _) = rows_and_colour(terminal);
        reversed.contains(&4) && !reversed.contains(&3)
    });
    let coloured = demo();
    assert!(rows_and_colour(&coloured).1);
}

#[test]
fn a_dumb_terminal_and_a_pipe_are_refused() {
    let mut terminal = Launch::demo().variable("TERM", "dumb").start();
    assert_eq!(terminal.wait_for_restored().exit_code(), 2);
    assert!(terminal.text().contains("TERM=dumb"), "{}", terminal.text());
    let home = tempfile::tempdir().unwrap();
    let refused = Command::new(PROGRAM)
        .arg("demo")
        .env_clear()
        .envs(environment(home.path()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let says = String::from_utf8_lossy(&refused.stderr);
    assert!(says.contains("not a terminal"), "{says}");
    assert!(refused.stdout.is_empty());
}

#[test]
fn a_mistake_in_the_configuration_is_named_with_its_line() {
    let launch = Launch {
        config: "theme = \"nord\"\n\n[refresh]\nvisible_secnds = 3\n",
        size: (200, 24),
        ..Launch::demo()
    };
    let mut terminal = launch.start();
    assert_eq!(terminal.wait_for_restored().exit_code(), 2);
    let text = terminal.text();
    assert!(text.contains("ecsight.toml:4"), "{text}");
    assert!(text.contains("did you mean `visible_seconds`"), "{text}");
}

/// A world that stands still unless it is told to move, and the runtime that serves it.
fn still_world() -> (tokio::runtime::Runtime, sandbox::Sandbox) {
    still_worlds(&[])
}

/// The same with these regions.
fn still_worlds(regions: &[&str]) -> (tokio::runtime::Runtime, sandbox::Sandbox) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let options = sandbox::Options {
        seed: 7,
        frozen: true,
        regions: regions.iter().map(|&region| region.to_owned()).collect(),
        ..sandbox::Options::default()
    };
    let sandbox = runtime.block_on(sandbox::start(options)).unwrap();
    (runtime, sandbox)
}

fn looking_at(sandbox: &sandbox::Sandbox, arguments: &[&str]) -> Terminal {
    let launch = Launch {
        config: "crawl = false\n[refresh]\nvisible_seconds = 1\nrollout_seconds = 1\n",
        size: (160, 40),
        ..Launch::new(arguments)
    };
    launch
        .variable("AWS_ENDPOINT_URL", &sandbox.url())
        .variable("AWS_REGION", sandbox.region())
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
        .start()
}

#[test]
fn not_a_byte_is_written_while_nothing_changes() {
    let (_runtime, sandbox) = still_world();
    let mut terminal = looking_at(&sandbox, &[]);
    terminal.wait_for(&["clusters", "RUNNING", "live"]);
    let rounds = || {
        sandbox
            .calls()
            .get("DescribeClusters")
            .copied()
            .unwrap_or(0)
    };
    let settled = rounds() + 2;
    terminal.wait_until("settled screen", |_| rounds() >= settled);
    let written = terminal.written.len();
    terminal.wait_until("four further rounds", |_| rounds() >= settled + 4);
    let more = String::from_utf8_lossy(&terminal.written[written..]).into_owned();
    assert_eq!(more, "");
    terminal.type_in("j");
    terminal.wait_until("answer to a key", |terminal| {
        terminal.written.len() > written
    });
    terminal.type_in("q");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
}

/// Calls an ECS operation of a sandbox.
fn call(sandbox: &sandbox::Sandbox, operation: &str, input: &Value) -> Value {
    let url = sandbox.url();
    let address = url.trim_start_matches("http://");
    let body = input.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         X-Amz-Target: AmazonEC2ContainerServiceV20141113.{operation}\r\n\
         Content-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn what_others_wrote_cannot_drive_the_terminal() {
    let (_runtime, sandbox) = still_world();
    let clusters = call(&sandbox, "ListClusters", &json!({}));
    let of = |cluster: &Value| {
        call(&sandbox, "ListTasks", &json!({"cluster": cluster}))["taskArns"][0].clone()
    };
    let clusters = clusters["clusterArns"].as_array().unwrap();
    let running = clusters.iter().map(|cluster| (cluster, of(cluster)));
    let (cluster, task) = running
        .into_iter()
        .find(|(_, task)| task.is_string())
        .unwrap();
    let reason = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}dlrow";
    call(
        &sandbox,
        "StopTask",
        &json!({"cluster": cluster, "task": task, "reason": reason}),
    );
    sandbox.tick(Duration::from_mins(2));
    let name = cluster.as_str().unwrap().rsplit('/').next().unwrap();
    let mut terminal = looking_at(&sandbox, &["--cluster", name]);
    terminal.wait_for(&["> services", "live"]);
    terminal.type_in(":task\r");
    terminal.wait_for(&["> tasks", "live"]);
    terminal.type_in("x/owned\r");
    terminal.wait_for(&["stopped tasks", "1 of", "through StopTask"]);
    terminal.type_in("d");
    terminal.wait_for(&["^[]0;owned^G^[[2J<U+009B>31m<U+202E>dlrow"]);
    terminal.type_in("qqqqqqqq");
    assert_eq!(terminal.wait_for_restored().exit_code(), 0);
    let written = String::from_utf8_lossy(&terminal.written);
    for raw in ["\u{1b}]0;owned", "\u{7}", "\u{9b}", "\u{202e}"] {
        assert!(!written.contains(raw), "{raw:?} came through");
    }
}
