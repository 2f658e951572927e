//! What is due, in which order, how fast and how soon again. Pure: the clock is passed in, and asking itself
//! happens in `aws`.

mod bucket;
mod refresh;
mod urgency;

pub use bucket::{Budget, QuotaGroup, TokenBucket};
pub use refresh::{Errand, Pace, Schedule, Want};
pub use urgency::Urgency;
