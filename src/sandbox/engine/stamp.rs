//! Instants and durations as an engine writes and reads them.

use std::time::Duration;

use crate::sandbox::world::moment::Moment;

/// What stands where there was no instant yet.
pub const NEVER: &str = "0001-01-01T00:00:00Z";

/// RFC 3339 in UTC, with as much of a fraction as there is.
pub fn text(at: Moment) -> String {
    match timestamp(at) {
        Some(timestamp) => timestamp.to_string(),
        None => NEVER.to_owned(),
    }
}

/// RFC 3339 in UTC with nine digits of a fraction, as lines of a log begin.
pub fn fixed(at: Moment) -> String {
    match timestamp(at) {
        Some(timestamp) => timestamp.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string(),
        None => NEVER.to_owned(),
    }
}

fn timestamp(at: Moment) -> Option<jiff::Timestamp> {
    let millis = i64::try_from(at.millis()).ok()?;
    jiff::Timestamp::from_millisecond(millis).ok()
}

/// Reads an instant of a query: seconds since 1970 with or without a fraction, or RFC 3339. Fractions of a millisecond
/// are cut off.
pub fn read(text: &str) -> Option<Moment> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if let Ok(seconds) = seconds.parse::<u64>() {
        let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
        let millis: u64 = digits.parse().ok()?;
        return Some(Moment::from_millis(
            seconds.checked_mul(1000)?.checked_add(millis)?,
        ));
    }
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    Some(Moment::from_millis(
        u64::try_from(timestamp.as_millisecond()).ok()?,
    ))
}

/// A duration in words, as lists of containers have it.
pub fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, 2..46, _) => format!("{minutes} minutes"),
        (_, _, 0..=1) => "About an hour".to_owned(),
        (_, _, 2..48) => format!("{hours} hours"),
        (_, _, 48..336) => format!("{} days", hours / 24),
        (_, _, 336..1440) => format!("{} weeks", hours / 24 / 7),
        _ => format!("{} months", hours / 24 / 30),
    }
}
