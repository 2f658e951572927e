//! The engine's way to write moments.

use crate::model::Timestamp;

/// Reads a moment as engines write it, RFC 3339 with up to nine digits of a second: in milliseconds, and in nanoseconds.
pub(super) fn parse(text: &str) -> Option<(Timestamp, i128)> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some((Timestamp(time.as_millisecond()), time.as_nanosecond()))
}

/// The present moment.
pub(super) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}
