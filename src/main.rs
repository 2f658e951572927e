//! ecsight.

fn main() {}
