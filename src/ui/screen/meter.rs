//! The meter in the header: what the request quotas are used for, where that is worth a look.

use std::{fmt::Write as _, sync::Arc};

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{
    model::QuotaUse,
    theme::Role,
    ui::{Cx, text},
};

/// From so many calls a second on, calls are told of though none waits.
const BUSY: f64 = 5.0;
/// The width that the rest of the header needs.
const REST: u16 = 46;

/// Paints the meter at the right end of a line if there is something to tell and room for it; gives the cells it took.
pub(super) fn draw(line: Rect, base: Style, buffer: &mut Buffer, cx: &Cx) -> u16 {
    let Some(says) = says(cx.store.quotas()) else {
        return 0;
    };
    let throttled = cx.store.quotas().iter().any(|quota| quota.is_throttled());
    let style = if throttled {
        base.patch(cx.theme.style(Role::Stale))
    } else {
        base
    };
    let cells = u16::try_from(text::width(&says) + 2).unwrap_or(u16::MAX);
    let gap = 1;
    if line.width < REST.saturating_add(cells + gap) {
        return 0;
    }
    let at = (line.right() - cells, line.y);
    text::put(buffer, at, &says, cells, style, cx.glyphs.ellipsis());
    cells + gap
}

/// `calls 12/s, 34 wait`; none while there is little to do.
fn says(quotas: &[Arc<QuotaUse>]) -> Option<String> {
    let rate: f64 = quotas.iter().map(|quota| quota.rate).sum();
    let waiting: usize = quotas.iter().map(|quota| quota.waits()).sum();
    let throttled = quotas.iter().any(|quota| quota.is_throttled());
    if waiting == 0 && rate < BUSY && !throttled {
        return None;
    }
    let mut says = format!("calls {rate:.0}/s");
    if waiting > 0 {
        let _ = write!(says, ", {waiting} wait");
    }
    if throttled {
        says.push_str(", throttled");
    }
    Some(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(rate: f64, waiting: [usize; 3], refill_now: f64) -> Arc<QuotaUse> {
        Arc::new(QuotaUse {
            region: None,
            name: "service read",
            operations: &["ListServices"],
            published: true,
            quota_burst: 100.0,
            quota_refill: 20.0,
            burst: 50.0,
            refill: 5.0,
            refill_now,
            tokens: 12.5,
            rate,
            calls: 40,
            throttles: 0,
            waiting,
        })
    }

    #[test]
    fn the_meter_tells_what_is_worth_a_look() {
        let idle = quota(1.0, [0; 3], 5.0);
        assert_eq!(says(&[idle.clone(), idle.clone()]), None);
        let busy = quota(11.0, [0, 4, 30], 5.0);
        let told = says(&[idle.clone(), busy]);
        assert_eq!(told.as_deref(), Some("calls 12/s, 34 wait"));
        let throttled = quota(0.0, [0; 3], 2.5);
        let told = says(&[throttled]);
        assert_eq!(told.as_deref(), Some("calls 0/s, throttled"));
        assert_eq!(says(&[]), None);
    }
}
