//! The built binary in a terminal of its own: what it writes is drawn by an emulator, and every wait has a deadline.

use std::{
    io::{Read, Write},
    num::NonZeroU16,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use portable_pty::{
    ChildKiller, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};
use tempfile::TempDir;

/// How long anything may take before the test fails.
const DEADLINE: Duration = Duration::from_mins(1);
/// How often states that cannot be waited for are looked at.
const LOOK: Duration = Duration::from_millis(20);

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_ecsight");

/// How the binary is started.
pub struct Launch {
    pub arguments: Vec<String>,
    pub variables: Vec<(&'static str, String)>,
    /// The text of the configuration file.
    pub config: &'static str,
    pub size: (u16, u16),
    /// A line of the shell that starts it as `"$0" "$@"`, where it is not to be started directly.
    pub shell: Option<&'static str>,
    /// Whether the terminal is the one that controls the process.
    pub controls: bool,
}

impl Launch {
    /// With these arguments at 80 by 24, in an environment that holds nothing of the user's.
    pub fn new(arguments: &[&str]) -> Self {
        Self {
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            variables: Vec::new(),
            config: "",
            size: (80, 24),
            shell: None,
            controls: true,
        }
    }

    pub fn demo() -> Self {
        Self::new(&["demo", "--seed", "7"])
    }

    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub fn start(self) -> Terminal {
        Terminal::start(&self)
    }
}

/// The variables that stand for a user: a home of its own, a terminal with colours, and no way to AWS.
pub fn environment(home: &Path) -> Vec<(&'static str, String)> {
    let inside = |name: &str| home.join(name).display().to_string();
    vec![
        ("HOME", home.display().to_string()),
        ("XDG_CONFIG_HOME", inside("config")),
        ("XDG_DATA_HOME", inside("data")),
        ("XDG_STATE_HOME", inside("state")),
        ("XDG_CACHE_HOME", inside("cache")),
        ("ECSIGHT_CONFIG", inside("ecsight.toml")),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("TERM", "xterm-256color".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
    ]
}

/// The modes of the terminal that taking it over changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Modes(String);

/// A terminal with the binary in it.
pub struct Terminal {
    master: Option<Box<dyn MasterPty + Send>>,
    /// Held so that the modes can be read when the binary is gone.
    slave: Option<Box<dyn SlavePty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    chunks: Receiver<Vec<u8>>,
    exits: Receiver<ExitStatus>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    process: u32,
    parser: vt100::Parser,
    /// All bytes the binary has written so far.
    pub written: Vec<u8>,
    /// The modes before the binary was started.
    pub modes_before: Modes,
    deaf: Arc<AtomicBool>,
    home: TempDir,
}

impl Terminal {
    fn start(launch: &Launch) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("ecsight.toml"), launch.config).expect("a file");
        let size = pty_size(launch.size);
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let modes_before = modes(&*pair.master);
        let mut command = CommandBuilder::new(launch.shell.map_or(PROGRAM, |_| "/bin/sh"));
        if let Some(line) = launch.shell {
            command.args(["-c", line, PROGRAM]);
        }
        command.args(&launch.arguments);
        command.set_controlling_tty(launch.controls);
        command.cwd(home.path());
        command.env_clear();
        let given = launch.variables.iter().cloned();
        for (name, value) in environment(home.path()).into_iter().chain(given) {
            command.env(name, value);
        }
        let mut child = pair
            .slave
            .spawn_command(command)
            .expect("the binary starts");
        let killer = child.clone_killer();
        let process = child.process_id().expect("a process");
        let (exited, exits) = channel();
        thread::spawn(move || child.wait().map(|status| exited.send(status)));
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let deaf = Arc::new(AtomicBool::new(false));
        let (sender, chunks) = channel();
        let stop = Arc::clone(&deaf);
        thread::spawn(move || {
            let mut buffer = [0; 1 << 12];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                let sent = sender.send(buffer[..length].to_vec());
                if sent.is_err() || stop.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        Self {
            writer: Some(pair.master.take_writer().expect("a writer")),
            master: Some(pair.master),
            slave: Some(pair.slave),
            chunks,
            exits,
            killer,
            process,
            parser: vt100::Parser::new(cells(launch.size.1), cells(launch.size.0), 0),
            written: Vec::new(),
            modes_before,
            deaf,
            home,
        }
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// The user's home, which holds all that the binary writes to the disk.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn modes(&self) -> Modes {
        modes(&**self.master.as_ref().expect("the terminal is there"))
    }

    /// Types bytes as the keys would send them.
    pub fn type_in(&mut self, bytes: &str) {
        let writer = self.writer.as_mut().expect("the terminal is there");
        writer.write_all(bytes.as_bytes()).expect("the keys arrive");
        writer.flush().expect("the keys arrive");
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.parser
            .screen_mut()
            .set_size(cells(height), cells(width));
        let master = self.master.as_ref().expect("the terminal is there");
        master
            .resize(pty_size((width, height)))
            .expect("a new size");
    }

    /// Takes in what comes within a while; whether more may come.
    fn listen(&mut self, wait: Duration) -> bool {
        match self.chunks.recv_timeout(wait) {
            Ok(chunk) => {
                self.parser.process(&chunk);
                self.written.extend(chunk);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Waits until something holds; takes in what is written meanwhile.
    pub fn wait_until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !holds(self) {
            assert!(
                Instant::now() < end,
                "no {what} within {DEADLINE:?}:\n{}",
                self.text()
            );
            self.listen(LOOK);
        }
    }

    /// Waits until the screen shows all these words.
    pub fn wait_for(&mut self, words: &[&str]) {
        self.wait_until(&format!("{words:?} on the screen"), |terminal| {
            let text = terminal.text();
            words.iter().all(|word| text.contains(word))
        });
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.process.to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "{name} is sent");
    }

    /// Whether the process is stopped, as by a shell's Ctrl-Z.
    pub fn is_suspended(&self) -> bool {
        let answer = Command::new("ps")
            .args(["-o", "stat=", "-p", &self.process.to_string()])
            .output()
            .expect("ps runs");
        answer.stdout.first() == Some(&b'T')
    }

    /// Closes the terminal as if its window had been closed.
    pub fn close(&mut self) {
        self.turn_deaf();
        self.hang_up();
    }

    /// Stops reading what the binary writes. Provokes a last frame, for the reader to wake and go.
    pub fn turn_deaf(&mut self) {
        self.deaf.store(true, Ordering::SeqCst);
        self.type_in("?");
        self.wait_until("end of the reader", |terminal| !terminal.listen(LOOK));
    }

    /// Closes the terminal that nobody reads any more.
    pub fn hang_up(&mut self) {
        self.slave = None;
        self.writer = None;
        self.master = None;
    }

    /// Waits for the end of the binary without its last words.
    pub fn wait_for_exit(&mut self) -> ExitStatus {
        let mut ended = None;
        self.wait_until("end of the program", |terminal| {
            ended = terminal.exits.try_recv().ok();
            ended.is_some()
        });
        ended.expect("it has ended")
    }

    /// Waits for the end of the binary, takes in all it has written, and makes sure that the terminal is as before.
    pub fn wait_for_restored(&mut self) -> ExitStatus {
        let status = self.wait_for_exit();
        let modes = self.modes();
        self.slave = None;
        self.wait_until("last word", |terminal| !terminal.listen(LOOK));
        assert_eq!(modes, self.modes_before);
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pasting is plain");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.killer.kill();
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a size")
}

fn pty_size((width, height): (u16, u16)) -> PtySize {
    PtySize {
        rows: height,
        cols: width,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn modes(master: &dyn MasterPty) -> Modes {
    let modes = master.get_termios().expect("the modes of the terminal");
    Modes(format!(
        "{:?} {:?} {:?}",
        modes.input_flags, modes.output_flags, modes.local_flags
    ))
}
