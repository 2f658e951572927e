//! ecsight.
