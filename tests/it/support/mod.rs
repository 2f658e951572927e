//! What several subjects share.

pub mod driver;
