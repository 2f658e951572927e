//! The AWS side: clients, pacing, and the translation from the SDK's types to the model. No other module sees the SDK.

mod act;
mod allow;
mod call;
mod connect;
mod credentials;
mod ecr;
mod ecs;
mod evidence;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
mod fake;
mod fault;
mod fetch;
mod keeper;
mod logs;
mod metrics;
mod pacer;
mod profile;
mod raw;
mod scaling;
mod sts;
mod transport;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
mod tests;

pub use call::Clients;
pub use connect::{Settings, StaticKeys};
pub use pacer::{Haste, Pacer, Urgency};
pub use profile::profiles;
pub use raw::RawTarget;
pub use transport::is_loopback;
