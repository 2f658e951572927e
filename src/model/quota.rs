//! How much of AWS's request quotas this session uses, as plain data. The buckets themselves are in `schedule`.

use super::Region;

/// How one request quota stands.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaUse {
    /// The region, where several are looked at: each has quotas of its own.
    pub region: Option<Region>,
    /// The quota in words: `service read`.
    pub name: &'static str,
    /// The operations that draw from it.
    pub operations: &'static [&'static str],
    /// Whether AWS publishes it; otherwise a modest one is assumed.
    pub published: bool,
    /// The account's whole quota: calls that may come at once.
    pub quota_burst: f64,
    /// The account's whole quota: calls per second thereafter.
    pub quota_refill: f64,
    /// The most tokens that this program keeps: its share of the burst.
    pub burst: f64,
    /// Tokens per second that it may have: its share of the refill.
    pub refill: f64,
    /// Tokens per second at this moment: fewer than its share for a while after AWS throttled.
    pub refill_now: f64,
    /// Tokens left at this moment. Each call takes one.
    pub tokens: f64,
    /// Calls per second since the last report.
    pub rate: f64,
    /// Calls made in this session.
    pub calls: u64,
    /// How often AWS throttled in this session.
    pub throttles: u64,
    /// Calls that wait for a token: those of a person's own actions, those for the screen, and all others.
    pub waiting: [usize; 3],
}

impl QuotaUse {
    /// Whether anything was ever asked of it.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.calls > 0 || self.waits() > 0
    }

    /// The number of calls that wait.
    #[must_use]
    pub fn waits(&self) -> usize {
        self.waiting.iter().sum()
    }

    /// Whether it is slowed down because AWS throttled.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.refill_now < self.refill
    }
}
