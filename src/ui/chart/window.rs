//! How far back the charts of a page reach, and what the axis of time says. Pure.

/// The time that charts show, up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Window {
    #[default]
    Minute,
    FiveMinutes,
    QuarterHour,
}

/// Windows, the smallest first.
const ALL: [Window; 3] = [Window::Minute, Window::FiveMinutes, Window::QuarterHour];

/// Charts reach less far back once all points fit into this share of a smaller window: what comes and goes at the
/// border must not turn the axis back and forth.
const SHRINKS_AT: f64 = 0.5;

impl Window {
    /// The smallest window that holds what was heard within these seconds.
    pub(super) fn holding(seconds: f64) -> Self {
        let fits = ALL.into_iter().find(|window| seconds <= window.seconds());
        fits.unwrap_or(Self::QuarterHour)
    }

    /// The window that follows this one, once there are points of these last seconds.
    pub(super) fn then(self, seconds: f64) -> Self {
        let wanted = Self::holding(seconds);
        if wanted < self {
            self.min(Self::holding(seconds / SHRINKS_AT))
        } else {
            wanted
        }
    }

    /// Seconds from the left end to now.
    pub(super) fn seconds(self) -> f64 {
        match self {
            Self::Minute => 60.0,
            Self::FiveMinutes => 300.0,
            Self::QuarterHour => 900.0,
        }
    }

    /// What stands below the axis, at equal distances; where it is narrow, only its ends.
    pub(super) fn labels(self, is_narrow: bool) -> &'static [&'static str] {
        match (self, is_narrow) {
            (Self::Minute, false) => &["-60s", "-40s", "-20s", "now"],
            (Self::Minute, true) => &["-60s", "now"],
            (Self::FiveMinutes, false) => &["-5m", "-4m", "-3m", "-2m", "-1m", "now"],
            (Self::FiveMinutes, true) => &["-5m", "now"],
            (Self::QuarterHour, false) => &["-15m", "-10m", "-5m", "now"],
            (Self::QuarterHour, true) => &["-15m", "now"],
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, Window::Minute)]
    #[case(60.0, Window::Minute)]
    #[case(60.5, Window::FiveMinutes)]
    #[case(300.0, Window::FiveMinutes)]
    #[case(301.0, Window::QuarterHour)]
    #[case(5_000.0, Window::QuarterHour)]
    fn the_smallest_that_holds_all_is_taken(#[case] seconds: f64, #[case] window: Window) {
        assert_eq!(Window::holding(seconds), window);
    }

    #[rstest]
    #[case(Window::Minute, &[58.0, 62.0, 59.0, 61.0, 59.0], Window::FiveMinutes)]
    #[case(Window::FiveMinutes, &[31.0], Window::FiveMinutes)]
    #[case(Window::FiveMinutes, &[30.0], Window::Minute)]
    #[case(Window::QuarterHour, &[290.0, 310.0, 290.0], Window::QuarterHour)]
    #[case(Window::QuarterHour, &[150.0], Window::FiveMinutes)]
    #[case(Window::QuarterHour, &[40.0], Window::FiveMinutes)]
    #[case(Window::QuarterHour, &[20.0], Window::Minute)]
    #[case(Window::Minute, &[700.0], Window::QuarterHour)]
    fn it_grows_at_once_and_shrinks_late(
        #[case] from: Window,
        #[case] seconds: &[f64],
        #[case] to: Window,
    ) {
        let last = seconds.iter().fold(from, |window, one| window.then(*one));
        assert_eq!(last, to);
    }

    #[test]
    fn the_axis_says_both_ends() {
        for window in ALL {
            for is_narrow in [false, true] {
                let labels = window.labels(is_narrow);
                assert_eq!(labels.last(), Some(&"now"));
                let (number, unit) = labels[0].split_at(labels[0].len() - 1);
                let scale = if unit == "m" { 60.0 } else { 1.0 };
                let number: f64 = number.parse().unwrap_or(f64::NAN);
                assert!((-number * scale - window.seconds()).abs() < 1e-9);
            }
        }
    }
}
