//! How much of AWS's request quotas this session uses.

use std::sync::Arc;

use super::{Cell, Column, Cx, Facet, Page, Scope, SortKey, Step, Tone, View, count};
use crate::{
    model::{Arn, Health, QuotaUse, Region, Subject},
    store::Store,
};

/// The facet of all quotas, an index into the view's.
const ALL: usize = 1;

/// The view.
pub static VIEW: View<Arc<QuotaUse>> = View {
    id: "budget",
    aliases: &["quota", "quotas"],
    noun: "quota",
    about: "AWS's request quotas: the share of each that ecsight takes, what is left of it, and what waits",
    under: &[],
    whole: true,
    facets: &[
        Facet {
            name: "used",
            when_empty: "Quotas are listed here once a call was made.",
        },
        Facet {
            name: "all",
            when_empty: "Quotas are listed here once a call was made.",
        },
    ],
    columns: &[
        Column::text("QUOTA", 23, 0, |quota: &Arc<QuotaUse>, _| {
            Cell::new(quota.name, Tone::Strong)
        }),
        Column::region(|quota, _| Cell::maybe(quota.region.as_ref().map(Region::as_str))),
        Column::number(
            "LEFT",
            4,
            0,
            |quota, _| Cell::new(format!("{:.0}", quota.tokens.floor()), left_tone(quota)),
            |quota, _| whole(quota.tokens),
        ),
        Column::number(
            "OF",
            4,
            1,
            |quota, _| Cell::plain(format!("{:.0}", quota.burst.floor())),
            |quota, _| whole(quota.burst),
        ),
        Column::number(
            "REFILL/S",
            8,
            1,
            |quota, _| Cell::new(tenths(quota.refill_now), refill_tone(quota)),
            |quota, _| whole(quota.refill_now * 10.0),
        ),
        Column::number(
            "CALLS/S",
            7,
            1,
            |quota, _| Cell::plain(tenths(quota.rate)),
            |quota, _| whole(quota.rate * 10.0),
        ),
        Column::number(
            "WAIT",
            4,
            0,
            |quota, _| Cell::count(number(quota.waits())),
            |quota, _| SortKey::Number(number(quota.waits())),
        ),
        Column::number(
            "CALLS",
            5,
            1,
            |quota, _| Cell::count(number(quota.calls)),
            |quota, _| SortKey::Number(number(quota.calls)),
        ),
        Column::number(
            "THROTTLED",
            9,
            2,
            |quota, _| match quota.throttles {
                0 => Cell::count(0),
                times => Cell::new(times.to_string(), Tone::Warn),
            },
            |quota, _| SortKey::Number(number(quota.throttles)),
        ),
        Column::text("AWS ALLOWS", 20, 3, |quota: &Arc<QuotaUse>, _| {
            Cell::muted(format!(
                "{:.0} at once, {:.0}/s",
                quota.quota_burst, quota.quota_refill
            ))
        }),
    ],
    needs: |_, _| Vec::new(),
    rows: |scope: &Scope, store: &Store| {
        let quotas = store.quotas().iter();
        quotas
            .filter(|quota| scope.facet == ALL || quota.is_used())
            .cloned()
            .collect()
    },
    // An address, since it is no thing of AWS whose whole answer could be asked for.
    subject,
    health: |quota, _| {
        if quota.is_throttled() {
            Health::Warn
        } else if quota.waits() > 0 {
            Health::Moving
        } else {
            Health::Ok
        }
    },
    moving: |_| false,
    order: |one, two| (one.name, &one.region).cmp(&(two.name, &two.region)),
    sick_first: false,
    when_empty: "",
    live: None,
    enter: |subject, _, _| Some(Step::Describe("budget", subject.clone())),
    links: &[],
    page_needs: |_, _| Vec::new(),
    page,
};

/// The address of a quota: `quota://service read`, and with the region where there are several.
fn subject(quota: &Arc<QuotaUse>) -> Subject {
    let region = quota.region.as_ref();
    let region = region.map_or_else(String::new, |region| format!("{region}/"));
    Subject::whole(&Arn::new(&format!("quota://{region}{}", quota.name)))
}

fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

fn whole(number: f64) -> SortKey {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a float stays within the bounds of the integer"
    )]
    SortKey::Number(number as i64)
}

/// A number with a decimal where it has one: `5`, `2.5`.
fn tenths(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn left_tone(quota: &QuotaUse) -> Tone {
    if quota.tokens < 1.0 {
        Tone::Warn
    } else {
        Tone::Plain
    }
}

fn refill_tone(quota: &QuotaUse) -> Tone {
    if quota.is_throttled() {
        Tone::Warn
    } else {
        Tone::Plain
    }
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let address = subject.arn.as_str().strip_prefix("quota://")?;
    let quota = match address.split_once('/') {
        Some((region, name)) => cx.store.quota(Some(region), name),
        None => cx.store.quota(None, address),
    }?;
    let mut page = Page::new(format!("quota {}", quota.name));
    let allowance = |burst: f64, refill: f64| {
        format!(
            "{:.0} at once, then {} a second",
            burst.floor(),
            tenths(refill)
        )
    };
    page.heading("Quota");
    page.field("name", quota.name);
    if let Some(region) = &quota.region {
        page.field("region", region.to_string());
    }
    let whose = if quota.published {
        "AWS allows"
    } else {
        "AWS allows, assumed"
    };
    page.field(whose, allowance(quota.quota_burst, quota.quota_refill));
    page.field("ecsight takes", allowance(quota.burst, quota.refill));
    page.list(
        "calls of it",
        quota.operations.iter().map(|&one| one.to_owned()),
    );
    page.heading("Now");
    page.toned(
        "tokens left",
        format!("{:.0} of {:.0}", quota.tokens.floor(), quota.burst.floor()),
        left_tone(quota),
    );
    let refill = tenths(quota.refill_now);
    let refill = if quota.is_throttled() {
        format!("{refill} a second: AWS throttled, so it is slower for up to 20 s")
    } else {
        format!("{refill} a second")
    };
    page.toned("refill", refill, refill_tone(quota));
    page.field("calls a second", tenths(quota.rate));
    let [actions, screen, background] = quota.waiting;
    page.field("wait for own actions", actions.to_string());
    page.field("wait for the screen", screen.to_string());
    page.field("wait in background", background.to_string());
    page.heading("This session");
    page.field("calls", quota.calls.to_string());
    let throttled = match number(quota.throttles) {
        0 => "never".to_owned(),
        times => count(times, "time"),
    };
    page.field("throttled by AWS", throttled);
    page.heading("What this means");
    for text in [
        "  AWS allows each account and region so many calls, whoever makes them: consoles, deployments, other tools.",
        "  ecsight keeps to a share: every call takes a token, tokens come back at the refill, and a call without a token waits.",
        "  What you do goes first, then what is on the screen. The background leaves a quarter of the tokens to both.",
        "  When AWS throttles all the same, the refill is halved and grows back.",
        "  The shares are budget.burst and budget.refill in the configuration.",
    ] {
        page.line(vec![super::Span::plain(text)]);
    }
    Some(page)
}
