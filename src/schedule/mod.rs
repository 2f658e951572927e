//! What is due, in which order, and how soon again. Pure: the clock is passed in, nothing is fetched here.

mod refresh;

pub use refresh::{Pace, Schedule, Urgency, Want};
