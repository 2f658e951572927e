//! A line that says what just happened, and goes away.

use std::time::Duration;

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// All went well.
    Info,
    /// Something needs attention.
    Warn,
    /// Something failed.
    Error,
}

/// A message with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// How grave it is.
    pub level: Level,
    /// The message.
    pub text: String,
    /// When it goes away, by the clock that never jumps.
    pub until: Duration,
    /// The record of the deed that it tells of, if that can be taken back.
    pub undo: Option<String>,
}

impl Toast {
    /// How long a message stays.
    pub const STAY: Duration = Duration::from_secs(6);
}
