//! How amounts are written: bytes, bytes a second, shares, cores. Pure.

use crate::model::Rate;

/// Bytes of a MiB, the unit that ECS counts memory in.
pub(super) const MIB: u64 = 1024 * 1024;

/// A count as a real number; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

/// A real number as a whole one, for sorting and for writing.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float stays within the bounds of the integer"
)]
pub(super) fn whole(number: f64) -> i64 {
    number.round() as i64
}

/// Writes a size of memory in at most five cells, in powers of 1024 as ECS counts: `310M`, `1.5G`, `12G`, `512K`.
pub(crate) fn bytes(count: u64) -> String {
    scaled(real(count), 1024.0, ["B", "K", "M", "G", "T"])
}

/// Writes bytes a second in at most seven cells, in powers of 1000 as networks are counted: `340B/s`, `1.2K/s`.
pub(crate) fn rate(per_second: f64) -> String {
    format!(
        "{}/s",
        scaled(per_second, 1000.0, ["B", "K", "M", "G", "T"])
    )
}

fn scaled(number: f64, step: f64, units: [&str; 5]) -> String {
    let (mut number, mut unit) = (number.max(0.0), 0);
    // What would be rounded to four digits is written in the next unit.
    while number >= 999.5 && unit + 1 < units.len() {
        number /= step;
        unit += 1;
    }
    if unit > 0 && number < 9.95 {
        format!("{number:.1}{}", units[unit])
    } else {
        format!("{number:.0}{}", units[unit])
    }
}

/// Writes both directions, each to the right of six cells: `1.2K/s 340B/s`.
pub(super) fn flow(rate_of: Rate) -> String {
    format!("{:>6} {:>6}", rate(rate_of.inward), rate(rate_of.outward))
}

/// Writes a share as percent: `7%`, `0.4%`, `112%`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.95 {
        format!("{:.1}%", percent.max(0.1))
    } else {
        format!("{percent:.0}%")
    }
}

/// Writes cores kept busy: `0.12 cores`, `1 core`.
pub(super) fn cores(number: f64) -> String {
    match format!("{number:.2}") {
        text if text == "1.00" => "1 core".to_owned(),
        text => format!("{text} cores"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0B")]
    #[case(999, "999B")]
    #[case(1000, "1.0K")]
    #[case(310 * MIB, "310M")]
    #[case(1000 * MIB, "1.0G")]
    #[case(1536 * MIB, "1.5G")]
    #[case(12 * 1024 * MIB, "12G")]
    #[case(u64::MAX, "16777216T")]
    fn sizes_are_short(#[case] count: u64, #[case] text: &str) {
        assert_eq!(bytes(count), text);
    }

    #[rstest]
    #[case(0.0, "0B/s")]
    #[case(340.4, "340B/s")]
    #[case(1_234.0, "1.2K/s")]
    #[case(99_940.0, "100K/s")]
    #[case(999_600.0, "1.0M/s")]
    #[case(-3.0, "0B/s")]
    fn rates_have_units(#[case] per_second: f64, #[case] text: &str) {
        assert_eq!(rate(per_second), text);
    }

    #[rstest]
    #[case(0.0, "0%")]
    #[case(0.000_1, "0.1%")]
    #[case(0.004, "0.4%")]
    #[case(0.0096, "1%")]
    #[case(0.945, "94%")]
    #[case(1.12, "112%")]
    fn shares_are_percent(#[case] share: f64, #[case] text: &str) {
        assert_eq!(percent(share), text);
    }

    #[test]
    fn directions_stand_below_each_other() {
        let rate_of = Rate {
            inward: 1_200.0,
            outward: 5.0,
        };
        assert_eq!(flow(rate_of), "1.2K/s   5B/s");
    }
}
