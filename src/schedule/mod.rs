//! What is asked, and how fast. Pure: the clock is passed in, and asking itself happens in `aws`.

mod bucket;
mod urgency;

pub use bucket::{Budget, QuotaGroup, TokenBucket};
pub use urgency::Urgency;
