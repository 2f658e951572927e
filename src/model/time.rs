//! Points in time and how their distance is written; reading a clock happens elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time, in milliseconds since the Unix epoch.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time from `earlier` to this point; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// The present moment, passed in by whoever owns a clock.
///
/// `wall` is for ages that people read, `mono` (since the program started) for pacing: it never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// The calendar time.
    pub wall: Timestamp,
    /// The time since start.
    pub mono: Duration,
}

/// Writes a duration as one short unit: `12s`, `4m`, `3h`, `2d`, from 1000 days on `3y`.
#[must_use]
pub fn age(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400..86_400_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_557_600),
    }
}

/// The time after which [`age`] writes a growing duration differently; never zero.
#[must_use]
pub fn age_grows_in(duration: Duration) -> Duration {
    let unit = unit(duration);
    Duration::from_millis(unit - millis(duration) % unit)
}

/// The time after which [`age`] writes a shrinking duration differently; never zero.
#[must_use]
pub fn age_shrinks_in(duration: Duration) -> Duration {
    Duration::from_millis(millis(duration) % unit(duration) + 1)
}

/// The unit in which [`age`] writes a duration, in milliseconds. Years are looked at every day.
fn unit(duration: Duration) -> u64 {
    1_000
        * match duration.as_secs() {
            0..60 => 1,
            60..3_600 => 60,
            3_600..86_400 => 3_600,
            _ => 86_400,
        }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0s")]
    #[case(59, "59s")]
    #[case(60, "1m")]
    #[case(3_599, "59m")]
    #[case(7_200, "2h")]
    #[case(86_400, "1d")]
    #[case(999 * 86_400, "999d")]
    #[case(1_000 * 86_400, "2y")]
    fn ages_are_short(#[case] seconds: u64, #[case] text: &str) {
        assert_eq!(age(Duration::from_secs(seconds)), text);
    }

    #[rstest]
    #[case(300)]
    #[case(59_900)]
    #[case(60_000)]
    #[case(61_250)]
    #[case(3_599_999)]
    #[case(7_300_000)]
    #[case(90_000_000)]
    fn an_age_stays_as_written_just_as_long_as_said(#[case] millis: u64) {
        let at = Duration::from_millis(millis);
        let moment = Duration::from_millis(1);
        let grows = age_grows_in(at);
        assert_eq!(age((at + grows).saturating_sub(moment)), age(at));
        assert_ne!(age(at + grows), age(at));
        let shrinks = age_shrinks_in(at);
        assert_eq!(age((at + moment).saturating_sub(shrinks)), age(at));
        assert!(shrinks > at || age(at.saturating_sub(shrinks)) != age(at));
    }

    #[test]
    fn a_clock_that_went_back_reads_as_zero() {
        assert_eq!(Timestamp(5).since(Timestamp(9)), Duration::ZERO);
    }
}
