//! A terminal in memory with the program running in it.

use std::{
    io::{Read as _, Write},
    num::NonZeroU16,
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// The longest wait for something to appear.
const PATIENCE: Duration = Duration::from_secs(45);
/// A screen that did not change for this long is finished.
const QUIET: Duration = Duration::from_millis(400);

pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    // Kept, for both end with it: the terminal's own side, and the folders of the program.
    _master: Box<dyn MasterPty + Send>,
    _home: TempDir,
}

impl Terminal {
    /// Starts the program with no configuration and no variables but the given ones.
    pub(crate) fn run(
        program: &Path,
        arguments: &[&str],
        variables: &[(String, String)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system()
            .openpty(size)
            .expect("a terminal can be had");
        let home = tempfile::tempdir().expect("a folder can be made");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program starts");
        drop(pair.slave);
        let mut reader = pair
            .master
            .try_clone_reader()
            .expect("the terminal can be read");
        let writer = pair
            .master
            .take_writer()
            .expect("the terminal can be typed at");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 8_192];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let size = |number| NonZeroU16::new(number).expect("a terminal has room");
        Self {
            child,
            writer,
            output,
            parser: vt100::Parser::new(size(rows), size(columns), 0),
            _master: pair.master,
            _home: home,
        }
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Takes in what the program writes, until `end` or until it has written nothing for a while.
    fn read(&mut self, end: Instant, quiet: Duration) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        match self.output.recv_timeout(left.min(quiet)) {
            Ok(bytes) => {
                self.parser.process(&bytes);
                self.answer(&bytes);
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the program ended:\n{}", self.screen().contents())
            }
        }
    }

    /// Answers the question where the cursor is, as every terminal does.
    fn answer(&mut self, asked: &[u8]) {
        if asked.windows(4).any(|bytes| bytes == b"\x1b[6n") {
            let (row, column) = self.screen().cursor_position();
            let answer = format!("\x1b[{};{}R", row + 1, column + 1);
            self.writer
                .write_all(answer.as_bytes())
                .expect("the program reads answers");
        }
    }

    pub(crate) fn wait_for(&mut self, text: &str, picture: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.screen().contents().contains(text) {
            self.read(end, QUIET);
            assert!(
                Instant::now() < end,
                "{picture}: waited for {text:?} and saw\n{}",
                self.screen().contents()
            );
        }
    }

    pub(crate) fn wait_until_quiet(&mut self) {
        let end = Instant::now() + PATIENCE;
        while self.read(end, QUIET) {}
    }

    /// Takes in what is written for a while.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while self.read(end, time) {}
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.writer
            .write_all(keys.as_bytes())
            .expect("the program reads keys");
        self.writer.flush().expect("the program reads keys");
        self.wait_until_quiet();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
