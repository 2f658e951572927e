//! How high a chart reaches, and what its axes say. Pure.

use crate::resource::{Panel, Series, Unit};

/// A limit so many times higher than the highest value is not drawn: the lines would lie flat on the ground.
const FAR: f64 = 8.0;

/// What a chart reaches up to, and whether its limit is within.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) top: f64,
    pub(super) has_limit: bool,
}

/// The scale for these lines of a panel.
pub(super) fn of<'a>(panel: &Panel, lines: impl Iterator<Item = &'a Series>) -> Scale {
    let values = lines.flat_map(|series| series.runs.iter().flatten());
    let highest = values.map(|(_, value)| *value).fold(0.0, f64::max);
    let limit = panel.limit.map(|(limit, _)| limit);
    let has_limit =
        limit.is_some_and(|limit| limit > 0.0 && limit <= highest.max(least(panel.unit)) * FAR);
    let reach = if has_limit {
        highest.max(limit.unwrap_or(0.0))
    } else {
        highest
    };
    Scale {
        top: ceiling(reach.max(least(panel.unit)), panel.unit),
        has_limit,
    }
}

/// What a chart reaches up to at the least: what lies idle is to look like it.
fn least(unit: Unit) -> f64 {
    match unit {
        Unit::Share => 0.05,
        Unit::Bytes => 16.0 * 1024.0 * 1024.0,
        Unit::Rate => 1_000.0,
    }
}

/// The next round number, a little above.
fn ceiling(value: f64, unit: Unit) -> f64 {
    let base: f64 = match unit {
        Unit::Bytes => 2.0,
        Unit::Share | Unit::Rate => 10.0,
    };
    let wanted = value * 1.02;
    let power = base.powf(wanted.log(base).floor());
    let steps: &[f64] = match unit {
        Unit::Bytes => &[1.0, 1.25, 1.5, 1.75, 2.0],
        Unit::Share | Unit::Rate => &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0],
    };
    let step = steps.iter().find(|step| *step * power >= wanted);
    step.copied().unwrap_or(base) * power
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use rstest::rstest;

    use super::*;

    fn panel(limit: Option<f64>, values: &[f64]) -> Panel {
        Panel {
            title: Cow::Borrowed("CPU"),
            unit: Unit::Share,
            series: vec![Series {
                name: "app".to_owned(),
                runs: vec![values.iter().map(|value| (0.0, *value)).collect()],
            }],
            limit: limit.map(|limit| (limit, "reserved")),
            old_after: 10.0,
        }
    }

    #[rstest]
    #[case(None, &[0.2, 0.31], 0.4, false)]
    #[case(Some(0.5), &[0.2, 0.31], 0.6, true)]
    #[case(Some(4.0), &[0.2, 0.31], 0.4, false)]
    #[case(None, &[], 0.06, false)]
    #[case(Some(0.0), &[1.7], 2.0, false)]
    fn a_chart_reaches_a_round_number(
        #[case] limit: Option<f64>,
        #[case] values: &[f64],
        #[case] top: f64,
        #[case] has_limit: bool,
    ) {
        let panel = panel(limit, values);
        let scale = of(&panel, panel.series.iter());
        assert!((scale.top - top).abs() < 1e-9, "{scale:?}");
        assert_eq!(scale.has_limit, has_limit);
    }
}
